"""A table on its way to be checked: its good rows, what is wrong with the others, and where each is.

Where :func:`stockout.exports.read.read_tables` refuses the first fault, a staged table keeps all
of them. The rows are not in memory: they are a lazy frame over a Parquet file beside the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCE_FILE = "source_file"
"""Column of staged rows: index of the file in :attr:`StagedTable.files` (UInt16)."""

SOURCE_ROW = "source_row"
"""Column of staged rows: index of the row among the file's rows of data, from 0 (UInt32)."""

EXTRA = ("currency", "unit")
"""Texts that staged rows also have, null where the export does not say them."""

FAULTS = pl.Schema(
    {
        "kind": pl.String,  # unreadable, ambiguous, missing, short, repeated
        "file": pl.String,
        "row": pl.Int64,  # as an editor shows it
        "column": pl.String,  # of the export
        "source_file": pl.UInt16,
        "source_row": pl.UInt32,
        "found": pl.String,
        "expected": pl.String,
        "message": pl.String,
        "hint": pl.String,
    }
)
"""Columns of :attr:`StagedTable.faults`: one row for each cell that cannot be used."""


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
        cells: From a file's index and indexes of its rows to these rows as the file has them.
    """

    table: str
    rows: pl.LazyFrame
    files: tuple[str, ...]
    present: frozenset[str]
    faults: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAULTS))
    fault_counts: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"kind": pl.String, "file": pl.String, "column": pl.String, "count": pl.Int64}
        )
    )
    unused: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str, str | None], ...] = ()
    encodings: Mapping[str, str] = field(default_factory=dict)
    row_numbers: Callable[[int, pl.Series], pl.Series] = lambda _, rows: rows.cast(pl.Int64) + 1
    cells: Callable[[int, pl.Series], pl.DataFrame] | None = None


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
