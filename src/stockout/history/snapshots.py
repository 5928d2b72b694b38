"""Adds snapshots to a history, and tells which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.errors import LockedError
from stockout.history.keys import DATED, MONTH, with_months
from stockout.history.lake import (
    delta,
    notes_of,
    open_table,
    rows_of,
    tables_of,
    write_version,
)
from stockout.history.replacing import Replaced, replace_rows
from stockout.tables import conform

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from deltalake import DeltaTable

_ATTEMPTS = 1000
"""Each failed attempt means that another writer got ahead; as many would be no accident."""

LISTED = pl.Schema(
    {
        "table": pl.String(),
        "version": pl.Int64(),
        "from": pl.String(),
        "to": pl.String(),
        "rows": pl.Int64(),
        "new": pl.Int64(),
        "corrected": pl.Int64(),
        "removed": pl.Int64(),
        "outdated": pl.Int64(),
        "added": pl.String(),
        "source": pl.String(),
        "hash": pl.String(),
    }
)
"""Columns of the list of snapshots."""


class Snapshot(NamedTuple):
    """What an export says of one canonical table."""

    table: str  # name of the table
    rows: pl.DataFrame  # canonical rows
    day: date  # the day whose state it tells, for tables that are not dated
    source: str  # what it was read from
    digest: str  # SHA-256 of that


class Added(NamedTuple):
    """A snapshot that was added, or that changes nothing."""

    table: str
    version: int  # that has the snapshot in it
    rows: int  # of the snapshot
    new: int
    corrected: int
    removed: int
    outdated: int
    changed: bool  # False where the history said the same already, and no version was written


def add_snapshot(
    folder: Path,
    snapshot: Snapshot,
    now: datetime,
    *,
    whole: bool = False,
) -> Added:
    """Adds a snapshot of a table; the same one again changes nothing.

    A row takes the place of those with its key (:data:`stockout.history.keys.KEYS`), which stay
    readable in the version before. Another process may write at the same time: whoever comes
    second works from what the first has written.

    Args:
        folder: Where the history is; made where it is not there.
        snapshot: What to add.
        now: When it is added.
        whole: Whether rows that the snapshot does not have are gone, see
            :func:`stockout.history.replacing.replace_rows`.

    Raises:
        InputError: The snapshot is not a canonical table, or the history is damaged.
        StockoutError: The folder cannot be written.
        LockedError: Others kept getting ahead.

    >>> import tempfile
    >>> from datetime import date, datetime
    >>> from pathlib import Path
    >>> from stockout.history.lake import read_history
    >>> day = date(2026, 1, 5)
    >>> stock = pl.DataFrame({"date": [day], "sku": ["A"], "on_hand": [5.0]})
    >>> snapshot = Snapshot("inventory", stock, day, "stock.csv", "ab12")
    >>> with tempfile.TemporaryDirectory() as place:
    ...     first = add_snapshot(Path(place), snapshot, datetime(2026, 1, 6))
    ...     again = add_snapshot(Path(place), snapshot, datetime(2026, 1, 7))
    ...     kept = read_history(Path(place), "inventory")
    >>> first.new, again.changed, kept.select("sku", "on_hand").rows()
    (1, False, [('A', 5.0)])
    """
    deltalake = delta()
    table = snapshot.table
    rows = conform(snapshot.rows, table)
    months = _months(rows, whole=whole) if table in DATED else []
    for _ in range(_ATTEMPTS):
        there = deltalake.DeltaTable.is_deltatable(str(folder / table))
        base: DeltaTable | None = open_table(folder, table) if there else None
        before = rows.clear() if base is None else rows_of(base, months or None)
        after = replace_rows(before, rows, table, snapshot.day, whole=whole)
        if not after.changed:
            version = -1 if base is None else base.version()
            return _added(table, version, rows, after)
        note = _note(snapshot, rows, after, now)
        written = write_version(folder, table, base, _kept(after.rows, table), note, months=months)
        if written is not None:
            return _added(table, written, rows, after)
    raise LockedError(
        f"{folder}: others keep writing table {table}", hint="try again when they are done"
    )


def list_snapshots(folder: Path) -> pl.DataFrame:
    """The snapshots of a history: one row each, by table and version.

    Args:
        folder: Where the history is.

    Returns:
        Columns as :data:`LISTED`: ``from`` and ``to`` are the first and last day that the snapshot
        speaks of, ``rows`` its rows, ``new``, ``corrected``, ``removed`` and ``outdated`` what
        became of them, ``added`` when, ``source`` and ``hash`` (SHA-256) what it was read from.

    Raises:
        InputError: There is no history.
    """
    notes = [
        {**note, "table": table}
        for table in tables_of(folder)
        for note in notes_of(open_table(folder, table))
    ]
    return pl.DataFrame(notes, schema=LISTED)


def _months(rows: pl.DataFrame, *, whole: bool) -> list[str]:
    """The months of a dated table that a snapshot may change."""
    if whole:
        days = pl.date_range(pl.col("date").min(), pl.col("date").max(), "1d")
        rows = rows.select(days)
    return sorted(with_months(rows)[MONTH].unique())


def _kept(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """The columns that are kept: those with a value. Others are added when they get one."""
    full = [name for name in rows.columns if rows[name].null_count() < rows.height]
    kept = rows.select(full)
    return with_months(kept) if table in DATED else kept


def _note(
    snapshot: Snapshot, rows: pl.DataFrame, after: Replaced, now: datetime
) -> dict[str, object]:
    dated = snapshot.table in DATED
    first, last = (
        (rows["date"].min(), rows["date"].max()) if dated else (snapshot.day, snapshot.day)
    )
    return {
        "from": str(first),
        "to": str(last),
        "rows": rows.height,
        "new": after.new,
        "corrected": after.corrected,
        "removed": after.removed,
        "outdated": after.outdated,
        "added": now.isoformat(timespec="seconds"),
        "source": snapshot.source,
        "hash": snapshot.digest,
    }


def _added(table: str, version: int, rows: pl.DataFrame, after: Replaced) -> Added:
    return Added(
        table=table,
        version=version,
        rows=rows.height,
        new=after.new,
        corrected=after.corrected,
        removed=after.removed,
        outdated=after.outdated,
        changed=after.changed,
    )
