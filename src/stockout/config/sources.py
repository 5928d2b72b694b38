"""The sections ``[tables]`` and below: where the exports are, and how they are read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from stockout.config.values import Section, Text, no_bool

TableName: TypeAlias = Literal[
    "sales",
    "inventory",
    "movements",
    "products",
    "suppliers",
    "purchases",
    "orders",
    "customers",
    "locations",
    "events",
    "overrides",
]
"""The canonical tables; the same names as in :data:`stockout.tables.SCHEMAS`."""


def _delimiter(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value in '"\r\n':
        raise ValueError("one character, such as ; or a tab")
    return value


def _sheet(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, int) and value < 1):
        raise ValueError("a sheet's name, or its number from 1")
    return value


def _path_or_paths(value: object) -> object:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) and item.strip() for item in values):
        raise ValueError("a path, a glob, a folder, or a list of them")
    return value


class SqlColumn(Section):
    """A canonical column computed from the columns of the export.

    Attributes:
        sql: A Polars SQL expression, such as ``1 - stockout_hours / 16.0``.
    """

    sql: Text


class Exclude(Section):
    """Rows of an export that are left out; how many is always reported.

    Attributes:
        where: A Polars SQL condition over the columns of the export.
        reason: What these rows are, in words, such as ``cancelled invoices``.
    """

    where: Text
    reason: Text


class Source(Section):
    """Where a table is read from, and how its columns are called there.

    Attributes:
        path: A file, a glob, a folder (hive-partitioned or not), a list of them; or the URL of a
            database; or ``history:FOLDER``.
        query: What is read from the database: a query, or the name of a table.
        profile: What is known of this export: ``shopify/orders``, or ``my_profile.toml/orders``;
            a system alone (``shopify``) leaves it to the header which of its exports this is.
        format: ``csv``, ``parquet`` or ``excel``; by the file's suffix where not given.
        sheet: Name or number (from 1) of the sheet of a workbook.
        header_row: The row of the header, from 1; the last one where there are several; found
            where not given.
        encoding: Text encoding of a CSV; found where it is certain.
        delimiter: What stands between two cells of a CSV; found in the header where not given.
        decimal: ``.`` or ``,``; where not given, settled from the cells of each file.
        date_format: How dates are written, in ``strftime`` words such as ``%d/%m/%Y``.
        null_words: Words that mean "no value", in place of the usual ones.
        columns: The column of the export, or an expression, for each canonical column; a column
            that is not named here is recognised by its name.
        exclude: Rows to leave out.
    """

    path: Annotated[str | list[str], BeforeValidator(_path_or_paths)]
    query: Text | None = None
    profile: Text | None = None
    format: Literal["csv", "parquet", "excel"] | None = None
    sheet: Annotated[Text | int | None, BeforeValidator(_sheet)] = None
    header_row: Annotated[int, BeforeValidator(no_bool), Field(ge=1)] | None = None
    encoding: Text | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    decimal: Literal[".", ","] | None = None
    date_format: Text | None = None
    null_words: list[str] | None = None
    columns: dict[str, Text | SqlColumn] = Field(default_factory=dict)
    exclude: list[Exclude] = Field(default_factory=list)
