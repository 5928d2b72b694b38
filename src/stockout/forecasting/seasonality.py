"""Seasonal indices, shared across items and shrunk towards the shared one by how little is known.

An index is the ratio of what was sold on the days of a kind to what the level alone would have
sold. One slow item has too few sales to know its own weekdays, so each index is a compromise
between its own ratio and that of its parent: item, location, all
(:mod:`stockout.demand.shrinkage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import WIDE, by_columns, some_columns
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.shrinkage import group_sums, ratio, shrunk_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]

CLOSED_INDEX = 0.1
"""Index below which a weekday says nothing of the level: a tenth of the usual demand."""

WEEKDAYS = 7
YEAR_WEEKS = 52
YEAR_BINS = 53
MIN_YEARS = 2  # a yearly index needs a whole year of levels, each the mean of the year around it


def weekday_index(history: History) -> NDArray[np.float32]:
    """(7, items) index of each weekday (0 is Monday), mean 1; all 1 where periods are weeks."""
    if history.freq == "week":
        return np.ones((WEEKDAYS, history.units.shape[1]), dtype=np.float32)
    of, first = history.totals, history.periods % WEEKDAYS
    place = (np.arange(WEEKDAYS) - first - history.first_period.weekday()) % WEEKDAYS
    sold, days = of.sold_by_row[place], of.seen_by_row[place].astype(np.float64)
    overall = np.ones((WEEKDAYS, 1))
    for _ in range(3):  # ratio of sums and levels in turn; the change after the third is negligible
        level = ratio(sold.sum(axis=0), (days * overall).sum(axis=0))
        overall = ratio(sold.sum(axis=1), (days * level).sum(axis=1), empty=1.0)[:, None]
    expected = level * overall  # on each day of a kind: squared errors are sums of these
    error = of.squared - 2 * (expected * sold).sum(axis=0) + (expected**2 * days).sum(axis=0)
    phi = _variance_to_mean(error, (expected * days).sum(axis=0))
    overall = _shrink_to_flat(sold, days * level, phi)
    code = history.items["location"].rank("dense").to_numpy().astype(np.int64) - 1
    of_place = _shrink_by_group(sold, days * level, phi, code, overall)
    index = shrunk_index(sold, days * level, phi, of_place[:, code])
    return np.asarray(index / index.mean(axis=0), dtype=np.float32)


def yearly_index(history: History) -> NDArray[np.float32] | None:
    """(53, categories) index of each week of the year, or None with less than two years.

    The level of an item in a week is the mean of the 52 weeks around it, so the index of a growing
    or renewed assortment is not its growth. Column ``j`` is the category with code ``j`` of
    :func:`category_codes`.
    """
    week = WEEKDAYS // DAYS_PER_PERIOD[history.freq]
    if history.periods < MIN_YEARS * YEAR_WEEKS * week:
        return None
    sold_bins, level_bins, phi = by_columns(
        lambda columns: _by_week_of_year(history, columns, week), history.units.shape[1], WIDE
    )
    code = category_codes(history)
    overall = _smooth(_shrink_to_flat(sold_bins, level_bins, phi))
    index = _smooth(_shrink_by_group(sold_bins, level_bins, phi, code, overall))
    return index.astype(np.float32)


def _by_week_of_year(history: History, columns: slice, week: int) -> tuple[Matrix, Matrix, Matrix]:
    """(53, items) units by week of the year, and what the level would have sold; (items,) noise.

    The sums of the 52 weeks go on from week to week: each takes in one and lets go of another. A
    week of which some days belong to the next bin counts for both, by days.
    """
    begun = history.periods % week  # rows of a week that is not whole, which is left out
    whole = slice(-(history.periods // week), None)
    sold, seen = history.totals.sold[whole, columns], history.totals.seen[whole, columns]
    first_day = np.datetime64(history.first_period) + begun
    life = (history.start[columns] - begun) / week
    half, most = YEAR_WEEKS // 2, YEAR_WEEKS // 2 * week
    sold_bins, level_bins = np.zeros((2, YEAR_BINS, sold.shape[1]))
    squared_error = np.zeros(sold.shape[1])
    units = sold[: YEAR_WEEKS - 1].sum(axis=0)
    days = seen[: YEAR_WEEKS - 1].sum(axis=0, dtype=np.int32)
    for first in range(len(sold) - YEAR_WEEKS):
        last, middle = first + YEAR_WEEKS - 1, first + half
        units += sold[last]
        days += seen[last]
        known = (days > most) & (life <= first)
        level = units / np.maximum(days, 1) * seen[middle] * known
        units_then = sold[middle] * known
        for bin_, part in _bins(first_day + middle * WEEKDAYS):
            sold_bins[bin_] += part * units_then
            level_bins[bin_] += part * level
        squared_error += np.square(units_then - level)
        units -= sold[first]
        days -= seen[first]
    return sold_bins, level_bins, _variance_to_mean(squared_error, level_bins.sum(axis=0))


def _bins(first: np.datetime64) -> list[tuple[int, float]]:
    """The bins of the year that seven days lie in, from the first one on, and the share in each."""
    days = _day_of_year(first + np.arange(WEEKDAYS)) // WEEKDAYS
    bins, count = np.unique(days, return_counts=True)
    return [*zip(bins.tolist(), (count / WEEKDAYS).tolist(), strict=True)]


def _day_of_year(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Days since the first of January."""
    return np.asarray((dates - dates.astype("datetime64[Y]")).astype(np.int64))


