"""Suppliers against figures worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.errors import NotKnownError
from stockout.impact.suppliers import COLUMNS, ITEM_COLUMNS, suppliers
from stockout.replenishment.lead_times import lead_times, received_lines
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

START = date(2026, 1, 5)
AS_OF = date(2026, 6, 28)
SALES_DAYS = 175


def orders(
    supplier: str,
    took: Sequence[int | None],
    *,
    sku: str = "A",
    got: Sequence[float | None] | None = None,
    cost: Sequence[float] | float = 2.0,
    promised: int | None = 10,
) -> pl.DataFrame:
    """Weekly orders of 10 units; None has not come."""
    ordered = [START + timedelta(7 * k) for k in range(len(took))]
    units = [None if days is None else 10.0 for days in took] if got is None else got
    costs = [cost] * len(took) if isinstance(cost, float) else cost
    return pl.DataFrame(
        {
            "po_id": [f"{supplier}{sku}{k}" for k in range(len(took))],
            "sku": sku,
            "supplier_id": supplier,
            "order_date": ordered,
            "promised_date": [
                None if promised is None else d + timedelta(promised) for d in ordered
            ],
            "received_date": [
                None if days is None else d + timedelta(days)
                for d, days in zip(ordered, took, strict=True)
            ],
            "ordered_units": 10.0,
            "received_units": units,
            "unit_cost": costs,
        },
        schema_overrides={
            "received_units": pl.Float64, "promised_date": pl.Date, "received_date": pl.Date
        },
    )  # fmt: skip


@pytest.fixture
def sales() -> pl.DataFrame:
    """A sells Poisson 4 a day."""
    days = [START + timedelta(k) for k in range(SALES_DAYS)]
    units = np.random.default_rng(5).poisson(4.0, SALES_DAYS).astype(float)
    return pl.DataFrame({"date": days, "sku": "A", "units": units})


def test_deliveries_by_hand() -> None:
    took = [8, 10, 10, 12, 9, 11, None]
    bought = orders("S", took, got=[10, 10, 8, 10, 10, 10, None])
    found = suppliers(bought, as_of=AS_OF)
    assert found.frame.columns == list(COLUMNS)
    row = found.frame.row(0, named=True)
    assert (row["lines"], row["open_lines"], row["overdue_lines"]) == (7, 1, 1)
    assert (row["ordered_units"], row["received_units"], row["spend"]) == (70, 58, 116)
    assert row["judged_lines"] == 7
    assert row["on_time"] == pytest.approx(4 / 7)  # 8, 10, 10, 9 days of 10
    assert row["in_full"] == pytest.approx(5 / 7)  # one short, one has not come
    assert row["otif"] == pytest.approx(3 / 7)
    assert row["lead_time_days"] == 10
    assert row["lead_time_sd_days"] == pytest.approx(np.std([8, 10, 10, 12, 9, 11], ddof=1))
    assert (row["lead_time_p10"], row["lead_time_p50"], row["lead_time_p90"]) == (8.5, 10, 11.5)
    assert (row["lead_time_source"], row["measured_lines"]) == ("measured supplier", 6)
    assert row["late_days"] == 0
    assert row["late_days_p90"] == pytest.approx(1.5)
    assert row["partial_share"] == 0
    assert row["safety_stock"] is None
    assert any(text.startswith("no sales are given") for text in found.not_known)


def test_partial_deliveries_and_reversals_are_of_one_line() -> None:
    bought = orders("S", [8, 10, 10, 12, 9])
    part = bought.head(1).with_columns(received_units=pl.lit(4.0))
    rest = bought.head(1).with_columns(
        received_units=pl.lit(6.0), received_date=pl.col("received_date") + timedelta(4)
    )
    back = bought.slice(1, 1).with_columns(received_units=pl.lit(-2.0))
    row = suppliers(pl.concat([part, rest, bought[1:], back]), as_of=AS_OF).frame.row(0, named=True)
    assert (row["lines"], row["reversals"]) == (5, 1)
    assert row["partial_share"] == pytest.approx(1 / 5)
    assert row["in_full"] == pytest.approx(4 / 5)  # 2 of 10 went back
    assert row["lead_time_p90"] == 12  # the first line was complete after 12 days


def test_prices_and_single_sources() -> None:
    bought = pl.concat(
        [
            orders("S", [10] * 5, cost=[2.0, 2.0, 2.0, 2.0, 2.2]),
            orders("S", [10] * 2, sku="B", cost=[8.0, 6.0]),
            orders("T", [10] * 5, sku="B", cost=5.0),
        ]
    )
    frame = suppliers(bought, as_of=AS_OF).frame
    of_s, of_t = (
        frame.row(by_predicate=pl.col("supplier_id") == name, named=True) for name in "ST"
    )
    # 50 A from 2 to 2.2, 20 B from 8 to 6: (110 + 120) / (100 + 160)
    assert of_s["price_change"] == pytest.approx(230 / 260 - 1)
    assert of_t["price_change"] == 0
    assert (of_s["skus"], of_s["single_source_skus"]) == (2, 1)
    assert of_s["single_source_share"] == pytest.approx(102 / (102 + 140))
    assert of_t["single_source_skus"] == 0
    assert of_s["share_of_spend"] == pytest.approx(242 / (242 + 250))


def test_lead_times_are_those_that_reorder_uses(sales: pl.DataFrame) -> None:
    bought = orders("S", [8, 10, 10, 12, 9, 11])
    items = suppliers(bought, sales, as_of=AS_OF).items
    assert items is not None
    assert items.columns[: len(ITEM_COLUMNS)] == list(ITEM_COLUMNS)
    used = lead_times(
        pl.DataFrame({"sku": ["A"], "location": ["ALL"], "supplier_id": ["S"]}),
        received_lines(conform(bought, "purchases"), AS_OF),
    )
    names = ["lead_time_days", "lead_time_sd_days", "lead_time_source"]
    assert items.select(names).row(0) == pytest.approx(used.select(names).row(0))


def test_even_lead_times_cost_nothing_and_uneven_ones_do(sales: pl.DataFrame) -> None:
    even = suppliers(orders("S", [10] * 6), sales, as_of=AS_OF).frame.row(0, named=True)
    assert (even["unreliability_units"], even["unreliability_value"]) == (0, 0)
    uneven = suppliers(orders("S", [2, 18, 4, 16, 1, 19]), sales, as_of=AS_OF)
    row = uneven.frame.row(0, named=True)
    assert row["lead_time_days"] == even["lead_time_days"]
    # Normal demand: 1.645 (sqrt(4 17 + (4 8.2)^2) - sqrt(4 17)) is 42 units
    assert row["unreliability_units"] == pytest.approx(42, rel=0.3)
    assert row["unreliability_value"] == pytest.approx(2 * row["unreliability_units"])
    assert row["safety_stock"] == pytest.approx(even["safety_stock"] + row["unreliability_units"])


def test_a_better_supplier_is_suggested_with_its_numbers(sales: pl.DataFrame) -> None:
    usual = orders("S", [4, 18, 4, 18, 4, 18])
    products = pl.DataFrame({"sku": ["A"], "supplier_id": ["S"], "unit_cost": [2.0]})
    for cost, suggestion in ((1.9, "switch"), (2.0, "switch"), (2.5, "split")):
        bought = pl.concat([usual, orders("T", [6] * 6, cost=cost)])
        found = suppliers(bought, sales, products=products, as_of=AS_OF)
        assert found.alternatives is not None
        row = found.alternatives.row(0, named=True)
        assert (row["supplier_id"], row["alternative_id"]) == ("S", "T")
        assert row["suggestion"] == suggestion
        assert (row["lead_time_days"], row["alternative_lead_time_days"]) == (11, 6)
        assert row["safety_stock_change"] < 0
        a_year = 365 * 4 * (cost - 2)
        assert row["cost_change_a_year"] == pytest.approx(a_year, rel=0.15)
        text = found.frame.filter(pl.col("supplier_id") == "S")["suggestion"].item()
        assert text.startswith(f"{suggestion} 1 items")
    worse = pl.concat([orders("S", [10] * 6), orders("T", [2, 30, 2, 30, 2, 30], cost=2.5)])
    kept = suppliers(worse, sales, products=products, as_of=AS_OF)
    assert kept.alternatives is not None
    assert kept.alternatives["suggestion"].to_list() == ["keep"]
    assert kept.frame["suggestion"].null_count() == 2


def test_what_is_not_known_is_said(sales: pl.DataFrame) -> None:
    found = suppliers(orders("S", [10] * 3, promised=None), sales, as_of=AS_OF,
                      default_lead_time_days=9)  # fmt: skip
    row = found.frame.row(0, named=True)
    assert (row["on_time"], row["otif"], row["lead_time_days"]) == (None, None, None)
    assert row["in_full"] == 1
    assert any("no promised date" in text for text in found.not_known)
    assert any("is not known: fewer than five" in text for text in found.not_known)
    assert any("no item is known to have another supplier" in text for text in found.not_known)
    with pytest.raises(NotKnownError, match="names a supplier"):
        suppliers(orders("S", [10]).drop("supplier_id"), as_of=AS_OF)


def test_months() -> None:
    months = suppliers(orders("S", [10, 10, 10, 12, 12]), as_of=AS_OF).months
    assert months.select("month", "judged_lines", "on_time").rows() == [
        (date(2026, 1, 1), 3, 1.0),
        (date(2026, 2, 1), 2, 0.0),
    ]
