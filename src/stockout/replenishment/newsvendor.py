"""Stock levels where costs decide: critical ratios and the newsvendor.

The level with the least expected cost of shortage and leftover is the quantile of demand at the
*critical ratio*, which depends on what a shortage costs, and when. With h the cost of holding a
unit for a period, p the cost of a shortage and R the review period in periods:

- a lost unit costs p: ``p / (p + h R)``;
- an owed unit costs p a period, until it is delivered: ``p / (p + h)``;
- an owed unit costs p once: ``1 - h R / p``.

All functions take arrays that broadcast against each other; impossible costs give NaN.

Sources: Snyder and Shen, *Fundamentals of Supply Chain Theory*, 2nd edition, section 4.3; Silver,
Pyke and Thomas, *Inventory and Production Management in Supply Chains*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockout.forecasting.distribution import demand_quantile, normal_quantile
from stockout.forecasting.families import as_floats
from stockout.replenishment.loss_functions import (
    demand_complementary_loss,
    demand_loss,
    normal_complementary_loss,
    normal_loss,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]


class Newsvendor(NamedTuple):
    """The best level and what it is expected to cost."""

    level: FloatArray  # units
    cost: FloatArray  # money: holding_cost * units left + shortage_cost * units short


def critical_ratio_lost_sales(
    shortage_cost: ArrayLike, holding_cost: ArrayLike, review: ArrayLike = 1.0
) -> FloatArray:
    """``p / (p + h R)``: the probability of no stockout to aim for where a shortage is a lost sale.

    Args:
        shortage_cost: Money per unit lost, p.
        holding_cost: Money per unit and period, h.
        review: Review period in periods, R.

    Returns:
        The ratio, 0 to 1; NaN where both costs are 0 or one is negative.

    >>> critical_ratio_lost_sales([9, 9], 1, [1, 7]).tolist()
    [0.9, 0.5625]
    """
    p, h, r = as_floats(shortage_cost, holding_cost, review)
    return _ratio(p, h * r)


def critical_ratio_backorder(shortage_cost: ArrayLike, holding_cost: ArrayLike) -> FloatArray:
    """``p / (p + h)``: the ratio where a shortage is owed, and costs as long as it is.

    Args:
        shortage_cost: Money per unit and period owed, p.
        holding_cost: Money per unit and period, h.

    >>> float(critical_ratio_backorder(0.70, 0.18).round(4))
    0.7955
    """
    p, h = as_floats(shortage_cost, holding_cost)
    return _ratio(p, h)


def critical_ratio_backorder_once(
    shortage_cost: ArrayLike, holding_cost: ArrayLike, review: ArrayLike = 1.0
) -> FloatArray:
    """``1 - h R / p``: the ratio where a shortage is owed, and costs once a unit.

    Args:
        shortage_cost: Money per unit that is not served at once, p.
        holding_cost: Money per unit and period, h.
        review: Review period in periods, R.

    Returns:
        The ratio, 0 to 1; 0 where holding a unit for a cycle costs more than the shortage, NaN
        where both cost nothing or one is negative.

    >>> critical_ratio_backorder_once([10, 10], 0.2, [7, 60]).round(2).tolist()
    [0.86, 0.0]
    """
    p, h, r = as_floats(shortage_cost, holding_cost, review)
    held = h * r
    possible = (p >= 0) & (held >= 0) & (p + held > 0)
    spared = 1 - np.minimum(held, p) / np.where(p > 0, p, 1)
    return np.where(possible, np.where(p > 0, spared, 0), np.nan)[()]


def newsvendor_normal(
    holding_cost: ArrayLike, shortage_cost: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> Newsvendor:
    """The level of least expected cost for normal demand.

    With a lead time, mean and variance are those of the lead time plus one period.

    Args:
        holding_cost: Money per unit left, h.
        shortage_cost: Money per unit short, p.
        mean: Expected demand, units.
        variance: Variance of demand, units squared.

    Snyder and Shen, example 4.3, then the same with a lead time of four periods:

    >>> [float(value.round(5)) for value in newsvendor_normal(0.18, 0.70, 50, 8**2)]
    [56.60396, 1.99761]
    >>> [float(value.round(5)) for value in newsvendor_normal(0.18, 0.70, 5 * 50, 5 * 8**2)]
    [264.76689, 4.46678]
    """
    h, p, mean, variance = as_floats(holding_cost, shortage_cost, mean, variance)
    level = normal_quantile(_ratio(p, h), mean, variance)
    left = normal_complementary_loss(level, mean, variance)
    return Newsvendor(level, _cost(h, left, p, normal_loss(level, mean, variance)))


def newsvendor_demand(
    holding_cost: ArrayLike,
    shortage_cost: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    *,
    is_integer: ArrayLike,
) -> Newsvendor:
    """The level of least expected cost for Poisson, negative binomial or gamma demand.

    Args:
        holding_cost: Money per unit left, h.
        shortage_cost: Money per unit short, p.
        mean: Expected demand, units.
        variance: Variance of demand, units squared.
        is_integer: Whether demand comes in whole units, element by element.

    Poisson demand with mean 50 (Snyder and Shen):

    >>> best = newsvendor_demand(0.18, 0.70, 50, 50, is_integer=True)
    >>> float(best.level), float(best.cost.round(6))
    (56.0, 1.797235)
    """
    h, p, mean, variance = as_floats(holding_cost, shortage_cost, mean, variance)
    level = demand_quantile(_ratio(p, h), mean, variance, is_integer)
    left = demand_complementary_loss(level, mean, variance, is_integer)
    return Newsvendor(level, _cost(h, left, p, demand_loss(level, mean, variance, is_integer)))


def _ratio(p: FloatArray, h: FloatArray) -> FloatArray:
    total = np.where((p >= 0) & (h >= 0) & (p + h > 0), p + h, np.nan)
    return (p / total)[()]


def _cost(h: FloatArray, left: FloatArray, p: FloatArray, short: FloatArray) -> FloatArray:
    """``h left + p short``, where what is free costs nothing even if there is no end to it."""
    held = h * np.where(h == 0, 0 * np.isnan(left), left)
    missed = p * np.where(p == 0, 0 * np.isnan(short), short)
    return np.where(np.isnan(left + short), np.nan, held + missed)[()]
