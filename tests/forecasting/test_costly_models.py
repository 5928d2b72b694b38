"""Models fitted series by series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.costly_models import (
    COSTLY,
    MAX_LENGTH,
    costly_forecast,
    filled_demand,
    season_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]

WEEK = np.array([4.0, 5.0, 6.0, 7.0, 9.0, 12.0, 2.0], dtype=np.float32)
ONE = np.array([0])


@pytest.mark.parametrize("name", COSTLY)
def test_a_week_that_repeats_goes_on(name: str) -> None:
    rng = np.random.default_rng(1)
    demand = (np.tile(WEEK, 16) + rng.normal(0, 0.1, 112)).astype(np.float32)[:, None]
    path = costly_forecast(name, demand, ONE, ONE, 14, "day")
    np.testing.assert_allclose(path[:, 0], np.tile(WEEK, 2), atol=0.5)


@pytest.mark.parametrize("name", COSTLY)
def test_demand_is_never_negative_and_what_fails_is_not_known(name: str) -> None:
    periods = 80
    falling = np.maximum(40 - np.arange(periods), 0)
    unknown = np.full(periods, np.nan)
    demand = np.stack([falling, unknown, falling + 1], axis=1).astype(np.float32)
    start = np.array([0, 0, periods - 2])
    path = costly_forecast(name, demand, start, np.arange(3), 28, "day")
    assert (path[:, 0] >= 0).all()
    assert np.isnan(path[:, 1]).all()
    assert ((path[:, 2] >= 0) | np.isnan(path[:, 2])).all()


def test_no_more_than_the_latest_periods_count() -> None:
    rng = np.random.default_rng(2)
    old, new = rng.poisson(90, 300), rng.poisson(5, MAX_LENGTH["day"])
    demand = np.concatenate([old, new]).astype(np.float32)[:, None]
    whole = costly_forecast("ces", demand, ONE, ONE, 7, "day")
    cut = costly_forecast("ces", demand[300:], ONE, ONE, 7, "day")
    np.testing.assert_array_equal(whole, cut)


def test_a_season_needs_two_of_it() -> None:
    assert season_of("week", np.array([103, 104])).tolist() == [1, 52]


def test_out_of_stock_days_are_filled_by_what_would_have_sold(table: Table) -> None:
    rng = np.random.default_rng(3)
    wanted = rng.poisson(20, (120, 6)).astype(np.float64)
    out = rng.random((120, 6)) < 0.2
    stock = table(~out, column="in_stock").with_columns(pl.col("in_stock").cast(pl.Boolean))
    history = demand_history(table(np.where(out, 0, wanted)), stock)
    filled = filled_demand(history)
    assert filled[out].mean() == pytest.approx(20, rel=0.05)
    np.testing.assert_array_equal(filled[~out], wanted[~out])
