"""The rows of a block of items, cut at the past origins that forecasts are made from.

Origins are evenly spaced, so the rows between them are strides of the same length: one array, of
which the sum over each stride, plain or with weights, is a product with a small matrix. All that is
said of past origins is made from such sums: the levels of the models, and the sums of demand that
they are judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float32]
    Sums = NDArray[np.float64]

MOST_ORIGINS = 200
"""Past origins at which errors are measured: beyond it only every so many rows. The spread of a sum
rests on windows that do not overlap, of which a long history has enough at any rate."""

SOLD, SEEN, UNITS, SEASONS = 0, 1, 2, 3
"""Parts of a row: 1 where something was wanted; 1 where demand was observed; the demand; from here
on the seasonal indices. All are 0 where demand was not observed."""

_WEEK = 7


def origins(periods: int) -> NDArray[np.int64]:
    """Rows from which past sums are forecast, up to the end of the history, evenly spaced.

    The distance is no multiple of a week, so that windows begin on every weekday.
    """
    step = -(-periods // MOST_ORIGINS)
    step += step % _WEEK == 0
    return np.arange(periods % step, periods + 1, step)


class Calendar(NamedTuple):
    """On which days each item can be sold."""

    day_of: NDArray[np.int64]  # (periods,) weekday of each row, 0 is Monday
    open_days: Matrix  # (7, items) 1 where something is ever sold on the weekday, else 0


@dataclass(frozen=True)
class Rows:
    """The rows of a block; stride ``o`` are those between the origins ``o - 1`` and ``o``.

    Before the first row the first stride is filled up with rows that were not observed.
    """

    origins: NDArray[np.int64]  # evenly spaced rows, the last one after the end of the history
    values: Matrix  # (strides, step, parts, items); see :data:`SEEN`
    unseen: Matrix | None  # (strides, step, items) variance of demand that is an expectation, not
    # a count; None where all of it is
    calendar: Calendar

    @classmethod
    def of(  # noqa: PLR0917 - the panels, then how they are cut
        cls,
        units: Matrix,
        seasons: Sequence[Matrix],
        observed: NDArray[np.bool_],
        calendar: Calendar,
        origins: NDArray[np.int64],
        variance: Matrix | None = None,
    ) -> Rows:
        """Blanks what was not observed, and cuts.

        Args:
            units: (periods, items) demand.
            seasons: (periods or more, items) seasonal indices.
            observed: (periods, items) rows that are demand.
            calendar: Weekdays of the rows.
            origins: Evenly spaced rows, the first one within the first stride, the last one
                ``periods``.
            variance: (periods, items) variance of the units that are expectations; None where all
                of them are counts.
        """
        periods, items = units.shape
        step = int(origins[1] - origins[0]) if origins.size > 1 else periods + 1
        fill = origins.size * step - periods
        values = np.empty((origins.size, step, SEASONS + len(seasons), items), dtype=np.float32)
        rows = values.reshape(-1, *values.shape[2:])
        rows[:fill] = 0
        rows = rows[fill:]
        seen = rows[:, SEEN]
        seen[...] = observed
        np.multiply(units, seen, out=rows[:, UNITS])
        np.greater(rows[:, UNITS], 0, out=rows[:, SOLD], casting="unsafe")
        for part, season in enumerate(seasons, SEASONS):
            np.multiply(season[:periods], seen, out=rows[:, part])
        unseen = None
        if variance is not None:
            unseen = np.zeros((origins.size, step, items), dtype=np.float32)
            np.multiply(variance, seen, out=unseen.reshape(-1, items)[fill:])
        return cls(origins, values, unseen, calendar)

    @cached_property
    def totals(self) -> Matrix:
        """(strides, parts, items) sums over each stride."""
        return np.asarray(self.values.sum(axis=1))

    @cached_property
    def up_to(self) -> Sums:
        """(origins, parts, items) sums of the rows before each origin."""
        return running(self.totals)

    @property
    def step(self) -> int:
        """Rows from one origin to the next."""
        return int(self.values.shape[1])

    @property
    def periods(self) -> int:
        """Rows of the history."""
        return int(self.origins[-1])

    def panel(self, part: int) -> Matrix:
        """(periods, items) one part of all rows of the history."""
        strides, step, _, items = self.values.shape
        return self.values[:, :, part].reshape(strides * step, items)[-self.periods :]

    def weighted(self, weights: ArrayLike, parts: slice = slice(None)) -> Matrix:
        """(strides, weights, parts, items) weighted sums over the rows of each stride.

        Args:
            weights: (weights, step) of the rows of a stride.
            parts: Which parts of the rows.
        """
        # not by BLAS, whose last digits depend on the processor
        single = np.asarray(weights, dtype=np.float32)
        return np.asarray(np.einsum("ws,ospi->owpi", single, self.values[:, :, parts]))


def running(totals: Matrix) -> Sums:
    """Sums of all entries up to each along the first axis, in double precision.

    >>> running(np.array([[1.0], [2.0]], dtype=np.float32)).ravel().tolist()
    [1.0, 3.0]
    """
    sums = totals.astype(np.float64)
    for now in range(1, len(sums)):  # rows are longer than many: faster than cumsum
        sums[now] += sums[now - 1]
    return sums
