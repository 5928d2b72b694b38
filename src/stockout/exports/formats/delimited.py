"""CSV exports: encoding, delimiter, header, and rows as text."""

from __future__ import annotations

import codecs
import csv
import io
import logging
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.errors import InputError
from stockout.exports.formats import csv_faults, encodings
from stockout.exports.formats.headers import (
    ROWS_TO_LOOK_AT,
    HeaderPlace,
    count_known,
    find_header,
    header_at,
    unique_names,
)
from stockout.exports.formats.printed_lists import csv_copy, is_printed_list
from stockout.exports.formats.text_files import (
    blocks,
    find_not_utf8,
    is_utf8,
    read_bytes,
    read_head,
    utf8_copy,
)
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from stockout.config import Source
    from stockout.exports.formats.files import ExportFile

logger = logging.getLogger(__name__)

DELIMITERS = (",", ";", "\t", "|")
_LINES_TO_SNIFF = 20
_HEAD_BYTES = encodings.HEAD_BYTES


@dataclass(frozen=True)
class Header:
    """The column names of a CSV, and how the file is written."""

    names: tuple[str, ...]
    delimiter: str
    end_of_line: str
    row: int  # the line it starts on; of its last row where it has two
    skip: int  # records before the first one with data
    skip_lines: int | None = None  # lines before it; None where nothing stands above the header
    titles: tuple[str, ...] = ()  # what stands above it


class CsvExport:
    """CSV files of one header, read with every cell as text."""

    is_text = True
    serial_dates = False

    def __init__(
        self,
        files: Sequence[ExportFile],
        header: Header,
        copies: Mapping[Path, ExportFile],
        told: Mapping[Path, str],
        scratch: Path,
    ) -> None:
        """Takes files of one header.

        Args:
            files: The files.
            header: Their header.
            copies: Their copies in UTF-8, for those that cannot be read as they are.
            told: The encoding of each file that is not in UTF-8.
            scratch: A folder for further copies.
        """
        self.files = files
        self.header_row: int | None = header.row
        self.titles = header.titles
        self.encodings = {file.name: told[file.path] for file in files if file.path in told}
        self._written = header
        self._copies = {file.path: copies[file.path] for file in files if file.path in copies}
        self._scratch = scratch
        self._well_formed: dict[Path, Path] = {}
        self._partition = dict(files[0].partition)
        names = unique_names(header.names)
        self.width = len(names)
        self.header = [*header.names, *self._partition]
        counts = Counter(name for name in self.header if name)
        self.repeated = frozenset(name for name, count in counts.items() if count > 1)
        self.schema = dict.fromkeys([*names, *self._partition], pl.String())

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:
        """The rows of all files, or of one of them, every cell as text."""
        files = self.files if file is None else [file]
        # Within titles a quote opens no cell: lines are counted there, not records.
        lines = self._written.skip_lines
        rows = pl.scan_csv(
            [self._well_formed.get(item.path, self._text(item).path) for item in files],
            has_header=False,
            skip_rows=self._written.skip if lines is None else 0,
            skip_lines=lines or 0,
            schema=dict.fromkeys(list(self.schema)[: self.width], pl.String),
            separator=self._written.delimiter,
            eol_char=self._written.end_of_line,
            glob=False,
        )
        return rows.with_columns(pl.lit(value).alias(key) for key, value in self._partition.items())

    def row_number(self, file: ExportFile, index: int) -> int:
        """The line that the row at this index (from 0) starts on."""
        return int(self.row_numbers(file, pl.Series([index]))[0])

    def row_numbers(self, file: ExportFile, indexes: pl.Series) -> pl.Series:
        """The lines that the rows at these indexes start on, found in one pass over the file."""
        return csv_faults.lines_of(
            self._text(file), self._written.delimiter, indexes.cast(pl.Int64) + self._written.skip
        )

    def explain(self, error: BaseException, file: ExportFile) -> InputError | None:
        """Why a file cannot be read; None where a well-formed copy of it now can."""
        if self._decode(file):
            return None
        written = self._written
        copy = self._scratch / f"well-formed-{len(list(self._scratch.iterdir()))}.csv"
        try:
            csv_faults.write_well_formed(
                self._text(file),
                written.delimiter,
                self.width,
                copy,
                end_of_line=written.end_of_line,
                skip=written.skip,
                skip_lines=written.skip_lines,
            )
        except InputError as fault:
            return fault
        if file.path in self._well_formed:
            return InputError(f"cannot be read as CSV ({first_line(error)})", file=file.name)
        self._well_formed[file.path] = copy
        return None

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:
        """Rows with too few cells, which Polars fills up without a word: index and error."""
        written = self._written
        lines = written.skip_lines or 0 if written.end_of_line == "\n" else 0
        return csv_faults.short_rows(
            self._text(file), written.delimiter, self.width, written.skip, lines
        )

    def _text(self, file: ExportFile) -> ExportFile:
        return self._copies.get(file.path, file)

    def _decode(self, file: ExportFile) -> bool:
        """Makes a UTF-8 copy where the first letter that is not plain came late, in GB18030."""
        if file.path in self._copies or not read_head(file, _HEAD_BYTES).isascii():
            return False
        if find_not_utf8(file) is None or not encodings.is_gb18030(blocks(file)):
            return False
        try:
            self._copies[file.path] = utf8_copy(file, "gb18030", self._scratch)
        except InputError:
            return False
        self.encodings[file.name] = "gb18030"
        logger.info("%s: read as gb18030, by the words in it", file.name)
        return True


