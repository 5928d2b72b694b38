"""The fast models: recursions over all items at once, one row of the panel after the other.

Each is a recursion with fixed parameters, so its level before row ``t`` uses rows before ``t``
only: one pass over the history yields the level that the model would have forecast with at every
past origin, for which cross-validation would refit at each of them.

Out-of-stock periods change no level. For a recursion without a calendar of its own (the season is
divided out before) that is exactly to leave them out.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SPEEDS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Of simple exponential smoothing: memories from two days and a half to seven weeks."""

INTERMITTENT_SPEED = 0.1
"""Of Teunter-Syntetos-Babai and Syntetos-Boylan: the middle of the range that their authors use."""

WEEKS = (13, 26)
"""Of the moving averages: a quarter and half a year."""

SPARSE = ("TSB", "SBA")
"""Teunter-Syntetos-Babai, Syntetos-Boylan."""

PORTFOLIO = (
    *(f"SES {speed:g}" for speed in SPEEDS),
    *SPARSE,
    *(f"MA {weeks} weeks" for weeks in WEEKS),
)
"""Simple exponential smoothing at five speeds, Teunter-Syntetos-Babai, Syntetos-Boylan, and moving
averages, which forget all at once what smoothing forgets slowly."""


def family(name: str) -> str:
    """Family of a model, as it is asked for.

    >>> family("SES 0.1")
    'ses'
    """
    return name.split(maxsplit=1)[0].lower()


def rolling_levels(
    demand: Sequence[Matrix],
    observed: NDArray[np.bool_],
    origins: NDArray[np.int64],
    week: int = 7,
) -> list[Matrix]:
    """Level of each model before each origin: what it would forecast for a period of index 1.

    A smoothing begins as the mean of what was seen, until that mean is slower than its speed. A
    moving average without a row in its window is the mean of what was seen.

    Args:
        demand: For each way to divide the season out, the (periods, items) demand; it is zero in
            the same rows.
        observed: (periods, items) rows that are demand; the others change no level.
        origins: Ascending rows, up to ``periods``, before which the level is wanted.
        week: Rows in a week.

    Returns:
        For each of ``demand`` (models, origins, items) in the order of :data:`PORTFOLIO`; 0 before
        the first observed row.

    Sources:
        Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to inventory
        obsolescence"; Syntetos & Boylan (2005), "The accuracy of intermittent demand estimates".

    >>> demand = np.array([[2.0], [4.0], [9.0]], dtype=np.float32)
    >>> seen = np.array([[True], [True], [False]])
    >>> rolling_levels([demand], seen, np.arange(4))[0][4].ravel().tolist()
    [0.0, 2.0, 3.0, 3.0]
    """
    items = observed.shape[1]
    weight = observed.astype(np.float32)
    sets = len(demand)
    seen = np.concatenate([each * weight for each in demand], axis=1)
    smoothing = len(SPEEDS) + len(SPARSE)
    levels = np.empty((len(PORTFOLIO), origins.size, sets * items), dtype=np.float32)
    _smoothed(seen, weight, origins, levels[:smoothing])
    _averages(seen, weight, origins, [weeks * week for weeks in WEEKS], levels[smoothing:])
    return [levels[:, :, s * items : (s + 1) * items] for s in range(sets)]


def _smoothed(demand: Matrix, weight: Matrix, origins: NDArray[np.int64], levels: Matrix) -> None:
    """Writes the levels of the smoothings; how often there is a demand is common to all sets."""
    periods, items = weight.shape
    sets = demand.shape[1] // items
    speeds = np.array(SPEEDS, dtype=np.float32)[:, None]
    speed = np.float32(INTERMITTENT_SPEED)
    smooth = np.zeros((len(SPEEDS), sets, items), dtype=np.float32)
    error, size, change = np.empty_like(smooth), np.zeros_like(smooth[0]), np.empty_like(smooth[0])
    step = np.empty((len(SPEEDS), items), dtype=np.float32)
    count, chance, interval, since, sales, gain, rate = np.zeros((7, items), dtype=np.float32)
    rows = demand.reshape(periods, sets, items)
    is_sale = (rows[:, 0] > 0).astype(np.float32)
    at = 0
    for t in range(periods + 1):
        if at < origins.size and origins[at] == t:
            levels[: len(SPEEDS), at] = smooth.reshape(len(SPEEDS), -1)
            levels[len(SPEEDS), at] = (chance * size).ravel()
            unbiased = (1 - speed / 2) / np.maximum(interval, 1)
            levels[len(SPEEDS) + 1, at] = (unbiased * size).ravel()
            at += 1
        if t == periods:
            break
        seen, sold = weight[t], is_sale[t]
        count += seen
        np.divide(seen, np.maximum(count, 1, out=gain), out=gain)
        np.multiply(speeds, seen, out=step)
        np.maximum(step, gain, out=step)
        np.subtract(rows[t], smooth, out=error)
        error *= step[:, None]
        smooth += error
        since += seen
        np.multiply(seen, speed, out=rate)
        np.maximum(rate, gain, out=rate)
        rate *= sold - chance
        chance += rate
        sales += sold
        np.divide(sold, np.maximum(sales, 1, out=rate), out=rate)  # the mean, until it is slow
        np.maximum(rate, speed * sold, out=rate)
        np.subtract(rows[t], size, out=change)
        change *= rate
        size += change
        rate *= since - interval
        interval += rate
        since *= 1 - sold


def _averages(
    demand: Matrix,
    weight: Matrix,
    origins: NDArray[np.int64],
    windows: Sequence[int],
    levels: Matrix,
) -> None:
    """Writes the mean of the rows observed in each window before each origin."""
    items = weight.shape[1]
    begins = [np.maximum(origins - rows, 0) for rows in windows]
    edges = np.unique(np.concatenate([[0], origins, *begins]))
    total, count = sums_up_to(edges, demand), sums_up_to(edges, weight)
    end = np.searchsorted(edges, origins)
    for k, begin in enumerate(np.searchsorted(edges, begins)):
        number = count[end] - count[begin]
        some = number > 0
        for first in range(0, demand.shape[1], items):
            part = total[:, first : first + items]
            mean = np.where(some, part[end] - part[begin], part[end])
            mean /= np.maximum(np.where(some, number, count[end]), 1)
            levels[k, :, first : first + items] = np.maximum(mean, 0)


def sums_up_to(edges: NDArray[np.int64], values: Matrix) -> NDArray[np.float64]:
    """(edges, items) sums of the rows from the first edge up to each.

    Args:
        edges: Ascending rows.
        values: (periods, items).

    >>> sums_up_to(np.array([1, 2, 4]), np.ones((4, 1), dtype=np.float32)).ravel().tolist()
    [0.0, 1.0, 3.0]
    """
    total = np.zeros((edges.size, values.shape[1]))
    for k, (begin, end) in enumerate(itertools.pairwise(edges.tolist())):
        np.add(total[k], values[begin:end].sum(axis=0), out=total[k + 1])
    return total
