"""Stock projected to the next possible arrivals, under the distribution of demand.

An order placed now arrives after the lead time L and has to last until the order of the next
review arrives, at L + R. Between arrivals stock falls by demand. Under lost sales what cannot be
served is lost, so stock never falls below zero and nothing of it has to be made up for; under
backorders it is owed. The order must cover what the demand of the last cycle (L, L + R] exceeds the
stock that is left at L.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.replenishment.demand_draws import PATHS, draw_demand, draw_gamma, shared_ranks
from stockout.replenishment.look_ahead import (
    Cycles,
    least_cost_order,
    least_cost_position,
    order_step,
)
from stockout.replenishment.position import MAX_ARRIVALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.position import Arrivals
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]
    Ranks = NDArray[np.int64]

HIGHEST_LEVEL = 0.999
"""Targets above it ask for a chance smaller than that of one of the futures that are drawn."""

logger = logging.getLogger(__name__)

_BLOCK = 64  # items projected at a time: arrays of half a MB stay in the cache; changes no result

# dimensions of the shared random numbers
_LEVEL, _LEAD_TIME, _FIRST_SEGMENT = 0, 1, 2
_FOLLOWING = _FIRST_SEGMENT + MAX_ARRIVALS + 2


class Plan(NamedTuple):
    """What the projection starts from; every array has one entry an item."""

    stock: Matrix  # units that can be sold now; below 0 where more is owed than is there
    arrivals: Arrivals  # open purchases before the protection period ends
    lead_time: Matrix  # periods until an order placed now arrives
    lead_time_sd: Matrix  # periods
    review: Matrix  # periods from one review to the next, over 0
    level: Matrix  # target: probability of no shortage in the last cycle, or share served in it
    is_fill_rate: NDArray[np.bool_]  # the target is the share served
    is_service_level: NDArray[np.bool_]  # the target is a cycle service level; else a cost


class Projection(NamedTuple):
    """What becomes of each item; every array has one entry an item."""

    needed: Matrix  # units to order now so that the last cycle meets the target, 0 or more
    enough: Matrix  # smallest position, all of it on hand, at which nothing needs to be ordered
    stockout_risk: Matrix  # probability of a shortage before L + R if nothing is ordered now
    short_units: Matrix  # expected units short (lost or late) before L + R if nothing is ordered
    short_before_arrival: Matrix  # those of them before L, which no order of now can save
    risk_before_arrival: Matrix  # probability of a shortage before L


def project(
    model: DemandModel, plan: Plan, unmet: Unmet = "lost", usual: DemandModel | None = None
) -> Projection:
    """Projects the stock of all items and finds what each needs ordered.

    A path draws a level A (gamma, mean 1, variance ``level_variance``) and, given it, the demand of
    each stretch between arrivals with mean A m and variance ``noise`` A m. A random lead time
    lengthens or shortens the last cycle by the deviation of the next order's lead time (gamma). The
    paths are the same for all items.

    What is needed is the target quantile of what is missing in the last cycle. Under a service
    level a path that turns customers away before L and meets L with an empty shelf needs at least
    one unit, even if nobody comes in the last cycle: nobody asks for a slow mover in most cycles,
    and a shelf that is empty all along serves none of them. So nothing needs ordering exactly if
    the position covers the demand of the whole protection period with that probability, as in the
    textbooks. Under costs a cycle without demand costs nothing, and needs nothing; and where what
    finds no stock is lost, the order is the one that costs the least together with the next one
    (:mod:`stockout.replenishment.look_ahead`), which is less than the quantile.

    Args:
        model: Demand after as-of.
        plan: Stock, arrivals, lead time, review and target of each item of the model.
        unmet: What happens to demand that finds no stock.
        usual: Demand without peaks, which orders of the least cost are for
            (:mod:`stockout.forecasting.peaks`); None is the model.

    Returns:
        The projection. ``needed`` never falls with the target or with less stock; under stationary
        demand without arrivals nor with a longer lead time.
    """
    indistinct = int(np.count_nonzero(plan.level > HIGHEST_LEVEL))
    if indistinct:
        logger.warning(
            "%s items aim above %g %%, but %s futures of demand tell no more than that apart",
            f"{indistinct:,}",
            100 * HIGHEST_LEVEL,
            f"{PATHS:,}",
        )
    result = Projection(*(np.zeros(plan.stock.size) for _ in Projection._fields))
    least_cost = ~plan.is_fill_rate & ~plan.is_service_level & (unmet == "lost")
    apart = (plan.lead_time < plan.review) | (usual is not None)
    for block, paths in _blocks(model, plan, unmet):
        level, whole = plan.level[block], model.is_integer[block]
        service = plan.is_service_level[block, None]
        empty = (paths.short_before > 0) & (paths.left <= 0) & (whole[:, None] & service)
        gap = np.where(empty, paths.gap.clip(1), paths.gap)
        is_served = service | (paths.last_cycle > 0)
        position = np.where(is_served, paths.before + paths.last_cycle, 0.0)
        needed = _path_quantile(np.sort(gap, axis=1), level, whole)
        enough = _path_quantile(np.sort(position, axis=1), level, whole)
        fill = np.flatnonzero(plan.is_fill_rate[block])
        if fill.size:
            before, last_cycle = paths.before[fill], paths.last_cycle[fill]
            allowed = (1 - level[fill]) * last_cycle.mean(axis=1)
            needed[fill] = _enough_for_loss(np.sort(gap[fill], axis=1), allowed, whole[fill])
            enough[fill] = _position_for_loss(before, last_cycle, allowed, whole[fill])
        result.needed[block] = needed.clip(0)
        result.enough[block] = enough
        result.stockout_risk[block] = (paths.short > 0).mean(axis=1)
        result.short_units[block] = paths.short.mean(axis=1)
        result.short_before_arrival[block] = paths.short_before.mean(axis=1)
        result.risk_before_arrival[block] = (paths.short_before > 0).mean(axis=1)
        here = np.flatnonzero(least_cost[block] & ~apart[block])
        _limit_to_least_cost(result, model, plan, block[here], paths.of(here))
    wanted = model if usual is None else usual
    for block, paths in _blocks(wanted, _patient(plan), unmet, np.flatnonzero(least_cost & apart)):
        _limit_to_least_cost(result, wanted, plan, block, paths)
    return result


def _patient(plan: Plan) -> Plan:
    """The plan with lead times of at least a review.

    With a shorter one, part of what a cycle leaves over is known when the next order is placed,
    which the order of least cost over two cycles does not look at. There the quantile counts, and
    this order only as a limit: no shelf needs more with a short lead time than with a long one.
    """
    return plan._replace(lead_time=np.maximum(plan.lead_time, plan.review))


def avoided_loss(
    model: DemandModel, plan: Plan, order_qty: Matrix, unmet: Unmet = "lost"
) -> Matrix:
    """Expected units short in the last cycle that orders of so many units avoid.

    Args:
        model: Demand after as-of.
        plan: Stock, arrivals, lead time and review of each item of the model.
        order_qty: (items,) units, or (items, k) for k quantities of each item.
        unmet: What happens to demand that finds no stock.

    Returns:
        Units, of the shape of ``order_qty``.
    """
    quantities = order_qty.reshape(plan.stock.size, -1)
    avoided = np.zeros(quantities.shape)
    for block, paths in _blocks(model, plan, unmet):
        gap = paths.gap.clip(0)
        for k in range(quantities.shape[1]):
            avoided[block, k] = np.minimum(gap, quantities[block, k, None]).mean(axis=1)
    return avoided.reshape(order_qty.shape)


class _Paths(NamedTuple):
    """(items, paths) of one block of items."""

    gap: Matrix  # units missing in the last cycle, at its worst moment, if nothing is ordered
    net: Matrix  # stock at L + R if nothing is ordered, below 0 by what is lost in the last cycle
    left: Matrix  # stock at L, before an order of now arrives
    before: Matrix  # demand up to L
    last_cycle: Matrix  # demand in (L, L + R]
    short: Matrix  # units short up to L + R
    short_before: Matrix  # units short up to L
    level: Matrix  # level of demand

    def of(self, items: NDArray[np.int64]) -> _Paths:
        """The paths of some items."""
        return _Paths(*(values[items] for values in self))


class _Stretches(NamedTuple):
    """The time up to L + R, cut at every arrival, at L and at L + R: (items, stretches)."""

    mean: Matrix  # expected demand of the stretch
    arriving: Matrix  # units that arrive at its end
    is_before: NDArray[np.bool_]  # it ends at or before L
    is_last: NDArray[np.bool_]  # it ends at L + R; those after it have no length

    def part(self, items: NDArray[np.int64], stretches: int) -> _Stretches:
        """The first stretches of some items."""
        return _Stretches(
            self.mean[items, :stretches],
            self.arriving[items, :stretches],
            self.is_before[items, :stretches],
            self.is_last[items, :stretches],
        )


def _blocks(
    model: DemandModel, plan: Plan, unmet: Unmet, items: NDArray[np.int64] | None = None
) -> Iterator[tuple[NDArray[np.int64], _Paths]]:
    """Paths of some items, or all, a block of like items at a time."""
    stretches = _cut(model, plan)
    count = np.isfinite(plan.arrivals.periods).sum(axis=1)
    total = stretches.mean.sum(axis=1)
    order = np.lexsort((total, count))
    if items is not None:
        order = order[np.isin(order, items)]
    ranks = shared_ranks(_FIRST_SEGMENT + stretches.mean.shape[1])
    for first in range(0, order.size, _BLOCK):
        block = order[first : first + _BLOCK]
        used = int(count[block].max(initial=0)) + 2
        part = stretches.part(block, used)
        yield block, _walk(model, plan, part, block, ranks=ranks, unmet=unmet)


def _cut(model: DemandModel, plan: Plan) -> _Stretches:
    end = plan.lead_time + plan.review
    times = np.column_stack([plan.arrivals.periods, plan.lead_time, end])
    units = np.column_stack([plan.arrivals.units, np.zeros((end.size, 2))])
    order = np.argsort(times, axis=1, kind="stable")  # at equal times arrivals come before L
    arrivals = plan.arrivals.periods.shape[1]
    place_of = np.argsort(order, axis=1)
    position = np.arange(times.shape[1])
    stops = np.minimum(np.take_along_axis(times, order, axis=1), end[:, None])
    starts = np.column_stack([np.zeros(end.size), stops[:, :-1]])
    mean = np.column_stack(
        [model.sum_mean(starts[:, k], stops[:, k]) for k in range(stops.shape[1])]
    )
    return _Stretches(
        mean=mean.clip(0),
        arriving=np.take_along_axis(units, order, axis=1),
        is_before=position <= place_of[:, [arrivals]],
        is_last=position == place_of[:, [arrivals + 1]],
    )


def _walk(
    model: DemandModel,
    plan: Plan,
    stretches: _Stretches,
    block: NDArray[np.int64],
    *,
    ranks: Ranks,
    unmet: Unmet,
) -> _Paths:
    shape = (block.size, PATHS)
    noise, whole = model.noise[block], model.is_integer[block]
    one = np.ones((block.size, 1))
    level = draw_gamma(ranks[_LEVEL], one, model.level_variance[block, None])
    extra = _deviation(model, plan, block, ranks[_LEAD_TIME])
    stock = np.broadcast_to(plan.stock[block, None], shape).copy()
    gap = np.full(shape, -np.inf)
    left = stock
    missing = np.zeros(shape)  # cumulative demand less arrivals since L, less the stock at L
    before, last_cycle, short, short_before = (np.zeros(shape) for _ in range(4))
    for k in range(stretches.mean.shape[1]):
        early = stretches.is_before[:, [k]]
        mean = stretches.mean[:, [k]] + np.where(stretches.is_last[:, [k]], extra, 0.0)
        demand = draw_demand(ranks[_FIRST_SEGMENT + k], mean.clip(0) * level, noise, whole)
        lost = (demand - stock.clip(0)).clip(0)
        short += lost
        short_before += np.where(early, lost, 0.0)
        before += np.where(early, demand, 0.0)
        last_cycle += np.where(early, 0.0, demand)
        missing = np.where(early, 0.0, missing + demand)
        floor = np.minimum(stock, 0) if unmet == "lost" else -np.inf
        stock = np.maximum(stock - demand, floor)
        arriving = stretches.arriving[:, [k]]
        stock += arriving
        left = np.where(early, stock, left)
        missing = np.where(early, -stock, missing)
        gap = np.where(early, gap, np.maximum(gap, missing))
        missing = np.where(early, missing, missing - arriving)
    return _Paths(gap, -missing, left, before, last_cycle, short, short_before, level)


def _limit_to_least_cost(
    result: Projection, model: DemandModel, plan: Plan, items: NDArray[np.int64], paths: _Paths
) -> None:
    """Lowers what items need to the order, and the position, of the least cost over two cycles."""
    if not items.size:
        return
    noise, whole, level = model.noise[items], model.is_integer[items], plan.level[items]
    end = plan.lead_time + plan.review
    mean = model.sum_mean(end, end + plan.review)[items, None].clip(0)
    ranks = shared_ranks(_FOLLOWING + 1)[_FOLLOWING]
    following = draw_demand(ranks, mean * paths.level, noise, whole)
    step = order_step(paths.last_cycle, whole)
    missing = Cycles(paths.gap, paths.net, following)
    demand = Cycles(paths.last_cycle, -paths.last_cycle, following)
    result.needed[items] = least_cost_order(missing, level, result.needed[items], step)
    result.enough[items] = least_cost_position(
        paths.before, demand, level, result.enough[items], step
    )


def _deviation(model: DemandModel, plan: Plan, block: Ranks, ranks: Ranks) -> Matrix:
    """(items, paths or 1) expected demand that a longer or shorter lead time adds."""
    mean, sd = plan.lead_time[block, None], plan.lead_time_sd[block, None]
    if not (sd > 0).any():
        return np.zeros((block.size, 1))
    end = plan.lead_time + plan.review
    rate = (model.sum_mean(plan.lead_time, end) / plan.review)[block, None]
    return rate * (draw_gamma(ranks, mean, sd**2) - mean)


def _path_quantile(ordered: Matrix, level: Matrix, whole: NDArray[np.bool_]) -> Matrix:
    """Smallest value that the share ``level`` of the paths does not exceed; rows are ascending.

    Where demand is not in whole units, interpolated so that path i stands at (i - 0.5) / PATHS.
    """
    rows = np.arange(ordered.shape[0])
    at_least = np.ceil(level * PATHS - 1e-9).astype(np.int64).clip(1, PATHS) - 1
    place = (level * PATHS - 0.5).clip(0, PATHS - 1)
    low = np.floor(place).astype(np.int64).clip(0, PATHS - 2)
    part = place - low
    between = ordered[rows, low] * (1 - part) + ordered[rows, low + 1] * part
    return np.asarray(np.where(whole, ordered[rows, at_least], between))


def _enough_for_loss(ordered: Matrix, allowed: Matrix, whole: NDArray[np.bool_]) -> Matrix:
    """Smallest Q with mean (gap - Q)+ at most ``allowed``; rows are ascending.

    Between the gaps of two paths the mean is linear in Q, so Q follows from the sums above it.
    """
    above = np.cumsum(ordered[:, ::-1], axis=1)[:, ::-1]
    count = PATHS - np.arange(PATHS)
    loss_at_gap = (above - count * ordered) / PATHS
    met = (loss_at_gap <= allowed[:, None]).argmax(axis=1)
    rows = np.arange(ordered.shape[0])
    exact = (above[rows, met] - allowed * PATHS) / count[met]
    exact = np.minimum(exact, ordered[rows, met])
    return np.asarray(np.where(whole, np.ceil(exact - 1e-9), exact))


def _position_for_loss(
    before: Matrix, last_cycle: Matrix, allowed: Matrix, whole: NDArray[np.bool_]
) -> Matrix:
    """Smallest stock from which the last cycle loses at most ``allowed``, by bisection."""
    low = np.full(allowed.size, -1.0)
    high = np.ceil((before + last_cycle).max(axis=1))
    tolerance = np.where(whole, 1.0, 1e-6 * high.clip(1))
    while (open_ := high - low > tolerance).any():
        middle = (low + high) / 2
        middle = np.where(whole, np.floor(middle), middle)
        left = (middle.clip(0)[:, None] - before).clip(0)
        met = (last_cycle - left).clip(0).mean(axis=1) <= allowed
        met &= middle >= 0
        high = np.where(open_ & met, middle, high)
        low = np.where(open_ & ~met, middle, low)
    return np.asarray(high)
