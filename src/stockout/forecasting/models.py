"""The fast models: what each would have forecast with at every past origin, for all items at once.

Each has fixed parameters, so its level at an origin uses the rows before it only: one pass over the
history yields the levels at all past origins, for which cross-validation would refit at each of
them.

A smoothing is a mean with weights that fall by age, so its level is a ratio of two sums, which fade
from one origin to the next by one factor. A row that was not observed adds to neither, and a stride
between two origins in which nothing was observed fades neither: being out of stock changes no
level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.forecasting.rows import SEASONS, SEEN, SOLD, UNITS, running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockout.forecasting.rows import Rows

    Matrix = NDArray[np.float32]
    Numbers = NDArray[np.floating]

SPEEDS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Of simple exponential smoothing: memories from two days and a half to seven weeks."""

INTERMITTENT_SPEED = 0.1
"""Of Teunter-Syntetos-Babai and Syntetos-Boylan: the middle of the range that their authors use."""

WEEKS = (13, 26, 52)
"""Of the moving averages: a quarter, half a year and a year."""

_LEAST = 1e-20  # weight of a row, so that where all that was seen is old, something is left of it

_TOGETHER = 16  # origins divided together: of a block they fit the processor's memory

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


def distinct(names: Sequence[str], periods: int, week: int = 7) -> list[str]:
    """The models that do not all say the same of a history of so many periods.

    Moving averages over all of it or more are one mean, which would count as often as it is there.

    Args:
        names: Of :data:`PORTFOLIO`, in its order.
        periods: Rows of the history.
        week: Rows in a week.

    >>> distinct(["SES 0.1", "MA 13 weeks", "MA 26 weeks"], 80)
    ['SES 0.1', 'MA 13 weeks']
    """
    averages = [name for name in names if family(name) == "ma"]
    shorter = [name for name in averages if int(name.split()[1]) * week < periods]
    kept = averages[: len(shorter) + 1]
    return [name for name in names if name not in averages or name in kept]


def rolling_levels(rows: Rows, week: int = 7) -> list[Matrix]:
    """Level of each model at each origin: what it would forecast for a period of index 1.

    A level is smoothed units over the equally smoothed seasonal index, not a smoothed ratio of
    both: so a week's forecasts add up to what a week sold however well the index is known. A
    smoothing begins as a mean, and forgets nothing until that is slower than its speed. A moving
    average without a row in its window is the mean of what was seen.

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
    >>> rolling_levels(rows)[0][2].ravel().tolist()
    [0.0, 3.0, 3.5, 3.5]
    """
    strides, _, parts, items = rows.values.shape
    of_season = np.empty((parts - SEASONS, len(PORTFOLIO), strides, items), dtype=np.float32)
    levels = np.moveaxis(of_season, 0, 2)
    fast = len(SPEEDS)
    sparse, averages = levels[fast : fast + len(SPARSE)], levels[fast + len(SPARSE) :]
    _smoothings(rows, levels[:fast], sparse[0])
    _sparse(rows.totals, sparse)
    for weeks, level in zip(WEEKS, averages, strict=True):
        _average(rows, weeks * week, level)
    return list(of_season)


