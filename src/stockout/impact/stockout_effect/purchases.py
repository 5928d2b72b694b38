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
_PART = 2_000_000  # lines that are coded at a time; of their texts no more is copied


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
    counted = (pl.col("date") <= as_of) & (pl.col("units") > 0)
    told = lines.lazy().filter(counted)
    listed = pl.concat([_each(told.select(ITEM)), _each(availability.lazy().select(ITEM))])
    items = listed.unique().sort(ITEM)
    customers = _each(told.select("customer_id").drop_nulls()).sort("customer_id")
    dates = pl.concat([_each(told.select("date")), _each(availability.lazy().select("date"))])
    first = dates["date"].sort()[0]
    days, number, people = (as_of - first).days + 1, items.height, max(customers.height, 1)
    sold, flagged = np.zeros((2, days * number))
    line_keys, order_keys, by_order = [], [], lines["order_id"].null_count() < lines.height
    for part in lines.iter_slices(_PART):
        rows = part.filter(counted)
        day = (rows["date"].to_physical() - (first - _EPOCH).days).to_numpy().astype(np.int64)
        item = _places(rows, items)
        sold += np.bincount(day * number + item, rows["units"].to_numpy(), sold.size)
        on_promo = rows["on_promo"].fill_null(value=False).to_numpy()
        flagged += np.bincount((day * number + item)[on_promo], minlength=sold.size)
        named = rows["customer_id"].is_not_null().to_numpy()
        who = rows.filter(named).select("customer_id", "order_id")
        key = day[named] * people + _places(who, customers)
        line_keys.append(key * number + item[named])
        if by_order:
            order_keys.append(who.select("order_id", key=pl.Series(key)).unique())
    line = distinct(np.concatenate(line_keys))
    owner = line // number
    order = distinct(owner.copy())
    if by_order:
        order = pl.concat(order_keys).unique()["key"].sort().to_numpy()
    return Purchases(
        first=first,
        days=days,
        customers=customers["customer_id"],
        items=items,
        line_day=(owner // people).astype(np.int32),
        line_customer=(owner % people).astype(np.int32),
        line_item=(line % number).astype(np.int32),
        order_day=(order // people).astype(np.int32),
        order_customer=(order % people).astype(np.int32),
        sold=sold.reshape(days, number),
        promoted=(flagged > 0).astype(float).reshape(days, number) if flagged.any() else None,
    )


def _each(rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.unique().collect(engine="streaming")


def _places(rows: pl.DataFrame, names: pl.DataFrame) -> NDArray[np.uint32]:
    """(rows,) place of each row among names."""
    numbered = names.with_row_index("#place")
    keys = rows.select(names.columns)
    found = keys.join(numbered, on=names.columns, how="left", maintain_order="left")
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
