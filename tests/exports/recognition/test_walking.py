"""What in a folder may be an export, and why the rest is left out."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.exports.recognition.walking import walk

if TYPE_CHECKING:
    from tests.exports.recognition.conftest import Find

SALES = "date,sku,units\n2026-01-05,A,2\n2026-01-06,B,1\n"


def test_junk_is_left_out_with_a_reason(find: Find) -> None:
    truncated = gzip.compress(SALES.encode() * 1000)[:-30]
    outcome = find(
        {
            "sales.csv": SALES,
            "README": "read me",
            "photo.JPG": b"\xff\xd8",
            "manual.pdf": b"%PDF",
            ".git/config": "[core]",
            "~$sales.xlsx": b"x",
            "empty.csv": "",
            "archive.zip": b"PK\3\4",
            "broken.xlsx": b"PK\3\4broken",
            "broken.parquet": b"PAR1broken",
            "truncated.csv.gz": truncated,
            "letter.txt": "Dear Sir,\nbest wishes\n",
            "header.csv": "date,sku,units\n",
            "web.xls": "<html><table><tr><td>date</td></tr></table></html>",
        }
    )
    assert outcome.tables == {"sales": {"path": "exports/sales.csv"}}
    reasons = outcome.left_out
    told = {
        "README": "no export",
        "photo.JPG": "no export",
        "manual.pdf": "no export",
        "empty.csv": "the file is empty",
        "archive.zip": "an archive: unpack it",
        "header.csv": "it has no rows",
    }
    assert {name: reasons[name] for name in told} == told
    assert "not an Excel workbook, or a damaged one" in reasons["broken.xlsx"]
    assert "not a Parquet file, or a damaged one" in reasons["broken.parquet"]
    assert "damaged or ends too early" in reasons["truncated.csv.gz"]
    assert reasons["letter.txt"].startswith("no table is known")
    assert set(reasons) == {*told, "broken.xlsx", "broken.parquet", "truncated.csv.gz",
                            "letter.txt", "web.xls"}  # fmt: skip
    for name in set(reasons) - {"README", "photo.JPG", "manual.pdf"}:
        assert f"exports/{name}: " in outcome.words
    assert "3 files (1 .jpg, 1 .pdf, 1 without a suffix) that no export ends in" in outcome.words


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every file")
def test_what_may_not_be_read_is_told(find: Find) -> None:
    find({"sales.csv": SALES, "secret.csv": SALES + "2026-01-07,A,1\n"})
    Path("exports/secret.csv").chmod(0)
    outcome = find({})
    assert outcome.left_out == {"secret.csv": "cannot be read (Permission denied)"}


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_a_name_that_no_text_file_can_hold_is_told(find: Find) -> None:
    find({"sales.csv": SALES})
    Path(os.fsdecode(b"exports/caf\xe9.csv")).write_text(SALES.replace("A", "C"))
    outcome = find({})
    assert list(outcome.left_out.values()) == [
        "its name cannot be written in a configuration: rename it"
    ]
    assert "caf" in outcome.text
    assert outcome.text.encode()


def test_an_empty_folder_holds_nothing(find: Find) -> None:
    outcome = find({})
    assert outcome.found.sources == ()
    assert outcome.found.left_out == ()


def test_a_folder_of_partitions_is_one_export(find: Find, tmp_path: Path) -> None:
    find({})
    for store in ("007", "012"):
        folder = tmp_path / "exports" / "stock" / f"store={store}"
        folder.mkdir(parents=True)
        frame = pl.DataFrame({"date": ["2026-01-05"], "sku": ["A"], "on_hand": [5.0]})
        frame.with_columns(pl.col("date").str.to_date()).write_parquet(folder / "part.parquet")
    outcome = find({"sales.csv": SALES})
    assert outcome.tables["inventory"] == {
        "path": "exports/stock",
        "columns": {"location": "store"},
    }
    assert outcome.found.sources[1].rows == 2


def test_every_sheet_of_a_workbook_is_looked_at(find: Find, tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("fastexcel")
    find({})
    with xlsxwriter.Workbook(str(tmp_path / "exports" / "master.xlsx")) as workbook:
        for name, rows in {
            "Goods": [["SKU", "Name", "Category"], ["A", "Tea", "hot"], ["B", "Coffee", "hot"]],
            "Vendors": [["Supplier code", "Supplier name"], ["S1", "Acme"], ["S2", "Bolt"]],
            "Notes": [["ask Mary about this"]],
        }.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    outcome = find({})
    assert outcome.tables == {
        "products": {"path": "exports/master.xlsx", "sheet": "Goods"},
        "suppliers": {
            "path": "exports/master.xlsx",
            "sheet": "Vendors",
            "columns": {"supplier_id": "Supplier code", "name": "Supplier name"},
        },
    }
    assert [source.rows for source in outcome.found.sources] == [2, 2]
    assert outcome.left_out["master.xlsx"].startswith("sheet Notes: ")


def test_a_workbook_called_csv_needs_its_format(find: Find, tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("fastexcel")
    find({})
    with xlsxwriter.Workbook(str(tmp_path / "exports" / "sales.csv")) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([["date", "sku", "units"], ["2026-01-05", "A", 2]]):
            sheet.write_row(number, 0, row)
    outcome = find({})
    assert outcome.tables == {"sales": {"path": "exports/sales.csv", "format": "excel"}}
    assert outcome.found.sources[0].rows == 1


def test_text_called_xls_is_read(find: Find) -> None:
    outcome = find({"sales.xls": SALES.replace(",", "\t")})
    assert outcome.tables == {"sales": {"path": "exports/sales.xls"}}
    assert outcome.found.sources[0].rows == 2


def test_the_same_folder_gives_the_same_bytes(find: Find) -> None:
    files = {f"{name}.csv": SALES.replace("A", name) for name in "zyxab"}
    assert find(files).text == find({}).text


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "sales.csv").write_text(SALES)
    located, left_out = walk(tmp_path)
    assert [item.path.name for item in located] == ["sales.csv"]
    assert left_out == []
