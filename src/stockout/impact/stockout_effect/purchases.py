"""Who bought what and when: sales lines of known customers, coded for arrays.

Codes are narrow and lie by day: a window of days is a slice of them, however many lines there are.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Matrix = NDArray[np.float64]
    Narrow = NDArray[np.int32]


_EPOCH = date(1970, 1, 1)


class Purchases(NamedTuple):
    """Lines and orders of customers who are known by name; day 0 is ``first``."""

    first: date
    days: int  # up to and with as-of
    customers: pl.Series  # (customers,) customer_id
    items: pl.DataFrame  # sku, location
    line_day: Narrow  # (lines,) sorted by day, customer and item, each of them once
    line_customer: Narrow
    line_item: Narrow
    order_day: Narrow  # (orders,) sorted by day and customer
    order_customer: Narrow
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
    columns = "date", *ITEM, "units", "customer_id", "order_id", "on_promo"
    lines = lines.select(columns).filter((pl.col("date") <= as_of) & (pl.col("units") > 0))
    items = pl.concat([each.select(ITEM).unique() for each in (lines, availability)])
    items = items.unique().sort(ITEM)
    first = pl.concat([each["date"].unique() for each in (lines, availability)]).sort()[0]
    days = (as_of - first).days + 1
    shape = days, items.height
    day = (lines["date"].to_physical() - (first - _EPOCH).days).to_numpy()
    item = _places(lines.select(ITEM), items)
    at = day * np.int64(items.height) + item
    sold = np.bincount(at, lines["units"].to_numpy(), days * items.height).astype(np.float64)
    promoted = None
    if lines["on_promo"].any():
        flag = lines["on_promo"].fill_null(value=False).to_numpy()
        promoted = (np.bincount(at, flag, sold.size) > 0).astype(float).reshape(shape)
    del at
    named = lines["customer_id"].is_not_null()
    who = lines.filter(named).select("customer_id", "order_id")
    there = slice(None) if named.all() else named.to_numpy()
    customers = who["customer_id"].unique().sort()
    customer = _places(who.select("customer_id"), customers.to_frame())
    order = day[there] * np.int64(customers.len()) + customer
    line = distinct(order * items.height + item[there])
    if who["order_id"].null_count() < who.height:
        order = who.select("order_id", order=pl.Series(order)).unique()["order"].sort().to_numpy()
    else:
        order = distinct(line // items.height)
    owner = line // items.height
    return Purchases(
        first=first,
        days=days,
        customers=customers,
        items=items,
        line_day=(owner // customers.len()).astype(np.int32),
        line_customer=(owner % customers.len()).astype(np.int32),
        line_item=(line % items.height).astype(np.int32),
        order_day=(order // customers.len()).astype(np.int32),
        order_customer=(order % customers.len()).astype(np.int32),
        sold=sold.reshape(shape),
        promoted=promoted,
    )


def _places(rows: pl.DataFrame, names: pl.DataFrame) -> NDArray[np.uint32]:
    """(rows,) place of each row among names."""
    numbered = names.with_row_index("#place")
    found = rows.join(numbered, on=names.columns, how="left", maintain_order="left")
    return np.asarray(found["#place"].to_numpy(), dtype=np.uint32)


def distinct(values: Codes) -> Codes:
    """Sorted, each value once; sorts in place."""
    values.sort()
    new = np.ones(values.size, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]


def within(days: Narrow, start: int, stop: int) -> slice:
    """The rows of sorted days from start to before stop.

    >>> within(np.array([0, 1, 1, 4], dtype=np.int32), 1, 4)
    slice(1, 3, None)
    """
    first, last = np.searchsorted(days, np.array([start, stop], dtype=days.dtype))
    return slice(int(first), int(last))


def running(matrix: Matrix) -> Matrix:
    """(days + 1, items) sums over the days before each, so that a window is a difference.

    >>> running(np.ones((2, 1))).ravel()
    array([0., 1., 2.])
    """
    total = np.zeros((len(matrix) + 1, matrix.shape[1]))
    np.cumsum(matrix, axis=0, out=total[1:])
    return total
