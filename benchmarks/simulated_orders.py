"""How near the ordering rule of a simulation comes to that of the reorder list, and how fast it is.

A simulation orders by bounds (stockout.replenishment.order_rule), the reorder list by projecting
the stock of each item. Both are asked at the reviews of simulated items: mean difference of what
they order in units and as a share, for slow (under 7 units a review) and fast movers. Then the cost
in the lost-sales settings of Zipkin (2008) against the optimum of value iteration, and the time of
1,000 items.

    python benchmarks/simulated_orders.py [--items 1000]
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.history import History
from stockout.forecasting.demand_model import DemandModel
from stockout.replenishment.order_rule import Demand, Targets, Terms, order_levels
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, project
from stockout.replenishment.scenarios import Scenario
from stockout.replenishment.simulation_figures import Money
from stockout.replenishment.stock_walk import (
    Start,
    Supply,
    Walked,
    _Walker,
    arrival_chances,
    draw_arrivals,
    draw_demand,
    draw_levels,
    walk,
)
from stockout.replenishment.what_if import Draws, Stand, what_if

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

ITEMS, PATHS, DAYS, REVIEW = 64, 8, 140, 7
FIRST, EVERY = 70, 21  # days from which on, and between which, the projection is asked
SLOW = 7  # units a review

Kind = Literal["service", "fill", "cost"]


class Case(NamedTuple):
    """What is asked of the rules."""

    kind: Kind
    level: float
    shortest: int  # lead time, days
    longest: int


CASES = [
    *(
        Case("service", level, *days)
        for level in (0.8, 0.95, 0.98)
        for days in ((1, 6), (14, 14), (10, 30))
    ),
    Case("fill", 0.95, 1, 6),
    Case("fill", 0.95, 14, 14),
    Case("cost", 0.9, 1, 6),
    Case("cost", 0.9, 14, 14),
]


def targets_of(case: Case, items: int) -> Targets:
    """The same target for all."""
    kind = np.full((1, items), case.kind)
    return Targets(np.full((1, items), case.level), kind == "fill", kind == "service")


def compare(case: Case, rng: np.random.Generator) -> str:
    """A line of the table."""
    rate = np.exp(rng.uniform(np.log(0.05), np.log(20), ITEMS))
    noise, variance = rng.uniform(1, 3, ITEMS), rng.uniform(0, 0.1, ITEMS)
    whole = np.ones(ITEMS, dtype=np.bool_)
    lead_time = rng.integers(case.shortest, case.longest + 1, ITEMS)
    mean = np.tile(rate, (DAYS, 1))
    none = np.full(ITEMS, np.nan)
    demand = Demand(np.vstack([0 * rate, np.cumsum(mean, axis=0)]), noise, variance, whole)
    terms = Terms(lead_time, np.zeros(ITEMS), REVIEW, none, none, none)
    reviews = np.arange(0, DAYS, REVIEW)
    levels = order_levels(demand, terms, targets_of(case, ITEMS), reviews, "lost")
    chances = arrival_chances(Supply(lead_time.astype(np.float64), np.zeros(ITEMS)))
    due = draw_arrivals(chances, np.zeros((DAYS + len(chances), ITEMS, PATHS)), reviews)
    drawn = draw_demand(mean, draw_levels(variance, PATHS, rng), noise, whole, rng)
    asked: list[tuple[Matrix, Matrix]] = []
    many = [np.repeat(each, PATHS) for each in (rate, noise, variance, lead_time)]

    class Watched(_Walker):
        """Asks the projection at some reviews, and goes its own way."""

        def _order(self, day: int) -> Matrix:
            if day < FIRST or day % EVERY:
                return super()._order(day)
            plan = plan_of(self, day, case, many[3])
            needed = project(model_of(*many[:3]), plan, "lost").needed
            quantity = super()._order(day)
            asked.append((quantity[0].ravel(), needed))
            return quantity

    start = Start(levels.level[0, 0][:, :, None], None, FIRST)
    walked = Watched(drawn, start, terms, levels, due, whole, "lost").run()
    mine, theirs = (np.concatenate(part) for part in zip(*asked, strict=True))
    slow = np.tile(many[0] * REVIEW < SLOW, len(asked))
    more = mine - theirs
    return (
        f"{case.kind:8}{case.level:6.2f}{case.shortest:4}-{case.longest:<4}"
        + "".join(
            f"{more[part].mean():+8.2f}{more[part].sum() / theirs[part].sum():+8.1%}"
            for part in (slow, ~slow)
        )
        + reached(walked)
    )


def reached(walked: Walked) -> str:
    """What the simulated rule serves."""
    cycles = walked.served_cycles.sum() / (walked.cycles.sum() * PATHS)
    return f"{cycles:9.1%}{1 - walked.short.sum() / walked.demand.sum():9.1%}"


def plan_of(walker: _Walker, day: int, case: Case, lead_time: NDArray[np.int64]) -> Plan:
    """The state of every path, as the reorder list would see it."""
    count = lead_time.size
    slots = max(1, len(walker.placed))
    periods, units = np.full((count, slots), np.inf), np.zeros((count, slots))
    for place, (placed, due) in enumerate(reversed(walker.placed)):
        coming = ((due > day) & (placed[0] > 0)).ravel()
        periods[coming, place] = (due.ravel() - day)[coming]
        units[coming, place] = placed[0].ravel()[coming]
    order = np.argsort(periods, axis=1)
    return Plan(
        walker.stock[0].ravel().copy(),
        Arrivals(np.take_along_axis(periods, order, 1), np.take_along_axis(units, order, 1)),
        lead_time.astype(np.float64),
        np.zeros(count),
        np.full(count, float(REVIEW)),
        np.full(count, case.level),
        np.full(count, case.kind == "fill"),
        np.full(count, case.kind == "service"),
    )


def model_of(rate: Matrix, noise: Matrix, variance: Matrix) -> DemandModel:
    """Stationary demand."""
    empty = np.zeros((1, rate.size), dtype=np.float32)
    history = History(
        "day", date(2026, 1, 4), date(2026, 1, 4), pl.DataFrame({"sku": np.arange(rate.size)}),
        empty, empty, observed=empty > 0, sold_out=empty > 0, open=empty > 0,
    )  # fmt: skip
    whole = np.ones(rate.size, dtype=np.bool_)
    label = pl.Series([""] * rate.size)
    return DemandModel(history, np.tile(rate, (60, 1)), noise, noise, variance, whole, label)


def zipkin(lead_time: int, shortage_cost: float, best: float) -> str:
    """Cost of the rule at the newsvendor ratio; Poisson demand of 5, holding cost 1."""
    days, paths, warm_up = 400, 400, 60
    rng = np.random.default_rng(1)
    one, none = np.ones(1), np.full(1, np.nan)
    mean = np.full((days, 1), 5.0)
    demand = draw_demand(mean, np.ones((1, paths)), one, one > 0, rng)
    expected = Demand(np.vstack([0 * one, np.cumsum(mean, axis=0)]), one, 0 * one, one > 0)
    terms = Terms(np.array([lead_time]), 0 * one, 1, none, none, none)
    reviews = np.arange(days)
    ratio = shortage_cost / (shortage_cost + 1)
    levels = order_levels(
        expected, terms, targets_of(Case("cost", ratio, 0, 0), 1), reviews, "lost"
    )
    due = np.broadcast_to((reviews + lead_time)[:, None, None], (days, 1, paths))
    start = Start(np.full((1, 1, 1), 5.0 * (lead_time + 1)), None, warm_up)
    walked = walk(demand, start, terms, levels, due, whole=one > 0, unmet="lost")
    costs = (walked.held + shortage_cost * walked.short)[0, 0] / (days - warm_up)
    error = costs.std() / np.sqrt(paths)
    return (
        f"{lead_time:3}{shortage_cost:5g}{best:9.4f}{costs.mean():9.4f} +- {error:.4f}"
        f"{costs.mean() / best - 1:+8.1%}"
    )


def speed(items: int) -> str:
    """Five targets, two windows, one scenario: seconds."""
    rng = np.random.default_rng(0)
    day = np.arange(230)[:, None]
    season = (1 + 0.3 * np.sin(day / 58)) * (1 + 0.2 * np.sin(day * 2 * np.pi / 7))
    rate = np.exp(rng.normal(-0.5, 1.5, items))
    none = np.full(items, np.nan)
    lead_time = rng.integers(5, 30, items).astype(np.float64)
    stand = Stand(
        season * rate, 1 + rng.gamma(1, 1, items), rng.gamma(1, 0.03, items),
        np.ones(items, dtype=np.bool_), np.round(15 * rate), np.zeros((600, items)), lead_time,
        np.where(rng.random(items) < 0.5, lead_time / 4, 0), np.full(items, 7),
        np.where(rng.random(items) < 0.3, 12, np.nan), none, none,
        np.zeros(items, dtype=np.int64), Money(none, none, none, none),
    )  # fmt: skip
    level = np.repeat([[0.8], [0.9], [0.95], [0.98], [0.99]], items, axis=1)
    fill = np.zeros(level.shape, dtype=np.bool_)
    wall, cpu = time.perf_counter(), time.process_time()
    what_if(
        stand, Targets(level, fill, ~fill), [Scenario()], [0 * rate], Draws(182, 100, 0, "lost")
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return f"{items:,} items x 5 targets, 182 days, 100 paths: {wall:.1f} s ({cpu:.1f} s of CPU)"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    items = parser.parse_args().items
    rng = np.random.default_rng(3)
    print("target        lead time     slow movers     fast movers    cycles   demand")
    print("                          units   share   units   share   served   served")
    for case in CASES:
        print(compare(case, rng), flush=True)
    print("\nlead  p  optimum     cost            over it")
    for lead_time, shortage_cost, best in (
        (1, 4.0, 4.0407), (2, 4.0, 4.3953), (2, 9.0, 6.0936), (2, 19.0, 7.6644),
    ):  # fmt: skip
        print(zipkin(lead_time, shortage_cost, best), flush=True)
    if items:
        print("\n" + speed(items))


if __name__ == "__main__":
    main()
