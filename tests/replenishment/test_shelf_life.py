"""What is sold before it expires, against the distribution and against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockout.forecasting.distribution import demand_survival
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan
from stockout.replenishment.shelf_life import sellable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel

MEAN = np.array([0.4, 3.0, 25.0])


def plan(stock: float, lead_time: float = 2.0) -> Plan:
    every = np.ones(MEAN.size)
    none = Arrivals(np.full((MEAN.size, 0), np.inf), np.zeros((MEAN.size, 0)))
    flag = np.zeros(MEAN.size, dtype=bool)
    return Plan(stock * every, none, lead_time * every, 0 * every, every, 0.9 * every, flag, ~flag)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.98])
def test_an_empty_shelf_leaves_the_demand_of_the_shelf_life(
    make_model: Callable[..., DemandModel], probability: float
) -> None:
    most = sellable(make_model(MEAN), plan(0), np.full(3, 4.0), probability)
    assert (demand_survival(most - 1, 4 * MEAN, 4 * MEAN, True) >= probability - 0.005).all()
    assert (demand_survival(most, 4 * MEAN, 4 * MEAN, True) < probability + 0.005).all()


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
def test_what_is_left_of_older_stock_is_sold_first(
    make_model: Callable[..., DemandModel], unmet: str
) -> None:
    noise, level_variance, stock = 2.0, 0.02, 60.0
    model = make_model(MEAN, noise, level_variance)
    most = sellable(model, plan(stock), np.full(3, 4.0), 0.9, unmet)  # type: ignore[arg-type]
    rng = np.random.default_rng(2)
    level = rng.gamma(1 / level_variance, level_variance, (100_000, 1))
    before, during = (
        rng.poisson(rng.gamma(periods * MEAN * level / (noise - 1), noise - 1))
        for periods in (2, 4)
    )
    left = stock - before
    if unmet == "lost":
        left = left.clip(0)
    sold = (during - left >= most).mean(axis=0)
    assert (sold[most > 0] >= 0.89).all()
    assert ((during - left >= most + 2).mean(axis=0) < 0.91).all()
    assert most[0] == 0  # 60 of the slow one last far longer


def test_goods_that_do_not_expire_have_no_limit(make_model: Callable[..., DemandModel]) -> None:
    most = sellable(make_model(MEAN), plan(5), np.array([np.nan, 4, np.nan]), 0.9)
    assert np.isinf(most).tolist() == [True, False, True]


def test_more_time_or_less_stock_never_allows_less(make_model: Callable[..., DemandModel]) -> None:
    model = make_model(MEAN, is_integer=[True, True, False])
    by_time = [sellable(model, plan(9), np.full(3, t), 0.9) for t in (0.5, 1, 3, 9)]
    by_stock = [sellable(model, plan(s), np.full(3, 3.0), 0.9) for s in (40, 9, 3, 0, -4)]
    for runs in (by_time, by_stock):
        assert (np.diff(np.array(runs), axis=0) >= -1e-9).all()
