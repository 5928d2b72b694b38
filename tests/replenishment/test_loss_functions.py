"""Loss functions: published numbers, sums and integrals over the distribution, and the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from stockout.replenishment import loss_functions as loss

dispersions = st.one_of(st.floats(0.0, 50.0), st.floats(0.0, 1e-3).map(lambda excess: 1 + excess))


def test_row_08_standard_normal() -> None:
    """Row 8 (Snyder and Shen): z 1.3, n .0455280, complement 1.3455280."""
    assert loss.standard_normal_loss(1.3) == pytest.approx(0.0455280, abs=5e-8)
    assert loss.standard_normal_loss(-1.3) == pytest.approx(1.3455280, abs=5e-8)


def test_row_09_normal() -> None:
    """Row 9 (stockpyl): x 18.6, mean 15, sd 3."""
    assert loss.normal_loss(18.6, 15, 3**2) == pytest.approx(0.1683074, abs=5e-8)
    assert loss.normal_complementary_loss(18.6, 15, 3**2) == pytest.approx(3.7683074, abs=5e-8)


@pytest.mark.parametrize(
    ("mean", "variance", "is_integer", "short", "left"),
    [
        pytest.param(15, 15, True, 0.5176095, 3.5176095, id="row 10: Poisson (stockpyl)"),
        pytest.param(10, 5**2, True, 0.2316899, 8.2316899, id="row 11: neg. binomial (stockpyl)"),
        pytest.param(10, 4 * 2.5**2, False, 0.2606480, 8.2606480, id="row 12: gamma (stockpyl)"),
    ],
)
def test_rows_10_to_12_at_18_units(
    mean: float, variance: float, short: float, left: float, *, is_integer: bool
) -> None:
    assert loss.demand_loss(18, mean, variance, is_integer) == pytest.approx(short, abs=5e-8)
    assert loss.demand_complementary_loss(18, mean, variance, is_integer) == pytest.approx(
        left, abs=5e-8
    )


def test_row_14_safety_factor_from_loss() -> None:
    """Row 14 (tables in every text): G .2 .1 .05 .02 .01."""
    assert loss.inverse_standard_normal_loss([0.2, 0.1, 0.05, 0.02, 0.01]) == pytest.approx(
        [0.4929, 0.9023, 1.2556, 1.6631, 1.9384], abs=5e-5
    )


@settings(deadline=None)  # a busy machine may pause
@given(exponent=st.floats(-300, 300))
def test_inverse_undoes_the_standard_normal_loss(exponent: float) -> None:
    """Over 600 orders of magnitude; rounding is that of k**2 / 2 in the exponent."""
    wanted = 10.0**exponent
    k = loss.inverse_standard_normal_loss(wanted)
    assert loss.standard_normal_loss(k) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.0, 0.3, 1.0, 7.0, 7.999, 20.25, 61.0])
@pytest.mark.parametrize(
    ("mean", "variance"), [(8, 8), (8, 3), (8, 8.001), (8, 30), (0.05, 0.4), (0.05, 0.05)]
)
def test_whole_demand_by_summation(x: float, mean: float, variance: float) -> None:
    k = np.arange(3000)
    if variance > mean:
        pmf = stats.nbinom.pmf(k, mean**2 / (variance - mean), mean / variance)
    else:
        pmf = stats.poisson.pmf(k, mean)
    short = np.sum(np.maximum(k - x, 0) * pmf)
    left = np.sum(np.maximum(x - k, 0) * pmf)
    assert loss.negative_binomial_loss(x, mean, variance) == pytest.approx(short, rel=1e-9)
    assert loss.demand_loss(x, mean, variance, is_integer=True) == pytest.approx(short, rel=1e-9)
    assert loss.demand_complementary_loss(x, mean, variance, is_integer=True) == pytest.approx(
        left, rel=1e-9, abs=1e-13
    )


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.3, 7.0, 20.25, 61.0])
@pytest.mark.parametrize(("mean", "variance"), [(8, 8), (8, 0.5), (8, 30), (0.05, 0.02)])
def test_fractional_demand_by_integration(x: float, mean: float, variance: float) -> None:
    demand = stats.gamma(mean**2 / variance, scale=variance / mean)
    short = integrate.quad(demand.sf, max(x, 0), np.inf)[0] + max(-x, 0)
    assert loss.gamma_loss(x, mean, variance) == pytest.approx(short, rel=1e-6, abs=1e-10)
    left = integrate.quad(demand.cdf, 0, x)[0] if x > 0 else 0
    assert loss.demand_complementary_loss(x, mean, variance, is_integer=False) == pytest.approx(
        left, rel=1e-6, abs=1e-10
    )


@pytest.mark.parametrize("x", [-40.0, -3.0, 15.0, 18.6, 40.0])
def test_normal_demand_by_integration(x: float) -> None:
    demand = stats.norm(15, 9)
    short = integrate.quad(demand.sf, x, np.inf, epsabs=1e-12)[0]
    assert loss.normal_loss(x, 15, 81) == pytest.approx(short, rel=1e-6, abs=1e-10)
    left = integrate.quad(demand.cdf, -np.inf, x, epsabs=1e-12)[0]
    assert loss.normal_complementary_loss(x, 15, 81) == pytest.approx(left, rel=1e-6, abs=1e-10)


@settings(deadline=None)  # a busy machine may pause
@given(
    x=st.floats(-10, 1e7),
    step=st.floats(0, 1e6),
    mean=st.floats(1e-9, 1e7),
    dispersion=dispersions,
    is_integer=st.booleans(),
)
def test_loss_is_a_falling_function_above_what_is_certainly_short(
    x: float, step: float, mean: float, dispersion: float, *, is_integer: bool
) -> None:
    at, further = loss.demand_loss([x, x + step], mean, mean * dispersion, is_integer)
    rounding = 1e-9 * (mean + abs(x))
    assert max(mean - x, 0) <= at <= mean + max(-x, 0)
    assert at - step - rounding <= further <= at + rounding


@settings(deadline=None)  # a busy machine may pause
@given(k=st.integers(0, 300), part=st.floats(0, 1), mean=st.floats(0.01, 200))
def test_whole_demand_is_linear_between_whole_numbers(k: int, part: float, mean: float) -> None:
    for variance in (mean, 3 * mean):
        ends = loss.demand_loss([k, k + 1], mean, variance, is_integer=True)
        between = loss.demand_loss(k + part, mean, variance, is_integer=True)
        assert between == pytest.approx(
            ends[0] + (k + part - k) * (ends[1] - ends[0]), rel=1e-9, abs=1e-11
        )


@pytest.mark.parametrize("is_integer", [True, False])
class TestEdges:
    """What the losses are where there is little to ask."""

    def test_no_demand(self, *, is_integer: bool) -> None:
        for variance in (0.0, 2.0):
            assert loss.demand_loss([-2, 0, 3], 0, variance, is_integer).tolist() == [2, 0, 0]
            assert loss.demand_complementary_loss([-2, 0, 3], 0, variance, is_integer).tolist() == [
                0,
                0,
                3,
            ]

    def test_infinite_stock_and_infinite_debt(self, *, is_integer: bool) -> None:
        for variance in (5.0, 25.0):
            x = [-np.inf, np.inf]
            assert loss.demand_loss(x, 10, variance, is_integer).tolist() == [np.inf, 0]
            assert loss.demand_complementary_loss(x, 10, variance, is_integer).tolist() == [
                0,
                np.inf,
            ]

    @pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
    def test_impossible_moments_give_nan(self, bad: float, *, is_integer: bool) -> None:
        for mean, variance in ((bad, 4.0), (3.0, bad), (0.0, bad), (bad, bad)):
            for x in (-1, 0, 2):
                assert np.isnan(loss.demand_loss(x, mean, variance, is_integer))
                assert np.isnan(loss.demand_complementary_loss(x, mean, variance, is_integer))

    def test_nan_units(self, *, is_integer: bool) -> None:
        for mean, variance in ((10.0, 25.0), (10.0, 10.0), (0.0, 0.0), (10.0, 0.0)):
            assert np.isnan(loss.demand_loss(np.nan, mean, variance, is_integer))
            assert np.isnan(loss.demand_complementary_loss(np.nan, mean, variance, is_integer))


def test_standard_normal_edges() -> None:
    assert loss.standard_normal_loss([-np.inf, np.inf]).tolist() == [np.inf, 0]
    assert loss.standard_normal_loss([-1e9, 1e9]).tolist() == [1e9, 0]
    assert np.isnan(loss.standard_normal_loss(np.nan))
    assert loss.inverse_standard_normal_loss([0, np.inf]).tolist() == [np.inf, -np.inf]
    assert np.isnan(loss.inverse_standard_normal_loss([-0.1, np.nan])).all()


def test_normal_edges() -> None:
    assert loss.normal_loss([3, 8], 5, 0).tolist() == [2, 0]
    assert loss.normal_loss([-np.inf, np.inf], 5, 4).tolist() == [np.inf, 0]
    assert np.isnan(
        loss.normal_loss([np.nan, 1, 1, 1], [5, np.nan, 5, 5], [4, 4, -1, np.inf])
    ).all()


def test_arguments_broadcast() -> None:
    short = loss.demand_loss(
        np.array([[2.0], [9.5]]), np.array([3.0, 8.0, 8.0]), 10.0, [True, True, False]
    )
    assert short.shape == (2, 3)
    assert short[1, 2] == loss.gamma_loss(9.5, 8, 10)
    assert short[1, 1] == loss.negative_binomial_loss(9.5, 8, 10)
