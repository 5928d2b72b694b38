"""The (r, Q) policy: the published example, and every other policy costs at least as much."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from stockout.forecasting.distribution import demand_survival
from stockout.replenishment.continuous_review import optimal_reorder_quantity
from stockout.replenishment.loss_functions import demand_loss

LOWEST, HIGHEST = -80, 500


def test_the_published_example() -> None:
    best = optimal_reorder_quantity(100, 20, 150, 1.5, 3, 3, is_integer=True)
    assert (float(best.reorder_point), float(best.order_quantity)) == (3, 5)
    assert best.cost == pytest.approx(107.92358, abs=5e-6)


@pytest.mark.parametrize("shortage", ["per_period", "once"])
def test_no_other_whole_units_cost_less(shortage: Literal["per_period", "once"]) -> None:
    rng = np.random.default_rng(3)
    n = 25
    k, h, p = rng.uniform(0, 200, n), rng.uniform(0.1, 10, n), rng.uniform(0.5, 100, n)
    d = rng.uniform(0.1, 8, n)
    mean = d * rng.uniform(0, 4, n)
    variance = mean * rng.choice([1.0, 2.5], n)
    best = optimal_reorder_quantity(k, h, p, d, mean, variance, is_integer=True, shortage=shortage)
    y = np.arange(LOWEST, HIGHEST)
    for i in range(n):
        short = demand_loss(y, mean[i], variance[i], True)
        in_vain = demand_survival(y - 1, mean[i], variance[i], True)
        cost = h[i] * (y - mean[i] + short)
        cost += p[i] * short if shortage == "per_period" else p[i] * d[i] * in_vain
        total = np.concatenate([[0], np.cumsum(cost)])
        lots = np.arange(1, 300)
        cheapest = min(
            ((k[i] * d[i] + total[r + lots] - total[r]) / lots).min()
            for r in range(-LOWEST if shortage == "once" else 0, -LOWEST + 100)
        )
        assert best.cost[i] == pytest.approx(cheapest, rel=1e-9)
        r, q = int(best.reorder_point[i]) + 1 - LOWEST, int(best.order_quantity[i])
        at_it = (k[i] * d[i] + total[r + q] - total[r]) / q
        assert at_it == pytest.approx(cheapest, rel=1e-9)


@pytest.mark.parametrize("shortage", ["per_period", "once"])
def test_fractions_are_no_worse_than_their_neighbours(
    shortage: Literal["per_period", "once"],
) -> None:
    k, h, p, d, mean, variance = 40.0, 1.5, 30.0, 4.0, 9.0, 20.0
    best = optimal_reorder_quantity(k, h, p, d, mean, variance, False, shortage=shortage)

    def cost(r: float, q: float) -> float:
        y = np.linspace(r, r + q, 20_001)
        short = demand_loss(y, mean, variance, False)
        at = h * (y - mean + short)
        at += (
            p * short
            if shortage == "per_period"
            else p * d * demand_survival(y, mean, variance, False)
        )
        return float((k * d + np.trapezoid(at, y)) / q)

    r, q = float(best.reorder_point), float(best.order_quantity)
    assert best.cost == pytest.approx(cost(r, q), rel=1e-6)
    for step_r, step_q in ((0.3, 0), (-0.3, 0), (0, 0.3), (0, -0.3), (0.2, -0.2), (-0.2, 0.2)):
        assert cost(r + step_r, q + step_q) > best.cost


def test_what_no_stock_pays_for_and_what_is_impossible() -> None:
    never = optimal_reorder_quantity(1e6, 5, 2, 0.1, 0.1, 0.1, True, shortage="once")
    assert never.reorder_point == -1
    none = optimal_reorder_quantity(10, 1, 5, 0, 0, 0, [True, False])
    assert (none.reorder_point.tolist(), none.order_quantity.tolist()) == ([-1, 0], [0, 0])
    wrong = optimal_reorder_quantity([-1, 1, 1], [1, 0, 1], 5, 1, [1, 1, -1], 1, True)
    assert np.isnan(wrong.cost).all()


def test_lots_grow_with_the_order_cost() -> None:
    best = optimal_reorder_quantity([0, 5, 50, 500], 1, 20, 3, 6, 9, True)
    assert (np.diff(best.order_quantity) > 0).all()
    assert (np.diff(best.reorder_point) <= 0).all()
    assert best.order_quantity[0] == 1
