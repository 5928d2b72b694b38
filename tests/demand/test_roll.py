"""Stock rolled from counts: the truth where the changes are true, nothing where they cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.roll import Changes, rolled_stock, surprises

NAN = float("nan")
INF = float("inf")


def column(values: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(values, dtype=float)[:, None]


def changes(
    change: list[float], known: list[bool] | None = None, unserved: list[bool] | None = None
) -> Changes:
    """Daily changes of one item."""
    total = np.cumsum(column(change), axis=0)
    flags = np.ones(total.shape, dtype=bool)
    return Changes(
        total,
        total,
        flags if known is None else np.array(known)[:, None],
        ~flags if unserved is None else np.array(unserved)[:, None],
    )


def bounds(counted: list[float], moved: Changes) -> list[tuple[float, float]]:
    stock = rolled_stock(column(counted), moved)
    return list(zip(stock.low[:, 0].tolist(), stock.high[:, 0].tolist(), strict=True))


def exactly(counted: list[float], moved: Changes) -> list[float]:
    """Stock by day; nan where it is not known, or only within bounds."""
    return [low if low == high else NAN for low, high in bounds(counted, moved)]


def test_one_count_is_rolled_both_ways() -> None:
    found = exactly([NAN, NAN, 4, NAN, NAN], changes([9, -3, -2, -1, 5]))
    assert found == [9, 6, 4, 3, 8]


def test_without_a_count_nothing_is_known() -> None:
    assert np.isnan(exactly([NAN, NAN], changes([5, -1]))).all()


def test_days_of_unknown_changes_stop_both_paths() -> None:
    """What happened on day 2 is not known: its evening is, from the count after it."""
    known = [True, True, False, True, True]
    found = exactly([3, NAN, NAN, NAN, 1], changes([0, -1, -1, -1, -1], known))
    assert found == [3, 2, 3, 2, 1]
    found = exactly([NAN, NAN, NAN, NAN, 1], changes([0, -1, -1, -1, -1], known))
    assert np.array_equal(found, [NAN, NAN, 3, 2, 1], equal_nan=True)


def test_what_lies_before_a_day_that_cannot_be_is_unknown() -> None:
    """On the evening of day 1 there would have been -2: too much came in afterwards."""
    found = exactly([NAN] * 4 + [3], changes([0, 0, 6, -1, 0]))
    assert np.array_equal(found, [NAN, NAN, 4, 3, 3], equal_nan=True)


def test_what_lies_after_a_day_that_cannot_be_is_unknown() -> None:
    found = exactly([3] + [NAN] * 4, changes([0, -2, -4, 9, -1]))
    assert np.array_equal(found, [3, 1, NAN, NAN, NAN], equal_nan=True)


def test_a_sale_from_nothing_ends_a_path() -> None:
    """Sales know of a sale on day 2 that the ledger does not have."""
    moved = changes([0, -2, 0, 0, 5], unserved=[False, True, True, False, False])
    forwards = bounds([2, NAN, NAN, NAN, NAN], moved)
    assert forwards[0] == (2, 2)
    assert forwards[1] == (0, INF)  # no stock by the ledger, but something was there to be sold
    assert np.isnan(forwards[2:]).any(axis=1).all()
    backwards = exactly([NAN] * 4 + [5], moved)
    assert np.array_equal(backwards, [NAN, NAN, 0, 0, 5], equal_nan=True)


def test_a_receipt_that_was_booked_too_late_hides_no_stock() -> None:
    """Both counts agree with the ledger; it was below zero until the receipt was booked."""
    moved = changes([0, -2, 0, -1, 5, -1])
    found = bounds([2, NAN, NAN, NAN, NAN, 3], moved)
    assert found[1] == found[2] == (0, INF)
    assert not np.isfinite(found[3]).all()
    assert found[4:] == [(4, 4), (3, 3)]


def test_counts_that_do_not_agree_are_both_believed() -> None:
    """Two units are missing; both paths say in stock until day 2, on day 3 only one does."""
    found = bounds([9, NAN, NAN, NAN, 2], changes([0, -2, -1, -2, 0]))
    assert found == [(9, 9), (5, 7), (4, 6), (2, 4), (2, 2)]
    unsure = bounds([4, NAN, NAN, 0], changes([0, -1, -1, 0]))
    assert unsure[1:3] == [(1, 3), (0, 2)]


def test_an_error_lies_before_the_day_on_which_the_other_path_ends() -> None:
    """Five came in unseen: going forwards there would be less than nothing on day 3."""
    found = bounds([4, NAN, NAN, NAN, NAN, 3], changes([0, -2, -2, -1, -1, 0]))
    assert found == [(4, 4), (2, 7), (0, 5), (4, 4), (3, 3), (3, 3)]


def test_a_count_below_zero_is_no_start() -> None:
    found = exactly([-2, NAN, NAN], changes([0, 0, -1]))
    assert np.array_equal(found, [-2, NAN, NAN], equal_nan=True)


def test_crumbs_of_binary_fractions_are_nothing() -> None:
    moved = changes([0, -0.1, -0.2, 0, 0.1])
    assert bounds([0.3, NAN, NAN, NAN, 0.1], moved)[4] == (0.1, 0.1)
    assert not surprises(column([0.3, NAN, NAN, 0, 0.1]), moved)[0].any()
    assert abs(bounds([0.3, NAN, NAN, NAN, NAN], moved)[2][1]) < 1e-9


def test_totals_of_a_week_bound_the_stock_of_its_days() -> None:
    """Seven went out in a week, on days nobody told; ten were there before, none came in."""
    least, most = np.zeros((14, 1)), np.zeros((14, 1))
    least[7:], most[13:] = -7, -7
    flags = np.ones((14, 1), dtype=bool)
    week = Changes(least, most, flags, ~flags)
    before = [NAN] * 6 + [10.0] + [NAN] * 7
    found = bounds(before, week)
    assert found[:7] == [(10, 10)] * 7
    assert found[7:13] == [(3, 10)] * 6
    assert found[13] == (3, 3)
    assert bounds([NAN] * 13 + [3.0], week) == found


def test_surprises_are_counts_that_the_ledger_does_not_expect() -> None:
    moved = changes([0, -1, -1, -1, 4], known=[True, True, True, False, True])
    differs, expected = surprises(column([9, NAN, 6, 7, 11]), moved)
    assert differs[:, 0].tolist() == [False, False, True, False, False]
    assert expected[2, 0] == 7


@given(
    flows=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), min_size=1, max_size=30
    ),
    opening=st.integers(0, 9),
    unit=st.sampled_from([1.0, 0.1, 0.375]),
    data=st.data(),
)
def test_true_changes_and_any_count_give_the_truth(
    flows: list[tuple[int, int, bool]], opening: int, unit: float, data: st.DataObject
) -> None:
    """Wherever a count stands, all days of an item are known from it, and right."""
    truth, change, on_hand = [], [], opening
    for came, wanted, _ in flows:
        went = min(on_hand + came, wanted)
        on_hand += came - went
        truth.append(on_hand * unit)
        change.append((came - went) * unit)
    counted = np.where([is_count for _, _, is_count in flows], truth, NAN)
    counted[data.draw(st.integers(0, len(flows) - 1))] = NAN
    one = data.draw(st.integers(0, len(flows) - 1))
    counted[one] = truth[one]
    stock = rolled_stock(counted[:, None], changes(change))
    assert stock.low[:, 0] == pytest.approx(truth, abs=1e-9)
    assert stock.high[:, 0] == pytest.approx(truth, abs=1e-9)
    assert not (stock.forward.fault | stock.backward.fault).any()
    assert not surprises(counted[:, None], changes(change))[0].any()


@given(
    flows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=8, max_size=24),
    data=st.data(),
)
def test_one_wrong_change_between_two_counts_is_never_taken_for_certain(
    flows: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whatever is said of stock or no stock between the counts holds, with one change missing."""
    truth, change, on_hand = [], [], 2
    for came, wanted in flows:
        went = min(on_hand + came, wanted)
        on_hand += came - went
        truth.append(on_hand)
        change.append(float(came - went))
    wrong = data.draw(st.integers(1, len(flows) - 1))
    change[wrong] = 0.0
    counted = np.full(len(flows), NAN)
    counted[[0, -1]] = truth[0], truth[-1]
    stock = rolled_stock(counted[:, None], changes(change))
    low, high = stock.low[:, 0], stock.high[:, 0]
    assert (np.array(truth)[low > 0] > 0).all()
    assert (np.array(truth)[high <= 0] <= 0).all()
