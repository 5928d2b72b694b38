"""From the cells of an export to the values of a canonical column, and which cells do not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import polars as pl

from stockout.errors import InputError, UnparsableValueError
from stockout.exports import dates, numbers
from stockout.outputs import GUARDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.config import Source

NULL_WORDS = (
    *("-", "--", "null", "Null", "NULL", "nil", "none", "None", "\\N"),
    *("na", "NA", "n/a", "N/A", "#N/A"),
)
"""Words that stand for "no value" among numbers, dates and flags, besides the empty cell.

``NaN`` is not among them: it is the outcome of a calculation that failed.
"""

TEXT_NULL_WORDS = ("null", "NULL", "\\N", "#N/A")
"""Words that stand for "no value" among texts; ``NA`` may be North America there."""

TRUE_WORDS = ("true", "t", "yes", "y", "1", "是")
FALSE_WORDS = ("false", "f", "no", "n", "0", "否")

CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("movements", "kind"): ("receipt", "sale", "return", "transfer", "adjustment", "scrap"),
}
"""Columns that hold one of a few words."""

_SHOWN_LENGTH = 80  # of a cell in an error

_MONEY = frozenset(
    {"revenue", "unit_price", "unit_cost", "min_order_value", "holding_cost", "shortage_cost"}
)
_SHARES = ("in_stock_share", "service_level", "fill_rate")
_NOT_NEGATIVE = ("shelf_life_days", "moq", "pack_size")
_DAYS = ("lead_time_days", "lead_time_sd_days", "review_days", "transfer_days")
_RANGES: Mapping[str, tuple[float, float, str]] = {
    **dict.fromkeys(_SHARES, (0.0, 1.0, "a share from 0 to 1")),
    **dict.fromkeys(_NOT_NEGATIVE, (0.0, float("inf"), "a number that is not negative")),
    # Ten years; what is longer is another number, such as a date, and would fill the memory.
    **dict.fromkeys(_DAYS, (0.0, 3650.0, "days from 0 to 3650")),
}


class Cells(NamedTuple):
    """One canonical column on its way from the export.

    A reading goes in steps, each a column for the next: the cells as they are *held* (text without
    surrounding spaces, or a typed value), their *value*, and whether they are *unreadable*.
    """

    column: str  # canonical name
    dtype: pl.DataType  # of the canonical column
    source: pl.Expr  # the cells of the export
    found: pl.DataType  # their type there
    shown: str  # the column's name in errors
    file: str  # the export's name in errors
    guarded: bool  # whether texts may carry the apostrophe that keeps a spreadsheet from computing
    uncertain: bool = False  # whether 1.234 may well be a thousand and more
    choices: tuple[str, ...] = ()  # the words it may hold, where they are limited

    @property
    def is_text(self) -> bool:
        """Whether the cells are held as text, and their reading a matter of notation."""
        if self.found == pl.String:
            return True
        return self.found.is_numeric() and self.dtype in (pl.String, pl.Date)

    @property
    def held_name(self) -> str:
        """Name of the column of held cells."""
        return f"#held {self.column}"


class TextNotation(NamedTuple):
    """How the texts of one column are written."""

    plain: bool = True  # no empty text, no word for "no value", no guarding apostrophe


Notation: TypeAlias = numbers.NumberNotation | dates.DateNotation | TextNotation


def first_notation(cells: Cells, source: Source) -> Notation:
    """The notation to try first: the told one, else the plain one.

    In the plain notation every cell that is not written in the plainest way counts as unreadable;
    :func:`settle` then says how the column is written in fact.
    """
    if cells.dtype == pl.Date:
        return dates.told_notation(source.date_format)
    if cells.dtype == pl.Float64:
        return numbers.first_notation(source.decimal, uncertain=cells.uncertain)
    return TextNotation()


def held(cells: Cells) -> pl.Expr:
    """The first step: the cells of the export as they are held.

    Raises:
        InputError: The column's type in the export cannot hold what the table needs.
    """
    found, wanted = cells.found, cells.dtype
    if found == pl.String:
        return cells.source.str.strip_chars()
    if found == pl.Null:
        return cells.source.cast(wanted)
    if found.is_numeric():
        in_text = wanted in (pl.String, pl.Date)
        return _digits(cells.source, found) if in_text else _float(cells.source)
    if wanted == pl.Date and isinstance(found, pl.Date | pl.Datetime):
        return cells.source if found == pl.Date else cells.source.dt.date()
    if wanted == pl.Boolean and found == pl.Boolean:
        return cells.source
    if wanted == pl.String and found in (pl.Categorical, pl.Enum, pl.Date, pl.Boolean):
        return cells.source.cast(pl.String).str.strip_chars()
    raise InputError(
        "the column has a type that does not fit",
        file=cells.file,
        column=cells.shown,
        found=str(found),
        expected={pl.Date: "dates", pl.Float64: "numbers", pl.Boolean: "true or false"}.get(
            type(wanted), "text"
        ),
    )


def value(cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    """The second step: the canonical value of held cells, null where there is none."""
    cell = pl.col(cells.held_name)
    if cells.dtype == pl.String:
        return _text(cell, cells, source, notation)
    if cells.is_text:
        if isinstance(notation, dates.DateNotation):
            result = dates.day(cell, notation)
        elif isinstance(notation, numbers.NumberNotation):
            result = _number(cell, cells.column, notation)
        else:
            lower = cell.str.to_lowercase()
            result = (
                pl.when(lower.is_in(TRUE_WORDS))
                .then(True)
                .when(lower.is_in(FALSE_WORDS))
                .then(False)
            )
    elif cells.dtype == pl.Date:
        result = pl.when(cell >= dates.EARLIEST).then(cell)
    elif cells.dtype == pl.Float64:
        result = pl.when(cell.abs() < numbers.TOO_LARGE).then(cell)
    elif cells.found.is_numeric():
        result = pl.when(cell.is_in((0.0, 1.0))).then(cell == 1)
    else:
        result = cell
    if cells.column in _RANGES:
        low, high, _ = _RANGES[cells.column]
        result = pl.when(result.is_between(low, high)).then(result)
    return result


def unreadable(cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    """The third step: whether a cell holds something, but nothing that reads."""
    cell, result = pl.col(cells.held_name), pl.col(cells.column)
    if cells.dtype == pl.String:
        if notation.plain and not cells.choices:
            odd = (cell == "") | cell.is_in(_null_words(cells, source))
            return odd | cell.str.starts_with("'") if cells.guarded else odd
        if not cells.choices:
            return pl.lit(value=False)
    holds = cell.is_not_null()
    if cells.is_text and not notation.plain:
        holds &= (cell != "") & cell.is_in(_null_words(cells, source)).not_()
    return result.is_null() & holds


def survey(cells: Cells, notation: Notation) -> list[pl.Expr]:
    """Counts that settle the notation of a column, of the cells of the export."""
    text = cells.source.str.strip_chars()
    if isinstance(notation, dates.DateNotation) and cells.found == pl.String:
        return dates.survey(text, cells.column)
    if isinstance(notation, numbers.NumberNotation) and cells.found == pl.String:
        return numbers.survey(text, cells.column)
    return []


def settle(cells: Cells, notation: Notation, counts: Mapping[str, int], source: Source) -> Notation:
    """The notation that the counts of :func:`survey` make certain."""
    if isinstance(notation, dates.DateNotation):
        return dates.settle(counts, cells.column, source.date_format)
    if isinstance(notation, numbers.NumberNotation):
        return numbers.settle(counts, cells.column, source.decimal, uncertain=cells.uncertain)
    return TextNotation(plain=False)


def cell_fault(
    cells: Cells, source: Source, found: str, *, file: str, row: int, more: int
) -> UnparsableValueError:
    """The error for a cell that does not read as what its column holds."""
    message, expected, hint = _describe(cells, source, found)
    return UnparsableValueError(
        message + and_more(more),
        file=file,
        row=row,
        column=cells.shown,
        found=found if len(found) <= _SHOWN_LENGTH else found[:_SHOWN_LENGTH] + "…",
        expected=expected,
        hint=hint,
    )


def and_more(count: int) -> str:
    """How many further cells of the column have the same fault, for an error's message."""
    return f" ({count:,} more in this column)" if count else ""


