"""Causes of stockouts: each rule on a shop made for it, and sums against hand figures.

The shop sells 2 a day and orders 14 every Monday, which arrive 10 days later: 2 are left in the
morning of each delivery, and stock and orders after each Monday are what 17 days need.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest

from stockout.errors import ConfigError, NotKnownError
from stockout.impact.causes import COLUMNS, causes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.impact.cause_summary import Causes

MONDAY = date(2026, 1, 5)
DAYS = 91
LEAD_TIME = 10


class Order(NamedTuple):
    """An order of the Monday on which it stands."""

    units: float = 14
    takes: int = LEAD_TIME
    brings: float | None = None  # None is all of it


def on(day: int) -> date:
    """The day so many days after the first Monday."""
    return MONDAY + timedelta(day)


def shop(
    orders: Mapping[int, Order | None] | None = None,
    wanted: Mapping[int, float] | None = None,
    vanished: Mapping[int, float] | None = None,
    more: Mapping[int, float] | None = None,
) -> dict[str, Any]:
    """Sales, closing stock and purchases; ``vanished`` and ``more`` are units that nobody books."""
    placed = {day: Order() for day in range(0, DAYS, 7)} | dict(orders or {})
    lines = {day: order for day, order in placed.items() if order is not None}
    stock, sales, closing = 22.0, [], []
    for day in range(DAYS):
        for ordered, line in lines.items():
            if ordered + line.takes == day:
                stock += line.units if line.brings is None else line.brings
        stock += (more or {}).get(day, 0)
        sold = min(stock, (wanted or {}).get(day, 2.0))
        stock -= sold + (vanished or {}).get(day, 0)
        sales.append(sold)
        closing.append(stock)
    days = [on(day) for day in range(DAYS)]
    return {
        "sales": pl.DataFrame({"date": days, "sku": "A", "units": sales, "unit_price": 3.0}),
        "inventory": pl.DataFrame({"date": days, "sku": "A", "on_hand": closing}),
        "purchases": pl.DataFrame(
            {
                "po_id": [f"P{day}" for day in lines],
                "sku": "A",
                "supplier_id": "S",
                "order_date": [on(day) for day in lines],
                "promised_date": [on(day + LEAD_TIME) for day in lines],
                "received_date": [
                    on(day + line.takes) if day + line.takes < DAYS else None
                    for day, line in lines.items()
                ],
                "ordered_units": [line.units for line in lines.values()],
                "received_units": [
                    (line.units if line.brings is None else line.brings)
                    if day + line.takes < DAYS
                    else None
                    for day, line in lines.items()
                ],
            },
            schema_overrides={"received_date": pl.Date, "received_units": pl.Float64},
        ),
        "products": pl.DataFrame({"sku": ["A"], "lead_time_days": [10.0], "review_days": [7.0]}),
    }


def share(agrees: pl.Series) -> float:
    """Share of what is true."""
    return int(agrees.sum()) / agrees.len()


def first(found: Causes, day: int) -> dict[str, Any]:
    """The episode that began on a day."""
    return found.frame.filter(pl.col("first_date") == on(day)).row(0, named=True)


def test_a_shop_that_is_never_out_has_no_causes() -> None:
    found = causes(**shop())
    assert found.frame.is_empty()
    assert found.frame.columns == list(COLUMNS)
    assert found.summary()["episodes"].to_list() == [0] * 8


def test_late_supplier() -> None:
    row = first(causes(**shop({70: Order(takes=19)})), 80)
    assert (row["cause"], row["cause_units"], row["po_id"]) == ("late supplier", 14, "P70")
    assert row["evidence"] == (
        f"order P70 from S of 14 units was promised for {on(80)} and came on {on(89)}, 9 days late"
    )


def test_a_supplier_that_has_not_come_yet_is_late() -> None:
    row = first(causes(**shop({70: Order(takes=400)})), 80)
    assert row["cause"] == "late supplier"
    assert str(row["evidence"]).endswith(f"had not come in full by {on(90)}")


def test_what_comes_on_the_day_it_was_promised_is_not_late() -> None:
    found = causes(**shop({70: Order(takes=10), 63: Order(units=6)}))
    assert "late supplier" not in found.frame["cause"].to_list()


def test_short_delivery() -> None:
    row = first(causes(**shop({70: Order(brings=8)})), 84)
    assert (row["cause"], row["cause_units"], row["po_id"]) == ("short delivery", 6, "P70")
    assert row["evidence"] == f"order P70 from S brought 8 of 14 units on {on(80)}"


def test_promotion_that_nobody_ordered_for() -> None:
    promoted = [*range(40, 47), *range(78, 85)]
    tables = shop(wanted=dict.fromkeys(promoted, 8.0), orders={28: Order(units=56)})
    events = pl.DataFrame(
        {"date": [on(day) for day in promoted], "name": "Sale", "kind": "promotion", "sku": "A"}
    )
    row = first(causes(**tables, events=events), 78)
    assert row["cause"] == "promotion"
    assert row["cause_units"] == pytest.approx(6, abs=1)
    assert first(causes(**tables), 78)["cause"] != "promotion"  # nothing says that there was one


def test_forecast_error() -> None:
    risen = dict.fromkeys(range(75, DAYS), 5.0)
    row = first(causes(**shop(wanted=risen, orders=dict.fromkeys((70, 77), Order(units=80)))), 77)
    assert row["cause"] == "forecast error"
    assert row["cause_units"] == pytest.approx(9, abs=2)  # 3 days at 5 instead of 2
    assert row["within_usual"] == 0
    assert str(row["evidence"]).endswith(
        "34 were expected; no protection period before was that high"
    )


def test_one_large_customer_is_a_forecast_error_that_never_was_before() -> None:
    row = first(causes(**shop(wanted={74: 30.0})), 74)
    assert (row["cause"], row["within_usual"]) == ("forecast error", 0)


def test_demand_as_high_as_often_before_is_within_usual_variation() -> None:
    """One week in four sells 5 a day instead of 2."""
    busy = {day: 5.0 for day in range(DAYS) if 14 <= day % 28 < 21}
    found = causes(**shop(wanted=busy, orders={0: Order(units=60), 28: Order(units=18)}))
    row = first(found, 75)
    assert row["cause"] == "forecast error"
    wanted = row["cause_units"] + 17 * 154 / 56  # the forecast: 14 of 56 days before are busy
    past = [sum(busy.get(start + day, 2.0) for day in range(17)) for start in range(43)]
    high = sum(units >= wanted for units in past)  # 43 periods lie before that of days 59 to 75
    assert 0 < high < 43
    assert row["within_usual"] == pytest.approx(high / 43)
    by_cause = found.summary().row(by_predicate=pl.col("cause") == "forecast error", named=True)
    assert by_cause["episodes_within_usual"] == 1


def test_without_a_past_it_is_not_known_how_usual_demand_was() -> None:
    tables = shop(wanted={48: 30.0})
    tables["sales"], tables["inventory"] = (
        tables[name].filter(pl.col("date") >= on(14)) for name in ("sales", "inventory")
    )
    row = first(causes(**tables), 48)
    assert (row["cause"], row["within_usual"]) == ("forecast error", None)
    assert str(row["evidence"]).endswith("too few protection periods before tell how often that "
                                         "happens")  # fmt: skip


def test_ordered_too_late() -> None:
    skipped = {63: None, 70: None}
    row = first(causes(**shop(skipped)), 73)
    assert (row["cause"], row["cause_units"]) == ("ordered too late", 14)
    assert row["evidence"] == (
        f"nothing was ordered by {on(63)}, though 20 units on hand and on order had to last for 17 "
        "days with an expected demand of 34"
    )
    mondays = pl.DataFrame({"supplier_id": ["S"], "order_weekdays": ["Mon"]})
    row = first(causes(**shop(skipped), suppliers=mondays), 73)
    assert (row["cause"], row["cause_units"]) == ("ordered too late", 14)
    assert str(row["evidence"]).startswith(f"nothing was ordered from the supplier on {on(63)}")


def test_ordered_too_little() -> None:
    row = first(causes(**shop({63: Order(units=6)})), 76)
    assert (row["cause"], row["cause_units"]) == ("ordered too little", 8)
    assert row["evidence"] == (
        f"the order of {on(63)} left 26 units on hand and on order, for 17 days with an expected "
        "demand of 34"
    )


def test_less_than_the_forecast_is_unsure_by_is_not_too_little() -> None:
    row = first(causes(**shop({63: Order(units=11)})), 79)  # 3 below 34, known to within 5.3
    assert (row["cause"], row["cause_units"]) == ("unattributed", None)


def test_an_order_day_on_which_less_than_an_order_was_lacking_is_not_missed() -> None:
    fortnightly = {day: Order(units=28) if day % 14 == 0 else None for day in range(0, DAYS, 7)}
    mondays = pl.DataFrame({"supplier_id": ["S"], "order_weekdays": ["Mon"]})
    risen = dict.fromkeys(range(74, DAYS), 5.0)
    row = first(causes(**shop(fortnightly, wanted=risen), suppliers=mondays), 76)
    assert row["cause"] == "forecast error"  # by 9 units, where 14 lacked to the level before


def test_data_error() -> None:
    row = first(causes(**shop(vanished={76: 8})), 76)
    assert (row["cause"], row["cause_units"]) == ("data error", 8)
    assert row["evidence"] == f"8 units less were counted on {on(76)} than the books explain"


def test_stock_count_that_takes_the_last_units_is_a_data_error() -> None:
    tables = shop(vanished={76: 8})
    counted = {"date": [on(76)], "sku": "A", "units": [-8.0], "kind": "adjustment"}
    came = tables["purchases"].drop_nulls("received_date")
    moved = pl.concat(
        [
            pl.DataFrame(counted),
            came.select(
                date="received_date", sku="sku", units="received_units", kind=pl.lit("receipt")
            ),
            tables["sales"].select("date", "sku", units=-pl.col("units"), kind=pl.lit("sale")),
        ]
    )
    row = first(causes(**tables, movements=moved), 76)
    assert row["cause"] == "data error"
    assert row["evidence"] == f"a stock count took the last 8 units off the books on {on(76)}"


def test_first_match_counts() -> None:
    late_and_short = {63: Order(brings=8), 70: Order(takes=19)}
    found = causes(**shop(late_and_short))
    assert first(found, 77)["cause"] == "short delivery"


def test_without_purchases_only_what_sales_and_stock_tell() -> None:
    tables = shop({63: None, 70: Order(takes=19)})
    bought = tables.pop("purchases")
    found = causes(**tables)
    assert causes(**tables, purchases=bought.clear()).frame.equals(found.frame)
    assert set(found.frame["cause"]) <= {"data error", "promotion", "forecast error",
                                         "unattributed"}  # fmt: skip
    assert any(text.startswith("no purchases are given") for text in found.not_known)


def test_an_episode_whose_begin_was_not_seen_has_no_cause() -> None:
    tables = shop({70: Order(takes=19)})
    late = tables["inventory"].filter(pl.col("date") >= on(81))
    found = causes(tables["sales"], late, tables["products"])
    assert found.frame["cause"].to_list()[:1] == ["unattributed"]
    assert str(found.frame["evidence"][0]).startswith("when it began is not known")


def test_sums_by_cause_and_month_add_up_to_the_episodes() -> None:
    short, made_up, late = Order(brings=8), Order(units=20), Order(takes=19)
    found = causes(**shop({28: short, 42: made_up, 70: late}))
    frame = found.frame
    by_cause = found.summary()
    assert by_cause["episodes"].sum() == frame.height
    assert by_cause["lost_units"].sum() == pytest.approx(frame["lost_units"].sum())
    assert by_cause["lost_revenue"].sum() == pytest.approx(3 * frame["lost_units"].sum())
    assert by_cause["share_of_episodes"].sum() == pytest.approx(1)
    march = found.summary(month=date(2026, 3, 1))
    february = found.summary(month=date(2026, 2, 1))
    assert march["episodes_before"].to_list() == february["episodes"].to_list()
    row = march.filter(pl.col("cause") == "late supplier").row(0, named=True)
    assert row["episodes"] == 1
    assert row["lost_revenue_change"] == row["lost_revenue"] - row["lost_revenue_before"]
    monthly = found.summary(["cause", "month"])
    assert monthly["episodes"].sum() == frame.height
    first_month = monthly.filter(pl.col("month") == date(2026, 1, 1))
    assert first_month["episodes_before"].null_count() == 8
    assert found.summary(["supplier"]).select("supplier_id", "episodes").rows() == [
        ("S", frame.height)
    ]


def test_the_last_complete_month() -> None:
    assert causes(**shop()).last_month() == date(2026, 3, 1)
    later = causes(**shop(), as_of=date(2026, 9, 30))  # nothing is known of the months between
    assert later.last_month() == date(2026, 3, 1)


def test_what_cannot_be_asked_is_refused() -> None:
    found = causes(**shop({70: Order(takes=19)}))
    with pytest.raises(ConfigError, match="expected cause, month"):
        found.summary(["colour"])
    with pytest.raises(ConfigError, match="2026-01 to 2026-04"):
        found.summary(month=date(2025, 1, 1))
    with pytest.raises(NotKnownError, match="the category of no item is known"):
        found.summary(["category"])


def test_weekly_sales_have_causes_too() -> None:
    tables = shop({70: Order(takes=19)})
    week = pl.col("date").dt.truncate("1w")
    tables["sales"] = tables["sales"].group_by(week, "sku", "unit_price").agg(pl.col("units").sum())
    found = causes(**tables)
    assert found.lost.history.freq == "week"
    assert "late supplier" in found.frame["cause"].to_list()


def test_agrees_with_the_truth() -> None:
    from stockout.simulator.parameters import Parameters  # noqa: PLC0415 - slow to load
    from stockout.simulator.simulate import simulate  # noqa: PLC0415

    world = simulate(
        Parameters(
            seed=77, skus=15, months=12, safety_factor=1.0,
            late_probability=0.2, short_probability=0.2,
        )
    )  # fmt: skip
    tables: dict[str, Any] = {name: world.tables[name] for name in
              ("sales", "inventory", "products", "purchases", "movements", "events")}  # fmt: skip
    found = causes(**tables, suppliers=world.tables["suppliers"]).frame
    truth = world.truth["stockouts"].select("sku", "location", "first_date", true="cause")
    rows = found.join(truth, on=["sku", "location", "first_date"])
    assert rows.height > 0.95 * found.height
    for true, cause in (("late_supplier", "late supplier"), ("short_delivery", "short delivery")):
        of_it = rows.filter(pl.col("true") == true)
        assert of_it.height >= 10
        assert share(of_it["cause"] == cause) > 0.75
    agrees = rows["cause"] == rows["true"].str.replace_all("_", " ")
    assert share(agrees) > 0.85
