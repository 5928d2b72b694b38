"""The verb ``backtest``: what it puts together, and what it refuses before the work."""

from __future__ import annotations

import logging
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

import stockout
from stockout.errors import ConfigError, InputError, NotKnownError

if TYPE_CHECKING:
    from pathlib import Path

MONDAY = date(2025, 1, 6)


def sales(days: int = 168) -> pl.DataFrame:
    """One SKU, 2 and 4 a day in turn."""
    dates = [MONDAY + timedelta(k) for k in range(days)]
    return pl.DataFrame({"date": dates, "sku": "A", "units": [2.0, 4.0] * (days // 2)})


def test_overrides_are_judged_with_the_rest() -> None:
    told = pl.DataFrame(
        {"sku": ["A"], "date": [MONDAY + timedelta(150)], "percent": [50.0], "reason": ["fair"]}
    )
    found = stockout.backtest(sales(), overrides=told, replay_weeks=0)
    assert found["what"].unique(maintain_order=True).to_list() == [
        "data",
        "accuracy",
        "added value",
        "overrides",
    ]
    assert found.filter(what="overrides", metric="fva")["forecasts"].to_list() == [1, 1]


def test_a_replay_that_is_not_possible_leaves_the_accuracy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        found = stockout.backtest(sales(), lead_time_days=7)
    assert found.filter(metric="no_replay")["group"].item() in caplog.text
    assert "24 weeks of history are too few to replay 13" in caplog.text
    assert not found.filter(what="accuracy").is_empty()


def test_a_warning_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Not again at each of the origins: returns that match no sale."""
    back = pl.DataFrame({"date": [MONDAY + timedelta(5)], "sku": "A", "units": [-1.0]})
    with caplog.at_level(logging.INFO):
        stockout.backtest(pl.concat([sales(), back]), replay_weeks=0)
    assert caplog.text.count("match no sale") == 1
    assert "backtest: 3 origins from 2025-03-30 to 2025-05-25, 28 days ahead of each" in caplog.text


def test_as_of_cuts_off_what_comes_later() -> None:
    later = sales().with_columns(
        pl.when(pl.col("date") < date(2025, 6, 1)).then("units").otherwise(99.0)
    )
    cut = stockout.backtest(later, as_of=date(2025, 5, 31), replay_weeks=0)
    assert cut.equals(stockout.backtest(sales(146), replay_weeks=0))


def test_the_page_names_every_column_and_figure(root: Path) -> None:
    page = (root / "docs" / "backtest.md").read_text(encoding="utf-8")
    told = {"sku": ["A"], "date": [MONDAY + timedelta(360)], "percent": [5.0], "reason": ["fair"]}
    weeks = (
        sales(364).group_by_dynamic("date", every="1w", group_by="sku").agg(pl.col("units").sum())
    )
    found = stockout.backtest(
        weeks,
        overrides=pl.DataFrame(told),
        replay_weeks=3,
        lead_time_days=7,
        shortage_cost=1,
        holding_cost=0.2,
    )
    figures = found.filter(pl.col("method").is_not_null())["metric"].unique().to_list()
    levels = re.compile(r"_\d\d(_plain)?$")  # the page gives the first and the last
    names = [
        *found.columns,
        *(levels.sub("_80", name) for name in figures if "pinball" not in name),
    ]
    assert {name for name in names if f"`{name}`" not in page} == set()
    assert {"wape", "cost", "improved", "fva_pinball", "mean_stock"} <= set(figures)


def test_what_is_wrong_is_refused() -> None:
    with pytest.raises(ConfigError, match="found 'nope'"):
        stockout.backtest(sales(), models=["nope"])
    with pytest.raises(ConfigError, match="expected 0 or more"):
        stockout.backtest(sales(), replay_weeks=-1)
    with pytest.raises(InputError, match="no column 'units'"):
        stockout.backtest(sales().drop("units"))
    with pytest.raises(NotKnownError, match="leave room for no origin"):
        stockout.backtest(sales(20))


def test_nothing_that_can_be_judged() -> None:
    """Out of stock for all of the time ahead of every origin."""
    dates = [MONDAY + timedelta(k) for k in range(168)]
    gone = pl.DataFrame({"date": dates, "sku": "A", "in_stock": [k < 60 for k in range(168)]})
    only = sales().with_columns(pl.when(pl.col("date") < dates[60]).then("units").otherwise(0.0))
    with pytest.raises(NotKnownError, match="at no origin was an item in stock"):
        stockout.backtest(only, gone, replay_weeks=0)
