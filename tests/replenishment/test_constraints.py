"""Order quantities within minimum, packs, maximum stock and budget."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.errors import NotKnownError
from stockout.replenishment.constraints import with_order_limits, with_order_qty, within_budget
from stockout.tables import conform


def order(
    raw_qty: float | None,
    moq: float | None = None,
    pack_size: float | None = None,
    max_stock: float | None = None,
    position: float | None = 0.0,
    *,
    is_integer: bool = True,
) -> tuple[Any, ...]:
    line = pl.DataFrame(
        {
            "raw_qty": [raw_qty], "moq": [moq], "pack_size": [pack_size], "max_stock": [max_stock],
            "position": [position], "is_integer": [is_integer], "unit_cost": [2.0],
        },
        schema_overrides=dict.fromkeys(
            ("raw_qty", "moq", "pack_size", "max_stock", "position"), pl.Float64
        ),
    )  # fmt: skip
    return with_order_qty(line).select("order_qty", "limit").row(0)


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ((7, None), {"raw_qty": 7.0}),
        ((7, None), {"raw_qty": 6.2}),  # whole units are the unit, not a limit
        ((6.2, None), {"raw_qty": 6.2, "is_integer": False}),
        ((0, None), {"raw_qty": 0.0, "moq": 10.0, "pack_size": 6.0}),
        ((10, "moq"), {"raw_qty": 7.0, "moq": 10.0}),
        ((12, None), {"raw_qty": 12.0, "moq": 10.0, "pack_size": 6.0}),
        ((18, "pack"), {"raw_qty": 13.0, "moq": 10.0, "pack_size": 6.0}),
        ((12, "pack"), {"raw_qty": 7.0, "moq": 10.0, "pack_size": 6.0}),
        ((7.5, "pack"), {"raw_qty": 6.2, "pack_size": 2.5, "is_integer": False}),
        ((5, "max_stock"), {"raw_qty": 7.0, "max_stock": 20.0, "position": 15.0}),
        ((6, "max_stock"), {"raw_qty": 13.0, "pack_size": 6.0, "max_stock": 20.0, "position": 9.0}),
        ((0, "max_stock"), {"raw_qty": 7.0, "moq": 10.0, "max_stock": 20.0, "position": 11.0}),
        ((0, "max_stock"), {"raw_qty": 7.0, "max_stock": 20.0, "position": 30.0}),
        ((0, None), {"raw_qty": 0.0, "max_stock": 20.0, "position": 30.0}),
        ((None, None), {"raw_qty": None, "position": None}),
    ],
)
def test_limits(expected: tuple[Any, ...], arguments: dict[str, Any]) -> None:
    assert order(**arguments) == expected


def test_nothing_is_never_minus_nothing() -> None:
    quantity, _ = order(0.0, pack_size=3.0)
    assert math.copysign(1, quantity) == 1


@settings(deadline=None)  # a busy machine is not a fault of the quantities
@given(
    needs=st.lists(st.floats(0, 500), min_size=2, max_size=6),
    moq=st.none() | st.integers(0, 60).map(float),
    pack_size=st.none() | st.integers(1, 24).map(float),
    max_stock=st.none() | st.integers(0, 300).map(float),
)
def test_more_need_or_less_position_never_orders_less(
    needs: list[float], moq: float | None, pack_size: float | None, max_stock: float | None
) -> None:
    quantities = [order(raw, moq, pack_size, max_stock, 50.0)[0] for raw in sorted(needs)]
    assert quantities == sorted(quantities)
    falling = [order(90.0, moq, pack_size, max_stock, p)[0] for p in (80.0, 41.0, 12.0, -3.0)]
    assert falling == sorted(falling)
    for quantity in quantities:
        assert quantity % (pack_size or 1.0) == 0
        assert quantity == 0 or quantity >= (moq or 0)
        assert max_stock is None or quantity == 0 or quantity + 50 <= max_stock


def test_limits_that_cannot_be_true_are_not_limits() -> None:
    products = pl.DataFrame({"sku": ["A"], "moq": [-5.0], "pack_size": [0.0], "max_stock": [-1.0]})
    lines = pl.DataFrame({"sku": ["A", "B"]})
    limited = with_order_limits(lines, conform(products, "products"))
    assert limited.rows() == [("A", None, None, None), ("B", None, None, None)]
    assert limited.equals(with_order_limits(lines, None))


def priced(**columns: list[Any]) -> pl.DataFrame:
    n = len(columns["order_qty"])
    return pl.DataFrame(
        {
            "sku": [f"{i}" for i in range(n)], "location": ["ALL"] * n,
            "unit_price": [3.0] * n, "limit": [None] * n, **columns,
        },
        schema_overrides={"limit": pl.String, "unit_price": pl.Float64, "order_value": pl.Float64},
    )  # fmt: skip


def test_a_budget_goes_to_the_most_loss_avoided_per_money() -> None:
    lines = priced(
        order_qty=[10.0, 10.0, 10.0, 10.0, 0.0],
        order_value=[50.0, 50.0, 20.0, 10.0, 0.0],
        avoided_units=[9.0, 8.0, 5.0, 0.5, 0.0],
    )
    # per money: .54, .48, .75, .15: line 2 and line 0 are taken, line 1 does not fit, line 3 does
    kept = within_budget(lines, 85)
    assert kept["order_qty"].to_list() == [10, 0, 10, 10, 0]
    assert kept["order_value"].to_list() == [50, 0, 20, 10, 0]
    assert kept["limit"].to_list() == [None, "budget", None, None, None]
    assert within_budget(lines, 1000).equals(lines)
    assert within_budget(lines, 0)["order_qty"].sum() == 0


def test_a_line_without_price_is_ranked_at_cost_and_one_without_cost_is_not_bought() -> None:
    lines = priced(
        order_qty=[10.0, 10.0, 10.0],
        order_value=[50.0, 50.0, None],
        avoided_units=[4.0, 9.0, 10.0],
        unit_price=[None, 3.0, 99.0],
    )
    # per money: 4 * 5 / 50 = .4 and 9 * 3 / 50 = .54
    assert within_budget(lines, 60)["order_qty"].to_list() == [0, 10, 0]
    assert within_budget(lines, 60)["limit"].to_list() == ["budget", None, "budget"]
    with pytest.raises(NotKnownError, match="no unit cost is known"):
        within_budget(lines[2:], 60)


def test_ties_go_to_the_first_sku() -> None:
    lines = priced(
        order_qty=[1.0, 1.0], order_value=[5.0, 5.0], avoided_units=[1.0, 1.0]
    ).with_columns(sku=pl.Series(["B", "A"]))
    assert within_budget(lines, 5)["order_qty"].to_list() == [0, 1]
