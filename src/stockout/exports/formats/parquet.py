"""Parquet exports: typed columns, and those that a hive-partitioned folder adds."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stockout.exports.formats.files import ExportFile


class ParquetExport:
    """Parquet files of one schema."""

    is_text = False
    serial_dates = False
    header_row = None
    repeated: frozenset[str] = frozenset()
    titles: Sequence[str] = ()
    encodings: Mapping[str, str] = {}

    def __init__(self, files: Sequence[ExportFile], columns: Mapping[str, pl.DataType]) -> None:
        """Takes files that all have these columns."""
        self.files = files
        self._partition = [key for key, _ in files[0].partition]
        # Partition values are text: read as numbers, location 007 would become 7.
        self.schema = {**columns, **dict.fromkeys(self._partition, pl.String())}
        self.header = list(self.schema)
        self.width = len(columns)

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:
        """The rows of all files, or of one of them."""
        files = self.files if file is None else [file]
        paths = [item.path for item in files]
        if not self._partition:
            return pl.scan_parquet(paths, glob=False, hive_partitioning=False)
        # Polars looks for keys in the whole path, also above the folder that was named.
        keys = {key for path in paths for key in _keys(path)}
        return pl.scan_parquet(
            paths,
            glob=False,
            hive_partitioning=True,
            hive_schema=dict.fromkeys(sorted(keys), pl.String),
        ).select(self.header)

    def row_number(self, file: ExportFile, index: int) -> int:  # noqa: ARG002
        """Rows of a Parquet file are counted from 1: it has no header row."""
        return index + 1

    def row_numbers(self, file: ExportFile, indexes: pl.Series) -> pl.Series:  # noqa: ARG002
        """The rows' numbers, from 1."""
        return (indexes.cast(pl.Int64) + 1).rename("row")

    def explain(self, error: BaseException, file: ExportFile) -> InputError:
        """Why a file cannot be read."""
        return _unreadable(file, error)

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:  # noqa: ARG002
        """None: each column of a Parquet file has as many values as the others."""
        return iter(())


def open_parquet(files: Sequence[ExportFile]) -> list[ParquetExport]:
    """Groups Parquet files by their schema.

    Raises:
        InputError: A file is not Parquet, or damaged.
    """
    schemas = [(file, _schema(file)) for file in files]
    return [
        ParquetExport([file for file, _ in group], dict(columns))
        for (columns, _), group in groupby(
            schemas,
            key=lambda item: (tuple(item[1].items()), [key for key, _ in item[0].partition]),
        )
    ]


def _schema(file: ExportFile) -> dict[str, pl.DataType]:
    try:
        if file.path.stat().st_size == 0:
            raise InputError("the file is empty", file=file.name)
        schema = pl.read_parquet_schema(file.path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(file, error) from None
    keys = {key for key, _ in file.partition}
    return {name: dtype for name, dtype in schema.items() if name not in keys}


def _keys(path: Path) -> list[str]:
    return [part.partition("=")[0] for part in path.parts[:-1] if "=" in part]


def _unreadable(file: ExportFile, error: BaseException) -> InputError:
    if isinstance(error, PermissionError):
        return InputError("no permission to read the file", file=file.name)
    reason = first_line(error).removeprefix("parquet: ")
    return InputError(
        f"not a Parquet file, or a damaged one ({reason})",
        file=file.name,
        hint='if it is text, say format = "csv"',
    )
