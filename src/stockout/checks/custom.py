"""Rules of the user's own: a condition in Polars SQL over the columns of a canonical table.

```toml
[[check.custom]]
code = "ACME1"
table = "sales"
where = "units > 500 AND channel = 'web'"
message = "{units} units in one web order"
hint = "a wholesale order belongs to channel b2b"
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.filling_in import PLACEHOLDER, filled_in
from stockout.checks.formats.checked import RuleText
from stockout.checks.hits import BEYOND, Found, found
from stockout.errors import ConfigError
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW
from stockout.exports.values.expressions import SqlExpression, compile_sql, expression_fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.config import CustomRule
    from stockout.exports.staging import StagedTable

_PLACE = (SOURCE_FILE, SOURCE_ROW)
_ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


class _Compiled(NamedTuple):
    """A rule that fits its table."""

    rule: CustomRule
    where: SqlExpression
    message: pl.Expr
    hint: pl.Expr
    column: str | None  # the column that the condition is about, where it is about one


def custom_rule_texts(rules: Sequence[CustomRule]) -> dict[str, RuleText]:
    """What the formats say of the user's rules, by code."""
    return {
        rule.code: RuleText(
            code=rule.code,
            name=rule.code.lower(),
            title=PLACEHOLDER.sub("...", rule.message),
            severity=rule.severity,
            what=f"Rows of {rule.table} where {rule.where}",
            doc=f"{rule.message}\n\nRows of {rule.table} where {rule.where}"
            + (f"\n\n{rule.hint}" if rule.hint else ""),
            tables=(rule.table,),
        )
        for rule in rules
    }


def custom_found(
    tables: Mapping[str, StagedTable],
    rules: Sequence[CustomRule],
    limit: int | None,
    config_name: str = "stockout.toml",
) -> list[Found]:
    """The rows of which the user's conditions are true.

    The rows are streamed; of those that a rule reports only the place is kept in memory, 6 bytes,
    and the columns of those that are listed.

    Args:
        tables: The staged tables, by name. A rule about a table that is not there says nothing.
        rules: The rules. ``{column}`` in a message or hint stands for the row's value.
        limit: Most findings a rule and file that are listed; None lists all.
        config_name: What errors call the configuration.

    Raises:
        ConfigError: A condition does not fit the table, or fails on some row; a placeholder names
            no column; two rules have one code.

    >>> from datetime import date
    >>> from stockout.config import CustomRule
    >>> from stockout.exports.staging import stage_frame
    >>> from stockout.tables import conform
    >>> frame = pl.DataFrame({"date": [date(2026, 1, 5)] * 2, "sku": ["A", "B"], "units": [2, 900]})
    >>> sales = stage_frame(conform(frame, "sales"), "sales")
    >>> rule = CustomRule(code="ACME1", table="sales", where="units > 500",
    ...                   message="{units} units in one line")
    >>> (part,) = custom_found({"sales": sales}, [rule], limit=10)
    >>> part.hits.select("code", "sku", "message").row(0)
    ('ACME1', 'B', '900 units in one line')
    """
    parts = []
    seen: dict[str, int] = {}
    for number, rule in enumerate(rules):
        key = f"{config_name}: check.custom.{number}"
        if rule.code in seen:
            raise ConfigError(
                f"{key}.code: {rule.code} is the code of check.custom.{seen[rule.code]} already"
            )
        seen[rule.code] = number
        if rule.table in tables:
            table = tables[rule.table]
            parts.append(_matches(table, _compile(rule, table, key), limit))
    return parts


def _compile(rule: CustomRule, table: StagedTable, key: str) -> _Compiled:
    schema = {
        name: dtype for name, dtype in table.rows.collect_schema().items() if name not in _PLACE
    }
    try:
        where = compile_sql(rule.where, f"{key}.where", schema)
    except ConfigError as error:
        # The reader's words are about exports; these columns are canonical.
        message = error.message.replace("the export has", f"table {rule.table} has")
        raise ConfigError(message, hint=error.hint) from None
    where.require(pl.Boolean(), "a condition, true for the rows to report")
    columns = sorted({*where.expr.meta.root_names()})
    return _Compiled(
        rule=rule,
        where=where,
        message=filled_in(rule.message, f"{key}.message", schema),
        hint=pl.lit(None, pl.String)
        if rule.hint is None
        else filled_in(rule.hint, f"{key}.hint", schema),
        column=columns[0] if len(columns) == 1 else None,
    )


def _matches(table: StagedTable, compiled: _Compiled, limit: int | None) -> Found:
    where = compiled.where
    rows = table.rows.filter(where.expr)
    code = compiled.rule.code
    try:
        places = rows.select(_PLACE).collect(engine="streaming").sort(_PLACE)
        turn = pl.int_range(pl.len()).over(SOURCE_FILE)
        listed = places if limit is None else places.filter(turn < limit)
        keys = [name for name in ("sku", "location", "date") if name in rows.collect_schema()]
        hits = (
            rows.join(listed.lazy(), on=list(_PLACE), how="semi")
            .select(*_PLACE, *keys, message=compiled.message, hint=compiled.hint)
            .collect(engine="streaming")
        )
    except _ENGINE_ERRORS as error:
        raise expression_fault(where.key, where.sql, error) from None
    beyond = (
        places.join(listed, on=list(_PLACE), how="anti").group_by(SOURCE_FILE).agg(count=pl.len())
    )
    counted = beyond.select(
        (pl.col(name) if name in beyond.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in BEYOND.items()
    ).with_columns(code=pl.lit(code), table=pl.lit(table.table))
    return found(hits, counted, code=code, table=table.table, column=compiled.column)
