"""Numbers as people read them, in messages of many rows at once."""

from __future__ import annotations

import polars as pl


def amount(value: pl.Expr) -> pl.Expr:
    """A number as a text that people read: six digits, and no ``.0``.

    >>> pl.select(amount(pl.lit(pl.Series([-2.0, 0.30000000000000004])))).to_series().to_list()
    ['-2', '0.3']
    """
    short = value.cast(pl.Float64).round_sig_figs(6)
    return (
        pl.when((short == short.round()) & (short.abs() < 2**53))
        .then(short.cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(short.cast(pl.String))
    )


def row_count(count: pl.Expr) -> pl.Expr:
    """A number of rows in words.

    >>> pl.select(row_count(pl.lit(pl.Series([1, 2])))).to_series().to_list()
    ['1 row', '2 rows']
    """
    return pl.when(count == 1).then(pl.lit("1 row")).otherwise(pl.format("{} rows", count))
