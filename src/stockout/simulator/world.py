"""The shops, day by day: deliveries, customers, stock corrections, orders.

A day runs: deliveries in the morning; waiting customers first; then the day's purchases in the
order of their time of day; those thwarted turn to something else, wait or go; at closing time
returns, stock counts, scrap and transfers; at night the planner orders. Everything random comes
from streams that do not depend on what the planner does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.planner import Planner
from stockout.simulator.purchasing import Purchasing
from stockout.simulator.randomness import stream
from stockout.simulator.shopping import Shopping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.parameters import Parameters
    from stockout.simulator.purchasing import PurchaseLog, SkippedLog
    from stockout.simulator.setting import Setting
    from stockout.simulator.shopping import ShoppingLog

_CLEARANCE_DAYS = 7  # what is left a week after a SKU's end is scrapped
_DOWNWARDS = 0.7  # stock counts find less more often than more (theft, breakage)
_TRANSFER_GAP = 4  # a transfer evens out locations that are this many units apart


@dataclass(frozen=True)
class Days:
    """What happened to each item on each day (T, N), in units; T is warm-up and history."""

    on_hand: NDArray[np.int32]  # at the end of the day
    on_order: NDArray[np.int32]  # ordered and not received, at the end of the day
    in_stock_share: NDArray[np.float32]  # share of the opening hours with stock
    forecast: NDArray[np.float32]  # the planner's forecast of a day, before the day
    received: NDArray[np.int32]
    sold: NDArray[np.int32]
    returned: NDArray[np.int32]
    adjusted: NDArray[np.int32]
    scrapped: NDArray[np.int32]  # at most 0
    transferred: NDArray[np.int32]


@dataclass(frozen=True)
class World:
    """Everything that happened in one run."""

    safety_factor: float
    days: Days
    shopping: ShoppingLog
    purchases: PurchaseLog
    skipped: SkippedLog

    def stockout_rate(self, setting: Setting) -> float:
        """Share of the active item-days of the history that ended without stock."""
        first = setting.parameters.warmup_days
        active = setting.alive(first, setting.total_days)
        empty = self.days.on_hand[first:] == 0
        return float((empty & active).sum() / max(active.sum(), 1))


def run_world(setting: Setting, safety_factor: float) -> World:
    """Runs the shops through warm-up and history.

    Args:
        setting: The business; of its demand the planner knows no more than sales and some of the
            promotions.
        safety_factor: Of the planner's safety stock, in standard deviations.

    Returns:
        The days, sales, purchase orders and leavers.
    """
    parameters, assortment = setting.parameters, setting.assortment
    total = setting.total_days
    days = _empty_days(total, len(assortment.rate))
    planner = Planner(parameters, assortment, setting.demand, safety_factor)
    purchasing = Purchasing(parameters, assortment, total)
    shopping = Shopping(parameters, assortment, setting.lines, setting.customers)
    active_from = np.repeat(assortment.active_from, assortment.locations)
    active_to = np.repeat(assortment.active_to, assortment.locations)
    on_hand = np.where(active_from < 0, planner.first_stock(), 0)
    for day in range(total):
        rng = stream(parameters.seed, "day", day)
        days.forecast[day] = planner.forecast
        received = purchasing.receive(day)
        launched = np.flatnonzero(active_from == day)
        if len(launched):
            first = planner.order_up_to(day)[launched]
            received[launched] += purchasing.launch(day, launched, first)
        shops = shopping.day(day, on_hand + received, days)
        days.received[day], days.sold[day] = received, shops.sold
        days.returned[day] = shops.returned
        change = _at_closing_time(setting, shops.on_hand + shops.returned, day, rng)
        days.adjusted[day], days.scrapped[day], days.transferred[day] = change
        on_hand = shops.on_hand + shops.returned + sum(change)
        days.on_hand[day] = on_hand
        listed = day >= active_from
        planner.learn(day, shops.sold, undisturbed=(days.in_stock_share[day] >= 1) & listed)
        wanted = planner.order_up_to(day) - on_hand - purchasing.on_order + shops.owed
        purchasing.order(
            day,
            wanted,
            allowed=listed & (day < active_to),
            weekday=(setting.demand.first_weekday + day) % 7,
            rng=rng,
        )
        days.on_order[day] = purchasing.on_order
    return World(
        safety_factor=safety_factor,
        days=days,
        shopping=shopping.log(),
        purchases=purchasing.log(),
        skipped=purchasing.skipped_log(),
    )


def _empty_days(total: int, items: int) -> Days:
    def units() -> NDArray[np.int32]:
        return np.zeros((total, items), dtype=np.int32)

    return Days(
        on_hand=units(),
        on_order=units(),
        in_stock_share=np.ones((total, items), dtype=np.float32),
        forecast=np.zeros((total, items), dtype=np.float32),
        received=units(),
        sold=units(),
        returned=units(),
        adjusted=units(),
        scrapped=units(),
        transferred=units(),
    )


def _at_closing_time(
    setting: Setting, on_hand: NDArray[np.int64], day: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Units that stock counts, scrap and transfers change the stock by (N,) each."""
    parameters, locations = setting.parameters, setting.assortment.locations
    active_to = np.repeat(setting.assortment.active_to, locations)
    counted, direction, spoils = rng.random((3, len(on_hand)))
    step = np.where(direction < _DOWNWARDS, -1, 1)
    adjusted = np.where((counted < parameters.adjustment_rate) & (on_hand > 0), step, 0)
    left = on_hand + adjusted
    spoilt = (spoils < parameters.scrap_rate) & (left > 0)
    scrapped = np.where(day >= active_to + _CLEARANCE_DAYS, -left, -spoilt.astype(np.int64))
    return adjusted, scrapped, _transfers(parameters, left + scrapped, locations, rng)


def _transfers(
    parameters: Parameters, on_hand: NDArray[np.int64], locations: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Now and then a third of the difference between the fullest and the emptiest location."""
    stock = on_hand.reshape(-1, locations)
    moved = rng.random(len(stock)) < parameters.transfer_rate
    gap = stock.max(axis=1) - stock.min(axis=1)
    rows = np.flatnonzero(moved & (gap >= _TRANSFER_GAP))
    change = np.zeros_like(stock)
    units = gap[rows] // 3
    change[rows, stock[rows].argmax(axis=1)] = -units
    change[rows, stock[rows].argmin(axis=1)] = units
    return change.ravel()
