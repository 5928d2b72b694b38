"""From what an item needs to what can be ordered: minimum, packs, maximum stock, budget."""

from __future__ import annotations

import polars as pl

from stockout.errors import NotKnownError
from stockout.replenishment.master_data import usable

_TOLERANCE = 1e-9  # of a pack: what arithmetic leaves over is not a reason for one pack more


def with_order_limits(lines: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    """Adds minimum order, pack size and maximum stock of each item, in units; null for none.

    Args:
        lines: Column sku.
        products: Canonical products, or None.

    Returns:
        ``lines`` with moq, pack_size, max_stock.
    """
    possible = {
        "moq": pl.col("moq") >= 0,
        "pack_size": pl.col("pack_size") > 0,
        "max_stock": pl.col("max_stock") >= 0,
    }
    for name, condition in possible.items():
        lines = (
            lines.with_columns(pl.lit(None, pl.Float64).alias(name))
            if products is None
            else lines.join(
                usable(products, "products", name, condition),
                on="sku",
                how="left",
                maintain_order="left",
            )
        )
    return lines


def with_order_qty(lines: pl.DataFrame) -> pl.DataFrame:
    """Adds the order quantity of each line within its limits.

    What is needed is raised to the minimum order, then to whole packs (whole units where demand is
    in whole units and there is no pack size), then cut to the whole packs that fit under the
    maximum stock. A cut below the minimum order orders nothing.

    Args:
        lines: Columns raw_qty, position, moq, pack_size, max_stock, is_integer, unit_cost.

    Returns:
        ``lines`` with order_qty (null where raw_qty is), order_value (at unit cost) and limit: moq,
        pack or max_stock, the last one that changed the quantity; null where none did.

    >>> line = pl.DataFrame({"raw_qty": [13.2], "position": [4.0], "moq": [10.0],
    ...     "pack_size": [6.0], "max_stock": [100.0], "is_integer": [True],
    ...     "unit_cost": [2.0]})
    >>> with_order_qty(line).select("order_qty", "order_value", "limit").row(0)
    (18.0, 36.0, 'pack')
    """
    raw = pl.col("raw_qty")
    pack = pl.coalesce("pack_size", pl.when("is_integer").then(1.0))
    at_least = pl.when(raw > 0).then(pl.max_horizontal(raw, "moq")).otherwise(raw)
    packed = (
        pl.when(at_least <= 0)
        .then(0.0)
        .when(pack.is_null())
        .then(at_least)
        .otherwise((at_least / pack - _TOLERANCE).ceil() * pack)
    )
    room = (pl.col("max_stock") - pl.col("position")).clip(lower_bound=0)
    fits = pl.when(pack.is_null()).then(room).otherwise((room / pack + _TOLERANCE).floor() * pack)
    lines = lines.with_columns(packed=packed, fits=fits)
    cut = (pl.col("fits") < pl.col("packed")).fill_null(value=False)
    kept = (
        pl.when(pl.col("fits") < pl.col("moq").fill_null(0.0)).then(0.0).otherwise(pl.col("fits"))
    )
    whole_units = pl.when("is_integer").then(at_least.ceil()).otherwise(at_least)
    return (
        lines.with_columns(
            order_qty=pl.when(cut).then(kept).otherwise("packed"),
            limit=pl.when(cut)
            .then(pl.lit("max_stock"))
            .when(pl.col("packed") > whole_units + _TOLERANCE)
            .then(pl.lit("pack"))
            .when(at_least > raw)
            .then(pl.lit("moq")),
        )
        .with_columns(order_value=pl.col("order_qty") * pl.col("unit_cost"))
        .drop("packed", "fits")
    )


def within_budget(lines: pl.DataFrame, budget: float) -> pl.DataFrame:
    """Keeps the lines that avoid the most loss per money, as far as the budget reaches.

    Lines are taken in the order of expected loss avoided per money, each as a whole; one that no
    longer fits is passed over for the next that does. Loss is at the selling price, or at cost
    where no price is known. A line whose cost is not known cannot be charged to a budget and is not
    kept.

    Args:
        lines: Columns sku, location, order_qty, order_value, avoided_units, unit_price, limit.
        budget: Money.

    Returns:
        ``lines`` with order_qty and order_value 0 and limit ``budget`` where a line is not kept.

    Raises:
        NotKnownError: No line that orders something has a known cost.
    """
    wanted = lines.with_row_index("row").filter(pl.col("order_qty") > 0)
    if wanted.height and wanted["order_value"].null_count() == wanted.height:
        raise NotKnownError(
            "the budget cannot be spent, because no unit cost is known",
            hint="give unit_cost in products or purchases, or leave --budget out",
        )
    price = pl.coalesce("unit_price", pl.col("order_value") / pl.col("order_qty"))
    ranked = (
        wanted.filter(pl.col("order_value").is_not_null())
        .with_columns(
            per_money=pl.when(pl.col("order_value") > 0)
            .then(pl.col("avoided_units") * price / pl.col("order_value"))
            .otherwise(float("inf"))
        )
        .sort(["per_money", "sku", "location"], descending=[True, False, False])
        .select("row", "order_value")
    )
    kept: list[pl.Series] = []
    left = budget
    while True:  # each round ends at a line that does not fit, so there are few rounds
        ranked = ranked.filter(pl.col("order_value") <= left)
        if ranked.is_empty():
            break
        taken = ranked.filter(pl.col("order_value").cum_sum() <= left)
        kept.append(taken["row"])
        left -= float(taken["order_value"].sum())
        ranked = ranked[taken.height :]
    is_kept = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(
        pl.concat(kept).implode() if kept else pl.lit([], pl.List(pl.UInt32))
    )
    dropped = (pl.col("order_qty") > 0) & ~is_kept
    return lines.with_columns(
        order_qty=pl.when(dropped).then(0.0).otherwise("order_qty"),
        order_value=pl.when(dropped).then(0.0).otherwise("order_value"),
        limit=pl.when(dropped).then(pl.lit("budget")).otherwise("limit"),
    )
