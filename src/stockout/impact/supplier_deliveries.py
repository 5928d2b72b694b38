"""How each supplier delivers: how long it takes, how late, how much of it, and for what price."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from stockout.replenishment.lead_times import (
    lead_times,
    received_lines,
    usual_lateness,
)

if TYPE_CHECKING:
    from datetime import date

YEAR_DAYS = 365
"""Days up to as-of over which prices are compared and sources are counted."""


def delivery_figures(lines: pl.DataFrame, as_of: date, key: list[str]) -> pl.DataFrame:
    """Counts, punctuality and completeness of purchase order lines by group.

    A line is judged once its promised date has come: it is *on time* if all that came of it, and
    something did, came by then; *in full* if as much came as was ordered, whenever; and both (OTIF)
    if as much as was ordered came by the promised date. A line that is overdue and open is none of
    them. Lines without a promise are counted, not judged for time; those that are closed are judged
    for completeness.

    Args:
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        as_of: The date that is judged.
        key: Columns to group by.

    Returns:
        Columns of the key; lines, open_lines, overdue_lines, judged_lines, ordered_units,
        received_units, spend (received units at their cost, null where no cost is known),
        partial_share (of received lines, in several receipts), reversals, on_time, in_full, otif
        (shares, null without a judged line), late_days_p90 (days after the promise, of received
        lines), sorted by the key.
    """
    due = (pl.col("promised_date") <= as_of).fill_null(value=False)
    closed = pl.col("last_received").is_not_null() & ~pl.col("is_open")
    full = pl.col("received") >= pl.col("ordered")
    timely = closed & (pl.col("last_received") <= pl.col("promised_date")).fill_null(value=False)
    judged = due | (closed & pl.col("promised_date").is_not_null())
    ended = judged | (closed & pl.col("promised_date").is_null())
    cost = (pl.col("unit_cost") * pl.col("received")).filter(pl.col("unit_cost").is_not_null())
    late = (pl.col("last_received") - pl.col("promised_date")).dt.total_days().filter(closed)

    def share(flag: pl.Expr, of: pl.Expr) -> pl.Expr:
        return flag.filter(of).mean()

    return (
        lines.group_by(key)
        .agg(
            lines=pl.len().cast(pl.Int64),
            open_lines=pl.col("is_open").sum().cast(pl.Int64),
            overdue_lines=(pl.col("is_open") & due).sum().cast(pl.Int64),
            judged_lines=judged.sum().cast(pl.Int64),
            ordered_units=pl.col("ordered").sum(),
            received_units=pl.col("received").sum(),
            spend=pl.when(cost.len() > 0).then(cost.sum()),
            partial_share=share(pl.col("receipts") > 1, closed),
            reversals=pl.col("reversals").sum().cast(pl.Int64),
            on_time=share(timely, judged),
            in_full=share(full, ended),
            otif=share(timely & full, judged),
            late_days_p90=late.quantile(0.9, "linear"),
        )
        .sort(key, nulls_last=True)
    )


def lead_time_figures(
    purchases: pl.DataFrame,
    suppliers: pl.DataFrame | None,
    named: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """Lead time of each supplier as ``reorder`` uses it, and how it is distributed.

    Mean and spread are those of :func:`stockout.replenishment.lead_times.lead_times` for an item
    that has no lines of its own: measured from the supplier's received lines, else as stated.

    Args:
        purchases: Canonical purchases, suppliers filled in.
        suppliers: Canonical suppliers, or None.
        named: Column supplier_id: the suppliers.
        as_of: Later rows are ignored.

    Returns:
        Columns supplier_id, lead_time_days, lead_time_sd_days, lead_time_source,
        measured_lines, lead_time_p10, lead_time_p50, lead_time_p90, late_days (the usual lateness,
        a median, that ``reorder`` adds to promises), promise_spread_days (standard deviation of
        days after the promise).
    """
    received = received_lines(purchases, as_of)
    quantiles = {
        f"lead_time_p{part}": pl.col("days").quantile(part / 100, "linear") for part in (10, 50, 90)
    }
    measured = received.group_by("supplier_id").agg(
        measured_lines=pl.len().cast(pl.Int64),
        promise_spread_days=pl.col("late_days").cast(pl.Float64).std(),
        **quantiles,
    )
    anything = named.select(sku=pl.lit(""), location=pl.lit(""), supplier_id="supplier_id")
    usual = lead_times(anything, received, None, suppliers, default_lead_time_days=0)
    known = pl.when(pl.col("lead_time_source") != "assumed")
    usual = usual.select(
        "supplier_id",
        *(
            known.then(name).alias(name)
            for name in ("lead_time_days", "lead_time_sd_days", "lead_time_source")
        ),
    )
    late = usual_lateness(received).drop_nulls("supplier_id")
    columns = ["measured_lines", *quantiles, "late_days", "promise_spread_days"]
    return (
        usual.join(measured, on="supplier_id", how="left", maintain_order="left")
        .join(late, on="supplier_id", how="left", maintain_order="left")
        .with_columns(pl.col("measured_lines").fill_null(0))
        .select(*usual.columns, *columns)
    )


def price_changes(lines: pl.DataFrame, as_of: date, key: list[str]) -> pl.DataFrame:
    """How unit costs changed within the year up to as-of.

    The last unit cost of each SKU against its first of the year, weighted by the units ordered in
    it (Laspeyres with the quantities of the year): 0.05 is 5 % dearer. SKUs with one order, or
    without costs, do not count.

    Args:
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        as_of: End of the year.
        key: Columns to group by, supplier_id among them.

    Returns:
        Columns of the key, last_unit_cost (of the last order with a cost) and price_change.
    """
    recent = lines.filter(
        (pl.col("order_date") > as_of - timedelta(YEAR_DAYS))
        & pl.col("unit_cost").is_not_null()
        & (pl.col("ordered") > 0)
    ).sort("order_date", maintain_order=True)
    of_sku = recent.group_by(list(dict.fromkeys([*key, "sku"])), maintain_order=True).agg(
        first=pl.col("unit_cost").first(),
        last=pl.col("unit_cost").last(),
        orders=pl.col("order_date").n_unique(),
        units=pl.col("ordered").sum(),
    )
    several = pl.col("orders") > 1
    before = (pl.col("first") * pl.col("units")).filter(several).sum()
    after = (pl.col("last") * pl.col("units")).filter(several).sum()
    return (
        of_sku.group_by(key)
        .agg(price_change=pl.when(before > 0).then(after / before - 1))
        .sort(key, nulls_last=True)
    )


def sources(lines: pl.DataFrame, products: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """Which suppliers each SKU can be had from: those it was bought from, and that of products.

    Args:
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        products: Canonical products, or None.
        as_of: Purchases older than a year do not count.

    Returns:
        Columns sku, supplier_id, sorted by them.
    """
    recent = lines.filter(pl.col("order_date") > as_of - timedelta(YEAR_DAYS))
    known = [recent.select("sku", "supplier_id")]
    if products is not None:
        known.append(products.select("sku", "supplier_id"))
    return pl.concat(known).drop_nulls().unique().sort("sku", "supplier_id")


def last_costs(lines: pl.DataFrame) -> pl.DataFrame:
    """Columns sku, supplier_id, unit_cost: what each supplier last charged for each SKU."""
    return (
        lines.drop_nulls(["unit_cost", "supplier_id"])
        .sort("order_date", maintain_order=True)
        .group_by("sku", "supplier_id", maintain_order=True)
        .agg(pl.col("unit_cost").last())
    )
