"""What everybody means to buy, day by day, before anything happens in the shops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.simulator.assortment import Family
from stockout.simulator.customers import GUEST
from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.customers import Population
    from stockout.simulator.demand import MeanDemand
    from stockout.simulator.parameters import Parameters

_TINY = 1e-9  # traffic of a day on which shops are closed


@dataclass(frozen=True)
class Lines:
    """Every purchase meant, one row each (M,), sorted by day, item and time of day.

    They are what would be bought if nothing were ever missing and nobody left: drawn before
    anything happens in the shops, the same for every policy.
    """

    starts: NDArray[np.int64]  # (F + 1,) rows of day t: starts[t]:starts[t + 1]
    item: NDArray[np.int32]
    customer: NDArray[np.int32]  # GUEST, regular customer c, or C + b for business customer b
    units: NDArray[np.int32]
    visit: NDArray[np.int32]  # number of the basket
    time: NDArray[np.float32]  # share of the opening hours that had passed
    notice: NDArray[np.int16]  # days the order was known ahead (business customers)

    @property
    def day(self) -> NDArray[np.int64]:
        """Day of each line (M,)."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def of_items(self, items: NDArray[np.int64], total: int) -> Lines:
        """Only the purchases of these items, renumbered in this order (of ``total`` items)."""
        number = np.full(total, -1)
        number[items] = np.arange(len(items))
        kept = np.flatnonzero(number[self.item] >= 0)
        return Lines(
            starts=np.searchsorted(kept, self.starts),
            item=number[self.item[kept]].astype(np.int32),
            customer=self.customer[kept],
            units=self.units[kept],
            visit=self.visit[kept],
            time=self.time[kept],
            notice=self.notice[kept],
        )


def draw_lines(
    parameters: Parameters, assortment: Assortment, demand: MeanDemand, population: Population
) -> Lines:
    """Draws every purchase meant on every day.

    A regular customer makes a trip with probability ``trip_rate x traffic`` and on it buys each
    favourite with its habit's probability x (the item's mean today / an ordinary day's mean).
    Guests bring what is missing to the item's mean. Negative binomial items multiply both by a
    gamma(k) factor of the day; intermittent items are bought several at a time.
    """
    world = _Draws(parameters, assortment, demand, population)
    days = [world.day(day) for day in range(len(demand.mean))]
    return Lines(
        starts=np.concatenate([[0], np.cumsum([len(day.item) for day in days])]),
        item=np.concatenate([day.item for day in days]),
        customer=np.concatenate([day.customer for day in days]),
        units=np.concatenate([day.units for day in days]),
        visit=np.concatenate([day.visit for day in days]),
        time=np.concatenate([day.time for day in days]),
        notice=np.concatenate([day.notice for day in days]),
    )


class _DayLines(NamedTuple):
    item: NDArray[np.int32]
    customer: NDArray[np.int32]
    units: NDArray[np.int32]
    visit: NDArray[np.int32]
    time: NDArray[np.float32]
    notice: NDArray[np.int16]


class _Draws:
    """Draws one day after the other; what does not change from day to day is computed once."""

    def __init__(
        self,
        parameters: Parameters,
        assortment: Assortment,
        demand: MeanDemand,
        population: Population,
    ) -> None:
        self.parameters = parameters
        self.demand = demand
        self.population = population
        self.size = np.repeat(assortment.size, assortment.locations)
        self.location = assortment.item_location
        self.locations = assortment.locations
        self.rate = assortment.rate / self.size
        family = np.repeat(assortment.family, assortment.locations)
        self.overdispersed = np.flatnonzero(family == Family.NEGATIVE_BINOMIAL)
        self.dispersion = np.repeat(assortment.dispersion, assortment.locations)[self.overdispersed]
        self.favourite_customer = population.favourite_customer
        self.favourites = np.diff(population.offsets)
        self.visits = 0

    def day(self, day: int) -> _DayLines:
        rng = stream(self.parameters.seed, "lines", day)
        purchases = self.demand.mean[day] / self.size
        shape = self.dispersion
        purchases[self.overdispersed] *= rng.gamma(shape, 1 / shape) if len(shape) else 1.0
        regular_item, regular_customer, expected = self._regulars(day, purchases, rng)
        guests = rng.poisson(np.maximum(purchases - expected, 0.0))
        guest_item = np.repeat(np.arange(len(guests)), guests)
        guest_customer, guest_visit = self._guests(guest_item, rng)
        customers, trip = np.unique(regular_customer, return_inverse=True)
        item = np.concatenate([regular_item, guest_item])
        customer = np.concatenate([regular_customer, guest_customer])
        visit = np.concatenate([trip, guest_visit + len(customers)])
        numbers, visit = np.unique(visit, return_inverse=True)
        time = rng.random(len(numbers), dtype=np.float32)[visit]
        low, high = self.parameters.order_days_low, self.parameters.order_days_high
        notice = rng.integers(low, high + 1, len(numbers))[visit]
        notice[customer < len(self.population.location)] = 0
        units = 1 + rng.poisson(self.size[item] - 1)
        visit += self.visits
        self.visits += len(numbers)
        return _merged(
            _DayLines(
                item=item.astype(np.int32),
                customer=customer.astype(np.int32),
                units=units.astype(np.int32),
                visit=visit.astype(np.int32),
                time=time,
                notice=notice.astype(np.int16),
            )
        )

    def _regulars(
        self, day: int, purchases: NDArray[np.float64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        people = self.population
        traffic = self.demand.traffic[day]
        there = (people.first_day <= day) & (day <= people.last_day)
        chance = np.minimum(people.trip_rate * traffic, 1.0) * there
        usual = purchases / (self.rate * max(traffic, _TINY))
        habit = np.minimum(people.favourite_probability * usual[people.favourite_item], 1.0)
        expected = np.bincount(
            people.favourite_item,
            weights=habit * chance[self.favourite_customer],
            minlength=len(purchases),
        ).astype(np.float64)
        travelling = rng.random(len(chance)) < chance
        favourite = np.flatnonzero(travelling[self.favourite_customer])
        bought = favourite[rng.random(len(favourite)) < habit[favourite]]
        return people.favourite_item[bought], self.favourite_customer[bought], expected

    def _guests(
        self, item: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Customer and basket of each guest line; a few of them are business customers' orders."""
        location = self.location[item]
        lines = np.bincount(location, minlength=self.locations)
        baskets = np.ceil(lines / self.parameters.guest_lines).astype(np.int64)
        first = np.cumsum(baskets) - baskets
        visit = first[location] + (rng.random(len(item)) * baskets[location]).astype(np.int64)
        business = rng.integers(0, self.parameters.business_customers, len(item))
        ordered = rng.random(len(item)) < self.parameters.order_share
        customer = np.where(ordered, len(self.population.location) + business, GUEST)
        order = baskets.sum() + location * self.parameters.business_customers + business
        return customer, np.where(ordered, order, visit)


def _merged(lines: _DayLines) -> _DayLines:
    """Sorts by item and time; the same SKU twice in a basket becomes one line."""
    order = np.lexsort((lines.visit, lines.time, lines.item))
    item, visit = lines.item[order], lines.visit[order]
    first = np.ones(len(item), dtype=bool)
    first[1:] = (item[1:] != item[:-1]) | (visit[1:] != visit[:-1])
    rows = np.flatnonzero(first)
    units = lines.units[order]
    picked = order[rows]
    return _DayLines(
        item=item[rows],
        customer=lines.customer[picked],
        units=np.add.reduceat(units, rows) if len(rows) else units,
        visit=visit[rows],
        time=lines.time[picked],
        notice=lines.notice[picked],
    )