def _smoothings(rows: Rows, levels: Matrix, chance: Matrix) -> None:
    """Writes the levels of the smoothings, and the smoothed probability of a sale.

    Args:
        rows: What was observed.
        levels: (speeds, origins, seasons, items) to be written.
        chance: (origins, seasons, items) to be written: sales over the seasonal index, at the speed
            for intermittent demand.
    """
    speeds = np.array(SPEEDS)[:, None]
    by_age = np.maximum((1 - speeds) ** np.arange(rows.step - 1, -1, -1), _LEAST)
    sums = rows.weighted(by_age, slice(UNITS, None))
    usual = SPEEDS.index(INTERMITTENT_SPEED)
    sold = rows.weighted(by_age[[usual]], slice(SOLD, SEEN))[:, 0, 0]
    begin, fading = _begin(speeds), ((1 - speeds) ** rows.step).astype(np.float32)
    number, seen = rows.up_to[:, SEEN], rows.totals[:, SEEN] > 0
    youngest = np.where(seen, number, np.inf).min(axis=1)
    every, aged = np.asarray(seen.all(axis=1)), np.empty_like(sums[0])
    for o in range(len(sums)):
        if youngest[o] < begin.max() + rows.step:
            fade = ((1 - speeds) ** _age(speeds, number[o], rows.step * seen[o])).astype(np.float32)
            still_mean = (number[o] <= begin)[:, None]
            np.copyto(sums[o], rows.totals[o, UNITS:], where=still_mean)
            np.copyto(sold[o], rows.totals[o, SOLD], where=still_mean[usual, 0])
        else:
            fade = fading if every[o] else np.where(seen[o], fading, np.float32(1))
        if o:
            sums[o] += np.multiply(sums[o - 1], fade[:, None], out=aged)
            sold[o] += sold[o - 1] * fade[usual]
    _divide(sums[:, :, :1], sums[:, :, 1:], np.moveaxis(levels, 0, 1))
    _divide(sold[:, None], sums[:, usual, 1:], chance)


def _begin(speed: ArrayLike) -> Numbers:
    """Number from which on a mean of so many is slower than the speed."""
    return np.asarray(np.ceil(np.round(1 / np.asarray(speed), 6)))


def _age(speed: ArrayLike, number: Numbers, steps: Numbers) -> Numbers:
    """Steps by which the sums at an origin have aged at the next one.

    Args:
        speed: Of the smoothing.
        number: Steps from the first one up to the next origin.
        steps: Steps from the origin to the next; the first ones, which make a mean, age nothing.
    """
    return np.asarray(np.minimum((number - _begin(speed)).clip(0), steps))


def _sparse(totals: Matrix, levels: Matrix) -> None:
    """Writes the levels of TSB, where the chance of a sale stands already, and of SBA.

    Args:
        totals: (strides, parts, items) sums over each stride.
        levels: (models, origins, seasons, items) to be written.
    """
    sales = totals[:, SOLD]
    by_age = ((1 - INTERMITTENT_SPEED) ** np.arange(sales.max() + 1)).astype(np.float32)
    age = _age(INTERMITTENT_SPEED, running(sales), sales)
    fades = np.take(by_age, age.astype(np.intp))
    unbiased = np.float32(1 - INTERMITTENT_SPEED / 2)
    sums = np.empty((len(totals), levels.shape[2] + 2, totals.shape[2]), dtype=np.float32)
    units, count, interval = sums[:, :1], sums[:, 1:2], sums[:, 2:]
    units[:, 0], count[:, 0] = totals[:, UNITS], sales
    since = np.zeros(interval[0].shape, dtype=np.float32)
    aged = np.empty_like(sums[0])
    for o, (now, fade, sold) in enumerate(zip(totals, fades, sales > 0, strict=True)):
        since += now[SEASONS:]  # the interval up to now, in seasonal time
        np.multiply(since, sold, out=interval[o])
        since -= interval[o]
        if o:
            sums[o] += np.multiply(sums[o - 1], fade, out=aged)
    _divide(units * levels[0], count, levels[0])
    _divide(unbiased * units, interval, levels[1])


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


def _divide(units: Numbers, index: Numbers, out: Numbers) -> None:
    """Writes units over seasonal index, 0 where no index was seen; origins are the first axis."""
    for first in range(0, len(out), _TOGETHER):
        part = slice(first, first + _TOGETHER)
        below, known = index[part], index[part] > 0
        if known.all():
            np.divide(units[part], below, out=out[part], casting="same_kind")
        else:  # faster than a division with a mask
            np.divide(units[part], np.where(known, below, 1), out=out[part], casting="same_kind")
            out[part] *= known
