"""Who bought what and when: sales lines of known customers, coded for arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Matrix = NDArray[np.float64]


class Purchases(NamedTuple):
    """Lines and orders of customers who are known by name; day 0 is ``first``."""

    first: date
    days: int  # up to and with as-of
    customers: pl.Series  # (customers,) customer_id
    items: pl.DataFrame  # sku, location
    line_customer: Codes  # (lines,) sorted by customer and day, one a customer, day and item
    line_day: Codes
    line_item: Codes
    order_customer: Codes  # (orders,) sorted by customer and day
    order_day: Codes
    sold: Matrix  # (days, items) units sold to everybody, returns left out
    promoted: Matrix | None  # (days, items) 1 where a line said it was on promotion


def purchases(lines: pl.DataFrame, availability: pl.DataFrame, as_of: date) -> Purchases:
    """Codes the sales lines.

    Args:
        lines: Canonical sales. Lines without a customer count as demand of the item only, returns
            not at all. An order is what shares an ``order_id`` on a day, or the day where there
            is none.
        availability: Columns sku, location; these items get a place too.
        as_of: Later lines are ignored.
    """
    lines = lines.filter((pl.col("date") <= as_of) & (pl.col("units") > 0))
    items = pl.concat([lines.select(ITEM), availability.select(ITEM)]).unique().sort(ITEM)
    first = pl.concat([lines["date"], availability["date"]]).sort()[0]
    coded = lines.join(items.with_row_index("item"), on=ITEM, how="left").with_columns(
        day=(pl.col("date") - pl.lit(first)).dt.total_days()
    )
    known = coded.filter(pl.col("customer_id").is_not_null())
    customers = known["customer_id"].unique().sort()
    known = known.join(
        pl.DataFrame({"customer_id": customers}).with_row_index("customer"), on="customer_id"
    )
    bought = known.select("customer", "day", "item").unique().sort("customer", "day", "item")
    orders = (
        known.select("customer", "day", "order_id").unique().sort("customer", "day", "order_id")
    )
    days = (as_of - first).days + 1
    shape = (days, items.height)
    at = coded["day"].to_numpy() * items.height + coded["item"].to_numpy()
    promoted = None
    if coded["on_promo"].any():
        flag = coded["on_promo"].fill_null(value=False).to_numpy()
        promoted = (np.bincount(at, flag, days * items.height) > 0).astype(float).reshape(shape)
    return Purchases(
        first=first,
        days=days,
        customers=customers,
        items=items,
        line_customer=_codes(bought["customer"]),
        line_day=_codes(bought["day"]),
        line_item=_codes(bought["item"]),
        order_customer=_codes(orders["customer"]),
        order_day=_codes(orders["day"]),
        sold=np.asarray(
            np.bincount(at, coded["units"].to_numpy(), days * items.height), np.float64
        ).reshape(shape),
        promoted=promoted,
    )


def _codes(column: pl.Series) -> Codes:
    return column.cast(pl.Int64).to_numpy()


def running(matrix: Matrix) -> Matrix:
    """(days + 1, items) sums over the days before each, so that a window is a difference.

    >>> running(np.ones((2, 1))).ravel()
    array([0., 1., 2.])
    """
    total = np.zeros((len(matrix) + 1, matrix.shape[1]))
    np.cumsum(matrix, axis=0, out=total[1:])
    return total
