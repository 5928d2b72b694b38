"""Numbers read as they are meant, or not at all."""

from __future__ import annotations

from typing import Literal

import polars as pl
import pytest

from stockout.exports import numbers
from stockout.exports.numbers import NumberNotation

POINT = NumberNotation(grouped=True, plain=False)
COMMA = NumberNotation(",", grouped=True, plain=False)
UNGROUPED = NumberNotation(plain=False)
PLAIN = NumberNotation()


def read(text: str, notation: NumberNotation, *, money: bool = False) -> float | None:
    value: float | None = pl.select(numbers.number(pl.lit(text), notation, money=money)).item()
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("0012", 12),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5),
        ("1e3", 1000),
        ("1.5E-3", 0.0015),
    ],
)
def test_plain_numbers_read_the_same_in_every_notation(text: str, value: float) -> None:
    assert read(text, PLAIN) == value
    assert read(text, UNGROUPED) == value
    assert read(text, POINT) == value
    assert read(text.replace(".", ","), COMMA) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234),
        ("1,234,567.5", 1234567.5),
        ("-1,234.5", -1234.5),
        ("1 234.5", 1234.5),
        ("1\u00a0234", 1234),
        ("1\u202f234.5", 1234.5),
        ("1'234.5", 1234.5),
        ("1’234’567", 1234567),
        ("1234.5-", -1234.5),
        ("(1,234.5)", -1234.5),
    ],
)
def test_groups_and_signs(text: str, value: float) -> None:
    assert read(text, POINT) == value
    swapped = text.translate(str.maketrans(",.", ".,"))
    assert read(swapped, COMMA) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "abc", "1x", "1..5", "1.2.3", "--1", "1-2", "0x10", "1_000", "１２"),
        *("NaN", "nan", "inf", "-inf", "infinity", "1e999"),
        *("12,34", "1,23", "1,2345", "1234,567", ",123", "1,234,56", "12 34", "1 2345", "(1", "1)"),
        *("$5", "5%", "1,234 567"),
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert read(text, PLAIN) is None
    assert read(text, POINT) is None


@pytest.mark.parametrize(
    "text", ["$8", "$ 8.00", "8 €", "€8", "8.00 EUR", "USD 8", "¥8", "￥8.0", "8元", "+$8"]
)
def test_currency_signs_stand_only_with_money(text: str) -> None:
    assert read(text, POINT, money=True) == 8
    assert read(text, POINT) is None


def test_currency_and_sign() -> None:
    assert read("-$8.00", POINT, money=True) == -8
    assert read("8.00 €-", POINT, money=True) == -8


def settled(
    cells: list[str], decimal: Literal[".", ","] | None = None, *, uncertain: bool = False
) -> NumberNotation:
    counts = pl.DataFrame({"x": cells}).select(numbers.survey(pl.col("x"), "x")).row(0, named=True)
    return numbers.settle(counts, "x", decimal, uncertain=uncertain)


@pytest.mark.parametrize(
    "sure", ["12.5", "0.123", ".125", "1234.567", "1,234.5", "1,234,567", "1.2345"]
)
def test_a_comma_groups_where_another_cell_shows_that_the_point_is_decimal(sure: str) -> None:
    assert settled(["1,234", "7", sure]) == POINT


@pytest.mark.parametrize("other", ["7", "1.234", "1,234", "x", ""])
def test_a_comma_does_not_read_where_nothing_makes_it_certain(other: str) -> None:
    assert settled(["1,234", other]) == UNGROUPED
    assert read("1,234", UNGROUPED) is None


@pytest.mark.parametrize("comma", ["1,5", "1.234,5", "0,123", "1.234.567"])
def test_a_cell_with_a_decimal_comma_forbids_grouping_by_comma(comma: str) -> None:
    assert settled(["1,234", "12.5", comma]) == UNGROUPED


def test_a_told_decimal_mark_settles_everything() -> None:
    assert settled(["1,234"], ".") == POINT
    assert settled(["1.234"], ",") == COMMA
    assert numbers.first_notation(",") == COMMA
    assert numbers.first_notation(".") == PLAIN


def test_a_point_before_three_digits_is_uncertain_where_the_comma_may_be_decimal() -> None:
    first = numbers.first_notation(None, uncertain=True)
    assert read("1.5", first) == 1.5
    assert read("1.234", first) is None
    assert read("1.234", settled(["1.234", "2"], uncertain=True)) is None
    assert read("1.234", settled(["1.234", "2.5"], uncertain=True)) == 1.234
    assert read("1.234", numbers.first_notation(".", uncertain=True)) == 1.234


def test_descriptions_say_what_to_do() -> None:
    assert numbers.describe("1,234", None)[0] == "ambiguous number"
    assert numbers.describe("1.234", None, uncertain=True)[0] == "ambiguous number"
    assert numbers.describe("1,5", None)[2] == 'a decimal comma is read with decimal = ","'
    assert numbers.describe("x", ",") == ("not a number", "a number like 1234,5", None)
