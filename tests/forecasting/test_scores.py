"""Scores against numbers worked out by hand, and intervals against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stockout.forecasting.benchmark_forecasts import Sums
from stockout.forecasting.scores import (
    COVERAGE_LEVELS,
    Ratio,
    coverage_scores,
    error_scores,
    quantile_scores,
    ratio,
    root,
    scaled_error,
    within,
)


def value(cells: Ratio) -> float:
    """The score."""
    return float(cells.above.sum() / cells.below.sum())


def test_errors_by_hand() -> None:
    # forecasts 10, 0, 4 of demand 8, 2, 10: off by 2, 2, 6 of 20 in all, and 6 too low
    found = error_scores(np.array([10.0, 0, 4]), np.array([8.0, 2, 10]))
    assert value(found["wape"]) == pytest.approx(10 / 20)
    assert value(found["bias"]) == pytest.approx(-6 / 20)


def test_scaled_error_leaves_out_what_has_no_scale() -> None:
    found = scaled_error(np.array([3.0, 5, 9]), np.array([1.0, 5, 0]), np.array([2.0, 1, 0]))[
        "rmsse"
    ]
    assert found.below.tolist() == [1, 1, 0]
    assert np.sqrt(value(found)) == pytest.approx(np.sqrt(((2 / 2) ** 2 + 0) / 2))


def test_pinball_by_hand() -> None:
    # Poisson demand of mean 2: median 2, 80 % quantile 3, 90 % 4, 95 % 5, 98 % 5
    two = Sums(np.array([2.0, 2.0]), np.array([2.0, 2.0]))
    found = quantile_scores(two, np.array([5.0, 1.0]), np.array([2.0, 0.5]), np.array([True, True]))
    assert found["pinball_50"].above.tolist() == pytest.approx([0.5 * 3 / 2, 0.5 * 1 / 0.5])
    assert found["pinball_80"].above.tolist() == pytest.approx([0.8 * 2 / 2, 0.2 * 2 / 0.5])
    assert found["pinball_95"].above.tolist() == pytest.approx([0, 0.05 * 4 / 0.5])
    levels = [found[f"pinball_{level}"].above for level in (50, 80, 90, 95, 98)]
    assert found["pinball"].above.tolist() == pytest.approx(np.mean(levels, axis=0).tolist())


@pytest.mark.parametrize("mean", [0.3, 2.0, 40.0])
def test_the_true_distribution_is_covered_exactly(mean: float) -> None:
    """With the randomised PIT whole units meet each level; plainly they cover more."""
    k = np.arange(0, 200)
    weight = stats.poisson(mean).pmf(k)
    sums = Sums(np.full(k.size, mean), np.full(k.size, mean))
    found = coverage_scores(sums, k.astype(float), np.full(k.size, fill_value=True))
    for level in COVERAGE_LEVELS:
        covered = float(weight @ found[f"coverage_{100 * level:g}"].above)
        plain = float(weight @ found[f"coverage_{100 * level:g}_plain"].above)
        assert covered == pytest.approx(level, abs=1e-9)
        assert plain == pytest.approx(stats.poisson(mean).cdf(stats.poisson(mean).ppf(level)))
        assert plain >= level


def test_fractional_demand_is_covered_plainly() -> None:
    gamma = stats.gamma(4, scale=2.5)
    draws = gamma.rvs(20_000, random_state=np.random.default_rng(5))
    sums = Sums(np.full(draws.size, 10.0), np.full(draws.size, 25.0))
    found = coverage_scores(sums, draws, np.full(draws.size, fill_value=False))
    for level in COVERAGE_LEVELS:
        share = value(found[f"coverage_{100 * level:g}"])
        assert share == value(found[f"coverage_{100 * level:g}_plain"])
        assert share == pytest.approx(level, abs=0.008)


def test_nothing_expected_and_nothing_wanted_is_covered() -> None:
    nothing = Sums(np.zeros(2), np.zeros(2))
    found = coverage_scores(nothing, np.array([0.0, 1.0]), np.array([True, True]))
    assert found["coverage_95_plain"].above.tolist() == [1, 0]
    assert found["coverage_95"].above.tolist() == [0.95, 0]


def test_groups_are_apart_and_an_empty_one_is_not_known() -> None:
    cells = Ratio(np.array([1.0, 3.0, 5.0]), np.array([2.0, 2.0, 1.0]))
    item, group = np.array([0, 1, 2]), np.array([0, 0, 2])
    found = ratio(cells, item, np.zeros(3, dtype=np.int64), group, 3)
    assert found.value[[0, 2]].tolist() == [1, 5]
    assert np.isnan(found.value[1])
    assert np.isnan(found.low[2])  # one item says nothing of others
    assert found.low[0] < 1 < found.high[0]


@pytest.mark.parametrize(("item_sd", "origin_sd"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.7, 0.7)])
def test_the_interval_holds_the_truth_as_often_as_it_says(item_sd: float, origin_sd: float) -> None:
    """Errors common to an item, to an origin, to both, or to none: 90 % of 400 intervals."""
    random = np.random.default_rng(11)
    items, origins = 40, 8
    item = np.repeat(np.arange(items), origins)
    origin = np.tile(np.arange(origins), items)
    runs = 400
    above = (
        2
        + random.normal(0, 1, (runs, items * origins))
        + item_sd * random.normal(0, 1, (runs, items))[:, item]
        + origin_sd * random.normal(0, 1, (runs, origins))[:, origin]
    )
    group = np.repeat(np.arange(runs), item.size)
    cells = Ratio(above.ravel(), np.ones(above.size))
    found = ratio(cells, np.tile(item, runs), np.tile(origin, runs), group, runs)
    held = np.mean((found.low <= 2) & (found.high >= 2))
    # never less than told; more where nothing is shared, because the wider way counts
    assert 0.87 <= held <= 0.99


def test_one_origin_and_one_item() -> None:
    three, zero = np.arange(3), np.zeros(3, dtype=np.int64)
    cells = Ratio(np.array([1.0, 2.0, 3.0]), np.ones(3))
    over_items = ratio(cells, three, zero, zero, 1)
    over_origins = ratio(cells, zero, three, zero, 1)
    assert over_items == over_origins
    half = stats.t(2).ppf(0.95) * np.std([1, 2, 3], ddof=1) / np.sqrt(3)
    assert over_items.high[0] - 2 == pytest.approx(half)


def test_hits_without_a_miss_are_not_certain() -> None:
    ones, ten, zero = Ratio(np.ones(10), np.ones(10)), np.arange(10), np.zeros(10, dtype=np.int64)
    assert ratio(ones, ten, zero, zero, 1).low[0] == 1
    found = within(ratio(ones, ten, zero, zero, 1, noise=0.05 * 0.95), 0, 1)
    assert found.low[0] == pytest.approx(1 - stats.t(9).ppf(0.95) * np.sqrt(0.0475 / 10))
    assert found.high[0] == 1


def test_root_of_an_interval() -> None:
    two, zero = np.arange(2), np.zeros(2, dtype=np.int64)
    found = root(ratio(Ratio(np.array([4.0, 0.0]), np.ones(2)), two, zero, zero, 1))
    assert found.value[0] == pytest.approx(np.sqrt(2))
    assert found.low[0] == 0
