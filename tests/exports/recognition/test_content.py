"""What cells look like, whatever the column is called."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from stockout.exports.recognition.content import day_and_month, examine


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-05",
        "2026-01-05T23:30:00+08:00",
        "2026-01-05 23:30:00",
        "2026/1/5",
        "20260105",
        "2026年1月5日",
        "05.01.2026",
        "1/5/26",
        "05-Jan-2026",
        "Jan 5, 2026",
        "5. Januar 2026",
    ],
)
def test_dates_look_like_dates(cell: str) -> None:
    assert examine(pl.DataFrame({"x": [cell, None, ""]}))["x"].dates == 1


@pytest.mark.parametrize(
    "cell",
    ["A-100", "1234", "12.5", "4006381333931", "99999999", "2026-01", "May", "1-2-3-4", "1/2"],
)
def test_other_cells_do_not(cell: str) -> None:
    assert examine(pl.DataFrame({"x": [cell]}))["x"].dates == 0


@pytest.mark.parametrize(
    "cell",
    ["7", "-7", "7-", "(7)", "1.234,56-", "1,234.56", "1 234,5", "1'234", "¥8.00", "$ 8", "８．５",
     ".5", "1e3", "12 %", "EUR 5", "5 EUR", "−3"],
)  # fmt: skip
def test_numbers_look_like_numbers(cell: str) -> None:
    look = examine(pl.DataFrame({"x": [cell]}))["x"]
    assert look.numbers == 1
    assert (look.negative == 1) is (cell[0] in "-(−" or cell[-1] == "-")


@pytest.mark.parametrize("cell", ["A7", "7 pieces", "n/a", "1-2", "--", "7a"])
def test_other_cells_are_no_numbers(cell: str) -> None:
    assert examine(pl.DataFrame({"x": [cell]}))["x"].numbers == 0


def test_typed_columns() -> None:
    look = examine(
        pl.DataFrame(
            {
                "day": [date(2026, 1, 5), None],
                "count": [1, 0],
                "amount": [-1.5, float("nan")],
                "flag": [True, False],
                "none": pl.Series([None, None], dtype=pl.String),
                "bytes": [b"a", b"b"],
            }
        )
    )
    assert (look["day"].dates, look["day"].filled) == (1, 1)
    assert (look["count"].numbers, look["count"].flags, look["count"].words) == (1, 1, 0)
    assert (look["amount"].negative, look["amount"].filled) == (1, 1)
    assert look["flag"].flags == 1
    assert look["none"].is_empty
    assert look["bytes"].numbers == look["bytes"].dates == 0


def test_what_has_a_place_in_which_column() -> None:
    look = examine(pl.DataFrame({"day": ["2026-01-05"], "code": ["20260105"], "no": ["0"]}))
    assert look["day"].share("date", pl.Date()) == 1
    assert look["day"].share("units", pl.Float64()) == 0
    assert look["code"].share("units", pl.Float64()) == 1
    assert look["no"].share("name", pl.String()) == 0
    assert look["no"].share("sku", pl.String()) == 1
    assert look["no"].share("on_promo", pl.Boolean()) == 1


def test_a_key_has_hardly_any_value_twice() -> None:
    look = examine(pl.DataFrame({"key": [str(n) for n in range(100)], "no": ["1", "2"] * 50}))
    assert look["key"].is_unique
    assert not look["no"].is_unique


def test_order_of_day_and_month() -> None:
    cells = pl.DataFrame({"x": ["13/02/2026", "02.14.26", "03/04/2026 10:00", "05/05/2026", "x"]})
    counts = cells.select(day_and_month(pl.col("x"))).row(0, named=True)
    assert counts == {"day": 1, "month": 1, "either": 1}
