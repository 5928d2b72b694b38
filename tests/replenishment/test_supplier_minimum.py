"""Orders below a supplier's minimum are raised by what is needed soonest, or held."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockout.replenishment.constraints import with_order_qty
from stockout.replenishment.supplier_minimum import (
    hold_below_minimum,
    meet_minimum,
    with_supplier_minimum,
)
from stockout.tables import conform

if TYPE_CHECKING:
    import pytest

RATE = np.array([1.0, 2.0, 0.5, 1.0])  # units a day


def demand_after(days: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(RATE * days)


def orders(minimum: float, **columns: list[Any]) -> pl.DataFrame:
    """A orders 3, B 6; C of the same supplier needs nothing yet; D goes to another one."""
    lines = pl.DataFrame(
        {
            "sku": ["A", "B", "C", "D"], "location": ["ALL"] * 4, "life": ["active"] * 4,
            "supplier_id": ["S", "S", "S", "T"], "min_order_value": [float(minimum)] * 3 + [5.0],
            "raw_qty": [3.0, 6.0, 0.0, 4.0], "reorder_point": [20.0, 30.0, 10.0, 9.0],
            "position": [17.0, 24.0, 12.0, 5.0], "unit_cost": [2.0, 1.0, 4.0, 2.0],
            "moq": [None] * 4, "pack_size": [None] * 4, "max_stock": [None] * 4,
            "sellable_qty": [None] * 4, "is_integer": [True] * 4, "top_up": [0.0] * 4, **columns,
        },
        schema_overrides=dict.fromkeys(
            ["moq", "pack_size", "max_stock", "sellable_qty", "unit_cost"], pl.Float64
        ),
    )  # fmt: skip
    return with_order_qty(lines)


def test_minimum_of_the_supplier() -> None:
    suppliers = conform(
        pl.DataFrame({"supplier_id": ["S", "T"], "min_order_value": [50.0, -1.0]}), "suppliers"
    )
    lines = pl.DataFrame({"supplier_id": ["S", "T", None]})
    assert with_supplier_minimum(lines, suppliers)["min_order_value"].to_list() == [50, None, None]
    assert with_supplier_minimum(lines, None)["min_order_value"].to_list() == [None] * 3


def test_an_order_that_reaches_the_minimum_stays() -> None:
    met = meet_minimum(orders(12), demand_after)
    assert met["order_qty"].to_list() == [3, 6, 0, 4]
    assert met["top_up"].to_list() == [0, 0, 0, 0]
    assert met["minimum"].to_list() == [None] * 4


def test_it_is_raised_by_the_fewest_days_that_reach_it() -> None:
    # 12 for now; n more days add 2n + 2n, and 4 (n/2 - 2) for C from its fifth day on
    met = meet_minimum(orders(40), demand_after)
    assert met["top_up_days"].to_list() == [6, 6, 6, 0]
    assert met["order_qty"].to_list() == [3 + 6, 6 + 12, 1, 4]
    assert met["limit"].to_list() == ["min_order_value"] * 3 + [None]
    assert met.filter(supplier_id="S")["order_value"].sum() == 40
    more = meet_minimum(orders(40.5), demand_after)
    assert more["top_up_days"].to_list() == [7, 7, 7, 0]
    assert met.drop("top_up_days", "top_up", "order_qty", "order_value", "limit", "minimum").equals(
        orders(40).drop("top_up", "order_qty", "order_value", "limit")
    )


def test_limits_hold_when_it_is_raised() -> None:
    met = meet_minimum(
        orders(40, max_stock=[22.0, None, 12.0, None], pack_size=[None, 6.0, None, None]),
        demand_after,
    )
    assert met["order_qty"][0] == 5
    assert met["order_qty"][2] == 0
    assert met["order_qty"][1] % 6 == 0
    assert met["limit"].to_list() == ["max_stock", "min_order_value", "max_stock", None]
    assert met.filter(supplier_id="S")["order_value"].sum() >= 40


def test_it_is_held_where_a_quarter_does_not_reach_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        met = meet_minimum(orders(10_000), demand_after)
    assert met["order_qty"].to_list() == [0, 0, 0, 4]
    assert met["limit"].to_list() == ["min_order_value", "min_order_value", None, None]
    assert met["minimum"].to_list() == ["short", "short", "short", None]
    assert met["raw_qty"].to_list() == [3, 6, 0, 4]
    assert "the orders of 1 were below their minimum: 0 raised, 1 held (2 lines)" in caplog.text
    assert meet_minimum(orders(40), demand_after, "hold")["order_qty"].to_list() == [0, 0, 0, 4]


def test_nothing_ordered_is_no_order_below_the_minimum() -> None:
    idle = orders(40, raw_qty=[0.0, 0.0, 0.0, 4.0])
    assert meet_minimum(idle, demand_after)["order_qty"].to_list() == [0, 0, 0, 4]


def test_without_a_cost_nobody_knows() -> None:
    met = meet_minimum(orders(40, unit_cost=[None, 1.0, 4.0, 2.0]), demand_after)
    assert met["order_qty"].to_list() == [3, 6, 0, 4]
    assert met["minimum"].to_list() == ["unknown"] * 3 + [None]


def test_items_that_are_over_are_never_added() -> None:
    met = meet_minimum(orders(40, life=["active", "active", "ended", "active"]), demand_after)
    assert met["order_qty"][2] == 0
    assert met.filter(supplier_id="S")["order_value"].sum() >= 40


def test_what_a_budget_leaves_below_the_minimum_is_held() -> None:
    met = meet_minimum(orders(12), demand_after)
    assert hold_below_minimum(met).equals(met)
    cut = met.with_columns(order_qty=pl.Series([3.0, 2.0, 0.0, 4.0])).with_columns(
        order_value=pl.col("order_qty") * pl.col("unit_cost")
    )
    assert hold_below_minimum(cut)["order_qty"].to_list() == [0, 0, 0, 4]
