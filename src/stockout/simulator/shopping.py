"""What happens in the shops on a day: purchases, and what customers do when something is missing.

Each thwarted purchase of a guest or regular customer turns, by its own random number, to another
SKU of the category, or waits, or is lost; of a lost purchase a regular customer may leave for
good. Business customers always wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.parameters import Parameters
    from stockout.simulator.purchases_meant import Lines
    from stockout.simulator.world import Days

_LAST_RETURN_DAYS = 28


class SaleKind(IntEnum):
    """How a sale came about."""

    OWN = 0  # what was wanted, when it was wanted
    SUBSTITUTE = 1  # instead of something that was missing
    WAITED = 2  # what was wanted, later


@dataclass(frozen=True)
class ShoppingLog:
    """Sales (K,), returns (R,), leavers, and what became of each purchase meant (M,)."""

    sale_day: NDArray[np.int64]
    sale_item: NDArray[np.int64]
    sale_line: NDArray[np.int64]  # the purchase meant, a row of Lines
    sale_units: NDArray[np.int64]
    sale_kind: NDArray[np.int64]  # SaleKind
    return_day: NDArray[np.int64]
    return_sale: NDArray[np.int64]  # row of the sale that comes back
    left_day: NDArray[np.int64]  # (C,) day a regular customer left because of a stockout, or -1
    left_line: NDArray[np.int64]  # (C,) the lost purchase that made them leave, or -1
    came: NDArray[np.bool_]  # (M,) the customer had not left
    own: NDArray[np.int32]  # (M,) units bought as wanted
    substituted: NDArray[np.int32]  # (M,) units of something else bought instead
    waited: NDArray[np.int32]  # (M,) units bought later
    waiting: NDArray[np.int32]  # (M,) units still waited for at the end


@dataclass(frozen=True)
class DayResult:
    """What a day in the shops did to the items (N,), in units."""

    on_hand: NDArray[np.int64]  # at closing time, before returns
    sold: NDArray[np.int64]
    returned: NDArray[np.int64]
    owed: NDArray[np.int64]  # overdue orders of business customers


class Shopping:
    """Customers who still come, those who wait, and goods on their way back."""

    def __init__(
        self, parameters: Parameters, assortment: Assortment, lines: Lines, customers: int
    ) -> None:
        self.parameters = parameters
        self.lines = lines
        self.customers = customers
        self.items = len(assortment.rate)
        self.shelf = _Shelf(assortment)
        rng = stream(parameters.seed, "reactions")
        count = len(lines.item)
        self.reaction = rng.random(count, dtype=np.float32)
        self.choice = rng.random(count, dtype=np.float32)
        self.faith = rng.random(count, dtype=np.float32)
        comes_back = rng.random(count, dtype=np.float32) < parameters.return_share
        lag = np.ceil(rng.exponential(parameters.return_days, count))
        self.return_lag = (np.clip(lag, 1, _LAST_RETURN_DAYS) * comes_back).astype(np.int16)
        # One place more than customers: a guest has number -1, finds the last, and never leaves.
        self.left_day = np.full(customers + parameters.business_customers + 1, -1)
        self.left_line = np.full(len(self.left_day), -1)
        self.came = np.zeros(count, dtype=bool)
        self.own = np.zeros(count, dtype=np.int32)
        self.substituted = np.zeros(count, dtype=np.int32)
        self.waited = np.zeros(count, dtype=np.int32)
        self.queue = np.zeros((3, 0), dtype=np.int64)  # line, units, day
        self.back = np.zeros((4, 0), dtype=np.int64)  # day, sale, item, units
        nothing = np.zeros(0, dtype=np.int64)
        self.sales = [(nothing,) * 5]  # day, item, line, units, SaleKind
        self.returns: list[NDArray[np.int64]] = []
        self.sold_lines = 0

    def day(self, day: int, on_hand: NDArray[np.int64], days: Days) -> DayResult:
        """Runs one day.

        Args:
            day: The day.
            on_hand: Stock when the shops open (N,), units.
            days: Where the share of the day in stock is noted.

        Returns:
            Stock, sales and returns of the day.
        """
        opening = on_hand
        on_hand = self._serve_waiting(day, on_hand)
        rows = slice(self.lines.starts[day], self.lines.starts[day + 1])
        came = self.left_day[self.lines.customer[rows]] < 0
        self.came[rows] = came
        line = np.flatnonzero(came) + rows.start
        item, units, time = self.lines.item[line], self.lines.units[line], self.lines.time[line]
        served = serve(item, units, on_hand)
        on_hand = on_hand - np.bincount(item, served, self.items).astype(np.int64)
        self.own[line] = served
        self._sell(day, item, line, served, SaleKind.OWN)
        last = np.zeros(self.items, dtype=np.float32)
        last[item[served > 0]] = time[served > 0]  # sorted by time: the latest one stays
        thwarted = served < units
        on_hand = self._react(day, line[thwarted], (units - served)[thwarted], on_hand, last)
        days.in_stock_share[day] = np.where(on_hand > 0, 1.0, last)
        return DayResult(
            on_hand=on_hand,
            sold=opening - on_hand,
            returned=self._take_back(day),
            owed=self._owed(),
        )

    def _serve_waiting(self, day: int, on_hand: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those who waited longest are first; those who waited too long are gone."""
        line, units, since = self.queue
        customer = self.lines.customer[line]
        given_up = (day - since > self.parameters.patience_days) & (customer < self.customers)
        given_up |= self.left_day[customer] >= 0
        self._lose(day, line[given_up])
        line, units, since = self.queue[:, ~given_up]
        order = np.argsort(self.lines.item[line], kind="stable")
        line, units, since = line[order], units[order], since[order]
        item = self.lines.item[line]
        served = serve(item, units, on_hand)
        self.waited[line] += served.astype(np.int32)
        self._sell(day, item, line, served, SaleKind.WAITED)
        kept = np.stack([line, units - served, since])[:, served < units]
        self.queue = kept[:, np.lexsort((kept[0], kept[2]))]
        return on_hand - np.bincount(item, served, self.items).astype(np.int64)

    def _react(
        self,
        day: int,
        line: NDArray[np.int64],
        units: NDArray[np.int64],
        on_hand: NDArray[np.int64],
        last: NDArray[np.float32],
    ) -> NDArray[np.int64]:
        """Substitute, wait or lose; returns the stock after substitutes were taken."""
        settings = self.parameters
        business = self.lines.customer[line] >= self.customers
        reaction = self.reaction[line]
        turns = ~business & (reaction < settings.substitute_share)
        waits = ~turns & (reaction < settings.substitute_share + settings.wait_share) | business
        queued = np.stack([line[waits], units[waits], np.full(waits.sum(), day)])
        self.queue = np.concatenate([self.queue, queued], axis=1)
        self._lose(day, line[~turns & ~waits])

        line, units = line[turns], units[turns]
        other = self.shelf.choose(self.lines.item[line], self.choice[line], on_hand, day)
        self._lose(day, line[other < 0])
        line, units, other = line[other >= 0], units[other >= 0], other[other >= 0]
        order = np.lexsort((self.lines.time[line], other))
        line, units, other = line[order], units[order], other[order]
        served = serve(other, units, on_hand)
        self.substituted[line] = served
        self._sell(day, other, line, served, SaleKind.SUBSTITUTE)
        np.maximum.at(last, other[served > 0], self.lines.time[line][served > 0])
        self._lose(day, line[served < units])
        return on_hand - np.bincount(other, served, self.items).astype(np.int64)

    def _lose(self, day: int, line: NDArray[np.int64]) -> None:
        """Purchases are lost; some regular customers leave for good (the first loss counts)."""
        customer = self.lines.customer[line]
        regular = (customer >= 0) & (customer < self.customers)
        leaves = regular & (self.faith[line] < self.parameters.leave_probability)
        leaves &= self.left_day[customer] < 0
        leavers, first = np.unique(customer[leaves], return_index=True)
        self.left_day[leavers] = day
        self.left_line[leavers] = line[leaves][first]

    def _sell(
        self,
        day: int,
        item: NDArray[np.int32] | NDArray[np.int64],
        line: NDArray[np.int64],
        served: NDArray[np.int64],
        kind: SaleKind,
    ) -> None:
        sold = np.flatnonzero(served > 0)
        count = len(sold)
        if not count:
            return
        rows = line[sold]
        self.sales.append(
            (
                np.full(count, day),
                item[sold].astype(np.int64),
                rows,
                served[sold],
                np.full(count, int(kind)),
            )
        )
        lag = self.return_lag[rows].astype(np.int64)
        back = np.flatnonzero(lag)
        due = (day + lag[back], self.sold_lines + back, item[sold][back], served[sold][back])
        self.back = np.concatenate([self.back, np.stack(due)], axis=1)
        self.sold_lines += count

    def _take_back(self, day: int) -> NDArray[np.int64]:
        today = self.back[0] == day
        _, sale, item, units = self.back[:, today]
        self.back = self.back[:, ~today]
        self.returns.append(np.stack([np.full(len(sale), day), sale]))
        return np.bincount(item, units, self.items).astype(np.int64)

    def _owed(self) -> NDArray[np.int64]:
        line, units, _ = self.queue
        business = self.lines.customer[line] >= self.customers
        item = self.lines.item[line[business]]
        return np.bincount(item, units[business], self.items).astype(np.int64)

    def log(self) -> ShoppingLog:
        """Everything that happened so far."""
        day, item, line, units, kind = (
            np.concatenate(column) for column in zip(*self.sales, strict=True)
        )
        back = np.concatenate(self.returns, axis=1)
        waiting = np.zeros_like(self.waited)
        waiting[self.queue[0]] = self.queue[1]
        return ShoppingLog(
            sale_day=day,
            sale_item=item,
            sale_line=line,
            sale_units=units,
            sale_kind=kind,
            return_day=back[0],
            return_sale=back[1],
            left_day=self.left_day[: self.customers],
            left_line=self.left_line[: self.customers],
            came=self.came,
            own=self.own,
            substituted=self.substituted,
            waited=self.waited,
            waiting=waiting,
        )


