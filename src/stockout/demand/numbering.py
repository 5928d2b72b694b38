"""Items as numbers: their names are looked up once, then sums by item are sums over arrays.

Grouping millions of rows by their names takes several times as long as all that is asked of them.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import polars as pl

from stockout.runs import runs
from stockout.tables import ITEM, one_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

Result = TypeVar("Result")


_ROWS = 2**18  # looked at together: what they need for a moment fits the processor's memory

_PIECE = 2**13  # rows of a piece on average, below which pieces are put together

_RUN = 4  # rows of one item after another, on average, from which on looking for them pays


def up_to(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The rows up to a day; the frame itself where all are, as copies of millions of rows cost.

    >>> frame = pl.DataFrame({"date": [date(2026, 1, 5), date(2026, 1, 6)]})
    >>> up_to(frame, date(2026, 1, 5)).height, up_to(frame, date(2026, 1, 6)) is frame
    (1, True)
    """
    newest = frame["date"].max()
    if isinstance(newest, date) and newest <= day and not frame["date"].null_count():
        return frame
    return frame.filter(pl.col("date") <= day)


def with_units(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with positive units; the frame itself where all are.

    >>> with_units(pl.DataFrame({"units": [0.0, 2.0]}))["units"].to_list()
    [2.0]
    """
    units = pl.col("units")
    if rows.select((units > 0).all() & units.is_not_null().all()).item():
        return rows
    return rows.filter(units > 0)


def in_chunks(frame: pl.DataFrame, *columns: str) -> Iterator[list[NDArray[Any]]]:
    """Arrays of some columns, some rows at a time; dates are days since 1970.

    Columns that were read in the same pieces are not put together, which would take their memory
    again.

    >>> [item.tolist() for (item,) in in_chunks(pl.DataFrame({"item": [3, 5]}), "item")]
    [[3, 5]]
    """
    series = [frame[name].to_physical() for name in columns]
    cuts = {tuple(column.chunk_lengths()) for column in series}
    if len(cuts) > 1 or len(cuts.pop()) * _PIECE > frame.height:
        series = [column.rechunk() for column in series]
    for pieces in zip(*(column.get_chunks() for column in series), strict=True):
        arrays = [piece.to_numpy() for piece in pieces]
        for first in range(0, arrays[0].size, _ROWS):
            yield [array[first : first + _ROWS] for array in arrays]


def each_chunk(work: Callable[..., Result], frame: pl.DataFrame, *columns: str) -> list[Result]:
    """What ``work`` gives for each of the chunks of :func:`in_chunks`, done on all cores.

    Args:
        work: Gets the arrays of a chunk; where it writes to a place that others write to, they
            write the same, or it does not matter who is last.
        frame: With the columns.
        columns: Their names.

    >>> each_chunk(lambda item: int(item.sum()), pl.DataFrame({"item": [3, 5]}), "item")
    [8]
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda chunk: work(*chunk), in_chunks(frame, *columns)))


class Numbered(NamedTuple):
    """The items of a frame."""

    items: pl.DataFrame  # sku, location: each item once, sorted
    rows: pl.DataFrame  # the frame with ``item``, the row of ``items``, in 32 bits


def numbered(frame: pl.DataFrame) -> Numbered:
    """Numbers the items of a frame.

    Exports are often sorted by item: then the names are looked up once for each run of rows.

    Args:
        frame: Columns sku and location, without nulls, and others.

    >>> found = numbered(pl.DataFrame({"sku": ["B", "A", "B"], "location": ["X", "X", "X"]}))
    >>> found.items["sku"].to_list(), found.rows["item"].to_list()
    (['A', 'B'], [1, 0, 1])
    """
    names = frame.select(ITEM)
    keys = keys_of(frame)
    length = run_lengths(names, keys)
    if length is None:
        items, number = _numbers(names, keys)
    else:
        items, of_run = _numbers(names[np.cumsum(length) - length], keys)
        number = np.repeat(of_run, length)
    return Numbered(items, frame.with_columns(item=_cut_as(names[ITEM[0]], pl.Series(number))))


def _cut_as(read: pl.Series, column: pl.Series) -> pl.Series:
    """A column in the pieces that another one was read in: Polars copies both where they differ."""
    lengths = read.chunk_lengths()
    firsts = np.cumsum([0, *lengths[:-1]]).tolist()
    pieces = [column.slice(first, rows) for first, rows in zip(firsts, lengths, strict=True)]
    return pl.concat(pieces, rechunk=False)


def keys_of(frame: pl.DataFrame) -> list[str]:
    """The columns that tell the items of a frame apart: the SKU, if all are at one location."""
    return ITEM[:1] if one_name(frame, ITEM[1]) is not None else ITEM


