"""Reads the exports that the configuration names into the canonical tables."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import InputError
from stockout.exports.locations import at_one_level
from stockout.exports.rows.complete import complete, merge_sources
from stockout.exports.rows.parts import count_rows
from stockout.exports.rows.planning import Told
from stockout.exports.rows.table import read_exports
from stockout.exports.sources import Asked, open_source, shown_files, sources_of
from stockout.exports.usual_dates import EARLY_DAYS, without_old_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    import polars as pl

    from stockout.config import Config, Source
    from stockout.exports.formats.files import ExportFile

logger = logging.getLogger(__name__)

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


class Exported(NamedTuple):
    """A canonical table as its exports have it."""

    rows: pl.DataFrame  # at the locations of the exports
    names: str  # what messages call the files
    digest: str  # SHA-256 of the files; empty where it is not asked for


def read_tables(
    config: Config, only: Collection[str] | None = None, *, as_of: date | None = None
) -> Tables:
    r"""Reads the tables that the configuration names.

    Args:
        config: Where the tables are, from :func:`stockout.config.load_config`.
        only: Names of the tables to read; None reads all of them.
        as_of: The date of a stock list that does not say its own; None is the configuration's.

    Returns:
        The tables, each with exactly the columns of its schema in :mod:`stockout.tables`. Rows
        dated implausibly long ago are set aside, which is said.

    Raises:
        InputError: An export cannot be used; the error names file, row and column.
        ConfigError: The configuration does not fit the export.

    >>> import tempfile
    >>> from stockout.config import Config, Source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sales.csv"
    ...     _ = path.write_text("Date,Item code,Qty\n2026-01-05,00123,2\n")
    ...     tables = read_tables(Config(tables={"sales": [Source(path=str(path))]}))
    >>> tables.sales.select("date", "sku", "location", "units").row(0)
    (datetime.date(2026, 1, 5), '00123', 'ALL', 2.0)
    """
    wanted = {field.name for field in fields(Tables)} if only is None else set(only)
    read: dict[str, pl.DataFrame] = {}
    early_days = config.check.thresholds.get("SO302", {}).get("days", EARLY_DAYS)
    for name in config.tables:
        if name in wanted:
            frames = [_read(asked).rows for asked in sources_of(config, name, as_of)]
            rows = merge_sources(frames, name)
            read[name] = without_old_rows(rows, name, early_days=early_days)
    return Tables(**at_one_level(read, by_location=config.by_location))


def read_exact(config: Config, table: str, *, as_of: date | None = None) -> Exported:
    """Reads one table at the locations that its exports have, and says what they are.

    Args:
        config: Where the table is.
        table: Name of a table that it names.
        as_of: The date of a stock list that does not say its own; None is the configuration's.

    Raises:
        InputError: An export cannot be used; the error names file, row and column.
        ConfigError: The configuration does not fit the export.
    """
    read = [_read(asked, hashed=True) for asked in sources_of(config, table, as_of)]
    if len(read) == 1:
        return read[0]
    together = hashlib.sha256("".join(one.digest for one in read).encode())
    return Exported(
        merge_sources([one.rows for one in read], table),
        ", ".join(one.names for one in read),
        together.hexdigest(),
    )


def read_table(
    table: str,
    source: Source,
    folder: Path = Path(),
    *,
    config_name: str = "stockout.toml",
    as_of: date | None = None,
) -> pl.DataFrame:
    """Reads the export of one table.

    Args:
        table: Name of the canonical table, a key of :data:`stockout.tables.SCHEMAS`.
        source: Where it is, and how its columns are called there.
        folder: What relative paths start from.
        config_name: What errors and hints call the configuration.
        as_of: The date of a stock list that does not say its own.

    Returns:
        The rows of all files in order, with exactly the columns of the table's schema.

    Raises:
        InputError: The export cannot be used; the error names file, row and column.
        ConfigError: The configuration does not fit the export.
    """
    return _read(Asked(table, source, folder, Told(f"tables.{table}", config_name, as_of))).rows


def _read(asked: Asked, *, hashed: bool = False) -> Exported:
    table, source = asked.table, asked.source
    with (
        asked.naming_the_setting(),
        tempfile.TemporaryDirectory(prefix="stockout-") as scratch,
    ):
        plans = open_source(asked, Path(scratch), extra=False)
        frame = read_exports(table, source, plans)
        names = shown_files([plan.export for plan, _ in plans])
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
        files = [file for plan, _ in plans for file in plan.export.files]
        return Exported(complete(frame, table, names), names, _digest(files) if hashed else "")


def _digest(files: Sequence[ExportFile]) -> str:
    """That of the one file, as other programs give it; of several, that of theirs together."""
    digests = []
    for file in files:
        with (file.copy_of or file.path).open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()
