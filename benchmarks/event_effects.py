"""What promotions, holidays and events known in advance add to the forecast.

    python benchmarks/event_effects.py [--sets pasta fresh_retail simulator] [--seeds 911 912 913]

Every item is forecast by the day from several origins: without events, with them, and with those
of the next week alone, and with those that were over by then alone. Judged are days in stock, in
the simulator the true demand of all days: all days, those under an event, and sums over the whole
horizon.

- WAPE: absolute error over demand. WPE: forecast less demand over demand.
- RMSSE: root of the mean squared error over the items' mean squared demand deviation in the past.
- pinball: quantile loss at .5, .8, .9, .95 and .98 over the same scale, the mean.
- .9: share of the days or sums within the quantile of 90 %.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

import data_sets
from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.forecasting.distribution import demand_quantile
from stockout.forecasting.fit import fit
from stockout.forecasting.hindsight import with_hindsight
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)


class Business(NamedTuple):
    """A data set with its events."""

    sales: pl.DataFrame
    inventory: pl.DataFrame | None
    products: pl.DataFrame | None
    events: pl.DataFrame  # past and planned
    origins: list[date]
    horizon: int
    latent: pl.DataFrame | None = None  # date, sku, location, units


class Case(NamedTuple):
    """One origin."""

    known: History
    units: Matrix  # (horizon, items)
    judged: NDArray[np.bool_]
    scale: Matrix  # (items,)
    on_event: NDArray[np.bool_]  # (horizon, items)


def pasta() -> Business:
    """Five years of one grocer; promotions of single SKUs, on more than a third of the days."""
    frame = pl.read_parquet(data_sets.REAL_DATA / "pasta.parquet").select(
        date=pl.col("date").str.to_date(),
        sku=pl.format("{}-{}", "brand", "product"),
        category="brand",
        units="value",
        on_promo=pl.col("promotion") > 0,
    )
    promoted = frame.filter("on_promo").select(
        "date", "sku", name=pl.lit("promotion"), kind=pl.lit("promotion")
    )
    origins = [date(2018, 12, 3) - timedelta(days=42 * k) for k in range(11, -1, -1)]
    products = frame.select("sku", "category").unique().sort("sku")
    return Business(frame.drop("category"), None, products, promoted, origins, 28)


def fresh_retail(every: int = 10) -> Business:
    """90 days of fresh food; activities by SKU and shop, days off and weekends that were worked."""
    base = data_sets.fresh_retail(every)
    frame = pl.read_parquet(data_sets.REAL_DATA / "freshretailnet_even_stores.parquet").filter(
        pl.col("store_id") % (2 * every) == 0
    )
    keys = {
        "date": pl.col("dt"),
        "sku": pl.col("product_id").cast(pl.String),
        "location": pl.col("store_id").cast(pl.String),
    }
    flagged = frame.select(**keys, on_promo=pl.col("activity_flag") > 0)
    sales = base.sales.join(flagged, on=["date", "sku", "location"], how="left")
    promoted = flagged.filter("on_promo").select(
        "date",
        pl.lit("activity").alias("name"),
        pl.lit("promotion").alias("kind"),
        "sku",
        "location",
    )
    weekend = pl.col("date").dt.weekday() > 5
    days = frame.select(date="dt", off=pl.col("holiday_flag") > 0).unique().sort("date")
    calendar = (
        days.filter(weekend != pl.col("off"))
        .select(
            "date",
            name=pl.when(weekend).then(pl.lit("working weekend")).otherwise(pl.lit("day off")),
            kind=pl.lit("holiday"),
        )
        .with_columns(sku=pl.lit(None, pl.String), location=pl.lit(None, pl.String))
    )
    events = pl.concat([promoted, calendar.select(promoted.columns)])
    return Business(sales, base.inventory, base.products, events, base.origins, 12)


def simulator(seed: int) -> Business:
    """Promotions (1.8 on average) and four holidays (0.3), all in the events; truth is known."""
    world = simulate(Parameters(seed=seed, skus=200, locations=2, months=18))
    tables = world.tables
    last = max(tables["sales"]["date"].to_list())
    # 28-day windows around the turn of the year and May Day, and others
    origins = [last - timedelta(days=k) for k in (196, 168, 140, 112, 84, 70, 56, 28)]
    latent = world.truth["demand"].select("date", "sku", "location", units="latent_units")
    return Business(
        tables["sales"], tables["inventory"], tables["products"], tables["events"], origins, 28,
        latent,
    )  # fmt: skip


def cases(made: Business) -> Iterator[Case]:
    """What was known at each origin, without events, and what came."""
    full = demand_history(made.sales, made.inventory, made.products)
    full = with_event_days(full, made.events)
    if full.events is None:
        raise ValueError("no event falls into the history")
    for origin in made.origins:
        known = demand_history(made.sales, made.inventory, made.products, as_of=origin)
        row = (origin - full.first_period).days + 1
        case = with_hindsight(known, full, row, made.horizon)
        on_event = np.zeros(full.units.shape, dtype=np.bool_)
        rows = full.events.rows(full)
        inside = (rows >= 0) & (rows < full.periods)
        on_event[rows[inside], full.events.item[inside]] = True
        ahead = slice(row, row + made.horizon)
        units, judged = case.units, case.judged
        if made.latent is not None:
            units, judged = _true_demand(made.latent, known, origin, made.horizon)
        judged = judged & (case.scale > 0) & ~case.ended
        yield Case(known, units, judged, case.scale, on_event[ahead][:, case.place])


def _true_demand(
    latent: pl.DataFrame, known: History, origin: date, horizon: int
) -> tuple[Matrix, NDArray[np.bool_]]:
    index = known.items.select("sku", "location").with_row_index("item")
    found = latent.join(index, on=["sku", "location"]).with_columns(
        t=(pl.col("date") - origin).dt.total_days() - 1
    )
    found = found.filter(pl.col("t").is_between(0, horizon - 1))
    units = np.full((horizon, index.height), np.nan)
    units[found["t"].to_numpy(), found["item"].to_numpy()] = found["units"].to_numpy()
    return np.nan_to_num(units), np.isfinite(units)


class Tally:
    """Sums of what was forecast and what came."""

    def __init__(self) -> None:
        self.parts: list[Matrix] = []

    def add(self, mean: Matrix, quantiles: Matrix, actual: Matrix, scale: Matrix) -> None:
        loss = np.mean(
            [
                np.maximum(level * (actual - q), (level - 1) * (actual - q))
                for level, q in zip(LEVELS, quantiles, strict=True)
            ],
            axis=0,
        )
        squared = ((mean - actual) / scale) ** 2
        inside = actual <= quantiles[2]
        self.parts.append(
            np.stack([np.abs(mean - actual), mean - actual, actual, squared, loss / scale, inside])
        )

    def line(self) -> str:
        absolute, error, actual, square, loss, inside = np.concatenate(self.parts, axis=1)
        return (
            f"{actual.size:9,} {absolute.sum() / actual.sum():7.3f} "
            f"{error.sum() / actual.sum():+7.3f} {np.sqrt(square.mean()):7.3f} "
            f"{loss.mean():8.4f} {inside.mean():6.3f}"
        )


def score(tallies: dict[str, Tally], model: DemandModel, case: Case) -> None:
    """Adds one origin."""
    variance = model.period_variance()
    daily = np.stack(
        [
            demand_quantile(model.period_level(level), model.mean, variance, model.is_integer)
            for level in LEVELS
        ]
    )
    scale = np.broadcast_to(case.scale, case.units.shape)
    days: dict[str, NDArray[np.bool_]] = {
        "days": case.judged,
        "event days": case.judged & case.on_event,
    }
    for name, chosen in days.items():
        if chosen.any():
            tallies[name].add(
                model.mean[chosen], daily[:, chosen], case.units[chosen], scale[chosen]
            )
    whole = np.asarray(case.judged.all(axis=0))
    horizon = len(case.units)
    total, sums = case.units.sum(axis=0), model.sum_mean(0, horizon)
    quantiles = np.stack([model.sum_quantile(level, 0, horizon) for level in LEVELS])
    with_event = np.asarray(whole & case.on_event.any(axis=0))
    for name, chosen in {"sums": whole, "event sums": with_event}.items():
        if chosen.any():
            root = case.scale[chosen] * np.sqrt(horizon)
            tallies[name].add(sums[chosen], quantiles[:, chosen], total[chosen], root)


def compare(name: str, made: Business) -> None:
    """Prints a table."""
    ways: dict[str, Callable[[History], History]] = {
        "without": lambda known: known,
        "with events": lambda known: with_event_days(known, made.events),
        "of a week": lambda known: with_event_days(
            known, made.events.filter(pl.col("date") <= known.as_of + timedelta(days=7))
        ),
        "past alone": lambda known: with_event_days(
            known, made.events.filter(pl.col("date") <= known.as_of)
        ),
    }
    kinds = ("days", "event days", "sums", "event sums")
    tallies = {way: {kind: Tally() for kind in kinds} for way in ways}
    for case in cases(made):
        for way, known in ways.items():
            score(tallies[way], fit(known(case.known), made.horizon), case)
    print(f"\n{name}, {len(made.origins)} origins, {made.horizon} days ahead")
    print(f"{'':11} {'':12} {'cells':>9} {'WAPE':>7} {'WPE':>7} {'RMSSE':>7} {'pinball':>8}     .9")
    for kind in kinds:
        for way in ways:
            if tallies[way][kind].parts:
                print(f"{kind:11} {way:12} {tallies[way][kind].line()}")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", default=["simulator", "pasta", "fresh_retail"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[911, 912, 913])
    parser.add_argument("--every", type=int, default=20, metavar="N", help="one store in N")
    asked = parser.parse_args()
    if "simulator" in asked.sets:
        for seed in asked.seeds:
            compare(f"simulator, seed {seed}", simulator(seed))
    if "pasta" in asked.sets:
        compare("pasta", pasta())
    if "fresh_retail" in asked.sets:
        compare(f"fresh_retail, 1 store in {asked.every}", fresh_retail(asked.every))


if __name__ == "__main__":
    main()
