"""Dates as exports write them; where day and month could change places, only with certainty.

The date counts as it is written: a time of day and a zone that follow it do not move it.
"""

from __future__ import annotations

import contextlib
import re
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import polars as pl

from stockout.errors import ConfigError
from stockout.exports.values.numbers import IS_WIDE, half_width

if TYPE_CHECKING:
    from collections.abc import Mapping

Order: TypeAlias = Literal["day first", "month first"]

EARLIEST = date(1900, 1, 1)
"""What lies before is a placeholder such as 0001-01-01 or a typing mistake, not a date of trade."""

EXCEL = "excel"
"""The ``date_format`` for dates that are written as Excel counts them, in days."""

_EXCEL_EPOCH = 25_569  # what Excel calls 1970-01-01, from where Polars counts
# Typed numbers are taken for days of Excel from 1970 to 2099 only: a year (2026), a month (202601)
# and a day written in digits (20260105) all lie outside.
_EXCEL_DAYS = (25_569, 73_050)

_EXCEL_LAST = 2_958_465  # 9999-12-31, the last day that Excel knows

_HOUR, _SIXTY = "(?:[01]?[0-9]|2[0-3])", "[0-5][0-9]"
_SECOND = f"(?:{_SIXTY}|60)"  # 60 is a leap second
_HALF = r"(?:[AaPp]\.?[Mm]\.?|上午|下午|凌晨|早上|中午|晚上)"
# Z, +08:00, UTC, GMT+8, PST; JavaScript also writes the zone out, in brackets.
_ZONE = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?|[A-Z]{2,5}(?:[+-][0-9]{1,2}(?::?[0-9]{2})?)?)"
_CLOCK = (
    rf"(?:{_HALF} ?)?{_HOUR}"
    rf"(?::{_SIXTY}(?::{_SECOND}(?:[.,:][0-9]+)?)?|[时時点]{_SIXTY}分(?:{_SECOND}秒)?|[时時])"
    rf"(?: ?{_HALF})?(?: ?{_ZONE})?(?: \([A-Za-z ]+\))?"
)
_ISO = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[T ]{_CLOCK})?$"
_CLOCK_BEHIND = rf"(?:([日号])\s*|T|,?\s+){_CLOCK}$"
_CLOCK_BETWEEN = rf"^([A-Za-z]{{3}} +[0-9]{{1,2}}) {_CLOCK} ([0-9]{{4}})$"  # as C and Java print it
_CLOCK_WITHOUT_MARKS = rf"^([0-9]{{8}})[T ]?{_HOUR}{_SIXTY}{_SECOND}Z?$"
_WEEKDAY = (
    r"^(?i:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|mo|di|mi|do|fr|sa|so|(?:diens|donners|frei|sams"
    r"|sonn)tag|mittwoch|sonnabend)(?:[.,]+ *| +)"
)
_WEEKDAY_IN_CHINESE = r",? *[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?,?"

_YEAR_FIRST = (
    r"^[0-9]{4}(?:[-/.] ?[0-9]{1,2}[-/.] ?[0-9]{1,2}| ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号])$"
)
_EIGHT_DIGITS = r"^[0-9]{8}$"
_DAY_AND_MONTH = r"^([0-9]{1,2})[-/.] ?([0-9]{1,2})[-/.] ?([0-9]{4})$"
_DASHES: Final = {**dict.fromkeys("/.年月", "-"), **dict.fromkeys(" 日号", "")}
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_WITH_WORD = (  # pattern, and which of its groups are year, month and day
    (rf"^([0-9]{{1,2}}){_ORDINAL}[-/. ]*(\p{{L}}{{3,10}})[-/., ]*([0-9]{{4}})$", (3, 2, 1)),
    (rf"^(\p{{L}}{{3,10}})[-/. ]*([0-9]{{1,2}}){_ORDINAL}(?:, ?|[-/ ]+)([0-9]{{4}})$", (3, 1, 2)),
    (r"^([0-9]{4})[-/. ]+(\p{L}{3,10})[-/. ]+([0-9]{1,2})$", (1, 2, 3)),
)

