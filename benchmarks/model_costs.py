"""Seconds of one core that a costly model takes for a series: the table in the code.

    python benchmarks/model_costs.py

Series of retail demand (a level that wanders, a season, Poisson noise, means from 0.3 to 30) of
several lengths are forecast 28 periods ahead by every costly model, and a thousand by the fast fit.
What is measured is the processor's time, not the clock's, so that it matters little what else the
machine does. The output is the table of ``stockout.forecasting.model_costs``, ready to be pasted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import polars as pl

from stockout.demand.history import demand_history
from stockout.forecasting import costly_models
from stockout.forecasting.fit import fit

if TYPE_CHECKING:
    from stockout.demand.periods import Freq

LENGTHS: dict[Freq, tuple[int, ...]] = {"day": (91, 182, 364), "week": (52, 130, 260)}
SERIES = 8
FITTED = 1000
OUT = 0.1  # share of days out of stock, where there are such
FIT_LENGTHS = (91, 364, 728)


def series(
    length: int, count: int, season: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(length, count) demand."""
    rng = np.random.default_rng(length)
    mean = np.geomspace(0.3, 30, count)
    level = np.exp(np.cumsum(rng.normal(0, 0.03, (length, count)), axis=0))
    wave = 1 + 0.4 * np.sin(2 * np.pi * np.arange(length) / season)[:, None]
    return rng.poisson(mean * level * wave).astype(np.float32)


def seconds(model: str, length: int, freq: Freq) -> float:
    """Processor seconds a series."""
    season = costly_models.SEASON[freq]
    demand = series(length, SERIES, season)
    items = np.arange(SERIES)
    with mock.patch.object(costly_models, "_WORKERS", 1):
        begin = time.process_time()
        costly_models.costly_forecast(model, demand, items * 0, items, 28, freq)
    return (time.process_time() - begin) / SERIES


def seconds_of_fit(length: int, share: float) -> float:
    """Processor seconds an item of the fast fit, where a share of the days is out of stock."""
    demand = series(length, FITTED, 7).astype(np.float64)
    out = np.random.default_rng(length).random(demand.shape) < share
    days = np.datetime64("2024-01-01", "D") + np.arange(length)
    keys = {"date": np.repeat(days, FITTED), "sku": [f"S{k}" for k in range(FITTED)] * length}
    history = demand_history(
        pl.DataFrame({**keys, "units": np.where(out, 0, demand).ravel()}),
        pl.DataFrame({**keys, "in_stock": ~out.ravel()}),
        freq="day",
    )
    begin = time.process_time()
    fit(history, 28)
    return (time.process_time() - begin) / FITTED


def main() -> None:
    """Prints the table."""
    seconds("ces", 28, "day")  # loads the library
    for freq, lengths in LENGTHS.items():
        for model in costly_models.COSTLY:
            row = ", ".join(f"{n}: {seconds(model, n, freq):.2g}" for n in lengths)
            print(f'    ("{model}", "{freq}"): {{{row}}},', flush=True)
    for share in (0.0, OUT):
        row = ", ".join(f"{n}: {seconds_of_fit(n, share):.2g}" for n in FIT_LENGTHS)
        print(f"    {share > 0}: {{{row}}},", flush=True)


if __name__ == "__main__":
    main()
