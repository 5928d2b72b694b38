"""Events in the commands that forecast."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.outputs import write_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

MONDAY = date(2026, 4, 6)


@pytest.fixture
def fair(shop: Path) -> Path:
    """The shop, in which a fair on three days doubled sales, and is planned again."""
    days = [MONDAY + timedelta(days=k) for k in (20, 41, 62)]
    sales = pl.read_csv(shop / "sales.csv", schema_overrides={"sku": pl.String})
    more = pl.col("date").is_in([str(day) for day in days])
    sales = sales.with_columns(units=pl.when(more).then(pl.col("units") * 3).otherwise("units"))
    write_frame(sales, shop / "sales.csv", "csv")
    planned = [*days, date(2026, 7, 1)]
    write_frame(pl.DataFrame({"date": planned, "name": "fair"}), shop / "events.csv", "csv")
    return shop


def test_a_planned_event_is_in_the_forecast_and_in_the_order(cli: Cli, fair: Path) -> None:
    assert fair.is_dir()
    with_events = ("--events", "events.csv")
    found = cli("forecast", "-v", *with_events, "--horizon", "4")
    assert "events: effects learned from 6 item-days of the past, applied to 2 after as-of; " in (
        found.stderr
    )
    mean = {line.split(",")[2]: float(line.split(",")[3]) for line in found.stdout.split()[1:5]}
    assert mean["2026-07-01"] == pytest.approx(9, rel=0.15)
    assert mean["2026-07-02"] == pytest.approx(3, rel=0.05)
    for command in ("reorder", "backtest"):
        plain, aware = cli(command), cli(command, *with_events)
        assert aware.code == plain.code == 0
        assert aware.stdout != plain.stdout


def test_events_with_a_date_that_is_none(cli: Cli, shop: Path) -> None:
    (shop / "events.csv").write_text("date,name\n2026-07-01,fair\n2026-13-01,fair\n")
    assert cli("forecast", "--events", "events.csv") == (
        2,
        "",
        "error: events.csv:3:date: not a date: found '2026-13-01', "
        "expected a date like 2026-01-31\n",
    )


def test_events_of_an_unknown_sku_are_told(cli: Cli, shop: Path) -> None:
    (shop / "events.csv").write_text("date,name,sku\n2026-06-01,fair,ghost\n")
    plain, found = cli("forecast"), cli("forecast", "--events", "events.csv")
    assert found.stdout == plain.stdout
    assert "events: 1 rows name a SKU that has no sales, such as ghost" in found.stderr
