"""What a fit says of demand after as-of: the expected path, and the spread of any sum of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.forecasting.calibration import corrected
from stockout.forecasting.distribution import demand_quantile

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.event_effects import Effects

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
    sum_shift: Matrix | None = None  # (items, scores) correction of quantiles of sums; None is none
    period_shift: Matrix | None = None  # (items, scores) the same of single periods
    effects: Effects | None = None  # of events, in the mean; None where none is known

    def sum_mean(self, start: ArrayLike, stop: ArrayLike) -> Matrix:
        """(items,) expected demand from ``start`` to ``stop``, in periods after as-of.

        Both may be fractions of a period; beyond the horizon its mean continues.
        """
        return self._cumulative(stop) - self._cumulative(start)

    def sum_variance(self, start: ArrayLike, stop: ArrayLike) -> Matrix:
        """(items,) variance of the demand from ``start`` to ``stop``."""
        mean = self.sum_mean(start, stop)
        return np.asarray(self.noise * mean + self.level_variance * mean**2)

    def sum_level(self, level: ArrayLike) -> Matrix:
        """(items,) probability whose quantile holds ``level`` of the sums of demand.

        The quantile of a distribution with the right mean and variance is not always the right one
        (:mod:`stockout.forecasting.calibration`).
        """
        return self._level(level, self.sum_shift)

    def period_level(self, level: ArrayLike) -> Matrix:
        """(items,) the same for the demand of single periods."""
        return self._level(level, self.period_shift)

    def sum_quantile(self, level: ArrayLike, start: ArrayLike, stop: ArrayLike) -> Matrix:
        """(items,) units that the demand from ``start`` to ``stop`` stays within, at a level."""
        mean, variance = self.sum_mean(start, stop), self.sum_variance(start, stop)
        return demand_quantile(self.sum_level(level), mean, variance, self.is_integer)

    def _level(self, level: ArrayLike, shift: Matrix | None) -> Matrix:
        if shift is None:
            return np.broadcast_to(np.asarray(level, dtype=np.float64), self.noise.shape)
        return corrected(level, shift)

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
        relative = self.level_variance
        if self.effects is not None:
            own = (self.level_variance - self.effects.in_level).clip(0)
            relative = own + self.effects.error.astype(np.float64) ** 2
        return np.asarray(self.period_noise * self.mean + relative * self.mean**2)
