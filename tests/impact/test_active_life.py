"""When an empty shelf is a stockout, and when an item is gone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.history import demand_history
from stockout.impact.active_life import active_periods, is_on_order, open_orders
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)


def on(day: int) -> date:
    return MONDAY + timedelta(day)


def purchase(ordered: int, received: int | None = None, **columns: object) -> pl.DataFrame:
    row = {
        "po_id": "P",
        "sku": "A",
        "order_date": on(ordered),
        "received_date": None if received is None else on(received),
        "ordered_units": 10.0,
        **columns,
    }
    return conform(pl.DataFrame([row], schema_overrides={"received_date": pl.Date}), "purchases")


def active_days(
    table: Table,
    units: list[float],
    in_stock: list[bool],
    *,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
) -> list[int]:
    """Days on which item A is active."""
    history = demand_history(
        table("units", A=units), table("in_stock", A=in_stock), products, purchases
    )
    active = active_periods(history, open_orders(history, purchases))
    return np.flatnonzero(active[:, 0]).tolist()


def test_an_item_out_of_stock_is_active_for_28_days_without_a_sale(table: Table) -> None:
    """The tail of a delisted item is no stockout, the first four weeks of one might be."""
    units, stock = [2.0] * 30 + [0.0] * 70, [True] * 30 + [False] * 70
    assert active_days(table, units, stock) == list(range(30 + 28))


def test_a_slow_item_is_given_five_of_its_gaps(table: Table) -> None:
    units = ([1.0] + [0.0] * 9) * 5 + [0.0] * 100  # every 10 days: 50 days of patience
    stock = [True] * 41 + [False] * 109
    assert active_days(table, units, stock) == list(range(41 + 50))


def test_stock_keeps_an_item_active(table: Table) -> None:
    units, stock = [2.0] * 30 + [0.0] * 70, [True] * 100
    assert active_days(table, units, stock) == list(range(100))


def test_an_open_order_keeps_an_item_active(table: Table) -> None:
    units, stock = [2.0] * 30 + [0.0] * 70, [True] * 30 + [False] * 70
    assert active_days(table, units, stock, purchases=purchase(80)) == [
        *range(58),
        *range(80, 100),
    ]
    received = purchase(70, 75)
    assert active_days(table, units, stock, purchases=received) == [*range(58), *range(70, 76)]


def test_an_order_that_came_without_a_date_is_not_open(table: Table) -> None:
    units, stock = [2.0] * 30 + [0.0] * 70, [True] * 30 + [False] * 70
    came = purchase(80, None, received_units=10.0)
    assert active_days(table, units, stock, purchases=came) == list(range(58))


def test_an_order_that_nobody_closed_is_open_for_a_year_only(table: Table) -> None:
    count = 430
    history = demand_history(table("units", A=[1.0] * count), table("in_stock", A=[True] * count))
    forgotten = purchase(10)
    assert np.flatnonzero(open_orders(history, forgotten)[:, 0]).tolist() == list(range(10, 376))
    assert not is_on_order(history, forgotten)[0]
    assert is_on_order(history, purchase(100))[0]


def test_an_order_received_in_part_is_still_on_order(table: Table) -> None:
    history = demand_history(table("units", A=[1.0] * 50), table("in_stock", A=[True] * 50))
    assert is_on_order(history, purchase(40, None, received_units=4.0))[0]
    assert not is_on_order(history, purchase(40, None, received_units=10.0))[0]
    assert not is_on_order(history, purchase(40, 45))[0]
    assert is_on_order(history, purchase(40, 60))[0]  # not yet, at as-of
    assert not is_on_order(history, None)[0]


def test_active_to_ends_the_life(table: Table) -> None:
    products = conform(pl.DataFrame({"sku": ["A"], "active_to": [on(40)]}), "products")
    units, stock = [2.0] * 45 + [0.0] * 55, [True] * 100
    assert active_days(table, units, stock, products=products) == list(range(41))


def test_a_delisted_item_that_was_sold_out_is_not_out_of_stock(table: Table) -> None:
    products = conform(pl.DataFrame({"sku": ["A"], "active_to": [on(40)]}), "products")
    units, stock = [2.0] * 35 + [0.0] * 65, [True] * 35 + [False] * 65
    assert active_days(table, units, stock, products=products) == list(range(35))


def test_the_life_of_an_ended_item_ends_with_its_last_day_with_stock(table: Table) -> None:
    """Out of stock, unsold and not ordered for half a year: it was given up."""
    units, stock = [2.0] * 30 + [0.0] * 200, [True] * 32 + [False] * 198
    assert active_days(table, units, stock) == list(range(32))


def test_a_successor_is_active_from_its_own_start(table: Table) -> None:
    products = conform(pl.DataFrame({"sku": ["A", "B"], "successor_of": [None, "A"]}), "products")
    sales = table("units", A=[2.0] * 40 + [0.0] * 40, B=[None] * 40 + [2.0] * 40)
    stock = table("in_stock", A=[True] * 40 + [False] * 40, B=[None] * 40 + [True] * 40)
    history = demand_history(sales, stock, products)
    active = active_periods(history, open_orders(history, None))
    assert np.flatnonzero(active[:, 1]).tolist() == list(range(40, 80))


def test_a_closed_shop_is_not_active(table: Table) -> None:
    """Twenty items sell every day but one: the shop was closed, and nobody missed anything."""
    closed = [1.0] * 20 + [None] + [1.0] * 20
    sales = table("units", **{f"I{k}": closed for k in range(20)})
    stock = table("in_stock", **{f"I{k}": [True] * 41 for k in range(20)})
    history = demand_history(sales, stock)
    active = active_periods(history, open_orders(history, None))
    assert np.flatnonzero(~active.any(axis=1)).tolist() == [20]


def test_weeks() -> None:
    weeks = pl.Series([MONDAY + timedelta(7 * k) for k in range(20)])
    sales = pl.DataFrame({"date": weeks, "sku": "A", "units": [5.0] * 8 + [0.0] * 12})
    stock = pl.DataFrame({"date": weeks, "sku": "A", "in_stock": [True] * 8 + [False] * 12})
    history = demand_history(sales, stock)
    assert history.freq == "week"
    active = active_periods(history, open_orders(history, None))
    assert np.flatnonzero(active[:, 0]).tolist() == list(range(8 + 5))  # 5 gaps of a week
