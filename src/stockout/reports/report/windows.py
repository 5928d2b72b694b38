"""Stockouts and lost sales of a stretch of the history, to compare one with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.demand.periods import DAYS_PER_PERIOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_costs import LostSales

    Vector = NDArray[np.float64]

WINDOW_DAYS = 28
"""Four weeks: each weekday as often, and near a month."""


@dataclass(frozen=True)
class Window:
    """What happened in a stretch of periods; None is not known."""

    stockout_rate: float | None  # time out of stock as a share of known active time
    lost_units: float
    lost_revenue: float | None  # None where no price is known
    lost_low: float | None  # 90 % interval of the lost revenue
    lost_high: float | None
    loss_rate: float | None  # lost as a share of what was wanted: of money, without prices of units
    loss_low: float | None
    loss_high: float | None


def last_windows(found: LostSales, days: int = WINDOW_DAYS) -> tuple[Window, Window | None]:
    """The last stretch of the history, and the one before where there is a whole one.

    Args:
        found: Lost sales.
        days: Length of a stretch.
    """
    periods = found.history.periods
    length = max(1, days // DAYS_PER_PERIOD[found.history.freq])
    last = window(found, max(0, periods - length), periods)
    return last, window(found, periods - 2 * length, periods - length) if (
        periods >= 2 * length
    ) else None


def window(found: LostSales, first: int, stop: int) -> Window:
    """Figures of the periods from row ``first`` to before row ``stop``."""
    history, of = found.history, found.losses
    rows = slice(first, stop)
    known = found.active[rows] & ~np.isnan(history.share[rows])
    away = np.where(known, 1 - history.share[rows], 0).sum(dtype=np.float64)
    cell = np.flatnonzero((of.t >= first) & (of.t < stop))
    price = found.prices.usual
    priced = not np.isnan(price).all()
    weight = np.nan_to_num(of.price[cell]) if priced else np.ones(cell.size)
    group = np.zeros(cell.size, dtype=np.int64)
    lost = float((np.nan_to_num(of.lost[cell]) * weight).sum())
    low, high = (float(end[0]) for end in found.lost_interval(cell, weight, group, 1))
    worth = np.nan_to_num(price) if priced else np.ones(price.size)
    sold = float((np.where(found.active[rows], history.units[rows], 0) * worth).sum())
    rates = [_share(amount, sold) for amount in (lost, low, high)]
    return Window(
        stockout_rate=float(away / known.sum()) if known.any() else None,
        lost_units=float(np.nansum(of.lost[cell])),
        lost_revenue=lost if priced else None,
        lost_low=low if priced else None,
        lost_high=high if priced else None,
        loss_rate=rates[0] if known.any() else None,
        loss_low=rates[1] if known.any() else None,
        loss_high=rates[2] if known.any() else None,
    )


def _share(lost: float, sold: float) -> float | None:
    return lost / (lost + sold) if lost + sold > 0 else None
