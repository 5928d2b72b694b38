"""The (r, Q) policy of least cost: whenever the position falls to r, order Q.

Under continuous review an order of Q leaves the position anywhere from r + 1 to r + Q, each equally
often (any point of (r, r + Q] where demand comes in fractions). A position of y costs ``g(y)`` a
period, so the policy costs

    C(r, Q) = (K d + g(r + 1) + ... + g(r + Q)) / Q

with K the cost of an order and d the demand of a period. g falls and then rises. Federgruen and
Zheng add one position after the other, always the cheaper of the two next to those they have, for
as long as it costs less than the average. So the best positions are all that cost at most the best
average, and that average is found here from above (Dinkelbach's method): the positions that cost at
most the average of the last ones, until they are the same. Both end at the same r and Q; the number
of rounds hardly grows with Q.

Sources: Federgruen and Zheng (1992), "An efficient algorithm for computing an optimal (r, Q) policy
in continuous review stochastic inventory systems", Operations Research 40, 808-813; Zheng (1992),
"On properties of stochastic inventory systems", Management Science 38, 87-103, for fractions;
Hadley and Whitin, *Analysis of Inventory Systems*, chapter 4, for shortages that cost once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy import special

from stockout.forecasting.distribution import demand_cdf, demand_quantile, demand_survival
from stockout.forecasting.families import (
    NO_DEMAND,
    as_floats,
    gamma_shape_scale,
    is_possible,
    is_spread_out,
)
from stockout.forecasting.search import smallest_real, smallest_whole
from stockout.replenishment.loss_functions import demand_loss
from stockout.replenishment.second_order_loss import demand_second_order_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    BoolArray: TypeAlias = NDArray[np.bool_]
    Indices: TypeAlias = NDArray[np.intp]

_ROUNDS = 100  # far more than are needed: the average falls faster than by halves
_PRECISION = 1e-9  # of the demand's scale, to which positions in fractions are found
_NEVER_SO_LITTLE = 1e-6  # probability below which a demand as small is left out of the search


class ReorderQuantity(NamedTuple):
    """The policy of least cost."""

    reorder_point: FloatArray  # r, units: the position at which to order
    order_quantity: FloatArray  # Q, units
    cost: FloatArray  # money per period: ordering, holding and shortages


class _Question(NamedTuple):
    """Costs and lead-time demand; arrays of one dimension."""

    fixed: FloatArray  # K d, money per period if each unit were an order
    holding: FloatArray
    per_period: FloatArray  # money per unit short and period
    once: FloatArray  # money per period while every customer finds no stock
    mean: FloatArray
    variance: FloatArray
    whole: BoolArray

    def part(self, where: Indices) -> _Question:
        """Some of the questions."""
        return _Question._make(values[where] for values in self)


def optimal_reorder_quantity(  # noqa: PLR0917 - costs, then demand, as in the formula
    order_cost: ArrayLike,
    holding_cost: ArrayLike,
    shortage_cost: ArrayLike,
    demand: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    is_integer: ArrayLike,
    *,
    shortage: Literal["per_period", "once"] = "per_period",
) -> ReorderQuantity:
    """Reorder point and lot of least cost, for Poisson, negative binomial or gamma demand.

    Args:
        order_cost: Money per order, K, 0 or more.
        holding_cost: Money per unit and period, h, above 0.
        shortage_cost: Money per unit short, p, above 0.
        demand: Units per period, d.
        mean: Expected lead-time demand, units.
        variance: Variance of lead-time demand, units squared.
        is_integer: Whether demand comes in whole units, element by element; then Q is at least 1.
        shortage: A unit short costs p for each period that it is owed (``per_period``), or p when
            it is asked for (``once``). Under ``once`` r is -1 (0 for fractions, with Q 0) where no
            stock pays for itself.

    Returns:
        Arrays broadcast from the arguments; NaN where one is impossible. Without demand r is -1 or
        0 and nothing is ordered.

    Poisson demand of 1.5 a period, a lead time of two (stockpyl has this example):

    >>> best = optimal_reorder_quantity(100, 20, 150, 1.5, 3, 3, is_integer=True)
    >>> float(best.reorder_point), float(best.order_quantity), float(best.cost.round(5))
    (3.0, 5.0, 107.92358)
    """
    arrays = np.broadcast_arrays(
        *as_floats(order_cost, holding_cost, shortage_cost, demand, mean, variance),
        np.asarray(is_integer, dtype=np.bool_),
    )
    shape = arrays[0].shape
    k, h, p, d, mean, variance, whole = (values.ravel() for values in arrays)
    possible = (k >= 0) & (h > 0) & (p > 0) & (d >= 0) & is_possible(mean, variance)
    possible &= (k < np.inf) & (h < np.inf) & (p < np.inf) & (d < np.inf)
    r = np.where(possible, np.where(whole, -1.0, 0.0), np.nan)
    q, cost = (np.where(possible, 0.0, np.nan) for _ in range(2))
    ask = np.flatnonzero(possible & (d > NO_DEMAND) & (mean >= 0))
    by_time = shortage == "per_period"
    question = _Question(
        k * d, h, p * by_time, p * d * (not by_time), mean, variance, whole.astype(np.bool_)
    )
    for kind in (True, False):
        at = ask[question.whole[ask] == kind]
        if at.size:
            r[at], q[at], cost[at] = _solve(question.part(at))
    return ReorderQuantity(*(values.reshape(shape)[()] for values in (r, q, cost)))


def _solve(ask: _Question) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Narrows the average cost from above until the positions stay the same; all of one kind."""
    best = _cheapest_position(ask)
    whole = bool(ask.whole[0])
    scale = (ask.mean + np.sqrt(ask.variance)).clip(NO_DEMAND)
    # Any policy will do to begin with; the lot of constant demand is near.
    q = np.sqrt(2 * ask.fixed / ask.holding)
    q = np.floor(q).clip(1) if whole else q.clip(_PRECISION * scale)
    pays = ask.per_period + np.where(ask.per_period > 0, 0, ask.once) + ask.holding
    r = best - np.floor(q * ask.holding / pays).clip(1)
    r = np.where(ask.per_period > 0, r, r.clip(-1.0 if whole else 0.0))
    cost = _average(r, q, ask)
    open_ = np.arange(best.size)
    for _ in range(_ROUNDS):
        part = ask.part(open_)
        low, high = _positions_below(cost[open_], best[open_], part, r[open_], r[open_] + q[open_])
        new_q = high - low
        usable = new_q > (0 if whole else _PRECISION * scale[open_])
        new_cost = np.where(usable, _average(low, np.where(usable, new_q, 1.0), part), cost[open_])
        better = usable & (new_cost < cost[open_] * (1 - 1e-13))
        settle = usable & (new_cost <= cost[open_])
        r[open_[settle]], q[open_[settle]] = low[settle], new_q[settle]
        cost[open_[settle]] = new_cost[settle]
        open_ = open_[better]
        if not open_.size:
            break
    return r, q, cost


