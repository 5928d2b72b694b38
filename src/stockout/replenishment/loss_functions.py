"""Expected shortage and expected leftover: the loss functions of demand.

For demand D and x units of stock, the *loss* ``E[(D - x)+]`` is the number of units expected to be
short and the *complementary loss* ``E[(x - D)+]`` the number expected to be left. They differ by
``x - E[D]``. All are closed forms in the survival function, exact for any real x (for whole-unit
demand they are linear between whole numbers), over arrays that broadcast against each other.
Degenerate and impossible demand is treated as in :mod:`stockout.forecasting.distribution`.

Sources: Snyder and Shen, *Fundamentals of Supply Chain Theory*, 2nd edition, appendix C; Zipkin,
*Foundations of Inventory Management*, appendix C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import special

from stockout.forecasting.distribution import negative_binomial_upper, poisson_survival
from stockout.forecasting.families import (
    as_floats,
    by_element,
    by_kind,
    gamma_shape_scale,
    is_overdispersed,
    is_possible,
    is_spread_out,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]

# Newton on the logarithm of the loss, from the starting points below, has no error left but
# rounding after five steps, for every loss from 1e-300 to 1e300 (measured; the tests check it).
_NEWTON_STEPS = 6


def standard_normal_loss(z: ArrayLike) -> FloatArray:
    """E[(Z - z)+] of standard normal Z, the unit normal loss G(z) of the textbooks.

    ``G(z) = phi(z) - z (1 - Phi(z))``. Its complement is ``standard_normal_loss(-z)``.

    >>> float(standard_normal_loss(1.3).round(7)), float(standard_normal_loss(-1.3).round(7))
    (0.045528, 1.345528)
    """
    z = np.asarray(z, dtype=np.float64)
    # G(-z) = z + G(z): computed from the positive side, where nothing overflows.
    up = np.abs(z)
    density = np.exp(-0.5 * np.minimum(up, 1e3) ** 2) / np.sqrt(2 * np.pi)
    tail = np.where(up < np.inf, up, 0) * special.ndtr(-up)
    upper = np.maximum(density - tail, 0)
    loss: FloatArray = np.where(np.isnan(z), np.nan, upper) + np.maximum(-z, 0)
    return loss[()]


def inverse_standard_normal_loss(loss: ArrayLike) -> FloatArray:
    """The k with ``standard_normal_loss(k) == loss``; NaN for a negative loss.

    Newton's method on log G, which is concave and decreasing, so it converges from anywhere.

    Args:
        loss: Expected shortage in standard deviations, at least 0; 0 gives infinity.

    >>> inverse_standard_normal_loss([0.2, 0.1, 0.05, 0.02, 0.01]).round(4).tolist()
    [0.4929, 0.9023, 1.2556, 1.6631, 1.9384]
    """
    loss = np.asarray(loss, dtype=np.float64)
    solvable = (loss > 0) & (loss < np.inf)
    wanted = np.where(solvable, loss, 1.0)
    # G(k) < phi(k), so the k whose density is the loss lies above the root; G(-g) is about g.
    above = np.sqrt(-2 * np.log(np.minimum(wanted, 0.39) * np.sqrt(2 * np.pi)))
    k = np.where(wanted < 0.39, above, -wanted)
    for _ in range(_NEWTON_STEPS):
        value = standard_normal_loss(k)
        k = k + np.log(value / wanted) * value / special.ndtr(-k)
    edges = np.where(loss == 0, np.inf, np.where(loss == np.inf, -np.inf, np.nan))
    return np.where(solvable, k, edges)[()]


def normal_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """E[(D - x)+] of normal demand, in units.

    >>> float(normal_loss(18.6, 15, 9).round(7))
    0.1683074
    """
    x, mean, variance = as_floats(x, mean, variance)
    valid = (variance >= 0) & (variance < np.inf) & np.isfinite(mean)
    sd = np.sqrt(np.where(valid, variance, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = sd * standard_normal_loss((x - mean) / sd)
    value = np.where(sd > 0, spread, np.maximum(mean - x, 0))
    return np.where(valid, value, np.nan)[()]


def normal_complementary_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """E[(x - D)+] of normal demand, in units.

    >>> float(normal_complementary_loss(18.6, 15, 9).round(7))
    3.7683074
    """
    return normal_loss(-np.asarray(x), -np.asarray(mean), variance)


def gamma_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """E[(D - x)+] of gamma demand, in units.

    With shape a and scale b: ``a b Q(a + 1, x / b) - x Q(a, x / b)``, Q the regularised upper
    incomplete gamma function.

    >>> float(gamma_loss(18, mean=10, variance=25).round(7))
    0.260648
    """
    x, mean, variance = as_floats(x, mean, variance)

    def spread(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        shape, scale = gamma_shape_scale(mean, variance)
        z = np.maximum(x, 0) / scale
        return _between(
            x,
            mean,
            above=special.gammaincc(shape + 1, z),
            survival=special.gammaincc(shape, z),
        )

    return by_element(is_spread_out(mean, variance), spread, _certain_loss, x, mean, variance)


def poisson_loss(x: ArrayLike, mean: ArrayLike) -> FloatArray:
    """E[(D - x)+] of Poisson demand, in units, for any real x.

    With k the whole part of x: ``m P(D >= k) - x P(D > k)``.

    >>> float(poisson_loss(18, 15).round(7)), float(poisson_loss(18.5, 15).round(7))
    (0.5176095, 0.4273454)
    """
    x, mean = as_floats(x, mean)
    return _between(
        x,
        mean,
        above=poisson_survival(np.floor(x) - 1, mean),
        survival=poisson_survival(x, mean),
    )


def negative_binomial_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """E[(D - x)+] of negative binomial demand, for any real x; Poisson where variance <= mean.

    With k the whole part of x, r successes and D' of r + 1 successes with the same probability:
    ``m P(D' >= k) - x P(D > k)``.

    >>> float(negative_binomial_loss(18, mean=10, variance=25).round(7))
    0.2316899
    """
    x, mean, variance = as_floats(x, mean, variance)

    def overdispersed(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        odds = (variance - mean) / mean
        r = mean / odds
        k = np.floor(x)
        return _between(
            x,
            mean,
            above=negative_binomial_upper(k, r + 1, odds),
            survival=negative_binomial_upper(k + 1, r, odds),
        )

    def poisson(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        return np.where(is_possible(mean, variance), poisson_loss(x, mean), np.nan)

    return by_element(is_overdispersed(mean, variance), overdispersed, poisson, x, mean, variance)


def demand_loss(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """E[(D - x)+]: the units expected to be short with x in stock.

    Args:
        x: Units; any real number, below 0 too (then what is owed is counted in full).
        mean: Expected demand in units.
        variance: Variance of demand in units squared.
        is_integer: Whether demand comes in whole units (negative binomial or Poisson) or in
            fractions (gamma), element by element.

    >>> demand_loss(18, [10, 10, 15], [25, 25, 15], [True, False, True]).round(7).tolist()
    [0.2316899, 0.260648, 0.5176095]
    """
    return by_kind(negative_binomial_loss, gamma_loss, is_integer, x, mean, variance)


def demand_complementary_loss(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """E[(x - D)+]: the units expected to be left of x. Arguments as :func:`demand_loss`.

    >>> demand_complementary_loss(18, [10, 10], [25, 25], [True, False]).round(7).tolist()
    [8.2316899, 8.260648]
    """
    x, mean = as_floats(x, mean)
    short = demand_loss(x, mean, variance, is_integer)
    left = np.where(x > 0, np.maximum(np.maximum(x, 0) - mean + short, 0), 0)
    return np.where(np.isnan(short), np.nan, left)[()]


def _between(
    x: FloatArray, mean: FloatArray, *, above: FloatArray, survival: FloatArray
) -> FloatArray:
    """``mean * above - x * survival``, kept within what rounding may not leave.

    ``above`` is the share of expected demand that arises in outcomes above x. The loss is at least
    ``(mean - x)+``, equal to it below 0, and 0 at infinity.
    """
    certain = np.maximum(mean - x, 0)
    inside = (x > 0) & (x < np.inf)
    value = mean * above - np.where(inside, x, 0) * survival
    return np.where(inside | np.isnan(value), np.maximum(value, certain), certain)[()]


def _certain_loss(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    return np.where(is_possible(mean, variance), np.maximum(mean - x, 0), np.nan)