def open_csv(
    files: Sequence[ExportFile], source: Source, scratch: Path, known: Collection[str] = ()
) -> list[CsvExport]:
    """Reads the headers of CSV files and groups the files by them.

    Args:
        files: The files, compressed or not.
        source: What the configuration tells about them.
        scratch: A folder for UTF-8 copies of files in other encodings.
        known: Names of columns, in the form of :func:`stockout.exports.names.plain_name`.

    Raises:
        InputError: A file is empty, damaged, not text in the told encoding or in one that is
            certain, or the told row of the header is not there.
    """
    copies: dict[Path, ExportFile] = {}
    told: dict[Path, str] = {}
    headers: list[tuple[ExportFile, Header]] = []
    for file in files:
        encoding = _encoding(file, source, known)
        if encoding is not None:
            copies[file.path] = utf8_copy(file, encoding, scratch)
            told[file.path] = encoding
        text = read_head(copies.get(file.path, file), _HEAD_BYTES)
        delimiter = source.delimiter
        if delimiter in (None, "|") and is_printed_list(text):
            copies[file.path] = csv_copy(copies.get(file.path, file), scratch)
            text = read_head(copies[file.path], _HEAD_BYTES)
            delimiter = "|"
        header = _read_header(file, text, delimiter, source.header_row, known)
        if source.delimiter is None and header.delimiter != ",":
            logger.info("%s: delimiter %r, found in the header", file.name, header.delimiter)
        if header.titles:
            logger.info("%s: header on row %s, found below titles", file.name, header.row)
        headers.append((file, header))
    return [
        CsvExport([file for file, _ in group], header, copies, told, scratch)
        for (header, _), group in groupby(headers, key=lambda item: (item[1], item[0].partition))
    ]


def _encoding(file: ExportFile, source: Source, known: Collection[str]) -> str | None:
    """The encoding of a file that has to be read in another one than UTF-8."""
    head = read_bytes(file, _HEAD_BYTES)
    marked = encodings.marked_encoding(head)
    if source.encoding is not None:
        if marked is None:
            return None if is_utf8(source.encoding) else source.encoding
        if not codecs.lookup(source.encoding).name.startswith(marked):
            logger.warning(
                "%s: read as %s, as its byte order mark says, and not as %s",
                *(file.name, marked, source.encoding),
            )
        return None if is_utf8(marked) else marked
    found = encodings.find_encoding(head, known)
    if found is None or is_utf8(found):
        return None  # where it is not UTF-8 either, reading it as such says so
    logger.info("%s: read as %s", file.name, found)
    return found


class _Record(NamedTuple):
    cells: list[str]
    line: int  # it starts on, as an editor counts
    ends: int  # ends of line before it, as Polars counts


