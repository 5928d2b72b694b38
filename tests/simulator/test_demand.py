"""The demand that comes out is the demand that was put in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stockout.simulator.parameters import Parameters
from stockout.simulator.setting import draw_setting
from stockout.simulator.simulate import Simulation, simulate

_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture(scope="module")
def cells(chain: Simulation) -> pl.DataFrame:
    """Demand of each day with its item's parameters, its variance, and its squared surprise."""
    mean, k, size = pl.col("mean"), pl.col("dispersion"), pl.col("purchase_units")
    per_purchase = (size**2 + size - 1) / size  # size is 1 + Poisson: E[size**2] / E[size]
    return (
        chain.truth["demand"]
        .join(chain.truth["items"], on=["sku", "location"])
        .with_columns(
            variance=mean * per_purchase + pl.when(k.is_null()).then(0.0).otherwise(mean**2 / k),
            squared=(pl.col("potential_units") - mean) ** 2,
        )
    )


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "intermittent"])
def test_mean_and_variance_are_those_of_the_family(cells: pl.DataFrame, family: str) -> None:
    sums = cells.filter(family=family).select(
        pl.col("potential_units", "mean", "variance", "squared").sum()
    )
    units, mean, variance, squared = sums.row(0)
    assert units == pytest.approx(mean, abs=4 * np.sqrt(variance))
    assert np.sqrt(variance) < 0.01 * mean  # else the line above would say little
    assert squared == pytest.approx(variance, rel=0.05)


def test_negative_binomial_demand_is_clearly_not_poisson(cells: pl.DataFrame) -> None:
    busy = cells.filter(family="negative_binomial").filter(pl.col("mean") > 1)
    assert busy["squared"].to_numpy().sum() > 1.3 * busy["mean"].to_numpy().sum()


def test_most_items_sell_less_than_one_unit_a_day(chain: Simulation) -> None:
    rates = chain.truth["items"]["rate"]
    assert (rates < 1).to_numpy().mean() > 0.6
    assert rates.median() == pytest.approx(0.45, rel=0.2)


def test_weekday_profile_comes_out() -> None:
    flat = Parameters(
        skus=120, months=24, safety_factor=2.0, shock_sigma=0.0, trend_sigma=0.0,
        season_amplitude=0.0, promotions_per_year=0.0, holiday_factor=1.0, new_share=0.0,
        ended_share=0.0, weekday_sigma=0.3,
    )  # fmt: skip
    truth = simulate(flat).truth
    observed = (
        truth["demand"]
        .join(truth["items"], on=["sku", "location"])
        .group_by("category", pl.col("date").dt.weekday().alias("weekday"))
        .agg(pl.col("potential_units").sum(), pl.col("rate").sum())
        .with_columns(factor=pl.col("potential_units") / pl.col("rate"))
    )
    expected = (
        truth["profiles"]
        .unpivot(_WEEKDAYS, index="category")
        .with_columns(
            weekday=pl.col("variable").replace_strict(_WEEKDAYS, range(1, 8), return_dtype=pl.Int8)
        )
    )
    both = observed.join(expected, on=["category", "weekday"])
    # Compound and negative binomial demand have up to some five times the variance of Poisson.
    error = (both["factor"] - both["value"]).abs()
    allowed = 4 * (5 * both["factor"] / both["rate"]).sqrt()
    assert both.height == 7 * 6
    assert (error <= allowed).all()
    assert allowed.max() < 0.25  # type: ignore[operator]  # else the test could not fail


def test_season_comes_out() -> None:
    calm = Parameters(
        skus=150, months=24, safety_factor=2.0, shock_sigma=0.0, trend_sigma=0.0,
        promotions_per_year=0.0, holiday_factor=1.0, new_share=0.0, ended_share=0.0,
        season_amplitude=0.8, weekday_sigma=0.0,
    )  # fmt: skip
    truth = simulate(calm).truth
    months = (
        truth["demand"]
        .join(truth["items"], on=["sku", "location"])
        .join(truth["profiles"], on="category")
        .with_columns(
            phase=2 * np.pi * (pl.col("date").dt.ordinal_day() - pl.col("season_peak_day")) / 365.25
        )
        .group_by("category", "season_log_amplitude")
        .agg(
            (pl.col("potential_units") * pl.col("phase").cos()).sum().alias("wave"),
            (
                pl.col("rate")
                * (pl.col("season_log_amplitude") * pl.col("phase").cos()).exp()
                * pl.col("phase").cos()
            )
            .sum()
            .alias("expected"),
            pl.col("season_log_amplitude").first().alias("amplitude"),
        )
    )
    bessel = np.i0(months["amplitude"].to_numpy())
    np.testing.assert_allclose(months["wave"], months["expected"] / bessel, rtol=0.12)


def test_promotion_multiplies_demand_by_the_items_uplift(chain: Simulation) -> None:
    promoted = chain.tables["events"].filter(kind="promotion").select("date", "sku")
    cells = (
        chain.truth["demand"]
        .join(chain.truth["items"], on=["sku", "location"])
        .join(promoted.with_columns(on=True), on=["date", "sku"], how="left")
    )
    ratio = cells.group_by(pl.col("on").is_not_null()).agg(
        (pl.col("potential_units").sum() / pl.col("rate").sum()).alias("level"),
        (pl.col("promotion_uplift") * pl.col("rate")).sum() / pl.col("rate").sum(),
    )
    levels = dict(ratio.select("on", "level").iter_rows())
    uplift = dict(ratio.select("on", "promotion_uplift").iter_rows())
    assert levels[True] / levels[False] == pytest.approx(uplift[True], rel=0.1)


def test_shocks_persist_and_are_shared_between_locations() -> None:
    parameters = Parameters(
        skus=300, months=24, locations=2, shock_sigma=0.4, shock_days=30.0, trend_sigma=0.0,
        season_amplitude=0.0, weekday_sigma=0.0, promotions_per_year=0.0, new_share=0.0,
        ended_share=0.0, median_rate=0.05,
    )  # fmt: skip
    setting = draw_setting(parameters)
    ratio = setting.demand.mean / setting.assortment.rate / setting.demand.traffic[:, None]
    level = np.log(ratio[::30])
    assert level.std() == pytest.approx(0.4, rel=0.05)
    assert ratio.mean() == pytest.approx(1.0, rel=0.03)
    lagged = np.corrcoef(level[:-1].ravel(), level[1:].ravel())[0, 1]
    assert lagged == pytest.approx(np.exp(-1), abs=0.04)
    shared = np.corrcoef(level[:, 0::2].ravel(), level[:, 1::2].ravel())[0, 1]
    assert shared == pytest.approx(0.5, abs=0.04)


def test_no_demand_outside_an_items_life(chain: Simulation) -> None:
    products = chain.tables["products"]
    assert products["active_from"].count() == products["active_to"].count() == 20
    wanted = chain.truth["demand"].filter(pl.col("potential_units") > 0).join(products, on="sku")
    assert (wanted["date"] >= wanted["active_from"]).all()
    assert (wanted["date"] <= wanted["active_to"]).all()


def test_successors_start_when_their_predecessor_ends(chain: Simulation) -> None:
    products = chain.tables["products"]
    pairs = products.filter(pl.col("successor_of").is_not_null()).join(
        products, left_on="successor_of", right_on="sku", suffix="_old"
    )
    assert pairs.height == 10
    assert (pairs["active_from"] == pairs["active_to_old"].dt.offset_by("1d")).all()
    assert (pairs["category"] == pairs["category_old"]).all()
    assert (pairs["supplier_id"] == pairs["supplier_id_old"]).all()
