"""Forecasts of sums at past origins, from one pass of the models.

The forecast made before row ``t`` for the sum of the next ``span`` rows is the level known before
``t`` times the sum of the seasonal indices ahead. With cumulative sums that is two subtractions for
all origins and items at once. A window with out-of-stock rows compares only its observed rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.rows import SEEN, running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.rows import Rows

    Matrix = NDArray[np.float32]
    Sums = NDArray[np.float64]

_ENOUGH = 0.5  # a window of which less was observed says too little of the whole
_WEEK = 7


class Windows(NamedTuple):
    """Sums over the next ``span`` rows from each origin; shape (origins, items)."""

    span: int  # periods in a window
    step: int  # rows from one origin to the next
    actual: Matrix  # observed demand in the window
    seasons: list[Matrix]  # sums of each seasonal index over its observed rows; x level = forecast
    seen: Matrix  # observed rows in the window
    possible: Matrix  # rows that could have been: not on a weekday that never sells
    valid: NDArray[np.bool_]  # half of the open rows or more were observed, after a warm-up
    unseen: Matrix  # variance of the demand in the window that is an expectation, not seen

    def before(self, origin: int) -> Windows:
        """The windows that had ended by an origin, by its number."""
        return self._rows(slice(max(0, origin + 1 - -(-self.span // self.step))))

    def at(self, origin: int) -> Windows:
        """The window that begins at an origin, by its number."""
        return self._rows(slice(origin, origin + 1))

    def _rows(self, chosen: slice) -> Windows:
        return self._replace(
            actual=self.actual[chosen],
            seasons=[season[chosen] for season in self.seasons],
            seen=self.seen[chosen],
            possible=self.possible[chosen],
            valid=self.valid[chosen],
            unseen=self.unseen[chosen],
        )

    @property
    def independent(self) -> Sums:
        """(items,) number of windows that do not overlap: what the errors are worth."""
        return np.asarray(self.valid.sum(axis=0) * min(1.0, self.step / self.span))


def windows(rows: Rows, span: int, warm_up: int) -> Windows:
    """Sums ahead of the origins whose window ends within the history.

    Args:
        rows: The rows of a block of items.
        span: Periods in a window, at most the periods of the history.
        warm_up: Observed rows that a level needs before its forecasts are judged.
    """
    count = int(np.searchsorted(rows.origins, rows.periods - span, side="right"))
    up_to = rows.up_to[:, SEEN:]
    sums = _sums_ahead(rows.values[:, :, SEEN:], up_to, span, count)
    seen, actual, *seasons = (sums[:, part] for part in range(sums.shape[1]))
    days = np.arange(span) + rows.origins[:count, None]
    of_day = [(rows.calendar.day_of[days] == day).sum(axis=1) for day in range(_WEEK)]
    count_of_day = np.stack(of_day, axis=1).astype(np.float32)
    possible = np.einsum("od,di->oi", count_of_day, rows.calendar.open_days)
    if rows.unseen is None:
        unseen = np.zeros_like(seen)
    else:
        unseen = _sums_ahead(rows.unseen, running(rows.unseen.sum(axis=1)), span, count)
    enough = (seen > 0) & (seen >= _ENOUGH * possible) & (up_to[:count, 0] >= warm_up)
    return Windows(span, rows.step, actual, seasons, seen, possible, enough, unseen)


def _sums_ahead(values: Matrix, up_to: Sums, span: int, count: int) -> Matrix:
    """(count, ...) sums of the next ``span`` rows from each of the first origins.

    Args:
        values: (strides, step, ...); the rows ahead of origin ``o`` begin with stride ``o + 1``.
        up_to: (origins, ...) sums of the rows before each origin.
        span: Rows in a sum.
        count: Number of origins.
    """
    whole, rest = divmod(span, values.shape[1])
    total = np.zeros((count, *values.shape[2:]), dtype=np.float32)
    if whole:
        ended = up_to[whole : whole + count]
        np.subtract(ended, up_to[:count], out=total, casting="same_kind")
    if rest:
        total += values[whole + 1 : whole + 1 + count, :rest].sum(axis=1)
    return total


def forecasts(ahead: Windows, season: int, level: Matrix) -> Matrix:
    """(..., origins, items) forecast of the observed rows of each window, 0 before the first level.

    Args:
        ahead: The windows.
        season: Which of ``ahead.seasons`` the level belongs to.
        level: (..., origins, items) level known at each origin.
    """
    count = len(ahead.actual)
    return np.asarray(level[..., :count, :] * ahead.seasons[season])
