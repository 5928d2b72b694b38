"""The second-order loss of demand: what the loss function adds up to over a range of stock levels.

A policy that orders lots leaves the position anywhere between two levels. What it is short on
average is a sum of losses ``n(y) = E[(D - y)+]``, and that sum is a difference of two values of the
second-order loss, ``n2(x) = n(x + 1) + n(x + 2) + ...`` for whole units and the integral of n above
x for fractions. So a range costs two evaluations, however long it is.

Source: Zipkin, *Foundations of Inventory Management*, appendix C.
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


def demand_second_order_loss(
    x: ArrayLike, mean: ArrayLike, variance: ArrayLike, is_integer: ArrayLike
) -> FloatArray:
    """``E[(D - x)+ (D - x - 1)+] / 2`` for whole units, ``E[((D - x)+)**2] / 2`` for fractions.

    Args:
        x: Units; whole where demand is, below 0 too.
        mean: Expected demand in units.
        variance: Variance of demand in units squared.
        is_integer: Whether demand comes in whole units (negative binomial or Poisson) or in
            fractions (gamma), element by element.

    Returns:
        Units squared; NaN where demand is impossible.

    The losses above 18 of negative binomial demand, added up, and the integral for gamma demand:

    >>> from stockout.replenishment.loss_functions import demand_loss
    >>> demand_second_order_loss(18, 10, 25, [True, False]).round(6).tolist()
    [0.615528, 0.901353]
    >>> float(demand_loss(np.arange(19, 200), 10, 25, True).sum().round(6))
    0.615528
    """
    return by_kind(_whole, _fractional, is_integer, x, mean, variance)


def _whole(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    return by_element(
        is_overdispersed(mean, variance), _negative_binomial, _poisson, x, mean, variance
    )


def _poisson(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    value = _falling(
        x,
        mean,
        square=mean**2,
        at_two=poisson_survival(x - 2, mean),
        at_one=poisson_survival(x - 1, mean),
        at_zero=poisson_survival(x, mean),
    )
    return np.where(is_possible(mean, variance), value, np.nan)


def _negative_binomial(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """D (D - 1) and D weight the distribution into ones with two and one successes more."""
    odds = (variance - mean) / mean
    r = mean / odds
    return _falling(
        x,
        mean,
        square=mean**2 + mean * odds,
        at_two=negative_binomial_upper(x - 1, r + 2, odds),
        at_one=negative_binomial_upper(x, r + 1, odds),
        at_zero=negative_binomial_upper(x + 1, r, odds),
    )


def _falling(
    x: FloatArray,
    mean: FloatArray,
    *,
    square: FloatArray,
    at_two: FloatArray,
    at_one: FloatArray,
    at_zero: FloatArray,
) -> FloatArray:
    """``E[(D - x)(D - x - 1); D > x] / 2``, ``square`` being ``E[D (D - 1)]``."""
    value = (square * at_two - 2 * x * mean * at_one + x * (x + 1) * at_zero) / 2
    return np.maximum(value, 0)


def _fractional(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    def spread(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        shape, scale = gamma_shape_scale(mean, variance)
        z = np.maximum(x, 0) / scale
        above = (mean**2 + variance) * special.gammaincc(shape + 2, z)
        value = above - 2 * x * mean * special.gammaincc(shape + 1, z)
        return np.maximum((value + x**2 * special.gammaincc(shape, z)) / 2, 0)

    def point(x: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
        certain = np.maximum(mean - x, 0) ** 2 / 2
        return np.where(is_possible(mean, variance), certain, np.nan)

    x, mean, variance = as_floats(x, mean, variance)
    return by_element(is_spread_out(mean, variance), spread, point, x, mean, variance)
