"""What ordering costs: the default of ``stockout reorder`` against the rules that others use.

    python benchmarks/policy_replay.py [--items N] [--weeks N]

Weekly replays over held-out periods: reviewed every Sunday, goods there two weeks later, what finds
no stock is lost. A unit lost costs 1, a unit on hand at the end of a week .2. The first two weeks
are the same for all and not judged. Every policy learns from what it sold itself, and a flag tells
in which weeks it ran out. All start with two weeks of demand on hand and one in each week to come.

The default is played in the form of the command

    stockout reorder --freq week --lead-time 14 --review 7 --shortage-cost 1 --holding-cost 0.2
        --as-of DATE

with weekly ``in_stock`` flags for the past, one ``on_hand`` at the as-of date, and ``purchases``
with ``promised_date`` for what is on its way; ``--command`` runs the command itself beside the
Python verb for one date of each set, and says whether they order the same.

Printed beside it, all cheaper of two readings for each data set (weeks that ran out masked or not):
textbook safety stock of 52 weeks; order up to four weeks of a 13-week mean, with and without a
shared season; minimum and maximum of three and five weeks; and weeks of cover chosen in hindsight.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_sets import REAL_DATA, online_retail, pasta
from stockout.replenishment.replay import Figures, Play, Setting, replay
from stockout.replenishment.replay_policies import (
    min_max,
    reorder_policy,
    tables_of,
    textbook,
    weeks_of_cover,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Case = tuple[str, Setting, Play | None, pl.DataFrame | None]

WEEKS = 26
LEAD_TIME = 2
SEEDS = (301, 302)
STARTS = {
    # a year in all: 26 weeks to learn from, and the last 26 that are complete
    "online_retail": [date(2010, 6, 7)],
    "pasta": [date(2017, 1, 2), date(2018, 6, 25)],
}
COVERS = (2.5, 3.0, 3.25, 3.5, 3.75, 4.0, 4.25, 4.5, 5.0, 6.0)


def weekly(daily: pl.DataFrame) -> tuple[pl.DataFrame, date, Matrix]:
    """Items, the first Monday, and (weeks, items) units; nan before an item's first row."""
    rows = (
        daily.group_by("sku", "location", date=pl.col("date").dt.truncate("1w"))
        .agg(pl.col("units").sum())
        .with_columns(pl.col("units").clip(lower_bound=0))
    )
    items = rows.select("sku", "location").unique().sort("sku", "location").with_row_index("item")
    first = rows["date"].min()
    assert isinstance(first, date)  # noqa: S101 - for the type checker
    placed = rows.join(items, on=["sku", "location"])
    week = ((placed["date"] - first).dt.total_days() // 7).to_numpy()
    matrix = np.zeros((week.max() + 1, items.height))
    matrix[week, placed["item"].to_numpy()] = placed["units"].to_numpy()
    sold = matrix > 0
    began = np.where(sold.any(axis=0), sold.argmax(axis=0), len(matrix))
    return (
        items.drop("item"),
        first,
        np.where(np.arange(len(matrix))[:, None] < began, np.nan, matrix),
    )


def setting_of(
    items: pl.DataFrame,
    first: date,
    demand: Matrix,
    in_stock: NDArray[np.bool_],
    start: int,
    *,
    weeks: int,
    at_most: int,
    delisted: NDArray[np.bool_] | None = None,
) -> Setting:
    """A play of the items that sold in the 26 weeks before it, a sample of them at most.

    Items that were delisted before it are left out: there is nothing to order of them.
    """
    until = start + weeks
    recent = np.nan_to_num(demand[max(0, start - 26) : start])
    gone = np.zeros(items.height, bool) if delisted is None else delisted
    alive = np.flatnonzero((recent.sum(axis=0) > 0) & ~gone)
    keep = alive[:: -(-alive.size // at_most)]
    usual = recent[-13:].mean(axis=0)[keep]
    week = np.where((np.nan_to_num(demand[:, keep]) % 1 == 0).all(axis=0), np.ceil(usual), usual)
    return Setting(
        items[keep],
        first,
        "week",
        demand[:until, keep],
        in_stock[:until, keep],
        start,
        stock=2 * week,
        coming=np.tile(week, (LEAD_TIME, 1)),
        lead_time=LEAD_TIME,
    )


def of_sales(name: str, starts: list[date], *, weeks: int, at_most: int) -> dict[str, Setting]:
    """Plays over recorded sales, taken for demand; returns are left out."""
    data = online_retail() if name == "online_retail" else pasta()
    sales = data.sales.filter(pl.col("units") > 0).with_columns(location=pl.lit("ALL"))
    items, first, demand = weekly(sales)
    last = sales["date"].max()
    assert isinstance(last, date)  # noqa: S101 - for the type checker
    complete = demand[: (last - first).days // 7 + (last.weekday() == 6)]
    plays = {}
    for begin in starts:
        start = (begin - first).days // 7
        plays[f"{name} from {begin}"] = setting_of(
            items,
            first,
            complete,
            np.ones(complete.shape, bool),
            start,
            weeks=weeks,
            at_most=at_most,
        )
    return plays


def of_simulator(seed: int, *, weeks: int, at_most: int) -> tuple[str, Setting, Play, pl.DataFrame]:
    """A play over the simulator's wishes, and what its own planner held and lost then."""
    from stockout.simulator.parameters import Parameters  # noqa: PLC0415
    from stockout.simulator.simulate import simulate  # noqa: PLC0415

    world = simulate(Parameters(seed=seed, skus=300, locations=2, months=18))
    keys = ["sku", "location"]
    truth = world.truth["demand"].rename({"latent_units": "units"})
    sales = world.tables["sales"].select(*keys, "date", "units")
    items, first, wanted = weekly(truth.select(*keys, "date", "units"))
    grid = items.with_row_index("item").join(
        pl.DataFrame({"week": np.arange(len(wanted))}).with_columns(
            date=pl.lit(first) + pl.duration(weeks="week")
        ),
        how="cross",
    )

    def matrix(frame: pl.DataFrame, value: pl.Expr, nothing: float) -> Matrix:
        by_week = frame.group_by(*keys, date=pl.col("date").dt.truncate("1w")).agg(value=value)
        full = grid.join(by_week, on=[*keys, "date"], how="left", maintain_order="left")
        return full["value"].fill_null(nothing).to_numpy().reshape(items.height, -1).T

    sold = matrix(sales, pl.col("units").sum(), 0.0).clip(0)
    inventory = world.tables["inventory"]
    least = matrix(inventory, pl.col("on_hand").min(), np.nan)
    left = matrix(inventory, pl.col("on_hand").sort_by("date").last(), 0.0)
    start = len(wanted) - weeks
    listed = ~np.isnan(wanted)
    began = (sold > 0).cumsum(axis=0) > 0
    past = np.arange(len(wanted))[:, None] < start
    demand = np.where(past, np.where(began, sold, np.nan), np.where(listed & began, wanted, np.nan))
    in_stock = ~(least <= 0)
    begin = first + timedelta(weeks=start)
    lately = np.nan_to_num(demand[start - 26 : start]).sum(axis=0) > 0
    products = world.tables["products"].select("sku", "category", "active_to")
    active_to = items.join(products, on="sku", how="left", maintain_order="left")["active_to"]
    delisted = (active_to < begin).fill_null(value=False).to_numpy()
    setting = setting_of(
        items,
        first,
        demand,
        in_stock,
        start,
        weeks=weeks,
        at_most=at_most,
        delisted=delisted,
    )
    chosen = (
        items.with_row_index("i")
        .join(setting.items, on=keys, maintain_order="right")["i"]
        .to_numpy()
    )
    lost = (np.nan_to_num(wanted) - sold).clip(0)[start:, chosen]
    held = Play(
        setting, sold[start:, chosen], lost, left[start:, chosen].clip(0), np.zeros(lost.shape)
    )
    title = f"simulator, seed {seed}, without {(delisted & lately).sum()} delisted"
    return title, setting, held, products


def plays(setting: Setting, held: Play | None, products: pl.DataFrame | None) -> dict[str, Figures]:
    """Figures of every policy."""
    tables = {} if products is None else {"products": products.select("sku", "category")}
    found = {"stockout reorder": replay(setting, reorder_policy(**tables)).figures()}
    if held is not None:
        found["really held"] = held.figures()
    found["textbook, 52 weeks"] = cheapest(
        [replay(setting, textbook(masked=masked)) for masked in (True, False)]
    )
    found["13 weeks x 4"] = cheapest(
        [
            replay(setting, weeks_of_cover(4, seasonal=seasonal, masked=masked))
            for seasonal in (True, False)
            for masked in (True, False)
        ]
    )
    found["min-max 3-5 weeks"] = cheapest(
        [replay(setting, min_max(masked=masked)) for masked in (True, False)]
    )
    found["best cover in hindsight"] = cheapest(
        [
            replay(setting, weeks_of_cover(cover, seasonal=seasonal))
            for cover in COVERS
            for seasonal in (True, False)
        ]
    )
    return found


def cheapest(plays: list[Play]) -> Figures:
    """The figures of the cheapest play."""
    return min((play.figures() for play in plays), key=lambda figures: figures.cost)


def print_table(name: str, setting: Setting, found: dict[str, Figures]) -> None:
    """One line a policy; the last column is the default's cost over that policy's, less 1."""
    periods = len(setting.demand) - setting.start
    print(f"\n{name}: {setting.items.height} items, {periods} weeks after {setting.start} known")
    print(
        f"{'policy':24}{'cost':>10}{'lost':>9}{'held':>9}{'service':>9}{'fill':>7}"
        f"{'stock':>9}{'lines':>8}{'ours':>9}"
    )
    ours = found["stockout reorder"].cost
    for policy, figures in found.items():
        print(
            f"{policy:24}{figures.cost:10,.0f}{figures.lost_units:9,.0f}"
            f"{figures.holding_cost:9,.0f}{figures.service_level:9.3f}{figures.fill_rate:7.3f}"
            f"{figures.mean_stock:9,.0f}{figures.orders:8,}{ours / figures.cost - 1:+9.1%}",
            flush=True,
        )


def same_by_command(setting: Setting) -> bool:
    """Whether the command orders what the verb does at the first date of the play."""
    orders: dict[str, Matrix] = {}

    def by_both(as_of: date, state: object) -> Matrix:
        if not orders:
            tables = tables_of(as_of, state)  # type: ignore[arg-type]
            with tempfile.TemporaryDirectory() as folder:
                flags = []
                for table, frame in tables.items():
                    frame.write_csv(Path(folder) / f"{table}.csv")
                    flags += [f"--{table}", f"{folder}/{table}.csv"]
                out = Path(folder) / "orders.parquet"
                subprocess.run(
                    [
                        sys.executable, "-m", "stockout", "reorder", *flags, "--freq", "week",
                        "--lead-time", "14", "--review", "7", "--shortage-cost", "1",
                        "--holding-cost", "0.2", "--as-of", str(as_of), "--output", str(out),
                    ],
                    check=True, cwd=folder, capture_output=True,
                )  # fmt: skip
                lines = pl.read_parquet(out)
            names = setting.items
            orders["command"] = (
                names.join(lines, on=["sku", "location"], how="left", maintain_order="left")[
                    "order_qty"
                ]
                .fill_null(0.0)
                .to_numpy()
            )
            orders["verb"] = reorder_policy()(as_of, state)  # type: ignore[arg-type]
        return np.zeros(setting.items.height)

    replay(setting, by_both)
    return bool(np.array_equal(orders["command"], orders["verb"]))


def add_options(parser: argparse.ArgumentParser) -> None:
    """What to play."""
    parser.add_argument("--items", type=int, default=600, help="of each play, at most")
    parser.add_argument("--weeks", type=int, default=WEEKS)
    parser.add_argument("--sets", default="online_retail,pasta,simulator")


def cases_of(options: argparse.Namespace) -> dict[str, list[Case]]:
    """The plays of each data set that is on this machine."""
    size = {"weeks": options.weeks, "at_most": options.items}
    cases: dict[str, list[Case]] = {}
    if REAL_DATA.is_dir():
        for name in (name for name in STARTS if name in options.sets):
            plays = of_sales(name, STARTS[name], **size)
            cases[name] = [(title, setting, None, None) for title, setting in plays.items()]
    if "simulator" in options.sets:
        cases["simulator"] = [of_simulator(seed, **size) for seed in SEEDS]
    return cases


def main() -> None:
    """Prints the tables and the averages."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--command", action="store_true", help="check the command against the verb")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    cases = cases_of(options)
    ratios: dict[str, dict[str, float]] = {}
    for name, group in cases.items():
        begin, costs = time.perf_counter(), dict[str, float]()
        for title, setting, held, products in group:
            found_ = plays(setting, held, products)
            print_table(title, setting, found_)
            for policy, figures in found_.items():
                costs[policy] = costs.get(policy, 0.0) + figures.cost
            if options.command:
                print("the command orders the same:", same_by_command(setting))
        ratios[name] = {p: costs["stockout reorder"] / cost - 1 for p, cost in costs.items()}
        print(f"{time.perf_counter() - begin:.0f} s")
    print("\nour cost over theirs, less 1")
    for policy in (
        "textbook, 52 weeks",
        "13 weeks x 4",
        "min-max 3-5 weeks",
        "best cover in hindsight",
    ):
        by_set = {name: ratio[policy] for name, ratio in ratios.items()}
        mean = sum(by_set.values()) / len(by_set)
        shown = "".join(f"  {name} {value:+.1%}" for name, value in by_set.items())
        print(f"{policy:24}{shown}  mean {mean:+.1%}")


if __name__ == "__main__":
    main()
