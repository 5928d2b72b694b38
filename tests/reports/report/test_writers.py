"""The writers: nothing of the data is run, nothing leaves the file, the same bytes twice."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import fastexcel
import polars as pl
import pytest

from stockout.reports.report.markdown import harmless

if TYPE_CHECKING:
    from stockout.reports.report.report import Report, ReportFormat


def test_no_address_is_loaded_or_linked(hostile_html: str) -> None:
    assert not re.search(r"""(src|href|action|data)\s*=\s*["']?\s*(https?:)?//""", hostile_html)
    assert "@import" not in hostile_html
    assert "xmlns" not in hostile_html


def test_names_are_text(hostile_html: str) -> None:
    assert hostile_html.count("<script") == 1
    assert "<b>L1" not in hostile_html
    assert "\u202e" not in hostile_html
    assert "\x1b" not in hostile_html
    assert "{{ 7 * 7 }}" in hostile_html
    assert "X" * 200 in hostile_html


def test_identifiers_are_unique(hostile_html: str) -> None:
    identifiers = re.findall(r'\bid="([^"]+)"', hostile_html)
    assert len(identifiers) == len(set(identifiers))


def test_every_picture_says_what_it_shows(hostile_html: str) -> None:
    pictures = re.findall(r"<svg (?!class=\"defs\")[^>]*>", hostile_html)
    assert len(pictures) > 6
    for picture in pictures:
        assert 'role="img"' in picture
        assert len(re.findall(r'aria-label="([^"]{20,})"', picture)) == 1


def test_the_same_report_gives_the_same_page(hostile_report: Report, hostile_html: str) -> None:
    assert hostile_report.html("en", "EUR") == hostile_html


@pytest.mark.parametrize("fmt", ["xlsx", "md", "json"])
def test_the_same_report_gives_the_same_bytes(hostile_report: Report, fmt: ReportFormat) -> None:
    assert hostile_report.data(fmt, "zh", "CNY") == hostile_report.data(fmt, "zh", "CNY")


def test_workbook_holds_texts_and_no_formulas(hostile_report: Report) -> None:
    data = hostile_report.xlsx("en")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        texts = [book.read(name).decode() for name in sheets]
    assert not any("<f>" in text or "<hyperlink" in text for text in texts)
    filtered = [text for text in texts if "<autoFilter" in text]
    assert len(filtered) == len(texts) - 2  # all but the summary and what is not known
    assert all('state="frozen"' in text for text in texts)
    orders = fastexcel.read_excel(data).load_sheet("Orders").to_polars()
    assert '=HYPERLINK("http://example.com","x")' in orders["SKU"].to_list()
    assert orders["Order"].dtype == pl.Float64


def test_workbook_marks_what_may_be_changed(hostile_report: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(hostile_report.xlsx("en"))) as book:
        orders = book.read("xl/worksheets/sheet2.xml").decode()
    assert "<dataValidation " in orders
    assert "sheetProtection" not in orders


def test_json_has_numbers_and_reasons(hostile_report: Report) -> None:
    record = json.loads(hostile_report.json("en"))
    sections = record["sections"]
    act = sections["act"]["figures"]
    assert act["stocked_out"]["value"] == 4
    assert act["stocked_out"]["unit"] == "count"
    table = sections["act"]["tables"]["orders"]
    assert table["total_rows"] >= len(table["rows"]) > 0
    assert sections["operations"]["figures"]["purchase_to_shelf"]["value"] is None
    assert sections["operations"]["figures"]["purchase_to_shelf"]["reason"] == "No purchases."
    assert sections["suppliers"]["reason"] == "No purchases."
    assert sections["unknown"]["not_known"]["purchase_to_shelf"] == "No purchases."


def test_markdown_keeps_names_in_their_cell(hostile_report: Report) -> None:
    text = hostile_report.markdown("en", "EUR")
    assert "<script>" not in text
    lines = text.splitlines()
    head = next(at for at, line in enumerate(lines) if line.startswith("| SKU"))
    cells = len(re.findall(r"(?<!\\)\|", lines[head]))
    for row in lines[head + 2 : head + 6]:
        assert len(re.findall(r"(?<!\\)\|", row)) == cells


def test_harmless_markdown_links_nothing() -> None:
    assert harmless("[a](javascript:alert(1))") == "\\[a\\](javascript:alert(1))"
