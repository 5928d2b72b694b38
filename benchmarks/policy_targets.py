"""What service the reorder list reaches, beside what was asked of it, in a closed loop.

    python benchmarks/policy_targets.py

Items with stationary demand of known distribution are ordered every Sunday as ``stockout.reorder``
says, after a year of history; what is not on the shelf is lost. Goods arrive in the evening, a
lead time of 14 days later (``fixed``), or 14 on average with a standard deviation of 4, to be
measured from received purchases (``random``). The first eight weeks settle and are not judged.

Printed by case and target: the share of weeks without a shortage (CSL), or of demand served (fill),
with its standard error, and the mean stock on hand over weekly demand. Under costs the money lost
and held (what is left at the end of each week) over that of the best order-up-to level in
hindsight, one for all items of the case: it knows the distribution, so above 1 is what it costs not
to. Whole units overshoot a target where demand is slow: one unit more or less is a large step.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl

import stockout

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Policy = Callable[["World", int], Matrix]

ITEMS = 16  # of each case and target
HISTORY, SETTLING, JUDGED = 52, 8, 30  # weeks
WEEKS = HISTORY + SETTLING + JUDGED
LEAD_TIME, LEAD_TIME_SD = 14, 4.0  # days
FIRST = date(2025, 1, 6)  # a Monday
FREQS: tuple[Literal["day", "week"], ...] = ("day", "week")
HOLDING = {"cost 1:0.2": 0.2, "cost 1:0.05": 0.05}  # a unit and week; a unit short costs 1
TARGETS = ("CSL .90", "CSL .95", "CSL .98", "fill .95", "fill .98", *HOLDING)
CASES = {  # mean demand a week, variance-to-mean ratio, whole units
    "Poisson 1": (1.0, 1.0, True),
    "Poisson 7": (7.0, 1.0, True),
    "Poisson 50": (50.0, 1.0, True),
    "neg. bin. 3": (3.0, 3.0, True),
    "neg. bin. 15": (15.0, 3.0, True),
    "neg. bin. 100": (100.0, 5.0, True),
    "gamma 20": (20.0, 2.0, False),
}
NAMES = [f"{c}, {i:02}, {target}" for c in CASES for target in TARGETS for i in range(ITEMS)]
WEEKLY = np.repeat([mean for mean, _, _ in CASES.values()], ITEMS * len(TARGETS))
RATIO = np.repeat([ratio for _, ratio, _ in CASES.values()], ITEMS * len(TARGETS))
WHOLE = np.repeat([whole for _, _, whole in CASES.values()], ITEMS * len(TARGETS))


class World(NamedTuple):
    """A shop's life: arrays by item, and by day or week and item."""

    demand: Matrix  # (days, items)
    lead_time: NDArray[np.int64]  # (weeks, items) days that an order of that week's end takes
    sold: Matrix  # (days, items)
    stock: Matrix  # (days, items) in the evening, what arrived included
    ordered: Matrix  # (weeks, items) at the end of the week
    position: Matrix  # (items,) on hand and on the way


def draw(rng: np.random.Generator, *, random_lead_time: bool) -> World:
    """Demand of all days and lead times of all orders; nothing has happened yet."""
    size = (7 * WEEKS, WEEKLY.size)
    daily, excess = np.broadcast_to(WEEKLY / 7, size), np.maximum(RATIO - 1, 1e-9)
    mixed = rng.poisson(np.where(RATIO > 1, rng.gamma(daily / excess, excess), daily))
    demand = np.where(WHOLE, mixed, rng.gamma(daily / RATIO, RATIO))
    shape = (LEAD_TIME / LEAD_TIME_SD) ** 2
    taken = rng.gamma(shape, LEAD_TIME / shape, (WEEKS, WEEKLY.size)).round().clip(1)
    lead_time = np.where(random_lead_time, taken, LEAD_TIME).astype(np.int64)
    sold, stock, ordered = np.zeros(size), np.zeros(size), np.zeros((WEEKS, WEEKLY.size))
    return World(demand, lead_time, sold, stock, ordered, np.zeros(WEEKLY.size))


def live(world: World, policy: Policy) -> World:
    """Fills a copy of the world: a history that sold all it could, then the policy's weeks."""
    world = world._replace(**{name: getattr(world, name).copy() for name in World._fields[2:]})
    known, items, usual = 7 * HISTORY, np.arange(WEEKLY.size), np.ceil(WEEKLY)
    arriving = np.zeros((7 * WEEKS + 100, WEEKLY.size))
    world.sold[:known] = world.demand[:known]
    world.ordered[: HISTORY - 1] = usual
    for week in range(HISTORY - 1):
        arriving[7 * week + 6 + world.lead_time[week], items] += usual
    world.stock[known - 1] = 2 * usual
    world.position[:] = 2 * usual + arriving[known:].sum(axis=0)
    for day in range(known, 7 * WEEKS):
        if day % 7 == 0:
            week = day // 7 - 1
            world.ordered[week] = policy(world, week)
            world.position[:] += world.ordered[week]
            arriving[day - 1 + world.lead_time[week], items] += world.ordered[week]
        world.sold[day] = np.minimum(world.stock[day - 1], world.demand[day])
        world.position[:] -= world.sold[day]
        world.stock[day] = world.stock[day - 1] - world.sold[day] + arriving[day]
    return world


