"""The ordering rule of :mod:`stockout.replenishment.policy`, made fast enough to be simulated.

At a review an item needs the target quantile of what the demand of the last cycle (L, L + R]
exceeds the stock left at L. Under backorders that is S less the position, S the quantile of the
demand up to L + R. Under lost sales :mod:`stockout.replenishment.projection` projects the stock of
1,021 futures; a simulation that did so at every review of every path would take hours. It takes
the smallest of several upper bounds instead. At any moment t before L there is no less than nothing
on the shelf, so what is missing is at most the demand of (t, L + R] less what arrives in [t, L];
therefore

    order <= quantile(demand of (t, L + R])  -  what arrives from t on,

with t now (where the stock on hand counts too: the order-up-to rule), the moments at which the
orders on their way are expected, and L itself. Where one of the moments decides, the smallest bound
is what the projection orders. Where two are close, too much is missing only if it is by both, which
is rarer; how much less that takes is worked out as if both were normal. docs/simulate.md has the
measurement against the projection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.distribution import demand_quantile
from stockout.replenishment.safety_stock import order_up_to_for_fill_rate
from stockout.replenishment.two_bounds import LessTable, less_than_both

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]
    Mask = NDArray[np.bool_]

MOST_ORDERS_ON_THE_WAY = 8
"""Expected arrivals that are looked at; where more orders are on their way, the latest of them. Any
choice of moments is an upper bound, so fewer order a little more at most."""

_STEP = 0.01  # demand that differs by a per cent is looked up as the same
_NO_DEMAND = 1e-7  # units
_STEPS = 4096  # of such a size: up to 6e10 units
_TOLERANCE = 1e-9  # of a pack: what arithmetic leaves over is not a reason for one pack more


class Demand(NamedTuple):
    """What the ordering takes demand for; column i is item i."""

    cumulative: Matrix  # (days + 1, items) expected units before each day; beyond, its rate goes on
    noise: Matrix  # (items,) variance-to-mean ratio of a sum
    level_variance: Matrix  # (items,) relative variance of the level
    whole: Mask  # (items,) demand comes in whole units

    def between(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Matrix:
        """Expected units from day to day; the arrays end with the axis of items."""
        return self._before(stop) - self._before(start)

    def _before(self, day: NDArray[np.int64]) -> Matrix:
        days = len(self.cumulative) - 1
        rate = self.cumulative[-1] / days
        inside = self.cumulative[np.minimum(day, days), np.arange(self.noise.size)]
        return np.asarray(inside + rate * (day - days).clip(0))


class Terms(NamedTuple):
    """On which terms the ordering believes to be supplied; (items,) days and units, nan is none."""

    lead_time: NDArray[np.int64]
    lead_time_sd: Matrix
    review: int  # the same for all items that are ordered together
    moq: Matrix
    pack_size: Matrix
    max_stock: Matrix

    def of(self, items: NDArray[np.int64]) -> Terms:
        """The terms of some items."""
        return Terms(
            self.lead_time[items],
            self.lead_time_sd[items],
            self.review,
            self.moq[items],
            self.pack_size[items],
            self.max_stock[items],
        )


class Targets(NamedTuple):
    """Targets that are tried side by side; (targets, items)."""

    level: Matrix  # probability of no shortage in a cycle, or share served
    is_fill_rate: Mask
    is_service_level: Mask  # neither is a target by cost

    def of(self, items: NDArray[np.int64]) -> Targets:
        """The targets of some items."""
        return Targets(
            self.level[:, items], self.is_fill_rate[:, items], self.is_service_level[:, items]
        )


class Levels(NamedTuple):
    """Up to what the moments of a review order."""

    ahead: NDArray[np.int64]  # (moments, items) days from the review to the moment; L is the last
    level: Matrix  # (reviews, moments, targets, items) units
    less: list[LessTable]  # for each moment after now, by how much less than its bound is enough

    def of(self, items: NDArray[np.int64], first: int) -> Levels:
        """Those of some items, from a review on."""
        return Levels(
            self.ahead[:, items],
            self.level[first:, :, :, items],
            [table.of(items) for table in self.less],
        )

    def ordered(self, review: int, available: list[Matrix], whole: Mask) -> Matrix:
        """(targets, items, paths) units needed, below 0 where there is more than enough.

        Args:
            review: Which review it is.
            available: For each moment the units that are there or arrive from it on.
            whole: (items,) orders are in whole units.
        """
        level = self.level[review][..., None]
        now = level[0] - available[0]
        needed = now
        for moment, units in enumerate(available[1:], start=1):
            then = level[moment] - units
            both = np.minimum(now, then) - self.less[moment - 1].at(now, then)
            needed = np.minimum(needed, both)
        # Levels of whole units are rounded up, by half a unit on average.
        return np.asarray(np.where(whole[:, None], np.ceil(needed - 0.5), needed))


def order_levels(
    demand: Demand, terms: Terms, targets: Targets, reviews: NDArray[np.int64], unmet: Unmet
) -> Levels:
    """Levels of every review: what the demand from each moment on asks for at the target.

    Args:
        demand: As the ordering takes it.
        terms: As the ordering takes them.
        targets: Targets side by side.
        reviews: Days of the reviews.
        unmet: Whether unmet demand is lost; where it waits, only the first moment counts.

    Returns:
        The levels.
    """
    lead_time, review = terms.lead_time, terms.review
    moments = [np.zeros_like(lead_time)]
    if unmet == "lost":
        on_the_way = min(-(-int(lead_time.max(initial=0)) // review) - 1, MOST_ORDERS_ON_THE_WAY)
        moments += [(lead_time - j * review).clip(0) for j in range(1, on_the_way + 1)]
        moments.append(lead_time)
    ahead = np.stack(moments)
    start = reviews[:, None, None] + ahead
    arrival = np.broadcast_to(reviews[:, None, None] + lead_time, start.shape)
    before = demand.between(start, arrival)
    through = demand.between(start, arrival + review)
    spread = (terms.lead_time_sd / (lead_time + review - ahead)) ** 2  # of the stretch's length
    level = _looked_up(demand, targets, before, through, spread, unmet)
    if unmet == "lost":
        # An empty shelf serves nobody, even if nobody comes: see the projection.
        least = targets.is_service_level & demand.whole & (level[:, 0] > 0)
        level[:, -1] = np.where(least, level[:, -1].clip(1), level[:, -1])
    usual_through, usual_spread = through.mean(axis=0), spread * through.mean(axis=0) ** 2
    return Levels(ahead, level, _less(demand, targets, usual_through, usual_spread))


def _looked_up(  # noqa: PLR0917 - as order_levels, worked out
    demand: Demand,
    targets: Targets,
    before: Matrix,
    through: Matrix,
    spread: Matrix,
    unmet: Unmet,
) -> Matrix:
    """(reviews, moments, targets, items) levels; each is computed once for like demand.

    For a fill rate, the level whose expected shortage in the last cycle is what it allows. Under
    lost sales what an order brings is not used up before it comes, so that the level has only to
    cover the demand up to L + R: E[(D - S)+]. Under backorders it has the two terms of
    :func:`stockout.replenishment.safety_stock.order_up_to_for_fill_rate`.
    """
    reviews, moments, items = through.shape
    shape = (reviews, moments, targets.level.shape[0], items)
    kinds = np.arange(moments)[:, None, None] * targets.level.size + np.arange(
        targets.level.size
    ).reshape(targets.level.shape)
    key = kinds * _STEPS + _step(through)[:, :, None, :]
    fill = np.broadcast_to(targets.is_fill_rate, shape)
    key = key * _STEPS + np.where(fill, _step(before)[:, :, None, :], 0)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    _, moment, target, item = np.unravel_index(first, shape)

    def moments_of(mean: Matrix) -> tuple[Matrix, Matrix]:
        chosen = np.broadcast_to(mean[:, :, None, :], shape).ravel()[first]
        return chosen, demand.noise[item] * chosen + demand.level_variance[item] * chosen**2

    level, whole = targets.level[target, item], demand.whole[item]
    by_share = targets.is_fill_rate[target, item]
    mean, variance = moments_of(through)
    of_lead_time = spread[moment, item] * mean**2
    variance += of_lead_time
    found = np.zeros(first.size)
    by_cycle = np.flatnonzero(~by_share)
    found[by_cycle] = demand_quantile(
        level[by_cycle], mean[by_cycle], variance[by_cycle], whole[by_cycle]
    )
    if by_share.any():
        mean_before, variance_before = moments_of(before)
        variance_before += of_lead_time
        share = level
        if unmet == "lost":
            part = (mean - mean_before) / np.where(mean > 0, mean, 1.0)
            share = 1 - (1 - level) * part
            mean_before, variance_before = np.zeros(mean.size), np.zeros(mean.size)
        at = np.flatnonzero(by_share)
        found[at] = order_up_to_for_fill_rate(
            share[at], mean_before[at], variance_before[at], mean[at], variance[at], whole[at]
        )
    return np.asarray(found[inverse.reshape(shape)])


def _less(
    demand: Demand, targets: Targets, through: Matrix, of_lead_time: Matrix
) -> list[LessTable]:
    """For each moment after now, how much less than its bound and that of now is enough.

    Args:
        demand: As the ordering takes it.
        targets: Targets side by side.
        through: (moments, items) usual demand from each moment on.
        of_lead_time: (moments, items) variance of it by the lead time.
    """

    def covariance(earlier: int, later: int) -> Matrix:
        mean = through[later]
        level = demand.level_variance * mean * through[earlier]
        return np.asarray(demand.noise * mean + level + of_lead_time[later])

    sd = [np.sqrt(covariance(moment, moment)) for moment in range(len(through))]
    allowed = (1 - targets.level) * through[-1]
    return [
        less_than_both(
            sd[0], sd[moment], covariance(0, moment), targets.level, allowed, targets.is_fill_rate
        )
        for moment in range(1, len(through))
    ]


def _step(mean: Matrix) -> NDArray[np.int64]:
    """Which step of like demand a mean is on; 0 for none."""
    steps = np.round(np.log(np.maximum(mean, _NO_DEMAND) / _NO_DEMAND) / _STEP)
    return np.where(mean > _NO_DEMAND, 1 + steps, 0).clip(0, _STEPS - 1).astype(np.int64)


def order_quantity(raw: Matrix, position: Matrix, terms: Terms, whole: Mask) -> Matrix:
    """What is ordered of what is needed: minimum order, whole packs, maximum stock.

    The rule of :func:`stockout.replenishment.constraints.with_order_qty`, for arrays.

    Args:
        raw: (targets, items, paths) units needed, 0 or more.
        position: Of the same shape: on hand and on order.
        terms: moq, pack_size and max_stock of the items.
        whole: (items,) demand comes in whole units, so that a pack is one unit at least.
    """
    pack = np.where(np.isnan(terms.pack_size) & whole, 1.0, terms.pack_size)[:, None]
    moq, most = terms.moq[:, None], terms.max_stock[:, None]
    quantity = raw
    if (moq > 0).any():
        quantity = np.where(raw > 0, np.fmax(raw, moq), 0.0)
    loose = np.isnan(pack)
    size = np.where(loose, 1.0, pack)
    quantity = np.where(loose, quantity, np.ceil(quantity / size - _TOLERANCE) * size)
    if np.isnan(most).all():
        return quantity
    room = (most - position).clip(0)
    fits = np.where(loose, room, np.floor(room / size + _TOLERANCE) * size)
    kept = np.where(fits < np.nan_to_num(moq), 0.0, fits)
    return np.asarray(np.where(fits < quantity, kept, quantity))
