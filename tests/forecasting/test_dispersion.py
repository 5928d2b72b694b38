from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockout.forecasting.dispersion import (
    FLOOR,
    POOL_WINDOWS,
    Pool,
    shrunk_ratio,
    variance_to_mean,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.rolling import Windows

    MakeWindows = Callable[..., Windows]


def whole_windows(windows: MakeWindows, demand: np.ndarray, span: int) -> Windows:
    ones = np.ones(demand.shape, dtype=np.float32)
    return windows(demand.astype(np.float32), [ones], ones.astype(np.bool_), span, 0)


def test_ratio_of_squared_errors_to_the_mean_forecast(windows: MakeWindows) -> None:
    ahead = whole_windows(windows, np.array([[4.0], [10], [1]]), 1)
    ratio, mean = variance_to_mean(ahead, np.array([[5.0], [5], [5]]))
    assert ratio.tolist() == [pytest.approx((1 + 25 + 16) / 15)]
    assert mean.tolist() == [5]


def test_ratio_is_not_known_where_nothing_was_forecast(windows: MakeWindows) -> None:
    ratio, mean = variance_to_mean(whole_windows(windows, np.zeros((3, 1)), 1), np.zeros((3, 1)))
    assert np.isnan(ratio).all()
    assert mean.tolist() == [0]


@pytest.mark.parametrize("phi", [1.0, 3.0])
def test_ratio_of_known_demand_is_its_variance_to_mean_ratio(
    windows: MakeWindows, phi: float
) -> None:
    """Also where a third of the rows is missing: what was seen of a window speaks for the whole."""
    rng = np.random.default_rng(11)
    mean, shape = 4.0, (2000, 20)
    demand = rng.poisson(rng.gamma(mean / (phi - 1), phi - 1, shape) if phi > 1 else mean, shape)
    ones = np.ones(shape, dtype=np.float32)
    observed = rng.random(shape) < 0.67
    ahead = windows(demand.astype(np.float32), [ones], observed, 7, 0)
    ratio, total = variance_to_mean(ahead, mean * ahead.seen)
    assert np.mean(ratio) == pytest.approx(phi, rel=0.05)
    assert total == pytest.approx(7 * mean)


def test_demand_that_was_expected_strays_like_demand_that_was_seen(windows: MakeWindows) -> None:
    rng = np.random.default_rng(12)
    shape, mean = (2000, 20), 4.0
    expected = rng.random(shape) < 0.5
    demand = np.where(expected, mean, rng.poisson(mean, shape)).astype(np.float32)
    variance = np.where(expected, mean, 0).astype(np.float32)
    ones = np.ones(shape, dtype=np.float32)
    everything = ones.astype(np.bool_)
    ahead = windows(demand, [ones], everything, 7, 0, variance)
    assert np.mean(variance_to_mean(ahead, mean * ahead.seen)[0]) == pytest.approx(1.0, rel=0.05)
    blind = windows(demand, [ones], everything, 7, 0)
    assert np.mean(variance_to_mean(blind, mean * blind.seen)[0]) == pytest.approx(0.5, rel=0.05)


def test_pool_recovers_taylors_law() -> None:
    rng = np.random.default_rng(3)
    mean = np.exp(rng.uniform(-2, 4, 800))
    ratio = 1.5 * mean**0.6 * rng.gamma(50, 1 / 50, 800)
    pool = Pool(ratio, mean, np.full(800, 20.0))
    assert pool.slope == pytest.approx(0.6, abs=0.03)
    for at in (0.3, 3.0, 30.0):
        assert pool.ratio(np.array([at]))[0] == pytest.approx(1.5 * at**0.6, rel=0.1)


def test_pool_without_anything_known_is_poisson() -> None:
    for ratio in ([], [np.nan]):
        one = np.ones(len(ratio))
        assert Pool(np.array(ratio), one, one).ratio(np.array([0.1, 7])).tolist() == [1, 1]


def test_two_alike_items_say_nothing_of_the_slope() -> None:
    """Their means differ by chance, and so do their ratios; a third item is far from both."""
    pool = Pool(np.array([1.0, 3.0]), np.array([4.0, 4.001]), np.array([20.0, 20.0]))
    assert 0.5 < pool.ratio(np.array([1.0]))[0] < 6
    assert 0.5 < pool.ratio(np.array([80.0]))[0] < 60


@pytest.mark.parametrize(("power", "slope"), [(-2.0, 0.0), (3.0, 1.0)])
def test_the_slope_stays_within_taylors_law(power: float, slope: float) -> None:
    """Independent purchases have slope 0, items that vary as a whole slope 1."""
    mean = np.exp(np.linspace(-2, 2, 50))
    assert Pool(mean**power, mean, np.full(50, 20.0)).slope == slope


@pytest.mark.parametrize("items", [3, 6, 19, 100])
def test_one_huge_order_does_not_widen_the_forecasts_of_all(items: int) -> None:
    ratio = np.array([2.0] * (items - 1) + [2e6])
    pool = Pool(ratio, np.full(items, 5.0), np.full(items, 10.0))
    assert pool.ratio(np.array([5.0]))[0] < 3


def test_an_item_is_shrunk_to_the_pool_by_how_few_windows_it_has() -> None:
    pool = Pool(np.full(50, 2.0), np.linspace(1, 9, 50), np.full(50, 10.0))
    ratio = np.array([6.0, 6.0, 6.0, np.nan])
    found = shrunk_ratio(ratio, np.full(4, 3.0), np.array([0, POOL_WINDOWS, 1e9, 5]), pool)
    assert found == pytest.approx([2, 4, 6, 2], rel=0.01)


def test_a_forecast_that_never_erred_still_could() -> None:
    pool = Pool(np.array([]), np.array([]), np.array([]))
    found = shrunk_ratio(np.array([0.0]), np.array([3.0]), np.array([1e12]), pool)
    assert found.tolist() == [FLOOR]
