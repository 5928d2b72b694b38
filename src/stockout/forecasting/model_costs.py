"""What a costly model costs: seconds of one core a series, by model, length and season.

A budget in seconds becomes a number of items by this table and never by a clock, so that the same
input gives the same output on every machine. ``benchmarks/model_costs.py`` measures and prints it;
where a core is twice as fast, a budget takes half the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.periods import Freq

    Matrix = NDArray[np.float64]

SECONDS: Mapping[tuple[str, str], Mapping[int, float]] = {
    ("theta", "day"): {91: 0.0086, 182: 0.018, 364: 0.029},
    ("ces", "day"): {91: 0.013, 182: 0.027, 364: 0.031},
    ("mstl", "day"): {91: 0.023, 182: 0.028, 364: 0.041},
    ("ets", "day"): {91: 0.06, 182: 0.14, 364: 0.21},
    ("arima", "day"): {91: 0.85, 182: 2.7, 364: 4.9},
    ("theta", "week"): {52: 0.003, 130: 0.0091, 260: 0.023},
    ("ces", "week"): {52: 0.0056, 130: 0.037, 260: 0.037},
    ("mstl", "week"): {52: 0.0067, 130: 0.026, 260: 0.038},
    ("ets", "week"): {52: 0.0076, 130: 0.0091, 260: 0.018},
    ("arima", "week"): {52: 0.21, 130: 0.38, 260: 0.86},
}
"""By model and length of a period: seconds for a series of so many periods."""

FIT_SECONDS: Mapping[bool, Mapping[int, float]] = {
    False: {91: 0.0001, 364: 0.00021, 728: 0.00053},
    True: {91: 0.0011, 364: 0.005, 728: 0.01},
}
"""Seconds an item of the fast fit, which is made again at each earlier origin; with periods out of
stock (True) it estimates first what they would have sold."""


def seconds_of_models(models: Sequence[str], freq: Freq, length: ArrayLike) -> Matrix:
    """Seconds that one forecast of a series takes by all of the models together.

    Between the measured lengths, and beyond them, seconds are a power of the length.

    Args:
        models: Names of costly models.
        freq: Length of a period.
        length: (items,) periods of each series.

    >>> one, two = seconds_of_models(["theta"], "day", [364, 728]).tolist()
    >>> one < two
    True
    """
    return np.asarray(np.sum([_seconds(SECONDS[name, freq], length) for name in models], axis=0))


def seconds_of_fit(length: int, *, out_of_stock: bool) -> float:
    """Seconds an item of the fast fit of a history of this length.

    Args:
        length: Periods.
        out_of_stock: Whether any item was, wholly or for a part of a period.
    """
    return float(_seconds(FIT_SECONDS[out_of_stock], length))


def _seconds(table: Mapping[int, float], length: ArrayLike) -> Matrix:
    x = np.log(np.array(list(table), dtype=np.float64))
    y = np.log(np.array(list(table.values()), dtype=np.float64))
    at = np.log(np.maximum(np.asarray(length, dtype=np.float64), 1))
    # The power of the nearest two lengths goes on beyond them, but time never falls with length.
    low, high = (max((y[b] - y[a]) / (x[b] - x[a]), 0.0) for a, b in ((0, 1), (-2, -1)))
    beyond = np.minimum(at - x[0], 0) * low + np.maximum(at - x[-1], 0) * high
    return np.asarray(np.exp(np.interp(at, x, y) + beyond))
