"""What the global model is told of an item at an origin: its recent past, relative to its level.

Items of a chain differ in size by orders of magnitude and resemble each other in what follows what.
All rates are therefore relative to the item's own level at the origin, so that one model can learn
from all of them. Only observed periods count; a rate of no observed period is nan, which a tree
takes for an answer of its own. A rate is per period of weekday index 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.demand.periods import DAYS_PER_PERIOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

CATEGORICAL = (-3, -2)
"""Places of the features that are codes (category, location), from the end."""

RECENT_DAYS = (7, 14, 28, 56, 112, 364)
"""Windows before the origin whose rates are features."""

YEAR_DAYS = 364  # 52 whole weeks, so that the same weekdays are compared
_LEVEL_DAYS = 56  # the rate of these days is the level that all others are relative to
_PRIOR_DAYS = 28.0  # that the rate of the item's whole life counts for beside them
_LEAST_SOLD = 1.0  # units, added to what was sold: a level is never 0
_WEEK, _MONTH, _QUARTER = 7, 28, 112


class Panel:
    """A history with its running sums: the rate of any window is two subtractions.

    Args:
        history: Its units are demand where observed.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.days = DAYS_PER_PERIOD[history.freq]
        self.weekday = weekday_index(history)
        rows = np.arange(history.periods)
        index = self.weekday[(rows + history.first_period.weekday()) % 7][:, None]
        observed = history.evidence()
        sold = np.where(observed, history.units, 0)
        last = np.maximum.accumulate(np.where(sold > 0, rows[:, None], -1), axis=0)
        self.sold = _before(sold)  # all of them (periods + 1, items), known before each row
        self.season = _before(observed * index)
        self.seen = _before(observed)
        self.busy = _before(sold > 0)
        self.last = np.vstack([np.full((1, sold.shape[1]), -1), last])
        self._everyone = np.arange(sold.shape[1])
        self._codes = [_codes(history, name) for name in ("category", "location")]
        self._price = history.items["mean_price"].fill_null(np.nan).to_numpy().astype(np.float64)

    def level(self, origin: int, items: Indices) -> Matrix:
        """(items,) rate before row ``origin``, shrunk to that of the item's life; never 0."""
        back = max(origin - _LEVEL_DAYS // self.days, 0)
        season = self.season[origin, items] - self.season[back, items]
        sold = self.sold[origin, items] - self.sold[back, items]
        life = (self.sold[origin, items] + _LEAST_SOLD) / (self.season[origin, items] + 1)
        prior = _PRIOR_DAYS / self.days
        return np.asarray((sold + prior * life) / (season + prior))

    def features(self, origin: int, items: Indices, span: int) -> Matrix:
        """(items, features): what is known before row ``origin`` of the next ``span`` rows."""
        own = self.level(origin, items)
        month, quarter = (max(d // self.days, 1) for d in (_MONTH, _QUARTER))
        columns = [np.full(items.size, float(span)), np.log(own)]
        columns += [
            self._rate(origin - days // self.days, origin, items) / own for days in RECENT_DAYS
        ]
        for window in (month, quarter):
            back = max(origin - window, 0)
            seen = self.seen[origin, items] - self.seen[back, items]
            busy = self.busy[origin, items] - self.busy[back, items]
            columns += [seen / window, _share(busy, seen)]
        last = self.last[origin, items]
        columns.append(np.where(last >= 0, origin - last, np.nan))
        columns.append((origin - self.history.start[items]).astype(np.float64))
        return np.column_stack([*columns, *self._season_features(origin, items, span, own)])

    def _season_features(self, origin: int, items: Indices, span: int, own: Matrix) -> list[Matrix]:
        """How all items moved together, what came a year ago, and what kind of item this is."""
        week, month, quarter = (max(d // self.days, 1) for d in (_WEEK, _MONTH, _QUARTER))
        ago = origin - YEAR_DAYS // self.days
        until = min(ago + span, origin)  # a window longer than a year ends where knowledge does
        then = self._rate(ago, until, items)
        before = self._rate(ago - month, ago, items)
        common = [
            self._common((origin - week, origin), (origin - month, origin)),
            self._common((origin - month, origin), (origin - quarter, origin)),
            self._common((ago, until), (ago - month, ago)),
            float(self._week_of_year(origin + span // 2)),
        ]
        return [
            then / np.where(before > 0, before, np.nan),
            then / own,
            *(np.full(items.size, value) for value in common),
            *(codes[items] for codes in self._codes),
            self._price[items],
        ]

    def _rate(self, start: int, stop: int, items: Indices) -> Matrix:
        """(items,) rate between two rows; nan where nothing was observed, or before the panel."""
        if start < 0:
            return np.full(items.size, np.nan)
        season = self.season[stop, items] - self.season[start, items]
        return _share(self.sold[stop, items] - self.sold[start, items], season)

    def _common(self, new: tuple[int, int], old: tuple[int, int]) -> float:
        """Rate of all items in one window over that in another, by items observed in both."""
        now, then = (self._rate(*window, self._everyone) for window in (new, old))
        both = np.isfinite(now) & np.isfinite(then)
        below = float(then[both].sum())
        return float(now[both].sum()) / below if below > 0 else float("nan")

    def _week_of_year(self, row: int) -> int:
        day = np.datetime64(self.history.first_period) + row * self.days
        return int((day - day.astype("datetime64[Y]")).astype(np.int64) // _WEEK)


def weekday_index(history: History) -> Matrix:
    """(7,) index of each weekday over all items, Monday first, mean 1; all 1 where weeks.

    The ratio of what all items sold on a weekday to what their own rates would have sold.

    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(28)]
    >>> units = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0] * 4
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": units})
    >>> weekday_index(demand_history(sales)).round(2).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0]
    """
    index = np.ones(7)
    if history.freq == "week":
        return index
    observed = history.evidence()
    weekday = (np.arange(history.periods) + history.first_period.weekday()) % 7
    sold = np.where(observed, history.units, 0)
    total = sold.sum(axis=0, dtype=np.float64)
    for _ in range(3):  # rates and indices in turn; it settles at once
        rate = total / np.maximum((observed * index[weekday][:, None]).sum(axis=0), 1e-9)
        wanted = (observed * rate).sum(axis=1)
        sums = [(sold[weekday == d].sum(), wanted[weekday == d].sum()) for d in range(7)]
        index = np.array([a / b if b > 0 else 1.0 for a, b in sums])
        index /= max(index.mean(), 1e-9)
    return index


def _before(values: NDArray[np.generic]) -> Matrix:
    total = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, dtype=np.float64, out=total[1:])
    return total


def _share(above: Matrix, below: Matrix) -> Matrix:
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _codes(history: History, column: str) -> Matrix:
    names = history.items[column].fill_null("")
    return names.rank("dense").to_numpy().astype(np.float64) - 1
