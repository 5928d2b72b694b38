"""How often demand of a protection period was as high before: what is bad luck, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.replenishment.targets import DEFAULT_SERVICE_LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.floating]
    Vector = NDArray[np.float64]
    Rows = NDArray[np.int64]

USUAL = 1 - DEFAULT_SERVICE_LEVEL
"""Share of protection periods that safety stock for the default service level leaves uncovered.
Demand that a larger share of them reached is variation that safety stock is meant to cover."""

LEAST_PERIODS = 20
"""Fewer protection periods cannot tell whether one in twenty (:data:`USUAL`) was as high."""

_CELLS = 1 << 22  # values at a time: 32 MB


def share_as_high(  # noqa: PLR0917 - the columns of episodes in order
    demand: Matrix, start: Rows, t: Rows, item: Rows, periods: Rows, wanted: Vector
) -> Vector:
    """Share of an item's past protection periods with demand at least as high.

    The past protection periods are all runs of as many periods that lie between the item's first
    period and the protection period that ends with ``t``; they overlap.

    Args:
        demand: (periods, items) units wanted; nan counts as 0.
        start: (items,) first row of each item's life.
        t: Last row of each protection period that is judged.
        item: Its item.
        periods: Its length.
        wanted: Units wanted in it.

    Returns:
        Shares between 0 and 1; nan where there are fewer than 20 past ones.

    >>> demand = np.array([[1.0, 2.0] * 12 + [2.0, 2.0]]).T
    >>> one = np.array([1])
    >>> share_as_high(demand, one * 0, one * 25, one * 0, one * 2, np.array([3.0])).tolist()
    [1.0]
    >>> share_as_high(demand, one * 0, one * 25, one * 0, one, np.array([2.0])).tolist()
    [0.52]
    """
    total = np.zeros((demand.shape[1], demand.shape[0] + 1))
    np.cumsum(np.nan_to_num(demand).T, axis=1, out=total[:, 1:])
    first = np.maximum(start[item], 0) + periods
    count = np.maximum(t + 1 - periods - first + 1, 0)
    share = np.full(t.size, np.nan)
    least = wanted - 1e-6 * np.maximum(np.abs(wanted), 1)  # sums differ by their rounding
    told = np.flatnonzero(count >= LEAST_PERIODS)
    for rows in np.split(told, np.flatnonzero(np.diff(np.cumsum(count[told]) // _CELLS)) + 1):
        of = np.repeat(rows, count[rows])
        stop = np.arange(of.size) - np.repeat(np.cumsum(count[rows]) - count[rows], count[rows])
        stop += first[of]
        high = total[item[of], stop] - total[item[of], stop - periods[of]] >= least[of]
        share[rows] = np.bincount(np.repeat(np.arange(rows.size), count[rows]), high) / count[rows]
    return share
