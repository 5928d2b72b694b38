"""Cycles from receipt to receipt, with and without a stockout."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.replenishment_cycles import replenishment_cycles
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]
    Flags = Callable[[str], list[bool | None]]

MONDAY = date(2026, 1, 5)


def receipts(*days: int, sku: str = "A") -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "po_id": [f"P{day}" for day in days],
            "sku": sku,
            "order_date": [MONDAY - timedelta(3)] * len(days),
            "received_date": [MONDAY + timedelta(day) for day in days],
            "ordered_units": 10.0,
        }
    )
    return conform(frame, "purchases")


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("+++++++++++++++", [(5, False, True), (10, False, True)]),
        ("++++-+++++++++-", [(5, True, True), (10, False, True)]),  # what follows 10 is not over
        ("+++++++--++++++", [(5, False, True), (10, True, True)]),
        ("+++++-+++++++++", [(5, False, True), (10, False, True)]),  # before the receipt of day 5
        ("++?++++-+?+++++", [(5, False, False), (10, True, True)]),
    ],
)
def test_cycles(
    table: Table, flags: Flags, signs: str, expected: list[tuple[int, bool, bool]]
) -> None:
    sales = table("units", A=[0.0 if sign == "-" else 2.0 for sign in signs])
    history = demand_history(sales, table("in_stock", A=flags(signs)))
    active = active_periods(history, open_orders(history, None))
    cycles = replenishment_cycles(history, active, receipts(0, 5, 10), None)
    assert cycles is not None
    found = zip(cycles.end.tolist(), cycles.stockout.tolist(), cycles.known.tolist(), strict=True)
    assert list(found) == expected


def test_stock_that_runs_out_on_the_day_of_the_receipt_counts(table: Table) -> None:
    sales = table("units", A=[2.0] * 5 + [9.0] + [0.0] + [2.0] * 5)
    stock = table("on_hand", A=[8.0, 6.0, 4.0, 3.0, 1.0, 0.0, 9.0, 7.0, 5.0, 3.0, 2.0, 1.0])
    history = demand_history(sales, stock)
    active = active_periods(history, open_orders(history, None))
    cycles = replenishment_cycles(history, active, receipts(0, 5, 6, 11), None)
    assert cycles is not None
    assert cycles.stockout.tolist() == [False, True, False]


def test_receipts_of_movements_count_once(table: Table) -> None:
    sales = table("units", A=[2.0] * 15)
    history = demand_history(sales, table("in_stock", A=[True] * 15))
    active = active_periods(history, open_orders(history, None))
    moved = pl.DataFrame(
        {
            "date": [MONDAY + timedelta(day) for day in (0, 5, 9, 12, 13)],
            "sku": "A",
            "units": [10.0, 10.0, 10.0, -4.0, 5.0],
            "kind": ["receipt", "receipt", "receipt", "receipt", "adjustment"],
        }
    )
    cycles = replenishment_cycles(history, active, receipts(0, 5), conform(moved, "movements"))
    assert cycles is not None
    assert cycles.end.tolist() == [5, 9]


def test_no_receipts_no_cycles(table: Table) -> None:
    history = demand_history(table("units", A=[2.0] * 5), table("in_stock", A=[True] * 5))
    active = active_periods(history, open_orders(history, None))
    assert replenishment_cycles(history, active, None, None) is None
    assert replenishment_cycles(history, active, receipts(2, sku="other"), None) is None
