"""Exports that say the same things twice, and exports that complete each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockout.config import load_config
from stockout.exports.read import read_tables

if TYPE_CHECKING:
    from tests.exports.recognition.conftest import Find


def sales(month: int, days: range = range(1, 29), header: str = "date,sku,units") -> str:
    """Sales of two items in a month."""
    more = ",x" * (header.count(",") - 2)
    rows = [f"2026-{month:02}-{day:02},{sku},{day % 5 + 1}{more}" for day in days for sku in "AB"]
    return "\n".join([header, *rows]) + "\n"


def test_months_are_one_source_with_a_glob(find: Find) -> None:
    files = {f"sales_2026-{month:02}.csv": sales(month) for month in (1, 2, 3)}
    outcome = find(files)
    assert outcome.tables == {"sales": {"path": "exports/sales_*.csv"}}
    assert outcome.found.sources[0].rows == 3 * 56
    assert outcome.asked == []


def test_months_with_one_more_column_are_two_sources(find: Find) -> None:
    later = sales(3, header="date,sku,units,channel")
    outcome = find({"sales_1.csv": sales(1), "sales_2.csv": sales(2), "sales_3.csv": later})
    assert outcome.tables == {
        "sales": [
            {"path": ["exports/sales_1.csv", "exports/sales_2.csv"]},
            {"path": "exports/sales_3.csv"},
        ]
    }
    assert outcome.asked == []


def test_a_copy_is_left_out(find: Find) -> None:
    outcome = find({"sales.csv": sales(1), "sales (1).csv": sales(1)})
    assert outcome.left_out == {"sales.csv": "holds the same as sales (1).csv"}
    assert outcome.found.sources[0].rows == 56


def test_stock_lists_of_two_weeks_that_say_the_same_are_both_read(find: Find) -> None:
    stock = "sku,on_hand\n" + "".join(f"S{number:03},{number}\n" for number in range(30))
    weeks = {f"stock_2026-06-{day:02}.csv": stock for day in (7, 14, 21)}
    outcome = find({"sales.csv": sales(1), **weeks})
    assert outcome.left_out == {}
    assert outcome.tables["inventory"] == {"path": "exports/stock_*.csv"}


def test_a_file_whose_rows_stand_in_another_is_left_out(find: Find) -> None:
    year = sales(1) + sales(2).split("\n", 1)[1]
    outcome = find({"sales 2026.csv": year, "sales 2026-01.csv": sales(1)})
    assert outcome.tables == {"sales": {"path": "exports/sales 2026.csv"}}
    assert outcome.left_out == {
        "sales 2026-01.csv": "100% of its rows stand in exports/sales 2026.csv too"
    }
    assert [question.sure for question in outcome.asked] == [True]


def test_files_that_share_many_rows_are_both_read_with_a_loud_comment(find: Find) -> None:
    outcome = find({"sales_1.csv": sales(1, range(1, 21)), "sales_2.csv": sales(1, range(8, 29))})
    assert [question.sure for question in outcome.asked] == [False]
    assert outcome.tables == {"sales": {"path": "exports/sales_*.csv"}}
    assert outcome.confidence("sales") == "guess"
    assert "GUESS: 65% of the rows of exports/sales_1.csv" in outcome.words
    assert "count twice" in outcome.words


def shop(name: str) -> str:
    """The profile of a shop's export of sales."""
    return f"""
system = "{name}"
[exports.sales]
title = "sales"
headers = "documented"
recognise = [["{name} day"], ["code"]]
[exports.sales.tables.sales.columns]
date = ["{name} day"]
sku = ["code"]
units = ["pcs"]
"""


def test_two_shops_are_both_read(find: Find) -> None:
    one = sales(1, header="north day,code,pcs")
    two = sales(1, range(5, 20), header="south day,code,pcs")
    for units in "54321":
        two = two.replace(f",{units}\n", f",{units}0\n")
    outcome = find(
        {"a.csv": one, "b.csv": two},
        profiles={"north.toml": shop("north"), "south.toml": shop("south")},
    )
    assert outcome.tables == {
        "sales": [
            {"path": "exports/a.csv", "profile": "north.toml/sales"},
            {"path": "exports/b.csv", "profile": "south.toml/sales"},
        ]
    }
    assert outcome.asked == []
    assert [source.rows for source in outcome.found.sources] == [56, 30]


def test_a_summary_of_the_same_sales_is_left_out(find: Find) -> None:
    other = sales(1, header="date,item code,qty")
    outcome = find({"sales.csv": sales(1), "summary.csv": other})
    assert outcome.tables == {"sales": {"path": "exports/sales.csv"}}
    assert [question.sure for question in outcome.asked] == [True]
    assert outcome.left_out == {
        "summary.csv": "sales is taken from exports/sales.csv; both say the same of the same days "
        "and items"
    }


