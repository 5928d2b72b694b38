"""Rolling origins: as many as the history honestly allows, judging different periods."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.history import History, demand_history
from stockout.errors import ConfigError, NotKnownError
from stockout.forecasting.origins import plan_origins

MONDAY = date(2024, 1, 1)


@functools.cache
def start(freq: str) -> History:
    """Four periods of one item."""
    step = 7 if freq == "week" else 1
    days = [MONDAY + timedelta(step * k) for k in range(4)]
    return demand_history(pl.DataFrame({"date": days, "sku": "A", "units": [1.0] * 4}))


def history(periods: int, freq: str = "day") -> History:
    """A history as long as that; what was sold plays no part."""
    return replace(start(freq), units=np.ones((periods, 1), dtype=np.float32))


def test_a_year_of_windows_that_do_not_overlap() -> None:
    plan = plan_origins(history(1500))
    assert (plan.horizon, plan.spacing, len(plan.rows)) == (28, 31, 12)
    assert plan.rows[-1] == 1500 - 28
    assert plan.rows[0] >= 1500 - 28 - 364
    assert plan.clusters == list(range(12))


def test_weeks() -> None:
    plan = plan_origins(history(104, "week"))
    assert (plan.horizon, plan.spacing, plan.rows[-1]) == (4, 4, 100)
    assert plan.as_of(history(104, "week"), plan.rows[-1]) == MONDAY + timedelta(7 * 100 - 1)


def test_the_first_half_of_the_history_is_for_learning() -> None:
    assert plan_origins(history(280)).rows == (140, 168, 196, 224, 252)


@pytest.mark.parametrize(("periods", "horizon"), [(90, 14), (70, 7), (168, 28), (160, 14)])
def test_a_shorter_horizon_where_the_history_is_short(periods: int, horizon: int) -> None:
    plan = plan_origins(history(periods))
    assert plan.horizon == horizon
    assert len(plan.rows) >= 3


def test_what_is_asked_for() -> None:
    plan = plan_origins(history(400), horizon=14, origins=3, spacing=7)
    assert plan.rows == (372, 379, 386)
    assert plan.clusters == [0, 0, 1]  # two windows of a fortnight a week apart overlap
    spread = plan_origins(history(400), horizon=14, origins=3)
    assert spread.rows == (200, 293, 386)


def test_a_close_spacing_does_not_make_more_of_them() -> None:
    plan = plan_origins(history(400), spacing=1)
    assert plan.rows == tuple(range(360, 373))
    assert plan.clusters == [0] * 13


def test_more_than_there_is_room_for() -> None:
    with pytest.raises(NotKnownError, match="leave room for 12 origins instead of 50") as error:
        plan_origins(history(400), horizon=28, origins=50)
    assert error.value.hint is not None
    assert "--spacing" in error.value.hint


def test_many_origins_take_a_shorter_horizon() -> None:
    plan = plan_origins(history(400), origins=20)
    assert (plan.horizon, len(plan.rows)) == (14, 20)


def test_a_history_too_short_for_any() -> None:
    with pytest.raises(NotKnownError, match="30 days of history leave room for no origin"):
        plan_origins(history(30))


@pytest.mark.parametrize("name", ["horizon", "origins", "spacing"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        plan_origins(history(100), **{name: 0})


@given(
    periods=st.integers(40, 900),
    horizon=st.none() | st.integers(1, 90),
    origins=st.none() | st.integers(1, 20),
)
def test_windows_are_apart_and_lie_in_the_history(
    periods: int, horizon: int | None, origins: int | None
) -> None:
    known = history(periods)
    try:
        plan = plan_origins(known, horizon=horizon, origins=origins)
    except NotKnownError:
        return
    assert origins is None or len(plan.rows) == origins
    assert horizon is None or plan.horizon == horizon
    assert plan.rows[-1] + plan.horizon == periods
    assert plan.rows[0] >= max(28, 2 * plan.horizon)
    gaps = [later - earlier for earlier, later in zip(plan.rows, plan.rows[1:], strict=False)]
    assert all(gap == plan.spacing for gap in gaps)
    assert plan.spacing >= plan.horizon
