"""When an item was meant to be sold: an empty shelf counts as a stockout only then.

A period is active within the item's own life, while its location is open for sale, and while there
is a sign that the item is still wanted: stock, an open purchase order, or a sale not too long ago.
What was delisted, or ran out long ago and was never ordered again, is not out of stock; it is gone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.lifecycle import QUIET_DAYS, QUIET_GAPS
from stockout.demand.panel import Axis
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]

OPEN_ORDER_DAYS = 365
"""A purchase order older than a year that nobody closed was forgotten in the books.

The same limit as that of a lead time (:mod:`stockout.replenishment.lead_times`).
"""


def axis_of(history: History) -> Axis:
    """The rows of a history's matrices."""
    return Axis(history.freq, history.first_period, history.periods)


def own_first_rows(history: History) -> Rows:
    """(items,) row in which each item's own life begins, what it inherited left out."""
    rows = history.items.select(axis_of(history).row_of(pl.col("first_date")))
    return rows.to_series().clip(0, history.periods - 1).cast(pl.Int64).to_numpy()


def active_periods(history: History, on_order: Flags) -> Flags:
    """(periods, items) whether the item was meant to be sold in the period.

    Active is a period of the item's own life in which the location was open and there was stock, an
    open purchase order, or a sale at most 28 days or five mean gaps between sales ago, whichever is
    longer. The life of an item that has ended (see :class:`History`) ends with its last sale or its
    last day with stock, that of a product with ``active_to`` on that day.

    Args:
        history: Demand history.
        on_order: As from :func:`open_orders`.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(60)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [1.0] * 10 + [0.0] * 50})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "on_hand": [9.0] * 10 + [0.0] * 50})
    >>> history = demand_history(sales, stock)
    >>> int(active_periods(history, np.zeros((60, 1), dtype=bool)).sum())  # 10, and 28 without sale
    38
    """
    rows = np.arange(history.periods, dtype=np.int32)[:, None]
    start = own_first_rows(history)
    last_sale = np.maximum.accumulate(np.where(history.units > 0, rows, 0), axis=0)
    silent = (rows - np.maximum(last_sale, start)) * DAYS_PER_PERIOD[history.freq]
    wanted = silent <= _patience_days(history.items)
    wanted |= history.share > 0
    wanted |= on_order
    within = (rows >= start) & (rows <= _last_rows(history))
    return np.asarray(wanted & within & history.open)


def open_orders(history: History, purchases: pl.DataFrame | None) -> Flags:
    """(periods, items) whether a purchase order for the item was open at some time of the period.

    A line is open from its order date to its receipt, for a year at most. A line that has all its
    units but no date of receipt is not open.

    Args:
        history: Demand history.
        purchases: Canonical purchases, or None.
    """
    axis = axis_of(history)
    steps = np.zeros((axis.periods + 1, history.items.height), dtype=np.int32)
    if purchases is None or purchases.is_empty():
        return steps[:-1] > 0
    as_of = pl.lit(history.as_of)
    received = pl.col("received_units").fill_null(0.0) >= pl.col("ordered_units")
    undated = pl.col("received_date").is_null() & received
    closed = pl.min_horizontal(
        pl.coalesce("received_date", as_of),
        as_of,
        pl.col("order_date") + timedelta(OPEN_ORDER_DAYS),
    )
    lines = (
        purchases.filter((pl.col("order_date") <= as_of) & ~undated)
        .join(history.items.select(ITEM).with_row_index("item"), on=ITEM)
        .select(
            "item",
            first=axis.row_of(pl.col("order_date")).clip(0),
            stop=axis.row_of(closed).clip(-1, axis.periods - 1) + 1,
        )
        .filter(pl.col("first") < pl.col("stop"))
    )
    item = lines["item"].to_numpy()
    np.add.at(steps, (lines["first"].to_numpy(), item), 1)
    np.add.at(steps, (lines["stop"].to_numpy(), item), -1)
    return np.asarray(np.cumsum(steps, axis=0)[:-1] > 0)


def is_on_order(history: History, purchases: pl.DataFrame | None) -> Flags:
    """(items,) whether a purchase order for the item is open at as-of."""
    none = np.zeros(history.items.height, dtype=np.bool_)
    if purchases is None:
        return none
    as_of = history.as_of
    is_open = (pl.col("received_date").is_null() | (pl.col("received_date") > as_of)) & (
        pl.col("received_units").fill_null(0.0) < pl.col("ordered_units")
    )
    recent = pl.col("order_date").is_between(_year_before(as_of), as_of)
    ordered = purchases.filter(recent & is_open).select(ITEM).unique()
    ordered = history.items.select(ITEM).join(
        ordered.with_columns(on_order=True), on=ITEM, how="left", maintain_order="left"
    )
    return ordered["on_order"].fill_null(value=False).to_numpy()


def _year_before(as_of: date) -> date:
    return as_of - timedelta(OPEN_ORDER_DAYS)


def _patience_days(items: pl.DataFrame) -> NDArray[np.float64]:
    """(items,) days without a sale after which an item without stock is no longer active."""
    gap = (pl.col("last_sale") - pl.col("first_sale")).dt.total_days() / (pl.col("sale_days") - 1)
    days = items.select(
        pl.max_horizontal(
            pl.lit(float(QUIET_DAYS)), QUIET_GAPS * pl.when(pl.col("sale_days") > 1).then(gap)
        )
    )
    return days.to_series().to_numpy()


def _last_rows(history: History) -> Rows:
    """(items,) last row that can be active."""
    last = history.periods - 1
    sign = (history.units > 0) | (history.share > 0)
    last_sign = last - np.argmax(sign[::-1], axis=0)
    last_sign = np.where(sign.any(axis=0), last_sign, own_first_rows(history) - 1)
    ended = (history.items["status"] == "ended").to_numpy()
    delisted = history.items.select(axis_of(history).row_of(pl.col("active_to")).fill_null(last))
    return np.asarray(np.minimum(np.where(ended, last_sign, last), delisted.to_series().to_numpy()))
