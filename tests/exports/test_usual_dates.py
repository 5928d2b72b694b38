"""Rows dated implausibly long ago or far ahead make no history of centuries."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.checks.catalogue import find_rule
from stockout.config import Config, Source
from stockout.demand.calendar import resolve_as_of
from stockout.exports.read import read_tables
from stockout.exports.usual_dates import (
    EARLY_DAYS,
    LATE_DAYS,
    ZERO_OF_SYSTEMS,
    date_counts,
)

if TYPE_CHECKING:
    from pathlib import Path

START = date(2026, 1, 1)


def _config(folder: Path, dates: list[date], **check: object) -> Config:
    path = folder / "sales.csv"
    path.write_text("date,sku,units\n" + "".join(f"{day},A,1\n" for day in dates))
    settings = {"tables": {"sales": [Source(path=str(path))]}, "check": check}
    return Config.model_validate(settings)


@pytest.mark.parametrize("days", [5, 120])
@pytest.mark.parametrize("old", [date(1900, 1, 1), date(2006, 1, 1)])
def test_a_row_far_in_the_past_is_set_aside_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: int, old: date
) -> None:
    usual = [START + timedelta(i) for i in range(days)]
    with caplog.at_level(logging.WARNING):
        sales = read_tables(_config(tmp_path, [old, *usual])).sales
    assert sales is not None
    assert sales["date"].to_list() == usual
    assert "1 row is dated before" in caplog.text
    assert f"(the first: {old}, sku A)" in caplog.text


def test_a_slow_history_is_kept_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    twice_a_year = [START + timedelta(182 * i) for i in range(20)]
    with caplog.at_level(logging.WARNING):
        sales = read_tables(_config(tmp_path, twice_a_year)).sales
    assert sales is not None
    assert sales.height == 20
    assert caplog.text == ""


def test_the_threshold_of_the_check_says_what_is_old(tmp_path: Path) -> None:
    dates = [date(2006, 1, 1), *(START + timedelta(i) for i in range(120))]
    config = _config(tmp_path, dates, rules={"SO302": {"days": 10_000}})
    sales = read_tables(config).sales
    assert sales is not None
    assert sales.height == 121


def test_of_few_dates_one_in_another_century_is_not_the_as_of_date() -> None:
    few = [START + timedelta(i) for i in range(5)]
    frame = pl.DataFrame({"date": [*few, date(2206, 1, 1)]})
    assert resolve_as_of({"sales": frame}) == few[-1]


def test_reading_and_checking_agree_on_what_is_implausible() -> None:
    old, late = find_rule("SO302").thresholds, find_rule("SO301").thresholds
    assert old["days"].default == EARLY_DAYS
    assert old["year"].default == ZERO_OF_SYSTEMS.year
    assert late["days"].default == LATE_DAYS


@pytest.mark.parametrize("far", [date(2026, 3, 1), date(9999, 12, 31)])
def test_dates_are_counted_however_far_apart(far: date) -> None:
    days = pl.Series("date", [date(2026, 1, 6), None, far, date(2026, 1, 6), date(1, 1, 1)])
    grouped = days.drop_nulls().to_frame().group_by("date").agg(pl.len()).sort("date")
    assert date_counts(days).equals(grouped)
    assert date_counts(days.clear()).is_empty()
