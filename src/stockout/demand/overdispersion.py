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
_WINSOR = (0.05, 0.95)  # quantiles to which single items are drawn in, where all are averaged
_REWEIGHTINGS = 3


class Overdispersion(NamedTuple):
    """Variance ``unit * m + day * m**2`` of the units of a share of a period with mean ``m``."""

    unit: Vector  # (items,) variance-to-mean ratio within a period: 1 where units come singly
    day: Vector  # (items,) squared coefficient of variation of the periods' rates


class Estimate(NamedTuple):
    """The overdispersion of each item, and what all items say of one like it."""

    own: Overdispersion
    pooled: Overdispersion

    @classmethod
    def alike(cls, unit: Vector) -> Estimate:
        """The same for both, and none that grows with the mean."""
        start = Overdispersion(unit, np.zeros_like(unit))
        return cls(start, start)


def overdispersion(squares: Matrix, mu: Matrix, complete: Flags, whole_units: Flags) -> Estimate:
    """Estimates both parts by moments, each item's total shrunk towards the pool.

    The total of an item, its variance-to-mean ratio, is shrunk towards ``a + c m`` over all items
    (m the item's mean) by how sure it is. Which part of it grows with the mean is told by how the
    squared errors of all items grow from their slow periods to their busy ones; while little is
    known, all of it is taken to grow, as in a negative binomial. Fractional demand has no single
    unit that bounds the part that does not, so there only periods wholly in stock tell it.

    Args:
        squares: (periods, items) squared errors of the mean.
        mu: (periods, items) mean, 0 where nothing was seen.
        complete: (periods, items) periods wholly in stock; others count for the totals, but make
            them no surer, because part of their squared error is an expectation.
        whole_units: (items,) whether demand comes in whole units; it then varies at least as a
            Poisson count.
    """
    total = _sum(mu)
    square = np.where(mu > 0, squares, 0)
    size = ratio(_sum(mu * mu), total)  # the mean, weighted by itself
    own = ratio(_sum(square), total)
    least = np.where(whole_units, _POISSON, _LEAST)
    count = ratio(_sum(np.where(complete, mu, 0)) ** 2, _sum(np.where(complete, mu * mu, 0)))
    pool = np.ones_like(own)
    for kind in (whole_units, ~whole_units):
        if kind.any():
            pool[kind] = _pooled(own[kind], size[kind], count[kind], float(least[kind][0]))
    variance = np.where(complete, mu * pool.astype(np.float32), 0)
    excess = np.where(complete, np.square(square - variance), 0)
    kurtosis = ratio(_sum(excess).sum(), _sum(variance * variance).sum(), empty=2.0)
    shrunk = np.maximum(_shrunk(own, pool, count, float(kurtosis)), least)
    single = np.where(whole_units, _POISSON, 0.0)
    beyond = shrunk - single
    grows = np.ones_like(own)
    for kind, usable in ((whole_units, np.ones_like(complete)), (~whole_units, complete)):
        if kind.any():
            mean, error = (np.where(usable, m, 0)[:, kind] for m in (mu, square))
            grows[kind] = _growing_part(error, mean, size[kind], single[kind], beyond[kind])

    def parts(ratio_of_total: Vector) -> Overdispersion:
        beyond = ratio_of_total - single
        unit = np.maximum(single + (1 - grows) * beyond, least)
        return Overdispersion(unit, ratio(grows * beyond, size))

    return Estimate(parts(shrunk), parts(pool))


def _pooled(own: Vector, size: Vector, count: Vector, least: float) -> Vector:
    """What all items say of the variance-to-mean ratio at each mean: a line."""
    known = (count > 0) & (own > 0)
    pool = np.full_like(own, max(least, _POISSON))
    if not known.any():
        return pool
    own, weight = np.clip(own, *np.quantile(own[known], _WINSOR)), np.where(known, count, 0)
    pool[:] = max(least, float(np.average(own, weights=weight)))
    for _ in range(_REWEIGHTINGS):
        level, slope = _line(size, own, weight / pool**2, least)
        pool = np.maximum(level + slope * size, least)
    return pool


def _shrunk(own: Vector, pool: Vector, count: Vector, kurtosis: float) -> Vector:
    """Ratios between each item's own and the pool's, by empirical Bayes."""
    known = count > 0
    relative = np.where(known, own / pool - 1, 0)
    sampling = kurtosis / np.where(known, count, 1)
    inside = np.clip(relative, *np.quantile(relative, _WINSOR))
    sure = np.where(known, 1 / sampling, 0)
    between = max(0.0, float(ratio(((inside**2 - sampling) * sure).sum(), sure.sum())))
    share = np.where(known, between / (between + sampling), 0)
    return np.asarray(pool * (1 + share * relative))


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
    square: Matrix, mean: Matrix, size: Vector, single: Vector, beyond: Vector
) -> float:
    """Share of the overdispersion that grows with the mean, from 0 to 1, over all items.

    Within an item, ``squares / mu - single`` is ``beyond * (1 + share * (mu / size - 1))``. The
    estimate is drawn towards 1 as by one more observation with a standard error of 1.
    """
    apart = np.where(mean > 0, mean / np.maximum(size, _LEAST).astype(np.float32) - 1, 0)
    error = square - mean * (single + beyond).astype(np.float32)
    weight = (beyond / (single + np.maximum(beyond, _LEAST))) ** 2
    above = ratio(_sum(error * apart), beyond) * weight
    below = _sum(mean * apart * apart) * weight
    if below.sum() <= 0:
        return 1.0
    raw = float(above.sum() / below.sum())
    variance = float(((above - raw * below) ** 2).sum() / below.sum() ** 2)
    return float(np.clip((raw + variance) / (1 + variance), 0, 1))


def _sum(matrix: Matrix) -> Vector:
    return np.asarray(matrix.sum(axis=0, dtype=np.float64))
