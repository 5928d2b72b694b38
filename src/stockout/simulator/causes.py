"""Stockout episodes and why they happened, as only the simulator can know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.purchasing import PurchaseLog
    from stockout.simulator.setting import Setting
    from stockout.simulator.world import World


class Cause(IntEnum):
    """Why an item ran out, in the order in which causes count."""

    LATE_SUPPLIER = 0
    SHORT_DELIVERY = 1
    PROMOTION = 2  # one that nobody had ordered for
    FORECAST_ERROR = 3  # more was wanted than the planner's forecast, promotions aside
    ORDERED_TOO_LATE = 4  # an order day was missed
    ORDERED_TOO_LITTLE = 5  # an order was cut, or the planner's safety factor is negative
    UNATTRIBUTED = 6  # nothing of these took a unit


_OF_SUPPLIERS = 2
_LEAST = 1.0  # units that count as more than nothing: demand comes in whole units


@dataclass(frozen=True)
class Episodes:
    """Runs of days that ended without stock (E,); days count from the first simulated day."""

    item: NDArray[np.int64]
    first_day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    is_open: NDArray[np.bool_]  # still without stock on the last day of the history
    missing: NDArray[np.float64]  # (E, 6) units that each cause took from the stock
    chance: NDArray[np.float64]  # units wanted beyond mean demand, part of the forecast error
    cause: NDArray[np.int64]  # Cause


def find_episodes(setting: Setting, world: World, latent: NDArray[np.int32]) -> Episodes:
    """Finds the episodes that reach into the history and attributes each to one cause.

    What came late, short, not ordered or struck off counts with the units that would have been
    there on the first day but for it; a promotion and the forecast with the units by which demand
    of the protection period that ends on the first day went beyond the plan. A late supplier is the
    cause where a unit or more was due, else a short delivery, else the largest of the others; none
    of them where not one took a unit.

    Args:
        setting: The business.
        world: What happened.
        latent: Units wanted (T, N).
    """
    total = setting.total_days
    out = (world.days.on_hand == 0) & setting.alive(0, total)
    padded = np.zeros((out.shape[1], total + 2), dtype=np.int8)
    padded[:, 1:-1] = out.T
    change = np.diff(padded, axis=1)
    item, first_day = np.nonzero(change == 1)
    last_day = np.nonzero(change == -1)[1] - 1
    kept = last_day >= setting.parameters.warmup_days
    item, first_day, last_day = item[kept], first_day[kept], last_day[kept]
    late, short, too_late, cut = _failures(setting.assortment, world, item, first_day)
    promotion, forecast_error, chance = _excesses(setting, world, latent, (item, first_day))
    too_little = cut + _thrift(setting, world, item, first_day)
    missing = np.column_stack([late, short, promotion, forecast_error, too_late, too_little])
    cause = _OF_SUPPLIERS + missing[:, _OF_SUPPLIERS:].argmax(axis=1)
    cause[missing[:, _OF_SUPPLIERS:].max(axis=1, initial=0.0) < _LEAST] = Cause.UNATTRIBUTED
    cause[short >= _LEAST] = Cause.SHORT_DELIVERY
    cause[late >= _LEAST] = Cause.LATE_SUPPLIER
    return Episodes(item, first_day, last_day, last_day == total - 1, missing, chance, cause)


def _failures(
    assortment: Assortment,
    world: World,
    item: NDArray[np.int64],
    day: NDArray[np.int64],
) -> tuple[NDArray[np.float64], ...]:
    """Units missing on each item's day through late, short, missed and cut orders.

    A late line is missing from its promised day until it arrives. What a short or cut line lacks
    is missing from its arrival, and a missed order from the day it would have been due, until the
    next order of the item arrives, which makes up for it.
    """
    orders, skipped = world.purchases, world.skipped
    promised_days = assortment.promised_days[skipped.item // assortment.locations]
    gaps = (
        _Gaps(orders.item, orders.promised_day, orders.received_day, orders.received),
        _Gaps(
            orders.item,
            orders.received_day,
            _next_arrival(orders, orders.item, orders.received_day - 1),
            orders.ordered - orders.received,
        ),
        _Gaps(
            skipped.item,
            skipped.day + promised_days,
            _next_arrival(orders, skipped.item, skipped.day),
            skipped.wanted,
        ),
        _Gaps(
            orders.item,
            orders.received_day,
            _next_arrival(orders, orders.item, orders.order_day),
            orders.wanted - orders.ordered,
        ),
    )
    return tuple(each.missing(item, day) for each in gaps)


_SPAN = 1 << 20  # more days than any simulation has; item * _SPAN + day sorts by item, then day


def _next_arrival(
    orders: PurchaseLog, item: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Arrival of the first order of the item placed after the day; a far day if there is none."""
    if not len(orders.item):
        return np.full(len(item), _SPAN - 1)
    key = orders.item * _SPAN + np.maximum(orders.order_day, 0)
    order = np.argsort(key, kind="stable")
    place = np.searchsorted(key[order], item * _SPAN + day, side="right")
    inside = order[np.minimum(place, len(order) - 1)]
    found = (place < len(order)) & (orders.item[inside] == item)
    return np.where(found, orders.received_day[inside], _SPAN - 1)


