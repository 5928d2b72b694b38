"""``stockout init``: what it writes, what it says, and what it asks."""

from __future__ import annotations

import os
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

SALES = "date,sku,units\n2026-03-28,A,2\n2026-03-29,B,1\n"
STOCK = "Item code,Stock\nA,5\nB,7\n"
AMBIGUOUS = "date,sku,units\n03/05/2026,A,2\n02/01/2026,B,1\n"


def write(folder: Path, **files: str) -> None:
    """Writes CSV files into the folder ``exports``."""
    (folder / "exports").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "exports" / f"{name}.csv").write_text(text)


def test_a_folder_becomes_a_commented_configuration(cli: Cli, folder: Path) -> None:
    write(folder, sales=SALES, stock=STOCK)
    assert cli("init", "exports", "--yes") == (
        0,
        "stockout.toml\n",
        "note: sales: exports/sales.csv: certain, 2 rows\n"
        "note: inventory: exports/stock.csv: certain, 2 rows\n"
        "warning: a stock list says no date: 2026-03-29 is taken, last day of the other exports\n"
        "note: look over stockout.toml, then: stockout check, stockout forecast, "
        "stockout reorder\n",
    )
    assert (
        (folder / "stockout.toml").read_text()
        == """\
# Written by `stockout init exports`: what the exports there are, and how they are read. Where GUESS
# stands, look whether it is right; where PROBLEM stands, something has to be changed. `stockout
# check` says more.

# a guess: last day of the other exports; change it with the next export, or take it out where the
# exports tell it
as_of = 2026-03-29
default_lead_time_days = 14  # a guess: no purchase tells how long suppliers take

# Sales: certain; 2 rows
#   as they are called: date, sku, units
[tables.sales]
path = "exports/sales.csv"

# Inventory: certain; 2 rows
#   sku from 'Item code', on_hand from 'Stock'
#   date: 2026-03-29, which is as_of: nothing in the export says it
[tables.inventory]
path = "exports/stock.csv"

[tables.inventory.columns]
sku = "Item code"
on_hand = "Stock"
"""
    )


def test_forecast_and_reorder_work_without_further_help(cli: Cli, folder: Path) -> None:
    days = "".join(f"2026-03-{day:02},{sku},{day % 4}\n" for day in range(1, 31) for sku in "AB")
    write(folder, sales="date,sku,units\n" + days, stock=STOCK)
    assert cli("init", "exports", "--yes", "--quiet") == (0, "stockout.toml\n", "")
    forecast = cli("forecast", "--horizon", "2")
    assert forecast.code == 0
    assert len(forecast.stdout.splitlines()) == 1 + 2 * 2
    reorder = cli("reorder")
    assert reorder.code == 0
    assert "assumed" in reorder.stdout


def test_the_current_folder_is_the_default(cli: Cli, folder: Path) -> None:
    (folder / "sales.csv").write_text(SALES)
    assert cli("init", "--quiet") == (0, "stockout.toml\n", "")
    told = tomllib.loads((folder / "stockout.toml").read_text())
    assert told["tables"] == {"sales": {"path": "sales.csv"}}


def test_nothing_is_overwritten_without_force(cli: Cli, folder: Path) -> None:
    write(folder, sales=SALES)
    (folder / "stockout.toml").write_text("mine = true\n")
    assert cli("init", "exports", "--yes") == (
        2,
        "",
        "error: stockout.toml: is there already, and would be overwritten\n"
        "hint: say --force to replace it, or run in another folder\n",
    )
    assert (folder / "stockout.toml").read_text() == "mine = true\n"
    assert cli("init", "exports", "--yes", "--force", "-q").code == 0
    assert "exports/sales.csv" in (folder / "stockout.toml").read_text()


def test_a_second_run_gives_the_same_bytes(cli: Cli, folder: Path) -> None:
    write(folder, sales=SALES, stock=STOCK)
    cli("init", "exports", "--yes")
    first = (folder / "stockout.toml").read_bytes()
    assert cli("init", "exports", "--yes", "--force").code == 0
    assert (folder / "stockout.toml").read_bytes() == first


def test_yes_takes_the_best_guess_with_a_warning(cli: Cli, folder: Path) -> None:
    write(folder, sales=AMBIGUOUS)
    code, stdout, stderr = cli("init", "exports", "--yes")
    assert (code, stdout) == (0, "stockout.toml\n")
    assert stderr.splitlines()[0] == (
        "warning: exports/sales.csv: Dates such as 03/05/2026: is the day or the month first? "
        "Guessed: day first; nothing in the files tells; most countries write the day first. "
        "Another answer gives other numbers"
    )
    text = (folder / "stockout.toml").read_text()
    assert "# GUESS: nothing in the files tells" in text
    assert 'date_format = "%d/%m/%Y"' in text


