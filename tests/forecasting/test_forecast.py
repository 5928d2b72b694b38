from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

import stockout
from stockout.errors import ConfigError, InputError, NotKnownError

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]

MONDAY = date(2024, 1, 1)


def day(number: int) -> date:
    return MONDAY + timedelta(number)


def random_sales(table: Table) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    return table(rng.poisson(rng.uniform(0.1, 4, 12), (90, 12)))


CASES: dict[str, Callable[[Table], pl.DataFrame]] = {
    "one row": lambda table: table([3.0]),
    "one day, many items": lambda table: table(np.ones((1, 20))),
    "two days": lambda table: table([3.0, 0.0]),
    "a week": lambda table: table([3.0, 0, 0, 1, 0, 0, 2]),
    "fifteen days": lambda table: table(np.arange(15.0)),
    "one sale long ago": lambda table: table([1.0] + [0.0] * 99),
    "one sale": lambda table: pl.concat(
        [random_sales(table), table([7.0], sku="X", first=day(80))]
    ),
    "all zero": lambda table: table(np.zeros((90, 3))),
    "one item all zero": lambda table: pl.concat(
        [random_sales(table), table(np.zeros(90), sku="X")]
    ),
    "constant": lambda table: table(np.full(120, 4.0)),
    "constant for three years": lambda table: table(np.full(1095, 4.0)),
    "constant fraction": lambda table: table(np.full(120, 0.25)),
    "tiny fractions": lambda table: table(np.full((120, 3), 1e-6)),
    "huge": lambda table: table(np.full((120, 3), 1e9)),
    "one huge order": lambda table: table([1.0] * 60 + [1e6] + [1.0] * 30),
    "only returns": lambda table: table(np.full(40, -1.0)),
    "returns of one item": lambda table: pl.concat(
        [random_sales(table), table([-1.0] * 5, sku="X", first=day(85))]
    ),
    "weeks": lambda table: table(np.random.default_rng(2).poisson(9, (40, 5)), step=7),
    "three weeks": lambda table: table([9.0, 8, 7], step=7),
    "months": lambda table: table(np.full(12, 30.0)).with_columns(
        date=pl.Series([date(2024, month, 1) for month in range(1, 13)])
    ),
    "ordinary": random_sales,
}


@pytest.mark.parametrize("case", CASES)
def test_the_frame_has_its_form_whatever_the_sales(table: Table, case: str) -> None:
    sales = CASES[case](table)
    items = sales.select("sku").unique().sort("sku")["sku"]
    found = stockout.forecast(sales, horizon=9, levels=(0.9, 0.5, 0.975, 0.5))
    assert found.schema == {
        "sku": pl.String,
        "location": pl.String,
        "date": pl.Date,
        "mean": pl.Float64,
        "q50": pl.Float64,
        "q90": pl.Float64,
        "q97.5": pl.Float64,
        "model": pl.String,
    }
    assert found["sku"].to_list() == [sku for sku in items for _ in range(9)]
    assert found.equals(found.sort("sku", "location", "date"))
    dates = found["date"].head(9).to_list()
    step = 7 if "weeks" in case else 1
    assert dates == [dates[0] + timedelta(step * k) for k in range(9)]
    assert 0 < (dates[0] - sales.select(pl.col("date").max()).item()).days <= step
    assert (
        found.select(pl.exclude("sku", "location", "model").is_null().any()).row(0) == (False,) * 5
    )
    numbers = found.select("mean", "q50", "q90", "q97.5").to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (np.diff(numbers[:, 1:], axis=1) >= 0).all()
    if "fraction" not in case:
        assert (numbers[:, 1:] == np.round(numbers[:, 1:])).all()


@pytest.mark.parametrize(
    ("case", "mean"),
    [
        ("one row", 3),
        ("constant", 4),
        ("constant for three years", 4),
        ("constant fraction", 0.25),
        ("tiny fractions", 1e-6),
        ("huge", 1e9),
        ("only returns", 0),
        ("all zero", 0),
    ],
)
def test_the_mean_of_simple_demand_is_plain(table: Table, case: str, mean: float) -> None:
    found = stockout.forecast(CASES[case](table), horizon=14)
    assert found["mean"].to_numpy() == pytest.approx(mean, rel=1e-3)


