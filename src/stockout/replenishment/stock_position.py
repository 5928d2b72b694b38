"""The position of each line: what is there, on its way, and promised to customers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.replenishment.booked_orders import booked_beyond, open_orders, order_shortages
from stockout.replenishment.lead_times import usual_lateness
from stockout.replenishment.position import (
    arrivals,
    open_purchases,
    overdue_orders,
    with_position,
    with_promised,
)
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM
from stockout.wording import number_of

if TYPE_CHECKING:
    from datetime import date

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.inputs import Tables
    from stockout.replenishment.position import Arrivals
    from stockout.replenishment.targets import Unmet

logger = logging.getLogger(__name__)

_LISTED = 50  # customer orders that are named one by one


def protection_days(lines: pl.DataFrame) -> pl.Series:
    """Days that an order of now has to last; of the review alone where the lead time is unknown."""
    return lines["lead_time_days"].fill_null(0.0) + lines["wait_days"] + lines["review_days"]


def with_stock_position(
    lines: pl.DataFrame,
    tables: Tables,
    received: pl.DataFrame | None,
    history: History,
    unmet: Unmet,
) -> tuple[pl.DataFrame, Arrivals]:
    """Adds stock, what is on the way, what is promised away, and the position they make."""
    as_of = history.as_of
    stock = stock_on_hand(tables.inventory, tables.sales, tables.purchases, tables.movements, as_of)
    lines = lines.join(stock, on=ITEM, how="left", maintain_order="left").join(
        overdue_orders(tables.orders, as_of), on=ITEM, how="left", maintain_order="left"
    )
    expected = (
        lines.filter(pl.col("on_order") > 0).select(
            *ITEM, units="on_order", days="lead_time_days", overdue=pl.lit(value=False)
        )
        if tables.purchases is None or received is None
        else open_purchases(tables.purchases, lines, usual_lateness(received), as_of)
    )
    protection = protection_days(lines).to_numpy()
    incoming, summary = arrivals(expected, lines, protection, history.freq)
    lines = with_position(lines.drop("on_order").hstack(summary), unmet)
    return _with_booked(lines, tables.orders, expected, as_of), incoming.first(history.items.height)


def _with_booked(
    lines: pl.DataFrame, orders: pl.DataFrame | None, expected: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Adds what customers have ordered ahead, and what of their orders cannot be served in time."""
    days = (pl.col("due_date") - pl.lit(as_of)).dt.total_days().clip(lower_bound=0)
    ends = lines.select(ITEM).with_columns(end=protection_days(lines))
    open_ = open_orders(orders, as_of)
    nowhere = open_.join(ends, on=ITEM, how="anti")
    if nowhere.height:
        logger.warning(
            "orders: %s of items that were never sold and have no stock (first: %s at %s); no line "
            "counts them",
            number_of(nowhere.height, "open customer order", "open customer orders"),
            *nowhere.select(ITEM).row(0),
        )
    booked = (
        open_.with_columns(days=days)
        .join(ends, on=ITEM, maintain_order="left")
        .filter(pl.col("days") <= pl.col("end"))
        .drop("end")
    )
    sold = lines.select(*ITEM, free=pl.col("on_hand").clip(lower_bound=0) - pl.col("blocked"))
    short = order_shortages(booked, sold, expected)
    _tell_shortages(short)
    per_item = (
        booked.filter(pl.col("days") > 0)
        .group_by(ITEM)
        .agg(booked=pl.col("units").sum())
        .join(
            short.group_by(ITEM).agg(booked_short=pl.col("short_units").sum()),
            on=ITEM,
            how="full",
            coalesce=True,
        )
    )
    counts = pl.col("booked", "booked_short")
    return lines.join(per_item, on=ITEM, how="left", maintain_order="left").with_columns(
        counts.fill_null(0.0)
    )


def less_promised(
    lines: pl.DataFrame, incoming: Arrivals, model: DemandModel, orders: pl.DataFrame | None
) -> tuple[pl.DataFrame, Arrivals]:
    """Takes off what customers have ordered ahead beyond what the forecast has room for."""
    items = model.history.items.height
    end = protection_days(lines)[:items].to_numpy() / DAYS_PER_PERIOD[model.history.freq]
    incoming, promised = with_promised(incoming, booked_beyond(model, orders), end)
    beyond = pl.Series(promised).extend_constant(0.0, lines.height - items)
    return lines.with_columns(
        booked_beyond=beyond,
        committed=pl.col("committed") + beyond,
        position=pl.col("position") - beyond,
    ), incoming


def _tell_shortages(short: pl.DataFrame) -> None:
    unserved = short.filter(pl.col("short_units") > 0)
    if unserved.is_empty():
        return
    logger.warning(
        "orders: %s (%s units) cannot be served in full by their dates; --verbose lists them",
        number_of(unserved.height, "open customer order", "open customer orders"),
        f"{unserved['short_units'].sum():,g}",
    )
    for row in unserved.head(_LISTED).iter_rows(named=True):
        logger.info(
            "orders: due %s, priority %s: %g of %g units of %s at %s lacking (order %s)",
            row["due_date"],
            "none" if row["priority"] is None else f"{row['priority']:g}",
            row["short_units"],
            row["units"],
            row["sku"],
            row["location"],
            row["order_id"],
        )
