"""Demand distributions given by their mean and variance.

What an order needs to know about the demand of the next days is a distribution: how likely it is
that ``x`` units suffice (``cdf``), how likely that they do not (``survival``), and how many units
suffice with probability ``p`` (``quantile``). Each family has these three, as functions of arrays
that broadcast against each other, and ``demand_*`` chooses the family element by element: whole
units are negative binomial, or Poisson where the variance does not exceed the mean; fractional
units are gamma with the same mean and variance.

The edges are the same in every family:

- A mean or variance that is negative, infinite or NaN gives NaN, and so does a probability outside
  [0, 1]: an answer about such demand would be an invention. (A normal mean may be negative.)
- Demand of mean 0 is never positive, so all its quantiles are 0; variance 0 is a point mass.
- The quantile at ``p = 0`` is the lowest possible demand, at ``p = 1`` it is infinite.
- A discrete quantile is the smallest whole number whose cdf reaches ``p``, by this module's cdf.

Only :mod:`scipy.special` is used: importing :mod:`scipy.stats` takes 0.7 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import special

from stockout.forecasting.counting import counted_quantile, is_countable
from stockout.forecasting.families import (
    as_floats,
    by_element,
    by_kind,
    gamma_shape_scale,
    is_overdispersed,
    is_possible,
    is_spread_out,
)
from stockout.forecasting.search import smallest_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]


def normal_cdf(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D <= x) of normal demand.

    >>> float(normal_cdf(56.60395592743389, 50, 64).round(7))
    0.7954545
    """
    return _normal_tail(x, mean, variance, sign=1.0)


def normal_survival(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D > x) of normal demand, precise also where it is tiny.

    >>> float(normal_survival(6000, 5000, 2 * 500**2).round(5))
    0.07865
    """
    return _normal_tail(x, mean, variance, sign=-1.0)


def normal_quantile(p: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """The x with P(D <= x) = p of normal demand; negative where the normal is.

    >>> float(normal_quantile(0.9, 100, 400).round(3))
    125.631
    """
    p, mean, variance = as_floats(p, mean, variance)
    z = special.ndtri(p)
    sd = _standard_deviation(variance)
    z = np.where((sd == 0) & np.isinf(z), 0.0, z)
    return _known(_finite(mean), mean + z * sd)


def gamma_cdf(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D <= x) of gamma demand (shape ``mean**2 / variance``, scale ``variance / mean``).

    >>> float(gamma_cdf(16.7020, 10, 25).round(4))
    0.9
    """
    return _gamma_tail(x, mean, variance, special.gammainc, certain_from_mean=True)


def gamma_survival(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D > x) of gamma demand, precise also where it is tiny.

    >>> float(gamma_survival(16.7020, 10, 25).round(4))
    0.1
    """
    return _gamma_tail(x, mean, variance, special.gammaincc, certain_from_mean=False)


def gamma_quantile(p: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """The x with P(D <= x) = p of gamma demand.

    >>> gamma_quantile([0.90, 0.95, 0.99], 10, 25).round(4).tolist()
    [16.702, 19.3841, 25.1128]
    """
    p, mean, variance = as_floats(p, mean, variance)

    def spread(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        shape, scale = gamma_shape_scale(mean, variance)
        return np.asarray(special.gammaincinv(shape, p) * scale)

    def point(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        return np.where(is_possible(mean, variance) & _probability(p), mean, np.nan)

    return by_element(is_spread_out(mean, variance), spread, point, p, mean, variance)


def poisson_cdf(x: ArrayLike, mean: ArrayLike) -> FloatArray:
    """P(D <= x) of Poisson demand, for any real x.

    >>> float(poisson_cdf(18.9, 15).round(6))
    0.819472
    """
    return _poisson_tail(x, mean, special.gammaincc, below_zero=0.0)


def poisson_survival(x: ArrayLike, mean: ArrayLike) -> FloatArray:
    """P(D > x) of Poisson demand, for any real x, precise also where it is tiny.

    >>> float(poisson_survival(18.9, 15).round(6))
    0.180528
    """
    return _poisson_tail(x, mean, special.gammainc, below_zero=1.0)


def poisson_quantile(p: ArrayLike, mean: ArrayLike) -> FloatArray:
    """The smallest whole number k with P(D <= k) >= p of Poisson demand.

    >>> float(poisson_quantile(0.70 / 0.88, 50))
    56.0
    """
    p, mean = as_floats(p, mean)
    return _discrete_quantile(
        p, (mean,), is_possible(mean, mean), guess=special.pdtrik, cdf=poisson_cdf
    )


def negative_binomial_cdf(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D <= x) of negative binomial demand, for any real x; Poisson where variance <= mean.

    The number of successes is ``mean**2 / (variance - mean)``, a real number, and the probability
    of one is ``mean / variance``.

    >>> float(negative_binomial_cdf(17, 10, 25).round(6))
    0.919764
    """
    return _negative_binomial_tail(x, mean, variance, upper=False)


