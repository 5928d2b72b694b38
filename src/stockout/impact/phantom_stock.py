"""Phantom stock: the books say that there is some, the sales say that there is none.

A run of periods with stock and without a sale is a finding where so few sales are next to
impossible for an item that sells as this one did before. Goods that are lost, unsaleable or lying
in the back look so; an item that suddenly nobody wants looks so too. Somebody has to go and look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from scipy import special

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.shrinkage import ratio
from stockout.impact.active_life import own_first_rows
from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Flags = NDArray[np.bool_]
    Matrix = NDArray[np.floating]
    Rows = NDArray[np.int64]
    Vector = NDArray[np.float64]

FALSE_DISCOVERIES = 0.01
"""Share of the findings that may be wrong on average: q of Benjamini & Hochberg (1995),
"Controlling the false discovery rate"."""

LEAST_EXPECTED = 5.0
"""Units that the item should have sold in the run, at least."""

REFERENCE_DAYS = (56, 364)
"""Days with stock before the run that say how the item sells: eight weeks, slow movers up to a
year."""

REFERENCE_UNITS = 30.0
"""The reference goes back until the item sold about so many units: a standard error of 18 %."""

_BLOCK = 4_000_000  # cells of a matrix held at a time
_LEAST_UNITS = 1e-9  # so that ratios stay finite where nothing was sold
_FEWEST_DAYS = 28  # of the reference: with fewer, how the item sells is not known


class PhantomStock(NamedTuple):
    """Runs in which the stock of the books was probably not there."""

    runs: pl.DataFrame  # sku, location, first_date, last_date, periods, expected_units, ...
    t: Rows  # (cells,) rows of the periods of all runs
    item: Rows  # (cells,)
    units: Vector  # (cells,) expected demand of each
    noise: Vector  # (cells,) variance of the demand of each
    run: Rows  # (cells,) row of ``runs``
    error: Vector  # (runs,) relative standard deviation of what is not known of the level

    def variance(self, cell: Rows, weight: Vector, group: Rows, groups: int) -> Vector:
        """(groups,) variance of sums of the demand of cells; those of a run share its error.

        Args:
            cell: Places in the cells.
            weight: What a unit of each counts; as many.
            group: The group of each.
            groups: Number of groups.
        """
        own = np.bincount(group, weight**2 * self.noise[cell], groups)
        pair, of = np.unique(self.run[cell] * groups + group, return_inverse=True)
        shared = np.bincount(of, weight * self.units[cell] * self.error[self.run[cell]], pair.size)
        return np.asarray(own + np.bincount(pair % groups, shared**2, groups))


def phantom_stock(
    history: History,
    active: Flags,
    dispersion: Vector,
    profile: Matrix | None = None,
    *,
    false_discoveries: float = FALSE_DISCOVERIES,
    least_expected: float = LEAST_EXPECTED,
) -> PhantomStock:
    """Finds runs without sales that stock on the shelf would hardly have had.

    The probability of no sale in a run is ``p = prod P0``, with ``P0 = (k / (k + mu))**k`` by the
    negative binomial, averaged over what the sales before the run leave open about the level. As
    demand that comes in lumps has more days without a sale than that, the share of days without a
    sale before the run gives a second probability, and the larger of the two counts. Runs that
    last until as-of and those that are over are two families of tests, each with a false discovery
    rate of ``q``; every gap between two sales counts as a test, however short.

    Args:
        history: Demand history.
        active: As from :func:`stockout.impact.active_life.active_periods`.
        dispersion: (items,) k of the negative binomial of one period's demand; inf is Poisson.
        profile: (periods, items) how much is wanted in a period relative to others of the item, by
            weekday, season or promotion, whatever its level; None for all alike.
        false_discoveries: The rate ``q``.
        least_expected: Units that should have been sold in the run, at least.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(70)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 56 + [0.0] * 14})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "on_hand": [7.0] * 70})
    >>> history = demand_history(sales, stock)
    >>> active = np.ones(history.units.shape, dtype=bool)
    >>> found = phantom_stock(history, active, np.array([np.inf])).runs
    >>> found.select("first_date", "expected_units", "lasts").row(0)
    (datetime.date(2026, 3, 2), 28.0, True)
    """
    parts, sales, stocked_items = [], 0, 0
    step = max(1, _BLOCK // history.periods)
    for first in range(0, history.items.height, step):
        at = slice(first, first + step)
        block = _Block.of(history, active, profile, at)
        parts.append(_tested(block, dispersion[at]).with_items_from(first))
        sales += int((block.stocked & (block.units > 0)).sum())
        stocked_items += int(block.stocked.any(axis=0).sum())
    runs = _Runs._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    found = np.where(
        runs.lasts,
        _discoveries(np.where(runs.lasts, runs.p, 1), stocked_items, false_discoveries),
        _discoveries(np.where(runs.lasts, 1, runs.p), sales + runs.p.size, false_discoveries),
    )
    chosen = np.flatnonzero(found & (runs.expected >= least_expected))
    runs = _Runs._make(column[chosen] for column in runs)
    return _findings(history, active, profile, dispersion, runs)


class _Runs(NamedTuple):
    """Periods in a row with stock and without a sale; all arrays (runs,)."""

    item: Rows
    first: Rows  # row of the first period
    last: Rows
    lasts: Flags  # it goes on until as-of
    level: Vector  # units a period of profile 1
    error: Vector  # relative standard deviation of what is not known of the level
    expected: Vector  # units that should have been sold
    p: Vector  # probability that none was

    def with_items_from(self, first: int) -> _Runs:
        """The same with items counted from ``first``."""
        return self._replace(item=self.item + first)


class _Block(NamedTuple):
    """Some items; all matrices (periods, items)."""

    units: Matrix
    stocked: Flags  # in stock all period, and meant to be sold
    breaks: Flags  # the period belongs to no run
    evidence: Flags  # it tells how the item sells
    exposure: Matrix  # the profile where stocked
    days: int  # of a period

    @classmethod
    def of(cls, history: History, active: Flags, profile: Matrix | None, at: slice) -> _Block:
        """The items of a slice."""
        stocked = _stocked(history, active, at)
        units, open_ = history.units[:, at], history.open[:, at]
        rows = np.arange(history.periods)[:, None]
        own = rows >= own_first_rows(history)[at]
        began = history.items["began_with_sale"].to_numpy()[at]
        first = (rows == history.start[at]) & began
        return cls(
            units=units,
            stocked=stocked,
            # while its location is closed, a run goes on
            breaks=(open_ | ~own) & ~(stocked & (units <= 0)),
            evidence=stocked & history.observed[:, at] & ~first,
            exposure=stocked * (np.float32(1) if profile is None else profile[:, at]),
            days=DAYS_PER_PERIOD[history.freq],
        )


def _stocked(history: History, active: Flags, at: slice) -> Flags:
    return np.asarray(
        active[:, at] & (history.share[:, at] >= 1) & ~history.sold_out[:, at], dtype=np.bool_
    )


def _tested(block: _Block, dispersion: Vector) -> _Runs:
    """All runs of some items, with the probability of no sale in each."""
    item, first, last, lasts = _runs(block)
    sums = [
        _Sums(matrix)
        for matrix in (
            block.units * block.evidence,
            block.exposure * block.evidence,
            block.evidence,
            block.evidence & (block.units <= 0),
        )
    ]
    start, stop = _reference(block, sums, item, first)
    sold, weight, count, empty = (each.between(start, stop, item) for each in sums)
    own_weight = _Sums(block.exposure).between(first, last + 1, item)
    own_count = _Sums(block.stocked).between(first, last + 1, item)
    enough = (count * block.days >= _FEWEST_DAYS) & (sold > 0) & (weight > 0)
    level, mean = ratio(sold, weight), ratio(sold, count)
    expected = np.where(enough, level * own_weight, 0)
    excess = mean / dispersion[item]
    p = np.maximum(_no_units(expected, sold, excess), _no_purchase(own_count, empty, count - empty))
    error = np.sqrt(ratio(1 + excess, sold))
    return _Runs(item, first, last, lasts, level, error, expected, np.where(enough, p, 1.0))


class _Sums:
    """Sums of a matrix over any rows of an item."""

    def __init__(self, values: Matrix | Flags) -> None:
        self._before = np.zeros((values.shape[0] + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=self._before[1:])

    def between(self, start: Rows, stop: Rows, item: Rows) -> Vector:
        """Sum over rows ``start`` to ``stop - 1``."""
        return np.asarray(self._before[stop, item] - self._before[start, item])


def _runs(block: _Block) -> tuple[Rows, Rows, Rows, Flags]:
    """Item, first row, last row of each run, and whether it lasts until as-of."""
    periods = len(block.breaks)
    rows = np.arange(periods, dtype=np.int32)[:, None]
    last_break = np.maximum.accumulate(np.where(block.breaks, rows, -1), axis=0)
    quiet = block.stocked & ~block.breaks
    last_quiet = np.maximum.accumulate(np.where(quiet, rows, -1), axis=0)
    over = np.ones_like(block.breaks)  # before a break, or at as-of
    over[:-1] = block.breaks[1:]
    t, item = np.nonzero(over & (last_quiet > last_break))
    first, last = last_break[t, item].astype(np.int64) + 1, last_quiet[t, item].astype(np.int64)
    return item, first, last, t == periods - 1


def _reference(block: _Block, sums: list[_Sums], item: Rows, first: Rows) -> tuple[Rows, Rows]:
    """Rows from and up to which the time before each run tells how its item sells.

    The period just before a run is left out: it has a sale, or the run would have begun earlier.
    """
    periods, items = block.units.shape
    every = np.arange(items)
    units, _, count, _ = (
        each.between(np.zeros_like(every), np.full_like(every, periods), every) for each in sums
    )
    least, most = (days // block.days for days in REFERENCE_DAYS)
    wanted = np.ceil(REFERENCE_UNITS * ratio(count, units, empty=np.inf))
    wanted = np.clip(wanted, least, most).astype(np.int64)
    stop = np.maximum(first - 1, 0)
    return np.maximum(stop - wanted[item], 0), stop


def _no_units(expected: Vector, sold: Vector, excess: Vector) -> Vector:
    """Probability of a run without a unit sold, by the negative binomial.

    With ``e = mean / k``, ``prod P0 = exp(-phi expected)`` where ``phi = log(1 + e) / e``; the
    level is gamma with the relative variance that the units sold before leave, ``(1 + e) / sold``.
    """
    phi = ratio(np.log1p(excess), excess, empty=1.0)
    shape = np.maximum(sold, _LEAST_UNITS) / (1 + excess)
    return np.asarray((1 + phi * expected / shape) ** -shape)


def _no_purchase(periods: Vector, zeros: Vector, others: Vector) -> Vector:
    """Probability of a run without a sale, by how many periods before were without one.

    Beta-binomial with Jeffreys' prior: ``B(z + n + 1/2, o + 1/2) / B(z + 1/2, o + 1/2)``.
    """
    z, o = zeros + 0.5, others + 0.5
    return np.asarray(np.exp(special.betaln(z + periods, o) - special.betaln(z, o)))


def _discoveries(p: Vector, tests: int, q: float) -> Flags:
    """Which of ``tests`` hypotheses fall at false discovery rate ``q``; those not in p have 1."""
    order = np.sort(p)
    passed = np.flatnonzero(order <= q * np.arange(1, p.size + 1) / max(tests, p.size, 1))
    limit = order[passed[-1]] if passed.size else -1.0
    return np.asarray(p <= limit)


def _findings(
    history: History, active: Flags, profile: Matrix | None, dispersion: Vector, runs: _Runs
) -> PhantomStock:
    runs = _Runs._make(column[np.lexsort((runs.first, runs.item))] for column in runs)
    length = runs.last - runs.first + 1
    run = np.repeat(np.arange(length.size), length)
    t = runs.first[run] + np.arange(run.size) - (np.cumsum(length) - length)[run]
    stocked = _stocked(history, active, slice(None))[t, runs.item[run]]
    t, run = t[stocked], run[stocked]
    item = runs.item[run]
    units = runs.level[run] * (1.0 if profile is None else profile[t, item].astype(np.float64))
    frame = history.items.select(ITEM)[runs.item].with_columns(
        first_date=history.dates.gather(runs.first),
        last_date=history.dates.gather(runs.last),
        periods=pl.Series(np.bincount(run, minlength=length.size), dtype=pl.Int64),
        expected_units=pl.Series(runs.expected),
        p_value=pl.Series(runs.p),
        lasts=pl.Series(runs.lasts),
    )
    return PhantomStock(
        runs=frame,
        t=t,
        item=item,
        units=units,
        noise=units + units**2 / dispersion[item],
        run=run,
        error=runs.error,
    )
