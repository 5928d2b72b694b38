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
    paths = _paths(source)
    if not any(is_kept(path) for path in paths):
        return source
    named = [_PREFIX + config.history.path if path == _PREFIX else path for path in paths]
    return source.__class__(path=named)


def with_exports(config: Config) -> Config:
    """The configuration as it reads what is to be added: exports in place of their history.

    A table that a flag reads from elsewhere stays as it is.

    Raises:
        ConfigError: ``history.exports`` names a table that is read from nowhere, or from another
            history than ``history.path``.

    >>> from stockout.config import Config
    >>> config = Config(tables={"inventory": {"path": "history:"}},
    ...                 history={"exports": {"inventory": "exports/stock*.csv"}})
    >>> with_exports(config).tables["inventory"][0].path
    'exports/stock*.csv'
    """
    tables = dict(config.tables)
    own = {_PREFIX, _PREFIX + config.history.path}
    for name, paths in config.history.exports.items():
        sources = config.tables.get(name, [])
        kept = [source for source in sources if own & {*_paths(source)}]
        if kept:
            tables[name] = [kept[0].model_copy(update={"path": paths})]
        elif not sources or name in kept_tables(config):
            raise ConfigError(
                f"history.exports.{name}: tables.{name} is not read from the history, so that what "
                "is added would be read by nobody",
                hint=f'set tables.{name}.path = "history:"',
            )
    return config.model_copy(update={"tables": tables})


def kept_tables(config: Config) -> dict[str, list[Path]]:
    """The folders of the histories that tables are read from."""
    found = {
        name: [
            config.folder / Path(path.removeprefix(_PREFIX) or config.history.path).expanduser()
            for source in sources
            for path in _paths(source)
            if is_kept(path)
        ]
        for name, sources in config.tables.items()
    }
    return {name: folders for name, folders in found.items() if folders}


def _paths(source: Source) -> list[str]:
    return [source.path] if isinstance(source.path, str) else source.path


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
