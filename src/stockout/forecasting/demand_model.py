"""What a fit says of demand after as-of: the expected path, and the spread of any sum of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class DemandModel:
    """Demand after as-of, for all items of a history; column i is row i of ``history.items``.

    The variance of a sum with mean m is ``noise * m + level_variance * m**2``.
    """

    history: History
    mean: Matrix  # (horizon, items) expected demand of each period after as-of
    noise: Matrix  # (items,) variance-to-mean ratio of a sum around its level
    period_noise: Matrix  # (items,) the same of one period; larger where periods even out
    level_variance: Matrix  # (items,) relative variance of the level error, common to all periods
    is_integer: NDArray[np.bool_]  # (items,) demand comes in whole units
    model: pl.Series  # (items,) what the level comes from; `ended` and `new` by rule

    def sum_mean(self, start: ArrayLike, stop: ArrayLike) -> Matrix:
        """(items,) expected demand from ``start`` to ``stop``, in periods after as-of.

        Both may be fractions of a period; beyond the horizon its mean continues.
        """
        return self._cumulative(stop) - self._cumulative(start)

    def sum_variance(self, start: ArrayLike, stop: ArrayLike) -> Matrix:
        """(items,) variance of the demand from ``start`` to ``stop``."""
        mean = self.sum_mean(start, stop)
        return np.asarray(self.noise * mean + self.level_variance * mean**2)

    def _cumulative(self, until: ArrayLike) -> Matrix:
        horizon, items = self.mean.shape
        total = np.vstack([np.zeros((1, items)), np.cumsum(self.mean, axis=0)])
        until = np.broadcast_to(np.asarray(until, dtype=np.float64), (items,))
        whole = np.floor(until.clip(0, horizon)).astype(np.int64)
        column = np.arange(items)
        part = self.mean[np.minimum(whole, horizon - 1), column] * (until - whole)
        beyond = total[-1] / horizon * (until - horizon)
        return np.asarray(total[whole, column] + np.where(until > horizon, beyond, part))

    def period_variance(self) -> Matrix:
        """(horizon, items) variance of the demand of each single period."""
        return np.asarray(self.period_noise * self.mean + self.level_variance * self.mean**2)
