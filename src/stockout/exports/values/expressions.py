"""Polars SQL of the configuration: columns that are computed, rows that are left out."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`""")
_DECIMAL_COMMA = re.compile(r'"-?\d*,\d+"')
_QUERY = re.compile(r"\(\s*(?:select|from|with|table|values)\b", re.IGNORECASE)
_TABLE_FUNCTION = re.compile(r"\bread_(?:avro|csv|delta|ipc|json|ndjson|parquet)\b", re.IGNORECASE)
"""Functions of Polars SQL that open a file as soon as they are parsed, in quotes or not."""


class SqlExpression(NamedTuple):
    """An expression over the columns of an export."""

    expr: pl.Expr
    dtype: pl.DataType  # of its values
    key: str  # where it stands in the configuration, for errors
    sql: str

    def require(self, dtype: pl.DataType, what: str) -> None:
        """Refuses an expression of another type.

        Raises:
            ConfigError: Its values are not of this type.
        """
        if self.dtype not in (dtype, pl.Null()):
            raise ConfigError(f"{self.key}: {self.sql!r} gives {self.dtype}, expected {what}")


def compile_sql(
    sql: str, key: str, schema: Mapping[str, pl.DataType], repeated: Collection[str] = ()
) -> SqlExpression:
    """Checks an expression against the columns of an export, without reading a row.

    Args:
        sql: The expression.
        key: Where it stands in the configuration.
        schema: The columns of the export.
        repeated: Columns that occur more than once, so that no expression can mean one of them.

    Raises:
        ConfigError: It does not parse, asks for rows of elsewhere, names a column that is not
            there, does not fit the columns' types, or makes one value of many rows.

    >>> compile_sql("1 - out / 16.0", "columns.in_stock_share", {"out": pl.Int8()}).sql
    '1 - out / 16.0'
    """
    if _TABLE_FUNCTION.search(sql) or _QUERY.search(_QUOTED.sub("''", sql)):
        raise ConfigError(
            f"{key}: {sql!r} asks for other rows, expected an expression over the columns of a row"
        )
    # Two rows show whether the expression keeps rows apart; empty cells fit every function.
    probe = pl.DataFrame(
        {name: pl.Series([None, None], dtype=dtype) for name, dtype in schema.items()}
    )
    roots: list[str] = []
    try:
        expr = pl.sql_expr(sql)
        roots = expr.meta.root_names()
        twice = next((name for name in roots if name in repeated), None)
        if twice is not None:
            raise ConfigError(f"{key}: the export has more than one column {twice!r}")
        result = probe.select(expr.alias("result"))
    except pl.exceptions.ColumnNotFoundError:
        missing = next((name for name in roots if name not in schema), "")
        close = difflib.get_close_matches(missing, list(schema), n=1, cutoff=0.5)
        raise ConfigError(
            f"{key}: the export has no column {missing!r}",
            hint=(f"did you mean {close[0]!r}? " if close else "")
            + f"The columns are {', '.join(schema)}; one with spaces is written "
            "\"in double quotes\", a text 'in single quotes'",
        ) from None
    except pl.exceptions.PolarsError as error:
        raise expression_fault(key, sql, error) from None
    if roots and result.height != probe.height:
        raise ConfigError(f"{key}: {sql!r} makes one value of all rows, not one of each")
    return SqlExpression(expr, result.schema["result"], key, sql)


def refuse_files(sql: str, key: str) -> None:
    """Refuses a query that opens a file.

    Raises:
        ConfigError: It does.
    """
    if _TABLE_FUNCTION.search(sql):
        raise ConfigError(f"{key}: {sql!r} reads a file, expected a query of the result alone")


def first_line(error: BaseException) -> str:
    """What an error of Polars says, without its advice to programmers."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def expression_fault(key: str, sql: str, error: BaseException) -> ConfigError:
    """The error for an expression that Polars cannot parse or compute."""
    reason = first_line(error)
    compares_text = "string" in reason and "numeric" in reason
    fails_to_cast = "conversion from" in reason
    hint = None
    if compares_text:
        hint = "the cells of a CSV are text: CAST(column AS DOUBLE) makes them numbers"
    elif fails_to_cast and _DECIMAL_COMMA.search(reason):
        hint = "REPLACE(column, ',', '.') makes a decimal comma a point"
    elif fails_to_cast:
        hint = "TRY_CAST gives no value instead of an error"
    return ConfigError(f"{key}: {sql!r} does not work: {reason}", hint=hint)