def _read_header(
    file: ExportFile,
    text: str,
    delimiter: str | None,
    header_row: int | None,
    known: Collection[str],
) -> Header:
    end_of_line = "\n" if "\n" in text or "\r" not in text else "\r"
    delimiter = delimiter or _sniff(text, known)
    most = max(ROWS_TO_LOOK_AT, header_row or 0)
    records: list[_Record] = []
    reader = _records(text, delimiter, end_of_line)
    try:
        for record in reader:
            records.append(record)
            if len(records) > most:
                break
    except csv.Error as error:
        if not any(any(record.cells) for record in records):
            row = records[-1].line + 1 if records else 1
            raise InputError(
                f"the header cannot be read ({error})", file=file.name, row=row
            ) from None
    place = _place(file, records, header_row, known)
    data = place.row + 1
    while data < len(records) and not records[data].cells:
        data += 1
    if data < len(records):
        ends = records[data].ends
    else:
        ends = text.count(end_of_line) + (not text.endswith(end_of_line))
    above = bool(place.titles) or place.rows > 1 or header_row is not None
    return Header(
        place.names,
        delimiter,
        end_of_line,
        records[place.row].line,
        data,
        ends if above else None,
        place.titles,
    )


def _place(
    file: ExportFile, records: Sequence[_Record], header_row: int | None, known: Collection[str]
) -> HeaderPlace:
    rows = [record.cells for record in records]
    if header_row is None:
        place = find_header(rows, known)
        if place is None:
            raise InputError("the file has no header", file=file.name, row=1)
        return place
    index = next((i for i, one in enumerate(records) if one.line == header_row), None)
    if index is None or not any(cell.strip() for cell in rows[index]):
        raise InputError(
            "no header on this row",
            file=file.name,
            row=header_row,
            hint=f"correct header_row = {header_row}",
        )
    return header_at(rows, index)


def _records(text: str, delimiter: str, end_of_line: str) -> Iterator[_Record]:
    ends = 0

    def lines() -> Iterator[str]:
        nonlocal ends
        for line in io.StringIO(text, newline=""):
            ends += line.count(end_of_line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    last_line = before = 0
    for cells in reader:
        yield _Record(cells, last_line + 1, before)
        last_line, before = reader.line_num, ends


def _sniff(text: str, known: Collection[str]) -> str:
    """The delimiter that splits the header, and the lines below it into as many cells.

    One that makes more known names of a row wins over one that makes more cells: above a header
    may stand titles with other delimiters in them.
    """
    best, best_score = ",", (0.0, 1)
    most_names = {}
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter)
        widths = [len(row) for row in rows]
        if widths and widths[0] > 1:
            agreeing = sum(width == widths[0] for width in widths) / len(widths)
            score = (agreeing, widths[0])
            if score > best_score:
                best, best_score = delimiter, score
        place = find_header(rows, known)
        wide = place is not None and len(place.names) > 1
        most_names[delimiter] = count_known(place.names, known) if place and wide else 0
    if most_names[best] < max(most_names.values()):
        return max(DELIMITERS, key=lambda delimiter: most_names[delimiter])
    if best_score[0] < 0.5:
        return _sniff_below_titles(text, known) or best
    return best


def _sniff_below_titles(text: str, known: Collection[str]) -> str | None:
    """The delimiter that splits most lines into as many cells, below titles."""
    best, best_score = None, (0.0, 1)
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter)
        place = find_header(rows, known)
        if place is None or not place.titles:
            continue
        width = len(place.names)
        agreeing = sum(len(row) == width for row in rows[place.row :]) / len(rows[place.row :])
        if width > 1 and (agreeing, width) > best_score:
            best, best_score = delimiter, (agreeing, width)
    return best


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that are not blank."""
    rows: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in record):
                rows.append(record)
            if len(rows) > _LINES_TO_SNIFF:
                break
    except csv.Error:
        return rows
    # a long text was cut off, perhaps within a record
    return rows[:-1] if len(text) >= _HEAD_BYTES // 4 and len(rows) > 1 else rows
