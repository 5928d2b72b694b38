"""What few stock lists and a list of movements tell of the past, beside daily stock.

    python benchmarks/ledger.py

From the simulator's exports all stock lists but some are taken away. For each of what is left:

- known: share of the item-days of each item's life of which availability is known,
- agrees: share of the known ones with the same in-stock share as by daily stock,
- missed: share of the item-days with a stockout (by daily stock) that are taken for in stock,
- invented: share of the item-days in stock (by daily stock) that are taken for a stockout,
- bias: sum of the forecasts of 28 days over the demand there then was, less 1.

In the second table the ledger has errors: movements are lost, each with the same probability.
Seconds are those of the demand history, on this machine.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import stockout
from stockout.demand.history import demand_history
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.demand.history import History
    from stockout.simulator.simulate import Simulation

ITEM = ["sku", "location"]
RATES = (0.02, 0.08, 0.15, 0.30)
LOST = (0.0, 0.002, 0.01)
SEED = 2606


def kept(inventory: pl.DataFrame, how: str) -> pl.DataFrame | None:
    """The stock lists that are left: of every day, of Sundays, of ends of months, the last."""
    day = pl.col("date")
    if how == "none":
        return None
    last = day == day.max()
    wanted = {
        "daily": pl.lit(value=True),
        "weekly": day.dt.weekday() == 7,
        "monthly": (day == day.dt.month_end()) | last,
        "last": last,
    }
    return inventory.filter(wanted[how])


def exports(tables: Mapping[str, pl.DataFrame]) -> dict[str, dict[str, pl.DataFrame | None]]:
    """What a business may have, by name."""
    nothing = dict.fromkeys(("inventory", "purchases", "movements"))
    moved, bought = {"movements": tables["movements"]}, {"purchases": tables["purchases"]}
    have: dict[str, dict[str, pl.DataFrame | None]] = {"daily stock": {}, "last stock only": {}}
    have["no stock at all"] = dict(bought)
    for how in ("weekly", "monthly", "last"):
        have[f"{how} stock + movements"] = dict(moved)
    for how in ("weekly", "monthly", "last"):
        have[f"{how} stock + purchases"] = dict(bought)
    have["weekly stock only"] = {}
    for name, given in have.items():
        how = "none" if name.startswith("no ") else name.split()[0]
        have[name] = {**nothing, "inventory": kept(tables["inventory"], how), **given}
    return have


def history_of(simulation: Simulation, given: Mapping[str, pl.DataFrame | None]) -> History:
    """The demand history from what is left."""
    tables = simulation.tables
    return demand_history(
        tables["sales"],
        given["inventory"],
        tables["products"],
        given["purchases"],
        given["movements"],
        as_of=simulation.parameters.end,
    )


def bias(simulation: Simulation, given: Mapping[str, pl.DataFrame | None]) -> float:
    """Forecast of the 28 days to come over what was then wanted, less 1."""
    tables = simulation.tables
    forecast = stockout.forecast(
        tables["sales"],
        given["inventory"],
        tables["products"],
        given["purchases"],
        given["movements"],
        as_of=simulation.parameters.end,
        horizon=28,
    )
    wanted = simulation.truth["future_demand"].join(forecast.select(ITEM).unique(), on=ITEM)
    return float(forecast["mean"].to_numpy().sum() / wanted["latent_units"].to_numpy().sum() - 1)


def compared(found: History, daily: History) -> tuple[float, float, float, float]:
    """Known, agrees, missed, invented."""
    cells = np.arange(daily.periods)[:, None] >= daily.start
    rows = slice(daily.periods - found.periods, None)
    share = np.full(daily.share.shape, np.nan, dtype=np.float32)
    share[rows] = found.share
    cells &= ~np.isnan(daily.share)
    known = cells & ~np.isnan(share)
    out = cells & (daily.share < 1)
    return (
        float(known.sum() / cells.sum()),
        float((share == daily.share)[known].mean()) if known.any() else np.nan,
        float((known & out & (share == 1)).sum() / out.sum()),
        float((known & ~out & (share < 1)).sum() / (cells & ~out).sum()),
    )


def sparse() -> None:
    """Prints what is known from what is left, by stockout rate."""
    print(f"{'':29} known   agrees  missed  invented     bias  seconds")
    for rate in RATES:
        simulation = simulate(Parameters(seed=SEED, skus=200, stockout_rate=rate))
        print(f"stockout rate {simulation.stockout_rate:.1%}")
        have = exports(simulation.tables)
        daily = history_of(simulation, have["daily stock"])
        for name, given in have.items():
            begin = time.perf_counter()
            found = history_of(simulation, given)
            seconds = time.perf_counter() - begin
            known, agrees, missed, invented = compared(found, daily)
            print(
                f"  {name:25} {known:6.1%} {agrees:8.2%} {missed:7.2%} {invented:9.3%} "
                f"{bias(simulation, given):+8.1%} {seconds:8.2f}"
            )


def faulty() -> None:
    """Prints the same where movements are lost."""
    simulation = simulate(Parameters(seed=SEED + 1, skus=200, stockout_rate=0.15))
    have = exports(simulation.tables)
    daily = history_of(simulation, have["daily stock"])
    print(f"\nmovements lost{'':12} known   agrees  missed  invented")
    for share in LOST:
        drawn = np.random.default_rng(SEED).random(simulation.tables["movements"].height)
        movements = simulation.tables["movements"].filter(pl.Series(drawn >= share))
        for how in ("weekly", "monthly", "last"):
            given = {**have[f"{how} stock + movements"], "movements": movements}
            known, agrees, missed, invented = compared(history_of(simulation, given), daily)
            print(
                f"  {share:5.1%}, {how:17} {known:6.1%} {agrees:8.2%} {missed:7.2%} {invented:9.3%}"
            )


if __name__ == "__main__":
    sparse()
    faulty()
