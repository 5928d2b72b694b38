from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stockout.forecasting.models import INTERMITTENT_SPEED, PORTFOLIO, SPARSE
from stockout.forecasting.models import rolling_levels as levels_of
from stockout.forecasting.rows import Calendar, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

WEEK = 1  # rows; a window of weeks is then short enough for short histories
SPEED = INTERMITTENT_SPEED
DEMAND = st.sampled_from([0, 0, 0, 1, 2, 2.5, 7])


def levels_at(
    demand: Matrix,
    seasons: list[Matrix],
    observed: NDArray[np.bool_],
    origins: NDArray[np.int64],
    week: int = 7,
) -> list[Matrix]:
    """For each season (models, origins, items)."""
    always = Calendar(np.arange(len(demand)) % 7, np.ones((7, demand.shape[1]), dtype=np.float32))
    return levels_of(Rows.of(demand, seasons, observed, always, origins), week)


def rolling_levels(demand: Matrix, observed: NDArray[np.bool_], step: int = 1) -> dict[str, Matrix]:
    """Level of each model before each row so many rows apart, and after the last."""
    origins = np.arange(len(demand) % step, len(demand) + 1, step)
    levels = levels_at(demand, [np.ones_like(demand)], observed, origins, WEEK)[0]
    return dict(zip(PORTFOLIO, levels, strict=True))


def simple_smoothing(values: list[float], alpha: float) -> list[float]:
    """Forecast after each value: a mean, which forgets once it would be slower than the speed."""
    levels, total, weight = [], 0.0, 0.0
    for number, value in enumerate(values, 1):
        kept = 1 - alpha if number > math.ceil(1 / alpha) else 1
        total, weight = kept * total + value, kept * weight + 1
        levels.append(total / weight)
    return levels


def teunter_syntetos_babai(values: list[float]) -> list[float]:
    """Probability of demand, smoothed every period, times its size, smoothed when there is any."""
    probability = simple_smoothing([float(value > 0) for value in values], SPEED)
    sizes = [0.0, *simple_smoothing([value for value in values if value > 0], SPEED)]
    sales = np.cumsum([value > 0 for value in values])
    return [p * sizes[k] for p, k in zip(probability, sales, strict=True)]


def syntetos_boylan(values: list[float]) -> list[float]:
    """Size over interval, both smoothed when there is demand, less half of the speed."""
    sold = [k for k, value in enumerate(values) if value > 0]
    sizes = [0.0, *simple_smoothing([values[k] for k in sold], SPEED)]
    intervals = [1.0, *simple_smoothing(np.diff([-1, *sold]).tolist(), SPEED)]
    sales = np.cumsum([value > 0 for value in values])
    return [(1 - SPEED / 2) * sizes[k] / intervals[k] for k in sales]


def moving_average(column: list[float | None], rows: int) -> list[float]:
    """Mean of what was seen in the last rows after each row; of all rows where nothing was."""
    levels: list[float] = []
    for t in range(1, len(column) + 1):
        seen = [value for value in column[max(0, t - rows) : t] if value is not None]
        seen = seen or [value for value in column[:t] if value is not None]
        levels.append(float(np.mean(seen)) if seen else 0.0)
    return levels


def expected(name: str, column: list[float | None]) -> list[float]:
    """Level before each row and after the last; rows that are None change nothing."""
    family, *speed = name.split()
    seen = [value for value in column if value is not None]
    number = np.cumsum([0, *(value is not None for value in column)])
    if family == "MA":
        after = moving_average(column, int(speed[0]) * WEEK)
        return [0.0, *after]
    after = {
        "SES": lambda: simple_smoothing(seen, float(speed[0])),
        "TSB": lambda: teunter_syntetos_babai(seen),
        "SBA": lambda: syntetos_boylan(seen),
    }[family]()
    known = [0.0, *after]
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
    assert all(np.array_equal(levels[name], same[name]) for name in PORTFOLIO)


def test_an_item_that_was_never_observed_has_no_level() -> None:
    observed = np.array([[True, False]] * 3)
    levels = rolling_levels(np.ones((3, 2), dtype=np.float32), observed)
    for level in levels.values():
        assert (level[:, 1] == 0).all()
        assert (level[1:, 0] > 0).all()
    nothing = rolling_levels(np.ones((3, 2), dtype=np.float32), np.zeros((3, 2), dtype=np.bool_))
    assert not any(level.any() for level in nothing.values())


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


