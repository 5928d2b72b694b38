from __future__ import annotations

import numpy as np

from stockout.demand.shrinkage import nested_index, shrunk_index


def test_an_index_is_shrunk_by_how_little_was_seen() -> None:
    """Groups that all stray as far as chance does have the parent's index."""
    rng = np.random.default_rng(16)
    parent = np.array([[0.8], [1.2]])
    expected = np.full((2, 400), 5.0)
    by_chance = rng.poisson(expected * parent).astype(np.float64)
    chance = shrunk_index(by_chance, expected, np.ones(400), parent)
    assert np.abs(chance - parent).max() < 0.15
    truth = parent * rng.gamma(25, 1 / 25, (2, 400))
    sold = rng.poisson(expected * truth).astype(np.float64)
    few = shrunk_index(sold, expected, np.ones(400), parent)
    assert np.mean((few - truth) ** 2) < 0.7 * np.mean((sold / expected - truth) ** 2)
    much = rng.poisson(1000 * expected * truth).astype(np.float64)
    many = shrunk_index(much, 1000 * expected, np.ones(400), parent)
    np.testing.assert_allclose(many, truth, atol=0.1)


def test_a_bin_where_nothing_was_expected_has_the_parents_index() -> None:
    expected = np.array([[0.0, 10], [10, 10]])
    found = shrunk_index(np.array([[0.0, 30], [10, 2]]), expected, np.ones(2), np.ones((2, 1)))
    assert found[0, 0] == 1
    assert np.isfinite(found).all()


def test_a_bin_that_sold_much_keeps_its_ratio_and_a_small_one_does_not() -> None:
    rng = np.random.default_rng(4)
    true = np.array([0.6, 1.4])[:, None]
    expected = np.array([[1.0, 1000.0], [1.0, 1000.0]])
    sold = rng.poisson(true * expected).astype(float)
    index = shrunk_index(sold, expected, np.ones(2), np.ones((2, 1)))
    assert abs(index[0, 1] - 0.6) < 0.1
    assert abs(index[0, 0] - 1) < abs(sold[0, 0] - 1) + 1e-9
    same = nested_index(expected, expected, np.ones(2), (np.zeros(2, dtype=np.int64),))
    assert np.allclose(same, 1)
