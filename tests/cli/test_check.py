"""``stockout check``: exit code, stdout and stderr of each way a check can end."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from stockout.checks.findings import FINDINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

DAYS = [f"2026-06-{day:02}" for day in range(1, 29)]
SALES = "date,sku,units\n" + "".join(f"{day},00123,3\n{day},00456,1\n" for day in DAYS)
STOCK = "date,sku,on_hand\n2026-06-28,00123,20\n2026-06-28,00456,10\n"


@pytest.fixture
def clean(folder: Path) -> Path:
    """Exports of two SKUs in which nothing is wrong."""
    (folder / "sales.csv").write_text(SALES)
    (folder / "stock.csv").write_text(STOCK)
    (folder / "stockout.toml").write_text(
        'default_lead_time_days = 7\n[tables]\nsales = "sales.csv"\ninventory = "stock.csv"\n'
    )
    return folder


@pytest.fixture
def dirty(clean: Path) -> Path:
    """The same with one bad cell and one negative stock."""
    (clean / "sales.csv").write_text(SALES.replace("2026-06-02,00123,3", "2026-06-02,00123,x"))
    (clean / "stock.csv").write_text(STOCK.replace("00456,10", "00456,-10"))
    return clean


SUMMARY = "check: 2 errors in 2 files\n"
DIGEST = """\
Check of 2 files, 2 tables: 2 errors

error          1 SO103  A value that cannot be read in sales.csv
error          1 SO401  Negative stock in stock.csv

error    SO103 sales.csv:4:units
         not a number: found 'x', expected a number like 1234.5
error    SO401 stock.csv:3:on_hand: -10 on hand

What to do
SO103: correct the cell, tell the style (decimal, date_format), or tell that the
       word means no value (null_words)
