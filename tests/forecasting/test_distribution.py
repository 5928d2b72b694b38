"""The distributions of demand: against scipy.stats, against their definitions, and at the edges."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stockout.forecasting import distribution as d

# The range of means that real data can bring, and variances from far below the mean to far above.
means = st.floats(1e-9, 1e7)
dispersions = st.one_of(
    st.floats(1e-3, 50.0),
    st.floats(0.0, 1e-3).map(lambda excess: 1 + excess),
    st.sampled_from([1.0, 1 + 1e-11, 1 + 1e-9, 1 + 1e-6]),
)
probabilities = st.floats(1e-6, 1 - 1e-6)


def test_row_13_quantiles_at_mean_10_variance_25() -> None:
    """Row 13 (scipy 1.17): negative binomial 17/19/24, gamma 16.7020/19.3841/25.1128."""
    p = [0.90, 0.95, 0.99]
    assert d.negative_binomial_quantile(p, 10, 25).tolist() == [17, 19, 24]
    assert d.gamma_quantile(p, 10, 25) == pytest.approx([16.7020, 19.3841, 25.1128], abs=5e-5)
    assert d.demand_quantile(p, 10, 25, is_integer=True).tolist() == [17, 19, 24]
    assert d.demand_quantile(p, 10, 25, is_integer=False) == pytest.approx(
        [16.7020, 19.3841, 25.1128], abs=5e-5
    )


@pytest.fixture
def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, ratio, sds = np.meshgrid(
        [1e-6, 0.03, 0.7, 4.0, 60.0, 2500.0], [1.05, 1.7, 6.0, 40.0], [-1.5, 0, 0.4, 2, 6]
    )
    variance = mean * ratio
    return mean, variance, mean + sds * np.sqrt(variance)


def test_cdf_and_survival_agree_with_scipy_stats(
    grid: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    mean, variance, x = grid
    r, p = mean**2 / (variance - mean), mean / variance
    shape, scale = mean**2 / variance, variance / mean
    families = [
        (d.negative_binomial_cdf, d.negative_binomial_survival, stats.nbinom(r, p)),
        (d.gamma_cdf, d.gamma_survival, stats.gamma(shape, scale=scale)),
        (d.normal_cdf, d.normal_survival, stats.norm(mean, np.sqrt(variance))),
    ]
    for cdf, survival, reference in families:
        np.testing.assert_allclose(cdf(x, mean, variance), reference.cdf(x), rtol=1e-9)
        np.testing.assert_allclose(survival(x, mean, variance), reference.sf(x), rtol=1e-9)
    np.testing.assert_allclose(d.poisson_cdf(x, mean), stats.poisson(mean).cdf(x), rtol=1e-9)
    np.testing.assert_allclose(d.poisson_survival(x, mean), stats.poisson(mean).sf(x), rtol=1e-9)


def test_quantiles_agree_with_scipy_stats() -> None:
    mean, ratio, p = np.meshgrid(
        [0.03, 0.7, 4.0, 60.0, 2500.0], [1.05, 1.7, 6.0], [0.01, 0.31, 0.5, 0.9, 0.98, 0.9999]
    )
    variance = mean * ratio
    r, chance = mean**2 / (variance - mean), mean / variance
    np.testing.assert_array_equal(
        d.negative_binomial_quantile(p, mean, variance), stats.nbinom.ppf(p, r, chance)
    )
    np.testing.assert_array_equal(d.poisson_quantile(p, mean), stats.poisson.ppf(p, mean))
    np.testing.assert_allclose(
        d.gamma_quantile(p, mean, variance),
        stats.gamma.ppf(p, mean**2 / variance, scale=ratio),
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        d.normal_quantile(p, mean, variance), stats.norm.ppf(p, mean, np.sqrt(variance)), rtol=1e-9
    )


@settings(deadline=None)  # a busy machine may pause
@given(p=probabilities, mean=means, dispersion=dispersions)
def test_whole_quantile_is_the_smallest_number_that_reaches_p(
    p: float, mean: float, dispersion: float
) -> None:
    variance = mean * dispersion
    k = d.demand_quantile(p, mean, variance, is_integer=True)
    assert k >= 0
    assert k == np.floor(k)
    assert d.demand_cdf(k, mean, variance, is_integer=True) >= p
    assert d.demand_cdf(k - 1, mean, variance, is_integer=True) < p


@settings(deadline=None)  # a busy machine may pause
@given(k=st.integers(0, 400), mean=st.floats(0.01, 400), dispersion=st.floats(0.5, 20))
def test_quantile_undoes_the_cdf_of_whole_demand(k: int, mean: float, dispersion: float) -> None:
    variance = mean * dispersion
    p, below = (d.demand_cdf(x, mean, variance, is_integer=True) for x in (k, k - 1))
    if below < p < 1:  # else rounding does not tell k from its neighbour
        assert d.demand_quantile(p, mean, variance, is_integer=True) == k


@settings(deadline=None)  # a busy machine may pause
@given(p=st.floats(0.001, 0.999), mean=st.floats(1e-3, 1e7), shape=st.floats(0.05, 1e6))
def test_cdf_undoes_the_quantile_of_fractional_demand(p: float, mean: float, shape: float) -> None:
    variance = mean**2 / shape
    x = d.gamma_quantile(p, mean, variance)
    assert d.gamma_cdf(x, mean, variance) == pytest.approx(p, rel=1e-8)
    assert d.gamma_survival(x, mean, variance) == pytest.approx(1 - p, rel=1e-8)
    y = d.normal_quantile(p, mean, variance)
    assert d.normal_cdf(y, mean, variance) == pytest.approx(p, rel=1e-8)


@settings(deadline=None)  # a busy machine may pause
@given(
    p=st.tuples(probabilities, probabilities).map(sorted),
    mean=means,
    dispersion=dispersions,
    is_integer=st.booleans(),
)
def test_quantile_grows_with_p(
    p: list[float], mean: float, dispersion: float, *, is_integer: bool
) -> None:
    low, high = d.demand_quantile(p, mean, mean * dispersion, is_integer)
    assert 0 <= low <= high < np.inf


@settings(deadline=None)  # a busy machine may pause
@given(
    p=probabilities,
    mean=st.tuples(means, means).map(sorted),
    dispersion=dispersions,
    is_integer=st.booleans(),
)
def test_quantile_grows_with_the_mean(
    p: float, mean: list[float], dispersion: float, *, is_integer: bool
) -> None:
    """At one ratio of variance to mean; one part in a billion is left to rounding."""
    low, high = d.demand_quantile(p, mean, np.array(mean) * dispersion, is_integer)
    assert low <= high * (1 + 1e-9)


@settings(deadline=None)  # a busy machine may pause
@given(mean=means, sds=st.floats(-4, 6), excess=st.floats(0, 1e-6))
def test_negative_binomial_tends_to_poisson(mean: float, sds: float, excess: float) -> None:
    """The cdfs differ by at most e**-1 / 2 of the excess variance; the rest is rounding."""
    x = mean + sds * np.sqrt(mean)
    difference = d.negative_binomial_cdf(x, mean, mean * (1 + excess)) - d.poisson_cdf(x, mean)
    assert abs(difference) <= 0.19 * excess + (1e-11 if mean < 1e6 else 2e-7)


@settings(deadline=None)  # a busy machine may pause
@given(mean=means, dispersion=dispersions, x=st.floats(-10, 2e7), is_integer=st.booleans())
def test_cdf_and_survival_add_up_to_one(
    mean: float, dispersion: float, x: float, *, is_integer: bool
) -> None:
    variance = mean * dispersion
    cdf = d.demand_cdf(x, mean, variance, is_integer)
    assert 0 <= cdf <= 1
    assert cdf + d.demand_survival(x, mean, variance, is_integer) == pytest.approx(1, abs=1e-12)


def test_survival_keeps_its_precision_in_the_tail() -> None:
    """Where ``1 - cdf`` has nothing left: 12 units of a demand of mean 0.01."""
    assert d.demand_survival(12, 0.01, 0.01, is_integer=True) == pytest.approx(
        stats.poisson.sf(12, 0.01), rel=1e-9
    )
    assert 1 - d.demand_cdf(12, 0.01, 0.01, is_integer=True) == 0


def test_the_family_is_chosen_element_by_element() -> None:
    mean, variance = np.array([10.0, 10.0, 10.0]), np.array([25.0, 25.0, 4.0])
    quantile = d.demand_quantile(0.95, mean, variance, [True, False, True])
    assert quantile[0] == stats.nbinom.ppf(0.95, 100 / 15, 0.4)
    assert quantile[1] == pytest.approx(stats.gamma.ppf(0.95, 4, scale=2.5))
    assert quantile[2] == stats.poisson.ppf(0.95, 10)


def test_arguments_broadcast() -> None:
    p = np.array([[0.5], [0.9], [0.98]])
    mean = np.array([0.2, 3.0, 0.0, 40.0])
    quantile = d.demand_quantile(p, mean, 2 * mean, [True, False, True, False])
    assert quantile.shape == (3, 4)
    for row, column in np.ndindex(3, 4):
        assert quantile[row, column] == d.demand_quantile(
            p[row, 0], mean[column], 2 * mean[column], is_integer=column in {0, 2}
        )
    assert d.demand_quantile(0.9, np.empty(0), np.empty(0), np.empty(0, dtype=bool)).shape == (0,)


@pytest.mark.parametrize("is_integer", [True, False])
class TestEdges:
    """What every family answers where there is little to ask."""

    def test_no_demand(self, *, is_integer: bool) -> None:
        for variance in (0.0, 3.0):
            assert d.demand_quantile([0, 0.5, 1], 0, variance, is_integer).tolist() == [0, 0, 0]
            assert d.demand_cdf([-1, 0, 1], 0, variance, is_integer).tolist() == [0, 1, 1]
            assert d.demand_survival([-1, 0, 1], 0, variance, is_integer).tolist() == [1, 0, 0]

    def test_certainty(self, *, is_integer: bool) -> None:
        assert d.demand_quantile([0, 1], 10, 25, is_integer).tolist() == [0, np.inf]

    def test_below_zero_and_at_infinity(self, *, is_integer: bool) -> None:
        for variance in (5.0, 25.0):
            x = [-np.inf, -0.5, np.inf]
            assert d.demand_cdf(x, 10, variance, is_integer).tolist() == [0, 0, 1]
            assert d.demand_survival(x, 10, variance, is_integer).tolist() == [1, 1, 0]

    @pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
    def test_impossible_moments_give_nan(self, bad: float, *, is_integer: bool) -> None:
        for mean, variance in ((bad, 4.0), (bad, 0.0), (3.0, bad), (0.0, bad), (bad, bad)):
            assert np.isnan(d.demand_quantile(0.5, mean, variance, is_integer))
            assert np.isnan(d.demand_cdf(1, mean, variance, is_integer))
            assert np.isnan(d.demand_survival(1, mean, variance, is_integer))

    @pytest.mark.parametrize("p", [np.nan, -0.1, 1.1])
    def test_impossible_probability_gives_nan(self, p: float, *, is_integer: bool) -> None:
        for mean, variance in ((10.0, 25.0), (10.0, 10.0), (0.0, 0.0), (10.0, 0.0)):
            assert np.isnan(d.demand_quantile(p, mean, variance, is_integer))

    def test_nan_units(self, *, is_integer: bool) -> None:
        for mean, variance in ((10.0, 25.0), (10.0, 10.0), (0.0, 0.0), (10.0, 0.0)):
            assert np.isnan(d.demand_cdf(np.nan, mean, variance, is_integer))
            assert np.isnan(d.demand_survival(np.nan, mean, variance, is_integer))

    def test_a_bad_element_does_not_touch_its_neighbours(self, *, is_integer: bool) -> None:
        mean, variance = [10, np.nan, 10], [25, 25, -1]
        quantile = d.demand_quantile(0.9, mean, variance, is_integer)
        assert quantile[0] == d.demand_quantile(0.9, 10, 25, is_integer)
        assert np.isnan(quantile[1:]).all()


def test_certain_fractional_demand_is_its_mean() -> None:
    assert d.gamma_quantile([0, 0.5, 1], 7.5, 0).tolist() == [7.5, 7.5, 7.5]
    assert d.gamma_cdf([7.4, 7.5], 7.5, 0).tolist() == [0, 1]
    assert d.normal_quantile([0, 0.5, 1], -7.5, 0).tolist() == [-7.5, -7.5, -7.5]
    assert d.normal_cdf([-7.6, -7.5], -7.5, 0).tolist() == [0, 1]
    assert d.normal_survival([-7.6, -7.5], -7.5, 0).tolist() == [1, 0]


def test_normal_edges() -> None:
    assert d.normal_quantile([0, 1], 3, 4).tolist() == [-np.inf, np.inf]
    assert np.isnan(d.normal_quantile([np.nan, -0.1, 0.5, 0.5], 3, [4, 4, -1, np.nan])).all()
    assert np.isnan(d.normal_cdf(1, [np.nan, 3, 3], [1, -1, np.inf])).all()


def test_very_skewed_whole_demand() -> None:
    """A mean of a billionth with a variance of one: almost surely nothing, else very much."""
    assert d.demand_quantile([0.9, 1 - 1e-10], 1e-9, 1.0, is_integer=True).tolist() == [0, 0]
    reference = stats.nbinom(1e-4 * 1e-4 / (1.0 - 1e-4), 1e-4)
    p = 1 - 1e-8
    k = d.demand_quantile(p, 1e-4, 1.0, is_integer=True)
    assert reference.cdf(k - 1) < p <= reference.cdf(k)


def test_scipy_stats_is_not_imported() -> None:
    code = (
        "import sys, stockout.forecasting.distribution, stockout.replenishment.safety_stock; "
        "sys.exit('scipy.stats' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
