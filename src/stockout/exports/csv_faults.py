"""Where a CSV is not well formed: the line, and what is wrong with it.

Only run when something is: the rows themselves are read by Polars.
"""

from __future__ import annotations

import contextlib
import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.errors import InputError
from stockout.exports.text_files import blocks, find_not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockout.exports.files import ExportFile

_QUOTE, _NEWLINE, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]


class Record(NamedTuple):
    """One record and the line it starts on."""

    line: int
    cells: list[str]


def records(file: ExportFile, delimiter: str) -> Iterator[Record]:
    """The records of a CSV, blank lines included, each with its line.

    Raises:
        InputError: The file is damaged, not UTF-8, or its quotes do not match.
    """
    stream = io.TextIOWrapper(
        io.BufferedReader(_Bytes(blocks(file))), encoding="utf-8-sig", newline=""
    )
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Record(line, cells)
            line = reader.line_num + 1
    except UnicodeDecodeError:
        raise find_not_utf8(file) or InputError("not UTF-8 text", file=file.name) from None
    except csv.Error as fault:
        raise InputError(
            f"the quotes of a cell do not match ({fault})",
            file=file.name,
            row=line,
            hint='a quote within a quoted cell is written twice: "5"" pipe"',
        ) from None


def line_of(file: ExportFile, delimiter: str, index: int) -> int:
    """The line that the record at this index (from 0) starts on."""
    with contextlib.suppress(InputError):  # where Polars is less strict, lines are not certain
        for position, record in enumerate(records(file, delimiter)):
            if position == index:
                return record.line
    return index + 1


def write_well_formed(
    file: ExportFile, delimiter: str, width: int, copy: Path, *, end_of_line: str
) -> None:
    """Writes a copy of a file that Polars cannot read, with every quote as it should be.

    Polars takes an inch sign, as in ``5" pipe``, for the start of a quoted cell, which Python does
    not; and it does not begin with a row that has too few cells.

    Raises:
        InputError: The file is damaged or not UTF-8, a row has too many cells, or the quotes of a
            cell do not match.
    """
    not_utf8 = find_not_utf8(file)
    if not_utf8 is not None:
        raise not_utf8
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter, lineterminator=end_of_line)
        for record in records(file, delimiter):
            if len(record.cells) > width:
                raise wrong_width(file, record, width)
            cells = record.cells
            writer.writerow(cells + [""] * (width - len(cells)) if cells else [])


def wrong_width(file: ExportFile, record: Record, width: int) -> InputError:
    """The error for a row with too many or too few cells."""
    count = len(record.cells)
    return InputError(
        "the row has too many cells" if count > width else "the row has too few cells",
        file=file.name,
        row=record.line,
        found=str(count),
        expected=f"{width}, as in the header",
        hint="a cell that contains the delimiter must stand in quotes" if count > width else None,
    )


def short_rows(
    file: ExportFile, delimiter: str, width: int, skip: int
) -> Iterator[tuple[int, InputError]]:
    """The rows with too few cells: their index from 0 after ``skip`` records, and their error.

    Polars refuses rows with too many cells, so it is enough to compare the number of delimiters
    with the number of rows; only where these differ, the rows are looked at one by one.
    """
    if width == 1 or _delimiters_add_up(file, delimiter, width):
        return
    for position, record in enumerate(records(file, delimiter)):
        if record.cells and len(record.cells) < width:
            yield position - skip, wrong_width(file, record, width)


def _delimiters_add_up(file: ExportFile, delimiter: str, width: int) -> bool:
    mark = delimiter.encode()[0]
    delimiters = rows = 0
    in_quotes = np.uint8(0)
    before = np.frombuffer(b"\n\n", dtype=np.uint8)  # the two bytes before the block
    for block in blocks(file):
        buffer = np.frombuffer(block, dtype=np.uint8)
        ends = buffer == _NEWLINE
        marks = buffer == mark
        if in_quotes or b'"' in block:
            # An odd number of quotes before a character: it stands within quotes.
            parity = np.cumsum(buffer == _QUOTE, dtype=np.uint8)
            parity += in_quotes
            parity &= 1
            in_quotes = parity[-1]
            outside = parity == 0
            ends &= outside
            marks &= outside
        padded = np.concatenate([before, buffer])
        previous, one_before = padded[1:-1], padded[:-2]
        after_end = (previous == _NEWLINE) | ((previous == _RETURN) & (one_before == _NEWLINE))
        rows += int(np.count_nonzero(ends & ~after_end))  # an end after an end: a blank line
        delimiters += int(np.count_nonzero(marks))
        before = padded[-2:]
    if before[-1] != _NEWLINE:
        rows += 1
    return delimiters == rows * (width - 1)


class _Bytes(io.RawIOBase):
    """An iterator of byte blocks as a readable stream."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream = stream
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._stream, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
