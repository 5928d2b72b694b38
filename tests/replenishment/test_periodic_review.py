"""The (s, S) policy: the published example, and a chain of positions that is solved otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.distribution import demand_cdf
from stockout.replenishment import periodic_review
from stockout.replenishment.loss_functions import demand_loss
from stockout.replenishment.newsvendor import newsvendor_demand
from stockout.replenishment.periodic_review import Demand, optimal_reorder_levels


def cost_of(  # noqa: PLR0917 - the policy, then its setting
    low: int, up_to: int, k: float, h: float, p: float, review: Demand, protection: Demand
) -> float:
    """Average cost of (s, S), by the long-run shares of the positions after ordering."""
    levels = np.arange(low + 1, up_to + 1)
    size = levels.size
    upto = demand_cdf(np.arange(size), *review, True)
    probability = np.diff(upto, prepend=np.zeros(1))
    move = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            move[i, i - j] += probability[j]
        move[i, size - 1] += 1 - upto[i]
    share = np.linalg.lstsq(
        np.vstack([move.T - np.eye(size), np.ones(size)]), np.append(np.zeros(size), 1), rcond=None
    )[0]
    short = demand_loss(levels, *protection, True)
    held = h * (levels - np.asarray(protection.mean) + short) + p * short
    ordering = sum(share[i] * (1 - upto[i]) for i in range(size))
    return float(share @ held + k * ordering)


def test_the_published_example() -> None:
    best = optimal_reorder_levels(5, 1, 4, Demand(6, 6), Demand(6, 6), True)
    assert (float(best.reorder_level), float(best.order_up_to)) == (4, 10)
    assert best.cost == pytest.approx(8.034112, abs=5e-7)
    assert cost_of(4, 10, 5, 1, 4, Demand(6, 6), Demand(6, 6)) == pytest.approx(best.cost, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "p", "mean", "ratio"), [(0.5, 9, 0.4, 1.0), (20, 4, 2.0, 1.0), (8, 19, 3.0, 3.0)]
)
def test_no_neighbour_costs_less(k: float, p: float, mean: float, ratio: float) -> None:
    review, protection = Demand(mean, ratio * mean), Demand(3 * mean, 3 * ratio * mean)
    best = optimal_reorder_levels(k, 1, p, review, protection, True)
    low, up_to = int(best.reorder_level), int(best.order_up_to)
    costs = {
        (s, t): cost_of(s, t, k, 1, p, review, protection)
        for s in range(low - 3, low + 4)
        for t in range(max(up_to - 3, s + 1), up_to + 4)
    }
    assert costs[low, up_to] == pytest.approx(min(costs.values()), rel=1e-9)
    assert best.cost == pytest.approx(costs[low, up_to], rel=1e-9)


def test_without_an_order_cost_it_is_the_newsvendor() -> None:
    mean = np.array([0.3, 4.0, 25.0])
    best = optimal_reorder_levels(0, 1, 9, Demand(mean, 2 * mean), Demand(mean, 2 * mean), True)
    news = newsvendor_demand(1, 9, mean, 2 * mean, is_integer=True)
    assert best.order_up_to.tolist() == news.level.tolist()
    assert (best.order_up_to - best.reorder_level == 1).all()
    assert best.cost == pytest.approx(news.cost)


def test_items_do_not_matter_to_each_other() -> None:
    mean = np.array([40.0, 0.2, 300.0, 7.0])
    together = optimal_reorder_levels(
        60, 1, 9, Demand(mean, mean), Demand(3 * mean, 3 * mean), is_integer=True
    )
    alone = [
        optimal_reorder_levels(60, 1, 9, Demand(m, m), Demand(3 * m, 3 * m), is_integer=True)
        for m in mean
    ]
    assert together.cost == pytest.approx([float(one.cost) for one in alone])
    assert together.order_up_to.tolist() == [float(one.order_up_to) for one in alone]


def test_steps_of_several_units_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    review, protection = Demand(40, 80), Demand(120, 240)
    costs = []
    for steps in (periodic_review.STEPS, 10_000):
        monkeypatch.setattr(periodic_review, "STEPS", steps)
        best = optimal_reorder_levels(300, 1, 9, review, protection, is_integer=True)
        low, up_to = int(best.reorder_level), int(best.order_up_to)
        costs.append(cost_of(low, up_to, 300, 1, 9, review, protection))
    assert costs[1] == pytest.approx(float(best.cost), rel=1e-9)
    assert 1 <= costs[0] / costs[1] < 1.0013


def test_fractions_are_near_whole_units() -> None:
    demand = Demand(30, 60), Demand(90, 180)
    whole = optimal_reorder_levels(40, 1, 9, *demand, True)
    fractions = optimal_reorder_levels(40, 1, 9, *demand, False)
    assert fractions.cost == pytest.approx(whole.cost, rel=0.01)
    assert fractions.order_up_to == pytest.approx(whole.order_up_to, abs=5)


def test_impossible_questions_have_no_answer() -> None:
    best = optimal_reorder_levels(
        [-1, 1, 1, 1], [1, 0, 1, 1], 5, Demand([1, 1, 0, 1], 1), Demand([2, 2, 0, -2], 2), True
    )
    assert np.isnan(best.cost).all()
