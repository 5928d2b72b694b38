"""Stock is conserved, purchases are accounted for, and stockouts happen as often as asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from stockout.simulator.parameters import Parameters
from stockout.simulator.shopping import serve
from stockout.simulator.simulate import Simulation, simulate

_ITEM = ["sku", "location"]
_CELL = ["date", *_ITEM]


@pytest.mark.parametrize("rate", [0.02, 0.08, 0.15, 0.30])
def test_stockout_rate_is_the_one_asked_for(rate: float) -> None:
    simulation = simulate(Parameters(seed=7, skus=60, months=12, stockout_rate=rate))
    assert simulation.stockout_rate == pytest.approx(rate, rel=0.05)
    # The exports say the same: days of the life that end without stock.
    days = simulation.truth["demand"].join(simulation.tables["inventory"], on=_CELL)
    assert days.height == simulation.truth["demand"].height
    assert (days["on_hand"] == 0).mean() == pytest.approx(simulation.stockout_rate, abs=1e-12)


def test_a_large_assortment_is_calibrated_through_a_sample() -> None:
    simulation = simulate(Parameters(seed=2, skus=450, locations=2, months=6, stockout_rate=0.1))
    assert simulation.stockout_rate == pytest.approx(0.1, rel=0.1)


def test_an_impossible_rate_is_said_to_be_one(caplog: pytest.LogCaptureFixture) -> None:
    careless = Parameters(
        skus=5, locations=1, months=2, stockout_rate=0.01, skip_probability=1.0, warmup_days=200
    )
    simulation = simulate(careless)
    assert simulation.stockout_rate > 0.5
    assert "a stockout rate of 0.01 could not be reached" in caplog.text


def test_previous_stock_plus_movements_is_stock(shop: Simulation) -> None:
    moved = shop.tables["movements"].group_by(_CELL).agg(pl.col("units").sum())
    ledger = (
        shop.tables["inventory"]
        .join(moved, on=_CELL, how="left")
        .sort(_CELL)
        .with_columns(
            pl.col("units").fill_null(0),
            before=pl.col("on_hand").shift(1).over(_ITEM),
            launched=pl.col("date").min().over(_ITEM) > shop.parameters.start,
        )
        .with_columns(
            before=pl.when(pl.col("before").is_null() & pl.col("launched"))
            .then(0)
            .otherwise(pl.col("before"))
        )
    )
    assert ledger["launched"].any()
    assert ledger["before"].null_count() == ledger.filter(~pl.col("launched"))[_ITEM[0]].len() / (
        shop.parameters.days
    )
    known = ledger.filter(pl.col("before").is_not_null())
    assert (known["before"] + known["units"] == known["on_hand"]).all()
    assert moved.join(ledger, on=_CELL, how="anti").height == 0
    assert set(shop.tables["movements"]["kind"]) == {
        "receipt", "sale", "return", "adjustment", "scrap", "transfer",
    }  # fmt: skip


def test_sales_returns_and_receipts_are_the_movements(shop: Simulation) -> None:
    def moved(kind: str) -> pl.DataFrame:
        return shop.tables["movements"].filter(kind=kind).select(*_CELL, pl.col("units").abs())

    sales = shop.tables["sales"]
    for kind, lines in (
        ("sale", sales.filter(pl.col("units") > 0)),
        ("return", sales.filter(pl.col("units") < 0)),
    ):
        summed = lines.group_by(_CELL).agg(pl.col("units").abs().sum())
        assert summed.sort(_CELL).equals(moved(kind).sort(_CELL))
    received = (
        shop.tables["purchases"]
        .filter(pl.col("received_date").is_not_null())
        .group_by(pl.col("received_date").alias("date"), *_ITEM)
        .agg(units=pl.col("received_units").sum().cast(pl.Int32))
    )
    assert received.sort(_CELL).equals(moved("receipt").sort(_CELL))


def test_stock_of_new_items_starts_with_their_first_receipt(shop: Simulation) -> None:
    new = shop.tables["products"].filter(pl.col("active_from").is_not_null())
    first = (
        shop.tables["inventory"]
        .join(new, on="sku")
        .group_by("sku")
        .agg(pl.col("date").min(), pl.col("active_from").first())
    )
    assert first.height == new.height == 3
    assert (first["date"] == first["active_from"]).all()


def test_every_wish_is_met_replaced_deferred_or_lost(shop: Simulation) -> None:
    truth = shop.truth["demand"]
    met = sum(
        truth[f"{name}_units"] for name in ("own", "substituted", "waited", "waiting", "lost")
    )
    assert (truth["latent_units"] == met).all()
    assert (truth["unmet_units"] == truth["latent_units"] - truth["own_units"]).all()
    assert truth.select(pl.selectors.ends_with("_units").min() >= 0).row(0) == (True,) * 10
    # Every way of ending occurs, else the identity above would say little.
    assert truth.select(pl.selectors.ends_with("_units").sum() > 0).row(0) == (True,) * 10
    sold = (
        shop.tables["sales"].filter(pl.col("units") > 0).group_by(_CELL).agg(pl.col("units").sum())
    )
    both = truth.join(sold, on=_CELL, how="full", coalesce=True).fill_null(0)
    kept = both["own_units"] + both["substituted_in_units"] + both["waited_in_units"]
    # Customers who wait may be served after a SKU's last day; such days are not in the truth.
    late = both.filter(pl.col("latent_units").is_null() | (pl.col("mean") == 0))
    assert late.height < 5
    assert (kept == both["units"]).filter(both["mean"] > 0).all()


def test_stock_lasts_all_day_exactly_when_nothing_was_missing(shop: Simulation) -> None:
    truth = shop.truth["demand"]
    share = truth["in_stock_share"]
    assert share.is_between(0, 1).all()
    assert (truth.filter(share == 1)["unmet_units"] == 0).all()
    assert (truth.filter(share == 0)["own_units"] == 0).all()
    assert ((share > 0) & (share < 1)).sum() > 100


def test_stock_runs_out_at_a_random_time_of_the_day() -> None:
    """Of n purchases on a day the only unit goes to the first, after 1 / (n + 1) of the day."""
    simulation = simulate(
        Parameters(
            skus=100,
            months=12,
            median_rate=3.0,
            rate_sigma=0.1,
            regular_share=0.0,
            poisson_share=1.0,
            intermittent_share=0.0,
            stockout_rate=0.3,
            order_share=0.0,
        )
    )
    days = simulation.truth["demand"].sort("sku", "location", "date")
    one_unit = days.filter(
        (pl.col("own_units") == 1) & (pl.col("in_stock_share") < 1),
        pl.col("substituted_in_units") == 0,
        pl.col("waited_in_units") == 0,
        pl.col("in_stock_share") > 0,
    )
    for wanted in (1, 2, 3):
        shares = one_unit.filter(pl.col("latent_units") == wanted)["in_stock_share"]
        error = 4 * shares.std() / np.sqrt(len(shares))  # type: ignore[operator]
        assert len(shares) > 100
        assert shares.mean() == pytest.approx(1 / (wanted + 1), abs=error)


@pytest.mark.parametrize(
    ("settings", "zero", "positive"),
    [
        ({"substitute_share": 0.0}, "substituted", "waited"),
        ({"wait_share": 0.0}, "waited", "substituted"),
        ({"substitute_share": 0.0, "wait_share": 0.0}, "substituted", "lost"),
    ],
)
def test_customers_do_what_their_shares_say(
    settings: dict[str, float], zero: str, positive: str
) -> None:
    parameters = Parameters.of(
        {"seed": 11, "skus": 40, "months": 6, "safety_factor": 0.0, "order_share": 0.0} | settings
    )
    truth = simulate(parameters).truth["demand"]
    assert truth[f"{zero}_units"].sum() == 0
    assert truth[f"{positive}_units"].sum() > 50


def test_lost_purchases_are_the_rest_of_the_shares() -> None:
    parameters = Parameters(
        seed=4, skus=100, months=12, safety_factor=0.0, substitute_share=0.0, wait_share=0.3,
        patience_days=365, intermittent_share=0.0, order_share=0.0,
    )  # fmt: skip
    truth = simulate(parameters).truth["demand"]
    lost = truth["lost_units"].to_numpy().sum() / truth["unmet_units"].to_numpy().sum()
    assert lost == pytest.approx(0.7, abs=0.03)


def test_leavers_never_come_back_and_nobody_else_is_missed(shop: Simulation) -> None:
    people = shop.truth["customers"]
    left = people.filter(pl.col("left_date").is_not_null())
    assert left.height > 10
    bought = shop.tables["sales"].filter(pl.col("units") > 0).join(left, on="customer_id")
    assert bought.height > 100
    assert (bought["date"] <= bought["left_date"]).all()
    stayed = people.filter(pl.col("left_date").is_null())
    assert (stayed["missed_units"] == 0).all()
    demand = shop.truth["demand"]
    missing = (demand["potential_units"] - demand["latent_units"]).to_numpy().sum()
    assert people["missed_units"].sum() == missing
    assert missing > 0


def test_they_left_after_a_stockout_of_what_they_wanted(shop: Simulation) -> None:
    left = shop.truth["customers"].filter(pl.col("left_date").is_not_null())
    reasons = left.join(
        shop.truth["demand"],
        left_on=["left_date", "left_because_of", "location"],
        right_on=["date", "sku", "location"],
    )
    # Those who waited in vain leave up to patience_days after the stockout.
    assert (reasons["unmet_units"] > 0).to_numpy().mean() > 0.8
    habits = left.join(
        shop.truth["habits"],
        left_on=["customer_id", "left_because_of"],
        right_on=["customer_id", "sku"],
        how="anti",
    )
    assert habits.height == 0


def test_the_counterfactual_without_leaving_is_the_same_world() -> None:
    faithless = Parameters(seed=9, skus=40, months=12, safety_factor=0.3, leave_probability=0.3)
    real = simulate(faithless)
    loyal = simulate(replace(faithless, leave_probability=0.0))
    wanted = ["date", "sku", "location", "mean", "potential_units"]
    assert real.truth["demand"].select(wanted).equals(loyal.truth["demand"].select(wanted))
    loyal_demand = loyal.truth["demand"]
    assert (loyal_demand["latent_units"] == loyal_demand["potential_units"]).all()
    assert loyal.truth["customers"]["left_date"].count() == 0
    revenue = [each.tables["sales"]["revenue"].to_numpy().sum() for each in (real, loyal)]
    assert revenue[0] < 0.9 * revenue[1]


def test_open_orders_are_those_not_shipped(shop: Simulation) -> None:
    orders = shop.tables["orders"]
    shipped = orders.filter(pl.col("shipped_date").is_not_null())
    assert shipped.height > 50
    assert (shipped["shipped_date"] >= shipped["due_date"]).all()
    assert (shipped["shipped_date"] > shipped["due_date"]).any()
    assert (orders["order_date"] < orders["due_date"]).all()
    waiting = orders.filter(pl.col("shipped_date").is_null())
    assert waiting.height > 0
    assert (waiting["units"] > 0).all()
    sold = shop.tables["sales"].filter(channel="business").filter(pl.col("units") > 0)
    keys = ["order_id", "sku", "location", "customer_id"]
    delivered = sold.group_by(keys).agg(sold=pl.col("units").sum(), last=pl.col("date").max())
    both = shipped.join(delivered, on=keys)
    assert both.height == shipped.height
    assert (both["sold"] == both["units"]).all()
    assert (both["last"] == both["shipped_date"]).all()
    stock = shop.tables["inventory"]
    assert (stock["reserved"] <= stock["on_hand"]).all()
    assert (stock["reserved"] > 0).any()


def test_returns_follow_their_sale(shop: Simulation) -> None:
    sales = shop.tables["sales"].with_row_index()
    back = sales.filter(pl.col("units") < 0)
    assert back.height / sales.height == pytest.approx(0.03, abs=0.008)
    assert back["order_id"].null_count() / back.height == pytest.approx(0.2, abs=0.06)
    # Returns with an order number find a sale of it, unless it was before the export's start.
    later = back.filter(
        pl.col("order_id").is_not_null()
        & (pl.col("date") > shop.parameters.start + pl.duration(days=28))
    )
    found = later.join(sales.filter(pl.col("units") > 0), on=["order_id", "sku", "location"])
    assert found["index"].n_unique() == later.height
    lag = (found["date"] - found["date_right"]).dt.total_days()
    assert lag.min() >= 1  # type: ignore[operator]
    assert (found["unit_price"] == found["unit_price_right"]).all()


def test_first_come_first_served() -> None:
    rng = np.random.default_rng(0)
    item = np.sort(rng.integers(0, 5, 40))
    units = rng.integers(1, 4, 40)
    stock = rng.integers(0, 12, 5)
    left, expected = stock.copy(), []
    for one, want in zip(item, units, strict=True):
        expected.append(min(want, left[one]))
        left[one] -= expected[-1]
    assert serve(item, units, stock).tolist() == expected
