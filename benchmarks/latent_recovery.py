"""Recovers sales of days that are pretended to have been out of stock, and forecasts from them.

    python benchmarks/latent_recovery.py [--every N] [--raw]

``freshretailnet_even_stores.parquet``: 24,875 items (product and store), 90 days, half of the days
with a stockout of some hours. ``--every N`` takes one store in N. Two tables:

1. Recovery. A fifth of the days that were fully in stock is masked: one half of them wholly, the
   other for as many hours as a real stockout of the same item took, drawn at random. Every method
   sees what is left and says what was sold. The file has no hourly sales; how much of a day's sales
   the last hours take is drawn (:func:`part_of_day`) from the hourly profile that
   :mod:`hourly_profile` derives from the hours at which shelves ran empty.
2. Forecast of each of the next 7 days at four origins, from raw and from recovered history, judged
   on the rows that were fully in stock. Nothing is masked here; a recovery at an origin sees no
   later day. Nothing was chosen by the last origin. With ``--raw`` also this project's forecast
   without an inventory.

WAPE = sum |forecast - actual| / sum actual, WPE = (sum forecast - sum actual) / sum actual.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from data_sets import REAL_DATA
from hourly_profile import HOURS, UNIT, hourly_profile
from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.forecasting.fit import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]

FIRST = date(2024, 3, 28)
DAYS = 90
ORIGINS = (62, 69, 76, 83)
HORIZON = 7
MASKED = 0.2
WINDOW = 28
SEED = 4


class Panel(NamedTuple):
    """Sales and hours without stock; (days, items)."""

    keys: pl.DataFrame  # sku, location of each item
    units: Matrix
    hours_out: NDArray[np.int8]

    @property
    def in_stock(self) -> Flags:
        """Days fully in stock."""
        return np.asarray(self.hours_out == 0)

    def frames(self, days: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Canonical sales and inventory of the first days."""
        long = self.keys[np.repeat(np.arange(self.keys.height), days)].with_columns(
            date=pl.Series([FIRST + timedelta(t) for t in range(days)] * self.keys.height),
            units=self.units[:days].T.ravel().astype(np.float64),
            in_stock_share=1 - self.hours_out[:days].T.ravel() / HOURS,
        )
        return long.drop("in_stock_share"), long.drop("units")

    def history(self, days: int, *, raw: bool = False) -> History:
        """The first days as a demand history, the items in the order of the panel."""
        sales, inventory = self.frames(days)
        return demand_history(
            sales, None if raw else inventory, as_of=FIRST + timedelta(days - 1), freq="day"
        )