class _Shelf:
    """Where a customer looks for something similar: same location, same category, in stock."""

    def __init__(self, assortment: Assortment) -> None:
        categories = int(assortment.category.max()) + 1
        category = assortment.category[assortment.item_sku]
        group = assortment.item_location * categories + category
        self.group = group
        self.order = np.argsort(group, kind="stable")
        bounds = np.arange(assortment.locations * categories)
        self.first = np.searchsorted(group[self.order], bounds, side="left")
        self.end = np.searchsorted(group[self.order], bounds, side="right")
        self.rate = assortment.rate
        self.active_from = np.repeat(assortment.active_from, assortment.locations)
        self.active_to = np.repeat(assortment.active_to, assortment.locations)

    def choose(
        self,
        item: NDArray[np.int32],
        chance: NDArray[np.float32],
        on_hand: NDArray[np.int64],
        day: int,
    ) -> NDArray[np.int64]:
        """An item that is there, drawn by the items' rates; -1 where there is none."""
        listed = (self.active_from <= day) & (day <= self.active_to)
        weight = np.where((on_hand > 0) & listed, self.rate, 0.0)[self.order]
        total = np.concatenate([[0.0], np.cumsum(weight)])
        group = self.group[item]
        low, high = total[self.first[group]], total[self.end[group]]
        place = np.searchsorted(total[1:], low + chance * (high - low), side="right")
        place = np.minimum(place, self.end[group] - 1)
        return np.where(high > low, self.order[place], -1)


def serve(
    item: NDArray[np.int32] | NDArray[np.int64],
    units: NDArray[np.int32] | NDArray[np.int64],
    on_hand: NDArray[np.int64],
) -> NDArray[np.int64]:
    """First come, first served.

    Args:
        item: Item of each purchase (n,), sorted, within an item by arrival.
        units: Units wanted (n,).
        on_hand: Stock of all items (N,).

    Returns:
        Units that each purchase gets (n,); the last one may get a part.

    >>> serve(np.array([0, 0, 0, 2]), np.array([2, 2, 1, 1]), np.array([3, 9, 0]))
    array([2, 1, 0, 0])
    """
    if not len(item):
        return np.zeros(0, dtype=np.int64)
    before = np.cumsum(units, dtype=np.int64) - units
    first = np.ones(len(item), dtype=bool)
    first[1:] = item[1:] != item[:-1]
    before -= np.maximum.accumulate(np.where(first, before, 0))
    return np.clip(on_hand[item] - before, 0, units)
