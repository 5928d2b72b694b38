"""How far demand strays from its forecast: the noise of a period, and the error of the level.

The variance of a sum with mean ``m`` is ``noise * m + level_variance * m**2``: noise is independent
from period to period, an error of the level is common to all of them. That is why quantiles of a
sum are not sums of quantiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.rolling import Windows

    Matrix = NDArray[np.float64]

POOL_WINDOWS = 5.0
"""Independent windows that the pooled ratio counts for beside an item's own; compared on the data
sets of ``benchmarks/forecast_accuracy.py`` (2, 5 and 10: 5 is best or within 1 % by pinball)."""

FLOOR = 1e-3
"""Smallest variance-to-mean ratio; a forecast that never erred still could."""

_WINSOR = (0.05, 0.95)  # quantiles to which the ratios of the pool are drawn in


def variance_to_mean(ahead: Windows, forecast: Matrix) -> tuple[Matrix, Matrix]:
    """(items,) mean squared error of the sum over its mean forecast, and that mean.

    A window that was observed in part is scaled to the whole: its squared error and its mean grow
    with its length. The ratio is nan where nothing was forecast.

    Args:
        ahead: The windows.
        forecast: (origins, items) forecast of the observed rows of each window.
    """
    scale = np.where(ahead.valid, ahead.span / np.maximum(ahead.seen, 1), 0)
    count = np.maximum(ahead.valid.sum(axis=0), 1)
    squared = ((forecast - ahead.actual) ** 2 * scale).sum(axis=0) / count
    mean = (forecast * scale).sum(axis=0) / count
    return np.where(mean > 0, squared / np.where(mean > 0, mean, 1.0), np.nan), mean


class Pool:
    """Variance-to-mean ratio of a sum as a power of its mean, over items with own errors.

    Taylor's power law (1961), "Aggregation, variance and the mean": ``ratio = a * mean**b``, fitted
    by least squares in logarithms. It is scaled to the winsorised arithmetic mean of the ratios,
    because a few items with one huge order would otherwise widen the forecasts of all others.
    """

    def __init__(self, ratio: Matrix, mean: Matrix, independent: Matrix) -> None:
        use = np.isfinite(ratio) & (ratio > 0) & (mean > 0) & (independent >= 1)
        self.slope, self.scale = 0.0, 1.0
        if use.sum() < 2:
            self.scale = float(ratio[use][0]) if use.any() else 1.0
            return
        weight = independent[use]
        x, y = np.log(mean[use]), np.log(ratio[use])
        x_mean, y_mean = np.average(x, weights=weight), np.average(y, weights=weight)
        spread = np.average((x - x_mean) ** 2, weights=weight)
        if spread > 0:
            self.slope = float(np.average((x - x_mean) * (y - y_mean), weights=weight) / spread)
        scaled = ratio[use] / mean[use] ** self.slope
        self.scale = float(np.clip(scaled, *np.quantile(scaled, _WINSOR)).mean())

    def ratio(self, mean: Matrix) -> Matrix:
        """The pooled ratio at each mean."""
        return np.asarray(self.scale * np.maximum(mean, 1e-3) ** self.slope)


def shrunk_ratio(ratio: Matrix, mean: Matrix, independent: Matrix, pool: Pool) -> Matrix:
    """(items,) variance-to-mean ratio, shrunk towards the pool by how few windows there are."""
    own = np.where(np.isfinite(ratio), independent, 0)
    pooled = pool.ratio(mean)
    mixed = (own * np.nan_to_num(ratio) + POOL_WINDOWS * pooled) / (own + POOL_WINDOWS)
    return np.maximum(mixed, FLOOR)
