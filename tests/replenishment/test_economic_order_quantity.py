"""The economic order quantity: published numbers, searched optima, edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from stockout.replenishment.economic_order_quantity import (
    economic_order_quantity,
    economic_order_quantity_with_backorders,
)


def test_row_01_economic_order_quantity() -> None:
    """Row 1 (Snyder and Shen; stockpyl): K 8, h .225, d 1300 a year."""
    order = economic_order_quantity(8, 0.225, 1300)
    assert order.order_quantity == pytest.approx(304.04678, abs=5e-6)
    assert order.cost == pytest.approx(68.41053, abs=5e-6)


def test_row_02_with_backorders() -> None:
    """Row 2 (Snyder and Shen; stockpyl): the same with b 5."""
    order = economic_order_quantity_with_backorders(8, 0.225, 5, 1300)
    assert order.order_quantity == pytest.approx(310.81256, abs=5e-6)
    assert order.backorder_fraction == pytest.approx(0.0430622, abs=5e-8)
    assert order.cost == pytest.approx(66.92136, abs=5e-6)


@pytest.mark.parametrize("backorder_cost", [0.3, 2.0])
def test_by_search(backorder_cost: float) -> None:
    """The cost of any quantity and any share that waits, minimised without the formula."""

    def cost(choice: np.ndarray) -> float:
        q, waiting = choice
        held, owed = q * (1 - waiting) ** 2 / 2, q * waiting**2 / 2
        return float(20 * 50 / q + 0.4 * held + backorder_cost * owed)

    found = optimize.minimize(cost, [60, 0.2], bounds=[(1, 1000), (0, 1)])
    order = economic_order_quantity_with_backorders(20, 0.4, backorder_cost, 50)
    assert order.order_quantity == pytest.approx(found.x[0], rel=1e-3)
    assert order.backorder_fraction == pytest.approx(found.x[1], abs=1e-3)
    assert order.cost == pytest.approx(found.fun, rel=1e-6)


def test_backorders_that_cost_very_much_do_not_happen() -> None:
    plain = economic_order_quantity(20, 0.4, 50)
    order = economic_order_quantity_with_backorders(20, 0.4, 1e12, 50)
    assert order.order_quantity == pytest.approx(plain.order_quantity)
    assert order.cost == pytest.approx(plain.cost)


def test_arguments_broadcast_and_impossible_ones_give_nan() -> None:
    order = economic_order_quantity([[8], [0]], 0.225, [1300, 0, -1, np.nan])
    assert order.order_quantity.shape == (2, 4)
    assert order.order_quantity[:, 1].tolist() == [0, 0]
    assert order.order_quantity[1, 0] == 0
    assert np.isnan(order.order_quantity[:, 2:]).all()
    assert np.isnan(order.cost[:, 2:]).all()
    free = economic_order_quantity(8, [0, -1], 1300)
    assert np.isnan(free.order_quantity).all()
    assert np.isnan(free.cost).all()
    owed = economic_order_quantity_with_backorders(8, [0, 1, 1, 1], [5, 0, -1, np.nan], 1300)
    for values in owed:
        assert np.isnan(values).all()
