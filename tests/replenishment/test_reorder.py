"""The verb: each line's numbers, status and sentence agree, from tables as exports give them."""

from __future__ import annotations

import importlib
import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stockout
from stockout.errors import ConfigError, MissingColumnError, NotKnownError
from stockout.forecasting.demand_model import DemandModel
from stockout.replenishment.reorder import COLUMNS, reorder

if TYPE_CHECKING:
    from stockout.demand.history import History
    from stockout.replenishment.targets import Unmet

AS_OF = date(2026, 6, 28)  # a Sunday
FIRST = AS_OF - timedelta(7 * 40 - 1)
TEXT = ["sku", "location", "supplier_id", "status", "reason", "lead_time_source", "target", "limit"]


def after(days: int) -> date:
    return AS_OF + timedelta(days)


def sales(**units_per_day: float) -> pl.DataFrame:
    """The same units of each SKU on each of 280 days, at 5.00."""
    days = pl.date_range(FIRST, AS_OF, eager=True)
    return pl.concat(
        pl.DataFrame({"date": days, "sku": sku, "units": float(units), "unit_price": 5.0})
        for sku, units in units_per_day.items()
    ).with_columns(revenue=pl.col("units") * 5)


def stock(day: date = AS_OF, **on_hand: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"date": day, "sku": list(on_hand), "on_hand": [float(x) for x in on_hand.values()]}
    )


