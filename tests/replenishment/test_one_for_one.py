"""Erlang's loss formula, against its recursion and against a shop that is played through."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.replenishment.one_for_one import base_stock_for_lost_share, lost_share


def test_published_shares() -> None:
    assert lost_share([5, 8, 10], [3, 5, 5]) == pytest.approx(
        [0.1100543, 0.0700479, 0.0183846], abs=5e-8
    )


def test_the_recursion_of_erlang_b() -> None:
    for load in (0.2, 7.0, 150.0):
        blocked = 1.0
        for stock in range(1, 220):
            blocked = load * blocked / (stock + load * blocked)
            assert lost_share(stock, load) == pytest.approx(blocked, rel=1e-8)


def test_a_shop_that_is_played_through() -> None:
    rng = np.random.default_rng(4)
    arrivals = np.cumsum(rng.exponential(1 / 3, 40_000))
    back: list[float] = []
    lost = 0
    for now in arrivals:
        back = [due for due in back if due > now]
        if len(back) == 5:
            lost += 1
        else:
            back.append(now + 1.0)
    assert lost / arrivals.size == pytest.approx(float(lost_share(5, 3)), abs=0.01)


def test_edges() -> None:
    assert lost_share([0, 3, 5], [4, 0, 1e9]).tolist() == pytest.approx([1, 0, 1])
    assert np.isnan(lost_share([-1, 2], [1, -2])).all()


@pytest.mark.parametrize("share", [0.3, 0.05, 0.001])
def test_the_smallest_stock_that_loses_so_little(share: float) -> None:
    load = np.array([0.1, 2.0, 40.0])
    stock = base_stock_for_lost_share(share, load)
    assert (lost_share(stock, load) <= share).all()
    assert ((stock == 0) | (lost_share(np.maximum(stock - 1, 0), load) > share)).all()
    assert base_stock_for_lost_share([0, 0], [1, 0]).tolist() == [np.inf, 0]