def run_lengths(frame: pl.DataFrame, keys: Sequence[str]) -> NDArray[np.int64] | None:
    """Rows in each run of one item; None where the frame is not sorted by item.

    Args:
        frame: Columns sku, location and others.
        keys: From :func:`keys_of`.
    """
    ends = []
    for key in keys:
        found = runs(frame[key])
        if found is None:
            return None
        ends.append(np.cumsum(found["len"].to_numpy(), dtype=np.int64))
    every = np.unique(np.concatenate(ends))
    return np.asarray(every - np.append(0, every)[:-1])


def _numbers(names: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, NDArray[np.int32]]:
    """The items, sorted, and the number of each row's; ``keys`` tell the items apart."""
    pair, pairs = _codes(names[keys[0]])
    for key in keys[1:]:
        code, codes = _codes(names[key])
        pair, pairs = pair * codes + code, pairs * codes
    if pairs > names.height:  # most pairs do not occur: their table would be larger than the frame
        values, pair = np.unique(pair, return_inverse=True)
        pairs = values.size
    one_row = np.full(pairs, -1, dtype=np.int64)
    one_row[pair] = np.arange(pair.size)
    occurs = np.flatnonzero(one_row >= 0)
    items = names[one_row[occurs]].with_columns(pair=occurs).sort(ITEM)
    number = np.zeros(pairs, dtype=np.int32)
    number[items["pair"].to_numpy()] = np.arange(items.height)
    return items.drop("pair"), number[pair]


def _codes(names: pl.Series) -> tuple[NDArray[np.int64], int]:
    """A number for each name, without gaps, and how many there are."""
    if names.is_empty():
        return np.zeros(0, dtype=np.int64), 1
    codes = names.cast(pl.Categorical).to_physical().to_numpy()
    occurs = np.bincount(codes) > 0
    if occurs.all():
        return codes.astype(np.int64), occurs.size
    return (np.cumsum(occurs) - 1)[codes], int(occurs.sum())


def first_dates(rows: pl.DataFrame, items: int, name: str = "date") -> pl.Series:
    """(items,) earliest date of each item, null without a row.

    Args:
        rows: Columns item and a date.
        items: Number of items.
        name: Of the date.

    >>> from datetime import date
    >>> first_dates(pl.DataFrame({"item": [1], "date": [date(2026, 1, 5)]}), 2).to_list()
    [None, datetime.date(2026, 1, 5)]
    """
    return _extreme_dates(rows, items, name, np.minimum, np.iinfo(np.int32).max)


def last_dates(rows: pl.DataFrame, items: int, name: str = "date") -> pl.Series:
    """(items,) latest date of each item, null without a row; as :func:`first_dates`."""
    return _extreme_dates(rows, items, name, np.maximum, np.iinfo(np.int32).min)


def _extreme_dates(
    rows: pl.DataFrame, items: int, name: str, better: np.ufunc, worst: int
) -> pl.Series:
    found = np.full(items, worst, dtype=np.int32)
    for item, day in in_chunks(rows, "item", name):
        heads = np.append(0, np.flatnonzero(item[1:] != item[:-1]) + 1)
        if heads.size * _RUN > item.size:
            better.at(found, item, day)
        else:  # sorted by item: the best of each run first
            better.at(found, item[heads], better.reduceat(day, heads))
    return pl.Series(name, found).replace(worst, None).cast(pl.Date)


def distinct_dates(rows: pl.DataFrame, items: int) -> pl.Series:
    """(items,) number of dates of each item.

    Args:
        rows: Columns item and date.
        items: Number of items.

    >>> from datetime import date
    >>> days = [date(2026, 1, 5), date(2026, 1, 5), date(2026, 1, 7)]
    >>> distinct_dates(pl.DataFrame({"item": [1, 1, 1], "date": days}), 2).to_list()
    [0, 2]
    """
    if rows.is_empty():
        return pl.Series("date", np.zeros(items, dtype=np.int64))
    first, last = rows.select(
        pl.col("date").min().alias("first").to_physical(),
        pl.col("date").max().alias("last").to_physical(),
    ).row(0)
    days = last - first + 1
    seen = np.zeros(items * days, dtype=np.bool_)

    def mark(item: NDArray[np.int32], day: NDArray[np.int32]) -> None:
        seen[item.astype(np.int64) * days + (day - first)] = True

    each_chunk(mark, rows, "item", "date")
    return pl.Series("date", np.count_nonzero(seen.reshape(items, days), axis=1))


def sums(rows: pl.DataFrame, items: int, of: pl.Expr) -> NDArray[np.float64]:
    """(items,) sum of an expression over the rows of each item.

    Args:
        rows: Column item and others.
        items: Number of items.
        of: Without nulls.

    >>> sums(pl.DataFrame({"item": [1, 1], "units": [2.0, 3.0]}), 2, pl.col("units")).tolist()
    [0.0, 5.0]
    """
    values = rows.select(of.cast(pl.Float64)).to_series().to_numpy()
    return np.bincount(rows["item"].to_numpy(), weights=values, minlength=items).astype(np.float64)
