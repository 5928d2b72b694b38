"""Numbers as exports write them: ``1234.5``, ``1,234.50``, ``1.234,50-``, ``(12)``, ``￥８``.

The numbers of one file are written in one style. Most cells tell it: ``12.5``, ``0,000`` and
``1.234,56`` read with one decimal mark only. ``1.234`` and ``1,234`` read with both, a thousandfold
apart, and are read only where something else settles the mark: what the user says, the other
numbers of the file, or what is known of the system that wrote it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Decimal: TypeAlias = Literal[".", ","]
Percent: TypeAlias = Literal["share", "points"]

TOO_LARGE = 1e15
"""From here on a float does not tell cents apart; a barcode of 14 digits is still below."""

_WIDE: Final = {  # full-width forms, as Chinese input methods write them, and the minus of Unicode
    **{chr(ord("０") + digit): str(digit) for digit in range(10)},
    **dict(zip("．，＋－（）％￥＄￡＇：／\u3000−﹣", ".,+-()%¥$£':/ --", strict=True)),
}
IS_WIDE: Final = f"[{''.join(_WIDE)}]"
"""A full-width form, as a regular expression."""

_DOTTED = ("Rs.", "Fr.", "kr.", "Kr.")  # currencies whose dot is no decimal mark
_SIGNS = "$＄€£￡¥￥₹₩₽₺₫฿₴₪₱₦元圆円"
_CODES = (
    *("US$", "CA$", "AU$", "NZ$", "HK$", "NT$", "MX$", "A$", "C$", "R$", "S$"),
    *("Rs", "Fr", "kr", "Kr", "zł", "Kč", "RMB", "USD", "EUR", "GBP", "JPY", "CNY", "CNH", "HKD"),
    *("TWD", "KRW", "INR", "IDR", "MYR", "PHP", "SGD", "THB", "VND", "AUD", "NZD", "CAD", "MXN"),
    *("BRL", "ARS", "CLP", "COP", "PEN", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF"),
    *("RON", "BGN", "TRY", "RUB", "UAH", "ILS", "AED", "SAR", "ZAR", "EGP", "NGN", "KES"),
)
_CURRENCY = (
    "(?:"
    + "|".join([*(f"{name[:-1]}[.．]" for name in _DOTTED), *map(re.escape, _CODES), f"[{_SIGNS}]"])
    + ")"
)

# What groups digits and can never be a decimal mark: spaces (plain, no-break, narrow no-break,
# figure, thin, full-width) as in French and SI, apostrophes as in Switzerland.
_SPACES = " \u00a0\u202f\u2007\u2009\u3000"
_SPACE, _GAP = f"[{_SPACES}]", f"[{_SPACES}]*"
_APOSTROPHE = "['’＇]"
_DIGIT = "[0-9０-９]"
# What may stand before a group of three; 0 alone never does, but it may fill up: 001,234.
_FIRST = f"(?:[1-9１-９]{_DIGIT}{{0,2}}|[0０]{_DIGIT}{{1,2}})"
_MARKS: Final[Mapping[Decimal, str]] = {".": "[.．]", ",": "[,，]"}
_OTHER: Final[Mapping[Decimal, Decimal]] = {".": ",", ",": "."}


# What may stand around digits.
_AROUND_NUMBER = f"{_SPACES}+-()%"
_AROUND_MONEY = _AROUND_NUMBER + "".join(sorted({*_SIGNS, *"".join(_CODES)}))


def _core(decimal: Decimal) -> str:
    """Numbers without sign, where this mark is decimal and the other one groups thousands."""
    mark, group = _MARKS[decimal], _MARKS[_OTHER[decimal]]
    grouped = [f"{_FIRST}(?:{between}{_DIGIT}{{3}})+" for between in (_SPACE, _APOSTROPHE, group)]
    if decimal == ".":  # 12,34,567.89 is Indian
        grouped.append(f"{_DIGIT}{{1,2}}(?:{group}{_DIGIT}{{2}})+{group}{_DIGIT}{{3}}")
    return (
        f"(?:(?:{'|'.join(grouped)})(?:{mark}{_DIGIT}*)?"
        f"|(?:{_DIGIT}+(?:{mark}{_DIGIT}*)?|{mark}{_DIGIT}+)(?:[eE][+-]?{_DIGIT}+)?)"
    )


def _core_of_one_style(decimal: Decimal) -> str:
    """Of these, the numbers that do not also read with the other mark: one group of three does."""
    mark, group = _MARKS[decimal], _MARKS[_OTHER[decimal]]
    three = f"{_DIGIT}{{3}}"
    forms = [
        f"{_FIRST}(?:(?:{_SPACE}{three})+|(?:{_APOSTROPHE}{three})+|(?:{group}{three})+){mark}{_DIGIT}*",
        f"{_FIRST}(?:{group}{three}){{2,}}",
        f"(?:{_DIGIT}+{mark}{_DIGIT}*|{mark}{_DIGIT}+)[eE][+-]?{_DIGIT}+",
        f"{_DIGIT}{{1,3}}{mark}(?:{_DIGIT}{{0,2}}|{_DIGIT}{{4,}})",
        f"{_DIGIT}{{4,}}{mark}{_DIGIT}*",
        f"(?:[0０]{mark}{_DIGIT}*|{mark}{_DIGIT}+)",
    ]
    if decimal == ".":
        forms.append(
            f"{_DIGIT}{{1,2}}(?:{group}{_DIGIT}{{2}})+{group}{_DIGIT}{{3}}(?:{mark}{_DIGIT}*)?"
        )
    return f"(?:{'|'.join(forms)})"


def _valid(core: str, *, money: bool, percent: bool) -> str:
    """Numbers with their sign: SAP writes it behind them, accountants put brackets around them."""
    before, behind = (f"(?:{_CURRENCY}{_GAP})?", f"(?:{_GAP}{_CURRENCY})?") if money else ("", "")
    if percent:
        behind = f"(?:{_GAP}%)?{behind}"
    forms = [
        f"[+-]?{before}{core}{behind}",
        f"{before}{core}-{behind}",
        rf"{before}\({before}{core}{behind}\){behind}",
    ]
    if money:
        forms += [f"{_CURRENCY}{_GAP}[+-]{core}{behind}", f"{core}{_GAP}{_CURRENCY}-"]
    return f"^(?:{'|'.join(forms)})$"


def _around(core: str) -> str:
    """The same with anything that may stand around, in any order: to count, not to read."""
    around = rf"(?:[\s+＋−－﹣()（）%％-]|{_CURRENCY})*"
    return f"^{around}{core}{around}$"


_CORES: Final[Mapping[Decimal, str]] = {decimal: _core(decimal) for decimal in _OTHER}
_OF_ONE_STYLE: Final[Mapping[Decimal, str]] = {
    decimal: _around(_core_of_one_style(decimal)) for decimal in _OTHER
}
_OF_ANY_STYLE = _around(f"(?:{_CORES['.']}|{_CORES[',']})")
_AMBIGUOUS = f"^{_FIRST}[.,]{_DIGIT}{{3}}$"
_AMBIGUOUS_IF_PLAIN = r"^[+-]?(?:[1-9][0-9]{0,2}|0[0-9]{1,2})\.[0-9]{3}$"

# Of columns that nobody named, only what no code, version or list of numbers looks like counts:
# 10.20 may be a commodity group and 2026.01 a month; 0.5, -3.75 and 1,234.50 are quantities.
_SURE: Final[Mapping[Decimal, str]] = {
    decimal: _around(
        f"(?:{'' if decimal == '.' else f'{_DIGIT}+{mark}{_DIGIT}{{1,2}}|'}[0０]{mark}{_DIGIT}+"
        f"|{_FIRST}(?:(?:{_SPACE}|{_APOSTROPHE}|{_MARKS[_OTHER[decimal]]}){_DIGIT}{{3}})+{mark}{_DIGIT}*)"
    )
    for decimal, mark in _MARKS.items()
}


class NumberNotation(NamedTuple):
    """How the numbers of one column are written."""

    decimal: Decimal = "."  # the other mark may group thousands, where it is not plain
    plain: bool = True  # only digits, sign, point and exponent: the fast and usual case
    wary: bool = False  # whether what reads with either mark, such as 1.234, does not read
    wide: bool = False  # whether there are full-width forms


class FileStyle(NamedTuple):
    """The style in which one file writes its numbers."""

    decimal: Decimal | None  # the decimal mark; None where nothing settles it
    by: Literal["told", "cells", "other columns", "profile", "contradiction", "nothing"]

    @property
    def is_certain(self) -> bool:
        """Whether 1.234 reads: whether the mark is settled, and no cell speaks against it."""
        return self.by not in ("contradiction", "nothing")

    def notation(self, counts: Mapping[str, int], name: str) -> NumberNotation:
        """How one column of the file is written.

        Args:
            counts: What :func:`survey` counted; a column that was not looked at counts as plain.
            name: The column's name there.
        """
        decimal, wary = self.decimal or ".", not self.is_certain
        if decimal == "." and not counts.get(f"{name}:odd"):
            return NumberNotation(wary=wary)
        wide = bool(counts.get(f"{name}:wide"))
        return NumberNotation(decimal, plain=False, wary=wary, wide=wide)


def number(
    text: pl.Expr, notation: NumberNotation, *, money: bool, percent: Percent | None = None
) -> pl.Expr:
    """Numbers of stripped text cells; null where a cell is no number below ``TOO_LARGE``.

    Args:
        text: Cells without surrounding spaces.
        notation: How the column writes numbers.
        money: Whether a currency sign may stand before or after.
        percent: Whether a per cent sign may follow, and makes a ``share`` of it (95 % is 0.95) or
            leaves it in ``points`` (95 % is 95). Plain notation knows no such sign.

    >>> frame = pl.DataFrame({"x": ["1.234,50-", "7", "a"]})
    >>> german = NumberNotation(",", plain=False)
    >>> frame.select(number(pl.col("x"), german, money=False))["x"].to_list()
    [-1234.5, 7.0, None]
    """
    if notation.plain:
        value = text.cast(pl.Float64, strict=False)
        reads = value.abs() < TOO_LARGE  # false for nan
        if notation.wary:
            reads &= text.str.contains(_AMBIGUOUS_IF_PLAIN).not_()
        return pl.when(reads).then(value)
    if notation.wide:
        text = half_width(text)
    valid = _valid(_CORES[notation.decimal], money=money, percent=percent is not None)
    reads = text.str.contains(valid)
    if money:
        text = _without_dotted_currency(text)
    bare = text.str.strip_chars(_AROUND_MONEY if money else _AROUND_NUMBER)
    if notation.wary:
        reads &= bare.str.contains(_AMBIGUOUS).not_()
    digits = _digits(bare, notation.decimal)
    if percent == "share":
        # As text 95e-2 is 0.95; divided by 100 it might be the float beside it.
        hundredths = pl.concat_str(digits, pl.lit("e-2"))
        digits = pl.when(text.str.contains("%", literal=True)).then(hundredths).otherwise(digits)
    size = digits.cast(pl.Float64, strict=False)
    negative = text.str.contains(r"^[^0-9.,]*[-(]|-[^0-9.,]*$")
    value = pl.when(negative).then(-size).otherwise(size)
    return pl.when(reads & (size < TOO_LARGE)).then(value)


def half_width(text: pl.Expr) -> pl.Expr:
    """Text with full-width digits and marks in the form that is usual elsewhere.

    >>> pl.select(half_width(pl.lit("－１，２３４．５％"))).item()
    '-1,234.5%'
    """
    return text.str.replace_many(list(_WIDE), list(_WIDE.values()))


def currency(text: pl.Expr) -> pl.Expr:
    """The currency sign or code that stands with an amount; null where there is none.

    >>> cells = pl.DataFrame({"x": ["$8.00", "8,00 EUR", "￥８", "RMB 8", "8"]})
    >>> cells.select(currency(pl.col("x")))["x"].to_list()
    ['$', 'EUR', '¥', 'CNY', None]
    """
    text = half_width(text)
    first = text.str.extract(rf"^[+-]?\(?\s*({_CURRENCY})\s*[+-]?\(?[0-9.,]")
    last = text.str.extract(rf"[0-9.,]-?\)?\s*({_CURRENCY})\s*\)?-?$")
    return pl.coalesce(first, last).replace({"RMB": "CNY"})


def survey(text: pl.Expr, name: str, null_words: Collection[str] = ()) -> list[pl.Expr]:
    """Counts that tell how a column writes numbers, for :func:`settle_file`.

    Args:
        text: Cells; spaces around them count as odd, as a plain number has none.
        name: Name of the column; each count is called ``name:kind``.
        null_words: Words that stand for "no value".

    Returns:
        Counts of cells: ``point`` and ``comma`` (read with this decimal mark only), ``sure point``
        and ``sure comma`` (of the former, those that no code looks like), ``words`` (neither empty,
        a word for null, nor a number), ``odd`` (not as the plain notation has them) and ``wide``
        (with full-width forms).
    """
    kinds = {
        "point": text.str.contains(_OF_ONE_STYLE["."]),
        "comma": text.str.contains(_OF_ONE_STYLE[","]),
        "sure point": text.str.contains(_SURE["."]),
        "sure comma": text.str.contains(_SURE[","]),
        "words": ~(
            text.str.contains(_OF_ANY_STYLE) | text.str.strip_chars().is_in(["", *null_words])
        ),
        "odd": text.is_not_null() & text.cast(pl.Float64, strict=False).is_null(),
        "wide": text.str.contains(IS_WIDE),
    }
    return [cells.sum().alias(f"{name}:{kind}") for kind, cells in kinds.items()]


def settle_file(
    counts: Mapping[str, int],
    mapped: Collection[str],
    others: Collection[str] = (),
    *,
    told: Decimal | None = None,
    profile: Decimal | None = None,
) -> FileStyle:
    """The style of a file: as told, else as its numbers show, else as its system writes.

    Args:
        counts: What :func:`survey` counted in the file's columns; may be empty.
        mapped: Names of the columns that hold numbers.
        others: Names of further columns, of which nothing is known. One counts where every cell of
            it is a number, some of them written as no code is, and only where ``mapped`` is silent.
        told: The decimal mark that the user says.
        profile: The decimal mark that the system usually writes.

    >>> cells = pl.DataFrame({"units": ["1.234", "7"], "value": ["1.234,56", "0,00"]})
    >>> counts = cells.select(
    ...     *survey(pl.col("units"), "units"), *survey(pl.col("value"), "value")
    ... ).row(0, named=True)
    >>> settle_file(counts, ["units"])
    FileStyle(decimal=None, by='nothing')
    >>> settle_file(counts, ["units", "value"])
    FileStyle(decimal=',', by='cells')
    """
    if told is not None:
        return FileStyle(told, "told")
    point, comma = (
        sum(counts.get(f"{name}:{kind}", 0) for name in mapped) for kind in ("point", "comma")
    )
    if point and comma:
        # What most cells say is read, so that the fewer ones are those that are pointed out.
        return FileStyle("," if comma > point else ".", "contradiction")
    if point or comma:
        return FileStyle("." if point else ",", "cells")
    shown = {mark for name in others for mark in _shown_by_other(counts, name)}
    if len(shown) == 1:
        return FileStyle(shown.pop(), "other columns")
    if profile is not None:
        return FileStyle(profile, "profile")
    return FileStyle(None, "nothing")


def _shown_by_other(counts: Mapping[str, int], name: str) -> list[Decimal]:
    point, comma, sure_point, sure_comma, words = (
        counts.get(f"{name}:{kind}", 0)
        for kind in ("point", "comma", "sure point", "sure comma", "words")
    )
    if words or (point and comma):
        return []
    marks: list[Decimal] = []
    if sure_point:
        marks.append(".")
    if sure_comma:
        marks.append(",")
    return marks


_SAY_WHICH = 'say which mark is decimal: decimal = "." or decimal = ","'
_MARK_WORDS: Final[Mapping[Decimal, str]] = {".": "point", ",": "comma"}


def describe(found: str, style: FileStyle) -> tuple[str, str, str | None]:
    """What is wrong with a cell: message, what was expected, hint.

    >>> describe("1.234", FileStyle(None, "nothing"))[0]
    'ambiguous number'
    >>> describe("12,50", FileStyle(".", "told"))[2]
    'a decimal comma is read with decimal = ","'
    """
    cell: str = pl.select(half_width(pl.lit(found.strip()))).item()
    bare: str = pl.select(_without_dotted_currency(pl.lit(cell))).item().strip(_AROUND_MONEY)
    decimal = style.decimal or "."
    other = _OTHER[decimal]
    reads, with_currency, with_other = (
        re.match(_valid(_CORES[mark], money=money, percent=True), cell) is not None
        for mark, money in ((decimal, False), (decimal, True), (other, True))
    )
    message, expected, hint = "not a number", f"a number like 1234{decimal}5", None
    if not style.is_certain and (with_currency or with_other) and re.match(_AMBIGUOUS, bare):
        message, expected, hint = "ambiguous number", "a number that is certain", _SAY_WHICH
    elif reads and cell.endswith("%"):
        expected += ", without a per cent sign"
    elif reads:
        message, expected = "out of range", f"a number below {TOO_LARGE:.0e}"
    elif with_currency:
        expected += ", without a currency"
    elif with_other and style.by == "contradiction":
        message = "decimal point and decimal comma change places in this file"
        expected, hint = "numbers that are all written in one way", f"correct them, or {_SAY_WHICH}"
    elif with_other:
        hint = f'a decimal {_MARK_WORDS[other]} is read with decimal = "{other}"'
    return message, expected, hint


def _without_dotted_currency(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(list(_DOTTED), [""] * len(_DOTTED))


def _digits(bare: pl.Expr, decimal: Decimal) -> pl.Expr:
    """The digits without what groups them, and a point for the decimal mark."""
    groups = [_OTHER[decimal], *_SPACES, "'", "’"]
    became = [""] * len(groups)
    if decimal == ",":
        groups, became = [*groups, ","], [*became, "."]
    return bare.str.replace_many(groups, became)
