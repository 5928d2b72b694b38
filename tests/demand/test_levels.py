from __future__ import annotations

import numpy as np
import pytest

from stockout.demand import levels
from stockout.demand.levels import Centre, Levels, Movements, Observed, smoothed_levels


def seen(items: int) -> Observed:
    rng = np.random.default_rng(1)
    units = rng.poisson(3, (60, items)).astype(np.float32)
    expected = np.where(rng.random(units.shape) < 0.1, 0, 3).astype(np.float32)
    return Observed(units, expected, 1.5 * expected)


def both_passes(of: Observed, centre: Centre) -> Levels:
    first = smoothed_levels(of, Movements.to_try(10), centre)
    return smoothed_levels(of, first.shares(pruned=True), centre, first)


def test_levels_are_the_same_however_the_items_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    of, centre = seen(300), Centre(np.linspace(-0.2, 0.2, 300), np.full(300, 0.3))
    whole = both_passes(of, centre)
    monkeypatch.setattr(levels, "_BLOCK", 1)  # 64 items at a time, the least
    parts = both_passes(of, centre)
    for name in ("log", "variance", "loose", "centre", "weight", "log_likelihood"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name)), name


def test_where_nothing_is_seen_for_long_the_level_returns_to_the_mean() -> None:
    units = np.full((300, 1), 12, dtype=np.float32)
    expected = np.full_like(units, 4)
    expected[60:] = 0
    moving = Movements(np.array([0.8]), np.array([10.0]), np.ones(1))
    found = smoothed_levels(Observed(units, expected, np.full_like(units, 4)), moving,
                            Centre.given(1))  # fmt: skip
    assert found.log[30, 0] > 0.5
    assert abs(float(found.log[-1, 0])) < 1e-3
    assert found.variance[-1, 0] == pytest.approx(0.64, rel=1e-3)
