"""How long an order takes to arrive, and how late it usually is.

Measured from purchases that were received wherever there are enough of them. A promise is never
taken for a measurement.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import NotKnownError
from stockout.replenishment.master_data import usable
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

logger = logging.getLogger(__name__)

MIN_RECEIVED_LINES = 5
"""So many received lines make a measurement; fewer say too little about mean and spread."""

MAX_LEAD_TIME_DAYS = 365
"""A line that took longer than a year is taken for an error of the dates, and reported."""


def received_lines(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Purchase order lines that were received up to as-of, with the days they took.

    Several receipts of one line (same po_id, line, SKU and location) are one line, complete on the
    date of the last receipt. A line that took less than 0 or more than 365 days is left out and
    reported.

    Args:
        purchases: Canonical purchases, as from :func:`with_supplier`.
        as_of: Orders and receipts after it are ignored.

    Returns:
        Columns po_id, line, sku, location, supplier_id, order_date, promised_date, received_date,
        days (received less ordered), late_days (received less promised; null without a promise).
    """
    lines = (
        purchases.filter(
            (pl.col("order_date") <= as_of)
            & (pl.col("received_date") <= as_of).fill_null(value=False)
        )
        .group_by("po_id", "line", *ITEM, maintain_order=True)
        .agg(
            pl.col("supplier_id").first(),
            pl.col("order_date").min(),
            pl.col("promised_date").max(),
            pl.col("received_date").max(),
        )
        .with_columns(
            days=(pl.col("received_date") - pl.col("order_date")).dt.total_days(),
            late_days=(pl.col("received_date") - pl.col("promised_date")).dt.total_days(),
        )
    )
    possible = pl.col("days").is_between(0, MAX_LEAD_TIME_DAYS)
    impossible = lines.filter(~possible)
    if impossible.height:
        logger.warning(
            "purchases: %d received lines took less than 0 or more than %d days (first: %s, "
            "ordered %s, received %s); they do not count for lead times",
            impossible.height,
            MAX_LEAD_TIME_DAYS,
            *impossible.select("po_id", "order_date", "received_date").row(0),
        )
    return lines.filter(possible)


