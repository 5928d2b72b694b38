"""Gaps, stale feeds and dates: what is usual decides."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from stockout.checks.check import check_frames
from stockout.checks.rules.feeds import easter_sunday
from stockout.demand.calendar import resolve_as_of
from stockout.exports.usual_dates import usual_dates

FIRST = date(2025, 1, 6)  # a Monday


def feed(count: int, rows: int = 20, location: str = "L1", first: date = FIRST) -> pl.DataFrame:
    """So many sales rows on each of so many days, but on Sundays."""
    days = pl.DataFrame({"date": [first + timedelta(index) for index in range(count)]})
    skus = pl.DataFrame({"sku": [f"S{index}" for index in range(rows)]})
    return (
        days.filter(pl.col("date").dt.weekday() < 7)
        .join(skus, how="cross")
        .with_columns(location=pl.lit(location), units=pl.lit(1.0))
    )


def without(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The feed without some days."""
    return frame.filter(~pl.col("date").is_between(first, last))


def told(code: str, **tables: pl.DataFrame) -> list[tuple[object, ...]]:
    """Location, date and message of findings of one rule."""
    found = check_frames(**tables).filter(code=code)  # type: ignore[arg-type]
    return found.select("location", "date", "message").rows()


def test_closed_sundays_are_no_gap() -> None:
    assert told("SO311", sales=feed(120)) == []


def test_a_gap_is_told_once_for_all_locations() -> None:
    both = pl.concat([feed(120), feed(120, location="L2")])
    day = FIRST + timedelta(51)  # a Wednesday
    gap = without(both, day, day + timedelta(1))
    assert told("SO311", sales=gap) == [
        (None, day, "no rows from 2025-02-26 to 2025-02-27, where about 80 are usual")
    ]
    one = pl.concat([without(feed(120), day, day), feed(120, location="L2")])
    assert told("SO311", sales=one) == [
        ("L1", day, "no rows on 2025-02-26, where about 20 are usual")
    ]


def test_a_small_shop_without_a_sale_on_a_day_is_no_gap() -> None:
    day = FIRST + timedelta(51)
    assert told("SO311", sales=without(feed(120, rows=5), day, day)) == []
    assert len(told("SO311", sales=without(feed(120, rows=5), day, day + timedelta(2)))) == 1


@pytest.mark.parametrize("location", [None, "ALL", "L1", "L2"])
def test_holidays_of_the_events_are_no_gap(location: str | None) -> None:
    day = FIRST + timedelta(51)
    events = pl.DataFrame({"date": [day], "name": "Fair", "kind": "Holiday", "location": location})
    one = without(feed(120), day, day)
    two = pl.concat([one, feed(120, location="L2")])
    assert told("SO311", sales=two, events=events) == (
        [] if location != "L2" else told("SO311", sales=two)
    )


def test_days_that_are_missing_in_other_years_too_are_no_gap() -> None:
    long = feed(3 * 365)
    for year in (2025, 2026, 2027):
        monday = easter_sunday(year) + timedelta(1)
        long = without(without(long, monday, monday), date(year, 5, 1), date(year, 5, 1))
    assert told("SO311", sales=long) == []
    gap = without(long, date(2026, 3, 3), date(2026, 3, 3))
    assert [day for _, day, _ in told("SO311", sales=gap)] == [date(2026, 3, 3)]


def test_a_sunday_in_another_year_excuses_no_gap() -> None:
    day = date(2026, 1, 12)  # a Monday; the same date of 2025 is a Sunday
    assert [found for _, found, _ in told("SO311", sales=without(feed(500), day, day))] == [day]


def test_weekly_tables_have_weekly_gaps() -> None:
    weekly = feed(300).filter(pl.col("date").dt.weekday() == 1)
    assert told("SO311", sales=weekly) == []
    day = FIRST + timedelta(70)
    assert [found for _, found, _ in told("SO311", sales=without(weekly, day, day))] == [day]


def test_stale_tables_and_locations() -> None:
    sales = pl.concat([feed(120), feed(100, location="L2")])
    stock = feed(120).with_columns(on_hand=pl.lit(5.0)).drop("units")
    late = stock.filter(pl.col("date") <= FIRST + timedelta(108))
    assert told("SO312", sales=sales, inventory=late) == [
        (
            None,
            FIRST + timedelta(108),
            "the last day is 2025-04-24, 11 days before the sales (2025-05-05)",
        ),
        (
            "L2",
            FIRST + timedelta(100),
            "no rows from 2025-04-16 on, where about 340 are usual up to the table's last day",
        ),
    ]


def test_stale_against_as_of() -> None:
    sales = feed(120)
    last = FIRST + timedelta(119)
    fresh = check_frames(sales=sales, as_of=last + timedelta(7))
    assert fresh.filter(code="SO312").is_empty()
    stale = check_frames(sales=sales, as_of=last + timedelta(8))
    assert stale.filter(code="SO312")["message"].to_list() == [
        f"the last day is {last}, 8 days before as-of ({last + timedelta(8)})"
    ]


def test_a_weekly_row_speaks_for_its_week() -> None:
    weekly = feed(120).filter(pl.col("date").dt.weekday() == 1)
    stock = feed(130).with_columns(on_hand=pl.lit(5.0)).drop("units")
    assert told("SO312", sales=weekly, inventory=stock) == []


@pytest.mark.parametrize(("rows", "partial"), [(40, []), (29, []), (27, [1]), (3, [1])])
def test_a_last_day_with_few_rows(rows: int, partial: list[int]) -> None:
    sales = feed(104, rows=40)
    last = pl.col("date") == pl.col("date").max()
    sales = sales.filter(~last | (pl.int_range(pl.len()).over("date") < rows))
    assert [1 for _ in told("SO313", sales=sales)] == partial


def test_rows_after_as_of_are_counted() -> None:
    found = check_frames(sales=feed(20, rows=3), as_of=FIRST + timedelta(9)).filter(code="SO303")
    assert found.select("row", "message").rows() == [
        (28, "27 rows, the first of them here, dated after 2025-01-15, up to 2025-01-25, do not "
         "count")
    ]  # fmt: skip


@pytest.mark.parametrize("count", [5, 12, 300])
@pytest.mark.parametrize("late", [20, 40, 4000])
def test_future_dates_are_those_that_do_not_move_the_as_of_date(count: int, late: int) -> None:
    days = [FIRST + timedelta(index) for index in range(count)]
    sales = pl.DataFrame({"date": [*days, days[-1] + timedelta(late)], "sku": "A", "units": 1.0})
    as_of = resolve_as_of({"sales": sales})
    found = check_frames(sales=sales).filter(code="SO301")
    assert found["row"].to_list() == ([] if as_of > days[-1] else [count + 1])


def test_a_whole_table_of_old_dates_is_only_old_at_zero() -> None:
    days = [date(1997, 1, 1) + timedelta(index) for index in range(300)]
    counts = pl.DataFrame({"date": [date(1970, 1, 1), *days], "len": 1})
    usual = usual_dates(counts, early_days=366, late_days=30, earliest=date(1980, 1, 2))
    assert usual.lowest == days[1] - timedelta(366)
    assert usual.highest == days[-2] + timedelta(30)