def week_of_year(history: History, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bin 0..52 of each row of the panel, also of rows after its end."""
    days = DAYS_PER_PERIOD[history.freq]
    middle = days // 2  # a week belongs to the bin of its Thursday
    dates = np.datetime64(history.first_period) + rows * days + middle
    return _day_of_year(dates) // WEEKDAYS


def category_codes(history: History) -> NDArray[np.int64]:
    """(items,) rank of each item's category; items without one are a category of their own."""
    category = history.items["category"].fill_null("")
    return np.asarray(category.rank("dense").to_numpy().astype(np.int64) - 1)


def _shrink_by_group(
    sold: Matrix, expected: Matrix, phi: Matrix, code: NDArray[np.int64], parent: Matrix
) -> Matrix:
    groups = int(code.max()) + 1
    weight = expected.sum(axis=0)
    noise, total = group_sums(np.stack([phi * weight, weight]), code, groups)
    phi_group = ratio(noise, total, empty=1.0)
    return shrunk_index(
        group_sums(sold, code, groups), group_sums(expected, code, groups), phi_group, parent
    )


def _shrink_to_flat(sold: Matrix, expected: Matrix, phi: Matrix) -> Matrix:
    """(bins, 1) index of all items together, shrunk towards no season."""
    everything = np.zeros(phi.size, dtype=np.int64)
    return _shrink_by_group(sold, expected, phi, everything, np.ones((len(sold), 1)))


def _variance_to_mean(squared_error: Matrix, mean: Matrix) -> Matrix:
    """(items,) variance-to-mean ratio of units around their mean, 1 where unknown, never 0."""
    return np.maximum(ratio(squared_error, mean, empty=1.0), 1e-6)


def _smooth(index: Matrix) -> Matrix:
    """Circular triangular mean over five weeks, so that an index does not hang on one week."""
    weights = {-2: 1, -1: 2, 0: 3, 1: 2, 2: 1}
    smooth = np.sum([w * np.roll(index, k, axis=0) for k, w in weights.items()], axis=0) / 9
    return np.asarray(smooth / smooth.mean(axis=0))


class Seasons(NamedTuple):
    """Seasonal indices of the rows of a panel and of the periods after as-of."""

    weekday: NDArray[np.float32]  # (7, items)
    yearly: NDArray[np.float32] | None  # (53, categories); None with less than two years
    category: NDArray[np.int64]  # (items,) column of ``yearly``
    day_of: NDArray[np.int64]  # (rows,) weekday of each row
    week_of: NDArray[np.int64]  # (rows,) week of the year of each row
    effects: NDArray[np.float32] | None = None  # (rows, items) factors of events; None is none

    def of(self, columns: NDArray[np.int64]) -> Seasons:
        """Those of some items."""
        effects = None if self.effects is None else some_columns(self.effects, columns)
        return self._replace(
            weekday=self.weekday[:, columns], category=self.category[columns], effects=effects
        )

    def indices(self) -> list[NDArray[np.float32]]:
        """One or two (rows, items) matrices: weekday alone, and weekday times week of the year.

        Effects of events are part of both.
        """
        weekday = self.weekday[self.day_of]
        if self.effects is not None:
            weekday = weekday * self.effects
        if self.yearly is None:
            return [weekday]
        return [weekday, weekday * self.yearly[:, self.category][self.week_of]]

    def weekdays_in(self, rows: NDArray[np.bool_]) -> Matrix:
        """(items,) sum of the weekday indices, and effects, of marked rows, (periods, items)."""
        days = self.day_of[: len(rows)]
        if self.effects is not None:
            usual = self.weekday[days] * self.effects[: len(rows)]
            return np.asarray(np.where(rows, usual, 0).sum(axis=0, dtype=np.float64))
        count = np.stack([rows[days == day].sum(axis=0) for day in range(WEEKDAYS)])
        return np.asarray((count * self.weekday).sum(axis=0, dtype=np.float64))


def seasons_ahead(history: History, horizon: int) -> Seasons:
    """Seasonal indices of the rows of the panel and of the ``horizon`` periods after as-of.

    Rows between the last complete period and the first one after as-of (an unfinished week) are
    left out.
    """
    rows = np.concatenate([np.arange(history.periods), history.future_rows(horizon)])
    return Seasons(
        weekday_index(history),
        yearly_index(history),
        category_codes(history),
        (rows + history.first_period.weekday()) % WEEKDAYS,
        week_of_year(history, rows),
    )
