"""Orders below what a supplier accepts: raised by what will be needed soonest, or held."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from stockout.replenishment.constraints import with_order_qty
from stockout.replenishment.master_data import usable
from stockout.replenishment.status import COVER_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)

BelowMinimum = Literal["raise", "hold"]
"""What becomes of an order below its supplier's minimum."""


def with_supplier_minimum(lines: pl.DataFrame, suppliers: pl.DataFrame | None) -> pl.DataFrame:
    """Adds min_order_value: the money below which the line's supplier takes no order.

    Args:
        lines: Column supplier_id.
        suppliers: Canonical suppliers, or None.
    """
    if suppliers is None:
        return lines.with_columns(min_order_value=pl.lit(None, pl.Float64))
    values = usable(suppliers, "suppliers", "min_order_value", pl.col("min_order_value") >= 0)
    return lines.join(values, on="supplier_id", how="left", maintain_order="left")


def meet_minimum(
    lines: pl.DataFrame,
    demand_after: Callable[[Matrix], Matrix],
    below: BelowMinimum = "raise",
) -> pl.DataFrame:
    """Raises orders that are below their supplier's minimum, or holds them.

    An order is all that goes to one supplier, for all locations, at cost. ``raise`` adds the units
    that would be needed next: each line of the supplier is ordered as if its review period were so
    many days longer, the same for all lines and the fewest that reach the minimum. Lines that need
    nothing yet get what they would need by then. Where 90 days more do not reach it, and under
    ``hold``, nothing is ordered. An order whose lines are not all priced is left as it is: whether
    it reaches the minimum is not known.

    Args:
        lines: Columns of :func:`stockout.replenishment.constraints.with_order_qty` and of its
            result; supplier_id, min_order_value, life, reorder_point.
        demand_after: Expected demand of each line in the given days after its protection period,
            (lines,) for (lines,).
        below: ``raise`` or ``hold``.

    Returns:
        ``lines`` with top_up (units added to raw_qty for the minimum; 0 without), top_up_days (how
        many days more that is), minimum (``short`` where an order is held, ``unknown`` where the
        order's value is not known, else null) and order_qty, order_value and limit as they follow.
    """
    value = pl.col("order_value").sum().over("supplier_id")
    ordered = pl.col("order_qty") > 0
    unpriced = (ordered & pl.col("unit_cost").is_null()).any().over("supplier_id")
    lines = lines.with_row_index("row").with_columns(
        top_up=pl.lit(0.0),
        top_up_days=pl.lit(0.0),
        minimum=pl.when(
            ordered.any().over("supplier_id")
            & pl.col("supplier_id").is_not_null()
            & (value < pl.col("min_order_value"))
        ).then(pl.when(unpriced).then(pl.lit("unknown")).otherwise(pl.lit("short"))),
    )
    short = lines.filter(pl.col("minimum") == "short")
    if short.is_empty():
        return lines.drop("row")
    settled = _hold(short)
    if below == "raise":
        rows = short["row"].to_numpy()

        def demand(days: Matrix) -> Matrix:
            every = np.zeros(lines.height)
            every[rows] = days
            return np.asarray(demand_after(every)[rows])

        settled = _raised(short, demand)
    held = settled.filter((pl.col("minimum") == "short") & (pl.col("raw_qty") > 0))
    logger.warning(
        "suppliers: the orders of %d were below their minimum: %d raised, %d held (%d lines)",
        short["supplier_id"].n_unique(),
        short["supplier_id"].n_unique() - held["supplier_id"].n_unique(),
        held["supplier_id"].n_unique(),
        held.height,
    )
    others = lines.filter(pl.col("minimum").is_null() | (pl.col("minimum") != "short"))
    return pl.concat([others, settled.select(others.columns)]).sort("row").drop("row")