# What a survey looks for, in cells as they are: with full-width forms, and whatever stands around.
_DIGIT = "[0-9０-９]"
_MONTH = "(?:[0０]?[1-9１-９]|[1１][0-2０-２])"
_NO_MONTH = "(?:[1１][3-9３-９]|[2２][0-9０-９]|[3３][01０１])"
_MARK = "[-/.－／．] ?"
_SHOWS_DAY_FIRST = rf"^[^0-9０-９]*{_NO_MONTH}{_MARK}{_MONTH}{_MARK}{_DIGIT}{{4}}(?:[^0-9０-９]|$)"
_SHOWS_MONTH_FIRST = (
    rf"^[^0-9０-９]*{_MONTH}{_MARK}{_NO_MONTH}{_MARK}{_DIGIT}{{4}}(?:[^0-9０-９]|$)"
)
_MAY_HAVE_CLOCK = rf"[:：时時点TZ]|{_DIGIT}{{9}}|{_DIGIT}[ \u3000]+{_DIGIT}"
_HAS_WORD = r"\p{L}{2}"
_SHORT_YEAR = re.compile(r"([0-9]{1,2})([-/. ]+)([0-9]{1,2}|[^\W\d_]{3,9})\2([0-9]{2})")

# Excel, SAP and ERPNext write the months in the user's language; these seven agree on what each of
# their words means.
_MONTHS: Final = {
    word: f"{number:02d}"
    for number, words in enumerate(
        (
            "january jan januar jänner jän janvier janv enero ene gennaio gen januari janeiro",
            "february feb februar février févr fév fev febrero febbraio februari fevereiro",
            "march mar märz maerz mär mrz mars marzo maart mrt março marco",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug août aout agosto ago augustus",
            "september sep sept septembre septiembre setiembre settembre set setembro",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre déc diciembre dicembre dic dezembro",
        ),
        start=1,
    )
    for word in words.split()
}


class DateNotation(NamedTuple):
    """How the dates of one column are written."""

    told: str | None = None  # the told format; nothing else is read then
    plain: bool = True  # only ISO dates: the fast and usual case
    order: Order | None = None  # for 31/01/2026: which of day and month is first, where certain
    timed: bool = True  # whether a time of day may follow
    words: bool = True  # whether months or weekdays may be written as words, where it is not plain
    wide: bool = False  # whether there are full-width forms


def told_notation(date_format: str | None) -> DateNotation:
    """The notation to begin with."""
    # Python writes the fraction of a second as .%f, Polars reads it as %.f
    if date_format is None:
        return DateNotation()
    return DateNotation(told=date_format.replace(".%f", "%.f"), plain=False, timed=False)


def check_date_format(date_format: str, key: str) -> None:
    """Refuses a ``date_format`` that does not tell year, month and day.

    Raises:
        ConfigError: A date written in this format does not come back.

    >>> check_date_format("%d/%m/%Y", "date_format")
    """
    if date_format == EXCEL:
        return
    probe = pl.DataFrame({"date": [date(2026, 3, 4)]})
    moment = pl.col("date").cast(pl.Datetime(time_zone="UTC"))
    try:
        written = probe.select(moment.dt.strftime(date_format))
        back = written.select(day(pl.col("date"), told_notation(date_format)))
    except pl.exceptions.PolarsError:
        back = None
    if back is None or not back.equals(probe):
        raise ConfigError(
            f"{key}: found {date_format!r}, expected year, month and day such as '%d/%m/%Y'"
        )


def day(text: pl.Expr, notation: DateNotation) -> pl.Expr:
    """Dates of stripped text cells; null where a cell is no date that is certain.

    >>> frame = pl.DataFrame({"d": ["2026-01-05T23:30:00+08:00", "2026-02-30", "05/01/2026"]})
    >>> frame.select(day(pl.col("d"), DateNotation()))["d"].to_list()
    [datetime.date(2026, 1, 5), None, None]
    """
    if notation.wide:
        text = half_width(text)
    if notation.told == EXCEL:
        value = _excel(text.cast(pl.Float64, strict=False), 1, _EXCEL_LAST)
    elif notation.told is not None:
        value = text.str.to_date(notation.told, strict=False)
        if notation.timed:
            bare = _without_clock(text)
            value = value.fill_null(bare.str.to_date(notation.told, strict=False))
    elif not notation.plain:
        value = _any_certain(_bare(text, notation), notation)
    elif notation.timed:
        value = pl.when(text.str.contains(_ISO)).then(
            text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        )
    else:
        # In ten bytes, nothing reads in this format but a date.
        value = pl.when(text.str.len_bytes() == 10).then(text.str.to_date("%Y-%m-%d", strict=False))
    return pl.when(value >= EARLIEST).then(value)


