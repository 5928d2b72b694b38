"""Weekly exports that a run adds to the history, from which it reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stockout.config import load_config
from stockout.errors import ConfigError, FindingsError
from stockout.history.lake import read_history
from stockout.pipeline.dated_folders import digests
from stockout.pipeline.weekly_run import weekly_run

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.config import Config

NOW = datetime(2026, 6, 29, 8, tzinfo=UTC)
KEPT = (
    'default_lead_time_days = 7\n[history.exports]\nsales = "sales.csv"\n'
    'inventory = "inventory.csv"\n[tables]\nsales = "history:"\ninventory = "history:"\n'
    '[run]\nsteps = ["check", "history", "reorder"]\nformats = ["csv"]\n'
)


def load(shop: Path, text: str) -> Config:
    (shop / "stockout.toml").write_text(text)
    return load_config(shop / "stockout.toml")


def test_weekly_exports_one_after_the_other(shop: Path) -> None:
    config = load(shop, KEPT)
    first = digests(weekly_run(config, now=NOW))
    again = digests(weekly_run(config, now=NOW + timedelta(hours=1)))
    assert {name for name in first if first[name] != again.get(name)} == {"run.log"}
    (shop / "sales.csv").write_text("date,sku,units\n2026-07-05,00123,3\n")
    (shop / "inventory.csv").write_text("date,sku,on_hand\n2026-07-05,00123,0\n")
    folder = weekly_run(config, now=NOW + timedelta(days=7))
    assert folder.name == "2026-07-05"
    record = json.loads((folder / "run.json").read_text())
    assert record["rows"] == {"inventory": 3, "sales": 169}
    assert record["steps"][1]["counts"] == {"sales": 1, "inventory": 1}
    assert [each.get("version") for each in record["inputs"]] == [None, 1, None, 1]
    log = (folder / "run.log").read_text()
    assert "history: sales: 1 row, 1 new (version 1)" in log


def test_an_export_with_errors_does_not_reach_it(shop: Path) -> None:
    config = load(shop, KEPT)
    weekly_run(config, now=NOW)
    with (shop / "inventory.csv").open("a") as file:
        file.write("2026-06-28,00123,a dozen\n")
    with pytest.raises(FindingsError):
        weekly_run(config, now=NOW)
    assert read_history(shop / "history", "inventory").height == 2


def test_what_cannot_be(shop: Path) -> None:
    text = KEPT.replace('"history", "reorder"', '"reorder", "history"')
    with pytest.raises(ConfigError, match="history comes after reorder"):
        weekly_run(load(shop, text), now=NOW)
    text = KEPT.replace("[history.exports]", '[history.exports]\norders = "orders.csv"')
    with pytest.raises(ConfigError, match=r"history\.exports\.orders: tables\.orders is not"):
        weekly_run(load(shop, text), now=NOW)
