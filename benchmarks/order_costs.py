"""What policies with an order cost lose by being looked at in steps, and by demand that is lost.

    python benchmarks/order_costs.py

The first table compares (s, S) in steps of several units with the exact one, in the model that
both are computed for (backorders). The second plays the reorder list's policy for lost sales
through many periods, with a review in each and a lead time of two, and beside it the best (s, S) of
all, found by playing every pair on the same demand. Costs: holding, units lost, orders.
"""

from __future__ import annotations

import itertools
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.history import History
from stockout.forecasting.demand_model import DemandModel
from stockout.replenishment import periodic_review
from stockout.replenishment.loss_functions import demand_loss
from stockout.replenishment.order_costs import periodic_lots
from stockout.replenishment.periodic_review import Demand, optimal_reorder_levels
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, project

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

LEAD_TIME = 2
SHOPS, PERIODS, WARM_UP = 100, 80, 20


def main() -> None:
    """Prints both tables."""
    in_steps()
    lost_sales()


def in_steps() -> None:
    """Cost of levels found in steps over the cost of exact ones."""
    cases = list(itertools.product((5, 30, 100, 300), (1, 3), (10, 100, 1000), (4, 20)))
    k, p = (np.array([case[i] for case in cases], dtype=np.float64) for i in (2, 3))
    mean, ratio = (np.array([case[i] for case in cases], dtype=np.float64) for i in (0, 1))
    review, protection = Demand(mean, ratio * mean), Demand(3 * mean, 3 * ratio * mean)
    rough = optimal_reorder_levels(k, 1, p, review, protection, is_integer=True)
    steps, periodic_review.STEPS = periodic_review.STEPS, 100_000
    exact = optimal_reorder_levels(k, 1, p, review, protection, is_integer=True)
    periodic_review.STEPS = steps
    over = [
        average_cost(i, rough.reorder_level[i], rough.order_up_to[i], k, p, mean, ratio)
        / average_cost(i, exact.reorder_level[i], exact.order_up_to[i], k, p, mean, ratio)
        - 1
        for i in range(len(cases))
    ]
    print(f"(s, S) in steps, {len(cases)} cases: cost over the exact policy")
    print(f"  mean {np.mean(over):.3%}, largest {max(over):.3%}\n")


def average_cost(  # noqa: PLR0917 - one policy of one case
    i: int, low: float, up_to: float, k: Matrix, p: Matrix, mean: Matrix, ratio: Matrix
) -> float:
    """Cost of (s, S) a review, unit by unit: the formula of Zheng and Federgruen."""
    depth = np.arange(int(up_to - low))
    one = Demand(mean[[i]], ratio[[i]] * mean[[i]])
    question = periodic_review._Question(  # noqa: SLF001 - the renewal function alone
        k[[i]], np.ones(1), p[[i]], np.asarray(one.mean), np.asarray(one.variance),
        3 * np.asarray(one.mean), 3 * np.asarray(one.variance), np.array([True]),
    )  # fmt: skip
    visits = periodic_review._visits(question, np.ones(1), depth.size + 1)[0][: depth.size]  # noqa: SLF001
    y = up_to - depth
    short = demand_loss(y, 3 * mean[i], 3 * ratio[i] * mean[i], is_integer=True)
    held = y - 3 * mean[i] + short + p[i] * short
    return float((k[i] + visits @ held) / visits.sum())


def lost_sales() -> None:
    """The reorder list's policy against the best (s, S), played on the same demand."""
    print("lost sales, h 1, lead time 2, review 1: cost a period")
    print("  mean   p    K   reorder   best (s, S)    over")
    over = []
    for mean, p, k in itertools.product((1.0, 5.0), (4.0, 19.0), (5.0, 25.0, 100.0)):
        demand = np.random.default_rng(7).poisson(mean, (PERIODS, SHOPS)).astype(np.float64)
        ours = play_reorder(demand, mean, p, k)
        best, levels = play_all_pairs(demand, mean, p, k)
        over.append(ours / best - 1)
        print(f"  {mean:4g} {p:3g} {k:4g} {ours:9.3f} {best:8.3f} {levels} {ours / best - 1:+8.2%}")
    print(f"  on average {np.mean(over):+.2%}, at most {max(over):+.2%}")


