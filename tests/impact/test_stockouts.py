"""Key figures of stockouts: exact where they are counts, and what they are of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.errors import ConfigError, NotKnownError
from stockout.impact.key_figures import KEY_FIGURES
from stockout.impact.lost_sales import lost_sales

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.impact.conftest import Exports

    from stockout.impact.stockout_costs import LostSales

    Table = Callable[..., pl.DataFrame]
    Flags = Callable[[str], list[bool | None]]

MONDAY = date(2026, 1, 5)


def figures(found: LostSales, by: Sequence[str] = (), **group: object) -> dict[str, float | None]:
    rows = found.kpis(by)
    if group:
        rows = rows.filter(**group)
    return dict(rows.select("kpi", "value").rows())


def column(found: LostSales, name: str, kpi: str) -> float | None:
    value: float | None = found.kpis().filter(kpi=kpi)[name].item()
    return value


@pytest.fixture(scope="module")
def two_items(table: Table, flags: Flags) -> LostSales:
    """A sells 1 at 10 a day and is out on 10 of 50 days; B sells 9 at 1 and never is.

    Of B nothing is known for 10 days.
    """
    signs = {"A": "+" * 20 + "-" * 5 + "+" * 15 + "-" * 5 + "+" * 5, "B": "+" * 40 + "?" * 10}
    units = {"A": [0.0 if sign == "-" else 1.0 for sign in signs["A"]], "B": [9.0] * 50}
    sales = table("units", **units).with_columns(
        unit_price=pl.when(pl.col("sku") == "A").then(10.0).otherwise(1.0)
    )
    stock = table("in_stock", **{sku: flags(line) for sku, line in signs.items()})
    products = pl.DataFrame(
        {"sku": ["A", "B"], "category": ["a", "b"], "supplier_id": ["S", "S"], "unit_cost": 0.5}
    )
    return lost_sales(sales, stock, products)


def test_every_figure_has_a_unit_and_a_definition(two_items: LostSales) -> None:
    kpis = two_items.kpis()
    assert kpis.columns == ["kpi", "value", "low", "high", "coverage", "unit", "definition"]
    known = {figure.name: figure for figure in KEY_FIGURES}
    assert len(known) == len(KEY_FIGURES)
    for name, unit, definition in kpis.select("kpi", "unit", "definition").rows():
        assert (unit, definition) == (known[name].unit, known[name].definition)
        assert definition.endswith(".")


def test_rates_of_all_together(two_items: LostSales) -> None:
    of = figures(two_items)
    assert of["items"] == 2
    assert of["item_periods"] == 100
    assert of["stockout_rate"] == pytest.approx(10 / 90)
    assert of["on_shelf_availability"] == pytest.approx(80 / 90)
    assert of["periods_with_stockout"] == pytest.approx(10 / 90)
    # A wants 1 of 10 units a day: weighted by demand its stockouts hardly count
    assert of["stockout_rate_by_demand"] == pytest.approx(10 / (50 + 9 * 40), rel=0.02)
    # but it brings 10 of 19 a day
    assert of["stockout_rate_by_revenue"] == pytest.approx(100 / (500 + 9 * 40), rel=0.02)
    assert of["sold_units"] == 40 + 450
    assert of["lost_units"] == pytest.approx(10, rel=0.02)
    # the sales of days whose availability is unknown are in neither sum
    assert of["fill_rate"] == pytest.approx((40 + 360) / (40 + 360 + 10), rel=0.02)
    assert of["lost_revenue"] == pytest.approx(100, rel=0.02)
    assert of["lost_margin"] == pytest.approx(95, rel=0.02)
    assert of["phantom_units"] == 0


def test_coverage(two_items: LostSales) -> None:
    def of(kpi: str) -> float | None:
        return column(two_items, "coverage", kpi)

    assert of("stockout_rate") == pytest.approx(0.9)
    assert of("stockout_rate_by_demand") == pytest.approx(1 - 90 / 500, rel=0.02)
    assert of("lost_units") == pytest.approx(1 - 90 / 500, rel=0.02)
    assert of("sold_units") == 1
    assert of("items") is None  # nothing to know


def test_intervals_where_figures_are_estimates(two_items: LostSales) -> None:
    kpis = two_items.kpis()
    estimates = {
        "lost_units",
        "lost_revenue",
        "lost_margin",
        "fill_rate",
        "stockout_rate_by_demand",
        "stockout_rate_by_revenue",
    }
    assert set(kpis.filter(pl.col("low").is_not_null())["kpi"]) == estimates
    for name in estimates:
        row = kpis.filter(kpi=name)
        assert row["low"].item() <= row["value"].item() <= row["high"].item()
        assert row["low"].item() < row["high"].item()


def test_the_hour_at_which_stock_ran_out_leaves_the_rate_open(table: Table) -> None:
    sales = table("units", A=[4.0] * 9 + [3.0] + [0.0] * 2 + [4.0] * 8)
    stock = table("on_hand", A=[9.0] * 9 + [0.0] * 3 + [9.0] * 8)
    rate = lost_sales(sales, stock).kpis().filter(kpi="stockout_rate")
    assert rate.select("low", "value", "high").row(0) == pytest.approx((2 / 20, 2.5 / 20, 3 / 20))
    shelf = lost_sales(sales, stock).kpis().filter(kpi="on_shelf_availability")
    assert shelf.select("low", "value", "high").row(0) == pytest.approx(
        (17 / 20, 17.5 / 20, 18 / 20)
    )
    with_any = lost_sales(sales, stock).kpis().filter(kpi="periods_with_stockout")
    assert with_any["value"].item() == pytest.approx(3 / 20)


def test_episodes(two_items: LostSales) -> None:
    of = figures(two_items)
    assert (of["episodes"], of["open_episodes"]) == (2, 0)
    assert of["episode_days"] == 5
    assert of["episodes_per_item_year"] == pytest.approx(2 / 90 * 365.25)
    assert column(two_items, "low", "episode_days") is None  # all ends are known: no estimate


def test_the_length_of_open_episodes_is_estimated(table: Table, flags: Flags) -> None:
    signs = "+" * 20 + "-" * 4 + "+" * 10 + "-" * 6
    sales = table("units", A=[0.0 if sign == "-" else 4.0 for sign in signs])
    row = lost_sales(sales, table("in_stock", A=flags(signs))).kpis().filter(kpi="episode_days")
    # ten days out and one end: an exponential of mean 10, its interval from chi-squared quantiles
    expected = (2 * 10 / 5.991464547, 10.0, 2 * 10 / 0.102586589)
    assert row.select("low", "value", "high").row(0) == pytest.approx(expected)


def test_groups(two_items: LostSales) -> None:
    assert figures(two_items, ["sku"], sku="A")["stockout_rate"] == pytest.approx(0.2)
    assert figures(two_items, ["sku"], sku="B")["stockout_rate"] == 0
    assert figures(two_items, ["category"], category="a")["lost_units"] == pytest.approx(
        figures(two_items)["lost_units"]
    )
    by_supplier = two_items.kpis(["supplier"])
    assert by_supplier["supplier_id"].unique().to_list() == ["S"]
    together = two_items.kpis().filter(pl.col("kpi") != "days_of_supply")
    assert (
        by_supplier.drop("supplier_id").filter(pl.col("kpi") != "days_of_supply").equals(together)
    )
    assert two_items.kpis(["location"])["location"].unique().to_list() == ["ALL"]


def test_months(two_items: LostSales) -> None:
    january = figures(two_items, ["month"], month=date(2026, 1, 1))
    february = figures(two_items, ["month"], month=date(2026, 2, 1))
    # day 20 to 24 is in January, day 40 to 44 in February, which has days 27 to 49
    assert january["stockout_rate"] == pytest.approx(5 / 54)
    assert february["stockout_rate"] == pytest.approx(5 / (23 + 13))
    assert january["episodes"] == february["episodes"] == 1
    assert january["item_periods"] == 54
    assert "days_of_supply" not in january
    only = two_items.kpis(["sku", "month"]).filter(sku="A", month=date(2026, 2, 1))
    assert only.filter(kpi="stockout_rate")["value"].item() == pytest.approx(5 / 23)
    interval = only.filter(kpi="lost_units").select("low", "high").row(0)
    assert 0 < interval[0] < 5 < interval[1]


def test_figures_of_groups_add_up(simulated: Exports) -> None:
    tables = simulated.tables
    found = lost_sales(
        tables["sales"], tables["inventory"], tables["products"], tables["purchases"]
    )
    together = figures(found)
    sums = ["lost_units", "lost_revenue", "lost_margin", "sold_units", "episodes", "item_periods"]
    for by in (["sku", "location"], ["category"], ["supplier"], ["month"], ["location", "month"]):
        rows = found.kpis(by)
        for name in sums:
            total = rows.filter(kpi=name)["value"].sum()
            assert total == pytest.approx(together[name]), (by, name)
    channels = found.kpis(["channel"])
    assert channels["channel"].unique().sort().to_list() == ["business", "online", "store"]
    for name in ("lost_units", "lost_revenue", "sold_units"):  # divided between channels
        total = channels.filter(kpi=name)["value"].sum()
        assert total == pytest.approx(together[name]), name
    wide = channels.filter(kpi="lost_units").select(pl.col("high") - pl.col("low")).sum().item()
    assert wide > 0


def test_a_group_of_which_nothing_is_known(two_items: LostSales, table: Table) -> None:
    sales = table("units", A=[4.0] * 30, B=[4.0] * 30)
    found = lost_sales(sales, table("in_stock", A=[True] * 30))
    of = figures(found, ["sku"], sku="B")
    unknown = {name for name, value in of.items() if value is None}
    assert {
        "stockout_rate",
        "on_shelf_availability",
        "fill_rate",
        "lost_units",
        "lost_revenue",
        "episodes",
        "phantom_units",
    } <= unknown
    assert of["sold_units"] == 120
    rate = found.kpis(["sku"]).filter(kpi="stockout_rate", sku="B")
    assert rate["coverage"].item() == 0
    assert figures(two_items)["stockout_rate"] is not None


def test_demand_that_nothing_tells_is_not_zero(table: Table) -> None:
    """B was launched and never in stock: nobody knows what it would have sold."""
    sales = table("units", A=[4.0] * 30, B=[0.0] * 30)
    stock = table("in_stock", A=[True] * 30, B=[False] * 30)
    products = pl.DataFrame({"sku": ["A", "B"], "active_from": [MONDAY, MONDAY]})
    found = lost_sales(sales, stock, products)
    rows = found.frame
    assert rows["rule"].unique().to_list() == ["unknown"]
    assert rows["lost_units"].null_count() == rows.height == 29
    of_b = figures(found, ["sku"], sku="B")
    assert of_b["stockout_rate"] == 1
    assert of_b["lost_units"] is of_b["fill_rate"] is of_b["lost_revenue"] is None
    assert found.coverage().no_demand == 29
    assert found.episodes["lost_units"].to_list() == [None]


def test_days_of_supply(table: Table) -> None:
    """Stock by the mean daily demand of the items of which the stock is known."""
    sales = table("units", A=[4.0] * 40, B=[1.0] * 40, C=[5.0] * 40)
    stock = pl.concat(
        [
            table("on_hand", A=[9.0] * 39 + [60.0], B=[9.0] * 39 + [40.0]),
            table("in_stock", C=[True] * 40),
        ],
        how="diagonal",
    )
    found = lost_sales(sales, stock)
    assert figures(found)["days_of_supply"] == pytest.approx(100 / 5, rel=0.05)
    assert column(found, "coverage", "days_of_supply") == pytest.approx(0.5, rel=0.05)
    assert figures(found, ["sku"], sku="A")["days_of_supply"] == pytest.approx(15, rel=0.05)
    assert figures(found, ["sku"], sku="C")["days_of_supply"] is None


def test_cycle_service_level(table: Table, flags: Flags) -> None:
    signs = "+" * 8 + "--" + "+" * 20
    sales = table("units", A=[0.0 if sign == "-" else 4.0 for sign in signs])
    received = [MONDAY + timedelta(day) for day in (0, 10, 20, 29)]
    purchases = pl.DataFrame(
        {
            "po_id": ["P1", "P2", "P3", "P4"],
            "sku": "A",
            "order_date": MONDAY,
            "received_date": received,
            "ordered_units": 40.0,
        }
    )
    stock = table("in_stock", A=flags(signs))
    found = lost_sales(sales, stock, purchases=purchases)
    assert figures(found)["cycle_service_level"] == pytest.approx(2 / 3)
    assert "cycle_service_level" not in figures(lost_sales(sales, stock))


def test_what_cannot_be_grouped_by(table: Table, two_items: LostSales) -> None:
    found = lost_sales(table("units", A=[4.0] * 10), table("in_stock", A=[True] * 10))
    for name in ("category", "supplier", "channel"):
        with pytest.raises(NotKnownError) as error:
            found.kpis([name])
        assert error.value.message.startswith(f"the {name} of no item is known")
        assert error.value.hint is not None
    with pytest.raises(ConfigError) as unknown:
        two_items.kpis(["brand"])
    assert unknown.value.message.startswith("by: found 'brand', expected sku, location, category")


def test_weeks(flags: Flags) -> None:
    weeks = pl.Series([MONDAY + timedelta(7 * k) for k in range(20)])
    signs = "+" * 10 + "--" + "+" * 8
    sales = pl.DataFrame(
        {"date": weeks, "sku": "A", "units": [0.0 if sign == "-" else 9.0 for sign in signs]}
    )
    stock = pl.DataFrame({"date": weeks, "sku": "A", "in_stock": flags(signs)})
    of = figures(lost_sales(sales, stock))
    assert of["stockout_rate"] == pytest.approx(0.1)
    assert of["episode_days"] == 14
    assert of["episodes_per_item_year"] == pytest.approx(1 / (140 / 365.25))


@pytest.fixture(scope="module")
def of_truth(simulated: Exports) -> LostSales:
    """Lost sales of the simulator, which tells time in stock, runs without it, and lost units."""
    tables = simulated.tables
    return lost_sales(
        tables["sales"],
        tables["inventory"],
        tables["products"],
        tables["purchases"],
        tables["movements"],
        tables["events"],
        suppliers=tables["suppliers"],
    )


def test_days_of_life(of_truth: LostSales, simulated: Exports) -> None:
    key = ["sku", "location", "date"]
    active = of_truth.every_period().select(key)
    life = simulated.truth["demand"].select(key)
    assert active.join(life, on=key, how="anti").is_empty()
    assert active.height > 0.995 * life.height


def test_days_with_a_stockout(of_truth: LostSales, simulated: Exports) -> None:
    """Exactly those that end without stock: what a daily stock list shows."""
    key = ["sku", "location", "date"]
    active = of_truth.every_period().select(key)
    stock = simulated.tables["inventory"].join(active, on=key)
    rate = (stock["on_hand"] <= 0).mean()
    assert figures(of_truth)["periods_with_stockout"] == pytest.approx(rate)
    shares = simulated.truth["demand"].join(active, on=key)["in_stock_share"]
    bounds = of_truth.kpis().filter(kpi="stockout_rate")
    assert bounds["low"].item() < 1 - float(shares.to_numpy().mean()) < bounds["high"].item()


def test_episodes_within_the_history(of_truth: LostSales, simulated: Exports) -> None:
    first = of_truth.history.first_period
    truth = simulated.truth["stockouts"].filter(pl.col("first_date") > first)
    own = of_truth.episodes.filter(pl.col("begun"))
    same = own.join(truth, on=["sku", "location", "first_date"], suffix="_true")
    assert same.height > 0.98 * max(own.height, truth.height)
    assert (same["days"] != same["days_true"]).sum() < 0.01 * same.height
    assert figures(of_truth)["open_episodes"] == truth["is_open"].sum()


def test_lost_units(of_truth: LostSales, simulated: Exports) -> None:
    unmet = simulated.truth["demand"]["unmet_units"].sum()
    assert unmet > 1000
    row = of_truth.kpis().filter(kpi="lost_units")
    assert row["value"].item() == pytest.approx(unmet, rel=0.08)
    assert row["low"].item() < unmet < row["high"].item()


def test_no_phantoms(of_truth: LostSales) -> None:
    assert of_truth.phantom.runs.is_empty()
