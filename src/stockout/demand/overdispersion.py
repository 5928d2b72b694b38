"""How much more than a Poisson count demand varies around its mean, and how it comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import by_columns
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


class _Item(NamedTuple):
    """What is known of items before it is told how their variance grows; all (items,)."""

    size: Vector  # mean demand, weighted by itself
    single: Vector  # variance-to-mean ratio that none falls below
    beyond: Vector  # what it is above that


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
    items = whole_units.size

    def moments(at: slice) -> tuple[Vector, ...]:
        mean = mu[:, at]
        whole = np.where(complete[:, at], mean, 0)
        square = np.where(mean > 0, squares[:, at], 0)
        return tuple(map(_sum, (mean, mean * mean, square, whole, whole * whole)))

    total, mean_square, error, of_whole, whole_square = by_columns(moments, items)
    size = ratio(mean_square, total)  # the mean, weighted by itself
    own = ratio(error, total)
    least = np.where(whole_units, _POISSON, _LEAST)
    count = ratio(of_whole**2, whole_square)
    pool = np.ones_like(own)
    for kind in (whole_units, ~whole_units):
        if kind.any():
            pool[kind] = _pooled(own[kind], size[kind], count[kind], float(least[kind][0]))
    pooled = pool.astype(np.float32)

    def fourth_moments(at: slice) -> tuple[Vector, ...]:
        known, mean = complete[:, at], mu[:, at]
        variance = np.where(known, mean * pooled[at], 0)
        excess = np.where(known & (mean > 0), squares[:, at], 0) - variance
        return _sum(np.square(excess)), _sum(variance * variance)

    fourth, square = (part.sum() for part in by_columns(fourth_moments, items))
    kurtosis = ratio(fourth, square, empty=2.0)
    shrunk = np.maximum(_shrunk(own, pool, count, float(kurtosis)), least)
    single = np.where(whole_units, _POISSON, 0.0)
    beyond = shrunk - single
    grows = np.ones_like(own)
    above, below = by_columns(
        lambda at: _growing(
            squares[:, at],
            mu[:, at],
            complete[:, at] | whole_units[at],
            _Item(size[at], single[at], beyond[at]),
        ),
        items,
    )
    for kind in (whole_units, ~whole_units):
        if kind.any():
            grows[kind] = _growing_part(above[kind], below[kind])

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


def _growing(squares: Matrix, mu: Matrix, usable: Flags, of: _Item) -> tuple[Vector, ...]:
    """(items,) numerator and denominator of the share of the overdispersion that grows.

    Within an item, ``squares / mu - single`` is ``beyond * (1 + share * (mu / size - 1))``.
    """
    size, single, beyond = of
    usable &= mu > 0
    mean, square = np.where(usable, mu, 0), np.where(usable, squares, 0)
    apart = np.where(usable, mean / np.maximum(size, _LEAST).astype(np.float32) - 1, 0)
    error = square - mean * (single + beyond).astype(np.float32)
    weight = (beyond / (single + np.maximum(beyond, _LEAST))) ** 2
    return ratio(_sum(error * apart), beyond) * weight, _sum(mean * apart * apart) * weight


def _growing_part(above: Vector, below: Vector) -> float:
    """Share of the overdispersion that grows with the mean, from 0 to 1, over all items.

    It is drawn towards 1 as by one more observation with a standard error of 1.

    Args:
        above: (items,) from :func:`_growing`.
        below: (items,) likewise.
    """
    if below.sum() <= 0:
        return 1.0
    raw = float(above.sum() / below.sum())
    variance = float(((above - raw * below) ** 2).sum() / below.sum() ** 2)
    return float(np.clip((raw + variance) / (1 + variance), 0, 1))


def _sum(matrix: Matrix) -> Vector:
    return np.asarray(matrix.sum(axis=0, dtype=np.float64))
