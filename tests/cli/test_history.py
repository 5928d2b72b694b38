"""``stockout history``: exit codes, output, and that other commands read from it."""

from __future__ import annotations

import io
import json
import re
import shlex
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_commands_read_from_a_history_as_from_the_export(cli: Cli, shop: Path) -> None:
    expected = cli("reorder")
    assert expected.code == 0
    assert cli("history", "add", "--store", "store", "--inventory", "inventory.csv").code == 0
    assert cli("reorder", "--inventory", "history:store").stdout == expected.stdout
    config = (shop / "stockout.toml").read_text()
    (shop / "stockout.toml").write_text(config.replace('"inventory.csv"', '"history:store"'))
    assert cli("reorder").stdout == expected.stdout
    (shop / "inventory.csv").unlink()
    assert cli("reorder").stdout == expected.stdout
    assert cli("check").code == 0


def test_a_relative_history_of_a_flag_starts_here(
    cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("history", "add", "--inventory", "inventory.csv")
    (shop / "elsewhere").mkdir()
    monkeypatch.chdir(shop / "elsewhere")
    here = ("-c", "../stockout.toml", "--inventory", "history:../history")
    assert cli("reorder", *here).code == 0
    # The name alone is the folder that the configuration names, wherever one stands.
    assert cli("reorder", "-c", "../stockout.toml", "--inventory", "history:").code == 0
    gone = cli("reorder", "-c", "../stockout.toml", "--inventory", "history:../store")
    assert gone.code == 2
    assert "no such history" in gone.stderr


def test_what_is_said_of_the_export_counts_when_it_is_added(cli: Cli, shop: Path) -> None:
    (shop / "stockout.toml").write_text(
        '[history]\npath = "store"\n[tables]\nsales = "sales.csv"\n'
        '[tables.inventory]\npath = "history:"\ncolumns = { on_hand = "Menge" }\n'
        '[[tables.inventory.exclude]]\nwhere = "Status = \'x\'"\nreason = "blocked"\n'
    )
    (shop / "w26.csv").write_text(
        "date,sku,Menge,Status\n2026-06-28,00123,2,\n2026-06-28,00456,5,x\n"
    )
    added = cli("history", "add", "--inventory", "w26.csv")
    assert added == (
        0,
        "table,version,rows,new,corrected,removed,outdated,changed\ninventory,0,1,1,0,0,0,true\n",
        "warning: inventory: 1 row left out: blocked\n"
        "history: inventory: 1 row, 1 new (version 0)\n",
    )
    again = cli("history", "add", "--inventory", "w26.csv")
    assert again.stderr.endswith("history: inventory: 1 row, all there already\n")
    assert cli("lost-sales", "--all").code == 0
    exported = cli("history", "export", "inventory")
    assert exported.stdout.splitlines()[1].startswith("2026-06-28,00123,ALL,2.0,")


def test_a_history_is_not_taken_for_an_export(cli: Cli, shop: Path) -> None:
    cli("history", "add", "--inventory", "inventory.csv")
    for table in ("history", "history/inventory"):
        done = cli("reorder", "--inventory", table)
        assert done.code == 2
        assert "history/inventory is a table of a history" in done.stderr
    (shop / "stockout.toml").unlink()
    assert cli("init", ".", "--yes").code == 0
    config = (shop / "stockout.toml").read_text()
    assert "inventory.csv" in config
    assert "month" not in config


def test_list_export_and_compact(cli: Cli, shop: Path) -> None:
    rows = "date,sku,on_hand\n2026-06-28,00123,{}\n"
    for on_hand in (2, 3):
        (shop / "w26.csv").write_text(rows.format(on_hand))
        cli("history", "add", "--inventory", "w26.csv")
    cli("history", "add", "--sales", "sales.csv")
    listed = json.loads(cli("history", "list", "--format", "json").stdout)
    assert [(row["table"], row["version"], row["corrected"]) for row in listed] == [
        ("sales", 0, 0),
        ("inventory", 0, 0),
        ("inventory", 1, 1),
    ]
    assert listed[1]["from"] == listed[1]["to"] == "2026-06-28"
    assert (listed[1]["source"], len(listed[1]["hash"])) == ("w26.csv", 64)
    old = cli("history", "export", "inventory", "--version", "0")
    assert pl.read_csv(io.StringIO(old.stdout))["on_hand"].to_list() == [2.0]
    assert cli("history", "export", "inventory", "-o", "now.parquet").code == 0
    assert pl.read_parquet(shop / "now.parquet")["on_hand"].to_list() == [3.0]
    assert cli("history", "compact").stdout.splitlines()[0] == "table,files_before,files,removed"
    assert cli("history", "list", "--format", "table").code == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("add", "--inventory", "history:store"), "inventory is read from a history itself"),
        (("list",), "no such history"),
        (("export", "stocks"), "no table 'stocks'"),
        (("export", "sales", "--version", "1", "--at", "2026-01-01"), "contradict each other"),
        (("export", "sales", "--at", "1.1.2026"), "expected a date like 2026-01-31"),
        (("compact", "--keep-days", "1"), "kept for 7 days at least"),
        (("add", "--inventory", "nowhere.csv"), "no such file"),
    ],
)
def test_errors(cli: Cli, shop: Path, args: tuple[str, ...], message: str) -> None:
    assert shop.is_dir()
    done = cli("history", *args)
    assert done.code == 2
    assert done.stdout == ""
    assert message in done.stderr


def test_the_examples_of_the_page_work(cli: Cli, shop: Path, root: Path) -> None:
    page = (root / "docs" / "history.md").read_text(encoding="utf-8")
    (shop / "exports").mkdir()
    (shop / "stockout.toml").unlink()
    (shop / "sales.csv").rename(shop / "exports" / "sales.csv")
    for day in ("2026-06-21", "2026-06-28"):
        (shop / "exports" / f"stock_{day}.csv").write_text("sku,on_hand\n00123,2\n00456,5\n")
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        if language == "toml":
            (shop / "stockout.toml").write_text(block)
        else:
            asked, *shown = block.removeprefix("$ ").splitlines()
            asked = [asked, *shown] if language == "sh" else [asked]
            for line in asked:
                done = cli(*shlex.split(line)[1:])
                assert done.code == 0, line
            if language == "console":
                assert (done.stderr + done.stdout).splitlines() == shown
    assert len(cli("history", "list").stdout.splitlines()) == 3
    assert (shop / "first.parquet").exists()