SO401: count the item and correct the books; a receipt or a return is not booked
The check fails with --fail-on error.
"""


def test_clean_exports_exit_with_0(cli: Cli, clean: Path) -> None:
    assert clean.is_dir()
    assert cli("check", "--format", "table") == (
        0,
        "Check of 2 files, 2 tables: no findings\n",
        "check: clean: no findings in 2 files\n",
    )
    assert cli("check", "--quiet", "--format", "jsonl") == (0, "", "")


def test_errors_exit_with_1(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    assert cli("check", "--format", "table") == (1, DIGEST, SUMMARY)


def test_a_pipe_gets_the_findings_as_csv(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    code, stdout, _ = cli("check")
    assert code == 1
    head, *rows = stdout.splitlines()
    assert head == "code,severity,file,row,column,sku,location,date,message,hint"
    assert [row.split(",")[:4] for row in rows] == [
        ["SO103", "error", "sales.csv", "4"],
        ["SO401", "error", "stock.csv", "3"],
    ]


def test_python_that_runs_it_as_a_process_sees_the_same(command: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    assert command("check", "--format", "table") == (1, DIGEST, SUMMARY)


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [
        ("error", "error", 1), ("warning", "error", 1), ("info", "error", 1), ("never", "error", 0),
        ("error", "warning", 0), ("warning", "warning", 1), ("info", "info", 1),
        ("warning", "info", 0), ("info", "off", 0),
    ],
)  # fmt: skip
def test_fail_on_and_severity_decide_on_the_exit_code(
    cli: Cli, clean: Path, fail_on: str, severity: str, code: int
) -> None:
    (clean / "stock.csv").write_text(STOCK.replace("00456,10", "00456,-10"))
    with (clean / "stockout.toml").open("a") as file:
        file.write(f'[check.rules.SO401]\nseverity = "{severity}"\n')
    assert cli("check", "--quiet", "--format", "json", "--fail-on", fail_on).code == code
    with (clean / "stockout.toml").open("a") as file:
        file.write(f'[check]\nfail_on = "{fail_on}"\n')
    assert cli("check", "--quiet", "--format", "json").code == code


def test_json_and_json_lines_go_to_stdout(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    code, stdout, stderr = cli("check", "--format", "json")
    assert (code, stderr) == (1, SUMMARY)
    records = json.loads(stdout)
    assert [list(record) for record in records] == [FINDINGS.names()] * 2
    assert records[1] == {
        "code": "SO401",
        "severity": "error",
        "file": "stock.csv",
        "row": 3,
        "column": "on_hand",
        "sku": "00456",
        "location": "ALL",
        "date": "2026-06-28",
        "message": "-10 on hand",
        "hint": "count the item and correct the books; a receipt or a return is not booked",
    }
    code, stdout, _ = cli("check", "--format", "jsonl")
    assert (code, [json.loads(line) for line in stdout.splitlines()]) == (1, records)


def test_github_annotates_the_lines(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    assert cli("check", "--format", "github") == (
        1,
        "::error file=sales.csv,line=4,title=SO103 A value that cannot be read::units: "
        "not a number: found 'x', expected a number like 1234.5"
        "%0Ahint: correct the cell, tell the style (decimal, date_format), or tell that the word "
        "means no value (null_words)\n"
        "::error file=stock.csv,line=3,title=SO401 Negative stock::on_hand: -10 on hand%0A"
        "hint: count the item and correct the books; a receipt or a return is not booked\n",
        SUMMARY,
    )


def test_sarif_and_junit_name_every_rule_of_the_catalogue(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    from stockout.checks.catalogue import RULES  # noqa: PLC0415 - the only test that needs it

    code, stdout, stderr = cli("check", "--format", "sarif")
    assert (code, stderr) == (1, SUMMARY)
    (run,) = json.loads(stdout)["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    assert [result["ruleId"] for result in run["results"]] == ["SO103", "SO401"]
    code, stdout, _ = cli("check", "--format", "junit")
    suites = ET.fromstring(stdout)  # noqa: S314 - our own output
    assert code == 1
    assert [suite.get("failures") for suite in suites] == ["1", "1"]
    applied = [rule for rule in RULES.values() if not rule.tables or "sales" in rule.tables]
    assert suites[0].get("tests") == str(len(applied))


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("out.json", b"[\n{"), ("out.jsonl", b'{"code"'), ("out.sarif", b'{\n "$schema"'),
        ("out.sarif.json", b'{\n "$schema"'), ("out.xml", b"<?xml"), ("out.csv", b"code,severity"),
        ("out.parquet", b"PAR1"), ("out.xlsx", b"PK"),
    ],
)  # fmt: skip
def test_the_suffix_tells_the_format(cli: Cli, dirty: Path, name: str, starts: bytes) -> None:
    assert cli("check", "--output", name) == (1, "", SUMMARY)
    first = (dirty / name).read_bytes()
    assert first.startswith(starts)
    assert cli("check", "--output", name).code == 1
    assert (dirty / name).read_bytes() == first
    assert not list(dirty.glob(".*"))


def test_files_hold_all_columns(cli: Cli, dirty: Path) -> None:
    cli("check", "--output", "findings.parquet", "--format", "parquet")
    frame = pl.read_parquet(dirty / "findings.parquet")
    assert frame.columns == FINDINGS.names()
    assert frame["sku"].to_list() == [None, "00456"]


def test_format_goes_before_the_suffix(cli: Cli, dirty: Path) -> None:
    assert cli("check", "--format", "github", "--output", "log.txt").code == 1
    assert (dirty / "log.txt").read_text().startswith("::error ")


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (("--format", "xlsx"), "xlsx is not written to the terminal", "findings.xlsx"),
        (("--format", "table", "-o", "x.txt"), "is for the screen, not for a file", "sarif"),
        (("-o", "x.doc"), "the format is not known from the name", "--format"),
        (("-o", "gone/x.sarif"), "no folder gone", "make the folder"),
        (("-o", "sales.csv"), "table sales is read from there", "another file"),
        (("--baseline", "gone.json"), "gone.json: no such file", "--write-baseline"),
        (("--quarantine", "gone/q"), "gone/q: no folder gone", "make the folder"),
        (("--quarantine", "sales.csv"), "sales.csv: is a file", "name a folder"),
        (("--max-findings", "-1"), "--max-findings", None),
        (("--sales", "gone.csv"), "gone.csv: no such file", None),
    ],
)
def test_wrong_use_exits_with_2(
    cli: Cli, dirty: Path, args: tuple[str, ...], message: str, hint: str | None
) -> None:
    before = {path: path.read_bytes() for path in dirty.iterdir()}
    code, stdout, stderr = cli("check", *args)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: ")
    assert message in stderr
    assert hint is None or hint in stderr.partition("hint: ")[2]
    assert {path: path.read_bytes() for path in dirty.iterdir()} == before


def test_nothing_to_check_says_what_to_give(cli: Cli, folder: Path) -> None:
    assert folder.is_dir()
    assert cli("check") == (
        2,
        "",
        "error: nothing to check: neither a flag nor the configuration names a table\n"
        "hint: give --sales FILE, --inventory FILE, ..., or run stockout init FOLDER first\n",
    )


def test_an_export_that_cannot_be_read_at_all_exits_with_2(cli: Cli, clean: Path) -> None:
    (clean / "sales.csv").write_bytes(b"\x1f\x8b no gzip")
    code, stdout, stderr = cli("check")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: sales.csv")


def test_a_missing_column_is_a_finding(cli: Cli, clean: Path) -> None:
    (clean / "sales.csv").write_text("date,sku\n2026-06-01,A\n")
    code, stdout, _ = cli("check", "--format", "jsonl")
    found = [json.loads(line) for line in stdout.splitlines()]
    assert code == 1
    assert ("SO101", "sales.csv", "units") in [
        (row["code"], row["file"], row["column"]) for row in found
    ]


def test_flags_name_tables_without_a_configuration(cli: Cli, folder: Path) -> None:
    (folder / "stock.csv").write_text(STOCK.replace("00123,20", "00123,-20"))
    code, stdout, stderr = cli("check", "--inventory", "stock.csv", "--format", "github")
    assert code == 1
    assert stdout.startswith("::error file=stock.csv,line=2,title=SO401 Negative stock::")
    assert stderr == "check: 1 error in 1 file\n"


def test_more_than_max_findings_are_counted(cli: Cli, clean: Path) -> None:
    rows = "".join(f"2026-06-28,S{number},-1\n" for number in range(30))
    (clean / "stock.csv").write_text("date,sku,on_hand\n" + rows)
    (clean / "stockout.toml").write_text('[tables]\ninventory = "stock.csv"\n')
    code, stdout, stderr = cli("check", "--format", "jsonl", "--max-findings", "5")
    found = [json.loads(line) for line in stdout.splitlines()]
    negative = [row["message"] for row in found if row["code"] == "SO401"]
    assert sorted(negative) == ["-1 on hand"] * 5 + ["25 more findings of this rule are not listed"]
    assert (code, stderr) == (1, "check: 30 errors in 1 file\n")
    code, stdout, _ = cli("check", "--format", "table", "--max-findings", "5")
    assert "error         30 SO401  Negative stock in stock.csv" in stdout
    assert "... and 25 more" in stdout
    code, stdout, _ = cli("check", "--max-findings", "5", "--format", "github")
    assert "::25 errors more than GitHub shows" in stdout


def test_a_baseline_lets_known_findings_pass(cli: Cli, dirty: Path) -> None:
    assert cli("check", "--format", "table", "--write-baseline", "known.json") == (
        0,
        "Check of 2 files, 2 tables: no findings\n2 findings accepted by the baseline\n",
        "note: known.json accepts 2 findings from now on\n"
        "check: clean: no findings in 2 files, 2 accepted by the baseline\n",
    )
    assert cli("check", "--baseline", "known.json", "--format", "json") == (
        0,
        "[]\n",
        "check: clean: no findings in 2 files, 2 accepted by the baseline\n",
    )
    stock = (dirty / "stock.csv").read_text()
    (dirty / "stock.csv").write_text(stock.replace("00123,20", "00123,-1"))
    code, stdout, stderr = cli("check", "--baseline", "known.json", "--format", "github")
    assert (code, stderr) == (1, "check: 1 error in 2 files, 2 accepted by the baseline\n")
    assert stdout.startswith("::error file=stock.csv,line=2,")
    (dirty / "stock.csv").write_text(STOCK)
    assert cli("check", "--baseline", "known.json", "--format", "json") == (
        0,
        "[]\n",
        "note: no longer found of what known.json accepts: 1; write it anew\n"
        "check: clean: no findings in 2 files, 1 accepted by the baseline\n",
    )


def test_a_baseline_of_the_configuration_is_relative_to_it(
    cli: Cli, dirty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("check", "--quiet", "--write-baseline", "known.json").code == 0
    text = (dirty / "stockout.toml").read_text()
    (dirty / "stockout.toml").write_text(text + '[check]\nbaseline = "known.json"\n')
    (dirty / "elsewhere").mkdir()
    monkeypatch.chdir(dirty / "elsewhere")
    assert cli("check", "--config", "../stockout.toml", "--format", "json")[:2] == (0, "[]\n")


def test_quarantine_lets_the_good_rows_go_on(cli: Cli, dirty: Path) -> None:
    assert cli("check", "--quarantine", "aside", "--format", "json", "--fail-on", "never") == (
        0,
        cli("check", "--format", "json").stdout,
        "note: aside: 2 bad rows set aside, 56 good rows go on\n" + SUMMARY,
    )
    assert cli("check", "--config", "aside/stockout.toml", "--quiet").code == 0
    code, stdout, stderr = cli("forecast", "--config", "aside/stockout.toml", "--horizon", "1")
    assert (code, stderr, len(stdout.splitlines())) == (0, "", 3)
    assert (dirty / "aside" / "bad" / "sales" / "sales.csv").is_file()


def test_quarantine_takes_as_much_as_is_wrong_not_as_is_listed(cli: Cli, clean: Path) -> None:
    rows = "".join(f"2026-06-28,S{number},-1\n" for number in range(30))
    (clean / "stock.csv").write_text(STOCK + rows)
    cli("check", "--quarantine", "aside", "--max-findings", "5", "--quiet", "-o", "f.json")
    bad = pl.read_csv(clean / "aside" / "bad" / "inventory" / "stock.csv")
    assert bad.height == 30
    listed = [row["code"] for row in json.loads((clean / "f.json").read_text())]
    assert listed.count("SO401") == 6


def test_own_rules_of_the_configuration_are_held(cli: Cli, clean: Path) -> None:
    with (clean / "stockout.toml").open("a") as file:
        file.write(
            '[[check.custom]]\ncode = "ACME1"\ntable = "inventory"\nwhere = "on_hand > 15"\n'
            'severity = "warning"\nmessage = "{on_hand} is much"\n'
        )
    assert cli("check", "--format", "github") == (
        0,
        "::warning file=stock.csv,line=2,title=ACME1 ... is much::on_hand: 20 is much\n",
        "check: 1 warning in 2 files\n",
    )


def test_a_reader_that_has_gone_does_not_hide_the_failure(command: Cli, dirty: Path) -> None:
    assert command("--version").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "stockout", "check", "--quiet"], cwd=dirty, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 1


def test_text_formats_are_utf_8_whatever_the_terminal_is(
    dirty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dirty / "stock.csv").write_text(STOCK.replace("00456,10", "北京,-10"), encoding="utf-8")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for fmt in ("json", "jsonl", "github", "junit", "sarif", "table"):
        done = subprocess.run(
            [sys.executable, "-m", "stockout", "check", "--format", fmt],
            cwd=dirty,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1
        if fmt in ("json", "jsonl", "sarif"):
            assert "北京" in done.stdout.decode("utf-8")
        elif fmt == "table":
            assert done.stdout.isascii()


def test_a_terminal_gets_colours_only_where_it_wants_them(cli: Cli, dirty: Path) -> None:
    assert dirty.is_dir()
    assert "\x1b" not in cli("check").stdout


def test_help_names_every_flag(cli: Cli) -> None:
    page = cli("check", "--help").stdout
    for flag in ("--fail-on", "--max-findings", "--baseline", "--write-baseline", "--quarantine"):
        assert flag in page
    assert "table|json|jsonl|github|junit|sarif|csv|parquet|xlsx" in page
