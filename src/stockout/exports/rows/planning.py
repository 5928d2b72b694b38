"""Plans how an export is read: which columns, from what the configuration and a profile say."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.errors import InputError, MissingColumnError
from stockout.exports.databases.database import QueryResult
from stockout.exports.formats.undated import stock_date
from stockout.exports.mapping import EXTRA, first_named, map_columns
from stockout.exports.rows.plan import Plan
from stockout.exports.rows.shaping import make_shape
from stockout.exports.values.expressions import compile_sql
from stockout.exports.values.parsing import CHOICES, MONEY, Cells
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from stockout.config import Source
    from stockout.exports.formats.export import Export
    from stockout.exports.mapping import SourceColumn
    from stockout.exports.profiles import Known

logger = logging.getLogger(__name__)

TOTALS = "totals of other rows"
"""Why rows of totals are left out."""

_TOTAL_KEYS: Mapping[str, tuple[str, ...]] = {
    table: tuple(
        name
        for name, column in schema.columns().items()
        if column.dtype == pl.String and not column.nullable and name != "location"
    )
    for table, schema in SCHEMAS.items()
} | {"locations": ("location",)}
"""Keys in which a row of totals may have its word."""

_FIELD_TYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "date": pl.Date(),
    "flag": pl.Boolean(),
}


class Told(NamedTuple):
    """What is said of a source, beside the source itself."""

    key: str  # where it stands in the configuration: "tables.sales"
    config_name: str  # what errors call the configuration
    as_of: date | None  # the date of a stock list that says none


def make_plan(
    table: str,
    source: Source,
    export: Export,
    told: Told,
    known: Known | None,
    *,
    extra: bool = False,
) -> Plan:
    """Plans how an export is read.

    Args:
        table: Name of the canonical table.
        source: What the configuration tells about the export.
        export: The opened export.
        told: What else is said of it.
        known: Its profile.
        extra: Whether the unit is read too.

    Raises:
        InputError: A column is missing, ambiguous, repeated, or of a type that does not fit.
        ConfigError: An expression of the configuration or the profile does not fit the export.
    """
    profile = None if known is None else known.table
    shape = make_shape(profile, export)
    schema = dict(export.schema) if shape is None else shape.schema(export.schema)
    header = [name for name in dict.fromkeys(export.header) if name in schema]
    header += [name for name in schema if name not in header and name not in export.schema]
    mapped = map_columns(
        table,
        source,
        header,
        file=export.files[0].name,
        header_row=export.header_row,
        config_name=told.config_name,
        profile=profile,
        guess=known is None or known.export.headers == "vary",
        given=("date",) if table == "inventory" else (),  # a list may say its day elsewhere
    )
    key = f"{told.config_name}: {told.key}"
    cells, computed = [], []
    for column, where in mapped.items():
        if column == "unit" and not extra:
            continue
        if where.sql is None:
            expr, dtype = _column(where, export), schema[where.name]
        else:
            sql = compile_sql(where.sql, f"{key}.columns.{column}", schema, export.repeated)
            computed.append(sql)
            expr, dtype = sql.expr, sql.dtype
        wanted = pl.String() if column in EXTRA else SCHEMAS[table].columns()[column].dtype
        cells.append(_cells(export, column, wanted, expr, dtype, table=table, shown=where.name))
        if column in _TOTAL_KEYS.get(table, ()) and "date" not in mapped:
            # Where there is a date, a row of totals has none, and is seen by that.
            cells[-1] = cells[-1]._replace(may_be_total=True)
    rules = tuple(
        compile_sql(rule.where, f"{key}.exclude.{number}", schema, export.repeated)
        for number, rule in enumerate(source.exclude)
    )
    for rule in rules:
        rule.require(pl.Boolean(), "a condition, true for the rows to leave out")
    reasons = [rule.reason for rule in source.exclude]
    if shape is not None and shape.not_kept is not None:
        reasons.append("not kept at the location")
    plan = Plan(
        table=table,
        export=export,
        cells=tuple(cells),
        shape=shape,
        computed=tuple(computed),
        rules=rules,
        reasons=(*reasons, TOTALS),
    )
    if known is not None:
        plan = _with_profile(plan, known, source, header, extra=extra)
    if "currency" not in plan.present:
        amounts = [each.column for each in plan.cells if each.money and each.is_number_in_text]
        plan = replace(plan, signs=tuple(amounts))
    if table == "inventory" and "date" not in plan.present:
        plan = replace(plan, dated=_dates_of_lists(export, told))
    return plan


def _column(where: SourceColumn, export: Export) -> pl.Expr:
    """A column of the export; a profile means the first one of that name."""
    if where.name in export.repeated and not where.known:
        raise InputError(
            f"the header has this column {export.header.count(where.name)} times",
            file=export.files[0].name,
            row=export.header_row,
            column=where.name,
            hint="rename one of them",
        )
    return pl.col(where.name)


def _cells(
    export: Export,
    column: str,
    wanted: pl.DataType,
    expr: pl.Expr,
    found: pl.DataType,
    *,
    table: str | None,
    shown: str,
) -> Cells:
    """The cells of a column; those of a field belong to no table."""
    return Cells(
        column=column,
        dtype=wanted,
        source=expr,
        found=found,
        shown=shown,
        file=export.files[0].name,
        guarded=export.is_text,
        money=table is None or column in MONEY,
        serial=export.serial_dates,
        choices=CHOICES.get((table or "", column), ()),
    )


def _with_profile(
    plan: Plan, known: Known, source: Source, header: Sequence[str], *, extra: bool
) -> Plan:
    """Adds what a profile computes: its fields, changed texts, columns, and rows to leave out."""
    profile, export, table = known.table, plan.export, plan.table
    schema = SCHEMAS[table].columns()
    own = {*source.columns} | (set() if extra else {"unit"})  # not for the profile to compute
    cells = list(plan.cells)
    types = {item.column: item.dtype for item in cells}
    for name, helper in profile.fields.items():
        column = first_named(helper.names, header)
        expr = pl.lit(None) if column is None else pl.col(column)
        found = pl.Null() if column is None else plan.schema[column]
        wanted = _FIELD_TYPES[helper.type]
        cells.append(_cells(export, name, wanted, expr, found, table=None, shown=column or name))
        types[name] = wanted
    sql = {name: text for name, text in profile.sql.items() if name not in own}
    where = [*sql.values(), *(rule.where for rule in profile.exclude)]
    for name in _named(where) & profile.columns.keys() - types.keys():
        # An expression may ask for a column that this export does not have.
        wanted = schema[name].dtype
        cells.append(_cells(export, name, wanted, pl.lit(None), pl.Null(), table=table, shown=name))
        types[name] = wanted
    texts = {
        name: pl.coalesce(pl.col(name).str.extract(pattern, 1), pl.col(name))
        for name, pattern in profile.patterns.items()
        if name in types and name not in own
    }
    for name, words in profile.words.items():
        if name not in own:
            lower = texts.get(words.of, pl.col(words.of)).str.strip_chars().str.to_lowercase()
            texts[name] = lower.replace_strict(
                {word.lower(): value for word, value in words.values.items()},
                default=words.otherwise,
                return_dtype=pl.String(),
            )
            types[name] = pl.String()
    derived = {}
    for name, text in sql.items():
        expression = compile_sql(text, f"profile {known.name}: {table}.sql.{name}", types)
        wanted = pl.String() if name in EXTRA else schema[name].dtype
        if wanted != pl.Float64 or not expression.dtype.is_numeric():
            expression.require(wanted, str(wanted))
        derived[name] = expression.expr.cast(wanted)
    types |= {name: pl.String() if name in EXTRA else schema[name].dtype for name in derived}
    rules = []
    for number, rule in enumerate(profile.exclude):
        key = f"profile {known.name}: {table}.exclude.{number}"
        expression = compile_sql(rule.where, key, types)
        expression.require(pl.Boolean(), "a condition, true for the rows to leave out")
        rules.append(expression.expr)
    return replace(
        plan,
        cells=tuple(cells),
        texts=texts,
        derived=derived,
        profile_rules=tuple(rules),
        reasons=(*plan.reasons[:-1], *(rule.reason for rule in profile.exclude), TOTALS),
    )


def _named(expressions: Iterable[str]) -> set[str]:
    """The columns that expressions speak of; one that does not parse is told of later."""
    names: set[str] = set()
    for text in expressions:
        with suppress(pl.exceptions.PolarsError):
            names.update(pl.sql_expr(text).meta.root_names())
    return names


def _dates_of_lists(export: Export, told: Told) -> dict[str, date]:
    """The day that each file of a stock list speaks of, where no column says it."""
    dates = {}
    for file in export.files:
        named = not isinstance(file, QueryResult)  # a URL or a query may hold any date
        day = stock_date(export.titles, file.name if named else "")
        source = "its title or name says"
        if day is None:
            day, source = told.as_of, "as-of says"
        if day is None:
            error = MissingColumnError(
                "no column for date, and neither a row above the header nor the file's name says "
                "of which day this list is",
                file=file.name,
                row=export.header_row,
                hint="give --as-of DATE, or have the date in the file's name: stock_2026-01-31.csv",
            )
            error.wanted = ("date",)
            raise error
        logger.info("%s: stock of %s, as %s", file.name, day, source)
        dates[file.name] = day
    return dates
