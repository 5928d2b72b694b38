"""How old the stock is: what is on hand came with the last receipts (first in, first out)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

AGE_BOUNDS = (90, 180, 365)
"""Days from which stock is told as aged: a quarter, half a year, a year. A choice."""


def receipts(
    purchases: pl.DataFrame | None, movements: pl.DataFrame | None, as_of: date
) -> pl.DataFrame:
    """Units received of each item and day.

    Of the movements where they have receipts of the item, else of the purchases.

    Args:
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
        as_of: Later receipts are ignored.

    Returns:
        Columns sku, location, date, units (above 0).
    """
    parts = [pl.DataFrame(schema={"sku": pl.String, "location": pl.String, "date": pl.Date,
                                  "units": pl.Float64})]  # fmt: skip
    if movements is not None:
        parts.append(
            movements.filter((pl.col("kind") == "receipt") & (pl.col("units") > 0)).select(
                *ITEM, "date", "units"
            )
        )
    moved = pl.concat(parts)
    if purchases is not None:
        units = pl.coalesce("received_units", "ordered_units")
        bought = purchases.drop_nulls("received_date").select(
            *ITEM, date="received_date", units=units
        )
        moved = pl.concat([moved, bought.join(moved, on=ITEM, how="anti")])
    return (
        moved.filter(pl.col("date") <= as_of)
        .group_by(*ITEM, "date")
        .agg(pl.col("units").sum())
        .filter(pl.col("units") > 0)
    )


def stock_age(stock: pl.DataFrame, received: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Age of the stock on hand, first in first out.

    What is on hand is taken to be what was received last. What no known receipt explains is older
    than the first of them, and how old is not known.

    Args:
        stock: Columns sku, location, on_hand.
        received: As from :func:`receipts`.
        as_of: The date from which age counts.

    Returns:
        Columns sku, location, age_days (mean, of the units whose receipt is known; null for none),
        oldest_days (of them), age_known_share (of the units on hand), and units_over_90,
        units_over_180, units_over_365 (days; of known age, and those older than a first receipt
        so long ago); null without stock or receipts.

    >>> from datetime import date
    >>> stock = pl.DataFrame({"sku": ["A"], "location": ["ALL"], "on_hand": [12.0]})
    >>> came = pl.DataFrame({"sku": "A", "location": "ALL", "units": [10.0, 8.0],
    ...                      "date": [date(2026, 1, 1), date(2026, 5, 1)]})
    >>> stock_age(stock, came, date(2026, 5, 11)).select("age_days", "units_over_90").row(0)
    (50.0, 4.0)
    """
    age = (pl.lit(as_of) - pl.col("date")).dt.total_days()
    layers = (
        received.join(stock.filter(pl.col("on_hand") > 0), on=ITEM)
        .sort(*ITEM, "date", descending=[False, False, True])
        .with_columns(after=pl.col("units").cum_sum().over(ITEM), age=age)
        .with_columns(
            left=pl.min_horizontal(
                "units", (pl.col("on_hand") - pl.col("after") + pl.col("units")).clip(0)
            )
        )
    )
    there = pl.col("left") > 0
    known = pl.col("left").sum()
    rest = pl.col("on_hand").first() - known
    aged = layers.group_by(ITEM).agg(
        age_days=pl.when(known > 0).then((pl.col("left") * pl.col("age")).sum() / known),
        oldest_days=pl.col("age").filter(there).max(),
        age_known_share=known / pl.col("on_hand").first(),
        **{
            f"units_over_{days}": pl.col("left").filter(pl.col("age") > days).sum()
            + pl.when(pl.col("age").max() > days).then(rest).otherwise(0.0)
            for days in AGE_BOUNDS
        },
        last_receipt=pl.col("date").max(),
    )
    every = received.group_by(ITEM).agg(last=pl.col("date").max())
    return (
        stock.select(ITEM)
        .join(aged, on=ITEM, how="left", maintain_order="left")
        .join(every, on=ITEM, how="left", maintain_order="left")
        .with_columns(last_receipt=pl.coalesce("last_receipt", "last"))
        .drop("last")
    )
