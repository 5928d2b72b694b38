"""Latent demand: what customers wanted in each period, whether or not there was stock.

``mean`` is what a period wholly in stock sells on average, from the factors of
:mod:`stockout.demand.backfitting`; ``expected`` adds to what was sold what was wanted beyond it,
given that and the time in stock (:mod:`stockout.demand.censoring`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.demand.backfitting import PASSES, Kinds, Seen, fit_factors, unseen
from stockout.demand.ledger import SOLD_OUT_DURING_DAY
from stockout.demand.lifecycle import NEW_DAYS
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.promotions import promoted_periods
from stockout.demand.shrinkage import ratio
from stockout.tables import conform

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.backfitting import Factors
    from stockout.demand.history import History

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

logger = logging.getLogger(__name__)

LEVEL_WINDOW_DAYS = 10
"""Days within which the level of demand may move at the fastest: with 28, losses of an item whose
demand jumps are estimated from more of its past and future."""

LEVEL = 0.9
"""Probability of the intervals."""

COMMON_ERROR = 0.02
"""Relative standard deviation of an error that all items share: of what the model leaves out. The
root mean square, over the worlds, rates and seeds of ``benchmarks/lost_sales.py``, of the error of
the total that is left when the mean of every day is known is subtracted."""


class Interval(NamedTuple):
    """Expected lost units, and the bounds that they are within with 90 % probability."""

    mean: Vector
    low: Vector
    high: Vector


class _Cells(NamedTuple):
    """Periods out of stock, wholly or in part, sorted by period and item."""

    t: Codes
    item: Codes
    mean: Vector  # lost units
    variance: Vector  # of them, if the mean demand were known
    local: Vector  # error by that of the level around the period, in units
    common: Vector  # error by that of the item's mean, in units


@dataclass(frozen=True)
class Latent:
    """Demand of a history as if nothing had ever been out of stock.

    Attributes:
        history: The history that it belongs to.
        mean: (periods, items) mean demand of the whole period; nan outside the item's life, while
            its location was closed, and for items of which no demand could ever be seen.
        expected: (periods, items) expected demand, given what was sold: the units sold where the
            period was in stock or that is not known, and more where it was out.
        variance: (periods, items) variance of demand given what was sold and the mean; 0 where the
            period was in stock.
        dispersion: (items,) k of the negative binomial of a period's demand at the item's mean;
            infinite where it is Poisson.
        profile: (periods, items) mean demand without the item's own moving level: weekday,
            promotion, season and day, relative to 1.
        promotion: (items,) mean demand on promotion relative to without; 1 where there was none.
    """

    history: History
    mean: Matrix
    expected: Matrix
    variance: Matrix
    dispersion: Vector
    profile: Matrix
    promotion: Vector
    _cells: _Cells
    _place: NDArray[np.int32]  # (periods, items) place in the cells, -1 for none
    _memory: Vector  # (items,) periods within which errors of the level go together

    def lost(self, t: ArrayLike, item: ArrayLike) -> Interval:
        """Lost units of single periods, with 90 % intervals.

        They are exactly 0 where the period was in stock or availability is not known, and nan where
        the demand of the item is not known.

        Args:
            t: Rows of the panel.
            item: Columns of the panel; as many.
        """
        place = self._place[np.asarray(t), np.asarray(item)]
        chosen = np.flatnonzero(place >= 0)
        mean, low, high = (np.zeros(place.size) for _ in range(3))
        if chosen.size:
            of = self._cells
            at = place[chosen]
            variance = of.variance[at] + of.local[at] ** 2 + of.common[at] ** 2
            variance += (COMMON_ERROR * of.mean[at]) ** 2
            mean[chosen] = of.mean[at]
            low[chosen], high[chosen] = _quantiles(
                of.mean[at], variance, self._whole_units[of.item[at]]
            )
        return Interval(mean, low, high)

    def lost_units(self) -> Matrix:
        """(periods, items) expected lost units, nan where the demand of the item is not known."""
        lost = np.zeros(self.mean.shape, dtype=np.float32)
        lost[self._cells.t, self._cells.item] = self._cells.mean
        return lost

    def sum_interval(
        self, t: ArrayLike, item: ArrayLike, weight: ArrayLike, group: ArrayLike, groups: int
    ) -> tuple[Vector, Vector]:
        """90 % intervals of weighted sums of lost units by group.

        The periods of an item share the error of its mean, and near ones that of its level; all
        items share the :data:`COMMON_ERROR`. Periods whose demand is not known are left out.

        Args:
            t: Rows of the panel.
            item: Columns of the panel; as many.
            weight: What a unit counts, such as its price; as many.
            group: Group of each, from 0 on; as many. An item may be in several.
            groups: Number of groups.

        Returns:
            Lower and upper bounds, one a group; both 0 for a group that lost nothing.
        """
        of, place = self._cells, self._place[np.asarray(t), np.asarray(item)]
        worth = np.broadcast_to(np.asarray(weight, dtype=np.float64), place.shape)
        code = np.asarray(group, dtype=np.int64)
        kept = np.flatnonzero(place >= 0)
        kept = kept[np.isfinite(of.mean[place[kept]] * worth[kept])]
        kept = kept[np.lexsort((of.t[place[kept]], of.item[place[kept]], code[kept]))]
        at, worth, code = place[kept], worth[kept], code[kept]
        mean = np.asarray(np.bincount(code, worth * of.mean[at], groups), dtype=np.float64)
        variance = (COMMON_ERROR * mean) ** 2
        variance += np.bincount(code, worth**2 * of.variance[at], groups)
        new = np.ones(at.size, dtype=np.bool_)
        new[1:] = (np.diff(of.item[at]) != 0) | (np.diff(code) != 0)
        if at.size:
            run = np.cumsum(new) - 1
            memory = self._memory[of.item[at[new]]]
            shared = _correlated(worth * of.local[at], of.t[at], run, memory)
            shared += np.square(np.bincount(run, worth * of.common[at]))
            variance += np.bincount(code[new], shared, groups)
        whole = np.ones(groups, dtype=np.bool_)
        whole[code[(worth != 1) | ~self._whole_units[of.item[at]]]] = False
        return _quantiles(mean, variance, whole)

    @property
    def _whole_units(self) -> Flags:
        return self.history.items["is_integer"].to_numpy().astype(np.bool_)


def latent_demand(
    history: History,
    *,
    products: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    sales: pl.DataFrame | None = None,
    level_window: int = LEVEL_WINDOW_DAYS,
    passes: int = PASSES,
) -> Latent:
    """Estimates what was wanted of every item in every period.

    Args:
        history: Demand history.
        products: Canonical products; their category says which items are similar, where the history
            does not.
        events: Canonical events; promotions among them lift demand while they last. Without events
            and sales, those of the history count.
        sales: Canonical sales; ``on_promo`` tells of promotions too.
        level_window: Days within which the level of demand may move at the fastest.
        passes: Times that all factors are fitted in turn.

    Returns:
        Latent demand. Without a period out of stock, exactly what was sold.

    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 4.0] * 27 + [0.0, 0.0]})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 54 + [False] * 2})
    >>> latent = latent_demand(demand_history(sales, stock))
    >>> latent.expected[-2:].sum().round(1)
    np.float32(6.0)
    """
    listed = _listed(history)
    seen = _seen(history, listed)
    kinds = Kinds(
        weekday=(np.arange(history.periods) + history.first_period.weekday()) % 7
        if history.freq == "day"
        else None,
        promoted=_promoted(history, events, sales),
        place=_codes(history.items["location"]),
        category=_codes(_category(history, products)),
    )
    shortest = level_window / DAYS_PER_PERIOD[history.freq]
    factors = fit_factors(seen, kinds, shortest, passes)
    return _latent(history, listed, seen, factors)


def _promoted(
    history: History, events: pl.DataFrame | None, sales: pl.DataFrame | None
) -> Flags | None:
    if events is None and sales is None and history.events is not None:
        return history.events.promoted(history)
    return promoted_periods(history, _conformed(events, "events"), _conformed(sales, "sales"))


def _conformed(frame: pl.DataFrame | None, table: str) -> pl.DataFrame | None:
    return None if frame is None else conform(frame, table)


def _category(history: History, products: pl.DataFrame | None) -> pl.Series:
    category = history.items["category"]
    if products is None or category.null_count() < len(category):
        return category
    known = conform(products, "products").select("sku", "category").unique("sku", keep="first")
    return (history.items.select("sku").join(known, on="sku", how="left", maintain_order="left"))[
        "category"
    ]


def _codes(names: pl.Series) -> Codes:
    return names.fill_null("").rank("dense").to_numpy().astype(np.int64) - 1


def _listed(history: History) -> Flags:
    """(periods, items) open for sale, up to the last sign of an item that has ended."""
    sign = (history.units > 0) | (history.share > 0)
    last = history.periods - 1 - np.argmax(sign[::-1], axis=0)
    ended = (history.items["status"] == "ended").to_numpy()
    last = np.where(ended & sign.any(axis=0), last, history.periods - 1)
    return np.asarray(history.open & (np.arange(history.periods)[:, None] <= last))


def _seen(history: History, listed: Flags) -> Seen:
    """Time in which sales were demand.

    Unknown availability says nothing, unless an item is known to have been in stock for fewer than
    28 days: then its unknown periods count as in stock, which is all that there is.
    """
    share, length = history.share, DAYS_PER_PERIOD[history.freq]
    began = history.items["began_with_sale"].to_numpy()
    first = (np.arange(history.periods)[:, None] == history.start) & began
    tells = listed & ~first
    unknown = np.isnan(share)
    exposure = np.where(tells & ~unknown, share, np.float32(0))
    few = np.asarray(exposure.sum(axis=0) * length < NEW_DAYS)
    assumed = tells & unknown & few
    exposure[assumed] = 1
    ran_out = tells & history.sold_out & (history.units > 0)
    if history.freq == "week":  # days of the week are known where the share is another one
        ran_out &= share == np.float32(SOLD_OUT_DURING_DAY)
    exposure[ran_out] = 1
    complete = tells & ~history.sold_out & ((share >= 1) | assumed)
    whole = history.items["is_integer"].to_numpy().astype(np.bool_)
    return Seen(history.units, exposure, ran_out, complete, whole)


def _latent(history: History, listed: Flags, seen: Seen, factors: Factors) -> Latent:
    mean = factors.mean()
    out = listed & ((history.share < 1) | history.sold_out)
    t, item = np.nonzero(out)
    # the period that began a life tells nothing of the level, but what it lost is asked for
    exposure = np.where(out & (seen.exposure == 0), history.share, seen.exposure)
    more = unseen(seen._replace(exposure=exposure), mean, factors.spread.own, t, item)
    levels = factors.levels
    around = mean[t, item] * more.slope
    unknown = np.asarray((seen.exposure <= 0).all(axis=0))
    lost = np.where(unknown[item], np.nan, more.mean)
    cells = _Cells(
        t=t,
        item=item,
        mean=lost,
        variance=more.variance,
        local=around * np.sqrt(levels.variance[t, item]),
        common=around * levels.loose[t, item],
    )
    expected, variance = history.units.copy(), np.zeros(mean.shape, dtype=np.float32)
    expected[t, item] += np.nan_to_num(lost)
    variance[t, item] = more.variance
    place = np.full(mean.shape, -1, dtype=np.int32)
    place[t, item] = np.arange(t.size)
    way = levels.movements
    moved = levels.average(way.size**2)
    usual = ratio(mean.sum(axis=0, dtype=np.float64, where=listed), listed.sum(axis=0))
    own = factors.spread.own
    excess = np.maximum(own.day + ratio(own.unit - 1, usual), 0)
    profile = mean / (levels.factor * factors.base.astype(np.float32))
    mean[~listed | unknown] = np.nan
    logger.info(
        "latent demand: %s item-%ss out of stock of %s; lost %.4g units, sold %.4g",
        f"{t.size:,}",
        history.freq,
        f"{int(listed.sum()):,}",
        np.nansum(lost),
        history.units.sum(dtype=np.float64),
    )
    return Latent(
        history=history,
        mean=mean,
        expected=expected,
        variance=variance,
        dispersion=ratio(np.ones_like(excess), excess, empty=np.inf),
        profile=profile,
        promotion=np.asarray(factors.promotion, dtype=np.float64),
        _cells=cells,
        _place=place,
        _memory=ratio(levels.average(way.size**2 * way.memory), moved, empty=1.0),
    )


def _correlated(error: Vector, t: Codes, run: Codes, memory: Vector) -> Vector:
    """(runs,) variance of sums of errors whose correlation is ``exp(-distance / memory)``.

    Args:
        error: (cells,) standard deviations, sorted by run and period.
        t: (cells,) period of each.
        run: (cells,) run of each.
        memory: (runs,) in periods.
    """
    count = np.bincount(run)
    first = np.cumsum(count) - count
    total, carried = np.zeros(count.size), np.zeros(count.size)
    runs = np.arange(count.size)
    for step in range(int(count.max())):  # the step-th cell of every run that has so many
        runs = runs[count[runs] > step]
        at = first[runs] + step
        if step:
            carried[runs] *= np.exp(-(t[at] - t[at - 1]) / memory[runs])
        total[runs] += error[at] * (error[at] + 2 * carried[runs])
        carried[runs] += error[at]
    return total


def _quantiles(mean: Vector, variance: Vector, whole: Flags) -> tuple[Vector, Vector]:
    """Bounds of a gamma variable with these moments, to whole units where it counts such."""
    usable = (mean > 0) & (variance > 0)
    safe_mean, safe = np.where(usable, mean, 1.0), np.where(usable, variance, 1.0)
    shape, scale = safe_mean**2 / safe, safe / safe_mean
    tail = (1 - LEVEL) / 2
    low, high = (scale * special.gammaincinv(shape, p) for p in (tail, 1 - tail))
    low, high = np.where(whole, np.floor(low), low), np.where(whole, np.ceil(high), high)
    return np.where(usable, low, mean), np.where(usable, high, mean)
