"""Fill rates of the continuous-review (r, Q) policy, and the reorder points that meet one.

Whenever the inventory position falls to the reorder point r, Q units are ordered. The fill rate is
the share of demand served from the shelf: what a cycle fails to serve is the shortage at its end
less the shortage that was already there at its start (the *two-term*, exact formula). Textbooks
often leave the second away (the *one-term* formula), which overstates what is short, the more so
the smaller the orders are. Demand is that of the lead time. The same under periodic review is in
:mod:`stockout.replenishment.safety_stock`.

Sources: Chopra and Meindl, *Supply Chain Management*, chapter "Managing uncertainty in a supply
chain: safety inventory"; Silver, Pyke and Thomas, *Inventory and Production Management in Supply
Chains*, chapter 6; Zipkin, *Foundations of Inventory Management*, chapter 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stockout.forecasting.distribution import (
    gamma_quantile,
    normal_quantile,
)
from stockout.forecasting.families import as_floats, by_kind, is_possible
from stockout.forecasting.search import smallest_real, smallest_whole
from stockout.replenishment.loss_functions import (
    demand_loss,
    gamma_loss,
    inverse_standard_normal_loss,
    negative_binomial_loss,
    normal_loss,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]

# Levels are found to this part of the demand's scale (mean + standard deviation): below it, the
# differences of loss functions that are compared are rounding.
_PRECISION = 1e-12

# The level for gamma demand, rounded, is at most one unit away from that for whole-unit demand of
# the same moments in nearly all cases; found to a quarter of a unit it is where the search starts.
_NEAR = 0.25


def normal_fill_rate(
    reorder_point: ArrayLike, order_quantity: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> FloatArray:
    """Exact (two-term) fill rate of the continuous-review (r, Q) policy, normal demand.

    ``1 - (n(r) - n(r + Q)) / Q`` with n the loss function of lead-time demand.

    Args:
        reorder_point: r, units.
        order_quantity: Q, units, above 0.
        mean: Expected lead-time demand, units.
        variance: Variance of lead-time demand, units squared.

    >>> normal_fill_rate(56.6, [200, 20], 50, 11.4**2).round(7).tolist()
    [0.9900523, 0.9024153]
    """
    r, q, mean, variance = as_floats(reorder_point, order_quantity, mean, variance)
    short = normal_loss(r, mean, variance) - normal_loss(r + q, mean, variance)
    return _served(short, q)


def normal_fill_rate_one_term(
    reorder_point: ArrayLike, order_quantity: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> FloatArray:
    """Textbook (one-term) fill rate of the (r, Q) policy, normal demand: ``1 - n(r) / Q``.

    Weekly demand 2,500 with standard deviation 500 over a lead time of two weeks (Chopra and
    Meindl):

    >>> float(normal_fill_rate_one_term(6000, 10_000, 2 * 2500, 2 * 500**2).round(6))
    0.997487
    """
    r, q, mean, variance = as_floats(reorder_point, order_quantity, mean, variance)
    return _served(normal_loss(r, mean, variance), q)


def demand_fill_rate(
    reorder_point: ArrayLike,
    order_quantity: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    is_integer: ArrayLike,
) -> FloatArray:
    """Exact (two-term) fill rate of the (r, Q) policy, Poisson, negative binomial or gamma demand.

    As :func:`normal_fill_rate`; ``is_integer`` says whether demand comes in whole units. An order
    is placed when the position reaches r, so whole-unit positions are r + 1 to r + Q.

    >>> float(demand_fill_rate(3, 5, 3, 3, is_integer=True).round(6))
    0.866633
    """
    r, q, mean, variance = as_floats(reorder_point, order_quantity, mean, variance)
    short = demand_loss(r, mean, variance, is_integer) - demand_loss(
        r + q, mean, variance, is_integer
    )
    return _served(short, q)


def normal_reorder_point_one_term(
    fill_rate: ArrayLike, order_quantity: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> FloatArray:
    """Reorder point whose one-term fill rate is the target, normal demand: ``mean + k sd``.

    ``G(k) = (1 - fill_rate) Q / sd`` with G the standard normal loss.

    >>> float((normal_reorder_point_one_term(0.975, 10_000, 5000, 2 * 500**2) - 5000).round(2))
    66.7
    """
    target, q, mean, variance = as_floats(fill_rate, order_quantity, mean, variance)
    sd = np.sqrt(np.where(variance > 0, variance, np.nan))
    short = (1 - target) * q
    k = inverse_standard_normal_loss(np.where(_askable(target, q), short, np.nan) / sd)
    certain = np.where(_askable(target, q), mean - short, np.nan)
    return np.where(variance == 0, certain, mean + k * sd)[()]


def normal_reorder_point_for_fill_rate(
    fill_rate: ArrayLike, order_quantity: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> FloatArray:
    """Reorder point whose exact (two-term) fill rate is the target, normal demand.

    May be negative: a target that orders meet even when placed after stock has run out.

    >>> float(normal_reorder_point_for_fill_rate(0.9024153, 20, 50, 11.4**2).round(3))
    56.6
    """
    arrays = np.broadcast_arrays(*as_floats(fill_rate, order_quantity, mean, variance))
    target, q, mean, variance = (values.ravel() for values in arrays)
    level = normal_quantile(np.where(_askable(target, q), target, np.nan), mean, variance)

    def reaches(r: FloatArray, at: NDArray[np.intp]) -> BoolArray:
        left = normal_loss(r + q[at], mean[at], variance[at])
        return np.asarray(normal_loss(r, mean[at], variance[at]) - left <= (1 - target[at]) * q[at])

    # What is short is Q times the mean of P(D > y) over y in [r, r + Q], so the level at which
    # P(D > y) is 1 - target lies in that range.
    precision = _PRECISION * (np.abs(mean) + np.sqrt(np.maximum(variance, 0)))
    return smallest_real(reaches, level - q, level, precision).reshape(arrays[0].shape)[()]


def demand_reorder_point_for_fill_rate(
    fill_rate: ArrayLike,
    order_quantity: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    is_integer: ArrayLike,
) -> FloatArray:
    """Reorder point whose exact (two-term) fill rate meets the target, any demand.

    The smallest whole number where demand is whole, else the level that meets it exactly; may be
    negative, as in :func:`normal_reorder_point_for_fill_rate`, but not below -Q.

    >>> demand_reorder_point_for_fill_rate(0.96, 5, 3, [3, 6], is_integer=True).tolist()
    [5.0, 7.0]
    """
    return by_kind(
        _whole_reorder_point,
        _fractional_reorder_point,
        is_integer,
        fill_rate,
        order_quantity,
        mean,
        variance,
    )


def _whole_reorder_point(
    target: FloatArray, q: FloatArray, mean: FloatArray, variance: FloatArray
) -> FloatArray:
    precision = np.full(target.shape, _NEAR)
    near = _gamma_reorder_point(target, q, mean, np.maximum(variance, mean), precision=precision)
    answered = np.isfinite(near) & is_possible(mean, variance)
    level = np.where(is_possible(mean, variance), near, np.nan)
    target, q, mean, variance, near = (
        values[answered] for values in (target, q, mean, variance, near)
    )
    # The search knows only numbers from 0: it runs over the position after ordering, r + Q.
    offset = np.ceil(q)

    def reaches(position: FloatArray, at: NDArray[np.intp]) -> BoolArray:
        r = position - offset[at]
        short = negative_binomial_loss(r, mean[at], variance[at]) - negative_binomial_loss(
            r + q[at], mean[at], variance[at]
        )
        return short <= (1 - target[at]) * q[at]

    level[answered] = smallest_whole(reaches, guess=near - 0.5 + offset) - offset
    return level


def _fractional_reorder_point(
    target: FloatArray, q: FloatArray, mean: FloatArray, variance: FloatArray
) -> FloatArray:
    precision = _PRECISION * (mean + np.sqrt(np.maximum(variance, 0)))
    return _gamma_reorder_point(target, q, mean, variance, precision=precision)


def _gamma_reorder_point(
    target: FloatArray,
    q: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    *,
    precision: FloatArray,
) -> FloatArray:
    level = gamma_quantile(np.where(_askable(target, q), target, np.nan), mean, variance)

    def reaches(r: FloatArray, at: NDArray[np.intp]) -> BoolArray:
        short = gamma_loss(r, mean[at], variance[at]) - gamma_loss(
            r + q[at], mean[at], variance[at]
        )
        return short <= (1 - target[at]) * q[at]

    return smallest_real(reaches, level - q, level, precision)


def _served(short: FloatArray, total: FloatArray) -> FloatArray:
    """``1 - short / total``; NaN where there is no total."""
    return (1 - short / np.where(total > 0, total, np.nan))[()]


def _askable(target: FloatArray, q: FloatArray) -> BoolArray:
    return (target >= 0) & (target <= 1) & (q > 0) & (q < np.inf)
