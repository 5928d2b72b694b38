"""What is on hand at as-of, as far as it is known.

The last count of an item, rolled forward by what happened since. What is not known stays null: no
count is never taken for no stock.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.demand.flows import stock_flows
from stockout.demand.numbering import numbered
from stockout.tables import ITEM
from stockout.wording import number_of

if TYPE_CHECKING:
    from datetime import date

logger = logging.getLogger(__name__)

FRESH_DAYS = 7
"""A count up to a week old is usual; the reason of a line names the date of an older one."""


def stock_on_hand(
    inventory: pl.DataFrame,
    sales: pl.DataFrame,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """Stock of each item that the inventory speaks of up to as-of.

    The last row with ``on_hand`` counts; several rows of a day (batches, bins) are added up. Where
    it is older than as-of, the movements since are added; where and while there are none, the sales
    since are taken off and the receipts since added (:mod:`stockout.demand.flows`). Rows without
    ``on_hand`` after it count so:

    - wholly out of stock, at most a week before as-of: 0 on hand;
    - in stock again after a count of 0, or wholly out longer ago: not known;
    - otherwise they change nothing.

    A stock that sales have taken below 0 since the count is not known either: a receipt is missing.

    Args:
        inventory: Canonical inventory.
        sales: Canonical sales.
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
        as_of: Later rows are ignored.

    Returns:
        Columns sku, location, on_hand (units at as-of, null if not known), reserved, blocked,
        on_order (of the counted row, 0 if not given), counted (units), counted_on (date),
        moved (units since), unknown (why on_hand is null, else null), by_flag (0 by the flag).
    """
    rows = inventory.filter(pl.col("date") <= as_of)
    counted = _last_count(rows)
    stock = (
        numbered(rows.select(ITEM))
        .items.join(counted, on=ITEM, how="left", maintain_order="left")
        .join(_last_flag(rows), on=ITEM, how="left", maintain_order="left")
        .join(
            _moved_since(counted, sales, purchases, movements, as_of),
            on=ITEM,
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("moved", "reserved", "blocked", "on_order").fill_null(0.0))
    )
    return _settle(stock, as_of)


def _last_count(rows: pl.DataFrame) -> pl.DataFrame:
    given = rows.drop_nulls("on_hand")
    return (
        given.filter(pl.col("date") == pl.col("date").max().over(ITEM))
        .group_by(ITEM)
        .agg(
            counted=pl.col("on_hand").sum(),
            counted_on=pl.col("date").first(),
            reserved=pl.col("reserved").sum(),
            blocked=pl.col("blocked").sum(),
            on_order=pl.col("on_order").sum(),
        )
    )


def _last_flag(rows: pl.DataFrame) -> pl.DataFrame:
    """The last row that says only whether there was stock: columns flag_on, flag (share, 0-1)."""
    flags = rows.select(
        *ITEM,
        "on_hand",
        flag_on="date",
        flag=pl.coalesce(pl.col("in_stock").cast(pl.Float64), "in_stock_share"),
    ).filter(pl.col("on_hand").is_null() & pl.col("flag").is_not_null())
    return (
        flags.filter(pl.col("flag_on") == pl.col("flag_on").max().over(ITEM))
        .group_by(ITEM)
        .agg(pl.col("flag_on").first(), pl.col("flag").max())
    )


def _moved_since(
    counted: pl.DataFrame,
    sales: pl.DataFrame,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """Units that came in less those that went out after each count, up to as-of."""
    older = counted.filter(pl.col("counted_on") < as_of).select(*ITEM, "counted_on")
    if older.is_empty():
        return older.select(*ITEM, moved=pl.lit(0.0))
    moved = (
        stock_flows(sales, purchases, movements, as_of)
        .changes.join(older, on=ITEM)
        .filter(pl.col("date") > pl.col("counted_on"))
        .group_by(ITEM)
        .agg(moved=pl.col("units").sum(), last=pl.col("date").max())
    )
    logger.info(
        "inventory: %s items were last counted before as-of %s, the earliest on %s; the stock of "
        "%s of them is the count and what came and went since, up to %s",
        f"{older.height:,}",
        as_of,
        older["counted_on"].min(),
        f"{moved.height:,}",
        moved["last"].max() or as_of,
    )
    return moved.drop("last")


def _settle(stock: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rolled = pl.col("counted") + pl.col("moved")
    later_flag = (pl.col("flag_on") > pl.col("counted_on")).fill_null(value=True)
    says_out = later_flag & (pl.col("flag") == 0).fill_null(value=False)
    says_in = later_flag & (pl.col("flag") > 0).fill_null(value=False)
    # a weekly row is dated by its Monday, so up to 6 days more lie between it and as-of
    fresh = (pl.lit(as_of) - pl.col("flag_on")).dt.total_days() <= FRESH_DAYS
    by_flag = says_out & fresh
    unknown = (
        pl.when(by_flag)
        .then(None)
        .when(says_out)
        .then(pl.format("out of stock on {}, and nothing is said of it since", "flag_on"))
        .when(pl.col("counted").is_null())
        .then(pl.lit("inventory says whether there was stock, but not how much"))
        .when(says_in & (rolled <= 0))
        .then(pl.format("in stock again on {}, but how much is not said", "flag_on"))
        .when((rolled < 0) & (pl.col("moved") < 0) & (pl.col("counted") >= 0))
        .then(
            pl.format("more went out than was counted on {}, so receipts are missing", "counted_on")
        )
    )
    stock = stock.with_columns(unknown=unknown, by_flag=by_flag)
    stock = stock.with_columns(
        on_hand=pl.when("by_flag")
        .then(0.0)
        .when(pl.col("unknown").is_null())
        .then(pl.col("counted") + pl.col("moved")),
        moved=pl.when("by_flag").then(0.0).otherwise("moved"),
    )
    negative = stock.filter(pl.col("on_hand") < 0)
    if negative.height:
        logger.warning(
            "inventory: %s less than 0 on hand (first: %s at %s has %g)",
            number_of(negative.height, "item has", "items have"),
            *negative.select(*ITEM, "on_hand").row(0),
        )
    return stock.select(
        *ITEM,
        "on_hand",
        "reserved",
        "blocked",
        "on_order",
        "counted",
        "counted_on",
        "moved",
        "unknown",
        "by_flag",
        "flag_on",
    )
