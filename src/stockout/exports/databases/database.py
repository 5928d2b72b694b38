"""Databases: the result of a query as an export, its columns typed, its rows counted from 1."""

from __future__ import annotations

import logging
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import ConfigError, InputError
from stockout.exports.databases.database_url import is_database, parse_url
from stockout.exports.databases.select_query import select_query
from stockout.exports.formats.files import ExportFile
from stockout.exports.formats.headers import unique_names
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stockout.config import Source

logger = logging.getLogger(__name__)

_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"})


@dataclass(frozen=True)
class QueryResult(ExportFile):
    """The Parquet file that holds the result of a query."""

    shown: str = ""

    @property
    def name(self) -> str:
        """What an error calls it: the URL without its secrets, and the query."""
        return self.shown


class DatabaseExport:
    """The result of one query, as an :class:`~stockout.exports.formats.export.Export`.

    It has no text but in its texts: numbers and dates are what the database says they are.
    """

    is_text = False
    serial_dates = False
    header_row = None
    titles: Sequence[str] = ()
    encodings: Mapping[str, str] = {}

    def __init__(self, result: QueryResult, names: Sequence[str]) -> None:
        """Takes the file of a result, and the names of its columns as the query gives them."""
        self.files = [result]
        self.header = list(names)
        self.repeated = frozenset(name for name, count in Counter(names).items() if count > 1)
        types = pl.read_parquet_schema(result.path)
        self._named = dict(zip(types, unique_names(names), strict=True))
        self.schema = {self._named[name]: dtype for name, dtype in types.items()}
        self.width = len(self.schema)

    def scan(self, file: ExportFile | None = None) -> pl.LazyFrame:  # noqa: ARG002 - there is one
        """The rows of the result."""
        rows = pl.scan_parquet(self.files[0].path, glob=False, hive_partitioning=False)
        return rows.rename(self._named)

    def row_number(self, file: ExportFile, index: int) -> int:  # noqa: ARG002
        """Rows of a result are counted from 1."""
        return index + 1

    def row_numbers(self, file: ExportFile, indexes: pl.Series) -> pl.Series:  # noqa: ARG002
        """Rows of a result are counted from 1."""
        return indexes.cast(pl.Int64) + 1

    def explain(self, error: BaseException, file: ExportFile) -> InputError:
        """Why the result cannot be read: it was written a moment ago, so the disk may be full."""
        return InputError(f"the result cannot be read again ({first_line(error)})", file=file.name)

    def short_rows(self, file: ExportFile) -> Iterator[tuple[int, InputError]]:  # noqa: ARG002
        """None: each row of a result has a cell for each column."""
        return iter(())


def open_database(
    source: Source, scratch: Path, folder: Path, env: Mapping[str, str] | None = None
) -> list[DatabaseExport]:
    """Runs the query of a source, and keeps its result in a Parquet file.

    SQLite is read by Python itself, PostgreSQL by its ADBC driver. Either is opened for reading
    only, and the result never is in memory as a whole.

    Args:
        source: Its ``path`` is a database URL, or a list of them: ``sqlite:///shop.db`` (relative
            to ``folder``), ``sqlite:////data/shop.db``, ``postgresql://user:${PASSWORD}@host/shop``
            or ``${SHOP_URL}``. Its ``query`` is a SELECT, or the name of a table.
        scratch: A folder for the results.
        folder: What relative paths start from.
        env: The environment that ``${VARIABLES}`` are taken from; the process's own by default.

    Returns:
        One export for each URL.

    Raises:
        ConfigError: The URL or the query is not usable, a variable is not set, or the driver is not
            installed.
        InputError: The database cannot be read.

    >>> import sqlite3
    >>> from stockout.config import Source
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     base = sqlite3.connect(Path(folder) / "shop.db")
    ...     _ = base.execute("CREATE TABLE sales AS SELECT '2026-01-05' AS day, '007' AS sku")
    ...     base.close()
    ...     source = Source(path="sqlite:///shop.db", query="sales")
    ...     [export] = open_database(source, Path(folder), Path(folder))
    ...     export.files[0].name, export.scan().collect().row(0)
    ('sqlite:///shop.db (sales)', ('2026-01-05', '007'))
    """
    environment = os.environ if env is None else env
    paths = [source.path] if isinstance(source.path, str) else source.path
    files = [path for path in paths if not is_database(path)]
    if files:
        raise ConfigError(
            f"{files[0]}: a file and a database in one list of paths",
            hint="write two sources of the table: [[tables.sales]] twice",
        )
    return [_open(path, source.query, scratch, folder, environment) for path in paths]


def _open(
    path: str, query: str | None, scratch: Path, folder: Path, env: Mapping[str, str]
) -> DatabaseExport:
    url = parse_url(path, env)
    select = select_query(query, url.shown)
    shown = url.hide(f"{url.shown} ({select.summary})")
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".parquet", delete=False) as file:
        out = Path(file.name)
    try:
        if url.scheme == "sqlite":
            from stockout.exports.databases.sqlite import write_sqlite  # noqa: PLC0415 - heavy

            place = folder / Path(url.target).expanduser()
            names = write_sqlite(place, select.sql, out, shown)
        else:
            from stockout.exports.databases.postgresql import write_postgresql  # noqa: PLC0415 - an extra

            names, zone = write_postgresql(url, select.sql, out, shown)
            _tell_zone(zone, shown)
    except OSError as error:
        raise InputError(f"the result cannot be written: {error.strerror}", file=shown) from None
    if not names:
        raise ConfigError(f"{shown}: the query gives no columns")
    return DatabaseExport(QueryResult(out, shown=shown), names)


def _tell_zone(zone: str, shown: str) -> None:
    """Says whose days those of timestamps with a zone are; UTC seldom is the shop's."""
    if zone in _UTC:
        logger.warning(
            "%s: the days of timestamps with a zone are those of UTC; for those of the shop, add"
            " ?options=-c%%20TimeZone%%3DAsia/Shanghai to the URL",
            shown,
        )
    elif zone:
        logger.info("%s: the days of timestamps with a zone are those of %s", shown, zone)
