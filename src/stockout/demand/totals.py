"""Sums over a demand history, taken in one pass: seasons and segments are made of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import WIDE, for_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sums = NDArray[np.float64]
    Counts = NDArray[np.int32]


class Totals(NamedTuple):
    """Sums over the observed periods of each item.

    A week is as many rows as it has periods. The last one ends with the panel; the first one has
    fewer rows where the panel does not begin with a whole week.
    """

    sold: Sums  # (weeks, items) units
    seen: NDArray[np.uint8]  # (weeks, items) observed periods
    sold_by_row: Sums  # (rows of a week, items) units of the first row of all weeks, the second, ..
    seen_by_row: Counts  # (rows of a week, items) observed periods
    squared: Sums  # (items,) sum of the squared units
    sales: Counts  # (items,) periods in which something was sold

    def of(self, columns: slice) -> Totals:
        """Those of some items."""
        return Totals(*[sums[..., columns] for sums in self])  # type: ignore[arg-type]

    @property
    def observed(self) -> NDArray[np.int64]:
        """(items,) observed periods."""
        return np.asarray(self.seen_by_row.sum(axis=0, dtype=np.int64))

    @property
    def units(self) -> Sums:
        """(items,) units of the observed periods."""
        return np.asarray(self.sold_by_row.sum(axis=0))


def totals(units: NDArray[np.float32], observed: NDArray[np.bool_], week: int) -> Totals:
    """Sums over the observed periods of each item.

    Args:
        units: (periods, items) demand.
        observed: (periods, items) the periods that count.
        week: Periods in a week: 7 days, or 1.

    >>> found = totals(np.ones((9, 1), dtype=np.float32), np.ones((9, 1), dtype=np.bool_), 7)
    >>> found.sold.ravel().tolist(), found.sold_by_row.ravel().tolist()
    ([2.0, 7.0], [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0])
    """
    periods, items = units.shape
    begins = [0, *range(periods % week or week, periods + 1, week)]
    weeks = len(begins) - 1
    found = Totals(
        np.empty((weeks, items)),
        np.empty((weeks, items), dtype=np.uint8),
        np.zeros((week, items)),
        np.zeros((week, items), dtype=np.int32),
        np.zeros(items),
        np.zeros(items, dtype=np.int32),
    )

    def add(columns: slice) -> None:
        of = found.of(columns)
        of_week = np.empty((week, of.squared.size))
        for number, (first, end) in enumerate(pairwise(begins)):
            rows = slice(week - (end - first), week)
            tells = observed[first:end, columns].view(np.uint8)
            demand = np.multiply(units[first:end, columns], tells, out=of_week[rows])
            demand.sum(axis=0, out=of.sold[number])
            tells.sum(axis=0, dtype=np.uint8, out=of.seen[number])
            of.sold_by_row[rows] += demand
            of.seen_by_row[rows] += tells
            of.squared[:] += np.einsum("ti,ti->i", demand, demand)
            of.sales[:] += (demand > 0).view(np.uint8).sum(axis=0, dtype=np.uint8)

    for_columns(add, items, WIDE)
    return found
