"""Exposure by habit, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.stockout_effect.exposure import dose, habits, window_days
from stockout.impact.stockout_effect.landmarks import landmark_days, panel
from stockout.impact.stockout_effect.out_days import OutDays, active_availability, out_days
from stockout.impact.stockout_effect.purchases import Purchases, purchases
from stockout.tables import conform

FIRST = date(2025, 1, 6)
DAYS = 315  # one landmark, on day 182
LANDMARK = 182


def bought(days: dict[tuple[str, str], list[int]]) -> Purchases:
    """Purchases of (customer, sku) on days."""
    rows = [
        {"date": FIRST + timedelta(day), "sku": sku, "units": 1.0, "customer_id": customer}
        for (customer, sku), each in days.items()
        for day in each
    ]
    return purchases(conform(pl.DataFrame(rows), "sales"), stock({}), FIRST + timedelta(DAYS - 1))


def stock(out: dict[str, range]) -> pl.DataFrame:
    """Availability of A and B, out on days."""
    return pl.DataFrame(
        [
            {
                "date": FIRST + timedelta(day),
                "sku": sku,
                "location": "ALL",
                "in_stock_share": 0.0 if day in out.get(sku, range(0)) else 1.0,
            }
            for sku in ("A", "B")
            for day in range(DAYS)
        ]
    )


def out_of(known: Purchases, out: dict[str, range]) -> OutDays:
    return out_days(stock(out), known.items, known.first, known.days)


def test_a_week_without_what_is_bought_every_fortnight_thwarts_half_a_purchase() -> None:
    known = bought({("ann", "A"): list(range(0, DAYS, 14))})
    out = out_of(known, {"A": range(LANDMARK + 7, LANDMARK + 14)})
    seen = panel(known, landmark_days(DAYS))
    always_there = out_of(known, {})
    habit = habits(seen, known, always_there)
    assert habit.rate == pytest.approx([1 / 14])
    assert dose(seen, habit.rate, window_days(seen, out.out, 0, 28)).ravel() == pytest.approx([0.5])


def test_a_habit_is_the_rate_while_the_item_was_there() -> None:
    """Bought every week of the half of the time in which it was there: once a week, not half."""
    weekly = list(range(91, DAYS, 7))
    known = bought({("ann", "A"): [0, *weekly], ("bob", "B"): [0, *weekly]})
    out = out_of(known, {"A": range(91)})
    seen = panel(known, landmark_days(DAYS))
    rate = habits(seen, known, out).rate
    assert rate[0] == pytest.approx(14 / 91 * rate[1] / (14 / 182))


def test_exposure_counts_what_was_bought_before_and_not_who_came() -> None:
    """Bob never comes in the window, and is as exposed as Ann, who comes every week of it."""
    before = list(range(0, LANDMARK, 7))
    inside = list(range(LANDMARK, LANDMARK + 28, 7))
    known = bought({("ann", "A"): before, ("bob", "A"): before, ("ann", "B"): inside})
    out = out_of(known, {"A": range(LANDMARK, LANDMARK + 28)})
    seen = panel(known, landmark_days(DAYS))
    usual = seen.pair_count / 182
    days = window_days(seen, out.out, 0, 28)
    assert dose(seen, usual, days).ravel() == pytest.approx([4.0, 4.0])


def test_panel_takes_who_ordered_three_times_and_lately() -> None:
    known = bought(
        {
            ("few", "A"): [10, 150],
            ("gone", "A"): [10, 20, 30, 40],
            ("in", "A"): [10, 20, 150],
            ("back", "A"): [10, 20, 150, LANDMARK + 42],
        }
    )
    seen = panel(known, landmark_days(DAYS))
    names = known.customers.gather(seen.customer).to_list()
    assert dict(zip(names, seen.no_order.tolist(), strict=True)) == {"in": 1.0, "back": 0.0}
    assert seen.orders_before.tolist() == [3.0, 3.0]


def test_what_is_no_longer_sold_is_not_out_of_stock() -> None:
    sales = pl.DataFrame({"date": [FIRST + timedelta(d) for d in range(60)], "sku": "A"})
    sold = sales.with_columns(units=pl.Series([1.0] * 10 + [0.0] * 50))
    gone = sales.with_columns(on_hand=pl.Series([9.0] * 10 + [0.0] * 50))
    history = demand_history(sold, gone)
    rows = active_availability(history, active_periods(history, open_orders(history, None)))
    assert rows["in_stock_share"].to_list() == [1.0] * 10 + [0.5] + [0.0] * 27


def test_weekly_availability_speaks_for_its_week() -> None:
    known = bought({("ann", "A"): [0]})
    weeks = pl.DataFrame(
        {
            "date": [FIRST + timedelta(7 * week) for week in range(3)],
            "sku": "A",
            "location": "ALL",
            "in_stock_share": [0.5, 1.0, None],
        }
    )
    out = out_days(weeks, known.items, known.first, known.days)
    assert np.diff(out.out[:, 0])[:9].tolist() == [0.5] * 7 + [0.0] * 2
    assert out.known[-1, 0] == 14


def test_lines_are_coded_in_parts_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders of a day that share no order_id count, a line that stands twice does not."""
    day = [FIRST + timedelta(each) for each in (0, 0, 0, 3, 3, 9, 9)]
    rows = {
        "date": day,
        "sku": ["A", "A", "B", "C", "A", "B", "B"],
        "units": [1.0, 2.0, 1.0, 4.0, 1.0, -1.0, 2.0],
        "customer_id": ["ann", "ann", "ann", "bob", None, "ann", "bob"],
        "order_id": ["1", "2", "2", "3", None, "4", None],
        "on_promo": [None, None, True, False, None, True, None],
    }
    lines = conform(pl.DataFrame(rows), "sales")
    whole = purchases(lines, stock({}), FIRST + timedelta(DAYS - 1))
    monkeypatch.setattr("stockout.impact.stockout_effect.purchases._PART", 2)
    parts = purchases(lines, stock({}), FIRST + timedelta(DAYS - 1))
    for known in (whole, parts):
        coded = (known.line_day, known.line_customer, known.line_item)
        assert np.column_stack(coded).tolist() == [[0, 0, 0], [0, 0, 1], [3, 1, 2], [9, 1, 1]]
        assert known.order_day.tolist() == [0, 0, 3, 9]
        assert known.sold[[0, 3, 9]].tolist() == [[3, 1, 0], [1, 0, 4], [0, 2, 0]]
        assert known.promoted is not None
        assert np.argwhere(known.promoted).tolist() == [[0, 1]]
