"""A table on its way to be checked: its good rows, what is wrong with others, where each is.

Where :func:`stockout.exports.read.read_tables` refuses the first fault, a staged table keeps all
of them. The rows are not in memory: they are a lazy frame over a Parquet file beside the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import MissingColumnError
from stockout.exports.mapping import EXTRA
from stockout.exports.rows.complete import with_prices
from stockout.exports.rows.fault_frames import FAULT_COUNTS, FAULTS, faults_of
from stockout.exports.rows.parts import read_parts, tell_left_out
from stockout.exports.rows.plan import KEPT, ROW
from stockout.exports.rows.summing import sum_by_key
from stockout.exports.rows.table import canonical, tell_columns, unused
from stockout.exports.sources import open_files, plan_of, sources_of, tell_copies
from stockout.tables import ALL_LOCATIONS, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stockout.config import Config, Source
    from stockout.exports.profiles import Known
    from stockout.exports.rows.parts import Part
    from stockout.exports.sources import Asked

SOURCE_FILE = "source_file"
"""Column of staged rows: index of the file in :attr:`StagedTable.files` (UInt16)."""

SOURCE_ROW = "source_row"
"""Column of staged rows: index of the row among the file's rows of data, from 0 (UInt32)."""


_MEMBER = "#member"

MEMBERS = pl.Schema({SOURCE_FILE: pl.UInt16(), SOURCE_ROW: pl.UInt32(), "member": pl.UInt32()})
"""Columns of :attr:`StagedTable.members`."""


@dataclass(frozen=True)
class StagedTable:
    """One canonical table of the exports that name it.

    Attributes:
        table: Name of the canonical table.
        rows: The good rows: canonical columns, ``currency`` and ``unit``, ``source_file`` and
            ``source_row``.
        files: Names of the files, as ``source_file`` counts them.
        present: Canonical columns that some export has; the others are null in every row.
        faults: Bad cells, as :data:`FAULTS` says; their rows are not among ``rows``. At most
            ``faults_shown`` a kind, file and column.
        fault_counts: Columns kind, file, column, count: how many there are in all.
        unused: Columns of a file that nothing reads: (file, column) pairs.
        missing: Columns that the table needs and a file has not: (file, column, hint).
        encodings: How files that are not UTF-8 were read: file name to encoding.
        row_numbers: From a file's index and indexes of its rows to the numbers an editor shows.
        members: Where rows are sums of rows of the file, these: columns ``source_file``,
            ``source_row`` (of the sum) and ``member`` (index of a row that it adds up).
        cells: From a file's index and indexes of its rows to these rows as the file has them.
    """

    table: str
    rows: pl.LazyFrame
    files: tuple[str, ...]
    present: frozenset[str]
    faults: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAULTS))
    fault_counts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAULT_COUNTS))
    unused: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str, str | None], ...] = ()
    encodings: Mapping[str, str] = field(default_factory=dict)
    row_numbers: Callable[[int, pl.Series], pl.Series] = lambda _, rows: rows.cast(pl.Int64) + 1
    cells: Callable[[int, pl.Series], pl.DataFrame] | None = None
    members: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MEMBERS))


def stage_tables(
    config: Config,
    only: Collection[str] | None,
    scratch: Path,
    *,
    faults_shown: int = 1000,
    as_of: date | None = None,
) -> dict[str, StagedTable]:
    """Reads the tables that the configuration names, and keeps what is wrong with them.

    Args:
        config: Where the tables are.
        only: Names of the tables to read; None or none reads all of them.
        scratch: A folder for the rows, which must stay as long as the staged tables are used.
        faults_shown: How many faults of one kind, file and column are kept; all are counted.
        as_of: The date of a stock list that does not say its own; None is the configuration's.

    Returns:
        The staged tables by name.

    Raises:
        InputError: A file cannot be opened or is not what it should be, so that no row of it can
            be read.
        ConfigError: The configuration does not fit the exports.
    """
    staged: dict[str, StagedTable] = {}
    for name in config.tables:
        if not only or name in only:
            folder = scratch / name
            folder.mkdir()
            staged[name] = _stage(sources_of(config, name, as_of), folder, faults_shown)
    return staged


def stage_frame(frame: pl.DataFrame, table: str) -> StagedTable:
    """A staged table from a canonical frame of the Python API; its file is called as the table.

    Args:
        frame: A frame as :func:`stockout.tables.conform` gives it.
        table: Name of the canonical table.
    """
    named = [column for column in frame.columns if frame[column].null_count() < frame.height]
    return StagedTable(
        table=table,
        rows=frame.lazy().with_columns(
            *(pl.lit(None, pl.String).alias(name) for name in EXTRA if name not in frame.columns),
            pl.lit(0, pl.UInt16).alias(SOURCE_FILE),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(SOURCE_ROW),
        ),
        files=(table,),
        present=frozenset(named),
    )


