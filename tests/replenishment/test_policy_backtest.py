"""The replay of the policy over the history: what was wanted, held and lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.errors import ConfigError, NotKnownError
from stockout.forecasting.backtest_table import SCHEMA
from stockout.replenishment.policy_backtest import (
    HELD,
    MIN_MAX,
    OURS,
    TEXTBOOK,
    Target,
    policy_backtest,
)
from stockout.replenishment.replay_case import Tables, Terms, replay_case
from stockout.tables import conform

if TYPE_CHECKING:
    from stockout.demand.history import History

MONDAY = date(2025, 1, 6)
WEEKS = 52
PLAYED = 6
START = WEEKS - PLAYED
TERMS = Terms(PLAYED, 14, None, 7, 1.0, 0.2)


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    """Four SKUs by the week: A wants 10, B 4, C 1 or 3, and D was last sold half a year ago."""
    mondays = [MONDAY + timedelta(7 * k) for k in range(WEEKS)]
    units = {
        "A": [10.0] * WEEKS,
        "B": [4.0] * WEEKS,
        "C": [1.0, 3.0] * (WEEKS // 2),
        "D": [5.0] * 10 + [0.0] * (WEEKS - 10),
    }
    rows = [
        pl.DataFrame({"date": mondays, "sku": sku, "units": sold}) for sku, sold in units.items()
    ]
    return conform(pl.concat(rows).with_columns(unit_price=2.0), "sales")


@pytest.fixture(scope="module")
def stock() -> pl.DataFrame:
    """Sunday's stock: A 25 with 10 coming every week, B falling to 40, C hardly ever counted."""
    sundays = [MONDAY + timedelta(7 * k + 6) for k in range(WEEKS)]
    held = {
        "A": [25.0] * WEEKS,
        "B": [float(40 + 4 * (WEEKS - 1 - k)) for k in range(WEEKS)],
        "D": [7.0] * WEEKS,
    }
    rows = [
        pl.DataFrame({"date": sundays, "sku": sku, "on_hand": units}) for sku, units in held.items()
    ]
    rows.append(pl.DataFrame({"date": sundays[:1], "sku": "C", "on_hand": 0.0}))
    return conform(pl.concat(rows), "inventory")


def weekly(sales: pl.DataFrame, stock: pl.DataFrame | None = None) -> History:
    """The history by the week."""
    return demand_history(sales, stock, freq="week", as_of=MONDAY + timedelta(7 * WEEKS - 1))


@pytest.fixture(scope="module")
def table(sales: pl.DataFrame, stock: pl.DataFrame) -> pl.DataFrame:
    """A replay by cost."""
    products = conform(
        pl.DataFrame({"sku": ["A", "B"], "unit_cost": [1.5, None], "moq": [500.0, 500.0]}),
        "products",
    )
    return policy_backtest(
        Tables(sales, stock, products),
        weekly(sales, stock),
        Target(shortage_cost=1, holding_cost=0.2),
        weeks=PLAYED,
        lead_time_days=14,
    )


def one(frame: pl.DataFrame, metric: str, method: str | None, by: str = "all") -> float:
    """The value of one row."""
    rows = frame.filter(pl.col("method").eq_missing(pl.lit(method)), metric=metric, by=by)
    return float(rows["value"].item())


