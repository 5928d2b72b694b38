"""Writes the folder ``exports``: what each system would give of one small shop, with its traps.

Every system sells the same ten weeks of four items, in its own words and layout. What is a trap
(title rows, returns, drafts, batches, totals) is written out by hand in the function of its
system, and ``test_first_afternoon.py`` says what it must become. In tables that are written out
here, cells stand between bars.

    python tests/systems/make_exports.py
"""

# ruff: noqa: E501 - rows stand here as the files have them
from __future__ import annotations

import re
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cell: TypeAlias = "str | float | date | None"
Row: TypeAlias = "list[Cell]"

FIRST = date(2026, 1, 19)  # a Monday
DAYS = 70
LAST = FIRST + timedelta(days=DAYS - 1)  # 2026-03-29, a Sunday
LATE = date(2026, 3, 20)  # when what is out of the ordinary happens
USUAL = (4, 2, 6, 1)  # units a day of each item


class Line(NamedTuple):
    """One line of an order."""

    day: date
    order: int  # from 1
    item: int  # 0 to 3
    units: int


def sold(item: int, day: int) -> int:
    """Units of an item on a day: the usual, more at the weekend, some days none."""
    weekend = 2 if day % 7 >= 5 else 0
    return max(0, USUAL[item] + weekend + (day * 5 + item * 3) % 4 - 2)


def lines() -> Iterator[Line]:
    """Two orders a day: items 0 and 1 in the first, 2 and 3 in the second."""
    order = 0
    for day in range(DAYS):
        for items in ((0, 1), (2, 3)):
            bought = [(item, sold(item, day)) for item in items if sold(item, day)]
            order += bool(bought)
            for item, units in bought:
                yield Line(FIRST + timedelta(days=day), order, item, units)


def table(text: str) -> list[Row]:
    """Rows written out: a line each, cells between bars."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def typed(rows: list[Row]) -> list[Row]:
    """The rows with numbers and dates as such; what has a leading zero is text."""

    def value(cell: Cell) -> Cell:
        text = str(cell)
        if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text):
            return float(text) if "." in text else int(text)
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else cell

    return [[value(cell) for cell in row] for row in rows]


def write_text(
    path: Path,
    rows: Sequence[Row],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\r\n",
) -> None:
    """Writes delimited text; cells with the delimiter, quotes or line breaks are quoted."""

    def cell(value: Cell) -> str:
        text = "" if value is None else str(value)
        if any(mark in text for mark in (delimiter, '"', "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text

    text = "".join(delimiter.join(cell(value) for value in row) + end for row in rows)
    path.write_bytes(text.encode(encoding))


def write_workbook(path: Path, rows: Sequence[Row]) -> None:
    """Writes a workbook of one sheet; dates and numbers are cells of their own type."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": datetime(2026, 3, 30)})  # noqa: DTZ001 - it has no zone
        date_format = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(at, column, value, date_format)
                elif value not in {None, ""}:
                    page.write(at, column, value)


def german(number: float, digits: int = 3) -> str:
    """1.234,500- as SAP writes it: the minus at the end."""
    text = f"{abs(number):,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return text + ("-" if number < 0 else "")


