"""What service the reorder list reaches, beside what was asked of it, in a closed loop.

    python benchmarks/policy_targets.py

Items with stationary demand of known distribution are ordered every Sunday as ``stockout.reorder``
says, after a year of history; what is not on the shelf is lost. Goods arrive in the evening, a
lead time of 14 days later (``fixed``), or 14 on average with a standard deviation of 4 that is
measured from received purchases (``random``). The first eight weeks settle and are not judged.

Printed by case and target: the share of weeks without a shortage (CSL) or of demand served (fill),
with its standard error over items; the mean stock on hand. For costs the money lost and held (stock
at the end of each week) is set against the best order-up-to level in hindsight, one for all items
of the case; that knows the distribution, so above 1 is what it costs to estimate it.
"""

from __future__ import annotations

import logging
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl

import stockout

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Policy = Callable[["World", int], Matrix]

ITEMS = 30  # of each case and target
HISTORY, SETTLING, JUDGED = 52, 8, 30  # weeks
FIRST = date(2025, 1, 6)  # a Monday
LEAD_TIME, LEAD_TIME_SD, REVIEW = 14, 4.0, 7  # days
HOLDING = {"cost 1:0.2": 0.2, "cost 1:0.05": 0.05}  # a unit and week; a unit short costs 1
TARGETS = ("CSL .90", "CSL .95", "CSL .98", "fill .95", "fill .98", *HOLDING)
CASES = {  # demand a week, variance-to-mean ratio, whole units
    "Poisson 1": (1.0, 1.0, True),
    "Poisson 7": (7.0, 1.0, True),
    "Poisson 50": (50.0, 1.0, True),
    "neg. binomial 3": (3.0, 3.0, True),
    "neg. binomial 15": (15.0, 3.0, True),
    "neg. binomial 100": (100.0, 5.0, True),
    "gamma 20": (20.0, 2.0, False),
}


class World(NamedTuple):
    """The shop: arrays by item, and by day and item."""

    demand: Matrix  # (days, items)
    lead_time: NDArray[np.int64]  # (weeks, items) days that an order of that week takes
    sold: Matrix  # (days, items)
    stock: Matrix  # (days, items) at the end of the day
    ordered: Matrix  # (weeks, items)
    position: Matrix  # (items,) on hand and on the way


def draw(rng: np.random.Generator, *, random_lead_time: bool) -> World:
    """Demand of all days, lead times of all orders; every case once for each target."""
    days = 7 * (HISTORY + SETTLING + JUDGED)
    columns = []
    for mean, ratio, whole in CASES.values():
        size = (days, ITEMS * len(TARGETS))
        shape, scale = mean / 7 / max(ratio - 1, 1e-9), ratio - 1
        if not whole:
            columns.append(rng.gamma(mean / 7 / ratio, ratio, size))
        elif ratio == 1:
            columns.append(rng.poisson(mean / 7, size).astype(float))
        else:
            columns.append(rng.poisson(rng.gamma(shape, scale, size)).astype(float))
    demand = np.hstack(columns)
    weeks, items = days // 7, demand.shape[1]
    shape = (LEAD_TIME / LEAD_TIME_SD) ** 2
    taken = np.rint(rng.gamma(shape, LEAD_TIME / shape, (weeks, items))).clip(1).astype(np.int64)
    lead_time = taken if random_lead_time else np.full((weeks, items), LEAD_TIME)
    empty = np.zeros((days, items))
    return World(demand, lead_time, empty, empty.copy(), np.zeros((weeks, items)), np.zeros(items))


def run(world: World, policy: Policy) -> World:
    """Lives through the weeks after the history, which sold all that was asked for."""
    known = 7 * HISTORY
    weekly = world.demand[:known].mean(axis=0) * 7
    world.sold[:known] = world.demand[:known]
    arriving = np.zeros((world.demand.shape[0] + 200, weekly.size))
    on_hand = np.ceil(weekly)
    for week in range(LEAD_TIME // 7):  # what a history of orders would have on its way
        arriving[known + 7 * week - 1 + 1] += np.ceil(weekly)
    world.position[:] = on_hand * (1 + LEAD_TIME // 7)
    items = np.arange(weekly.size)
    for day in range(known, world.demand.shape[0]):
        if day % 7 == 0:
            week = day // 7 - 1
            world.stock[day - 1] = on_hand
            world.ordered[week] = policy(world, week)
            world.position += world.ordered[week]
            arriving[day - 1 + world.lead_time[week], items] += world.ordered[week]
        world.sold[day] = np.minimum(on_hand, world.demand[day])
        world.position -= world.sold[day]
        on_hand = on_hand - world.sold[day] + arriving[day]
        world.stock[day] = on_hand
    return world
