"""The second-order loss is the sum, or the integral, of the loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from stockout.replenishment.loss_functions import demand_loss
from stockout.replenishment.second_order_loss import demand_second_order_loss


@given(
    mean=st.floats(0.05, 60),
    ratio=st.sampled_from([1.0, 1.5, 4.0]),
    low=st.integers(-8, 60),
    count=st.integers(1, 80),
)
def test_whole_units_add_up(mean: float, ratio: float, low: int, count: int) -> None:
    ends = demand_second_order_loss(np.array([low, low + count]), mean, ratio * mean, True)
    steps = np.arange(low + 1, low + count + 1)
    added = demand_loss(steps, mean, ratio * mean, True).sum()
    assert ends[0] - ends[1] == pytest.approx(added, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("mean", "variance"), [(3.0, 9.0), (20.0, 12.0), (4.0, 0.0)])
@pytest.mark.parametrize("x", [-2.0, 0.0, 2.5, 30.0])
def test_fractions_integrate(mean: float, variance: float, x: float) -> None:
    whole, _ = integrate.quad(
        lambda y: float(demand_loss(y, mean, variance, False)), x, 200, points=[0, mean], limit=400
    )
    assert demand_second_order_loss(x, mean, variance, False) == pytest.approx(whole, abs=1e-6)


def test_impossible_demand_is_unknown() -> None:
    for whole in (True, False):
        assert np.isnan(demand_second_order_loss(3, [-1, np.nan, 4], [1, 1, -1], whole)).all()
