"""Least squares by blocks against those of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.impact.stockout_effect.least_squares import LeastSquares


def test_blocks_leave_what_the_whole_matrix_leaves() -> None:
    """Over more rows than a block has, with columns that say nothing new."""
    rng = np.random.default_rng(1)
    rows = 20_000
    often = rng.gamma(2.0, 1.0, rows)
    first = np.column_stack([np.ones(rows), often, np.zeros(rows)])
    second = np.column_stack([1 + 2 * often, 1e4 * often**2, rng.normal(0, 1e-3, rows)])
    values, root = rng.normal(0, 1, (rows, 2)), rng.uniform(0.5, 2, rows)
    columns = np.column_stack([first, second]) * root[:, None]
    size = np.sqrt((columns**2).sum(axis=0))
    scaled = columns / np.where(size > 0, size, 1)
    direct = values - scaled @ np.linalg.lstsq(scaled, values, rcond=1e-10)[0]
    left = LeastSquares([first, second], root).apart(values)
    assert left == pytest.approx(direct, abs=1e-10)
