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
from stockout.impact.stockout_effect.purchases import within

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
    """Purchases a day that are expected while the item is in stock, of each pair of the panel."""

    rate: Vector  # (pairs,)
    total: Vector  # (rows,) of all of a row's items together
    everybody: Matrix  # (landmarks, items) of all rows together
    later: Bought  # what the rates were calibrated with

    @property
    def per_total(self) -> Vector:
        """(rows,) what makes a rate a share of the row's purchases."""
        out = np.zeros_like(self.total)
        return np.asarray(np.divide(1.0, self.total, out=out, where=self.total > 0))


def habits(seen: Panel, bought: Purchases, out: OutDays) -> Habits:
    """Estimates the habits of every row.

    Args:
        seen: The panel.
        bought: Purchases.
        out: Days out of stock.
    """
    later = bought_in_window(seen, bought, out)
    span = np.maximum(seen.seen, 1)
    in_stock = 1 - window_days(seen, out.out, -BEFORE, 0) / BEFORE
    in_stock = np.maximum(in_stock, _LEAST_IN_STOCK)
    there = WINDOW - window_days(seen, out.out, 0, WINDOW)
    silent = (seen.start - seen.last_day) * seen.orders_before / span
    silence = np.digitize(silent, _SILENCE_BINS)
    often = np.digitize(seen.orders_before, _ORDER_BINS)
    kinds = np.arange((_COUNT_BINS.size + 1) * (_ORDER_BINS.size + 1) * (_SILENCE_BINS.size + 1))
    kind, rate = np.empty(seen.pair_cell.size, dtype=np.uint8), np.empty(seen.pair_cell.size)
    told, said = np.zeros((2, kinds.size))
    for part in seen.at_each():
        own, row, item = part.pairs, part.row, part.item
        count = seen.pair_count[own]
        rate[own] = count / (in_stock[part.place, item] * span[part.rows][row])
        of_count = np.digitize(count, _COUNT_BINS) * (_ORDER_BINS.size + 1)
        group = of_count + often[part.rows][row]
        kind[own] = group * (_SILENCE_BINS.size + 1) + silence[part.rows][row]
        told += np.bincount(kind[own], later.pairs[own], kinds.size)
        said += np.bincount(kind[own], rate[own] * there[part.place, item], kinds.size)
    rate *= _calibration(told, said, np.divmod(kinds, _SILENCE_BINS.size + 1))[kind]
    cells = seen.by_cell(rate)
    total, everybody = (np.asarray(cells.sum(axis=axis), np.float64) for axis in (1, 0))
    return Habits(rate, total, everybody.reshape(there.shape), later)


class Bought(NamedTuple):
    """Purchases of the panel's customers in the exposure windows."""

    pairs: NDArray[np.uint8]  # (pairs,) days on which each pair was bought
    halves: Matrix  # (2, landmarks, items) those of all pairs in each half of the window
    others: Matrix  # (landmarks, items) of customers who had not bought the item before
    on_part_days: int  # of the pairs' days those on which the item was out for a part of the day


def bought_in_window(seen: Panel, bought: Purchases, out: OutDays) -> Bought:
    """Counts purchases in the exposure windows.

    Args:
        seen: The panel.
        bought: Purchases.
        out: Days out of stock.
    """
    people, items = len(bought.customers), bought.items.height
    pairs = np.zeros(seen.pair_cell.size, dtype=np.uint8)
    others = np.zeros((len(seen.starts), items))
    halves, on_part_days = np.zeros((2, *others.shape)), 0
    daily = out.daily
    some = (daily > 0) & (daily < 1)
    for part in seen.at_each():
        lines = within(bought.line_day, part.start, part.start + WINDOW)
        row = part.row_of(seen, people)[bought.line_customer[lines]]
        inside = row >= 0
        item, day = bought.line_item[lines][inside], bought.line_day[lines][inside]
        key, wanted = part.row * items + part.item, row[inside] * items + item
        at = np.minimum(np.searchsorted(key, wanted), max(key.size - 1, 0))
        known = key[at] == wanted
        pairs[part.pairs] = np.bincount(at[known], minlength=key.size)
        others[part.place] = np.bincount(item[~known], minlength=items)
        second = day >= part.start + WINDOW // 2
        for half, here in enumerate((known & ~second, known & second)):
            halves[half, part.place] = np.bincount(item[here], minlength=items)
        on_part_days += int(some[day, item][known].sum())
    return Bought(pairs, halves, others, on_part_days)


def _calibration(bought: Vector, expected: Vector, groups: tuple[Codes, ...]) -> Vector:
    """(kinds,) factor, a product of one for each group, that makes expected sums right."""
    factor = np.ones(bought.size)
    for _ in range(_PASSES):
        for group in groups:
            size = int(group.max(initial=0)) + 1
            told = np.bincount(group, bought, size)
            said = np.bincount(group, expected * factor, size)
            factor *= np.divide(told, said, out=np.ones(size), where=said > 0)[group]
    return factor


def dose(seen: Panel, weight: Vector, *days: Matrix) -> Matrix:
    """(rows, k) sums over each row's items of weight times days, one a kind of days.

    Args:
        seen: The panel.
        weight: (pairs,) purchases a day.
        days: (landmarks, items) days out of stock of each item in the landmark's window.
    """
    return np.asarray(seen.by_cell(weight) @ np.column_stack([each.ravel() for each in days]))


def window_days(seen: Panel, total: Matrix, start: int, stop: int) -> Matrix:
    """(landmarks, items) sum of each item between two days relative to the landmark.

    Args:
        seen: The panel.
        total: (days + 1, items) running sum.
        start: First day.
        stop: Day after the last.
    """
    return np.asarray(total[seen.starts + stop] - total[seen.starts + start])


def pair_days(seen: Panel, total: Matrix, start: int, stop: int) -> Vector:
    """(pairs,) those days of each pair's item."""
    return np.asarray(window_days(seen, total, start, stop).ravel()[seen.pair_cell])
