"""The exports of a run as snapshots of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.errors import ConfigError
from stockout.exports.kept import kept_tables, with_exports
from stockout.exports.read import read_exact
from stockout.exports.rows.parts import count_rows
from stockout.history.snapshots import Snapshot, add_snapshot

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from stockout.config import Config
    from stockout.history.snapshots import Added


def tables_to_add(config: Config) -> list[str]:
    """The tables whose exports a history is given: those that are not read from one themselves.

    Raises:
        ConfigError: There are none.

    >>> from stockout.config import Config
    >>> tables = {"sales": {"path": "sales.csv"}, "inventory": {"path": "history:"}}
    >>> tables_to_add(Config(tables=tables))
    ['sales']
    """
    read = with_exports(config)
    names = [name for name in read.tables if name not in kept_tables(read)]
    if not names:
        raise ConfigError(
            "nothing to add: neither a flag nor the configuration names an export",
            hint="give --inventory FILE, --sales FILE, ..., or set history.exports",
        )
    return list(names)


def read_snapshot(config: Config, name: str, as_of: date | None, today: date) -> Snapshot:
    """The export of a table, as it is added.

    Args:
        config: The configuration.
        name: Name of the table.
        as_of: The date of a stock list that does not say its own.
        today: The day whose state tables without dates tell, where no ``as_of`` is said.
    """
    read = read_exact(with_exports(config), name, as_of=as_of)
    return Snapshot(name, read.rows, as_of or today, read.names, read.digest)


def add_exports(config: Config, place: Path, as_of: date | None, now: datetime) -> list[Added]:
    """Adds all that :func:`tables_to_add` names; what was added before changes nothing."""
    names = tables_to_add(config)
    snapshots = [read_snapshot(config, name, as_of, now.date()) for name in names]
    return [add_snapshot(place, snapshot, now) for snapshot in snapshots]


def told(added: Added) -> str:
    """What a person is told of a snapshot that was added."""
    rows = f"{added.table}: {count_rows(added.rows)}"
    if not added.changed:
        return f"{rows}, all there already"
    parts = [f"{added.new:,} new"]
    parts += [f"{added.corrected:,} corrected"] if added.corrected else []
    parts += [f"{added.removed:,} removed"] if added.removed else []
    parts += [f"{added.outdated:,} outdated"] if added.outdated else []
    return f"{rows}, {', '.join(parts)} (version {added.version})"
