"""Rules about rows, and how the rows that break them become findings in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.day_sums import day_of, item_of
from stockout.checks.hits import Found, found
from stockout.checks.positions import POSITION, split_position
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.checks.data import Data


class RowRule(NamedTuple):
    """A rule that a row breaks by itself."""

    code: str
    column: str
    when: pl.Expr  # whether a row breaks it; null is no
    message: pl.Expr
    hint: str
    needs: tuple[str, ...]  # columns without which it says nothing


def row_rules(data: Data, table: str, rules: Sequence[RowRule]) -> list[Found]:
    """Rows that break rules by themselves: one pass that counts, another one if there are any.

    Args:
        data: The tables.
        table: Name of the table.
        rules: Rules about its rows.
    """
    rules = [rule for rule in rules if data.is_on(rule.code) and data.has(table, *rule.needs)]
    if not rules:
        return []
    rows = data.rows(table)
    (counts,) = data.collect(
        rows.group_by(SOURCE_FILE).agg(
            rule.when.fill_null(value=False).sum().cast(pl.Int64).alias(str(index))
            for index, rule in enumerate(rules)
        )
    )
    parts = []
    for index, rule in enumerate(rules):
        hit = counts.select(SOURCE_FILE, count=str(index)).filter(pl.col("count") > 0)
        if not hit.is_empty():
            parts.append(_listed(data, rule, table, rows, hit))
    return parts


def fetch(data: Data, rule: RowRule, table: str, rows: pl.LazyFrame) -> Found:
    """Rows that break one rule.

    Args:
        data: The tables.
        rule: The rule.
        table: Name of the table.
        rows: Its rows, in order, with whatever columns the rule needs.
    """
    (counts,) = data.collect(
        rows.filter(rule.when.fill_null(value=False))
        .group_by(SOURCE_FILE)
        .agg(count=pl.len().cast(pl.Int64))
    )
    return _listed(data, rule, table, rows, counts)


def placed(data: Data, rule: RowRule, table: str, hits: pl.DataFrame) -> Found:
    """Findings about item-days, at the first row of each.

    Args:
        data: The tables.
        rule: What to say; its message may use the columns of ``hits``.
        table: The table whose rows are shown.
        hits: Column ``key`` (item and day, as :func:`stockout.checks.day_sums.key_of` makes
            it), and whatever the message needs.
    """
    days = pl.Series(day_of(hits["key"].to_numpy()), dtype=pl.Int32).cast(pl.Date)
    items = pl.Series("item", item_of(hits["key"].to_numpy()), dtype=pl.UInt32)
    named = (
        hits.with_columns(items, days.alias("#day"))
        .join(data.items, on="item", how="left", maintain_order="left")
        .drop("item")
    )
    wanted = named.select("key", *ITEM, "#day").lazy()
    (at,) = data.collect(
        data.rows(table)
        .select(*ITEM, "date", data.day(table).alias("#day"), POSITION.alias("at"))
        .join(wanted, on=[*ITEM, "#day"])
        .group_by("key")
        .agg(pl.col("at").min(), pl.col("date").min())
    )
    places = split_position(at.sort("at"))
    listed = first_of_each_file(data, places)
    beyond = places.join(listed, on="at", how="anti").group_by(SOURCE_FILE).agg(count=pl.len())
    return found(
        listed.join(named.drop("#day"), on="key", maintain_order="left").with_columns(
            message=rule.message
        ),
        beyond.select(
            code=pl.lit(rule.code),
            table=pl.lit(table),
            **{SOURCE_FILE: pl.col(SOURCE_FILE)},
            file=pl.lit(None, pl.String),
            count=pl.col("count").cast(pl.Int64),
        ),
        code=rule.code,
        table=table,
        column=rule.column,
        hint=rule.hint,
    )


def first_of_each_file(data: Data, places: pl.DataFrame) -> pl.DataFrame:
    """As many rows of each file as are listed; ``places`` is sorted as findings are to be."""
    return places if data.limit is None else places.group_by(SOURCE_FILE).head(data.limit)


def _listed(
    data: Data, rule: RowRule, table: str, rows: pl.LazyFrame, counts: pl.DataFrame
) -> Found:
    rows = rows.filter(rule.when.fill_null(value=False))
    names = set(rows.collect_schema().names())
    keys = [name for name in ("sku", "location", "date") if name in names]
    chosen = rows.select(SOURCE_FILE, SOURCE_ROW, *keys, message=rule.message)
    queries = (
        [chosen]
        if data.limit is None
        else [
            chosen.filter(pl.col(SOURCE_FILE) == file).head(data.limit)
            for file in counts[SOURCE_FILE]
        ]
    )
    hits = pl.concat(data.collect(*queries)) if queries else chosen.head(0).collect()
    listed = hits.group_by(SOURCE_FILE).agg(listed=pl.len().cast(pl.Int64))
    beyond = counts.join(listed, on=SOURCE_FILE, how="left").select(
        code=pl.lit(rule.code),
        table=pl.lit(table),
        **{SOURCE_FILE: pl.col(SOURCE_FILE)},
        file=pl.lit(None, pl.String),
        count=pl.col("count") - pl.col("listed").fill_null(0),
    )
    return found(hits, beyond, code=rule.code, table=table, column=rule.column, hint=rule.hint)