def play_reorder(demand: Matrix, mean: float, p: float, k: float) -> float:
    """Average cost of ordering what is short under lost sales, in lots."""
    shops = demand.shape[1]
    model = model_of(mean, shops)
    every, none = np.ones(shops), np.zeros(shops, dtype=np.bool_)
    lines = pl.DataFrame({"order_cost": [k] * shops, "holding": [1.0] * shops})

    def order(stock: Matrix, pipeline: Matrix) -> Matrix:
        arrivals = Arrivals(np.tile(np.arange(1.0, LEAD_TIME), (shops, 1)), pipeline[1:].T)
        level = p / (p + 1) * every
        plan = Plan(stock, arrivals, LEAD_TIME * every, 0 * every, every, level, none, none)
        told = project(model, plan)
        lots = periodic_lots(model, plan, lines, told.enough, "lost")
        return lots.order(told.needed, told.enough, stock + pipeline[1:].sum(axis=0))

    return play(demand, order, p, k)


def play_all_pairs(
    demand: Matrix, mean: float, p: float, k: float
) -> tuple[float, tuple[int, int]]:
    """The cheapest (s, S) on the position, never to order included, and what it costs."""
    center = mean * (LEAD_TIME + 1)
    spread = 3 * np.sqrt(center)
    lows = range(max(0, int(center - spread)), int(center + spread) + 1)
    lots = range(1, int(2 * np.sqrt(2 * k * mean)) + 3)
    never = play(demand, lambda stock, _: 0 * stock, p, k)
    best = (never, (-1, 0))
    for low, lot in itertools.product(lows, lots):

        def order(stock: Matrix, pipeline: Matrix, low: int = low, lot: int = lot) -> Matrix:
            position = stock + pipeline[1:].sum(axis=0)
            return np.where(position <= low, low + lot - position, 0.0)

        best = min(best, (play(demand, order, p, k), (low, low + lot)))
    return best


def play(demand: Matrix, order: Callable[[Matrix, Matrix], Matrix], p: float, k: float) -> float:
    """Average cost a period: goods arrive, an order is placed, customers come."""
    periods, shops = demand.shape
    stock = np.full(shops, np.ceil(demand.mean() * 3))
    pipeline = np.zeros((LEAD_TIME, shops))  # row i arrives in i periods
    total = 0.0
    for t in range(periods):
        stock = stock + pipeline[0]
        quantity = order(stock, pipeline)
        pipeline = np.vstack([pipeline[1:], quantity])
        lost = (demand[t] - stock).clip(0)
        stock = (stock - demand[t]).clip(0)
        if t >= WARM_UP:
            total += float(stock.sum() + p * lost.sum() + k * (quantity > 0).sum())
    return float(total / shops / (periods - WARM_UP))


def model_of(mean: float, items: int) -> DemandModel:
    """Stationary Poisson demand of so many items."""
    empty = np.zeros((1, items), dtype=np.float32)
    frame = pl.DataFrame({"sku": [f"{i}" for i in range(items)], "location": "ALL"})
    history = History(
        "week", date(2026, 3, 29), date(2026, 3, 23), frame, empty, empty,
        observed=empty > 0, sold_out=empty > 0, open=empty > 0,
    )  # fmt: skip
    flat, whole = np.ones(items), np.ones(items, dtype=np.bool_)
    return DemandModel(
        history, np.full((20, items), mean), flat, flat, 0 * flat, whole, pl.Series(["x"] * items)
    )


if __name__ == "__main__":
    main()
