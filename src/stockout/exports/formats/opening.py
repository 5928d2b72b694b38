"""Opens the files of a source, whatever their format."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import TYPE_CHECKING

from stockout.errors import InputError
from stockout.exports.formats.delimited import open_csv
from stockout.exports.formats.parquet import open_parquet
from stockout.exports.formats.text_files import read_bytes
from stockout.exports.mapping import known_names
from stockout.exports.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from stockout.config import Source
    from stockout.exports.formats.export import Export
    from stockout.exports.formats.files import ExportFile, Format

logger = logging.getLogger(__name__)

_WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")  # since Excel 2007, and before
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")


def open_exports(
    files: Sequence[ExportFile],
    fmt: Format,
    source: Source,
    scratch: Path,
    known: Collection[str] | None = None,
) -> list[Export]:
    """Opens files: reads their headers, finds how they are written, groups those that are alike.

    Args:
        files: The files, in the order in which their rows shall be.
        fmt: Their format. Text and Parquet that only carry the suffix of Excel are told apart.
        source: What the configuration tells about them.
        scratch: A folder for copies; the exports read from it as long as they are used.
        known: Names of columns by which a header is found, in the form of
            :func:`stockout.exports.names.plain_name`; None are all that are known. Those that the
            source tells always count.

    Returns:
        The exports, each of one or more files, in the order of the files.

    Raises:
        InputError: A file cannot be read, or how it is to be read is not certain.
        ConfigError: What reads such files is not installed.
    """
    if fmt == "parquet":
        return [*open_parquet(files)]
    told = {plain_name(name) for name in source.columns.values() if isinstance(name, str)}
    known = {*(known_names() if known is None else known), *told} - {""}
    if fmt == "csv":
        return [*open_csv(files, source, scratch, known)]
    exports: list[Export] = []
    for is_text, group in groupby(files, key=_is_text):
        if is_text:
            exports += open_csv([*group], source, scratch, known)
        else:
            from stockout.exports.formats.excel import open_excel  # noqa: PLC0415 - an extra

            exports += open_excel([*group], source, scratch, known)
    return exports


def _is_text(file: ExportFile) -> bool:
    """Whether a file is text that only carries the suffix of Excel, as SAP and others write it.

    Raises:
        InputError: It is a web page, which Excel opens too.
    """
    head = read_bytes(file, 1 << 12)
    if not head or head.startswith(_WORKBOOKS):
        return False
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        raise InputError(
            "not an Excel workbook but a page of markup",
            file=file.name,
            hint="open it in Excel and save it as .xlsx or CSV",
        )
    if any(byte in head for byte in b"\0") and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False  # damaged, which the reader of workbooks says
    logger.info("%s: read as text, which it is in spite of its name", file.name)
    return True
