"""Fill rates of the (r, Q) policy: the textbooks' numbers, direct sums, round trips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from stockout.forecasting.distribution import normal_cdf
from stockout.replenishment import fill_rate as fr
from stockout.replenishment.loss_functions import normal_loss

MEAN, VARIANCE = 2 * 2500, 2 * 500**2  # 2500/500 a week over a lead time of two weeks


def test_row_17_service_of_a_reorder_point() -> None:
    """Row 17 (Chopra and Meindl): ROP 6000, Q 10000; CSL .92135, ESC 25.1273, fill .997487."""
    assert normal_cdf(6000, MEAN, VARIANCE) == pytest.approx(0.92135, abs=5e-6)
    assert normal_loss(6000, MEAN, VARIANCE) == pytest.approx(25.1273, abs=5e-5)
    assert fr.normal_fill_rate_one_term(6000, 10_000, MEAN, VARIANCE) == pytest.approx(
        0.997487, abs=5e-7
    )


def test_row_18_safety_stock_for_a_fill_rate() -> None:
    """Row 18 (Chopra and Meindl): target .975, Q 10000; k .09432, SS 66.70."""
    stock = fr.normal_reorder_point_one_term(0.975, 10_000, MEAN, VARIANCE) - MEAN
    assert stock == pytest.approx(66.70, abs=5e-3)
    assert stock / np.sqrt(VARIANCE) == pytest.approx(0.09432, abs=5e-6)


def test_row_21_exact_fill_rate() -> None:
    """Row 21 (recomputed): mean 50 sd 11.4, r 56.6, Q 200 and 20."""
    exact = fr.normal_fill_rate(56.6, [200, 20], 50, 11.4**2)
    assert exact == pytest.approx([0.9900523, 0.9024153], abs=5e-8)
    one_term = fr.normal_fill_rate_one_term(56.6, 20, 50, 11.4**2)
    assert one_term == pytest.approx(0.9005232, abs=5e-8)


@pytest.mark.parametrize("r", [-2, 0, 3, 7])
@pytest.mark.parametrize("q", [1, 5])
@pytest.mark.parametrize(("mean", "variance"), [(3, 3), (3, 7)])
def test_whole_fill_rate_by_position(r: int, q: int, mean: float, variance: float) -> None:
    """Positions r + 1 to r + Q are equally likely; a unit is served where demand was less."""
    below = np.arange(r, r + q)
    if variance > mean:
        cdf = stats.nbinom.cdf(below, mean**2 / (variance - mean), mean / variance)
    else:
        cdf = stats.poisson.cdf(below, mean)
    expected = np.mean(cdf)
    assert fr.demand_fill_rate(r, q, mean, variance, is_integer=True) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("r", [0.0, 3.5, 9.0])
def test_fractional_fill_rate_by_position(r: float) -> None:
    demand = stats.gamma(2, scale=2.5)
    expected = integrate.quad(demand.cdf, r, r + 7)[0] / 7
    assert fr.demand_fill_rate(r, 7, 5, 12.5, is_integer=False) == pytest.approx(expected)


def test_normal_fill_rate_by_position() -> None:
    expected = integrate.quad(stats.norm(50, 11.4).cdf, 40, 75)[0] / 35
    assert fr.normal_fill_rate(40, 35, 50, 11.4**2) == pytest.approx(expected)


@settings(deadline=None)  # a busy machine may pause
@given(
    target=st.floats(0.01, 0.9999),
    q=st.floats(0.01, 1e4),
    mean=st.floats(0.01, 1e4),
    dispersion=st.floats(0.2, 40),
)
def test_reorder_points_meet_their_fill_rate(
    target: float, q: float, mean: float, dispersion: float
) -> None:
    variance = mean * dispersion
    rounding = 1e-9 * (1 + (mean + np.sqrt(variance)) / q)
    r = fr.normal_reorder_point_for_fill_rate(target, q, mean, variance)
    assert fr.normal_fill_rate(r, q, mean, variance) == pytest.approx(target, abs=rounding)
    one_term = fr.normal_reorder_point_one_term(target, q, mean, variance)
    assert fr.normal_fill_rate_one_term(one_term, q, mean, variance) == pytest.approx(
        target, abs=rounding
    )
    assert one_term >= r - rounding * q
    fractional = fr.demand_reorder_point_for_fill_rate(target, q, mean, variance, is_integer=False)
    assert fr.demand_fill_rate(fractional, q, mean, variance, is_integer=False) == pytest.approx(
        target, abs=rounding
    )
    whole = fr.demand_reorder_point_for_fill_rate(
        target, np.ceil(q), mean, variance, is_integer=True
    )
    reached, missed = fr.demand_fill_rate(
        [whole, whole - 1], np.ceil(q), mean, variance, is_integer=True
    )
    assert whole == np.floor(whole)
    assert reached >= target - rounding
    assert missed < target + rounding


def test_no_variance() -> None:
    """All of demand is foreseen: the shortage is what the reorder point leaves out."""
    assert fr.normal_reorder_point_one_term(0.9, 20, 50, 0) == 48
    assert fr.normal_reorder_point_for_fill_rate(0.9, 20, 50, 0) == pytest.approx(48)
    assert fr.demand_reorder_point_for_fill_rate(0.9, 20, 50, 0, is_integer=False) == (
        pytest.approx(48)
    )


def test_extreme_targets() -> None:
    assert fr.normal_reorder_point_for_fill_rate([0, 1], 20, 50, 100).tolist() == [-np.inf, np.inf]
    assert fr.normal_reorder_point_one_term(1, 20, 50, 100) == np.inf
    for is_integer in (True, False):
        r = fr.demand_reorder_point_for_fill_rate([0, 1], 20, 50, 100, is_integer)
        assert r == pytest.approx([-20, np.inf])


@pytest.mark.parametrize(
    ("target", "q", "mean", "variance"),
    [
        (np.nan, 20, 50, 100),
        (1.1, 20, 50, 100),
        (-0.1, 20, 50, 100),
        (0.9, 0, 50, 100),
        (0.9, np.nan, 50, 100),
        (0.9, 20, np.nan, 100),
        (0.9, 20, 50, -1),
        (0.9, 20, 50, np.nan),
    ],
)
def test_impossible_questions_give_nan(
    target: float, q: float, mean: float, variance: float
) -> None:
    question = (target, q, mean, variance)
    assert np.isnan(fr.normal_reorder_point_one_term(*question))
    assert np.isnan(fr.normal_reorder_point_for_fill_rate(*question))
    assert np.isnan(fr.demand_reorder_point_for_fill_rate(*question, [True, False])).all()


def test_no_order_quantity_has_no_fill_rate() -> None:
    assert np.isnan(fr.normal_fill_rate(3, [0, -1], 5, 5)).all()
    assert np.isnan(fr.normal_fill_rate_one_term(3, 0, 5, 5))
    assert np.isnan(fr.demand_fill_rate(3, 0, 5, 5, is_integer=True))


def test_arguments_broadcast() -> None:
    target = np.array([[0.9], [0.99]])
    r = fr.normal_reorder_point_for_fill_rate(target, [20, 200, 20], 50, 100)
    assert r.shape == (2, 3)
    assert (r[:, 0] == r[:, 2]).all()
    mixed = fr.demand_reorder_point_for_fill_rate(target, 20, 50, 100, [True, False, True])
    assert mixed.shape == (2, 3)
    assert (mixed[:, 0] == np.floor(mixed[:, 0])).all()
    assert (mixed[:, 1] != np.floor(mixed[:, 1])).all()
