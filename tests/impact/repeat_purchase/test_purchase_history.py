"""Purchases counted from sales lines, and summaries that cannot be."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from stockout.errors import InputError, NotKnownError
from stockout.impact.repeat_purchase.purchase_history import (
    PurchaseHistory,
    purchase_history,
    summary_history,
)
from stockout.tables import conform

MONDAY = date(2026, 1, 5)


def history(*lines: tuple[int, str | None, float, str], until: int = 28) -> PurchaseHistory:
    """From lines of day, customer, units and order."""
    sales = pl.DataFrame(
        {
            "date": [MONDAY + timedelta(day) for day, *_ in lines],
            "sku": "A",
            "units": [units for _, _, units, _ in lines],
            "unit_price": 5.0,
            "customer_id": pl.Series([name for _, name, *_ in lines], dtype=pl.String),
            "order_id": [order for *_, order in lines],
        }
    ).with_columns(revenue=pl.col("units") * 5)
    return purchase_history(conform(sales, "sales"), MONDAY + timedelta(until))


def test_orders_of_one_day_are_one_purchase() -> None:
    found = history((0, "C1", 1, "1"), (0, "C1", 2, "2"), (14, "C1", 3, "3"), (14, "C1", 1, "4"))
    row = found.customers.row(0, named=True)
    assert (row["frequency"], row["recency"], row["T"]) == (1, 2, 4)
    assert (row["valued"], row["mean_value"]) == (1, 20.0)  # the repeat purchase alone
    assert row["last_purchase"] == MONDAY + timedelta(14)


def test_what_went_back_whole_is_no_purchase() -> None:
    found = history(
        (0, "C1", 2, "1"), (7, "C1", 2, "2"), (8, "C1", -2, "2"), (0, "C2", 1, "3"),
        (1, "C2", -1, "3"), (3, "C3", 4, "4"), (10, "C3", 4, "5"), (11, "C3", -1, "5"),
    )  # fmt: skip
    assert found.customers.select("customer_id", "frequency", "mean_value").rows() == [
        ("C1", 0.0, None),
        ("C3", 1.0, 15.0),
    ]
    assert found.left_out._asdict() == {
        "lines": 8, "without_customer": 0, "of_guests": 0, "returned": 3, "undone": 2,
        "without_purchase": 1,
    }  # fmt: skip


def test_a_return_without_its_sale_takes_nothing_away() -> None:
    found = history((0, "C1", 2, "1"), (7, "C1", 2, "2"), (8, "C9", -2, "9"))
    assert found.customers["customer_id"].to_list() == ["C1"]
    assert found.left_out.without_purchase == 1


def test_guests_and_lines_without_customer_are_counted_apart() -> None:
    found = history((0, "C1", 1, "1"), (1, None, 1, "2"), (2, "Guest", 1, "3"), (3, "散客", 1, "4"))
    assert found.customers["customer_id"].to_list() == ["C1"]
    assert (found.left_out.without_customer, found.left_out.of_guests) == (1, 2)


def test_later_lines_do_not_count() -> None:
    found = history((0, "C1", 1, "1"), (7, "C1", 1, "2"), (30, "C1", 1, "3"), until=14)
    row = found.customers.row(0, named=True)
    assert (row["frequency"], row["recency"], row["T"]) == (1, 1, 2)


def test_a_purchase_of_unknown_price_has_no_value() -> None:
    sales = pl.DataFrame(
        {
            "date": [MONDAY, MONDAY + timedelta(7), MONDAY + timedelta(14)],
            "sku": "A",
            "units": 1.0,
            "revenue": [9.0, None, 4.0],
            "customer_id": "C1",
        }
    )
    row = purchase_history(conform(sales, "sales"), MONDAY + timedelta(21)).customers.row(
        0, named=True
    )
    assert (row["frequency"], row["valued"], row["mean_value"]) == (2, 1, 4.0)


def test_the_holdout_is_the_last_third() -> None:
    found = history((0, "C1", 1, "1"), (150, "C1", 1, "2"), (270, "C1", 1, "3"), until=273)
    assert found.holdout_from == MONDAY + timedelta(182)
    row = found.customers.row(0, named=True)
    assert (row["frequency"], row["early_frequency"]) == (2, 1)
    assert row["early_recency"] == pytest.approx(150 / 7)
    assert history((0, "C1", 1, "1"), until=272).holdout_from is None


def test_no_customer_at_all() -> None:
    with pytest.raises(NotKnownError, match=r"no sales line up to .* names a customer"):
        history((0, None, 1, "1"), (1, "guest", 1, "2"))


@pytest.mark.parametrize(
    ("row", "column", "message", "hint"),
    [
        ((2, 40.0, 39.0), "recency", "expected at most T", "age at the last purchase"),
        ((-1, 0.0, 39.0), "frequency", "0 or more", "after the first one"),
        ((1.5, 3.0, 39.0), "frequency", "a whole number", "count the days"),
        ((0, 3.0, 39.0), "recency", "0 where frequency is 0", "take 1 off"),
        ((1, None, 39.0), "recency", "recency empty", "fill it in"),
        ((1, -3.0, 39.0), "recency", "0 or more", "not the time since"),
        ((9, 2000.0, 2700.0), "T", "expected weeks", "divide by 7"),
    ],
)
def test_a_summary_that_cannot_be(
    row: tuple[float, float | None, float], column: str, message: str, hint: str
) -> None:
    good = (1.0, 3.0, 39.0)
    values = [good, row, good]
    frame = pl.DataFrame(
        {
            "customer_id": ["A", "B", "C"],
            **{
                name: pl.Series([each[k] for each in values], dtype=pl.Float64)
                for k, name in enumerate(("frequency", "recency", "T"))
            },
        }
    )
    with pytest.raises(InputError) as error:
        summary_history(conform(frame, "customers"))
    assert error.value.column == column
    assert "row 2 (customer B)" in error.value.message
    assert message in error.value.message
    assert hint in str(error.value.hint)


def test_a_summary_without_a_column() -> None:
    frame = pl.DataFrame({"customer_id": ["A"], "frequency": [1.0], "recency": [2.0]})
    with pytest.raises(InputError, match="no column T") as error:
        summary_history(conform(frame, "customers"))
    assert "in weeks" in str(error.value.hint)
