from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.short_history import Prior, prior_of_rates, shrunk_level

ONE = np.ones(1)
FIRST = np.array([0])


def test_prior_is_mean_and_variance_of_the_category() -> None:
    rate = np.array([1.0, 2, 3, 4, 5, 10, 10, 10, 10, 10, 99, np.nan])
    codes = np.array([0] * 5 + [1] * 5 + [1, 1])
    established = np.array([True] * 10 + [False, True])
    prior = prior_of_rates(rate, established, codes, 2)
    assert prior.mean.tolist() == [3, 10]
    assert prior.variance.tolist() == [pytest.approx(2), pytest.approx(0)]


def test_a_category_with_few_peers_uses_all_items() -> None:
    rate = np.array([1.0, 1, 1, 1, 1, 7])
    prior = prior_of_rates(rate, np.ones(6, dtype=np.bool_), np.array([0] * 5 + [1]), 3)
    assert prior.mean.tolist() == [1, 2, 2]
    assert prior.variance[1] == prior.variance[2] == pytest.approx(np.var(rate))


def test_without_established_items_there_is_no_prior() -> None:
    prior = prior_of_rates(np.array([3.0]), np.array([False]), FIRST, 1)
    assert (prior.mean.tolist(), prior.variance.tolist()) == ([0], [0])


def test_buehlmanns_credibility() -> None:
    """Z = n v / (n v + s2), where s2 = noise x mean: 8 / (8 + 2 x 2) = 2/3."""
    prior = Prior(np.array([2.0]), np.array([1.0]))
    level = shrunk_level(np.array([40.0]), np.array([8.0]), 2 * ONE, prior, FIRST)
    assert level.mean.tolist() == [pytest.approx(2 + 2 / 3 * (5 - 2))]
    assert level.relative_variance.tolist() == [pytest.approx((1 / 3) / 4**2)]


@pytest.mark.parametrize(
    ("sold", "seen", "mean"), [(0, 0, 2), (0, 1e9, 0), (7e9, 1e9, 7), (0, 4, 1)]
)
def test_between_the_own_mean_and_the_category(sold: float, seen: float, mean: float) -> None:
    prior = Prior(np.array([2.0]), np.array([1.0]))
    level = shrunk_level(np.array([sold]), np.array([seen]), 2 * ONE, prior, FIRST)
    assert level.mean.tolist() == [pytest.approx(mean, abs=1e-6)]


def test_without_a_category_the_own_mean_is_all_there_is() -> None:
    nothing = Prior(np.zeros(1), np.zeros(1))
    level = shrunk_level(np.array([12.0]), np.array([4.0]), 2 * ONE, nothing, FIRST)
    assert level.mean.tolist() == [3]
    assert level.relative_variance.tolist() == [pytest.approx(2 * 3 / 4 / 3**2)]
    unknown = shrunk_level(np.zeros(1), np.zeros(1), ONE, nothing, FIRST)
    assert (unknown.mean.tolist(), unknown.relative_variance.tolist()) == ([0], [0])


def test_shrunk_levels_are_nearer_the_truth_than_either() -> None:
    rng = np.random.default_rng(8)
    truth = rng.gamma(4, 0.5, 4000)
    seen = np.full(4000, 5.0)
    sold = rng.poisson(truth * 5).astype(np.float64)
    codes = np.zeros(4000, dtype=np.int64)
    prior = prior_of_rates(truth, np.ones(4000, dtype=np.bool_), codes, 1)
    found = shrunk_level(sold, seen, np.ones(4000), prior, codes)
    error = np.mean((found.mean - truth) ** 2)
    assert error < 0.8 * np.mean((sold / 5 - truth) ** 2)
    assert error < 0.8 * np.var(truth)
    claimed = np.mean(found.relative_variance * found.mean**2)
    assert claimed == pytest.approx(error, rel=0.1)
