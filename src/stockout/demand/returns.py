"""Returned goods are taken off the sale that they undo.

A return that reduced the day it came back on would hide that day's demand, and leave the demand
that never was on the day of the sale.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import polars as pl

from stockout.wording import number_of

logger = logging.getLogger(__name__)

WINDOW_DAYS = 30
"""How long before a return the sale may lie when only customer, SKU and price match."""

_DECIMALS = 9  # what is left of 0.3 - 0.1 - 0.2 beyond them is a crumb of binary fractions


class NettedSales(NamedTuple):
    """Sales lines with returns taken off."""

    lines: pl.DataFrame  # the sales lines that had positive units, `units` now net, never negative
    returned_units: float  # all units that came back
    matched_units: float  # of these, the units taken off a sale; the rest reduces nothing


def net_returns(sales: pl.DataFrame, *, undoes: str = "demand") -> NettedSales:
    """Takes each return off its sale, the latest first.

    The sale is found by ``order_id`` (same SKU and location), else by the same customer, SKU and
    unit price within the 30 days before, at the same location rather than at another. A return
    that matches no sale reduces nothing: it is counted and reported.

    Args:
        sales: Canonical sales; negative units are returns.
        undoes: What a return that matches would reduce, in the words of the warning.

    >>> from datetime import date
    >>> from stockout.tables import conform
    >>> sales = pl.DataFrame({"date": [date(2026, 1, 5), date(2026, 1, 9)], "sku": ["A", "A"],
    ...     "units": [5.0, -2.0], "order_id": ["1", "1"]})
    >>> netted = net_returns(conform(sales, "sales"))
    >>> netted.lines["units"].to_list(), netted.matched_units
    ([3.0], 2.0)
    """
    least = sales["units"].min()
    if isinstance(least, float) and least > 0:  # as in most exports, which are not copied then
        return NettedSales(sales, 0.0, 0.0)
    returns = sales.filter(pl.col("units") < 0)
    lines = sales.filter(pl.col("units") > 0)
    if returns.is_empty():
        return NettedSales(lines, 0.0, 0.0)
    order = ["date", "location", "order_id", "customer_id", "unit_price", "units"]
    lines = lines.with_row_index("row").sort(order).with_row_index("line")
    open_returns = (
        returns.sort(order)
        .select(
            "date",
            "sku",
            "location",
            "customer_id",
            "order_id",
            price=pl.col("unit_price").abs().round(4),
            open=-pl.col("units"),
        )
        .with_row_index("return")
    )
    lines = lines.with_columns(price=pl.col("unit_price").abs().round(4))
    returned = float(open_returns["open"].sum())
    lines, open_returns = _by_key(lines, open_returns, ["order_id", "sku", "location"], None)
    customer = ["customer_id", "sku", "price"]
    for key in ([*customer, "location"], customer):
        lines, open_returns = _by_key(lines, open_returns, key, f"{WINDOW_DAYS}d")
    unmatched = float(open_returns["open"].sum())
    logger.info(
        "sales: %s of %s returned units were taken off the sale they undo",
        f"{returned - unmatched:,.10g}",
        f"{returned:,.10g}",
    )
    if unmatched > 0:
        logger.warning(
            "sales: %s returned units on %s match no sale by order, or by customer, SKU and price "
            "in the %d days before; they reduce no %s",
            f"{unmatched:,.10g}",
            number_of(open_returns.filter(pl.col("open") > 0).height, "line", "lines"),
            WINDOW_DAYS,
            undoes,
        )
    lines = lines.sort("row").drop("row", "line", "price")
    return NettedSales(lines, returned, returned - unmatched)


def _by_key(
    lines: pl.DataFrame, returns: pl.DataFrame, key: list[str], tolerance: str | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One way to match; each round pairs an open return with the latest sale that has units left.

    A round uses up the return or the sale of every pair, so the rounds end; there are as many as
    the most sales that one return undoes. Only sales with the key of a return take part.
    """
    keyed = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
    asked = returns.filter(keyed & (pl.col("open") > 0))
    stock = (
        lines.filter(keyed & (pl.col("units") > 0))
        .join(asked, on=key, how="semi")
        .select("line", "date", "units", *key)
    )
    while True:
        pairs = (
            asked.filter(pl.col("open") > 0)
            .sort("date", "return")
            .join_asof(
                stock.filter(pl.col("units") > 0).sort("date", "line"),
                on="date",
                by=key,
                strategy="backward",
                tolerance=tolerance,
                check_sortedness=False,  # sorted above; polars cannot see it within groups
            )
            .filter(pl.col("line").is_not_null())
        )
        if pairs.is_empty():
            left = _put_back(returns, asked, "return", "open")
            return _put_back(lines, stock, "line", "units"), left
        before = pl.col("open").cum_sum().over("line", order_by="return") - pl.col("open")
        taken = pairs.select(
            "line", "return", taken=pl.min_horizontal("open", (pl.col("units") - before).clip(0))
        ).filter(pl.col("taken") > 0)
        stock = _take_off(stock, taken, "line", "units")
        asked = _take_off(asked, taken, "return", "open")


def _put_back(frame: pl.DataFrame, part: pl.DataFrame, key: str, column: str) -> pl.DataFrame:
    """The frame with the column's values of some of its rows."""
    left = part.select(key, left=column)
    return (
        frame.join(left, on=key, how="left", maintain_order="left")
        .with_columns(pl.coalesce("left", column).alias(column))
        .drop("left")
    )


def _take_off(frame: pl.DataFrame, taken: pl.DataFrame, key: str, column: str) -> pl.DataFrame:
    per_row = taken.group_by(key).agg(pl.col("taken").sum())
    return (
        frame.join(per_row, on=key, how="left", maintain_order="left")
        .with_columns((pl.col(column) - pl.col("taken").fill_null(0)).round(_DECIMALS))
        .drop("taken")
    )
