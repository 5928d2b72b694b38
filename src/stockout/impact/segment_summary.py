"""Segments added up: items, value, stock and excess by any grouping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import ConfigError
from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence

STOCK_CLASSES = ("ok", "excess", "slow", "dead", "no stock", "unknown")
"""What stock is: enough, too much for the horizon, for longer than a year, not sold any more."""

GROUPS = ("abc", "xyz", "demand_class", "stock_class", "category", "supplier", "location")
"""What segments can be added up by."""


def checked_groups(by: Sequence[str]) -> list[str]:
    """The groups asked for, each once.

    Raises:
        ConfigError: There is no such grouping.

    >>> checked_groups(["abc", "xyz", "abc"])
    ['abc', 'xyz']
    """
    for name in by:
        if name not in GROUPS:
            raise ConfigError(f"by: found {name!r}, expected {', '.join(GROUPS)}, or none")
    return list(dict.fromkeys(by))


def summarised(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Sums by group.

    Args:
        frame: As of :class:`stockout.impact.stock_segments.Segments`.
        by: Any of :data:`GROUPS`; none is all together.

    Returns:
        One row a group: its columns, items, value, share_of_value, stock_units, stock_value,
        share_of_stock_value, turnover (units of a year at cost by mean stock at cost),
        excess_value, slow_value, dead_value (money at cost; null where no cost is known) and
        uncosted_items (in stock, of unknown cost).

    Raises:
        ConfigError: There is no such grouping.
    """
    keys = ["supplier_id" if name == "supplier" else name for name in checked_groups(by)]

    def money(value: pl.Expr) -> pl.Expr:
        return pl.when(value.is_not_null().any()).then(value.sum())

    def of_class(name: str) -> pl.Expr:
        is_it = pl.col("stock_class") == name
        return money(pl.when(is_it).then("stock_value").when(pl.col("stock_value").is_not_null())
                     .then(0.0))  # fmt: skip

    held = (pl.col("mean_stock") * pl.col("unit_cost")).sum()
    sold = (
        (pl.col("units_a_year") * pl.col("unit_cost"))
        .filter(pl.col("mean_stock").is_not_null())
        .sum()
    )
    sums = [
        pl.len().cast(pl.Int64).alias("items"),
        pl.col("value").sum(),
        pl.when(pl.col("on_hand").is_not_null().any())
        .then(pl.col("on_hand").sum())
        .alias("stock_units"),
        money(pl.col("stock_value")).alias("stock_value"),
        pl.when(held > 0).then(sold / held).alias("turnover"),
        money(pl.col("excess_value")).alias("excess_value"),
        of_class("slow").alias("slow_value"),
        of_class("dead").alias("dead_value"),
        ((pl.col("on_hand") > 0) & pl.col("unit_cost").is_null())
        .sum()
        .cast(pl.Int64)
        .alias("uncosted_items"),
    ]
    rows = frame.group_by(keys).agg(sums) if keys else frame.select(sums)
    shares = {
        f"share_of_{name}": (pl.col(name) / pl.col(name).sum()).fill_nan(None)
        for name in ("value", "stock_value")
    }
    rows = rows.with_columns(**shares)
    order = [*keys, "items", "value", "share_of_value", "stock_units", "stock_value",
             "share_of_stock_value", "turnover", "excess_value", "slow_value", "dead_value",
             "uncosted_items"]  # fmt: skip
    rows = rows.select(order)
    return without_crumbs(rows.sort(keys, nulls_last=True) if keys else rows)
