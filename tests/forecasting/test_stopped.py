from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.stopped import Run, chance_of_demand, hazard_of, trailing_run

HAZARD = 0.001


def run_of(column: list[float], *, told: list[bool] | None = None, window: int = 26) -> Run:
    units = np.array(column, dtype=np.float32)[:, None]
    seen = np.ones(len(column), dtype=bool) if told is None else np.array(told)
    return trailing_run(units, seen[:, None], np.ones_like(units), window)


def test_a_run_is_counted_on_the_periods_in_stock() -> None:
    run = run_of([4, 0, 0, 2, 0, 0, 0], told=[True, True, False, True, True, False, True])
    assert run.length.tolist() == [2]
    assert run.gaps.tolist() == [1]
    assert run.longer.tolist() == [0]
    assert run.expected.tolist() == [pytest.approx(2 * (4 + 0 + 2) / 3)]


def test_the_level_before_the_run_is_that_of_the_window() -> None:
    run = run_of([100, 100, 1, 1, 0], window=2)
    assert run.expected.tolist() == [1]


def test_an_item_that_just_sold_goes_on() -> None:
    assert chance_of_demand(run_of([1, 2, 3]), np.ones(1), HAZARD).tolist() == [pytest.approx(1)]


def test_an_item_that_never_sold_has_nothing_to_stop() -> None:
    assert chance_of_demand(run_of([0, 0, 0]), np.ones(1), HAZARD)[0] > 0.99


def test_the_longer_nothing_is_sold_the_less_likely_that_it_goes_on() -> None:
    chances = [
        chance_of_demand(run_of([2.0] * 100 + [0.0] * length), np.ones(1), HAZARD)[0]
        for length in (0, 3, 10, 30, 90)
    ]
    assert chances == sorted(chances, reverse=True)
    assert chances[1] > 0.6
    assert chances[-1] < 0.15


def test_gaps_as_long_as_the_run_are_a_lesser_sign() -> None:
    """Every other month nothing is sold at all."""
    dormant = ([2.0] * 30 + [0.0] * 30) * 5
    steady = [2.0] * 270 + [0.0] * 30
    chances = [chance_of_demand(run_of(c), np.ones(1), HAZARD)[0] for c in (dormant, steady)]
    assert chances[0] > 3 * chances[1]


def test_slow_items_of_known_rate_keep_what_bayes_gives_them() -> None:
    """Of simulated items of which some stop, as many go on as the chances say."""
    rng = np.random.default_rng(8)
    periods, items, hazard = 400, 4000, 0.002
    stop = rng.geometric(hazard, items) + 200
    alive = np.arange(periods)[:, None] < stop
    units = (rng.poisson(0.15, (periods, items)) * alive).astype(np.float32)
    everything = np.ones_like(units)
    run = trailing_run(units, everything > 0, everything, 182)
    chance = chance_of_demand(run, np.ones(items), hazard)
    goes_on = stop > periods
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.9, 1.01)):
        those = (chance >= low) & (chance < high)
        assert goes_on[those].mean() == pytest.approx(chance[those].mean(), abs=0.2)


def test_the_hazard_is_that_of_the_assortment() -> None:
    ended = np.arange(1000) < 100
    assert hazard_of(ended, np.full(1000, 400.0), 1) == pytest.approx(101 / 401_095)
    alone = hazard_of(np.zeros(1, dtype=bool), np.zeros(1), 7)
    assert alone == pytest.approx(7 / 1095)