def sap(folder: Path) -> None:
    """German logon: semicolons and 1.234,50-; stock as a workbook whose header is on row 3."""
    items, names = ("10001", "10002", "10003", "10004"), ("Bohrer 6", "Bohrer 8", "Dübel", "Winkel")
    rows = table(
        "Material|Materialkurztext|Werk|Lagerort|Bewegungsart|Buchungsdatum|Belegdatum|Menge in ErfassME"
        "|ErfassungsMngEinh|Menge|Basismengeneinheit|Bestellung|Lieferant|Kunde|Materialbeleg|Charge"
    )

    def move(at: date, item: int, kind: str, units: float, customer: str = "") -> Row:
        day, quantity, number = f"{at:%d.%m.%Y}", german(units), 4900000000 + len(rows)
        row: Row = [items[item], names[item], "1000", "0001", kind, day, day, quantity, "ST"]
        row += [quantity, "ST", "", "", customer, number, ""]
        rows.append(row)
        return row

    for item in range(4):  # the stock that the ten weeks began with
        move(FIRST, item, "561", (400, 250, 600, 120)[item])
    for line in lines():
        move(line.day, line.item, "601", -line.units, f"1000{line.order % 7}")
    move(LATE, 0, "101", 50)
    move(LATE, 0, "102", -10)  # received by mistake
    move(LATE, 1, "602", 3, "10003")  # three came back
    move(LATE, 2, "311", -40)  # to another shelf of the plant: nets to zero
    move(LATE, 2, "311", 40)[3] = "0002"
    move(LATE, 3, "551", -2)  # scrapped
    move(LATE, 3, "702", -1)  # counted less
    move(LATE, 0, "601", -20)[7:9] = [german(-2), "KAR"]  # two boxes of ten
    move(LATE, 1, "251", -4)[9] = german(0)  # what counts is the quantity of entry
    move(LATE, 0, "101", 1)[0] = ""  # a service has no material
    write_text(folder / "mb51.csv", rows, delimiter=";", encoding="utf-8-sig")

    stock = """
        Warehouse Stocks of Material on Hand
        Date: 2026-03-29
        Material|Material Description|Plant|Storage Location|Special Stock|Base Unit of Measure|Batch|Unrestricted|In Quality Insp.|Blocked|Currency|Value Unrestricted
        10001|Bohrer 6|1000|0001||PC|C1|60|0|0|EUR|30
        10001|Bohrer 6|1000|0002||PC|C2|25.5|10|4|EUR|12.75
        10002|Bohrer 8|1000|0001||PC|C1|12|0|0|EUR|9
        10003|Dübel|1000|0001||PC|C1|80|0|0|EUR|4
        10003|Dübel|1000|0001|E|PC|C1|500|0|0|EUR|25
        10004|Winkel|1000|0001||PC|C1|9|0|0|EUR|18
    """
    write_workbook(folder / "MB52.xlsx", typed(table(stock)))
    # Of the second line the delivery date only repeats the document date. Deleted; a service; done.
    purchases = """
        Purchasing Document|Item|Document Date|Supplier/Supplying Plant|Material|Plant|Order Quantity|Order Unit|Still to be delivered (qty)|Net Price|Price unit|Currency|Delivery date|Deletion indicator
        4500000001|10|23.03.2026|700        Werkzeug GmbH|10001|1000|1.200,000|ST|200,000|50,00|100|EUR|07.04.2026|
        4500000001|20|23.03.2026|700        Werkzeug GmbH|10002|1000|100,000|ST|100,000|75,00|100|EUR|23.03.2026|
        4500000002|10|23.03.2026|700        Werkzeug GmbH|10003|1000|900,000|ST|900,000|5,00|100|EUR|07.04.2026|L
        4500000003|10|23.03.2026|701        Reinigung AG||1000|1,000|LE|1,000|99,00|1|EUR|07.04.2026|
        4500000004|10|20.02.2026|700        Werkzeug GmbH|10004|1000|60,000|ST|0,000|200,00|100|EUR|06.03.2026|
    """
    # SAP's "Unicode" text is UTF-16 with tabs.
    write_text(folder / "me2n.txt", table(purchases), delimiter="\t", encoding="utf-16")
    materials = """
        Material|Plant|Material Description|Material Group|Base Unit of Measure|Planned Deliv. Time|Minimum Lot Size|Rounding value|Price|Price unit|Currency
        10001|1000|Bohrer 6|WZ1|PC|14|50|10|50|100|EUR
        10002|1000|Bohrer 8|WZ1|PC|14|50|10|75|100|EUR
        10003|1000|Dübel|WZ2|PC|14|50|10|5|100|EUR
        10004|1000|Winkel|WZ2|PC|14|50|10|200|100|EUR
    """
    write_workbook(folder / "MM60.xlsx", typed(table(materials)))


def yonyou_u8(folder: Path) -> None:
    """GB18030 as the U8 client writes text, titles above and 合计 below."""
    items, names = (
        ("0101001", "0101002", "0102001", "0102002"),
        ("保温杯", "玻璃杯", "雨伞", "帐篷"),
    )
    rows = table(
        """
        销售出库单列表
        日期：2026-01-19 至 2026-03-29
        单据日期|单据号|仓库编码|仓库名称|客户编码|客户名称|存货编码|存货名称|主计量单位|数量|无税金额|价税合计
        """
    )
    returned = Line(LATE, 9001, 0, -5)  # a red document
    for line in (*lines(), returned):
        money = line.units * (60, 25, 80, 900)[line.item]
        row: Row = [line.day, f"XSCK{line.order:05d}", "01", "成品仓", f"K{line.order % 5:03d}"]
        row += ["门店", items[line.item], names[line.item], "个", f"{line.units:.2f}"]
        rows.append([*row, f"{money:,.2f}", f"{money * 1.13:,.2f}"])
    rows.append(["合计", *[""] * 8, f"{sum(line.units for line in lines()) - 5:,.2f}", "", ""])
    write_text(folder / "销售出库单列表.csv", rows, encoding="gb18030")

    stock = """
        现存量查询
        截止日期：2026-03-29
        仓库编码|仓库名称|存货编码|存货名称|规格型号|批号|现存数量|到货在检数量|调拨在途数量|预计入库数量合计|待发货数量|调拨待发数量|可用数量
        01|成品仓|0101001|保温杯|500ml|P1|40.00|0|0|0|6.00|0|34.00
        01|成品仓|0101001|保温杯|500ml|P2|20.00|0|0|0|0|0|20.00
        02|门店仓|0101001|保温杯|500ml|P2|3.00|0|0|0|0|0|3.00
        01|成品仓|0101002|玻璃杯|300ml|P1|15.00|0|0|0|0|0|15.00
        01|成品仓|0102001|雨伞|||1,090.00|0|0|0|0|0|1,090.00
        01|成品仓|0102002|帐篷|||0.00|0|0|0|0|0|0.00
        合计||||||1,168.00|0|0|0|6.00|0|1,162.00
    """
    write_text(folder / "现存量.csv", table(stock), encoding="gb18030")
    purchases = """
        订单编号|日期|供应商编码|供应商|行号|存货编码|存货名称|数量|累计入库数量|无税单价|币种|计划到货日期|关闭人
        CG0001|2026-03-20|G01|杯子厂|1|0101001|保温杯|200|80|30.00|人民币|2026-04-05|
        CG0001|2026-03-20|G01|杯子厂|2|0101002|玻璃杯|100|0|12.00|人民币|2026-04-05|
        CG0002|2026-02-10|G02|伞厂|1|0102001|雨伞|500|450|40.00|人民币|2026-02-25|张三
    """
    write_text(folder / "采购订单列表.csv", table(purchases), encoding="gb18030")
    master = """
        存货编码|存货名称|规格型号|存货分类|主计量单位|固定提前期|最低供应量|安全库存|最高库存|最新成本|参考售价
        0101001|保温杯|500ml|日用|个|15|50|10|0|30|60
        0101002|玻璃杯|300ml|日用|个|15|50|10|0|12|25
        0102001|雨伞||日用|个|15|0|10|0|40|80
        0102002|帐篷||日用|个|15|0|10|0|450|900
    """
    write_workbook(folder / "存货档案.xlsx", typed(table(master)))


