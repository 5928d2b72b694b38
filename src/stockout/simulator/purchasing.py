"""Purchase orders from the planner's wish to the delivery, with what goes wrong in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream
from stockout.simulator.suppliers import LONGEST_LEAD_TIME, lead_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.parameters import Parameters


@dataclass(frozen=True)
class PurchaseLog:
    """Purchase order lines (P,); days count from the first simulated day."""

    item: NDArray[np.int64]
    order_day: NDArray[np.int64]
    promised_day: NDArray[np.int64]
    received_day: NDArray[np.int64]  # when it arrives, also after the end of the history
    wanted: NDArray[np.int64]  # units before anything was struck off
    ordered: NDArray[np.int64]  # units
    received: NDArray[np.int64]  # units
    held_up: NDArray[np.bool_]  # the delivery met an extraordinary delay


@dataclass(frozen=True)
class SkippedLog:
    """Orders that were due, and not placed because the planner missed the day."""

    item: NDArray[np.int64]
    day: NDArray[np.int64]
    wanted: NDArray[np.int64]  # units


class Purchasing:
    """Open orders of all items, and the log of all orders."""

    def __init__(self, parameters: Parameters, assortment: Assortment, days: int) -> None:
        self.parameters = parameters
        self.pack_size = np.repeat(assortment.pack_size, assortment.locations)
        self.moq = np.repeat(assortment.moq, assortment.locations)
        self.supplier = np.repeat(assortment.supplier, assortment.locations)
        self.location = assortment.item_location
        suppliers = assortment.suppliers
        self.promised_days = suppliers.lead_time[self.supplier]
        self.order_weekdays = suppliers.order_weekdays
        self.short_probability = suppliers.short_probability[self.supplier]
        self.lead_time, self.held_up = lead_times(parameters, suppliers, days, assortment.locations)
        shape = self.lead_time.shape
        misses = stream(parameters.seed, "missed order days").random(shape)
        self.missed = misses < parameters.skip_probability
        items = len(assortment.rate)
        self.on_order = np.zeros(items, dtype=np.int64)
        self.arriving = np.zeros((LONGEST_LEAD_TIME + 1, items), dtype=np.int64)
        self.expected = np.zeros((LONGEST_LEAD_TIME + 1, items), dtype=np.int64)
        self.lines: list[tuple[NDArray[np.generic], ...]] = []
        self.skipped: list[tuple[NDArray[np.generic], ...]] = []

    def receive(self, day: int) -> NDArray[np.int64]:
        """Takes in what arrives today; a short delivery closes its line."""
        slot = day % len(self.arriving)
        received: NDArray[np.int64] = self.arriving[slot].copy()
        self.on_order -= self.expected[slot]
        self.arriving[slot] = self.expected[slot] = 0
        return received

    def launch(
        self, day: int, items: NDArray[np.int64], target: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The first delivery of new items, ordered in good time; returns the units."""
        units = self._rounded(np.maximum(target, 1.0), items)
        today = np.full(len(items), day)
        on_time = np.zeros(len(items), dtype=bool)
        self.lines.append(
            (items, today - self.promised_days[items], today, today, units, units, units, on_time)
        )
        return units

    def order(
        self,
        day: int,
        wanted: NDArray[np.float64],
        *,
        allowed: NDArray[np.bool_],
        weekday: int,
        rng: np.random.Generator,
    ) -> None:
        """Places the day's orders with the suppliers that take orders on this weekday.

        Args:
            day: The day.
            wanted: Units that the position is below the order-up-to level (N,).
            allowed: Whether the item may be ordered at all (N,).
            weekday: Weekday of the day, Monday is 0.
            rng: The day's random numbers.
        """
        count = len(wanted)
        struck, short, share = rng.random(count), rng.random(count), rng.random(count)
        taken = self.order_weekdays[self.supplier, weekday]
        items = np.flatnonzero(taken & allowed & (wanted > 0))
        units = self._rounded(wanted[items], items)
        missed = self.missed[day, self.supplier[items], self.location[items]]
        self.skipped.append((items[missed], np.full(missed.sum(), day), units[missed]))
        items, units = items[~missed], units[~missed]
        pack = self.pack_size[items]
        half = units // 2 // pack * pack
        cut = (struck[items] < self.parameters.cut_probability) & (half >= self.moq[items])
        ordered = np.where(cut, half, units)
        low, high = self.parameters.short_low, self.parameters.short_high
        part = np.floor(ordered * (low + (high - low) * share[items])).astype(np.int64)
        is_short = (short[items] < self.short_probability[items]) & (part >= 1)
        received = np.where(is_short, part, ordered)
        where = (day, self.supplier[items], self.location[items])
        arrival = day + self.lead_time[where]
        slot = arrival % len(self.arriving)
        self.arriving[slot, items] += received
        self.expected[slot, items] += ordered
        self.on_order[items] += ordered
        self.lines.append(
            (
                items,
                np.full(len(items), day),
                day + self.promised_days[items],
                arrival,
                units,
                ordered,
                received,
                self.held_up[where],
            )
        )

    def _rounded(self, wanted: NDArray[np.float64], items: NDArray[np.int64]) -> NDArray[np.int64]:
        pack = self.pack_size[items]
        packs = np.ceil(np.maximum(wanted, self.moq[items]) / pack - 1e-9)
        return np.asarray(packs.astype(np.int64) * pack, dtype=np.int64)

    def log(self) -> PurchaseLog:
        """All order lines so far, in the order they were placed."""
        return PurchaseLog(*(np.concatenate(column) for column in zip(*self.lines, strict=True)))

    def skipped_log(self) -> SkippedLog:
        """All orders that were missed."""
        return SkippedLog(*(np.concatenate(column) for column in zip(*self.skipped, strict=True)))