def _stage(sources: Sequence[Asked], scratch: Path, faults_shown: int) -> StagedTable:
    """One staged table from all its sources."""
    table = sources[0].table
    missing: list[tuple[str, str, str | None]] = []
    encodings: dict[str, str] = {}
    read: list[tuple[Part, Known | None, Source]] = []
    kept = count()

    def keep(rows: pl.LazyFrame) -> pl.LazyFrame:
        path = scratch / f"rows-{next(kept)}.parquet"
        rows.sink_parquet(path, compression="uncompressed")
        return pl.scan_parquet(path)

    for number, asked in enumerate(sources):
        opened = scratch / f"opened-{number}"
        opened.mkdir()
        with asked.naming_the_setting():
            exports = open_files(asked, opened)
            plans = []
            for export in exports:
                encodings.update(export.encodings)
                try:
                    plans.append(plan_of(asked, export, extra=True))
                except MissingColumnError as error:
                    columns = " or ".join(error.wanted) or error.column or ""
                    missing += [(file.name, columns, error.hint) for file in export.files]
            if plans:
                tell_copies(table, [plan for plan, _ in plans])
                tell_columns(table, [plan for plan, _ in plans])
                parts = read_parts(plans, asked.source, keep, numbered=True)
                tell_left_out(parts, table)
                profiles = {id(plan): known for plan, known in plans}
                read += [(part, profiles[id(part.plan)], asked.source) for part in parts]
    faults = [
        faults_of(part, source, number, faults_shown)
        for number, (part, _, source) in enumerate(read)
    ]
    good = [
        _good_rows(part, known, number, bad.short)
        for number, ((part, known, _), bad) in enumerate(zip(read, faults, strict=True))
    ]
    parts_read = [part for part, _, _ in read]

    def row_numbers(file: int, indexes: pl.Series) -> pl.Series:
        part = parts_read[file]
        return part.plan.export.row_numbers(part.file, indexes)

    def cells(file: int, indexes: pl.Series) -> pl.DataFrame:
        part = parts_read[file]
        wanted = indexes.cast(pl.UInt32).to_frame(ROW)
        rows = part.plan.scan(part.file, numbered=True).with_columns(pl.col(ROW).cast(pl.UInt32))
        found = rows.join(wanted.unique().lazy(), on=ROW, how="semi").collect()
        return (
            wanted.join(found, on=ROW, how="left", maintain_order="left").drop(ROW).cast(pl.String)
        )

    return StagedTable(
        table=table,
        rows=pl.concat([rows for rows, _ in good]) if good else _no_rows(table),
        files=tuple(part.file.name for part in parts_read),
        present=frozenset(
            name for part in parts_read for name in part.plan.present if name not in EXTRA
        ),
        faults=pl.concat([pl.DataFrame(schema=FAULTS), *(bad.shown for bad in faults)]),
        fault_counts=pl.concat(
            [pl.DataFrame(schema=FAULT_COUNTS), *(bad.counts for bad in faults)]
        ),
        unused=tuple((part.file.name, name) for part in parts_read for name in unused(part.plan)),
        missing=tuple(missing),
        encodings=encodings,
        row_numbers=row_numbers,
        cells=cells,
        members=pl.concat([pl.DataFrame(schema=MEMBERS), *(members for _, members in good)]),
    )


def _good_rows(
    part: Part, known: Known | None, number: int, short: pl.Series
) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """The rows of a file that have no fault, and which rows of the file they add up."""
    good = pl.col(KEPT)
    if part.failed:
        good &= pl.any_horizontal(list(part.failed)).not_()
    if len(short):
        good &= pl.col(ROW).is_in(short.implode()).not_()
    table = part.plan.table
    rows = part.rows.filter(good).select(
        *canonical(part.plan, extra=True),
        pl.lit(number, pl.UInt16).alias(SOURCE_FILE),
        pl.col(ROW).cast(pl.UInt32).alias(SOURCE_ROW),
    )
    members = pl.DataFrame(schema=MEMBERS)
    if known is not None and known.table.sum_by_key:
        numbered = rows.with_columns(pl.col(SOURCE_ROW).alias(_MEMBER))
        summed = sum_by_key(numbered, table, [_MEMBER]).collect()
        members = summed.select(SOURCE_FILE, SOURCE_ROW, member=_MEMBER).explode("member")
        rows = summed.drop(_MEMBER).lazy()
    if table == "sales":
        rows = with_prices(rows)
    if "location" in SCHEMAS[table].column_names() and table not in ("locations", "events"):
        rows = rows.with_columns(pl.col("location").fill_null(ALL_LOCATIONS))
    return rows, members


def _no_rows(table: str) -> pl.LazyFrame:
    columns = {name: column.dtype for name, column in SCHEMAS[table].columns().items()}
    columns |= dict.fromkeys(EXTRA, pl.String())
    return pl.LazyFrame(schema={**columns, SOURCE_FILE: pl.UInt16, SOURCE_ROW: pl.UInt32})
