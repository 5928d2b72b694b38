"""Items whose demand seems to have stopped: a run of periods in stock without a sale.

A smoothed level takes months to forget what was sold before, and a list made from it orders for
months what nobody wants any more. How probable is it that demand has stopped?

- If it has not, a run without a sale has the probability that its level gives it, under a negative
  binomial with the item's own spread; or, if that is more, what its own gaps between sales say: one
  of ``n`` gaps is as long as this one, if none was longer.
- That it has stopped within the run has, before looking, the probability of the share of all items
  whose demand did.

Both are weighed by Bayes' rule. The mean is multiplied by the probability that demand goes on; the
variance is that of a demand which is either there or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.periods import quiet_periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

USUAL_LIFE_DAYS = 3 * 365.0
"""Days that demand of an item lasts where the assortment does not tell: an assumption, which counts
like a single item that stopped after that time."""

BEFORE_DAYS = 182
"""Days up to the last sale that say how much was sold before the run."""

_LEAST = 1e-12


class Run(NamedTuple):
    """The periods in stock since the last sale of each item; every array is (items,)."""

    length: Matrix  # periods known to be in stock and without a sale, at the end of the history
    expected: Matrix  # units that the level before would have sold in them
    gaps: Matrix  # gaps between sales before
    longer: Matrix  # those of them that were as long as the run


def trailing_run(
    units: NDArray[np.float32], told: Flags, season: NDArray[np.float32], window: int
) -> Run:
    """Counts the periods since the last sale, and the gaps between sales before.

    Args:
        units: (periods, items) demand, 0 in periods that are not told.
        told: (periods, items) periods in stock and those with a sale. An item of which it is not
            known whether it was in stock may have sold nothing for want of it.
        season: (periods or more, items) seasonal index.
        window: Periods up to the last sale that say how much was sold before.

    >>> sold = np.array([[2], [0], [1], [0], [0]], dtype=np.float32)
    >>> one = np.ones((5, 1), dtype=np.float32)
    >>> [float(part[0]) for part in trailing_run(sold, one > 0, one, window=26)]
    [2.0, 2.0, 1.0, 0.0]
    """
    length = quiet_periods(units, told)
    run = np.flatnonzero(length)
    expected, gaps, longer = np.zeros((3, length.size))
    if run.size:
        parts = _before(
            np.take(units, run, axis=1),
            np.take(told, run, axis=1),
            np.take(season[: len(units)], run, axis=1),
            window,
            length[run],
        )
        expected[run], gaps[run], longer[run] = parts
    return Run(length.astype(np.float64), expected, gaps, longer)


def _before(
    units: NDArray[np.float32],
    told: Flags,
    season: NDArray[np.float32],
    window: int,
    length: NDArray[np.int64],
) -> tuple[Matrix, Matrix, Matrix]:
    """Expected units of the run, gaps between sales before, and those of them as long as it."""
    items = units.shape[1]
    sold = told & (units > 0)
    clock = np.cumsum(told, axis=0, dtype=np.int32)
    last = clock[-1] - length
    before = told & (clock > last - window) & (clock <= last)
    level = np.where(before, units, 0).sum(axis=0, dtype=np.float64)
    level /= np.maximum(np.where(before, season, 0).sum(axis=0, dtype=np.float64), _LEAST)
    ahead = np.where(told & (clock > last), season, 0).sum(axis=0, dtype=np.float64)
    item, at = np.nonzero(sold.T)
    same = item[1:] == item[:-1]
    gap, owner = np.diff(clock[at, item])[same] - 1, item[1:][same]
    return (
        level * ahead,
        np.bincount(owner, minlength=items).astype(np.float64),
        np.bincount(owner, gap >= length[owner], minlength=items).astype(np.float64),
    )


def chance_of_demand(run: Run, noise: Matrix, hazard: float) -> Matrix:
    """(items,) probability that demand has not stopped.

    Args:
        run: From :func:`trailing_run`.
        noise: (items,) variance-to-mean ratio of one period.
        hazard: Probability that demand stops in a period.

    >>> run = Run(*(np.array([x]) for x in (60.0, 60.0, 20.0, 0.0)))
    >>> chance_of_demand(run, np.array([1.5]), hazard=0.001).round(2).tolist()
    [0.42]
    """
    excess = np.maximum(noise - 1, 1e-6)
    silent = np.exp(-run.expected * np.log1p(excess) / excess)
    own = (1 + run.longer) / (2 + run.gaps)
    goes_on = np.where(run.length > 0, np.maximum(silent, own), 1.0)
    stopped = -np.expm1(run.length * np.log1p(-hazard))
    return np.asarray((1 - stopped) * goes_on / ((1 - stopped) * goes_on + stopped))


def hazard_of(ended: Flags, listed: Matrix, days: int) -> float:
    """Probability that the demand of an item stops in a period, from those that have ended.

    Args:
        ended: (items,) items that are no longer sold.
        listed: (items,) periods from the first sign of each to its last.
        days: Days in a period.
    """
    return float((np.count_nonzero(ended) + 1) / (listed.sum() + USUAL_LIFE_DAYS / days))
