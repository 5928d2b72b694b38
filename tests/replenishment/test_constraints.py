"""Order quantities within minimum, packs, maximum stock and budget."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.replenishment.constraints import with_order_limits, with_order_qty
from stockout.tables import conform


def order(
    raw_qty: float | None,
    moq: float | None = None,
    pack_size: float | None = None,
    max_stock: float | None = None,
    position: float | None = 0.0,
    *,
    sellable_qty: float | None = None,
    is_integer: bool = True,
) -> tuple[Any, ...]:
    line = pl.DataFrame(
        {
            "raw_qty": [raw_qty], "moq": [moq], "pack_size": [pack_size], "max_stock": [max_stock],
            "position": [position], "sellable_qty": [sellable_qty], "top_up": [0.0],
            "is_integer": [is_integer], "unit_cost": [2.0],
        },
        schema_overrides=dict.fromkeys(
            ("raw_qty", "moq", "pack_size", "max_stock", "position", "sellable_qty"), pl.Float64
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
        ((4, "shelf_life"), {"raw_qty": 7.0, "sellable_qty": 4.0}),
        ((3, "shelf_life"), {"raw_qty": 7.0, "sellable_qty": 5.0, "pack_size": 3.0}),
        ((0, "shelf_life"), {"raw_qty": 7.0, "sellable_qty": 5.0, "moq": 6.0}),
        ((3, "max_stock"), {"raw_qty": 7.0, "sellable_qty": 5.0, "max_stock": 3.0}),
        ((7, None), {"raw_qty": 7.0, "sellable_qty": 7.0}),
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
    products = pl.DataFrame(
        {
            "sku": ["A"], "moq": [-5.0], "pack_size": [0.0], "max_stock": [-1.0],
            "shelf_life_days": [0.0],
        }
    )  # fmt: skip
    lines = pl.DataFrame({"sku": ["A", "B"]})
    limited = with_order_limits(lines, conform(products, "products"))
    assert limited.rows() == [("A", None, None, None, None), ("B", None, None, None, None)]
    assert limited.equals(with_order_limits(lines, None))
