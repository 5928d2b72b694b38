"""Dates as exports write them; where day and month could change places, only with certainty."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

Order: TypeAlias = Literal["day first", "month first"]

EARLIEST = date(1900, 1, 1)
"""What lies before is a placeholder such as 0001-01-01 or a typing mistake, not a date of trade."""

# A time of day, and a zone, may follow; the date counts as it is written.
_TIME = (
    r"(?:(?:[T ]|, ?)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
    r"(?: ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?"
)
_ISO = rf"^\d{{4}}-\d{{2}}-\d{{2}}{_TIME}$"
_CERTAIN = (  # pattern, what its groups become, and how that reads
    (rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}$", "$1-$2-$3", "%Y-%m-%d"),
    (rf"^(\d{{4}})(\d{{2}})(\d{{2}}){_TIME}$", "$1-$2-$3", "%Y-%m-%d"),
    (rf"^(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日{_TIME}$", "$1-$2-$3", "%Y-%m-%d"),
    (rf"^(\d{{1,2}})[- ]([A-Za-z]{{3,9}})[- ](\d{{4}}){_TIME}$", "$1-$2-$3", "%d-%B-%Y"),
    (rf"^([A-Za-z]{{3,9}}) (\d{{1,2}}),? (\d{{4}}){_TIME}$", "$2-$1-$3", "%d-%B-%Y"),
)
_DAY_AND_MONTH = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}$"
_SHORT_YEAR = rf"^\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2}}{_TIME}$"
_TIME_WORDS = re.compile(r"%-?[HIMSTpPRrXfzZsk+.]|%\.f|%[0-9]?f")


class DateNotation(NamedTuple):
    """How the dates of one column are written."""

    told: str | None = None  # the told format; nothing else is read then
    plain: bool = True  # only ISO dates: the fast and usual case
    order: Order | None = None  # for 31/01/2026: which of day and month is first, where certain


def told_notation(date_format: str | None) -> DateNotation:
    """The notation to begin with."""
    # Python writes the fraction of a second as .%f, Polars reads it as %.f
    if date_format is None:
        return DateNotation()
    return DateNotation(told=date_format.replace(".%f", "%.f"), plain=False)


def check_date_format(date_format: str, key: str) -> None:
    """Refuses a ``date_format`` that does not tell year, month and day.

    Raises:
        ConfigError: A date written in this format does not come back.

    >>> check_date_format("%d/%m/%Y", "date_format")
    """
    probe = pl.DataFrame({"date": [date(2026, 3, 4)]})
    try:
        written = probe.select(pl.col("date").cast(pl.Datetime).dt.strftime(date_format))
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
    if notation.told is not None:
        if _TIME_WORDS.search(notation.told):
            value = text.str.to_datetime(
                notation.told, strict=False, ambiguous="earliest"
            ).dt.date()
        else:
            value = text.str.to_date(notation.told, strict=False)
    elif notation.plain:
        value = pl.when(text.str.contains(_ISO)).then(
            text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        )
    else:
        value = _any_certain(text, notation.order)
    return pl.when(value >= EARLIEST).then(value)


def survey(text: pl.Expr, name: str) -> list[pl.Expr]:
    """Counts that tell how a column writes dates, for :func:`settle`."""
    parts = text.str.extract_groups(_DAY_AND_MONTH)
    return [
        (parts.struct[index].cast(pl.Int32, strict=False) > 12).sum().alias(f"{name}:{kind}")
        for index, kind in ((0, "day first"), (1, "month first"))
    ]


def settle(counts: Mapping[str, int], name: str, date_format: str | None) -> DateNotation:
    """The notation of a column that is not plain ISO, and its order where some cell is certain."""
    if date_format is not None:
        return told_notation(date_format)
    day_first = bool(counts.get(f"{name}:day first"))
    month_first = bool(counts.get(f"{name}:month first"))
    order: Order | None = None
    if day_first != month_first:
        order = "day first" if day_first else "month first"
    return DateNotation(plain=False, order=order)


def describe(found: str, date_format: str | None) -> tuple[str, str, str | None]:
    """What is wrong with a cell: message, what was expected, hint."""
    if date_format is not None:
        example = date(2026, 1, 31).strftime(date_format)
        return "not a date", f"a date like {example}, as date_format {date_format!r} says", None
    ordered = re.match(_DAY_AND_MONTH, found.strip())
    if ordered and (int(ordered[1]) > 12) != (int(ordered[2]) > 12):
        return (
            "day and month change places in this column",
            "dates that are all written in one way",
            "correct the others, and say which with date_format",
        )
    if (ordered and int(ordered[1]) <= 12) or re.match(_SHORT_YEAR, found.strip()):
        mark = found.strip().lstrip("0123456789")[0]
        year = "%Y" if ordered else "%y"
        day_first, month_first = mark.join(("%d", "%m", year)), mark.join(("%m", "%d", year))
        return (
            "ambiguous date",
            "a date whose day, month and year are certain",
            f'say how dates are written: date_format = "{day_first}" or "{month_first}"',
        )
    hint: str | None = "if dates are written in another way, say how with date_format"
    if re.match(r"(?:0\d|1[0-8])\d\d-\d\d-\d\d", found.strip()):
        hint = f'a stand-in for "no date" is named in null_words, as in null_words = ["{found}"]'
    elif re.match(r"\d{4}-\d\d-\d\d", found.strip()):
        hint = None
    return "not a date", "a date like 2026-01-31", hint


def _any_certain(text: pl.Expr, order: Order | None) -> pl.Expr:
    forms = list(_CERTAIN)
    if order is not None:
        forms.append(
            (_DAY_AND_MONTH, "$3-$2-$1" if order == "day first" else "$3-$1-$2", "%Y-%m-%d")
        )
    return pl.coalesce(
        pl.when(text.str.contains(pattern)).then(
            text.str.replace(pattern, groups).str.to_date(form, strict=False)
        )
        for pattern, groups, form in forms
    )
