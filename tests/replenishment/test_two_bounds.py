"""How much less than the smaller of two bounds is enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from stockout.replenishment.two_bounds import FARTHEST, less_than_both

DRAWS = 50_000


def drawn(first_sd: float, second_sd: float, covariance: float) -> tuple[np.ndarray, np.ndarray]:
    """Two correlated normal counts around 0."""
    rng = np.random.default_rng(7)
    pair = rng.multivariate_normal(
        [0, 0], [[first_sd**2, covariance], [covariance, second_sd**2]], DRAWS
    )
    return pair[:, 0], pair[:, 1]


@pytest.mark.parametrize("level", [0.8, 0.97])
@pytest.mark.parametrize("second_sd", [2.0, 1.0])
@pytest.mark.parametrize("apart", [-1.0, 0.0, 1.0])
def test_chance_is_that_of_both_exceeded(level: float, second_sd: float, apart: float) -> None:
    first_sd, covariance = 3.0, second_sd**2  # the second count is part of the first
    x, y = drawn(first_sd, second_sd, covariance)
    z = special.ndtri(level)
    first_bound = 10 + z * first_sd
    second_bound = first_bound + apart * first_sd
    y_mean = second_bound - z * second_sd
    table = less_than_both(
        np.array([first_sd]), np.array([second_sd]), np.array([covariance]),
        np.array([level]), np.ones(1), np.array([False]),
    )  # fmt: skip
    less = table.at(np.array([[first_bound]]), np.array([[second_bound]]))[0, 0]
    q = min(first_bound, second_bound) - less
    chance = np.mean((10 + x > q) & (y_mean + y > q))
    error = np.sqrt(level * (1 - level) / DRAWS)
    assert less >= 0
    # The table holds .004 sd, and a grid of half an sd.
    assert chance == pytest.approx(1 - level, abs=4 * error + 0.05 * (1 - level))


def test_loss_is_that_beyond_both() -> None:
    first_sd, second_sd, covariance, allowed = 3.0, 2.0, 4.0, 0.4
    x, y = drawn(first_sd, second_sd, covariance)

    def bound(values: np.ndarray) -> float:
        low, high = -10.0, 10.0
        for _ in range(40):
            middle = (low + high) / 2
            enough = np.maximum(values - middle, 0).mean() <= allowed
            low, high = (low, middle) if enough else (middle, high)
        return high

    first, second = bound(x), bound(y)
    table = less_than_both(
        np.array([first_sd]), np.array([second_sd]), np.array([covariance]),
        np.array([0.9]), np.array([allowed]), np.array([True]),
    )  # fmt: skip
    less = table.at(np.array([[first]]), np.array([[second]]))[0, 0]
    loss = np.maximum(np.minimum(x, y) - (min(first, second) - less), 0).mean()
    assert less > 0
    assert loss == pytest.approx(allowed, rel=0.03)


@pytest.mark.parametrize("apart", [-FARTHEST - 1, FARTHEST + 1])
def test_far_apart_the_smaller_alone_decides(apart: float) -> None:
    one = np.ones(1)
    table = less_than_both(one, one, 0.5 * one, 0.95 * one, one, one > 1)
    assert table.at(np.zeros((1, 1)), np.full((1, 1), apart)).tolist() == [[pytest.approx(0)]]


def test_certain_demand_needs_no_less() -> None:
    zero, one = np.zeros(1), np.ones(1)
    table = less_than_both(zero, zero, zero, 0.95 * one, one, one > 1)
    assert table.at(np.zeros((1, 1)), np.zeros((1, 1))).tolist() == [[0.0]]
