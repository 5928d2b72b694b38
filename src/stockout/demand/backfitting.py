"""Mean demand of every item and period: base x level x weekday x promotion x season x day.

Each factor is a ratio of sums, of what was sold to what the other factors would have sold in the
time in stock, one factor after the other and several times over (backfitting). A period counts with
the share of it in which there was stock, so that it neither hides its stockout nor is left out;
a period in which stock ran out at an unknown hour says that at least what it sold was wanted, and
enters by the score of that likelihood. What one item cannot tell is told by similar ones
(:mod:`stockout.demand.shrinkage`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.censoring import Unseen, after_a_share, at_least
from stockout.demand.levels import LOWEST, Levels, Movements, chosen_shares, smoothed_levels
from stockout.demand.overdispersion import Overdispersion, overdispersion
from stockout.demand.shrinkage import group_sums, nested_index, ratio, relative_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]

PASSES = 5
"""Times that all factors are fitted in turn. Lost units of the worlds of
``benchmarks/lost_sales.py`` change by less than 1 % from the fourth to the eighth pass."""

WEEKDAYS = 7
_LEAST_INFORMATION = 0.05  # of a period that ran out, so that a Newton step stays finite


class Seen(NamedTuple):
    """What is known of demand in each period; all (periods, items)."""

    units: Matrix  # sold
    exposure: Matrix  # share of the period in which sales were demand; 0 tells nothing
    ran_out: Flags  # at an unknown hour: at least the units were wanted
    whole: Flags  # known to be in stock from opening to closing time


class Groups(NamedTuple):
    """Similar items, by codes from 0 on."""

    place: Codes  # (items,)
    category: Codes  # (items,)


@dataclass
class Factors:
    """The factors of mean demand, and what is left: overdispersion."""

    weekday: Vector  # (7, items), rows by the place of the period in its week
    promotion: Vector  # (items,)
    day: Vector  # (periods, places)
    season: Vector  # (periods, categories)
    base: Vector  # (items,)
    base_variance: Vector  # (items,) relative variance of the base
    levels: Levels
    movements: Movements
    spread: Overdispersion


class _Fit:
    """Backfitting of all factors to the matrices of one history."""

    def __init__(
        self, seen: Seen, history: History, groups: Groups, promoted: Flags | None, shortest: float
    ) -> None:
        self.seen, self.groups, self.promoted = seen, groups, promoted
        self.whole_units = history.items["is_integer"].to_numpy().astype(np.bool_)
        periods, items = seen.units.shape
        self.of_week = (
            (np.arange(periods) + history.first_period.weekday()) % WEEKDAYS
            if DAYS_PER_PERIOD[history.freq] == 1
            else None
        )
        places, categories = int(groups.place.max()) + 1, int(groups.category.max()) + 1
        nothing = np.zeros((periods, items), dtype=np.float32)
        movements = Movements.to_try(shortest)
        self.of_seasons = [movements, movements]
        self.factors = Factors(
            weekday=np.ones((WEEKDAYS, items)),
            promotion=np.ones(items),
            day=np.ones((periods, places)),
            season=np.ones((periods, categories)),
            base=ratio(
                seen.units.sum(axis=0, where=seen.exposure > 0, dtype=np.float64),
                seen.exposure.sum(axis=0, dtype=np.float64),
            ),
            base_variance=np.zeros(items),
            levels=Levels(
                nothing, nothing, nothing, np.full((movements.size.size, items), 0.0), np.zeros(0)
            ),
            movements=movements,
            spread=Overdispersion(np.ones(items), np.zeros(items)),
        )

    def run(self) -> Factors:
        """All passes."""
        for number in range(PASSES):
            self._observe()
            self._fit_weekday()
            self._fit_promotion()
            if number:  # the first levels know no season, and say how much noise they are to it
                self._fit_season()
            self._fit_day()
            self._fit_base()
            self._fit_levels()
            self._fit_spread()
        return self.factors

    def _observe(self) -> None:
        """Working units and exposures, in which a period that ran out is linearised.

        With ``E`` and ``V`` the moments of demand given that it was at least what was sold, the
        score for the mean is ``(E - mu) / Var`` and the information ``(1 - V / Var) / Var``
        (Louis 1982, "Finding the observed information matrix when using the EM algorithm"): as that
        of a period of exposure ``q = 1 - V / Var`` with ``E - mu + q mu`` units.
        """
        self.mu = self.factors_mean()
        self.units, exposure = self.seen.units.copy(), self.seen.exposure.copy()
        t, item = np.nonzero(self.seen.ran_out)
        if t.size:
            mu = np.maximum(self.mu[t, item], 1e-9).astype(np.float64)
            spread = self.factors.spread
            sold = self.seen.units[t, item].astype(np.float64)
            variance = mu * (spread.unit[item] + spread.day[item] * mu)
            more = at_least(sold, mu, variance, self.whole_units[item])
            information = np.maximum(1 - more.slope, _LEAST_INFORMATION)
            exposure[t, item] = information
            self.units[t, item] = sold + more.mean - mu + information * mu
        self.expected = self.mu * exposure  # with all factors; each fit divides its own out of it
        self.units[exposure == 0] = 0
        with np.errstate(divide="ignore", invalid="ignore"):
            common = np.where(self.seen.ran_out, self.mu, self.expected)
        self.noise = self.expected * (
            self.factors.spread.unit.astype(np.float32)
            + self.factors.spread.day.astype(np.float32) * common
        )
        total = self.expected.sum(axis=0, dtype=np.float64)
        self.phi = ratio(self.noise.sum(axis=0, dtype=np.float64), total, empty=1.0)

    def factors_mean(self) -> Matrix:
        """(periods, items) mean demand of a period wholly in stock."""
        factors, groups = self.factors, self.groups
        mean = np.maximum(1 + factors.levels.deviation, LOWEST)
        mean *= factors.base.astype(np.float32)
        mean *= factors.season.astype(np.float32)[:, groups.category]
        mean *= factors.day.astype(np.float32)[:, groups.place]
        if self.of_week is not None:
            mean *= factors.weekday.astype(np.float32)[self.of_week]
        if self.promoted is not None:
            mean *= np.where(self.promoted, factors.promotion.astype(np.float32), 1)
        return np.asarray(mean, dtype=np.float32)

    def _fit_weekday(self) -> None:
        if self.of_week is None:
            return
        old = self.factors.weekday
        sold, expected = (
            np.stack([m[self.of_week == b].sum(axis=0, dtype=np.float64) for b in range(WEEKDAYS)])
            for m in (self.units, self.expected)
        )
        index = nested_index(
            sold, ratio(expected, old), self.phi, (self.groups.place, self.groups.category)
        )
        index = np.maximum(index, 1e-6)
        index /= index.mean(axis=0)
        self.factors.weekday = index
        self.expected *= (index / old).astype(np.float32)[self.of_week]

    def _fit_promotion(self) -> None:
        if self.promoted is None:
            return
        old = self.factors.promotion
        sold, expected = (
            m.sum(axis=0, dtype=np.float64, where=self.promoted)[None]
            for m in (self.units, self.expected)
        )
        index = nested_index(sold, expected / old, self.phi, (self.groups.category,))[0]
        self.factors.promotion = np.maximum(index, LOWEST)
        change = (self.factors.promotion / old).astype(np.float32)
        self.expected *= np.where(self.promoted, change, 1)

    def _fit_day(self) -> None:
        """What is common to all items of a place in a period: holidays, weather, short days."""
        place = self.groups.place
        count = self.factors.day.shape[1]
        sold, expected = self._by(place, count)
        of_place = ratio(
            np.bincount(place, self.phi * self.expected.sum(axis=0), count),
            np.bincount(place, self.expected.sum(axis=0), count),
            empty=1.0,
        )
        index = nested_index(sold, expected / self.factors.day, of_place, ())
        index = np.maximum(index, LOWEST)
        self.expected *= (index / self.factors.day).astype(np.float32)[:, place]
        self.factors.day = index

    def _fit_season(self) -> None:
        """The level that all items share, and that of each category beside it.

        The items' own levels are no part of it, but noise to it: a noise that does not average out
        over ``2 memory`` periods, so each period counts with that multiple of its variance.
        """
        level = np.maximum(1 + self.factors.levels.deviation, LOWEST)
        way = self.factors.movements
        persistent = self.factors.levels.average(2 * way.memory * way.size**2)
        flat = self.expected / level
        noise = self.noise + flat**2 * persistent.astype(np.float32)
        change = np.ones_like(self.factors.season)
        everything = np.zeros_like(self.groups.category)
        flat /= self.factors.season.astype(np.float32)[:, self.groups.category]
        for step, code in enumerate((everything, self.groups.category)):
            count = int(code.max()) + 1
            sold, expected, variance = (
                group_sums(m, code, count).astype(np.float32) for m in (self.units, flat, noise)
            )
            levels = smoothed_levels(sold, expected, variance, self.of_seasons[step])
            share = chosen_shares(levels.log_likelihood, self.of_seasons[step].share)
            self.of_seasons[step] = self.of_seasons[step]._replace(share=share)
            path = np.maximum(1 + levels.deviation, LOWEST)[:, code]
            flat *= path
            own = path if step else np.broadcast_to(path[:, :1], change.shape)
            if step:
                first = np.unique(self.groups.category, return_index=True)[1]
                own = path[:, first]
            change = change * own
        self.expected = flat * level
        self.factors.season = np.asarray(change, dtype=np.float64)

    def _fit_base(self) -> None:
        """The item's mean, shrunk towards that of its category by how little was seen."""
        factors, category = self.factors, self.groups.category
        sold = self.units.sum(axis=0, dtype=np.float64)
        expected = ratio(self.expected.sum(axis=0, dtype=np.float64), factors.base)
        alone = np.zeros_like(category)
        parent = np.zeros(sold.size)
        for code in (alone, category):
            count = int(code.max()) + 1
            mean = ratio(np.bincount(code, sold, count), np.bincount(code, expected, count))[code]
            parent = np.where(mean > 0, mean, parent)
        periods = np.maximum((self.seen.exposure > 0).sum(axis=0), 1)
        way = factors.movements
        unsettled = np.stack([s**2 * np.minimum(1, 2 * m / periods) for s, m in zip(way.size, way.memory, strict=True)])
        unsettled = (unsettled * factors.levels.weight).sum(axis=0)
        mean = expected * parent
        own = ratio(self.phi, mean, empty=np.inf) + unsettled
        between = relative_variance(sold, mean, self.phi)
        weight = between / (between + own) if between > 0 else np.zeros_like(own)
        base = np.maximum(parent + weight * (ratio(sold, expected) - parent), 1e-9)
        self.expected *= ratio(base, factors.base, empty=1.0).astype(np.float32)
        factors.base = base
        factors.base_variance = (1 - weight) * between * (parent / base) ** 2

    def _fit_levels(self) -> None:
        factors = self.factors
        flat = self.expected / np.maximum(1 + factors.levels.deviation, LOWEST)
        factors.levels = smoothed_levels(self.units, flat, self.noise, factors.movements)
        self.leverage = factors.levels.variance * flat**2 / np.maximum(self.noise, 1e-30)
        share = chosen_shares(factors.levels.log_likelihood, factors.movements.share)
        self.shares = share
        factors.movements = factors.movements._replace(share=share)

    def _fit_spread(self) -> None:
        mu = self.factors_mean()
        error = self.completed_error(mu)
        full = self.seen.whole & (self.seen.exposure > 0)
        self.factors.spread = overdispersion(
            error / (1 - np.minimum(self.leverage, 0.9)),
            np.where(self.seen.exposure > 0, mu, 0),
            full,
            self.whole_units,
            self.factors.spread,
        )

    def completed_error(self, mu: Matrix) -> Matrix:
        """(periods, items) expected squared error of the units of a whole period."""
        error = (self.seen.units - mu) ** 2
        t, item = np.nonzero((self.seen.exposure > 0) & ~self.seen.whole & (self.seen.ran_out | (self.seen.exposure < 1)))
        if t.size:
            more = unseen(self.seen, mu, self.factors.spread, self.whole_units, t, item)
            sold = self.seen.units[t, item]
            error[t, item] = more.variance + (sold + more.mean - mu[t, item]) ** 2
        return error

    def _by(self, code: Codes, count: int) -> tuple[Vector, Vector]:
        return group_sums(self.units, code, count), group_sums(self.expected, code, count)


