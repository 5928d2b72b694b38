"""Counts and changes of stock as matrices of days and items, some items at a time.

The frames have rows only where something happened; a matrix of all items and days would take as
much memory as the panel seven times over where its periods are weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly
from stockout.demand.roll import Changes
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.flows import StockFlows
    from stockout.demand.roll import Flags, Matrix

_BLOCK_CELLS = 2_000_000  # days times items rolled at a time; bounds memory, changes no result


class Block(NamedTuple):
    """Some items on all days."""

    at: slice  # their places among the items of the grid
    counted: Matrix  # (days, items) counted stock, nan without a count
    changes: Changes
    sold: Flags  # (days, items) something was sold; all days of a week where sales are weekly
    arrived: Flags  # (days, items) something came in


class Grid:
    """Counts and changes of the items to roll, sorted by item so that a block is a slice."""

    def __init__(
        self,
        items: pl.DataFrame,
        counts: pl.DataFrame,
        flows: StockFlows,
        sold: pl.DataFrame,
        *,
        start: date,
        as_of: date,
    ) -> None:
        """Places the rows of the items.

        Args:
            items: Columns sku, location; the columns of the matrices.
            counts: Columns sku, location, date, on_hand.
            flows: What came in and went out.
            sold: Columns sku, location, date, units: sales.
            start: Day of the first row.
            as_of: Day of the last row.
        """
        self.start = start
        self.days = (as_of - start).days + 1
        self.count = items.height
        self.weekly = is_weekly(sold["date"])
        self._places = items.select(ITEM).with_row_index("place")
        monday = pl.col("date").dt.truncate("1w")
        changes = flows.changes
        self._exact = not changes["by_week"].any()
        if not self._exact:
            of_week = pl.when("by_week")
            changes = changes.with_columns(
                date=of_week.then(monday).otherwise("date"),
                late=of_week.then(monday.dt.offset_by("6d")).otherwise("date"),
            )
        self._counts = self._placed(counts.select(*ITEM, "date", "on_hand"))
        self._changes = self._placed(changes)
        sales = sold.filter(pl.col("units") > 0).select(*ITEM, "date")
        if self.weekly:
            sales = (
                sales.select(*ITEM, date=pl.date_ranges(monday, monday.dt.offset_by("6d")))
                .explode("date")
                .unique()
            )
        self._sold = self._placed(sales)
        self._spans = flows.spans(items.select(ITEM)).select(
            (pl.col(name) - pl.lit(start)).dt.total_days()
            for name in ("moved_from", "moved_to", "booked_from", "booked_to")
        )

    def _placed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows on the grid with place (item) and t (day), sorted by place."""
        return (
            frame.lazy()
            .join(self._places.lazy(), on=ITEM)
            .with_columns(t=self._row("date").cast(pl.Int32))
            .filter(pl.col("t").is_between(0, self.days - 1))
            .drop(*ITEM, "date")
            .sort("place")
            .collect()
        )

    def _row(self, name: str) -> pl.Expr:
        return (pl.col(name) - pl.lit(self.start)).dt.total_days()

    def blocks(self) -> Iterator[Block]:
        """All items, some at a time."""
        size = max(1, _BLOCK_CELLS // self.days)
        for first in range(0, self.count, size):
            at = slice(first, min(first + size, self.count))
            yield self._block(at)

    def _block(self, at: slice) -> Block:
        shape = (self.days, at.stop - at.start)
        counted = np.full(shape, np.nan)
        counts = _rows(self._counts, at)
        counted[_cells(counts, at)] = counts["on_hand"].to_numpy()
        sold = np.zeros(shape, dtype=np.bool_)
        sold[_cells(_rows(self._sold, at), at)] = True
        changes = _rows(self._changes, at)
        arrived = np.zeros(shape, dtype=np.bool_)
        arrived[_cells(changes.filter("arrived"), at)] = True
        unserved = np.zeros_like(sold) if self.weekly else sold & ~arrived
        least, most = self._totals(changes, at, shape)
        return Block(at, counted, Changes(least, most, self._known(at), unserved), sold, arrived)

    def _totals(
        self, changes: pl.DataFrame, at: slice, shape: tuple[int, int]
    ) -> tuple[Matrix, Matrix]:
        """Changes up to each day, a week's outgoing ones on its first day; and on its last."""
        units = changes["units"].to_numpy()
        early = _cells(changes, at)
        if self._exact:
            total = _cumulated(units, early, shape)
            return total, total
        late_day = changes.select(self._row("late").clip(0, self.days - 1)).to_series().to_numpy()
        late = (late_day, early[1])
        out = units < 0
        first = (np.where(out, early[0], late_day), early[1])
        last = (np.where(out, late[0], early[0]), early[1])
        return _cumulated(units, first, shape), _cumulated(units, last, shape)

    def _known(self, at: slice) -> Flags:
        t = np.arange(self.days)[:, None]
        spans = self._spans[at].cast(pl.Float64).fill_null(np.nan).to_numpy().T
        moved_from, moved_to, booked_from, booked_to = spans
        return np.asarray(
            ((t >= moved_from) & (t <= moved_to)) | ((t >= booked_from) & (t <= booked_to))
        )


def _rows(frame: pl.DataFrame, at: slice) -> pl.DataFrame:
    place = frame["place"]
    first = place.search_sorted(at.start, side="left")
    return frame[first : place.search_sorted(at.stop, side="left")]


def _cells(frame: pl.DataFrame, at: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    place = frame["place"].to_numpy().astype(np.int64)
    return frame["t"].to_numpy().astype(np.int64), place - at.start


def _cumulated(
    units: NDArray[np.float64],
    cells: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, int],
) -> Matrix:
    change = np.bincount(
        cells[0] * shape[1] + cells[1], weights=units, minlength=shape[0] * shape[1]
    )
    return np.asarray(np.cumsum(change.reshape(shape), axis=0))
