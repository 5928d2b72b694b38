"""Places in the time-major panel: one row a period, one column an item.

Frames are aggregated first and scattered into a matrix; a calendar of every item and period is
never joined, which would cost two to three times the time and twice the memory.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import polars as pl

from stockout.demand.calendar import period_start
from stockout.demand.numbering import each_chunk, in_chunks, keys_of, run_lengths, with_units
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ITEM, one_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.periods import Freq

logger = logging.getLogger(__name__)

Matrix = TypeVar("Matrix", bound="NDArray[np.generic]")

_SPARSE = 16  # possible cells a row, beyond which a table of all is slower than to count rows
_CLOSED_LINES = 9.2  # a Poisson count with this mean is zero once in 10,000: -ln(1e-4)


class Axis(NamedTuple):
    """The rows of a panel."""

    freq: Freq
    first_period: date  # first day of row 0
    periods: int

    @classmethod
    def spanning(cls, freq: Freq, dates: pl.Series, last_period: date) -> Axis:
        """The rows from the period of the earliest of ``dates`` to ``last_period``."""
        first = dates.to_frame("d").select(period_start(freq, pl.col("d")).min()).item()
        return cls(freq, first, (last_period - first).days // DAYS_PER_PERIOD[freq] + 1)

    @property
    def dates(self) -> pl.Series:
        """First day of each period."""
        step = timedelta(days=DAYS_PER_PERIOD[self.freq])
        days = [self.first_period + step * k for k in range(self.periods)]
        return pl.Series("date", days, dtype=pl.Date)

    def row_of(self, dates: pl.Expr) -> pl.Expr:
        """Row of the period that each date lies in; negative before the first."""
        return self.short_row_of(dates).cast(pl.Int64)

    def short_row_of(self, dates: pl.Expr) -> pl.Expr:
        """As :meth:`row_of`, in 32 bits, which is half the memory of a long table."""
        days = dates.to_physical() - (self.first_period - date(1970, 1, 1)).days
        return days if self.freq == "day" else days.floordiv(DAYS_PER_PERIOD[self.freq])


def cells(frame: pl.DataFrame, items: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """Adds ``item`` and ``t``, the place in the matrix, to the rows that lie in it.

    Args:
        frame: Columns sku, location, period (any day of it) and others.
        items: Columns sku, location; row i is column i of the matrix.
        axis: The rows of the matrix.
    """
    return on_axis(frame.with_columns(item=item_numbers(frame, items)).drop_nulls("item"), axis)


def on_axis(frame: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """Adds ``t``, the row of the matrix, to the rows that lie in it.

    Args:
        frame: Column period, any day of it, and others.
        axis: The rows of the matrix.
    """
    placed = frame.with_columns(t=axis.short_row_of(pl.col("period")))
    first, last = placed.select(pl.col("t").min().alias("a"), pl.col("t").max().alias("b")).row(0)
    if first is None or (first >= 0 and last < axis.periods and not placed["t"].null_count()):
        return placed  # the usual case, in which nothing has to be copied
    return placed.filter(pl.col("t").is_between(0, axis.periods - 1))


def item_numbers(frame: pl.DataFrame, items: pl.DataFrame) -> pl.Series:
    """Row of each item of ``frame`` in ``items``, null where it is not one of them.

    Where the frame is sorted by item, each run of rows is looked up once.
    """
    length = run_lengths(frame, keys_of(frame))
    if length is None:
        return _looked_up(frame, items)
    of_run = _looked_up(frame.select(ITEM)[np.cumsum(length) - length], items)
    return of_run.gather(np.repeat(np.arange(length.size, dtype=np.uint32), length))


def _looked_up(frame: pl.DataFrame, items: pl.DataFrame) -> pl.Series:
    """As :func:`item_numbers`, row by row.

    Names are numbered first, and the pair of numbers is looked up: hashing pairs of names for each
    row takes several times as long.
    """
    names = {key: items[key].unique() for key in ITEM}
    sku, location = (_numbers(key, names[key]) for key in ITEM)
    if names[ITEM[1]].to_list() == [one_name(frame, ITEM[1])]:
        pair = sku  # the usual case: one location, so the SKU says it all
    else:
        pair = sku.cast(pl.Int64) * max(1, len(names[ITEM[1]])) + location
    index = items.select(pair=pair).with_row_index("item")
    found = frame.select(pair=pair)
    possible = len(names[ITEM[0]]) * len(names[ITEM[1]])
    if possible > max(frame.height, items.height):  # a table of all pairs would be the larger one
        return found.join(index, on="pair", how="left", maintain_order="left")["item"]
    table = pl.select(pl.repeat(None, possible, dtype=pl.UInt32)).to_series()
    return table.scatter(index["pair"], index["item"]).gather(found["pair"]).alias("item")


def _numbers(key: str, names: pl.Series) -> pl.Expr:
    """Place of each row's name among the names, null where it is not one of them."""
    if len(names) == 1:  # comparing takes a fifth of the time of looking up
        return pl.when(pl.col(key) == names.item()).then(pl.lit(0, dtype=pl.Int64))
    return pl.col(key).cast(pl.Enum(names), strict=False).to_physical()


