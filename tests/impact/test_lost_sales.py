"""Lost sales, period by period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

import stockout
from stockout.errors import ConfigError, MissingColumnError, NotKnownError
from stockout.impact.lost_sales import lost_sales

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.impact.conftest import Exports

    Table = Callable[..., pl.DataFrame]
    Flags = Callable[[str], list[bool | None]]

MONDAY = date(2026, 1, 5)

COLUMNS = [
    "sku",
    "location",
    "date",
    "sold",
    "latent",
    "lost_units",
    "lost_low",
    "lost_high",
    "lost_revenue",
    "lost_margin",
    "rule",
    "in_stock_share",
    "phantom_units",
]
"""The first nine as the design has them: other people's scripts rely on them."""

DAYS = "+" * 30 + "-" * 4 + "+" * 30


def on(day: int) -> date:
    return MONDAY + timedelta(day)


def purchase(**columns: object) -> pl.DataFrame:
    return pl.DataFrame(
        {"po_id": "P", "sku": "A", "order_date": [on(0)], "ordered_units": 9.0, **columns}
    )


@pytest.fixture(scope="module")
def sales(table: Table) -> pl.DataFrame:
    """An item that sells 4 a day at 2.50 each, out of stock from day 30 to 33."""
    return table("units", A=[0.0 if sign == "-" else 4.0 for sign in DAYS]).with_columns(
        unit_price=2.5
    )


@pytest.fixture(scope="module")
def stock(table: Table, flags: Flags) -> pl.DataFrame:
    return table("in_stock", A=flags(DAYS))


