"""Tables that a history keeps, as exports: ``inventory = "history:store"``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stockout.errors import ConfigError
from stockout.exports.databases.database import DatabaseExport, QueryResult

if TYPE_CHECKING:
    from stockout.config import Config, Source

_PREFIX = "history:"


def is_kept(path: str) -> bool:
    """Whether the path of a source names a history.

    >>> is_kept("history:store"), is_kept("history.csv")
    (True, False)
    """
    return path.startswith(_PREFIX)


def kept_source(source: Source, config: Config) -> Source:
    """A source of a history without what is said of the exports that are added to it.

    Its tables are canonical already: the columns, profile and excluded rows in the same section of
    the configuration are for ``stockout history add``. ``history:`` alone is ``history.path``.
    """
    paths = [source.path] if isinstance(source.path, str) else source.path
    if not any(is_kept(path) for path in paths):
        return source
    named = [_PREFIX + config.history.path if path == _PREFIX else path for path in paths]
    return source.__class__(path=named)


def open_kept(paths: list[str], table: str, scratch: Path, folder: Path) -> list[DatabaseExport]:
    """Opens a table of the histories that a source names, each as it is now.

    Args:
        paths: ``history:FOLDER``, relative to ``folder``.
        table: Name of the canonical table.
        scratch: A folder for copies that stay as they are while others write.
        folder: What relative paths start from.

    Raises:
        ConfigError: Files are named in the same list, or the package that reads it is not there.
        InputError: There is no such history or table.
    """
    from stockout.history.lake import read_history  # noqa: PLC0415 - an extra

    others = [path for path in paths if not is_kept(path)]
    if others:
        raise ConfigError(
            f"{others[0]}: a file and a history in one list of paths",
            hint=f"write two sources of the table: [[tables.{table}]] twice",
        )
    exports = []
    for path in paths:
        place = folder / Path(path.removeprefix(_PREFIX)).expanduser()
        rows = read_history(place, table)
        full = [name for name in rows.columns if rows[name].null_count() < rows.height]
        with tempfile.NamedTemporaryFile(dir=scratch, suffix=".parquet", delete=False) as file:
            rows.select(full or rows.columns).write_parquet(file.name)
        result = QueryResult(Path(file.name), shown=f"{_PREFIX}{place} ({table})")
        exports.append(DatabaseExport(result, full or rows.columns))
    return exports
