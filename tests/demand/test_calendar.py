from __future__ import annotations

import logging
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.calendar import (
    choose_freq,
    first_future_period,
    is_weekly,
    last_complete_period,
    period_start,
    resolve_as_of,
)
from stockout.errors import NotKnownError

MONDAY = date(2026, 1, 5)
SUNDAY = date(2026, 1, 11)


def frame(first: date, count: int, step: int = 1) -> pl.DataFrame:
    dates = [first + timedelta(step * k) for k in range(count)]
    return pl.DataFrame({"date": pl.Series(dates, dtype=pl.Date)})


def months(count: int) -> pl.DataFrame:
    return pl.DataFrame({"date": [date(2025 + k // 12, k % 12 + 1, 1) for k in range(count)]})


@pytest.mark.parametrize(
    ("first", "count", "step", "weekly"),
    [
        (MONDAY, 3, 7, True),
        (SUNDAY, 3, 7, True),
        (MONDAY, 3, 14, True),  # weeks without a sale have no row
        (MONDAY, 2, 7, False),  # two dates a week apart may be two days
        (MONDAY, 7, 1, False),
        (MONDAY, 0, 7, False),
    ],
)
def test_dates_are_weekly_when_three_are_whole_weeks_apart(
    first: date, count: int, step: int, weekly: bool
) -> None:
    dates = frame(first, count, step)["date"]
    assert is_weekly(pl.concat([dates, dates]).sort(descending=True)) is weekly


def test_firsts_of_months_are_not_weekly() -> None:
    assert not is_weekly(months(12)["date"])


@pytest.mark.parametrize(
    ("step", "asked", "expected"),
    [(7, "auto", "week"), (7, "week", "week"), (1, "auto", "day"), (1, "week", "week")],
)
def test_the_period_is_a_week_where_sales_are_weekly_or_when_asked(
    step: int, asked: str, expected: str
) -> None:
    assert choose_freq(frame(MONDAY, 5, step), asked) == expected  # type: ignore[arg-type]


def test_days_cannot_be_had_from_weekly_sales() -> None:
    with pytest.raises(NotKnownError, match="all sales dates are whole weeks apart") as caught:
        choose_freq(frame(SUNDAY, 5, 7), "day")
    assert caught.value.hint == "use --freq week"


def test_a_week_is_dated_by_its_monday() -> None:
    days = frame(MONDAY, 14)
    weeks = days.select(period_start("week", pl.col("date")))["date"].to_list()
    assert weeks == [MONDAY] * 7 + [MONDAY + timedelta(7)] * 7
    assert days.select(period_start("day", pl.col("date"))).equals(days)


@given(as_of=st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_last_complete_and_first_future_week(as_of: date) -> None:
    last = last_complete_period("week", as_of)
    assert last.weekday() == 0
    assert last + timedelta(6) <= as_of < last + timedelta(13)
    future = first_future_period("week", as_of)
    assert future.weekday() == 0
    assert future - timedelta(7) <= as_of < future


def test_a_day_is_complete_on_itself() -> None:
    assert last_complete_period("day", SUNDAY) == SUNDAY
    assert first_future_period("day", SUNDAY) == SUNDAY + timedelta(1)


def test_as_of_is_the_last_date_of_any_table() -> None:
    tables = {"sales": frame(MONDAY, 10), "inventory": frame(MONDAY, 12), "movements": None}
    assert resolve_as_of(tables) == MONDAY + timedelta(11)


def test_an_empty_table_says_nothing_of_as_of() -> None:
    assert resolve_as_of({"sales": frame(MONDAY, 3), "inventory": frame(MONDAY, 0)}) == date(
        2026, 1, 7
    )


@pytest.mark.parametrize("first", [MONDAY, SUNDAY, date(2026, 1, 8)])
def test_the_last_date_of_a_weekly_table_stands_for_its_week(first: date) -> None:
    assert resolve_as_of({"sales": frame(first, 4, 7)}) == SUNDAY + timedelta(21)


def test_the_as_of_that_is_asked_for_is_taken() -> None:
    assert resolve_as_of({"sales": frame(MONDAY, 9)}, date(2024, 2, 29)) == date(2024, 2, 29)


def test_without_any_row_as_of_is_not_known() -> None:
    with pytest.raises(NotKnownError, match="as-of date is not known"):
        resolve_as_of({"sales": frame(MONDAY, 0), "inventory": None})


@pytest.mark.parametrize("count", [3, 12, 40])
def test_monthly_rows_are_all_plausible(count: int, caplog: pytest.LogCaptureFixture) -> None:
    assert resolve_as_of({"sales": months(count)}) == months(count)["date"].max()
    assert not caplog.records


@pytest.mark.parametrize(
    ("rows", "wrong", "count"),
    [
        (10, date(2206, 1, 5), 1),
        (60, date(2027, 1, 15), 1),  # a year too late, in the export of one item
        (300, date(2062, 1, 5), 1),
        (5000, date(2040, 1, 5), 4),
    ],
)
def test_a_typing_error_in_the_far_future_is_not_the_as_of_date(
    rows: int, wrong: date, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    daily = frame(MONDAY, rows)
    errors = pl.DataFrame({"date": [wrong] * count})
    if count > 1:
        daily = frame(MONDAY, 500).join(pl.DataFrame({"item": range(rows // 500)}), how="cross")
    daily = daily.select("date")
    with caplog.at_level(logging.WARNING):
        assert resolve_as_of({"sales": pl.concat([errors, daily])}) == daily["date"].max()
    told = "1 row is" if count == 1 else f"{count} rows are"
    assert f"sales: {told} dated after" in caplog.text
    assert str(wrong) in caplog.text


def test_a_typing_error_does_not_turn_weekly_sales_into_daily_ones() -> None:
    """The weeks stay weeks, and the last of them stands for all its days."""
    weekly = frame(MONDAY, 30, 7)
    sales = pl.concat([weekly, pl.DataFrame({"date": [date(2206, 1, 7)]})])
    assert resolve_as_of({"sales": sales}) == MONDAY + timedelta(29 * 7 + 6)


def test_a_break_of_a_few_weeks_is_no_typing_error() -> None:
    sales = pl.concat([frame(MONDAY, 200), frame(MONDAY + timedelta(225), 1)])
    assert resolve_as_of({"sales": sales}) == MONDAY + timedelta(225)
