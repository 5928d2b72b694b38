"""The newsvendor and the critical ratios: published numbers, searched optima, edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import optimize, stats

from stockout.replenishment import newsvendor as nv

if TYPE_CHECKING:
    from collections.abc import Callable


def test_row_03_normal() -> None:
    """Row 3 (Snyder and Shen; stockpyl): h .18, p .70, mean 50, sd 8."""
    best = nv.newsvendor_normal(0.18, 0.70, 50, 8**2)
    assert best.level == pytest.approx(56.60396, abs=5e-6)
    assert best.cost == pytest.approx(1.99761, abs=5e-6)


def test_row_04_normal_with_lead_time() -> None:
    """Row 4 (stockpyl): a lead time of 4, so a protection period of 5."""
    best = nv.newsvendor_normal(0.18, 0.70, 5 * 50, 5 * 8**2)
    assert best.level == pytest.approx(264.76689, abs=5e-6)
    assert best.cost == pytest.approx(4.46678, abs=5e-6)


def test_row_05_poisson() -> None:
    """Row 5 (stockpyl): h .18, p .70, mean 50."""
    best = nv.newsvendor_demand(0.18, 0.70, 50, 50, is_integer=True)
    assert best.level == 56
    assert best.cost == pytest.approx(1.797235, abs=5e-7)


@pytest.mark.parametrize(("mean", "variance"), [(4, 4), (4, 11), (0.3, 0.5), (60, 200)])
@pytest.mark.parametrize("shortage_cost", [0.5, 3.0, 40.0])
def test_whole_demand_by_trying_every_level(
    mean: float, variance: float, shortage_cost: float
) -> None:
    k = np.arange(1000)
    if variance > mean:
        pmf = stats.nbinom.pmf(k, mean**2 / (variance - mean), mean / variance)
    else:
        pmf = stats.poisson.pmf(k, mean)
    levels = np.arange(300)[:, None]
    costs = np.sum((np.maximum(levels - k, 0) + shortage_cost * np.maximum(k - levels, 0)) * pmf, 1)
    best = nv.newsvendor_demand(1, shortage_cost, mean, variance, is_integer=True)
    assert best.level == np.argmin(costs)
    assert best.cost == pytest.approx(costs.min())


@pytest.mark.parametrize("shortage_cost", [0.5, 3.0, 40.0])
def test_fractional_demand_by_search(shortage_cost: float) -> None:
    demand = stats.gamma(2, scale=2.5)
    draws = demand.ppf((np.arange(200_000) + 0.5) / 200_000)

    def cost(level: float) -> float:
        return float(
            np.mean(np.maximum(level - draws, 0) + shortage_cost * np.maximum(draws - level, 0))
        )

    found = optimize.minimize_scalar(cost, bounds=(0, 40), method="bounded")
    best = nv.newsvendor_demand(1, shortage_cost, 5, 12.5, is_integer=False)
    assert best.level == pytest.approx(found.x, rel=1e-3)
    assert best.cost == pytest.approx(found.fun, rel=1e-3)


def test_critical_ratios() -> None:
    assert nv.critical_ratio_lost_sales(9, 1) == 0.9
    assert nv.critical_ratio_lost_sales(7, 0.5, [2, 14]).tolist() == [7 / 8, 0.5]
    assert nv.critical_ratio_backorder(4, 1) == 0.8
    assert nv.critical_ratio_backorder_once(10, 0.5, [1, 4, 20, 30]) == pytest.approx(
        [0.95, 0.8, 0, 0]
    )


@pytest.mark.parametrize(
    "ratio",
    [
        nv.critical_ratio_lost_sales,
        nv.critical_ratio_backorder,
        nv.critical_ratio_backorder_once,
    ],
)
def test_edges_of_the_critical_ratios(ratio: Callable[[object, object], np.ndarray]) -> None:
    p, h = [5, 0, 0, -1, 5, np.nan, 5], [0, 1, 0, 1, -1, 1, np.nan]
    answers = ratio(p, h)
    assert answers[:2].tolist() == [1, 0]
    assert np.isnan(answers[2:]).all()


def test_shortages_at_no_cost_and_stock_at_no_cost() -> None:
    nothing = nv.newsvendor_demand(1, 0, 10, 25, is_integer=[True, False])
    assert nothing.level.tolist() == [0, 0]
    assert nothing.cost.tolist() == [0, 0]
    everything = nv.newsvendor_demand(0, 1, 10, 25, is_integer=[True, False])
    assert everything.level.tolist() == [np.inf, np.inf]
    assert everything.cost.tolist() == [0, 0]
    assert [*nv.newsvendor_normal(0, 1, 10, 25)] == [np.inf, 0]


def test_impossible_questions_give_nan() -> None:
    for best in (
        nv.newsvendor_normal(0, 0, 10, 25),
        nv.newsvendor_normal(1, 4, np.nan, 25),
        nv.newsvendor_demand(1, -4, 10, 25, is_integer=True),
        nv.newsvendor_demand(1, 4, 10, np.nan, is_integer=False),
    ):
        assert np.isnan(best.level)
        assert np.isnan(best.cost)
