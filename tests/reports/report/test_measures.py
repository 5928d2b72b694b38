"""Measures by hand figures; what the exports do not hold has a reason instead of a value."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

import stockout
from stockout.errors import NotKnownError
from stockout.exports.read import Tables
from stockout.reports.report import measures
from stockout.reports.report.blocks import Said, Told
from stockout.reports.report.gather import gather
from stockout.reports.report.sections.customers import section_churn
from stockout.reports.report.sections.operations import section_causes
from stockout.reports.report.windows import last_windows
from stockout.tables import conform

AS_OF = date(2026, 6, 28)


def ago(days: int) -> date:
    """So many days before as-of."""
    return AS_OF - timedelta(days)


def tables(**frames: pl.DataFrame) -> Tables:
    """Canonical tables."""
    return Tables(**{name: conform(frame, name) for name, frame in frames.items()})


def test_purchase_to_shelf_is_the_median_against_the_half_year_before() -> None:
    took = [(10, 4), (20, 6), (30, 20), (200, 9), (400, 99)]  # received days ago, after days
    lines = pl.DataFrame(
        {
            "po_id": "P",
            "sku": "A",
            "order_date": [ago(back + days) for back, days in took],
            "received_date": [ago(back) for back, _ in took],
            "ordered_units": 1.0,
        }
    )
    found = measures.purchase_to_shelf(tables(purchases=lines), AS_OF)
    assert (found.value, found.before) == (6.0, 9.0)
    assert measures.purchase_to_shelf(Tables(), AS_OF).reason == Said("reason.no_purchases")


def test_shipped_on_time_counts_what_was_due() -> None:
    orders = pl.DataFrame(
        {
            "order_id": list("ABCD"),
            "sku": "A",
            "units": 1.0,
            "due_date": [ago(5), ago(5), ago(5), ago(-5)],
            "shipped_date": [ago(5), ago(4), None, None],
        },
        schema_overrides={"shipped_date": pl.Date},
    )
    found = measures.shipped_on_time(tables(orders=orders), AS_OF)
    assert found.value == pytest.approx(1 / 3)
    assert found.before is None


def test_stock_accuracy_takes_corrections_up_and_down() -> None:
    counts = pl.DataFrame(
        {
            "date": [ago(5), ago(9), ago(9), ago(400)],
            "sku": "A",
            "units": [2.0, -3.0, 50.0, -50.0],
            "kind": ["adjustment", "adjustment", "receipt", "adjustment"],
        }
    )
    stock = pl.DataFrame(
        {"date": [ago(1), ago(1), ago(2), ago(2)], "sku": ["A", "B"] * 2, "on_hand": 25.0}
    )
    found = measures.stock_accuracy(tables(movements=counts, inventory=stock), AS_OF)
    assert found.value == pytest.approx(1 - 5 / 50)


def test_turnover_is_of_a_year_at_cost() -> None:
    sales = pl.DataFrame(
        {"date": [ago(99), ago(1)], "sku": ["A", "B"], "units": [10.0, 5.0]},
    )
    stock = pl.DataFrame({"date": [ago(0)] * 2, "sku": ["A", "B"], "on_hand": [4.0, 10.0]})
    costs = pl.DataFrame({"sku": ["A", "B"], "unit_cost": [2.0, 4.0]})
    found = measures.turnover(tables(sales=sales, inventory=stock, products=costs), AS_OF)
    assert found.value == pytest.approx((10 * 2 + 5 * 4) / (4 * 2 + 10 * 4) * 365 / 100)
    units = measures.turnover(tables(sales=sales, inventory=stock), AS_OF)
    assert units.value == pytest.approx(15 / 14 * 365 / 100)


@pytest.fixture(scope="module")
def found() -> Any:  # noqa: ANN401 - a class of another room
    """An item that is out of stock for the last fourteen of its 364 days."""
    days = [ago(363 - day) for day in range(364)]
    sales = pl.DataFrame({"date": days, "sku": "A", "units": [4.0] * 350 + [0.0] * 14,
                          "unit_price": 2.0})  # fmt: skip
    stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 350 + [False] * 14})
    return stockout.lost_sales(sales, stock)


def test_windows_compare_four_weeks_with_four_weeks(found: Any) -> None:  # noqa: ANN401 - see above
    last, before = last_windows(found)
    assert last.stockout_rate == pytest.approx(0.5)
    assert last.lost_revenue == pytest.approx(14 * 4 * 2, rel=0.02)
    assert last.loss_rate == pytest.approx(0.5, rel=0.02)
    low, value, high = last.lost_low, last.lost_revenue, last.lost_high
    assert low is not None
    assert value is not None
    assert high is not None
    assert low < value < high
    assert before is not None
    assert (before.stockout_rate, before.loss_rate) == (0.0, 0.0)


def test_repurchases_by_whether_the_usual_item_was_out() -> None:
    days = [ago(363 - day) for day in range(364)]
    out = {ago(100), ago(101)}  # within the four weeks that end 91 days before as-of
    stock = pl.DataFrame(
        {
            "date": days * 2,
            "sku": ["A"] * 364 + ["B"] * 364,
            "in_stock": [day not in out for day in days] + [True] * 364,
        }
    )
    rows = [
        ("ann", "A", 150),
        ("bob", "A", 150),
        ("cid", "B", 150),
        ("ann", "B", 10),
        ("cid", "B", 9),
    ]
    daily = pl.DataFrame({"date": days * 2, "sku": ["A"] * 364 + ["B"] * 364, "units": 3.0})
    bought = pl.DataFrame(
        [
            {"date": ago(back), "sku": sku, "units": 1.0, "customer_id": who}
            for who, sku, back in rows
        ]
    )
    given = tables(sales=pl.concat([daily, bought], how="diagonal"), inventory=stock)
    lost = stockout.lost_sales(given.sales, given.inventory)  # type: ignore[arg-type]
    exposed, other = measures.repurchase_rates(given, lost)
    assert (exposed.value, other.value) == (0.5, 1.0)


def test_a_verb_that_cannot_know_gives_its_reason(
    monkeypatch: pytest.MonkeyPatch, hostile_tables: dict[str, pl.DataFrame]
) -> None:
    def causes(sales: pl.DataFrame, as_of: date) -> None:
        raise NotKnownError(f"nothing is known of {sales.height > 0} by {as_of}")

    monkeypatch.setattr("stockout.reports.report.gather.FURTHER", ("causes",))
    monkeypatch.setattr(stockout, "__all__", [*stockout.__all__, "causes"])
    monkeypatch.setattr(stockout, "causes", causes, raising=False)
    for name in ("forecast", "backtest", "reorder", "lost_sales"):
        monkeypatch.setattr(stockout, name, causes, raising=False)
    facts = gather(tables(sales=hostile_tables["sales"]))
    reason = Told("nothing is known of True by 2026-06-30")
    assert section_causes(facts).reason == reason
    assert Said("churn.absent") in section_churn(facts).blocks


def test_without_sales_there_is_no_report() -> None:
    with pytest.raises(NotKnownError, match="without sales"):
        gather(Tables())
