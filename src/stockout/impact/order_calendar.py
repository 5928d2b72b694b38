"""On which days orders can be placed, when nothing was ordered on one, and when orders arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.panel import item_numbers
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.active_life import axis_of
from stockout.replenishment.order_days import order_weekdays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_NEVER = np.iinfo(np.int64).max // 4


class OrderCalendar:
    """On which days orders can be placed, when they were missed, and when orders arrived.

    Args:
        history: Demand history.
        items: Row i for item i: sku, location, supplier_id, review_days.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        suppliers: Canonical suppliers, or None.
    """

    def __init__(
        self,
        history: History,
        items: pl.DataFrame,
        lines: pl.DataFrame,
        suppliers: pl.DataFrame | None,
    ) -> None:
        axis, count = axis_of(history), items.height
        self._periods = axis.periods
        rows = lines.with_columns(
            item=item_numbers(lines, items), t=axis.row_of(pl.col("order_date"))
        )
        self._set_orders(rows.drop_nulls("item"), axis.row_of(pl.col("last_received")))
        days = order_weekdays(items, suppliers) if history.freq == "day" else None
        self.has_days: Flags = np.zeros(count, dtype=np.bool_)
        self._last_day = self._last_missed = np.full((axis.periods, 1), -1, dtype=np.int64)
        self._place = np.zeros(count, dtype=np.int64)
        if days is None:
            return
        weekly = (items["review_days"] <= DAYS_PER_PERIOD["week"]).fill_null(value=True).to_numpy()
        self.has_days = days.any(axis=1) & weekly
        self._set_days(history, items, days, rows)

    def _set_orders(self, rows: pl.DataFrame, arrived: pl.Expr) -> None:
        rows = rows.with_columns(
            arrived=pl.when(~pl.col("is_open")).then(arrived).fill_null(_NEVER)
        ).sort("item", "t", "arrived")
        width = self._periods * 4
        self._width = width
        self._key = rows["item"].cast(pl.Int64).to_numpy() * width + rows["t"].to_numpy().clip(
            -width // 4, width // 2
        )
        self._item = rows["item"].cast(pl.Int64).to_numpy()
        self._arrived = rows["arrived"].to_numpy()

    def _set_days(
        self, history: History, items: pl.DataFrame, days: Flags, rows: pl.DataFrame
    ) -> None:
        """Order days of each supplier and location, and those on which nothing was ordered."""
        key = ["supplier_id", "location"]
        places = items.select(key).unique(maintain_order=True).with_row_index("place")
        self._place = (
            items.select(key)
            .join(places, on=key, how="left", nulls_equal=True, maintain_order="left")["place"]
            .to_numpy()
            .astype(np.int64)
        )
        of_place = np.zeros((places.height, 7), dtype=np.bool_)
        of_place[self._place] = days
        weekday = (np.arange(self._periods) + history.first_period.weekday()) % 7
        takes = of_place[:, weekday].T
        used = np.zeros_like(takes)
        placed = rows.join(places, on=key).filter(pl.col("t").is_between(0, self._periods - 1))
        used[placed["t"].to_numpy(), placed["place"].to_numpy()] = True
        row = np.arange(self._periods, dtype=np.int64)[:, None]
        known = used.any(axis=0) & (row >= np.argmax(used, axis=0))  # from the first order on
        self._last_day = np.maximum.accumulate(np.where(takes, row, -1), axis=0)
        missed = takes & ~used & known
        self._last_missed = np.maximum.accumulate(np.where(missed, row, -1), axis=0)

    def last_day(self, t: Rows, item: Rows) -> Rows:
        """The last order day up to each row, -1 where there was none."""
        return self._looked_up(self._last_day, t, item)

    def last_missed(self, t: Rows, item: Rows) -> Rows:
        """The last order day up to each row on which the supplier got no order at all, or -1."""
        return self._looked_up(self._last_missed, t, item)

    def _looked_up(self, table: Rows, t: Rows, item: Rows) -> Rows:
        found = table[np.maximum(t, 0), self._place[item]]
        return np.where((t >= 0) & self.has_days[item], found, -1)

    def next_arrival(self, t: Rows, item: Rows) -> Rows:
        """Row in which the first order placed after each row arrived; a far one where none did."""
        if not self._key.size:
            return np.full(t.size, _NEVER)
        at = np.searchsorted(self._key, item * self._width + t, side="right")
        inside = np.minimum(at, self._key.size - 1)
        own = (at < self._key.size) & (self._item[inside] == item)
        return np.where(own, self._arrived[inside], _NEVER)
