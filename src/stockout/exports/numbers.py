"""Numbers as exports write them: ``1234.5``, ``1,234.50``, ``1.234,50-``, ``$8.00``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

Decimal: TypeAlias = Literal[".", ","]

_SPACE = r"[ \u00a0\u202f'’]"  # what groups digits and can never be a decimal mark
_CURRENCY = r"(?:[$€£¥￥₹]|USD|EUR|GBP|CNY|RMB|元)"

TOO_LARGE = 1e15
"""From here on a float does not tell cents apart; a barcode of 14 digits is still below."""

# One group of three after one to three digits is where "1,234" may be 1234 or 1.234.
_COMMA_COULD_GROUP = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_POINT_COULD_GROUP = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_POINT_IS_DECIMAL = (
    r"^[+-]?(?:\d{1,3}(?:,\d{3})+\.\d*|[1-9]\d{0,2}(?:,\d{3}){2,}"
    r"|\d*\.(?:\d{1,2}|\d{4,})|0*\.\d+|\d{4,}\.\d+)$"
)
_COMMA_IS_DECIMAL = (
    r"^[+-]?(?:\d{1,3}(?:\.\d{3})+,\d*|[1-9]\d{0,2}(?:\.\d{3}){2,}"
    r"|\d*,(?:\d{1,2}|\d{4,})|0*,\d+|\d{4,},\d+)$"
)


class NumberNotation(NamedTuple):
    """How the numbers of one column are written."""

    decimal: Decimal = "."
    grouped: bool = False  # whether the other mark may group thousands
    plain: bool = True  # only digits, sign, point and exponent: the fast and usual case
    wary: bool = False  # whether 1.234 does not read, as it may be a thousand and more


def first_notation(decimal: Decimal | None, *, uncertain: bool = False) -> NumberNotation:
    """The notation to begin with: a told decimal mark makes the other one a thousands mark."""
    if decimal == ",":
        return NumberNotation(",", grouped=True, plain=False)
    return NumberNotation(wary=uncertain and decimal is None)


def number(text: pl.Expr, notation: NumberNotation, *, money: bool) -> pl.Expr:
    """Numbers of stripped text cells; null where a cell is no number below ``TOO_LARGE``.

    Args:
        text: Cells without surrounding spaces.
        notation: How the column writes numbers.
        money: Whether a currency sign may stand before or after.

    >>> frame = pl.DataFrame({"x": ["1.234,50-", "7", "a"]})
    >>> german = NumberNotation(",", grouped=True, plain=False)
    >>> frame.select(number(pl.col("x"), german, money=False))["x"].to_list()
    [-1234.5, 7.0, None]
    """
    cleaned = text if notation.plain else _cleaned(text, notation, money=money)
    value = cleaned.cast(pl.Float64, strict=False)
    reads = value.abs() < TOO_LARGE  # false for nan
    if notation.wary:
        reads &= text.str.contains(_POINT_COULD_GROUP).not_()
    return pl.when(reads).then(value)


def survey(text: pl.Expr, name: str) -> list[pl.Expr]:
    """Counts that tell how a column writes numbers, for :func:`settle`."""
    unsigned = text.str.strip_suffix("-")
    return [
        unsigned.str.contains(pattern).sum().alias(f"{name}:{kind}")
        for kind, pattern in (
            ("point", _POINT_IS_DECIMAL),
            ("comma", _COMMA_IS_DECIMAL),
        )
    ]


def settle(
    counts: Mapping[str, int], name: str, decimal: Decimal | None, *, uncertain: bool = False
) -> NumberNotation:
    """The notation of a column that is not plain; grouped where the column itself shows it.

    Without a told decimal mark it is a point, and a comma groups thousands only where other cells
    show that the point is decimal and none shows that the comma is.
    """
    if decimal is not None:
        return NumberNotation(decimal, grouped=True, plain=False)
    point_is_decimal = bool(counts.get(f"{name}:point")) and not counts.get(f"{name}:comma")
    return NumberNotation(
        grouped=point_is_decimal, plain=False, wary=uncertain and not point_is_decimal
    )


def describe(
    found: str, decimal: Decimal | None, *, uncertain: bool = False
) -> tuple[str, str, str | None]:
    """What is wrong with a cell: message, what was expected, hint."""
    unsigned = found.strip().removesuffix("-")
    unclear = rf"{_COMMA_COULD_GROUP}|{_POINT_COULD_GROUP}" if uncertain else _COMMA_COULD_GROUP
    if decimal is None and re.match(unclear, unsigned):
        return (
            "ambiguous number",
            "a number that is certain",
            'say which mark is decimal: decimal = "." or decimal = ","',
        )
    if decimal is None and re.match(_COMMA_IS_DECIMAL, unsigned):
        return "not a number", "a number like 1234.5", 'a decimal comma is read with decimal = ","'
    return "not a number", f"a number like 1234{decimal or '.'}5", None


def _cleaned(text: pl.Expr, notation: NumberNotation, *, money: bool) -> pl.Expr:
    decimal = notation.decimal
    mark = "," if decimal == "." else "."
    groups = [rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+", r"\d*"]
    if notation.grouped:
        groups.append(rf"\d{{1,3}}(?:\{mark}\d{{3}})+")
    valid = rf"^[+-]?(?:{'|'.join(groups)})(?:\{decimal}\d*)?(?:[eE][+-]?\d+)?$"
    if money:
        text = text.str.replace(rf"^([+-]?)\s*{_CURRENCY}\s*", "$1").str.replace(
            rf"\s*{_CURRENCY}(-?)$", "$1"
        )
    # SAP writes the sign behind the number, accountants put brackets around it.
    signed = text.str.replace(r"^([\d.,].*)-$", "-$1").str.replace(r"^\(([\d.,].*)\)$", "-$1")
    digits = signed.str.replace_all(rf"{_SPACE}|\{mark}", "")
    if decimal == ",":
        digits = digits.str.replace(",", ".", literal=True)
    return pl.when(signed.str.contains(valid)).then(digits)
