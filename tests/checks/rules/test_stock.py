"""Stock beside its flows: what is known decides what is said."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.checks.check import check_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

MONDAY = date(2026, 1, 5)


def days(count: int) -> list[date]:
    """Days in a row."""
    return [MONDAY + timedelta(index) for index in range(count)]


def daily(column: str, values: Sequence[float | None], **more: object) -> pl.DataFrame:
    """One row a day with a value."""
    frame = pl.DataFrame({"date": days(len(values)), "sku": "A", column: pl.Series(values)})
    return frame.with_columns(**{name: pl.lit(value) for name, value in more.items()}).drop_nulls(
        column
    )


def receipts(*pairs: tuple[int, float]) -> pl.DataFrame:
    """Purchases that were received, by the number of the day."""
    return pl.DataFrame(
        {
            "po_id": [f"P{index}" for index in range(len(pairs))],
            "sku": "A",
            "order_date": [MONDAY - timedelta(9)] * len(pairs),
            "received_date": [MONDAY + timedelta(day) for day, _ in pairs],
            "ordered_units": [float(units) for _, units in pairs],
        }
    )


def codes(**tables: pl.DataFrame) -> list[tuple[str, int | None]]:
    """Codes and rows of findings about stock."""
    found = check_frames(**tables)  # type: ignore[arg-type]
    return found.filter(pl.col("code").str.starts_with("SO4")).select("code", "row").rows()


SOLD = [2.0] * 12
LEVELS = [20 - 2.0 * day for day in range(10)] + [30.0, 28.0]
"""Stock after each day: two sold a day, and thirty received on the eleventh."""


def booked() -> pl.DataFrame:
    """Receipts that explain the levels, and ones of another time that open and close the book."""
    return receipts((0, 22), (10, 30), (11, 0))


def test_flows_that_explain_the_stock() -> None:
    assert codes(inventory=daily("on_hand", LEVELS), sales=daily("units", SOLD),
                 purchases=booked()) == []  # fmt: skip


def test_a_wrong_count_is_told_once() -> None:
    levels = [*LEVELS[:4], 50.0, *LEVELS[5:]]
    tables = {"inventory": daily("on_hand", levels), "sales": daily("units", SOLD)}
    assert codes(**tables, purchases=booked()) == [("SO403", 5)]
    assert codes(**tables) == []  # receipts are not known


def test_a_loss_that_stays_is_told_where_it_happened() -> None:
    levels = [level - (9 if day >= 4 else 0) for day, level in enumerate(LEVELS[:6])]
    found = check_frames(inventory=daily("on_hand", levels), sales=daily("units", SOLD[:6]),
                         purchases=receipts((0, 22), (5, 0)))  # fmt: skip
    (row,) = found.filter(code="SO403").rows(named=True)
    assert (row["row"], row["date"]) == (5, MONDAY + timedelta(4))
    assert row["message"] == (
        "14 before, -2 by receipts, sales and other movements, but 3 after: -9 unexplained"
    )


def test_without_movements_a_little_is_let_pass() -> None:
    levels = [level - (4 if day >= 4 else 0) for day, level in enumerate(LEVELS[:6])]
    sold = {"inventory": daily("on_hand", levels), "sales": daily("units", SOLD[:6])}
    assert codes(**sold, purchases=receipts((0, 22), (5, 0))) == []
    moved = daily("units", [-2.0] * 6, kind="sale")
    arrived = pl.DataFrame({"date": [MONDAY], "sku": "A", "units": [22.0], "kind": "receipt"})
    assert codes(**sold, movements=pl.concat([moved, arrived])) == [("SO403", 5)]


def test_booked_a_day_late_is_no_loss() -> None:
    levels = [*LEVELS[:10], LEVELS[9] - 2 if LEVELS[9] > 2 else 0.0, LEVELS[11]]
    tables = {"inventory": daily("on_hand", levels), "sales": daily("units", SOLD)}
    assert codes(**tables, purchases=booked()) == [("SO405", 11)]


def test_movements_lend_what_sales_and_purchases_lack() -> None:
    moves = pl.DataFrame(
        {"date": [MONDAY, *days(12)[10:]], "sku": "A", "units": [22.0, 30.0, 0.0],
         "kind": "receipt"}
    )  # fmt: skip
    tables = {"inventory": daily("on_hand", LEVELS), "sales": daily("units", SOLD)}
    assert codes(**tables, movements=moves) == []
    assert codes(**tables, movements=moves.with_columns(units=pl.col("units") + 1)) == [
        ("SO403", 11),
        ("SO403", 12),
    ]


def test_weekly_sales_are_compared_with_counts_of_sundays() -> None:
    mondays = [MONDAY + timedelta(7 * week) for week in range(6)]
    sales = pl.DataFrame({"date": mondays, "sku": "A", "units": [14.0] * 6})
    levels = [200 - 2.0 * (day + 1) for day in range(42)]
    bought = receipts((0, 0), (41, 0))
    assert codes(inventory=daily("on_hand", levels), sales=sales, purchases=bought) == []
    wrong = [level - (30 if day >= 20 else 0) for day, level in enumerate(levels)]
    assert codes(inventory=daily("on_hand", wrong), sales=sales, purchases=bought) == [
        ("SO403", 21)
    ]


def test_sold_on_one_day_without_stock_may_be_a_receipt_that_nobody_told() -> None:
    stock = daily("on_hand", [5.0, 0.0, 0.0, 0.0, 0.0, 3.0])
    once = daily("units", [1.0, 5.0, None, 2.0, None, 1.0])
    assert codes(inventory=stock, sales=once) == []
    twice = daily("units", [1.0, 5.0, 2.0, 2.0, None, 1.0])
    assert codes(inventory=stock, sales=twice) == [("SO402", 3), ("SO402", 4)]
    assert codes(inventory=stock, sales=once, purchases=receipts((0, 6), (5, 4))) == [("SO402", 4)]


def test_sold_on_a_day_said_to_be_without_stock() -> None:
    shares = daily("in_stock_share", [1.0, 0.0, 0.5, 0.0])
    sales = daily("units", [1.0, 2.0, 3.0, None])
    assert codes(inventory=shares, sales=sales) == [("SO402", 2)]


def test_shelves_that_are_filled_every_night_are_not_frozen() -> None:
    sold = daily("units", [3.0] * 60)
    assert codes(inventory=daily("on_hand", [20.0] * 60), sales=sold) == [("SO404", 2)]
    nightly = [20.0 if day % 5 else 19.0 for day in range(60)]
    assert codes(inventory=daily("on_hand", nightly), sales=sold) == []


@pytest.mark.parametrize("factor", [6, 12, 24])
def test_stock_in_cases_falls_by_a_case_for_many_pieces(factor: int) -> None:
    rng = np.random.default_rng(5)
    sold = rng.poisson(factor, 60).astype(float)
    level = 2000 - np.cumsum(sold)
    found = check_frames(
        inventory=daily("on_hand", (level // factor).tolist()), sales=daily("units", sold.tolist())
    )
    assert found.filter(pl.col("severity") != "info").select("code", "row").rows() == [
        ("SO503", 60)
    ]
    assert f"falls by 1 for {factor} units" in found.filter(code="SO503")["message"].item()


def test_a_long_silence_is_told_where_sales_are_usual() -> None:
    rng = np.random.default_rng(5)
    sold = [*(1.0 + rng.integers(0, 2, 100)), *[0.0] * 40]
    level = [500 - total for total in np.cumsum(sold)]
    other = daily("units", [1.0] * 140).with_columns(sku=pl.lit("B"))
    found = check_frames(
        inventory=daily("on_hand", level),
        sales=pl.concat([daily("units", sold).filter(pl.col("units") > 0), other]),
    ).filter(code="SO406")
    assert found.select("row", "message").rows() == [
        (101, f"stays at {level[-1]:g} until 2026-05-24 without a sale, where about 40 days with "
         "sales are usual")
    ]  # fmt: skip
