"""The fast models: recursions over all items at once, one row of the panel after the other.

Each is a recursion with fixed parameters, so its level before row ``t`` uses rows before ``t``
only: one pass over the history yields the level that the model would have forecast with at every
past origin, for which cross-validation would refit at each of them.

Out-of-stock periods change no level. For a recursion without a calendar of its own (the season is
divided out before) that is exactly to leave them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SPEEDS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Of simple exponential smoothing: memories from two days and a half to seven weeks."""

INTERMITTENT_SPEED = 0.1
"""Of Teunter-Syntetos-Babai and Syntetos-Boylan: the middle of the range that their authors use."""

WEEKS = (13, 26)
"""Of the moving averages: a quarter and half a year."""

PORTFOLIO = (
    *(f"SES {speed:g}" for speed in SPEEDS),
    "TSB",
    "SBA",
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
    demand: Matrix, observed: NDArray[np.bool_], origins: NDArray[np.int64], week: int = 7
) -> Matrix:
    """Level of each model before each origin: what it would forecast for a period of index 1.

    A smoothing begins as the mean of what was seen, until that mean is slower than its speed.

    Args:
        demand: (periods, items) demand with the season divided out.
        observed: (periods, items) rows that are demand; the others change no level.
        origins: Ascending rows, up to ``periods``, before which the level is wanted.
        week: Rows in a week.

    Returns:
        (models, origins, items) in the order of :data:`PORTFOLIO`; nan before the first observed
        row.

    Sources:
        Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to inventory
        obsolescence"; Syntetos & Boylan (2005), "The accuracy of intermittent demand estimates".

    >>> demand = np.array([[2.0], [4.0], [9.0]], dtype=np.float32)
    >>> seen = np.array([[True], [True], [False]])
    >>> rolling_levels(demand, seen, np.arange(4))[4].ravel().tolist()
    [nan, 2.0, 3.0, 3.0]
    """
    periods, items = demand.shape
    speeds = np.array(SPEEDS, dtype=np.float32)[:, None]
    smooth = np.zeros((len(SPEEDS), items), dtype=np.float32)
    step = np.empty_like(smooth)
    sparse = _Sparse(items)
    windows = [_Window(items, weeks * week) for weeks in WEEKS]
    count = np.zeros(items, dtype=np.float32)
    levels = np.full((len(PORTFOLIO), origins.size, items), np.nan, dtype=np.float32)
    weight = observed.astype(np.float32)
    demand = np.where(observed, demand, np.float32(0))
    at = 0
    for t in range(periods + 1):
        if at < origins.size and origins[at] == t:
            known = count > 0
            np.copyto(levels[: len(SPEEDS), at], smooth, where=known)
            np.copyto(levels[len(SPEEDS) : -len(WEEKS), at], sparse.levels(), where=known)
            for k, window in enumerate(windows):
                np.copyto(levels[k - len(WEEKS), at], window.level(), where=known)
            at += 1
        if t == periods:
            break
        count += weight[t]
        gain = weight[t] / np.maximum(count, 1)
        np.maximum(speeds * weight[t], gain, out=step)
        step *= demand[t] - smooth
        smooth += step
        sparse.see(demand[t], weight[t], gain)
        for window in windows:
            window.see(demand, weight, t)
    return levels


class _Window:
    """The mean of the rows observed among the last so many; the last mean where there are none."""

    def __init__(self, items: int, rows: int) -> None:
        self.rows = rows
        self.total, self.count = np.zeros(items), np.zeros(items)
        self.last = np.zeros(items)

    def see(self, demand: Matrix, weight: Matrix, t: int) -> None:
        """Takes in row ``t``, and gives up the one that has become too old."""
        self.total += demand[t]
        self.count += weight[t]
        if t >= self.rows:
            self.total -= demand[t - self.rows]
            self.count -= weight[t - self.rows]
        known = self.count > 0
        np.divide(self.total, self.count, out=self.last, where=known)

    def level(self) -> NDArray[np.float64]:
        """(items,) mean of the window."""
        return np.maximum(self.last, 0)


class _Sparse:
    """Size of a demand, and how often there is one."""

    def __init__(self, items: int) -> None:
        self.size, self.chance, self.interval, self.since, self.sales = (
            np.zeros(items, dtype=np.float32) for _ in range(5)
        )

    def see(self, demand: Matrix, weight: Matrix, gain: Matrix) -> None:
        """Updates by one row; ``weight`` is 1 where it was observed, else 0."""
        speed = np.float32(INTERMITTENT_SPEED)
        sold = (demand > 0).astype(np.float32)
        self.since += weight
        self.chance += np.maximum(speed * weight, gain) * (sold - self.chance)
        self.sales += sold
        of_sale = sold * np.maximum(speed, 1 / np.maximum(self.sales, 1))
        self.size += of_sale * (demand - self.size)
        self.interval += of_sale * (self.since - self.interval)
        self.since *= 1 - sold

    def levels(self) -> Matrix:
        """(2, items) level of TSB and of SBA."""
        rate = self.size / np.maximum(self.interval, 1)
        return np.stack([self.chance * self.size, np.float32(1 - INTERMITTENT_SPEED / 2) * rate])
