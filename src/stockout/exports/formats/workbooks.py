"""Reads sheets of workbooks: which sheet, where its header stands, and its rows typed.

Only ``workbook_process`` runs this, in a process of its own: the engine takes the sizes that a
damaged workbook states at their word, and ends the process where there is not so much memory.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl

from stockout.errors import InputError
from stockout.exports.formats.headers import (
    ROWS_TO_LOOK_AT,
    HeaderPlace,
    count_known,
    find_header,
    header_at,
    unique_names,
)
from stockout.exports.formats.sheet_cells import typed_columns
from stockout.exports.formats.workbook_process import Sheet
from stockout.exports.names import plain_name
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from stockout.exports.formats.workbook_process import Wanted

logger = logging.getLogger(__name__)

_ZIP, _OLE = b"PK\3\4", b"\xd0\xcf\x11\xe0"  # what workbooks start with: since 2007, and before
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream that a protected workbook of Excel 2007 or later consists of."""

_NAMES_OF_A_TABLE = 2  # known names that tell a sheet of rows from one of notes


def read_sheet(wanted: Wanted) -> Sheet:
    """Reads one sheet and writes its rows.

    Raises:
        InputError: The file is no workbook, damaged or protected; or the sheet or the header is not
            certain.
    """
    reader = _reader(wanted.path, wanted.shown)
    name, first_rows = _choose(reader, wanted)
    place = _place(wanted, name, first_rows)
    names = place.names
    columns, numbers = typed_columns(
        lambda *, dtypes: _load(
            reader, name, wanted.shown, skip_rows=place.row + 1, n_rows=None, dtypes=dtypes
        ),
        first_row=place.row + 2,
        is_text=lambda index: index < len(names) and plain_name(names[index]) in wanted.texts,
        shown=lambda index: names[index] if index < len(names) else "",
        file=wanted.shown,
    )
    # Columns at the end without a name or a value are leftovers of formats.
    named = [index + 1 for index, column in enumerate(names) if column]
    filled = [index + 1 for index, column in enumerate(columns) if column.count()]
    width = max([*named, *filled])
    names = tuple(names[index] if index < len(names) else "" for index in range(width))
    empty = pl.Series([], dtype=pl.String).extend_constant(None, len(numbers))
    columns = [*columns, *[empty] * (width - len(columns))][:width]
    pl.DataFrame(dict(zip(unique_names(names), columns, strict=True))).write_parquet(wanted.rows)
    numbers.rename("row").to_frame().write_parquet(wanted.numbers)
    return Sheet(name, place._replace(names=names))


def list_sheets(path: Path, shown: str) -> list[str]:
    """The sheets of a workbook that are shown and hold something.

    Raises:
        InputError: The file is no workbook, damaged or protected.
    """
    return [name for name, rows in _visible_sheets(_reader(path, shown), shown) if rows]


def _reader(path: Path, shown: str) -> Any:  # noqa: ANN401 - the engine ships no types
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
        if not start:
            raise InputError("the file is empty", file=shown)
        if start.startswith(_OLE) and _PROTECTED in path.read_bytes():
            raise _protected(shown)
        # Some systems give a file of one kind the suffix of the other.
        fits = start.startswith(_OLE if path.suffix.lower() == ".xls" else _ZIP)
        return fastexcel.read_excel(path if fits else path.read_bytes())
    except PermissionError:
        raise InputError("no permission to read the file", file=shown) from None
    except (OSError, fastexcel.FastExcelError) as error:
        raise _unreadable(error, shown) from None


def _unreadable(error: Exception, shown: str) -> InputError:
    reason = first_line(error).removeprefix("calamine error: ")
    if "password" in reason.lower():
        return _protected(shown)
    return damaged(reason, shown)


def damaged(reason: str, shown: str) -> InputError:
    """The error for a file that the engine cannot read."""
    return InputError(
        f"not an Excel workbook, or a damaged one ({reason})",
        file=shown,
        hint='export it again; if it is text, say format = "csv"',
    )