def _average(r: FloatArray, q: FloatArray, ask: _Question) -> FloatArray:
    """C(r, Q), in closed form."""
    n, n2 = demand_loss, demand_second_order_loss
    demand = ask.mean, ask.variance, ask.whole
    short = n2(r, *demand) - n2(r + q, *demand)
    left = q * (r + np.where(ask.whole, q + 1, q) / 2 - ask.mean) + short
    asked_in_vain = n(r, *demand) - n(r + q, *demand)
    work = ask.fixed + ask.holding * left + ask.per_period * short + ask.once * asked_in_vain
    return np.asarray(work / q)


def _position_cost(y: FloatArray, ask: _Question) -> FloatArray:
    """g(y), money per period."""
    demand = ask.mean, ask.variance, ask.whole
    short = demand_loss(y, *demand)
    cost = ask.holding * (y - ask.mean + short) + ask.per_period * short
    if ask.once.any():
        cost += ask.once * demand_survival(np.where(ask.whole, y - 1, y), *demand)
    return np.asarray(cost)


def _cheapest_position(ask: _Question) -> FloatArray:
    """The y of least g(y); all questions are of one kind."""
    demand = ask.mean, ask.variance, ask.whole
    if ask.per_period.any():
        return demand_quantile(ask.per_period / (ask.per_period + ask.holding), *demand)
    lowest = demand_quantile(np.full(ask.mean.shape, _NEVER_SO_LITTLE), *demand)
    if ask.whole[0]:

        def rises(k: FloatArray, at: Indices) -> BoolArray:
            part = ask.part(at)
            y = lowest[at] + k
            upto = demand_cdf(y, part.mean, part.variance, part.whole)
            exactly = upto - demand_cdf(y - 1, part.mean, part.variance, part.whole)
            return np.asarray(part.holding * upto >= part.once * exactly)

        return lowest + smallest_whole(rises, guess=ask.mean - lowest)

    def slopes_up(y: FloatArray, at: Indices) -> BoolArray:
        part = ask.part(at)
        upto = demand_cdf(y, part.mean, part.variance, part.whole)
        return np.asarray(part.holding * upto >= part.once * _gamma_density(y, part))

    high = demand_quantile(np.full(ask.mean.shape, 1 - 1e-12), *demand)
    return smallest_real(slopes_up, lowest, high, _PRECISION * high)


