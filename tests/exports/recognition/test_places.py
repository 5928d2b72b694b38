"""Tables that do not meet at their locations, and what the configuration then says."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from stockout.config import load_config
from stockout.exports.read import read_tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports.recognition.conftest import Find, Outcome

BUYING = "po_id,sku,order_date,ordered_units\n1,A,2026-01-02,50\n"


def sales(*places: str, rows: int = 40) -> str:
    """Sales of one item, the places in turn."""
    lines = [
        f"2026-01-{day % 28 + 1:02},A,{places[day % len(places)]},{day % 3 + 1}"
        for day in range(rows)
    ]
    return "\n".join(["date,sku,location,units", *lines]) + "\n"


def stock(*places: str) -> str:
    """Stock of one item: one unit at the first place, two at the second."""
    lines = [f"2026-01-28,A,{place},{units}" for units, place in enumerate(places, start=1)]
    return "\n".join(["date,sku,location,on_hand", *lines]) + "\n"


def is_together(outcome: Outcome) -> bool:
    """Whether the configuration takes all locations together."""
    return tomllib.loads(outcome.text).get("by_location") is False


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"sales.csv": sales("N", "S"), "buying.csv": BUYING},
            "sales name N, S, but purchases names no location",
        ),
        (
            {"sales.csv": sales("N", "S"), "stock.csv": "date,sku,on_hand\n2026-01-28,A,3\n"},
            "sales name N, S, but inventory names no location",
        ),
        (
            {"sales.csv": sales("North"), "stock.csv": stock("001", "002")},
            "sales name North, but inventory: 001, 002, none of which any sale names",
        ),
        (
            {"sales.csv": sales("N", "S", "E", "W", ""), "stock.csv": stock("N", "S")},
            "sales name E, N, S and 1 more, but in 8 of 40 rows they name none",
        ),
        (
            {"sales.csv": sales("N", "S"), "stock.csv": stock("N", "")},
            "sales name N, S, but inventory names no location in 1 row",
        ),
    ],
)
def test_what_does_not_meet_is_taken_together(find: Find, files: dict[str, str], why: str) -> None:
    outcome = find(files)
    assert is_together(outcome)
    assert f"a guess: {why}; so the stock, sales and orders" in outcome.words
    assert "let each table name them (columns.location = in its section)" in outcome.words


@pytest.mark.parametrize(
    "files",
    [
        {"sales.csv": sales("N"), "buying.csv": BUYING},
        {"sales.csv": "date,sku,units\n2026-01-05,A,2\n", "stock.csv": stock("N", "S")},
        {"sales.csv": sales("N", "S"), "stock.csv": stock("N", "S")},
        {"sales.csv": sales("N", "S"), "a/stock.csv": stock("N"), "b/store.csv": stock("depot")},
        {"sales.csv": sales(*["N", "S"] * 20, "", rows=41), "stock.csv": stock("N", "S")},
        {"sales.csv": sales("N", "S")},
        {"stock.csv": stock("N", "S")},
    ],
    ids=["one", "none", "all", "a depot", "a blank row", "sales alone", "stock alone"],
)
def test_what_meets_needs_no_word(find: Find, files: dict[str, str]) -> None:
    assert not is_together(find(files))


def test_orders_count_though_they_name_no_location(find: Find, tmp_path: Path) -> None:
    outcome = find({"sales.csv": sales("N", "S"), "stock.csv": stock("N", "S"), "buy.csv": BUYING})
    (tmp_path / "stockout.toml").write_text(outcome.text)
    tables = read_tables(load_config(tmp_path / "stockout.toml"))
    for table in (tables.sales, tables.inventory, tables.purchases):
        assert table is not None
        assert set(table["location"]) == {"ALL"}
    assert tables.inventory is not None
    assert tables.inventory["on_hand"].to_list() == [3.0]


CODES = (
    "仓库编码,仓库名称,存货编码,存货名称,现存数量,可用数量\n"
    "01,成品仓,A,电机,5,5\n02,门店仓,A,电机,7,7\n"
)
NAMES = "仓库,存货编码,存货名称,现存数量,可用数量\n成品仓,A,电机,5,5\n门店仓,A,电机,7,7\n"
DISPATCHED = "发货单号,发货日期,客户简称,{0}存货编码,存货名称,数量\n"
SENT = (
    DISPATCHED.format("仓库,")
    + "F1,2026-01-05,店,成品仓,A,电机,3\nF2,2026-01-06,店,门店仓,A,电机,2\n"
)
SENT_BOTH = (
    DISPATCHED.format("仓库编码,仓库,")
    + "F1,2026-01-05,店,01,成品仓,A,电机,3\nF2,2026-01-06,店,02,门店仓,A,电机,2\n"
)


@pytest.mark.parametrize(
    ("left", "sent", "told"),
    [
        (CODES, SENT, {"inventory": {"location": "仓库名称"}}),
        (NAMES, SENT_BOTH, {"sales": {"location": "仓库"}}),
        (CODES, SENT_BOTH, {}),
        (NAMES, SENT, {}),
    ],
    ids=["stock by name", "sales by name", "both by code", "both by name"],
)
def test_codes_and_names_of_one_warehouse_meet_in_another_column(
    find: Find, tmp_path: Path, left: str, sent: str, told: dict[str, object]
) -> None:
    outcome = find({"现存量_2026-01-28.csv": left, "发货单.csv": sent})
    assert not is_together(outcome)
    tables = {name: source.get("columns") for name, source in outcome.tables.items()}  # type: ignore[attr-defined]
    assert {name: columns for name, columns in tables.items() if columns} == told
    assert ("LIKELY: by its cells: they name 成品仓, 门店仓 as" in outcome.words) == bool(told)
    (tmp_path / "stockout.toml").write_text(outcome.text, "utf-8")
    read = read_tables(load_config(tmp_path / "stockout.toml"))
    assert read.sales is not None
    assert read.inventory is not None
    assert set(read.sales["location"]) == set(read.inventory["location"])
    assert read.sales["location"].n_unique() == 2


ORDERS = (
    "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem sku,Cancelled at,Location,Source\n"
    "#1,a@example.com,paid,2026-01-05 09:58:31 +0800,2,Mug,12.50,A,,Main Street,pos\n"
    "#1,a@example.com,,,1,Cup,12.50,B,,,\n"
    "#2,b@example.com,paid,2026-01-06 09:58:31 +0800,1,Mug,12.50,A,,{0},{1}\n"
)
HELD = (
    "Handle,Title,SKU,Location,Available (not editable),On hand (current)\n"
    "mug,Mug,A,Main Street,20,20\nmug,Mug,A,Harbour,4,4\ncup,Cup,B,Main Street,3,3\n"
)


@pytest.mark.parametrize(
    ("second", "source", "told"),
    [("Harbour", "pos", {"location": "Location"}), ("", "web", None), ("Main Street", "pos", None)],
    ids=["two shops", "a shop and the web", "one shop"],
)
def test_points_of_sale_are_locations_where_several_sell_everything(
    find: Find, second: str, source: str, told: dict[str, str] | None
) -> None:
    files = {"orders_export.csv": ORDERS.format(second, source)}
    outcome = find({**files, "inventory_export_2026-01-28.csv": HELD})
    assert outcome.tables["sales"].get("columns") == told  # type: ignore[attr-defined]
    assert not is_together(outcome)
