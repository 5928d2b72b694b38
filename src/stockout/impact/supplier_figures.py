"""Suppliers, one a row: deliveries, lead times, prices, and what only they deliver."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from stockout.impact.supplier_deliveries import (
    YEAR_DAYS,
    delivery_figures,
    lead_time_figures,
    price_changes,
    sources,
)
from stockout.replenishment.lead_times import received_lines
from stockout.tables import without_crumbs

if TYPE_CHECKING:
    from datetime import date


def supplier_figures(
    lines: pl.DataFrame,
    purchases: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """What the purchases alone tell of each supplier.

    Args:
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`, each with a supplier.
        purchases: Canonical purchases, suppliers filled in.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        as_of: The date that is judged.

    Returns:
        The columns of :func:`~stockout.impact.supplier_deliveries.delivery_figures` and
        :func:`~stockout.impact.supplier_deliveries.lead_time_figures`, and price_change, skus,
        single_source_skus, single_source_share, name, stated_lead_time_days, share_of_spend.
    """
    key = ["supplier_id"]
    frame = delivery_figures(lines, as_of, key)
    known = sources(lines, products, as_of)
    recent = lines.filter(pl.col("order_date") > as_of - timedelta(YEAR_DAYS))
    money = recent.group_by("sku", "supplier_id").agg(
        cost=(pl.col("unit_cost") * pl.col("ordered")).sum()
    )
    exposure = (
        known.with_columns(single=pl.len().over("sku") == 1)
        .join(money, on=["sku", "supplier_id"], how="left")
        .group_by("supplier_id")
        .agg(
            skus=pl.len().cast(pl.Int64),
            single_source_skus=pl.col("single").sum().cast(pl.Int64),
            single_source_share=pl.when(pl.col("cost").sum() > 0).then(
                pl.col("cost").filter("single").sum() / pl.col("cost").sum()
            ),
        )
    )
    names = (
        pl.DataFrame(schema={"supplier_id": pl.String, "name": pl.String,
                             "stated_lead_time_days": pl.Float64})
        if suppliers is None
        else suppliers.select(
            "supplier_id", "name", stated_lead_time_days="lead_time_days"
        ).unique("supplier_id", keep="first")
    )  # fmt: skip
    times = lead_time_figures(purchases, suppliers, frame.select(key), as_of)
    for table in (times, price_changes(lines, as_of, key), exposure, names):
        frame = frame.join(table, on=key, how="left", maintain_order="left")
    return frame.with_columns(
        pl.col("skus", "single_source_skus").fill_null(0),
        share_of_spend=pl.col("spend") / pl.col("spend").sum(),
    )


def supplier_months(lines: pl.DataFrame, purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Deliveries of each supplier by the month in which they were due.

    Args:
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`, each with a supplier.
        purchases: Canonical purchases, suppliers filled in.
        as_of: The date that is judged.

    Returns:
        Columns supplier_id, month, judged_lines, on_time, in_full, otif, lead_time_days (of the
        lines received in the month), sorted by the first two.
    """
    due = lines.filter(pl.col("promised_date") <= as_of).with_columns(
        month=pl.col("promised_date").dt.month_start()
    )
    key = ["supplier_id", "month"]
    judged = delivery_figures(due, as_of, key).select(
        *key, "judged_lines", "on_time", "in_full", "otif"
    )
    came = (
        received_lines(purchases, as_of)
        .drop_nulls("supplier_id")
        .group_by("supplier_id", month=pl.col("received_date").dt.month_start())
        .agg(lead_time_days=pl.col("days").mean())
    )
    return without_crumbs(judged.join(came, on=key, how="full", coalesce=True).sort(key))
