"""Repeated rows, as far as they are not in the mutations: files, totals, parts of orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.checks.check import check, check_frames, stage_frames
from stockout.config import CheckConfig
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW

if TYPE_CHECKING:
    from stockout.exports.staging import StagedTable

DAYS = [date(2026, 6, 1) + timedelta(index) for index in range(10)]


def lines(days: list[date], items: int = 4) -> pl.DataFrame:
    """One sale of each of some SKUs a day."""
    skus = [f"S{index}" for index in range(items)]
    return (
        pl.DataFrame({"date": days})
        .join(pl.DataFrame({"sku": skus}), how="cross")
        .with_columns(units=1.0 + pl.int_range(pl.len()) % 3)
    )


def files(table: str, *frames: pl.DataFrame) -> dict[str, StagedTable]:
    """A table of several files."""
    staged = [stage_frames({table: frame})[table] for frame in frames]
    rows = [
        each.rows.with_columns(pl.lit(index, pl.UInt16).alias(SOURCE_FILE))
        for index, each in enumerate(staged)
    ]
    names = tuple(f"{index}.csv" for index in range(len(frames)))
    return {table: replace(staged[0], rows=pl.concat(rows), files=names)}


def test_days_that_stand_in_two_files_are_told_once() -> None:
    tables = files("sales", lines(DAYS[:6]), lines(DAYS[3:]).reverse())
    found = check(tables).filter(code="SO204")
    assert found.select("file", "date", "message").rows() == [
        (
            "1.csv",
            DAYS[3],
            "12 rows from 2026-06-04 to 2026-06-06 also stand in 0.csv: they count twice",
        )
    ]


def test_files_that_follow_each_other_do_not_overlap() -> None:
    assert check(files("sales", lines(DAYS[:6]), lines(DAYS[6:]))).is_empty()


def test_a_few_rows_that_agree_by_chance_are_no_overlap() -> None:
    one = lines(DAYS[:6])
    other = lines(DAYS[5:], items=5)  # another shop: the same day, not the same rows
    assert "SO204" not in check(files("sales", one, other))["code"]
    few = lines(DAYS[5:6])  # four rows of one day
    assert "SO204" not in check(files("sales", one, few))["code"]


@pytest.mark.parametrize("share", [0.0, 0.9])
def test_totals_of_which_few_have_a_second_row(share: float) -> None:
    totals = lines(DAYS, items=30)
    doubled = pl.concat([totals, totals.slice(7, 1).with_columns(units=77.0)])
    told = CheckConfig(rules={"SO203": {"usual_share": share}})
    found = check_frames(sales=doubled, settings=told).filter(code="SO203")
    expected = [(301, "date, sku, location 2026-06-01, S7, ALL already stands in row 8 of sales")]
    assert found.select("row", "message").rows() == (expected if share else [])


@pytest.mark.parametrize("days", [DAYS, DAYS[:1]])
def test_an_export_in_two_copies_is_told_once(days: list[date]) -> None:
    stock = lines(days, 12).rename({"units": "on_hand"})
    found = check_frames(inventory=pl.concat([stock, stock])).filter(code="SO202")
    span = f"from {days[0]} to {days[-1]}"
    text = f"all {stock.height} rows {span} are there 2 times, and count as often"
    assert found.select("row", "message").rows() == [(stock.height + 1, text)]


def test_of_some_days_in_two_copies_only_these_are_told() -> None:
    stock = lines(DAYS, 12).rename({"units": "on_hand"})
    found = check_frames(inventory=pl.concat([stock, stock.tail(12)])).filter(code="SO202")
    assert found["message"].to_list() == [
        f"all 12 rows from {DAYS[-1]} to {DAYS[-1]} are there 2 times, and count as often"
    ]


def test_alike_lines_of_a_till_are_no_copies() -> None:
    """One item that sells one piece at a time: three scans a day, and four on one."""
    scans = lines(DAYS * 3, 1).with_columns(units=1.0)
    odd = pl.concat([scans, scans.head(1)])
    assert check_frames(sales=odd).filter(code="SO202").is_empty()


def test_in_tables_of_lines_a_repeated_key_is_usual() -> None:
    several = pl.concat([lines(DAYS), lines(DAYS).with_columns(units=5.0)])
    assert check_frames(sales=several).is_empty()


def test_a_line_may_have_one_row_for_each_receipt() -> None:
    part = {"po_id": "P1", "line": "1", "sku": "A", "order_date": DAYS[0], "ordered_units": 9.0}
    received = [{"received_date": DAYS[day], "received_units": 3.0} for day in (4, 5, 6)]
    bought = pl.DataFrame([{**part, **each} for each in received])
    assert "SO201" not in check_frames(purchases=bought)["code"]
    again = pl.concat([bought, bought.head(1).with_columns(received_units=4.0)])
    found = check_frames(purchases=again).filter(code="SO201")
    assert found.select("row", "column").rows() == [(4, "line")]


def test_repetitions_are_compared_with_the_first_row_and_listed_in_order() -> None:
    products = pl.DataFrame({"sku": ["A", "B", "A", "B", "A"], "name": ["a", "b", "a", "x", "y"]})
    found = check_frames(products=products)
    assert found.select("code", "row", "sku", "message").rows() == [
        ("SO202", 3, "A", "says the same as row 1 of products"),
        ("SO201", 4, "B", "sku B already stands in row 2 of products"),
        ("SO201", 5, "A", "sku A already stands in row 1 of products"),
    ]


def test_rows_beyond_the_limit_are_counted() -> None:
    products = pl.DataFrame({"sku": ["A"] * 50})
    found = check_frames(products=products, settings=CheckConfig(max_findings=10))
    assert found.height == 11
    assert found["message"][0] == "39 more findings of this rule are not listed"


def test_source_rows_are_those_of_the_file() -> None:
    tables = files("products", pl.DataFrame({"sku": ["A"]}), pl.DataFrame({"sku": ["B", "A"]}))
    assert SOURCE_ROW in tables["products"].rows.collect_schema()
    found = check(tables)
    assert found.select("code", "file", "row", "message").rows() == [
        ("SO202", "1.csv", 2, "says the same as row 1 of 0.csv")
    ]
