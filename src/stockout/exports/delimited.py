"""CSV exports: delimiter, header, and rows as text."""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.exports import csv_faults
from stockout.exports.expressions import first_line
from stockout.exports.text_files import is_utf8, read_head, utf8_copy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stockout.config import Source
    from stockout.exports.files import ExportFile

logger = logging.getLogger(__name__)

DELIMITERS = (",", ";", "\t", "|")
_LINES_TO_SNIFF = 20
_HEAD_BYTES = 1 << 18  # a header with more than this is no header


@dataclass(frozen=True)
class Header:
    """The first record of a CSV that is not blank, and how the file is written."""

    names: tuple[str, ...]
    delimiter: str
    end_of_line: str
    row: int  # the line it starts on
    skip: int  # records before the first one with data


class CsvExport:
    """CSV files of one header, read with every cell as text."""

    is_text = True

    def __init__(
        self,
        files: Sequence[ExportFile],
        header: Header,
        utf8: Mapping[Path, ExportFile],
        scratch: Path,
    ) -> None:
        """Takes files of one header.

        Args:
            files: The files.
            header: Their header.
            utf8: Their copies in UTF-8, for those that are in another encoding.
            scratch: A folder for further copies.
        """
        self.files = files
        self.header_row: int | None = header.row
        self._written = header
        self._utf8 = utf8
        self._scratch = scratch
        self._well_formed: dict[Path, Path] = {}
        self._partition = dict(files[0].partition)
        names = _unique(header.names)
        self.width = len(names)
        self.header = [*header.names, *self._partition]
        counts = Counter(name for name in self.header if name)
        self.repeated = frozenset(name for name, count in counts.items() if count > 1)
        self.schema = dict.fromkeys([*names, *self._partition], pl.String())
        # Semicolons separate cells where the comma is taken: by the decimals.
        self.decimal_is_uncertain = header.delimiter == ";"

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:
        """The rows of all files, or of one of them, every cell as text."""
        files = self.files if file is None else [file]
        rows = pl.scan_csv(
            [self._well_formed.get(item.path, self._text(item).path) for item in files],
            has_header=False,
            skip_rows=self._written.skip,
            schema=dict.fromkeys(list(self.schema)[: self.width], pl.String),
            separator=self._written.delimiter,
            eol_char=self._written.end_of_line,
            glob=False,
        )
        return rows.with_columns(pl.lit(value).alias(key) for key, value in self._partition.items())

    def row_number(self, file: ExportFile, index: int) -> int:
        """The line that the row at this index (from 0) starts on."""
        return csv_faults.line_of(
            self._text(file), self._written.delimiter, self._written.skip + index
        )

    def explain(self, error: BaseException, file: ExportFile) -> InputError | None:
        """Why a file cannot be read; None where a well-formed copy of it now can."""
        text, delimiter = self._text(file), self._written.delimiter
        copy = self._scratch / f"well-formed-{len(list(self._scratch.iterdir()))}.csv"
        try:
            csv_faults.write_well_formed(
                text, delimiter, self.width, copy, end_of_line=self._written.end_of_line
            )
        except InputError as fault:
            return fault
        if file.path in self._well_formed:
            return InputError(f"cannot be read as CSV ({first_line(error)})", file=file.name)
        self._well_formed[file.path] = copy
        return None

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:
        """Rows with too few cells, which Polars fills up without a word: index and error."""
        return csv_faults.short_rows(
            self._text(file), self._written.delimiter, self.width, self._written.skip
        )

    def _text(self, file: ExportFile) -> ExportFile:
        return self._utf8.get(file.path, file)


def open_csv(files: Sequence[ExportFile], source: Source, scratch: Path) -> list[CsvExport]:
    """Reads the headers of CSV files and groups the files by them.

    Args:
        files: The files, compressed or not.
        source: What the configuration tells about them.
        scratch: A folder for UTF-8 copies of files in other encodings.

    Raises:
        InputError: A file is empty, damaged, or not text in the told encoding.
    """
    copies: dict[Path, ExportFile] = {}
    headers: list[tuple[ExportFile, Header]] = []
    utf8 = is_utf8(source.encoding)
    for file in files:
        if not utf8:
            copies[file.path] = utf8_copy(file, source.encoding or "", scratch)
        header = _read_header(copies.get(file.path, file), source.delimiter)
        if source.delimiter is None and header.delimiter != ",":
            logger.info("%s: delimiter %r, found in the header", file.name, header.delimiter)
        headers.append((file, header))
    return [
        CsvExport([file for file, _ in group], header, copies, scratch)
        for (header, _), group in groupby(headers, key=lambda item: (item[1], item[0].partition))
    ]


def _read_header(file: ExportFile, delimiter: str | None) -> Header:
    text = read_head(file, _HEAD_BYTES)
    end_of_line = "\n" if "\n" in text or "\r" not in text else "\r"
    delimiter = delimiter or _sniff(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    row, skip, last_line = 1, 0, 0
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                if names is not None:
                    break
                names, row = [cell.strip() for cell in record], last_line + 1
            elif names is not None and record:
                break  # a row of empty cells
            skip += 1
            last_line = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"the header cannot be read ({error})", file=file.name, row=last_line + 1
        ) from None
    if names is None:
        raise InputError("the file has no header", file=file.name, row=1)
    return Header(tuple(names), delimiter, end_of_line, row, skip)


def _sniff(text: str) -> str:
    """The delimiter that splits the header, and the lines below it into as many cells."""
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        widths = _widths(text, delimiter)
        if widths and widths[0] > 1:
            agreeing = sum(width == widths[0] for width in widths) / len(widths)
            score = (agreeing, widths[0])
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _widths(text: str, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in record):
                widths.append(len(record))
            if len(widths) > _LINES_TO_SNIFF:
                break
    except csv.Error:
        return widths
    # a long text was cut off, perhaps within a record
    return widths[:-1] if len(text) >= _HEAD_BYTES // 4 and len(widths) > 1 else widths


def _unique(names: Sequence[str]) -> list[str]:
    """Names for the scanned columns: the header's, and made-up ones for repeated and empty ones."""
    taken = set(names)
    unique: list[str] = []
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        chosen = name
        while not chosen or chosen in seen:
            chosen = f"{name} (column {position})".strip()
            while chosen in taken or chosen in seen:
                chosen += "'"
        seen.add(chosen)
        unique.append(chosen)
    return unique
