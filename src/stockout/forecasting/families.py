"""Which distribution demand of a given mean and variance has, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]

# Up to this excess of variance / mean over 1, a negative binomial is computed as a Poisson.
# Measured, the two cdfs differ by at most a fifth of the excess, while the incomplete beta function
# loses up to 1e-7 at a mean of 1e7 (nothing up to 1e6), the less excess the more often.
_POISSON_LIMIT = 1e-8

# Less demand than this is none, and a standard deviation that is less than this part of the mean is
# none: the parameters of the distributions, ratios of the two, stay in the range of a float.
NO_DEMAND = 1e-100
_NO_SPREAD = 1e-10


def is_possible(mean: FloatArray, variance: FloatArray) -> BoolArray:
    """Whether non-negative demand can have these moments (NaN and infinity cannot be).

    >>> is_possible(np.array([3.0, -1.0, np.nan]), np.array([0.0, 1.0, 1.0])).tolist()
    [True, False, False]
    """
    return (mean >= 0) & (mean < np.inf) & (variance >= 0) & (variance < np.inf)


def is_spread_out(mean: FloatArray, variance: FloatArray) -> BoolArray:
    """Whether demand has possible moments and is not a point mass.

    Non-negative demand of mean 0 is always 0, whatever variance comes with it.
    """
    sd = np.sqrt(np.maximum(variance, 0))
    return is_possible(mean, variance) & (mean > NO_DEMAND) & (sd > _NO_SPREAD * mean)


def is_overdispersed(mean: FloatArray, variance: FloatArray) -> BoolArray:
    """Whether whole-unit demand is computed as negative binomial rather than as Poisson."""
    return is_spread_out(mean, variance) & (variance > mean * (1 + _POISSON_LIMIT))


def gamma_shape_scale(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shape and scale of the gamma distribution with this mean and variance, both positive.

    >>> shape, scale = gamma_shape_scale(np.array(10.0), np.array(25.0))
    >>> float(shape), float(scale)
    (4.0, 2.5)
    """
    return (mean / np.sqrt(variance)) ** 2, variance / mean


def by_kind(
    whole: Callable[..., FloatArray],
    fractional: Callable[..., FloatArray],
    is_integer: ArrayLike,
    *arrays: ArrayLike,
) -> FloatArray:
    """Computes each element by the function for demand in whole units, or by the one for fractions.

    >>> by_kind(np.floor, np.negative, [True, False], [1.5, 2.5]).tolist()
    [1.0, -2.5]
    """
    return by_element(
        np.asarray(is_integer, dtype=np.bool_), whole, fractional, *as_floats(*arrays)
    )


def by_element(
    mask: BoolArray,
    where_true: Callable[..., FloatArray],
    where_false: Callable[..., FloatArray],
    *arrays: FloatArray,
) -> FloatArray:
    """Computes each element by one of two functions of the arrays, and only by that one.

    The functions get one-dimensional arrays of the elements that are theirs.
    """
    chosen, *values = np.broadcast_arrays(mask, *arrays)
    out = np.empty(chosen.shape)
    for where, function in ((chosen, where_true), (~chosen, where_false)):
        if where.any():
            out[where] = function(*(value[where] for value in values))
    return out[()]


def as_floats(*values: ArrayLike) -> tuple[FloatArray, ...]:
    """The values as arrays of float64."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)
