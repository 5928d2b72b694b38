"""Suppliers are as reliable as their parameters say, and causes of stockouts are true."""

from __future__ import annotations

import polars as pl
import pytest

from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import Simulation, simulate

_FAILURES = {"late_supplier", "short_delivery", "ordered_too_late"}


def test_measured_lead_times_are_the_suppliers_true_ones(chain: Simulation) -> None:
    first = chain.parameters.start
    arrived = chain.tables["purchases"].filter(
        pl.col("received_date").is_not_null() & (pl.col("order_date") >= first),
        pl.col("order_date") < chain.parameters.end - pl.duration(days=120),
    )
    one_a_delivery = arrived.unique(["po_id"]).with_columns(
        days=(pl.col("received_date") - pl.col("order_date")).dt.total_days()
    )
    truth = chain.truth["suppliers"].with_columns(
        expected=pl.col("usual_lead_time_days")
        + pl.col("held_up_probability") * (chain.parameters.late_days + 0.5)
    )
    launches = pl.col("promised_date") == pl.col("received_date")
    both = (
        one_a_delivery.join(truth, on="supplier_id")
        .group_by("supplier_id")
        .agg(
            (pl.col("days").mean() - pl.col("expected").first()).alias("error"),
            (pl.col("days").std() / pl.len().sqrt()).alias("standard_error"),
            launches.mean().alias("on_the_day"),
        )
    )
    assert both.height == 25
    assert (both["error"].abs() < 4.5 * both["standard_error"] + 0.1).all()
    assert both["error"].mean() == pytest.approx(0, abs=0.15)


def test_promised_and_measured_lead_times_differ(chain: Simulation) -> None:
    deliveries = chain.truth["deliveries"]
    assert 0.1 < deliveries["late"].mean() < 0.5  # type: ignore[operator]
    assert 0.01 < deliveries["short"].mean() < 0.1  # type: ignore[operator]
    assert chain.tables["products"]["lead_time_days"].null_count() > 0
    assert (deliveries["late"] == (deliveries["arrival_date"] > deliveries["promised_date"])).all()


def test_open_purchases_have_no_received_date(shop: Simulation) -> None:
    purchases, end = shop.tables["purchases"], shop.parameters.end
    both = purchases.join(
        shop.truth["deliveries"].select("po_id", "line", "arrival_date", "delivered_units"),
        on=["po_id", "line"],
    )
    assert both.height == purchases.height
    opened = both.filter(pl.col("received_date").is_null())
    assert opened.height > 10
    assert (opened["arrival_date"] > end).all()
    assert opened["received_units"].null_count() == opened.height
    closed = both.filter(pl.col("received_date").is_not_null())
    assert (closed["received_date"] == closed["arrival_date"]).all()
    assert (closed["received_units"] == closed["delivered_units"]).all()
    assert (closed["received_units"] < closed["ordered_units"]).any()
    on_order = opened.group_by("sku", "location").agg(pl.col("ordered_units").sum())
    last = shop.tables["inventory"].filter(pl.col("date") == end, pl.col("on_order") > 0)
    check = last.join(on_order, on=["sku", "location"])
    assert check.height == last.height == on_order.height
    assert (check["on_order"] == check["ordered_units"]).all()


def test_orders_keep_to_packs_minima_and_order_days(shop: Simulation) -> None:
    lines = shop.tables["purchases"].join(shop.tables["products"], on="sku")
    assert (lines["ordered_units"] % lines["pack_size"] == 0).all()
    assert (lines["ordered_units"] >= lines["moq"]).all()
    usual = lines.filter(
        pl.col("active_from").is_null() | (pl.col("promised_date") > pl.col("active_from"))
    ).join(shop.tables["suppliers"], on="supplier_id")
    weekday = usual["order_date"].dt.strftime("%a")
    allowed = usual["order_weekdays"].str.split(",")
    assert (
        pl.DataFrame({"day": weekday, "of": allowed})
        .select(pl.col("of").list.contains(pl.col("day")).all())
        .item()
    )


