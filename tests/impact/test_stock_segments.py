"""Segments of items and their stock against figures worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.impact.stock_age import receipts, stock_age
from stockout.impact.stock_classes import judged_stock
from stockout.impact.stock_segments import COLUMNS, segments
from stockout.tables import conform

START = date(2025, 7, 7)
DAYS = 364
AS_OF = START + timedelta(DAYS - 1)


def shop() -> dict[str, Any]:
    """A sells 8 a day, B 2 every day for half a year and then nothing, C one a week, D never."""
    days = pl.Series("date", [START + timedelta(k) for k in range(DAYS)])
    sales = pl.concat(
        [
            pl.DataFrame({"date": days, "sku": "A", "units": 8.0, "unit_price": 5.0}),
            pl.DataFrame({"date": days.head(170), "sku": "B", "units": 2.0, "unit_price": 4.0}),
            pl.DataFrame({"date": days.gather_every(7), "sku": "C", "units": 1.0,
                          "unit_price": 6.0}),
        ],
        how="diagonal",
    )  # fmt: skip
    on_hand = {"A": 400.0, "B": 50.0, "C": 80.0, "D": 30.0}
    inventory = pl.DataFrame(
        [(day, sku, units) for sku, units in on_hand.items() for day in (START, AS_OF)],
        schema=["date", "sku", "on_hand"],
        orient="row",
    )
    products = pl.DataFrame(
        {"sku": ["A", "B", "C", "D"], "unit_cost": [2.0, 1.0, 3.0, None], "category": list("XXYY")}
    )
    purchases = pl.DataFrame(
        {
            "po_id": ["1", "2", "3", "4"],
            "sku": ["A", "A", "C", "D"],
            "order_date": START,
            "received_date": [AS_OF - timedelta(k) for k in (10, 100, 200, 300)],
            "ordered_units": [300.0, 300.0, 60.0, 30.0],
        }
    )
    return {"sales": sales, "inventory": inventory, "products": products, "purchases": purchases}


def row(frame: pl.DataFrame, sku: str) -> dict[str, Any]:
    """The row of one SKU."""
    return frame.row(by_predicate=pl.col("sku") == sku, named=True)


def test_every_item_by_hand() -> None:
    frame = segments(**shop()).frame
    assert frame.columns == list(COLUMNS)
    a, b, c, d = (row(frame, sku) for sku in "ABCD")
    assert [each["abc"] for each in (a, b, c, d)] == ["A", "B", "C", "C"]
    assert (a["xyz"], a["demand_class"], c["demand_class"]) == ("X", "smooth", "intermittent")
    assert a["units_a_year"] == pytest.approx(8 * 365)
    assert a["turnover"] == pytest.approx(8 * 365 / 400)
    assert a["expected_demand"] == pytest.approx(720, rel=0.01)
    assert (a["stock_class"], a["excess_units"], a["stock_value"]) == ("ok", 0, 800)
    assert a["days_of_supply"] == pytest.approx(50, rel=0.01)
    assert b["stock_class"] == "dead"
    assert (b["excess_units"], b["excess_value"]) == pytest.approx((50, 50), rel=0.001)
    assert (b["last_sale"], b["days_since_sale"]) == (START + timedelta(169), DAYS - 170)
    assert b["reason"] == f"last sold {DAYS - 170} days ago"
    assert c["stock_class"] == "slow"
    assert c["excess_units"] == pytest.approx(80 - 90 / 7, rel=0.1)
    assert (d["stock_class"], d["reason"], d["excess_units"]) == ("dead", "never sold", 30)
    assert (d["stock_value"], d["excess_value"]) == (None, None)


@pytest.mark.parametrize("expected", [0.0, 3e-11])
def test_what_is_left_of_a_demand_that_stopped_is_none(expected: float) -> None:
    """A few pieces do not last for a billion years, they are not wanted."""
    line = pl.DataFrame(
        {
            "on_hand": [7.0], "unknown": [None], "mean_stock": [7.0], "unit_cost": [2.0],
            "units_a_year": [4.0], "expected_demand": [expected], "life": ["active"],
            "last_sale": [START], "last_receipt": [START], "first_date": [START],
        },
        schema_overrides={"unknown": pl.String},
    )  # fmt: skip
    (judged,) = judged_stock(line, START + timedelta(30), 90, 180, 365).rows(named=True)
    assert judged["days_of_supply"] is None
    assert (judged["stock_class"], judged["reason"]) == ("slow", "no demand is expected")


def test_age_is_that_of_the_last_receipts() -> None:
    frame = segments(**shop()).frame
    a, b, c, d = (row(frame, sku) for sku in "ABCD")
    assert a["age_days"] == pytest.approx((300 * 10 + 100 * 100) / 400)
    assert (a["oldest_days"], a["age_known_share"]) == (100, 1)
    assert (a["units_over_90"], a["units_over_180"]) == (100, 0)
    assert b["age_days"] is None
    # of the 80 C, 60 came 200 days ago and 20 before that
    assert (c["age_days"], c["age_known_share"]) == (200, 0.75)
    assert (c["units_over_180"], c["units_over_365"]) == (80, 0)
    assert (d["age_days"], d["last_receipt"]) == (300, AS_OF - timedelta(300))


def test_movements_outrank_purchases_for_receipts() -> None:
    tables = shop()
    moved = pl.DataFrame({"date": [AS_OF], "sku": ["A"], "units": [7.0], "kind": ["receipt"]})
    came = receipts(conform(tables["purchases"], "purchases"), conform(moved, "movements"), AS_OF)
    assert came.filter(pl.col("sku") == "A")["units"].to_list() == [7]
    assert came.filter(pl.col("sku") == "C")["units"].to_list() == [60]


def test_no_stock_has_no_age() -> None:
    stock = pl.DataFrame({"sku": ["A"], "location": ["ALL"], "on_hand": [0.0]})
    came = pl.DataFrame({"sku": "A", "location": "ALL", "date": [AS_OF], "units": [4.0]})
    assert stock_age(stock, came, AS_OF).select("age_days", "last_receipt").row(0) == (None, AS_OF)


def test_sums() -> None:
    found = segments(**shop())
    total = found.summary([]).row(0, named=True)
    assert total["items"] == 4
    assert total["stock_units"] == 560
    assert total["stock_value"] == 800 + 50 + 240
    assert (total["slow_value"], total["dead_value"], total["uncosted_items"]) == (240, 50, 1)
    by_class = found.summary(["stock_class"])
    assert dict(by_class.select("stock_class", "items").iter_rows()) == {
        "ok": 1, "slow": 1, "dead": 2
    }  # fmt: skip
    assert found.summary(["category"])["share_of_value"].sum() == pytest.approx(1)
    with pytest.raises(ConfigError, match="expected abc, xyz"):
        found.summary(["colour"])


def test_the_horizon_is_the_users() -> None:
    frame = segments(**shop(), horizon_days=30).frame
    a = row(frame, "A")
    assert (a["stock_class"], a["excess_units"]) == ("excess", pytest.approx(160, rel=0.02))
    with pytest.raises(ConfigError, match="horizon days: found 0"):
        segments(**shop(), horizon_days=0)


def test_without_inventory_demand_is_sorted_and_stock_is_not_known() -> None:
    tables = shop()
    del tables["inventory"]
    found = segments(**tables)
    assert row(found.frame, "A")["abc"] == "A"
    assert found.frame["on_hand"].null_count() == found.frame.height
    assert found.frame["stock_class"].unique().to_list() == ["unknown"]
    assert found.not_known[0].startswith("no inventory is given")
    assert found.summary([])["stock_value"].item() is None
