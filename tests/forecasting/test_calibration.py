from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.forecasting.calibration import GRID, Calibration, PastSums, corrected, measured
from stockout.forecasting.distribution import demand_quantile

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)


def past(mean: np.ndarray, variance: np.ndarray, actual: np.ndarray) -> PastSums:
    return PastSums(mean, variance, actual.astype(float), np.ones(mean.size, dtype=bool))


def held(sums: PastSums, calibration: Calibration, level: float) -> float:
    """Share of the sums within the corrected quantile, ties by half."""
    k = sums.mean**2 / (sums.variance - sums.mean)
    probability = corrected(level, calibration.of(k))
    quantile = demand_quantile(probability, sums.mean, sums.variance, sums.is_integer)
    return float(np.mean((sums.actual < quantile) + 0.5 * (sums.actual == quantile)))


def test_sums_of_the_distribution_itself_need_no_correction() -> None:
    rng = np.random.default_rng(1)
    k, mean = 0.4, rng.uniform(5, 200, 20_000)
    actual = rng.poisson(rng.gamma(k, mean / k))
    found = measured(past(mean, mean + mean**2 / k, actual))
    np.testing.assert_allclose(found.shift[:, 4:-4], 0, atol=0.06)


def test_quantiles_of_another_family_hold_what_they_promise() -> None:
    """Log-normal demand: the variance comes from a few huge sums."""
    rng = np.random.default_rng(2)
    mean, sigma = rng.uniform(20, 400, 20_000), 1.4
    actual = np.round(mean * np.exp(rng.normal(-(sigma**2) / 2, sigma, mean.size)))
    variance = mean + mean**2 * np.expm1(sigma**2)
    sums = past(mean, variance, actual)
    found = measured(sums)
    before = [abs(held(sums, Calibration.none(), level) - level) for level in LEVELS]
    after = [abs(held(sums, found, level) - level) for level in LEVELS]
    assert max(before) > 0.1
    assert max(after) < 0.03


def test_where_demand_varies_little_only_the_width_is_corrected() -> None:
    rng = np.random.default_rng(3)
    mean = np.full(5000, 50.0)
    shifted = measured(past(mean, mean + mean**2 / 20, rng.poisson(80, mean.size))).of([20.0])
    assert corrected(0.5, shifted)[0] == pytest.approx(0.5, abs=1e-3)
    narrow = past(mean, mean, rng.negative_binomial(20, 20 / 70, mean.size).astype(float))
    wider = measured(narrow).of([20.0])
    assert corrected(0.9, wider)[0] > 0.95
    assert corrected(0.1, wider)[0] == pytest.approx(1 - corrected(0.9, wider)[0], abs=1e-6)


def test_a_group_with_few_sums_is_as_wide_as_all_even_demand_and_never_narrower() -> None:
    rng = np.random.default_rng(4)
    mean, k = np.full(1000, 100.0), np.where(np.arange(1000) < 980, 3.0, 12.0)
    true = rng.poisson(rng.gamma(k, mean / k)).astype(float)
    optimistic = past(mean, mean + mean**2 / (1.5 * k), true)
    pessimistic = past(mean, mean + mean**2 / (0.7 * k), true)
    few, many = measured(optimistic).of([18.0, 4.5])
    assert corrected(0.9, few[None])[0] > 0.915
    assert corrected(0.9, many[None])[0] > 0.915
    assert corrected(0.9, measured(pessimistic).of([8.4]))[0] > 0.89


def test_few_sums_correct_little() -> None:
    mean = np.full(5, 10.0)
    few = past(mean, mean + mean**2 / 0.2, np.full(5, 10_000.0))
    assert corrected(0.9, measured(few).of(np.array([0.2])))[0] < 0.92


def test_no_past_sums_are_no_correction() -> None:
    nothing = measured(past(np.zeros(0), np.zeros(0), np.zeros(0)))
    assert not nothing.shift.any()


@given(seed=st.integers(0, 1000), k=st.floats(1e-3, 1e3))
def test_a_higher_level_has_a_higher_probability(seed: int, k: float) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.uniform(1, 30, 400)
    actual = np.round(mean * rng.lognormal(0, 2, mean.size))
    shift = measured(past(mean, mean + mean**2 / rng.uniform(0.05, 2, 400), actual)).of([k])
    found = [corrected(level, shift)[0] for level in np.linspace(0.001, 0.999, 60)]
    assert (np.diff(found) >= 0).all()
    assert GRID.size == shift.shape[1]
    assert corrected(0.0, shift)[0] == 0
    assert corrected(1.0, shift)[0] == 1