def products(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def po(day: int | None = None, **columns: object) -> pl.DataFrame:
    promised = pl.Series([None if day is None else after(day)], dtype=pl.Date)
    return pl.DataFrame(
        {
            "po_id": "P1", "sku": "A", "order_date": after(-3), "promised_date": promised,
            "ordered_units": 10.0, **columns,
        }
    )  # fmt: skip


@pytest.fixture
def poisson(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demand is Poisson with the mean of the last eight weeks, so that figures can be told."""

    def fit(history: History, horizon: int, protection: object, **_: object) -> DemandModel:
        assert protection is not None
        days = 56 // {"day": 1, "week": 7}[history.freq]
        mean = history.units[-days:].mean(axis=0).astype(float)
        mean[(history.items["status"] == "ended").to_numpy()] = 0
        n = mean.size
        return DemandModel(
            history,
            np.tile(mean, (horizon, 1)),
            np.ones(n),
            np.ones(n),
            np.zeros(n),
            history.items["is_integer"].to_numpy(),
            pl.Series(["SES"] * n),
        )

    module = importlib.import_module("stockout.replenishment.protection_demand")
    for name in ("fitted", "fit"):
        monkeypatch.setattr(module, name, fit)


def one(frame: pl.DataFrame, sku: str = "A") -> dict[str, Any]:
    return frame.filter(sku=sku).row(0, named=True)


# -- numbers and sentences -------------------------------------------------------------------------


@pytest.mark.usefixtures("poisson")
def test_an_order_and_its_sentence() -> None:
    # 1 a day: Poisson 21 in 14 + 7 days, 95 % quantile 29; but what exceeds 20 in 14 days is lost,
    # so 8 cover the last 7 days with sum_l P(14 = l) P(7 <= 8 + (20 - l)+) = .958, 7 with .930
    line = one(reorder(sales(A=1), stock(A=20), lead_time_days=14))
    told = COLUMNS[: COLUMNS.index("limit") + 2]
    assert {name: line[name] for name in told if name not in {"reason", *COLUMNS[12:15]}} == {
        "sku": "A", "location": "ALL", "supplier_id": None, "on_hand": 20, "on_order": 0,
        "position": 20, "mean_demand": 21, "safety_stock": 8, "reorder_point": 29,
        "order_up_to": 28, "order_qty": 8, "order_value": None, "status": "at risk",
        "lead_time_days": 14, "lead_time_source": "flag", "review_days": 7, "target": "CSL 95 %",
        "raw_qty": 8, "moq": None, "pack_size": None, "max_stock": None, "limit": None,
        "policy": "(R,S)",
    }  # fmt: skip
    assert line["stockout_risk"] == pytest.approx(0.530, abs=0.005)  # P(Poisson 21 > 20)
    assert line["expected_lost_units"] == pytest.approx(2.36, abs=0.02)  # E[(Poisson 21 - 20)+]
    assert line["expected_lost_revenue"] == pytest.approx(5 * line["expected_lost_units"])
    assert line["reason"] == (
        "Order 8: 20 on hand and 0 on the way against 21 expected over 14+7 days, 0.11 of them "
        "lost before an order can arrive; CSL 95 % needs 28"
    )


@pytest.mark.usefixtures("poisson")
def test_lost_sales_are_not_ordered_again() -> None:
    arguments: dict[str, Any] = {"lead_time_days": 14, "service_level": 0.9}
    line = one(reorder(sales(A=1), stock(A=0), **arguments))
    # the last week is Poisson 7, whose 90 % quantile is 10; 14 are lost before
    assert (line["order_qty"], line["order_up_to"], line["status"]) == (10, 10, "stocked out")
    assert line["reason"] == (
        "Order 10: 0 on hand and 0 on the way against 21 expected over 14+7 days, 14 of them lost "
        "before an order can arrive; CSL 90 % needs 10"
    )
    line = one(reorder(sales(A=1), stock(A=0), unmet="backorder", **arguments))
    assert (line["order_qty"], line["order_up_to"]) == (27, 27)
    assert "14 of them late before an order can arrive; CSL 90 % needs 27" in line["reason"]


@pytest.mark.usefixtures("poisson")
def test_a_purchase_on_its_way_counts_from_its_date_on() -> None:
    arguments: dict[str, Any] = {"lead_time_days": 14, "service_level": 0.95}
    soon, later = (
        one(reorder(sales(A=1), stock(A=2), purchases=po(day, ordered_units=30.0), **arguments))
        for day in (2, 13)
    )
    assert soon["on_order"] == later["on_order"] == 30
    assert soon["position"] == later["position"] == 32
    assert soon["order_qty"] == 0
    assert soon["expected_lost_units"] < 1
    # ten days without stock: a purchase that comes late does not hide them
    assert later["expected_lost_units"] > 10
    assert later["status"] == "at risk"
    assert later["reason"] == (
        "No order: 2 on hand and 30 on the way against 21 expected over 14+7 days, 11 of them lost "
        "before an order can arrive; what is on the way is enough afterwards for CSL 95 %"
    )


@pytest.mark.usefixtures("poisson")
def test_a_purchase_due_after_the_next_order_does_not_count_and_is_named() -> None:
    line = one(reorder(sales(A=1), stock(A=20), purchases=po(21), lead_time_days=14))
    assert (line["on_order"], line["position"], line["order_qty"]) == (0, 20, 8)
    assert line["reason"].endswith("CSL 95 % needs 28; 10 more come after that and do not count")


@pytest.mark.usefixtures("poisson")
def test_what_is_promised_away_is_not_in_the_position() -> None:
    inventory = stock(A=30).with_columns(reserved=pl.lit(2.0), blocked=pl.lit(3.0))
    orders = pl.DataFrame(
        {
            "order_id": ["1", "2"],
            "sku": "A",
            "units": [4.0, 9.0],
            "due_date": [after(-1), after(9)],
        }
    )
    line = one(reorder(sales(A=1), inventory, orders=orders, lead_time_days=14))
    # the nine that are due later are the nine that the forecast expects until then
    assert (line["on_hand"], line["position"], line["order_qty"]) == (30, 21, 7)
    assert (line["booked"], line["booked_beyond"], line["booked_short"]) == (9, 0, 0)
    assert "30 on hand less 9 reserved, blocked or promised to customers and 0 on" in line["reason"]
    assert "against 21 expected (9 already ordered by customers) over 14+7 days" in line["reason"]


@pytest.mark.usefixtures("poisson")
def test_who_ordered_more_than_the_forecast_waits_for_it_and_is_served_first() -> None:
    orders = pl.DataFrame({"order_id": ["1"], "sku": "A", "units": [50.0], "due_date": [after(9)]})
    line = one(reorder(sales(A=1), stock(A=30), orders=orders, lead_time_days=14))
    # 9 of the 50 are expected anyway; 41 leave on the ninth day, and the 20 lacking are owed
    assert (line["booked"], line["booked_beyond"], line["booked_short"]) == (50, 41, 20)
    assert line["position"] == 30 - 41
    # at L, 20 to 41 are owed, depending on who came before; then the last week's demand
    assert 20 + 10 <= line["order_qty"] <= 41 + 12
    assert line["status"] == "at risk"
    assert line["reason"].endswith("; 20 that customers ordered lack at their dates")
    owed = one(reorder(sales(A=1), stock(A=30), orders=orders, lead_time_days=14,
                       unmet="backorder"))  # fmt: skip
    assert owed["raw_qty"] == owed["reorder_point"] - owed["position"] == 29 + 11


@pytest.mark.usefixtures("poisson")
def test_without_purchases_the_inventorys_on_order_counts_as_of_the_lead_time() -> None:
    inventory = stock(A=5).with_columns(on_order=pl.lit(40.0))
    line = one(reorder(sales(A=1), inventory, lead_time_days=14))
    assert (line["on_order"], line["position"], line["order_qty"]) == (40, 45, 0)
    assert line["expected_lost_units"] == pytest.approx(9, abs=0.2)  # 14 expected, 5 there
    nothing = po(2, sku="Z")
    assert (
        one(reorder(sales(A=1), inventory, purchases=nothing, lead_time_days=14))["on_order"] == 0
    )


LIMITS = [
    ({"moq": 12.0}, 12, "moq", ", raised from 8 to the minimum order"),
    ({"pack_size": 6.0}, 12, "pack", ", raised from 8 to whole packs of 6"),
    ({"max_stock": 25.0}, 5, "max_stock", ", cut to fit the maximum stock of 25"),
    ({"moq": 2.0, "pack_size": 4.0, "max_stock": 90.0}, 8, None, "CSL 95 % needs 28"),
]


@pytest.mark.usefixtures("poisson")
@pytest.mark.parametrize(("limits", "quantity", "limit", "end"), LIMITS)
def test_limits_in_the_line(
    limits: dict[str, float], quantity: float, limit: str | None, end: str
) -> None:
    master = products(sku=["A"], unit_cost=[3.0], **{k: [v] for k, v in limits.items()})
    line = one(reorder(sales(A=1), stock(A=20), master, lead_time_days=14))
    assert (line["raw_qty"], line["order_qty"], line["limit"]) == (8, quantity, limit)
    assert line["order_value"] == 3 * quantity
    assert line["reason"].endswith(end)
    assert all(line[name] == value for name, value in limits.items())


@pytest.mark.usefixtures("poisson")
def test_no_order_fits_under_the_maximum_stock() -> None:
    master = products(sku=["A"], moq=[6.0], max_stock=[22.0])
    line = one(reorder(sales(A=1), stock(A=20), master, lead_time_days=14))
    assert (line["order_qty"], line["limit"], line["status"]) == (0, "max_stock", "at risk")
    assert line["reason"].startswith("No order: 20 on hand and 0 on the way against 21 expected")
    assert line["reason"].endswith(
        "CSL 95 % needs 28, but no order of at least 6 fits under the maximum stock of 22"
    )


@pytest.mark.usefixtures("poisson")
def test_a_budget_goes_to_the_lines_that_avoid_the_most_loss() -> None:
    master = products(sku=["A", "B", "C"], unit_cost=[1.0, 4.0, None])
    everything = reorder(sales(A=1, B=1, C=1), stock(A=20, B=20, C=20), master, lead_time_days=14)
    assert everything["order_qty"].to_list() == [8, 8, 8]
    found = reorder(
        sales(A=1, B=1, C=1), stock(A=20, B=20, C=20), master, lead_time_days=14, budget=20
    )
    assert one(found, "A")["order_qty"] == 8
    line = one(found, "B")  # 8 for A leave money for 3 of B, which are as good as the first of A
    assert (line["order_qty"], line["limit"], line["raw_qty"]) == (3, "budget", 8)
    assert line["reason"].endswith(
        "needs 28, cut from 8 by the budget: other units avoid more loss per money"
    )
    nothing = reorder(sales(A=1, B=1), stock(A=20, B=20), master, lead_time_days=14, budget=3)
    for line, end in (
        (one(nothing, "B"), "lines that avoid more loss per money leave of the budget"),
        (one(found, "C"), "but its cost is not known, so the budget cannot be charged"),
    ):
        assert (line["order_qty"], line["limit"], line["raw_qty"]) == (0, "budget", 8)
        assert line["reason"].startswith("No order: 20 on hand")
        assert line["reason"].endswith(end)
    with pytest.raises(NotKnownError, match="no unit cost is known"):
        reorder(sales(A=1), stock(A=20), lead_time_days=14, budget=20)


@pytest.mark.usefixtures("poisson")
def test_enough_and_more_than_enough() -> None:
    found = reorder(sales(A=1, B=1), stock(A=40, B=400), lead_time_days=14)
    assert one(found, "A")["status"] == "ok"
    assert one(found, "A")["reason"] == (
        "No order: 40 on hand and 0 on the way against 21 expected over 14+7 days; CSL 95 % needs "
        "29"
    )
    assert one(found, "B")["status"] == "excess"
    assert one(found, "B")["reason"] == (
        "No order: 400 on hand and 0 on the way are 281 more than the 29 that CSL 95 % needs and "
        "90 days of demand"
    )


@pytest.mark.usefixtures("poisson")
def test_items_that_are_over_or_never_sold() -> None:
    old = sales(A=1, E=1, F=1).filter((pl.col("sku") == "A") | (pl.col("date") < after(-200)))
    inventory = pl.concat([stock(A=40, E=0, F=6, N=8), stock(after(9), M=8)])
    master = products(sku=["F"], active_to=[after(-100)])
    found = reorder(old, inventory, master, lead_time_days=14, as_of=AS_OF)
    told = {
        row["sku"]: (row["status"], row["order_qty"], row["reason"]) for row in found.to_dicts()
    }
    assert told["E"] == ("ended", 0, "No order: no longer sold, last sale on 2025-12-09")
    assert told["F"] == (
        "obsolete", 0, "No order: no longer sold, last sale on 2025-12-09; 6 on hand"
    )  # fmt: skip
    assert told["N"] == ("no demand", 0, "No order: no demand is known up to 2026-06-28; 8 on hand")
    assert set(told) == {"A", "E", "F", "N"}  # M is of the future
    assert one(found, "N")["mean_demand"] is None


@pytest.mark.usefixtures("poisson")
def test_unknown_stock_is_never_zero(caplog: pytest.LogCaptureFixture) -> None:
    flags = pl.DataFrame({"date": [AS_OF], "sku": ["B"], "in_stock": [True]})
    inventory = pl.concat([stock(C=40), flags], how="diagonal")
    with caplog.at_level(logging.WARNING):
        found = reorder(sales(A=1, B=1, C=1), inventory, lead_time_days=14)
    for sku, why in (
        ("A", "inventory has no row of it up to 2026-06-28"),
        ("B", "inventory says whether there was stock, but not how much"),
    ):
        line = one(found, sku)
        assert line["status"] == "unknown stock"
        assert line["reason"] == f"No order said: stock is not known ({why})"
        assert line["mean_demand"] == line["reorder_point"] - line["safety_stock"] == 21
        unknown = ("on_hand", "position", "order_qty", "raw_qty", "order_up_to", "stockout_risk")
        assert all(line[name] is None for name in unknown)
    assert "2 lines have unknown stock and no order: give on_hand in inventory" in caplog.messages


@pytest.mark.usefixtures("poisson")
def test_unknown_lead_time_of_some_items() -> None:
    master = products(sku=["A", "B"], lead_time_days=[14.0, None])
    found = reorder(sales(A=1, B=1), stock(A=20, B=20), master)
    assert one(found, "A")["lead_time_source"] == "product"
    line = one(found, "B")
    assert (line["status"], line["order_qty"], line["mean_demand"]) == (
        "unknown lead time", None, None,
    )  # fmt: skip
    assert line["reason"] == (
        "No order said: the lead time is not known (no received purchases, none in products or "
        "suppliers, no default_lead_time_days); 20 on hand"
    )
    with pytest.raises(NotKnownError, match="the lead time of no item is known"):
        reorder(sales(A=1), stock(A=20))
    line = one(reorder(sales(A=1), stock(A=20), default_lead_time_days=14))
    assert line["lead_time_source"] == "assumed"


@pytest.mark.usefixtures("poisson")
def test_an_old_count_is_rolled_forward_and_said() -> None:
    line = one(reorder(sales(A=1), stock(after(-10), A=40), lead_time_days=14))
    assert line["on_hand"] == 30
    assert "30 on hand (40 counted on 2026-06-18, 10 out since)" in line["reason"]
    still = sales(A=1, B=1).filter((pl.col("sku") == "A") | (pl.col("date") < after(-10)))
    line = one(reorder(still, stock(after(-10), A=40, B=40), lead_time_days=14), "B")
    assert "40 on hand (counted on 2026-06-18)" in line["reason"]


@pytest.mark.usefixtures("poisson")
def test_a_flag_of_no_stock_is_a_stock_of_none_and_said() -> None:
    flags = pl.DataFrame({"date": [after(-1)], "sku": ["A"], "in_stock": [False]})
    inventory = pl.concat([stock(after(-9), A=5), flags], how="diagonal")
    line = one(reorder(sales(A=1), inventory, lead_time_days=14))
    assert (line["on_hand"], line["status"]) == (0, "stocked out")
    assert "0 on hand (out of stock on 2026-06-27) and 0 on the way" in line["reason"]


@pytest.mark.usefixtures("poisson")
def test_less_than_nothing_on_hand_counts_as_nothing_unless_it_is_owed() -> None:
    for unmet, position in (("lost", 0), ("backorder", -4)):
        line = one(reorder(sales(A=1), stock(A=-4), lead_time_days=14, unmet=unmet))  # type: ignore[arg-type]
        assert (line["on_hand"], line["position"], line["status"]) == (-4, position, "stocked out")


@pytest.mark.usefixtures("poisson")
def test_review_days_from_the_argument_products_suppliers_or_default() -> None:
    master = products(sku=["A", "B"], supplier_id=["X", "X"], review_days=[14.0, None])
    terms = pl.DataFrame({"supplier_id": ["X"], "review_days": [3.5]})
    arguments: dict[str, Any] = {"lead_time_days": 14, "default_review_days": 5}
    data = sales(A=1, B=1, C=1), stock(A=20, B=20, C=20), master, terms
    found = reorder(*data, **arguments)
    assert [one(found, sku)["review_days"] for sku in "ABC"] == [14, 3.5, 5]
    assert one(found, "A")["supplier_id"] == "X"
    assert set(reorder(*data, review_days=9, **arguments)["review_days"]) == {9}


# -- the exact form of a weekly game ---------------------------------------------------------------


def test_weekly_flags_one_count_and_promised_purchases() -> None:
    weeks = pl.date_range(FIRST, AS_OF, "7d", eager=True)
    rng = np.random.default_rng(8)
    units = {
        sku: rng.poisson(mean, len(weeks)).astype(float) for sku, mean in (("A", 6), ("B", 30))
    }
    weekly = pl.concat(
        pl.DataFrame({"date": weeks, "sku": sku, "units": x}) for sku, x in units.items()
    )
    flags = pl.concat(
        pl.DataFrame({"date": weeks, "sku": sku, "in_stock": True, "on_hand": None})
        for sku in units
    ).with_columns(pl.col("on_hand").cast(pl.Float64))
    inventory = pl.concat([flags, stock(A=3, B=55)], how="diagonal")
    purchases = pl.concat([po(7, po_id="1", ordered_units=5.0), po(7, po_id="2", sku="B")])
    found = reorder(
        weekly, inventory, purchases=purchases, as_of=AS_OF, freq="week", lead_time_days=14,
        review_days=7, shortage_cost=1, holding_cost=0.2,
    )  # fmt: skip
    assert found.columns == list(COLUMNS)
    assert found.sort("sku").select("on_hand", "on_order", "position", "target").rows() == [
        (3, 5, 8, "cost 1:0.2"),
        (55, 10, 65, "cost 1:0.2"),
    ]
    assert one(found, "A")["mean_demand"] == pytest.approx(18, rel=0.2)
    # about a week of demand: the week before is what the purchase serves, the rest is lost
    assert 5 <= one(found, "A")["order_qty"] <= 12


# -- what a line says can be checked by hand -------------------------------------------------------

masters = st.fixed_dictionaries(
    {
        "moq": st.none() | st.sampled_from([2.0, 10.0, 24.0]),
        "pack_size": st.none() | st.sampled_from([2.0, 6.0, 12.0]),
        "max_stock": st.none() | st.sampled_from([15.0, 60.0]),
        "unit_cost": st.none() | st.just(2.5),
        "shelf_life_days": st.none() | st.sampled_from([4.0, 20.0, 90.0]),
    }
)
once = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TARGETS: list[dict[str, Any]] = [
    {},
    {"fill_rate": 0.97},
    {"shortage_cost": 1.0, "holding_cost": 0.2},
    {"service_level": 0.7},
    {"service_level": 0.9, "order_cost": 6.0, "holding_cost": 0.05},
    {"shortage_cost": 2.0, "holding_cost": 0.02, "order_cost": 12.0},
    {"policy": "continuous"},
    {"policy": "continuous", "order_cost": 6.0, "holding_cost": 0.05},
    {"policy": "continuous", "fill_rate": 0.9, "order_cost": 6.0, "holding_cost": 0.05},
    {"policy": "continuous", "shortage_cost": 3.0, "holding_cost": 0.05, "order_cost": 9.0},
]


@pytest.mark.usefixtures("poisson")
@once
@given(
    master=masters,
    on_hand=st.lists(st.integers(0, 90), min_size=3, max_size=3),
    coming=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    booked=st.lists(st.integers(1, 40), min_size=3, max_size=3),
    minimum=st.none() | st.sampled_from([20.0, 150.0, 1e5]),
    days=st.none() | st.sampled_from(["Mon", "Tue,Fri"]),
    unmet=st.sampled_from(["lost", "backorder"]),
    target=st.sampled_from(TARGETS),
)
def test_a_line_is_recomputed_from_its_own_columns(  # noqa: PLR0917 - what a line depends on
    master: dict[str, Any],
    on_hand: list[int],
    coming: list[int],
    booked: list[int],
    minimum: float | None,
    days: str | None,
    unmet: Unmet,
    target: dict[str, Any],
) -> None:
    skus = ["A", "B", "C"]
    purchases = pl.concat(
        [po(day, po_id=f"{day}", sku=s) for day, s in zip(coming, skus, strict=True)]
    )
    orders = pl.DataFrame(
        {
            "order_id": skus, "sku": skus, "units": list(map(float, booked)),
            "due_date": [after(d % 20) for d in booked],
        }
    )  # fmt: skip
    suppliers = pl.DataFrame(
        {"supplier_id": ["S"], "min_order_value": [minimum], "order_weekdays": [days]},
        schema_overrides={"min_order_value": pl.Float64, "order_weekdays": pl.String},
    )
    found = reorder(
        sales(A=1, B=2, C=0.5), stock(AS_OF, **dict(zip(skus, map(float, on_hand), strict=True))),
        products(sku=skus, **{k: [v] * 3 for k, v in master.items()}).with_columns(
            pl.exclude("sku").cast(pl.Float64), supplier_id=pl.lit("S")
        ),
        suppliers, purchases, orders, lead_time_days=14, unmet=unmet, **target,
    )  # fmt: skip
    for line in found.to_dicts():
        units = booked[skus.index(line["sku"])]
        owed = units if units % 20 == 0 else 0
        gone = owed + line["booked_beyond"]
        assert line["position"] == pytest.approx(line["on_hand"] + line["on_order"] - gone)
        assert 0 <= line["booked_beyond"] <= line["booked"]
        check_levels(line, unmet)
        whole = line["sku"] != "C"
        assert line["order_qty"] == pytest.approx(quantity_of(line, whole=whole))
        assert not whole or line["order_qty"] == round(line["order_qty"])
        if master["unit_cost"]:
            assert line["order_value"] == pytest.approx(line["order_qty"] * 2.5)
        assert 0 <= line["stockout_risk"] <= 1
        assert line["reason"].startswith("Order " if line["order_qty"] > 0 else "No order: ")
        assert line["target"] in line["reason"]
    total = found["order_value"].sum()
    assert not (master["unit_cost"] and minimum) or total == 0 or total >= minimum - 1e-9


def check_levels(line: dict[str, Any], unmet: Unmet) -> None:
    """The levels of a line and what it needs follow from each other."""
    assert line["order_up_to"] == pytest.approx(line["position"] + line["raw_qty"])
    safety = line["reorder_point"] - line["mean_demand"]
    assert line["safety_stock"] == pytest.approx(safety, abs=1e-9)
    missing = max(line["reorder_point"] - line["position"], 0)
    lot = line["order_lot"] or 0
    if line["policy"] in {"(S-1,S)", "(r,Q)"}:
        lots = np.ceil(missing / lot - 1e-9) * lot if lot else missing
        assert line["raw_qty"] == pytest.approx(lots, abs=1e-9)
        assert line["review_days"] == 0
    elif unmet == "backorder":
        needed = missing + lot if missing > 1e-9 else 0
        assert line["raw_qty"] == pytest.approx(needed, abs=1e-9)
    assert (line["order_cost"] is None) == (line["policy"] in {"(R,S)", "(S-1,S)"})


def quantity_of(line: dict[str, Any], *, whole: bool) -> float:
    """What a line orders, by hand: raised to minimum and packs, cut to what fits, or held."""
    quantity = line["raw_qty"] + line["top_up"]
    pack = line["pack_size"] or (1.0 if whole else None)
    quantity = max(quantity, line["moq"] or 0) if quantity > 0 else 0.0
    if pack:
        quantity = np.ceil(quantity / pack - 1e-9) * pack
    room = [np.inf if line["sellable_qty"] is None else line["sellable_qty"]]
    if line["max_stock"] is not None:
        room.append(max(line["max_stock"] - line["position"], 0))
    fits = min(room)
    if pack and fits < np.inf:
        fits = np.floor(fits / pack + 1e-9) * pack
    if fits < quantity:
        quantity = fits if fits >= (line["moq"] or 0) else 0
        assert line["limit"] in {"max_stock", "shelf_life", "min_order_value"}
    if line["limit"] == "min_order_value" and "takes no order below" in line["reason"]:
        return 0.0  # the order of the whole supplier is held
    return float(quantity)


@pytest.mark.usefixtures("poisson")
@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"unmet": "backorder"},
        {"order_cost": 8.0, "holding_cost": 0.05},
        {"policy": "continuous"},
        {"policy": "continuous", "fill": True},
    ],
)
def test_orders_do_not_fall_with_the_target_less_stock_or_a_longer_lead_time(
    policy: dict[str, Any],
) -> None:
    data = sales(A=1, B=3, C=0.5)
    kind = "fill_rate" if policy.get("fill") else "service_level"
    base: dict[str, Any] = {"lead_time_days": 14, kind: 0.9, **policy}
    base.pop("fill", None)

    def quantities(on_hand: float = 12, **arguments: float) -> np.ndarray[Any, Any]:
        found = reorder(data, stock(A=on_hand, B=on_hand, C=on_hand), **(base | arguments))
        return found.sort("sku")["order_qty"].to_numpy()

    by_target = [quantities(**{kind: x}) for x in (0.5, 0.9, 0.95, 0.99)]
    by_stock = [quantities(on_hand=x) for x in (80, 20, 10, 3, 0)]
    by_lead_time = [quantities(lead_time_days=x) for x in (0, 5, 14, 28)]
    # lots are a little smaller where a shortage costs more: an order more, and a smaller one
    lots = 2.0 if "order_cost" in policy else 1e-9
    for runs, slack in ((by_target, lots), (by_stock, 1e-9), (by_lead_time, 1e-9)):
        assert (np.diff(np.array(runs), axis=0) >= -slack).all()


# -- order days, order costs, shelf life, suppliers' minimum, people's corrections -----------------


@pytest.mark.usefixtures("poisson")
def test_an_order_waits_for_its_suppliers_day() -> None:
    suppliers = pl.DataFrame({"supplier_id": ["S"], "order_weekdays": ["Thu"]})
    master = products(sku=["A"], supplier_id=["S"])
    line = one(reorder(sales(A=1), stock(A=20), master, suppliers, lead_time_days=14))
    # three days pass before the order goes out on Thursday, so it has to last for 3 + 14 + 7
    assert (line["order_date"], line["review_days"]) == (after(4), 7)
    assert (line["mean_demand"], line["reorder_point"]) == (24, 32)
    assert line["reason"].startswith("Order 10 on 2026-07-02: 20 on hand and 0 on the way against")
    assert "24 expected over 3+14+7 days" in line["reason"]
    asked = one(
        reorder(sales(A=1), stock(A=20), master, suppliers, lead_time_days=14, review_days=7)
    )
    assert (asked["order_date"], asked["order_qty"]) == (None, 8)


@pytest.mark.usefixtures("poisson")
def test_an_order_cost_makes_lots_and_the_sentence_says_so() -> None:
    costs: dict[str, Any] = {"order_cost": 10, "holding_cost": 0.05, "lead_time_days": 14}
    line = one(reorder(sales(A=1), stock(A=20), **costs))
    assert (line["policy"], line["order_cost"], line["reorder_point"]) == ("(R,s,S)", 10, 29)
    assert line["raw_qty"] == 8 + line["order_lot"]
    assert 14 <= line["order_lot"] <= 22  # a lot of constant demand is sqrt(2 * 10 / .05) = 20
    more = int(line["order_lot"])
    assert line["reason"].endswith(
        f"CSL 95 % needs 28, and {more} more make the order worth its cost of 10"
    )
    plenty = one(reorder(sales(A=1), stock(A=29), **costs))
    assert (plenty["raw_qty"], plenty["policy"]) == (0, "(R,s,S)")


@pytest.mark.usefixtures("poisson")
def test_order_costs_of_suppliers_and_a_holding_cost_of_all() -> None:
    suppliers = pl.DataFrame({"supplier_id": ["S"], "order_cost": [10.0]})
    master = products(sku=["A", "B"], supplier_id=["S", None])
    found = reorder(
        sales(A=1, B=1), stock(A=20, B=20), master, suppliers, lead_time_days=14, holding_cost=0.05
    )
    assert (one(found)["policy"], one(found)["target"]) == ("(R,s,S)", "CSL 95 %")
    assert (one(found, "B")["policy"], one(found, "B")["order_qty"]) == ("(R,S)", 8)


@pytest.mark.usefixtures("poisson")
def test_a_budget_under_continuous_review() -> None:
    master = products(sku=["A", "B"], unit_cost=[1.0, 1.0])
    found = reorder(
        sales(A=1, B=1), stock(A=2, B=16), master, lead_time_days=7, policy="continuous",
        order_cost=10, holding_cost=0.05, budget=12, service_level=0.99,
    )  # fmt: skip
    assert one(found, "A")["order_qty"] > one(found, "B")["order_qty"]
    assert found["order_value"].sum() <= 12


@pytest.mark.usefixtures("poisson")
def test_so_little_is_not_worth_an_order() -> None:
    costs: dict[str, Any] = {
        "order_cost": 40, "holding_cost": 0.02, "shortage_cost": 1, "lead_time_days": 14,
        "unmet": "backorder",
    }  # fmt: skip
    free = one(
        reorder(sales(A=1), stock(A=24), lead_time_days=14, holding_cost=0.02, shortage_cost=1,
                unmet="backorder")
    )  # fmt: skip
    assert free["raw_qty"] > 0
    line = one(reorder(sales(A=1), stock(A=24), **costs))
    assert line["raw_qty"] == 0
    assert line["reorder_point"] <= 24 < free["reorder_point"]
    assert line["reason"].endswith("but so little is not worth the order cost of 40")


@pytest.mark.usefixtures("poisson")
def test_continuous_review_protects_the_lead_time_alone() -> None:
    line = one(reorder(sales(A=1), stock(A=20), lead_time_days=14, policy="continuous"))
    # Poisson 14: 95 % quantile 20, so an order goes out when the position falls to 20
    assert (line["policy"], line["review_days"], line["mean_demand"]) == ("(S-1,S)", 0, 14)
    assert (line["reorder_point"], line["order_qty"]) == (21, 1)
    assert "against 14 expected over 14 days, " in line["reason"]
    assert line["reason"].endswith("CSL 95 % needs 21")
    costs: dict[str, Any] = {"order_cost": 10, "holding_cost": 0.05, "policy": "continuous"}
    line = one(reorder(sales(A=1), stock(A=20), lead_time_days=14, **costs))
    assert (line["policy"], line["reorder_point"]) == ("(r,Q)", 21)
    # Q is never below the lot of constant demand, sqrt(2 * 10 * 1 / .05) (Zheng 1992)
    assert 20 <= line["order_lot"] == line["order_qty"] <= 25
    assert f"needs an order below 21, in lots of {line['order_lot']:.0f} for an" in line["reason"]
    by_cost = one(reorder(sales(A=1), stock(A=0), lead_time_days=14, shortage_cost=3, **costs))
    assert by_cost["order_qty"] >= by_cost["reorder_point"] > 14


@pytest.mark.usefixtures("poisson")
def test_no_more_is_ordered_than_is_sold_before_it_expires() -> None:
    master = products(sku=["A"], shelf_life_days=[5.0])
    line = one(reorder(sales(A=1), stock(A=0), master, lead_time_days=14))
    # at most 2 are sold in 5 days with 90 %: P(Poisson 5 >= 2) = .960, >= 3 .875
    assert (line["raw_qty"], line["sellable_qty"], line["order_qty"]) == (12, 2, 2)
    assert line["limit"] == "shelf_life"
    assert line["reason"].endswith("cut to what is sold within its shelf life of 5 days with 90 %")
    bold = one(reorder(sales(A=1), stock(A=0), master, lead_time_days=14, sold_before_expiry=0.5))
    assert bold["order_qty"] == 5
    master = master.with_columns(moq=pl.lit(6.0))
    line = one(reorder(sales(A=1), stock(A=0), master, lead_time_days=14))
    assert (line["order_qty"], line["limit"]) == (0, "shelf_life")
    assert line["reason"].endswith(
        "but no order of at least 6 is sold within its shelf life of 5 days with 90 %"
    )


@pytest.mark.usefixtures("poisson")
def test_an_order_below_the_suppliers_minimum_is_raised_or_held() -> None:
    master = products(sku=["A", "B"], supplier_id=["S", "S"], unit_cost=[1.0, 1.0])
    suppliers = pl.DataFrame({"supplier_id": ["S"], "min_order_value": [20.0]})
    data = sales(A=1, B=1), stock(A=20, B=35), master, suppliers
    found = reorder(*data, lead_time_days=14)
    # A needs 8 for now, and B is 6 above its 29: 9 days more make 17 and 3
    assert found.sort("sku").select("raw_qty", "top_up", "order_qty").rows() == [
        (8, 9, 17), (0, 3, 3),
    ]  # fmt: skip
    assert one(found)["reason"].endswith(
        "needs 28, raised from 8 by what 9 more days need, to the minimum order of 20 of S"
    )
    held = reorder(*data, lead_time_days=14, below_minimum="hold")
    assert held["order_qty"].to_list() == [0, 0]
    assert one(held)["reason"].endswith(
        "needs 28, but S takes no order below 20, and all its lines together are less"
    )
    both = reorder(*data, lead_time_days=14, budget=19)
    assert both["order_qty"].to_list() == [0, 0]
    assert one(both)["limit"] == "min_order_value"
    assert "and what the budget leaves for it is less" in one(both)["reason"]
    unknown = reorder(*data[:2], master.with_columns(unit_cost=None), suppliers, lead_time_days=14)
    assert one(unknown)["order_qty"] == 8
    assert "whether S gets its minimum order of 20 is not known" in one(unknown)["reason"]


@pytest.mark.usefixtures("poisson")
def test_what_people_expect_goes_into_the_order() -> None:
    more = pl.DataFrame({"sku": ["A"], "percent": [100.0], "reason": ["fair"]})
    line = one(reorder(sales(A=1), stock(A=20), overrides=more, lead_time_days=14))
    assert line["mean_demand"] == 42
    assert line["order_qty"] > 8
    old = sales(A=1, E=1).filter((pl.col("sku") == "A") | (pl.col("date") < after(-200)))
    again = pl.DataFrame({"sku": ["E"], "units": [2.0], "reason": ["back in the catalogue"]})
    line = one(reorder(old, stock(A=20, E=0), overrides=again, lead_time_days=14), "E")
    assert (line["mean_demand"], line["status"]) == (42, "stocked out")
    assert line["order_qty"] > 14


@pytest.mark.usefixtures("poisson")
def test_targets_by_class() -> None:
    master = products(sku=["A", "B", "C"], category=["tea", "tea", "mugs"],
                      service_level=[None, 0.6, None])  # fmt: skip
    found = reorder(
        sales(A=1, B=1, C=1), stock(A=20, B=20, C=20), master, lead_time_days=14,
        targets={"tea": 0.99}, service_level=0.8,
    )  # fmt: skip
    told = [one(found, sku)["target"] for sku in "ABC"]
    assert told == ["CSL 99 % (tea)", "CSL 60 %", "CSL 80 %"]


# -- the real forecast behind it -------------------------------------------------------------------


def test_all_of_it_with_the_real_forecast(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(1)
    days = pl.date_range(FIRST, AS_OF, eager=True)
    frames = [
        pl.DataFrame({"date": days, "sku": f"{i:05}", "units": rng.poisson(m, 280).astype(float)})
        for i, m in enumerate((0.05, 0.4, 2.0, 9.0))
    ]
    data = pl.concat(frames)
    inventory = stock(AS_OF, **{"00000": 1, "00001": 0, "00002": 100, "00003": 60})
    with caplog.at_level(logging.INFO, logger="stockout.replenishment"):
        found = stockout.reorder(data, inventory, default_lead_time_days=14)
    assert found.columns == list(COLUMNS)
    assert found["sku"].to_list()[0] == "00001"
    assert found["status"][0] == "stocked out"
    assert one(found, "00003")["mean_demand"] == pytest.approx(21 * 9, rel=0.1)
    assert set(found["lead_time_source"]) == {"assumed"}
    assert found.schema["order_qty"] == pl.Float64
    assert all(found.schema[name] == pl.String for name in TEXT)
    assert "lead times: assumed for 4 lines, by default_lead_time_days" in caplog.messages
    again = stockout.reorder(
        data.sample(fraction=1, shuffle=True, seed=3), inventory, default_lead_time_days=14
    )
    assert again.equals(found)


@pytest.mark.usefixtures("poisson")
def test_an_item_is_answered_the_same_in_any_company() -> None:
    # the forecast shares tables between items; given the same demand, orders share nothing
    data, inventory = sales(A=1, B=3, C=0.5), stock(A=5, B=5, C=5)
    together = reorder(data, inventory, purchases=po(4), lead_time_days=14)
    for sku in "ABC":
        alone = reorder(
            data.filter(sku=sku), inventory.filter(sku=sku), purchases=po(4), lead_time_days=14
        )
        assert together.filter(sku=sku).equals(alone)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lead_time_days": -1}, "the lead time is -1 days, expected 0 or more"),
        ({"default_lead_time_days": float("nan")}, "the default lead time is nan days"),
        ({"review_days": 0}, "the review period is 0 days, expected more than 0"),
        ({"default_review_days": -2}, "the default review period is -2 days"),
        ({"budget": -5}, "the budget is -5, expected 0 or more"),
        ({"unmet": "both"}, "unmet is 'both', expected one of lost, backorder"),
        ({"service_level": 0.9, "fill_rate": 0.9}, "more than one target"),
        ({"policy": "daily"}, "policy is 'daily', expected one of periodic, continuous"),
        ({"below_minimum": "ask"}, "below_minimum is 'ask', expected one of raise, hold"),
        ({"sold_before_expiry": 90}, "sold_before_expiry is 90, expected a share"),
        ({"order_cost": 5}, "an order cost is weighed against the cost of holding stock"),
        ({"policy": "continuous", "review_days": 7}, "continuous review has no review period"),
        ({"targets": {"X": 0.9}}, "targets.X: neither an ABC class"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reorder(sales(A=1), stock(A=5), **{"lead_time_days": 7, **arguments})


def test_a_missing_column_names_the_table() -> None:
    with pytest.raises(MissingColumnError, match="table inventory: no column 'sku'"):
        reorder(sales(A=1), stock(A=5).rename({"sku": "item"}), lead_time_days=7)


@pytest.mark.usefixtures("poisson")
def test_a_negative_count_is_named_and_counts_as_nothing() -> None:
    line = one(reorder(sales(A=1), stock(A=-5), lead_time_days=14))
    assert (line["on_hand"], line["position"], line["status"]) == (-5, 0, "stocked out")
    assert line["reason"].startswith("Order 12: -5 on hand (an error of the books, counted as 0)")


@pytest.mark.usefixtures("poisson")
def test_no_sentence_asks_for_more_than_there_is_and_orders_nothing() -> None:
    # 15 on hand and 13 on the way are below the 29 that would be enough on the shelf, but what is
    # lost before the 13 come need not be made up for
    line = one(reorder(sales(A=1), stock(A=11), purchases=po(14, ordered_units=12.0),
                       lead_time_days=14))  # fmt: skip
    assert line["position"] < line["reorder_point"]
    assert line["order_qty"] == 0
    assert line["reason"].endswith("what is on the way is enough afterwards for CSL 95 %")


@pytest.mark.usefixtures("poisson")
def test_where_holding_costs_more_than_a_shortage_no_stock_is_best() -> None:
    line = one(
        reorder(sales(A=1), stock(A=0), lead_time_days=14, shortage_cost=0.001, holding_cost=10)
    )
    assert (line["status"], line["order_qty"], line["reorder_point"]) == ("stocked out", 0, 0)
    assert line["reason"].endswith("cost 0.001:10 is met best without stock")
