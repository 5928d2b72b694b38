"""Tables meet at one level of locations."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.locations import at_one_level
from stockout.tables import conform

if TYPE_CHECKING:
    import pytest

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)


def sales(*places: str) -> pl.DataFrame:
    rows = [{"date": DAY, "sku": "A", "location": place, "units": 1.0} for place in places]
    return conform(pl.DataFrame(rows), "sales")


def stock(*rows: tuple[date, str, float | None], **more: object) -> pl.DataFrame:
    frame = pl.DataFrame(
        [
            {"date": day, "sku": "A", "location": place, "on_hand": units}
            for day, place, units in rows
        ],
        schema_overrides={"on_hand": pl.Float64},
    )
    return conform(frame.with_columns(**{k: pl.lit(v) for k, v in more.items()}), "inventory")


def test_stock_is_added_up_where_the_sales_name_no_location(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tables = at_one_level(
        {
            "sales": sales("ALL"),
            "inventory": stock((DAY, "N", 2), (DAY, "S", 3), (NEXT, "N", None), (NEXT, "S", None)),
        }
    )
    assert tables["inventory"].select("date", "location", "on_hand").rows() == [
        (DAY, "ALL", 5.0),
        (NEXT, "ALL", None),
    ]
    assert "inventory: 2 locations taken together, for the sales name none" in caplog.text


def test_a_day_on_which_a_location_was_not_counted_says_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tables = at_one_level(
        {"sales": sales("ALL"), "inventory": stock((DAY, "N", 2), (DAY, "S", 3), (NEXT, "N", 2))}
    )
    assert tables["inventory"]["date"].to_list() == [DAY]
    assert "1 days left out" in caplog.text


def test_in_stock_anywhere_is_in_stock() -> None:
    flags = stock((DAY, "N", None), (DAY, "S", None)).with_columns(
        in_stock=pl.Series([True, False]), on_hand=pl.lit(None, pl.Float64)
    )
    tables = at_one_level({"sales": sales("ALL"), "inventory": flags})
    assert tables["inventory"]["in_stock"].to_list() == [True]
    without = at_one_level(
        {"sales": sales("ALL"), "inventory": stock((DAY, "N", 1), (DAY, "S", 1))}
    )
    assert without["inventory"]["in_stock"].to_list() == [None]


def test_the_one_location_of_the_sales_is_that_of_all() -> None:
    tables = at_one_level({"sales": sales("N"), "inventory": stock((DAY, "ALL", 2))})
    assert tables["inventory"]["location"].to_list() == ["N"]


def test_rows_that_meet_no_sales_are_told(caplog: pytest.LogCaptureFixture) -> None:
    inventory = stock((DAY, "ALL", 2))
    tables = at_one_level({"sales": sales("N", "S"), "inventory": inventory})
    assert tables["inventory"].equals(inventory)
    assert "inventory: 1 rows name no location, and meet none of the 2 of the sales" in caplog.text


def test_locations_are_taken_together_on_demand() -> None:
    tables = at_one_level(
        {"sales": sales("N", "S"), "inventory": stock((DAY, "N", 2), (DAY, "S", 3))},
        by_location=False,
    )
    assert tables["sales"]["location"].to_list() == ["ALL", "ALL"]
    assert tables["inventory"]["on_hand"].to_list() == [5.0]


def test_tables_that_meet_stay_as_they_are() -> None:
    tables = {"sales": sales("N", "S"), "inventory": stock((DAY, "N", 2))}
    assert at_one_level(tables) == tables
