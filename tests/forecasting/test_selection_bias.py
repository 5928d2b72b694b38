"""Levels that are low among their like, because they are or by bad luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.fit import fit
from stockout.forecasting.selection_bias import MOST, SelectionBias

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

DAYS, ITEMS, CATEGORIES, HORIZON = 400, 160, 8, 28


def fitted(table: Table, units: Matrix, categories: int) -> Matrix:
    """(items,) forecast of the sum; with one category nothing is corrected."""
    names = [f"S{k:04}" for k in range(ITEMS)]
    products = pl.DataFrame({"sku": names, "category": [str(k % categories) for k in range(ITEMS)]})
    model = fit(demand_history(table(units), products=products), HORIZON)
    own = model.history.items["sku"].str.slice(1).cast(pl.Int64).to_numpy()
    total = np.zeros(ITEMS)
    total[own] = model.sum_mean(0, HORIZON)
    return total


def drifting_demand(rng: np.random.Generator, median: float) -> tuple[Matrix, Matrix]:
    """(days, items) demand, and (items,) the mean of the sum after it.

    Levels wander about that of the item, so that the latest sales count most.
    """
    shock, step = np.zeros((DAYS, ITEMS)), 0.3 * np.sqrt(1 - np.exp(-2 / 45))
    for day in range(1, DAYS):
        shock[day] = np.exp(-1 / 45) * shock[day - 1] + step * rng.standard_normal(ITEMS)
    rate = median * np.exp(0.7 * rng.standard_normal(ITEMS) + shock)
    return rng.poisson(rate).astype(np.float64), HORIZON * rate[-1]


def test_the_slowest_are_not_forecast_too_low(table: Table) -> None:
    alone, corrected, errors = [], [], []
    for seed in range(3):
        units, truth = drifting_demand(np.random.default_rng(seed), 0.3)
        before, after = (fitted(table, units, count) for count in (1, CATEGORIES))
        low = np.argsort(before)[: ITEMS // 4]
        alone.append(before[low].sum() / truth[low].sum() - 1)
        corrected.append(after[low].sum() / truth[low].sum() - 1)
        errors.append([((total - truth)[low] ** 2).mean() for total in (before, after)])
    assert np.mean(alone) < -0.08
    assert np.mean(corrected) > np.mean(alone) / 2
    assert np.mean(errors, axis=0)[1] < np.mean(errors, axis=0)[0]


def test_quick_items_hardly_change(table: Table) -> None:
    rng = np.random.default_rng(1)
    units = rng.poisson(100 * np.exp(0.7 * rng.standard_normal(ITEMS)), (DAYS, ITEMS))
    before, after = (fitted(table, units.astype(np.float64), k) for k in (1, CATEGORIES))
    assert after == pytest.approx(before, rel=0.01)


def test_an_item_that_all_but_stopped_is_not_made_one_of_its_category() -> None:
    bias = SelectionBias(1.0, np.array([np.log(50.0), np.nan]))
    total, category = np.array([0.01, 0.0, 3.0]), np.array([0, 0, 1])
    np.testing.assert_array_equal(bias.factors(total, np.ones(3), category), [MOST, 1.0, 1.0])
