"""The tables of a history in their Delta Lake: opened, read, and written one version at a time.

A version is written whole or not at all: its data files first, then one file of the log that names
them. A process that dies in between leaves files that no version names.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.errors import ConfigError, InputError, StockoutError
from stockout.history.keys import DATED, MONTH
from stockout.tables import SCHEMAS, conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from deltalake import DeltaTable

_NOTE = "stockout"
"""Key of what a commit says of its snapshot."""

_CONFIGURATION = {
    # The log is what is told of each snapshot, and a line of it is small: never cleaned.
    "delta.logRetentionDuration": "interval 36500 days",
}


def delta() -> Any:  # noqa: ANN401 - a module that may not be there
    """The package deltalake.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("deltalake")
    except ImportError:
        raise ConfigError(
            "a history needs the package deltalake", hint="pip install 'stockout[history]'"
        ) from None


def tables_of(folder: Path) -> list[str]:
    """The canonical tables that a history holds, in the order of the house."""
    if not folder.is_dir():
        raise InputError(
            "no such history",
            file=str(folder),
            hint="stockout history add makes one; relative paths start at stockout.toml",
        )
    # A writer that died while it made a table leaves a log without a version.
    return [table for table in SCHEMAS if any((folder / table / "_delta_log").glob("*.json"))]


def open_table(folder: Path, table: str, version: int | None = None) -> DeltaTable:
    """A table of a history, at its latest or at one version.

    Raises:
        InputError: There is no such history, table or version, or it is damaged.
    """
    deltalake = delta()
    there = tables_of(folder)
    if table not in there:
        raise InputError(
            f"no table {table} in this history",
            file=str(folder),
            hint=f"there are {', '.join(there)}" if there else "nothing has been added yet",
        )
    opened: DeltaTable
    try:
        opened = deltalake.DeltaTable(folder / table)
        last = opened.version()
        if version is not None:
            if not 0 <= version <= last:
                raise InputError(
                    f"table {table} has no version {version}",
                    file=str(folder),
                    expected=f"a version from 0 to {last}",
                    hint="stockout history list shows them",
                )
            opened.load_as_version(version)
    except (deltalake.exceptions.DeltaError, OSError) as error:
        raise InputError(
            f"table {table} cannot be read ({_first_line(error)})", file=str(folder)
        ) from None
    return opened


def rows_of(opened: DeltaTable, months: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of a table, of some months or all, with every column that is kept."""
    rows = pl.scan_delta(opened)
    if months is not None:
        rows = rows.filter(pl.col(MONTH).is_in(list(months)))
    return rows.collect()


def read_history(folder: Path, table: str, version: int | None = None) -> pl.DataFrame:
    """A canonical table from a history.

    Args:
        folder: Where the history is.
        table: Name of the canonical table.
        version: A version of the table; None is the latest.

    Returns:
        The rows in the order of their columns, so that the same history gives the same frame.

    Raises:
        InputError: There is no such table or version, or it is no longer kept.
    """
    opened = open_table(folder, table, version)
    try:
        rows = conform(rows_of(opened), table)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"version {opened.version()} of table {table} cannot be read ({_first_line(error)})",
            file=str(folder),
            hint="compacting removes the files of old versions; stockout history list shows all",
        ) from None
    return rows.sort(rows.columns)


def notes_of(opened: DeltaTable) -> list[dict[str, Any]]:
    """What is told of each snapshot of a table, the earliest first, with its ``version``."""
    commits = reversed(opened.history())
    return [
        {**json.loads(commit[_NOTE]), "version": commit["version"]}
        for commit in commits
        if _NOTE in commit
    ]


def version_at(folder: Path, table: str, day: date) -> int:
    """The version that a table had at the end of a day.

    Raises:
        InputError: There was none yet.
    """
    notes = notes_of(open_table(folder, table))
    until: list[int] = [note["version"] for note in notes if note["added"][:10] <= day.isoformat()]
    if not until:
        raise InputError(
            f"nothing had been added to table {table} by {day}",
            file=str(folder),
            hint="stockout history list shows what was added when",
        )
    return max(until)


def write_version(
    folder: Path,
    table: str,
    base: DeltaTable | None,
    rows: pl.DataFrame,
    note: Mapping[str, object],
    *,
    months: Sequence[str],
) -> int | None:
    """Writes the next version of a table, if it still is the next.

    Args:
        folder: Where the history is.
        table: Name of the table.
        base: The version that the rows were worked out from; None where there is no table yet.
        rows: The whole table; of a dated one the months that change.
        note: What is told of the snapshot.
        months: Months of a dated table that the rows replace.

    Returns:
        The number of the version, or None where somebody else wrote one meanwhile.

    Raises:
        StockoutError: The folder cannot be written.
    """
    deltalake = delta()
    dated = table in DATED
    version: int = 0 if base is None else base.version() + 1
    properties = deltalake.CommitProperties(
        custom_metadata={_NOTE: json.dumps(note)},
        max_commit_retries=0,  # or what was written meanwhile would not be looked at
    )
    settings: dict[str, Any] = {"schema_mode": "merge", "commit_properties": properties}
    try:
        if base is None:
            (folder / table).mkdir(parents=True, exist_ok=True)
            settings |= {
                "configuration": _CONFIGURATION,
                "partition_by": [MONTH] if dated else None,
            }
            deltalake.write_deltalake(folder / table, rows, mode="error", **settings)
            return version
        if dated:
            named = ", ".join(f"'{month}'" for month in months)
            settings["predicate"] = f"{MONTH} IN ({named})"
        deltalake.write_deltalake(base, rows, mode="overwrite", **settings)
    except deltalake.exceptions.CommitFailedError:
        return None
    except (deltalake.exceptions.DeltaError, OSError) as error:
        if base is None and deltalake.DeltaTable.is_deltatable(str(folder / table)):
            return None
        raise StockoutError(
            f"{folder}: table {table} cannot be written: {_first_line(error)}"
        ) from None
    return version


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
