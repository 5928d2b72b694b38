"""The weight of other forecasts: right where they help, nothing where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.encompassing import STAY, Trial, verdict

SHAPE = (6, 60)
ALL = np.ones(SHAPE, dtype=np.bool_)


def trial(rng: np.random.Generator, default_sd: float, other_sd: float, common: float) -> Trial:
    """Independent errors, and one of each origin that both forecasts make."""
    shock = common * rng.normal(size=(SHAPE[0], 1))
    default, other = (shock + sd * rng.normal(size=SHAPE) for sd in (default_sd, other_sd))
    return Trial(default, other, ALL)


def test_the_weight_is_that_of_inverse_variance_less_its_error() -> None:
    """For independent errors the best weight is var(default) / (var(default) + var(other))."""
    found = [verdict(trial(np.random.default_rng(s), 2.0, 1.0, 0.0)) for s in range(40)]
    assert np.mean([v.weight for v in found]) == pytest.approx(0.8, abs=0.05)
    assert max(v.weight for v in found) < 0.85
    # (1 - w)**2 * 4 + w**2 over 4, at w = 0.8
    assert np.mean([v.left for v in found]) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("common", [0.0, 1.0])
def test_a_useless_forecast_is_seldom_taken(common: float) -> None:
    """The default knows all that the other knows: its errors plus noise of its own."""
    taken = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        default = common * rng.normal(size=(SHAPE[0], 1)) + rng.normal(size=SHAPE)
        taken += verdict(Trial(default, default + rng.normal(size=SHAPE), ALL)) != STAY
    assert taken <= 20


def test_a_gain_in_one_origin_only_is_no_gain() -> None:
    """All items erred together once: one event, not sixty."""
    rng = np.random.default_rng(7)
    default = rng.normal(size=SHAPE)
    other = default + 0.3 * rng.normal(size=SHAPE)
    default[2] += 8.0
    assert verdict(Trial(default, other, ALL)) == STAY


@pytest.mark.parametrize("shape", [(6, 1), (1, 60), (6, 4)])
def test_few_windows_conclude_nothing(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    one = Trial(2 * rng.normal(size=shape), np.zeros(shape), np.ones(shape, dtype=np.bool_))
    assert verdict(one) == STAY


def test_equal_forecasts_conclude_nothing() -> None:
    errors = np.random.default_rng(3).normal(size=SHAPE)
    assert verdict(Trial(errors, errors, ALL)) == STAY
