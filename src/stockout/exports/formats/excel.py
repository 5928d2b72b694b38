"""Excel workbooks: one sheet of each, its columns typed by the cells below the header.

A workbook knows which of its cells are numbers, dates, texts or errors; a column whose cells are
all of one kind is read as that kind, and only a mixed one as text. Rows have the numbers that the
spreadsheet shows.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import ConfigError, InputError
from stockout.exports.formats.workbook_process import Wanted, list_sheets, read_sheets
from stockout.exports.mapping import aliases_of
from stockout.exports.names import plain_name
from stockout.exports.values.expressions import first_line
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from stockout.config import Source
    from stockout.exports.formats.files import ExportFile
    from stockout.exports.formats.headers import HeaderPlace


class ExcelExport:
    """One sheet of a workbook, its rows in a Parquet file beside the run."""

    is_text = False
    serial_dates = True
    encodings: Mapping[str, str] = {}

    def __init__(self, file: ExportFile, place: HeaderPlace, rows: Path, numbers: Path) -> None:
        """Takes the rows of a sheet.

        Args:
            file: The workbook.
            place: Where its header stands.
            rows: Parquet file of the rows below it that hold something.
            numbers: Parquet file of their numbers in the sheet.
        """
        self.files = [file]
        self.header_row: int | None = place.row + 1
        self.titles = place.titles
        self._partition = dict(file.partition)
        self._rows = rows
        self._numbers = numbers
        self.width = len(place.names)
        self.header = [*place.names, *self._partition]
        counts = Counter(name for name in self.header if name)
        self.repeated = frozenset(name for name, count in counts.items() if count > 1)
        self.schema: dict[str, pl.DataType] = {
            **pl.read_parquet_schema(rows),
            **dict.fromkeys(self._partition, pl.String()),
        }

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:  # noqa: ARG002
        """The rows of the sheet, without blank ones."""
        rows = pl.scan_parquet(self._rows, glob=False, hive_partitioning=False)
        return rows.with_columns(pl.lit(value).alias(key) for key, value in self._partition.items())

    def row_number(self, file: ExportFile, index: int) -> int:
        """The row's number in the sheet."""
        return int(self.row_numbers(file, pl.Series([index]))[0])

    def row_numbers(self, file: ExportFile, indexes: pl.Series) -> pl.Series:  # noqa: ARG002
        """The rows' numbers in the sheet."""
        return pl.read_parquet(self._numbers)["row"].gather(indexes)

    def explain(self, error: BaseException, file: ExportFile) -> InputError:
        """Why the rows cannot be read."""
        return InputError(f"cannot be read ({first_line(error)})", file=file.name)

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:  # noqa: ARG002
        """None: in a sheet every row has every cell."""
        return iter(())


def open_excel(
    files: Sequence[ExportFile], source: Source, scratch: Path, known: Collection[str] = ()
) -> list[ExcelExport]:
    """Reads one sheet of each workbook.

    Args:
        files: The workbooks: .xlsx, .xlsm, .xlsb, .xls or .ods.
        source: What the configuration tells about them.
        scratch: A folder for their rows.
        known: Names of columns, in the form of :func:`stockout.exports.names.plain_name`.

    Raises:
        InputError: A file is no workbook, damaged or protected; or the sheet or the header is not
            certain.
        ConfigError: The package that reads workbooks is not installed.
    """
    _require_engine(files[0].name)
    first = len(list(scratch.iterdir()))
    wanted = [
        Wanted(
            path=file.path,
            shown=file.name,
            sheet=source.sheet,
            header_row=source.header_row,
            known=frozenset(known),
            texts=_text_names(source),
            rows=scratch / f"sheet-{number}.parquet",
            numbers=scratch / f"sheet-{number}-rows.parquet",
        )
        for number, file in enumerate(files, start=first)
    ]
    return [
        ExcelExport(file, sheet.place, one.rows, one.numbers)
        for file, one, sheet in zip(files, wanted, read_sheets(wanted, scratch), strict=True)
    ]


def sheet_names(path: Path) -> list[str]:
    """The sheets of a workbook that are shown and hold something.

    Raises:
        InputError: The file is no workbook, damaged or protected.
        ConfigError: The package that reads workbooks is not installed.
    """
    _require_engine(str(path))
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        return list_sheets(path, Path(scratch))


def _require_engine(shown: str) -> None:
    if find_spec("fastexcel") is None:
        raise ConfigError(
            f"{shown}: reading Excel workbooks needs the package fastexcel",
            hint="pip install 'stockout[excel]'",
        )


def _text_names(source: Source) -> frozenset[str]:
    """Names of columns that hold text: a number in one is a code, not an amount."""
    told = {
        plain_name(name)
        for column, name in source.columns.items()
        if isinstance(name, str) and column in _text_columns()
    }
    return _usual_text_names() | told


@cache
def _text_columns() -> frozenset[str]:
    """The canonical columns that hold text, in whatever table."""
    return frozenset(
        column
        for schema in SCHEMAS.values()
        for column, spec in schema.columns().items()
        if spec.dtype == pl.String
    )


@cache
def _usual_text_names() -> frozenset[str]:
    return frozenset(
        name
        for table in SCHEMAS
        for column, aliases in aliases_of(table).items()
        if column in _text_columns()
        for name in (plain_name(column), *aliases.names, *aliases.otherwise)
    )