def excel_day(number: pl.Expr) -> pl.Expr:
    """Dates of the numbers in a date column of an Excel sheet.

    Args:
        number: Typed cells: the days that Excel counts, from 1970 to 2099 and maybe with the part
            of a day that is over, or the eight digits of a date.

    Returns:
        Dates; null where a number is neither.

    >>> sheet = pl.DataFrame({"d": [46027.75, 20260105.0, 2026.0]})
    >>> sheet.select(excel_day(pl.col("d")))["d"].to_list()
    [datetime.date(2026, 1, 5), datetime.date(2026, 1, 5), None]
    """
    number = number.cast(pl.Float64)
    digits = pl.when((number == number.round()) & (number.abs() < 1e8)).then(number)
    written = _read(digits.cast(pl.Int64).cast(pl.String), "%Y%m%d", digits > _EXCEL_LAST)
    return pl.coalesce(_excel(number, *_EXCEL_DAYS), pl.when(written >= EARLIEST).then(written))


def survey(text: pl.Expr, name: str) -> list[pl.Expr]:
    """Counts that tell how a column writes dates, for :func:`settle`.

    Args:
        text: Cells; spaces around them count as odd, as a plain date has none.
        name: Name of the column; each count is called ``name:kind``.

    Returns:
        Counts of cells: ``day first`` and ``month first`` (31/01/2026 and 01/31/2026), ``odd`` (not
        ISO, with or without a time), ``clock`` (a time of day may follow), ``words`` (with letters
        that may be a month) and ``wide`` (with full-width forms).
    """
    kinds = {
        "day first": text.str.contains(_SHOWS_DAY_FIRST),
        "month first": text.str.contains(_SHOWS_MONTH_FIRST),
        "odd": text.str.contains(_ISO).not_(),
        "clock": text.str.contains(_MAY_HAVE_CLOCK),
        "words": text.str.contains(_HAS_WORD),
        "wide": text.str.contains(IS_WIDE),
    }
    return [cells.sum().alias(f"{name}:{kind}") for kind, cells in kinds.items()]


def settle(
    counts: Mapping[str, int], name: str, date_format: str | None, order: Order | None = None
) -> DateNotation:
    """The notation of a column: as told, else as its cells show, else as its system writes.

    Args:
        counts: What :func:`survey` counted; where it is empty, the column is taken for ISO dates.
        name: The column's name there.
        date_format: The format that the user says.
        order: What of day and month its system usually writes first.

    >>> settle({"d:odd": 2, "d:day first": 1}, "d", None).order
    'day first'
    """
    timed, words, wide = (bool(counts.get(f"{name}:{kind}")) for kind in ("clock", "words", "wide"))
    if date_format is not None:
        return told_notation(date_format)._replace(timed=timed, wide=wide)
    if f"{name}:odd" not in counts:
        return DateNotation()
    if not counts[f"{name}:odd"]:
        return DateNotation(timed=timed)
    day_first = bool(counts.get(f"{name}:day first"))
    month_first = bool(counts.get(f"{name}:month first"))
    if day_first != month_first:
        order = "day first" if day_first else "month first"
    elif day_first:
        order = None  # they contradict each other
    return DateNotation(plain=False, order=order, timed=timed, words=words, wide=wide)


def describe(found: str, date_format: str | None) -> tuple[str, str, str | None]:
    """What is wrong with a cell: message, what was expected, hint.

    >>> describe("03/04/2026", None)[2]
    'say how dates are written: date_format = "%d/%m/%Y" or "%m/%d/%Y"'
    """
    if date_format is not None:
        return (
            "not a date",
            f"a date like {_example(date_format)}, as date_format {date_format!r} says",
            None,
        )
    stripped = found.strip()
    bare: str = pl.select(_bare(half_width(pl.lit(stripped)), DateNotation(plain=False))).item()
    orders = _possible_orders(bare)
    if len(orders) == 1:
        return (
            "day and month change places in this column",
            "dates that are all written in one way",
            "correct the others, and say which with date_format",
        )
    short = _SHORT_YEAR.fullmatch(bare)
    if orders or short:
        return (
            "ambiguous date",
            "a date whose day, month and year are certain",
            f"say how dates are written: date_format = {_formats(bare, short)}",
        )
    hint: str | None = "if dates are written in another way, say how with date_format"
    if re.match(r"(?:0\d|1[0-8])\d\d-\d\d-\d\d", stripped):
        hint = f'a stand-in for "no date" is named in null_words, as in null_words = ["{stripped}"]'
    elif re.match(r"\d{4}-\d\d-\d\d", stripped):
        hint = None
    elif re.fullmatch(r"[1-9]\d{4}(?:\.\d+)?", stripped):
        hint = f'days as Excel counts them are read with date_format = "{EXCEL}"'
    return "not a date", "a date like 2026-01-31", hint