def _protected(shown: str) -> InputError:
    return InputError(
        "the workbook is protected by a password",
        file=shown,
        hint="save it without one, or export it as CSV",
    )


def _load(
    reader: Any,  # noqa: ANN401
    sheet: str,
    shown: str,
    *,
    skip_rows: int = 0,
    n_rows: int | None = ROWS_TO_LOOK_AT,
    dtypes: str = "string",
) -> Any:  # noqa: ANN401
    """A sheet, or its first rows, from the first row that the spreadsheet shows."""
    try:
        return reader.load_sheet(
            sheet, header_row=None, skip_rows=skip_rows, n_rows=n_rows, dtypes=dtypes
        )
    except fastexcel.FastExcelError as error:
        raise _unreadable(error, shown) from None


def _first_rows(sheet: Any) -> list[list[str]]:  # noqa: ANN401
    if not sheet.height:
        return []
    rows = [[(cell or "").strip() for cell in row] for row in sheet.to_polars().iter_rows()]
    return rows if any(any(row) for row in rows) else []


def _visible_sheets(reader: Any, shown: str) -> Iterator[tuple[str, list[list[str]]]]:  # noqa: ANN401
    """The sheets that are shown, with their first rows; none where all of these are blank."""
    for name in reader.sheet_names:
        sheet = _load(reader, name, shown)
        if sheet.visible == "visible":
            yield name, _first_rows(sheet)


def _choose(reader: Any, wanted: Wanted) -> tuple[str, list[list[str]]]:  # noqa: ANN401
    """The sheet that is told; else the only one with something in it, or with known names."""
    if wanted.sheet is not None:
        name = _told_sheet(reader.sheet_names, wanted.sheet, wanted.shown)
        return name, _first_rows(_load(reader, name, wanted.shown))
    filled = [(name, rows) for name, rows in _visible_sheets(reader, wanted.shown) if rows]
    if not filled:
        raise InputError("the workbook is empty", file=wanted.shown)
    if len(filled) == 1:
        return filled[0]
    fitting = [
        (name, rows) for name, rows in filled if _known_names(rows, wanted) >= _NAMES_OF_A_TABLE
    ]
    if len(fitting) == 1:
        logger.info("%s: sheet %r, by its header", wanted.shown, fitting[0][0])
        return fitting[0]
    raise InputError(
        "which sheet is meant is not certain",
        file=wanted.shown,
        expected=f"one of {_listed([name for name, _ in filled])}",
        hint=f"say sheet = {_toml((fitting or filled)[0][0])}",
    )


def _told_sheet(names: Sequence[str], told: str | int, shown: str) -> str:
    if isinstance(told, int):
        if 1 <= told <= len(names):
            return names[told - 1]
    elif told in names:
        return told
    else:
        alike = [name for name in names if name.strip().casefold() == told.strip().casefold()]
        if len(alike) == 1:
            return alike[0]
    raise InputError(
        "no such sheet",
        file=shown,
        found=str(told),
        expected=f"one of {_listed(names)}, or a number from 1 to {len(names)}",
        hint=f"say sheet = {_toml(names[0])}" if names else None,
    )


def _place(wanted: Wanted, sheet: str, rows: Sequence[Sequence[str]]) -> HeaderPlace:
    told = wanted.header_row
    if told is None:
        place = find_header(rows, wanted.known)
        if place is None:
            raise InputError(f"sheet {sheet!r} has no header", file=wanted.shown)
        if place.titles:
            logger.info("%s: header on row %s, found below titles", wanted.shown, place.row + 1)
        return place
    if told > len(rows) or not any(rows[told - 1]):
        raise InputError(
            "no header on this row",
            file=wanted.shown,
            row=told,
            hint=f"correct header_row = {told}",
        )
    return header_at(rows, told - 1)


def _known_names(rows: Sequence[Sequence[str]], wanted: Wanted) -> int:
    place = find_header(rows, wanted.known)
    return 0 if place is None else count_known(place.names, wanted.known)


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
