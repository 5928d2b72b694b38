"""Forecasts of sums at every past origin, from one pass of the models.

The forecast made before row ``t`` for the sum of the next ``span`` rows is the level known before
``t`` times the sum of the seasonal indices ahead. With cumulative sums that is two subtractions for
all origins and items at once. A window with out-of-stock rows compares only its observed rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.seasonality import CLOSED_INDEX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


_ENOUGH = 0.5  # a window of which less was observed says too little of the whole


class Windows(NamedTuple):
    """Sums over the next ``span`` rows from each origin; shape (origins, items)."""

    span: int  # periods in a window
    actual: Matrix  # observed demand in the window
    seasons: list[Matrix]  # sums of each seasonal index over its observed rows; x level = forecast
    seen: Matrix  # observed rows in the window
    possible: Matrix  # rows that could have been: not on a weekday that never sells
    valid: NDArray[np.bool_]  # half of the open rows or more were observed, after a warm-up
    unseen: Matrix  # variance of the demand in the window that is an expectation, not seen

    @property
    def independent(self) -> Matrix:
        """(items,) number of windows that do not overlap: what the errors are worth."""
        return np.asarray(self.valid.sum(axis=0) / self.span)


def windows(  # noqa: PLR0917 - the matrices, in the order of the panel
    units: NDArray[np.float32],
    seasons: list[NDArray[np.float32]],
    observed: NDArray[np.bool_],
    span: int,
    warm_up: int,
    variance: NDArray[np.float32] | None = None,
) -> Windows:
    """Sums ahead of every past origin.

    Args:
        units: (periods, items) demand.
        seasons: (periods or more, items) seasonal indices.
        observed: (periods, items) rows that are demand.
        span: Periods in a window, at most the periods of the history.
        warm_up: Observed rows that a level needs before its forecasts are judged.
        variance: (periods, items) variance of the units that are expectations; None where all of
            them are counts.
    """
    actual = _sum_ahead(np.where(observed, units, 0), span)
    ahead = [_sum_ahead(np.where(observed, s[: len(units)], 0), span) for s in seasons]
    seen = _sum_ahead(observed, span)
    before = np.vstack([np.zeros((1, units.shape[1])), np.cumsum(observed, axis=0)])[: len(seen)]
    possible = _sum_ahead(seasons[0][: len(units)] > CLOSED_INDEX, span)
    valid = (seen > 0) & (seen >= _ENOUGH * possible) & (before >= warm_up)
    unseen = (
        np.zeros_like(actual)
        if variance is None
        else _sum_ahead(np.where(observed, variance, 0), span)
    )
    return Windows(span, actual, ahead, seen, possible, valid, unseen)


def _sum_ahead(values: NDArray[np.generic], span: int) -> Matrix:
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    return np.asarray(total[span:] - total[:-span])


def forecasts(ahead: Windows, season: int, level: NDArray[np.float32]) -> Matrix:
    """(origins, items) forecast of the observed rows of each window, 0 before the first level.

    Args:
        ahead: The windows.
        season: Which of ``ahead.seasons`` the level belongs to.
        level: (periods + 1, items) level known before each row.
    """
    return np.asarray(np.nan_to_num(level[: len(ahead.actual)]) * ahead.seasons[season])


def mean_squared_error(ahead: Windows, forecast: Matrix) -> Matrix:
    """(items,) mean squared error of the sum over the valid windows, 0 where there is none."""
    squared = np.where(ahead.valid, (forecast - ahead.actual) ** 2, 0).sum(axis=0)
    return np.asarray(squared / np.maximum(ahead.valid.sum(axis=0), 1))
