from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.demand.history import demand_history
from stockout.forecasting.demand_model import DemandModel

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pl.DataFrame]

MEAN = np.array([[1.0, 0], [2, 0], [6, 0]])


@pytest.fixture(scope="module")
def model(table: Table) -> DemandModel:
    """Two items, three periods ahead; the second has no demand."""
    return DemandModel(
        history=demand_history(table(np.ones((5, 2)))),
        mean=MEAN,
        noise=np.array([2.0, 2]),
        period_noise=np.array([3.0, 3]),
        level_variance=np.array([0.5, 0.5]),
        is_integer=np.array([True, True]),
        model=pl.Series(["SES", "ended"]),
    )


@pytest.mark.parametrize(
    ("start", "stop", "mean"),
    [
        (0, 1, 1),
        (0, 3, 9),
        (1, 3, 8),
        (0, 0, 0),
        (2, 2, 0),
        (0, 0.5, 0.5),
        (0.25, 1.5, 0.75 + 1),
        (0, 2.5, 3 + 3),
        (0, 4, 9 + 3),  # beyond the horizon its mean a period continues
        (0, 6, 18),
        (3, 4.5, 4.5),
        (2.5, 3.5, 3 + 1.5),
        (10, 11, 3),
    ],
)
def test_mean_of_a_sum(model: DemandModel, start: float, stop: float, mean: float) -> None:
    assert model.sum_mean(start, stop).tolist() == [pytest.approx(mean), 0]


def test_each_item_has_its_own_ends(model: DemandModel) -> None:
    both = replace(model, mean=np.array([[1.0, 10], [2, 20], [6, 60]]))
    found = both.sum_mean(np.array([0, 1.5]), np.array([2.0, 3]))
    assert found.tolist() == [3, 10 + 60]


ENDS = st.lists(st.floats(0, 50), min_size=3, max_size=3).map(sorted)


@given(ends=ENDS)
def test_sums_of_parts_make_the_sum_of_the_whole(model: DemandModel, ends: list[float]) -> None:
    first, middle, last = ends
    parts = model.sum_mean(first, middle) + model.sum_mean(middle, last)
    np.testing.assert_allclose(parts, model.sum_mean(first, last), atol=1e-9)
    assert (model.sum_mean(first, last) >= -1e-9).all()


def test_variance_has_noise_of_periods_and_the_error_of_the_level(model: DemandModel) -> None:
    assert model.sum_variance(0, 2).tolist() == [2 * 3 + 0.5 * 9, 0]
    assert model.period_variance()[:, 0].tolist() == [3 + 0.5, 6 + 2, 18 + 18]


def test_the_spread_of_a_sum_is_less_than_the_sum_of_spreads(model: DemandModel) -> None:
    """But more than if periods were independent, because they share the level."""
    whole = model.sum_variance(0, 3)[0]
    parts = np.array([model.sum_variance(k, k + 1)[0] for k in range(3)])
    assert parts.sum() < whole < np.sqrt(parts).sum() ** 2
