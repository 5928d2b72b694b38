"""Orders: what is usual for a supplier, and what the master data excuse."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from stockout.checks.check import check_frames

FIRST = date(2026, 1, 5)


def lines(days: list[int], supplier: str = "V1", **more: object) -> pl.DataFrame:
    """Purchase lines that took so many days."""
    count = len(days)
    ordered = [FIRST + timedelta(index) for index in range(count)]
    received = [day + timedelta(took) for day, took in zip(ordered, days, strict=True)]
    return pl.DataFrame(
        {
            "po_id": [f"{supplier}-{index}" for index in range(count)],
            "sku": "A",
            "supplier_id": supplier,
            "order_date": ordered,
            "received_date": received,
            "ordered_units": 10.0,
        }
    ).with_columns(**{name: pl.lit(value) for name, value in more.items()})


def rows(code: str, **tables: pl.DataFrame) -> list[int]:
    """Rows of the findings of one rule."""
    found = check_frames(**tables).filter(code=code)  # type: ignore[arg-type]
    return found["row"].to_list()


def test_a_lead_time_is_judged_by_its_supplier() -> None:
    slow = lines([200, 210, 190, 205, 195, 207, 193, 202, 198, 201, 204, 199], "V2")
    fast = lines([7, 8, 7, 9, 7, 8, 7, 9, 8, 7, 7, 200])
    bought = pl.concat([slow, fast])
    found = check_frames(purchases=bought).filter(code="SO602")
    assert found.select("row", "message").rows() == [
        (24, "took 200 days, where this supplier usually takes 7")
    ]


@pytest.mark.parametrize("last", [7, 30, 60])
def test_a_late_delivery_is_no_outlier(last: int) -> None:
    assert rows("SO602", purchases=lines([7, 8, 7, 9, 7, 8, 7, 9, 8, 7, 7, last])) == []


def test_few_lines_have_no_usual() -> None:
    assert rows("SO602", purchases=lines([7, 8, 7, 9, 300])) == []


def test_a_supplier_that_delivers_at_once_may() -> None:
    bought = pl.concat([lines([0, 5]), lines([0, 5], "V2"), lines([0, 5], "V3", sku="B")])
    assert rows("SO601", purchases=bought) == [1, 3, 5]
    suppliers = pl.DataFrame({"supplier_id": ["V1", "V2"], "lead_time_days": [0, 3]})
    assert rows("SO601", purchases=bought, suppliers=suppliers) == [3, 5]
    products = pl.DataFrame({"sku": ["B"], "lead_time_days": [0]})
    assert rows("SO601", purchases=bought, suppliers=suppliers, products=products) == [3]


def test_an_open_line_is_judged_by_the_last_day_of_the_data() -> None:
    bought = lines([4, 4]).with_columns(
        received_date=pl.Series([None, FIRST + timedelta(5)], dtype=pl.Date)
    )
    sales = pl.DataFrame({"date": [FIRST, FIRST + timedelta(91)], "sku": "A", "units": 1.0})
    assert rows("SO607", purchases=bought, sales=sales) == [1]
    assert rows("SO607", purchases=bought, sales=sales.head(1)) == []
    late = check_frames(purchases=bought, as_of=FIRST + timedelta(91))
    assert late.filter(code="SO607")["message"].to_list() == [
        "due on 2026-01-05, 91 days ago, and still open"
    ]


def test_customers_orders_are_judged_as_well() -> None:
    orders = pl.DataFrame(
        {
            "order_id": ["1", "2", "3", "4"],
            "sku": "A",
            "units": [1.0, 1.0, 1.0, -1.0],
            "order_date": [FIRST] * 4,
            "due_date": [FIRST, FIRST - timedelta(1), FIRST, FIRST],
            "shipped_date": [FIRST, FIRST, FIRST - timedelta(1), FIRST],
        }
    )
    found = check_frames(orders=orders)
    assert found.select("code", "row", "column").rows() == [
        ("SO604", 2, "due_date"),
        ("SO603", 3, "shipped_date"),
        ("SO608", 4, "units"),
    ]
