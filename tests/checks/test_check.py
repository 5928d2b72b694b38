"""What all findings share: places, order, limits, severities, thresholds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from stockout.checks.check import check, check_frames, check_located, stage_frames
from stockout.checks.findings import FINDINGS
from stockout.checks.hits import LOCATED
from stockout.config import CheckConfig, CustomRule
from stockout.errors import InputError
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW, StagedTable

DAY = date(2026, 6, 1)


def stock(*on_hand: float) -> pl.DataFrame:
    """Stock of one item on days in a row."""
    days = [DAY + timedelta(index) for index in range(len(on_hand))]
    return pl.DataFrame({"date": days, "sku": "A", "on_hand": list(on_hand)})


def two_files(frame: pl.DataFrame, table: str, second: int) -> dict[str, StagedTable]:
    """A table of two files, of the first ``second`` rows and the others; two rows stand above."""
    staged = stage_frames({table: frame})[table]
    later = pl.col(SOURCE_ROW) >= second
    rows = staged.rows.with_columns(
        later.cast(pl.UInt16).alias(SOURCE_FILE),
        (pl.col(SOURCE_ROW) - pl.when(later).then(second).otherwise(0)).cast(pl.UInt32),
    )
    return {
        table: replace(
            staged,
            rows=rows,
            files=("one.csv", "two.csv"),
            row_numbers=lambda _, rows: rows.cast(pl.Int64) + 3,
        )
    }


def test_no_tables_have_no_findings() -> None:
    found = check({})
    assert found.schema == FINDINGS
    assert found.is_empty()


def test_findings_show_the_row_of_an_editor() -> None:
    found = check_located(two_files(stock(1, -1, 2, -5, -6), "inventory", 2))
    assert found.schema == LOCATED
    assert found.filter(code="SO401").select("file", "row", SOURCE_FILE, SOURCE_ROW).rows() == [
        ("one.csv", 4, 0, 1),
        ("two.csv", 4, 1, 1),
        ("two.csv", 5, 1, 2),
    ]


def test_findings_beyond_the_limit_are_counted() -> None:
    only = CheckConfig(max_findings=2)
    found = check(two_files(stock(-1, -1, -1, -1, -1, 3), "inventory", 4), only)
    found = found.filter(code="SO401")
    assert found.select("file", "row", "message").rows() == [
        ("one.csv", None, "2 more findings of this rule are not listed"),
        ("one.csv", 3, "-1 on hand"),
        ("one.csv", 4, "-1 on hand"),
        ("two.csv", 3, "-1 on hand"),
    ]
    assert set(found["severity"]) == {"error"}
    everything = check_located(two_files(stock(-1, -1, -1, -1, -1, 3), "inventory", 4), limit=0)
    assert everything.filter(code="SO401").height == 5


def test_severity_and_threshold_are_those_of_the_configuration() -> None:
    told = CheckConfig(rules={"SO401": {"severity": "info", "units": 2}})
    found = check_frames(inventory=stock(-1, -2, -3), settings=told).filter(code="SO401")
    assert found.select("severity", "row").rows() == [("info", 3)]
    off = CheckConfig(rules={"SO401": {"severity": "off"}})
    assert "SO401" not in check_frames(inventory=stock(-1), settings=off)["code"]


def test_rules_of_the_user_stand_beside_ours() -> None:
    rule = CustomRule(code="ACME1", table="inventory", where="on_hand > 5", message="{on_hand}")
    told = CheckConfig(custom=[rule])
    assert check_frames(inventory=stock(-1, 9), settings=told).select(
        "code", "severity", "row", "message"
    ).rows() == [("SO401", "error", 1, "-1 on hand"), ("ACME1", "error", 2, "9")]


def test_a_finding_about_more_than_a_row_is_no_reason_to_set_one_aside() -> None:
    sales = pl.DataFrame({"date": [DAY], "sku": ["B"], "units": [1]})
    products = pl.DataFrame({"sku": ["A"]})
    found = check_located(stage_frames({"sales": sales, "products": products}))
    assert found.select("code", "row", SOURCE_FILE, SOURCE_ROW).rows() == [("SO211", 1, 0, None)]


def test_the_same_data_give_the_same_findings() -> None:
    tables = stage_frames({"inventory": pl.concat([stock(-1, -2), stock(4, 5)])})
    first = check(tables)
    assert first.height == 2
    assert all(check(tables).equals(first) for _ in range(3))


def test_a_frame_that_is_no_table_is_refused() -> None:
    with pytest.raises(InputError, match="no column 'sku'"):
        check_frames(products=pl.DataFrame({"article": ["A"]}))
