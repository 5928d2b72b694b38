"""The smallest number that is enough, against looking at every number."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.forecasting.search import smallest_real, smallest_whole

answers = st.lists(st.tuples(st.integers(0, 10**12), st.floats(-1e6, 1e12)), min_size=1, max_size=9)


@settings(deadline=None)  # a busy machine may pause
@given(answers)
def test_whole_from_any_guess(pairs: list[tuple[int, float]]) -> None:
    wanted = np.array([answer for answer, _ in pairs], dtype=float)
    guess = np.array([guess for _, guess in pairs])
    found = smallest_whole(lambda k, where: k >= wanted[where], guess)
    assert found.tolist() == wanted.tolist()


def test_a_right_guess_takes_two_looks() -> None:
    looks = []

    def reaches(k: np.ndarray, where: np.ndarray) -> np.ndarray:
        looks.append(where.size)
        return k >= 17

    assert smallest_whole(reaches, np.full(5, 16.2)).tolist() == [17] * 5
    assert looks == [5, 5]


def test_numbers_beyond_the_whole_numbers_of_a_float() -> None:
    """Above 2**53 not every whole number is a float, and the search still ends."""
    wanted = 2.0**60 + 512
    assert smallest_whole(lambda k, _: k >= wanted, np.zeros(1)) == wanted


@settings(deadline=None)  # a busy machine may pause
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9))
def test_real(wanted: list[float]) -> None:
    target = np.array(wanted)
    low, high = np.full(target.size, -50.0), np.full(target.size, 50.0)
    found = smallest_real(
        lambda x, where: x >= target[where], low, high, np.full(target.size, 1e-9)
    )
    assert np.all(found >= target)
    assert np.all(found <= target + 1e-9)


def test_real_leaves_what_is_not_finite() -> None:
    low, high = np.array([0.0, -np.inf, np.nan, 0.0]), np.array([np.inf, 4.0, np.nan, 8.0])
    found = smallest_real(lambda x, _: x >= 3, low, high, np.full(4, 1e-9))
    np.testing.assert_allclose(found, [np.inf, 4, np.nan, 3], atol=1e-8)
