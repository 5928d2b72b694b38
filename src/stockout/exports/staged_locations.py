"""Brings staged tables to one level of locations, as :mod:`stockout.exports.locations` does.

Checks that look at several tables then see what forecasts and reorder lists see.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.locations import LOCATED, where_to
from stockout.exports.staging import MEMBERS, SOURCE_FILE, SOURCE_ROW
from stockout.tables import ALL_LOCATIONS, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockout.exports.staging import StagedTable

_KEY = ["date", "sku", "unit"]  # rows of different units stay apart, for the check of units
_OTHERS = ("in_stock", "in_stock_share", "location")  # columns that no sum is of
_ROWS = 2**32  # more than any file has: a row's file and index as one number
_POSITION = pl.col(SOURCE_FILE).cast(pl.UInt64) * _ROWS + pl.col(SOURCE_ROW)


def staged_at_one_level(
    staged: Mapping[str, StagedTable], scratch: Path, *, by_location: bool | None = None
) -> dict[str, StagedTable]:
    """The staged tables with locations that meet.

    Where the sales name no location, or locations are not to be kept apart, all rows go to ``ALL``,
    and stock of one day is added up, but for days on which not every location was counted. Where
    the sales name a single location, tables that name none are of that location.

    Args:
        staged: The staged tables by name.
        scratch: A folder for the rows that are added up, which stays as long as they are used.
        by_location: Whether locations are kept apart; None lets the sales decide.

    Returns:
        The same tables. A sum stands where the first of its rows stood; ``members`` has those of
        the same file.
    """
    places = {name: _places(staged[name]) for name in LOCATED if name in staged}
    moved = {}
    for name, place in where_to(places, by_location=by_location).items():
        if name == "inventory" and place == ALL_LOCATIONS:
            moved[name] = _added_up(staged[name], scratch, len(places[name]))
        else:
            moved[name] = _at(staged[name], place)
    return {**staged, **moved}


def _places(table: StagedTable) -> set[str]:
    rows = table.rows.select(pl.col("location").unique())
    return {*rows.collect(engine="streaming")["location"]}


def _at(table: StagedTable, place: str) -> StagedTable:
    return replace(table, rows=table.rows.with_columns(location=pl.lit(place)))


def _added_up(table: StagedTable, scratch: Path, places: int) -> StagedTable:
    """Stock with one row for each day and SKU, of the days on which every location was counted."""
    columns = SCHEMAS["inventory"].columns()
    sums = [name for name, column in columns.items() if column.dtype == pl.Float64]
    sums.remove("in_stock_share")
    whole = table.rows.group_by("date").agg(pl.col("location").n_unique() == places)
    rows = table.rows.join(whole.filter("location").select("date"), on="date", how="semi")
    names = table.rows.collect_schema().names()
    added = rows.group_by(_KEY).agg(
        *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in sums),
        pl.when(pl.col("in_stock").count() > 0).then(pl.col("in_stock").any()),
        pl.col("in_stock_share").max(),
        _POSITION.min().alias("#first"),
        _POSITION.alias("#rows"),
        *(
            pl.col(name).first()
            for name in names
            if name not in {*_KEY, *sums, SOURCE_FILE, SOURCE_ROW, *_OTHERS}
        ),
    )
    path = scratch / "inventory-at-one-level.parquet"
    added.sort("#first").sink_parquet(path)
    kept = pl.scan_parquet(path)
    return replace(
        table,
        rows=kept.drop("#rows")
        .with_columns(*_place("#first"), location=pl.lit(ALL_LOCATIONS))
        .select(names),
        members=_members(kept.select("#first", "#rows"), table.members),
    )


def _place(position: str, file: str = SOURCE_FILE, row: str = SOURCE_ROW) -> list[pl.Expr]:
    """The file and the index of a row."""
    number = pl.col(position)
    return [
        (number // _ROWS).cast(pl.UInt16).alias(file),
        (number % _ROWS).cast(pl.UInt32).alias(row),
    ]


def _members(sums: pl.LazyFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The rows of the file that sums add up, some of which are sums themselves."""
    return (
        sums.explode("#rows")
        .select(*_place("#first"), *_place("#rows", "file", "row"))
        .filter(pl.col(SOURCE_FILE) == pl.col("file"))
        .join(
            before.lazy().rename({SOURCE_FILE: "file", SOURCE_ROW: "row"}),
            on=["file", "row"],
            how="left",
        )
        .select(SOURCE_FILE, SOURCE_ROW, pl.coalesce("member", "row").alias("member"))
        .sort(MEMBERS.names())
        .collect()
    )
