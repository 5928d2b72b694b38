"""From the cells of an export to the values of a canonical column, and which cells do not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

from stockout.errors import InputError, UnparsableValueError
from stockout.exports.values import dates, numbers
from stockout.outputs import GUARDED
from stockout.runs import stripped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.config import Source
    from stockout.exports.values.numbers import FileStyle

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

MONEY = frozenset(
    {
        *("revenue", "unit_price", "unit_cost", "min_order_value"),
        *("holding_cost", "shortage_cost", "order_cost"),
    }
)
_TOTAL_STARTS = ("合", "总", "總", "小", "共", "本", "页", "*")
_TOTAL_WORDS = tuple(
    spelling
    for word in (
        *("total", "totals", "grand total", "grand totals", "subtotal", "sub total", "sub-total"),
        *("overall total", "total general", "subtotal general", "sum", "summe", "gesamt"),
        *("gesamtsumme", "zwischensumme", "ergebnis", "gesamtergebnis", "insgesamt"),
    )
    for written in (word, word.upper(), word.capitalize(), word.title())
    for spelling in (written, f"{written}:")
)
"""What a row of totals may say in its key. Quick to look for; ``headers.is_total`` decides."""

_SHORT_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)  # never too large
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
    money: bool = False  # whether a currency sign may stand with the number
    serial: bool = False  # whether a number may be a day as spreadsheets count them
    may_be_total: bool = (
        False  # whether the word of a row of totals may be the first to be seen here
    )
    choices: tuple[str, ...] = ()  # the words it may hold, where they are limited

    @property
    def is_text(self) -> bool:
        """Whether the cells are held as text, and their reading a matter of notation."""
        if self.found == pl.String:
            return True
        return self.found.is_numeric() and self.dtype in (pl.String, pl.Date)

    @property
    def is_number_in_text(self) -> bool:
        """Whether the cells are numbers written as text, in the style of their file."""
        return self.dtype == pl.Float64 and self.found == pl.String

    @property
    def is_date_in_text(self) -> bool:
        """Whether the cells are dates written as text."""
        return self.dtype == pl.Date and self.is_text

    @property
    def held_name(self) -> str:
        """Name of the column of held cells."""
        return f"#held {self.column}"


class TextNotation(NamedTuple):
    """How the texts of one column are written."""

    plain: bool = True  # no empty text, no word for "no value", no guarding apostrophe


Notation: TypeAlias = numbers.NumberNotation | dates.DateNotation | TextNotation


def held(cells: Cells, notation: Notation) -> pl.Expr:
    """The first step: the cells of the export as they are held.

    Raises:
        InputError: The column's type in the export cannot hold what the table needs.
    """
    found, wanted = cells.found, cells.dtype
    if found == pl.String:
        # In the plain notation, a number or date with spaces around it does not read.
        bare = notation.plain and wanted in (pl.Float64, pl.Date)
        return cells.source if bare else stripped(cells.source)
    return _typed(cells)


def _typed(cells: Cells) -> pl.Expr:
    """Cells that are no text, as what the table needs."""
    found, wanted = cells.found, cells.dtype
    is_day = isinstance(found, pl.Date | pl.Datetime)
    if found == pl.Null or (found == wanted and found != pl.Float64):
        result = cells.source.cast(wanted)
    elif found.is_numeric():
        in_text = wanted in (pl.String, pl.Date)
        result = _digits(cells.source, found) if in_text else _float(cells.source, found)
    elif wanted == pl.Date and is_day:
        result = cells.source.dt.date()
    elif wanted == pl.String and isinstance(found, pl.Datetime):
        result = cells.source.dt.to_string("%Y-%m-%d %H:%M:%S")
    elif wanted == pl.String and found in (pl.Categorical, pl.Enum, pl.Date, pl.Boolean):
        result = cells.source.cast(pl.String).str.strip_chars()
    else:
        raise InputError(
            "the column has a type that does not fit",
            file=cells.file,
            column=cells.shown,
            found=str(found),
            expected={pl.Date: "dates", pl.Float64: "numbers", pl.Boolean: "true or false"}.get(
                type(wanted), "text"
            ),
        )
    return result


def _could_be_total(cell: pl.Expr) -> pl.Expr:
    starts = [cell.str.starts_with(start) for start in _TOTAL_STARTS]
    return cell.is_in(_TOTAL_WORDS) | pl.any_horizontal(starts)


def value(cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    """The second step: the canonical value of held cells, null where there is none."""
    cell = pl.col(cells.held_name)
    if cells.dtype == pl.String:
        return _text(cell, cells, source, notation)
    if cells.is_text:
        result = _written(cell, cells, notation)
    elif cells.dtype == pl.Date:
        result = pl.when(cell >= dates.EARLIEST).then(cell)
    elif cells.dtype == pl.Float64:
        short = cells.found in _SHORT_INTEGERS
        result = cell if short else pl.when(cell.abs() < numbers.TOO_LARGE).then(cell)
    elif cells.found.is_numeric():
        result = pl.when(cell.is_in((0.0, 1.0))).then(cell == 1)
    else:
        result = cell
    if cells.column in _RANGES:
        low, high, _ = _RANGES[cells.column]
        result = pl.when(result.is_between(low, high)).then(result)
    return result


def _written(cell: pl.Expr, cells: Cells, notation: Notation) -> pl.Expr:
    """What a text says: a date, a number or a flag."""
    if isinstance(notation, dates.DateNotation):
        if cells.serial and cells.found.is_numeric():
            return dates.excel_day(cell.cast(pl.Float64, strict=False))
        return dates.day(cell, notation)
    if isinstance(notation, numbers.NumberNotation):
        percent: Literal["share", "points"] | None = None
        if cells.column in (*_SHARES, "percent"):
            percent = "share" if cells.column in _SHARES else "points"
        return numbers.number(cell, notation, money=cells.money, percent=percent)
    lower = cell.str.to_lowercase()
    no = pl.when(lower.is_in(FALSE_WORDS)).then(False)
    return pl.when(lower.is_in(TRUE_WORDS)).then(True).otherwise(no)


def unreadable(cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    """The third step: whether a cell holds something, but nothing that reads."""
    cell, result = pl.col(cells.held_name), pl.col(cells.column)
    if cells.dtype == pl.String:
        if notation.plain and not cells.choices:
            odd = cell.is_in(("", *null_words(source, cells.dtype)))
            if cells.may_be_total:
                odd |= _could_be_total(cell)  # to look at the row again
            return odd | cell.str.starts_with("'") if cells.guarded else odd
        if not cells.choices:
            return pl.lit(value=False)
    holds = cell.is_not_null()
    if cells.is_text and not notation.plain:
        holds &= (cell != "") & cell.is_in(null_words(source, cells.dtype)).not_()
    return result.is_null() & holds


def describe(
    cells: Cells, source: Source, style: FileStyle, found: str
) -> tuple[str, str, str | None]:
    """What is wrong with a cell that does not read: message, what was expected, hint."""
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
    return numbers.describe(found, style)


def cell_fault(
    cells: Cells, source: Source, style: FileStyle, found: str, *, file: str, row: int, more: int
) -> UnparsableValueError:
    """The error for a cell that does not read as what its column holds."""
    message, expected, hint = describe(cells, source, style, found)
    return UnparsableValueError(
        message + and_more(more),
        file=file,
        row=row,
        column=cells.shown,
        found=shortened(found),
        expected=expected,
        hint=hint,
    )


def shortened(found: str) -> str:
    """A cell as an error shows it."""
    return found if len(found) <= _SHOWN_LENGTH else found[:_SHOWN_LENGTH] + "…"


def and_more(count: int) -> str:
    """How many further cells of the column have the same fault, for an error's message."""
    return f" ({count:,} more in this column)" if count else ""


def _is_finite(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def null_words(source: Source, dtype: pl.DataType) -> tuple[str, ...]:
    """The words that stand for "no value" among cells of a type."""
    if source.null_words is not None:
        return tuple(source.null_words)
    return TEXT_NULL_WORDS if dtype == pl.String else NULL_WORDS


def _text(cell: pl.Expr, cells: Cells, source: Source, notation: Notation) -> pl.Expr:
    if notation.plain and not cells.choices:
        return cell
    if cells.guarded:
        cell = _without_guard(cell).str.strip_chars()
    cell = pl.when((cell != "") & cell.is_in(null_words(source, cells.dtype)).not_()).then(cell)
    if cells.choices:
        lower = cell.str.to_lowercase()
        cell = pl.when(lower.is_in(cells.choices)).then(lower)
    return cell


def _float(number: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Numbers as floats; NaN, as tools without missing values write it, is null."""
    value = number.cast(pl.Float64)
    return value if found.is_integer() else value.fill_nan(None)


def _digits(number: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Numbers as text: 13085.0, as tools that know no missing integers write it, is 13085."""
    if found.is_integer():
        return number.cast(pl.String)
    value = _float(number, found)
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