def _excel(number: pl.Expr, first: int, last: int) -> pl.Expr:
    """Days as Excel counts them; before its 60, which never was, it counts one too many."""
    days = pl.when(number.is_between(max(first, 61), last + 1, closed="left")).then(number)
    return (days.floor().cast(pl.Int32) - _EXCEL_EPOCH).cast(pl.Date)


def _example(date_format: str) -> str:
    if date_format == EXCEL:
        return "46053"
    return date(2026, 1, 31).strftime(date_format)


def _possible_orders(bare: str) -> set[Order]:
    """What of day and month may be first in a cell like 03/04/2026; nothing where it is no date."""
    parts = re.match(_DAY_AND_MONTH, bare)
    orders: set[Order] = set()
    if parts:
        first, second, year = map(int, parts.groups())
        readings: tuple[tuple[Order, int, int], ...] = (
            ("day first", second, first),
            ("month first", first, second),
        )
        for order, month, of_month in readings:
            with contextlib.suppress(ValueError):
                date(year, month, of_month)
                orders.add(order)
    return orders


def _formats(bare: str, short: re.Match[str] | None) -> str:
    """The formats that a date may be written in, for a hint."""
    if short is None:
        mark = bare.lstrip("0123456789")[0]
        orders = [("%d", "%m", "%Y"), ("%m", "%d", "%Y")]
    else:
        mark = short[2]
        orders = [("%d", "%m", "%y"), ("%m", "%d", "%y")]
        if not short[3].isdigit():
            orders = [("%d", "%b", "%y"), ("%y", "%b", "%d")]
    return " or ".join(f'"{mark.join(order)}"' for order in orders)


def _without_clock(text: pl.Expr) -> pl.Expr:
    return text.str.replace(_CLOCK_BEHIND, "$1")


def _bare(text: pl.Expr, notation: DateNotation) -> pl.Expr:
    """Dates without the weekday and the time of day."""
    if notation.words:
        text = text.str.replace(_WEEKDAY_IN_CHINESE, "").str.strip_chars()
        text = text.str.replace(_WEEKDAY, "")
    if notation.timed:
        text = _without_clock(text).str.replace(_CLOCK_WITHOUT_MARKS, "$1")
        if notation.words:
            text = text.str.replace(_CLOCK_BETWEEN, "$1 $2")
        text = text.str.strip_chars()
    return text


def _any_certain(bare: pl.Expr, notation: DateNotation) -> pl.Expr:
    dashes = bare.str.replace_many(list(_DASHES), list(_DASHES.values()))
    readings = [
        _read(dashes, "%Y-%m-%d", bare.str.contains(_YEAR_FIRST)),
        _read(bare, "%Y%m%d", bare.str.contains(_EIGHT_DIGITS)),
    ]
    ordered = bare.str.contains(_DAY_AND_MONTH)
    day_first = _read(dashes, "%d-%m-%Y", ordered)
    month_first = _read(dashes, "%m-%d-%Y", ordered)
    if notation.order is None:  # 05/05/2026 needs none
        readings.append(pl.when(day_first == month_first).then(day_first))
    else:
        readings.append(day_first if notation.order == "day first" else month_first)
    if notation.words:
        readings += [_with_word(bare, pattern, *groups) for pattern, groups in _WITH_WORD]
    return pl.coalesce(readings)


def _read(text: pl.Expr, date_format: str, fits: pl.Expr) -> pl.Expr:
    return pl.when(fits).then(text.str.to_date(date_format, strict=False))


def _with_word(bare: pl.Expr, pattern: str, year: int, month: int, of_month: int) -> pl.Expr:
    word = bare.str.extract(pattern, month).str.to_lowercase()
    number = word.replace_strict(_MONTHS, default=None, return_dtype=pl.String)
    return pl.concat_str(
        (bare.str.extract(pattern, year), number, bare.str.extract(pattern, of_month)),
        separator="-",
    ).str.to_date("%Y-%m-%d", strict=False)
