"""The lines of a reorder list: every item there is, with its master data."""

from __future__ import annotations

import polars as pl

from stockout.demand.numbering import numbered
from stockout.replenishment.master_data import usable
from stockout.tables import ITEM


def order_lines(
    items: pl.DataFrame,
    inventory: pl.DataFrame,
    products: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
) -> pl.DataFrame:
    """One line for each item of the history, then one for each other item of the inventory.

    Args:
        items: Items of the history; row i is item i of its arrays.
        inventory: Inventory up to as-of.
        products: Canonical products, or None.
        purchases: Purchases up to as-of, suppliers filled in, or None.

    Returns:
        Columns sku, location, life (status of the history's item, ``unsold`` for the others),
        last_sale, is_integer, supplier_id (of products, else of the last purchase), unit_cost (of
        products, else of the last purchase), unit_price (of products, else the mean of sales).
    """
    sold = items.select(*ITEM, "last_sale", "is_integer", "mean_price", life="status")
    unsold = (
        numbered(inventory.select(ITEM))
        .items.join(sold, on=ITEM, how="anti", maintain_order="left")
        .with_columns(life=pl.lit("unsold"), is_integer=pl.lit(value=True))
    )
    lines = pl.concat([sold, unsold], how="diagonal")
    columns = ["supplier_id", "unit_cost", "unit_price"]
    master = _master(products)
    last = _last_purchase(purchases)
    return (
        lines.join(master, on="sku", how="left", maintain_order="left")
        .join(last, on="sku", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("supplier_id", "last_supplier").alias("supplier_id"),
            pl.coalesce("unit_cost", "last_cost").alias("unit_cost"),
            pl.coalesce("unit_price", "mean_price").alias("unit_price"),
        )
        .select(*ITEM, "life", "last_sale", "is_integer", *columns)
    )


def _master(products: pl.DataFrame | None) -> pl.DataFrame:
    if products is None:
        return pl.DataFrame(
            schema={
                "sku": pl.String,
                "supplier_id": pl.String,
                "unit_cost": pl.Float64,
                "unit_price": pl.Float64,
            }
        )
    master = products.select("sku", "supplier_id").unique("sku", keep="first", maintain_order=True)
    for name in ("unit_cost", "unit_price"):
        values = usable(products, "products", name, pl.col(name) >= 0)
        master = master.join(values, on="sku", how="left", maintain_order="left")
    return master


def _last_purchase(purchases: pl.DataFrame | None) -> pl.DataFrame:
    """Supplier and cost of the last purchase of each SKU that names them."""
    if purchases is None:
        return pl.DataFrame(
            schema={"sku": pl.String, "last_supplier": pl.String, "last_cost": pl.Float64}
        )
    return (
        purchases.sort("order_date", "po_id")
        .group_by("sku")
        .agg(
            last_supplier=pl.col("supplier_id").drop_nulls().last(),
            last_cost=pl.col("unit_cost").drop_nulls().last(),
        )
    )


def with_review_days(
    lines: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    review_days: float | None,
    default_review_days: float,
) -> pl.DataFrame:
    """Adds the days between reviews: as asked, else of products, of suppliers, or the default.

    Args:
        lines: Columns sku, supplier_id.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        review_days: For all items, days, over 0.
        default_review_days: Where nothing else is known, days, over 0.
    """
    if review_days is not None:
        return lines.with_columns(review_days=pl.lit(float(review_days)))
    possible = pl.col("review_days") > 0
    sources = []
    if products is not None:
        own = usable(products, "products", "review_days", possible)
        sources.append(lines.select("sku").join(own, on="sku", how="left", maintain_order="left"))
    if suppliers is not None:
        usual = usable(suppliers, "suppliers", "review_days", possible)
        sources.append(
            lines.select("supplier_id").join(
                usual, on="supplier_id", how="left", maintain_order="left"
            )
        )
    return lines.with_columns(
        review_days=pl.coalesce(
            *(source["review_days"] for source in sources), float(default_review_days)
        )
    )
