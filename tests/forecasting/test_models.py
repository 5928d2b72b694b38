from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stockout.forecasting.models import PORTFOLIO, rolling_levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SPEED = 0.1  # of TSB and SBA
DEMAND = st.sampled_from([0, 0, 0, 1, 2, 2.5, 7])


def simple_smoothing(values: list[float], alpha: float) -> list[float]:
    """Forecast after each value."""
    levels: list[float] = []
    for value in values:
        levels.append(value if not levels else alpha * value + (1 - alpha) * levels[-1])
    return levels


def teunter_syntetos_babai(values: list[float]) -> list[float]:
    """Probability of demand, smoothed every period, times its size, smoothed when there is any."""
    probability = simple_smoothing([float(value > 0) for value in values], SPEED)
    size = 0.0
    levels = []
    for value, p in zip(values, probability, strict=True):
        if value > 0:
            size = SPEED * value + (1 - SPEED) * size if size else value
        levels.append(p * size)
    return levels


def syntetos_boylan(values: list[float]) -> list[float]:
    """Size over interval, both smoothed when there is demand, less half of the speed."""
    size = interval = 0.0
    since = 0
    levels = []
    for value in values:
        since += 1
        if value > 0:
            size = SPEED * value + (1 - SPEED) * size if size else value
            interval = SPEED * since + (1 - SPEED) * interval if interval else since
            since = 0
        levels.append((1 - SPEED / 2) * size / interval if interval else 0.0)
    return levels


def expected(name: str, column: list[float | None]) -> list[float]:
    """Level before each row and after the last; rows that are None change nothing."""
    family, *speed = name.split()
    seen = [value for value in column if value is not None]
    after = {
        "SES": lambda: simple_smoothing(seen, float(speed[0])),
        "TSB": lambda: teunter_syntetos_babai(seen),
        "SBA": lambda: syntetos_boylan(seen),
    }[family]()
    known = [float("nan"), *after]
    number = np.cumsum([0, *(value is not None for value in column)])
    return [known[k] for k in number]


@st.composite
def demand_and_observed(draw: st.DrawFn) -> tuple[Matrix, NDArray[np.bool_]]:
    shape = (draw(st.integers(1, 25)), draw(st.integers(1, 3)))
    demand = draw(hnp.arrays(np.float32, shape, elements=DEMAND))
    return demand, draw(hnp.arrays(np.bool_, shape, elements=st.sampled_from([True, True, False])))


@settings(deadline=None, max_examples=60)
@given(drawn=demand_and_observed())
def test_levels_are_those_of_the_recursions(drawn: tuple[Matrix, NDArray[np.bool_]]) -> None:
    demand, observed = drawn
    levels = rolling_levels(demand, observed)
    assert tuple(levels) == PORTFOLIO
    for name, level in levels.items():
        assert level.shape == (len(demand) + 1, demand.shape[1])
        for k in range(demand.shape[1]):
            column = [
                float(value) if seen else None
                for value, seen in zip(demand[:, k], observed[:, k], strict=True)
            ]
            np.testing.assert_allclose(level[:, k], expected(name, column), rtol=1e-4, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(drawn=demand_and_observed(), data=st.data())
def test_the_future_changes_no_past_level(
    drawn: tuple[Matrix, NDArray[np.bool_]], data: st.DataObject
) -> None:
    demand, observed = drawn
    now = data.draw(st.integers(0, len(demand)))
    other, also = demand.copy(), observed.copy()
    other[now:] = data.draw(hnp.arrays(np.float32, other[now:].shape, elements=DEMAND))
    also[now:] = data.draw(hnp.arrays(np.bool_, also[now:].shape))
    before, after = rolling_levels(demand, observed), rolling_levels(other, also)
    for name in PORTFOLIO:
        np.testing.assert_array_equal(before[name][: now + 1], after[name][: now + 1])


def test_demand_of_rows_that_were_not_observed_is_never_read() -> None:
    observed = np.array([[True], [False], [True]])
    levels = rolling_levels(np.array([[2], [0], [4]], dtype=np.float32), observed)
    same = rolling_levels(np.array([[2], [900], [4]], dtype=np.float32), observed)
    assert all(np.array_equal(levels[name], same[name], equal_nan=True) for name in PORTFOLIO)


def test_an_item_that_was_never_observed_has_no_level() -> None:
    observed = np.array([[True, False]] * 3)
    levels = rolling_levels(np.ones((3, 2), dtype=np.float32), observed)
    for level in levels.values():
        assert np.isnan(level[:, 1]).all()
        assert np.isfinite(level[1:, 0]).all()
    nothing = rolling_levels(np.ones((3, 2), dtype=np.float32), np.zeros((3, 2), dtype=np.bool_))
    assert all(np.isnan(level).all() for level in nothing.values())


def test_items_do_not_mix() -> None:
    rng = np.random.default_rng(4)
    demand = rng.poisson(1, (40, 5)).astype(np.float32)
    observed = rng.random((40, 5)) < 0.8
    together = rolling_levels(demand, observed)
    for k in range(5):
        alone = rolling_levels(demand[:, [k]], observed[:, [k]])
        for name in PORTFOLIO:
            np.testing.assert_array_equal(together[name][:, [k]], alone[name])


@pytest.mark.parametrize("name", PORTFOLIO)
def test_constant_demand_is_its_own_level(name: str) -> None:
    """SBA is 5 % lower by its formula."""
    level = rolling_levels(np.full((30, 1), 4, np.float32), np.ones((30, 1), dtype=np.bool_))[name]
    assert level[1:] == pytest.approx(3.8 if name == "SBA" else 4)
