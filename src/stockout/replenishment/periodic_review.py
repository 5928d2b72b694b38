"""The (s, S) policy of least cost: at each review, where the position is s or less, order up to S.

With D the demand between two reviews, p(j) = P(D = j), G(y) the cost of a position of y until the
next review, and m(j) the expected number of reviews that find the position j below S,

    m(0) = 1 / (1 - p(0)),   m(j) = (p(1) m(j-1) + ... + p(j) m(0)) / (1 - p(0)),
    c(s, S) = (K + m(0) G(S) + m(1) G(S-1) + ... + m(S-s-1) G(s+1)) / (m(0) + ... + m(S-s-1))

Zheng and Federgruen prove that with y* the position of least G, the best s lies below y* and the
best S not below it, and that no position need be looked at above S where G exceeds the cost of some
policy, nor below s where it does. They walk through these in a sequence of comparisons. Here all
pairs within the bounds are compared, for many items at once: one running sum for each S. What is
found is proven to be best when G at both ends of the range exceeds its cost; else the range is
doubled.

Where the range is wide, and where demand comes in fractions, positions are looked at in steps of
several units, so that there are at most some hundred; G is exact at each.

Source: Zheng and Federgruen (1991), "Finding optimal (s, S) policies is about as simple as
evaluating a single policy", Operations Research 39, 654-665.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockout.forecasting.distribution import demand_cdf, demand_quantile
from stockout.forecasting.families import NO_DEMAND, as_floats, is_possible
from stockout.replenishment.loss_functions import demand_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]
    Indices: TypeAlias = NDArray[np.intp]

STEPS = 96
"""Positions looked at to either side of y*, before the range is doubled, are at most so many; where
more units lie there, several make a step. Measured against steps of one unit on 48 cases (Poisson
and negative binomial demand of 5 to 300 a review, order costs of 10 to 1,000 holding costs), the
cost is at most 0.13 % higher."""

_ITEMS = 256  # items computed at a time; bounds memory, changes no result
_DOUBLINGS = 6


class ReorderLevels(NamedTuple):
    """The policy of least cost."""

    reorder_level: FloatArray  # s, units: an order is placed at this position or below
    order_up_to: FloatArray  # S, units
    cost: FloatArray  # money per review: ordering, holding and shortages (in steps: about)


class Demand(NamedTuple):
    """Mean and variance of the demand of some time, one entry an item."""

    mean: ArrayLike  # units
    variance: ArrayLike  # units squared


def optimal_reorder_levels(  # noqa: PLR0917 - costs, then demand, as in the formula
    order_cost: ArrayLike,
    holding_cost: ArrayLike,
    shortage_cost: ArrayLike,
    review: Demand,
    protection: Demand,
    is_integer: ArrayLike,
) -> ReorderLevels:
    """Reorder level and order-up-to level of least cost, backorders.

    Args:
        order_cost: Money per order, K, 0 or more.
        holding_cost: Money per unit left at the end of a review period, h, above 0.
        shortage_cost: Money per unit owed at the end of a review period, p, above 0.
        review: Demand between two reviews.
        protection: Demand of lead time and review period, until an order of the next review
            arrives; with a lead time of 0 that of the review period.
        is_integer: Whether demand comes in whole units, element by element.

    Returns:
        Arrays broadcast from the arguments; NaN where one is impossible or there is no demand.

    Poisson demand of 6 a period (stockpyl has this example):

    >>> best = optimal_reorder_levels(5, 1, 4, Demand(6, 6), Demand(6, 6), is_integer=True)
    >>> float(best.reorder_level), float(best.order_up_to), float(best.cost.round(6))
    (4.0, 10.0, 8.034112)
    """
    arrays = np.broadcast_arrays(
        *as_floats(order_cost, holding_cost, shortage_cost, *review, *protection),
        np.asarray(is_integer, dtype=np.bool_),
    )
    shape = arrays[0].shape
    k, h, p, mean, variance, mean_p, variance_p, whole = (values.ravel() for values in arrays)
    possible = (k >= 0) & (k < np.inf) & (h > 0) & (h < np.inf) & (p > 0) & (p < np.inf)
    possible &= is_possible(mean, variance) & is_possible(mean_p, variance_p)
    possible &= (mean > NO_DEMAND) & (mean_p > NO_DEMAND)
    answer = ReorderLevels(*(np.full(mean.size, np.nan) for _ in ReorderLevels._fields))
    ask = np.flatnonzero(possible)
    ask = ask[np.argsort(_range(k, h, mean, variance_p)[ask], kind="stable")]
    for first in range(0, ask.size, _ITEMS):
        at = ask[first : first + _ITEMS]
        question = _Question._make((k, h, p, mean, variance, mean_p, variance_p, whole))
        for field, values in zip(answer, _search(question.part(at)), strict=True):
            field[at] = values
    return ReorderLevels(*(values.reshape(shape)[()] for values in answer))


class _Question(NamedTuple):
    """Costs and demand of some items."""

    k: FloatArray
    h: FloatArray
    p: FloatArray
    mean: FloatArray  # of a review period
    variance: FloatArray
    mean_p: FloatArray  # of the protection period
    variance_p: FloatArray
    whole: BoolArray

    def part(self, where: Indices) -> _Question:
        """Some of the questions."""
        return _Question._make(values[where] for values in self)


def _range(k: FloatArray, h: FloatArray, mean: FloatArray, variance_p: FloatArray) -> FloatArray:
    """About how far S lies above y*, units: the lot of constant demand, and some spread."""
    h = np.where(h > 0, h, np.nan)
    return np.asarray(np.sqrt(2 * k.clip(0) * mean.clip(0) / h) + np.sqrt(variance_p.clip(0)) + 2)


def _search(ask: _Question) -> ReorderLevels:
    demand = ask.mean_p, ask.variance_p, ask.whole
    best = demand_quantile(ask.p / (ask.p + ask.h), *demand)
    wide = 1.5 * _range(ask.k, ask.h, ask.mean, ask.variance_p)
    step = np.where(ask.whole, np.ceil(wide / STEPS).clip(1), wide / STEPS)
    found = ReorderLevels(*(np.empty(best.size) for _ in ReorderLevels._fields))
    open_ = np.arange(best.size)
    size = int(np.ceil((wide / step).max()))
    for _ in range(_DOUBLINGS):
        part = ask.part(open_)
        levels, proven = _compare_all(part, best[open_], step[open_], size)
        for field, values in zip(found, levels, strict=True):
            field[open_] = values
        open_ = open_[~proven]
        if not open_.size:
            break
        size *= 2
    return found


def _compare_all(
    ask: _Question, best: FloatArray, step: FloatArray, size: int
) -> tuple[ReorderLevels, BoolArray]:
    """The cheapest pair within ``size`` steps of y*, and whether no other pair can be cheaper."""
    place = np.arange(-size, size + 1)
    column = (slice(None), None)
    y = best[column] + place * step[column]
    short = demand_loss(
        y, ask.mean_p[column], ask.variance_p[column], np.broadcast_to(ask.whole[column], y.shape)
    )
    cost = ask.h[column] * (y - ask.mean_p[column] + short) + ask.p[column] * short
    visits = _visits(ask, step, 2 * size)
    reviews = np.cumsum(visits, axis=1)
    lowest = np.full(best.size, np.inf)
    up_to, depth = (np.zeros(best.size, dtype=np.int64) for _ in range(2))
    for above in range(size + 1):
        top = size + above  # column of S
        below = cost[:, top::-1][:, : 2 * size]
        held = np.cumsum(visits[:, : below.shape[1]] * below, axis=1)
        average = (ask.k[column] + held) / reviews[:, : below.shape[1]]
        average[:, :above] = np.inf  # s lies below y*
        deepest = average.argmin(axis=1)
        cheapest = average[np.arange(best.size), deepest]
        better = cheapest < lowest * (1 - 1e-12)
        lowest = np.where(better, cheapest, lowest)
        up_to, depth = np.where(better, above, up_to), np.where(better, deepest, depth)
    order_up_to = best + up_to * step
    proven = (cost[:, 0] > lowest) & (cost[:, -1] > lowest)
    return ReorderLevels(order_up_to - (depth + 1) * step, order_up_to, lowest), proven


def _visits(ask: _Question, step: FloatArray, size: int) -> FloatArray:
    """(items, size) m(j); demand is rounded to whole steps."""
    edge = (np.arange(size) + 0.5) * step[:, None]
    upto = demand_cdf(
        edge,
        ask.mean[:, None],
        ask.variance[:, None],
        np.broadcast_to(ask.whole[:, None], edge.shape),
    )
    probability = np.diff(upto, axis=1, prepend=0.0)
    moves = 1 - probability[:, 0]
    visits = np.zeros_like(probability)
    visits[:, 0] = 1 / moves
    for j in range(1, size):
        earlier = (probability[:, 1 : j + 1] * visits[:, j - 1 :: -1]).sum(axis=1)
        visits[:, j] = earlier / moves
    return visits
