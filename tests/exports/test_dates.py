"""Dates read only where day, month and year are certain."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.exports import dates
from stockout.exports.dates import DateNotation

PLAIN = DateNotation()
ANY = DateNotation(plain=False)
DAY_FIRST = DateNotation(plain=False, order="day first")
MONTH_FIRST = DateNotation(plain=False, order="month first")


def read(text: str, notation: DateNotation) -> date | None:
    value: date | None = pl.select(dates.day(pl.lit(text), notation)).item()
    return value


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05",
        "2026-01-05 23:59",
        "2026-01-05 23:59:59",
        "2026-01-05T23:59:59.123456",
        "2026-01-05T23:59:59Z",
        "2026-01-05T23:59:59+08:00",
        "2026-01-05 23:59:59 -0800",
        "2026-01-05 11:59:59 PM",
    ],
)
def test_iso_dates_count_as_they_are_written(text: str) -> None:
    assert read(text, PLAIN) == date(2026, 1, 5)
    assert read(text, ANY) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2026-1-5",
        "2026/01/05",
        "2026/1/5 7:05",
        "2026.01.05",
        "20260105",
        "20260105 10:30",
        "2026年1月5日",
        "5-Jan-2026",
        "05 January 2026",
        "05-JAN-2026",
        "Jan 5, 2026",
        "January 5 2026 07:00",
    ],
)
def test_other_certain_dates(text: str) -> None:
    assert read(text, PLAIN) is None  # the slower reading is for columns that need it
    assert read(text, ANY) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026", "2026-01", "2026-13-01", "2026-02-30", "20261301", "2026-01-05x"),
        *("x2026-01-05", "12026-01-05", "+2026-01-05", "2026-01-05 25", "5-Foo-2026", "46023"),
        *("0001-01-01", "1899-12-31", "03/04/26", "1767571200"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    for notation in (PLAIN, ANY, DAY_FIRST, MONTH_FIRST):
        assert read(text, notation) is None


@pytest.mark.parametrize("text", ["03/04/2026", "3.4.2026", "03-04-2026", "3/4/2026 10:00"])
def test_day_and_month_by_their_order(text: str) -> None:
    assert read(text, ANY) is None
    assert read(text, DAY_FIRST) == date(2026, 4, 3)
    assert read(text, MONTH_FIRST) == date(2026, 3, 4)


def settled(cells: list[str], told: str | None = None) -> DateNotation:
    counts = pl.DataFrame({"d": cells}).select(dates.survey(pl.col("d"), "d")).row(0, named=True)
    return dates.settle(counts, "d", told)


def test_one_certain_cell_settles_the_column() -> None:
    assert settled(["03/04/2026", "13/04/2026"]) == DAY_FIRST
    assert settled(["03/04/2026", "04/13/2026 10:00", "2026-01-05"]) == MONTH_FIRST
    assert settled(["03/04/2026", "13.4.26", "x"]) == ANY
    assert settled(["13/04/2026", "04/13/2026"]) == ANY
    assert settled(["13/04/2026"], "%m/%d/%Y").told == "%m/%d/%Y"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("%d/%m/%Y", "05/01/2026"),
        ("%m/%d/%Y", "01/05/2026"),
        ("%d.%m.%y", "05.01.26"),
        ("%Y%m%d", "20260105"),
        ("%d/%m/%Y %H:%M", "05/01/2026 23:59"),
        ("%d/%m/%Y %I:%M %p", "05/01/2026 11:59 PM"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-01-05 10:00:00.123"),
        ("%b %d, %Y", "Jan 05, 2026"),
    ],
)
def test_told_format(told: str, text: str) -> None:
    dates.check_date_format(told, "date_format")
    notation = dates.told_notation(told)
    assert read(text, notation) == date(2026, 1, 5)
    assert read("2026-01-05", notation) is None


@pytest.mark.parametrize("told", ["%d/%m", "%Y", "%Q", "DD/MM/YYYY", "%H:%M", "%"])
def test_told_format_must_tell_the_day(told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dates.check_date_format(told, "stockout.toml: tables.sales.date_format")
    assert str(caught.value) == (
        f"stockout.toml: tables.sales.date_format: found {told!r}, "
        "expected year, month and day such as '%d/%m/%Y'"
    )


def test_descriptions_say_what_to_do() -> None:
    assert dates.describe("03.04.2026", None) == (
        "ambiguous date",
        "a date whose day, month and year are certain",
        'say how dates are written: date_format = "%d.%m.%Y" or "%m.%d.%Y"',
    )
    assert dates.describe("2026-01-05", "%d/%m/%Y")[1] == (
        "a date like 31/01/2026, as date_format '%d/%m/%Y' says"
    )
    assert dates.describe("32/13/2026", None)[0] == "not a date"
