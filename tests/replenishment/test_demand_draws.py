"""Draws at shared probabilities against the exact quantiles of the same distributions."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.distribution import demand_quantile, gamma_quantile
from stockout.replenishment.demand_draws import PATHS, draw_demand, draw_gamma, shared_ranks

RANKS = np.arange(PATHS)
U = (RANKS + 0.5) / PATHS


def test_every_rank_occurs_once_in_each_dimension() -> None:
    ranks = shared_ranks(16)
    assert (np.sort(ranks, axis=1) == RANKS).all()


def test_pairs_of_dimensions_fill_the_square() -> None:
    # a box holds its share of the points: the first dimensions are the level and the stretches
    points = (shared_ranks(5) + 0.5) / PATHS
    for first in range(5):
        for second in range(first):
            inside = ((points[first] < 0.3) & (points[second] < 0.7)).mean()
            assert inside == pytest.approx(0.21, abs=0.01)


@pytest.mark.parametrize("noise", [0.4, 1.0, 1.3, 4.0, 30.0])
@pytest.mark.parametrize("mean", [0.0, 0.05, 1.0, 7.3, 19.9])
def test_whole_units_of_small_mean_are_exact(mean: float, noise: float) -> None:
    drawn = draw_demand(RANKS, np.full((1, PATHS), mean), np.array([noise]), np.array([True]))
    assert (drawn[0] == demand_quantile(U, mean, noise * mean, is_integer=True)).all()


@pytest.mark.parametrize("noise", [1.0, 1.3, 4.0, 30.0])
@pytest.mark.parametrize("mean", [20.1, 60.0, 900.0])
def test_whole_units_of_large_mean_are_off_by_one_at_most(mean: float, noise: float) -> None:
    drawn = draw_demand(RANKS, np.full((1, PATHS), mean), np.array([noise]), np.array([True]))
    exact = demand_quantile(U, mean, noise * mean, is_integer=True)
    tail = U > 0.5  # where orders are decided
    assert (drawn == drawn.round()).all()
    assert np.abs(drawn - exact).max() <= 1 + 2e-3 * np.sqrt(noise * mean)
    assert drawn[0, tail].mean() == pytest.approx(exact[tail].mean(), rel=1e-3)


@pytest.mark.parametrize("shape", [0.02, 0.5, 3.0, 150.0, 199.9, 200.1, 5000.0])
def test_gamma_draws_are_close_to_the_quantiles(shape: float) -> None:
    mean, variance = 40.0, 40.0**2 / shape
    drawn = draw_gamma(RANKS, np.array([[mean]]), np.array([[variance]]))[0]
    exact = gamma_quantile(U, mean, variance)
    assert np.abs(drawn - exact).max() <= 0.002 * np.sqrt(variance)


def test_fractional_demand_is_gamma_and_certain_without_noise() -> None:
    mean = np.full((2, PATHS), 5.0)
    drawn = draw_demand(RANKS, mean, np.array([2.0, 0.0]), np.array([False, False]))
    assert np.abs(drawn[0] - gamma_quantile(U, 5, 10)).max() <= 0.01
    assert (drawn[1] == 5).all()


def test_a_path_without_demand_beside_one_with_much() -> None:
    mean = np.full((1, PATHS), 900.0)
    mean[0, ::7] = 0.0
    drawn = draw_demand(RANKS, mean, np.array([1.5]), np.array([True]))[0]
    assert (drawn[::7] == 0).all()
    assert (np.delete(drawn, np.s_[::7]) > 700).all()


@pytest.mark.parametrize("is_integer", [True, False])
@pytest.mark.parametrize("noise", [1.0, 2.5, 12.0])
def test_draws_do_not_fall_with_the_mean(noise: float, is_integer: bool) -> None:
    means = np.concatenate([np.linspace(0, 19.9, 60), np.linspace(21, 500, 60)])
    drawn = draw_demand(
        RANKS,
        np.repeat(means[:, None], PATHS, axis=1),
        np.full(means.size, noise),
        np.full(means.size, is_integer),
    )
    assert (np.diff(drawn, axis=0) >= -1e-9).all()


def test_an_item_meets_the_same_futures_in_any_company() -> None:
    rng = np.random.default_rng(5)
    mean = rng.gamma(1, 20, (40, PATHS))
    noise, whole = 1 + rng.gamma(1, 2, 40), rng.random(40) < 0.5
    together = draw_demand(RANKS, mean, noise, whole)
    alone = [draw_demand(RANKS, mean[[i]], noise[[i]], whole[[i]])[0] for i in range(40)]
    assert (together == np.array(alone)).all()
