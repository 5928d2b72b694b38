"""What makes two rows of a canonical table the same row at two times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS: Mapping[str, Sequence[str]] = {
    "sales": ("date", "sku", "location", "channel", "order_id"),
    "inventory": ("date", "sku", "location"),
    "movements": ("date", "sku", "location", "kind"),
    "products": ("sku",),
    "suppliers": ("supplier_id",),
    "purchases": ("po_id", "line", "sku", "location"),
    "orders": ("order_id", "line", "sku", "location"),
    "customers": ("customer_id",),
    "locations": ("location",),
    "events": ("date", "name", "kind", "sku", "category", "location"),
    "overrides": ("sku", "location", "date"),
}
"""The key of each table. Several rows may have one key, as the lines of one day's sales do: they
come and go together."""

DATED = frozenset({"sales", "inventory", "movements"})
"""Tables that grow by the day, kept in one folder a month. A row of the others says how something
is, and the state of the latest day counts."""

MONTH = "month"
"""Column that the files of a dated table are parted by: ``2026-01``."""

SNAPSHOT = "snapshot"
"""Column of the other tables: the day whose state a row tells."""


def with_months(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the month of each row's date.

    >>> from datetime import date
    >>> with_months(pl.DataFrame({"date": [date(2026, 1, 5)]}))["month"].to_list()
    ['2026-01']
    """
    return rows.with_columns(pl.col("date").dt.strftime("%Y-%m").alias(MONTH))