def test_a_row_for_each_period_with_a_stockout(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    frame = lost_sales(sales, stock).frame
    assert frame.columns == COLUMNS
    assert frame.schema["date"] == pl.Date
    assert frame["date"].to_list() == [on(day) for day in range(30, 34)]
    assert frame["rule"].unique().to_list() == ["out all period"]
    assert frame["in_stock_share"].to_list() == [0.0] * 4
    assert frame["sold"].to_list() == [0.0] * 4
    assert frame["lost_units"].to_list() == pytest.approx([4.0] * 4, rel=0.02)
    assert frame["latent"].to_list() == pytest.approx(frame["lost_units"].to_list())
    assert (frame["lost_low"] <= frame["lost_units"]).all()
    assert (frame["lost_units"] <= frame["lost_high"]).all()
    assert frame["lost_revenue"].to_list() == pytest.approx((2.5 * frame["lost_units"]).to_list())
    assert frame["lost_margin"].to_list() == [None] * 4  # no cost is known


def test_it_is_a_verb_of_the_package(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    assert stockout.lost_sales(sales, stock).frame.equals(lost_sales(sales, stock).frame)


def test_margin_where_the_cost_is_known(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    products = pl.DataFrame({"sku": ["A"], "unit_cost": [1.0]})
    known = lost_sales(sales, stock, products).frame
    assert known["lost_margin"].to_list() == pytest.approx((1.5 * known["lost_units"]).to_list())
    bought = lost_sales(sales, stock, purchases=purchase(unit_cost=2.0, received_date=[on(3)]))
    assert bought.frame["lost_margin"].to_list() == pytest.approx(
        (0.5 * bought.frame["lost_units"]).to_list()
    )


def test_money_of_unknown_price_is_not_zero(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    found = lost_sales(sales.drop("unit_price"), stock)
    assert found.frame["lost_revenue"].to_list() == [None] * 4
    assert found.coverage().unpriced == pytest.approx(found.frame["lost_units"].sum())


def test_without_a_stockout_nothing_is_lost(table: Table, sales: pl.DataFrame) -> None:
    """Exactly nothing, however demand varies."""
    rng = np.random.default_rng(5)
    noisy = table("units", **{f"I{k}": rng.poisson(3.0, 90).astype(float) for k in range(5)})
    always = table("in_stock", **{f"I{k}": [True] * 90 for k in range(5)})
    found = lost_sales(noisy, always)
    assert found.frame.height == 0
    assert found.frame.columns == COLUMNS
    every = found.every_period()
    assert every.height == 450
    assert every["lost_units"].to_list() == [0.0] * 450
    assert every["lost_high"].to_list() == [0.0] * 450
    assert every["latent"].equals(every["sold"])
    kpis = dict(found.kpis().select("kpi", "value").rows())
    assert kpis["lost_units"] == 0.0
    assert kpis["stockout_rate"] == 0.0
    assert kpis["fill_rate"] == 1.0
    assert kpis["episodes"] == 0.0
    assert found.episodes.height == 0
    assert found.by_item().height == 0
    assert sales.height


def test_every_active_period(table: Table, flags: Flags) -> None:
    """In stock loses nothing; unknown loses an unknown amount: neither in stock nor out."""
    signs = "+" * 30 + "--??" + "+" * 10
    sales = table("units", A=[0.0 if sign == "-" else 4.0 for sign in signs])
    every = lost_sales(sales, table("in_stock", A=flags(signs))).every_period()
    assert every.height == 44
    rules = ["in stock"] * 30 + ["out all period"] * 2 + ["unknown"] * 2 + ["in stock"] * 10
    assert every["rule"].to_list() == rules
    unknown = every.filter(pl.col("rule") == "unknown")
    for name in ("latent", "lost_units", "lost_low", "lost_high", "lost_revenue", "in_stock_share"):
        assert unknown[name].to_list() == [None, None], name
    assert unknown["sold"].to_list() == [4.0, 4.0]
    stocked = every.filter(pl.col("rule") == "in stock")
    assert stocked["lost_units"].to_list() == [0.0] * 40
    assert stocked["lost_revenue"].to_list() == [0.0] * 40  # nothing, whatever the price


def test_a_part_of_a_day(table: Table) -> None:
    sales = table("units", A=[4.0] * 30 + [2.0] + [4.0] * 30)
    stock = table("in_stock_share", A=[1.0] * 30 + [0.5] + [1.0] * 30)
    row = lost_sales(sales, stock).frame.row(0, named=True)
    assert row["rule"] == "part of the period"
    assert row["in_stock_share"] == 0.5
    assert row["lost_units"] == pytest.approx(2.0, abs=0.1)
    assert row["latent"] == pytest.approx(2.0 + row["lost_units"])


def test_stock_that_ran_out_at_an_unknown_hour(table: Table) -> None:
    sales = table("units", A=[4.0] * 30 + [3.0] + [4.0] * 30)
    stock = table("on_hand", A=[9.0] * 30 + [0.0] + [9.0] * 30)
    row = lost_sales(sales, stock).frame.row(0, named=True)
    assert row["rule"] == "sold out in the period"
    assert row["sold"] == 3.0
    assert 0.3 < row["lost_units"] < 3.0


def test_nothing_known_of_availability_is_refused(sales: pl.DataFrame) -> None:
    with pytest.raises(NotKnownError) as error:
        lost_sales(sales)
    assert error.value.message == (
        "lost sales are not known, because availability is not known for any item and period"
    )


def test_an_item_that_nobody_counted_is_unknown(table: Table, flags: Flags) -> None:
    sales = table("units", A=[4.0] * 30, B=[4.0] * 30)
    found = lost_sales(sales, table("in_stock", A=flags("+" * 28 + "--")))
    assert found.frame["sku"].unique().to_list() == ["A"]
    coverage = found.coverage()
    assert (coverage.active, coverage.unknown, coverage.never_known) == (60, 30, 1)
    unknown = found.every_period().filter(sku="B")
    assert unknown["rule"].unique().to_list() == ["unknown"]


@pytest.mark.parametrize(
    ("purchases", "default", "counted", "assumed"),
    [
        (None, None, 28, 1),
        (None, 5.0, 5, 0),
        (purchase(order_date=[on(31)], received_date=pl.Series([None], dtype=pl.Date)), 5.0, 40, 0),
    ],
)
def test_an_episode_still_open_counts_for_one_lead_time(
    table: Table,
    flags: Flags,
    *,
    purchases: pl.DataFrame | None,
    default: float | None,
    counted: int,
    assumed: int,
) -> None:
    """Unless something is on its way; 28 days where the lead time is not known."""
    signs = ("+" + "-" * 5) * 5 + "-" * 35  # a sale every six days: 30 days of patience
    sales = table("units", A=[4.0 if sign == "+" else 0.0 for sign in signs], B=[1.0] * len(signs))
    stock = table("in_stock", A=flags(signs), B=[True] * len(signs))
    found = lost_sales(sales, stock, purchases=purchases, default_lead_time_days=default)
    tail = found.frame.filter(pl.col("date") > on(24))
    lost = tail.filter(pl.col("lost_units") > 0)
    assert lost.height == counted
    assert lost["date"].min() == on(25)
    rest = tail.filter(pl.col("lost_units") == 0)
    assert set(rest["rule"]) <= {"beyond one lead time"}
    assert (rest["latent"] > 0).all()  # wanted it was
    assert rest["lost_high"].to_list() == [0.0] * rest.height
    assert rest["lost_revenue"].to_list() == [0.0] * rest.height
    assert found.coverage().assumed_lead_times == assumed
    assert found.coverage().beyond == rest.height


def test_net_of_a_stated_scenario(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    products = pl.DataFrame({"sku": ["A"], "unit_cost": [1.0]})
    found = lost_sales(sales, stock, products, substituted=0.45, delayed=0.15)
    frame = found.frame
    assert frame.columns == [*COLUMNS, "net_units", "net_revenue", "net_margin"]
    for gross, net in (
        ("lost_units", "net_units"),
        ("lost_revenue", "net_revenue"),
        ("lost_margin", "net_margin"),
    ):
        assert frame[net].to_list() == pytest.approx((0.4 * frame[gross]).to_list())
    kpis = dict(found.kpis().select("kpi", "value").rows())
    assert kpis["net_units"] == pytest.approx(0.4 * kpis["lost_units"])
    assert kpis["net_revenue"] == pytest.approx(0.4 * kpis["lost_revenue"])
    assert kpis["net_margin"] == pytest.approx(0.4 * kpis["lost_margin"])
    assert found.every_period()["net_units"].sum() == pytest.approx(frame["net_units"].sum())
    with pytest.raises(ConfigError):
        lost_sales(sales, stock, substituted=0.8, delayed=0.8)


def test_phantom_stock_stands_in_its_own_column(table: Table, flags: Flags) -> None:
    units = {"A": [4.0] * 60 + [0.0] * 14, "B": [2.0] * 40 + [0.0] * 4 + [2.0] * 30}
    sales = table("units", **units).with_columns(unit_price=1.0)
    stock = table("in_stock", A=[True] * 74, B=flags("+" * 40 + "-" * 4 + "+" * 30))
    apart = lost_sales(sales, stock)
    phantom = apart.frame.filter(sku="A")
    assert phantom["rule"].unique().to_list() == ["phantom stock"]
    assert phantom["lost_units"].to_list() == [0.0] * 14
    assert phantom["latent"].to_list() == [0.0] * 14
    assert phantom["phantom_units"].sum() == pytest.approx(4 * 14, rel=0.1)
    assert apart.coverage().phantom_runs == 1
    assert apart.frame.filter(sku="B")["phantom_units"].sum() == 0

    counted = lost_sales(sales, stock, include_phantom=True)
    lost = counted.frame.filter(sku="A")
    assert lost["lost_units"].to_list() == pytest.approx(phantom["phantom_units"].to_list())
    assert lost["lost_revenue"].to_list() == pytest.approx(lost["lost_units"].to_list())
    assert (lost["lost_low"] < lost["lost_units"]).all()
    assert (lost["lost_high"] > lost["lost_units"]).all()
    low, value, high = (
        counted.kpis(["sku"])
        .filter(pl.col("kpi") == "lost_units", sku="A")
        .select("low", "value", "high")
        .row(0)
    )
    assert value == pytest.approx(phantom["phantom_units"].sum())
    assert 4 * 10 < low < value < high < 4 * 20
    others = counted.frame.filter(sku="B")
    assert others.equals(apart.frame.filter(sku="B"))
    assert counted.by_item()["sku"].to_list() == ["A", "B"]
    assert apart.by_item().filter(sku="A")["lost_units"].to_list() == [0.0]


def test_weekly_sales(flags: Flags) -> None:
    weeks = pl.Series([MONDAY + timedelta(7 * k) for k in range(30)])
    signs = "+" * 20 + "--" + "+" * 8
    sales = pl.DataFrame(
        {"date": weeks, "sku": "A", "units": [0.0 if sign == "-" else 20.0 for sign in signs]}
    )
    stock = pl.DataFrame({"date": weeks, "sku": "A", "in_stock": flags(signs)})
    frame = lost_sales(sales, stock).frame
    assert frame["date"].to_list() == [MONDAY + timedelta(140), MONDAY + timedelta(147)]
    assert frame["lost_units"].to_list() == pytest.approx([20.0, 20.0], rel=0.05)


def test_fractional_units_stay_fractional(table: Table) -> None:
    sales = table("units", A=[0.1, 0.3, 0.2] * 20)
    stock = table("in_stock_share", A=[1.0] * 58 + [0.7, 1.0])
    row = lost_sales(sales, stock).frame.row(0, named=True)
    assert row["sold"] == 0.3  # not 0.30000001192
    assert row["in_stock_share"] == 0.7


def test_later_rows_do_not_count(sales: pl.DataFrame, stock: pl.DataFrame) -> None:
    found = lost_sales(sales, stock, as_of=on(31))
    assert found.frame["date"].to_list() == [on(30), on(31)]
    assert found.episodes["end"].to_list() == ["open"]
    assert found.by_item()["open"].to_list() == [True]


def test_a_frame_without_its_columns_is_refused(stock: pl.DataFrame) -> None:
    with pytest.raises(MissingColumnError):
        lost_sales(pl.DataFrame({"sku": ["A"]}), stock)


def test_episodes_add_up_to_the_periods(simulated: Exports) -> None:
    tables = simulated.tables
    found = lost_sales(
        tables["sales"], tables["inventory"], tables["products"], tables["purchases"]
    )
    total = found.frame["lost_units"].sum()
    assert found.episodes["lost_units"].sum() == pytest.approx(total)
    assert found.by_item()["lost_units"].sum() == pytest.approx(total)
    assert found.every_period()["lost_units"].sum() == pytest.approx(total)
    key = found.frame.select("sku", "location", "date")
    assert key.equals(key.sort("sku", "location", "date"))
    assert key.n_unique() == key.height


def test_the_order_of_rows_makes_no_difference(simulated: Exports) -> None:
    def estimate(seed: int | None) -> pl.DataFrame:
        tables = {
            name: simulated.tables[name]
            if seed is None
            else simulated.tables[name].sample(fraction=1.0, shuffle=True, seed=seed)
            for name in ("sales", "inventory", "products", "purchases")
        }
        return lost_sales(*tables.values()).frame

    assert estimate(None).equals(estimate(3))