def kingdee(folder: Path) -> None:
    """云星空: sales of two warehouses, orders that name none, drafts, 合计 in the last row."""
    items, names = ("CP001", "CP002", "CP003", "CP004"), ("手机壳", "数据线", "充电器", "音箱")
    rows = table(
        "日期|单据编号|单据状态|购货单位|仓库名称|物料编码|物料名称|库存单位|实发数量|销售金额"
    )
    draft, returned = Line(LATE, 9001, 1, 77), Line(LATE, 9002, 0, -4)
    for line in (*lines(), draft, returned):
        state = "创建" if line is draft else "已审核"
        place = ("成品仓", "门店仓")[line.item // 3]
        row: Row = [line.day, f"XSCKD{line.order:06d}", state, f"门店{line.order % 4}", place]
        row += [items[line.item], names[line.item], "Pcs", line.units]
        rows.append([*row, line.units * (15, 20, 60, 300)[line.item]])
    total = sum(line.units for line in lines()) + 77 - 4
    rows.append(["合计", *[""] * 7, total, ""])
    write_workbook(folder / "销售出库单.xlsx", rows)

    stock = """
        物料编码|物料名称|规格型号|仓库名称|仓位|批号|库存组织|库存状态|库存主单位|库存量(主单位)|可用量(主单位)|最后更新时间
        CP001|手机壳||成品仓|A-01|P1|总部|可用|Pcs|70|60|2026-03-28 10:00:00
        CP001|手机壳||成品仓|B-01|P2|总部|不良|Pcs|8|0|2026-03-02 10:00:00
        CP002|数据线||成品仓|A-02||总部|可用|Pcs|18|18|2026-03-28 10:00:00
        CP003|充电器||成品仓|A-03||总部|可用|Pcs|33|33|2026-03-28 10:00:00
        CP004|音箱||门店仓|||总部|可用|Pcs|5|5|2026-03-28 10:00:00
        合计|||||||||134|116|
    """
    write_workbook(folder / "即时库存_20260329.xlsx", typed(table(stock)))
    purchases = """
        单据编号|采购日期|供应商|单据状态|关闭状态|业务关闭|物料编码|物料名称|采购单位|采购数量|单价|交货日期|累计入库数量|剩余入库数量
        CGDD001|2026-03-18|壳厂|已审核|未关闭|正常|CP001|手机壳|Pcs|300|5.00|2026-04-08|120|180
        CGDD002|2026-03-01|线厂|已审核|已关闭|正常|CP002|数据线|Pcs|100|6.00|2026-03-12|90|10
        CGDD003|2026-03-25|线厂|创建|未关闭|正常|CP002|数据线|Pcs|50|6.00|2026-04-12|0|50
    """
    write_text(folder / "采购订单.csv", table(purchases), encoding="utf-8-sig")
    master = """
        编码|名称|规格型号|物料分组|基本单位|固定提前期|提前期单位|最小订货量|最小包装量|参考成本
        CP001|手机壳||配件|Pcs|20|天|50|10|5
        CP002|数据线||配件|Pcs|2|周|50|10|6
        CP003|充电器||配件|Pcs|20|天|50|10|25
        CP004|音箱||配件|Pcs|30|天|50|10|120
    """
    write_workbook(folder / "物料.xlsx", typed(table(master)))


def guanjiapo(folder: Path) -> None:
    """Printed reports: four title rows, 合计 below, returns with a positive quantity."""
    items, names = ("G001", "G002", "G003", "G004"), ("可乐330ml", "雪碧330ml", "矿泉水", "果汁1L")
    rows = table(
        """
        销售明细表
        单位名称：某某商贸有限公司
        查询条件：全部仓库
        日期：2026-01-19 至 2026-03-29
        日期|单据编号|单据类型|往来单位|仓库全名|商品编号|商品全名|单位|数量|单价|金额
        """
    )
    returned, received = Line(LATE, 9001, 2, 6), Line(LATE, 9002, 2, 240)
    kinds = {returned: "销售退货单", received: "进货单"}
    for line in (*lines(), returned, received):
        price = (3, 3, 2, 12)[line.item]
        row: Row = [line.day, f"DJ-{line.order:05d}", kinds.get(line, "销售单"), "小卖部", "总仓"]
        row += [items[line.item], names[line.item], "瓶", line.units, price, line.units * price]
        rows.append(row)
    total = sum(line.units for line in lines()) + 6 + 240
    rows.append(["合计", *[""] * 7, total, "", ""])
    write_workbook(folder / "销售明细表.xlsx", rows)

    stock = """
        库存状况表
        单位名称：某某商贸有限公司
        截止日期：2026-03-29
        商品编号|商品全名|仓库全名|单位|库存数量|成本均价|库存金额
        G001|可乐330ml|总仓|瓶|48|2.1|100.8
        G001|可乐330ml|二仓|瓶|12|2.1|25.2
        G002|雪碧330ml|总仓|瓶|24|2.1|50.4
        G003|矿泉水|总仓|瓶|96|1.2|115.2
        G004|果汁1L|总仓|瓶|7|8|56
        合计||||187||347.6
    """
    write_workbook(folder / "库存状况表.xlsx", typed(table(stock)))
    purchases = """
        日期|订单编号|供货单位|商品编号|商品全名|单位|数量|单价|交货日期|已完成数量|订单状态
        2026-03-25|JD-001|饮料厂|G001|可乐330ml|瓶|240|2|2026-04-02|100|部分完成
        2026-03-25|JD-002|饮料厂|G002|雪碧330ml|瓶|240|2|2026-04-02|0|已终止
    """
    write_text(folder / "进货订单.csv", table(purchases), encoding="gb18030")


def jiandaoyun(folder: Path) -> None:
    """Forms that users built: workbooks, cells of an order only in its first line."""
    items, names = ("P-01", "P-02", "P-03", "P-04"), ("绿茶", "红茶", "花茶", "茶壶")
    rows = table("销售单号|销售日期|客户名称|订单状态|产品编号|产品名称|销售数量|销售单价|销售金额")
    cancelled = (Line(LATE, 9001, 0, 55), Line(LATE, 9001, 1, 66))
    before = 0
    for line in (*lines(), *cancelled):
        state = "已取消" if line in cancelled else "已完成"
        head: Row = [f"SO-{line.order:05d}", f"{line.day}", f"客户{line.order % 9}", state]
        price = (30, 35, 28, 120)[line.item]
        row: Row = ["", "", "", ""] if line.order == before else head
        row += [items[line.item], names[line.item], line.units, price, line.units * price]
        rows.append(row)
        before = line.order
    write_workbook(folder / "销售订单.xlsx", rows)

    stock = """
        产品编号|产品名称|仓库|当前库存|安全库存|更新时间
        P-01|绿茶|主仓|44|10|2026-03-20 09:00
        P-01|绿茶|分仓|11|10|2026-03-28 09:00
        P-02|红茶|主仓|21|10|2026-03-25 09:00
        P-03|花茶|主仓|30|10|2026-03-25 09:00
        P-04|茶壶|主仓|6|2|2026-03-25 09:00
    """
    write_workbook(folder / "库存_2026-03-29.xlsx", typed(table(stock)))
    purchases = """
        采购单号|采购日期|供应商|产品编号|产品名称|采购数量|采购单价|预计到货日期|到货日期|到货数量
        PO-001|2026-01-19|茶厂|P-01|绿茶|40|12|2026-01-27|2026-01-27|40
        PO-002|2026-01-29|茶厂|P-01|绿茶|40|12|2026-02-06|2026-02-07|40
        PO-003|2026-02-08|茶厂|P-01|绿茶|40|12|2026-02-16|2026-02-16|40
        PO-004|2026-02-18|茶厂|P-01|绿茶|40|12|2026-02-26|2026-02-27|40
        PO-005|2026-02-28|茶厂|P-01|绿茶|40|12|2026-03-08|2026-03-08|40
        PO-006|2026-03-10|茶厂|P-01|绿茶|40|12|2026-03-18|2026-03-19|40
        PO-007|2026-03-26|茶厂|P-01|绿茶|90|12|2026-04-03||
    """
    write_workbook(folder / "采购订单.xlsx", typed(table(purchases)))
    products = """
        产品编号|产品名称|产品分类|供应商|成本价|零售价|最小起订量
        P-01|绿茶|茶|茶厂|12|30|30
        P-02|红茶|茶|茶厂|14|35|30
        P-03|花茶|茶|茶厂|11|28|30
        P-04|茶壶|器|茶厂|60|120|30
    """
    write_workbook(folder / "产品信息.xlsx", typed(table(products)))


def shopify(folder: Path) -> None:
    """The admin's CSV files: order cells only in the first line, a cancelled order, a refund."""
    items = ("MUG-BLUE", "MUG-RED", "CANDLE", "VASE")
    names = ("Mug - Blue", "Mug - Red", "Candle", "Vase")
    header = table(
        "Name|Email|Financial Status|Paid at|Fulfillment Status|Fulfilled at|Accepts Marketing|Currency"
        "|Subtotal|Shipping|Taxes|Total|Discount Code|Discount Amount|Shipping Method|Created at"
        "|Lineitem quantity|Lineitem name|Lineitem price|Lineitem compare at price|Lineitem sku"
        "|Lineitem requires shipping|Lineitem taxable|Lineitem fulfillment status|Billing Name|Notes"
        "|Cancelled at|Payment Method|Refunded Amount|Vendor|Tags|Source|Lineitem discount|Location|Id"
    )[0]
    rows = [header]
    cancelled = (Line(LATE, 3001, 0, 30), Line(LATE, 3001, 2, 40))
    refunded = Line(LATE, 3002, 2, 3)  # in part, and the file does not say which of them
    before = 0
    for line in (*lines(), *cancelled, refunded):
        at = f"{line.day} 10:{line.order % 60:02d}:00 -0500"
        cells: dict[Cell, Cell] = {
            "Name": f"#{1000 + line.order}",
            "Email": f"c{line.order % 11}@example.com",
            "Created at": at,
            "Lineitem quantity": line.units,
            "Lineitem name": names[line.item],
            "Lineitem price": ("12.50", "12.50", "20.00", "45.00")[line.item],
            "Lineitem sku": items[line.item],
            "Lineitem discount": "0.00",
        }
        if line.order != before:
            cells |= {"Financial Status": "paid", "Fulfillment Status": "fulfilled"}
            cells |= {"Currency": "USD", "Refunded Amount": "0.00", "Source": "web"}
            if line in cancelled:
                cells |= {"Financial Status": "voided", "Cancelled at": at}
            if line == refunded:
                cells |= {"Financial Status": "partially_refunded", "Refunded Amount": "20.00"}
        before = line.order
        rows.append([cells.get(name) for name in header])
    tip: dict[Cell, Cell] = {"Name": "#4002", "Lineitem quantity": 1, "Lineitem name": "Tip"}
    rows.append([tip.get(name) for name in header])
    write_text(folder / "orders_export.csv", rows, end="\n")

    stock = """
        Handle|Title|Option1 Name|Option1 Value|SKU|HS Code|COO|Location|Bin name|Incoming (not editable)|Unavailable (not editable)|Committed (not editable)|Available (not editable)|On hand (current)|On hand (new)
        mug|Mug|Color|Blue|MUG-BLUE|||Main Store||60|1|2|37|40|
        mug|Mug|Color|Blue|MUG-BLUE|||Back Room||0|0|0|15|15|
        mug|Mug|Color|Red|MUG-RED|||Main Store||0|0|0|22|22|
        mug|Mug|Color|Red|MUG-RED|||Back Room||not stocked|not stocked|not stocked|not stocked|not stocked|
        candle|Candle|||CANDLE|||Main Store||0|0|0|66|66|
        vase|Vase|||VASE|||Main Store||0|0|0|3|3|
    """
    write_text(folder / "inventory_export_2026-03-29.csv", table(stock), end="\n")
    products = table(
        """
        Handle|Title|Body (HTML)|Vendor|Type|Published|Option1 Name|Option1 Value|Variant SKU|Variant Inventory Policy|Variant Price|Image Src|Cost per item|Status
        mug|Mug|BODY|Studio|Kitchen|true|Color|Blue|MUG-BLUE|deny|12.50|a.png|4.20|active
        mug|||||||Red|MUG-RED|deny|12.50|b.png|4.20|
        mug|||||||||||c.png||
        candle|Candle||Waxworks|Home|true|||CANDLE|deny|20.00||7.00|active
        vase|Vase||Studio|Home|true|||VASE|deny|45.00||18.00|active
        """
    )
    products[1][2] = '<p>A mug,\n"hand made"</p>'  # a line break and quotes inside a cell
    write_text(folder / "products_export.csv", products, end="\n")


def amazon(folder: Path) -> None:
    """Tab-separated reports; cancelled orders with quantity 0 or more, inbound shipments."""
    items = ("LMP-1", "LMP-2", "BLB-9W", "FIX-A")
    rows = table(
        "amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status"
        "|fulfillment-channel|sales-channel|order-channel|url|ship-service-level|product-name|sku|asin"
        "|item-status|quantity|currency|item-price|item-tax|shipping-price|ship-city|promotion-ids"
    )
    cancelled = (Line(LATE, 9001, 0, 0), Line(LATE, 9002, 1, 9))
    for line in (*lines(), *cancelled):
        status = "Cancelled" if line in cancelled else "Shipped"
        price = "" if line in cancelled else f"{line.units * (30, 35, 8, 15)[line.item]:.2f}"
        row: Row = [f"111-{line.order:07d}-1", "", f"{line.day}T12:00:00+00:00"]
        row += [f"{line.day}T18:00:00+00:00", status, "Amazon", "Amazon.com", "", "", "Standard"]
        row += ["Lamp", items[line.item], f"B0{line.item}", status, line.units, "USD", price]
        rows.append([*row, "", "", "Austin", ""])
    write_text(folder / "AllOrders.txt", rows, delimiter="\t")

    stock = """
        sku|fnsku|asin|product-name|condition|your-price|mfn-listing-exists|mfn-fulfillable-quantity|afn-listing-exists|afn-warehouse-quantity|afn-fulfillable-quantity|afn-unsellable-quantity|afn-reserved-quantity|afn-total-quantity|per-unit-volume|afn-inbound-working-quantity|afn-inbound-shipped-quantity|afn-inbound-receiving-quantity
        LMP-1|X000|B00|Lamp 1|New|30.00|No||Yes|57|50|2|5|137|0.50|20|50|10
        LMP-2|X001|B01|Lamp 2|New|35.00|No||Yes|12|12|0|0|12|0.50|0|0|0
        BLB-9W|X002|B02|Bulb|New|8.00|No||Yes|93|90|0|3|93|0.10|0|0|0
        FIX-A|X003|B03|Fixture|New|15.00|No||Yes|0|0|0|0|0|0.90|0|0|0
    """
    write_text(folder / "FBA_Inventory_2026-03-29.txt", table(stock), delimiter="\t")


def woocommerce(folder: Path) -> None:
    """Order lines of a plugin, products of the built-in exporter: variations, a backorder."""
    items = ("TEA-GREEN", "TEA-BLACK", "POT-S", "POT-L")
    names = ("Green tea", "Black tea", "Teapot - small", "Teapot - large")
    rows = table(
        "Order Number|Order Status|Order Date|Customer Note|Email (Billing)|Item #|SKU|Item Name"
        "|Quantity|Quantity (- Refund)|Item Cost|Coupon Code|Discount Amount|Order Total Amount"
    )
    refunded = Line(LATE, 4001, 0, 10)  # three of the ten
    cancelled = (Line(LATE, 4002, 1, 50), Line(LATE, 4002, 2, 50))
    before, number = 0, 0
    for line in (*lines(), refunded, *cancelled):
        number = number + 1 if line.order == before else 1
        before = line.order
        status = "Cancelled" if line in cancelled else "Completed"
        head: Row = [line.order, status, f"{line.day} 14:03", "", f"c{line.order % 8}@example.com"]
        row: Row = head if number == 1 else [""] * 5
        row += [number, items[line.item], names[line.item], line.units]
        row += [7 if line == refunded else line.units, (9.5, 8.5, 24, 34)[line.item]]
        rows.append([*row, "", "", ""])
    write_text(folder / "orders-2026-03-29.csv", rows, end="\n")

    products = """
        ID|Type|SKU|GTIN, UPC, EAN, or ISBN|Name|Published|Visibility in catalog|In stock?|Stock|Low stock amount|Backorders allowed?|Sale price|Regular price|Categories|Parent
        11|simple|TEA-GREEN||Green tea|1|visible|1|35|5|0||9.50|Tea|
        12|simple|TEA-BLACK||Black tea|1|visible|1|14|5|0||8.50|Tea|
        13|variable|POT||Teapot|1|visible|1|||0|||Pots|
        14|variation|POT-S||Teapot - small|1|visible|1|40||0||24.00||POT
        15|variation|POT-L||Teapot - large|1|visible|backorder|0||1||34.00||POT
        16|grouped|SET||Tea set|1|visible|1|||0|||Sets|
    """
    path = folder / "wc-product-export-2026-03-29.csv"
    write_text(path, table(products), encoding="utf-8-sig", end="\n")


def odoo(folder: Path) -> None:
    """Grouped lists: a heading row for each product, its rows indented below."""
    items, names = ("DESK", "CHAIR", "LAMP", "SHELF"), ("Desk", "Chair", "Lamp", "Shelf")
    rows = table(
        "Product Variant|Order Reference|Order Date|Qty Ordered|Qty Delivered|Unit of Measure|Customer"
        "|Warehouse|Status|Untaxed Total"
    )
    for item in range(4):
        own = [line for line in lines() if line.item == item]
        units, price = sum(line.units for line in own), (200, 80, 30, 120)[item]
        label = f"[{items[item]}] {names[item]}"
        heading: Row = [f"{label} ({len(own)})", "", "", units, units, "", "", "", ""]
        rows.append([*heading, units * price])
        for line in own:
            row: Row = [f"    {label}", f"S{line.order:05d}", f"{line.day} 08:30:00", line.units]
            row += [line.units, "Units", f"Customer {line.order % 6}", "My Company", "Sales Order"]
            rows.append([*row, line.units * price])
    quotation = (
        "[SHELF] Shelf|S09001|2026-03-20 08:30:00|50|0|Units|Customer 1|My Company|Quotation|6000"
    )
    rows += typed(table(quotation))
    write_workbook(folder / "Sales Analysis (sale.report).xlsx", rows)

    stock = """
        Product|Location|Lot/Serial Number|Quantity|Reserved Quantity|Unit of Measure
        [DESK] Desk (2)|||46|4|
        [DESK] Desk|WH/Stock|L1|35|4|Units
        [DESK] Desk|WH/Stock/Shelf 2|L2|11|0|Units
        [DESK] Desk|Virtual Locations/Inventory adjustment||-46|0|Units
        [CHAIR] Chair|WH/Stock||19|0|Units
        [LAMP] Lamp|WH/Stock||70|0|Units
        [SHELF] Shelf|WH/Stock||3|0|Units
    """
    write_workbook(folder / "Quants (stock.quant) 2026-03-29.xlsx", typed(table(stock)))
    purchases = """
        Order Reference|Vendor|Product|Order Deadline|Expected Arrival|Quantity|Received Qty|Unit Price|Status
        P00001|Wood Corner|[DESK] Desk|2026-03-10 10:00:00|2026-04-01 12:00:00|60.0|15.0|90.0|Purchase Order
        P00002|Wood Corner|[CHAIR] Chair|2026-03-20 10:00:00|2026-04-03 12:00:00|30.0|0.0|40.0|RFQ
    """
    write_text(folder / "Purchase Order Line (purchase.order.line).csv", table(purchases))
    products = """
        Internal Reference|Name|Product Category|Cost|Sales Price|Vendors/Vendor|Vendors/Delivery Lead Time
        DESK|Desk|Furniture|90.0|200.0|Wood Corner|14
        CHAIR|Chair|Furniture|40.0|80.0|Wood Corner|14
        LAMP|Lamp|Furniture|12.0|30.0|Wood Corner|14
        SHELF|Shelf|Furniture|55.0|120.0|Wood Corner|14
    """
    write_text(folder / "Product (product.template).csv", table(products))


def erpnext(folder: Path) -> None:
    """Query reports: the opening row, negative Out Qty, Voucher # twice, a total row."""
    items, names = (
        ("WID-1", "WID-2", "GAD-1", "GAD-2"),
        ("Widget", "Wide", "Gadget", "Grand gadget"),
    )
    ledger = table(
        "Date|Item|Item Name|Stock UOM|In Qty|Out Qty|Balance Qty|Voucher #|Warehouse|Valuation Rate"
        "|Voucher Type|Voucher #|Company\n|'Opening'|||||400||||||"
    )
    register = table(
        "Item Code|Item Name|Item Group|Invoice|Posting Date|Customer Group|Customer|Customer Name"
        "|Company|Stock Qty|Stock UOM|Rate|Amount"
    )
    balance = [400, 250, 600, 120]

    def move(line: Line, kind: str, place: str = "Stores - C") -> None:
        balance[line.item] += line.units
        voucher = f"{kind[0]}-{line.order:05d}"
        row: Row = [f"{line.day} 10:15:00", items[line.item], names[line.item], "Nos"]
        row += [max(line.units, 0), min(line.units, 0), balance[line.item], voucher, place, 10]
        ledger.append([*row, kind, voucher, "C"])

    for line in (*lines(), Line(LATE, 9001, 1, -2)):  # two came back
        move(line._replace(units=-line.units), "Delivery Note")
        rate = (15, 18, 30, 90)[line.item]
        row: Row = [items[line.item], names[line.item], "Products", f"SINV-{line.order:05d}"]
        row += [line.day, "Retail", f"CUST-{line.order % 6}", "Customer", "C", line.units, "Nos"]
        register.append([*row, rate, line.units * rate])
    move(Line(LATE, 1, 0, 50), "Purchase Receipt")
    move(Line(LATE, 1, 2, -30), "Stock Entry")
    move(Line(LATE, 1, 2, 30), "Stock Entry", "Shop - C")
    register.append(["Total", *[""] * 8, sum(line.units for line in lines()) - 2, "", "", ""])
    write_text(folder / "Stock Ledger.csv", ledger)
    write_text(folder / "Item-wise Sales Register.csv", register)

    stock = f"""
        Item|Item Name|Item Group|Warehouse|Stock UOM|Balance Qty|Balance Value|Opening Qty|In Qty|Out Qty|Reserved Stock|Company
        WID-1|Widget|Products|Stores - C|Nos|{balance[0]}|0|0|0|0|7|C
        WID-2|Wide|Products|Stores - C|Nos|{balance[1]}|0|0|0|0|0|C
        GAD-1|Gadget|Products|Stores - C|Nos|{balance[2] - 30}|0|0|0|0|0|C
        GAD-1|Gadget|Products|Shop - C|Nos|30|0|0|0|0|0|C
        GAD-2|Grand gadget|Products|Stores - C|Nos|{balance[3]}|0|0|0|0|0|C
        Total|||||{sum(balance)}|0|0|0|0|7|
    """
    write_workbook(folder / "Stock Balance 2026-03-29.xlsx", typed(table(stock)))
    purchases = """
        Date|Required By|Purchase Order|Status|Supplier|Item Code|Qty|Received Qty|Pending Qty|Billed Qty|Qty to Bill|Amount|Billed Amount|Pending Amount|Received Qty Amount|Warehouse|Company
        2026-03-12|2026-04-02|PUR-00001|To Receive and Bill|Widget Works|WID-1|80|50|30|0|80|800|0|800|500|Stores - C|C
    """
    write_text(folder / "Purchase Order Analysis.csv", table(purchases))
    master = """
        ID|Item Name|Item Group|Default Unit of Measure|Valuation Rate|Standard Selling Rate|Lead Time in days|Minimum Order Qty|End of Life
        WID-1|Widget|Products|Nos|10|15|14|20|2099-12-31
        WID-2|Wide|Products|Nos|10|18|14|20|2099-12-31
        GAD-1|Gadget|Products|Nos|10|30|14|20|2099-12-31
        GAD-2|Grand gadget|Products|Nos|10|90|14|20|2099-12-31
    """
    write_text(folder / "Item.csv", table(master))


def square(folder: Path) -> None:
    """Item sales of two locations, money as text, a refund; a catalogue with a column a place."""
    items, names = ("BEAN-1", "BEAN-2", "CUP-S", "GRIND"), ("House", "Dark", "Small cup", "Grinder")
    rows = table(
        "Date|Time|Time Zone|Category|Item|Qty|Price Point Name|SKU|Modifiers Applied|Gross Sales"
        "|Discounts|Net Sales|Tax|Transaction ID|Payment ID|Device Name|Notes|Details|Event Type"
        "|Location|Dining Option|Customer ID|Customer Name|Customer Reference ID"
    )
    refund = Line(LATE, 9001, 0, -3)
    for line in (*lines(), refund):
        value = line.units * (8, 9, 12, 49)[line.item]
        money = f"(${-value:,.2f})" if value < 0 else f"${value:,.2f}"
        row: Row = [line.day, "10:15:00", "Eastern Time (US & Canada)", "Shop", names[line.item]]
        row += [f"{line.units}.0", "Regular", items[line.item], "", money, "$0.00", money, "$0.00"]
        row += [f"T{line.order}", f"P{line.order}", "iPad", "", ""]
        row += [
            "Refund" if line == refund else "Payment",
            ("Main Street", "Harbour")[line.item // 2],
        ]
        rows.append([*row, "", f"C{line.order % 5}", "", ""])
    custom = "2026-03-20|11:00:00||None|Custom Amount|1.0||||$5.00|$0.00|$5.00|$0.00|T9||||Payment|Harbour"
    rows += [[*row, *[""] * (len(rows[0]) - len(row))] for row in table(custom)]
    write_text(folder / "items-2026-01-19-2026-03-30.csv", rows, end="\n")

    catalog = """
        Token|Item Name|Variation Name|SKU|Description|Category|Price|Default Unit Cost|Current Quantity Main Street|New Quantity Main Street|Stock Alert Enabled Main Street|Stock Alert Count Main Street|Current Quantity Harbour|New Quantity Harbour|Stock Alert Enabled Harbour
        K1|House|Regular|BEAN-1||Coffee|8.00|3.50|42||Y|5|||N
        K2|Dark|Regular|BEAN-2||Coffee|9.00|4.00|13||N||||N
        K3|Small cup|Regular|CUP-S||Cups|12.00|5.00|||N||77||N
        K4|Grinder|Regular|GRIND||Gear|49.00|25.00|||N||4||N
        K5|Voucher|Regular|||Cards|variable||1||N||||N
    """
    write_text(folder / "catalog-2026-03-29-1200.csv", table(catalog), end="\n")


def lightspeed(folder: Path) -> None:
    """A line for the receipt, one for each item, one for the payment; a column for each outlet."""
    items, names = ("WINE-R", "WINE-W", "CORK", "GLASS"), ("Red", "White", "Corkscrew", "Glass")
    rows = table(
        "Date|Receipt Number|Line Type|Customer Code|Customer Name|Note|Quantity|Subtotal|Sales Tax"
        "|Discount|Loyalty|Total|Paid|Details|Register|User|Status|Sku|AccountCodeSale"
        "|AccountCodePurchase"
    )
    returned, voided = Line(LATE, 9001, 1, -2), Line(LATE, 9002, 0, 24)
    every = [*lines(), returned, voided]
    for number in dict.fromkeys(line.order for line in every):
        own = [line for line in every if line.order == number]
        values = [line.units * (12, 11, 6, 4)[line.item] for line in own]
        status = "VOIDED" if voided in own else "CLOSED"

        def write(kind: str, *cells: Cell, own: list[Line] = own) -> None:
            line = own[0]
            row: Row = [f"{line.day} 10:00:00", line.order, kind, f"CUST-{line.order % 7}", "", ""]
            rows.append([*row, *cells])

        total, till = sum(values), ["Main Register", "Kim"]
        units = sum(line.units for line in own)
        write("Sale", units, total, 0, 0, 0, total, total, "", *till, status, "", "", "")
        for line, value in zip(own, values, strict=True):
            sale: Row = [line.units, value, 0, 0, 0, value, "", names[line.item], *till, ""]
            write("Sale Line", *sale, items[line.item], 200, 300)
        write("Payment", *[""] * 6, total, "Cash", *till, "", "", "", "")
    write_text(folder / "sales-history.csv", rows, end="\n")

    products = """
        id|handle|sku|name|product_category|supply_price|retail_price|brand_name|supplier_name|supplier_code|active|track_inventory|inventory_Main_Outlet|reorder_point_Main_Outlet|restock_level_Main_Outlet|inventory_Market_Square|reorder_point_Market_Square|restock_level_Market_Square
        1|red|WINE-R|Red|Wine|5.50|12.00|Hill|Cellars|R1|1|1|36|6|24|12|6|12
        2|white|WINE-W|White|Wine|5.00|11.00|Hill|Cellars|W1|1|1|18|6|24|||
        3|cork|CORK|Corkscrew|Tools|2.00|6.00||Tools Ltd|C1|1|1|70|0|0|5|0|0
        4|glass|GLASS|Glass|Tools|1.20|4.00||Tools Ltd|G1|1|1|8|0|0|0|0|0
        5|tasting|TASTE|Tasting|Events|0|20.00||||1|0|0|0|0|0|0|0
    """
    write_text(folder / "product-export-2026-03-29.csv", table(products), end="\n")


SYSTEMS = (
    *(sap, yonyou_u8, kingdee, guanjiapo, jiandaoyun, shopify),
    *(amazon, woocommerce, odoo, erpnext, square, lightspeed),
)


def write_all(target: Path) -> None:
    """Writes the exports of all systems, each in a folder of its name."""
    for system in SYSTEMS:
        folder = target / system.__name__
        folder.mkdir(parents=True, exist_ok=True)
        system(folder)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "exports")
