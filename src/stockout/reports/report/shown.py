"""Blocks as texts of a language: what the page and the plain text have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.reports.inert import inert
from stockout.reports.report.reasons import REASON

if TYPE_CHECKING:
    from stockout.reports.report.blocks import Column, Figure, Table
    from stockout.reports.report.language import Language

NUMBERS = frozenset({"units", "money", "share", "days", "times", "count", "ratio"})
"""Units whose values are numbers."""


_NO_CENTS = 10_000.0
"""Amount from which on the column shows no cents."""


class ShownFigure(NamedTuple):
    """A figure in words."""

    title: str
    value: str
    exact: str  # the value with all its digits
    span: str | None
    change: str | None
    trend: str | None  # better, worse, same, or chance: within the interval
    note: str | None
    reason: str | None


class ShownCell(NamedTuple):
    """A cell in words, and what it is sorted by."""

    text: str
    key: str


class ShownHead(NamedTuple):
    """The head of a column."""

    title: str
    number: bool  # its values are numbers


class ShownTable(NamedTuple):
    """The first rows of a table in words."""

    title: str
    head: list[ShownHead]
    rows: list[list[ShownCell]]
    more: str | None


def shown_figure(figure: Figure, language: Language) -> ShownFigure:
    """A figure in the words of a language."""
    change, trend = None, None
    if figure.value is not None and figure.before is not None:
        change = language.word("title.before", value=language.show(figure.before, figure.unit))
        if figure.good is not None:
            up = figure.value > figure.before
            same = language.show(figure.value, figure.unit) == language.show(
                figure.before, figure.unit
            )
            trend = "same" if same else "better" if up == (figure.good == "more") else "worse"
            if figure.low is not None and figure.high is not None and not same:
                within = figure.low <= figure.before <= figure.high
                trend = "chance" if within else trend
    return ShownFigure(
        title=language.word(f"figure.{figure.name}"),
        value=language.short(figure.value, figure.unit),
        exact=language.show(figure.value, figure.unit),
        span=language.span(figure.low, figure.high, figure.unit),
        change=change,
        trend=trend,
        note=language.words.get(f"note.{figure.name}"),
        reason=None if figure.reason is None else inert(language.say(figure.reason)),
    )


def column_title(column: Column, language: Language) -> str:
    """The title of a column; that of a verb's own column is its name."""
    return language.words.get(f"column.{column.name}", column.name.replace("_", " "))


def told(table: Table, language: Language) -> pl.DataFrame:
    """The table's frame with what is told in another column in this language."""
    other = REASON[language.code]
    if "reason" in table.frame.columns and other in table.frame.columns:
        return table.frame.with_columns(reason=pl.col(other))
    return table.frame


def shown_table(table: Table, language: Language) -> ShownTable:
    """The first rows of a table in the words of a language."""
    columns = [column for column in table.columns if column.page]
    frame = told(table, language).head(table.top).select([column.name for column in columns])
    rest = table.frame.height - frame.height
    more = None
    if rest > 0:
        count = language.show(rest, "count")
        more = (
            language.word("title.more_plain", count=count)
            if table.command is None
            else language.word("title.more", count=count, command=table.command)
        )
    digits = {
        column.name: _digits(frame[column.name]) for column in columns if column.unit == "money"
    }
    return ShownTable(
        title=language.word(f"table.{table.name}"),
        head=[
            ShownHead(column_title(column, language), column.unit in NUMBERS) for column in columns
        ],
        rows=[
            [
                _cell(value, column, language, digits.get(column.name))
                for value, column in zip(row, columns, strict=True)
            ]
            for row in frame.rows()
        ],
        more=more,
    )


def _digits(amounts: pl.Series) -> int:
    """Digits after the point, the same in a whole column."""
    largest = amounts.cast(pl.Float64).abs().max()
    return 0 if isinstance(largest, float) and largest >= _NO_CENTS else 2


def _cell(value: object, column: Column, language: Language, digits: int | None) -> ShownCell:
    if value is None:
        return ShownCell(language.show(None, column.unit), "")
    if digits is not None and isinstance(value, float):
        return ShownCell(language.money(value, digits), f"{value:.10g}")
    text = inert(language.show(value, column.unit))  # type: ignore[arg-type]
    if column.unit in NUMBERS:
        return ShownCell(text, f"{value:.10g}")
    return ShownCell(text, str(value) if column.unit == "word" else text)
