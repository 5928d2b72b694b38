"""What a table says between its lines: prices from revenues, one row for each key."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from stockout.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)

KEYS: Mapping[str, str] = {
    "products": "sku",
    "suppliers": "supplier_id",
    "customers": "customer_id",
    "locations": "location",
}
"""Tables with one row for each value of this column."""


def merge_sources(tables: Sequence[pl.DataFrame], table: str) -> pl.DataFrame:
    """One table from those of several sources.

    Where a table has one row for each key, a value comes from the first source that has it: two
    systems may well describe one SKU in different words.

    Args:
        tables: The table of each source, complete.
        table: Its name.

    >>> erp = pl.DataFrame({"sku": ["A"], "name": ["Tea"], "moq": [None]})
    >>> shop = pl.DataFrame({"sku": ["A", "B"], "name": ["Fine tea", "Cup"], "moq": [6.0, None]})
    >>> merge_sources([erp, shop], "products").rows()
    [('A', 'Tea', 6.0), ('B', 'Cup', None)]
    """
    rows = pl.concat(tables, how="vertical_relaxed")
    if table not in KEYS or len(tables) == 1:
        return rows
    values = pl.exclude(KEYS[table]).drop_nulls().first()
    merged = rows.group_by(KEYS[table], maintain_order=True).agg(values)
    return merged.select(rows.columns)


def complete(rows: pl.DataFrame, table: str, shown: str) -> pl.DataFrame:
    """Fills in what follows from other columns, and refuses two rows for one key.

    Args:
        rows: A canonical table.
        table: Its name.
        shown: What errors call its source.

    Returns:
        The table with ``revenue`` and ``unit_price`` of sales filled in from each other, and
        without repetitions of a row in a table with one row for each key.

    Raises:
        InputError: Two rows of products, suppliers, customers or locations have the same key and
            say different things.

    >>> sales = pl.DataFrame({"units": [2.0], "revenue": [9.0], "unit_price": [None]})
    >>> complete(sales, "sales", "sales.csv")["unit_price"].to_list()
    [4.5]
    """
    if table == "sales":
        known = any(rows.select(pl.col("revenue", "unit_price").count()).row(0))
        return with_prices(rows) if known else rows  # so that empty columns stay constants
    if table in KEYS:
        return _one_row_each(rows, table, KEYS[table], shown)
    return rows


def with_prices(sales: Rows) -> Rows:
    """Fills in ``revenue`` and ``unit_price`` of sales from each other."""
    units, revenue, price = pl.col("units"), pl.col("revenue"), pl.col("unit_price")
    return sales.with_columns(
        revenue.fill_null(units * price),
        price.fill_null(pl.when(units != 0).then(revenue / units)),
    )


def _one_row_each(rows: pl.DataFrame, table: str, key: str, shown: str) -> pl.DataFrame:
    if rows[key].n_unique() == rows.height:
        return rows
    distinct = rows.unique(maintain_order=True)
    repeated = distinct.filter(pl.col(key).is_duplicated())
    if not repeated.is_empty():
        first = repeated[key][0]
        two = repeated.filter(pl.col(key) == first).head(2)
        differ = next(name for name in rows.columns if two[name].n_unique() > 1)
        raise InputError(
            f"{key} {first!r} is there more than once, with different {differ}",
            file=shown,
            column=key,
            found=" and ".join(str(value) for value in two[differ]),
            expected=f"one row for each {key}",
            hint="leave the others out with an exclude rule, or correct the export",
        )
    logger.warning(
        "%s: repetitions of a row left out: %s", table, f"{rows.height - distinct.height:,}"
    )
    return distinct