def as_asked(freq: Literal["day", "week"]) -> Policy:
    """What ``stockout.reorder`` orders, from what can be known at the end of a week."""
    names, aim = pl.DataFrame({"sku": NAMES}), pl.col("sku").str.split(", ").list.last()
    share = aim.str.split(" ").list.last().cast(pl.Float64, strict=False)
    holding = aim.replace_strict(HOLDING, default=None, return_dtype=pl.Float64)
    products = names.select(
        "sku",
        service_level=pl.when(aim.str.starts_with("CSL")).then(share),
        fill_rate=pl.when(aim.str.starts_with("fill")).then(share),
        shortage_cost=pl.when(holding.is_not_null()).then(1.0),
        holding_cost=holding / (7 if freq == "day" else 1),
    )

    def policy(world: World, week: int) -> Matrix:
        today = 7 * week + 6
        sales = long(world.sold[: today + 1], 0, 1, "units").filter(pl.col("units") > 0)
        stock = long(world.stock[7 * HISTORY - 1 : today + 1], 7 * HISTORY - 1, 1, "on_hand")
        orders = long(world.ordered[:week], 6, 7, "ordered_units").with_columns(
            order_date="date", taken=pl.Series(world.lead_time[:week].ravel())
        )
        as_of, came = FIRST + timedelta(today), pl.col("order_date") + pl.duration(days="taken")
        bought = orders.filter(pl.col("ordered_units") > 0).select(
            "sku",
            "order_date",
            "ordered_units",
            po_id=pl.int_range(pl.len()).cast(pl.String),
            promised_date=pl.col("order_date").dt.offset_by(f"{LEAD_TIME}d"),
            received_date=pl.when(came <= as_of).then(came),
        )
        found = stockout.reorder(sales, stock, products, purchases=bought, as_of=as_of, freq=freq)
        return names.join(found, on="sku", maintain_order="left")["order_qty"].to_numpy()

    return policy


def long(matrix: Matrix, first: int, step: int, name: str) -> pl.DataFrame:
    """A matrix of days and items as a table."""
    day = np.repeat(np.arange(matrix.shape[0]) * step + first, WEEKLY.size)
    frame = pl.DataFrame({"day": day, "sku": NAMES * matrix.shape[0], name: matrix.ravel()})
    return frame.with_columns(date=pl.lit(FIRST) + pl.duration(days="day"))


def judged(world: World) -> dict[str, Matrix]:
    """Figures by case, target and item."""
    first = 7 * (HISTORY + SETTLING)
    days = slice(first, None)
    lost = (world.demand - world.sold)[days].reshape(JUDGED, 7, -1).sum(axis=1)
    left = (world.stock[first - 1 : -1] - world.sold[days])[6::7]  # before the evening's goods
    held = np.array([HOLDING.get(name.split(", ")[2], 0.0) for name in NAMES]) * left
    figures = {
        "CSL": (lost <= 1e-9).mean(axis=0),
        "fill": 1 - lost.sum(axis=0) / world.demand[days].sum(axis=0).clip(1),
        "stock": world.stock[days].mean(axis=0) / WEEKLY,
        "cost": (lost + held).sum(axis=0),
    }
    return {name: values.reshape(-1, len(TARGETS), ITEMS) for name, values in figures.items()}


def rows(lead_time: str, freq: Literal["day", "week"]) -> list[str]:
    """The lines of the table for one kind of lead time and period."""
    logging.disable(logging.WARNING)
    is_random = lead_time == "random"
    world = draw(np.random.default_rng(7), random_lead_time=is_random)
    weeks = LEAD_TIME / 7 + 1
    spread = np.sqrt(RATIO * WEEKLY * weeks + is_random * (WEEKLY * LEAD_TIME_SD / 7) ** 2)
    levels = [np.round(WEEKLY * weeks + z * spread) for z in np.arange(-1.5, 3.6, 0.2)]
    lives = (live(world, lambda now, _: (s - now.position).clip(0)) for s in levels)  # noqa: B023
    best = np.min([judged(lived)["cost"].sum(axis=2) for lived in lives], axis=0)
    figures = judged(live(world, as_asked(freq)))
    lines = [f"{case:13} {lead_time:6} {freq:4}" for case in CASES]
    for c in range(len(CASES)):
        for t, target in enumerate(TARGETS):
            value, stock = figures[target.split()[0]][c, t], figures["stock"][c, t].mean()
            service = f"{value.mean():.3f} ±{value.std(ddof=1) / np.sqrt(ITEMS):.3f}"
            reached = f"{value.sum() / best[c, t]:6.2f}" if target in HOLDING else service
            lines[c] += f" | {reached} {stock:4.1f}"
    return lines


def main() -> None:
    """Prints the table."""
    begin = time.perf_counter()
    head = "".join(f" | {t:>{11 if t in HOLDING else 17}}" for t in TARGETS)
    print(f"{'demand a week':13} {'L':6} {'freq':4}{head}")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for lines in pool.map(rows, ("fixed", "fixed", "random", "random"), FREQS * 2):
            print("\n".join(lines), flush=True)
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