def with_supplier(purchases: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    """Purchases, the supplier of products filled in where a line names none.

    Args:
        purchases: Canonical purchases.
        products: Canonical products, or None.
    """
    if products is None:
        return purchases
    usual = products.select("sku", usual_supplier="supplier_id").unique("sku", keep="first")
    return (
        purchases.join(usual, on="sku", how="left", maintain_order="left")
        .with_columns(pl.coalesce("supplier_id", "usual_supplier"))
        .drop("usual_supplier")
    )


def usual_lateness(received: pl.DataFrame) -> pl.DataFrame:
    """How many days after the promise each supplier usually delivers.

    The median, because one line that came months late says little about the next. Negative where
    the supplier is usually early.

    Args:
        received: As from :func:`received_lines`.

    Returns:
        Columns supplier_id, late_days: suppliers with at least five received lines that had a
        promise; a null supplier_id stands for all others and has the median of all lines, or 0
        where there are fewer than five.
    """
    promised = received.drop_nulls("late_days")
    per_supplier = (
        promised.drop_nulls("supplier_id")
        .group_by("supplier_id")
        .agg(pl.col("late_days").median(), lines=pl.len())
        .filter(pl.col("lines") >= MIN_RECEIVED_LINES)
        .select("supplier_id", "late_days")
        .sort("supplier_id")
    )
    enough = promised.height >= MIN_RECEIVED_LINES
    overall = pl.DataFrame(
        {
            "supplier_id": [None],
            "late_days": [promised["late_days"].median() if enough else 0.0],
        },
        schema={"supplier_id": pl.String, "late_days": pl.Float64},
    )
    return pl.concat([per_supplier, overall])


def lead_times(
    items: pl.DataFrame,
    received: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    *,
    lead_time_days: float | None = None,
    default_lead_time_days: float | None = None,
) -> pl.DataFrame:
    """Lead time of each item, from the best source that knows it.

    The sources in their order: ``lead_time_days`` when given (``flag``); at least five received
    lines of the item, else of the SKU at any location (``measured item``), else of its supplier
    (``measured supplier``); products (``product``); suppliers (``supplier``); the default
    (``assumed``). The spread is measured with the mean, or given by suppliers; otherwise it is 0.

    Args:
        items: Columns sku, location, supplier_id.
        received: As from :func:`received_lines`, or None.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        lead_time_days: Overrides every source, days.
        default_lead_time_days: For items no other source knows, days.

    Returns:
        The rows of ``items`` with lead_time_days, lead_time_sd_days and lead_time_source; all three
        null where nothing is known.

    Raises:
        NotKnownError: No item has a lead time.

    >>> items = pl.DataFrame({"sku": ["A"], "location": ["ALL"], "supplier_id": ["S"]})
    >>> lead_times(items, default_lead_time_days=10).row(0)
    ('A', 'ALL', 'S', 10.0, 0.0, 'assumed')
    """
    if lead_time_days is not None:
        return _same_for_all(items, lead_time_days, "flag")
    sources: list[tuple[str, pl.DataFrame]] = []
    if received is not None:
        sources += [
            ("measured item", _measured(items, received, ITEM)),
            ("measured item", _measured(items, received, ["sku"])),
            ("measured supplier", _measured(items, received, ["supplier_id"])),
        ]
    usual = _of_suppliers(items, suppliers)
    if products is not None:
        given = usable(products, "products", "lead_time_days", pl.col("lead_time_days") >= 0)
        own = items.select("sku").join(given, on="sku", how="left", maintain_order="left")
        sources.append(("product", own.select(mean="lead_time_days").with_columns(usual["sd"])))
    sources.append(("supplier", usual))
    found = items.with_columns(
        lead_time_days=pl.lit(None, pl.Float64),
        lead_time_sd_days=pl.lit(None, pl.Float64),
        lead_time_source=pl.lit(None, pl.String),
    )
    for source, values in sources:
        found = _fill(found, values["mean"], values["sd"], source)
    if default_lead_time_days is not None:
        assumed = pl.Series([float(default_lead_time_days)] * items.height, dtype=pl.Float64)
        found = _fill(found, assumed, assumed * 0, "assumed")
    if items.height and found["lead_time_days"].null_count() == items.height:
        raise NotKnownError(
            "the lead time of no item is known: fewer than five received purchases of each item "
            "and supplier, and no lead_time_days in products or suppliers",
            hint="set default_lead_time_days in stockout.toml, or give --lead-time DAYS",
        )
    return found


def _same_for_all(items: pl.DataFrame, days: float, source: str) -> pl.DataFrame:
    return items.with_columns(
        lead_time_days=pl.lit(float(days)),
        lead_time_sd_days=pl.lit(0.0),
        lead_time_source=pl.lit(source),
    )


def _fill(found: pl.DataFrame, mean: pl.Series, sd: pl.Series, source: str) -> pl.DataFrame:
    """Puts a source's values where no better source had any."""
    take = pl.col("lead_time_days").is_null() & mean.is_not_null()
    return found.with_columns(
        lead_time_days=pl.when(take).then(mean).otherwise("lead_time_days"),
        lead_time_sd_days=pl.when(take).then(sd.fill_null(0.0)).otherwise("lead_time_sd_days"),
        lead_time_source=pl.when(take).then(pl.lit(source)).otherwise("lead_time_source"),
    )


def _measured(items: pl.DataFrame, received: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Columns mean and sd of the days that the received lines of each key took."""
    measured = (
        received.group_by(key)
        .agg(mean=pl.col("days").mean(), sd=pl.col("days").std(), lines=pl.len())
        .filter(pl.col("lines") >= MIN_RECEIVED_LINES)
    )
    return (
        items.select(ITEM + (["supplier_id"] if "supplier_id" in key else []))
        .join(measured, on=key, how="left", maintain_order="left")
        .select("mean", "sd")
    )


def _of_suppliers(items: pl.DataFrame, suppliers: pl.DataFrame | None) -> pl.DataFrame:
    """Columns mean and sd as each item's supplier states them."""
    if suppliers is None:
        unknown = pl.Series([None] * items.height, dtype=pl.Float64)
        return pl.DataFrame({"mean": unknown, "sd": unknown})
    stated = usable(suppliers, "suppliers", "lead_time_days", pl.col("lead_time_days") >= 0).join(
        usable(suppliers, "suppliers", "lead_time_sd_days", pl.col("lead_time_sd_days") >= 0),
        on="supplier_id",
    )
    return (
        items.select("supplier_id")
        .join(stated, on="supplier_id", how="left", maintain_order="left")
        .select(mean="lead_time_days", sd="lead_time_sd_days")
    )
