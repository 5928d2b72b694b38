"""Staged tables keep what is wrong, and where, and go on with the good rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.config import Config, Source
from stockout.exports.read import read_tables
from stockout.exports.staging import SOURCE_ROW, stage_tables

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.exports.staging import StagedTable

TEXT = (
    "date,sku,units,note\n2026-01-05,A,1,x\n2026-13-05,B,2,x\n\n2026-01-06,,3,\n"
    '2026-01-07,"C\nD",x,\n2026-01-08,E,4,\n'
)


@pytest.fixture
def staged(tmp_path: Path) -> StagedTable:
    (tmp_path / "sales.csv").write_text(TEXT, encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    config = Config(folder=tmp_path, tables={"sales": [Source(path="sales.csv")]})
    return stage_tables(config, None, scratch)["sales"]


def test_good_rows_go_on_with_their_place(staged: StagedTable) -> None:
    rows = staged.rows.select("sku", "location", "units", SOURCE_ROW).collect()
    assert rows.rows() == [("A", "ALL", 1.0, 0), ("E", "ALL", 4.0, 5)]
    assert staged.row_numbers(0, rows[SOURCE_ROW]).to_list() == [2, 8]


def test_faults_say_where_and_what(staged: StagedTable) -> None:
    shown = staged.faults.sort("row").select("kind", "row", "column", "found")
    assert shown.rows() == [
        ("unreadable", 3, "date", "2026-13-05"),
        ("missing", 5, "sku", None),
        ("unreadable", 6, "units", "x"),
    ]
    counted = staged.fault_counts.select("kind", "column", "count")
    assert sorted(counted.rows()) == [
        ("missing", "sku", 1),
        ("unreadable", "date", 1),
        ("unreadable", "units", 1),
    ]


def test_cells_are_those_of_the_file(staged: StagedTable) -> None:
    assert staged.cells is not None
    cells = staged.cells(0, pl.Series([4, 1], dtype=pl.UInt32))
    assert cells.rows() == [("2026-01-07", "C\nD", "x", None), ("2026-13-05", "B", "2", "x")]


def test_columns_that_nothing_reads(staged: StagedTable) -> None:
    assert [column for _, column in staged.unused] == ["note"]
    assert staged.present == {"date", "sku", "units"}


def test_faults_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("date,sku,units\n" + "2026-01-05,A,x\n" * 30)
    (tmp_path / "scratch").mkdir()
    config = Config(folder=tmp_path, tables={"sales": [Source(path="s.csv")]})
    one = stage_tables(config, None, tmp_path / "scratch", faults_shown=10)["sales"]
    assert one.faults.height == 10
    assert one.fault_counts["count"].to_list() == [30]
    assert one.rows.collect().is_empty()


def test_a_missing_column_is_kept_for_the_check(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("date,sku,foo\n2026-01-05,A,1\n")
    (tmp_path / "scratch").mkdir()
    config = Config(folder=tmp_path, tables={"sales": [Source(path="s.csv")]})
    one = stage_tables(config, None, tmp_path / "scratch")["sales"]
    assert [(column,) for _, column, _ in one.missing] == [("units",)]
    assert one.rows.collect().is_empty()


def test_extra_columns_tell_currency_and_unit(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("date,sku,units,Currency,UoM\n2026-01-05,A,1,EUR,PC\n")
    (tmp_path / "scratch").mkdir()
    config = Config(folder=tmp_path, tables={"sales": [Source(path="s.csv")]})
    one = stage_tables(config, None, tmp_path / "scratch")["sales"]
    assert one.rows.select("currency", "unit").collect().rows() == [("EUR", "PC")]


def test_the_sign_of_an_amount_tells_its_currency(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "s.csv").write_text(
        "date,sku,units,price\n2026-01-05,A,1,$8.00\n2026-01-05,A,1,€7.50\n"
    )
    (tmp_path / "scratch").mkdir()
    config = Config(folder=tmp_path, tables={"sales": [Source(path="s.csv")]})
    one = stage_tables(config, None, tmp_path / "scratch")["sales"]
    assert one.rows.select("unit_price", "currency").collect().rows() == [(8.0, "$"), (7.5, "€")]
    with caplog.at_level("WARNING"):
        read_tables(config)
    assert "sales: amounts in 2 currencies ($, €)" in caplog.text
