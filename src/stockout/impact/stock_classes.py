"""What stock is: enough, too much, slow or dead, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.impact.segment_summary import STOCK_CLASSES

if TYPE_CHECKING:
    from datetime import date

NO_DEMAND = 1e-6
"""Units expected of a day or a horizon that are none: what is left of the demand of an item that
has stopped, by which a few pieces would last for a billion years."""


def judged_stock(
    lines: pl.DataFrame, as_of: date, horizon_days: int, slow_days: int, dead_days: int
) -> pl.DataFrame:
    """Adds money, turnover, days of supply, excess, and the class of the stock with its reason.

    Args:
        lines: Columns on_hand, unknown (why it is null), mean_stock, unit_cost, units_a_year,
            expected_demand (of the horizon), life, last_sale, last_receipt, first_date.
        as_of: The date that is judged.
        horizon_days: Stock beyond the expected demand of so many days is excess.
        slow_days: Stock that lasts for longer is slow.
        dead_days: Stock of which nothing was sold for so long is dead.
    """
    stock, expected = pl.col("on_hand"), pl.col("expected_demand")
    since = (pl.lit(as_of) - pl.col("last_sale")).dt.total_days()
    lines = lines.with_columns(
        stock_value=stock * pl.col("unit_cost"),
        turnover=pl.when(pl.col("mean_stock") > 0).then(
            pl.col("units_a_year") / pl.col("mean_stock")
        ),
        days_of_supply=pl.when(expected > NO_DEMAND).then(stock / expected * horizon_days),
        excess_units=(stock - expected).clip(0),
        days_since_sale=since,
        came=(pl.lit(as_of) - pl.coalesce("last_receipt", "first_date")).dt.total_days(),
    ).with_columns(excess_value=pl.col("excess_units") * pl.col("unit_cost"))
    silent = (since >= dead_days) | (since.is_null() & (pl.col("came") >= dead_days).fill_null(
        value=True))  # fmt: skip
    dead = silent | (pl.col("life") == "ended")
    classes = [
        (stock.is_null(), "unknown", pl.col("unknown")),
        (stock <= 0, "no stock", pl.lit(None, pl.String)),
        (dead, "dead", pl.when(since.is_null()).then(pl.lit("never sold")).otherwise(
            pl.format("last sold {} days ago", since))),
        ((pl.col("days_of_supply") > slow_days) | (expected <= NO_DEMAND), "slow",
         pl.when(expected > NO_DEMAND).then(pl.format(
             "lasts for {} days", pl.col("days_of_supply").round(0).cast(pl.Int64)))
         .otherwise(pl.lit("no demand is expected"))),
        (pl.col("excess_units") > 0, "excess",
         pl.format("{} units on hand, {} expected to be sold in {} days",
                   _number(stock), _number(expected), pl.lit(horizon_days))),
    ]  # fmt: skip
    name: pl.Expr = pl.lit("ok")
    why: pl.Expr = pl.lit(None, pl.String)
    for applies, word, reason in reversed(classes):
        name = pl.when(applies).then(pl.lit(word)).otherwise(name)
        why = pl.when(applies).then(reason).otherwise(why)
    return lines.with_columns(stock_class=name.cast(pl.Enum(STOCK_CLASSES)).cast(pl.String),
                              reason=why)  # fmt: skip


def _number(value: pl.Expr) -> pl.Expr:
    return value.round(1).cast(pl.String).str.replace(r"\.0$", "")
