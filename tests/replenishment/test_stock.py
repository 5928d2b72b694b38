"""What is on hand at as-of, and when that is not known."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from stockout.replenishment.stock import stock_on_hand
from stockout.tables import conform

AS_OF = date(2026, 6, 28)
NO_SALES = pl.DataFrame({"date": [AS_OF - timedelta(900)], "sku": ["A"], "units": [1.0]})


def ago(days: int) -> date:
    return AS_OF - timedelta(days)


def stock(
    rows: list[dict[str, Any]],
    sales: pl.DataFrame = NO_SALES,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """The one line of stock of item A."""
    frame = pl.DataFrame(
        [{"sku": "A", **row} for row in rows],
        schema={
            "sku": pl.String, "date": pl.Date, "on_hand": pl.Float64, "in_stock": pl.Boolean,
            "in_stock_share": pl.Float64, "on_order": pl.Float64, "reserved": pl.Float64,
            "blocked": pl.Float64,
        },
    )  # fmt: skip
    found = stock_on_hand(
        conform(frame, "inventory"),
        conform(sales, "sales"),
        None if purchases is None else conform(purchases, "purchases"),
        None if movements is None else conform(movements, "movements"),
        AS_OF,
    )
    assert found.height == 1
    return found.row(0, named=True)


def test_the_last_row_up_to_as_of_counts_and_batches_of_a_day_are_added_up() -> None:
    found = stock(
        [
            {"date": ago(5), "on_hand": 50.0},
            {"date": ago(0), "on_hand": 3.0, "reserved": 1.0, "on_order": 6.0},
            {"date": ago(0), "on_hand": 4.0, "blocked": 2.0},
            {"date": ago(-1), "on_hand": 99.0},
        ]
    )
    assert found["on_hand"] == 7
    assert (found["reserved"], found["blocked"], found["on_order"]) == (1, 2, 6)
    assert found["counted_on"] == AS_OF


def test_weekly_flags_of_the_past_and_one_count_at_as_of() -> None:
    flags = [{"date": ago(6 + 7 * k), "in_stock": k % 2 == 1} for k in range(8)]
    assert stock([*flags, {"date": AS_OF, "on_hand": 5.0}])["on_hand"] == 5


def test_an_older_count_is_rolled_forward_by_sales_and_receipts() -> None:
    sales = pl.DataFrame(
        {"date": [ago(9), ago(3), ago(0), ago(-2)], "sku": "A", "units": [50.0, 4.0, 2.0, 50.0]}
    )
    purchases = pl.DataFrame(
        {
            "po_id": ["1", "2", "3"],
            "sku": "A",
            "order_date": ago(20),
            "received_date": [ago(9), ago(1), ago(-1)],
            "ordered_units": [90.0, 12.0, 90.0],
            "received_units": [None, 11.0, None],
        }
    )
    found = stock([{"date": ago(9), "on_hand": 10.0}], sales, purchases)
    assert (found["on_hand"], found["counted"], found["moved"]) == (15, 10, 5)


def test_movements_roll_forward_instead_where_there_are_any() -> None:
    movements = pl.DataFrame(
        {"date": [ago(9), ago(3), ago(2)], "sku": "A", "units": [70.0, -6.0, -1.0]}
    )
    sales = pl.DataFrame({"date": [ago(3)], "sku": "A", "units": [5.0]})
    assert stock([{"date": ago(9), "on_hand": 10.0}], sales, None, movements)["on_hand"] == 3


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            [{"date": ago(0), "in_stock": True}],
            "inventory says whether there was stock, but not how much",
        ),
        (
            [{"date": ago(8), "on_hand": 0.0}, {"date": ago(1), "in_stock_share": 0.5}],
            "in stock again on 2026-06-27, but how much is not said",
        ),
        (
            [{"date": ago(30), "on_hand": 4.0}, {"date": ago(20), "in_stock": False}],
            "out of stock on 2026-06-08, and nothing is said of it since",
        ),
        (
            [{"date": ago(9), "on_hand": 3.0}],
            "more went out than was counted on 2026-06-19, so receipts are missing",
        ),
    ],
)
def test_what_is_not_known_is_never_zero(rows: list[dict[str, Any]], reason: str) -> None:
    sales = pl.DataFrame({"date": [ago(2)], "sku": "A", "units": [4.0]})
    found = stock(rows, sales)
    assert found["on_hand"] is None
    assert found["unknown"] == reason


def test_a_late_flag_of_no_stock_is_a_count_of_zero() -> None:
    found = stock([{"date": ago(9), "on_hand": 3.0}, {"date": ago(1), "in_stock": False}])
    assert (found["on_hand"], found["by_flag"], found["unknown"]) == (0, True, None)
    # a weekly row is dated by its Monday and speaks for the week until as-of
    assert stock([{"date": ago(6), "in_stock_share": 0.0}])["on_hand"] == 0


def test_a_flag_of_stock_changes_nothing() -> None:
    found = stock([{"date": ago(2), "on_hand": 3.0}, {"date": ago(1), "in_stock": True}])
    assert (found["on_hand"], found["unknown"]) == (3, None)


def test_less_than_nothing_stays_as_it_is_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert stock([{"date": AS_OF, "on_hand": -4.0}])["on_hand"] == -4
    assert caplog.messages == ["inventory: 1 item has less than 0 on hand (first: A at ALL has -4)"]


def test_movements_count_while_they_last_and_sales_and_receipts_elsewhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Counted before the movements begin, and sold after they end."""
    sales = pl.DataFrame(
        {"date": [ago(8), ago(5), ago(3), ago(1)], "sku": "A", "units": [2.0, 1.0, 1.0, 4.0]}
    )
    purchases = pl.DataFrame(
        {
            "po_id": ["1", "2"],
            "sku": "A",
            "order_date": ago(30),
            "received_date": [ago(7), ago(4)],
            "ordered_units": [20.0, 10.0],
        }
    )
    movements = pl.DataFrame(
        {
            "date": [ago(5), ago(4), ago(4), ago(3)],
            "sku": "A",
            "units": [-1.0, 10.0, -3.0, -1.0],
            "kind": ["sale", "receipt", "scrap", "sale"],
        }
    )
    with caplog.at_level(logging.INFO):
        found = stock([{"date": ago(9), "on_hand": 5.0}], sales, purchases, movements)
    assert found["on_hand"] == 5 - 2 + 20 - 1 + 10 - 3 - 1 - 4
    assert (
        "1 items were last counted before as-of 2026-06-28, the earliest on 2026-06-19; the stock "
        "of 1 of them is the count and what came and went since, up to 2026-06-27"
    ) in caplog.text


def test_sales_are_added_to_movements_that_hold_none() -> None:
    sales = pl.DataFrame({"date": [ago(5), ago(3)], "sku": "A", "units": [2.0, 1.0]})
    movements = pl.DataFrame(
        {"date": [ago(8), ago(4)], "sku": "A", "units": [6.0, -1.0], "kind": ["receipt", "scrap"]}
    )
    assert stock([{"date": ago(9), "on_hand": 5.0}], sales, None, movements)["on_hand"] == 7


def test_a_count_of_as_of_is_not_rolled(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert stock([{"date": AS_OF, "on_hand": 5.0}])["on_hand"] == 5
    assert "counted before" not in caplog.text
