"""Staged tables meet at one level of locations, and know the rows that they add up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.config import Config, Source
from stockout.exports.read import read_tables
from stockout.exports.staged_locations import staged_at_one_level
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW, stage_frame, stage_tables
from stockout.tables import conform

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.exports.staging import StagedTable

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)
STOCK = """Handle,SKU,Location,Committed,Available,On hand
mug,A,North,1,1,2
mug,A,North,0,5,5
mug,A,South,0,4,4
cup,B,South,0,9,9
"""


def staged(table: str, rows: list[dict[str, object]]) -> StagedTable:
    return stage_frame(conform(pl.DataFrame(rows), table), table)


def sales(*places: str) -> StagedTable:
    return staged(
        "sales", [{"date": DAY, "sku": "A", "location": each, "units": 1.0} for each in places]
    )


def stock(*rows: tuple[date, str, float | None]) -> StagedTable:
    return staged(
        "inventory",
        [{"date": day, "sku": "A", "location": place, "on_hand": n} for day, place, n in rows],
    )


def test_stock_is_added_up_where_the_sales_name_no_location(tmp_path: Path) -> None:
    inventory = stock((DAY, "N", 2), (DAY, "S", 3), (NEXT, "N", 2))
    tables = staged_at_one_level({"sales": sales("ALL"), "inventory": inventory}, tmp_path)
    rows = tables["inventory"].rows.collect()
    assert rows.columns == inventory.rows.collect_schema().names()
    assert rows.select("date", "location", "on_hand", SOURCE_ROW).rows() == [(DAY, "ALL", 5.0, 0)]
    assert tables["inventory"].members.rows() == [(0, 0, 0), (0, 0, 1)]


@pytest.mark.parametrize(
    ("places", "by_location", "expected"),
    [
        (("N",), None, "N"),
        (("N", "S"), None, "ALL"),
        (("N", "ALL"), None, "ALL"),
        (("N",), False, "ALL"),
    ],
)
def test_orders_that_name_none_are_of_the_only_location(
    places: tuple[str, ...], by_location: bool | None, expected: str, tmp_path: Path
) -> None:
    order = [{"po_id": "1", "sku": "A", "order_date": DAY, "ordered_units": 5.0}]
    tables = staged_at_one_level(
        {"sales": sales(*places), "purchases": staged("purchases", order)},
        tmp_path,
        by_location=by_location,
    )
    assert tables["purchases"].rows.collect()["location"].to_list() == [expected]
    sold = tables["sales"].rows.collect()["location"].to_list()
    assert sold == (["ALL"] if by_location is False else list(places))


def test_tables_that_meet_stay_as_they_are(tmp_path: Path) -> None:
    tables = {"sales": sales("N", "S"), "inventory": stock((DAY, "N", 2))}
    assert staged_at_one_level(tables, tmp_path) == tables


def test_sums_of_sums_know_the_rows_of_the_file_and_say_what_reading_says(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("date,sku,units\n2026-01-05,A,1\n2026-01-05,B,1\n")
    (tmp_path / "stock_2026-01-05.csv").write_text(STOCK)
    tables = {
        "sales": [Source(path="sales.csv")],
        "inventory": [Source(path="stock_2026-01-05.csv", profile="shopify/inventory")],
    }
    config = Config.model_validate({"tables": tables}).model_copy(update={"folder": tmp_path})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    inventory = staged_at_one_level(stage_tables(config, None, scratch), scratch)["inventory"]
    read = read_tables(config).inventory
    assert read is not None
    rows = inventory.rows.collect().sort("sku")
    assert rows.select(read.columns).equals(read.sort("sku"))
    assert rows.select(SOURCE_FILE, SOURCE_ROW, "on_hand").rows() == [(0, 0, 11.0), (0, 3, 9.0)]
    assert inventory.members.rows() == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 3, 3)]
