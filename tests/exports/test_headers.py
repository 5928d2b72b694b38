"""The header is found below titles and in two rows, and a good first row is never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.config import Source
from stockout.errors import InputError
from stockout.exports.formats.files import ExportFile
from stockout.exports.formats.headers import find_header, header_at, is_total
from stockout.exports.formats.opening import open_exports
from stockout.exports.mapping import known_names
from stockout.exports.names import plain_name

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.exports.formats.export import Export

KNOWN = known_names()
NAMES = [
    "Date",
    "SKU",
    "Store",
    "Qty",
    "Net Sales",
    "商品编号",
    "仓库名称",
    "数量",
    "单据日期",
    "Material",
]


def opened(path: Path, scratch: Path, **told: object) -> Export:
    scratch.mkdir(exist_ok=True)
    source = Source.model_validate({"path": str(path), **told})
    exports = open_exports([ExportFile(path)], "csv", source, scratch)
    assert len(exports) == 1
    return exports[0]


class TestFindHeader:
    """Which of the first rows it is."""

    @pytest.mark.parametrize(
        ("rows", "row", "titles"),
        [
            # SAP, with a blank first column
            (
                [["", "Stock Overview"], [], ["", "Material", "Plnt", "SLoc", "Unrestricted"]],
                2,
                ("Stock Overview",),
            ),
            # 管家婆: titles of one and two cells, then the header
            (
                [
                    ["库存状况表", "", "", ""],
                    ["仓库全名：", "全部仓库", "", ""],
                    ["截止日期：2026-06-30", "", "", "打印人：张三"],
                    [],
                    ["商品编号", "商品全名", "单位", "库存数量"],
                    ["001", "茶", "个", "5"],
                ],
                4,
                ("库存状况表", "仓库全名： 全部仓库", "截止日期：2026-06-30 打印人：张三"),
            ),
            # known words in a title
            (
                [["Date", "2026-06-30"], ["Store", "All"], ["SKU", "Qty", "Price"]],
                2,
                ("Date 2026-06-30", "Store All"),
            ),
            # no known name at all: below one or two cells
            (
                [["Bericht"], ["Ding", "Ort", "Stück"], ["a", "b", "1"], ["a", "b", "1"]],
                1,
                ("Bericht",),
            ),
        ],
    )
    def test_below_titles(self, rows: list[list[str]], row: int, titles: tuple[str, ...]) -> None:
        place = find_header(rows, KNOWN)
        assert place is not None
        assert (place.row, place.rows, place.names, place.titles) == (
            *(row, 1),
            *(tuple(rows[row]), titles),
        )

    @pytest.mark.parametrize(
        "rows",
        [
            # words of a header among the data
            [["date", "name", "kind"], ["2026-01-05", "Holiday", "Event"], ["x", "Sale", "Type"]],
            [["location", "kind"], ["Store", "Warehouse"], ["Depot", "Type"]],
            [["sku"], ["00123"], ["Product"]],
            # unknown names, and rows that are too long
            [["when", "what"], ["2026-01-05", "7", "1"], ["2026-01-06", "7", "1"]],
            [
                ["ding", "ort", "stück", "art"],
                ["Material", "7", "1", "x"],
                ["Store", "Item", "a", "b"],
            ],
            # a gap in the header, and words below it
            [["Product", "", "Category"], ["Tea", "x", "Hot"]],
            [["sku", "", "units"], ["7", "web", "1"]],
        ],
    )
    def test_first_row(self, rows: list[list[str]]) -> None:
        place = find_header(rows, KNOWN)
        assert place is not None
        assert (place.row, place.rows, place.names, place.titles) == (0, 1, tuple(rows[0]), ())

    def test_blank_rows_only(self) -> None:
        assert find_header([[], ["", " "]], KNOWN) is None

    @pytest.mark.parametrize(
        ("upper", "lower", "names"),
        [
            (
                ["商品编号", "商品全名", "期初", "", "本期入库", "", "期末", ""],
                ["", "", "数量", "金额", "数量", "金额", "数量", "金额"],
                "商品编号|商品全名|期初 数量|期初 金额|本期入库 数量|本期入库 金额"
                "|期末 数量|期末 金额",
            ),
            # every column in a group
            (
                ["Item", "", "Stock", ""],
                ["SKU", "Name", "Qty", "Qty"],
                "Item SKU|Item Name|Stock Qty|Stock Qty",
            ),
            # a group of one column; a name over both rows after a group ends it
            (
                ["SKU", "In", "", "Store", "Out"],
                ["", "Qty", "Amount", "", "Qty"],
                "SKU|In Qty|In Amount|Store|Out Qty",
            ),
        ],
    )
    def test_two_rows(self, upper: list[str], lower: list[str], names: str) -> None:
        for titles in ([], [["Report"], []]):
            rows = [*titles, upper, lower, ["1"] * len(lower)]
            place = find_header(rows, KNOWN)
            assert place is not None
            assert (place.row, place.rows) == (len(titles) + 1, 2)
            assert "|".join(place.names) == names
            assert place.titles == (("Report",) if titles else ())
            assert header_at(rows, len(titles) + 1) == place

    def test_told_row_below_a_title_is_one_row(self) -> None:
        rows = [["Report", "", "2026"], ["a", "b", "c"]]
        assert header_at(rows, 1).names == ("a", "b", "c")
        assert header_at(rows, 1).titles == ("Report 2026",)

    @given(
        titles=st.lists(
            st.lists(st.text(st.characters(categories=["L", "N"]), max_size=9), max_size=2),
            max_size=6,
        ),
        names=st.lists(st.sampled_from(NAMES), min_size=3, unique=True),
        data=st.data(),
    )
    def test_any_titles_above_known_names(
        self, titles: list[list[str]], names: list[str], data: st.DataObject
    ) -> None:
        cells = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,2})?|2026-0[1-9]-[12][0-9]|", fullmatch=True)
        row = st.lists(cells, min_size=len(names), max_size=len(names))
        rows = [*titles, names, *data.draw(st.lists(row, max_size=6))]
        place = find_header(rows, KNOWN)
        assert place is not None
        assert (place.row, place.rows, place.names) == (len(titles), 1, tuple(names))
        assert place.titles == tuple(
            " ".join(cell for cell in title if cell) for title in titles if any(title)
        )

    @given(
        names=st.lists(st.sampled_from(NAMES), min_size=2, unique=True),
        rows=st.lists(st.lists(st.text(max_size=6), max_size=9), max_size=8),
    )
    def test_a_first_row_of_known_names_is_the_header(
        self, names: list[str], rows: list[list[str]]
    ) -> None:
        rows = [row[: len(names)] for row in rows]  # a wider one may be a second row of names
        place = find_header([names, *rows], KNOWN)
        assert place is not None
        known = [[cell for cell in row if plain_name(cell) in KNOWN] for row in rows]
        if not any(len(row) > 1 for row in known):
            assert (place.row, place.rows, place.names) == (0, 1, tuple(names))

    @given(st.lists(st.lists(st.text(max_size=4), max_size=5), max_size=6))
    def test_any_rows(self, rows: list[list[str]]) -> None:
        place = find_header(rows, KNOWN)
        if place is None:
            assert not any(cell.strip() for row in rows for cell in row)
        else:
            assert any(place.names)
            assert place.rows in (1, 2)


class TestTotals:
    """Rows that add up others."""

    @pytest.mark.parametrize(
        "word",
        [
            *("合计", "总计：", "小计", "共计", "合　计", " 合 计 ", "本页合计", "合計"),
            *("Total", "TOTAL:", "Grand Total", "Sub-total", "Subtotals", "Total general"),
            *("Summe", "Gesamtsumme", "Gesamt", "Ergebnis", "Zwischensumme", "*", "**", "* Total"),
        ],
    )
    def test_words(self, word: str) -> None:
        frame = pl.DataFrame({"a": [word, None, "", "7"], "b": ["7", word, f" {word}", word]})
        assert frame.select(is_total(["a", "b"])).to_series().to_list() == [True, True, True, False]

    @pytest.mark.parametrize(
        "word",
        [
            "Total 500ml",
            "合计器",
            "Totally",
            "Summer",
            "Subtotal tea",
            "小计算器",
            "Gesamtwerk",
            "5*",
        ],
    )
    def test_names_that_contain_such_a_word(self, word: str) -> None:
        frame = pl.DataFrame({"a": [word]})
        assert not frame.select(is_total(["a"])).item()

    def test_no_text_columns(self) -> None:
        assert not pl.select(is_total([])).item()


class TestCsv:
    """Headers of files."""

    def test_titles_with_quotes_in_them(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text('The 5" list\nof "Tea", and more\n\nSKU,Name,Qty\n1,"a\nb",2\n2,c,3\n')
        export = opened(path, tmp_path / "x")
        assert export.scan().collect().rows() == [("1", "a\nb", "2"), ("2", "c", "3")]
        assert export.titles == ('The 5" list', 'of "Tea" and more')
        assert export.header_row == 4
        assert export.row_numbers(export.files[0], pl.Series([1, 0, 1])).to_list() == [7, 5, 7]
        assert list(export.short_rows(export.files[0])) == []

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_short_rows_below_titles(self, tmp_path: Path, ending: str) -> None:
        path = tmp_path / "a.csv"
        lines = ["Stock, list", "", "SKU,Name,Qty", "1,b,2", "2,c", "", "3,d,1"]
        path.write_text(ending.join(lines), newline="")
        export = opened(path, tmp_path / "x")
        short = list(export.short_rows(export.files[0]))
        assert [(index, fault.row) for index, fault in short] == [(1, 5)]

    def test_copy_that_is_well_formed_keeps_the_rows(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text('Stock list\n\nSKU,Name,Qty\n1,5" pipe,2\n2,"8"" x",3\n3,y,4\n')
        export = opened(path, tmp_path / "x")
        with pytest.raises(pl.exceptions.PolarsError) as caught:
            export.scan().collect()
        assert export.explain(caught.value, export.files[0]) is None
        rows = export.scan().collect().rows()
        assert rows == [("1", '5" pipe', "2"), ("2", '8" x', "3"), ("3", "y", "4")]
        assert export.row_number(export.files[0], 2) == 6

    def test_told_row(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text('SKU,Qty,Name\n\n"a\nb",c,d\n1,2,3\n')
        assert list(opened(path, tmp_path / "x").header) == ["SKU", "Qty", "Name"]
        export = opened(path, tmp_path / "x", header_row=3)
        assert (list(export.header), export.header_row) == (["a\nb", "c", "d"], 3)
        assert export.titles == ("SKU Qty Name",)
        assert export.scan().collect().rows() == [("1", "2", "3")]
        assert export.row_number(export.files[0], 0) == 5
        for row in (2, 4, 9):
            with pytest.raises(InputError) as caught:
                opened(path, tmp_path / "x", header_row=row)
            assert str(caught.value) == (
                f"{path}:{row}: no header on this row\nhint: correct header_row = {row}"
            )

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiter_below_titles_that_have_others(self, tmp_path: Path, delimiter: str) -> None:
        path = tmp_path / "a.csv"
        rows = [["SKU", "Name", "Qty"], ["1", "a", "2"], ["2", "b", "3"]]
        text = "Stock; as of 30,06,2026 | all\n\n" + "\n".join(map(delimiter.join, rows))
        path.write_text(text)
        export = opened(path, tmp_path / "x")
        assert list(export.header) == rows[0]
        assert [list(row) for row in export.scan().collect().rows()] == rows[1:]

    def test_delimiter_below_titles_without_known_names(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("Bericht\n\nDing;Ort;Stück\na;b;1,5\na;b;2,5\n")
        assert list(opened(path, tmp_path / "x").header) == ["Ding", "Ort", "Stück"]

    def test_told_columns_count_as_known(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("Bericht;x;y\nMonat;Juni;z;\nDing;Ort;Zahl;Wert\na;b;1;2\n")
        told = {"sku": "Ding", "units": "Zahl"}
        assert list(opened(path, tmp_path / "x", columns=told).header) == [
            *("Ding", "Ort", "Zahl", "Wert")
        ]

    def test_files_with_other_titles_are_exports_of_their_own(self, tmp_path: Path) -> None:
        for day in ("29", "30"):
            (tmp_path / f"{day}.csv").write_text(f"As of 2026-06-{day}\nSKU,Name,Qty\n1,a,2\n")
        scratch = tmp_path / "x"
        scratch.mkdir()
        files = [ExportFile(tmp_path / f"{day}.csv") for day in ("29", "30")]
        exports = open_exports(files, "csv", Source(path="x"), scratch)
        assert [export.titles for export in exports] == [
            ("As of 2026-06-29",),
            ("As of 2026-06-30",),
        ]

    def test_nothing_below_the_header(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        for end in ("", "\n", "\n\n"):
            path.write_text("Stock list\nSKU,Name,Qty" + end)
            assert opened(path, tmp_path / "x").scan().collect().is_empty()


SAP = """\
30.06.2026             Dynamic "List" Display | 1