def is_one_row_each(frame: pl.DataFrame, date: str = "date") -> bool:
    """Whether no two rows are of the same item and date.

    To count names takes a hundredth of the time of grouping by them, and most exports have one row
    for each day of an item.

    Args:
        frame: A date, and ``item`` (numbers from 0 on) or else sku and location.
        date: Name of the date's column.

    >>> is_one_row_each(pl.DataFrame({"sku": ["A"], "location": ["X"], "date": [date(2026, 1, 5)]}))
    True
    """
    if frame.height < 2:
        return True
    if "item" in frame.columns:
        item = frame["item"]
    else:
        codes = (pl.col(key).cast(pl.Categorical).to_physical().cast(pl.Int64) for key in ITEM)
        sku, location = codes
        item = frame.select(item=sku * (location.max() + 1) + location).to_series()
    placed = frame.select(item=item, day=pl.col(date).to_physical())
    first, last, most = placed.select(
        pl.col("day").min().alias("first"), pl.col("day").max().alias("last"), pl.col("item").max()
    ).row(0)
    days = last - first + 1
    possible = (most + 1) * days
    if possible > _SPARSE * frame.height:
        cell = pl.col("item").cast(pl.Int64) * days + pl.col("day")
        return int(np.unique(placed.select(cell).to_series().to_numpy()).size) == frame.height
    seen = np.zeros(possible, dtype=np.bool_)

    def mark(number: NDArray[np.int32], day: NDArray[np.int32]) -> None:
        seen[number.astype(np.int64) * days + (day - first)] = True

    each_chunk(mark, placed, "item", "day")
    return int(np.count_nonzero(seen)) == frame.height


def scatter_units(at: pl.DataFrame, items: int, axis: Axis) -> NDArray[np.float32]:
    """(periods, items) units sold, zero where nothing was.

    Args:
        at: Sold units with their place, from :func:`cells`.
        items: Number of items.
        axis: The rows of the matrix.
    """
    units = np.zeros(axis.periods * items, dtype=np.float32)

    def write(t: NDArray[np.int32], item: NDArray[np.int32], sold: NDArray[np.float64]) -> int:
        units[t.astype(np.int64) * items + item] = sold
        return int(np.count_nonzero(sold))

    lines = sum(each_chunk(write, at, "t", "item", "units"))
    if np.count_nonzero(units) < lines:  # several of one cell
        t, item, sold = (at[name].to_numpy() for name in ("t", "item", "units"))
        place = t.astype(np.int64) * items + item
        units[:] = np.bincount(place, weights=sold, minlength=units.size)
    return units.reshape(axis.periods, items)


