"""Quantiles of small whole numbers by adding up probabilities, one number after the other.

For demand of some units this takes a few additions for each unit, where asking the incomplete beta
function costs as much as a hundred of them.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

MOST_UNITS = 256.0
"""Demand that stays below it with eight standard deviations is counted; larger demand is searched.
The probability of no demand is then at least 1e-111, far from the smallest float."""

UNDECIDED = 1e-11
"""A sum of probabilities this near to the wanted one may be off to either side of it."""

_MOVED_EVERY = 4  # numbers after which the questions that are answered are left behind


def is_countable(mean: FloatArray, variance: FloatArray) -> NDArray[np.bool_]:
    """Whether the demand is small enough to be counted.

    >>> is_countable(np.array([3.0, 3.0, 900.0]), np.array([9.0, 1e5, 900.0])).tolist()
    [True, False, False]
    """
    return np.asarray(mean + 8 * np.sqrt(variance) < MOST_UNITS)


def counted_quantile(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """The smallest whole k with P(D <= k) >= p, NaN where the sum is too near to p to say.

    Negative binomial, Poisson where the variance does not exceed the mean.

    Args:
        p: (n,) probabilities, above 0 and below 1.
        mean: (n,) means, above 0.
        variance: (n,) variances; all :func:`is_countable`.

    >>> of = (np.full(3, 10.0), np.array([25.0, 25.0, 10.0]))
    >>> counted_quantile(np.array([0.9, 0.99, 0.9]), *of).tolist()
    [17.0, 24.0, 14.0]
    """
    quantile = np.full(p.size, np.nan)
    odds = np.maximum(variance / mean - 1, 0.0)
    spread = odds > 0
    log_none = np.where(spread, np.log1p(odds) / np.where(spread, odds, 1.0), 1.0) * -mean
    probability = np.exp(log_none)
    total = probability.copy()
    first, growth = mean / (1 + odds), odds / (1 + odds)
    place, count, near = np.arange(p.size), np.zeros(p.size), np.zeros(p.size, dtype=np.bool_)
    for k in itertools.count(1):
        missing = p - total
        count += missing > 0
        near |= np.abs(missing) <= UNDECIDED
        if k % _MOVED_EVERY == 0:
            left = (missing > 0) & ~near
            done = ~left
            quantile[place[done]] = np.where(near[done], np.nan, count[done])
            if not left.any():
                break
            place, near = place[left], near[left]
            p, total, count, probability, first, growth = (
                a[left] for a in (p, total, count, probability, first, growth)
            )
        probability *= (first + (k - 1) * growth) / k
        total += probability
    return quantile
