"""Days that items were out of stock: what thwarts a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly
from stockout.impact.stockout_effect.purchases import running
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]


class OutDays(NamedTuple):
    """Running sums of days, rows as from :func:`~.purchases.running`."""

    out: Matrix  # (days + 1, items) days out of stock so far, a part of a day by its share
    known: Matrix  # (days + 1, items) days so far of which it is known
    part: Matrix  # (days + 1, items) of ``out`` what belongs to days that were out for a part

    @property
    def daily(self) -> Matrix:
        """(days, items) share of each day out of stock."""
        return np.diff(self.out, axis=0)


def active_availability(history: History, active: NDArray[np.bool_]) -> pl.DataFrame:
    """Availability while items were meant to be sold: who was delisted is not out of stock.

    Args:
        history: Demand history.
        active: (periods, items) as from :func:`stockout.impact.active_life.active_periods`.

    Returns:
        Columns sku, location, date, in_stock_share (null is unknown), one row an active period.
    """
    t, item = np.nonzero(active)
    return history.items.select(ITEM)[item].with_columns(
        date=history.dates[t],
        in_stock_share=pl.Series(history.share[t, item].astype(np.float64)).fill_nan(None),
    )


def out_days(availability: pl.DataFrame, items: pl.DataFrame, first: date, days: int) -> OutDays:
    """Scatters availability; what is unknown counts as neither in stock nor out.

    Args:
        availability: Columns sku, location, date, in_stock_share (0-1, null is unknown). Rows 7
            days apart speak for their whole week.
        items: Columns sku, location: the columns of the result.
        first: Day 0.
        days: Number of days.
    """
    rows = availability.drop_nulls("in_stock_share")
    weekly = is_weekly(availability["date"])
    placed = rows.join(items.with_row_index("item"), on=ITEM).select(
        "item",
        day=(pl.col("date") - pl.lit(first)).dt.total_days(),
        out=1 - pl.col("in_stock_share"),
    )
    out, known = np.zeros((2, days, items.height))
    item, day = placed["item"].to_numpy(), placed["day"].to_numpy()
    share = placed["out"].to_numpy()
    for step in range(7 if weekly else 1):
        there = (day + step >= 0) & (day + step < days)
        at = day[there] + step, item[there]
        out[at], known[at] = share[there], 1.0
    part = np.where(out < 1, out, 0.0)
    return OutDays(running(out), running(known), running(part))
