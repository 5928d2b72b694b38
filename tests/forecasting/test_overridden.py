"""A demand model with corrections in it: its mean, its spread and its name."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.fit import fit
from stockout.forecasting.forecast import forecast
from stockout.forecasting.overridden import with_overrides
from stockout.tables import conform

DAYS = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
SALES = pl.concat(
    pl.DataFrame({"date": DAYS, "sku": sku, "units": [2.0, 4.0] * 42}) for sku in "AB"
)


def overrides(**columns: object) -> pl.DataFrame:
    return conform(pl.DataFrame({"sku": ["A"], "reason": ["fair"], **columns}), "overrides")


def test_mean_name_and_spread(caplog: pytest.LogCaptureFixture) -> None:
    model = fit(demand_history(SALES), 7)
    with caplog.at_level(logging.INFO):
        corrected = with_overrides(model, overrides(percent=[100.0]))
    assert corrected.mean[:, 0] == pytest.approx(2 * model.mean[:, 0])
    assert (corrected.mean[:, 1] == model.mean[:, 1]).all()
    assert corrected.model.to_list() == [model.model[0] + "+override", model.model[1]]
    spread = corrected.noise * corrected.mean + corrected.level_variance * corrected.mean**2
    assert (spread[:, 0] > (model.noise * model.mean)[:, 0]).all()
    assert "overrides: correct 7 days of 1 items in the 7 after as-of, from 21" in caplog.text


def test_without_corrections_it_is_the_same_model() -> None:
    model = fit(demand_history(SALES), 3)
    assert with_overrides(model, None) is model
    past = overrides(units=[9.0], date=[DAYS[0]])
    assert with_overrides(model, past) is model


def test_units_for_an_item_of_which_nothing_was_expected() -> None:
    quiet = SALES.with_columns(
        units=pl.when((pl.col("sku") == "A") & (pl.col("date") > DAYS[5]))
        .then(0.0)
        .otherwise("units")
    )
    model = fit(demand_history(quiet), 4)
    assert model.model[0] == "ended"
    corrected = with_overrides(model, overrides(units=[3.0]))
    assert corrected.mean[:, 0] == pytest.approx(3)
    assert np.isfinite(corrected.sum_variance(0, 4)).all()
    assert corrected.sum_variance(0, 4)[0] == pytest.approx(12)
    assert corrected.model[0] == "ended+override"


def test_the_forecast_shows_corrected_and_statistical_figures() -> None:
    statistical = forecast(SALES, horizon=7)
    corrected = forecast(SALES, overrides=overrides(percent=[-50.0]), horizon=7)
    both = statistical.join(corrected, on=["sku", "location", "date"], suffix="_corrected")
    own, other = both.filter(sku="A"), both.filter(sku="B")
    assert own["mean_corrected"].to_list() == pytest.approx((own["mean"] / 2).to_list())
    assert own["model_corrected"].str.ends_with("+override").all()
    assert other["mean_corrected"].equals(other["mean"], check_names=False)
    assert not other["model_corrected"].str.contains("override").any()
