"""Demand without its peaks: what an order for the least cost is computed from.

Where a unit lost costs p and a unit left over h a period, the order that costs the least is a
quantile of the demand of a cycle of R periods, at the level a = p / (p + h R). How far demand goes
beyond it does not matter: a cycle that wants ten times as much loses what it loses. Moments do see
it. One order of ten thousand units, from a customer who comes once, raises level and spread of a
smoothing for months, and with them what is ordered, week after week, for customers who do not come.

So the demand of a cycle is cut where the quantile cannot be. By Cantelli's inequality (1928),

    P(X >= m + k s) <= 1 / (1 + k**2),

whatever the distribution with mean m and standard deviation s. So its quantile at the level a is at
most m + s sqrt(a / (1 - a)), and cutting what lies above leaves the quantile where it is. It is the
same for what is left, with the smaller moments that it has; so it is cut again, until nothing
changes. The two costs say all that there is to choose: at 1 : 0.2 a peak that comes in less than a
sixth of the cycles goes, and one that comes more often stays. Only within two standard deviations
nothing is cut, however cheap shortages are.

A cycle is a review, in whole weeks. Moments are those of a year, of the cycles that sold (a
cycle without demand does not say how large demand is), over the seasonal index and what events
explain: a promotion whose effect is known is no peak.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import by_columns
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.learned_demand import learned_demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float64]

YEAR = 52
"""Weeks that are looked at together, or as many as there are: every season once. Half a year as a
window of its own around each week costs as much in ``pasta`` and up to 1 % more elsewhere."""

LEAST_BOUND = 2.0
"""Standard deviations within which demand is usual whatever the costs: a lower bound would cut what
is no peak, and the distribution fitted to the rest would lie too low. Two are what Gelper, Fried
and Croux (2010, *Robust forecasting with exponential and Holt-Winters smoothing*) clean by."""

_WEEK = 7
_ENOUGH = 0.5  # a cycle of which less was observed does not say how large it was
_SETTLED = 0.01  # relative change of a bound from which on it is left


class Cycles(NamedTuple):
    """What the orders of each item are for."""

    days: Matrix  # (items,) from one review to the next
    level: Matrix  # (items,) p / (p + h R): share of the cycles that no stock need be left for


def without_peaks(
    history: History, learned: LearnedDemand, seasons: Seasons, cycles: Cycles
) -> LearnedDemand:
    """Cuts the demand of cycles that lie beyond any quantile at the level.

    What was wanted of an empty shelf is expected anew, given sales without peaks: else it would
    have its share of peaks that nobody saw.

    Args:
        history: What was sold.
        learned: What the models learn from.
        seasons: Seasonal indices, with the effects of events.
        cycles: Of the items of the history.

    Returns:
        The same with units, and their variance, scaled down in the cycles with a peak.
    """
    if learned.variance is not None:
        sold = history.units * _factors(history.units, learned.history, seasons, cycles)
        again = learned_demand(replace(history, units=sold.astype(np.float32)))
        seen = again.history.observed & learned.history.observed
        learned = again._replace(history=replace(again.history, observed=seen))
    units, variance = learned.history.units, learned.variance
    factor = _factors(units, learned.history, seasons, cycles)
    return learned._replace(
        history=replace(learned.history, units=(units * factor).astype(np.float32)),
        variance=None if variance is None else (variance * factor**2).astype(np.float32),
    )


def _factors(
    units: NDArray[np.float32], history: History, seasons: Seasons, cycles: Cycles
) -> Matrix:
    """(periods, items) what is left of the units, as a factor, by the peaks of a history."""
    rows_a_week = _WEEK // DAYS_PER_PERIOD[history.freq]
    weeks = np.ceil(cycles.days / _WEEK - 1e-9).clip(1)
    bound = np.sqrt(cycles.level / (1 - cycles.level)).clip(LEAST_BOUND)

    def scaled(columns: slice) -> tuple[Matrix]:
        at = np.arange(history.items.height)[columns]
        observed = history.observed[:, at]
        index = np.where(observed, seasons.of(at).indices()[-1][: history.periods], 0)
        wanted, cut = (np.where(observed, u[:, at], 0) for u in (history.units, units))
        factor = np.ones(cut.shape)
        for length in np.unique(weeks[at]).astype(np.int64).tolist():
            of = weeks[at] == length
            sums = _sums(np.stack([wanted[:, of], cut[:, of], index[:, of]]), length * rows_a_week)
            factor[:, of] = _factor(sums, bound[at][of], max(1, YEAR // length), history.periods)
        return (factor,)

    return by_columns(scaled, history.items.height)[0]


class _Sums(NamedTuple):
    """Sums over cycles, counted back from the end; an unfinished first one is left out."""

    wanted: Matrix  # (cycles, items)
    cut: Matrix
    season: Matrix
    rows: int  # periods in a cycle


def _sums(values: Matrix, rows: int) -> _Sums:
    periods = values.shape[1]
    begins = np.arange(periods % rows, periods, rows) if periods > rows else np.array([0])
    wanted, cut, season = np.add.reduceat(values, begins, axis=1)
    return _Sums(wanted, cut, season, rows)


def _factor(sums: _Sums, bound: Matrix, together: int, periods: int) -> Matrix:
    """(periods, items) what is left of each period, as a factor."""
    known = sums.season >= _ENOUGH * sums.rows
    usual = np.where(known, sums.season, np.inf)
    rate, cut = sums.wanted / usual, sums.cut / usual
    kept = np.ones(rate.shape)
    # spans are counted back from the last cycle; the first one takes what does not fill its own
    parts = max(1, len(rate) // together)
    first = len(rate) - parts * together
    for k in range(parts):
        span = slice(0 if k == 0 else first + k * together, first + (k + 1) * together)
        highest = largest_usual(rate[span], bound)
        kept[span] = np.minimum(1, highest / np.where(cut[span] > 0, cut[span], np.inf))
    kept[cut <= 0] = 1
    of_row = (np.arange(periods) - max(0, periods - sums.rows * len(rate))) // sums.rows
    return np.asarray(np.where(of_row[:, None] < 0, 1.0, kept[of_row.clip(0)]))


def largest_usual(rate: Matrix, bound: Matrix) -> Matrix:
    """(items,) mean plus ``bound`` standard deviations of what does not exceed it.

    Args:
        rate: (cycles, items) demand; cycles with 0 are left out.
        bound: (items,) sqrt(a / (1 - a)) at the level a.

    One peak in eight cycles is beyond the quantile at 5/6, two are not:

    >>> rate = np.array([[9.0, 9.0]] * 6 + [[9.0, 90.0], [90.0, 90.0]])
    >>> largest_usual(rate, np.full(2, 5**0.5)).round(-1).tolist()
    [10.0, 110.0]
    """
    counts = rate > 0
    number = np.maximum(counts.sum(axis=0), 1)
    highest = rate.max(axis=0, initial=0.0)
    while True:
        cut = np.minimum(rate, highest)
        mean = cut.sum(axis=0) / number
        spread = np.sqrt((np.where(counts, cut - mean, 0.0) ** 2).sum(axis=0) / number)
        lower = mean + bound * spread
        if (lower >= (1 - _SETTLED) * highest).all():
            return np.asarray(np.maximum(lower, highest))
        highest = np.minimum(highest, lower)
