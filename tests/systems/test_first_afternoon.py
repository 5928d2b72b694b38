"""A newcomer's first afternoon: a folder of one system's exports, and nothing told but ``--yes``.

The exports are those of ``make_exports.py``; the figures here were worked out from what it sells
and from the rows that each system adds, by hand and without reading the files.
"""

from __future__ import annotations

import os
import runpy
import shutil
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from stockout.cli.main import run
from stockout.config import load_config
from stockout.exports.read import read_tables

EXPORTS = Path(__file__).parent / "exports"
HERE = Path(__file__).parent


class Truth(NamedTuple):
    """What the exports of a system say, item by item."""

    skus: tuple[str, ...]
    sold: tuple[float, ...]  # units in the ten weeks, returns taken off
    on_hand: tuple[float, ...]
    on_order: tuple[float, ...]
    held_back: tuple[float, ...] = (0, 0, 0, 0)  # reserved or blocked, of what is on hand
    locations: tuple[str, ...] = ("ALL", "ALL", "ALL", "ALL")
    elsewhere: tuple[tuple[str, str, float], ...] = ()  # stock where nothing is sold
    tables: frozenset[str] = frozenset({"sales", "inventory", "products", "purchases"})
    lead_time: str = "product"  # where that of the first item comes from


SOLD = (283, 145, 427, 88)  # before returns, refunds and what else a system adds

