"""Safety stock, reorder points and order-up-to levels.

A *level* is compared with the inventory position (on hand + on order - owed) and has to last for a
while: the lead time when stock is reviewed continuously, the *protection period* (lead time +
review period) when it is reviewed periodically. Safety stock is the level less the demand expected
in that time. First the moments of that demand, then the levels that meet a cycle service level (the
probability of no stockout in a cycle), then those that meet a fill rate (the share of demand served
from the shelf) under periodic review; for continuous review see
:mod:`stockout.replenishment.fill_rate`, for costs :mod:`stockout.replenishment.newsvendor`.

Units: demand in units, variance in units squared, times in periods of that demand. All functions
take arrays that broadcast against each other; impossible arguments give NaN, as in
:mod:`stockout.forecasting.distribution`.

Sources: Chopra and Meindl, *Supply Chain Management*, chapter "Managing uncertainty in a supply
chain: safety inventory"; Silver, Pyke and Thomas, *Inventory and Production Management in Supply
Chains*, chapter 6; Zipkin, *Foundations of Inventory Management*, chapter 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from scipy import special

from stockout.forecasting.distribution import demand_quantile, normal_quantile
from stockout.forecasting.families import NO_DEMAND, as_floats, by_kind, is_possible
from stockout.forecasting.search import smallest_real, smallest_whole
from stockout.replenishment.loss_functions import (
    demand_loss,
    gamma_loss,
    negative_binomial_loss,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]

# Levels are found to this part of the demand's scale (mean + standard deviation), and moments of
# two periods that differ by less are the same: below it, their difference is rounding.
_PRECISION = 1e-12

# The level for gamma demand, rounded, is at most one unit away from that for whole-unit demand of
# the same moments in nearly all cases; found to a quarter of a unit it is where the search starts.
_NEAR = 0.25


class Moments(NamedTuple):
    """Mean and variance of the demand of some time."""

    mean: FloatArray  # units
    variance: FloatArray  # units squared

    @property
    def sd(self) -> FloatArray:
        """Standard deviation, units."""
        return np.sqrt(self.variance)


class StockLevel(NamedTuple):
    """A level and what it consists of."""

    mean: FloatArray  # expected demand until the level is next replenished, units
    sd: FloatArray  # its standard deviation, units
    safety_stock: FloatArray  # units; negative below a service level of one half
    level: FloatArray  # mean + safety stock: reorder point, or order-up-to level


def demand_over_lead_time(
    mean: ArrayLike,
    variance: ArrayLike,
    lead_time: ArrayLike,
    lead_time_variance: ArrayLike = 0.0,
) -> Moments:
    """Moments of the demand of a (possibly random) lead time.

    Demand of different periods and the lead time are independent: mean ``m L``, variance
    ``L s^2 + m^2 s_L^2``.

    Args:
        mean: Expected demand of one period, m.
        variance: Variance of one period's demand, s^2.
        lead_time: Expected lead time (or protection period) in periods, L.
        lead_time_variance: Its variance in periods squared, s_L^2.

    A hundred a day with standard deviation 22 over 12 days with standard deviation 3:

    >>> demand = demand_over_lead_time(100, 22**2, 12, 3**2)
    >>> float(demand.mean), float(demand.sd.round(5))
    (1200.0, 309.52867)
    """
    mean, variance, lead_time, lead_time_variance = as_floats(
        mean, variance, lead_time, lead_time_variance
    )
    known = (variance >= 0) & (lead_time >= 0) & (lead_time_variance >= 0)
    return Moments(
        np.where(known, mean * lead_time, np.nan)[()],
        np.where(known, lead_time * variance + mean**2 * lead_time_variance, np.nan)[()],
    )


def safety_factor(service_level: ArrayLike) -> FloatArray:
    """The k whose safety stock ``k sd`` gives this cycle service level, normal demand.

    >>> safety_factor([0.90, 0.95, 0.99]).round(4).tolist()
    [1.2816, 1.6449, 2.3263]
    """
    return np.asarray(special.ndtri(np.asarray(service_level, dtype=np.float64)))[()]


def normal_level(
    service_level: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    lead_time: ArrayLike,
    lead_time_variance: ArrayLike = 0.0,
    *,
    review: ArrayLike = 0.0,
) -> StockLevel:
    """Reorder point (or with a review period, order-up-to level) for normal demand.

    Args:
        service_level: Probability of no stockout in a cycle, 0 to 1.
        mean: Expected demand of one period.
        variance: Variance of one period's demand.
        lead_time: Expected lead time L in periods.
        lead_time_variance: Its variance in periods squared.
        review: Review period R in periods; 0 is continuous review.

    Chopra and Meindl: demand 2,500 a day with standard deviation 500, lead time seven days with a
    standard deviation of seven days; then weekly demand, two weeks and a review every four:

    >>> stock = normal_level(0.90, 2500, 500**2, 7, 7**2)
    >>> float(stock.sd.round(2)), float(stock.safety_stock.round(2))
    (17549.93, 22491.14)
    >>> stock = normal_level(0.90, 2500, 500**2, 2, review=4)
    >>> float(stock.sd.round(3)), float(stock.safety_stock.round(2)), float(stock.level.round(2))
    (1224.745, 1569.57, 16569.57)
    """
    demand = _demand_until_replenished(mean, variance, lead_time, lead_time_variance, review)
    level = normal_quantile(service_level, demand.mean, demand.variance)
    return StockLevel(demand.mean, demand.sd, level - demand.mean, level)


def demand_level(
    service_level: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    lead_time: ArrayLike,
    lead_time_variance: ArrayLike = 0.0,
    *,
    review: ArrayLike = 0.0,
    is_integer: ArrayLike,
) -> StockLevel:
    """As :func:`normal_level`, for Poisson, negative binomial or gamma demand.

    The family is that of the demand until the level is next replenished; a level for whole-unit
    demand is a whole number.

    Args:
        service_level: Probability of no stockout in a cycle, 0 to 1.
        mean: Expected demand of one period.
        variance: Variance of one period's demand.
        lead_time: Expected lead time L in periods.
        lead_time_variance: Its variance in periods squared.
        review: Review period R in periods; 0 is continuous review.
        is_integer: Whether demand comes in whole units, element by element.

    Fifty a period with standard deviation 5 over six periods with standard deviation 2, where the
    normal reorder point would be 429.1 (the R package inventorize has this example):

    >>> demand_level(0.90, 50, 5**2, 6, 2**2, is_integer=[False, True]).level.round(4).tolist()
    [434.1733, 434.0]
    """
    demand = _demand_until_replenished(mean, variance, lead_time, lead_time_variance, review)
    level = demand_quantile(service_level, demand.mean, demand.variance, is_integer)
    return StockLevel(demand.mean, demand.sd, level - demand.mean, level)


def periodic_fill_rate(  # noqa: PLR0917 - the moments of two periods, in order of time
    order_up_to: ArrayLike,
    mean_lead: ArrayLike,
    variance_lead: ArrayLike,
    mean_protection: ArrayLike,
    variance_protection: ArrayLike,
    is_integer: ArrayLike,
) -> FloatArray:
    """Exact (two-term) fill rate of the periodic-review order-up-to policy (R, S).

    ``1 - (E[(D_{L+R} - S)+] - E[(D_L - S)+]) / E[D_R]``: the shortage at the end of a cycle, just
    before its order arrives, less the shortage at its start, just after the last one did.

    Args:
        order_up_to: S, units.
        mean_lead: Expected demand during the lead time L, units.
        variance_lead: Variance of the demand during the lead time, units squared.
        mean_protection: Expected demand during the protection period L + R, above `mean_lead`.
        variance_protection: Variance of the demand during the protection period.
        is_integer: Whether demand comes in whole units, element by element.

    >>> float(periodic_fill_rate(12, 6, 6, 9, 9, is_integer=True).round(4))
    0.9108
    """
    level, mean_l, variance_l, mean_p, variance_p = as_floats(
        order_up_to, mean_lead, variance_lead, mean_protection, variance_protection
    )
    short = demand_loss(level, mean_p, variance_p, is_integer) - demand_loss(
        level, mean_l, variance_l, is_integer
    )
    cycle = mean_p - mean_l
    return (1 - short / np.where(cycle > 0, cycle, np.nan))[()]


def order_up_to_for_fill_rate(  # noqa: PLR0917 - the moments of two periods, in order of time
    target: ArrayLike,
    mean_lead: ArrayLike,
    variance_lead: ArrayLike,
    mean_protection: ArrayLike,
    variance_protection: ArrayLike,
    is_integer: ArrayLike,
) -> FloatArray:
    """Order-up-to level whose exact (two-term) fill rate meets the target, periodic review.

    The lowest S >= 0 with ``E[(D_{L+R} - S)+] - E[(D_L - S)+] <= (1 - target) E[D_R]``: the
    smallest whole number where demand is whole, else the level that meets the target exactly. What
    cannot be served is backordered; where it is lost instead, S serves a little more than the
    target.

    Args:
        target: Fill rate, 0 to 1; at 1 the level is infinite.
        mean_lead: Expected demand during the lead time L, units.
        variance_lead: Variance of the demand during the lead time, units squared.
        mean_protection: Expected demand during the protection period L + R. Where it equals
            `mean_lead` review is continuous, and the share of demand that finds stock when it
            arrives meets the target.
        variance_protection: Variance of the demand during the protection period.
        is_integer: Whether demand comes in whole units, element by element.

    Returns:
        S in units; 0 without demand; NaN where an argument is impossible (see
        :mod:`stockout.forecasting.distribution`) or the protection period has less demand, or
        less variance, than the lead time that is part of it.

    >>> order_up_to_for_fill_rate(
    ...     [0.90, 0.98, 0.98], 6, 6, 9, 9, is_integer=[True, True, False]
    ... ).round(3).tolist()
    [12.0, 15.0, 15.091]
    """
    whole, target, mean_l, variance_l, mean_p, variance_p = np.broadcast_arrays(
        np.asarray(is_integer, dtype=np.bool_),
        *as_floats(target, mean_lead, variance_lead, mean_protection, variance_protection),
    )
    valid = (
        (target >= 0)
        & (target <= 1)
        & is_possible(mean_l, variance_l)
        & is_possible(mean_p, variance_p)
        & (mean_p >= mean_l * (1 - _PRECISION))
        & (variance_p >= variance_l * (1 - _PRECISION))
    )
    level = np.where(valid, np.where(mean_p > NO_DEMAND, np.inf, 0.0), np.nan)
    asked = valid & (target < 1) & (mean_p > NO_DEMAND)
    at_once = asked & (mean_p - mean_l <= _PRECISION * mean_p)
    level[at_once] = _stock_on_arrival(
        target[at_once], mean_l[at_once], variance_l[at_once], whole[at_once]
    )
    search = asked & ~at_once
    level[search] = by_kind(
        _whole_order_up_to,
        _fractional_order_up_to,
        whole[search],
        target[search],
        mean_l[search],
        variance_l[search],
        mean_p[search],
        variance_p[search],
    )
    return level[()]


def _demand_until_replenished(
    mean: ArrayLike,
    variance: ArrayLike,
    lead_time: ArrayLike,
    lead_time_variance: ArrayLike,
    review: ArrayLike,
) -> Moments:
    lead_time, review = as_floats(lead_time, review)
    time = np.where((lead_time >= 0) & (review >= 0), lead_time + review, np.nan)
    return demand_over_lead_time(mean, variance, time, lead_time_variance)


def _stock_on_arrival(
    target: FloatArray, mean: FloatArray, variance: FloatArray, whole: BoolArray
) -> FloatArray:
    """The lowest S with P(D_L >= S) <= 1 - target: what the two-term formula tends to as R -> 0."""
    level = demand_quantile(target, mean, variance, whole) + whole
    return np.where(target == 0, 0.0, level)


def _whole_order_up_to(
    target: FloatArray,
    mean_l: FloatArray,
    variance_l: FloatArray,
    mean_p: FloatArray,
    variance_p: FloatArray,
) -> FloatArray:
    allowed = (1 - target) * (mean_p - mean_l)

    def reaches(level: FloatArray, at: NDArray[np.intp]) -> BoolArray:
        short = negative_binomial_loss(level, mean_p[at], variance_p[at]) - negative_binomial_loss(
            level, mean_l[at], variance_l[at]
        )
        return short <= allowed[at]

    near = _gamma_order_up_to(
        allowed,
        mean_l,
        np.maximum(variance_l, mean_l),
        mean_p,
        np.maximum(variance_p, mean_p),
        precision=np.full(target.shape, _NEAR),
    )
    return smallest_whole(reaches, guess=near - 0.5)


def _fractional_order_up_to(
    target: FloatArray,
    mean_l: FloatArray,
    variance_l: FloatArray,
    mean_p: FloatArray,
    variance_p: FloatArray,
) -> FloatArray:
    allowed = (1 - target) * (mean_p - mean_l)
    precision = _PRECISION * (mean_p + np.sqrt(variance_p))
    return _gamma_order_up_to(allowed, mean_l, variance_l, mean_p, variance_p, precision=precision)


def _gamma_order_up_to(
    allowed: FloatArray,
    mean_l: FloatArray,
    variance_l: FloatArray,
    mean_p: FloatArray,
    variance_p: FloatArray,
    *,
    precision: FloatArray,
) -> FloatArray:
    def reaches(level: FloatArray, at: NDArray[np.intp]) -> BoolArray:
        short = gamma_loss(level, mean_p[at], variance_p[at]) - gamma_loss(
            level, mean_l[at], variance_l[at]
        )
        return short <= allowed[at]

    # Scarf's bound on the loss of any demand with these moments, solved for the level.
    high = mean_p + variance_p / (4 * allowed) - allowed
    return smallest_real(reaches, np.zeros(allowed.shape), np.maximum(high, mean_p), precision)
