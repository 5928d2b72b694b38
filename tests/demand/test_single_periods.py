"""One order that outweighs an item's life is said, not quietly made into a forecast."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import polars as pl
import pytest

import stockout

DAYS = [date(2026, 1, 5) + timedelta(i) for i in range(90)]


def _sales(bulk: float) -> pl.DataFrame:
    everyday = pl.DataFrame(
        {"date": DAYS * 2, "sku": ["A"] * 90 + ["B"] * 90, "units": [2.0] * 180}
    )
    one = pl.DataFrame({"date": [DAYS[80]], "sku": ["A"], "units": [bulk]})
    return pl.concat([everyday, one])


@pytest.mark.parametrize(("bulk", "told"), [(1000.0, True), (20.0, False)])
def test_an_item_that_sold_most_in_one_period_is_named(
    caplog: pytest.LogCaptureFixture, bulk: float, told: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        stockout.forecast(_sales(bulk), horizon=1)
    text = "1 item sold more in one day than in all others together"
    assert (text in caplog.text) is told
    assert ("(most: A at ALL, 1,002 units on 2026-03-26)" in caplog.text) is told


def test_the_reorder_list_says_it_too(caplog: pytest.LogCaptureFixture) -> None:
    stock = pl.DataFrame({"date": DAYS[-1:] * 2, "sku": ["A", "B"], "on_hand": [5.0, 5.0]})
    with caplog.at_level(logging.WARNING):
        stockout.reorder(_sales(1000.0), stock, lead_time_days=7)
    assert caplog.text.count("sold more in one day") == 1