def _gamma_density(y: FloatArray, ask: _Question) -> FloatArray:
    spread = is_spread_out(ask.mean, ask.variance)
    mean = np.where(spread, ask.mean, 1.0)
    shape, scale = gamma_shape_scale(mean, np.where(spread, ask.variance, 1.0))
    z = np.maximum(y / scale, 1e-300)
    density = np.exp((shape - 1) * np.log(z) - z - special.gammaln(shape)) / scale
    return np.where(spread, density, np.where(y < ask.mean, np.inf, 0.0))


def _positions_below(
    cost: FloatArray, best: FloatArray, ask: _Question, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The positions r and r + Q, between which all positions cost at most ``cost``."""
    floor = np.where(ask.per_period > 0, -np.inf, 0.0)  # no order waits for customers to be lost
    if ask.whole[0]:

        def dear_below(k: FloatArray, at: Indices) -> BoolArray:
            y = best[at] - k
            return np.asarray((_position_cost(y, ask.part(at)) > cost[at]) | (y < floor[at]))

        def dear_above(k: FloatArray, at: Indices) -> BoolArray:
            return np.asarray(_position_cost(best[at] + k + 1, ask.part(at)) > cost[at])

        below = smallest_whole(dear_below, guess=best - low)
        return best - below, best + smallest_whole(dear_above, guess=high - best)

    def dear_at_depth(depth: FloatArray, at: Indices) -> BoolArray:
        return np.asarray(_position_cost(best[at] - depth, ask.part(at)) > cost[at])

    def dear_at_height(height: FloatArray, at: Indices) -> BoolArray:
        return np.asarray(_position_cost(best[at] + height, ask.part(at)) > cost[at])

    per_period = np.where(ask.per_period > 0, ask.per_period, 1.0)
    lowest = np.where(ask.per_period > 0, ask.mean - 2 * cost / per_period, 0.0)
    deepest = (best - np.minimum(lowest, best)).clip(0)
    highest = (ask.mean + 2 * cost / ask.holding - best).clip(0)
    zero = np.zeros(best.size)
    precision = _PRECISION * (ask.mean + np.sqrt(ask.variance)).clip(NO_DEMAND)
    depth = smallest_real(dear_at_depth, zero, deepest, precision)
    return best - depth, best + smallest_real(dear_at_height, zero, highest, precision)
