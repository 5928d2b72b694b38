"""Writes tables to files and to stdout: whole or not at all, and the same bytes every time."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    from collections.abc import Iterator
OutputFormat: TypeAlias = Literal["csv", "json", "parquet", "xlsx"]

GUARDED = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that make a spreadsheet compute it."""

_SUFFIXES: dict[str, OutputFormat] = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
_COMPRESSIONS: dict[str, Literal["gzip", "zstd"]] = {".gz": "gzip", ".zst": "zstd"}

# Limits of an Excel worksheet, as Microsoft documents them.
_EXCEL_ROWS = 1_048_576
_EXCEL_TEXT_LENGTH = 32_767
_EXCEL_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date, so that a rerun gives the same bytes


def guess_format(path: Path) -> OutputFormat:
    """The format that a file's suffix asks for.

    Args:
        path: Where a table is to be written; a CSV may end in ``.csv.gz`` or ``.csv.zst``.

    Raises:
        ConfigError: The suffix is none that is written.

    >>> guess_format(Path("orders.XLSX")), guess_format(Path("forecast.csv.gz"))
    ('xlsx', 'csv')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS and ".csv" in suffixes[:-1]:
        return "csv"
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    raise ConfigError(
        f"{path}: the format is not known from the name",
        hint=f"end it in {', '.join(_SUFFIXES)}, or say --format",
    )


def write_frame(
    frame: pl.DataFrame, path: Path | None, fmt: OutputFormat, *, raw: bool = False
) -> None:
    """Writes a table to a file or to stdout.

    A file is written beside its place and then put there, so that a failure leaves the old one.
    What is not a finite number is written as no value. The bytes depend on the table alone.

    Args:
        frame: The table; flat columns of text, numbers, dates and flags.
        path: The file; None is stdout. A CSV whose name ends in ``.gz`` or ``.zst`` is compressed.
        fmt: The format. JSON is a list of records with ISO dates.
        raw: Leaves out the apostrophe before texts of a CSV that a spreadsheet would compute.

    Raises:
        ConfigError: The format does not go to stdout, or its package is not installed.
        StockoutError: The file cannot be written, or an Excel sheet cannot hold the table.

    >>> import polars as pl
    >>> write_frame(pl.DataFrame({"sku": ["00123", "=1+1"], "qty": [-2, 3]}), None, "csv")
    sku,qty
    00123,-2
    '=1+1,3
    """
    frame = _finite(frame)
    if path is None or path == Path("/dev/stdout"):
        if fmt in ("parquet", "xlsx"):
            raise ConfigError(
                f"{fmt} is not written to the terminal or a pipe",
                hint=f"name a file: --output table.{fmt}",
            )
        buffer = io.BytesIO()
        _write(frame, buffer, fmt, raw=raw)
        to_stdout(buffer.getvalue())
        return
    fmt = target_format(path, fmt)
    with replacing(path) as beside:
        _write(frame, beside, fmt, raw=raw, compression=_COMPRESSIONS.get(path.suffix.lower()))


def target_format(path: Path, asked: OutputFormat | None = None) -> OutputFormat:
    """The format to write a file in; refuses what cannot be written, before the work for it.

    Args:
        path: Where the file is to be.
        asked: The format, where its suffix is not to tell it.

    Raises:
        ConfigError: The format is not known, or the package that writes it is not installed.
        StockoutError: The path is a folder, or in a folder that is not there.
    """
    _check_folder(path)
    fmt = asked or guess_format(path)
    if fmt == "xlsx" and importlib.util.find_spec("xlsxwriter") is None:
        raise ConfigError(
            "writing xlsx needs the package xlsxwriter", hint="pip install 'stockout[excel]'"
        )
    return fmt


def _check_folder(path: Path) -> None:
    if path.is_dir():
        raise StockoutError(f"{path}: is a folder", hint=f"name a file in it: {path / 'table.csv'}")
    if not path.parent.is_dir():
        raise StockoutError(
            f"{path}: no folder {path.parent}", hint=f"make the folder {path.parent} first"
        )


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a new file to write, and puts it in the place of an old one when all went well.

    Args:
        path: The file to replace or to make. A link is followed; what is no regular file, such as
            a pipe or ``/dev/null``, is written directly.

    Yields:
        Where to write. It has the permissions that the umask gives to new files.

    Raises:
        StockoutError: The file cannot be written. The old one is as before, the new one gone.
    """
    _check_folder(path)
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with _told(path):
            yield path
        return
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    with _told(path):
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield beside
            _sync(beside)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        if os.name != "nt":  # Windows cannot open a folder
            _sync(target.parent)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """An error of the system becomes one that names the file."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StockoutError(f"{path}: cannot be written: {error.strerror or error}") from None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_stdout(data: bytes) -> None:
    """Writes bytes to stdout; a reader that has gone, such as ``head``, is no failure."""
    try:
        sys.stdout.flush()
        if hasattr(sys.stdout, "buffer"):
            rest = memoryview(data)
            while rest:  # unbuffered (PYTHONUNBUFFERED), one call may write only a part
                rest = rest[sys.stdout.buffer.write(rest) :]
        else:  # replaced by something that takes only text, such as a notebook's
            sys.stdout.write(data.decode())
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. What is still buffered goes nowhere, or
        # Python would complain when it flushes stdout at the end.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def _write(
    frame: pl.DataFrame,
    target: Path | io.BytesIO,
    fmt: OutputFormat,
    *,
    raw: bool,
    compression: Literal["gzip", "zstd"] | None = None,
) -> None:
    if fmt == "csv":
        guarded = frame if raw else _guarded(frame)
        guarded.write_csv(target, compression=compression or "uncompressed", check_extension=False)
    elif fmt == "json":
        text = frame.write_json().encode() + b"\n"
        if isinstance(target, Path):
            target.write_bytes(text)
        else:
            target.write(text)
    elif fmt == "parquet":
        frame.write_parquet(target)
    else:
        _write_excel(frame, target)


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    floats = pl.selectors.float()
    return frame.with_columns(pl.when(floats.is_finite()).then(floats))


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Puts an apostrophe before texts that a spreadsheet would compute.

    Texts that look as if they had one already get another, so that reading takes off one from
    each and finds the text as it was.
    """
    texts = pl.selectors.string() | pl.selectors.categorical() | pl.selectors.enum()
    # The hyphen stands last, where it is no range.
    pattern = r"^'*[=+@\t\r-]"
    return frame.with_columns(
        pl.when(pl.col(name).cast(pl.String).str.contains(pattern))
        .then(pl.concat_str(pl.lit("'"), pl.col(name).cast(pl.String)))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name in frame.select(texts).columns
    )


