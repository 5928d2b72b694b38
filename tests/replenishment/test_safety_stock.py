"""Safety stock and levels: the textbooks' numbers, direct sums, and the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from stockout.replenishment import safety_stock as ss


def test_row_15_demand_over_stochastic_lead_time() -> None:
    """Row 15 (``sqrt(L s^2 + m^2 s_L^2)``): mean 100 a day, sd 22, L 12, sd 3."""
    demand = ss.demand_over_lead_time(100, 22**2, 12, 3**2)
    assert demand.mean == 1200
    assert demand.sd == pytest.approx(309.52867, abs=5e-6)


def test_row_16_reorder_point_with_stochastic_lead_time() -> None:
    """Row 16 (inventorize): mean 50 sd 5, L 6 sd 2, .90; normal, gamma, negative binomial."""
    normal = ss.normal_level(0.90, 50, 5**2, 6, 2**2)
    assert normal.sd == pytest.approx(100.74721, abs=5e-6)
    assert normal.level == pytest.approx(429.1127, abs=5e-5)
    gamma = ss.demand_level(0.90, 50, 5**2, 6, 2**2, is_integer=False)
    assert gamma.level == pytest.approx(434.1733, abs=5e-5)
    assert gamma.safety_stock == pytest.approx(134.1733, abs=5e-5)
    assert ss.demand_level(0.90, 50, 5**2, 6, 2**2, is_integer=True).level == 434


def test_row_19_safety_stock_with_stochastic_lead_time() -> None:
    """Row 19 (Chopra and Meindl): 2500/500 a day, L 7 sd 7, CSL .90."""
    stock = ss.normal_level(0.90, 2500, 500**2, 7, 7**2)
    assert stock.sd == pytest.approx(17549.93, abs=5e-3)
    assert stock.safety_stock == pytest.approx(22491.14, abs=5e-3)
    assert stock.safety_stock == pytest.approx(ss.safety_factor(0.90) * stock.sd)


def test_row_20_periodic_review() -> None:
    """Row 20 (Chopra and Meindl): 2500/500 a week, L 2, R 4, CSL .90."""
    stock = ss.normal_level(0.90, 2500, 500**2, 2, review=4)
    assert stock.mean == 15000
    assert stock.sd == pytest.approx(1224.745, abs=5e-4)
    assert stock.safety_stock == pytest.approx(1569.57, abs=5e-3)
    assert stock.level == pytest.approx(16569.57, abs=5e-3)


def test_demand_over_lead_time_by_enumeration() -> None:
    """The moments of a compound sum, worked out over every lead time and demand."""
    lead_times, chances = np.array([1, 2, 5]), np.array([0.5, 0.3, 0.2])
    mean_l = np.sum(lead_times * chances)
    variance_l = np.sum(lead_times**2 * chances) - mean_l**2
    one = np.array([0.2, 0.5, 0.3])  # chances of a demand of 0, 1, 2 in a period
    units = np.arange(3)
    total = np.zeros(11)
    for periods, chance in zip(lead_times, chances, strict=True):
        pmf = np.ones(1)
        for _ in range(periods):
            pmf = np.convolve(pmf, one)
        total[: pmf.size] += chance * pmf
    all_units = np.arange(11)
    mean = np.sum(all_units * total)
    one_mean = np.sum(units * one)
    demand = ss.demand_over_lead_time(
        one_mean, np.sum(units**2 * one) - one_mean**2, mean_l, variance_l
    )
    assert demand.mean == pytest.approx(mean)
    assert demand.variance == pytest.approx(np.sum(all_units**2 * total) - mean**2)


def test_impossible_lead_times_give_nan() -> None:
    for lead_time, variance in ((-1, 0), (np.nan, 0), (3, -1), (3, np.nan)):
        assert np.isnan(ss.demand_over_lead_time(5, 5, lead_time, variance).variance)
        assert np.isnan(ss.normal_level(0.9, 5, 5, lead_time, variance, review=7).level)
        level = ss.demand_level(0.9, 5, 5, lead_time, variance, review=7, is_integer=True)
        assert np.isnan(level.level)
    assert np.isnan(ss.normal_level(0.9, 5, 5, 2, review=-1).level)


def shortage(x: float, pmf: np.ndarray) -> float:
    return float(np.sum(np.maximum(np.arange(pmf.size) - x, 0) * pmf))


def pmf_of(mean: float, dispersion: float) -> np.ndarray:
    k = np.arange(2000)
    if mean == 0 or dispersion == 1:
        return np.asarray(stats.poisson.pmf(k, mean))
    return np.asarray(stats.nbinom.pmf(k, mean / (dispersion - 1), 1 / dispersion))


@pytest.mark.parametrize("dispersion", [1.0, 2.5, 8.0])
@pytest.mark.parametrize(("lead", "review"), [(6.0, 3.0), (0.2, 0.1), (0.0, 4.0), (30.0, 5.0)])
@pytest.mark.parametrize("target", [0.3, 0.8, 0.95, 0.999])
def test_whole_order_up_to_is_the_smallest_that_meets_the_fill_rate(
    dispersion: float, lead: float, review: float, target: float
) -> None:
    """By walking up from 0 with sums over the probability masses."""
    mean_p = lead + review
    before, after = pmf_of(lead, dispersion), pmf_of(mean_p, dispersion)
    expected = next(
        s
        for s in range(2000)
        if 1 - (shortage(s, after) - shortage(s, before)) / review >= target - 1e-13
    )
    moments = (lead, dispersion * lead, mean_p, dispersion * mean_p)
    assert ss.order_up_to_for_fill_rate(target, *moments, is_integer=True) == expected
    assert ss.periodic_fill_rate(expected, *moments, is_integer=True) == pytest.approx(
        1 - (shortage(expected, after) - shortage(expected, before)) / review, abs=1e-12
    )


@pytest.mark.parametrize(("lead", "review"), [(6.0, 3.0), (0.2, 0.1), (0.0, 4.0), (300.0, 5.0)])
@pytest.mark.parametrize("target", [0.3, 0.8, 0.95, 0.999])
def test_fractional_order_up_to_meets_the_fill_rate_exactly(
    lead: float, review: float, target: float
) -> None:
    mean_p = lead + review
    moments = (lead, 2 * lead, mean_p, 2 * mean_p)
    level = float(ss.order_up_to_for_fill_rate(target, *moments, is_integer=False))
    after = stats.gamma(mean_p / 2, scale=2)
    short = integrate.quad(after.sf, level, level + 400, limit=200)[0]
    if lead:
        before = stats.gamma(lead / 2, scale=2)
        short -= integrate.quad(before.sf, level, level + 400, limit=200)[0]
    assert short == pytest.approx((1 - target) * review, rel=1e-6, abs=1e-9)
    assert ss.periodic_fill_rate(level, *moments, is_integer=False) == pytest.approx(
        target, abs=1e-9
    )


def test_order_up_to_meets_the_fill_rate_in_a_simulated_warehouse() -> None:
    """Poisson demand of 1.5 a day, reviewed every 3 days, delivered after 4; backorders."""
    rng = np.random.default_rng(20260105)
    days = 300_000
    demand = rng.poisson(1.5, days)
    level = ss.order_up_to_for_fill_rate(0.93, 6, 6, 10.5, 10.5, is_integer=True)
    # What arrives on day t was ordered 4 days before, for all that was demanded up to then.
    ordered_until = (np.arange(days) - 4) // 3 * 3
    demanded = np.concatenate([[0], np.cumsum(demand)])
    received = demanded[np.maximum(ordered_until, 0)]
    opening = level + received - demanded[:-1]
    served = np.clip(opening, 0, demand)
    expected = ss.periodic_fill_rate(level, 6, 6, 10.5, 10.5, is_integer=True)
    assert expected >= 0.93
    assert served.sum() / demand.sum() == pytest.approx(expected, abs=0.003)


@settings(deadline=None)  # a busy machine may pause
@given(
    target=st.floats(0, 0.9999),
    lead=st.floats(0, 1e4),
    review=st.floats(1e-3, 1e4),
    dispersion=st.floats(0.3, 40),
    common=st.floats(0, 2),
    is_integer=st.booleans(),
)
def test_order_up_to_is_the_lowest_level_that_meets_the_fill_rate(
    target: float,
    lead: float,
    review: float,
    dispersion: float,
    common: float,
    *,
    is_integer: bool,
) -> None:
    """Also with a relative variance common to all periods, as forecasts have it."""
    means = np.array([lead, lead + review])
    variances = dispersion * means + common * means**2
    moments = (means[0], variances[0], means[1], variances[1])
    level = ss.order_up_to_for_fill_rate(target, *moments, is_integer=is_integer)
    slack = 1e-9 * (1 + means[1] / review)
    assert level >= 0
    assert ss.periodic_fill_rate(level, *moments, is_integer=is_integer) >= target - slack
    lower = level - (1 if is_integer else 1e-6 * (means[1] + np.sqrt(variances[1])))
    if lower >= 0:
        assert ss.periodic_fill_rate(lower, *moments, is_integer=is_integer) <= target + slack


@pytest.mark.parametrize("is_integer", [True, False])
def test_order_up_to_edges(*, is_integer: bool) -> None:
    level = ss.order_up_to_for_fill_rate
    assert level([0, 1], 6, 6, 9, 9, is_integer) == pytest.approx([0, np.inf], abs=1e-9)
    assert level([0, 0.9, 1], 0, 0, 0, 0, is_integer).tolist() == [0, 0, 0]
    bad = [
        (np.nan, 6, 6, 9, 9),
        (1.1, 6, 6, 9, 9),
        (-0.1, 6, 6, 9, 9),
        (0.9, np.nan, 6, 9, 9),
        (0.9, 6, np.nan, 9, 9),
        (0.9, 6, 6, np.inf, 9),
        (0.9, 6, 6, 9, -1),
        (0.9, 9, 6, 6, 9),  # less demand in the protection period than in its lead time
        (0.9, 6, 9, 9, 6),  # less variance
    ]
    for arguments in bad:
        assert np.isnan(level(*arguments, is_integer))
    assert np.isnan(ss.periodic_fill_rate(5, 6, 6, 6, 6, is_integer))


def test_order_up_to_under_continuous_review_serves_the_demand_that_finds_stock() -> None:
    """R = 0: demand finds stock with probability P(D_L < S); the limit of ever shorter reviews."""
    level = ss.order_up_to_for_fill_rate([0.8, 0.95, 0.99], 6, 6, 6, 6, is_integer=True)
    assert level.tolist() == [stats.poisson.ppf(p, 6) + 1 for p in (0.8, 0.95, 0.99)]
    short = ss.order_up_to_for_fill_rate(
        [0.8, 0.95, 0.99], 6, 6, 6 + 1e-7, 6 + 1e-7, is_integer=True
    )
    assert level.tolist() == short.tolist()


def test_order_up_to_mixes_kinds_of_demand_and_broadcasts() -> None:
    targets = np.array([[0.9], [0.98]])
    lead, protection = np.array([6.0, 6.0, 0.0, 2.0]), np.array([9.0, 9.0, 0.0, 2.0])
    whole = np.array([True, False, True, False])
    level = ss.order_up_to_for_fill_rate(targets, lead, 2 * lead, protection, 2 * protection, whole)
    assert level.shape == (2, 4)
    for row, column in np.ndindex(2, 4):
        alone = ss.order_up_to_for_fill_rate(
            targets[row, 0],
            lead[column],
            2 * lead[column],
            protection[column],
            2 * protection[column],
            whole[column],
        )
        assert level[row, column] == alone
