"""How far the quantiles of a distribution have to be moved to hold what they promise.

A negative binomial with the right mean and variance still need not have the right quantiles: where
a few huge orders make most of the variance, it puts too much on no demand and on the extreme, and
too little between. What the quantiles were worth is seen at past origins, each forecast from what
was known then: the share of demand that stayed within the quantile at 90 % says which quantile
would have held 90 %. Items share the correction with those of about the same k, the reciprocal of
the squared coefficient of variation beyond Poisson.

Where demand varies little (k of 2 and more) only the width is corrected, to both sides alike: any
family fits there, and what past origins show beside the width is mostly that all items together did
better or worse than expected. What makes its quantiles too narrow is common to all even demand:
models are weighted by the very errors that their spread is measured on. So where a group has few
sums of its own, as in a small business, its width leans on that of all even demand; on none where
that is narrower, because such optimism only widens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.forecasting.distribution import demand_cdf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

GRID = np.linspace(-2.5, 3.25, 24)
"""Normal scores of the probabilities .006 to .9994 at which corrections are tabulated; beyond them
that of the nearest applies."""

POOLED_SUMS = 500.0
"""Past sums without need of a correction of its own that a group's own count against."""

EVEN_SUMS = 100.0
"""Past sums without need of a correction that those of all even demand count against: more leave
small businesses uncorrected. Other values are compared by ``benchmarks/forecast_constants.py``."""

_CENTRES = np.log([0.07, 0.14, 0.27, 0.5, 1.0, 2.0, 4.0, 8.0])  # of the groups by k, twice the last
_EVEN = 2.0  # k from which on only the width is corrected
_FINEST = 1e-4  # a probability that many past sums could tell from 0 and 1
_STEPS = 257  # probabilities at which the distribution of past sums is computed
_CHUNK = 4096  # sums that are looked at together; bounds memory, changes no result


class Calibration(NamedTuple):
    """Correction of normal scores by group of k, at the scores of :data:`GRID`."""

    shift: Matrix  # (groups, scores)

    @classmethod
    def none(cls) -> Calibration:
        """Nothing is corrected."""
        return cls(np.zeros((_CENTRES.size, GRID.size)))

    def of(self, k: ArrayLike) -> Matrix:
        """(items, scores) correction of items, between those of the groups next to their k."""
        place = _place(k)
        low = np.minimum(place.astype(np.int64), _CENTRES.size - 2)
        part = (place - low)[:, None]
        return np.asarray(self.shift[low] * (1 - part) + self.shift[low + 1] * part)


def _place(k: ArrayLike) -> Matrix:
    """Number of the group of each k, between groups a fraction."""
    groups = np.arange(_CENTRES.size, dtype=np.float64)
    return np.asarray(np.interp(np.log(np.clip(k, 1e-6, 1e6)), _CENTRES, groups))


def corrected(level: ArrayLike, shift: Matrix) -> Matrix:
    """(items,) probability whose quantile holds what is promised for ``level``.

    Args:
        level: Probability between 0 and 1, one number or one an item.
        shift: From :meth:`Calibration.of`.

    >>> corrected(0.9, Calibration.none().of([0.2, 5.0])).round(6).tolist()
    [0.9, 0.9]
    """
    score = np.broadcast_to(special.ndtri(np.asarray(level, dtype=np.float64)), (len(shift),))
    place = ((score - GRID[0]) / (GRID[1] - GRID[0])).clip(0, GRID.size - 1)
    low = np.minimum(place.astype(np.int64), GRID.size - 2)
    part = place - low
    rows = np.arange(len(shift))
    moved = shift[rows, low] * (1 - part) + shift[rows, low + 1] * part
    return np.asarray(
        np.where(np.isfinite(score), special.ndtr(score + moved), special.ndtr(score))
    )


def shape(mean: Matrix, variance: Matrix) -> Matrix:
    """``mean**2 / (variance - mean)``, the k of a negative binomial; large for Poisson."""
    return np.asarray(mean**2 / np.maximum(variance - mean, 1e-9 * (mean**2 + 1e-300)))


class PastSums(NamedTuple):
    """Sums that were forecast from what was known then; every array has one entry a sum."""

    mean: Matrix
    variance: Matrix
    actual: Matrix
    is_integer: Flags

    @classmethod
    def joined(cls, parts: Iterable[PastSums]) -> PastSums:
        """All sums of several origins."""
        return cls(*map(np.concatenate, zip(*parts, strict=True)))


def measured(past: PastSums) -> Calibration:
    """Which quantiles would have held what they promised.

    In whole units a sum stands for all probabilities between that of less and that of no more
    (the expectation of the randomised probability integral transform; Czado, Gneiting & Held 2009,
    "Predictive model assessment for count data").

    Args:
        past: Sums of many items at past origins.
    """
    usable = (past.mean > 0) & (past.variance > 0)
    mean, variance, actual = (values[usable] for values in past[:3])
    whole = past.is_integer[usable]
    if not mean.size:
        return Calibration.none()
    upper = demand_cdf(actual, mean, variance, whole)
    lower = np.where(whole, demand_cdf(actual - 1, mean, variance, whole), upper)
    place = _place(shape(mean, variance))
    furthest = float(special.ndtri(1 - _FINEST))
    scores = np.linspace(-furthest, furthest, _STEPS)

    levels = special.ndtr(scores)
    count, share = np.zeros(_CENTRES.size), np.zeros((_CENTRES.size, _STEPS))
    for number in range(_CENTRES.size):
        weight = (1 - np.abs(place - number)).clip(0)
        chosen = weight > 0
        if chosen.any():
            count[number] = weight.sum()
            share[number] = _share_within(levels, lower[chosen], upper[chosen], weight[chosen])

    def needed(share: Matrix) -> Matrix:
        """(scores,) correction with which what stayed within is what is promised."""
        return np.asarray(np.interp(special.ndtr(GRID), share, scores) - GRID)

    shift = np.zeros((_CENTRES.size, GRID.size))
    first_even = int(np.searchsorted(_CENTRES, np.log(_EVEN)))
    even = count[first_even:]
    if even.any():
        width = _to_both_sides(needed(even @ share[first_even:] / even.sum()))
        width *= even.sum() / (even.sum() + EVEN_SUMS)
        shift[first_even:] = np.where(width * GRID > 0, width, 0)
    for number in np.flatnonzero(count).tolist():
        own = needed(share[number])
        own = own if number < first_even else _to_both_sides(own)
        part = count[number] / (count[number] + POOLED_SUMS)
        shift[number] = own * part + shift[number] * (1 - part)
    return Calibration(shift)


def _to_both_sides(shift: Matrix) -> Matrix:
    """The part of a correction that is a width."""
    return np.asarray((shift - np.interp(-GRID, GRID, shift)) / 2)


def _share_within(levels: Matrix, lower: Matrix, upper: Matrix, weight: Matrix) -> Matrix:
    """(levels,) share of the sums that stayed within the quantile at each level, ascending."""
    width = np.maximum(upper - lower, 1e-12)
    total = np.zeros(levels.size)
    for first in range(0, lower.size, _CHUNK):
        part = slice(first, first + _CHUNK)
        total += ((levels[:, None] - lower[part]) / width[part]).clip(0, 1) @ weight[part]
    return np.asarray(total / weight.sum())
