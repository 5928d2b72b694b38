"""Days of events as cells of the panel."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from stockout.demand.event_days import EventDays, with_event_days
from stockout.demand.history import History, demand_history
from stockout.errors import InputError

FIRST = date(2026, 1, 5)


@pytest.fixture
def history() -> History:
    days = [FIRST + timedelta(days=k) for k in range(28)]
    parts = [
        pl.DataFrame({"date": days, "sku": sku, "location": place, "units": [1.0] * 28})
        for sku in ("A", "B")
        for place in ("east", "west")
    ]
    products = pl.DataFrame({"sku": ["A", "B"], "category": ["tea", "coffee"]})
    return demand_history(pl.concat(parts), products=products)


def event_days_of(history: History, events: pl.DataFrame) -> EventDays:
    """Event days, where any fall into what is known."""
    found = with_event_days(history, events).events
    assert found is not None
    return found


def items_of(history: History, **scope: str) -> list[tuple[str, str]]:
    row = {"date": [FIRST + timedelta(days=30)], "name": ["Sale"], "kind": ["promotion"]}
    events = event_days_of(history, pl.DataFrame(row | {k: [v] for k, v in scope.items()}))
    return history.items.select("sku", "location")[events.item].rows()


def test_an_event_is_of_the_scope_that_it_names(history: History) -> None:
    assert items_of(history, sku="A") == [("A", "east"), ("A", "west")]
    assert items_of(history, category="coffee") == [("B", "east"), ("B", "west")]
    assert items_of(history, location="west") == [("A", "west"), ("B", "west")]
    assert items_of(history, sku="B", location="east") == [("B", "east")]
    assert items_of(history, location="ALL") == history.items.select("sku", "location").rows()


def test_names_that_differ_in_year_and_case_are_one(history: History) -> None:
    names = ["Black Friday 2025", "BLACK-FRIDAY", "双11 2025年", "双11"]
    days = [FIRST + timedelta(days=k) for k in range(4)]
    events = event_days_of(history, pl.DataFrame({"date": days, "name": names}))
    assert events.kinds == ("promotion", "black friday", "双11")


def test_a_new_promotion_of_everything_is_like_other_promotions(history: History) -> None:
    days = [FIRST, FIRST + timedelta(days=30), FIRST + timedelta(days=31)]
    told = pl.DataFrame({"date": days, "name": ["Birthday", "Birthday", "Big sale"],
                         "kind": "promotion"})  # fmt: skip
    events = event_days_of(history, told)
    named = np.array(events.kinds)[events.kind]
    since = events.day - events.day.min()
    assert set(zip(named.tolist(), since.tolist(), strict=True)) == {
        ("birthday", 0), ("birthday", 30), ("promotion", 31),
    }  # fmt: skip


def test_unknown_skus_are_told(history: History, caplog: pytest.LogCaptureFixture) -> None:
    told = pl.DataFrame({"date": [FIRST] * 2, "name": "Sale", "sku": ["A", "ghost"]})
    with caplog.at_level(logging.WARNING):
        events = event_days_of(history, told)
    assert "1 rows name a SKU that has no sales, such as ghost" in caplog.text
    assert len(events.item) == 2


def test_a_table_without_dates_is_refused(history: History) -> None:
    with pytest.raises(InputError, match="date"):
        with_event_days(history, pl.DataFrame({"name": ["Sale"]}))


def test_the_cells_of_some_items_are_numbered_anew(history: History) -> None:
    told = pl.DataFrame({"date": [FIRST], "name": ["Sale"], "sku": ["B"]})
    events = event_days_of(history, told)
    assert events.of(np.array([3, 0])).item.tolist() == [0]