class _Gaps(NamedTuple):
    """Units that an item's stock lacks on the days ``start <= day < stop``."""

    item: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    units: NDArray[np.int64]

    def missing(self, item: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.float64]:
        """Units that these items lack on these days, by two sorted running sums."""
        real = (self.units > 0) & (self.stop > self.start)
        units, key = self.units[real], item * _SPAN + day

        def passed(moment: NDArray[np.int64]) -> NDArray[np.int64]:
            keys = self.item[real] * _SPAN + np.maximum(moment[real], 0)
            order = np.argsort(keys, kind="stable")
            running = np.concatenate([[0], np.cumsum(units[order])])
            return np.asarray(running[np.searchsorted(keys[order], key, side="right")])

        # Gaps of items before this one are in both sums, because every stop is below the span.
        return (passed(self.start) - passed(self.stop)).astype(np.float64)


def _excesses(
    setting: Setting,
    world: World,
    latent: NDArray[np.int32],
    cell: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.float64], ...]:
    """Demand of the protection period up to the day beyond the plan.

    Returns:
        Units that promotions which nobody had planned for add on average; units wanted beyond the
        planner's forecast, what promotions add on average taken off; and of the latter, units
        wanted beyond mean demand.
    """
    item, day = cell
    assortment, demand = setting.assortment, setting.demand
    total, locations = len(latent), assortment.locations
    begin = np.maximum(day + 1 - assortment.protection_days[item // locations], 0)

    def window(values: NDArray[np.float64]) -> NDArray[np.float64]:
        running = np.zeros((total + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=running[1:])
        return np.asarray(running[day + 1, item] - running[begin, item])

    mean = demand.mean[:total]
    promoted = np.repeat(demand.promotion[:total], locations, axis=1)
    unplanned = promoted & ~np.repeat(demand.planned[:total], locations, axis=1)
    lift = mean * (1 - 1 / assortment.uplift)
    forecast = world.days.forecast[begin, item] * (day + 1 - begin)
    return (
        window(lift * unplanned),
        window(latent - lift * promoted) - forecast,
        window(latent - mean),
    )


def _thrift(
    setting: Setting,
    world: World,
    item: NDArray[np.int64],
    day: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Units by which a negative safety factor keeps the order-up-to level below mean demand."""
    assortment, factor = setting.assortment, min(world.safety_factor, 0.0)
    horizon = assortment.protection_days[item // assortment.locations]
    mean = world.days.forecast[day, item] * horizon
    level = np.maximum(
        mean + factor * np.sqrt(setting.parameters.variance_ratio * mean), mean * np.exp(factor)
    )
    return np.asarray(mean - level, dtype=float)
