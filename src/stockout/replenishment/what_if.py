"""All scenarios and targets of a what-if simulation, walked a block of items at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.replenishment.order_rule import Demand, Terms, order_levels
from stockout.replenishment.simulation_figures import Known, Sums
from stockout.replenishment.stock_walk import (
    Start,
    Supply,
    arrival_chances,
    draw_arrivals,
    draw_demand,
    draw_levels,
    starting_stock,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stockout.replenishment.order_rule import Levels, Targets
    from stockout.replenishment.scenarios import Scenario
    from stockout.replenishment.simulation_figures import Money
    from stockout.replenishment.stock_walk import Walked
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

NEXT, LONG_RUN = "next", "long run"
"""The two windows: from the stock of as-of, and as if the policy had been in force for long."""

_BLOCK = 64  # items walked at a time: keeps the arrays in the cache; part of what a seed means
_WARM_UP_DAYS = 56  # and two protection periods at least, before the days of the long run count
_LEVEL, _DEMAND, _BEFORE, _LUCK, _LUCK_BEFORE, _START = range(6)  # generators of their own


class Stand(NamedTuple):
    """How the items stand; one entry an item, days and units, nan where there is none."""

    mean: Matrix  # (days, items) expected demand of each day after as-of
    noise: Matrix  # variance-to-mean ratio of a sum of it
    level_variance: Matrix  # relative variance of its level
    whole: NDArray[np.bool_]  # it comes in whole units
    stock: Matrix  # on hand and free; nan where it is not known
    arriving: Matrix  # (days, items) open purchases
    lead_time: Matrix  # days
    lead_time_sd: Matrix  # days
    review: Indices  # days, 1 or more
    moq: Matrix
    pack_size: Matrix
    max_stock: Matrix
    group: Indices  # which group the item is in
    money: Money

    def part(self, items: Indices) -> Stand:
        """Some of the items."""
        return Stand(
            self.mean[:, items],
            self.noise[items],
            self.level_variance[items],
            self.whole[items],
            self.stock[items],
            self.arriving[:, items],
            self.lead_time[items],
            self.lead_time_sd[items],
            self.review[items],
            self.moq[items],
            self.pack_size[items],
            self.max_stock[items],
            self.group[items],
            self.money.of(items),
        )


class Draws(NamedTuple):
    """How much is drawn, and how."""

    days: int  # that count
    paths: int
    seed: int
    unmet: Unmet


def what_if(
    stand: Stand,
    targets: Targets,
    scenarios: Sequence[Scenario],
    outages: Sequence[Matrix],
    draws: Draws,
) -> dict[tuple[int, str], tuple[Sums, Known]]:
    """Walks every scenario under every target, in both windows.

    Args:
        stand: How the items stand.
        targets: Targets side by side.
        scenarios: What changes.
        outages: Of each scenario, (items,) days in which the item's supplier works on nothing.
        draws: How much is drawn.

    Returns:
        By index of the scenario and window: what the paths come to, and of how many items the
        money is known. Items of unknown stock are in the long run only, and a window without items
        is left out, as is the long run of a scenario that happens once.
    """
    groups = int(stand.group.max()) + 1
    has_stock = ~np.isnan(stand.stock)
    items = {NEXT: np.flatnonzero(has_stock), LONG_RUN: np.arange(has_stock.size)}
    found = {
        (index, window): (
            Sums(targets.level.shape[0], groups, draws.paths, draws.days),
            Known.of(stand.part(items[window]).money, stand.group[items[window]], groups),
        )
        for index, world in enumerate(scenarios)
        for window in (NEXT, LONG_RUN)
        if items[window].size and (window == NEXT or world.is_lasting)
    }
    for number, block in enumerate(_blocks(stand)):
        part = stand.part(block)
        stopped = [days[block] for days in outages]
        walker = _Block(part, targets.of(block), scenarios, stopped, draws, number)
        for key, walked, rows in walker.walked():
            counted = part.part(rows)
            found[key][0].add(walked, counted.money, counted.group)
    return found


def _blocks(stand: Stand) -> Iterator[Indices]:
    """Items that are reviewed together, those of like lead time beside each other."""
    order = np.lexsort((stand.lead_time, stand.review))
    for same in np.split(order, np.flatnonzero(np.diff(stand.review[order])) + 1):
        for first in range(0, same.size, _BLOCK):
            yield same[first : first + _BLOCK]


class _Case(NamedTuple):
    """A scenario, worked out for some items."""

    terms: Terms  # supply as the ordering takes it
    levels: Levels  # of every review, those of the warm-up first
    chances: Matrix  # of arrival, as supply really is
    reviews: Indices  # days from the start of the warm-up
    warm_up: int  # days, of whole reviews; 0 where there is no long run
    before: Matrix  # (warm_up, items) real demand expected in it
    outage: Matrix  # (items,) days


class _Block:
    """Items with one review period, in all scenarios."""

    def __init__(  # noqa: PLR0917 - as what_if
        self,
        stand: Stand,
        targets: Targets,
        scenarios: Sequence[Scenario],
        outages: Sequence[Matrix],
        draws: Draws,
        number: int,
    ) -> None:
        self.stand, self.targets, self.scenarios, self.outages = stand, targets, scenarios, outages
        self.draws, self.number = draws, number
        self.level = draw_levels(stand.level_variance, draws.paths, self._rng(_LEVEL))

    def walked(self) -> Iterator[tuple[tuple[int, str], Walked, Indices]]:
        """Which scenario and window, what came of it, and of which items of the block.

        The days that count draw the same in all scenarios and windows, so that these differ by what
        they are, not by their draws.
        """
        demand = np.zeros((0, 0, 0))
        drawn_for = None
        everyone = np.arange(self.stand.stock.size)
        stocked = np.flatnonzero(~np.isnan(self.stand.stock))
        for index, world in enumerate(self.scenarios):
            if world.demand != drawn_for:
                mean = world.demand * self.stand.mean[: self.draws.days]
                demand, drawn_for = self._drawn(mean, _DEMAND), world.demand
            case = self._case(index)
            if stocked.size:
                yield (index, NEXT), self._next(demand, case, stocked), stocked
            if world.is_lasting:
                yield (index, LONG_RUN), self._long_run(demand, case), everyone

    def _case(self, index: int) -> _Case:
        world = self.scenarios[index]
        supply, review = self._supply(world)
        terms = self._terms(world, supply, review)
        longest = int(terms.lead_time.max()) + review
        days = max(_WARM_UP_DAYS, 2 * longest) if world.is_lasting else 0
        warm_up = -(-days // review) * review
        # Before as-of each week is like the first one after it.
        week = self.stand.mean[:7]
        before = week[np.arange(-warm_up, 0) % len(week)]
        mean = np.vstack([before, self.stand.mean]) * (world.demand if world.planned else 1.0)
        expected = Demand(
            np.vstack([np.zeros((1, week.shape[1])), np.cumsum(mean, axis=0)]),
            self.stand.noise,
            self.stand.level_variance,
            self.stand.whole,
        )
        reviews = np.arange(0, warm_up + self.draws.days, review)
        levels = order_levels(expected, terms, self.targets, reviews, self.draws.unmet)
        chances = arrival_chances(supply)
        return _Case(
            terms, levels, chances, reviews, warm_up, world.demand * before, self.outages[index]
        )

    def _next(self, demand: Matrix, case: _Case, rows: Indices) -> Walked:
        luck = self._luck(self.draws.days + len(case.chances), _LUCK)
        first = case.warm_up // case.terms.review
        placed_on = case.reviews[first:] - case.warm_up
        waits = (case.outage[:, None] - placed_on[:, None, None]).clip(0).astype(np.int64)
        due = draw_arrivals(case.chances, luck, placed_on) + waits
        part = self.stand.part(rows)
        return walk(
            demand[:, rows],
            Start(part.stock[:, None], _stopped(part.arriving, case.outage[rows]), 0),
            case.terms.of(rows),
            case.levels.of(rows, first),
            due[:, rows],
            whole=part.whole,
            unmet=self.draws.unmet,
        )

    def _long_run(self, demand: Matrix, case: _Case) -> Walked:
        whole = self.stand.whole
        start = starting_stock(
            case.levels.level[0, 0], case.terms, whole, self._rng(_START), self.draws.paths
        )
        luck = [
            self._luck(case.warm_up, _LUCK_BEFORE),
            self._luck(self.draws.days + len(case.chances), _LUCK),
        ]
        return walk(
            np.concatenate([self._drawn(case.before, _BEFORE), demand]),
            Start(start, None, case.warm_up),
            case.terms,
            case.levels,
            draw_arrivals(case.chances, np.concatenate(luck), case.reviews),
            whole=whole,
            unmet=self.draws.unmet,
        )

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.draws.seed, self.number, purpose])

    def _drawn(self, mean: Matrix, purpose: int) -> Matrix:
        stand = self.stand
        return draw_demand(mean, self.level, stand.noise, stand.whole, self._rng(purpose))

    def _luck(self, days: int, purpose: int) -> Matrix:
        return self._rng(purpose).random((days, *self.level.shape))

    def _supply(self, world: Scenario) -> tuple[Supply, int]:
        """How supply really is in a scenario, and the days between reviews."""
        stand = self.stand
        mean, sd = stand.lead_time, stand.lead_time_sd
        if world.lead_time is not None:
            changed = world.lead_time.of(mean)
            if world.lead_time.how == "times":  # the bad days are so much longer, too
                sd = sd * world.lead_time.by
            mean = changed
        if world.lead_time_sd_days is not None:
            sd = np.full_like(sd, world.lead_time_sd_days)
        review = int(stand.review[0])
        if world.review_days is not None:
            review = max(1, round(world.review_days))
        return Supply(mean, sd), review

    def _terms(self, world: Scenario, supply: Supply, review: int) -> Terms:
        """Supply as the ordering takes it."""
        stand = self.stand
        known = supply if world.planned else Supply(stand.lead_time, stand.lead_time_sd)
        return Terms(
            np.rint(known.lead_time).astype(np.int64),
            known.lead_time_sd,
            review,
            stand.moq,
            stand.pack_size,
            stand.max_stock,
        )


def _stopped(arriving: Matrix, outage: Matrix) -> Matrix:
    """Open purchases, late by as many days as their supplier works on nothing."""
    if not outage.any():
        return arriving
    late = np.zeros((len(arriving) + int(outage.max()), outage.size))
    day = np.arange(len(arriving))[:, None] + outage.astype(np.int64)
    late[day, np.arange(outage.size)] = arriving
    return late
