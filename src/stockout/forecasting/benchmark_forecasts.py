"""The simple forecasts that a better one has to beat: naive, seasonal naive, moving average.

They see the same demand history as the forecast: periods out of stock, wholly or for a part, are
left out, so none of them is beaten by an empty shelf. Each gets the negative binomial (gamma) with
the variance of its own past errors of sums of the same length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.calibration import corrected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.periods import Freq

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

NAIVE = "naive"
SEASONAL_NAIVE = "seasonal naive"
MOVING_AVERAGE = "moving average"

WINDOWS: Mapping[Freq, int] = {"day": 28, "week": 13}
"""Periods of a moving average: four weeks of days, a quarter of weeks."""

SEASONS: Mapping[Freq, int] = {"day": 7, "week": 52}
"""Periods of a season: the weekdays, the weeks of a year."""

_BLOCK = 4096  # items at a time; bounds memory, changes no result
_ERRORS = 26  # past origins at most whose errors give the spread
_WARM_UP = {"day": 28, "week": 8}  # periods before the first of them


class Window(NamedTuple):
    """Periods ahead of an origin whose sum is forecast: from ``start`` to before ``stop``."""

    start: int
    stop: int


class Sums(NamedTuple):
    """Forecast of a sum: its mean and variance by item."""

    mean: Matrix  # (items,) units
    variance: Matrix  # (items,) units squared
    shift: Matrix | None = None  # (scores, items) correction of quantiles; None is none

    def level(self, level: float) -> Matrix | float:
        """Probability whose quantile holds ``level`` of the sums, one an item or one for all."""
        return level if self.shift is None else corrected(level, self.shift.T)


class Benchmarks:
    """Simple forecasts from one history.

    Args:
        history: What is known at the origin.
        columns: Items to forecast; default all.

    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [1.0, 2.0, 3.0, 4, 5, 6, 7] * 8})
    >>> found = Benchmarks(demand_history(sales))
    >>> everything = np.ones((14, 1), dtype=bool)
    >>> {name: found.sums(name, Window(0, 2), everything[:2]).mean.item() for name in found.names}
    {'naive': 14.0, 'seasonal naive': 3.0, 'moving average': 8.0}
    """

    def __init__(self, history: History, columns: slice = slice(None)) -> None:
        self.freq = history.freq
        self.seen: Flags = in_stock(history, columns)
        self.units: Matrix = np.where(self.seen, history.units[:, columns], 0.0)
        self._last = _filled(self.units, self.seen, 1)
        self._count = _cumulative(self.seen)
        self._total = _cumulative(self.units)
        season = SEASONS[history.freq]
        self._season: Matrix | None = None
        if history.periods > season + 1:
            last = _filled(self.units, self.seen, season)
            self._season = np.where(np.isnan(last), self._last, last)

    @property
    def names(self) -> list[str]:
        """Those that the history is long enough for."""
        seasonal = [] if self._season is None else [SEASONAL_NAIVE]
        return [NAIVE, *seasonal, MOVING_AVERAGE]

    def path(self, name: str, row: int, horizon: int) -> Matrix:
        """(horizon, items) forecast of the periods from ``row`` on, with those before it known.

        An item that was never seen has 0.
        """
        if name == MOVING_AVERAGE:
            flat = self._average(row)
        elif name == SEASONAL_NAIVE and self._season is not None:
            season = SEASONS[self.freq]
            ahead = np.arange(horizon)
            rows = row + ahead - season * (ahead // season + 1)
            # before the first season, the last value known
            known = self._season[np.maximum(rows, 0)]
            flat = np.where((rows < 0)[:, None], self._last[row - 1], known)
        else:
            flat = self._last[row - 1]
        return np.asarray(np.nan_to_num(np.broadcast_to(flat, (horizon, self.units.shape[1]))))

    def sums(self, name: str, window: Window, judged: Flags) -> Sums:
        """Forecast of the sum over the judged periods of a window after the history.

        Args:
            name: One of ``names``.
            window: The periods ahead.
            judged: (periods of the window, items) whether a period counts.
        """
        periods = len(self.units)
        length = window.stop - window.start
        ahead = self.path(name, periods, window.stop)[window.start :]
        squared, count = np.zeros(self.units.shape[1]), np.zeros(self.units.shape[1])
        first = max(_WARM_UP[self.freq], periods // 3)
        room = periods - window.stop - first
        for row in range(periods - window.stop, first - 1, -max(1, -(-room // _ERRORS))):
            rows = slice(row + window.start, row + window.stop)
            seen = self.seen[rows]
            past = self.path(name, row, window.stop)[window.start :]
            share = seen.sum(axis=0) / length
            valid = (share >= 0.5) & (self._count[row] > 0)
            error = np.where(seen, past - self.units[rows], 0).sum(axis=0)
            squared += np.where(valid, error**2 / np.maximum(share, 0.5), 0)
            count += valid
        mean = np.where(judged, ahead, 0).sum(axis=0)
        spread = squared / np.maximum(count, 1) * judged.sum(axis=0) / length
        # without past errors, the spread of purchases by chance
        return Sums(mean, np.where(count > 0, spread, mean))

    def _average(self, row: int) -> Matrix:
        """(items,) mean of the periods seen among the last ones, else of all seen before."""
        back = max(row - WINDOWS[self.freq], 0)
        count = self._count[row] - self._count[back]
        recent = (self._total[row] - self._total[back]) / np.maximum(count, 1)
        ever = self._total[row] / np.maximum(self._count[row], 1)
        return np.asarray(np.where(count > 0, recent, ever))


def benchmark_sums(
    history: History, windows: Sequence[Window], judged: Flags
) -> dict[tuple[str, Window], Sums]:
    """Sums of all simple forecasts that the history is long enough for.

    Args:
        history: What is known at the origin.
        windows: The periods ahead of each sum.
        judged: (periods ahead, items) whether a period counts.
    """
    parts: dict[tuple[str, Window], list[Sums]] = {}
    for first in range(0, history.units.shape[1], _BLOCK):
        columns = slice(first, first + _BLOCK)
        simple = Benchmarks(history, columns)
        for name in simple.names:
            for window in windows:
                counts = judged[window.start : window.stop, columns]
                parts.setdefault((name, window), []).append(simple.sums(name, window, counts))
    return {
        key: Sums(
            np.concatenate([sums.mean for sums in found]),
            np.concatenate([sums.variance for sums in found]),
        )
        for key, found in parts.items()
    }


def in_stock(history: History, columns: slice = slice(None)) -> Flags:
    """(periods, items) periods whose sales are demand.

    None of them is known to be out of stock, wholly or for a part. Where availability is unknown,
    sales count as demand.
    """
    short = (history.share[:, columns] < 1) | history.sold_out[:, columns]
    return np.asarray(history.observed[:, columns] & ~short)


def _cumulative(values: NDArray[np.generic]) -> Matrix:
    zero = np.zeros((1, values.shape[1]))
    return np.vstack([zero, np.cumsum(values, axis=0, dtype=np.float64)])


def _filled(units: Matrix, seen: Flags, season: int) -> Matrix:
    """(periods, items) the last value seen up to each row, of the same season; nan before one."""
    filled = np.where(seen, units, np.nan)
    for row in range(season, len(filled)):
        gap = np.isnan(filled[row])
        filled[row, gap] = filled[row - season, gap]
    return filled
