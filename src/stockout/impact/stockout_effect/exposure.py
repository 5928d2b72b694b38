"""Exposure: purchases that a stockout is expected to thwart, by the customer's habit before.

Never by who came and found nothing: who comes often sees more empty shelves. A habit is the rate at
which a customer used to buy an item while it was there. A count of few purchases overstates it
where it is high and understates it where it is low, so counts are calibrated: what was bought n
times in 26 weeks, by customers of so many orders, is bought on average at a rate that those
customers themselves show in the exposure windows, on the days on which the item was in stock
(empirical Bayes, Robbins 1956). The orders matter: once in three orders is a habit, once in thirty
is chance.
Likewise for customers of whom nothing was seen for a while. An error of the habit is then not
related to the habit (Berkson), and does not bend the effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.landmarks import BEFORE, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.landmarks import Panel
    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases

    Codes = NDArray[np.int64]
    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

_COUNT_BINS = np.array([2, 3, 4, 6, 9, 14])
_ORDER_BINS = np.array([4, 6, 9, 14, 22])
_SILENCE_BINS = np.array([0.5, 1.0, 1.5, 2.0, 3.0])  # in the customer's own mean gaps
_LEAST_IN_STOCK = 0.25  # of the days; a habit cannot be told from fewer
_PASSES = 8


class Habits(NamedTuple):
    """Purchases a day that are expected of each pair of the panel while the item is in stock."""

    rate: Vector  # (pairs,)
    share: Vector  # (pairs,) of the row's purchases
    foreseen: float  # share of the purchases of the exposure windows that a habit stands behind


def habits(seen: Panel, bought: Purchases, out: OutDays) -> Habits:
    """Estimates the habits of every row.

    Args:
        seen: The panel.
        bought: Purchases.
        out: Days out of stock.
    """
    span = np.maximum(seen.seen, 1)[seen.pair_row]
    in_stock = np.maximum(1 - pair_days(seen, out.out, -BEFORE, 0) / BEFORE, _LEAST_IN_STOCK) * span
    raw = seen.pair_count / in_stock
    later = bought_within(seen, bought, 0, WINDOW)
    there = WINDOW - pair_days(seen, out.out, 0, WINDOW)
    silent = (seen.start - seen.last_day) * seen.orders_before / np.maximum(seen.seen, 1)
    groups = (
        np.digitize(seen.pair_count, _COUNT_BINS) * (_ORDER_BINS.size + 1)
        + np.digitize(seen.orders_before, _ORDER_BINS)[seen.pair_row],
        np.digitize(silent, _SILENCE_BINS)[seen.pair_row],
    )
    rate = raw * _calibration(later.pairs, raw * there, groups)
    total = np.bincount(seen.pair_row, rate, seen.rows)[seen.pair_row]
    share = np.divide(rate, total, out=np.zeros_like(rate), where=total > 0)
    every = later.pairs.sum() + later.others.sum()
    return Habits(rate, share, float(later.pairs.sum() / max(every, 1)))


class Bought(NamedTuple):
    """Purchases of the panel's customers in a window."""

    pairs: Vector  # (pairs,) days on which each pair was bought
    others: Matrix  # (landmarks, items) the same of customers who had not bought the item before
    flagged: Vector  # (pairs,) of the pairs' days those that are flagged


def bought_within(
    seen: Panel, bought: Purchases, start: int, stop: int, flag: NDArray[np.bool_] | None = None
) -> Bought:
    """Counts purchases between two days relative to the landmark.

    Args:
        seen: The panel.
        bought: Purchases.
        start: First day.
        stop: Day after the last.
        flag: (days, items) days to count by themselves.
    """
    items = bought.items.height
    key = seen.pair_row * items + seen.pair_item
    pairs, flagged = np.zeros((2, key.size))
    others = np.zeros((len(seen.starts), items))
    for place, landmark in enumerate(seen.starts.tolist()):
        row_of = np.full(len(bought.customers), -1)
        here = np.flatnonzero(seen.landmark == place)
        row_of[seen.customer[here]] = here
        row, day = row_of[bought.line_customer], bought.line_day
        inside = (row >= 0) & (day >= landmark + start) & (day < landmark + stop)
        item, day = bought.line_item[inside], day[inside]
        wanted = row[inside] * items + item
        at = np.minimum(np.searchsorted(key, wanted), max(key.size - 1, 0))
        known = key[at] == wanted
        pairs += np.bincount(at[known], minlength=key.size)
        others[place] = np.bincount(item[~known], minlength=items)
        if flag is not None:
            flagged += np.bincount(at[known], flag[day, item][known], key.size)
    return Bought(pairs, others, flagged)


def _calibration(bought: Vector, expected: Vector, groups: tuple[Codes, ...]) -> Vector:
    """(pairs,) factor, a product of one for each group, that makes expected sums right."""
    factor = np.ones(bought.size)
    for _ in range(_PASSES):
        for group in groups:
            size = int(group.max(initial=0)) + 1
            told = np.bincount(group, bought, size)
            said = np.bincount(group, expected * factor, size)
            factor *= np.divide(told, said, out=np.ones(size), where=said > 0)[group]
    return factor


def dose(seen: Panel, weight: Vector, days: Vector) -> Vector:
    """(rows,) sum over each row's items of weight times days.

    Args:
        seen: The panel.
        weight: (pairs,) purchases a day, or shares.
        days: (pairs,) days out of stock of the pair's item in the row's window.
    """
    return np.asarray(np.bincount(seen.pair_row, weight * days, seen.rows), dtype=np.float64)


def pair_days(seen: Panel, total: Matrix, start: int, stop: int) -> Vector:
    """(pairs,) sum of each pair's item between two days relative to the landmark.

    Args:
        seen: The panel.
        total: (days + 1, items) running sum.
        start: First day.
        stop: Day after the last.
    """
    day = seen.start[seen.pair_row]
    return np.asarray(total[day + stop, seen.pair_item] - total[day + start, seen.pair_item])
