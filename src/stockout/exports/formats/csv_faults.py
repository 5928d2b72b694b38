"""Where a CSV is not well formed: the line, and what is wrong with it.

Only run when something is: the rows themselves are read by Polars.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from stockout.errors import InputError
from stockout.exports.formats.text_files import blocks, find_not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockout.exports.formats.files import ExportFile

_Integers: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"

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


def lines_of(file: ExportFile, delimiter: str, indexes: pl.Series) -> pl.Series:
    """The lines that the records at these indexes (from 0) start on, in one pass over the file.

    Args:
        file: A CSV in UTF-8.
        delimiter: What stands between two cells.
        indexes: Indexes of records, in any order.

    Returns:
        The lines, from 1, as Int64 in the order of the indexes.
    """
    if indexes.is_empty():
        return pl.Series("row", [], dtype=pl.Int64)
    wanted = np.unique(indexes.cast(pl.Int64).to_numpy())
    starts = _starts_by_quotes(file, delimiter, wanted)
    if starts is None:
        starts = _starts_by_record(file, delimiter, wanted)
    positions = np.searchsorted(wanted, indexes.cast(pl.Int64).to_numpy())
    return pl.Series("row", starts[positions])


def _starts_by_record(file: ExportFile, delimiter: str, wanted: _Integers) -> _Integers:
    starts = wanted + 1
    seen = 0
    with contextlib.suppress(InputError):  # where Polars is less strict, lines are not certain
        for position, record in enumerate(records(file, delimiter)):
            if position == wanted[seen]:
                starts[seen] = record.line
                seen += 1
                if seen == len(wanted):
                    break
    return starts


def _starts_by_quotes(file: ExportFile, delimiter: str, wanted: _Integers) -> _Integers | None:
    """As the records say, but by counting quotes; None where some quote may be part of a cell.

    An odd number of quotes before an end of line: it stands within a quoted cell, if every quote
    opens a cell, closes one, or is one of two in a quoted cell.
    """
    opens = np.zeros(256, dtype=bool)
    opens[[_QUOTE, _NEWLINE, _RETURN, ord(delimiter)]] = True
    starts = wanted + 1
    lines = rows = seen = 0
    in_quotes = np.uint8(0)
    before = b"\n"
    for block in blocks(file):
        if before == b"\n" and not rows:
            block = block.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
        if not in_quotes and _is_plain(before, block):
            count = block.count(b"\n")
            first = max(seen, int(np.searchsorted(wanted, rows + 1)))
            stop = max(first, int(np.searchsorted(wanted, rows + count, side="right")))
            starts[first:stop] = wanted[first:stop] - rows + lines + 1
            seen = max(seen, stop)
            rows += count
            lines += count
            before = block[-1:] or before
            if seen == len(wanted):
                break
            continue
        buffer = np.frombuffer(before + block, dtype=np.uint8)
        newline = buffer[1:] == _NEWLINE
        returns = buffer == _RETURN
        if np.any(returns[:-1] & ~newline):
            return None  # an end of line for Python, but not for Polars
        quote = buffer[1:] == _QUOTE
        parity = np.cumsum(quote, dtype=np.uint8)
        parity += in_quotes
        parity &= 1
        inside_before = np.concatenate([[in_quotes], parity[:-1]]).astype(bool)
        in_quotes = parity[-1] if len(parity) else in_quotes
        if np.any(quote & ~inside_before & ~opens[buffer[:-1]]):
            return None  # an inch sign
        # What follows a closing quote is seen one byte later.
        closed = (buffer[:-1] == _QUOTE) & ~inside_before
        if np.any(closed & ~opens[buffer[1:]]):
            return None
        ends = np.flatnonzero(newline & (parity == 0))
        after = lines + np.cumsum(newline, dtype=np.int64)[ends] + 1
        # Record rows + 1 + j begins after the end number j.
        stop = int(np.searchsorted(wanted, rows + len(ends), side="right"))
        first = max(seen, int(np.searchsorted(wanted, rows + 1)))
        starts[first:stop] = after[wanted[first:stop] - rows - 1]
        seen = max(seen, stop)
        rows += len(ends)
        lines += int(np.count_nonzero(newline))
        before = block[-1:] or before
        if seen == len(wanted):
            break
    return starts


def _is_plain(before: bytes, block: bytes) -> bool:
    """Whether a block has no quotes, so that each line feed in it ends a record."""
    if b'"' in block or before == b'"':
        return False
    if before == b"\r" and not block.startswith(b"\n"):
        return False
    return b"\r" not in block or block.count(b"\r") == block.count(b"\r\n")


def write_well_formed(
    file: ExportFile,
    delimiter: str,
    width: int,
    copy: Path,
    *,
    end_of_line: str,
    skip: int = 0,
    skip_lines: int | None = None,
) -> None:
    """Writes a copy of a file that Polars cannot read, with every quote as it should be.

    Polars takes an inch sign, as in ``5" pipe``, for the start of a quoted cell, which Python does
    not; and it does not begin with a row that has too few cells. Of titles and header, the first
    ``skip`` records, only their number of lines is kept: ``skip_lines``, else one a record.

    Raises:
        InputError: The file is damaged or not UTF-8, a row has too many cells, or the quotes of a
            cell do not match.
    """
    not_utf8 = find_not_utf8(file)
    if not_utf8 is not None:
        raise not_utf8
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter, lineterminator=end_of_line)
        out.write(end_of_line * (skip if skip_lines is None else skip_lines))
        for record in islice(records(file, delimiter), skip, None):
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
    file: ExportFile, delimiter: str, width: int, skip: int, skip_lines: int = 0
) -> Iterator[tuple[int, InputError]]:
    """The rows with too few cells: their index from 0 after ``skip`` records, and their error.

    Polars refuses rows with too many cells, so it is enough to compare the number of delimiters
    with the number of rows; only where these differ, the rows are looked at one by one. Neither
    looks at the titles above a header: the first ``skip_lines`` lines, and the ``skip`` records.
    """
    if width == 1 or _delimiters_add_up(file, delimiter, width, skip_lines):
        return
    for position, record in enumerate(records(file, delimiter)):
        if position >= skip and record.cells and len(record.cells) < width:
            yield position - skip, wrong_width(file, record, width)


def _delimiters_add_up(file: ExportFile, delimiter: str, width: int, skip_lines: int) -> bool:
    mark = delimiter.encode()[0]
    delimiters = rows = 0
    in_quotes = np.uint8(0)
    before = np.frombuffer(b"\n\n", dtype=np.uint8)  # the two bytes before the block
    for block in _after_lines(blocks(file), skip_lines):
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


def _after_lines(stream: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The blocks of a text without its first lines."""
    for block in stream:
        if not count:
            yield block
            continue
        pieces = block.split(b"\n", count)
        count -= len(pieces) - 1
        if not count and pieces[-1]:
            yield pieces[-1]


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
