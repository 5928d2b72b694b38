"""Forecasts of sums at past origins, from one pass of the models.

The forecast made before row ``t`` for the sum of the next ``span`` rows is the level known before
``t`` times the sum of the seasonal indices ahead. With cumulative sums that is two subtractions for
all origins and items at once. A window with out-of-stock rows compares only its observed rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.models import sums_up_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Sums = NDArray[np.float64]

MOST_ORIGINS = 200
"""Past origins at which errors are measured: beyond it only every so many rows. The spread of a sum
rests on windows that do not overlap, of which a long history has enough at any rate."""

_ENOUGH = 0.5  # a window of which less was observed says too little of the whole
_WEEK = 7


def origins(periods: int) -> NDArray[np.int64]:
    """Rows from which past sums are forecast, up to the end of the history, evenly spaced.

    The distance is no multiple of a week, so that windows begin on every weekday.
    """
    step = -(-periods // MOST_ORIGINS)
    step += step % _WEEK == 0
    return np.arange(periods % step, periods + 1, step)


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


class Calendar(NamedTuple):
    """On which days each item can be sold."""

    day_of: NDArray[np.int64]  # (periods,) weekday of each row, 0 is Monday
    open_days: Matrix  # (7, items) 1 where something is ever sold on the weekday, else 0


class Rows(NamedTuple):
    """The rows of a block, of which windows of any length are sums."""

    actual: Matrix  # (periods, items) demand, 0 where it was not observed
    seasons: list[Matrix]  # seasonal indices, 0 where demand was not observed
    seen: Matrix  # 1 where it was observed, else 0
    unseen: Matrix | None  # variance of demand that is an expectation; None where all was seen
    calendar: Calendar

    @classmethod
    def of(
        cls,
        units: Matrix,
        seasons: list[Matrix],
        observed: NDArray[np.bool_],
        calendar: Calendar,
        variance: Matrix | None = None,
    ) -> Rows:
        """Blanks what was not observed.

        Args:
            units: (periods, items) demand.
            seasons: (periods or more, items) seasonal indices.
            observed: (periods, items) rows that are demand.
            calendar: Weekdays of the rows.
            variance: (periods, items) variance of the units that are expectations; None where all
                of them are counts.
        """
        seen = observed.astype(np.float32)
        return cls(
            units * seen,
            [season[: len(units)] * seen for season in seasons],
            seen,
            None if variance is None else variance * seen,
            calendar,
        )

    def windows(self, span: int, starts: NDArray[np.int64], warm_up: int) -> Windows:
        """Sums ahead of the origins whose window ends within the history.

        Args:
            span: Periods in a window, at most the periods of the history.
            starts: From :func:`origins`.
            warm_up: Observed rows that a level needs before its forecasts are judged.
        """
        first = starts[: np.searchsorted(starts, len(self.actual) - span, side="right")]
        edges = np.unique([*first, *(first + span)])
        start, stop = np.searchsorted(edges, first), np.searchsorted(edges, first + span)

        def between(total: Sums) -> Matrix:
            return (total[stop] - total[start]).astype(np.float32)

        def ahead(values: Matrix) -> Matrix:
            return values[first] if span == 1 else between(sums_up_to(edges, values))

        seen_up_to = sums_up_to(edges, self.seen)
        before = self.seen[: edges[0]].sum(axis=0, dtype=np.float64) + seen_up_to[start]
        actual, seen = ahead(self.actual), between(seen_up_to)
        days = np.arange(span) + first[:, None]
        count = np.stack(
            [(self.calendar.day_of[days] == day).sum(axis=1) for day in range(_WEEK)], axis=1
        )
        possible = count.astype(np.float32) @ self.calendar.open_days
        return Windows(
            span,
            int(starts[1] - starts[0]) if starts.size > 1 else 1,
            actual,
            [ahead(season) for season in self.seasons],
            seen,
            possible,
            (seen > 0) & (seen >= _ENOUGH * possible) & (before >= warm_up),
            np.zeros_like(actual) if self.unseen is None else ahead(self.unseen),
        )


def forecasts(ahead: Windows, season: int, level: Matrix) -> Matrix:
    """(..., origins, items) forecast of the observed rows of each window, 0 before the first level.

    Args:
        ahead: The windows.
        season: Which of ``ahead.seasons`` the level belongs to.
        level: (..., origins, items) level known at each origin.
    """
    count = len(ahead.actual)
    return np.asarray(level[..., :count, :] * ahead.seasons[season])


def mean_squared_error(ahead: Windows, forecast: Matrix) -> Sums:
    """(..., items) mean squared error of the sum over the valid windows, 0 where there is none."""
    error = np.where(ahead.valid, forecast - ahead.actual, np.float32(0))
    squared = np.einsum("...oi,...oi->...i", error, error, dtype=np.float64)
    return np.asarray(squared / np.maximum(ahead.valid.sum(axis=0), 1))
