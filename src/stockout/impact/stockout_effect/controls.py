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

from stockout.impact.stockout_effect.exposure import dose, pair_days
from stockout.impact.stockout_effect.landmarks import BEFORE, RECENT, WINDOW
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

    landmarks: Matrix  # (rows, landmarks) which landmark
    features: dict[str, Vector]  # what the customer was like
    expectation: Matrix  # (rows, k) how exposed they would be expected to be, and how wanted

    @property
    def all(self) -> Matrix:
        """(rows, k) everything."""
        columns = np.column_stack(list(self.features.values()))
        return np.column_stack([self.landmarks, columns, _powers(self.features), self.expectation])

    @property
    def without_features(self) -> Matrix:
        """(rows, k) what the balance of the features is judged given."""
        return np.column_stack([self.landmarks, self.expectation])


def _powers(features: dict[str, Vector]) -> Matrix:
    often, silent, rate = features["frequency"], features["recency"], features["habit"]
    recent = features["recent orders"]
    return np.column_stack([often**2, silent**2, often * silent, recent * often, rate**2])


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
    rate = dose(seen, habit.rate, np.ones(habit.rate.size))
    features = {
        "frequency": np.log(seen.orders_before),
        "recency": np.log1p(seen.start - seen.last_day),
        "recent orders": np.log1p(seen.orders_recent),
        "last orders": np.log1p(seen.orders_last),
        "tenure": np.log1p(seen.tenure),
        "concentration": seen.concentration,
        "habit": np.log(rate + _TINY),
    }
    last, item = seen.last_day[seen.pair_row], seen.pair_item
    since = out.out[seen.start[seen.pair_row], item] - out.out[last, item]
    that_day = out.out[last + 1, item] - out.out[last, item]
    columns = [dose(seen, habit.share, that_day)]
    before = (-WINDOW, 0), (-RECENT, 0), (-BEFORE, 0)
    for days in (since, *(pair_days(seen, out.out, *span) for span in before)):
        columns += [dose(seen, habit.rate, days), dose(seen, habit.share, days)]
    for each in (_long_run(seen, out, window), _size(seen, bought, out)):
        of_pair = each[seen.landmark[seen.pair_row], item]
        columns += [dose(seen, habit.rate, of_pair), dose(seen, habit.share, of_pair)]
    for start in (-WINDOW, window):
        wanted = _surge(seen, bought, out, start)[seen.landmark[seen.pair_row], item]
        mean = dose(seen, habit.share, wanted)
        columns += [mean, mean**2]
    if bought.promoted is not None:
        total = running(bought.promoted)
        columns.append(dose(seen, habit.share, pair_days(seen, total, window, window + WINDOW)))
    return Controls(np.eye(len(seen.starts))[seen.landmark], features, np.column_stack(columns))


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
