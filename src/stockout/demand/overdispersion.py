"""How much more than a Poisson count demand varies around its mean, and how it comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.shrinkage import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]

_LEAST = 1e-3  # variance-to-mean ratio of demand that never varied; it still could
_POISSON = 1.0


class Overdispersion(NamedTuple):
    """Variance ``unit * m + day * m**2`` of the units of a share of a period with mean ``m``."""

    unit: Vector  # (items,) variance-to-mean ratio within a period: 1 where units come singly
    day: Vector  # (items,) squared coefficient of variation of the periods' rates


def overdispersion(
    squares: Matrix, mu: Matrix, full: Flags, whole_units: Flags, last: Overdispersion
) -> Overdispersion:
    """Estimates both parts by moments, each item's total shrunk towards the pool.

    The total of an item, its variance-to-mean ratio, is shrunk towards ``a + c m`` over all items
    (m the item's mean) by how sure it is. Which part of it grows with the mean is told by how the
    squared errors of all items grow from their slow periods to their busy ones; while little is
    known, all of it is taken to grow, as in a negative binomial.

    Args:
        squares: (periods, items) squared errors of the mean.
        mu: (periods, items) mean, 0 where nothing was seen.
        full: (periods, items) periods wholly in stock.
        whole_units: (items,) whether demand comes in whole units; it then varies at least as a
            Poisson count.
        last: The estimate of the pass before, for the weights.
    """
    seen = mu > 0
    total = mu.sum(axis=0, dtype=np.float64)
    square = np.where(seen, squares, 0)
    size = ratio((mu * mu).sum(axis=0, dtype=np.float64), total)  # mean, weighted by itself
    own = ratio(square.sum(axis=0, dtype=np.float64), total)
    variance = mu * (last.unit.astype(np.float32) + last.day.astype(np.float32) * mu)
    power = (variance * variance).sum(axis=0, dtype=np.float64)
    excess = np.square(square - variance, dtype=np.float64).sum(axis=0)
    kurtosis = ratio(excess.sum(), power.sum(), empty=2.0)
    count = ratio(variance.sum(axis=0, dtype=np.float64) ** 2, power)  # effective periods
    ratio_total = np.where(whole_units, _POISSON, _LEAST)
    for kind in (whole_units, ~whole_units):
        if kind.any():
            ratio_total[kind] = _shrunk(
                own[kind], size[kind], count[kind], float(kurtosis), bool(whole_units[kind][0])
            )
    single = np.where(whole_units, _POISSON, 0.0)
    beyond = np.maximum(ratio_total - single, 0)
    grows = _growing_part(square, mu, full, size, single, beyond)
    unit = np.maximum(single + (1 - grows) * beyond, np.where(whole_units, _POISSON, _LEAST))
    return Overdispersion(unit, ratio(grows * beyond, size))


def _shrunk(own: Vector, size: Vector, count: Vector, kurtosis: float, whole: bool) -> Vector:
    """Variance-to-mean ratios between each item's own and the pool's at its mean."""
    known = (count > 0) & (own > 0)
    if not known.any():
        return np.full_like(own, _POISSON)
    least = _POISSON if whole else _LEAST
    weight = np.where(known, count, 0)
    pool = np.full_like(own, max(least, float(np.average(own, weights=weight))))
    for _ in range(3):  # weights by the pool's own variance
        w = weight / pool**2
        level, slope = _line(size, own, w, least)
        pool = np.maximum(level + slope * size, least)
    relative = own / pool - 1
    sampling = ratio(np.full_like(own, kurtosis), count, empty=np.inf)
    sure = np.where(known, 1 / np.where(known, sampling, 1), 0)
    between = max(0.0, float(((relative**2 - np.where(known, sampling, 0)) * sure).sum() / sure.sum()))
    share = np.where(known, between / (between + np.where(known, sampling, 1)), 0)
    return np.maximum(pool * (1 + share * relative), least)


def _line(x: Vector, y: Vector, w: Vector, least: float) -> tuple[float, float]:
    """Least squares of ``y = level + slope x`` with level at least ``least``, slope at least 0."""
    mean_x, mean_y = np.average(x, weights=w), np.average(y, weights=w)
    spread = (w * (x - mean_x) ** 2).sum()
    slope = float((w * (x - mean_x) * y).sum() / spread) if spread > 0 else 0.0
    if slope <= 0:
        return max(float(mean_y), least), 0.0
    if mean_y - slope * mean_x < least:
        return least, max(0.0, float((w * x * (y - least)).sum() / (w * x * x).sum()))
    return float(mean_y - slope * mean_x), slope


def _growing_part(
    square: Matrix, mu: Matrix, full: Flags, size: Vector, single: Vector, beyond: Vector
) -> float:
    """Share of the overdispersion that grows with the mean, from 0 to 1, over all items.

    Within an item, ``squares / mu - single`` is ``beyond * (1 + share * (mu / size - 1))``. The
    estimate is drawn towards 1 as by one more observation with a standard error of 1.
    """
    use = full & (mu > 0)
    relative = np.where(use, mu / np.maximum(size, 1e-12).astype(np.float32), 1) - 1
    scaled = np.where(beyond > 0, 1 / (single + beyond) ** 2, 0)
    error = np.where(use, square - mu * (single + beyond).astype(np.float32), 0)
    above = (error * relative).sum(axis=0, dtype=np.float64) * beyond * scaled
    below = (np.where(use, mu, 0) * relative**2).sum(axis=0, dtype=np.float64)
    below = below * beyond**2 * scaled
    if below.sum() <= 0:
        return 1.0
    raw = float(above.sum() / below.sum())
    variance = float(((above - raw * below) ** 2).sum() / below.sum() ** 2)
    return float(np.clip((raw + variance) / (1 + variance), 0, 1))
