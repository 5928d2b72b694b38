"""Orders of least cost over two cycles: against trying all of them, and what must never happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockout.replenishment.look_ahead import (
    Cycles,
    least_cost_order,
    least_cost_position,
    order_step,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

PATHS = 501
ONE = np.ones(1)


def cost(left: Matrix, cycle: Matrix, following: Matrix, q: float, level: float) -> float:
    """The cost of an order with the best next one, by trying every one of them."""
    after = np.maximum(left + q - cycle, 0)
    lost = np.maximum(cycle - left - q, 0)
    tried = [
        (1 - level) * np.maximum(after + q2 - following, 0).mean()
        + level * np.maximum(following - after - q2, 0).mean()
        for q2 in range(int(following.max()) + 1)
    ]
    return float((1 - level) * after.mean() + level * lost.mean() + min(tried))


@pytest.mark.parametrize("level", [0.4, 0.8333, 0.95])
@pytest.mark.parametrize(("mean", "size"), [(0.3, 1), (4.0, 2), (20.0, 5)])
def test_no_order_costs_less(mean: float, size: int, level: float) -> None:
    rng = np.random.default_rng(9)
    for _ in range(3):
        left, cycle, following = size * rng.poisson(mean / size, (3, 1, PATHS)).astype(float)
        most = np.array([cycle.max()])
        order = least_cost_order(
            Cycles(cycle - left, left - cycle, following), np.array([level]), most, ONE
        )[0]
        costs = [cost(left, cycle, following, q, level) for q in range(int(most[0]) + 1)]
        assert costs[int(order)] == pytest.approx(min(costs), abs=1e-12)


def test_it_is_at_most_what_is_looked_for_and_a_multiple_of_the_step() -> None:
    rng = np.random.default_rng(1)
    gap, following = rng.gamma(4, 3, (2, 6, PATHS))
    level, most = np.full(6, 0.9), np.linspace(0, 20, 6)
    step = np.full(6, 0.25)
    order = least_cost_order(Cycles(gap, -gap, following), level, most, step)
    assert (order <= most).all()
    assert ((order % 0.25 == 0) | (order == most)).all()
    assert order[0] == 0


def test_nothing_is_ordered_from_the_position_on_that_is_enough() -> None:
    rng = np.random.default_rng(4)
    before, cycle, following = rng.poisson(6.0, (3, 1, PATHS)).astype(float)
    level, most = np.array([0.8]), np.array([40.0])
    enough = least_cost_position(before, Cycles(cycle, -cycle, following), level, most, ONE)[0]
    for stock in range(40):
        left = np.maximum(stock - before, 0)
        gap = cycle - left
        order = least_cost_order(Cycles(gap, -gap, following), level, most, ONE)[0]
        assert (order == 0) == (stock >= enough)


def test_goods_that_come_within_the_cycle_are_left_over_too() -> None:
    # two wanted at once, three come after that: what is missing is 2, what is left is 3 - 1 = 2
    # although the balance of the cycle is 1; the next cycle wants 2, so nothing more is needed then
    futures = Cycles(np.full((1, 9), 2.0), np.full((1, 9), 0.0), np.full((1, 9), 2.0))
    order = least_cost_order(futures, np.array([0.9]), np.array([5.0]), ONE)
    assert order[0] == 2


def test_steps_are_units_or_small_parts_of_demand() -> None:
    demand = np.array([[5.0, 7.0], [5.0, 7.0], [0.0, 0.0]])
    whole = np.array([True, False, False])
    np.testing.assert_array_equal(order_step(demand, whole), [1, 8 / 1024, 1 / 1024])
