"""What else differs between customers who met empty shelves and others.

- What they were like: frequency and recency (log, squared, crossed), recent orders, tenure,
  concentration, and how much they buy by habit.
- How often their items were out before: in the 4, 13 and 26 weeks before the landmark, since their
  last order, and on the day of it. Stockouts go on: who was lost before the landmark would
  otherwise count as lost in the window. It is also what their exposure would be expected to be.
- How wanted their items are: stock runs out where demand surges, and in season. Sales to everybody
  on days in stock, before and in the window, relative to the 26 weeks before; promotions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.exposure import dose, window_days
from stockout.impact.stockout_effect.landmarks import BEFORE, RECENT, WINDOW
from stockout.impact.stockout_effect.least_squares import side_by_side
from stockout.impact.stockout_effect.purchases import running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.exposure import Habits
    from stockout.impact.stockout_effect.landmarks import Panel
    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

_USUAL_UNITS = 2.0  # with which an item's usual demand counts against few units
_TINY = 1e-4


class Controls(NamedTuple):
    """Control variables, rows as the panel's."""

    features: dict[str, Vector]  # what the customer was like
    all: Matrix  # (rows, k) landmarks, expectation, features and powers of these, in Fortran order
    given: int  # how many of these columns the balance of the features is judged given

    @property
    def without_features(self) -> Matrix:
        """(rows, given) which landmark, and how exposed they would be expected to be."""
        return self.all[:, : self.given]


def _powers(features: dict[str, Vector]) -> list[Vector]:
    often, silent, rate = features["frequency"], features["recency"], features["habit"]
    recent = features["recent orders"]
    return [often**2, silent**2, often * silent, recent * often, rate**2]


def controls(
    seen: Panel, bought: Purchases, out: OutDays, habit: Habits, *, window: int = 0
) -> Controls:
    """Builds the controls.

    Args:
        seen: The panel.
        bought: Purchases.
        out: Days out of stock.
        habit: Habits.
        window: First day of the exposure window, relative to the landmark.
    """
    features = {
        "frequency": np.log(seen.orders_before),
        "recency": np.log1p(seen.start - seen.last_day),
        "recent orders": np.log1p(seen.orders_recent),
        "last orders": np.log1p(seen.orders_last),
        "tenure": np.log1p(seen.tenure),
        "concentration": seen.concentration,
        "habit": np.log(habit.total + _TINY),
    }
    since, that_day = _since_last_order(seen, out, habit)
    before = [window_days(seen, out.out, -days, 0) for days in (WINDOW, RECENT, BEFORE)]
    of_item = [*before, _long_run(seen, out, window), _size(seen, bought, out)]
    wanted = [_surge(seen, bought, out, start) for start in (-WINDOW, window)]
    if bought.promoted is not None:
        total = running(bought.promoted)
        wanted.append(window_days(seen, total, window, window + WINDOW))
    doses = dose(seen, habit.rate, *of_item, *wanted)
    rates = np.column_stack([since, doses[:, : len(of_item)]])
    means = np.column_stack([that_day, since, doses]) * habit.per_total[:, None]
    surges = means[:, 2 + len(of_item) :][:, :2]
    marks = np.equal.outer(np.arange(len(seen.starts)), seen.landmark)
    parts = [marks.T, rates, means, surges**2]
    given = sum(part.shape[1] for part in parts)
    columns = [*(column for part in parts for column in part.T), *features.values()]
    columns += _powers(features)
    return Controls(features, side_by_side(columns), given)


def _since_last_order(seen: Panel, out: OutDays, habit: Habits) -> tuple[Vector, Vector]:
    """(rows,) doses of the days since the last order, and of the day of it."""
    since, that_day = np.zeros((2, seen.rows))
    for part in seen.at_each():
        rows, last = part.rows, seen.last_day[part.rows][part.row]
        rate, number = habit.rate[part.pairs], part.rows.stop - part.rows.start
        by_then = out.out[last, part.item]
        days = out.out[part.start, part.item] - by_then
        since[rows] = np.bincount(part.row, rate * days, number)
        days = out.out[last + 1, part.item] - by_then
        that_day[rows] = np.bincount(part.row, rate * days, number)
    return since, that_day


def _long_run(seen: Panel, out: OutDays, window: int) -> Matrix:
    """(landmarks, items) share of days out of stock, the exposure window left out."""
    start = seen.starts + window
    gone = out.out[-1] - (out.out[start + WINDOW] - out.out[start])
    known = out.known[-1] - (out.known[start + WINDOW] - out.known[start])
    return np.asarray(np.divide(gone, known, out=np.zeros_like(gone), where=known > 0))


def _size(seen: Panel, bought: Purchases, out: OutDays) -> Matrix:
    """(landmarks, items) log of units sold on a day in stock in the 26 weeks before."""
    sold, day = running(bought.sold), seen.starts
    stocked = BEFORE - (out.out[day] - out.out[day - BEFORE])
    return np.asarray(np.log((sold[day] - sold[day - BEFORE] + 1) / (stocked + 1)))


def _surge(seen: Panel, bought: Purchases, out: OutDays, start: int) -> Matrix:
    """(landmarks, items) log of sales a day in stock over those of the 26 weeks before."""
    sold, day = running(bought.sold), seen.starts

    def stocked(first: int, stop: int) -> Matrix:
        return (stop - first) - (out.out[day + stop] - out.out[day + first])

    usual = (sold[day] - sold[day - BEFORE] + 1) / (stocked(-BEFORE, 0) + 1)
    now = sold[day + start + WINDOW] - sold[day + start]
    expected = usual * stocked(start, start + WINDOW)
    return np.asarray(np.log((now + _USUAL_UNITS) / (expected + _USUAL_UNITS)))