TRUTHS = {
    "sap": Truth(
        skus=("10001", "10002", "10003", "10004"),
        sold=(283 + 20, 145 - 3 + 4, 427, 88),  # a box of 20 pieces; 3 came back, 4 sold in a shop
        on_hand=(60 + 25.5 + 10 + 4, 12, 80, 9),  # in inspection and blocked too, not special stock
        on_order=(200, 100, 0, 0),  # the deleted item and the service are none
        held_back=(14, 0, 0, 0),
        locations=("1000",) * 4,
        tables=frozenset({"sales", "inventory", "movements", "products", "purchases"}),
    ),
    "yonyou_u8": Truth(
        skus=("0101001", "0101002", "0102001", "0102002"),
        sold=(283 - 5, 145, 427, 88),
        on_hand=(40 + 20, 15, 1090, 0),
        on_order=(120, 100, 0, 0),  # the closed order is none; for the one warehouse that sells
        held_back=(6, 0, 0, 0),
        locations=("01",) * 4,
        elsewhere=(("0101001", "02", 3),),
    ),
    "kingdee": Truth(
        skus=("CP001", "CP002", "CP003", "CP004"),
        sold=(283 - 4, 145, 427, 88),  # the draft is none
        on_hand=(70 + 8, 18, 33, 5),
        on_order=(180, 0, 0, 0),  # of no warehouse, while two sell: all are taken together
        held_back=(10 + 8, 0, 0, 0),
    ),
    "guanjiapo": Truth(
        skus=("G001", "G002", "G003", "G004"),
        sold=(283, 145, 427 - 6, 88),
        on_hand=(48, 24, 96, 7),
        on_order=(140, 0, 0, 0),
        locations=("总仓",) * 4,
        elsewhere=(("G001", "二仓", 12),),
        tables=frozenset({"sales", "inventory", "purchases"}),
        lead_time="assumed",
    ),
    "jiandaoyun": Truth(
        skus=("P-01", "P-02", "P-03", "P-04"),
        sold=SOLD,  # the cancelled order is none, in both of its lines
        on_hand=(44 + 11, 21, 30, 6),
        on_order=(90, 0, 0, 0),
        lead_time="measured item",
    ),
    "shopify": Truth(
        skus=("MUG-BLUE", "MUG-RED", "CANDLE", "VASE"),
        sold=(283, 145, 427 + 3, 88),  # refunded in part, and still sold; cancelled, and not
        on_hand=(40 + 15, 22, 66, 3),
        on_order=(60, 0, 0, 0),
        held_back=(3, 0, 0, 0),
        tables=frozenset({"sales", "inventory", "products"}),
        lead_time="assumed",
    ),
    "amazon": Truth(
        skus=("LMP-1", "LMP-2", "BLB-9W", "FIX-A"),
        sold=SOLD,
        on_hand=(50 + 5, 12, 90 + 3, 0),
        on_order=(20 + 50 + 10, 0, 0, 0),
        held_back=(5, 0, 3, 0),
        locations=("Amazon",) * 4,
        tables=frozenset({"sales", "inventory", "products"}),
        lead_time="assumed",
    ),
    "woocommerce": Truth(
        skus=("TEA-GREEN", "TEA-BLACK", "POT-S", "POT-L"),
        sold=(283 + 7, 145, 427, 88),  # three of ten refunded
        on_hand=(35, 14, 40, 0),
        on_order=(0, 0, 0, 0),
        tables=frozenset({"sales", "inventory", "products"}),
        lead_time="assumed",
    ),
    "odoo": Truth(
        skus=("DESK", "CHAIR", "LAMP", "SHELF"),
        sold=SOLD,  # the quotation is none, nor are the headings of groups
        on_hand=(35 + 11, 19, 70, 3),
        on_order=(45, 0, 0, 0),
        held_back=(4, 0, 0, 0),
        locations=("My Company",) * 4,  # the one warehouse of the sales; stock names only shelves
    ),
    "erpnext": Truth(
        skus=("WID-1", "WID-2", "GAD-1", "GAD-2"),
        sold=(283, 145 - 2, 427, 88),
        on_hand=(400 - 283 + 50, 250 - 145 + 2, 600 - 427, 120 - 88),
        on_order=(30, 0, 0, 0),
        held_back=(7, 0, 0, 0),
        tables=frozenset({"sales", "inventory", "movements", "products", "purchases"}),
    ),
    "square": Truth(
        skus=("BEAN-1", "BEAN-2", "CUP-S", "GRIND"),
        sold=(283 - 3, 145, 427, 88),
        on_hand=(42, 13, 77, 4),
        on_order=(0, 0, 0, 0),
        locations=("Main Street", "Main Street", "Harbour", "Harbour"),
        tables=frozenset({"sales", "inventory", "products"}),
        lead_time="assumed",
    ),
    "lightspeed": Truth(
        skus=("WINE-R", "WINE-W", "CORK", "GLASS"),
        sold=(283, 145 - 2, 427, 88),
        on_hand=(36 + 12, 18, 70 + 5, 8),
        on_order=(0, 0, 0, 0),
        tables=frozenset({"sales", "inventory", "products"}),
        lead_time="assumed",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, without settings in the environment."""
    for name in [name for name in os.environ if name.startswith("STOCKOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_profile_has_exports() -> None:
    assert {path.name for path in EXPORTS.iterdir()} == set(TRUTHS)


def test_exports_are_those_that_the_script_writes(tmp_path: Path) -> None:
    runpy.run_path(str(HERE / "make_exports.py"))["write_all"](tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path.relative_to(EXPORTS) for path in EXPORTS.rglob("*") if path.is_file()}
    for path in written:
        if path.suffix != ".xlsx":  # the bytes of a workbook depend on the library's version
            assert (tmp_path / path).read_bytes() == (EXPORTS / path).read_bytes(), path


@pytest.mark.parametrize("system", TRUTHS)
def test_init_check_forecast_and_reorder_without_further_help(system: str, folder: Path) -> None:
    shutil.copytree(EXPORTS / system, folder / "exports")
    assert run(["init", "--yes", "exports"]) == 0
    _tables_are_what_the_exports_say(TRUTHS[system])
    assert run(["check", "--format", "json", "--output", "findings.json"]) == 0
    assert run(["forecast", "--output", "forecast.csv"]) == 0
    assert run(["reorder", "--output", "reorder.csv"]) == 0
    _results_are_of_these_items(TRUTHS[system])


def _tables_are_what_the_exports_say(truth: Truth) -> None:
    config = load_config(Path("stockout.toml"))
    assert set(config.tables) == truth.tables
    tables = read_tables(config)
    assert tables.sales is not None
    assert tables.inventory is not None
    items = list(zip(truth.skus, truth.locations, strict=True))
    sold = tables.sales.group_by("sku", "location").agg(pl.col("units").sum()).rows()
    assert {row[:2]: row[2] for row in sold} == dict(zip(items, truth.sold, strict=True))
    stock = tables.inventory.select("sku", "location", "on_hand").rows()
    expected = [(*item, units) for item, units in zip(items, truth.on_hand, strict=True)]
    assert sorted(stock) == sorted([*expected, *truth.elsewhere])
    assert set(tables.inventory["date"]) == {date(2026, 3, 29)}
    assert tables.sales["date"].max() == date(2026, 3, 29)


def _results_are_of_these_items(truth: Truth) -> None:
    forecast = pl.read_csv("forecast.csv", infer_schema=False)
    assert set(forecast["sku"]) == set(truth.skus)
    assert (forecast["mean"].cast(pl.Float64) > 0).all()
    figures = ["on_hand", "on_order", "position"]
    lines = pl.read_csv("reorder.csv", infer_schema=False).with_columns(
        pl.col(figures).cast(pl.Float64)
    )
    by_item = {(row["sku"], row["location"]): row for row in lines.iter_rows(named=True)}
    items = list(zip(truth.skus, truth.locations, strict=True))
    assert set(by_item) == {*items, *(row[:2] for row in truth.elsewhere)}
    assert all(by_item[row[:2]]["status"] == "no demand" for row in truth.elsewhere)
    for n, item in enumerate(items):
        line = by_item[item]
        assert line["on_hand"] == truth.on_hand[n]
        assert line["on_order"] == truth.on_order[n]
        assert line["position"] == truth.on_hand[n] - truth.held_back[n] + truth.on_order[n]
    assert by_item[items[0]]["lead_time_source"] == truth.lead_time


def test_goods_received_are_not_taken_for_sales_though_the_header_is_the_same(folder: Path) -> None:
    shutil.copytree(EXPORTS / "guanjiapo", folder / "exports")
    make = runpy.run_path(str(HERE / "make_exports.py"))
    received = make["table"](
        """
        进货明细表
        日期|单据编号|往来单位|仓库全名|商品编号|商品全名|单位|数量|单价|金额
        2026-01-20|JH-1|饮料厂|总仓|G001|可乐330ml|瓶|240|2|480
        2026-02-20|JH-2|饮料厂|总仓|G001|可乐330ml|瓶|240|2|480
        合计|||||||480||960
        """
    )
    make["write_workbook"](folder / "exports" / "进货明细表.xlsx", make["typed"](received))
    assert run(["init", "--yes", "exports"]) == 0
    tables = read_tables(load_config(Path("stockout.toml")))
    assert tables.sales is not None
    assert tables.sales["units"].sum() == sum(TRUTHS["guanjiapo"].sold)
    assert tables.suppliers is not None
    assert tables.suppliers["supplier_id"].to_list() == ["饮料厂"]


def test_customers_of_sales_are_not_taken_for_suppliers(folder: Path) -> None:
    exports = folder / "exports"
    exports.mkdir()
    (exports / "export.csv").write_text(
        "单据编号,日期,往来单位,商品编号,商品全名,数量,单价,金额\n"
        "X1,2026-05-01,王五,A1,茶,3,2.5,7.5\n"
        "X2,2026-05-02,李四,A2,杯,2,9,18\n"
    )
    assert run(["init", "--yes", "exports"]) == 0
    tables = read_tables(load_config(Path("stockout.toml")))
    assert tables.sales is not None
    assert tables.sales["customer_id"].to_list() == ["王五", "李四"]
    assert tables.suppliers is None