def negative_binomial_survival(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """P(D > x) of negative binomial demand, for any real x, precise also where it is tiny.

    >>> float(negative_binomial_survival(17, 10, 25).round(6))
    0.080236
    """
    return _negative_binomial_tail(x, mean, variance, upper=True)


def negative_binomial_quantile(p: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """The smallest whole number k with P(D <= k) >= p of negative binomial demand.

    >>> negative_binomial_quantile([0.90, 0.95, 0.99], 10, 25).tolist()
    [17.0, 19.0, 24.0]
    """
    p, mean, variance = as_floats(p, mean, variance)

    def overdispersed(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        return _discrete_quantile(
            p,
            (mean, variance),
            np.ones(p.shape, dtype=bool),
            guess=_negative_binomial_guess,
            cdf=negative_binomial_cdf,
        )

    def poisson(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        return _known(is_possible(mean, variance), poisson_quantile(p, mean))

    return by_element(is_overdispersed(mean, variance), overdispersed, poisson, p, mean, variance)


def demand_cdf(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """P(D <= x): the probability that x units suffice.

    Args:
        x: Units; any real number.
        mean: Expected demand in units.
        variance: Variance of demand in units squared. Whole-unit demand whose variance does not
            exceed its mean is Poisson, so its variance is then the mean.
        is_integer: Whether demand comes in whole units (negative binomial or Poisson) or in
            fractions (gamma), element by element.

    >>> demand_cdf(17, 10, 25, [True, False]).round(4).tolist()
    [0.9198, 0.9072]
    """
    return by_kind(negative_binomial_cdf, gamma_cdf, is_integer, x, mean, variance)


def demand_survival(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """P(D > x): the probability that x units do not suffice. Arguments as :func:`demand_cdf`.

    >>> demand_survival(17, 10, 25, [True, False]).round(4).tolist()
    [0.0802, 0.0928]
    """
    return by_kind(negative_binomial_survival, gamma_survival, is_integer, x, mean, variance)


def demand_quantile(
    p: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """The units that suffice with probability p; whole numbers where demand is whole.

    Args:
        p: Probability, 0 to 1.
        mean: Expected demand in units.
        variance: Variance of demand in units squared.
        is_integer: Whether demand comes in whole units, element by element.

    Returns:
        The smallest x with P(D <= x) >= p: 0 where the mean is 0, else infinite at p = 1.

    >>> demand_quantile(0.95, [10, 10, 0], [25, 25, 0], [True, False, True]).round(4).tolist()
    [19.0, 19.3841, 0.0]
    """
    return by_kind(negative_binomial_quantile, gamma_quantile, is_integer, p, mean, variance)


def negative_binomial_upper(k: FloatArray, r: FloatArray, odds: FloatArray) -> FloatArray:
    """P(D >= k) for whole k of the negative binomial with r successes and mean ``r * odds``.

    ``odds = variance / mean - 1``. The incomplete beta function is asked from that side where its
    argument is small and therefore precise.

    >>> k, r, odds = (np.array([value]) for value in (18.0, 100 / 15, 1.5))
    >>> float(negative_binomial_upper(k, r, odds)[0].round(6))
    0.080236
    """
    return _negative_binomial_beta(k, r, odds, upper=True)


def _normal_tail(x: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, sign: float) -> FloatArray:
    x, mean, variance = as_floats(x, mean, variance)
    sd = _standard_deviation(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where((sd == 0) & (x == mean), np.inf, (x - mean) / sd)
    return _known(_finite(mean), special.ndtr(sign * z))


def _gamma_tail(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    tail: Callable[..., Any],
    *,
    certain_from_mean: bool,
) -> FloatArray:
    x, mean, variance = as_floats(x, mean, variance)

    def spread(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        shape, scale = gamma_shape_scale(mean, variance)
        return np.asarray(tail(shape, np.maximum(x, 0) / scale))

    def point(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        reached = ((x >= mean) == certain_from_mean).astype(float)
        return _known(is_possible(mean, variance) & ~np.isnan(x), reached)

    return by_element(is_spread_out(mean, variance), spread, point, x, mean, variance)


def _poisson_tail(
    x: ArrayLike, mean: ArrayLike, tail: Callable[..., Any], *, below_zero: float
) -> FloatArray:
    x, mean = as_floats(x, mean)
    k = np.floor(x)
    value = np.where(k < 0, below_zero, tail(np.maximum(k, 0) + 1, mean))
    return _known(is_possible(mean, mean) & ~np.isnan(x), value)


def _negative_binomial_tail(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, *, upper: bool
) -> FloatArray:
    x, mean, variance = as_floats(x, mean, variance)
    poisson_tail = poisson_survival if upper else poisson_cdf

    def overdispersed(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        odds = (variance - mean) / mean
        return _negative_binomial_beta(np.floor(x) + 1, mean / odds, odds, upper=upper)

    def poisson(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        return _known(is_possible(mean, variance), poisson_tail(x, mean))

    return by_element(is_overdispersed(mean, variance), overdispersed, poisson, x, mean, variance)


def _negative_binomial_beta(
    k: FloatArray, r: FloatArray, odds: FloatArray, *, upper: bool
) -> FloatArray:
    """P(D >= k), or P(D < k), as the incomplete beta function I_q(k, r) = 1 - I_{1-q}(r, k)."""
    small_q = odds < 1
    q, rest = odds / (1 + odds), 1 / (1 + odds)
    positive = np.maximum(k, 1)
    from_q, from_rest = (
        (special.betainc, special.betaincc) if upper else (special.betaincc, special.betainc)
    )
    value = np.full(np.broadcast_shapes(k.shape, r.shape), np.nan)
    from_q(positive, r, q, out=value, where=small_q)
    from_rest(r, positive, rest, out=value, where=~small_q)
    value = np.where(k < 1, 1.0 if upper else 0.0, value)
    value = np.where(k == np.inf, 0.0 if upper else 1.0, value)
    return _known(~np.isnan(k), value)


def _negative_binomial_guess(p: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    odds = (variance - mean) / mean
    return np.asarray(special.nbdtrik(p, mean / odds, 1 / (1 + odds)))


def _discrete_quantile(
    p: FloatArray,
    parameters: tuple[FloatArray, ...],
    possible: BoolArray,
    *,
    guess: Callable[..., Any],
    cdf: Callable[..., FloatArray],
) -> FloatArray:
    """The smallest whole k with ``cdf(k, *parameters) >= p``; the guess only has to be near."""
    p, possible, *parameters_ = np.broadcast_arrays(p, possible, *parameters)
    mean = parameters_[0]
    quantile = np.full(p.shape, np.nan)
    valid = possible & _probability(p)
    quantile[valid & (p == 1)] = np.inf
    quantile[valid & ((p == 0) | (mean == 0))] = 0
    search = valid & (p > 0) & (p < 1) & (mean > 0)
    if search.any():
        inner = tuple(parameter[search] for parameter in parameters_)
        wanted = p[search]
        found = np.full(wanted.shape, np.nan)
        small = is_countable(inner[0], inner[-1])
        found[small] = counted_quantile(wanted[small], inner[0][small], inner[-1][small])
        left = np.flatnonzero(np.isnan(found))
        if left.size:
            found[left] = _searched(wanted[left], tuple(a[left] for a in inner), guess, cdf)
        quantile[search] = found
    return quantile[()]


def _searched(
    wanted: FloatArray,
    parameters: tuple[FloatArray, ...],
    guess: Callable[..., Any],
    cdf: Callable[..., FloatArray],
) -> FloatArray:
    start = guess(wanted, *parameters)

    def reaches(k: FloatArray, where: NDArray[np.intp]) -> BoolArray:
        return cdf(k, *(parameter[where] for parameter in parameters)) >= wanted[where]

    return smallest_whole(reaches, guess=np.where(np.isfinite(start), start, parameters[0]))


def _known(condition: BoolArray, value: ArrayLike) -> FloatArray:
    """The value where the condition holds, else NaN."""
    return np.where(condition, value, np.nan)[()]


def _finite(mean: FloatArray) -> BoolArray:
    return np.isfinite(mean)


def _probability(p: FloatArray) -> BoolArray:
    return (p >= 0) & (p <= 1)


def _standard_deviation(variance: FloatArray) -> FloatArray:
    """Square root; NaN where the variance is negative or not finite."""
    return np.sqrt(np.where((variance >= 0) & (variance < np.inf), variance, np.nan))
