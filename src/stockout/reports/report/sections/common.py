"""What sections share: names of items, and columns that appear in many tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from stockout.reports.report.blocks import Column
from stockout.tables import ALL_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockout.reports.report.facts import Facts


def named(frame: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """With the product's name; null where products do not tell it."""
    products = facts.tables.products
    if products is None:
        return frame.with_columns(name=pl.lit(None, pl.String))
    names = products.select("sku", "name").unique("sku", keep="first", maintain_order=True)
    return frame.join(names, on="sku", how="left", maintain_order="left")


def item_columns(frame: pl.DataFrame) -> tuple[Column, ...]:
    """Columns that say which item a row is about; those that say nothing are left out."""
    columns = [Column("sku", "code")]
    if frame["name"].null_count() < frame.height:
        columns.append(Column("name", "text"))
    if has_locations(frame):
        columns.append(Column("location", "code"))
    return tuple(columns)


def has_locations(frame: pl.DataFrame) -> bool:
    """Whether the rows are about more than all locations together."""
    return bool((frame["location"] != ALL_LOCATIONS).any())


def filled(frame: pl.DataFrame, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns of which anything is known."""
    return tuple(
        column for column in columns if frame[column.name].null_count() < max(frame.height, 1)
    )


def as_date(value: object) -> date | None:
    """A date of a frame's cell."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None