def test_sales_that_differ_are_both_read_with_a_doubt(find: Find) -> None:
    other = sales(1, header="date,item code,qty").replace(",2\n", ",7\n").replace(",4\n", ",8\n")
    other = other.replace(",3\n", ",6\n").replace(",1\n", ",9\n")
    outcome = find({"sales.csv": sales(1), "till.csv": other})
    assert isinstance(outcome.tables["sales"], list)
    assert [question.sure for question in outcome.asked] == [False]
    assert "GUESS: exports/till.csv and exports/sales.csv are both read as sales" in outcome.words


@pytest.mark.parametrize(("answer", "both"), [("no", False), ("yes", True)])
def test_the_user_decides_between_two_exports(find: Find, answer: str, *, both: bool) -> None:
    other = sales(1, header="date,item code,qty")
    outcome = find({"sales.csv": sales(1), "till.csv": other}, answers={"Read both": answer})
    assert isinstance(outcome.tables["sales"], list) is both


def test_of_two_product_lists_with_the_same_skus_one_is_read(find: Find) -> None:
    outcome = find(
        {
            "products.csv": "sku,name,category,price\nA,Tea,hot,1\nB,Coffee,hot,2\n",
            "old.csv": "sku,name\nA,Tea\nB,Coffee\n",
        }
    )
    assert outcome.tables == {
        "products": {"path": "exports/products.csv", "columns": {"unit_price": "price"}}
    }
    assert outcome.left_out["old.csv"] == (
        "products is taken from exports/products.csv; both have rows for the same sku"
    )


def test_a_stock_list_of_other_items_is_doubted(find: Find) -> None:
    stock = "date,sku,on_hand\n" + "".join(f"2026-01-28,{n:05},5\n" for n in range(1, 41))
    sold = "date,sku,units\n" + "".join(f"2026-01-{n % 28 + 1:02},{n},5\n" for n in range(1, 41))
    outcome = find({"sales.csv": sold, "stock.csv": stock})
    assert outcome.confidence("inventory") == "guess"
    assert "GUESS: 0 of its 40 SKUs are in sales; without leading zeros" in outcome.words


def test_a_column_that_the_key_lacks_is_asked_for(find: Find) -> None:
    rows = [
        f"2026-01-{day:02},{brand},{sku},{day}"
        for day in range(1, 29)
        for brand in ("red", "blue")
        for sku in (1, 2)
    ]
    text = "date,brand,product,units\n" + "\n".join(rows) + "\n"
    outcome = find({"sales.csv": text})
    assert outcome.tables == {
        "sales": {
            "path": "exports/sales.csv",
            "columns": {
                "sku": {"sql": 'CAST("brand" AS VARCHAR) || \'-\' || CAST("product" AS VARCHAR)'}
            },
        }
    }
    assert "GUESS: without 'brand', rows repeat for one day and SKU" in outcome.words
    told = find({"sales.csv": text}, answers={"counts too": "the location"})
    assert told.tables == {
        "sales": {
            "path": "exports/sales.csv",
            "columns": {"sku": "product", "location": "brand"},
        }
    }


def test_files_of_shops_get_their_location_from_their_name(find: Find) -> None:
    stock = "date,sku,on_hand\n2026-01-28,A,{0}\n2026-01-28,B,{0}1\n"
    files = {
        f"stock {shop}.csv": stock.format(count)
        for count, shop in enumerate(("north", "south", "west"), start=1)
    }
    outcome = find({"sales.csv": sales(1), **files})
    assert outcome.tables["inventory"] == [
        {"path": f"exports/stock {shop}.csv", "columns": {"location": {"sql": f"'{shop}'"}}}
        for shop in ("north", "south", "west")
    ]
    [question] = outcome.asked
    assert question.options == (
        "no, only exports/stock north.csv",
        "yes, both",
        "yes, each for a location of its own: north and south",
    )
    assert not question.sure
    assert "GUESS: by the name of the file; no column says a location" in outcome.words
    config = load_config(None, {}, {"tables": outcome.tables})
    inventory = read_tables(config, only={"inventory"}).inventory
    assert inventory is not None
    assert inventory["location"].unique().sort().to_list() == ["north", "south", "west"]


def test_files_that_say_the_same_are_no_locations(find: Find) -> None:
    stock = "date,sku,on_hand\n2026-01-28,A,3\n2026-01-28,B,4\n"
    outcome = find(
        {"stock a.csv": stock, "stock b.csv": stock.replace("\n2026-01-28,B", "\n\n2026-01-28,B")}
    )
    assert outcome.tables == {"inventory": {"path": "exports/stock a.csv"}}
