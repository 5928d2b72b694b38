"""Adds up rows that an export writes for each batch or bin of one SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection

_KEY = ("date", "sku", "location")


def sum_by_key(rows: pl.LazyFrame, table: str, lists: Collection[str] = ()) -> pl.LazyFrame:
    """One row for each date, SKU and location, its quantities added up; else the first value.

    Rows of different units are not added up: they stay apart, for the check of units to find. A
    quantity is null where all rows have none.

    Args:
        rows: Canonical rows of one file.
        table: Name of the canonical table.
        lists: Columns of which all values are kept, as a list.

    Returns:
        The columns of the rows, in their order; each key where it comes first.

    >>> rows = pl.LazyFrame({"sku": ["A", "A"], "location": ["1", "1"], "on_hand": [2.0, 3.0]})
    >>> sum_by_key(rows, "inventory").collect().rows()
    [('A', '1', 5.0)]
    """
    names = rows.collect_schema().names()
    schema = SCHEMAS[table].columns()
    key = [name for name in (*_KEY, "unit") if name in names]
    quantities = [name for name in names if name in schema and schema[name].dtype == pl.Float64]
    return (
        rows.group_by(key, maintain_order=True)
        .agg(
            pl.when(pl.col(name).count() > 0).then(pl.col(name).sum())
            if name in quantities
            else pl.col(name)
            if name in lists
            else pl.col(name).first()
            for name in names
            if name not in key
        )
        .select(names)
    )


def refuse_units(rows: pl.LazyFrame, file: str) -> None:
    """Refuses quantities of one SKU in different units, which nobody can add up.

    Args:
        rows: As from :func:`sum_by_key`, with the column ``unit``.
        file: The name of the file, for the error.

    Raises:
        InputError: One date, SKU and location has rows in more than one unit.
    """
    key = [name for name in _KEY if name in rows.collect_schema().names()]
    mixed = rows.group_by(key).agg(pl.col("unit").unique().sort().drop_nulls(), pl.len())
    first = mixed.filter(pl.col("len") > 1).sort(key).head(1).collect()
    if not first.is_empty():
        row = first.row(0, named=True)
        raise InputError(
            f"the rows of SKU {row['sku']!r} are in different units",
            file=file,
            column="unit",
            found=", ".join(row["unit"]),
            expected="one unit for each SKU",
            hint="export quantities in the base unit, or leave the others out with an exclude rule",
        )
