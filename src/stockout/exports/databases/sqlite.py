"""A query's result from a SQLite file, streamed into a Parquet file."""

from __future__ import annotations

import contextlib
import difflib
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from stockout.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BATCH_ROWS = 50_000
"""Rows that are in memory at once, as Python objects: about 50 MB of a wide result."""

_PYTHON_TYPES: dict[pa.DataType, set[type]] = {
    pa.null(): set(),
    pa.int64(): {int},
    pa.float64(): {float},
    pa.string(): {str},
    pa.binary(): {bytes},
}
_NO_TABLE = re.compile(r"no such table: (?:\w+\.)?(.+)")
_HINTS = {
    "no such column": "names of columns stand in double quotes, texts in single ones",
    "file is not a database": "is it a SQLite file?",
    "file is encrypted": "is it a SQLite file?",
    "locked": "another program is writing to it; try again, or read a copy",
    "readonly": "its folder is read-only and it has a write-ahead log; read a copy",
    "unable to open": "may it be read, and is its folder there?",
    "decode to UTF-8": "the text is in another encoding; read it with CAST(... AS BLOB) to see it",
}


def write_sqlite(path: Path, sql: str, out: Path, shown: str) -> list[str]:
    """Writes a query's result to a Parquet file.

    In SQLite each cell has a type of its own, whatever the column is declared as. A column whose
    cells are all integers becomes Int64; integers and floats, Float64; texts, String. Where texts
    and numbers are mixed, the numbers become texts; where there is a blob, the column is Binary.

    Args:
        path: The SQLite file; it is opened for reading only, and not made if it is not there.
        sql: One statement that reads.
        out: The Parquet file to write; a folder for it is there.
        shown: What messages call the result.

    Returns:
        The names of the columns as the query gives them; in the file they are ``c0``, ``c1`` ...

    Raises:
        InputError: There is no such file, table or column, or the query is not SQL.
    """
    if not path.is_file():
        near = path.parent.iterdir() if path.parent.is_dir() else ()
        close = difflib.get_close_matches(path.name, [item.name for item in near], n=1)
        raise InputError(
            "no such file",
            file=shown,
            hint=f"did you mean {path.with_name(close[0])}?" if close else f"looked for {path}",
        )
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as base:
            try:
                base.execute("PRAGMA query_only = ON")
                rows = base.execute(sql)
                names = [item[0] for item in rows.description]
                _write(rows, names, out, shown)
            except sqlite3.Error as error:
                raise _fault(error, base, shown) from None
            return names
    except sqlite3.Error as error:
        raise _fault(error, None, shown) from None


def _write(rows: sqlite3.Cursor, names: Sequence[str], out: Path, shown: str) -> None:
    """Writes parts, each of one schema: a new one where a cell needs a wider type."""
    types: list[pa.DataType] = [pa.null() for _ in names]
    parts: list[Path] = []
    writer: pq.ParquetWriter | None = None
    first = 1
    try:
        while batch := rows.fetchmany(_BATCH_ROWS):
            columns = list(zip(*batch, strict=True))
            wider = [_widened(*pair) for pair in zip(types, columns, strict=True)]
            if writer is None or wider != types:
                if writer is not None:
                    writer.close()
                types = wider
                parts.append(out.with_suffix(f".{len(parts)}"))
                writer = pq.ParquetWriter(parts[-1], _schema(types), compression="lz4")
            writer.write_batch(_record_batch(columns, types, names, shown, first))
            first += len(batch)
    finally:
        if writer is not None:
            writer.close()
    if len(parts) == 1:
        parts[0].rename(out)
        return
    with pq.ParquetWriter(out, _schema(types), compression="lz4") as whole:
        first = 1
        for part in parts:
            for read in pq.ParquetFile(part).iter_batches(batch_size=_BATCH_ROWS):
                columns = [tuple(column.to_pylist()) for column in read.columns]
                whole.write_batch(_record_batch(columns, types, names, shown, first))
                first += read.num_rows
            part.unlink()


def _schema(types: Sequence[pa.DataType]) -> pa.Schema:
    return pa.schema([(f"c{number}", dtype) for number, dtype in enumerate(types)])


def _widened(dtype: pa.DataType, cells: Sequence[object]) -> pa.DataType:
    """The type that holds what a column held so far, and these cells too."""
    kinds = {*map(type, cells)} - {type(None)} | _PYTHON_TYPES[dtype]
    if bytes in kinds:
        return pa.binary()
    if str in kinds:
        return pa.string()
    if float in kinds:
        return pa.float64()
    return pa.int64() if int in kinds else pa.null()


def _record_batch(
    columns: Sequence[Sequence[object]],
    types: Sequence[pa.DataType],
    names: Sequence[str],
    shown: str,
    first: int,
) -> pa.RecordBatch:
    arrays = []
    for cells, dtype, name in zip(columns, types, names, strict=True):
        try:
            arrays.append(_array(cells, dtype))
        except (pa.ArrowException, OverflowError) as error:
            raise InputError(
                f"a cell cannot be read as {dtype} ({error})",
                file=shown,
                row=first,
                column=name,
                hint=f'if it is a code and no number, read it with CAST("{name}" AS TEXT)',
            ) from None
    return pa.record_batch(arrays, schema=_schema(types))


def _array(cells: Sequence[object], dtype: pa.DataType) -> pa.Array[Any]:
    try:
        return pa.array(cells, dtype)
    except pa.ArrowTypeError:  # numbers among texts or blobs
        return pa.array(
            [cell if cell is None or isinstance(cell, bytes) else str(cell) for cell in cells],
            dtype,
        )


def _fault(error: sqlite3.Error, base: sqlite3.Connection | None, shown: str) -> InputError:
    message = str(error)
    hint = next((hint for words, hint in _HINTS.items() if words in message), None)
    table = _NO_TABLE.match(message)
    if table is not None and base is not None:
        tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master")]
        close = difflib.get_close_matches(table[1], tables, n=1)
        listed = ", ".join(sorted(tables)[:10]) or "none"
        hint = f"did you mean {close[0]}?" if close else f"tables there: {listed}"
    return InputError(f"the database cannot be read: {message}", file=shown, hint=hint)
