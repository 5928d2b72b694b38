"""The worst items in detail: demand, stock, stockouts, forecast and orders of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.reports.report.blocks import (
    Card,
    Column,
    Figure,
    Picture,
    Said,
    Section,
    Table,
    Told,
)
from stockout.reports.report.facts import Missing
from stockout.reports.report.sections.common import named
from stockout.tables import ALL_LOCATIONS, ITEM

if TYPE_CHECKING:
    from stockout.impact.stockout_costs import LostSales
    from stockout.reports.report.facts import Facts

WORST = 12
"""Items that are shown in detail."""

_RECENT_DAYS = 182
"""An item is bad by what it lost in this time: what was mended long ago is not to be looked at."""

_SHOWN_PERIODS = {"day": 84, "week": 26}
"""Of the past, in a picture: twelve weeks by day, half a year by week."""

_AHEAD_PERIODS = {"day": 28, "week": 13}


def section_items(facts: Facts) -> Section:
    """A card each of the items that lost most lately."""
    if isinstance(facts.lost, Missing):
        return Section("items", reason=Told(facts.lost.reason))
    worst = _worst(facts.lost)
    if worst.is_empty():
        return Section("items", reason=Said("reason.no_losses"))
    cards = tuple(_card(facts, facts.lost, row) for row in named(worst, facts).to_dicts())
    lead = Said(
        "items.lead", {"count": (len(cards), "count"), "weeks": (_RECENT_DAYS // 7, "count")}
    )
    return Section("items", (lead, Said("items.legend"), *cards))


def _worst(found: LostSales) -> pl.DataFrame:
    since = found.history.as_of - timedelta(_RECENT_DAYS)
    priced = (pl.col("lost_units") > 0) & pl.col("lost_revenue").is_not_null()
    return (
        found.frame.filter(pl.col("date") > since)
        .group_by(ITEM)
        .agg(
            pl.col("lost_units").sum(),
            pl.when(priced.any()).then(pl.col("lost_revenue").sum()),
            days_out=((1 - pl.col("in_stock_share")) * DAYS_PER_PERIOD[found.history.freq]).sum(),
        )
        .filter(pl.col("lost_units") > 0)
        .sort(
            "lost_revenue",
            "lost_units",
            *ITEM,
            descending=[True, True, False, False],
            nulls_last=True,
        )
        .head(WORST)
    )


def _card(facts: Facts, found: LostSales, row: dict[str, object]) -> Card:
    sku, location = str(row["sku"]), str(row["location"])
    past = _past(found, sku, location)
    stock = _stock(facts, sku, location, past)
    ahead = _ahead(facts, found, sku, location)
    coming = _coming(facts, sku, location)
    line = _line(facts, sku, location)
    table = past.with_columns(
        group=pl.col("date").dt.truncate("1w") if found.history.freq == "day" else pl.col("date")
    ).group_by("group", maintain_order=True).agg(
        pl.col("sold", "wanted", "days_out").sum(),
        lost_units=(pl.col("wanted") - pl.col("sold")).clip(lower_bound=0).sum(),
    ).rename({"group": "week"}).sort("week", descending=True)  # fmt: skip
    columns = (
        Column("week", "date"),
        Column("sold", "units"),
        Column("wanted", "units"),
        Column("lost_units", "units"),
        Column("days_out", "days"),
    )
    values = {
        "sold": (past["sold"].sum(), "units"),
        "wanted": (past["wanted"].sum(), "units"),
        "days": (past["days_out"].sum(), "days"),
        "ahead": (ahead["mean"].sum(), "units"),
        "first": (past["date"].min(), "date"),
        "last": (found.history.as_of, "date"),
    }
    picture = Picture(
        "item",
        "item",
        {"past": past, "stock": stock, "ahead": ahead, "coming": coming},
        Said("caption.item", values),  # type: ignore[arg-type]
        {"as_of": found.history.as_of, "days": DAYS_PER_PERIOD[found.history.freq]},
    )
    return Card(
        sku,
        None if location == ALL_LOCATIONS else location,
        None if row["name"] is None else str(row["name"]),
        _figures(row, line),
        picture,
        Table("item", table, columns, table.height, beside=True),
    )


def _figures(row: dict[str, object], line: dict[str, float | None]) -> tuple[Figure, ...]:
    money = row["lost_revenue"]
    lost = (
        Figure("lost_lately", float(money), "money")  # type: ignore[arg-type]
        if money is not None
        else Figure("lost_lately_units", float(row["lost_units"]), "units")  # type: ignore[arg-type]
    )
    figures = [lost, Figure("days_out", float(row["days_out"]), "days")]  # type: ignore[arg-type]
    for name in ("on_hand", "order_qty"):
        if name in line:
            reason = None if line[name] is not None else Said("reason.nothing_known")
            figures.append(Figure(name, line[name], "units", reason=reason))
    return tuple(figures)


def _line(facts: Facts, sku: str, location: str) -> dict[str, float | None]:
    if isinstance(facts.orders, Missing):
        return {}
    rows = facts.orders.filter((pl.col("sku") == sku) & (pl.col("location") == location))
    return rows.select("on_hand", "order_qty").to_dicts()[0] if rows.height else {}


def _past(found: LostSales, sku: str, location: str) -> pl.DataFrame:
    """The last periods: sold, wanted, and days without stock."""
    history = found.history
    at = history.items.select(
        ((pl.col("sku") == sku) & (pl.col("location") == location)).arg_max()
    ).item()
    first = max(0, history.periods - _SHOWN_PERIODS[history.freq])
    rows = slice(first, history.periods)
    out = np.nan_to_num(1 - history.share[rows, at]) * found.active[rows, at]
    return pl.DataFrame(
        {
            "date": history.dates[rows],
            "sold": history.units[rows, at].astype(np.float64),
            "wanted": np.fmax(
                np.nan_to_num(found.latent.expected[rows, at]), history.units[rows, at]
            ).astype(np.float64),
            "days_out": (out * DAYS_PER_PERIOD[history.freq]).astype(np.float64),
        }
    ).with_columns(pl.col("sold", "wanted", "days_out").round(2))


def _stock(facts: Facts, sku: str, location: str, past: pl.DataFrame) -> pl.DataFrame:
    empty = pl.DataFrame(schema={"date": pl.Date, "on_hand": pl.Float64})
    if facts.tables.inventory is None:
        return empty
    first = past["date"].min()
    return (
        facts.tables.inventory.filter(
            (pl.col("sku") == sku)
            & (pl.col("location") == location)
            & pl.col("on_hand").is_not_null()
            & pl.col("date").is_between(pl.lit(first), pl.lit(facts.as_of))
        )
        .select("date", "on_hand")
        .sort("date")
    )


def _ahead(facts: Facts, found: LostSales, sku: str, location: str) -> pl.DataFrame:
    if isinstance(facts.forecast, Missing):
        return pl.DataFrame(
            schema={"date": pl.Date, **dict.fromkeys(("mean", "q10", "q50", "q90"), pl.Float64)}
        )
    rows = facts.forecast.filter((pl.col("sku") == sku) & (pl.col("location") == location))
    return rows.select("date", "mean", "q10", "q50", "q90").head(_AHEAD_PERIODS[found.history.freq])


def _coming(facts: Facts, sku: str, location: str) -> pl.DataFrame:
    """Open purchases by the day they are promised for, and what is to be ordered now."""
    parts = [pl.DataFrame(schema={"date": pl.Date, "units": pl.Float64, "kind": pl.String})]
    item = (pl.col("sku") == sku) & (pl.col("location") == location)
    if facts.tables.purchases is not None:
        as_of = pl.lit(facts.as_of)
        is_open = pl.col("received_date").is_null() | (pl.col("received_date") > as_of)
        rest = pl.col("ordered_units") - pl.col("received_units").fill_null(0.0)
        parts.append(
            facts.tables.purchases.filter(item & is_open & (pl.col("order_date") <= as_of))
            .select(
                date=pl.max_horizontal("promised_date", as_of), units=rest, kind=pl.lit("coming")
            )
            .filter((pl.col("units") > 0) & pl.col("date").is_not_null())
        )
    if not isinstance(facts.orders, Missing):
        parts.append(
            facts.orders.filter(item & (pl.col("order_qty") > 0)).select(
                date=pl.coalesce("order_date", pl.lit(facts.as_of)),
                units="order_qty",
                kind=pl.lit("to order"),
            )
        )
    return pl.concat(parts).group_by("date", "kind").agg(pl.col("units").sum()).sort("date", "kind")
