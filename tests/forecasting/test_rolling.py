from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.forecasting.rolling import forecasts
from stockout.forecasting.rows import MOST_ORIGINS, origins

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.rolling import Windows

    MakeWindows = Callable[..., Windows]


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    periods=st.integers(1, 20),
    span=st.integers(1, 8),
    warm_up=st.integers(0, 5),
)
def test_windows_are_sums_over_the_observed_rows_ahead(
    windows: MakeWindows, seed: int, periods: int, span: int, warm_up: int
) -> None:
    span = min(span, periods)
    rng = np.random.default_rng(seed)
    units = rng.poisson(2, (periods, 3)).astype(np.float32)
    seasons = [rng.uniform(0.5, 2, (periods + 4, 3)).astype(np.float32) for _ in range(2)]
    observed = rng.random((periods, 3)) < 0.7
    found = windows(units, seasons, observed, span, warm_up)
    assert found.span == span
    assert found.actual.shape == (periods - span + 1, 3)
    for t in range(periods - span + 1):
        for i in range(3):
            rows = [r for r in range(t, t + span) if observed[r, i]]
            assert found.actual[t, i] == pytest.approx(sum(units[r, i] for r in rows))
            for season, ahead in zip(seasons, found.seasons, strict=True):
                assert ahead[t, i] == pytest.approx(sum(season[r, i] for r in rows), rel=1e-5)
            assert found.seen[t, i] == len(rows)
            enough = len(rows) >= span / 2 and observed[:t, i].sum() >= warm_up
            assert found.valid[t, i] == enough
    np.testing.assert_allclose(found.independent, found.valid.sum(axis=0) / span)


def test_a_window_of_the_whole_history_has_one_origin(windows: MakeWindows) -> None:
    units = np.array([[1], [2], [3]], dtype=np.float32)
    one = np.ones((3, 1), dtype=np.float32)
    found = windows(units, [one], np.ones((3, 1), dtype=np.bool_), 3, 0)
    assert found.actual.tolist() == [[6]]
    assert found.independent.tolist() == [pytest.approx(1 / 3)]


def test_a_forecast_is_the_level_of_the_origin_times_the_season_ahead(windows: MakeWindows) -> None:
    units = np.array([[1], [2], [3], [4]], dtype=np.float32)
    season = np.array([[1], [2], [1], [0.5], [9]], dtype=np.float32)
    observed = np.array([[True], [True], [False], [True]])
    ahead = windows(units, [np.ones_like(season), season], observed, 2, 1)
    level = np.array([[0], [10], [20], [20], [30]], dtype=np.float32)
    assert ahead.step == 1
    assert forecasts(ahead, 0, level).tolist() == [[0], [10], [20]]
    assert forecasts(ahead, 1, level).tolist() == [[0], [20], [10]]


def test_closed_weekdays_are_no_part_of_what_must_be_seen(windows: MakeWindows) -> None:
    """The first three rows are on a weekday without demand; half of the other two is enough."""
    season = np.array([[0], [0], [0], [2.5], [2.5]], dtype=np.float32)
    units = np.array([[0], [0], [0], [7], [9]], dtype=np.float32)
    observed = np.array([[False], [False], [False], [True], [False]])
    found = windows(units, [season], observed, 5, 0)
    assert found.valid.tolist() == [[True]]
    assert found.actual.tolist() == [[7]]
    closed = windows(units[:3], [season[:3]], observed[:3], 3, 0)
    assert closed.valid.tolist() == [[False]]


def test_what_was_expected_brings_its_variance(windows: MakeWindows) -> None:
    units = np.ones((4, 1), dtype=np.float32)
    variance = np.array([[5], [1], [2], [4]], dtype=np.float32)
    observed = np.array([[True], [True], [False], [True]])
    found = windows(units, [units], observed, 2, 0, variance)
    assert found.unseen.tolist() == [[6], [1], [4]]
    assert not windows(units, [units], observed, 2, 0).unseen.any()


@given(periods=st.integers(1, 3000))
def test_origins_are_evenly_spaced_and_end_with_the_history(periods: int) -> None:
    found = origins(periods)
    step = np.unique(np.diff(found))
    assert found[-1] == periods
    assert len(step) <= 1
    assert 0 <= found[0] < (step[0] if len(step) else 1)
    assert len(found) <= MOST_ORIGINS + 1
    assert periods < 7 or step[0] % 7, "windows would always begin on the same weekday"


def test_windows_of_some_origins_are_those_of_all(windows: MakeWindows) -> None:
    rng = np.random.default_rng(3)
    units = rng.poisson(2, (50, 3)).astype(np.float32)
    observed = rng.random((50, 3)) < 0.7
    season = rng.uniform(0.5, 2, (50, 3)).astype(np.float32)
    everything = windows(units, [season], observed, 9, 5)
    starts = np.arange(2, 51, 4)
    some = windows(units, [season], observed, 9, 5, starts=starts)
    inside = starts[starts + 9 <= 50]
    assert some.step == 4
    np.testing.assert_allclose(some.actual, everything.actual[inside])
    np.testing.assert_allclose(some.seasons[0], everything.seasons[0][inside], rtol=1e-5)
    np.testing.assert_array_equal(some.valid, everything.valid[inside])
    np.testing.assert_allclose(some.independent, some.valid.sum(axis=0) * 4 / 9)