@pytest.mark.parametrize("step", [2, 3, 6])
def test_levels_of_some_origins_are_those_of_all(step: int) -> None:
    """After the first means; for TSB and SBA nearly, as sales between two origins count alike."""
    rng = np.random.default_rng(5)
    demand = rng.poisson(0.3, (400, 50)).astype(np.float32)
    observed = np.ones_like(demand, dtype=np.bool_)
    everything, found = (rolling_levels(demand, observed, each) for each in (1, step))
    for name, levels in found.items():
        late = slice(len(levels) // 2, None)
        level, expected = levels[late], everything[name][400 % step :: step][late]
        if name in SPARSE:
            difference = level / expected - 1
            assert abs(difference.mean()) < 0.02, name
            assert difference.std() < 0.12, name
        else:
            np.testing.assert_allclose(level, expected, rtol=1e-3, atol=1e-6, err_msg=name)


def test_a_stride_out_of_stock_changes_no_level() -> None:
    """Rows 20 to 49 are: origins 4 to 10 know the same. Moving averages go by the calendar."""
    demand = np.random.default_rng(8).poisson(2, (40, 3)).astype(np.float32)
    gap = np.zeros((30, 3), dtype=np.float32)
    seen = np.ones((70, 3), dtype=np.bool_)
    seen[20:50] = False
    with_gap = rolling_levels(np.vstack([demand[:20], gap, demand[20:]]), seen, 5)
    without = rolling_levels(demand, seen[np.r_[:20, 50:70]], 5)
    for name, level in with_gap.items():
        if not name.startswith("MA"):
            np.testing.assert_array_equal(level[5:11], level[[4] * 6])
            np.testing.assert_array_equal(np.delete(level, slice(5, 11), axis=0), without[name])


def test_levels_of_two_seasons_are_those_of_each() -> None:
    rng = np.random.default_rng(7)
    demand = rng.poisson(1, (40, 5)).astype(np.float32)
    observed = rng.random((40, 5)) < 0.8
    two = [np.ones_like(demand), rng.uniform(0.5, 2, (40, 5)).astype(np.float32)]
    both = levels_at(demand, two, observed, np.arange(41))
    for each, levels in zip(two, both, strict=True):
        (alone,) = levels_at(demand, [each], observed, np.arange(41))
        np.testing.assert_array_equal(levels, alone)


def test_levels_outlast_a_long_time_out_of_stock_within_a_stride() -> None:
    """A century of days has origins 230 days apart."""
    demand = np.full((920, 1), 3, dtype=np.float32)
    seen = np.ones_like(demand, dtype=np.bool_)
    seen[700:] = False
    for name, level in rolling_levels(demand, seen, 230).items():
        assert level[-1, 0] == pytest.approx(3, rel=0.06), name


@pytest.mark.parametrize("index", [[1] * 7, [7, 0, 0, 0, 0, 0, 0], [3, 0.5, 0.7, 1, 0.6, 0.7, 0.5]])
def test_a_week_adds_up_however_well_its_days_are_known(index: list[float]) -> None:
    """One unit each Monday is one unit a week, with the right index, with none, and with half."""
    weeks = 200
    demand = np.tile(np.array([1, 0, 0, 0, 0, 0, 0], dtype=np.float32), weeks)[:, None]
    season = np.tile(np.array(index, dtype=np.float32), weeks)[:, None]
    seen = np.ones_like(demand, dtype=np.bool_)
    (levels,) = levels_at(demand, [season], seen, np.arange(7 * weeks + 1))
    week = dict(zip(PORTFOLIO, levels[:, -71:-1, 0].mean(axis=1) * np.sum(index), strict=True))
    for name in ("SES 0.02", "SES 0.05", "MA 13 weeks", "MA 26 weeks"):
        assert week[name] == pytest.approx(1, rel=0.02), name
    assert week["TSB"] == pytest.approx(1, rel=0.1)
    assert week["SBA"] == pytest.approx(0.95, rel=0.02)


def test_long_histories_end_at_the_levels_of_statsforecast() -> None:
    """What the smoothing begins with is forgotten."""
    models = pytest.importorskip("statsforecast.models")
    values = np.random.default_rng(6).poisson(0.7, 400).astype(np.float64)
    values[0] = 1
    column = values[:, None].astype(np.float32)
    seen = np.ones((400, 1), np.bool_)
    (ours,) = levels_at(column, [np.ones_like(column)], seen, np.arange(401))
    theirs = {
        "SES 0.1": models.SimpleExponentialSmoothing(0.1),
        "SES 0.4": models.SimpleExponentialSmoothing(0.4),
        "TSB": models.TSB(SPEED, SPEED),
        "SBA": models.CrostonSBA(),
    }
    for name, model in theirs.items():
        expected = model.forecast(y=values, h=1)["mean"][0]
        assert ours[PORTFOLIO.index(name), -1, 0] == pytest.approx(expected, rel=1e-3)
