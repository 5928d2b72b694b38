"""Purchase order lines as they went: what was ordered, promised, and what came of it when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

LINE = ["po_id", "line", *ITEM]
"""The key of a purchase order line."""


def purchase_lines(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row a purchase order line, its partial receipts and reversals put together.

    Several rows of one line (same po_id, line, SKU and location) are its receipts. Where each
    repeats the units ordered beside a part of them, these count once; else they are added up. A row
    with ``received_units`` below 0 takes a receipt back and orders nothing. A row with a date of
    receipt and no units is received in full. A line is open while one of its rows has no
    ``received_date`` up to as-of and lacks units.

    Args:
        purchases: Canonical purchases, suppliers filled in.
        as_of: Orders and receipts after it are ignored.

    Returns:
        Columns po_id, line, sku, location, supplier_id, order_date, promised_date, unit_cost,
        ordered (units), received (units up to as-of), first_received, last_received, last_units
        (received on that day), receipts and reversals (numbers of rows), is_open; sorted by
        order_date and the key.

    >>> from datetime import date
    >>> from stockout.tables import conform
    >>> rows = {"po_id": "P1", "line": "1", "sku": "A", "order_date": date(2026, 1, 5),
    ...         "received_date": [date(2026, 1, 9), date(2026, 1, 12)],
    ...         "ordered_units": 10, "received_units": [4, 5]}
    >>> lines = purchase_lines(conform(pl.DataFrame(rows), "purchases"), date(2026, 2, 1))
    >>> lines.select("ordered", "received", "receipts", "is_open").row(0)
    (10.0, 9.0, 2, False)
    """
    ordered, got = pl.col("ordered_units"), pl.col("got")
    came = (pl.col("received_date") <= as_of).fill_null(value=False)
    undated = pl.col("received_date").is_null() & (pl.col("received_units") >= ordered)
    reversal = (pl.col("received_units") < 0).fill_null(value=False)
    counted = ordered.filter(~reversal)
    rows = purchases.filter(pl.col("order_date") <= as_of).with_columns(
        came=came,
        reversal=reversal,
        waiting=~came & ~undated.fill_null(value=False) & ~reversal,
        got=pl.when(came)
        .then(pl.coalesce("received_units", "ordered_units"))
        .when(pl.col("received_date").is_null())
        .then(pl.col("received_units"))
        .fill_null(0.0),
    )
    repeated = (
        (counted.len() > 1)
        & (counted.n_unique() == 1)
        & (got.filter(~reversal).sum() <= counted.first())
        & pl.col("came").any()
        & ((got < ordered) | pl.col("waiting")).filter(~reversal).all()
    )
    day = pl.col("received_date").filter(pl.col("came") & ~reversal)
    return (
        rows.group_by(LINE)
        .agg(
            pl.col("supplier_id").first(),
            pl.col("order_date").min(),
            pl.col("promised_date").max(),
            pl.col("unit_cost").drop_nulls().first(),
            ordered=pl.when(repeated).then(counted.first()).otherwise(counted.sum()),
            received=got.sum(),
            first_received=day.min(),
            last_received=day.max(),
            last_units=got.filter(
                ~reversal & (pl.col("received_date") == day.max()).fill_null(value=False)
            ).sum(),
            receipts=(pl.col("came") & ~reversal).sum(),
            reversals=reversal.sum(),
            waiting=pl.col("waiting").any(),
        )
        .with_columns(is_open=pl.col("waiting") & (pl.col("received") < pl.col("ordered")))
        .drop("waiting")
        .sort("order_date", *LINE)
    )