def first_rows(items: pl.DataFrame, axis: Axis) -> NDArray[np.int64]:
    """(items,) row of the period in which each item's life begins."""
    rows = items.select(axis.row_of(pl.col("first_date")).clip(0, axis.periods - 1))
    return rows.to_series().cast(pl.Int64).to_numpy()


class Inheritance(NamedTuple):
    """What successors take over from their predecessors."""

    start: NDArray[np.int64]  # (items,) row in which the life begins, the predecessor's included
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]

    def of(self, matrix: Matrix) -> Matrix:
        """The (periods, items) matrix with the predecessor's rows before a successor's own."""
        if not self.steps:
            return matrix
        matrix = matrix.copy()
        for item, before, own in self.steps:
            inherited = np.arange(matrix.shape[0])[:, None] < own
            matrix[:, item] = np.where(inherited, matrix[:, before], matrix[:, item])
        return matrix


def inheritance(
    start: NDArray[np.int64], items: pl.DataFrame, products: pl.DataFrame | None
) -> Inheritance:
    """Finds for each successor the predecessors at the same location.

    A round goes one step back in the chain of predecessors; each item has at most one, so the
    rounds are as many as the longest chain, and a circle ends when nothing is earlier.

    Args:
        start: (items,) row in which each item's own life begins.
        items: Columns sku, location; row i is column i of the panel.
        products: Canonical products, or None.
    """
    if products is None or products["successor_of"].null_count() == products.height:
        return Inheritance(start, [])
    index = items.select(ITEM).with_row_index("item")
    pairs = (
        index.join(products.select("sku", "successor_of").drop_nulls(), on="sku")
        .join(
            index.rename({"sku": "successor_of", "item": "before"}), on=["successor_of", "location"]
        )
        .unique("item", keep="first", maintain_order=True)
    )
    item, before = pairs["item"].to_numpy(), pairs["before"].to_numpy()
    start, steps = start.copy(), []
    for _ in range(pairs.height):
        earlier = start[before] < start[item]
        if not earlier.any():
            break
        item, before = item[earlier], before[earlier]
        steps.append((item, before, start[item]))
        start[item] = start[before]
    return Inheritance(start, steps)


def open_periods(
    at: pl.DataFrame, items: pl.DataFrame, axis: Axis, start: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(periods, items) whether the item was listed, and its location open for sale.

    Closed is a location that sold nothing in a period that always sells: a closed shop or a gap in
    the export, so that the zero of an item says nothing of its demand. A period always sells when
    the median number of sales lines on its weekday is over 9.2.

    Args:
        at: Sales lines with their place, from :func:`cells`.
        items: Columns sku, location; row i is column i of the matrix.
        axis: The rows of the matrix.
        start: (items,) row in which each item's life begins.
    """
    is_open = np.arange(axis.periods, dtype=np.int32)[:, None] >= start.astype(np.int32)
    place = items["location"].rank("dense").to_numpy().astype(np.int64) - 1
    places = int(place.max()) + 1
    sale = with_units(at.select("t", "item", "units"))
    counts = np.zeros((axis.periods, places), dtype=np.int64)
    for t, item in in_chunks(sale, "t", "item"):
        lines = t if places == 1 else t.astype(np.int64) * places + place[item]
        counts += np.bincount(lines, minlength=counts.size).reshape(counts.shape)
    cycle = min(7 if axis.freq == "day" else 1, axis.periods)
    usual = np.stack([np.median(counts[k::cycle], axis=0) for k in range(cycle)])
    closed = (counts == 0) & (usual[np.arange(axis.periods) % cycle] > _CLOSED_LINES)
    if closed.any():
        logger.info(
            "sales: %d %ss in which a whole location sold nothing, though it always does, are "
            "taken as closed or missing, not as zero demand",
            int(closed.sum()),
            axis.freq,
        )
        some = np.flatnonzero(closed.any(axis=1))
        is_open[some] &= ~closed[some][:, place]
    return np.asarray(is_open)
