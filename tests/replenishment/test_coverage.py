"""How long stock lasts: the examples of SAP and Inventory Planner, a day-by-day replay, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.replenishment.coverage import range_of_coverage, sells_out_in


def test_row_24_range_of_coverage() -> None:
    """Row 24 (SAP help): 160 pieces over 8 workdays; 3/5/12 days."""
    assert range_of_coverage(160, 8, [3, 5, 12]).tolist() == [60, 100, 240]


def test_range_of_coverage_edges() -> None:
    assert range_of_coverage(0, 8, 3) == 0
    assert range_of_coverage(160, 8, 0) == 0
    bad = range_of_coverage([-1, 160, 160, np.nan], [8, 0, 8, 8], [3, 3, -1, 3])
    assert np.isnan(bad).all()


def test_row_25_sells_out_in() -> None:
    """Row 25 (Inventory Planner): 5 a day, 10 on hand, 20 in 5 days; a gap after day 2.

    The twenty last four days from the day they arrive, day 5, so stock sells out on day 9.
    """
    days = sells_out_in(5, 10, [5], [20])
    assert days.first == 2
    assert days.last == 9


def test_without_a_gap_both_are_the_same() -> None:
    assert [*sells_out_in(5, 10, [2], [20])] == [6, 6]  # arrives as the last unit goes
    assert [*sells_out_in(5, 30, [5], [20])] == [10, 10]
    assert [*sells_out_in(5, 30, [], [])] == [6, 6]


def replay(rate: float, on_hand: float, arrivals: list[tuple[float, float]]) -> tuple[float, float]:
    """Walks from arrival to arrival, one item at a time."""
    now, stock, first = 0.0, on_hand, None
    for day, units in sorted(arrivals):
        runs_out = now + stock / rate
        if runs_out < day:
            first = runs_out if first is None else first
            stock = 0.0
        else:
            stock -= (day - now) * rate
        now, stock = day, stock + units
    last = now + stock / rate
    return (last if first is None else first), last


@settings(deadline=None)  # a busy machine may pause
@given(
    rate=st.floats(0.1, 20),
    on_hand=st.floats(0, 200),
    arrivals=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 100)), max_size=5),
)
def test_against_a_replay(rate: float, on_hand: float, arrivals: list[tuple[float, float]]) -> None:
    days = [float(day) for day, _ in arrivals]
    units = [float(size) for _, size in arrivals]
    first, last = replay(rate, on_hand, arrivals)
    padded_days, padded_units = np.array([*days, np.nan]), np.array([*units, np.nan])
    answer = sells_out_in(rate, on_hand, padded_days, padded_units)
    assert answer.last == pytest.approx(last, abs=1e-9)
    # Rounding decides whether an arrival just in time leaves a gap.
    if answer.first != pytest.approx(first, abs=1e-9):
        assert min(abs(answer.first - day) for day in days) < 1e-9


def test_items_in_rows_arrivals_in_columns() -> None:
    answer = sells_out_in(
        [5, 5, 0, np.nan, 5, -1, 5],
        [10, -3, 10, 10, np.nan, 10, 10],
        np.array([[5, np.nan], [9, 1], [5, 6], [5, 6], [5, 6], [5, 6], [-2, 30]]),
        [[20, 7], [5, 10], [1, 1], [1, 1], [1, 1], [1, 1], [10, 5]],
    )
    np.testing.assert_array_equal(answer.first, [2, 0, np.inf, np.nan, np.nan, np.nan, 4])
    np.testing.assert_array_equal(answer.last, [9, 10, np.inf, np.nan, np.nan, np.nan, 31])
