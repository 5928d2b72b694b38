"""Rules of the user's own over the results: which rows are told, and in what words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.filling_in import filled_in
from stockout.errors import ConfigError
from stockout.exports.values.expressions import compile_sql, expression_fault, refuse_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.config import AlertRule

LEVELS = pl.Enum(["info", "warning", "critical"])
"""How grave an alert is, the gravest last."""

ALERTS = pl.Schema(
    {
        "level": LEVELS,
        "rule": pl.String(),
        "sku": pl.String(),
        "location": pl.String(),
        "key": pl.String(),
        "message": pl.String(),
    }
)
"""Columns of alerts. ``key`` tells apart what SKU and location do not: findings by rule and file,
rows of a query that has no SKU by their texts."""

IDENTITY = ["rule", "sku", "location", "key"]
"""What makes two alerts the same one."""

_QUERY = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_CONTROL = r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]+"
_ENGINE_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


def find_alerts(
    rules: Sequence[AlertRule],
    results: Mapping[str, pl.DataFrame],
    config_name: str = "stockout.toml",
) -> pl.DataFrame:
    """What the rules tell of the results.

    Args:
        rules: The rules.
        results: The result tables that they look at, by name.
        config_name: What errors call the configuration.

    Returns:
        Columns as :data:`ALERTS`, in the order of the rules. Of several rows that are one alert,
        such as the days of one item, the gravest, and of these the last.

    Raises:
        ConfigError: A condition or a query does not fit the result, or a placeholder names no
            column.

    >>> from stockout.config import AlertRule
    >>> lines = pl.DataFrame({"sku": ["A", "B"], "location": "ALL", "on_hand": [0.0, 9.0]})
    >>> rule = AlertRule(name="low", table="reorder", where="on_hand < 5", critical="on_hand = 0",
    ...                  message="{sku}: {on_hand} left", recipients=["ops"])
    >>> find_alerts([rule], {"reorder": lines}).select("level", "sku", "message").rows()
    [('critical', 'A', 'A: 0 left')]
    """
    found = [
        _alerts(rule, results[rule.table], f"{config_name}: alert.rules.{number}")
        for number, rule in enumerate(rules)
    ]
    return pl.concat([pl.DataFrame(schema=ALERTS), *found])


def _alerts(rule: AlertRule, result: pl.DataFrame, place: str) -> pl.DataFrame:
    asked = _QUERY.match(rule.where) is not None
    rows = _queried(rule, result, place) if asked else _matching(rule, result, place)
    level = pl.lit(rule.level, LEVELS)
    if rule.critical is not None:
        is_critical = _condition(rule.critical, f"{place}.critical", rows, rule.table)
        level = pl.when(is_critical).then(pl.lit("critical", LEVELS)).otherwise(level)
    message = filled_in(rule.message, f"{place}.message", rows.schema)
    try:
        alerts = rows.with_row_index("#row").select(
            "#row",
            level=level,
            rule=pl.lit(rule.name),
            sku=_text("sku", rows),
            location=_text("location", rows),
            key=_key(rule.table, rows),
            message=message.str.replace_all(_CONTROL, " "),
        )
    except _ENGINE_ERRORS as error:
        raise expression_fault(f"{place}.critical", str(rule.critical), error) from None
    kept = (
        alerts.sort("level", "#row").unique(IDENTITY, keep="last", maintain_order=True).sort("#row")
    )
    return kept.select(ALERTS.names()).cast(ALERTS)


def _matching(rule: AlertRule, result: pl.DataFrame, place: str) -> pl.DataFrame:
    condition = _condition(rule.where, f"{place}.where", result, rule.table)
    try:
        return result.filter(condition)
    except _ENGINE_ERRORS as error:
        raise expression_fault(f"{place}.where", rule.where, error) from None


def _condition(sql: str, key: str, rows: pl.DataFrame, table: str) -> pl.Expr:
    try:
        compiled = compile_sql(sql, key, rows.schema)
    except ConfigError as error:
        # The reader's words are about exports; these are columns of a result.
        message = error.message.replace("the export has", f"the result {table} has")
        raise ConfigError(message, hint=error.hint) from None
    compiled.require(pl.Boolean(), "a condition, true for the rows to tell of")
    return compiled.expr


def _queried(rule: AlertRule, result: pl.DataFrame, place: str) -> pl.DataFrame:
    key = f"{place}.where"
    refuse_files(rule.where, key)
    try:
        return pl.SQLContext({rule.table: result}).execute(rule.where, eager=True)
    except _ENGINE_ERRORS as error:
        raise expression_fault(key, rule.where, error) from None


def _text(name: str, rows: pl.DataFrame) -> pl.Expr:
    return pl.col(name).cast(pl.String) if name in rows.columns else pl.lit(None, pl.String)


def _key(table: str, rows: pl.DataFrame) -> pl.Expr:
    if table == "check" and {"code", "file"} <= set(rows.columns):
        names = ["code", "file"]
    elif "sku" in rows.columns:
        names = []
    else:
        names = [name for name, dtype in rows.schema.items() if dtype == pl.String]
        names = [name for name in names if name != "location"]
    if not names:
        return pl.lit("")
    return pl.concat_str([pl.col(name).fill_null("") for name in names], separator=" / ")
