"""Weekly exports fed one by one through `stockout run`, against the daily file they are samples of.

    python benchmarks/fifty_weeks.py [--weeks 50] [--skus 20] [--seeds 3] [--shop NAME]

A simulated shop is exported each Sunday night: the sales lines and, where it keeps them, the stock
movements of that week; the stock list of that Sunday alone; products and purchases as they are by
then. A `stockout run` follows each time, whose history step keeps them. After the last week the
figures of the history stand beside those of one file with the stock list of every day, worked out
with the same other tables. Three shops: one exports movements; one has purchases with receipts, but
no movements; one has neither, only sales and the weekly stock list.

- daily: the figure by stock of every day;
- same days: the same, of the item-days alone of which the weekly exports tell availability;
- weekly: the figure by the history, with the low and high that it states (`lost-sales --by none`);
- holds: whether the daily figure of the same days lies between them;
- unknown: share of the item-days in question of which the weekly exports do not tell availability.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout import configured
from stockout.config import load_config
from stockout.exports.read import read_tables
from stockout.pipeline.weekly_run import weekly_run
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.impact.stockout_costs import LostSales

    Tables = Mapping[str, pl.DataFrame]

SHOPS: Mapping[str, tuple[str, ...]] = {
    "movements and purchases": ("movements", "purchases"),
    "purchases only": ("purchases",),
    "sales and stock only": (),
}
"""What each shop exports beside sales, stock and products."""

FIGURES = ("stockout_rate", "lost_units", "episodes", "episode_days")

_WEEK = timedelta(days=7)


class Compared(NamedTuple):
    """A figure by weekly exports beside that by daily ones."""

    figure: str
    daily: float | None
    same: float | None  # the daily one, of the item-days that the weekly exports tell of
    weekly: float | None
    low: float | None
    high: float | None

    @property
    def holds(self) -> bool | None:
        """Whether the daily figure lies in the stated interval; None where none is stated."""
        if self.low is None or self.high is None or self.same is None:
            return None
        return self.low <= self.same <= self.high


def shop_tables(seed: int, skus: int, weeks: int) -> tuple[Tables, date]:
    """The tables of a simulated shop of so many weeks, and their last day, a Sunday."""
    end = date(2026, 6, 28)
    start = end - weeks * _WEEK + timedelta(days=1)
    months = weeks * 7 // 30 + 2
    made = simulate(Parameters(seed=seed, skus=skus, locations=1, months=months, end=end))
    tables = dict(made.tables)
    since = pl.col("date") >= start
    for name in ("sales", "inventory", "movements"):
        tables[name] = tables[name].filter(since)
    return tables, end


def as_by(purchases: pl.DataFrame, day: date) -> pl.DataFrame:
    """Purchases as they were on a day: what was received later had not been yet."""
    known = purchases.filter(pl.col("order_date") <= day)
    later = pl.col("received_date") > day
    return known.with_columns(
        pl.when(~later).then(name).alias(name) for name in ("received_date", "received_units")
    )


def write_week(folder: Path, tables: Tables, shop: str, sunday: date) -> None:
    """The exports of one Sunday, over those of the week before."""
    exports = folder / "exports"
    exports.mkdir(exist_ok=True)
    week = pl.col("date").is_between(sunday - _WEEK + timedelta(days=1), sunday)
    tables["sales"].filter(week).write_csv(exports / "sales.csv")
    tables["inventory"].filter(date=sunday).write_csv(exports / "stock.csv")
    tables["products"].write_csv(exports / "products.csv")
    if "movements" in SHOPS[shop]:
        tables["movements"].filter(week).write_csv(exports / "movements.csv")
    if "purchases" in SHOPS[shop]:
        as_by(tables["purchases"], sunday).write_csv(exports / "purchases.csv")


def weekly_settings(shop: str) -> str:
    """The configuration of the weekly run."""
    kept = {"sales": "sales", "inventory": "stock"}
    now = ["products"]
    if "movements" in SHOPS[shop]:
        kept["movements"] = "movements"
    if "purchases" in SHOPS[shop]:
        now.append("purchases")
    lines = ["default_lead_time_days = 14", "[history.exports]"]
    lines += [f'{table} = "exports/{file}.csv"' for table, file in kept.items()]
    lines += ["[tables]", *(f'{table} = "history:"' for table in kept)]
    lines += [f'{table} = "exports/{table}.csv"' for table in now]
    return "\n".join([*lines, "[run]", 'steps = ["check", "history", "lost-sales"]', ""])


def fed(folder: Path, tables: Tables, shop: str, end: date, weeks: int) -> LostSales:
    """What the history tells after so many weekly runs."""
    (folder / "stockout.toml").write_text(weekly_settings(shop))
    config = load_config(folder / "stockout.toml")
    for number in range(weeks - 1, -1, -1):
        sunday = end - number * _WEEK
        write_week(folder, tables, shop, sunday)
        now = datetime(sunday.year, sunday.month, sunday.day, 23, tzinfo=UTC)
        weekly_run(config, as_of=sunday, now=now)
    return configured.lost_sales(config, read_tables(config), end)


def of_daily(folder: Path, tables: Tables, shop: str, end: date) -> LostSales:
    """What one file with the stock of every day tells."""
    names = ("sales", "inventory", "products", *SHOPS[shop])
    for name in names:
        rows = as_by(tables[name], end) if name == "purchases" else tables[name]
        rows.write_csv(folder / f"daily_{name}.csv")
    lines = ["default_lead_time_days = 14", "[tables]"]
    lines += [f'{name} = "daily_{name}.csv"' for name in names]
    (folder / "daily.toml").write_text("\n".join(lines) + "\n")
    config = load_config(folder / "daily.toml")
    return configured.lost_sales(config, read_tables(config), end)


def compared(weekly: LostSales, daily: LostSales) -> list[Compared]:
    """The key figures of both."""
    key = ["sku", "location", "date"]
    told = weekly.every_period().drop_nulls("in_stock_share").select(key)
    both = daily.every_period().join(told, on=key)
    one, other = (
        {row[0]: row[1:] for row in found.kpis().select("kpi", "value", "low", "high").rows()}
        for found in (weekly, daily)
    )
    same: dict[str, float | None] = {name: other[name][0] for name in FIGURES}
    if unknown(weekly) > 0:
        same = dict.fromkeys(FIGURES)
        same["stockout_rate"] = float((1 - both["in_stock_share"]).to_numpy().mean())
        same["lost_units"] = float(both["lost_units"].sum())
    return [Compared(name, other[name][0], same[name], *one[name]) for name in FIGURES]


def unknown(found: LostSales) -> float:
    """Share of the active item-days whose availability is not known."""
    known = found.coverage()
    return known.unknown / known.active


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weeks", type=int, default=50)
    parser.add_argument("--skus", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shop", choices=SHOPS, action="append")
    asked = parser.parse_args()
    for seed in range(1, asked.seeds + 1):
        tables, end = shop_tables(seed, asked.skus, asked.weeks)
        for shop in asked.shop or SHOPS:
            begin = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                weekly = fed(folder, tables, shop, end, asked.weeks)
                daily = of_daily(folder, tables, shop, end)
            seconds = time.perf_counter() - begin
            print(
                f"seed {seed}, {shop}: {asked.weeks} runs, {seconds:.0f} s; unknown "
                f"{unknown(weekly):.1%} of item-days (daily {unknown(daily):.1%})"
            )
            heads = "".join(
                f"{head:>10}" for head in ("daily", "same days", "weekly", "low", "high")
            )
            print(f"  {'figure':18}{heads}  holds")
            for each in compared(weekly, daily):
                cells = (each.daily, each.same, each.weekly, each.low, each.high)
                told = "".join(f"{'-' if x is None else f'{x:.4g}':>10}" for x in cells)
                holds = {True: "yes", False: "NO", None: "no interval"}[each.holds]
                print(f"  {each.figure:18}{told}  {holds}", flush=True)


if __name__ == "__main__":
    main()
