"""The names of other systems mean one canonical column each."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from stockout.config import Source
from stockout.exports.mapping import EXTRA, aliases_of, map_columns
from stockout.exports.names import plain_name
from stockout.tables import SCHEMAS


def mapped(table: str, header: str) -> dict[str, str]:
    columns = map_columns(
        table,
        Source(path="x.csv"),
        header.split(", "),
        file="x.csv",
        header_row=1,
        config_name="stockout.toml",
    )
    return {column: where.name for column, where in columns.items()}


def test_alias_file_names_only_columns_that_exist() -> None:
    text = resources.files("stockout.exports").joinpath("aliases.toml").read_text("utf-8")
    all_columns = {name for schema in SCHEMAS.values() for name in schema.column_names()}
    for table, columns in tomllib.loads(text).items():
        known = {*all_columns, *EXTRA} if table == "any" else SCHEMAS[table].column_names()
        assert set(columns) <= set(known), table
        for entry in columns.values():
            assert set(entry) <= {"names", "else", "ask"}, table


@pytest.mark.parametrize("table", SCHEMAS)
def test_no_name_means_two_columns(table: str) -> None:
    aliases = aliases_of(table)
    for strength in ("names", "otherwise", "ask"):
        seen: dict[str, str] = {}
        for column, entry in aliases.items():
            for name in getattr(entry, strength):
                assert seen.setdefault(name, column) == column, name
    for column in aliases:
        others = [entry for name, entry in aliases.items() if name != column]
        plain = plain_name(column)
        assert not any(plain in entry.names | entry.otherwise for entry in others), column


@pytest.mark.parametrize("table", SCHEMAS)
def test_no_name_of_a_column_is_listed_twice(table: str) -> None:
    for entry in aliases_of(table).values():
        assert not entry.names & entry.otherwise
        assert not entry.names & entry.ask
        assert not entry.otherwise & entry.ask


@pytest.mark.parametrize(
    "name",
    ["Customer ID", "customer_id", "CUSTOMER-ID", "customerId", " Customer.Id ", "ｃustomer id"],
)
def test_case_spaces_and_punctuation_do_not_matter(name: str) -> None:
    assert plain_name(name) == "customerid"


@pytest.mark.parametrize(
    ("table", "header", "columns"),
    [
        (  # UCI Online Retail II
            "sales",
            "Invoice, StockCode, Description, Quantity, InvoiceDate, Price, Customer ID, Country",
            {
                "date": "InvoiceDate",
                "sku": "StockCode",
                "units": "Quantity",
                "unit_price": "Price",
                "customer_id": "Customer ID",
                "order_id": "Invoice",
            },
        ),
        (  # Kaggle "Favorita"
            "sales",
            "id, date, store_nbr, item_nbr, unit_sales, onpromotion",
            {
                "date": "date",
                "sku": "item_nbr",
                "location": "store_nbr",
                "units": "unit_sales",
                "on_promo": "onpromotion",
            },
        ),
        (  # Square
            "sales",
            "Date, Item, SKU, Qty, Gross Sales, Net Sales, Transaction ID, Location, Customer ID",
            {
                "date": "Date",
                "sku": "SKU",
                "location": "Location",
                "units": "Qty",
                "revenue": "Net Sales",
                "customer_id": "Customer ID",
                "order_id": "Transaction ID",
            },
        ),
        (  # 用友 U8
            "sales",
            "单据日期, 单据号, 仓库编码, 客户编码, 存货编码, 存货名称, 数量, 无税金额, 价税合计",
            {
                "date": "单据日期",
                "sku": "存货编码",
                "location": "仓库编码",
                "units": "数量",
                "revenue": "无税金额",
                "customer_id": "客户编码",
                "order_id": "单据号",
            },
        ),
        (  # 管家婆
            "sales",
            "商品编号, 商品全名, 日期, 单据编号, 往来单位, 仓库全名, 单位, 数量, 单价, 金额",
            {
                "date": "日期",
                "sku": "商品编号",
                "location": "仓库全名",
                "units": "数量",
                "revenue": "金额",
                "unit_price": "单价",
                "customer_id": "往来单位",
                "order_id": "单据编号",
                "unit": "单位",
            },
        ),
        (  # FBA inventory with a date
            "inventory",
            "date, sku, asin, product-name, warehouse, on hand quantity, reserved quantity",
            {
                "date": "date",
                "sku": "sku",
                "location": "warehouse",
                "on_hand": "on hand quantity",
                "reserved": "reserved quantity",
            },
        ),
        (  # SAP MB52
            "inventory",
            "Snapshot Date, Material, Plant, Storage Location, Unrestricted, BlockedStock",
            {
                "date": "Snapshot Date",
                "sku": "Material",
                "location": "Plant",
                "on_hand": "Unrestricted",
                "blocked": "BlockedStock",
            },
        ),
        (  # 金蝶
            "inventory",
            "日期, 物料编码, 物料名称, 仓库名称, 库存量(基本单位)",
            {
                "date": "日期",
                "sku": "物料编码",
                "location": "仓库名称",
                "on_hand": "库存量(基本单位)",
            },
        ),
        (  # SAP ME2N
            "purchases",
            "Purchasing Document, Document Date, Material, Plant, Order Quantity, Delivery date",
            {
                "po_id": "Purchasing Document",
                "sku": "Material",
                "location": "Plant",
                "order_date": "Document Date",
                "promised_date": "Delivery date",
                "ordered_units": "Order Quantity",
            },
        ),
        (  # the CDNOW summary
            "customers",
            "ID, frequency, recency, T",
            {"customer_id": "ID", "frequency": "frequency", "recency": "recency", "T": "T"},
        ),
        (
            "products",
            "Item No, Description, Vendor No, Cost, Retail Price, Minimum Order Qty, Case Pack",
            {
                "sku": "Item No",
                "name": "Description",
                "supplier_id": "Vendor No",
                "unit_cost": "Cost",
                "unit_price": "Retail Price",
                "moq": "Minimum Order Qty",
                "pack_size": "Case Pack",
            },
        ),
    ],
)
def test_headers_of_real_exports(table: str, header: str, columns: dict[str, str]) -> None:
    assert mapped(table, header) == columns
