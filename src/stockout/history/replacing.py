"""What a table holds after a snapshot: its rows take the place of those with the same key."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.history.keys import DATED, KEYS, SNAPSHOT
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from datetime import date


class Replaced(NamedTuple):
    """A table with a snapshot in it, and what that changed."""

    rows: pl.DataFrame  # the table afterwards
    new: int  # rows of the snapshot whose key was not there
    corrected: int  # rows of the snapshot that say something else than those of their key did
    removed: int  # rows that were there, and for whose key the snapshot has none
    outdated: int  # rows of the snapshot that a later one already tells, and that are left out
    changed: bool  # whether the table is another one than before


def replace_rows(
    before: pl.DataFrame, snapshot: pl.DataFrame, table: str, day: date, *, whole: bool = False
) -> Replaced:
    """Puts a snapshot into a table.

    Args:
        before: The table, or those months of it that the snapshot touches.
        snapshot: Canonical rows.
        table: Name of the table.
        day: The day whose state the snapshot tells; of tables that are not dated, rows of a later
            day stay.
        whole: Whether what the snapshot does not have is gone: of a dated table the rows from its
            first to its last day at its locations, of another every row.

    Returns:
        The table afterwards, with the columns of both.

    >>> from datetime import date
    >>> from stockout.tables import conform
    >>> def stock(*on_hand):
    ...     rows = {"date": date(2026, 1, 5), "sku": ["A", "B"][:len(on_hand)], "on_hand": on_hand}
    ...     return conform(pl.DataFrame(rows), "inventory")
    >>> after = replace_rows(stock(5.0, 7.0), stock(4.0), "inventory", date(2026, 1, 5))
    >>> after.corrected, after.removed, sorted(after.rows["on_hand"])
    (1, 0, [4.0, 7.0])
    >>> replace_rows(stock(5.0), stock(5.0), "inventory", date(2026, 1, 5)).changed
    False
    """
    columns = list(SCHEMAS[table].column_names())
    key = list(KEYS[table])
    # Files of an earlier version of this program may lack a column that there is by now.
    before = _completed(before, table)
    outdated = 0
    if table not in DATED:
        snapshot = snapshot.with_columns(pl.lit(day).alias(SNAPSHOT))
        later = before.filter(pl.col(SNAPSHOT) > day)
        kept = snapshot.join(later, on=key, how="anti", nulls_equal=True)
        outdated, snapshot = snapshot.height - kept.height, kept
        before, later_rows = before.filter(pl.col(SNAPSHOT) <= day), later
    else:
        later_rows = before.clear()
    before = before.with_row_index("#row")
    same_key = before.join(snapshot, on=key, how="semi", nulls_equal=True)
    going = same_key
    if whole:
        going = before.filter(_covered(snapshot)) if table in DATED else before
        going = pl.concat([same_key, going]).unique("#row")
    staying = before.join(going, on="#row", how="anti").drop("#row")
    fresh = snapshot.join(going, on=columns, how="anti", nulls_equal=True)
    new = fresh.join(same_key, on=key, how="anti", nulls_equal=True).height
    return Replaced(
        rows=pl.concat([later_rows, staying, snapshot], how="diagonal"),
        new=new,
        corrected=fresh.height - new,
        removed=going.join(snapshot, on=key, how="anti", nulls_equal=True).height,
        outdated=outdated,
        changed=not _sorted(going, columns).equals(_sorted(snapshot, columns)),
    )


def _completed(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    schema = SCHEMAS[table].columns()
    lacking = {name: column.dtype for name, column in schema.items() if name not in rows.columns}
    if table not in DATED and SNAPSHOT not in rows.columns:
        lacking[SNAPSHOT] = pl.Date()
    return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in lacking.items())


def _covered(snapshot: pl.DataFrame) -> pl.Expr:
    """Rows of the days and locations that a dated snapshot speaks of."""
    days = pl.col("date").is_between(snapshot["date"].min(), snapshot["date"].max())
    return days & pl.col("location").is_in(snapshot["location"].unique().implode())


def _sorted(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    return rows.select(columns).sort(columns)
