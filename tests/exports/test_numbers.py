"""Numbers read as they are meant, or not at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stockout.exports.values import numbers
from stockout.exports.values.numbers import FileStyle, NumberNotation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.exports.values.numbers import Decimal, Percent

POINT = NumberNotation(plain=False, wide=True)
COMMA = NumberNotation(",", plain=False, wide=True)
PLAIN = NumberNotation()
NOTHING = FileStyle(None, "nothing")
unhurried = settings(deadline=None)  # a busy machine is no fault


def read_all(
    cells: Sequence[str],
    notation: NumberNotation,
    *,
    money: bool = False,
    percent: Percent | None = None,
) -> list[float | None]:
    frame = pl.DataFrame({"x": cells}, schema={"x": pl.String})
    value = numbers.number(pl.col("x"), notation, money=money, percent=percent)
    return frame.select(value)["x"].to_list()


def read(
    text: str, notation: NumberNotation, *, money: bool = False, percent: Percent | None = None
) -> float | None:
    return read_all([text], notation, money=money, percent=percent)[0]


def counted(columns: Mapping[str, Sequence[str | None]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, cells in columns.items():
        frame = pl.DataFrame({"x": cells}, schema={"x": pl.String})
        counts |= frame.select(numbers.survey(pl.col("x"), name, ["-", "NA"])).row(0, named=True)
    return counts


def settled(
    cells: Sequence[str | None], told: Decimal | None = None, profile: Decimal | None = None
) -> FileStyle:
    return numbers.settle_file(counted({"x": cells}), ["x"], told=told, profile=profile)


class TestReading:
    """Single cells, where the style is known."""

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
            ("0.000", 0),
            ("-.25", -0.25),
            ("1e3", 1000),
            ("1.5E-3", 0.0015),
            ("1.234E+05", 123400),
        ],
    )
    def test_plain_numbers_read_the_same_in_every_notation(self, text: str, value: float) -> None:
        assert read(text, PLAIN) == value
        assert read(text, POINT) == value
        assert read(text.replace(".", ","), COMMA) == value
        assert read(text, POINT, money=True) == value

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1,234", 1234),
            ("1,234,567.5", 1234567.5),
            ("-1,234.5", -1234.5),
            ("+1,234.5", 1234.5),
            ("1 234.5", 1234.5),
            ("1\u00a0234", 1234),
            ("1\u202f234.5", 1234.5),
            ("12\u2009345\u2009678", 12345678),
            ("1\u2007234", 1234),
            ("1'234.5", 1234.5),
            ("1’234’567", 1234567),
            ("001,234", 1234),
            ("1234.5-", -1234.5),
            ("1,234.50-", -1234.5),
            ("(1,234.5)", -1234.5),
            ("(12)", -12),
            ("(.5)", -0.5),
            ("1,234.", 1234),
        ],
    )
    def test_groups_and_signs(self, text: str, value: float) -> None:
        assert read(text, POINT) == value
        swapped = text.translate(str.maketrans(",.", ".,"))
        assert read(swapped, COMMA) == value

    @pytest.mark.parametrize(
        ("text", "value"),
        [("1,00,000", 100000), ("12,34,567.89", 1234567.89), ("1,23,45,678", 12345678)],
    )
    def test_indian_groups_read_with_a_decimal_point_only(self, text: str, value: float) -> None:
        assert read(text, POINT) == value
        assert read(text.translate(str.maketrans(",.", ".,")), COMMA) is None

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("１２３．５", 123.5),
            ("－１，２３４．５", -1234.5),
            ("１２", 12),
            ("（１２）", -12),
            ("\u22125", -5),
            ("１\u3000２３４", 1234),
            ("＋８", 8),
            ("１２－", -12),
        ],
    )
    def test_full_width_forms_and_the_minus_of_unicode(self, text: str, value: float) -> None:
        assert read(text, POINT) == value
        assert read(text, PLAIN) is None
        swapped = text.translate(str.maketrans("，．", "．，"))
        assert read(swapped, COMMA) == value

    @pytest.mark.parametrize(
        "text",
        [
            *("", "-", "+", ".", ",", "()", "abc", "1x", "1..5", "1.2.3", "--1", "1-2", "-1-"),
            *("0x10", "1_000", "٣", "²", "5²", "½", "①", "1e", "e5", "1e5.5", "1,234e5"),
            *("NaN", "nan", "inf", "-inf", "infinity", "1e999", "1e15", "-1e15"),
            *("12,34", "1,23", "1,2345", "1234,567", ",123", "1,234,56", "12 34", "1 2345"),
            *("(1", "1)", "(-1)", "((1))", "-(1)", "(1-)", "0,123", "0 123", "1,234,", "1  234"),
            *("$5", "5%", "1,234 567", "1 234'567", "1 234,567", "1-5", "5 -", "+5-", "1,2,345"),
        ],
    )
    def test_what_is_no_number(self, text: str) -> None:
        assert read(text, PLAIN) is None
        assert read(text, POINT) is None

    @pytest.mark.parametrize(
        "text",
        [
            *("$8", "$ 8.00", "8 €", "€8", "8.00 EUR", "USD 8", "¥8", "￥8.0", "￥８．０", "8元"),
            *("+$8", "US$8", "R$ 8", "Rs. 8", "Rs.8", "Rs 8", "8 kr.", "kr 8", "8 zł", "CHF 8"),
            *("$8.00 USD", "₹8.00", "8.00 Kč", "＄８", "8.00\u00a0€", "NT$8", "Fr. 8"),
        ],
    )
    def test_currency_signs_stand_only_with_money(self, text: str) -> None:
        assert read(text, POINT, money=True) == 8
        assert read(text, POINT) is None

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "-$8.00",
                "$-8.00",
                "8.00 €-",
                "8.00- €",
                "8.00-EUR",
                "($8.00)",
                "$(8.00)",
                "(8.00 €)",
            ),
            *("(8.00) €", "-8.00 EUR", "EUR 8.00-", "Rs. -8", "（￥８）", "-￥8", "¥-8"),
        ],
    )
    def test_currency_and_sign(self, text: str) -> None:
        assert read(text, POINT, money=True) == -8

    @pytest.mark.parametrize(
        "text", ["$", "€€8", "$8$8", "8 PCS", "abc 8", "$-8-", "-$-8", "$ 8 x", "8 EU", "E 8"]
    )
    def test_what_is_no_money(self, text: str) -> None:
        assert read(text, POINT, money=True) is None

    def test_per_cent(self) -> None:
        assert read("95%", POINT, percent="share") == 0.95
        assert read("99.9 %", POINT, percent="share") == 0.999
        assert read("７．５％", POINT, percent="share") == 0.075
        assert read("7,5 %", COMMA, percent="share") == 0.075
        assert read("0.95", POINT, percent="share") == 0.95
        assert read("-5%", POINT, percent="points") == -5
        assert read("(5%)", POINT, percent="points") == -5
        assert read("5", POINT, percent="points") == 5
        for text in ("%", "5%%", "%5", "1e2%%", "5% off"):
            assert read(text, POINT, percent="share") is None

    def test_wary_notation_refuses_what_reads_with_either_mark(self) -> None:
        for text in ("1.234", "-12.345", "001.234", "+123.456"):
            assert read(text, NumberNotation(wary=True)) is None
            assert read(text, POINT._replace(wary=True)) is None
            assert read(text.replace(".", ","), POINT._replace(wary=True)) is None
        for text in ("(1,234)", "1,234-", "￥1,234", "1.234 €"):
            assert read(text, POINT._replace(wary=True), money=True) is None
        assert read("1.23", NumberNotation(wary=True)) == 1.23
        assert read("0.234", NumberNotation(wary=True)) == 0.234
        assert read("1234.567", NumberNotation(wary=True)) == 1234.567
        assert read("1,234.5", POINT._replace(wary=True)) == 1234.5
        assert read("1 234", POINT._replace(wary=True)) == 1234

    def test_currency(self) -> None:
        cells = ["$8", "-$8", "8 €", "(8.00 EUR)", "￥８", "8", "EUR", "", "Rs. 8", "8.00- CHF"]
        frame = pl.DataFrame({"x": cells})
        assert frame.select(numbers.currency(pl.col("x")))["x"].to_list() == [
            *("$", "$", "€", "EUR", "¥", None, None, None, "Rs.", "CHF")
        ]


class TestSettling:
    """The style of a file."""

    @pytest.mark.parametrize(
        "sure",
        [
            *("12.5", "0.123", "0.000", ".125", "1234.567", "1,234.5", "1,234,567", "1.2345", "5."),
            *("1 234.50", "1'234.500", "12,34,567", "1.234E+05", "１２．５", "-$0.50", "(12.50)"),
            *("0.5%", "1,234.50-", "￥1,234.50", "00.5", " 12.5 ", "\t0.50"),
        ],
    )
    def test_one_cell_that_reads_in_one_way_settles_the_mark(self, sure: str) -> None:
        assert settled(["1,234", "7", sure, "1.234"]) == FileStyle(".", "cells")
        swapped = sure.translate(str.maketrans(",.．", ".,，"))
        if sure != "12,34,567":  # nobody writes 12.34.567
            assert settled(["1,234", "7", swapped, "1.234"]) == FileStyle(",", "cells")

    @pytest.mark.parametrize("other", ["7", "1.234", "1,234", "x", "", "1 234", "1e5", "-", "+7"])
    def test_nothing_settles_what_reads_with_both_marks(self, other: str) -> None:
        assert settled(["1,234", other]) == NOTHING
        assert settled(["1.234", other]) == NOTHING
        assert not NOTHING.is_certain

    def test_both_marks_in_one_file_are_a_contradiction(self) -> None:
        style = settled(["12.5", "1,5", "3.75"])
        assert style == FileStyle(".", "contradiction")
        notation = style.notation(counted({"x": ["12.5", "1,5"]}), "x")
        cells = ["12.5", "1,5", "1,234", "1.234", "7"]
        assert read_all(cells, notation) == [12.5, None, None, None, 7]
        style = settled(["12.5", "1,5", "3,75"])
        assert style == FileStyle(",", "contradiction")
        notation = style.notation({}, "x")
        assert read_all(cells, notation) == [None, 1.5, None, None, 7]

    def test_what_is_told_wins_over_the_cells_and_these_over_the_profile(self) -> None:
        assert settled(["1,5"], told=".") == FileStyle(".", "told")
        assert settled(["1.234"], told=",") == FileStyle(",", "told")
        assert settled(["1.5"], profile=",") == FileStyle(".", "cells")
        assert settled(["1.234"], profile=",") == FileStyle(",", "profile")
        assert settled([], profile=".") == FileStyle(".", "profile")
        assert numbers.settle_file({}, [], told=None) == NOTHING

    @pytest.mark.parametrize(
        ("cells", "mark"),
        [
            (["1.234,56", "7"], ","),
            (["0,000", "-"], ","),
            ([" 12,50", "3,00\t", "", " NA "], ","),
            (["1,234.50"], "."),
            (["0.5", None], "."),
            (["1'234.00"], "."),
            (["1 234,5"], ","),
        ],
    )
    def test_a_column_of_numbers_that_is_not_read_settles_it_too(
        self, cells: list[str | None], mark: Decimal
    ) -> None:
        counts = counted({"x": ["1.234", "1"], "other": cells})
        assert numbers.settle_file(counts, ["x"], ["other"]) == FileStyle(mark, "other columns")
        assert numbers.settle_file(counts, ["x"]) == NOTHING

    @pytest.mark.parametrize(
        "cells",
        [
            ["1.234,56", "a"],  # not only numbers
            ["10.20", "12.05"],  # may be a code
            ["2026.01"],  # may be a month
            ["1.234.567", "1.234.568"],  # may be a code
            ["0.5", "0,5"],  # contradicts itself
            ["1.234"],
            ["1,234"],
            ["2026-01-05"],
            ["00123"],
        ],
    )
    def test_a_column_that_may_be_something_else_settles_nothing(self, cells: list[str]) -> None:
        counts = counted({"x": ["1.234", "1"], "other": cells})
        assert numbers.settle_file(counts, ["x"], ["other"]) == NOTHING

    def test_other_columns_that_contradict_each_other_settle_nothing(self) -> None:
        counts = counted({"x": ["1.234"], "a": ["0.5"], "b": ["0,5"]})
        assert numbers.settle_file(counts, ["x"], ["a", "b"]) == NOTHING
        assert numbers.settle_file(counts, ["x"], ["a", "b"], profile=",").by == "profile"

    def test_the_numbers_that_are_read_count_more_than_others(self) -> None:
        counts = counted({"x": ["1.5"], "other": ["0,5"]})
        assert numbers.settle_file(counts, ["x"], ["other"]) == FileStyle(".", "cells")

    def test_a_column_is_plain_where_its_cells_are(self) -> None:
        counts = counted({"a": ["1.5", "2", None], "b": ["1,234.5"], "c": ["-"], "d": ["１"]})
        style = numbers.settle_file(counts, list("abcd"))
        assert style.notation(counts, "a") == PLAIN
        assert style.notation(counts, "b") == NumberNotation(plain=False)
        assert style.notation(counts, "c") == NumberNotation(plain=False)
        assert style.notation(counts, "d") == NumberNotation(plain=False, wide=True)
        assert style.notation({}, "a") == PLAIN
        counts = counted({"a": [" 1.5", "2"]})
        assert numbers.settle_file(counts, ["a"]).notation(counts, "a") == NumberNotation(
            plain=False
        )
        assert NOTHING.notation({}, "a") == NumberNotation(wary=True)
        assert FileStyle(",", "told").notation({}, "a") == NumberNotation(",", plain=False)


class TestDescription:
    """What a fault says, and which key it names."""

    @pytest.mark.parametrize(
        "text", ["1,234", "1.234", "￥1,234", "1.234-", "(1.234)", "１．２３４"]
    )
    @pytest.mark.parametrize("style", [NOTHING, FileStyle(".", "contradiction")])
    def test_two_readings(self, text: str, style: FileStyle) -> None:
        assert numbers.describe(text, style) == (
            "ambiguous number",
            "a number that is certain",
            'say which mark is decimal: decimal = "." or decimal = ","',
        )

    def test_other_mark_than_told(self) -> None:
        assert numbers.describe("1,5", FileStyle(".", "told")) == (
            "not a number",
            "a number like 1234.5",
            'a decimal comma is read with decimal = ","',
        )
        assert numbers.describe("1.5", FileStyle(",", "told"))[2] == (
            'a decimal point is read with decimal = "."'
        )
        assert numbers.describe("0,123", FileStyle(".", "told"))[2] is not None

    def test_contradiction(self) -> None:
        message, _, hint = numbers.describe("1,5", FileStyle(".", "contradiction"))
        assert message == "decimal point and decimal comma change places in this file"
        assert hint == 'correct them, or say which mark is decimal: decimal = "." or decimal = ","'

    def test_no_number(self) -> None:
        assert numbers.describe("x", FileStyle(",", "told")) == (
            *("not a number", "a number like 1234,5", None),
        )
        assert numbers.describe("$5", NOTHING)[1] == "a number like 1234.5, without a currency"
        assert numbers.describe("5%", NOTHING)[1] == (
            "a number like 1234.5, without a per cent sign"
        )
        assert numbers.describe("1,000,000,000,000,000", FileStyle(".", "told")) == (
            *("out of range", "a number below 1e+15", None),
        )


class Written(NamedTuple):
    """One way in which a system writes numbers."""

    decimal: Decimal
    group: str  # "" for none
    indian: bool
    sign: str  # where it stands: "before", "behind", "brackets"
    currency: str  # with {} for the number
    decimals: int | None  # fixed, or as many as there are
    wide: bool


styles = st.builds(
    Written,
    decimal=st.sampled_from([".", ","]),
    group=st.sampled_from(["", "other", " ", "\u00a0", "\u202f", "'", "’"]),
    indian=st.booleans(),
    sign=st.sampled_from(["before", "behind", "brackets"]),
    currency=st.sampled_from(["{}", "{}", "${}", "{} €", "￥{}", "EUR {}", "{}元", "Rs. {}"]),
    decimals=st.sampled_from([None, 0, 2, 3]),
    wide=st.booleans(),
)
TO_WIDE = str.maketrans("0123456789.,-()", "０１２３４５６７８９．，－（）")


def write(value: float, style: Written) -> str:
    digits = f"{abs(value):.15f}".rstrip("0") if style.decimals is None else ""
    if style.decimals is not None:
        digits = f"{abs(value):.{style.decimals}f}"
    whole, _, fraction = digits.partition(".")
    group = {"other": "." if style.decimal == "," else ","}.get(style.group, style.group)
    if style.indian and group == ",":
        head, tail = whole[:-3], whole[-3:]
        pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
        whole = group.join([*pairs, tail])
    else:
        whole = f"{int(whole):,}".replace(",", group)
    text = whole + (style.decimal + fraction if fraction else "")
    if value < 0:
        text = {"before": f"-{text}", "behind": f"{text}-", "brackets": f"({text})"}[style.sign]
    text = style.currency.format(text)
    return text.translate(TO_WIDE) if style.wide else text


quantities = st.one_of(
    st.integers(-(10**8), 10**8).map(float),
    st.integers(-(10**8), 10**8).map(lambda n: n / 1000),
    st.integers(-(10**6), 10**6).map(lambda n: n / 100),
    st.sampled_from([0.0, 1.234, 1234.0, 0.123, 999.999, 1000.0, 1000000.0, -12.345]),
)


@unhurried
@given(values=st.lists(quantities, min_size=1, max_size=12), style=styles)
def test_numbers_of_any_style_come_back_equal_or_are_refused(
    values: list[float], style: Written
) -> None:
    cells = [write(value, style) for value in values]
    if style.decimals is not None:
        values = [float(f"{value:.{style.decimals}f}") for value in values]
    counts = counted({"x": cells})
    settled_style = numbers.settle_file(counts, ["x"])
    back = read_all(cells, settled_style.notation(counts, "x"), money=True)
    for cell, value, found in zip(cells, values, back, strict=True):
        assert found in (value, None), cell
        if found is None:
            message, _, hint = numbers.describe(cell, settled_style)
            assert (message, settled_style) == ("ambiguous number", NOTHING)
            assert "decimal = " in str(hint)
    told = numbers.settle_file(counts, ["x"], told=style.decimal)
    assert read_all(cells, told.notation(counts, "x"), money=True) == values


cells_of_numbers = st.text(
    st.sampled_from("00123459.,.,-+() 'eE$€%１．，"), max_size=9
) | st.from_regex(r"[-(]?[0-9]{1,4}([.,' ][0-9]{2,3}){0,3}([.,][0-9]{0,4})?[-)]?", fullmatch=True)


@unhurried
@given(st.lists(cells_of_numbers.map(str.strip), min_size=1, max_size=30))
@example(["0,123", "00,123", "1,234", "1.234,", "1,23,456", "(1.234)", "1.234-", "1e5", "1.2e5"])
def test_each_cell_is_counted_by_the_marks_with_which_it_reads(cells: list[str]) -> None:
    """What reads with one mark only speaks for it; what reads with both is refused."""
    by_point = read_all(cells, POINT, money=True)
    by_comma = read_all(cells, COMMA, money=True)
    wary = read_all(cells, POINT._replace(wary=True), money=True)
    for cell, point, comma, certain in zip(cells, by_point, by_comma, wary, strict=True):
        counts = counted({"x": [cell]})
        if point is not None and comma is not None:
            assert certain == (point if cell.isdigit() else certain), cell
            assert certain is None or point == comma, cell
            assert not counts["x:point"], cell
            assert not counts["x:comma"], cell
        elif point is not None or comma is not None:
            assert certain == point, cell
            assert bool(counts["x:point"]) == (point is not None), cell
            assert bool(counts["x:comma"]) == (comma is not None), cell
        if point is not None or comma is not None:
            assert not counts["x:words"], cell


@unhurried
@given(st.lists(st.text(st.sampled_from("0123456789.+-eE"), max_size=10), min_size=1, max_size=30))
def test_the_plain_notation_reads_as_python_does(cells: list[str]) -> None:
    slow = read_all(cells, POINT)
    for cell, fast, value in zip(cells, read_all(cells, PLAIN), slow, strict=True):
        try:
            meant = float(cell)
        except ValueError:
            assert fast is None
            continue
        if math.isfinite(meant) and abs(meant) < numbers.TOO_LARGE:
            assert (fast, value) == (meant, meant)
        else:
            assert (fast, value) == (None, None)
