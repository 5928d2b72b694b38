"""Open customer orders: what of demand is already certain, and what of it cannot be served.

An order that is due is owed: it is taken off the position (:mod:`stockout.replenishment.position`).
One that is due later is part of the demand that the forecast expects, as far as customers usually
order so far ahead. What the books hold beyond that comes on top:

- Where the orders tell what was open at the end of at least eight past weeks, the mean of that, for
  items and times ahead, is what is usually booked. Beyond it is what is booked up to a day less
  what is usually booked up to it.
- Where they do not (an export of open orders alone), orders consume the forecast, the usual rule of
  planning systems: beyond it is what is booked up to a day less what is forecast up to it.

What is beyond is certain, so it has no spread, and who ordered it waits for it: it is taken off the
position, and off the stock on the day when it is due, before anybody else is served. Less booked
than usual changes nothing: orders may still come.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)

FEWEST_WEEKS = 8
"""Past weeks of orders that tell what is usually booked; fewer are left to chance."""

_MOST_WEEKS = 26


def open_orders(orders: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """Customer orders that were placed and not shipped up to as-of.

    An order without a due date is due when it was placed.

    Args:
        orders: Canonical orders, or None.
        as_of: The date that is judged.

    Returns:
        Columns order_id, line, customer_id, sku, location, units, due_date, priority; sorted by
        due_date, priority (1 before 2, none last), order_id and line.
    """
    columns = ["order_id", "line", "customer_id", *ITEM, "units", "due_date", "priority"]
    if orders is None:
        text = dict.fromkeys(columns, pl.String)
        numbers = {"units": pl.Float64, "due_date": pl.Date, "priority": pl.Float64}
        return pl.DataFrame(schema={**text, **numbers})
    day = pl.lit(as_of)
    placed = (pl.col("order_date") <= day).fill_null(value=True)
    unshipped = pl.col("shipped_date").is_null() | (pl.col("shipped_date") > day)
    return (
        orders.filter(placed & unshipped & (pl.col("units") > 0))
        .with_columns(due_date=pl.coalesce("due_date", "order_date", day))
        .select(columns)
        .sort("due_date", "priority", "order_id", "line", nulls_last=True, maintain_order=True)
    )


def booked_beyond(model: DemandModel, orders: pl.DataFrame | None) -> Matrix:
    """(horizon, items) units due in each period to customers that the forecast has no room for.

    Args:
        model: Demand after as-of, as it is forecast.
        orders: Canonical orders, or None.
    """
    history = model.history
    horizon = model.mean.shape[0]
    nothing = np.zeros(model.mean.shape)
    if orders is None:
        return nothing
    ahead = open_orders(orders, history.as_of).filter(pl.col("due_date") > history.as_of)
    booked = _cumulative(ahead.with_columns(from_day=pl.lit(history.as_of)), history, horizon)
    if not booked.any():
        return nothing
    usual = _usually_booked(orders, history, horizon)
    expected = np.cumsum(model.mean, axis=0) if usual is None else usual
    beyond = np.maximum.accumulate((booked - expected).clip(0), axis=0)
    beyond = np.where(model.is_integer, np.round(beyond), beyond)
    logger.info(
        "orders: %s units are booked for the %s %ss after as-of; %s of them are beyond what %s",
        f"{booked[-1].sum():,.0f}",
        horizon,
        history.freq,
        f"{beyond[-1].sum():,.1f}",
        "is forecast (orders of fewer than eight weeks: what is usually booked is not known)"
        if usual is None
        else "is usually booked so far ahead",
    )
    return np.asarray(np.diff(beyond, axis=0, prepend=0.0))


def order_shortages(open_: pl.DataFrame, stock: pl.DataFrame, coming: pl.DataFrame) -> pl.DataFrame:
    """What of each open order cannot be served by its date, the first due served first.

    Stock and what arrives up to an order's date go to the orders of the item by due date, then
    priority; customers without an order come after them.

    Args:
        open_: As from :func:`open_orders`, with days (after as-of until due).
        stock: Columns sku, location, free (units that can be sold now).
        coming: Columns sku, location, units, days: open purchases.

    Returns:
        The rows of ``open_`` of items whose stock is known, with short_units.
    """
    supply = pl.concat(
        [
            stock.drop_nulls("free").select(*ITEM, units="free", days=pl.lit(0.0)),
            coming.select(*ITEM, "units", pl.col("days").cast(pl.Float64)),
        ]
    ).join(stock.drop_nulls("free").select(ITEM), on=ITEM, how="semi")
    reached = (
        supply.sort("days")
        .with_columns(supply=pl.col("units").cum_sum().over(ITEM))
        .select(*ITEM, "days", "supply")
    )
    claimed = open_.with_row_index("row").with_columns(
        pl.col("days").cast(pl.Float64),
        before=pl.col("units").cum_sum().over(ITEM) - pl.col("units"),
    )
    served = (pl.col("supply") - pl.col("before")).clip(0, pl.col("units"))
    return (
        claimed.sort("days")
        .join_asof(reached, on="days", by=ITEM, strategy="backward", check_sortedness=False)
        .drop_nulls("supply")
        .with_columns(short_units=pl.col("units") - served)
        .sort("row")
        .drop("row", "before", "supply")
    )


def _cumulative(rows: pl.DataFrame, history: History, horizon: int) -> Matrix:
    """(horizon, items) units due up to each period after the day that each row looks from."""
    length = DAYS_PER_PERIOD[history.freq]
    lead = (history.future_dates(1)[0] - history.as_of).days - 1  # of a week that is not over
    days = (pl.col("due_date") - pl.col("from_day")).dt.total_days()
    placed = (
        rows.join(history.items.select(ITEM).with_row_index("item"), on=ITEM)
        .with_columns(period=((days - 1 - lead).clip(0) // length))
        .filter(pl.col("period") < horizon)
        .group_by("period", "item")
        .agg(pl.col("units").sum())
    )
    due = np.zeros((horizon, history.items.height))
    due[placed["period"].to_numpy(), placed["item"].to_numpy()] = placed["units"].to_numpy()
    return np.asarray(np.cumsum(due, axis=0))


def _usually_booked(orders: pl.DataFrame, history: History, horizon: int) -> Matrix | None:
    """(horizon, items) mean of what was booked so far ahead at the ends of past weeks."""
    dated = orders.drop_nulls(["order_date", "due_date"]).filter(pl.col("units") > 0)
    first = dated.filter(pl.col("shipped_date").is_not_null())["order_date"].min()
    if not isinstance(first, date):
        return None
    weeks = min(_MOST_WEEKS, (history.as_of - first).days // 7 - 1)
    if weeks < FEWEST_WEEKS:
        return None
    ends = pl.DataFrame(
        {"from_day": [history.as_of - timedelta(days=7 * (k + 1)) for k in range(weeks)]}
    )
    was_open = (
        (pl.col("order_date") <= pl.col("from_day"))
        & (pl.col("due_date") > pl.col("from_day"))
        & (pl.col("shipped_date").is_null() | (pl.col("shipped_date") > pl.col("from_day")))
    )
    past = dated.filter(pl.col("due_date") > ends["from_day"].min()).join(ends, how="cross")
    return _cumulative(past.filter(was_open), history, horizon) / weeks
