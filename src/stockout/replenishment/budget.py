"""Money that does not reach for everything goes to the units that avoid the most loss.

The more of an item is ordered, the less loss the next unit avoids. So a budget is spent by steps of
each order, not by whole orders: the first units of many lines before the last units of a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.errors import NotKnownError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

STEPS = 16
"""Steps that an order is looked at in; an order of no more packs is looked at pack by pack."""


def order_steps(lines: pl.DataFrame) -> Matrix:
    """(lines, STEPS) quantities up to which each order may be cut, ascending, the last one all.

    The first is the least that may be ordered: the minimum order in whole packs.

    Args:
        lines: Columns order_qty, moq, pack_size, is_integer.

    >>> order_steps(pl.DataFrame({"order_qty": [60.0], "moq": [20.0], "pack_size": [12.0],
    ...     "is_integer": [True]}))[0, [0, 5, 10, 15]].tolist()
    [24.0, 36.0, 48.0, 60.0]
    """
    pack = pl.coalesce("pack_size", pl.when("is_integer").then(1.0))
    least = pl.max_horizontal(pack, "moq").fill_null(0.0)
    least = pl.when(pack.is_null()).then(least).otherwise((least / pack - 1e-9).ceil() * pack)
    columns = lines.select(
        order=pl.col("order_qty").fill_null(0.0), pack=pack.fill_null(0.0), least=least
    )
    order, pack_size, first = (column.to_numpy()[:, None] for column in columns)
    first = np.minimum(np.maximum(first, order / STEPS), order)
    quantity = first + (order - first) * np.arange(STEPS) / (STEPS - 1)
    whole = np.where(pack_size > 0, pack_size, 1.0)
    quantity = np.where(pack_size > 0, np.ceil(quantity / whole - 1e-9) * whole, quantity)
    return np.asarray(np.minimum(quantity, order))


def within_budget(
    lines: pl.DataFrame, quantities: Matrix, avoided: Matrix, budget: float
) -> pl.DataFrame:
    """Cuts orders to the units that avoid the most loss per money, as far as the budget reaches.

    Steps are taken in the order of expected loss avoided per money. One that no longer fits is
    passed over, with what comes after it of the same line, for the next that does. Loss is at the
    selling price, or at cost where no price is known. A line whose cost is not known cannot be
    charged to a budget and is not ordered.

    Args:
        lines: Columns sku, location, order_qty, order_value, unit_cost, unit_price, limit.
        quantities: (lines, k) units, as from :func:`order_steps`.
        avoided: (lines, k) expected units short that so many units avoid.
        budget: Money.

    Returns:
        ``lines`` with order_qty and order_value as they are kept, limit ``budget`` where less is
        kept than was asked for, and asked_qty, what was.

    Raises:
        NotKnownError: No line that orders something has a known cost.
    """
    wanted = lines.filter(pl.col("order_qty") > 0)
    if wanted.height and wanted["order_value"].null_count() == wanted.height:
        raise NotKnownError(
            "the budget cannot be spent, because no unit cost is known",
            hint="give unit_cost in products or purchases, or leave --budget out",
        )
    steps = _ranked_steps(lines, quantities, avoided)
    kept = [pl.DataFrame(schema={"row": pl.UInt32, "quantity": pl.Float64})]
    left = budget
    while True:  # each round ends at a step that does not fit, so there are few rounds
        fits = (pl.col("money") <= left + 1e-9).cum_min().over("row")
        steps = steps.filter(fits)
        if steps.is_empty():
            break
        taken = steps.filter(pl.col("money").cum_sum() <= left + 1e-9)
        kept.append(taken.select("row", "quantity"))
        left -= float(taken["money"].sum())
        rest = steps[taken.height :]
        steps = rest.filter(pl.col("row") != rest["row"][0]) if rest.height else rest
    quantity = pl.concat(kept).group_by("row").agg(kept_qty=pl.col("quantity").max())
    return (
        lines.with_row_index("row")
        .join(quantity, on="row", how="left", maintain_order="left")
        .with_columns(asked_qty=pl.col("order_qty"))
        .with_columns(
            order_qty=pl.when(pl.col("order_qty") > 0)
            .then(pl.col("kept_qty").fill_null(0.0))
            .otherwise("order_qty")
        )
        .with_columns(
            order_value=pl.when(pl.col("order_qty") > 0)
            .then(pl.col("order_qty") * pl.col("unit_cost"))
            .when(pl.col("asked_qty") > 0)
            .then(0.0)
            .otherwise("order_value"),
            limit=pl.when(pl.col("order_qty") < pl.col("asked_qty"))
            .then(pl.lit("budget"))
            .otherwise("limit"),
        )
        .drop("row", "kept_qty")
    )


def _ranked_steps(lines: pl.DataFrame, quantities: Matrix, avoided: Matrix) -> pl.DataFrame:
    """The steps of all orders, the one that avoids the most loss per money first."""
    count = quantities.shape[1]
    size = np.diff(quantities, axis=1, prepend=0.0)
    loss = np.diff(avoided, axis=1, prepend=0.0)
    price = pl.coalesce("unit_price", "unit_cost")
    return (
        lines.with_row_index("row")
        .select("row", "sku", "location", "unit_cost", price=price)[
            np.repeat(np.arange(lines.height), count)
        ]
        .with_columns(
            step=pl.Series(np.tile(np.arange(count), lines.height)),
            quantity=pl.Series(quantities.ravel()),
            size=pl.Series(size.ravel()),
            loss=pl.Series(loss.ravel()),
        )
        .filter((pl.col("size") > 0) & pl.col("unit_cost").is_not_null())
        .with_columns(money=pl.col("size") * pl.col("unit_cost"))
        .with_columns(
            # the next unit never avoids more than the last; rounding must not say so
            per_money=pl.when(pl.col("money") > 0)
            .then(pl.col("loss") * pl.col("price") / pl.col("money"))
            .otherwise(float("inf"))
            .cum_min()
            .over("row", order_by="step")
        )
        .sort("per_money", "sku", "location", "step", descending=[True, False, False, False])
        .select("row", "quantity", "money")
    )
