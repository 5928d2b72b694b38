"""Speed of `stockout forecast`, end to end and in parts, beside exponential smoothing alone.

    python benchmarks/forecast_speed.py [--series 10000] [--days 1095] [--inventory] [--one-process]

Series of daily demand (negative binomial, with a week, a year and a wandering level; rates of the
items log-normal) are written as Parquet, a row for each day with sales. Then are timed:

- `stockout forecast --horizon 28`, a process of its own, from Parquet to Parquet: start, reading,
  building the history, fitting, quantiles, writing;
- within this process the history, and the fit alone;
- SES of statsforecast over the same series, from a frame that already has every day.

Printed are seconds by the clock and of the processors, and series a second by each. On a machine
that is busy with other work only the seconds of the processors mean something; divided by the cores
that were used, they bound what an idle machine would do.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

HORIZON = 28
LAST = date(2026, 6, 28)
OUT_SHARE = 0.05  # days without stock, with --inventory
OUT_DAYS = 6  # mean length of such an episode


def demand(series: int, days: int, seed: int) -> NDArray[np.int32]:
    """(series, days) units a day."""
    rng = np.random.default_rng(seed)
    day = np.arange(days)
    rate = rng.lognormal(0.0, 1.0, (series, 1))
    week = rng.lognormal(0.0, 0.15, (series, 7))[:, day % 7]
    year = 0.25 * np.sin(2 * np.pi * (day / 365.25 + rng.random((series, 1))))
    level = np.cumsum(rng.normal(0.0, 0.015, (series, days)), axis=1)
    shape = rng.uniform(0.8, 4.0, (series, 1))
    expected = rate * week * np.exp(year + level)
    return rng.negative_binomial(shape, shape / (shape + expected)).astype(np.int32)


def stock(series: int, days: int, seed: int) -> NDArray[np.bool_]:
    """(series, days) whether an item was in stock; episodes of some days."""
    rng = np.random.default_rng(seed + 1)
    begins = rng.random((series, days)) < OUT_SHARE / OUT_DAYS
    lasts = rng.geometric(1 / OUT_DAYS, (series, days))
    end = np.where(begins, np.arange(days) + lasts, 0)
    return np.asarray(np.maximum.accumulate(end, axis=1) <= np.arange(days))


def long_frame(keep: NDArray[np.bool_], **columns: NDArray[Any]) -> pl.DataFrame:
    """One row for each day that is kept."""
    item, day = np.nonzero(keep)
    dates = pl.date_range(
        pl.lit(LAST) - pl.duration(days=keep.shape[1] - 1), pl.lit(LAST), eager=True
    )
    names = pl.Series([f"S{i:06d}" for i in range(len(keep))])
    return pl.DataFrame(
        {
            "date": dates[day],
            "sku": names[item],
            **{name: values[item, day] for name, values in columns.items()},
        }
    )


@contextmanager
def timed(name: str, series: int, who: int = resource.RUSAGE_SELF) -> Iterator[None]:
    """Prints what the block took."""
    before, begin = resource.getrusage(who), time.perf_counter()
    yield
    clock, after = time.perf_counter() - begin, resource.getrusage(who)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name:32} {clock:8.1f} {used:8.1f} {series / clock:10,.0f} {series / used:10,.0f}")


def main() -> None:
    """Prints one line a part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=1_095)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inventory", action="store_true", help="with stock flags, 5 %% out")
    parser.add_argument("--one-process", action="store_true", help="none beside the first")
    asked = parser.parse_args()
    if asked.one_process:
        os.environ["LOKY_MAX_CPU_COUNT"] = "1"
    logging.getLogger("stockout").setLevel(logging.ERROR)
    units = demand(asked.series, asked.days, asked.seed)
    inventory = None
    if asked.inventory:
        in_stock = stock(asked.series, asked.days, asked.seed)
        units = np.where(in_stock, units, 0)
        inventory = long_frame(np.ones_like(in_stock), in_stock=in_stock)
    sales = long_frame(units > 0, units=units)
    print(
        f"{asked.series:,} series x {asked.days:,} days, {sales.height:,} rows of sales; ", end=""
    )
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':32} {'seconds':>8} {'cpu s':>8} {'series/s':>10} {'/cpu s':>10}")
    with tempfile.TemporaryDirectory() as folder:
        _end_to_end(Path(folder), sales, inventory, asked.series)
    _in_process(sales, inventory, asked.series)
    _smoothing(units, asked.series)


def _end_to_end(
    folder: Path, sales: pl.DataFrame, inventory: pl.DataFrame | None, series: int
) -> None:
    command = [sys.executable, "-m", "stockout", "forecast", "--horizon", str(HORIZON), "--quiet"]
    for name, frame in {"sales": sales, "inventory": inventory}.items():
        if frame is not None:
            frame.write_parquet(folder / f"{name}.parquet")
            command += [f"--{name}", str(folder / f"{name}.parquet")]
    output = folder / "forecast.parquet"
    with timed("stockout forecast, end to end", series, resource.RUSAGE_CHILDREN):
        subprocess.run([*command, "--output", str(output)], check=True, cwd=folder)
    rows = pl.scan_parquet(output).select(pl.len()).collect().item()
    if rows != series * HORIZON:
        raise SystemExit(f"{rows} rows of forecast, expected {series * HORIZON}")


def _in_process(sales: pl.DataFrame, inventory: pl.DataFrame | None, series: int) -> None:
    from stockout.demand.history import demand_history  # noqa: PLC0415  # after the process above
    from stockout.forecasting.fit import fit  # noqa: PLC0415
    from stockout.forecasting.learned_demand import learned_demand  # noqa: PLC0415

    with timed("demand_history", series):
        history = demand_history(sales, inventory, as_of=LAST, freq="day")
    with timed("learned_demand (a part of fit)", series):
        learned_demand(history)
    with timed("fit", series):
        fit(history, HORIZON)


def _smoothing(units: NDArray[np.int32], series: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties' deprecations
        from statsforecast import StatsForecast  # noqa: PLC0415
        from statsforecast.models import SimpleExponentialSmoothing  # noqa: PLC0415

        frame = pl.DataFrame(
            {
                "unique_id": np.repeat(np.arange(len(units)), units.shape[1]),
                "ds": np.tile(np.arange(units.shape[1]), len(units)),
                "y": units.ravel().astype(np.float64),
            }
        )
        model: Any = StatsForecast(models=[SimpleExponentialSmoothing(0.1)], freq=1)
        with timed("SES of statsforecast", series):
            model.forecast(df=frame, h=HORIZON)


if __name__ == "__main__":
    main()