@pytest.mark.parametrize("case", ["two days", "a week"])
def test_a_young_shop_has_demand(table: Table, case: str) -> None:
    """What sold a few days ago is not forecast at zero, even when nothing else is known."""
    assert (stockout.forecast(CASES[case](table), horizon=14)["mean"] > 0).all()


def test_constant_fractions_have_no_spread(table: Table) -> None:
    """0.25 kg on each of 120 days: a quantile of thrice that is an invention."""
    found = stockout.forecast(CASES["constant fraction"](table), horizon=5, levels=(0.05, 0.95))
    assert found["q5"].min() > 0.15  # type: ignore[operator]
    assert found["q95"].max() < 0.4  # type: ignore[operator]


def test_an_item_that_never_sold_has_no_demand(table: Table) -> None:
    """Ninety days of zeros are not a launch."""
    found = stockout.forecast(CASES["one item all zero"](table), horizon=9)
    assert found.filter(sku="X0000")["mean"].max() == 0


def test_default_horizon_is_four_weeks_of_days_or_a_quarter_of_weeks(table: Table) -> None:
    sales = random_sales(table)
    assert stockout.forecast(sales).height == 12 * 28
    assert stockout.forecast(sales, freq="week").height == 12 * 13
    assert stockout.forecast(table(np.ones(20), step=7)).height == 13


def test_levels_are_named_by_per_cent_and_sorted(table: Table) -> None:
    found = stockout.forecast(table(np.ones(30)), horizon=1, levels=(0.99, 0.1, 0.999, 0.29, 0.1))
    assert found.columns[4:-1] == ["q10", "q29", "q99", "q99.9"]


def test_without_levels_there_is_the_mean(table: Table) -> None:
    found = stockout.forecast(table(np.ones(30)), horizon=1, levels=())
    assert found.columns == ["sku", "location", "date", "mean", "model"]


@pytest.mark.parametrize("horizon", [0, -3, 2.5])
def test_a_horizon_without_a_period_is_refused(table: Table, horizon: int) -> None:
    with pytest.raises(
        ConfigError, match=f"horizon is {horizon}, expected a whole number of periods"
    ):
        stockout.forecast(table([1.0]), horizon=horizon)


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1, 95, float("nan")])
def test_a_level_that_is_no_probability_is_refused(table: Table, level: float) -> None:
    with pytest.raises(ConfigError, match="is not a probability between 0 and 1") as caught:
        stockout.forecast(table([1.0]), levels=(0.5, level))
    assert caught.value.hint == "levels are like 0.5,0.9"


def test_a_period_that_is_neither_day_nor_week_is_refused(table: Table) -> None:
    freq: Any = "month"
    with pytest.raises(ConfigError, match="month"):
        stockout.forecast(table([1.0]), freq=freq)


def test_days_cannot_be_had_from_weekly_sales(table: Table) -> None:
    with pytest.raises(NotKnownError, match="daily demand is not known"):
        stockout.forecast(table([1.0, 2, 3], step=7), freq="day")


def test_sales_without_units_are_refused(table: Table) -> None:
    with pytest.raises(InputError, match="no column 'units'"):
        stockout.forecast(table([1.0]).rename({"units": "quantity"}))


def test_before_the_first_sale_demand_is_not_known(table: Table) -> None:
    with pytest.raises(NotKnownError, match="no sales in complete periods"):
        stockout.forecast(table([1.0]), as_of=day(-1))


def test_a_horizon_may_be_longer_than_the_history(table: Table) -> None:
    rng = np.random.default_rng(3)
    found = stockout.forecast(table(rng.poisson(5, (30, 4))), horizon=400)
    assert found.height == 1600
    assert found["date"].max() == day(30 + 399)
    usual = found.group_by("sku").agg(pl.col("mean").mean())["mean"]
    assert usual.to_numpy() == pytest.approx(5, rel=0.3)


def test_dates_begin_after_as_of(table: Table) -> None:
    sales = random_sales(table)
    found = stockout.forecast(sales, horizon=2, as_of=day(70))
    assert found["date"].unique().sort().to_list() == [day(71), day(72)]
    weeks = stockout.forecast(sales, horizon=2, as_of=day(70), freq="week")  # a Monday
    assert weeks["date"].unique().sort().to_list() == [day(77), day(84)]


