"""``stockout.churn``: verdicts, values and the call list of businesses of a known kind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
import pytest

import stockout
from stockout.errors import ConfigError, NotKnownError

if TYPE_CHECKING:
    from stockout.impact.churn import Churn

START = date(2025, 1, 6)
WEEKS = 60


def business() -> pl.DataFrame:
    """Sales of 600 customers over 60 weeks, in a rhythm; half of them stop midway."""
    generator = np.random.default_rng(8)
    shape, customers, most = 16.0, 600, 60
    mean = generator.gamma(4.0, 21 / 4, customers) + 7
    first = generator.uniform(0, 100, customers)
    gaps = generator.gamma(shape, mean[:, None] / shape, (customers, most))
    times = first[:, None] + np.column_stack([np.zeros(customers), gaps]).cumsum(axis=1)
    stop = np.where(np.arange(customers) % 2, 7 * WEEKS, generator.uniform(150, 350, customers))
    owner, which = np.nonzero(times < np.minimum(stop, 7 * WEEKS - 1)[:, None])
    day = times[owner, which].astype(int)
    return pl.DataFrame(
        {
            "date": [START + timedelta(int(each)) for each in day],
            "sku": "A",
            "units": 1.0,
            "revenue": generator.gamma(5.0, 4.0, day.size),
            "customer_id": [f"C{each:03}" for each in owner],
        }
    )


@pytest.fixture(scope="module")
def regular() -> Churn:
    """Customers in a rhythm."""
    until = START + timedelta(7 * WEEKS)
    return stockout.churn(business(), as_of=until, margin=0.4)


@pytest.fixture(scope="module")
def at_random() -> pl.DataFrame:
    """Sales of 4,000 customers of an MBG/NBD over 60 weeks, at 10 a purchase."""
    customers = 4000
    generator = np.random.default_rng(2)
    rate = generator.gamma(0.8, 1 / 40, customers)
    leaves = generator.beta(1.0, 4.0, customers)
    first = generator.uniform(0, 7 * WEEKS - 30, customers)
    now, here = first.copy(), np.ones(customers, dtype=bool)
    days, owners = [first.astype(int)], [np.arange(customers)]
    while here.any():
        here &= generator.random(customers) > leaves
        now = now + generator.exponential(1 / rate)
        here &= now < 7 * WEEKS
        days.append(now[here].astype(int))
        owners.append(np.flatnonzero(here))
    return pl.DataFrame(
        {
            "date": pl.Series(np.concatenate(days)) + (START - date(1970, 1, 1)).days,
            "sku": "A",
            "units": 1.0,
            "revenue": generator.gamma(5.0, 2.0, sum(map(len, days))),
            "customer_id": pl.Series(np.concatenate(owners)).cast(pl.String),
        }
    ).with_columns(pl.col("date").cast(pl.Int32).cast(pl.Date))


def repeat(found: Churn) -> dict[str, Any]:
    """The figures of repeat purchases."""
    return cast("dict[str, Any]", found.record()["repeat_purchase"])


def test_customers_in_a_rhythm_do_not_fit_and_are_read_by_overdue(regular: Churn) -> None:
    told = repeat(regular)
    assert told["goodness_of_fit"]["verdict"] == "does not fit"
    assert "buy in a rhythm" in told["goodness_of_fit"]["why"]
    assert told["churn_rate"]["value"] is None
    assert told["churn_rate"]["reason"]
    assert told["parameters"] is None or told["goodness_of_fit"]["repeat_counts"] is not None
    assert told["overdue"]["regularity"] > 5
    assert told["overdue"]["share"] == pytest.approx(0.5, abs=0.08)
    rows = regular.by_customer()
    stopped = pl.col("customer_id").str.tail(1).cast(pl.Int64) % 2 == 0
    late = rows.filter(status="overdue")
    assert late.select(stopped.mean()).item() > 0.9
    assert rows["status"].head(50).unique().to_list() == ["overdue"]


def test_customers_at_random_fit(at_random: pl.DataFrame) -> None:
    found = stockout.churn(at_random, as_of=START + timedelta(7 * WEEKS))
    told = repeat(found)
    assert told["goodness_of_fit"]["verdict"] == "fits", told["goodness_of_fit"]["why"]
    assert abs(told["goodness_of_fit"]["holdout"]["error"]) < 0.15
    observed = told["goodness_of_fit"]["repeat_counts"]["observed"]
    assert sum(observed) == told["customers"] == 4000
    assert observed[0] == told["one_time_buyers"]
    assert set(found.by_customer()["status"]) == {"active", "probably gone"}
    assert told["overdue"]["regularity"] == pytest.approx(1, abs=0.25)


def test_value_is_margin_times_spend_times_purchases(at_random: pl.DataFrame) -> None:
    discounted, flat = (
        stockout.churn(at_random, margin=0.4, discount_rate=rate) for rate in (0.15, 0.0)
    )
    rows = flat.by_customer()
    plain = 0.4 * rows["expected_spend"] * rows["expected_purchases"]
    assert rows["clv"].to_numpy() == pytest.approx(plain.to_numpy(), rel=1e-6)
    assert repeat(flat)["clv"]["total"] == pytest.approx(rows["clv"].sum())
    less = repeat(discounted)["clv"]["total"] / repeat(flat)["clv"]["total"]
    assert 1.15**-1 < less < 1


def test_margin_is_measured_with_the_costs_of_products(at_random: pl.DataFrame) -> None:
    sales = at_random
    products = pl.DataFrame({"sku": ["A"], "unit_cost": [6.0]})
    told = repeat(stockout.churn(sales, products=products))["clv"]
    assert told["margin"] == pytest.approx(1 - 6 * sales.height / sales["revenue"].sum())
    assert "unit_cost" in told["margin_source"]
    unknown = repeat(stockout.churn(sales))["clv"]
    assert (unknown["total"], unknown["margin"]) == (None, None)
    assert "no unit cost is known" in unknown["reason"]


def test_names_join_the_call_list() -> None:
    people = pl.DataFrame(
        {"customer_id": ["C001", "C999"], "name": ["Ada", "Bo"], "segment": ["gold", "new"]}
    )
    rows = stockout.churn(business(), customers=people).by_customer()
    assert rows.filter(customer_id="C001").select("name", "segment").row(0) == ("Ada", "gold")
    assert "C999" not in rows["customer_id"]
    assert rows["customer_id"].n_unique() == rows.height == 600


def test_no_effect_without_inventory(regular: Churn) -> None:
    assert regular.record()["effect"] is None
    assert regular.record()["effect_reason"] == (
        "no inventory and no movements: which customers met a stockout is not known"
    )
    assert regular.record()["scenario"] is None
    with pytest.raises(NotKnownError, match="no inventory"):
        regular.by_sku()


def test_no_customer_ids_leave_the_scenario() -> None:
    days = [START + timedelta(day) for day in range(56)]
    sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 50 + [0.0] * 6})
    sales = sales.with_columns(customer_id=pl.lit("guest"))
    stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 50 + [False] * 6})
    record = cast("dict[str, Any]", stockout.churn(sales, stock).record())
    assert record["repeat_purchase"] is record["effect"] is None
    assert "no sales line has a customer" in record["effect_reason"]
    assert record["scenario"]["lost_units"] > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"margin": 40}, "margin"), ({"discount_rate": 15}, "discount"), ({"horizon": 0}, "horizon")],
)
def test_settings_that_cannot_be(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stockout.churn(business(), **settings)  # type: ignore[arg-type]
