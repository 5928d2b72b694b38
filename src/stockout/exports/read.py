"""Reads the exports that the configuration names into the canonical tables."""

from __future__ import annotations

import logging
import re
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from stockout.errors import InputError
from stockout.exports.complete import complete
from stockout.exports.dates import check_date_format
from stockout.exports.delimited import open_csv
from stockout.exports.files import find_files, same_content
from stockout.exports.mapping import check_told_columns, section
from stockout.exports.parquet import open_parquet
from stockout.exports.table import count_rows, read_exports
from stockout.exports.text_files import check_encoding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

    from stockout.config import Config, Source
    from stockout.exports.export import Export

logger = logging.getLogger(__name__)

_NAMES_A_SETTING = re.compile(r"date_format|encoding|(?:decimal|format|null_words) = ")

NEVER_EMPTY = frozenset({"sales", "inventory"})
"""Tables that are never empty: an export of them without a row is one that failed."""


@dataclass(frozen=True)
class Tables:
    """The canonical tables of a run; None where the configuration names no source."""

    sales: pl.DataFrame | None = None
    inventory: pl.DataFrame | None = None
    movements: pl.DataFrame | None = None
    products: pl.DataFrame | None = None
    suppliers: pl.DataFrame | None = None
    purchases: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    customers: pl.DataFrame | None = None
    locations: pl.DataFrame | None = None
    events: pl.DataFrame | None = None
    overrides: pl.DataFrame | None = None


def read_tables(config: Config, only: Collection[str] | None = None) -> Tables:
    r"""Reads the tables that the configuration names.

    Args:
        config: Where the tables are, from :func:`stockout.config.load_config`.
        only: Names of the tables to read; None reads all of them.

    Returns:
        The tables, each with exactly the columns of its schema in :mod:`stockout.tables`.

    Raises:
        InputError: An export cannot be used; the error names file, row and column.
        ConfigError: The configuration does not fit the export.

    >>> import tempfile
    >>> from stockout.config import Config, Source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sales.csv"
    ...     _ = path.write_text("Date,Item code,Qty\n2026-01-05,00123,2\n")
    ...     tables = read_tables(Config(tables={"sales": Source(path=str(path))}))
    >>> tables.sales.select("date", "sku", "location", "units").row(0)
    (datetime.date(2026, 1, 5), '00123', 'ALL', 2.0)
    """
    config_name = str(config.file or "stockout.toml")
    wanted = {field.name for field in fields(Tables)} if only is None else set(only)
    return Tables(
        **{
            name: read_table(name, source, config.folder, config_name=config_name)
            for name, source in config.tables.items()
            if name in wanted
        }
    )


def read_table(
    table: str, source: Source, folder: Path = Path(), *, config_name: str = "stockout.toml"
) -> pl.DataFrame:
    """Reads the export of one table.

    Args:
        table: Name of the canonical table, a key of :data:`stockout.tables.SCHEMAS`.
        source: Where it is, and how its columns are called there.
        folder: What relative paths start from.
        config_name: What errors and hints call the configuration.

    Returns:
        The rows of all files in order, with exactly the columns of the table's schema.

    Raises:
        InputError: The export cannot be used; the error names file, row and column.
        ConfigError: The configuration does not fit the export.
    """
    try:
        return _read_table(table, source, folder, config_name)
    except InputError as error:
        if error.hint is not None and _NAMES_A_SETTING.search(error.hint):
            error.hint += f" under {section(table, config_name)}"
        raise


def _read_table(table: str, source: Source, folder: Path, config_name: str) -> pl.DataFrame:
    check_told_columns(table, source, config_name)
    if source.date_format is not None:
        check_date_format(source.date_format, f"{config_name}: tables.{table}.date_format")
    if source.encoding is not None:
        check_encoding(source.encoding, f"{config_name}: tables.{table}.encoding")
    files, fmt = find_files(source.path, folder, source.format)
    for one, other in same_content(files):
        logger.warning(
            "%s: %s holds the same as %s, and its rows count twice", table, other.name, one.name
        )
    names = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1:,} more"
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        exports: Sequence[Export] = (
            open_parquet(files) if fmt == "parquet" else open_csv(files, source, Path(scratch))
        )
        frame = read_exports(table, source, exports, config_name=config_name)
    if frame.is_empty():
        if table in NEVER_EMPTY:
            raise InputError(
                f"no rows, and table {table} cannot be empty",
                file=names,
                hint="do the exclude rules leave out more than they should?"
                if source.exclude
                else None,
            )
        logger.warning("%s: no rows in %s", table, names)
    else:
        logger.info("%s: %s read from %s", table, count_rows(frame.height), names)
    return complete(frame, table, names)
