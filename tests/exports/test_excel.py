"""Workbooks: the right sheet, the header, every cell as what it is, or an error."""

from __future__ import annotations

import importlib.util
import os
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockout.config import Source
from stockout.errors import ConfigError, InputError, StockoutError
from stockout.exports.formats import workbook_process
from stockout.exports.formats.excel import sheet_names
from stockout.exports.formats.files import ExportFile, find_files
from stockout.exports.formats.opening import open_exports
from stockout.exports.read import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.exports.formats.export import Export

WORKBOOKS = Path(__file__).parent / "workbooks"
HEAD = ["date", "sku", "units"]
DAY = date(2026, 1, 5)

# A few processes are started, one for each example.
few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)


class Failed(str):
    """The error that a formula shows."""

    __slots__ = ()


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_process, "MEMORY_BYTES", 4 << 30)


def book(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    workbook = xlsxwriter.Workbook(str(path))
    days = workbook.add_format({"num_format": "yyyy-mm-dd"})
    times = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, Failed):
                    sheet.write_formula(row, column, "=1/0", None, str(cell))
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(row, column, cell, times)
                elif isinstance(cell, date | time):
                    sheet.write_datetime(row, column, cell, days)
                elif cell is not None:
                    sheet.write(row, column, cell)
    workbook.close()
    return path


def opened(path: Path, **told: object) -> Export:
    scratch = path.parent / f"scratch-{len(list(path.parent.iterdir()))}"
    scratch.mkdir()
    source = Source.model_validate({"path": str(path), **told})
    exports = open_exports([ExportFile(path)], "excel", source, scratch)
    assert len(exports) == 1
    return exports[0]


def column(tmp_path: Path, name: str, cells: Sequence[object], **told: object) -> pl.Series:
    path = book(tmp_path / "a.xlsx", S=[["date", name], *([DAY, cell] for cell in cells)])
    return opened(path, **told).scan().collect()[name]


def fault(path: Path, **told: object) -> str:
    with pytest.raises(InputError) as caught:
        opened(path, **told)
    assert caught.value.file == str(path)
    return str(caught.value).removeprefix(f"{path}")