def hold_below_minimum(lines: pl.DataFrame) -> pl.DataFrame:
    """Holds the orders that a budget has left below their supplier's minimum.

    Args:
        lines: As from :func:`meet_minimum`, within a budget.

    Returns:
        ``lines`` with order_qty and order_value 0, limit ``min_order_value`` and minimum ``short``
        where an order is held.
    """
    value = pl.col("order_value").sum().over("supplier_id")
    short = (
        (pl.col("order_qty") > 0)
        & (value < pl.col("min_order_value"))
        & pl.col("supplier_id").is_not_null()
        & (pl.col("minimum").is_null() | (pl.col("minimum") != "unknown"))
    ).fill_null(value=False)
    held = _hold(lines.with_row_index("row").filter(short))
    rest = lines.with_row_index("row").filter(~short)
    return pl.concat([rest, held.select(rest.columns)]).sort("row").drop("row")


def _hold(lines: pl.DataFrame) -> pl.DataFrame:
    needed = pl.col("order_qty") > 0
    return lines.with_columns(
        order_qty=pl.when(needed).then(0.0).otherwise("order_qty"),
        order_value=pl.when(needed).then(0.0).otherwise("order_value"),
        limit=pl.when(needed).then(pl.lit("min_order_value")).otherwise("limit"),
        minimum=pl.lit("short"),
    )


def _raised(short: pl.DataFrame, demand: Callable[[Matrix], Matrix]) -> pl.DataFrame:
    """Each supplier's order with the fewest days more that reach its minimum, by bisection."""
    owner = short["supplier_id"].rank("dense").to_numpy().astype(np.int64) - 1
    suppliers = int(owner.max()) + 1
    least = np.zeros(suppliers)
    least[owner] = short["min_order_value"].to_numpy()

    def at(days: Matrix) -> tuple[pl.DataFrame, Matrix]:
        raised = _with_days(short, days[owner], demand(days[owner]))
        worth = raised["order_value"].fill_null(0.0).to_numpy()
        total = np.bincount(owner, weights=worth, minlength=suppliers)
        return raised, np.asarray(total, dtype=np.float64)

    low, high = np.zeros(suppliers), np.full(suppliers, float(COVER_DAYS))
    possible = at(high)[1] >= least - 1e-9
    while ((high - low)[possible] > 1).any():
        middle = np.floor((low + high) / 2)
        enough = at(middle)[1] >= least - 1e-9
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    raised, _ = at(high)
    reached = pl.lit(pl.Series(possible[owner]))
    held = _hold(short)
    columns = ["order_qty", "order_value", "limit", "top_up", "top_up_days", "minimum"]
    return short.with_columns(
        pl.when(reached).then(pl.lit(raised[name])).otherwise(pl.lit(held[name])).alias(name)
        for name in columns
    )


def _with_days(lines: pl.DataFrame, days: Matrix, demand: Matrix) -> pl.DataFrame:
    """The lines as if their review periods were ``days`` longer."""
    to_come = pl.lit(pl.Series(demand))
    may_be_ordered = pl.col("raw_qty").is_not_null() & pl.col("life").is_in(["active", "new"])
    missing = (
        pl.when(pl.col("raw_qty") > 0)
        .then(pl.col("raw_qty"))
        .otherwise(pl.col("reorder_point") - pl.col("position"))
    )
    wanted = (
        pl.when(may_be_ordered & pl.col("unit_cost").is_not_null())
        .then((missing + to_come).clip(lower_bound=0))
        .otherwise("raw_qty")
    )
    wanted = pl.when("is_integer").then((wanted - 1e-9).ceil()).otherwise(wanted)
    raised = with_order_qty(
        lines.with_columns(top_up=pl.max_horizontal(wanted - pl.col("raw_qty"), 0.0))
    )
    more = pl.col("order_qty") > lines["order_qty"]
    return raised.with_columns(
        top_up_days=pl.when(pl.col("top_up") > 0).then(pl.lit(pl.Series(days))).otherwise(0.0),
        limit=pl.when(
            more & ~pl.col("limit").is_in(["max_stock", "shelf_life"]).fill_null(value=False)
        )
        .then(pl.lit("min_order_value"))
        .otherwise("limit"),
        minimum=pl.lit(None, pl.String),
    )
