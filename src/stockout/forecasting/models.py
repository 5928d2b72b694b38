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

_CRUMB = 1e-9  # of a running sum: what is left of a difference of sums that should be nothing

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
    units: Matrix,
    seasons: Sequence[Matrix],
    observed: NDArray[np.bool_],
    origins: NDArray[np.int64],
    week: int = 7,
) -> list[Matrix]:
    """Level of each model before each origin: what it would forecast for a period of index 1.

    A level is smoothed units over the equally smoothed seasonal index, not a smoothed ratio of
    both: so a week's forecasts add up to what a week sold however well the index is known. A
    smoothing begins as the mean of what was seen, until that mean is slower than its speed. A
    moving average without a row in its window is the mean of what was seen.

    Args:
        units: (periods, items) demand.
        seasons: (periods, items) seasonal indices, one matrix for each season.
        observed: (periods, items) rows that are demand; the others change no level.
        origins: Ascending rows, up to ``periods``, before which the level is wanted.
        week: Rows in a week.

    Returns:
        For each season (models, origins, items) in the order of :data:`PORTFOLIO`; 0 before the
        first observed row.

    Sources:
        Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to inventory
        obsolescence"; Syntetos & Boylan (2005), "The accuracy of intermittent demand estimates".

    >>> units = np.array([[2.0], [4.0], [9.0]], dtype=np.float32)
    >>> seen = np.array([[True], [True], [False]])
    >>> rolling_levels(units, [np.ones_like(units)], seen, np.arange(4))[0][4].ravel().tolist()
    [0.0, 2.0, 3.0, 3.0]
    """
    items = observed.shape[1]
    weight = observed.astype(np.float32)
    index = np.concatenate([each * weight for each in seasons], axis=1)
    smoothing = len(SPEEDS) + len(SPARSE)
    levels = np.zeros((len(PORTFOLIO), origins.size, index.shape[1]), dtype=np.float32)
    seen = units * weight
    _smoothed(seen, index, weight, origins, levels[:smoothing])
    _averages(seen, index, origins, [weeks * week for weeks in WEEKS], levels[smoothing:])
    return [levels[:, :, s * items : (s + 1) * items] for s in range(len(seasons))]


def _smoothed(
    units: Matrix, index: Matrix, weight: Matrix, origins: NDArray[np.int64], levels: Matrix
) -> None:
    """Writes the levels of the smoothings; intervals of SBA are counted in seasonal time.

    Units and seasonal indices are smoothed alike: what is seen of them, and the states, are rows of
    one array, the units first.
    """
    periods, items = weight.shape
    sets, fast = index.shape[1] // items, len(SPEEDS)
    speeds = np.array(SPEEDS, dtype=np.float32)[:, None]
    speed = np.float32(INTERMITTENT_SPEED)
    usual = SPEEDS.index(INTERMITTENT_SPEED)
    smooth, change = np.zeros((2, fast, 1 + sets, items), dtype=np.float32)
    step = np.empty((fast, items), dtype=np.float32)
    count, chance, sales, gain, rate = np.zeros((5, items), dtype=np.float32)
    sizes, since, moved = np.zeros((3, 1 + sets, items), dtype=np.float32)  # size, and intervals
    rows = np.concatenate([units[:, None], index.reshape(periods, sets, items)], axis=1)
    is_sale = (units > 0).astype(np.float32)
    out = levels.reshape(len(levels), origins.size, sets, items)
    at = 0
    for t in range(periods + 1):
        if at < origins.size and origins[at] == t:
            season, size, interval = smooth[:, 1:], sizes[0], sizes[1:]
            _divide(smooth[:, :1], season, out[:fast, at])
            _divide(chance * size, season[usual], out[fast, at])
            _divide((1 - speed / 2) * size, interval, out[fast + 1, at])
            at += 1
        if t == periods:
            break
        seen, sold = weight[t], is_sale[t]
        count += seen
        np.divide(seen, np.maximum(count, 1, out=gain), out=gain)
        np.multiply(speeds, seen, out=step)
        np.maximum(step, gain, out=step)
        np.subtract(rows[t], smooth, out=change)
        change *= step[:, None]
        smooth += change
        np.subtract(sold, chance, out=rate)
        rate *= step[usual]
        chance += rate
        sales += sold
        np.divide(sold, np.maximum(sales, 1, out=rate), out=rate)  # the mean, until it is slow
        np.maximum(rate, np.multiply(speed, sold, out=gain), out=rate)
        since += rows[t]  # of units nothing is left over from before: they are set to 0 below
        np.subtract(since, sizes, out=moved)
        moved *= rate
        sizes += moved
        since[0] = 0
        since[1:] *= np.subtract(1, sold, out=gain)


def _divide(units: Matrix, index: Matrix, out: Matrix) -> None:
    """Writes units over seasonal index, where an index was seen."""
    np.divide(units, index, out=out, where=index > 0)


def _ratio(units: NDArray[np.floating], index: NDArray[np.floating]) -> NDArray[np.floating]:
    """Units over seasonal index, 0 where no index was seen."""
    known = index > 0
    return np.where(known, units, 0) / np.where(known, index, 1)


def _averages(
    units: Matrix,
    index: Matrix,
    origins: NDArray[np.int64],
    windows: Sequence[int],
    levels: Matrix,
) -> None:
    """Writes the units over the index of the rows observed in each window before each origin."""
    items = units.shape[1]
    begins = [np.maximum(origins - rows, 0) for rows in windows]
    edges = np.unique(np.concatenate([[0], origins, *begins]))
    total, season = sums_up_to(edges, units), sums_up_to(edges, index)
    end = np.searchsorted(edges, origins)
    for k, begin in enumerate(np.searchsorted(edges, begins)):
        for first in range(0, index.shape[1], items):
            part = season[:, first : first + items]
            inside = part[end] - part[begin]
            some = inside > _CRUMB * part[end]
            sold = np.where(some, total[end] - total[begin], total[end])
            levels[k, :, first : first + items] = _ratio(sold, np.where(some, inside, part[end]))


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