-------------------------------------------------------------
|Material|Material Description|Plnt|SLoc|Unrestricted|BUn|
-------------------------------------------------------------
|10001   |5" pipe, long       |1000|0001|    1.234,00|EA |
|10002   |Mull                |1000|0001|       34,00|EA |
-------------------------------------------------------------
30.06.2026             Dynamic "List" Display   2
-------------------------------------------------------------
|Material|Material Description|Plnt|SLoc|Unrestricted|BUn|
-------------------------------------------------------------
|10003   |-                   |1000|0001|       34,00|EA |
|10004   |too | many          |1000|0001|       34,00|EA |
-------------------------------------------------------------
|*       |                    |    |    |    1.302,00|EA |
-------------------------------------------------------------
"""


class TestPrintedList:
    """Lists that SAP saved "unconverted"."""

    @pytest.mark.parametrize("ending", ["\n", "\r\n"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
    def test_rows_and_their_numbers(self, tmp_path: Path, ending: str, encoding: str) -> None:
        path = tmp_path / "a.txt"
        text = SAP.replace("|10004   |too | many          |1000|0001|       34,00|EA |\n", "\n")
        path.write_bytes(text.replace("Mull", "Müll").replace("\n", ending).encode(encoding))
        told = {"encoding": "cp1252"} if encoding == "cp1252" else {}
        export = opened(path, tmp_path / "x", **told)
        rows = export.scan().collect().with_row_index()
        rows = rows.filter(pl.any_horizontal(pl.col("*").exclude("index").is_not_null()))
        assert rows.select(pl.col("Material", "Material Description").str.strip_chars()).rows() == [
            *(("10001", '5" pipe, long'), ("10002", "Müll"), ("10003", "-"), ("*", ""))
        ]
        assert rows["Unrestricted"].str.strip_chars()[0] == "1.234,00"
        numbers = export.row_numbers(export.files[0], rows["index"])
        assert numbers.to_list() == [6, 7, 13, 16]
        assert (export.header_row, export.titles[0][:10]) == (4, "30.06.2026")
        assert export.files[0].name == str(path)

    def test_row_with_another_bar_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text(SAP)
        export = opened(path, tmp_path / "x")
        with pytest.raises(pl.exceptions.PolarsError) as caught:
            export.scan().collect()
        fault = export.explain(caught.value, export.files[0])
        assert str(fault).startswith(
            f"{path}:14: the row has too many cells: found '7', expected 6"
        )

    def test_bars_without_rules_are_cells(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("|SKU|Qty|Name|\n|1|2|3|\n")
        assert list(opened(path, tmp_path / "x").header) == ["", "SKU", "Qty", "Name", ""]