def test_without_yes_and_terminal_what_nothing_settles_is_refused(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    write(folder, sales=AMBIGUOUS)
    assert cli("init", "exports") == (
        2,
        "",
        "error: exports/sales.csv: Dates such as 03/05/2026: is the day or the month first? "
        "Nothing settles it\n"
        "hint: run it in a terminal to be asked, or say --yes to take the best guess (day first); "
        "in a configuration, settle it with date_format under [tables.sales]\n",
    )
    assert not (folder / "stockout.toml").exists()


def test_without_yes_and_terminal_what_is_settled_goes_through(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    write(folder, sales=SALES, study="date,sku,value\n2026-01-01,A,2\n2026-01-02,B,3\n")
    assert cli("init", "exports") == (
        0,
        "stockout.toml\n",
        "note: sales: exports/sales.csv: certain, 2 rows\n"
        "note: left out: exports/study.csv: looks like sales, but nothing in it is called units\n"
        "note: look over stockout.toml, then: stockout check, stockout forecast; "
        "without inventory there is no reorder list\n",
    )


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["nowhere"], "error: nowhere: no such folder\nhint: name the folder with the exports\n"),
        (
            ["exports/sales.csv"],
            "error: exports/sales.csv: is a file, not a folder\n"
            "hint: name the folder with the exports\n",
        ),
        (
            ["exports", "--as-of", "yesterday"],
            "error: --as-of yesterday: expected a date like 2026-01-31\n",
        ),
        (
            ["exports", "--profile", "shopfy"],
            "error: --profile shopfy: no such system\nhint: did you mean shopify?\n",
        ),
        (
            ["exports", "--profile", "mine.toml"],
            "error: mine.toml: cannot be read: [Errno 2] No such file or directory: 'mine.toml'\n",
        ),
    ],
)
def test_wrong_use_is_told(cli: Cli, folder: Path, args: list[str], error: str) -> None:
    write(folder, sales=SALES)
    assert cli("init", *args, "--yes") == (2, "", error)
    assert not (folder / "stockout.toml").exists()


def test_a_folder_without_exports_is_told(cli: Cli, folder: Path) -> None:
    write(folder)
    (folder / "exports" / "photo.jpg").write_bytes(b"x")
    assert cli("init", "exports", "--yes") == (
        2,
        "",
        "note: left out: 1 file (1 .jpg) that no export ends in\n"
        "error: exports: no export in it is one that is known\n"
        "hint: name the folder with the exports, or write a stockout.toml that names their "
        "columns: see docs/configuration.md\n",
    )
    assert not (folder / "stockout.toml").exists()


def test_exports_that_do_not_read_are_written_with_their_problem(cli: Cli, folder: Path) -> None:
    write(folder, sales="date,sku,units\n2026-01-05,A,2\n2026-01-06,B,two\n")
    code, stdout, stderr = cli("init", "exports", "--yes")
    assert (code, stdout) == (2, "stockout.toml\n")
    assert "warning: sales: exports/sales.csv:3:units: not a number" in stderr
    assert stderr.endswith(
        "error: stockout.toml is written, but no export in it can be read as it is\n"
        "hint: PROBLEM stands in it where something has to be changed\n"
    )
    assert "PROBLEM: exports/sales.csv:3:units" in (folder / "stockout.toml").read_text()


def test_hostile_names_come_out_inert(cli: Cli, folder: Path) -> None:
    header = 'date,sku,units,"x\x1b[31m\n[tables.evil]"'
    write(folder, sales=f"{header}\n2026-03-28,A,2,\x1b\n2026-03-29,B,1,\n")
    code, _, stderr = cli("init", "exports", "--yes")
    assert code == 0
    assert "\x1b" not in stderr
    text = (folder / "stockout.toml").read_text()
    assert "\x1b" not in text
    assert tomllib.loads(text)["tables"] == {"sales": {"path": "exports/sales.csv"}}


def test_only_the_named_system_is_thought_of(cli: Cli, folder: Path) -> None:
    header = "Material,Plant,Storage Location,Base Unit of Measure,Unrestricted\n"
    write(folder, MB52_20260329=header + "M1,1000,0001,PC,5\n")
    assert cli("init", "exports", "--yes", "-q").code == 0
    assert 'profile = "sap/mb52"' in (folder / "stockout.toml").read_text()
    assert cli("init", "exports", "--yes", "-q", "--force", "--profile", "shopify").code == 0
    assert "profile" not in (folder / "stockout.toml").read_text()


def typed(folder: Path, answers: str, *args: str) -> tuple[int, str]:
    """Runs the command on a terminal where someone types; the exit code and the screen."""
    pty = pytest.importorskip("pty")
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}
    child, terminal = pty.fork()
    if child == 0:  # in the child, which must not come back
        try:
            os.chdir(folder)
            command = [sys.executable, "-m", "stockout", *args]
            os.execve(sys.executable, command, environment)  # noqa: S606 - it is our own command
        finally:
            os._exit(127)
    os.write(terminal, answers.encode())
    screen = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        screen += block
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_on_a_terminal_the_user_is_asked(folder: Path) -> None:
    write(folder, sales=AMBIGUOUS)
    code, screen = typed(folder, "9\n2\n", "init", "exports")
    assert code == 0
    assert "Dates such as 03/05/2026: is the day or the month first?" in screen
    assert "1) day first" in screen
    assert "expected a number from 1 to 2" in screen
    assert "What the exports are" in screen
    text = (folder / "stockout.toml").read_text()
    assert 'date_format = "%m/%d/%Y"  # as you said; the other reading is "%d/%m/%Y"' in text


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_on_a_terminal_return_takes_the_default(folder: Path) -> None:
    write(folder, sales=AMBIGUOUS)
    code, _ = typed(folder, "\n", "init", "exports")
    assert code == 0
    assert 'date_format = "%d/%m/%Y"' in (folder / "stockout.toml").read_text()
