"""Reads purchase lists that people edited, in whatever way their spreadsheet saved them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from stockout.config import Source
from stockout.errors import InputError, MissingColumnError
from stockout.exports.formats.files import find_files
from stockout.exports.formats.opening import open_exports
from stockout.outputs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.exports.formats.export import Export
    from stockout.exports.formats.files import ExportFile

NEEDED = ("sku", "location", "approved_qty")
"""Columns that an edited list must still have."""

EDITED = pl.Schema(
    {
        "file": pl.String,
        "row": pl.Int64,
        "sku": pl.String,
        "location": pl.String,
        "approved_qty": pl.String,
        "note": pl.String,
    }
)
"""Columns of the rows as they were read: every cell is text, and empty ones are null."""


def read_edited_lists(paths: Sequence[Path]) -> pl.DataFrame:
    r"""The rows of edited purchase lists.

    Args:
        paths: CSV files or workbooks. The delimiter and the encoding of a CSV are found.

    Returns:
        The rows in order, columns as :data:`EDITED`; rows without any cell are left out.

    Raises:
        InputError: A file cannot be read, or has a row of another width than its header.
        MissingColumnError: A column of :data:`NEEDED` is not there.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "orders_S.csv"
    ...     _ = path.write_text("sku;location;approved_qty;note\n001;ALL;4;less room\n")
    ...     read_edited_lists([path]).drop("file").row(0)
    (2, '001', 'ALL', '4', 'less room')
    """
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        frames = []
        for number, path in enumerate(paths):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            files, fmt = find_files(str(path.absolute()), Path())
            source = Source(path=str(path))
            known = {*NEEDED, "note", "order_qty"}
            [export] = open_exports(files, fmt, source, folder, known)
            frames.append(_rows(export, export.files[0], path))
    return pl.concat([pl.DataFrame(schema=EDITED), *frames])


def _rows(export: Export, file: ExportFile, path: Path) -> pl.DataFrame:
    names = {name.strip().lower(): name for name in export.schema}
    for column in NEEDED:
        if column not in names:
            raise MissingColumnError(
                "this column is not there",
                file=str(path),
                column=column,
                hint="keep the columns of the purchase list as they are; "
                "approved_qty and note are there to be edited",
            )
    for _, error in export.short_rows(file):
        raise error
    try:
        rows = export.scan(file).with_row_index("row").collect()
    except Exception as error:
        told = export.explain(error, file)
        if told is None:
            raise
        raise told from None
    cells = rows.select(
        "row",
        *(
            _text(pl.col(names[name]), rows.schema[names[name]]).alias(name)
            if name in names
            else pl.lit(None, pl.String).alias(name)
            for name in EDITED.names()[2:]
        ),
    ).filter(pl.any_horizontal(pl.col(EDITED.names()[2:]).is_not_null()))
    indexes = cells["row"].cast(pl.UInt32)
    numbers = export.row_numbers(file, indexes).cast(pl.Int64)
    return cells.with_columns(file=pl.lit(str(path)), row=numbers).select(EDITED.names())


def _text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Cells as text without spaces around; a number of a workbook as 6, not as 6.0."""
    if dtype.is_float():
        whole = cell.round() == cell
        text = pl.when(whole).then(cell.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(
            cell.cast(pl.String)
        )  # fmt: skip
    else:
        text = cell.cast(pl.String)
    text = text.str.strip_chars()
    bare = text.str.strip_chars_start("'").str.head(1)
    guarded = text.str.starts_with("'") & bare.is_in(GUARDED)  # by our own CSV
    text = pl.when(guarded).then(text.str.slice(1)).otherwise(text)
    return pl.when(text != "").then(text)


def one_file(path: Path) -> Path:
    """The path, if a file is there.

    Raises:
        InputError: There is none.
    """
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    return path
