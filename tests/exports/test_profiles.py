"""Profiles: a table from an export that has another shape, other words, other signs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from stockout.config import Config, Source
from stockout.errors import ConfigError, InputError
from stockout.exports.profiles import built_in_profiles, find_known, read_profile
from stockout.exports.read import read_table, read_tables

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

PROFILE = r"""
system = "Acme"

[exports.lines]
title = "Order lines"
headers = "documented"
recognise = [["Order"], ["Item"]]
date_order = "day first"

[exports.lines.tables.sales]
fill_down = { by = ["Order"], columns = ["Day", "State"] }
columns = { date = ["Day"], sku = ["Item"], order_id = ["Order"], revenue = ["Amount"] }
patterns = { sku = '^\[(.+?)\]' }
exclude = [{ where = "state = 'void'", reason = "void orders" }]

[exports.lines.tables.sales.fields]
state = { names = ["State"] }
count = { names = ["Count"], type = "number" }
factor = { names = ["Per"], type = "number" }

[exports.lines.tables.sales.sql]
units = "count * COALESCE(factor, 1)"

[exports.stock]
title = "Stock, one column a shop"
headers = "documented"
recognise = [["Item"], ["Stock North", "Stock South"]]

[exports.stock.tables.inventory]
unpivot = { prefix = "stock ", drop = ["not stocked"] }
columns = { sku = ["Item"], location = ["#location"], on_hand = ["#value"] }

[exports.moves]
title = "Movements"
headers = "documented"
recognise = [["Type"], ["Item"]]

[exports.moves.tables.movements]
columns = { date = ["Day"], sku = ["Item"], units = ["Count"] }
fields = { type = { names = ["Type"] } }
words.kind = { of = "type", values = { IN = "receipt", OUT = "sale" }, otherwise = "adjustment" }
sql = { units = "CASE WHEN type = 'OUT' THEN -units ELSE units END" }

[exports.bins]
title = "Stock by bin"
headers = "documented"
recognise = [["Bin"]]

[exports.bins.tables.inventory]
sum_by_key = true
columns = { sku = ["Item"], location = ["Shop"], on_hand = ["Count"], unit = ["Unit"] }
"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    (tmp_path / "acme.toml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


def table(folder: Path, name: str, text: str, export: str, file: str = "x.csv") -> pl.DataFrame:
    (folder / file).write_text(text, encoding="utf-8")
    return read_table(name, Source(path=file, profile=f"acme.toml/{export}"), folder)


def test_fill_down_patterns_fields_sql_and_excluded_rows(acme: Path) -> None:
    frame = table(
        acme,
        "sales",
        "Order,Day,State,Item,Count,Per,Amount\n"
        "1,05.03.2026,,[A1] Tea,2,,9\n1,,,[B2] Cup,1,6,30\n2,06.03.2026,void,[A1] Tea,5,,1\n",
        "lines",
    )
    assert frame.select("date", "sku", "units", "revenue", "order_id").rows() == [
        (date(2026, 3, 5), "A1", 2.0, 9.0, "1"),
        (date(2026, 3, 5), "B2", 6.0, 30.0, "1"),
    ]


def test_a_fault_names_the_row_and_column_of_the_file(acme: Path) -> None:
    with pytest.raises(InputError, match=r"x\.csv:3:Count: not a number: found 'two'"):
        table(acme, "sales", "Order,Day,Item,Count\n1,2026-03-05,A,1\n1,,B,two\n", "lines")


def test_locations_in_columns_become_rows(acme: Path) -> None:
    frame = table(
        acme,
        "inventory",
        "Item,Stock North,Stock South\nA,3,not stocked\nB,,0\n",
        "stock",
        "stock_2026-03-01.csv",
    )
    assert frame.select("date", "sku", "location", "on_hand").sort("sku").rows() == [
        (date(2026, 3, 1), "A", "North", 3.0),
        (date(2026, 3, 1), "B", "South", 0.0),
    ]


def test_words_and_signs(acme: Path) -> None:
    frame = table(
        acme,
        "movements",
        "Day,Item,Type,Count\n2026-03-05,A,IN,5\n2026-03-05,A,out,2\n2026-03-05,A,X,-1\n",
        "moves",
    )
    assert frame.select("units", "kind").rows() == [
        (5.0, "receipt"),
        (2.0, "sale"),
        (-1.0, "adjustment"),
    ]


def test_bins_are_added_up_but_not_units_of_measure(acme: Path) -> None:
    text = "Item,Shop,Bin,Count,Unit\nA,1,x,2,PC\nA,1,y,3,PC\nA,2,x,7,PC\n"
    frame = table(acme, "inventory", text, "bins", "stock 2026-03-01.csv")
    assert frame.select("sku", "location", "on_hand").rows() == [("A", "1", 5.0), ("A", "2", 7.0)]
    with pytest.raises(InputError, match=r"'A' are in different units: found 'BOX, PC'"):
        table(acme, "inventory", text.replace("3,PC", "3,BOX"), "bins", "stock 2026-03-01.csv")


def test_a_list_without_a_date_asks_for_one(acme: Path) -> None:
    with pytest.raises(InputError, match="of which day this list is") as caught:
        table(acme, "inventory", "Item,Stock North\nA,3\n", "stock", "stock.csv")
    assert "--as-of" in str(caught.value.hint)
    config = Config(
        folder=acme,
        as_of=date(2026, 3, 2),
        tables={"inventory": [Source(path="stock.csv", profile="acme.toml/stock")]},
    )
    tables = read_tables(config)
    assert tables.inventory is not None
    assert tables.inventory["date"].to_list() == [date(2026, 3, 2)]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("acme.toml/nothing", "has no export 'nothing'"),
        ("acme.toml/stock", "says nothing of table sales"),
        ("shopfy/orders", "did you mean shopify"),
        ("gone.toml/x", "cannot be read"),
    ],
)
def test_a_profile_that_is_not_there(acme: Path, told: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_known(told, "sales", ["Order", "Item"], acme, file="x.csv", key="key")
    assert message in str(caught.value)


def test_the_system_alone_leaves_it_to_the_header(acme: Path) -> None:
    known = find_known("acme.toml", "inventory", ["Bin", "Item"], acme, file="x.csv", key="key")
    assert known.name == "acme.toml/bins"
    with pytest.raises(InputError, match="none of the exports of acme"):
        find_known("acme.toml", "sales", ["Foo"], acme, file="x.csv", key="key")


def test_a_profile_with_a_mistake_says_where(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('system = "X"\n[exports.a]\ntitle = "A"\nheaders = "guessed"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"exports\.a\.headers"):
        read_profile(path)


def test_sources_of_one_table_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("date,sku,units\n2026-03-05,A,1\n")
    (tmp_path / "b.csv").write_text("date,sku,units\n2026-03-06,B,2\n")
    config = Config(folder=tmp_path, tables={"sales": [Source(path="a.csv"), Source(path="b.csv")]})
    tables = read_tables(config)
    assert tables.sales is not None
    assert tables.sales["sku"].to_list() == ["A", "B"]


def test_the_built_in_profiles_are_read() -> None:
    assert {"sap", "shopify"} <= set(built_in_profiles())