def load(every: int) -> Panel:
    """One store in ``every``."""
    names = ["store_id", "product_id"]
    frame = (
        pl.scan_parquet(REAL_DATA / "freshretailnet_even_stores.parquet")
        .filter(pl.col("store_id") % (2 * every) == 0)
        .select(*names, "dt", "sale_amount", "stockout_hours_6_21")
        .with_columns(pl.col(names).cast(pl.String))
        .sort("product_id", "store_id", "dt")
        .collect()
    )
    shape = (frame.height // DAYS, DAYS)
    keys = frame[::DAYS].select(sku="product_id", location="store_id")
    units = frame["sale_amount"].to_numpy().reshape(shape).T
    hours = frame["stockout_hours_6_21"].to_numpy().reshape(shape).T
    return Panel(keys, np.ascontiguousarray(units), np.ascontiguousarray(hours))


class Masked(NamedTuple):
    """The panel with days taken away."""

    panel: Panel
    whole: Flags  # days taken wholly
    part: Flags  # days of which the last hours were taken


def mask(panel: Panel, rng: np.random.Generator) -> Masked:
    """Pretends that a random fifth of the days fully in stock were out, wholly or for hours."""
    chosen = panel.in_stock & (rng.random(panel.units.shape) < MASKED)
    whole = chosen & (rng.random(panel.units.shape) < 0.5)
    part = chosen & ~whole
    profile = hourly_profile(panel.units[:, ::5].astype(np.float64), panel.hours_out[:, ::5])
    hours_out, units = panel.hours_out.copy(), panel.units.copy()
    hours_out[whole], units[whole] = HOURS, 0
    hours_out[part] = hours_of_real_stockouts(panel, part, rng)
    kept = part_of_day(units[part], np.cumsum(profile)[HOURS - 1 - hours_out[part]], rng)
    units[part] *= kept
    return Masked(panel._replace(units=units, hours_out=hours_out), whole, part)


def hours_of_real_stockouts(
    panel: Panel, part: Flags, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Hours out for each masked part: those of a random real stockout of the item, else of any."""
    real = (panel.hours_out > 0) & (panel.hours_out < HOURS)
    item, t = np.nonzero(real.T)
    count = real.sum(axis=0)
    first = np.cumsum(count) - count
    wanted = np.nonzero(part)[1]
    own = first[wanted] + (rng.random(wanted.size) * count[wanted]).astype(np.int64)
    anyone = rng.integers(0, item.size, wanted.size)
    place = np.where(count[wanted] > 0, own, anyone)
    return np.asarray(panel.hours_out[t[place], item[place]])


def part_of_day(units: Matrix, share: NDArray[np.float64], rng: np.random.Generator) -> Matrix:
    """Share of the day's units that was sold in a part of it that expects ``share`` of them.

    Purchases of about :data:`~hourly_profile.UNIT` come at random hours, so the share scatters as
    that of a gamma process does given its total: by a beta distribution.
    """
    mean = np.maximum(units, UNIT) / UNIT
    drawn = rng.beta(np.maximum(mean * share, 1e-6), np.maximum(mean * (1 - share), 1e-6))
    return np.asarray(drawn, dtype=np.float32)


class Recovery(NamedTuple):
    """What a method says was wanted on every day."""

    name: str
    recover: Callable[[Panel], Matrix]


def as_sold(panel: Panel) -> Matrix:
    """Takes sales for demand."""
    return panel.units


def in_stock_mean(panel: Panel) -> Matrix:
    """Mean of the in-stock days of the two weeks before and after; at least what was sold."""
    use = panel.in_stock
    sold, count = (_around(m, WINDOW // 2) for m in (np.where(use, panel.units, 0), use))
    return _at_least_sold(panel, np.where(count > 0, sold / np.maximum(count, 1), 0))


def weekday_mean(panel: Panel) -> Matrix:
    """Mean of the item's in-stock days of the same weekday; at least what was sold."""
    use = panel.in_stock
    overall = panel.units.sum(axis=0, where=use) / np.maximum(use.sum(axis=0), 1)
    mean = np.empty_like(panel.units)
    for weekday in range(7):
        rows = slice(weekday, None, 7)
        count = use[rows].sum(axis=0)
        own = panel.units[rows].sum(axis=0, where=use[rows]) / np.maximum(count, 1)
        mean[rows] = np.where(count > 0, own, overall)
    return _at_least_sold(panel, mean)


def latent(panel: Panel) -> Matrix:
    """What was wanted: the mean of busy days and calm ones, which those in stock are."""
    return latent_demand(panel.history(len(panel.units))).expected


def like_in_stock(panel: Panel) -> Matrix:
    """What a day like those in stock would have sold.

    Latent demand is the mean of all days, busy and calm, and stock runs out in the busy ones. The
    masked days were in stock, so to be compared with them, lost units are scaled by the ratio of
    what the item's days in stock sold to the latent mean of these days, shrunk towards that of all
    items, which counts like five days.
    """
    latent = latent_demand(panel.history(len(panel.units)))
    history, mean = latent.history, np.nan_to_num(latent.mean)
    whole = history.open & (history.share >= 1) & ~history.sold_out & (mean > 0)
    sold = history.units.sum(axis=0, where=whole, dtype=np.float64)
    expected = mean.sum(axis=0, where=whole, dtype=np.float64)
    pooled = 5.0 * mean.mean(axis=0, dtype=np.float64)
    ratio = (sold + pooled * sold.sum() / expected.sum()) / np.maximum(expected + pooled, 1e-12)
    lost = np.nan_to_num(latent.expected) - history.units
    return np.asarray(history.units + lost * ratio, dtype=np.float32)


def _around(values: NDArray[np.generic], half: int) -> NDArray[np.float64]:
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=float)])
    t = np.arange(len(values))
    return np.asarray(total[np.minimum(t + half + 1, len(values))] - total[np.maximum(t - half, 0)])


def _at_least_sold(panel: Panel, mean: NDArray[np.float64] | Matrix) -> Matrix:
    recovered = np.where(panel.in_stock, panel.units, np.maximum(panel.units, mean))
    return np.asarray(recovered, dtype=np.float32)


RECOVERIES = (
    Recovery("stockout, like days in stock", like_in_stock),
    Recovery("stockout, latent demand", latent),
    Recovery("in-stock mean, 28 days", in_stock_mean),
    Recovery("in-stock weekday mean", weekday_mean),
    Recovery("raw", as_sold),
)


