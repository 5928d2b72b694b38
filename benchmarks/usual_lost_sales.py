"""The usual estimates of lost sales, to compare with: each from sales and stockout days alone.

Every method gets (days, items) matrices: units sold, days wholly in stock, days with a stockout.
What it says was lost is what it expects of a day less what the day sold, never below zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

WINDOW = 28
_STEPS = 60


class Days(NamedTuple):
    """What the methods see."""

    sold: Matrix
    full: Flags  # wholly in stock
    out: Flags  # with a stockout
    empty: Flags  # wholly out of stock


def as_sold(days: Days) -> Matrix:
    """Sales are taken for demand: nothing is lost."""
    return np.zeros(days.sold.shape)


def in_stock_mean(days: Days) -> Matrix:
    """The item's mean over days wholly in stock."""
    return _beyond(days, np.broadcast_to(_mean(days.sold, days.full), days.sold.shape))


def seasonal_ratio(days: Days) -> Matrix:
    """In-stock mean of four weeks around each day, times the weekday's index over all items."""
    index = _weekday_index(days)
    sold, full = np.where(days.full, days.sold, 0), days.full * index[:, None]
    near = _divide(_around(sold), _around(full))
    level = np.where(_around(full) > 0, near, _divide(sold.sum(axis=0), full.sum(axis=0)))
    return _beyond(days, level * index[:, None])


def tobit(days: Days) -> Matrix:
    """Normal demand of the item's mean and variance; a stockout day's sale is a lower bound."""
    index = _weekday_index(days)[:, None]
    limit = np.where(days.out, days.sold, 0) / index
    mean, sd = _mean(days.sold, days.full), np.full(days.sold.shape[1], 1.0)
    for _ in range(_STEPS):
        z = (limit - mean) / sd
        hazard = np.exp(-0.5 * z**2 - special.log_ndtr(-z)) / np.sqrt(2 * np.pi)
        first = np.where(days.out, mean + sd * hazard, days.sold / index)
        spread = np.where(days.out, sd**2 * np.maximum(1 + z * hazard - hazard**2, 0), 0)
        mean = first.mean(axis=0)
        sd = np.sqrt(np.maximum(((first - mean) ** 2 + spread).mean(axis=0), 1e-6))
    return _beyond(days, first * index)


def kaplan_meier(days: Days) -> Matrix:
    """Demand beyond what a stockout day sold, by the product-limit estimate of the item's days."""
    lost = np.zeros(days.sold.shape)
    for item in range(days.sold.shape[1]):
        use = days.full[:, item] | (days.out & ~days.empty)[:, item]
        seen, closed = days.sold[use, item], days.full[use, item]
        if not closed.any():
            continue
        value = np.unique(seen)
        at_risk = (seen[:, None] >= value).sum(axis=0)
        events = ((seen[:, None] == value) & closed[:, None]).sum(axis=0)
        survival = np.cumprod(1 - events / at_risk)  # P(X > value)
        step = np.append(np.diff(value), 0)
        # E[X - c | X > c]: the area under the survival from c on; all that is left at the end
        beyond = np.cumsum((survival * step)[::-1])[::-1]
        mean = value[0] + beyond[0]
        rows = np.flatnonzero(days.out[:, item])
        place = np.clip(np.searchsorted(value, days.sold[rows, item], "right") - 1, 0, None)
        rest = np.where(survival[place] > 0, beyond[place] / np.maximum(survival[place], 1e-9), 0)
        lost[rows, item] = np.where(days.empty[rows, item], mean, rest)
    return lost


def em_poisson(days: Days) -> Matrix:
    """A Poisson rate an item, times the weekday's index; stockout days are lower bounds."""
    index = _weekday_index(days)[:, None]
    rate = _mean(days.sold, days.full)
    for _ in range(_STEPS):
        mean = np.maximum(rate * index, 1e-9)
        least = np.where(days.out & ~days.empty, days.sold, 0)
        below = special.gammainc(np.maximum(least, 1), mean)
        alive = np.where(least > 0, below, 1)
        more = np.where(least > 1, special.gammainc(np.maximum(least - 1, 1), mean), 1)
        expected = np.where(alive > 1e-9, mean * more / np.maximum(alive, 1e-9), least)
        rate = np.where(days.out, expected, days.sold).mean(axis=0) / index.mean()
    return _beyond(days, expected)


METHODS: dict[str, Callable[[Days], Matrix]] = {
    "sales as they are": as_sold,
    "in-stock mean": in_stock_mean,
    "seasonal in-stock ratio": seasonal_ratio,
    "Tobit": tobit,
    "Kaplan-Meier": kaplan_meier,
    "EM Poisson": em_poisson,
}


def _beyond(days: Days, expected: Matrix) -> Matrix:
    return np.where(days.out, np.maximum(expected - days.sold, 0), 0)


def _mean(sold: Matrix, use: Flags) -> Matrix:
    return _divide(np.where(use, sold, 0).sum(axis=0), use.sum(axis=0))


def _divide(above: Matrix, below: Matrix) -> Matrix:
    return np.asarray(above / np.where(below > 0, below, 1))


def _weekday_index(days: Days) -> Matrix:
    """(days,) index of each day's weekday, mean 1 over the week, from days wholly in stock."""
    weekday = np.arange(len(days.sold)) % 7
    level = _mean(days.sold, days.full)
    sold = np.bincount(weekday, np.where(days.full, days.sold, 0).sum(axis=1), 7)
    index = sold / np.bincount(weekday, (days.full * level).sum(axis=1), 7)
    return np.asarray((index / index.mean())[weekday])


def _around(values: Matrix) -> Matrix:
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    t = np.arange(len(values))
    last = np.minimum(t + WINDOW // 2 + 1, len(values))
    return np.asarray(total[last] - total[np.maximum(t - WINDOW // 2, 0)])
