"""Purchases that found nothing: how many a day out of stock thwarts.

A day out of stock is rarely a usual day: stock runs out when more is wanted. How much more is read
off the purchases of the same customers while the item was there: in the same window for days that
were wholly out, on the very days for those on which it ran out. Surges begin stockouts, and long
stockouts outlast them: of a surge as much is taken to last while nothing is there as lasts from one
half of the window into the other. This scales the count of thwarted purchases; what identifies the
effect remains the days out of stock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.exposure import dose, window_days
from stockout.impact.stockout_effect.landmarks import WINDOW
from stockout.impact.stockout_effect.purchases import running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.exposure import Habits
    from stockout.impact.stockout_effect.landmarks import Panel
    from stockout.impact.stockout_effect.out_days import OutDays

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

_HALVES = (0, WINDOW // 2), (WINDOW // 2, WINDOW)


class Thwarted(NamedTuple):
    """Expected thwarted purchases of the exposure windows."""

    days: Matrix  # (landmarks, items) usual days' worth of purchases that are thwarted
    rows: Vector  # (rows,) by habit, rate times days: what identifies the effect
    others: Matrix  # (landmarks, items) of customers who had not bought the item before
    others_rows: Vector  # (rows,) the same, divided by how much a customer buys

    @property
    def total(self) -> Vector:
        """(rows,) all thwarted purchases of a customer-landmark."""
        return self.rows + self.others_rows


def thwarted(seen: Panel, out: OutDays, habit: Habits) -> Thwarted:
    """Estimates thwarted purchases.

    Args:
        seen: The panel.
        out: Days out of stock.
        habit: Habits of the panel.
    """
    daily, later = out.daily, habit.later
    some = (daily > 0) & (daily < 1)
    while_there = running(np.where(some, 1 - daily, 0.0))
    gone = window_days(seen, out.out, 0, WINDOW)
    part = window_days(seen, out.part, 0, WINDOW)
    there = [stop - start - window_days(seen, out.out, start, stop) for start, stop in _HALVES]
    surge = _lasting_surge(later.halves, [habit.everybody * days for days in there])
    expected = (habit.everybody * window_days(seen, while_there, 0, WINDOW)).sum()
    that_day = max(later.on_part_days / expected, 1.0) if expected > 0 else 1.0
    days = surge * (gone - part) + that_day * part
    stocked = (WINDOW - gone).sum(axis=0)
    a_day = later.others.sum(axis=0) / np.maximum(stocked, 1.0)
    others = a_day * days
    everybody = habit.everybody.sum(axis=1)
    a_purchase = np.divide(
        others.sum(axis=1), everybody, out=np.zeros_like(everybody), where=everybody > 0
    )
    return Thwarted(
        days=days,
        rows=dose(seen, habit.rate, days)[:, 0],
        others=others,
        others_rows=habit.total * a_purchase[seen.landmark],
    )


def _lasting_surge(actual: Matrix, usual: list[Matrix]) -> Matrix:
    """(landmarks, items) demand over what is usual, as far as it lasts.

    Purchases are Poisson about a gamma-distributed level, of mean 1, that the halves of the window
    share. Its variance is the covariance of the halves; the level of each item is its posterior
    mean (Robbins 1956; Clayton & Kaldor 1987, Biometrics 43, 671-681).

    Args:
        actual: (2, landmarks, items) purchases of each half, while the item was there.
        usual: Those that habits expect while the item was there.
    """
    first, second = (now - then for now, then in zip(actual, usual, strict=True))
    both = float((usual[0] * usual[1]).sum())
    variance = max(float((first * second).sum()) / both, 0.0) if both > 0 else 0.0
    told, said = actual[0] + actual[1], usual[0] + usual[1]
    return np.asarray((1 + variance * told) / (1 + variance * said))