def test_episodes_are_the_runs_of_days_without_stock(shop: Simulation) -> None:
    episodes = shop.truth["stockouts"]
    assert episodes.select("sku", "location", "first_date").is_unique().all()
    days = (
        episodes.with_columns(
            date=pl.date_ranges("first_date", "last_date"), key=pl.int_range(pl.len())
        )
        .explode("date")
        .filter(pl.col("date") >= shop.parameters.start)
    )
    empty = shop.truth["demand"].join(
        shop.tables["inventory"].filter(on_hand=0), on=["date", "sku", "location"]
    )
    assert days.height == empty.height > 500
    assert days.join(empty, on=["date", "sku", "location"], how="anti").height == 0
    inside = (
        days.join(empty, on=["date", "sku", "location"])
        .group_by("key")
        .agg(
            pl.col("unmet_units_right").sum(),
            pl.col("unmet_units").first(),
            pl.col("first_date").min(),
        )
    )
    whole = inside.filter(pl.col("first_date") >= shop.parameters.start)
    assert (whole["unmet_units_right"] == whole["unmet_units"]).all()
    assert (episodes.filter("is_open")["last_date"] == shop.parameters.end).all()


def test_cause_is_the_first_of_suppliers_else_what_took_most(shop: Simulation) -> None:
    episodes = shop.truth["stockouts"]
    plan = ["promotion", "forecast_error", "ordered_too_late", "ordered_too_little"]
    most = pl.max_horizontal(f"{cause}_units" for cause in plan)
    named = (
        pl.when(pl.col("late_supplier_units") >= 1)
        .then(pl.lit("late_supplier"))
        .when(pl.col("short_delivery_units") >= 1)
        .then(pl.lit("short_delivery"))
        .when(most < 1)
        .then(pl.lit("unattributed"))
    )
    for cause in plan:
        named = named.when(pl.col(f"{cause}_units") == most).then(pl.lit(cause))
    clear = episodes.filter((most - 1).abs() > 0.01)  # units are rounded
    assert clear.height > 100
    assert clear.select((named == pl.col("cause")).all()).item()


def test_forecast_error_is_what_was_wanted_beyond_the_forecast(shop: Simulation) -> None:
    """It has chance in it, so that it varies with demand and not only with its mean."""
    errors = shop.truth["stockouts"].filter(cause="forecast_error")
    assert (errors["forecast_error_units"] >= 1).all()
    risen = pl.col("forecast_error_units") - pl.col("chance_units")
    assert errors.filter(risen < 1).height > 0.1 * errors.height


def _causes(**settings: float) -> dict[str, int]:
    perfect = {
        "seed": 6, "skus": 60, "months": 12, "safety_factor": 1.0, "lead_time_bias": 1.0,
        "lead_time_cv": 0.0, "supplier_sigma": 0.0, "late_probability": 0.0,
        "short_probability": 0.0, "skip_probability": 0.0, "cut_probability": 0.0,
        "promotions_per_year": 0.0,
    }  # fmt: skip
    truth = simulate(Parameters.of(perfect | settings)).truth
    return dict(truth["stockouts"]["cause"].value_counts().iter_rows())


def test_without_failures_only_demand_is_to_blame() -> None:
    assert set(_causes()) <= {"forecast_error", "unattributed"}


@pytest.mark.parametrize(
    ("cause", "settings"),
    [
        ("late_supplier", {"late_probability": 0.4, "late_days": 20.0}),
        ("short_delivery", {"short_probability": 0.5, "short_low": 0.1, "short_high": 0.3}),
        ("ordered_too_late", {"skip_probability": 0.3}),
        ("ordered_too_little", {"safety_factor": -3.0}),
        ("promotion", {"promotions_per_year": 6.0, "promotion_uplift": 6.0, "planned_share": 0.0}),
    ],
)
def test_what_goes_wrong_is_what_is_named(cause: str, settings: dict[str, float]) -> None:
    before, after = _causes(), _causes(**settings)
    assert before.get(cause, 0) == 0
    blamed = {name: count for name, count in after.items() if name != "unattributed"}
    assert after[cause] > 20
    others = _FAILURES - {cause}
    assert not others & set(after)
    assert max(blamed, key=lambda name: blamed[name]) in {cause, "forecast_error"}
