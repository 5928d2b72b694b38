"""Categories that grow, do not grow, and are too few to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.history import demand_history
from stockout.forecasting import past_errors
from stockout.forecasting.fit import fit
from stockout.forecasting.selection_bias import SelectionBias
from stockout.forecasting.shared_level import MOST, SharedLevel

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

DAYS, ITEMS, CATEGORIES, HORIZON = 400, 160, 8, 14


def seasonal_rates(rng: np.random.Generator, amplitude: float) -> Matrix:
    """(days, items) mean demand, with a season of each category that is shorter than the history.

    The demand of an item is small, so that by itself it tells little of the season.
    """
    day = np.arange(DAYS + HORIZON)[:, None]
    phase = rng.uniform(0, 2 * np.pi, CATEGORIES)[np.arange(ITEMS) % CATEGORIES]
    return rng.uniform(0.3, 1.5, ITEMS) * np.exp(amplitude * np.sin(day / 25 + phase))


def fitted(table: Table, units: Matrix, categories: int = 1) -> DemandModel:
    names = [f"S{k:04}" for k in range(ITEMS)]
    products = pl.DataFrame({"sku": names, "category": [str(k % categories) for k in range(ITEMS)]})
    return fit(demand_history(table(units), products=products), HORIZON)


def squared_error(model: DemandModel, rate: Matrix) -> float:
    own = model.history.items["sku"].str.slice(1).cast(pl.Int64).to_numpy()
    expected = rate[DAYS:, own].sum(axis=0)
    return float((((model.sum_mean(0, HORIZON) - expected) / expected) ** 2).mean())


def test_a_season_of_categories_is_known_sooner_than_that_of_an_item(table: Table) -> None:
    alone, together = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rate = seasonal_rates(rng, 0.5)
        units = rng.poisson(rate[:DAYS]).astype(np.float64)
        alone.append(squared_error(fitted(table, units), rate))
        together.append(squared_error(fitted(table, units, CATEGORIES), rate))
    assert np.mean(together) < 0.75 * np.mean(alone)


def test_categories_without_a_season_of_their_own_move_nothing(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forecast is the same with categories and without: no weight is beyond its noise."""
    monkeypatch.setattr(past_errors, "selection_bias", lambda *_: SelectionBias())
    moved = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        units = rng.poisson(seasonal_rates(rng, 0.0)[:DAYS]).astype(np.float64)
        without, having = (fitted(table, units, count) for count in (1, CATEGORIES))
        moved.append(float(np.abs(having.mean / without.mean - 1).max()))
    assert np.median(moved) == 0
    assert max(moved) < 0.1


def test_two_categories_cannot_tell(table: Table) -> None:
    rng = np.random.default_rng(1)
    units = rng.poisson(seasonal_rates(rng, 0.5)[:DAYS]).astype(np.float64)
    two, one = (fitted(table, units, count).mean for count in (2, 1))
    np.testing.assert_array_equal(two, one)


def test_an_error_common_to_all_widens_a_short_history(table: Table) -> None:
    """All items go up and down together: six windows do not say how far, however many items."""
    rng = np.random.default_rng(3)
    common = np.repeat(np.exp(0.4 * rng.normal(size=7)), HORIZON)[:, None]
    rate = rng.uniform(2.0, 6.0, ITEMS) * np.ones((7 * HORIZON, 1))
    calm, shaken = (fitted(table, rng.poisson(r).astype(float)) for r in (rate, rate * common))
    assert calm.level_variance.mean() < 0.01
    assert shaken.level_variance.mean() > 0.05


def test_one_quiet_item_that_sold_does_not_multiply_its_forecast() -> None:
    worth = np.array([[0.1, 1.0, 0.0], [2.0, -1.5, 0.0]])
    factors = SharedLevel.factors(worth, np.array([0, 1, 2]))
    assert factors.tolist() == [MOST, 1 / MOST, 1.0]
