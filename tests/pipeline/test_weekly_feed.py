"""Weekly exports fed one by one through the run tell what a daily file of the same shop tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout import configured
from stockout.config import load_config
from stockout.exports.read import read_tables
from stockout.pipeline.weekly_run import weekly_run
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.impact.stockout_costs import LostSales

END = date(2026, 6, 28)  # a Sunday
WEEKS = 6
WEEKLY = """
default_lead_time_days = 14
[history.exports]
sales = "week_sales.csv"
inventory = "week_inventory.csv"
movements = "week_movements.csv"
[tables]
sales = "history:"
inventory = "history:"
movements = "history:"
[run]
steps = ["history"]
"""
DAILY = """
default_lead_time_days = 14
[tables]
sales = "sales.csv"
inventory = "inventory.csv"
movements = "movements.csv"
"""


def lost_sales(file: Path) -> LostSales:
    config = load_config(file)
    return configured.lost_sales(config, read_tables(config), END)


def test_six_weeks(tmp_path: Path) -> None:
    made = simulate(Parameters(seed=1, skus=6, locations=1, months=3, end=END, safety_factor=0.3))
    since = END - timedelta(days=7 * WEEKS - 1)
    tables = {
        name: made.tables[name].filter(pl.col("date") >= since)
        for name in ("sales", "inventory", "movements")
    }
    for name, rows in tables.items():
        rows.write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "weekly.toml").write_text(WEEKLY)
    (tmp_path / "daily.toml").write_text(DAILY)
    for number in range(WEEKS):
        monday = since + timedelta(days=7 * number)
        sunday = monday + timedelta(days=6)
        for name, rows in tables.items():
            of_week = rows.filter(pl.col("date").is_between(monday, sunday))
            if name == "inventory":
                of_week = of_week.filter(date=sunday)
            of_week.write_csv(tmp_path / f"week_{name}.csv")
        now = datetime(sunday.year, sunday.month, sunday.day, 23, tzinfo=UTC)
        assert weekly_run(load_config(tmp_path / "weekly.toml"), now=now).name == str(sunday)
    weekly, daily = lost_sales(tmp_path / "weekly.toml"), lost_sales(tmp_path / "daily.toml")
    assert daily.runs.number > 3
    assert weekly.coverage().unknown == 0
    columns = ["sku", "location", "date", "in_stock_share", "rule"]
    assert weekly.frame.select(columns).equals(daily.frame.select(columns))
    assert weekly.kpis()["value"].to_list() == pytest.approx(
        daily.kpis()["value"].to_list(), nan_ok=True
    )
