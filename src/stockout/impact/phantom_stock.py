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

from stockout.demand.calendar import DAYS_PER_PERIOD
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


class _Runs(NamedTuple):
    """Periods in a row with stock and without a sale."""

    item: Rows
    first: Rows  # row of the first period
    last: Rows
    lasts: Flags  # it goes on until as-of


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

    The probability of no sale in a run is ``p = prod P0``, with ``P0 = (k / (k + mu))**k`` under the
    negative binomial, averaged over what the sales before the run leave open about the level. Since
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
    stocked = active & (history.share >= 1) & ~history.sold_out
    runs = _runs(history, stocked)
    exposure = stocked * (np.float32(1) if profile is None else np.nan_to_num(profile))
    evidence = stocked & history.evidence()
    before = _Sums(history.units * evidence), _Sums(exposure * evidence), _Sums(evidence)
    zeros = _Sums(evidence & (history.units <= 0))
    length = DAYS_PER_PERIOD[history.freq]
    start, stop = _reference(history, before, runs)
    sold, weight, count = (sums.between(start, stop, runs.item) for sums in before)
    run_weight = _Sums(exposure).between(runs.first, runs.last + 1, runs.item)
    run_count = _Sums(stocked).between(runs.first, runs.last + 1, runs.item)
    enough = (count * length >= _FEWEST_DAYS) & (sold > 0) & (weight > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(enough, sold / weight, 0)
        mean = np.where(enough, sold / count, 0)
    expected = level * run_weight
    p = np.ones(runs.item.size)
    empty = zeros.between(start, stop, runs.item)
    p[enough] = np.maximum(
        _no_units(expected, sold, mean, dispersion[runs.item])[enough],
        _no_purchase(run_count, empty, count - empty)[enough],
    )
    tests = int((stocked & (history.units > 0)).sum()) + runs.item.size
    now = int(stocked.any(axis=0).sum())
    found = np.where(
        runs.lasts,
        _discoveries(np.where(runs.lasts, p, 1), now, false_discoveries),
        _discoveries(np.where(runs.lasts, 1, p), tests, false_discoveries),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt((1 + mean / dispersion[runs.item]) / sold)
    return _findings(
        history, runs, stocked, np.flatnonzero(found & (expected >= least_expected)),
        level=level, error=error, dispersion=dispersion, exposure=exposure, expected=expected, p=p,
    )  # fmt: skip


class _Sums:
    """Sums of a matrix over any rows of an item."""

    def __init__(self, values: Matrix | Flags) -> None:
        self._before = np.zeros((values.shape[0] + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=self._before[1:])

    def between(self, start: Rows, stop: Rows, item: Rows) -> Vector:
        """Sum over rows ``start`` to ``stop - 1``."""
        return np.asarray(self._before[stop, item] - self._before[start, item])


def _runs(history: History, stocked: Flags) -> _Runs:
    """All runs; periods in which the location was closed lie within a run and do not count."""
    periods = history.periods
    rows = np.arange(periods, dtype=np.int32)[:, None]
    start = own_first_rows(history)
    breaks = ((rows < start) | history.open) & ~(stocked & (history.units <= 0))
    last_break = np.maximum.accumulate(np.where(breaks, rows, -1), axis=0)
    quiet = ~breaks & history.open & (rows >= start)
    last_quiet = np.maximum.accumulate(np.where(quiet, rows, -1), axis=0)
    # a run is over in the period before a break, or at as-of
    over = np.ones_like(breaks)
    over[:-1] = breaks[1:]
    t, item = np.nonzero(over & (last_quiet > last_break))
    return _Runs(
        item=item,
        first=last_break[t, item].astype(np.int64) + 1,
        last=last_quiet[t, item].astype(np.int64),
        lasts=t == periods - 1,
    )


def _reference(
    history: History, before: tuple[_Sums, _Sums, _Sums], runs: _Runs
) -> tuple[Rows, Rows]:
    """Rows from and up to which the time before each run tells how its item sells.

    The period just before a run is left out: it has a sale, or the run would have begun earlier.
    """
    every = np.arange(history.items.height)
    all_rows = np.zeros_like(every), np.full_like(every, history.periods)
    units, _, count = (sums.between(*all_rows, every) for sums in before)
    least, most = (days // DAYS_PER_PERIOD[history.freq] for days in REFERENCE_DAYS)
    rate = units / np.maximum(count, 1)
    wanted = np.clip(np.ceil(REFERENCE_UNITS / np.maximum(rate, 1e-9)), least, most)
    stop = np.maximum(runs.first - 1, 0)
    start = np.maximum(stop - wanted[runs.item].astype(np.int64), 0)
    return start, stop


def _no_units(expected: Vector, sold: Vector, mean: Vector, k: Vector) -> Vector:
    """Probability of a run without a unit sold, by the negative binomial.

    ``prod P0 = exp(-phi expected)``, with ``phi = k log(1 + mean / k) / mean``; the level is gamma
    with the relative variance that the units sold before leave it: (1 + mean / k) / sold.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = mean / k  # 0 for Poisson
        phi = np.where(excess > 0, np.log1p(excess) / excess, 1.0)
        shape = sold / (1 + excess)
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
    history: History,
    runs: _Runs,
    stocked: Flags,
    chosen: Rows,
    *,
    level: Vector,
    error: Vector,
    dispersion: Vector,
    exposure: Matrix,
    expected: Vector,
    p: Vector,
) -> PhantomStock:
    chosen = chosen[np.lexsort((runs.first[chosen], runs.item[chosen]))]
    first, last, item = runs.first[chosen], runs.last[chosen], runs.item[chosen]
    run = np.repeat(np.arange(chosen.size), last - first + 1)
    begin = np.cumsum(last - first + 1) - (last - first + 1)
    t = np.arange(run.size) - begin[run] + first[run]
    kept = stocked[t, item[run]]
    t, run = t[kept], run[kept]
    frame = history.items.select(ITEM)[item].with_columns(
        first_date=history.dates.gather(first),
        last_date=history.dates.gather(last),
        periods=pl.Series(np.bincount(run, minlength=chosen.size), dtype=pl.Int64),
        expected_units=pl.Series(expected[chosen]),
        p_value=pl.Series(p[chosen]),
        lasts=pl.Series(runs.lasts[chosen]),
    )
    units = np.asarray(level[chosen][run] * exposure[t, item[run]], dtype=np.float64)
    noise = units + units**2 / dispersion[item[run]]
    return PhantomStock(frame, t, item[run], units, noise, run, error[chosen])
