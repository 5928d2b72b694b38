"""The fast models: what each would have forecast with at every past origin, for all items at once.

Each has fixed parameters, so its level at an origin uses the rows before it only: one pass over the
history yields the levels at all past origins, for which cross-validation would refit at each of
them.

A smoothing is a mean with weights that fall by age, so its level is a ratio of two sums, which age
from one origin to the next by one factor. A row that was not observed adds to neither, and a stride
between two origins in which nothing was observed ages neither: to be out of stock changes no level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.forecasting.rows import SEASONS, SEEN, SOLD, UNITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.rows import Rows

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


def rolling_levels(rows: Rows, week: int = 7) -> list[Matrix]:
    """Level of each model at each origin: what it would forecast for a period of index 1.

    A level is smoothed units over the equally smoothed seasonal index, not a smoothed ratio of
    both: so a week's forecasts add up to what a week sold however well the index is known. A
    moving average without a row in its window is the mean of what was seen.

    The size of a sale and the interval between sales age from sale to sale. Where origins are some
    rows apart, sales between two of them count alike, and the time they took in equal parts.

    Args:
        rows: What was observed, cut at the origins.
        week: Rows in a week.

    Returns:
        For each season (models, origins, items) in the order of :data:`PORTFOLIO`; 0 before the
        first observed row.

    Sources:
        Brown (1963), "Smoothing, forecasting and prediction of discrete time series" (discounted
        means); Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to
        inventory obsolescence"; Syntetos & Boylan (2005), "The accuracy of intermittent demand
        estimates".

    >>> from stockout.forecasting.rows import Calendar, Rows
    >>> units = np.array([[3.0], [4.0], [9.0]], dtype=np.float32)
    >>> seen = np.array([[True], [True], [False]])
    >>> calendar = Calendar(np.arange(3), np.ones((7, 1), dtype=np.float32))
    >>> rows = Rows.of(units, [np.ones_like(units)], seen, calendar, np.arange(4))
    >>> rolling_levels(rows)[0][2].ravel().round(3).tolist()
    [0.0, 3.0, 3.526, 3.526]
    """
    strides, _, parts, items = rows.values.shape
    levels = np.zeros((len(PORTFOLIO), strides, parts - SEASONS, items), dtype=np.float32)
    fast = len(SPEEDS)
    sparse, averages = levels[fast : fast + len(SPARSE)], levels[fast + len(SPARSE) :]
    _smoothings(rows, levels[:fast], sparse[0])
    _sparse(rows.totals, sparse)
    for weeks, level in zip(WEEKS, averages, strict=True):
        _average(rows, weeks * week, level)
    return [levels[:, :, season] for season in range(parts - SEASONS)]


def _smoothings(rows: Rows, levels: Matrix, chance: Matrix) -> None:
    """Writes the levels of the smoothings, and the smoothed probability of a sale.

    Args:
        rows: What was observed.
        levels: (speeds, origins, seasons, items) to be written.
        chance: (origins, seasons, items) to be written: sales over the seasonal index, at the speed
            for intermittent demand.
    """
    kept = 1 - np.array(SPEEDS, dtype=np.float32)[:, None]
    by_age = kept ** np.arange(rows.step - 1, -1, -1)
    fade = kept**rows.step
    usual = SPEEDS.index(INTERMITTENT_SPEED)
    sums = rows.weighted(by_age, slice(UNITS, None))
    sold = rows.weighted(by_age[[usual]], slice(SOLD, SEEN))[:, 0]
    seen = rows.totals[:, SEEN] > 0
    aged, aging = np.empty_like(sums[0]), np.empty(sums[0, :, 0].shape, dtype=np.float32)
    for o, (now, sales) in enumerate(zip(sums, sold, strict=True)):
        if o:
            np.copyto(aging, 1)
            np.copyto(aging, fade, where=seen[o])
            now += np.multiply(sums[o - 1], aging[:, None], out=aged)
            sales += sold[o - 1] * aging[usual]
        _divide(now[:, :1], now[:, 1:], levels[:, o])
        _divide(sales, now[usual, 1:], chance[o])


def _sparse(totals: Matrix, levels: Matrix) -> None:
    """Writes the levels of TSB, where the chance of a sale stands already, and of SBA.

    Args:
        totals: (strides, parts, items) sums over each stride.
        levels: (models, origins, seasons, items) to be written.
    """
    speed = np.float32(INTERMITTENT_SPEED)
    sales = totals[:, SOLD]
    sold = (sales > 0)[:, None]
    # Intervals are counted in seasonal time, from the last stride with a sale.
    clock = np.cumsum(totals[:, SEASONS:], axis=0)
    last = np.maximum.accumulate(np.where(sold, clock, 0), axis=0)
    interval = np.diff(last, axis=0, prepend=np.float32(0))
    sums = np.concatenate([totals[:, UNITS, None], sales[:, None], interval], axis=1)
    fade = ((1 - speed) ** np.arange(sales.max() + 1))[sales.astype(np.int32)]
    for o in range(1, len(sums)):
        sums[o] += sums[o - 1] * fade[o]
    units = sums[:, :1]
    levels[0] *= np.divide(units, sums[:, 1:2], out=np.zeros_like(units), where=units > 0)
    _divide((1 - speed / 2) * units, sums[:, 2:], levels[1])


def _average(rows: Rows, window: int, level: Matrix) -> None:
    """Writes the units over the index of the rows observed in the window before each origin.

    Args:
        rows: What was observed.
        window: Rows.
        level: (origins, seasons, items) to be written.
    """
    whole, rest = divmod(window, rows.step)
    ever = rows.up_to[:, UNITS:]
    inside = ever.astype(np.float32)
    late = slice(min(whole, len(ever)), None)
    np.subtract(ever[late], ever[: len(inside[late])], out=inside[late], casting="same_kind")
    if rest:
        inside[late] += rows.values[: len(inside[late]), -rest:, UNITS:].sum(axis=1)
    units, index = inside[:, :1], inside[:, 1:]
    nothing = index <= 0
    if nothing[late].any():
        units, index = np.where(nothing, ever[:, :1], units), np.where(nothing, ever[:, 1:], index)
    _divide(units, index, level)


def _divide(
    units: NDArray[np.floating], index: NDArray[np.floating], out: NDArray[np.floating]
) -> None:
    """Writes units over seasonal index, where an index was seen."""
    np.divide(units, index, out=out, where=index > 0, casting="same_kind")