@pytest.mark.parametrize(("as_of", "told"), [(day(79), True), (day(76), False)])
def test_the_rest_of_a_week_that_is_in_no_period_is_said(
    table: Table, caplog: pytest.LogCaptureFixture, as_of: date, told: bool
) -> None:
    sales = table(np.full((80, 1), 2.0))
    with caplog.at_level(logging.WARNING):
        frame = stockout.forecast(sales, as_of=as_of, freq="week", horizon=1)
    assert frame["date"].to_list() == [day(84 if told else 77)]
    assert ("the first whole week begins on 2024-03-25" in caplog.text) is told


def test_rows_after_as_of_change_nothing(table: Table) -> None:
    sales = random_sales(table)
    later = table(np.full((9, 12), 90.0), first=day(90))
    found = stockout.forecast(pl.concat([later, sales]), as_of=day(89), horizon=5)
    assert found.equals(stockout.forecast(sales, horizon=5))


def test_the_order_of_rows_changes_nothing(table: Table) -> None:
    sales = random_sales(table)
    found = stockout.forecast(sales.sample(fraction=1, shuffle=True, seed=3), horizon=5)
    assert found.equals(stockout.forecast(sales, horizon=5))


def test_ended_items_are_listed_with_zeros(table: Table) -> None:
    sales = pl.concat([random_sales(table), table(np.full(20, 5.0), sku="OLD")])
    found = stockout.forecast(sales, horizon=7, levels=(0.5, 0.99)).filter(sku="OLD0000")
    assert found.height == 7
    assert found["model"].unique().to_list() == ["ended"]
    assert found.select("mean", "q50", "q99").sum().row(0) == (0, 0, 0)


def test_skus_keep_their_zeros_and_locations_their_names(table: Table) -> None:
    sales = pl.concat(
        [table(np.ones(30), location=place).with_columns(sku=pl.lit("0012")) for place in "XY"]
    )
    found = stockout.forecast(sales, horizon=1)
    assert found.select("sku", "location").rows() == [("0012", "X"), ("0012", "Y")]


def test_out_of_stock_days_do_not_lower_the_forecast(table: Table) -> None:
    rng = np.random.default_rng(4)
    empty = np.arange(180) % 9 < 3
    units = np.where(empty[:, None], 0, rng.poisson(6, (180, 8)))
    flags = table(np.repeat(~empty[:, None], 8, axis=1), column="in_stock_share")
    masked = stockout.forecast(table(units), flags, horizon=18)["mean"].mean()
    blind = stockout.forecast(table(units), horizon=18)["mean"].mean()
    assert masked == pytest.approx(6, rel=0.05)
    assert blind == pytest.approx(4, rel=0.1)


def test_weekly_flags_and_one_position_give_weekly_forecasts(table: Table) -> None:
    """In-stock flags of past weeks, on_hand empty, and one on_hand at as-of."""
    rng = np.random.default_rng(5)
    empty = np.arange(60) % 6 < 2
    units = np.where(empty[:, None], 0, rng.poisson(20, (60, 8)))
    sales = table(units, step=7)
    as_of = day(7 * 60 - 1)
    flags = table(np.repeat(~empty[:, None], 8, axis=1), step=7, column="in_stock").with_columns(
        pl.col("in_stock").cast(pl.Boolean), on_hand=pl.lit(None, dtype=pl.Float64)
    )
    position = table(np.full((1, 8), 0.0), first=as_of, column="on_hand")
    inventory = pl.concat([flags, position], how="diagonal")
    found = stockout.forecast(sales, inventory, freq="week", as_of=as_of, horizon=6)
    assert found["mean"].mean() == pytest.approx(20, rel=0.05)
    assert found["date"][0] == day(7 * 60)


def test_it_says_what_it_did(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    sales = pl.concat(
        [
            random_sales(table),
            table(np.full(20, 5.0), sku="OLD"),
            table([1.0] * 10, sku="NEW", first=day(80)),
        ]
    )
    stock = table(np.repeat([[1.0], [0.0]], 45, axis=0), column="in_stock_share")
    with caplog.at_level(logging.INFO, logger="stockout"):
        stockout.forecast(sales, stock, horizon=3)
    assert "14 items (12 active, 1 new, 1 ended) by day, 3 periods after 2024-03-30" in caplog.text
    assert "availability: unknown for" in caplog.text