class TestCells:
    """What a cell holds is what is read."""

    @pytest.mark.parametrize(
        ("cells", "dtype", "values"),
        [
            ([1, 2.5, None], pl.Float64(), [1.0, 2.5, None]),
            ([6901234567890, 0.1 + 0.2], pl.Float64(), [6901234567890.0, 0.3]),
            ([True, False], pl.Boolean(), [True, False]),
            ([DAY, date(2026, 2, 1)], pl.Date(), [DAY, date(2026, 2, 1)]),
            (
                [DAY, datetime(2026, 1, 5, 23, 59, 59)],  # noqa: DTZ001
                pl.Datetime("ms"),
                [datetime(2026, 1, 5), datetime(2026, 1, 5, 23, 59, 59)],  # noqa: DTZ001
            ),
            (["1.5", "007"], pl.String(), ["1.5", "007"]),
            (["n/a", "NA", "null"], pl.String(), ["n/a", "NA", "null"]),
            ([None, None], pl.String(), [None, None]),
            ([1, " ", 2], pl.Float64(), [1, None, 2]),
            # mixed: text, in which numbers are sure to be read as they are
            (["n/a", 1.25, 7, -0.5], pl.String(), ["n/a", "125e-2", "7", "-05e-1"]),
            (["1.234", 1.234], pl.String(), ["1.234", "1234e-3"]),
            (
                ["2026-01-05", DAY, datetime(2026, 1, 5, 10, 30)],  # noqa: DTZ001
                pl.String(),
                ["2026-01-05", "2026-01-05", "2026-01-05 10:30:00"],
            ),
            (["yes", True], pl.String(), ["yes", "true"]),
            ([True, 1], pl.String(), ["true", "1"]),
            # formulas that failed: no value where that is meant, else what the cell shows
            ([1, Failed("#N/A"), 2], pl.Float64(), [1, None, 2]),
            ([DAY, Failed("#N/A")], pl.Date(), [DAY, None]),
            ([1.5, Failed("#DIV/0!")], pl.String(), ["15e-1", "#DIV/0!"]),
            (["a", Failed("#N/A"), Failed("#REF!")], pl.String(), ["a", "#N/A", "#REF!"]),
            ([Failed("#VALUE!")], pl.String(), ["#VALUE!"]),
        ],
    )
    def test_columns(
        self, tmp_path: Path, cells: list[object], dtype: pl.DataType, values: list[object]
    ) -> None:
        read = column(tmp_path, "x", cells)
        assert read.dtype == dtype
        assert read.to_list() == values

    def test_codes_stay_as_they_are(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        cells = ["00123", 123, 12.5, Failed("#REF!")]
        for name, told in (("SKU", {}), ("商品编号", {}), ("mine", {"columns": {"sku": "mine"}})):
            caplog.clear()
            read = column(tmp_path, name, cells, **told)
            assert read.to_list() == ["00123", "123", "12.5", None]
            assert caplog.messages == [
                f"{tmp_path / 'a.xlsx'}: 1 cells of column {name!r} hold an error, such as #REF!, "
                "and count as empty"
            ]

    def test_numbers_among_texts_are_read_as_numbers(self, tmp_path: Path) -> None:
        rows = [[DAY, "7", 1.234, "n/a"], [DAY, "8", 2.5, 0.125], [DAY, 9, 1000, "-"]]
        path = book(tmp_path / "a.xlsx", S=[[*HEAD, "revenue"], *rows])
        for decimal in (None, ".", ","):
            frame = read_table("sales", Source(path=str(path), decimal=decimal))
            assert frame["units"].to_list() == [1.234, 2.5, 1000.0]
            assert frame["revenue"].to_list() == [None, 0.125, None]
            assert frame["sku"].to_list() == ["7", "8", "9"]

    def test_a_failed_formula_is_a_fault_of_its_row(self, tmp_path: Path) -> None:
        rows: list[list[object]] = [
            ["Sales"],
            [],
            [*HEAD],
            [DAY, "7", 1],
            [],
            [DAY, "8", Failed("#DIV/0!")],
        ]
        path = book(tmp_path / "a.xlsx", S=rows)
        with pytest.raises(InputError, match=r"a\.xlsx:6:units: not a number: found '#DIV/0!'"):
            read_table("sales", Source(path=str(path)))
        path = book(tmp_path / "b.xlsx", S=[HEAD, [DAY, Failed("#REF!"), 1]])
        with pytest.raises(InputError, match=r"b\.xlsx:2:sku: no value"):
            read_table("sales", Source(path=str(path)))


class TestSheets:
    """Which sheet is read."""

    TABLE = (HEAD, [DAY, "7", 1])
    NOTES = (["How to read this"], ["ask", "Mr Li"])

    def test_the_only_one_with_something_in_it(self, tmp_path: Path) -> None:
        path = book(tmp_path / "a.xlsx", Empty=[], Blank=[[" "]], Data=self.TABLE)
        assert opened(path).scan().collect().height == 1
        assert sheet_names(path) == ["Data"]

    def test_the_one_with_known_names(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = book(tmp_path / "a.xlsx", Notes=self.NOTES, Data=self.TABLE)
        with caplog.at_level("INFO"):
            assert list(opened(path).header) == HEAD
        assert f"{path}: sheet 'Data', by its header" in caplog.messages
        assert sheet_names(path) == ["Notes", "Data"]

    def test_not_a_hidden_one(self, tmp_path: Path) -> None:
        workbook = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
        for name, text in (("Shown", "date"), ("Hidden", "sku")):
            sheet = workbook.add_worksheet(name)
            sheet.write_string(0, 0, text)
            if name == "Hidden":
                sheet.hide()
        workbook.close()
        assert list(opened(tmp_path / "a.xlsx").header) == ["date"]
        assert list(opened(tmp_path / "a.xlsx", sheet="Hidden").header) == ["sku"]

    def test_the_told_one(self, tmp_path: Path) -> None:
        path = book(tmp_path / "a.xlsx", Jan=self.TABLE, Feb=[["a", "b"]])
        for told in ("Feb", " feb ", 2):
            assert list(opened(path, sheet=told).header) == ["a", "b"]
        assert fault(path, sheet="Mar") == (
            ": no such sheet: found 'Mar', expected one of 'Jan', 'Feb', or a number from 1 to 2\n"
            'hint: say sheet = "Jan"'
        )
        assert "found '3'" in fault(path, sheet=3)

    def test_several_that_fit(self, tmp_path: Path) -> None:
        path = book(tmp_path / "a.xlsx", Jan=self.TABLE, Feb=self.TABLE, Notes=self.NOTES)
        assert fault(path) == (
            ": which sheet is meant is not certain: expected one of 'Jan', 'Feb', 'Notes'\n"
            'hint: say sheet = "Jan"'
        )
        path = book(tmp_path / "b.xlsx", Notes=self.NOTES, More=self.NOTES)
        assert fault(path).startswith(": which sheet is meant is not certain")


class TestLayout:
    """Where the rows stand."""

    def test_titles_merged_groups_and_blank_rows(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        workbook = xlsxwriter.Workbook(str(path))
        sheet = workbook.add_worksheet()
        sheet.merge_range("B2:F2", "收发存汇总表")
        sheet.write("B3", "截止日期：2026-06-30")
        sheet.merge_range("B5:B6", "商品编号")
        sheet.merge_range("C5:D5", "期初")
        sheet.merge_range("E5:F5", "期末")
        for number, name in enumerate(["数量", "金额", "数量", "金额"], start=2):
            sheet.write(5, number, name)
        for row in (6, 9):
            sheet.write_row(row, 1, [f"00{row}", 1, 2, 3, 4.5])
        sheet.write("B12", "合计")
        sheet.set_row(9, None, None, {"hidden": True})
        formatted = workbook.add_format({"bold": True})
        sheet.write_blank("J2000", None, formatted)
        workbook.close()
        export = opened(path)
        assert list(export.header) == [
            "商品编号",
            "期初 数量",
            "期初 金额",
            "期末 数量",
            "期末 金额",
        ]
        assert list(export.titles) == ["收发存汇总表", "截止日期：2026-06-30"]
        assert export.header_row == 6
        rows = export.scan().collect()
        assert rows["商品编号"].to_list() == ["006", "009", "合计"]
        assert rows["期末 金额"].to_list() == [4.5, 4.5, None]
        numbers = export.row_numbers(export.files[0], pl.Series([2, 0, 1]))
        assert numbers.to_list() == [12, 7, 10]
        assert export.row_number(export.files[0], 1) == 10

    def test_told_row_of_the_header(self, tmp_path: Path) -> None:
        rows: list[list[object]] = [["date", "sku", "units"], [], ["a", "b"], ["c", "d"], [1, 2]]
        path = book(tmp_path / "a.xlsx", S=rows)
        export = opened(path, header_row=4)
        assert (list(export.header), export.header_row) == (["c", "d"], 4)
        assert fault(path, header_row=2) == (
            ":2: no header on this row\nhint: correct header_row = 2"
        )
        assert fault(path, header_row=400).startswith(":400: no header on this row")

    def test_nothing_below_the_header(self, tmp_path: Path) -> None:
        export = opened(book(tmp_path / "a.xlsx", S=[["Stock list"], HEAD]))
        assert list(export.header) == HEAD
        assert export.scan().collect().is_empty()

    def test_repeated_and_empty_names(self, tmp_path: Path) -> None:
        path = book(
            tmp_path / "a.xlsx", S=[[*HEAD, "BUn", "BUn", "", "x", ""], [DAY, "7", 1, "a", "b", 5]]
        )
        export = opened(path)
        assert export.repeated == {"BUn"}
        assert list(export.schema) == [*HEAD, "BUn", "BUn (column 5)", "(column 6)", "x"]
        assert list(export.header) == [*HEAD, "BUn", "BUn", "", "x"]
        assert (export.width, export.is_text, export.serial_dates) == (7, False, True)

    def test_folders_may_be_partitioned(self, tmp_path: Path) -> None:
        folder = tmp_path / "x" / "store=007"
        folder.mkdir(parents=True)
        book(folder / "a.xlsx", S=[HEAD, [DAY, "7", 1]])
        book(folder / "b.xlsx", S=[["units", "date", "sku"], [2, DAY, "8"]])
        frame = read_table("sales", Source(path=str(tmp_path / "x")))
        assert frame.select("sku", "location", "units").rows() == [("7", "007", 1), ("8", "007", 2)]


class TestFiles:
    """Files of other kinds, and damaged ones."""

    def test_old_workbook(self, tmp_path: Path) -> None:
        path = tmp_path / "stock.xls"
        path.write_bytes((WORKBOOKS / "stock.xls").read_bytes())
        export = opened(path)
        assert export.scan().collect().rows()[0] == ("00120", "茶", date(2026, 6, 28), 1.5)
        assert (export.header_row, list(export.titles)) == (3, ["库存状况表"])
        assert export.row_number(export.files[0], 0) == 4

    def test_suffix_of_the_other_kind(self, tmp_path: Path) -> None:
        old = tmp_path / "old.xlsx"
        old.write_bytes((WORKBOOKS / "stock.xls").read_bytes())
        assert opened(old).scan().collect().height == 4
        new = book(tmp_path / "new.xlsx", S=[HEAD, [DAY, "7", 1]]).rename(tmp_path / "new.xls")
        assert opened(new).scan().collect().height == 1

    def test_open_document(self, tmp_path: Path) -> None:
        def cell(kind: str, value: str, text: str) -> str:
            name = {"date": "date-value", "float": "value"}.get(kind)
            said = f' office:{name}="{value}"' if name else ""
            return (
                f'<table:table-cell office:value-type="{kind}"{said}>'
                f"<text:p>{text}</text:p></table:table-cell>"
            )

        head = "".join(cell("string", "", name) for name in HEAD)
        row = (
            cell("date", "2026-01-05", "5 Jan")
            + cell("string", "", "007")
            + cell("float", "1.5", "1.5")
        )
        names = "".join(
            f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
            for name in ("office", "table", "text")
        )
        content = (
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names}><office:body>'
            f'<office:spreadsheet><table:table table:name="S"><table:table-row>{head}'
            f"</table:table-row><table:table-row>{row}</table:table-row></table:table>"
            "</office:spreadsheet></office:body></office:document-content>"
        )
        path = tmp_path / "a.ods"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", "<manifest/>")
            archive.writestr("content.xml", content)
        files, fmt = find_files(str(path), tmp_path)
        assert fmt == "excel"
        frame = read_table("sales", Source(path=str(files[0].path)))
        assert frame.select("date", "sku", "units").row(0) == (DAY, "007", 1.5)

    def test_text_with_the_suffix_of_excel(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = tmp_path / "sap.xls"
        text = "List\t30.06.2026\n\n\tPosting Date\tMaterial\tQuantity\n\n\t2026-01-05\t0007\t5\n"
        for encoding in ("utf-16", "utf-8"):
            path.write_bytes(text.encode(encoding))
            with caplog.at_level("INFO"):
                frame = read_table("sales", Source(path=str(path)))
            assert frame.select("date", "sku", "units").row(0) == (DAY, "0007", 5)
        assert f"{path}: read as text, which it is in spite of its name" in caplog.messages

    def test_what_makes_the_engine_fail(self, tmp_path: Path) -> None:
        path = tmp_path / "panic.xls"
        path.write_bytes((WORKBOOKS / "panic.xls").read_bytes())
        assert fault(path) == (
            ": not an Excel workbook, or a damaged one (it cannot be understood)\n"
            'hint: export it again; if it is text, say format = "csv"'
        )

    @pytest.mark.skipif(os.name == "nt", reason="Windows cannot limit the memory of a process")
    def test_a_cell_at_the_far_end(self, tmp_path: Path) -> None:
        path = tmp_path / "far.xlsx"
        workbook = xlsxwriter.Workbook(str(path))
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        sheet.write(1_048_575, 16_383, "x")  # 17,000,000,000 cells
        workbook.close()
        assert fault(path) == (
            ": not an Excel workbook, or a damaged one (reading it takes too much memory or time)\n"
            "hint: export it as CSV, or delete cells that stand far outside of the table"
        )

    def test_the_first_bad_one_of_several_is_told(self, tmp_path: Path) -> None:
        good = book(tmp_path / "a.xlsx", S=[HEAD, [DAY, "7", 1]])
        bad = tmp_path / "b.xlsx"
        bad.write_bytes(good.read_bytes()[:500])
        with pytest.raises(InputError) as caught:
            read_table("sales", Source(path=[str(good), str(bad)]))
        assert caught.value.file == str(bad)

    def test_the_package_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = book(tmp_path / "a.xlsx", S=[HEAD])
        found = importlib.util.find_spec
        monkeypatch.setattr(
            "stockout.exports.formats.excel.find_spec",
            lambda name: None if name == "fastexcel" else found(name),
        )
        for call in (lambda: opened(path), lambda: sheet_names(path)):
            with pytest.raises(ConfigError) as caught:
                call()
            assert str(caught.value) == (
                f"{path}: reading Excel workbooks needs the package fastexcel\n"
                "hint: pip install 'stockout[excel]'"
            )

    def test_a_module_of_the_users_folder_is_not_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = book(tmp_path / "a.xlsx", S=[HEAD, [DAY, "7", 1]])
        (tmp_path / "polars.py").write_text("raise SystemExit(3)")
        monkeypatch.chdir(tmp_path)
        assert opened(path).scan().collect().height == 1


cells = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e6, 1e6).map(lambda number: round(number, 3))
    | st.dates(date(1970, 1, 1), date(2099, 12, 31))
    | st.booleans()
    | st.none()
)


@few
@given(rows=st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=12))
def test_no_cell_is_lost_or_changed(tmp_path: Path, rows: list[list[Any]]) -> None:
    names = ["date", "sku", "x", "y"]
    path = book(tmp_path / f"{len(list(tmp_path.iterdir()))}.xlsx", S=[names, *rows])
    export = opened(path)
    read = export.scan().collect()
    kept = [row for row in rows if any(cell is not None and str(cell).strip() for cell in row)]
    assert read.height == len(kept)
    for index, name in enumerate(names):
        for cell, found in zip((row[index] for row in kept), read[name], strict=True):
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                assert found is None
            elif isinstance(found, str) and not isinstance(cell, str):
                assert as_written(found, type(cell)) == pytest.approx(cell)
            else:
                assert found == (pytest.approx(cell) if isinstance(found, float) else cell)


def as_written(text: str, kind: type) -> object:
    if kind is bool:
        return text == "true"
    return date.fromisoformat(text) if kind is date else kind(float(text))


@few
@given(data=st.data())
def test_any_damage(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray((WORKBOOKS / "stock.xls").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(whole)))
        whole[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    path = tmp_path / "damaged.xls"
    path.write_bytes(whole)
    try:
        assert opened(path).scan().collect().width
    except StockoutError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either outcome is fine
