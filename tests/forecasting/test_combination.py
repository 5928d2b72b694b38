from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stockout.forecasting.combination import (
    CLASS_WINDOWS,
    POWER,
    class_ratios,
    relative_errors,
    weights,
)

ERRORS = hnp.arrays(np.float64, (4, 3), elements=st.sampled_from([0, 1e-12, 0.5, 1, 20, 1e9]))


def test_errors_are_relative_to_the_mean_of_the_models() -> None:
    found = relative_errors(np.array([[1.0, 0], [3, 0]]))
    assert found.tolist() == [[0.5, 1], [1.5, 1]]


@given(mse=ERRORS, windows=st.sampled_from([0.0, 0.5, 4.0, 1e6]))
def test_weights_are_a_distribution_and_better_models_weigh_more(
    mse: np.ndarray, windows: float
) -> None:
    independent = np.full(3, windows)
    weight = weights(mse, independent, np.ones((4, 1)), np.zeros(3, dtype=np.int64))
    assert weight.sum(axis=0) == pytest.approx(1)
    assert (weight >= 0).all()
    if windows:
        for k in range(3):
            by_error = weight[np.argsort(mse[:, k], kind="stable"), k]
            assert (np.diff(by_error) <= 1e-12).all()


def test_scale_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    mse = rng.gamma(2, 1, (5, 4))
    args = (np.full(4, 3.0), np.ones((5, 1)), np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(weights(mse * 1e6, *args), weights(mse, *args))


def test_an_item_with_many_windows_follows_its_own_errors() -> None:
    own = weights(np.array([[1.0], [2]]), np.array([1e9]), np.array([[1.5], [0.5]]), np.array([0]))
    assert own[0, 0] / own[1, 0] == pytest.approx(2**POWER)


def test_an_item_without_windows_follows_its_class() -> None:
    by_class = np.array([[0.5, 1.5], [1.5, 0.5]])
    mse = np.full((2, 2), np.nan)  # is not read
    found = weights(mse, np.zeros(2), by_class, np.array([0, 1]))
    assert found[0, 0] == found[1, 1] == pytest.approx(3**POWER / (1 + 3**POWER))


def test_between_them_the_class_counts_like_four_windows() -> None:
    found = weights(
        np.array([[1.0], [3.0]]), np.array([CLASS_WINDOWS]), np.ones((2, 1)), np.array([0])
    )
    assert found[0, 0] / found[1, 0] == pytest.approx((1.25 / 0.75) ** POWER)


def test_class_ratios_are_means_of_the_class_shrunk_to_all() -> None:
    mse = np.array([[1.0] * 400 + [3.0] * 400, [3.0] * 400 + [1.0] * 400])
    codes = np.repeat([0, 2], 400)
    found = class_ratios(mse, np.ones(800, dtype=np.bool_), codes, 3)
    assert found[:, 0] == pytest.approx([0.5, 1.5], abs=0.01)
    assert found[:, 2] == pytest.approx([1.5, 0.5], abs=0.01)
    assert found[:, 1] == pytest.approx([1, 1])  # a class without items is like all of them


def test_items_without_errors_do_not_count_in_a_class() -> None:
    mse = np.array([[1.0, np.nan], [3.0, np.nan]])
    codes = np.array([0, 0])
    found = class_ratios(mse, np.array([True, False]), codes, 1)
    assert found.ravel() == pytest.approx([0.5, 1.5])
    nobody = class_ratios(mse, np.array([False, False]), codes, 1)
    assert nobody.ravel().tolist() == [1, 1]