def _describe(cells: Cells, source: Source, found: str) -> tuple[str, str, str | None]:
    if cells.choices:
        return (
            f"not a {cells.column}",
            f"one of {', '.join(cells.choices)}",
            f'translate other words: columns.{cells.column} = {{sql = "CASE WHEN ... END"}}',
        )
    if cells.dtype == pl.Boolean:
        return "not a yes or no", "true or false, yes or no, 1 or 0", None
    if cells.dtype == pl.Date:
        return dates.describe(found, source.date_format)
    if cells.column in _RANGES and _is_finite(found):
        return "out of range", _RANGES[cells.column][2], None
    if _is_finite(found) and abs(float(found)) >= numbers.TOO_LARGE:
        return "out of range", f"a number below {numbers.TOO_LARGE:.0e}", None
    return numbers.describe(found, source.decimal, uncertain=cells.uncertain)


def _is_finite(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _null_words(cells: Cells, source: Source) -> tuple[str, ...]:
    if source.null_words is not None:
        return tuple(source.null_words)
    return TEXT_NULL_WORDS if cells.dtype == pl.String else NULL_WORDS


def _text(cell: pl.Expr, cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    if notation.plain and not cells.choices:
        return cell
    if cells.guarded:
        cell = _without_guard(cell).str.strip_chars()
    cell = pl.when((cell != "") & cell.is_in(_null_words(cells, source)).not_()).then(cell)
    if cells.choices:
        lower = cell.str.to_lowercase()
        cell = pl.when(lower.is_in(cells.choices)).then(lower)
    return cell


def _number(cell: pl.Expr, column: str, notation: numbers.NumberNotation) -> pl.Expr:
    if not notation.plain and column in (*_SHARES, "percent"):
        bare = cell.str.strip_suffix("%").str.strip_chars()
        # 95 % of a share is 95e-2: read as text it is 0.95, divided by 100 it is not.
        scaled = pl.concat_str(bare, pl.lit("e-2")) if column in _SHARES else bare
        cell = pl.when(cell.str.ends_with("%")).then(scaled).otherwise(cell)
    return numbers.number(cell, notation, money=column in _MONEY)


def _float(number: pl.Expr) -> pl.Expr:
    """Numbers as floats; NaN, as tools without missing values write it, is null."""
    return number.cast(pl.Float64).fill_nan(None)


def _digits(number: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Numbers as text: 13085.0, as tools that know no missing integers write it, is 13085."""
    if found.is_integer():
        return number.cast(pl.String)
    value = _float(number)
    whole = (value == value.round()) & (value.abs() < 2**53)
    return (
        pl.when(whole)
        .then(pl.when(whole).then(value).cast(pl.Int64).cast(pl.String))
        .otherwise(value.cast(pl.String))
    )


def _without_guard(text: pl.Expr) -> pl.Expr:
    """Takes off the apostrophe that our own CSV puts before a text such as ``=1+1``."""
    bare = text.str.strip_chars_start("'").str.head(1)
    guarded = text.str.starts_with("'") & bare.is_in(GUARDED)
    return pl.when(guarded).then(text.str.slice(1)).otherwise(text)
