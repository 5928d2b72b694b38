"""Corrections laid over expected demand: whose, when, and how much."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from stockout.demand.overrides import corrected_demand
from stockout.tables import conform

MONDAY = date(2026, 6, 29)
ITEMS = pl.DataFrame({"sku": ["A", "A", "B"], "location": ["N", "S", "N"]})


def after(days: int) -> date:
    return MONDAY + timedelta(days)


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [
            {"location": None, "date": None, "units": None, "percent": None, "reason": "r", **row}
            for row in given
        ],
        schema={
            "sku": pl.String, "location": pl.String, "date": pl.Date, "units": pl.Float64,
            "percent": pl.Float64, "reason": pl.String,
        },
    )  # fmt: skip
    return conform(frame, "overrides")


def by_day(*given: dict[str, Any], mean: float = 4.0, days: int = 14) -> np.ndarray[Any, Any]:
    expected = np.full((days, 3), mean)
    return corrected_demand(expected, ITEMS, MONDAY, "day", rows(*given)).mean


def test_a_day_of_a_location_or_of_all() -> None:
    found = by_day(
        {"sku": "A", "location": "N", "date": after(1), "percent": 50.0},
        {"sku": "A", "date": after(2), "units": 9.0},
    )
    assert found[:4, 0].tolist() == [4, 6, 9, 4]
    assert found[:4, 1].tolist() == [4, 4, 9, 4]
    assert (found[:, 2] == 4).all()


def test_dates_that_are_weeks_apart_speak_for_weeks() -> None:
    found = by_day(
        {"sku": "A", "location": "N", "date": after(0), "units": 14.0},
        {"sku": "B", "date": after(7), "percent": -50.0},
        {"sku": "B", "date": after(14), "percent": -50.0},
    )
    assert found[:8, 0].tolist() == [2] * 7 + [4]
    assert found[6:9, 2].tolist() == [4, 2, 2]


def test_units_of_a_week_follow_the_days_and_a_week_that_has_begun_keeps_its_rest() -> None:
    weeks = [{"sku": "B", "date": after(7 * k), "percent": 0.0} for k in (1, 2)]
    expected = np.ones((14, 3))
    expected[5] = 8  # Saturday
    table = rows({"sku": "A", "location": "N", "date": after(0), "units": 28.0}, *weeks)
    found = corrected_demand(expected, ITEMS, MONDAY, "day", table).mean
    assert found[:7, 0].tolist() == [2, 2, 2, 2, 2, 16, 2]
    rest = corrected_demand(expected[:11], ITEMS, after(3), "day", table).mean
    assert rest[:4, 0].sum() == pytest.approx(28 * 4 / 7)


def test_without_a_date_for_every_period() -> None:
    found = by_day({"sku": "A", "units": 7.0}, {"sku": "A", "date": after(3), "percent": 100.0})
    assert found[:5, 0].tolist() == [7, 7, 7, 8, 7]
    weekly = corrected_demand(
        np.full((3, 3), 10.0), ITEMS, MONDAY, "week", rows({"sku": "A", "units": 7.0})
    )
    assert weekly.mean[:, 0] == pytest.approx(7)
    assert weekly.changed.any(axis=0).tolist() == [True, True, False]


def test_a_day_of_a_weekly_period_is_a_seventh_of_it() -> None:
    table = rows({"sku": "A", "location": "N", "date": after(8), "units": 5.0},
                 {"sku": "B", "date": after(9), "percent": 70.0})  # fmt: skip
    found = corrected_demand(np.full((3, 3), 14.0), ITEMS, MONDAY, "week", table)
    assert found.mean[:, 0] == pytest.approx([14, 12 + 5, 14])
    assert found.mean[:, 2] == pytest.approx([14, 14 * 1.1, 14])
    assert found.changed[:, 0].tolist() == [False, True, False]


def test_which_row_goes_before_which() -> None:
    found = by_day(
        {"sku": "A", "location": "N", "date": after(0), "units": 1.0},
        {"sku": "A", "date": after(0), "units": 2.0},  # for all locations
        {"sku": "A", "date": after(0), "units": 3.0},  # later
        {"sku": "A", "units": 5.0},  # without a date
        {"sku": "A", "location": "N", "date": after(1), "units": 6.0, "percent": 900.0},
    )
    assert found[:3, 0].tolist() == [1, 6, 5]
    assert found[:3, 1].tolist() == [3, 5, 5]


def test_units_where_nothing_was_expected() -> None:
    found = by_day({"sku": "B", "date": after(0), "units": 3.0}, mean=0.0)
    assert found[:2, 2].tolist() == [3, 0]


def test_what_is_not_used_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found = by_day(
            {"sku": "A", "date": after(0), "units": -3.0},
            {"sku": "A", "date": after(1), "percent": -101.0},
            {"sku": "A", "date": after(2)},
            {"sku": "Z", "date": after(3), "units": 3.0},
            {"sku": "A", "date": after(-20), "units": 3.0},
        )
    assert (found == 4).all()
    assert "3 rows say neither units of 0 or more nor a per cent" in caplog.text
    assert "1 rows are for SKUs or locations that are not in the sales (first: Z at ALL)" in (
        caplog.text
    )
    assert "1 rows are for other days" in caplog.text
