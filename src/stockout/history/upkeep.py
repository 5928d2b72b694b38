"""Keeps a history small: small files are joined, and those of old versions removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import ConfigError, StockoutError
from stockout.history.lake import delta, open_table, tables_of

if TYPE_CHECKING:
    from pathlib import Path

KEEP_DAYS = 30
"""How long old versions stay readable: the default of Delta Lake's log (logRetentionDuration)."""

SHORTEST_DAYS = 7
"""Delta Lake's own shortest time (deletedFileRetentionDuration): who still reads or writes an older
version must not lose its files."""


class Compacted(NamedTuple):
    """What became of the files of one table."""

    table: str
    files_before: int  # that the latest version had
    files: int  # that it has now
    removed: int  # files of old versions, and of writers that died


def compact(folder: Path, keep_days: int = KEEP_DAYS) -> list[Compacted]:
    """Joins small files, and removes those that no version of the last days needs.

    The rows stay as they are. Versions whose files are removed are no longer readable.

    Args:
        folder: Where the history is.
        keep_days: Days for which replaced files are kept, at least 7.

    Raises:
        InputError: There is no history.
        ConfigError: Fewer than 7 days.
        StockoutError: The folder cannot be written.
    """
    if keep_days < SHORTEST_DAYS:
        raise ConfigError(
            f"old versions are kept for {SHORTEST_DAYS} days at least, not {keep_days}",
            hint="a run that still reads an older version would lose its files",
        )
    return [_compact(folder, table, keep_days) for table in tables_of(folder)]


def _compact(folder: Path, table: str, keep_days: int) -> Compacted:
    deltalake = delta()
    opened = open_table(folder, table)
    before = len(opened.file_uris())
    try:
        opened.optimize.compact()
        removed = opened.vacuum(retention_hours=24 * keep_days, dry_run=False, full=True)
    except (deltalake.exceptions.DeltaError, OSError) as error:
        raise StockoutError(
            f"{folder}: table {table} cannot be compacted: {error}",
            hint="if another process was writing, try again",
        ) from None
    files = len(open_table(folder, table).file_uris())
    return Compacted(table, before, files, len(removed))
