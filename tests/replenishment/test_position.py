"""What is on its way, when to expect it, and what is promised away."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.replenishment.position import (
    MAX_ARRIVALS,
    arrivals,
    open_purchases,
    overdue_orders,
    with_position,
)
from stockout.tables import conform

if TYPE_CHECKING:
    from stockout.replenishment.targets import Unmet

AS_OF = date(2026, 6, 28)
ITEMS = pl.DataFrame({"sku": ["A", "B"], "location": "ALL", "lead_time_days": [14.0, 10.0]})
PUNCTUAL = pl.DataFrame(
    {"supplier_id": [None], "late_days": [0.0]},
    schema={"supplier_id": pl.String, "late_days": pl.Float64},
)


def after(days: int) -> date:
    return AS_OF + timedelta(days)


def incoming(
    rows: list[dict[str, Any]], lateness: pl.DataFrame = PUNCTUAL
) -> list[tuple[Any, ...]]:
    """Units, days and overdue of the open lines."""
    full = [
        {
            "po_id": f"P{i}", "line": None, "sku": "A", "supplier_id": "X",
            "order_date": after(-10), "promised_date": None, "received_date": None,
            "ordered_units": 8.0, "received_units": None, **row,
        }
        for i, row in enumerate(rows)
    ]  # fmt: skip
    frame = pl.DataFrame(
        full,
        schema_overrides={
            "line": pl.String, "promised_date": pl.Date, "received_date": pl.Date,
            "received_units": pl.Float64,
        },
    )  # fmt: skip
    found = open_purchases(conform(frame, "purchases"), ITEMS, lateness, AS_OF)
    return found.select("units", "days", "overdue").rows()


def test_a_line_is_expected_on_its_promise_plus_the_usual_lateness() -> None:
    lateness = pl.DataFrame({"supplier_id": ["X", None], "late_days": [3.0, 1.0]})
    rows: list[dict[str, Any]] = [
        {"promised_date": after(5)},
        {"promised_date": after(5), "supplier_id": "Y"},
        {"promised_date": after(-2)},  # promised two days ago by one that is three days late
    ]
    assert incoming(rows, lateness) == [(8, 8, False), (8, 6, False), (8, 1, False)]


def test_without_a_promise_it_is_expected_a_lead_time_after_the_order() -> None:
    assert incoming([{}]) == [(8, 4, False)]


def test_an_overdue_line_takes_as_long_again_as_it_is_overdue() -> None:
    rows: list[dict[str, Any]] = [{"promised_date": after(d)} for d in (0, -1, -6)]
    # what is promised for as-of itself can still come, and is not overdue
    assert incoming(rows) == [(8, 1, False), (8, 1, True), (8, 6, True)]


def test_only_open_lines_of_the_time_count() -> None:
    rows: list[dict[str, Any]] = [
        {"received_date": after(-1)},
        {"received_date": after(-1), "received_units": 5.0},  # a short delivery is closed
        {"received_date": after(3), "promised_date": after(2)},  # not received yet at as-of
        {"order_date": after(1)},
        {"received_units": 3.0, "promised_date": after(2)},  # part of it came
        {"received_units": 8.0, "promised_date": after(2)},
    ]
    assert incoming(rows) == [(8, 2, False), (5, 2, False)]


def test_partial_receipts_beside_the_rest_of_their_line() -> None:
    line: dict[str, Any] = {"po_id": "P", "line": "1", "promised_date": after(2)}
    came = {**line, "received_date": after(-1), "received_units": 5.0}
    assert incoming([came, line]) == [(3, 2, False)]
    # rows that do not repeat the ordered units are deliveries of their own
    assert incoming([came, {**line, "ordered_units": 4.0}]) == [(4, 2, False)]
    assert incoming([line, line]) == [(8, 2, False), (8, 2, False)]
    # what was received in full is no partial receipt of what is still open
    assert incoming([{**came, "received_units": 8.0}, line]) == [(8, 2, False)]


def test_overdue_customer_orders() -> None:
    orders = pl.DataFrame(
        {
            "order_id": list("abcdefg"),
            "sku": ["A", "A", "A", "A", "A", "A", "B"],
            "units": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
            "order_date": [after(-9), after(-9), after(-9), after(1), None, after(-9), after(-9)],
            "due_date": [after(0), after(1), None, after(-1), None, after(-3), after(-3)],
            "shipped_date": [None, None, None, None, None, after(-1), after(1)],
        }
    )
    owed = overdue_orders(conform(orders, "orders"), AS_OF).sort("sku")
    # due: a; without a due date when placed: c, e; b is due later, d placed later, f shipped
    assert owed.rows() == [("A", "ALL", 1 + 4 + 16), ("B", "ALL", 64)]
    assert overdue_orders(None, AS_OF).is_empty()


def expected(days: list[float], sku: str = "A") -> pl.DataFrame:
    units = [float(2**i) for i in range(len(days))]
    return pl.DataFrame(
        {"sku": sku, "location": "ALL", "units": units, "days": days, "overdue": False}
    )


def test_arrivals_after_the_protection_period_do_not_count() -> None:
    found, totals = arrivals(expected([3.0, 20.0, 21.0]), ITEMS, np.array([21.0, 17.0]), "day")
    assert found.periods.tolist() == [[3, 20], [np.inf, np.inf]]
    assert found.units.tolist() == [[1, 2], [0, 0]]
    assert totals.rows() == [(3, 0, 4), (0, 0, 0)]


def test_goods_of_the_first_day_of_a_week_are_there_for_all_of_it() -> None:
    found, _ = arrivals(expected([1.0, 7.0, 8.0, 10.5]), ITEMS, np.array([21.0, 17.0]), "week")
    assert found.periods[0].tolist() == [0, 1, 1.5]
    assert found.units[0].tolist() == [1, 2 + 4, 8]


def test_very_many_arrivals_are_put_together_at_the_later_date() -> None:
    days = list(np.arange(1, 41, dtype=float))
    found, totals = arrivals(expected(days), ITEMS, np.array([50.0, 17.0]), "day")
    assert found.periods.shape[1] <= MAX_ARRIVALS
    assert found.units[0].sum() == totals["on_order"][0] == 2**40 - 1
    late = np.cumsum(found.units[0])
    for day, arrived in zip(found.periods[0], late, strict=True):
        assert arrived <= 2**day - 1  # never earlier than it was expected


@pytest.mark.parametrize(("unmet", "position"), [("lost", 9), ("backorder", 6)])
def test_position(unmet: Unmet, position: float) -> None:
    lines = pl.DataFrame(
        {
            "on_hand": [20.0, -3.0, None, 20.0],
            "reserved": [1.0, 0.0, 0.0, 1.0],
            "blocked": [2.0, 0.0, 0.0, 2.0],
            "owed": [4.0, None, 0.0, 4.0],
            "on_order": [7.0, 9.0, 7.0, 7.0],
            "overdue": 0.0,
            "late_units": 0.0,
            "lead_time_days": [14.0, 14.0, 14.0, None],
        }
    )
    found = with_position(lines, unmet)
    assert found["position"].to_list() == [20, position, None, None]
    assert found["on_order"].to_list() == [7, 9, 7, None]
    assert found["free"].to_list()[0] == 17
