"""Mean demand of every item and period: base x level x weekday x promotion x season x day.

Each factor is a ratio of sums, of what was sold to what the other factors would have sold in the
time in stock, one factor after the other and several times over (backfitting). A period counts with
the share of it in which there was stock, so that it neither passes for low demand nor is left out;
a period in which stock ran out at an unknown hour says that at least what it sold was wanted, and
enters by the score of that likelihood. In the sums each period has the weight that it has in the
score of a negative binomial, ``1 / (u + c mu F)``: the busier a day is, the sooner it is out of
stock, and in plain sums such days would count for too little. What one item cannot tell is told by
similar ones (:mod:`stockout.demand.shrinkage`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.censoring import Demand, Unseen, after_a_share, at_least
from stockout.demand.columns import for_columns
from stockout.demand.levels import (
    Centre,
    Levels,
    Movements,
    Observed,
    smoothed_levels,
    worth_trying,
)
from stockout.demand.overdispersion import Estimate, Overdispersion, overdispersion
from stockout.demand.shrinkage import group_sums, nested_index, ratio, relative_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

PASSES = 6
"""Times that all factors are fitted in turn. The lost units of ``benchmarks/lost_sales.py`` change
by 1 % at most in six more passes."""

WEEKDAYS = 7

_LOWEST = 0.05  # factor of a promotion or a single day, so that no level has to make up for it
_LEAST_INFORMATION = 0.05  # of a period that ran out, so that a step stays finite
_MOST_LEVERAGE = 0.9  # of a period on its own level, for the same reason
_NONE = 1e-9  # mean demand of an item that sold nothing, so that ratios stay finite


class Seen(NamedTuple):
    """What is known of demand in each period; all matrices (periods, items)."""

    units: Matrix  # sold
    exposure: Matrix  # share of the period in which sales were demand; 0 tells nothing
    ran_out: Flags  # at an unknown hour: at least the units were wanted
    complete: Flags  # wholly in stock
    whole_units: Flags  # (items,) demand comes in whole units


class Kinds(NamedTuple):
    """What periods and items have in common, by codes from 0 on."""

    weekday: Codes | None  # (periods,) None where periods are weeks
    promoted: Flags | None  # (periods, items) None where no promotion is known
    place: Codes  # (items,)
    category: Codes  # (items,)


@dataclass
class Factors:
    """The factors of mean demand, and how demand varies around it."""

    kinds: Kinds
    weekday: Vector  # (7, items)
    promotion: Vector  # (items,)
    season: Vector  # (periods, categories)
    day: Vector  # (periods, places)
    base: Vector  # (items,)
    levels: Levels
    spread: Estimate

    def mean(self) -> Matrix:
        """(periods, items) mean demand of a period wholly in stock."""
        mean, kinds = np.empty_like(self.levels.log), self.kinds
        base, weekday, promotion = (
            np.asarray(of_item, dtype=np.float32)
            for of_item in (self.base, self.weekday, self.promotion)
        )

        def fill(at: slice) -> None:
            part = self.levels.of(at).factor
            part *= base[at]
            part *= _columns(self.season, kinds.category[at])
            part *= _columns(self.day, kinds.place[at])
            if kinds.weekday is not None:
                part *= weekday[:, at][kinds.weekday]
            if kinds.promoted is not None:
                part *= np.where(kinds.promoted[:, at], promotion[at], 1)
            mean[:, at] = part

        for_columns(fill, base.size)
        return mean


def fit_factors(seen: Seen, kinds: Kinds, shortest: float, passes: int = PASSES) -> Factors:
    """Fits all factors.

    Args:
        seen: What was sold and when it was demand.
        kinds: What periods and items have in common.
        shortest: Memory of the fastest movement of the level, in periods.
        passes: Times that all factors are fitted in turn, at least 2.
    """
    fit = _Backfitting(seen, kinds, shortest)
    for number in range(passes):
        fit.observe()
        fit.fit_weekday()
        fit.fit_promotion()
        if number:  # the first levels know no season, and say how much noise they are to it
            fit.fit_season()
        fit.fit_day()
        if not number:  # levels would follow noise that they take for Poisson
            fit.fit_spread()
            fit.observe()
        fit.fit_levels(pruned=number > 0)
        fit.fit_spread()
    return fit.factors


def unseen(seen: Seen, mu: Matrix, spread: Overdispersion, t: Codes, item: Codes) -> Unseen:
    """Units wanted beyond those sold in the periods (t, item), none of them wholly in stock."""
    sold, mean = (matrix[t, item].astype(np.float64) for matrix in (seen.units, mu))
    demand = Demand(
        np.maximum(mean, _NONE), spread.unit[item], spread.day[item], seen.whole_units[item]
    )
    more = after_a_share(sold, seen.exposure[t, item].astype(np.float64), demand)
    late = seen.ran_out[t, item]
    if late.any():
        tail = at_least(sold[late], demand.of(late))
        for values, those in zip(more, tail, strict=True):
            values[late] = those
    return more


class _Backfitting:
    """The state of the passes; ``expected`` is what all factors expect in the time in stock."""

    def __init__(self, seen: Seen, kinds: Kinds, shortest: float) -> None:
        self.seen, self.kinds = seen, kinds
        periods, items = seen.units.shape
        self.places, self.categories = int(kinds.place.max()) + 1, int(kinds.category.max()) + 1
        sold, known = (_sum(m) for m in (seen.units * (seen.exposure > 0), seen.exposure))
        base = np.maximum(ratio(sold, known), _NONE)
        errors = np.where(seen.complete, seen.units - base.astype(np.float32), 0)
        spread = ratio(_sum(np.square(errors)), base * seen.complete.sum(axis=0), empty=1.0)
        self.movements = Movements.to_try(shortest)
        self.of_all = self.of_category = self.movements
        self.common: Levels | None = None
        self.apart: Levels | None = None
        self.factors = Factors(
            kinds,
            weekday=np.ones((WEEKDAYS, items)),
            promotion=np.ones(items),
            season=np.ones((periods, self.categories)),
            day=np.ones((periods, self.places)),
            base=base,
            levels=Levels.at_rest(periods, items),
            spread=Estimate.alike(np.where(seen.whole_units, 1.0, np.maximum(spread, _NONE))),
        )
        self.leverage = np.zeros((1, items), dtype=np.float32)
        self.alike = np.ones(items)  # variance-to-mean ratio of weighted sums

    def observe(self) -> None:
        """Working units and exposures, in which a period that ran out is linearised.

        With ``E`` and ``V`` the moments of demand given that it was at least what was sold, the
        score for the mean is ``(E - mu) / Var`` and the information ``(1 - V / Var) / Var``
        (Louis 1982, "Finding the observed information matrix when using the EM algorithm"): that of
        a period of exposure ``q = 1 - V / Var`` with ``E - mu + q mu`` units.
        """
        mu, exposure = self.factors.mean(), self.seen.exposure
        units = np.where(exposure > 0, self.seen.units, 0)
        t, item = np.nonzero(self.seen.ran_out)
        if t.size:
            exposure = exposure.copy()
            mean = np.maximum(mu[t, item], _NONE)
            more = unseen(self.seen, mu, self.factors.spread.own, t, item)
            exposure[t, item] = np.maximum(1 - more.slope, _LEAST_INFORMATION)
            units[t, item] += more.mean - mean + exposure[t, item] * mean
        self.units = units
        self.expected = mu * exposure
        of_whole = np.where(self.seen.ran_out, mu, self.expected)
        unit, day = (np.asarray(part, dtype=np.float32) for part in self.factors.spread.own)
        excess = unit + day * of_whole  # variance-to-mean ratio, so weighted sums have one of 1
        self.noise = self.expected * excess
        self.weight = np.asarray(1 / excess, dtype=np.float32)

    def weighted(self) -> tuple[Matrix, Matrix]:
        """Units and what all factors expect, as they count in sums."""
        return self.units * self.weight, self.expected * self.weight

    def fit_weekday(self) -> None:
        weekday = self.kinds.weekday
        if weekday is None:
            return
        old = self.factors.weekday
        sold, expected = (
            np.stack([_sum(matrix[weekday == b]) for b in range(WEEKDAYS)])
            for matrix in self.weighted()
        )
        groups = (self.kinds.place, self.kinds.category)
        index = np.maximum(nested_index(sold, expected / old, self.alike, groups), _NONE)
        index /= index.mean(axis=0)
        self.factors.weekday = index
        self.expected *= np.asarray(index / old, dtype=np.float32)[weekday]

    def fit_promotion(self) -> None:
        promoted = self.kinds.promoted
        if promoted is None:
            return
        old = self.factors.promotion
        sold, expected = (
            matrix.sum(axis=0, dtype=np.float64, where=promoted)[None] for matrix in self.weighted()
        )
        index = nested_index(sold, expected / old, self.alike, (self.kinds.category,))[0]
        self.factors.promotion = np.maximum(index, _LOWEST)
        change = np.asarray(self.factors.promotion / old, dtype=np.float32)
        self.expected *= np.where(promoted, change, 1)

    def fit_season(self) -> None:
        """The level that all items share, and that of each category beside it.

        The items' own levels are no part of it, but noise to it, and one that does not average out
        within ``2 memory`` periods: each period counts with so many times their variance.
        """
        levels, category = self.factors.levels, self.kinds.category
        own, season = levels.factor, _columns(self.factors.season, category)
        flat = self.expected / (own * season)
        lasting = levels.average(2 * levels.movements.memory * levels.movements.size**2)
        noise = self.noise + np.square(flat * season) * np.asarray(lasting, dtype=np.float32)
        weight = self.weight
        together = Observed(
            *(
                np.asarray(group_sums(matrix, category, self.categories), dtype=np.float32)
                for matrix in (weight * self.units, weight * flat, weight**2 * noise)
            )
        )
        everything = Observed(*(m.sum(axis=1, keepdims=True) for m in together))
        common = smoothed_levels(everything, self.of_all, Centre.given(1), self.common)
        beside = together._replace(expected=together.expected * common.factor)
        given = Centre.given(self.categories)
        apart = smoothed_levels(beside, self.of_category, given, self.apart)
        self.of_all, self.of_category = common.shares(), apart.shares()
        self.common, self.apart = common, apart
        self.factors.season = np.asarray(common.factor * apart.factor, dtype=np.float64)
        self.expected = flat * own * _columns(self.factors.season, category)

    def fit_day(self) -> None:
        """What all items of a place share in one period: a holiday, weather, a short day."""
        place, old = self.kinds.place, self.factors.day
        sold, expected = (group_sums(matrix, place, self.places) for matrix in self.weighted())
        one = np.ones(self.places)
        self.factors.day = np.maximum(nested_index(sold, expected / old, one, ()), _LOWEST)
        self.expected *= _columns(self.factors.day / old, place)

    def expected_base(self) -> Centre:
        """What similar items say of each item's mean, relative to its last estimate.

        The mean of the category, or of all items where the category sold nothing, with the variance
        between items (log-normal). The item's own sales are weighed against it with its levels.
        """
        base, category = self.factors.base, self.kinds.category
        sold, expected = (_sum(matrix) for matrix in self.weighted())
        expected = expected / base
        everyone = ratio(sold.sum(), expected.sum(), empty=_NONE)
        total, seen = (np.bincount(category, m, self.categories) for m in (sold, expected))
        parent = np.where(total > 0, ratio(total, seen), everyone)[category]
        parent = np.maximum(parent, _NONE)
        between = relative_variance(sold, expected * parent, self.alike)
        variance = np.full_like(base, np.log1p(between))
        return Centre(np.log(parent / base) - variance / 2, variance)

    def fit_levels(self, *, pruned: bool) -> None:
        """The moving level and the mean that it moves around."""
        factors = self.factors
        flat = self.expected / factors.levels.factor
        last = factors.levels if pruned else None
        seen, centre = Observed(self.units, flat, self.noise), self.expected_base()
        if last is None:
            self.movements = worth_trying(seen, self.movements, centre)
        levels = smoothed_levels(seen, self.movements, centre, last)
        slope = flat if last is None else flat * last.middle
        leverage = levels.variance * slope**2 / np.maximum(self.noise, np.float32(1e-30))
        self.leverage = np.minimum(leverage, _MOST_LEVERAGE)
        self.movements = levels.shares(pruned=pruned)
        factors.base = np.maximum(factors.base * np.exp(levels.centre), _NONE)
        factors.levels = levels

    def fit_spread(self) -> None:
        """Squared errors of whole periods, with the expected ones where stock was not whole.

        A squared error of a smoothed level is too small by the period's own part in it, its
        leverage: ``E[(x - mu)**2] = (1 - leverage) Var``.
        """
        seen, mu = self.seen, self.factors.mean()
        squares = np.square(seen.units - mu)
        t, item = np.nonzero((seen.exposure > 0) & ~seen.complete)
        # by what all items say: an item that sells out whenever it sells knows no tail of its own
        more = unseen(seen, mu, self.factors.spread.pooled, t, item)
        error = seen.units[t, item] + more.mean - mu[t, item]
        squares[t, item] = more.variance + error**2
        squares /= 1 - self.leverage
        mu[seen.exposure == 0] = 0
        self.factors.spread = overdispersion(squares, mu, seen.complete, seen.whole_units)


def _columns(of_group: Vector, code: Codes) -> Matrix:
    """The factor of each item from that of its group."""
    return np.take(np.asarray(of_group, dtype=np.float32), code, axis=1)


def _sum(matrix: Matrix) -> Vector:
    return np.asarray(matrix.sum(axis=0, dtype=np.float64))