def test_what_is_replayed(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    case = replay_case(Tables(sales, stock), weekly(sales, stock), TERMS)
    assert case.setting.items["sku"].to_list() == ["A", "B"]
    assert case.left_out == {
        "not sold in the 26 weeks before": 1,
        "stock not known in every week": 1,
        "not in the sample": 0,
    }
    assert case.setting.stock.tolist() == [25, 40 + 4 * PLAYED]
    assert case.setting.coming.tolist() == [[10, 0], [10, 0]]  # what was there beyond what was left
    assert case.held is not None
    assert case.held.tolist() == [[25, 40 + 4 * (PLAYED - 1 - k)] for k in range(PLAYED)]
    assert case.setting.demand[START:].tolist() == [[10, 4]] * PLAYED
    assert (case.setting.lead_time, case.setting.review, case.setting.start) == (2, 1, START)


def test_without_stock_the_start_is_assumed(sales: pl.DataFrame) -> None:
    case = replay_case(Tables(sales), weekly(sales), TERMS)
    assert case.held is None
    assert case.setting.items["sku"].to_list() == ["A", "B", "C"]
    assert case.setting.stock.tolist() == [20, 8, 6]
    assert case.setting.coming.tolist() == [[10, 4, 3], [10, 4, 3]]


def test_what_was_wanted_of_an_empty_shelf(sales: pl.DataFrame) -> None:
    """A week out of stock counts with what is expected of it, in whole units; none before."""
    mondays = [MONDAY + timedelta(7 * k) for k in range(WEEKS)]
    gone = {START - 10, START + 3}
    flags = pl.DataFrame(
        {"date": mondays, "sku": "A", "in_stock": [k not in gone for k in range(WEEKS)]}
    )
    empty = (pl.col("sku") == "A") & pl.col("date").is_in([mondays[k] for k in sorted(gone)])
    sold = sales.filter(~empty)
    inventory = conform(flags, "inventory")
    case = replay_case(Tables(sold, inventory), weekly(sold, inventory), TERMS)
    wanted = case.setting.demand[:, 0]
    assert wanted[START + 3] == pytest.approx(10, abs=1)
    assert wanted[START + 3] == np.round(wanted[START + 3])
    assert wanted[START - 10] == 0
    assert not case.setting.in_stock[START - 10, 0]
    assert case.sold[3, 0] == 0


def test_figures_of_what_was_held_by_hand(table: pl.DataFrame) -> None:
    assert table.schema == pl.Schema(SCHEMA)
    judged = PLAYED - 2
    assert one(table, "weeks", None) == judged
    mean = 25 + np.mean([40 + 4 * (PLAYED - 1 - k) for k in range(2, PLAYED)])
    assert one(table, "fill_rate", HELD) == 1
    assert one(table, "mean_stock", HELD) == pytest.approx(mean)
    assert one(table, "cost", HELD) == pytest.approx(0.2 * judged * mean)
    assert one(table, "mean_stock_value", HELD) == pytest.approx(1.5 * 25)  # B's cost is not known
    worth = table.filter(metric="mean_stock_value", method=HELD)
    assert worth["items"].item() == 1


def test_policies_are_compared_on_the_same_terms(table: pl.DataFrame) -> None:
    methods = table.filter(by="all", metric="fill_rate")["method"].to_list()
    assert methods == [OURS, TEXTBOOK, MIN_MAX, HELD]
    # B's stock is run down, and no minimum order of 500 stands in the way
    assert one(table, "mean_stock", OURS) < one(table, "mean_stock", HELD)
    theirs, ours = one(table, "cost", HELD), one(table, "cost", OURS)
    assert one(table, "cost_saved", HELD) == pytest.approx((theirs - ours) / theirs)
    assert table.filter(by="curve", method=TEXTBOOK, metric="fill_rate").height == 8
    stock = table.filter(by="curve", method=MIN_MAX, metric="mean_stock")["value"]
    assert stock.is_sorted()


def test_served_with_as_much_stock(table: pl.DataFrame) -> None:
    ours = one(table, "mean_stock", OURS)
    curve = table.filter(by="curve", method=MIN_MAX)
    held = curve.filter(metric="mean_stock")["value"].to_numpy()
    served = curve.filter(metric="fill_rate")["value"].to_numpy()
    found = table.filter(metric="fill_rate_at_our_stock", method=MIN_MAX)
    if held[0] <= ours <= held[-1]:
        assert found["value"].item() == pytest.approx(np.interp(ours, held, served))
    else:
        assert found.is_empty()


def test_the_lead_time_within_which_half_of_demand_can_be_ordered(sales: pl.DataFrame) -> None:
    days = pl.DataFrame({"sku": ["A", "B", "C"], "lead_time_days": [20.0, 6.0, 13.0]})
    products = conform(days, "products")
    terms = TERMS._replace(lead_time_days=None)
    case = replay_case(Tables(sales, products=products), weekly(sales), terms)
    assert (case.lead_time_days, case.lead_time_source) == (20, "product")  # A is most of demand
    assert case.setting.lead_time == 3


@pytest.mark.parametrize(("days", "weeks"), [(0, 0), (1, 0), (7, 1), (10, 2), (15, 2), (16, 3)])
def test_lead_times_in_weeks(sales: pl.DataFrame, days: float, weeks: int) -> None:
    case = replay_case(Tables(sales), weekly(sales), TERMS._replace(lead_time_days=days))
    assert case.setting.lead_time == weeks
    assert case.setting.coming.shape == (weeks, 3)


def test_goods_that_are_there_at_once(sales: pl.DataFrame) -> None:
    found = policy_backtest(
        Tables(sales), weekly(sales), Target(service_level=0.9), weeks=2, lead_time_days=0
    )
    assert one(found, "weeks", None) == 2
    assert one(found, "fill_rate", OURS) > 0.9


def test_targets() -> None:
    assert Target(service_level=0.9).level(1) == 0.9
    assert Target(fill_rate=0.8).given() == {"fill_rate": 0.8}
    assert Target(shortage_cost=1, holding_cost=0.2).level(2) == pytest.approx(1 / 1.4)


def test_what_cannot_be_replayed_says_why(sales: pl.DataFrame) -> None:
    history = weekly(sales)
    with pytest.raises(
        NotKnownError, match="52 weeks of history are too few to replay 40"
    ) as error:
        replay_case(Tables(sales), history, TERMS._replace(weeks=40))
    assert error.value.hint == "give more history, or another --replay WEEKS"
    with pytest.raises(NotKnownError, match="the first 6 do not count"):
        replay_case(Tables(sales), history, TERMS._replace(lead_time_days=42))
    with pytest.raises(NotKnownError, match="lead time of 365 days is not replayed"):
        replay_case(Tables(sales), history, TERMS._replace(lead_time_days=365))
    with pytest.raises(NotKnownError, match="the lead time of no item is known"):
        replay_case(Tables(sales), history, TERMS._replace(lead_time_days=None))
    with pytest.raises(ConfigError, match="needs the holding cost too"):
        policy_backtest(Tables(sales), history, Target(shortage_cost=1.0), lead_time_days=7)
    with pytest.raises(ConfigError, match="the replay has 0 weeks"):
        policy_backtest(Tables(sales), history, Target(), weeks=0)
