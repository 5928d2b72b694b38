"""Writes the folder ``exports``: what each system would give of one small shop, with its traps.

Every system sells the same ten weeks of four items, in its own words and layout. What is a trap
(title rows, returns, drafts, batches, totals) is written out by hand in the function of its
system, and ``test_first_afternoon.py`` says what it must become.

    python tests/systems/make_exports.py
"""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIRST = date(2026, 1, 19)  # a Monday
DAYS = 70
LAST = FIRST + timedelta(days=DAYS - 1)  # 2026-03-29, a Sunday
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


def write_text(
    path: Path,
    rows: Sequence[Sequence[object]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\n",
) -> None:
    """Writes delimited text; cells with the delimiter, quotes or line breaks are quoted."""

    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        if any(mark in text for mark in (delimiter, '"', "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text

    text = "".join(delimiter.join(cell(value) for value in row) + end for row in rows)
    path.write_bytes(text.encode(encoding))


def write_workbook(path: Path, rows: Sequence[Sequence[object]], sheet: str = "Sheet1") -> None:
    """Writes a workbook of one sheet; dates and numbers are cells of their own type."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": datetime(2026, 3, 30)})  # noqa: DTZ001 - a workbook's has none
        date_format = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is None or value == "":
                    continue
                if isinstance(value, date):
                    page.write_datetime(at, column, value, date_format)
                else:
                    page.write(at, column, value)


def german(number: float, digits: int = 3) -> str:
    """1.234,500- as SAP writes it: the minus at the end."""
    text = f"{abs(number):,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return text + ("-" if number < 0 else "")


def sap(folder: Path) -> None:
    """German logon: semicolons and 1.234,50-; the stock list as a workbook, header on row 3."""
    items = ("10001", "10002", "10003", "10004")
    names = ("Bohrer 6 mm", "Bohrer 8 mm", "Dübel S6", "Winkel 40 mm")

    def day(value: date) -> str:
        return f"{value:%d.%m.%Y}"

    header = [
        *("Material", "Materialkurztext", "Werk", "Lagerort", "Bewegungsart", "Bewegungsartentext"),
        *("Buchungsdatum", "Belegdatum", "Menge in ErfassME", "ErfassungsMngEinh", "Menge"),
        *("Basismengeneinheit", "Bestellung", "Lieferant", "Kunde", "Materialbeleg", "Charge"),
    ]

    def movement(
        at: date, item: int, kind: str, units: float, document: int, **more: str
    ) -> list[Any]:
        quantity = german(units)
        return [
            *(items[item], names[item], "1000", more.get("place", "0001"), kind, ""),
            *(day(at), day(at), more.get("entered", quantity), more.get("entry_unit", "ST")),
            *(more.get("quantity", quantity), "ST", more.get("order", ""), more.get("vendor", "")),
            *(more.get("customer", ""), 4900000000 + document, more.get("batch", "")),
        ]

    rows: list[list[Any]] = [header]
    for item in range(4):  # the stock that the ten weeks began with
        rows.append(movement(FIRST, item, "561", (400, 250, 600, 120)[item], item))
    for number, line in enumerate(lines(), start=10):
        rows.append(
            movement(
                line.day, line.item, "601", -line.units, number, customer=f"1000{line.order % 7}"
            )
        )
    late = date(2026, 3, 16)
    rows += [
        movement(late, 0, "101", 50, 5001, order="4500000001", vendor="700"),
        movement(late, 0, "102", -10, 5002, order="4500000001", vendor="700"),  # reversal
        movement(late, 1, "602", 3, 5003, customer="10003"),  # three units came back
        movement(late, 2, "311", -40, 5004),  # to another shelf: nets to zero
        movement(late, 2, "311", 40, 5004, place="0002"),
        movement(late, 3, "551", -2, 5005),  # scrapped
        movement(late, 3, "702", -1, 5006),  # counted less
        # sold in boxes of ten: the quantity is in pieces
        movement(late, 0, "601", -20, 5007, entered=german(-2), entry_unit="KAR"),
        # quantity 0: what counts is the quantity of entry
        movement(late, 1, "251", -4, 5008, quantity=german(0)),
    ]
    service = movement(late, 0, "101", 1, 5009)
    service[0] = ""  # a service has no material
    rows.append(service)
    write_text(folder / "mb51.csv", rows, delimiter=";", encoding="utf-8-sig", end="\r\n")

    stock: list[list[Any]] = [
        ["Warehouse Stocks of Material on Hand"],
        ["Date: 2026-03-29"],
        [
            *("Material", "Material Description", "Plant", "Storage Location", "Special Stock"),
            *("Base Unit of Measure", "Batch", "Unrestricted", "In Quality Insp.", "Blocked"),
            *("Currency", "Value Unrestricted"),
        ],
        [10001, names[0], 1000, "0001", "", "PC", "C1", 60, 0, 0, "EUR", 30],
        [10001, names[0], 1000, "0002", "", "PC", "C2", 25.5, 10, 4, "EUR", 12.75],
        [10002, names[1], 1000, "0001", "", "PC", "C1", 12, 0, 0, "EUR", 9],
        [10003, names[2], 1000, "0001", "", "PC", "C1", 80, 0, 0, "EUR", 4],
        [10003, names[2], 1000, "0001", "E", "PC", "C1", 500, 0, 0, "EUR", 25],
        [10004, names[3], 1000, "0001", "", "PC", "C1", 9, 0, 0, "EUR", 18],
    ]
    write_workbook(folder / "MB52.xlsx", stock)

    purchases = [
        [
            *("Purchasing Document", "Item", "Document Date", "Supplier/Supplying Plant"),
            *("Name of Supplier", "Material", "Short Text", "Plant", "Storage location"),
            *("Order Quantity", "Order Unit", "Still to be delivered (qty)", "Net Price"),
            *("Price unit", "Currency", "Delivery date", "Deletion indicator"),
        ]
    ]

    def purchase(
        po: int, line: int, item: int | None, ordered: float, still: float, **more: Any
    ) -> None:
        at = more.get("at", date(2026, 3, 23))
        purchases.append(
            [
                *(str(4500000000 + po), str(line), day(at), "700        Werkzeug GmbH"),
                *("Werkzeug GmbH", "" if item is None else items[item], "", "1000", "0001"),
                *(german(ordered), "ST", german(still), german(more.get("price", 50), 2)),
                *(more.get("per", "100"), "EUR", day(more.get("due", at)), more.get("deleted", "")),
            ]
        )

    purchase(1, 10, 0, 1200, 200, due=date(2026, 4, 7))
    purchase(1, 20, 1, 100, 100)  # the delivery date only repeats the document date
    purchase(2, 10, 2, 900, 900, deleted="L")
    purchase(3, 10, None, 1, 1)
    purchase(4, 10, 3, 60, 0, at=date(2026, 2, 20), due=date(2026, 3, 6))
    # "Unicode" text of SAP: UTF-16 with tabs
    write_text(folder / "me2n.txt", purchases, delimiter="\t", encoding="utf-16", end="\r\n")

    materials = [
        [
            *(
                "Material",
                "Plant",
                "Material Description",
                "Material Group",
                "Base Unit of Measure",
            ),
            *("Planned Deliv. Time", "Minimum Lot Size", "Rounding value", "Price", "Price unit"),
            *("Currency",),
        ]
    ] + [
        [items[n], "1000", names[n], "WZ1", "PC", 14, 50, 10, (50, 75, 5, 200)[n], 100, "EUR"]
        for n in range(4)
    ]
    write_workbook(folder / "MM60.xlsx", materials)


def yonyou_u8(folder: Path) -> None:
    """GB18030 as the U8 client writes text, titles above and 合计 below."""
    items = ("0101001", "0101002", "0102001", "0102002")
    names = ("保温杯", "玻璃杯", "雨伞", "帐篷")
    rows: list[list[Any]] = [
        ["销售出库单列表"],
        ["日期：2026-01-19 至 2026-03-29"],
        [
            *("单据日期", "单据号", "仓库编码", "仓库名称", "客户编码", "客户名称", "存货编码"),
            *("存货名称", "主计量单位", "数量", "无税金额", "价税合计"),
        ],
    ]
    total = 0

    def out(at: date, order: int, item: int, units: int) -> None:
        nonlocal total
        total += units
        money = units * (60, 25, 80, 900)[item]
        rows.append(
            [
                *(at, f"XSCK{order:05d}", "01", "成品仓", f"K{order % 5:03d}", "门店", items[item]),
                *(names[item], "个", f"{units:.2f}", f"{money:,.2f}", f"{money * 1.13:,.2f}"),
            ]
        )

    for line in lines():
        out(line.day, line.order, line.item, line.units)
    out(date(2026, 3, 20), 9001, 0, -5)  # a red document: five came back
    rows.append(["合计", "", "", "", "", "", "", "", "", f"{total:,.2f}", "", ""])
    write_text(folder / "销售出库单列表.csv", rows, encoding="gb18030", end="\r\n")

    stock = [
        ["现存量查询"],
        ["截止日期：2026-03-29"],
        [
            *("仓库编码", "仓库名称", "存货编码", "存货名称", "规格型号", "批号", "现存数量"),
            *("到货在检数量", "调拨在途数量", "预计入库数量合计", "待发货数量", "调拨待发数量"),
            *("可用数量",),
        ],
        ["01", "成品仓", items[0], names[0], "500ml", "P1", "40.00", 0, 0, 0, "6.00", 0, "34.00"],
        ["01", "成品仓", items[0], names[0], "500ml", "P2", "20.00", 0, 0, 0, 0, 0, "20.00"],
        ["02", "门店仓", items[0], names[0], "500ml", "P2", "3.00", 0, 0, 0, 0, 0, "3.00"],
        ["01", "成品仓", items[1], names[1], "300ml", "P1", "15.00", 0, 0, 0, 0, 0, "15.00"],
        ["01", "成品仓", items[2], names[2], "", "", "1,090.00", 0, 0, 0, 0, 0, "1,090.00"],
        ["01", "成品仓", items[3], names[3], "", "", "0.00", 0, 0, 0, 0, 0, "0.00"],
        ["合计", "", "", "", "", "", "1,168.00", 0, 0, 0, "6.00", 0, "1,162.00"],
    ]
    write_text(folder / "现存量.csv", stock, encoding="gb18030", end="\r\n")

    purchases = [
        [
            *("订单编号", "日期", "供应商编码", "供应商", "行号", "存货编码", "存货名称", "数量"),
            *("累计入库数量", "无税单价", "币种", "计划到货日期", "关闭人"),
        ],
        [
            "CG0001",
            "2026-03-20",
            "G01",
            "杯子厂",
            1,
            items[0],
            names[0],
            200,
            80,
            "30.00",
            "人民币",
            "2026-04-05",
            "",
        ],
        [
            "CG0001",
            "2026-03-20",
            "G01",
            "杯子厂",
            2,
            items[1],
            names[1],
            100,
            0,
            "12.00",
            "人民币",
            "2026-04-05",
            "",
        ],
        [
            "CG0002",
            "2026-02-10",
            "G02",
            "伞厂",
            1,
            items[2],
            names[2],
            500,
            450,
            "40.00",
            "人民币",
            "2026-02-25",
            "张三",
        ],
    ]
    write_text(folder / "采购订单列表.csv", purchases, encoding="gb18030", end="\r\n")

    master = [
        [
            *("存货编码", "存货名称", "规格型号", "存货分类", "主计量单位", "固定提前期"),
            *("最低供应量", "安全库存", "最高库存", "最新成本", "参考售价"),
        ]
    ] + [
        [
            items[n],
            names[n],
            "",
            "日用",
            "个",
            15,
            (50, 50, 0, 0)[n],
            10,
            0,
            (30, 12, 40, 450)[n],
            (60, 25, 80, 900)[n],
        ]
        for n in range(4)
    ]
    write_workbook(folder / "存货档案.xlsx", master)


def kingdee(folder: Path) -> None:
    """云星空: workbooks whose last row is 合计, drafts among the documents."""
    items = ("CP001", "CP002", "CP003", "CP004")
    names = ("手机壳", "数据线", "充电器", "音箱")
    rows: list[list[Any]] = [
        [
            "日期",
            "单据编号",
            "单据状态",
            "购货单位",
            "仓库名称",
            "物料编码",
            "物料名称",
            "库存单位",
            "实发数量",
            "销售金额",
        ]
    ]

    def out(at: date, order: int, item: int, units: int, state: str = "已审核") -> None:
        money = units * (15, 20, 60, 300)[item]
        rows.append(
            [
                at,
                f"XSCKD{order:06d}",
                state,
                f"门店{order % 4}",
                "成品仓",
                items[item],
                names[item],
                "Pcs",
                units,
                money,
            ]
        )

    for line in lines():
        out(line.day, line.order, line.item, line.units)
    out(date(2026, 3, 20), 9001, 1, 77, "创建")  # a draft, not sold
    out(date(2026, 3, 20), 9002, 0, -4)  # a return
    rows.append(["合计", "", "", "", "", "", "", "", sum(row[8] for row in rows[1:]), ""])
    write_workbook(folder / "销售出库单.xlsx", rows)

    stock = [
        [
            *(
                "物料编码",
                "物料名称",
                "规格型号",
                "仓库名称",
                "仓位",
                "批号",
                "库存组织",
                "库存状态",
            ),
            *("库存主单位", "库存量(主单位)", "可用量(主单位)", "最后更新时间"),
        ],
        [
            items[0],
            names[0],
            "",
            "成品仓",
            "A-01",
            "P1",
            "总部",
            "可用",
            "Pcs",
            70,
            60,
            "2026-03-28 10:00:00",
        ],
        [
            items[0],
            names[0],
            "",
            "成品仓",
            "B-01",
            "P2",
            "总部",
            "不良",
            "Pcs",
            8,
            0,
            "2026-03-02 10:00:00",
        ],
        [
            items[1],
            names[1],
            "",
            "成品仓",
            "A-02",
            "",
            "总部",
            "可用",
            "Pcs",
            18,
            18,
            "2026-03-28 10:00:00",
        ],
        [
            items[2],
            names[2],
            "",
            "成品仓",
            "A-03",
            "",
            "总部",
            "可用",
            "Pcs",
            33,
            33,
            "2026-03-28 10:00:00",
        ],
        [
            items[3],
            names[3],
            "",
            "门店仓",
            "",
            "",
            "总部",
            "可用",
            "Pcs",
            5,
            5,
            "2026-03-28 10:00:00",
        ],
        ["合计", "", "", "", "", "", "", "", "", 134, 116, ""],
    ]
    write_workbook(folder / "即时库存_20260329.xlsx", stock)

    purchases = [
        [
            *("单据编号", "采购日期", "供应商", "单据状态", "关闭状态", "业务关闭", "物料编码"),
            *(
                "物料名称",
                "采购单位",
                "采购数量",
                "单价",
                "交货日期",
                "累计入库数量",
                "剩余入库数量",
            ),
        ],
        [
            "CGDD001",
            "2026-03-18",
            "壳厂",
            "已审核",
            "未关闭",
            "正常",
            items[0],
            names[0],
            "Pcs",
            300,
            "5.00",
            "2026-04-08",
            120,
            180,
        ],
        [
            "CGDD002",
            "2026-03-01",
            "线厂",
            "已审核",
            "已关闭",
            "正常",
            items[1],
            names[1],
            "Pcs",
            100,
            "6.00",
            "2026-03-12",
            90,
            10,
        ],
        [
            "CGDD003",
            "2026-03-25",
            "线厂",
            "创建",
            "未关闭",
            "正常",
            items[1],
            names[1],
            "Pcs",
            50,
            "6.00",
            "2026-04-12",
            0,
            50,
        ],
    ]
    write_text(folder / "采购订单.csv", purchases, encoding="utf-8-sig")

    master = [
        [
            "编码",
            "名称",
            "规格型号",
            "物料分组",
            "基本单位",
            "固定提前期",
            "提前期单位",
            "最小订货量",
            "最小包装量",
            "参考成本",
        ]
    ] + [
        [
            items[n],
            names[n],
            "",
            "配件",
            "Pcs",
            (20, 2, 20, 30)[n],
            ("天", "周", "天", "天")[n],
            50,
            10,
            (5, 6, 25, 120)[n],
        ]
        for n in range(4)
    ]
    write_workbook(folder / "物料.xlsx", master)


def guanjiapo(folder: Path) -> None:
    """Printed reports: four title rows, 合计 below, returns with a positive quantity."""
    items = ("G001", "G002", "G003", "G004")
    names = ("可乐330ml", "雪碧330ml", "矿泉水550ml", "果汁1L")
    rows: list[list[Any]] = [
        ["销售明细表"],
        ["单位名称：某某商贸有限公司"],
        ["查询条件：全部仓库"],
        ["日期：2026-01-19 至 2026-03-29"],
        [
            "日期",
            "单据编号",
            "单据类型",
            "往来单位",
            "仓库全名",
            "商品编号",
            "商品全名",
            "单位",
            "数量",
            "单价",
            "金额",
        ],
    ]

    def document(at: date, number: str, kind: str, item: int, units: int) -> None:
        price = (3, 3, 2, 12)[item]
        rows.append(
            [
                at,
                number,
                kind,
                "小卖部",
                "总仓",
                items[item],
                names[item],
                "瓶",
                units,
                price,
                units * price,
            ]
        )

    for line in lines():
        document(line.day, f"XS-{line.order:05d}", "销售单", line.item, line.units)
    document(date(2026, 3, 20), "XT-00001", "销售退货单", 2, 6)  # six came back
    document(date(2026, 3, 21), "JH-00001", "进货单", 2, 240)  # no sale
    rows.append(["合计", "", "", "", "", "", "", "", sum(row[8] for row in rows[5:]), "", ""])
    write_workbook(folder / "销售明细表.xlsx", rows)

    stock = [
        ["库存状况表"],
        ["单位名称：某某商贸有限公司"],
        ["截止日期：2026-03-29"],
        ["商品编号", "商品全名", "仓库全名", "单位", "库存数量", "成本均价", "库存金额"],
        [items[0], names[0], "总仓", "瓶", 48, 2.1, 100.8],
        [items[0], names[0], "二仓", "瓶", 12, 2.1, 25.2],
        [items[1], names[1], "总仓", "瓶", 24, 2.1, 50.4],
        [items[2], names[2], "总仓", "瓶", 96, 1.2, 115.2],
        [items[3], names[3], "总仓", "瓶", 7, 8, 56],
        ["合计", "", "", "", 187, "", 347.6],
    ]
    write_workbook(folder / "库存状况表.xlsx", stock)

    purchases = [
        [
            "日期",
            "订单编号",
            "供货单位",
            "商品编号",
            "商品全名",
            "单位",
            "数量",
            "单价",
            "交货日期",
            "已完成数量",
            "订单状态",
        ],
        [
            "2026-03-25",
            "JD-001",
            "饮料厂",
            items[0],
            names[0],
            "瓶",
            240,
            2,
            "2026-04-02",
            100,
            "部分完成",
        ],
        [
            "2026-03-25",
            "JD-002",
            "饮料厂",
            items[1],
            names[1],
            "瓶",
            240,
            2,
            "2026-04-02",
            0,
            "已终止",
        ],
    ]
    write_text(folder / "进货订单.csv", purchases, encoding="gb18030", end="\r\n")


def jiandaoyun(folder: Path) -> None:
    """Forms that users built: workbooks, cells of an order only in its first line."""
    items = ("P-01", "P-02", "P-03", "P-04")
    names = ("绿茶", "红茶", "花茶", "茶壶")
    rows: list[list[Any]] = [
        [
            "销售单号",
            "销售日期",
            "客户名称",
            "订单状态",
            "产品编号",
            "产品名称",
            "销售数量",
            "销售单价",
            "销售金额",
        ]
    ]
    before = 0

    def line(at: date, order: int, item: int, units: int, state: str = "已完成") -> None:
        nonlocal before
        head = (
            ["", "", "", ""]
            if order == before
            else [f"SO-{order:05d}", f"{at}", f"客户{order % 9}", state]
        )
        before = order
        price = (30, 35, 28, 120)[item]
        rows.append([*head, items[item], names[item], units, price, units * price])

    for each in lines():
        line(each.day, each.order, each.item, each.units)
    line(date(2026, 3, 20), 9001, 0, 55, "已取消")
    line(date(2026, 3, 20), 9001, 1, 66, "已取消")
    write_workbook(folder / "销售订单.xlsx", rows)

    stock = [
        ["产品编号", "产品名称", "仓库", "当前库存", "安全库存", "更新时间"],
        [items[0], names[0], "主仓", 44, 10, "2026-03-20 09:00"],
        [items[0], names[0], "分仓", 11, 10, "2026-03-28 09:00"],
        [items[1], names[1], "主仓", 21, 10, "2026-03-25 09:00"],
        [items[2], names[2], "主仓", 30, 10, "2026-03-25 09:00"],
        [items[3], names[3], "主仓", 6, 2, "2026-03-25 09:00"],
    ]
    write_workbook(folder / "库存_2026-03-29.xlsx", stock)

    purchases: list[list[Any]] = [
        [
            "采购单号",
            "采购日期",
            "供应商",
            "产品编号",
            "产品名称",
            "采购数量",
            "采购单价",
            "预计到货日期",
            "到货日期",
            "到货数量",
        ]
    ]
    for number in range(4):  # took 8, 9, 8 and 9 days
        at = date(2026, 1, 20) + timedelta(days=14 * number)
        came = at + timedelta(days=8 + number % 2)
        purchases.append(
            [
                f"PO-{number + 1:03d}",
                at,
                "茶厂",
                items[0],
                names[0],
                60,
                12,
                at + timedelta(days=8),
                came,
                60,
            ]
        )
    purchases.append(
        ["PO-005", date(2026, 3, 26), "茶厂", items[0], names[0], 90, 12, date(2026, 4, 3), "", ""]
    )
    write_workbook(folder / "采购订单.xlsx", purchases)

    products = [
        ["产品编号", "产品名称", "产品分类", "供应商", "成本价", "零售价", "最小起订量"]
    ] + [
        [items[n], names[n], "茶", "茶厂", (12, 14, 11, 60)[n], (30, 35, 28, 120)[n], 30]
        for n in range(4)
    ]
    write_workbook(folder / "产品信息.xlsx", products)


def shopify(folder: Path) -> None:
    """The admin's CSV files: order cells only in the first line, a cancelled order, a refund."""
    items = ("MUG-BLUE", "MUG-RED", "CANDLE", "VASE")
    names = ("Mug - Blue", "Mug - Red", "Candle", "Vase")
    prices = (12.5, 12.5, 20, 45)
    header = [
        *("Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at"),
        *(
            "Accepts Marketing",
            "Currency",
            "Subtotal",
            "Shipping",
            "Taxes",
            "Total",
            "Discount Code",
        ),
        *("Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name"),
        *("Lineitem price", "Lineitem compare at price", "Lineitem sku"),
        *("Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status"),
        *("Billing Name", "Notes", "Cancelled at", "Payment Method", "Refunded Amount", "Vendor"),
        *("Tags", "Source", "Lineitem discount", "Location", "Id"),
    ]
    rows: list[list[Any]] = [header]

    def line(at: str, order: int, item: int, units: int, **more: str) -> None:
        first = rows[-1][0] != f"#{order}"
        cells: dict[str, Any] = {
            "Name": f"#{order}",
            "Email": f"c{order % 11}@example.com",
            "Lineitem quantity": units,
            "Lineitem name": names[item],
            "Lineitem price": f"{prices[item]:.2f}",
            "Lineitem sku": items[item],
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled",
            "Lineitem discount": "0.00",
            "Vendor": "Studio",
        }
        # Shopify repeats the date in every line, but not the status, the currency, or the source.
        cells |= {"Created at": at}
        if first:
            cells |= {
                "Financial Status": "paid",
                "Fulfillment Status": "fulfilled",
                "Accepts Marketing": "no",
                "Currency": "USD",
                "Shipping": "0.00",
                "Refunded Amount": "0.00",
                "Source": "web",
                "Id": 5_000_000_000 + order,
            } | more
        rows.append([cells.get(name) for name in header])

    for each in lines():
        line(
            f"{each.day} 10:{each.order % 60:02d}:00 -0500",
            1000 + each.order,
            each.item,
            each.units,
        )
    # cancelled with all its lines; refunded in part, which does not say what came back
    cancelled = {"Financial Status": "voided", "Cancelled at": "2026-03-20 12:00:00 -0500"}
    line("2026-03-20 11:00:00 -0500", 3001, 0, 30, **cancelled)
    line("2026-03-20 11:00:00 -0500", 3001, 2, 40, **cancelled)
    refunded = {"Financial Status": "partially_refunded", "Refunded Amount": "20.00"}
    line("2026-03-21 11:00:00 -0500", 3002, 2, 3, **refunded)
    rows.append(
        ["#3002", "c10@example.com", *[None] * 13, "2026-03-21 11:00:00 -0500", 1, "Tip", "2.00"]
    )
    rows[-1] += [None] * (len(header) - len(rows[-1]))
    write_text(folder / "orders_export.csv", rows)

    stock: list[list[Any]] = [
        [
            *(
                "Handle",
                "Title",
                "Option1 Name",
                "Option1 Value",
                "SKU",
                "HS Code",
                "COO",
                "Location",
            ),
            *("Bin name", "Incoming (not editable)", "Unavailable (not editable)"),
            *("Committed (not editable)", "Available (not editable)", "On hand (current)"),
            *("On hand (new)",),
        ]
    ]

    def place(
        handle: str, title: str, option: str, sku: str, location: str, *quantities: Any
    ) -> None:
        stock.append([handle, title, "Color", option, sku, "", "", location, "", *quantities, ""])

    place("mug", "Mug", "Blue", items[0], "Main Store", 60, 1, 2, 37, 40)
    place("mug", "Mug", "Blue", items[0], "Back Room", 0, 0, 0, 15, 15)
    place("mug", "Mug", "Red", items[1], "Main Store", 0, 0, 0, 22, 22)
    place("mug", "Mug", "Red", items[1], "Back Room", *["not stocked"] * 5)
    place("candle", "Candle", "", items[2], "Main Store", 0, 0, 0, 66, 66)
    place("vase", "Vase", "", items[3], "Main Store", 0, 0, 0, 3, 3)
    write_text(folder / "inventory_export_2026-03-29.csv", stock)

    header = [
        *("Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags"),
        *("Published", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Grams"),
        *("Variant Inventory Tracker", "Variant Inventory Policy", "Variant Price", "Image Src"),
        *("Cost per item", "Status"),
    ]
    body = '<p>A mug,\n"hand made"</p>'  # a line break and quotes inside a cell
    products = [
        header,
        [
            "mug",
            "Mug",
            body,
            "Studio",
            "",
            "Kitchen",
            "",
            "true",
            "Color",
            "Blue",
            items[0],
            300,
            "shopify",
            "deny",
            "12.50",
            "a.png",
            "4.20",
            "active",
        ],
        ["mug", *[""] * 8, "Red", items[1], 300, "shopify", "deny", "12.50", "b.png", "4.20", ""],
        ["mug", *[""] * 14, "c.png", "", ""],
        [
            "candle",
            "Candle",
            "",
            "Waxworks",
            "",
            "Home",
            "",
            "true",
            "",
            "",
            items[2],
            200,
            "shopify",
            "deny",
            "20.00",
            "",
            "7.00",
            "active",
        ],
        [
            "vase",
            "Vase",
            "",
            "Studio",
            "",
            "Home",
            "",
            "true",
            "",
            "",
            items[3],
            900,
            "shopify",
            "deny",
            "45.00",
            "",
            "18.00",
            "active",
        ],
    ]
    write_text(folder / "products_export.csv", products)


def amazon(folder: Path) -> None:
    """Tab-separated reports; cancelled orders with quantity 0 or more, inbound shipments."""
    items = ("LMP-1", "LMP-2", "BLB-9W", "FIX-A")
    header = [
        *("amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date"),
        *("order-status", "fulfillment-channel", "sales-channel", "order-channel", "url"),
        *(
            "ship-service-level",
            "product-name",
            "sku",
            "asin",
            "item-status",
            "quantity",
            "currency",
        ),
        *("item-price", "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price"),
        *("gift-wrap-tax", "item-promotion-discount", "ship-promotion-discount", "ship-city"),
        *("ship-state", "ship-postal-code", "ship-country", "promotion-ids"),
    ]
    rows: list[list[Any]] = [header]

    def line(at: date, order: int, item: int, units: int, status: str = "Shipped") -> None:
        price = "" if status == "Cancelled" else f"{units * (30, 35, 8, 15)[item]:.2f}"
        rows.append(
            [
                *(f"111-{order:07d}-1", "", f"{at}T12:00:00+00:00", f"{at}T18:00:00+00:00", status),
                *("Amazon", "Amazon.com", "", "", "Standard", f"Lamp {items[item]}", items[item]),
                *(
                    f"B0{item}",
                    status,
                    units,
                    "USD",
                    price,
                    *[""] * 7,
                    "Austin",
                    "TX",
                    "73301",
                    "US",
                ),
                "",
            ]
        )

    for each in lines():
        line(each.day, each.order, each.item, each.units)
    line(date(2026, 3, 20), 9001, 0, 0, "Cancelled")
    line(date(2026, 3, 20), 9002, 1, 9, "Cancelled")
    write_text(folder / "AllOrders.txt", rows, delimiter="\t", end="\r\n")

    header = [
        *("sku", "fnsku", "asin", "product-name", "condition", "your-price", "mfn-listing-exists"),
        *("mfn-fulfillable-quantity", "afn-listing-exists", "afn-warehouse-quantity"),
        *("afn-fulfillable-quantity", "afn-unsellable-quantity", "afn-reserved-quantity"),
        *("afn-total-quantity", "per-unit-volume", "afn-inbound-working-quantity"),
        *("afn-inbound-shipped-quantity", "afn-inbound-receiving-quantity"),
    ]
    stock = [header]
    for n, (fulfillable, unsellable, reserved, working, shipped, receiving) in enumerate(
        [(50, 2, 5, 20, 50, 10), (12, 0, 0, 0, 0, 0), (90, 0, 3, 0, 0, 0), (0, 0, 0, 0, 0, 0)]
    ):
        here = fulfillable + unsellable + reserved
        stock.append(
            [
                *(
                    items[n],
                    f"X00{n}",
                    f"B0{n}",
                    f"Lamp {items[n]}",
                    "New",
                    f"{(30, 35, 8, 15)[n]}.00",
                ),
                *("No", "", "Yes", here, fulfillable, unsellable, reserved),
                *(here + working + shipped + receiving, "0.50", working, shipped, receiving),
            ]
        )
    write_text(folder / "FBA_Inventory_2026-03-29.txt", stock, delimiter="\t", end="\r\n")


def woocommerce(folder: Path) -> None:
    """Order lines of a plugin, products of the built-in exporter: variations, unmanaged stock."""
    items = ("TEA-GREEN", "TEA-BLACK", "POT-S", "POT-L")
    names = ("Green tea", "Black tea", "Teapot - small", "Teapot - large")
    prices = (9.5, 8.5, 24, 34)
    rows: list[list[Any]] = [
        [
            *("Order Number", "Order Status", "Order Date", "Customer Note", "Email (Billing)"),
            *("Item #", "SKU", "Item Name", "Quantity", "Quantity (- Refund)", "Item Cost"),
            *("Coupon Code", "Discount Amount", "Order Total Amount"),
        ]
    ]
    before, number = 0, 0

    def line(
        at: date, order: int, item: int, units: int, kept: int, status: str = "Completed"
    ) -> None:
        nonlocal before, number
        number = number + 1 if order == before else 1
        head = [order, status, f"{at} 14:03", "", f"c{order % 8}@example.com"]
        rows.append(
            [
                *(head if number == 1 else [""] * 5),
                *(number, items[item], names[item], units, kept, prices[item], "", "", ""),
            ]
        )
        before = order

    for each in lines():
        line(each.day, 2000 + each.order, each.item, each.units, each.units)
    line(date(2026, 3, 20), 4001, 0, 10, 7)  # three of ten refunded
    line(date(2026, 3, 20), 4002, 1, 50, 50, "Cancelled")
    line(date(2026, 3, 20), 4002, 2, 50, 50, "Cancelled")
    write_text(folder / "orders-2026-03-29.csv", rows)

    header = [
        *("ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?"),
        *("Visibility in catalog", "Short description", "In stock?", "Stock", "Low stock amount"),
        *("Backorders allowed?", "Sale price", "Regular price", "Categories", "Parent"),
    ]

    def product(
        number: int,
        kind: str,
        sku: str,
        name: str,
        status: str,
        stock: str,
        price: str,
        parent: str = "",
    ) -> list[Any]:
        return [
            number,
            kind,
            sku,
            "",
            name,
            1,
            0,
            "visible",
            "",
            status,
            stock,
            "",
            0,
            "",
            price,
            "Tea",
            parent,
        ]

    products = [
        header,
        product(11, "simple", items[0], names[0], "1", "35", "9.50"),
        product(12, "simple", items[1], names[1], "1", "14", "8.50"),
        product(13, "variable", "POT", "Teapot", "1", "", ""),
        product(14, "variation", items[2], names[2], "1", "40", "24.00", "POT"),
        product(15, "variation", items[3], names[3], "backorder", "0", "34.00", "POT"),
        product(16, "grouped", "SET", "Tea set", "1", "", ""),
    ]
    write_text(folder / "wc-product-export-2026-03-29.csv", products, encoding="utf-8-sig")


def odoo(folder: Path) -> None:
    """Grouped lists: a heading row for each product, its rows indented below."""
    items = ("DESK", "CHAIR", "LAMP", "SHELF")
    names = ("Desk", "Chair", "Lamp", "Shelf")
    prices = (200, 80, 30, 120)
    header = [
        *("Product Variant", "Order Reference", "Order Date", "Qty Ordered", "Qty Delivered"),
        *("Unit of Measure", "Customer", "Warehouse", "Status", "Untaxed Total"),
    ]
    rows: list[list[Any]] = [header]
    every = list(lines())
    for n in range(4):
        own = [line for line in every if line.item == n]
        units = sum(line.units for line in own)
        label = f"[{items[n]}] {names[n]}"
        rows.append(
            [f"{label} ({len(own)})", "", "", units, units, "", "", "", "", units * prices[n]]
        )
        for line in own:
            rows.append(
                [
                    *(f"    {label}", f"S{line.order:05d}", f"{line.day} 08:30:00", line.units),
                    *(
                        line.units,
                        "Units",
                        f"Customer {line.order % 6}",
                        "My Company",
                        "Sales Order",
                    ),
                    line.units * prices[n],
                ]
            )
    rows.append(
        [
            *("    [SHELF] Shelf", "S09001", "2026-03-20 08:30:00", 50, 0, "Units", "Customer 1"),
            *("My Company", "Quotation", 6000),
        ]
    )
    write_workbook(folder / "Sales Analysis (sale.report).xlsx", rows)

    stock = [
        [
            "Product",
            "Location",
            "Lot/Serial Number",
            "Quantity",
            "Reserved Quantity",
            "Unit of Measure",
        ],
        ["[DESK] Desk (2)", "", "", 46, 4, ""],
        ["    [DESK] Desk", "WH/Stock", "L1", 35, 4, "Units"],
        ["    [DESK] Desk", "WH/Stock/Shelf 2", "L2", 11, 0, "Units"],
        ["    [DESK] Desk", "Virtual Locations/Inventory adjustment", "", -46, 0, "Units"],
        ["    [CHAIR] Chair", "WH/Stock", "", 19, 0, "Units"],
        ["    [LAMP] Lamp", "WH/Stock", "", 70, 0, "Units"],
        ["    [SHELF] Shelf", "WH/Stock", "", 3, 0, "Units"],
    ]
    write_workbook(folder / "Quants (stock.quant) 2026-03-29.xlsx", stock)

    purchases = [
        [
            *(
                "Order Reference",
                "Vendor",
                "Product",
                "Order Deadline",
                "Expected Arrival",
                "Quantity",
            ),
            *("Received Qty", "Unit Price", "Status"),
        ],
        [
            "P00001",
            "Wood Corner",
            "[DESK] Desk",
            "2026-03-10 10:00:00",
            "2026-04-01 12:00:00",
            "60.0",
            "15.0",
            "90.0",
            "Purchase Order",
        ],
        [
            "P00002",
            "Wood Corner",
            "[CHAIR] Chair",
            "2026-03-20 10:00:00",
            "2026-04-03 12:00:00",
            "30.0",
            "0.0",
            "40.0",
            "RFQ",
        ],
    ]
    write_text(folder / "Purchase Order Line (purchase.order.line).csv", purchases)

    products = [
        [
            "Internal Reference",
            "Name",
            "Product Category",
            "Cost",
            "Sales Price",
            "Vendors/Vendor",
            "Vendors/Delivery Lead Time",
        ]
    ] + [
        [
            items[n],
            names[n],
            "Furniture",
            f"{(90, 40, 12, 55)[n]}.0",
            f"{prices[n]}.0",
            "Wood Corner",
            14,
        ]
        for n in range(4)
    ]
    write_text(folder / "Product (product.template).csv", products)


def erpnext(folder: Path) -> None:
    """Query reports: the opening row, negative Out Qty, Voucher # twice, a total row."""
    items = ("WID-1", "WID-2", "GAD-1", "GAD-2")
    names = ("Widget", "Wide widget", "Gadget", "Grand gadget")
    ledger: list[list[Any]] = [
        [
            *(
                "Date",
                "Item",
                "Item Name",
                "Stock UOM",
                "In Qty",
                "Out Qty",
                "Balance Qty",
                "Voucher #",
            ),
            *("Warehouse", "Item Group", "Valuation Rate", "Voucher Type", "Voucher #", "Company"),
        ],
        ["", "'Opening'", "", "", "", "", 400, "", "", "", "", "", "", ""],
    ]
    register: list[list[Any]] = [
        [
            *("Item Code", "Item Name", "Item Group", "Description", "Invoice", "Posting Date"),
            *("Customer Group", "Customer", "Customer Name", "Company", "Stock Qty", "Stock UOM"),
            *("Rate", "Amount"),
        ]
    ]
    balance = [400, 250, 600, 120]

    def move(
        at: date, item: int, units: int, kind: str, voucher: str, place: str = "Stores - C"
    ) -> None:
        balance[item] += units
        ledger.append(
            [
                *(f"{at} 10:15:00", items[item], names[item], "Nos", max(units, 0), min(units, 0)),
                *(balance[item], voucher, place, "Products", 10, kind, voucher, "C"),
            ]
        )

    def invoice(at: date, number: int, item: int, units: int) -> None:
        rate = (15, 18, 30, 90)[item]
        register.append(
            [
                *(items[item], names[item], "Products", "", f"SINV-{number:05d}", at, "Retail"),
                *(f"CUST-{number % 6}", "Customer", "C", units, "Nos", rate, units * rate),
            ]
        )

    for line in lines():
        move(line.day, line.item, -line.units, "Delivery Note", f"DN-{line.order:05d}")
        invoice(line.day, line.order, line.item, line.units)
    late = date(2026, 3, 20)
    move(late, 0, 50, "Purchase Receipt", "PR-00001")
    move(late, 1, 2, "Delivery Note", "DN-09001")  # a return
    invoice(late, 9001, 1, -2)
    move(late, 2, -30, "Stock Entry", "SE-00001")
    move(late, 2, 30, "Stock Entry", "SE-00001", "Shop - C")
    register.append(["Total", *[""] * 9, sum(row[10] for row in register[1:]), "", "", ""])
    write_text(folder / "Stock Ledger.csv", ledger)
    write_text(folder / "Item-wise Sales Register.csv", register)

    stock = [
        [
            *("Item", "Item Name", "Item Group", "Warehouse", "Stock UOM", "Balance Qty"),
            *(
                "Balance Value",
                "Opening Qty",
                "In Qty",
                "Out Qty",
                "Valuation Rate",
                "Reserved Stock",
            ),
            "Company",
        ],
        *(
            [
                items[n],
                names[n],
                "Products",
                "Stores - C",
                "Nos",
                balance[n] - (30 if n == 2 else 0),
                0,
                0,
                0,
                0,
                10,
                (7, 0, 0, 0)[n],
                "C",
            ]
            for n in range(4)
        ),
        [items[2], names[2], "Products", "Shop - C", "Nos", 30, 0, 0, 0, 0, 10, 0, "C"],
        ["Total", "", "", "", "", sum(balance), 0, 0, 0, 0, "", 7, ""],
    ]
    write_workbook(folder / "Stock Balance 2026-03-29.xlsx", stock)

    purchases = [
        [
            *("Date", "Required By", "Purchase Order", "Status", "Supplier", "Item Code", "Qty"),
            *(
                "Received Qty",
                "Pending Qty",
                "Billed Qty",
                "Qty to Bill",
                "Amount",
                "Billed Amount",
            ),
            *("Pending Amount", "Received Qty Amount", "Warehouse", "Company"),
        ],
        [
            "2026-03-12",
            "2026-04-02",
            "PUR-00001",
            "To Receive and Bill",
            "Widget Works",
            items[0],
            80,
            50,
            30,
            0,
            80,
            800,
            0,
            800,
            500,
            "Stores - C",
            "C",
        ],
    ]
    write_text(folder / "Purchase Order Analysis.csv", purchases)

    master = [
        [
            "ID",
            "Item Name",
            "Item Group",
            "Default Unit of Measure",
            "Valuation Rate",
            "Standard Selling Rate",
            "Lead Time in days",
            "Minimum Order Qty",
            "End of Life",
        ]
    ] + [
        [items[n], names[n], "Products", "Nos", 10, (15, 18, 30, 90)[n], 14, 20, "2099-12-31"]
        for n in range(4)
    ]
    write_text(folder / "Item.csv", master)


def square(folder: Path) -> None:
    """Item sales of two locations with money as text, refunds; a catalogue with columns of places."""
    items = ("BEAN-1", "BEAN-2", "CUP-S", "GRIND")
    names = ("House beans", "Dark beans", "Small cup", "Grinder")
    prices = (8, 9, 12, 49)
    rows: list[list[Any]] = [
        [
            *("Date", "Time", "Time Zone", "Category", "Item", "Qty", "Price Point Name", "SKU"),
            *(
                "Modifiers Applied",
                "Gross Sales",
                "Discounts",
                "Net Sales",
                "Tax",
                "Transaction ID",
            ),
            *("Payment ID", "Device Name", "Notes", "Details", "Event Type", "Location"),
            *("Dining Option", "Customer ID", "Customer Name", "Customer Reference ID"),
        ]
    ]

    def money(value: float) -> str:
        return f"(${-value:,.2f})" if value < 0 else f"${value:,.2f}"

    def line(at: date, number: int, item: int, units: int, event: str = "Payment") -> None:
        gross = money(units * prices[item])
        place = ("Main Street", "Harbour")[item // 2]
        rows.append(
            [
                *(at, "10:15:00", "Eastern Time (US & Canada)", "Shop", names[item], f"{units}.0"),
                *("Regular", items[item], "", gross, "$0.00", gross, "$0.00", f"T{number}"),
                *(f"P{number}", "iPad", "", "", event, place, "", f"C{number % 5}", "", ""),
            ]
        )

    for each in lines():
        line(each.day, each.order, each.item, each.units)
    line(date(2026, 3, 20), 9001, 0, -3, "Refund")
    rows.append(
        [
            *(date(2026, 3, 20), "11:00:00", "Eastern Time (US & Canada)", "None", "Custom Amount"),
            *(
                "1.0",
                "",
                "",
                "",
                "$5.00",
                "$0.00",
                "$5.00",
                "$0.00",
                "T9002",
                "P9002",
                "iPad",
                "",
                "",
            ),
            *("Payment", "Harbour", "", "", "", ""),
        ]
    )
    write_text(folder / "items-2026-01-19-2026-03-30.csv", rows)

    catalog = [
        [
            *("Token", "Item Name", "Variation Name", "SKU", "Description", "Category", "Price"),
            *("Default Unit Cost", "Current Quantity Main Street", "New Quantity Main Street"),
            *("Stock Alert Enabled Main Street", "Stock Alert Count Main Street"),
            *("Current Quantity Harbour", "New Quantity Harbour", "Stock Alert Enabled Harbour"),
            "Stock Alert Count Harbour",
        ],
        [
            "K1",
            names[0],
            "Regular",
            items[0],
            "",
            "Coffee",
            "8.00",
            "3.50",
            42,
            "",
            "Y",
            5,
            "",
            "",
            "N",
            "",
        ],
        [
            "K2",
            names[1],
            "Regular",
            items[1],
            "",
            "Coffee",
            "9.00",
            "4.00",
            13,
            "",
            "N",
            "",
            "",
            "",
            "N",
            "",
        ],
        [
            "K3",
            names[2],
            "Regular",
            items[2],
            "",
            "Cups",
            "12.00",
            "5.00",
            "",
            "",
            "N",
            "",
            77,
            "",
            "N",
            "",
        ],
        [
            "K4",
            names[3],
            "Regular",
            items[3],
            "",
            "Gear",
            "49.00",
            "25.00",
            "",
            "",
            "N",
            "",
            4,
            "",
            "N",
            "",
        ],
        [
            "K5",
            "Voucher",
            "Regular",
            "",
            "",
            "Cards",
            "variable",
            "",
            1,
            "",
            "N",
            "",
            "",
            "",
            "N",
            "",
        ],
    ]
    write_text(folder / "catalog-2026-03-29-1200.csv", catalog)


def lightspeed(folder: Path) -> None:
    """Receipts with a line for the sale, one for each item, one for the payment; outlets as columns."""
    items = ("WINE-R", "WINE-W", "CORK", "GLASS")
    names = ("Red wine", "White wine", "Corkscrew", "Glass")
    prices = (12, 11, 6, 4)
    header = [
        *(
            "Date",
            "Receipt Number",
            "Line Type",
            "Customer Code",
            "Customer Name",
            "Note",
            "Quantity",
        ),
        *("Subtotal", "Sales Tax", "Discount", "Loyalty", "Total", "Paid", "Details", "Register"),
        *("User", "Status", "Sku", "AccountCodeSale", "AccountCodePurchase"),
    ]
    rows: list[list[Any]] = [header]

    def receipt(
        at: date, number: int, bought: Sequence[tuple[int, int]], status: str = "CLOSED"
    ) -> None:
        units = sum(count for _, count in bought)
        value = sum(count * prices[item] for item, count in bought)
        who = [f"{at} 10:00:00", number]
        customer = [f"CUST-{number % 7}", "", ""]
        tail = ["Main Register", "Kim"]
        rows.append(
            [
                *who,
                "Sale",
                *customer,
                units,
                value,
                0,
                0,
                0,
                value,
                value,
                "",
                *tail,
                status,
                "",
                "",
                "",
            ]
        )
        for item, count in bought:
            line = count * prices[item]
            rows.append(
                [
                    *who,
                    "Sale Line",
                    *customer,
                    count,
                    line,
                    0,
                    0,
                    0,
                    line,
                    "",
                    names[item],
                    *tail,
                    "",
                    items[item],
                    200,
                    300,
                ]
            )
        rows.append([*who, "Payment", *customer, *[""] * 6, value, "Cash", *tail, "", "", "", ""])

    every = list(lines())
    for number in range(1, every[-1].order + 1):
        own = [line for line in every if line.order == number]
        receipt(own[0].day, number, [(line.item, line.units) for line in own])
    receipt(date(2026, 3, 20), 9001, [(1, -2)])  # a return
    receipt(date(2026, 3, 20), 9002, [(0, 24)], "VOIDED")
    write_text(folder / "sales-history.csv", rows)

    products = [
        [
            *("id", "handle", "sku", "name", "product_category", "supply_price", "retail_price"),
            *("brand_name", "supplier_name", "supplier_code", "active", "track_inventory"),
            *("inventory_Main_Outlet", "reorder_point_Main_Outlet", "restock_level_Main_Outlet"),
            *(
                "inventory_Market_Square",
                "reorder_point_Market_Square",
                "restock_level_Market_Square",
            ),
        ],
        [
            1,
            "red",
            items[0],
            names[0],
            "Wine",
            "5.50",
            "12.00",
            "Hill",
            "Cellars",
            "R1",
            1,
            1,
            36,
            6,
            24,
            12,
            6,
            12,
        ],
        [
            2,
            "white",
            items[1],
            names[1],
            "Wine",
            "5.00",
            "11.00",
            "Hill",
            "Cellars",
            "W1",
            1,
            1,
            18,
            6,
            24,
            "",
            "",
            "",
        ],
        [
            3,
            "cork",
            items[2],
            names[2],
            "Tools",
            "2.00",
            "6.00",
            "",
            "Tools Ltd",
            "C1",
            1,
            1,
            70,
            0,
            0,
            5,
            0,
            0,
        ],
        [
            4,
            "glass",
            items[3],
            names[3],
            "Tools",
            "1.20",
            "4.00",
            "",
            "Tools Ltd",
            "G1",
            1,
            1,
            8,
            0,
            0,
            0,
            0,
            0,
        ],
        [
            5,
            "tasting",
            "TASTE",
            "Tasting",
            "Events",
            "0",
            "20.00",
            "",
            "",
            "",
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ],
    ]
    write_text(folder / "product-export-2026-03-29.csv", products)


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