def print_recovery(panel: Panel) -> None:
    """Table 1."""
    masked = mask(panel, np.random.default_rng(SEED))
    both = masked.whole | masked.part
    print(f"recovery of {both.sum():,} masked days   whole days      lost units of parts  all days")
    print(f"{'':31}{'WAPE     WPE':>15}{'WAPE     WPE':>16}{'WAPE     WPE':>16}      s")
    for method in RECOVERIES:
        begin = time.perf_counter()
        recovered = method.recover(masked.panel)
        seconds = time.perf_counter() - begin
        stray = recovered - panel.units
        hidden = panel.units - masked.panel.units
        figures = ""
        for where, base in ((masked.whole, hidden), (masked.part, hidden), (both, panel.units)):
            figures += f"{_wape(stray, base, where):9.3f} {_wpe(stray, base, where):+7.3f}"
        print(f"{method.name:31}{figures} {seconds:6.1f}", flush=True)


def _wape(stray: Matrix, base: Matrix, where: Flags) -> float:
    return float(np.abs(stray[where]).sum(dtype=float) / base[where].sum(dtype=float))


def _wpe(stray: Matrix, base: Matrix, where: Flags) -> float:
    return float(stray[where].sum(dtype=float) / base[where].sum(dtype=float))


def forecasts(panel: Panel, origin: int, *, raw: bool) -> tuple[dict[str, Matrix], float]:
    """(7, items) forecasts of each method from the first ``origin`` days; seconds of ours."""
    past = panel._replace(units=panel.units[:origin], hours_out=panel.hours_out[:origin])
    begin = time.perf_counter()
    found: dict[str, Matrix] = {
        "stockout": fit(past.history(origin), HORIZON).mean.astype(np.float32)
    }
    seconds = time.perf_counter() - begin
    found["28-day in-stock mean"] = _flat(past.units, past.in_stock)
    for method in RECOVERIES:
        units = method.recover(past)
        found[f"28-day mean, {method.name}"] = _flat(units, np.ones_like(past.in_stock))
        found[f"seasonal naive, {method.name}"] = units[-7:]
    if raw:
        without = fit(past.history(origin, raw=True), HORIZON).mean
        found["stockout without inventory"] = without.astype(np.float32)
    return found, seconds


def _flat(units: Matrix, use: Flags) -> Matrix:
    """Mean of the usable of the last 28 days; of all where none is usable."""
    recent = slice(-WINDOW, None)
    means = []
    for rows in (recent, slice(None)):
        sold = units[rows].sum(axis=0, where=use[rows], dtype=float)
        count = use[rows].sum(axis=0)
        means.append((sold / np.maximum(count, 1), count))
    (late, count), (ever, _) = means
    level = np.where(count > 0, late, ever).astype(np.float32)
    return np.broadcast_to(level, (HORIZON, level.size))


def print_forecasts(panel: Panel, *, raw: bool) -> None:
    """Table 2."""
    head = "".join(f"   after day {origin}  " for origin in ORIGINS)
    print(f"\nforecast of 7 days                         {head}      mean")
    print(f"{'':43}" + "   WAPE    WPE  " * (len(ORIGINS) + 1))
    figures: dict[str, list[tuple[float, float]]] = {}
    taken = []
    for origin in ORIGINS:
        ahead = slice(origin, origin + HORIZON)
        actual, judged = panel.units[ahead], panel.in_stock[ahead]
        found, seconds = forecasts(panel, origin, raw=raw)
        taken.append(seconds)
        for name, mean in found.items():
            stray = mean - actual
            figures.setdefault(name, []).append(
                (_wape(stray, actual, judged), _wpe(stray, actual, judged))
            )
    for name, values in figures.items():
        row = [*values, tuple(np.mean(values, axis=0))]
        print(f"{name:43}" + "".join(f" {wape:6.3f} {wpe:+6.3f}  " for wape, wpe in row))
    print(
        "stockout, s from export to forecast        "
        + "".join(f" {s:6.1f}         " for s in taken)
    )


def main() -> None:
    """Prints both tables, the time and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take one store in EVERY")
    parser.add_argument("--raw", action="store_true", help="forecast without the inventory too")
    begin, told = time.perf_counter(), parser.parse_args()
    panel = load(told.every)
    print(f"{panel.keys.height:,} items, {panel.units.size:,} rows\n")
    print_recovery(panel)
    print_forecasts(panel, raw=told.raw)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds = time.perf_counter() - begin
    print(f"\n{seconds:.0f} s, {time.process_time():.0f} s of one processor, {peak:.1f} GiB")


if __name__ == "__main__":
    main()
