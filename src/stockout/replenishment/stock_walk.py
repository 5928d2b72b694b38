"""Stock walked forward day by day, under an ordering rule and drawn demand.

Each day, in this order: what was ordered arrives; at a review an order is placed, which arrives a
lead time later (at once where that is 0); customers come; what is left is counted. So an order with
a lead time of L days is there after the demand of L days, and the order of the next review after
that of L + R: the protection period of :mod:`stockout.replenishment.policy`.

Many targets are walked side by side through the same demand and the same lead times (common random
numbers), so that their differences are not those of the draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.replenishment.order_rule import order_quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.replenishment.order_rule import Levels, Terms
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]
    Days = NDArray[np.int64]
    Mask = NDArray[np.bool_]


_LONGEST_SD = 8  # standard deviations above the mean within which every order arrives


class Supply(NamedTuple):
    """How supply really is; (items,) days."""

    lead_time: Matrix
    lead_time_sd: Matrix


class Start(NamedTuple):
    """From where the walk starts."""

    stock: Matrix  # (targets or 1, items, paths or 1) units on the shelf; below 0 is owed
    arriving: Matrix | None  # (days, items) units that are on their way at the start
    first_counted: int  # days before it are walked, and count for nothing


class Walked(NamedTuple):
    """Sums over the days that count; (targets, items, paths) where nothing else is said."""

    demand: Matrix  # (items, paths) units wanted
    short: Matrix  # units that were wanted and not there
    held: Matrix  # units on the shelf at the end of a day, summed over days
    orders: Matrix  # orders placed
    served_cycles: Matrix  # replenishment cycles without a unit short
    cycles: Matrix  # (items,) replenishment cycles that lie in these days as a whole


def draw_levels(level_variance: Matrix, paths: int, rng: np.random.Generator) -> Matrix:
    """(items, paths) level of each path: gamma, mean 1, of that relative variance."""
    varies = level_variance > 0
    shape = 1 / np.where(varies, level_variance, 1.0)[:, None]
    drawn = rng.standard_gamma(shape, (level_variance.size, paths)) / shape
    return np.where(varies[:, None], drawn, 1.0)


def draw_demand(
    mean: Matrix, level: Matrix, noise: Matrix, whole: Mask, rng: np.random.Generator
) -> Matrix:
    """Demand of every day on every path.

    A path has a level A; given it, the demand of each day has mean A m and variance ``noise`` A m:
    negative binomial (Poisson where noise is 1 or less) in whole units, else gamma. Sums over any
    days then have the variance of a :class:`stockout.forecasting.demand_model.DemandModel`.

    Args:
        mean: (days, items) expected units.
        level: As from :func:`draw_levels`.
        noise: (items,) variance-to-mean ratio around the level.
        whole: (items,) demand comes in whole units.
        rng: Where the draws come from.

    Returns:
        (days, items, paths) units.
    """
    demand = mean[:, :, None] * level
    # A negative binomial is a Poisson whose rate is gamma.
    scale = np.where(whole, noise - 1, noise)
    spread_out = np.flatnonzero(scale > 1e-9)
    spread = scale[spread_out, None]
    rates = demand[:, spread_out]
    demand[:, spread_out] = rng.standard_gamma(rates / spread) * spread
    counts = np.flatnonzero(whole)
    demand[:, counts] = rng.poisson(demand[:, counts])
    return demand


def arrival_chances(supply: Supply) -> Matrix:
    """(days, items) chance that an order that has not come before comes so many days after it.

    The hazard of the lead time, gamma and rounded to days. It is made never to fall, as it does not
    for a gamma with a standard deviation below the mean, so that no order overtakes another: see
    :func:`draw_arrivals`.

    >>> supply = Supply(np.array([2.0]), np.array([0.0]))
    >>> arrival_chances(supply)[:, 0].tolist()
    [0.0, 0.0, 1.0]
    """
    mean, sd = supply.lead_time, supply.lead_time_sd
    random = (sd > 0) & (mean > 0)
    longest = np.where(random, np.ceil(mean + _LONGEST_SD * sd), np.rint(mean))
    days = np.arange(int(longest.max(initial=0)) + 1)[:, None]
    shape = (np.where(random, mean, 1.0) / np.where(random, sd, 1.0)) ** 2
    scale = np.where(random, mean, 1.0) / shape
    later = special.gammaincc(shape, (days + 0.5) / scale)
    not_before = np.vstack([np.ones((1, mean.size)), later[:-1]])
    hazard = 1 - later / np.where(not_before > 0, not_before, 1.0)
    chance = np.where(random, np.maximum.accumulate(hazard, axis=0), 0.0)
    return np.where(days >= longest, 1.0, chance)


def draw_arrivals(chances: Matrix, luck: Matrix, placed_on: Days) -> Days:
    """Days on which orders arrive, none before an earlier one.

    Each day has its luck, the same for all orders of an item: those arrive whose chance it meets,
    so the older ones if the younger do. Each order's lead time then has the wanted distribution
    (Kaplan 1970, *A dynamic inventory model with stochastic lead times*, Management Science 16).
    Were they drawn apart, orders would overtake each other, and more random lead times would need
    less stock than they do.

    Args:
        chances: As from :func:`arrival_chances`.
        luck: (days, items, paths) uniform between 0 and 1, for longer than any order takes.
        placed_on: (reviews,) days of the orders.

    Returns:
        (reviews, items, paths) days.
    """
    due = np.zeros((placed_on.size, *luck.shape[1:]), dtype=np.int64)
    certain = np.flatnonzero(np.isin(chances, (0.0, 1.0)).all(axis=0))
    due[:, certain] = (placed_on[:, None] + chances[:, certain].argmax(axis=0))[:, :, None]
    random = np.setdiff1d(np.arange(chances.shape[1]), certain)
    if random.size:
        on_the_way = np.ones((placed_on.size, random.size, luck.shape[2]), dtype=np.bool_)
        arrived_on = np.zeros(on_the_way.shape, dtype=np.int64)
        for days, chance in enumerate(chances[:, random]):
            comes = on_the_way & (luck[placed_on + days][:, random] < chance[:, None])
            arrived_on[comes] = days
            on_the_way &= ~comes
        due[:, random] = placed_on[:, None, None] + arrived_on
    return due


def starting_stock(level: Matrix, terms: Terms, whole: Mask, rng: np.random.Generator, paths: int
                   ) -> Matrix:  # fmt: skip
    """(targets, items, paths) stock of a policy that has been in force for long, nothing on order.

    Where orders come in packs of Q the position after a review is anything from S to S + Q, each
    as likely (Zipkin, *Foundations of Inventory Management*, chapter 6), so it starts there.

    Args:
        level: (targets, items) order-up-to levels S.
        terms: Order limits.
        whole: (items,) demand comes in whole units.
        rng: Where the draws come from.
        paths: Number of paths.
    """
    smallest = np.fmax(np.nan_to_num(terms.moq), np.nan_to_num(terms.pack_size))
    above = rng.random((terms.moq.size, paths)) * smallest[:, None]
    above = np.where(whole[:, None], np.floor(above), above)
    stock = np.where(level[:, :, None] > 0, level[:, :, None] + above, 0.0)
    return np.asarray(np.fmin(stock, terms.max_stock[:, None]))


def walk(
    demand: Matrix,
    start: Start,
    terms: Terms,
    levels: Levels,
    due: Days,
    *,
    whole: Mask,
    unmet: Unmet,
) -> Walked:
    """Walks all targets through the same demand.

    Args:
        demand: (days, items, paths) units wanted.
        start: Stock, what is on its way, and how many days do not count.
        terms: Supply as the ordering takes it.
        levels: Of every review, the first on the first day.
        due: (reviews, items, paths) days on which the order of each review really arrives.
        whole: (items,) demand comes in whole units.
        unmet: What happens to demand that finds no stock.

    Returns:
        What came of it. A cycle runs from when an order of a review is due to when that of the next
        one is.
    """
    return _Walker(demand, start, terms, levels, due, whole, unmet).run()


class _Walker:
    """The state of a walk; arrays are (targets, items, paths) where nothing else is said."""

    def __init__(  # noqa: PLR0917 - as walk
        self,
        demand: Matrix,
        start: Start,
        terms: Terms,
        levels: Levels,
        due: Days,
        whole: Mask,
        unmet: Unmet,
    ) -> None:
        _days, items, paths = demand.shape
        targets = levels.level.shape[2]
        self.demand, self.start, self.terms, self.levels = demand, start, terms, levels
        self.whole, self.lost = whole, unmet == "lost"
        self.shape = (targets, items, paths)
        self.stock = np.broadcast_to(start.stock, self.shape).copy()
        self.on_order = np.zeros(self.shape)
        self.due = due
        placed_on = np.arange(len(due))[:, None, None] * terms.review
        longest = int((due - placed_on).max(initial=0))
        self.coming = np.zeros((longest + 1, targets, items * paths))  # by day, modulo its length
        self.placed: list[tuple[Matrix, Days]] = []  # of the last reviews, the latest first
        # Units on their way at the start that arrive before each day.
        shape = (1, items) if start.arriving is None else start.arriving.shape
        arriving = np.zeros(shape) if start.arriving is None else start.arriving
        self.arrived = np.vstack([np.zeros((1, items)), np.cumsum(arriving, axis=0)])

    def run(self) -> Walked:
        days, items, _paths = self.demand.shape
        first = self.start.first_counted
        short_sum, held, orders, served = (np.zeros(self.shape) for _ in range(4))
        cycles = np.zeros(items)
        in_cycle = np.zeros(self.shape, dtype=np.bool_)
        until_order = (self.terms.lead_time % self.terms.review).astype(np.int64)
        for day in range(days):
            self._receive(day)
            if day % self.terms.review == 0:
                quantity = self._order(day)
                if day >= first:
                    orders += quantity > 0
            short = self._serve(day)
            in_cycle |= short > 0
            if day >= first:
                short_sum += short
                held += self.stock.clip(0)
            ended = np.flatnonzero((day + 1 - until_order) % self.terms.review == 0)
            if ended.size:
                if day + 1 - self.terms.review >= first:
                    served[:, ended] += ~in_cycle[:, ended]
                    cycles[ended] += 1
                in_cycle[:, ended] = False
        wanted = self.demand[first:].sum(axis=0)
        return Walked(wanted, short_sum, held, orders, served, cycles)

    def _receive(self, day: int) -> None:
        slot = self.coming[day % len(self.coming)].reshape(self.shape)
        self.stock += slot
        self.on_order -= slot
        slot[...] = 0
        if day + 1 < len(self.arrived):
            self.stock += (self.arrived[day + 1] - self.arrived[day])[:, None]

    def _serve(self, day: int) -> Matrix:
        """Takes the demand of a day off the stock and tells what was short."""
        wanted = self.demand[day]
        there = self.stock.clip(0)
        short = (wanted - there).clip(0)
        self.stock -= wanted
        if self.lost:
            self.stock += short
        return np.asarray(short)

    def _order(self, day: int) -> Matrix:
        review = day // self.terms.review
        end = self.terms.lead_time + self.terms.review
        position = self.stock + self.on_order + self._initial(day, day, day + end)[:, None]
        later_on = self._available_later(day) if self.lost else []
        raw = self.levels.ordered(review, [position, *later_on], self.whole)
        quantity = order_quantity(raw.clip(0), position, self.terms, self.whole)
        due = self.due[review]
        now = due <= day
        if now.any():
            at_once = np.where(now, quantity, 0.0)
            self.stock += at_once
            later = quantity - at_once
        else:
            later = quantity
        self.on_order += later
        slot, cell = (due % len(self.coming)).ravel(), np.arange(due.size)
        for target, units in enumerate(later.reshape(len(later), -1)):
            self.coming[slot, target, cell] += units
        if self.lost:
            self.placed.insert(0, (later, due))
            del self.placed[len(self.levels.ahead) - 2 :]
        return quantity

    def _available_later(self, day: int) -> list[Matrix]:
        """What arrives from each moment after now on: (targets, items, paths) for each."""
        end = day + self.terms.lead_time + self.terms.review
        coming = np.zeros(self.shape)
        available = []
        for moment in range(1, len(self.levels.ahead) - 1):
            if moment <= len(self.placed):
                units, due = self.placed[moment - 1]
                coming = coming + np.where(due > day, units, 0.0)
            from_then = self._initial(day, day + self.levels.ahead[moment], end)[:, None]
            available.append(coming + from_then)
        return [*available, np.zeros(self.shape)]

    def _initial(self, day: int, start: Days | int, stop: Days) -> Matrix:
        """(items,) units on their way since the start that arrive after ``day``, in the days."""
        last, items = len(self.arrived) - 1, np.arange(self.shape[1])
        first = np.minimum(np.maximum(start, day + 1), last)
        return np.asarray(
            self.arrived[np.maximum(np.minimum(stop, last), first), items]
            - self.arrived[first, items]
        )
