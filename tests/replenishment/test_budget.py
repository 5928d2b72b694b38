"""A budget goes to the units that avoid the most loss per money."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.errors import NotKnownError
from stockout.replenishment.budget import STEPS, order_steps, within_budget
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, avoided_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel


def priced(**columns: list[Any]) -> pl.DataFrame:
    n = len(columns["order_qty"])
    frame = pl.DataFrame(
        {
            "sku": [f"{i}" for i in range(n)], "location": ["ALL"] * n, "moq": [None] * n,
            "pack_size": [None] * n, "is_integer": [True] * n, "unit_price": [3.0] * n,
            "limit": [None] * n, **columns,
        },
        schema_overrides={
            "limit": pl.String,
            **dict.fromkeys(["unit_price", "unit_cost", "moq", "pack_size"], pl.Float64),
        },
    )  # fmt: skip
    return frame.with_columns(order_value=pl.col("order_qty") * pl.col("unit_cost"))


def avoided_of(gap: list[list[float]], steps: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Loss avoided where the gap has one of some values, each as likely."""
    return np.array(
        [
            [np.minimum(values, q).mean() for q in row]
            for values, row in zip(gap, steps, strict=True)
        ]
    )


def test_the_first_units_of_many_before_the_last_of_few() -> None:
    lines = priced(order_qty=[4.0, 4.0], unit_cost=[1.0, 1.0])
    steps = order_steps(lines)
    kept = within_budget(lines, steps, avoided_of([[1, 2, 3, 4], [1, 2, 3, 4]], steps), 4)
    assert kept["order_qty"].to_list() == [2, 2]
    assert kept["order_value"].to_list() == [2, 2]
    assert kept["limit"].to_list() == ["budget", "budget"]
    assert kept["asked_qty"].to_list() == [4, 4]


@pytest.mark.parametrize("budget", [0.0, 3.0, 7.0, 12.0, 40.0])
def test_no_other_cut_avoids_more(budget: float) -> None:
    rng = np.random.default_rng(5)
    lines = priced(order_qty=[4.0, 5.0, 3.0], unit_cost=[1.0, 1.0, 1.0], unit_price=[9, 4, 2])
    gap = [sorted(rng.integers(0, 6, 8)) for _ in range(3)]
    steps = order_steps(lines)
    kept = within_budget(lines, steps, avoided_of(gap, steps), budget)["order_qty"].to_list()
    price = np.array([9, 4, 2])

    def worth(quantities: tuple[int, ...]) -> float:
        avoided = [np.minimum(g, q).mean() for g, q in zip(gap, quantities, strict=True)]
        return float(price @ avoided)

    every = itertools.product(range(5), range(6), range(4))
    best = max(worth(cut) for cut in every if sum(cut) <= budget)
    assert sum(kept) <= budget
    assert worth(tuple(int(q) for q in kept)) == pytest.approx(best)


def test_steps_are_packs_above_the_minimum_order() -> None:
    lines = priced(
        order_qty=[60.0, 7.5, 0.0, 5.0], unit_cost=[1.0] * 4, moq=[20.0, 2.0, 5.0, 50.0],
        pack_size=[12.0, None, None, None], is_integer=[True, False, True, True],
    )  # fmt: skip
    steps = order_steps(lines)
    assert steps.shape == (4, STEPS)
    assert sorted(set(steps[0])) == [24, 36, 48, 60]
    assert (steps[1, 0], steps[1, -1]) == (2, 7.5)
    assert set(steps[2]) == {0}
    assert set(steps[3]) == {5}  # cut to the maximum stock below the minimum
    assert (np.diff(steps, axis=1) >= 0).all()


def test_a_step_that_does_not_fit_makes_room_for_the_next_line() -> None:
    lines = priced(order_qty=[10.0, 2.0], unit_cost=[5.0, 1.0], moq=[10.0, None])
    steps = order_steps(lines)
    avoided = avoided_of([[10, 10], [1, 2]], steps)
    kept = within_budget(lines, steps, avoided, 45)
    assert kept["order_qty"].to_list() == [0, 2]
    assert kept["limit"].to_list() == ["budget", None]
    assert within_budget(lines, steps, avoided, 52)["order_qty"].to_list() == [10, 2]


def test_a_line_without_price_is_ranked_at_cost_and_one_without_cost_is_not_bought() -> None:
    lines = priced(
        order_qty=[1.0, 1.0, 1.0], unit_cost=[5.0, 5.0, None], unit_price=[None, 3.0, 99.0]
    )
    steps = order_steps(lines)
    kept = within_budget(lines, steps, np.minimum(steps, 1.0) * 0.8, 5)
    assert kept["order_qty"].to_list() == [1, 0, 0]  # 5 a unit against 3
    assert kept["limit"].to_list() == [None, "budget", "budget"]
    with pytest.raises(NotKnownError, match="no unit cost is known"):
        within_budget(lines[2:], steps[2:], steps[2:], 60)


def test_ties_go_to_the_first_sku_and_what_costs_nothing_is_free() -> None:
    lines = priced(order_qty=[1.0, 1.0, 9.0], unit_cost=[5.0, 5.0, 0.0]).with_columns(
        sku=pl.Series(["B", "A", "C"])
    )
    steps = order_steps(lines)
    assert within_budget(lines, steps, steps, 5)["order_qty"].to_list() == [0, 1, 9]
    assert within_budget(lines, steps, steps, 0)["order_qty"].to_list() == [0, 0, 9]


def test_several_quantities_of_an_item_at_once(make_model: Callable[..., DemandModel]) -> None:
    model, every = make_model([2.0, 9.0]), np.ones(2)
    none = Arrivals(np.full((2, 0), np.inf), np.zeros((2, 0)))
    flag = np.ones(2, dtype=bool)
    plan = Plan(3 * every, none, every, 0 * every, every, 0.9 * every, ~flag, flag)
    quantities = np.array([[0.0, 2.0, 5.0], [1.0, 9.0, 30.0]])
    together = avoided_loss(model, plan, quantities)
    for k in range(3):
        assert together[:, k].tolist() == avoided_loss(model, plan, quantities[:, k]).tolist()
    assert (np.diff(together, axis=1) > 0).all()
    assert together[0, 0] == 0
