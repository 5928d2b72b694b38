"""From what an item needs to what can be ordered: minimum, packs, maximum stock, shelf life."""

from __future__ import annotations

import polars as pl

from stockout.replenishment.master_data import usable

_TOLERANCE = 1e-9  # of a pack: what arithmetic leaves over is not a reason for one pack more


def with_order_limits(lines: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    """Adds the limits of each item; null for none.

    Args:
        lines: Column sku.
        products: Canonical products, or None.

    Returns:
        ``lines`` with moq, pack_size, max_stock (units) and shelf_life_days.
    """
    possible = {
        "moq": pl.col("moq") >= 0,
        "pack_size": pl.col("pack_size") > 0,
        "max_stock": pl.col("max_stock") >= 0,
        "shelf_life_days": pl.col("shelf_life_days") > 0,
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

    What is needed, and what is added for the supplier's minimum, is raised to the minimum order,
    then to whole packs (whole units where demand is in whole units and there is no pack size), then
    cut to the whole packs that fit under the maximum stock and are sold before they expire. A cut
    below the minimum order orders nothing.

    Args:
        lines: Columns raw_qty, top_up, position, moq, pack_size, max_stock, sellable_qty,
            is_integer, unit_cost.

    Returns:
        ``lines`` with order_qty (null where raw_qty is), order_value (at unit cost) and limit: moq,
        pack, max_stock or shelf_life, the last one that changed the quantity; null where none did.

    >>> line = pl.DataFrame({"raw_qty": [13.2], "top_up": [0.0], "position": [4.0], "moq": [10.0],
    ...     "pack_size": [6.0], "max_stock": [100.0], "sellable_qty": [30.0], "is_integer": [True],
    ...     "unit_cost": [2.0]})
    >>> with_order_qty(line).select("order_qty", "order_value", "limit").row(0)
    (18.0, 36.0, 'pack')
    """
    raw = pl.col("raw_qty") + pl.col("top_up")
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
    most = pl.min_horizontal(room, "sellable_qty")
    fits = pl.when(pack.is_null()).then(most).otherwise((most / pack + _TOLERANCE).floor() * pack)
    lines = lines.with_columns(packed=packed, fits=fits, room=room)
    cut = (pl.col("fits") < pl.col("packed")).fill_null(value=False)
    kept = (
        pl.when(pl.col("fits") < pl.col("moq").fill_null(0.0)).then(0.0).otherwise(pl.col("fits"))
    )
    expires = (pl.col("sellable_qty") < pl.col("room").fill_null(float("inf"))).fill_null(
        value=False
    )
    whole_units = pl.when("is_integer").then(at_least.ceil()).otherwise(at_least)
    return (
        lines.with_columns(
            order_qty=pl.when(cut).then(kept).otherwise("packed"),
            limit=pl.when(cut & expires)
            .then(pl.lit("shelf_life"))
            .when(cut)
            .then(pl.lit("max_stock"))
            .when(pl.col("packed") > whole_units + _TOLERANCE)
            .then(pl.lit("pack"))
            .when(at_least > raw)
            .then(pl.lit("moq")),
        )
        .with_columns(order_value=pl.col("order_qty") * pl.col("unit_cost"))
        .drop("packed", "fits", "room")
    )
