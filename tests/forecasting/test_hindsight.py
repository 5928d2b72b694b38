"""A past origin: what was known then is told apart from what came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.config import load_config
from stockout.demand.history import demand_history
from stockout.exports.read import read_tables
from stockout.forecasting.benchmark_forecasts import Window
from stockout.forecasting.hindsight import with_hindsight

if TYPE_CHECKING:
    from pathlib import Path

MONDAY = date(2026, 1, 5)


def test_a_past_history_knows_nothing_of_what_follows(root: Path) -> None:
    """The same from all tables as from those that end on that day, orders then open reopened."""
    tables = read_tables(load_config(root / "data" / "sample" / "stockout.toml"))
    assert tables.sales is not None
    assert tables.inventory is not None
    assert tables.movements is not None
    assert tables.purchases is not None
    day = date(2026, 2, 8)
    whole = demand_history(
        tables.sales,
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        as_of=day,
    )
    there = pl.col("received_date") <= day
    purchases = tables.purchases.filter(pl.col("order_date") <= day).with_columns(
        received_units=pl.when(there).then("received_units"),
        received_date=pl.when(there).then("received_date"),
    )
    sales, inventory, movements = (
        frame.filter(pl.col("date") <= day)
        for frame in (tables.sales, tables.inventory, tables.movements)
    )
    assert sales.height < tables.sales.height
    cut = demand_history(sales, inventory, tables.products, purchases, movements, as_of=day)
    assert whole.items.equals(cut.items)
    for name in ("units", "observed", "sold_out", "open"):
        assert np.array_equal(getattr(whole, name), getattr(cut, name)), name
    assert np.array_equal(whole.share, cut.share, equal_nan=True)


def test_what_came_by_hand() -> None:
    """Six days known of A and B, four after; B is out on the last; C comes with the seventh."""
    days = [MONDAY + timedelta(k) for k in range(10)]
    sold = {"A": [1.0, 3] * 5, "B": [2.0] * 9 + [0.0], "C": [0.0] * 6 + [5.0] * 4}
    sales = pl.concat(
        [pl.DataFrame({"date": days, "sku": sku, "units": units}) for sku, units in sold.items()]
    ).filter((pl.col("sku") != "C") | (pl.col("units") > 0))
    stock = pl.DataFrame({"date": days, "sku": "B", "in_stock": [True] * 9 + [False]})
    full = demand_history(sales, stock)
    known = demand_history(sales, stock, as_of=days[5])
    case = with_hindsight(known, full, 6, 4)
    assert case.known.items["sku"].to_list() == ["A", "B"]
    assert case.place.tolist() == [0, 1]
    assert case.units.tolist() == [[1, 2], [3, 2], [1, 2], [3, 0]]
    assert case.judged.tolist() == [[True, True]] * 3 + [[True, False]]
    assert case.out.tolist() == [[False, False]] * 3 + [[False, True]]
    assert case.unknown[:, 0].all()  # nobody said whether A was in stock
    assert not case.unknown[:, 1].any()
    assert case.scale == pytest.approx([1, 0])
    assert case.enough(Window(0, 4)).tolist() == [True, True]
    assert case.enough(Window(3, 4)).tolist() == [True, False]
    assert case.ended.tolist() == [False, False]