def unseen(
    seen: Seen,
    mu: Matrix,
    spread: Overdispersion,
    whole_units: Flags,
    t: Codes,
    item: Codes,
) -> Unseen:
    """Units wanted beyond those sold in the periods (t, item), none of them wholly in stock."""
    sold, mean = (m[t, item].astype(np.float64) for m in (seen.units, mu))
    mean = np.maximum(mean, 1e-9)
    share = seen.exposure[t, item].astype(np.float64)
    unit, day = spread.unit[item], spread.day[item]
    more = after_a_share(sold, np.minimum(share, 1), mean, unit, day)
    ran_out = seen.ran_out[t, item]
    if ran_out.any():
        late = at_least(
            sold[ran_out],
            mean[ran_out],
            mean[ran_out] * (unit + day * mean)[ran_out] if False else (mean * (unit + day * mean))[ran_out],
            whole_units[item][ran_out],
        )
        for values, those in zip(more, late, strict=True):
            values[ran_out] = those
    return more


def fit_factors(
    seen: Seen, history: History, groups: Groups, promoted: Flags | None, shortest: float
) -> tuple[Factors, Matrix]:
    """Fits all factors; returns them and the mean demand of every period and item."""
    fit = _Fit(seen, history, groups, promoted, shortest)
    factors = fit.run()
    return factors, fit.factors_mean()
