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
"""Independent windows that the pooled ratio counts for beside an item's own; other values are
compared by ``benchmarks/forecast_constants.py``."""

FLOOR = 1e-3
"""Smallest variance-to-mean ratio; a forecast that never erred still could."""

_FEW_ITEMS = 5.0  # items, at means that differ by a factor e, that a slope of 0 counts for
_WINSOR = 0.05  # share of the ratios at each end that is drawn in, from three items on one at least


def variance_to_mean(ahead: Windows, forecast: NDArray[np.floating]) -> tuple[Matrix, Matrix]:
    """(items,) mean squared error of the sum over its mean forecast, and that mean.

    A window that was observed in part is scaled to the whole: its squared error and its mean grow
    with its length. Demand that was expected, not seen, would have strayed from its expectation:
    its variance is added. The ratio is nan where nothing was forecast.

    Args:
        ahead: The windows.
        forecast: (origins, items) forecast of the observed rows of each window.
    """
    scale = np.where(ahead.valid, ahead.possible / np.maximum(ahead.seen, 1), 0)
    count = np.maximum(ahead.valid.sum(axis=0), 1)
    squared = (((forecast - ahead.actual) ** 2 + ahead.unseen) * scale).sum(axis=0) / count
    mean = (forecast * scale).sum(axis=0) / count
    return np.where(mean > 0, squared / np.where(mean > 0, mean, 1.0), np.nan), mean


class Pool:
    """Variance-to-mean ratio of a sum as a power of its mean, over items with own errors.

    Taylor's power law (1961), "Aggregation, variance and the mean": ``ratio = a * mean**b``, fitted
    by least squares in logarithms, where ``b`` is between 0 (independent purchases) and 1 (all vary
    together) and leans to 0 when few items tell. It is scaled to the winsorised arithmetic mean of
    the ratios, because a few items with one huge order would otherwise widen all others; in a small
    shop one such item is enough (``benchmarks/small_shops.py``).
    """

    def __init__(self, ratio: Matrix, mean: Matrix, independent: Matrix) -> None:
        known = np.isfinite(ratio) & (mean > 0) & (independent > 0)
        self.slope, self.scale = 0.0, 1.0
        if not known.any():
            return
        ratio, mean = ratio[known], mean[known]
        weight = independent[known] / independent[known].mean()
        vary = ratio > 0
        if vary.any():
            x = np.log(mean[vary])
            x = weight[vary] * (x - np.average(x, weights=weight[vary]))
            slope = (x * np.log(ratio[vary])).sum() / ((x * np.log(mean[vary])).sum() + _FEW_ITEMS)
            self.slope = float(np.clip(slope, 0, 1))
        scaled = ratio / mean**self.slope
        self.scale = float(np.average(_winsorised(scaled), weights=weight))

    def ratio(self, mean: Matrix) -> Matrix:
        """The pooled ratio at each mean."""
        return np.asarray(self.scale * np.maximum(mean, 1e-3) ** self.slope)


def _winsorised(values: Matrix) -> Matrix:
    """The values, those at both ends drawn in to the next one inside; two or fewer as they are."""
    outside = max(int(_WINSOR * values.size), int(values.size > 2))
    ranked = np.sort(values)
    return np.clip(values, ranked[outside], ranked[-1 - outside])


def shrunk_ratio(ratio: Matrix, mean: Matrix, independent: Matrix, pool: Pool) -> Matrix:
    """(items,) variance-to-mean ratio, shrunk towards the pool by how few windows there are."""
    own = np.where(np.isfinite(ratio), independent, 0)
    pooled = pool.ratio(mean)
    mixed = (own * np.nan_to_num(ratio) + POOL_WINDOWS * pooled) / (own + POOL_WINDOWS)
    return np.maximum(mixed, FLOOR)