def _write_excel(frame: pl.DataFrame, target: Path | io.BytesIO) -> None:
    import xlsxwriter  # noqa: PLC0415 - an extra

    if frame.height >= _EXCEL_ROWS:
        raise StockoutError(
            f"an Excel sheet holds {_EXCEL_ROWS - 1:,} rows below its header, not {frame.height:,}",
            hint="write csv or parquet",
        )
    longest = frame.select(pl.selectors.string().str.len_chars().max()).rows()
    if longest and max((length or 0 for length in longest[0]), default=0) > _EXCEL_TEXT_LENGTH:
        raise StockoutError(
            f"an Excel cell holds {_EXCEL_TEXT_LENGTH:,} characters, and a text here has more",
            hint="write csv or parquet",
        )
    with xlsxwriter.Workbook(
        str(target) if isinstance(target, Path) else target,
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as workbook:
        workbook.set_properties({"created": _EXCEL_CREATED})
        sheet = workbook.add_worksheet("stockout")
        frame.write_excel(
            workbook,
            sheet,
            dtype_formats={pl.Date: "yyyy-mm-dd", pl.Float64: "General", pl.Int64: "General"},
            autofit=frame.height < 10_000,  # it looks at every cell again
            freeze_panes=(1, 0),
        )
        if not frame.is_empty():
            # An SKU such as 00123 is text on purpose.
            sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{frame.height + 1}"})
