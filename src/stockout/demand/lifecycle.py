"""The life of an item: when it was first listed, whether it is new, active or ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.numbering import (
    distinct_dates,
    each_chunk,
    first_dates,
    in_chunks,
    last_dates,
    sums,
    up_to,
    with_units,
)
from stockout.demand.panel import item_numbers
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

NEW_DAYS = 28
"""An item listed for fewer days than this is new: too few to know its own demand."""

QUIET_DAYS = 28
QUIET_GAPS = 5
"""An item has ended when it sold nothing for 28 days and for 5 mean gaps between its sales."""

GIVEN_UP_DAYS = 182
"""An item that is out of stock, unsold and not on order for half a year was given up.

An assumption: out-of-stock days say nothing about demand, so they do not count as quiet days, but
a tail without end is a delisting that nobody recorded.
"""


def of_items(inventory: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """What the inventory says of some items.

    Args:
        inventory: Canonical inventory.
        items: Columns sku, location.

    Returns:
        Columns item (the row of ``items``), date, on_hand, in_stock, in_stock_share, and stocked:
        whether the row says that there is stock.
    """
    signs = {
        "on_hand": pl.col("on_hand") > 0,
        "in_stock": pl.col("in_stock"),
        "in_stock_share": pl.col("in_stock_share") > 0,
    }
    given = inventory.select(pl.col(name).count() for name in signs).row(0, named=True)
    stocked = [sign.fill_null(value=False) for name, sign in signs.items() if given[name]]
    rows = inventory.select(
        "date", *signs, item=item_numbers(inventory, items), stocked=_any(stocked)
    )
    return rows.drop_nulls("item") if rows["item"].null_count() else rows


def _any(flags: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(flags) if flags else pl.lit(value=False)


def first_listed(  # noqa: PLR0917 - what it is asked of, then the tables
    items: pl.DataFrame,
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    products: pl.DataFrame | None,
    as_of: date,
    *,
    rolled: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """First day of each item's life: the first sign of it, but not before the sales export begins.

    Signs are a sale, stock, a receipt, or ``active_from``.

    Args:
        items: Columns sku, location: the items of ``sales``.
        sales: Sales lines up to as-of, with ``item``, the row of ``items``.
        inventory: From :func:`of_items`, or None.
        purchases: Canonical purchases, or None.
        products: Canonical products, or None.
        as_of: Signs after it are ignored.
        rolled: Columns sku, location, date: the first day with stock by the ledger, or None.

    Returns:
        Columns sku, location, first_date, began_with_sale (a sale is the only sign as old): one row
        for each item, sorted.
    """
    bought = with_units(sales)
    any_line = first_dates(sales, items.height)
    first_sale = any_line if bought is sales else first_dates(bought, items.height)
    dated_items = items.with_columns(date=any_line)
    signs = [dated_items.filter(first_sale.is_null())]
    if inventory is not None:
        stocked = inventory.select("item", "date", "stocked").filter("stocked")
        dated_items = items.with_columns(date=first_dates(stocked, items.height))
        signs.append(dated_items.drop_nulls("date"))
    if purchases is not None:
        received = purchases.drop_nulls("received_date")
        signs.append(received.select(*ITEM, date="received_date"))
    if products is not None:
        listed = products.drop_nulls("active_from").select("sku", date="active_from")
        signs.append(items.join(listed, on="sku").select(*ITEM, "date"))
    if rolled is not None:
        signs.append(rolled.select(*ITEM, "date"))
    begin = pl.lit(any_line.min(), pl.Date)
    other = (
        pl.concat([frame.select(*ITEM, "date") for frame in signs])
        .with_columns(pl.col("date").clip(lower_bound=begin))
        .filter(pl.col("date") <= as_of)
        .group_by(ITEM)
        .agg(other=pl.col("date").min())
    )
    sale = pl.col("sale")
    return (
        items.with_columns(sale=first_sale)
        .join(other, on=ITEM, how="left", maintain_order="left")
        .with_columns(
            first_date=pl.min_horizontal("sale", "other"),
            began_with_sale=(sale < pl.col("other")).fill_null(sale.is_not_null()),
        )
        .drop("sale", "other")
        .sort(ITEM)
    )


def describe(
    items: pl.DataFrame,
    sold: pl.DataFrame,
    inventory: pl.DataFrame | None,
    products: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    *,
    as_of: date,
) -> pl.DataFrame:
    """Adds to each item what its sales, stock and master data say of it.

    Args:
        items: Columns sku, location, first_date, start, quiet_days (days since the last sale, or
            since listing, that are not known to be out of stock).
        sold: Sales lines net of returns, with ``item``, the row of ``items``.
        inventory: From :func:`of_items`, or None.
        products: Canonical products, or None.
        purchases: Canonical purchases, or None.
        as_of: The date that is judged.

    Returns:
        The same rows with first_sale, last_sale, sale_days, mean_price (revenue a unit), is_integer
        (all sales in whole units), category, active_to, supplied (stock or an open order at as-of),
        status (new, active, ended) and began_with_sale (no other sign of the item is as old).
    """
    stocked = items.select(ITEM)[_in_stock(inventory, items.height, as_of)]
    supplied = pl.concat([stocked, _on_order(purchases, as_of)]).unique()
    master = (
        pl.DataFrame(schema={"sku": pl.String, "category": pl.String, "active_to": pl.Date})
        if products is None
        else products.select("sku", "category", "active_to").unique("sku", keep="first")
    )
    return _with_status(
        items.with_columns(_of_sales(with_units(sold), items.height))
        .join(master, on="sku", how="left", maintain_order="left")
        .join(supplied.with_columns(supplied=True), on=ITEM, how="left", maintain_order="left")
        .with_columns(
            pl.col("supplied").fill_null(value=False),
        ),
        as_of,
    )


def _of_sales(sales: pl.DataFrame, items: int) -> list[pl.Series]:
    """(items,) what the sales lines say of each item."""
    whole = np.ones(items, dtype=np.bool_)

    def mark_fractions(item: NDArray[np.int32], units: NDArray[np.float64]) -> None:
        whole[item[units != np.floor(units)]] = False

    each_chunk(mark_fractions, sales, "item", "units")
    priced = sales.select("item", "units", "unit_price").drop_nulls("unit_price")
    with np.errstate(invalid="ignore"):
        price = sums(priced, items, pl.col("unit_price") * pl.col("units")) / sums(
            priced, items, pl.col("units")
        )
    return [
        first_dates(sales, items).alias("first_sale"),
        last_dates(sales, items).alias("last_sale"),
        distinct_dates(sales, items).alias("sale_days"),
        pl.Series("mean_price", price).fill_nan(None),
        pl.Series("is_integer", whole),
    ]


def _in_stock(inventory: pl.DataFrame | None, items: int, as_of: date) -> NDArray[np.int64]:
    """Numbers of the items whose last inventory row up to as-of says that there is stock."""
    if inventory is None:
        return np.zeros(0, dtype=np.int64)
    rows = up_to(inventory.select("item", "date", "stocked"), as_of)
    last = last_dates(rows, items).to_physical().fill_null(0).to_numpy()
    has = np.zeros(items, dtype=np.bool_)
    for item, day, stocked in in_chunks(rows, "item", "date", "stocked"):
        has[item[stocked & (day == last[item])]] = True
    return np.flatnonzero(has)


def _on_order(purchases: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """Items with a purchase order that is open at as-of."""
    if purchases is None:
        return pl.DataFrame(schema=dict.fromkeys(ITEM, pl.String))
    is_open = pl.col("received_date").is_null() | (pl.col("received_date") > as_of)
    return purchases.filter((pl.col("order_date") <= as_of) & is_open).select(ITEM).unique()


def _with_status(items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Ended: ``active_to`` has come, or no supply and no sale for max(28 days, 5 mean gaps).

    Out-of-stock days do not count towards the 28 days and 5 gaps, but half a year with them does.
    """
    day = pl.lit(as_of)
    gap = (pl.col("last_sale") - pl.col("first_sale")).dt.total_days() / (pl.col("sale_days") - 1)
    allowed = pl.max_horizontal(
        pl.lit(float(QUIET_DAYS)), QUIET_GAPS * pl.when(pl.col("sale_days") > 1).then(gap)
    )
    silent = (day - pl.coalesce("last_sale", "first_date")).dt.total_days()
    given_up = silent > pl.max_horizontal(pl.lit(float(GIVEN_UP_DAYS)), allowed)
    quiet = (pl.col("quiet_days") > allowed) | given_up
    ended = (pl.col("active_to") <= day).fill_null(value=False) | (quiet & ~pl.col("supplied"))
    listed_days = (day - pl.col("first_date")).dt.total_days() + 1
    return items.with_columns(
        status=pl.when(ended)
        .then(pl.lit("ended"))
        .when(listed_days < NEW_DAYS)
        .then(pl.lit("new"))
        .otherwise(pl.lit("active"))
    )
