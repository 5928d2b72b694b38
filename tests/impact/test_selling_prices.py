"""What a unit would have been sold for, by what was paid around that time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from stockout.demand.history import demand_history
from stockout.impact.selling_prices import Prices
from stockout.tables import conform

MONDAY = date(2026, 1, 5)


def day(count: int) -> date:
    return MONDAY + timedelta(count)


def prices_of(
    *lines: tuple[int, str, str, float, float | None], products: pl.DataFrame | None = None
) -> Prices:
    """Prices from lines of day, sku, location, units and price; 100 days of history."""
    frame = pl.DataFrame(
        [(day(t), sku, place, units, price) for t, sku, place, units, price in lines]
        + [(day(99), "Z", "L1", 1.0, 1.0)],
        schema={
            "date": pl.Date,
            "sku": pl.String,
            "location": pl.String,
            "units": pl.Float64,
            "unit_price": pl.Float64,
        },
        orient="row",
    )
    sales = conform(frame, "sales")
    return Prices(sales, demand_history(sales), products)


def at(prices: Prices, *days: int) -> list[float]:
    return list(prices.at(np.array(days), np.zeros(len(days), dtype=np.int64)))


def test_the_mean_paid_within_four_weeks_weighted_by_units() -> None:
    prices = prices_of((0, "A", "L1", 1.0, 10.0), (30, "A", "L1", 3.0, 6.0))
    assert at(prices, 1) == [10.0]  # day 30 is 29 days later
    assert at(prices, 2) == [7.0]  # both are within 28 days
    assert at(prices, 29) == [6.0]


def test_further_away_the_mean_of_the_whole_history() -> None:
    prices = prices_of((0, "A", "L1", 1.0, 10.0), (30, "A", "L1", 3.0, 6.0))
    assert at(prices, 80) == [7.0]


def test_returns_do_not_change_the_price() -> None:
    prices = prices_of((0, "A", "L1", 2.0, 10.0), (1, "A", "L1", -1.0, 99.0))
    assert at(prices, 1) == [10.0]


def test_money_by_units_where_no_price_is_given() -> None:
    sales = conform(
        pl.DataFrame({"date": [MONDAY], "sku": ["A"], "units": [4.0], "revenue": [10.0]}), "sales"
    )
    assert at(Prices(sales, demand_history(sales), None), 0) == [2.5]


def test_an_item_without_a_price_takes_that_of_its_sku_elsewhere() -> None:
    prices = prices_of((0, "A", "L1", 1.0, None), (0, "A", "L2", 1.0, 8.0))
    assert at(prices, 50) == [8.0]


def test_else_the_price_of_products() -> None:
    products = conform(pl.DataFrame({"sku": ["A"], "unit_price": [5.0]}), "products")
    assert at(prices_of((0, "A", "L1", 1.0, None), products=products), 0) == [5.0]
    sold = prices_of((0, "A", "L1", 1.0, 4.0), products=products)
    assert at(sold, 90) == [4.0]  # what was paid goes before what is listed


def test_else_it_is_not_known() -> None:
    assert np.isnan(at(prices_of((0, "A", "L1", 1.0, None)), 0)).all()
