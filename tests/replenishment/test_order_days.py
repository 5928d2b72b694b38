"""Order days: how they are written, when the next one is, and the review that follows."""

from __future__ import annotations

import logging
from datetime import date

import polars as pl
import pytest

from stockout.replenishment.order_days import weekdays, with_order_days
from stockout.tables import conform

SUNDAY = date(2026, 6, 28)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon", "0"),
        ("Mon,Thu", "03"),
        ("Tuesday; friday", "14"),
        ("mon - wed", "012"),
        ("Fri-Mon", "0456"),
        ("1/4", "03"),
        ("周一、周四", "03"),
        ("星期日", "6"),
        ("Mo, Do", "03"),
        ("", None),
        ("monthly", None),
        ("Mon, sometimes", None),
        ("8", None),
    ],
)
def test_how_days_are_written(text: str, days: str | None) -> None:
    read = weekdays(text)
    assert days == (None if read is None else "".join(str(i) for i in range(7) if read[i]))


def found(
    order_weekdays: str | None,
    as_of: date = SUNDAY,
    own: float | None = None,
    usual: float | None = None,
    ordered: date | None = None,
) -> tuple[float, date | None, float]:
    lines = pl.DataFrame({"sku": ["A"], "supplier_id": ["S"], "review_days": [own or usual or 7.0]})
    products = conform(
        pl.DataFrame({"sku": ["A"], "review_days": pl.Series([own], dtype=pl.Float64)}), "products"
    )
    suppliers = conform(
        pl.DataFrame(
            {
                "supplier_id": ["S"],
                "order_weekdays": pl.Series([order_weekdays], dtype=pl.String),
                "review_days": pl.Series([usual], dtype=pl.Float64),
            }
        ),
        "suppliers",
    )
    purchases = None
    if ordered is not None:
        purchases = conform(
            pl.DataFrame(
                {"po_id": ["1"], "sku": ["A"], "supplier_id": ["S"], "order_date": [ordered],
                 "ordered_units": [5.0]}
            ),
            "purchases",
        )  # fmt: skip
    line = with_order_days(lines, products, suppliers, purchases, as_of)
    return line.select("review_days", "order_date", "wait_days").row(0)


def test_the_next_order_day_and_the_one_after() -> None:
    assert found("Mon") == (7, date(2026, 6, 29), 0)  # what goes out the next morning waits no day
    assert found("Tue") == (7, date(2026, 6, 30), 1)
    assert found("Mon,Fri") == (4, date(2026, 6, 29), 0)
    assert found("Mon,Fri", date(2026, 6, 29), ordered=date(2026, 6, 29)) == (
        3, date(2026, 7, 3), 3,
    )  # fmt: skip
    assert found("Mon-Sun") == (1, SUNDAY, 0)


def test_an_order_day_today_counts_until_the_order_is_out() -> None:
    monday = date(2026, 6, 29)
    assert found("Mon", monday) == (7, monday, 0)
    assert found("Mon", monday, ordered=SUNDAY) == (7, monday, 0)
    assert found("Mon", monday, ordered=monday) == (7, date(2026, 7, 6), 6)


def test_review_periods_are_whole_order_cycles() -> None:
    assert found("Mon,Thu", own=7) == (7, date(2026, 6, 29), 0)
    assert found("Mon", own=10) == (14, date(2026, 6, 29), 0)
    assert found("Mon", usual=14) == (14, date(2026, 6, 29), 0)
    assert found("Mon,Fri", usual=3.5) == (4, date(2026, 6, 29), 0)


def test_without_order_days_nothing_changes(caplog: pytest.LogCaptureFixture) -> None:
    assert found(None, own=5) == (5, None, 0)
    with caplog.at_level(logging.WARNING):
        assert found("when it rains", usual=9) == (9, None, 0)
    assert "name no weekdays and are not used (first: S has 'when it rains')" in caplog.text
    lines = pl.DataFrame({"sku": ["A"], "supplier_id": [None], "review_days": [7.0]})
    line = with_order_days(lines, None, None, None, SUNDAY)
    assert line.row(0, named=True)["order_date"] is None
