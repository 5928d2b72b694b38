"""Dates that cannot be: far past all others, the zero of some system, or after as-of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.hits import found
from stockout.checks.row_rules import RowRule, row_rules
from stockout.checks.wording import row_count
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

CODES = ("SO301", "SO302", "SO303")

HAPPENED = {
    "sales": ("date",),
    "inventory": ("date",),
    "movements": ("date",),
    "purchases": ("order_date", "received_date"),
    "orders": ("order_date", "shipped_date"),
}
"""Columns that tell when something happened, so that no date of the future belongs there."""


def date_findings(data: Data) -> Iterator[Found]:
    """Findings SO301, SO302 and SO303."""
    for table, columns in HAPPENED.items():
        rules = []
        for column in columns:
            if data.has(table, column):
                rules += _rules(data, table, column)
        yield from row_rules(data, table, rules)
        if data.as_of is not None and data.is_on("SO303") and data.has(table, columns[0]):
            yield from _after_as_of(data, table, columns[0], data.as_of)


def _rules(data: Data, table: str, column: str) -> list[RowRule]:
    usual, day = data.usual_dates(table, column), pl.col(column)
    return [
        RowRule(
            "SO301",
            column,
            day > usual.highest,
            pl.format(
                "{} is far in the future: 99.9 % of the rows are dated up to {}",
                day,
                pl.lit(usual.last),
            ),
            "correct the date, or leave the row out with an exclude rule",
            (column,),
        ),
        RowRule(
            "SO302",
            column,
            day < usual.lowest,
            pl.format(
                "{} is far in the past: 99.9 % of the rows are dated from {} on",
                day,
                pl.lit(usual.first),
            ),
            "1899-12-30, 1900-01-01 and 1970-01-01 are how systems write no date; correct it, "
            "or leave the row out with an exclude rule",
            (column,),
        ),
    ]


def _after_as_of(data: Data, table: str, column: str, as_of: date) -> Iterator[Found]:
    """One finding a file: that rows after as-of do not count is as it should be."""
    usual = data.usual_dates(table, column)
    (late,) = data.collect(
        data.rows(table)
        .filter(pl.col(column) > as_of, pl.col(column) <= usual.highest)
        .group_by(SOURCE_FILE)
        .agg(pl.len().alias("rows"), pl.col(SOURCE_ROW).min(), pl.col(column).max().alias("date"))
    )
    if not late.is_empty():
        yield found(
            late.with_columns(
                message=pl.format(
                    "{}, the first of them here, dated after {}, up to {}, do not count",
                    row_count(pl.col("rows")),
                    pl.lit(as_of),
                    "date",
                )
            ),
            code="SO303",
            table=table,
            column=column,
            hint="if they are to count, give a later --as-of",
        )
