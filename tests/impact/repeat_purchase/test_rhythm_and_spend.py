"""Spend and gaps between orders: recovery of known parameters, and predictions that hold."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.errors import NotKnownError
from stockout.impact.repeat_purchase.overdue_orders import fit_rhythm
from stockout.impact.repeat_purchase.spend import fit_spend


def test_spend_is_recovered() -> None:
    generator = np.random.default_rng(3)
    truth = np.array([6.25, 3.74, 15.45])  # of CDNOW, Fader & Hardie (2013)
    x = generator.geometric(0.4, 20_000).astype(float)
    rate = generator.gamma(truth[1], 1 / truth[2], x.size)
    mean = generator.gamma(truth[0] * x, 1 / rate) / x
    found = fit_spend(x, mean)
    assert found.maximum.converged
    assert np.abs((found.maximum.parameters - truth) / found.maximum.standard_errors).max() < 3
    again = generator.gamma(truth[0], 1 / rate)  # what the same customers spend next time
    assert found.expected(x, mean).mean() == pytest.approx(again.mean(), rel=0.02)


def test_spend_does_not_depend_on_the_currency() -> None:
    generator = np.random.default_rng(4)
    x = generator.geometric(0.4, 500).astype(float)
    mean = generator.gamma(3 * x, 1 / generator.gamma(3, 1 / 15, 500)) / x
    euro, yen = fit_spend(x, mean), fit_spend(x, 160 * mean)
    assert yen.expected(x, 160 * mean) == pytest.approx(160 * euro.expected(x, mean), rel=1e-5)


def test_too_few_to_model_spend() -> None:
    with pytest.raises(NotKnownError, match="29 customers have repeat purchases of known value"):
        fit_spend(np.ones(29), np.ones(29))


def test_rhythm_is_recovered_and_overdue_is_calibrated() -> None:
    generator = np.random.default_rng(6)
    truth = np.array([4.0, 3.0, 20.0])
    gaps = generator.integers(0, 9, 8000)
    rate = generator.gamma(truth[1], 1 / truth[2], gaps.size)
    owner = np.repeat(np.arange(gaps.size), gaps)
    each = generator.gamma(truth[0], 1 / rate[owner])
    days = np.bincount(owner, each, gaps.size).astype(float)
    logs = np.bincount(owner, np.log(each), gaps.size).astype(float)
    found = fit_rhythm(gaps.astype(float), days, logs)
    assert np.abs((found.maximum.parameters - truth) / found.maximum.standard_errors).max() < 3
    following = generator.gamma(truth[0], 1 / rate)  # each customer's next gap
    overdue = found.overdue(gaps.astype(float), days, following)
    for level in (0.5, 0.9, 0.95):
        assert (overdue > level).mean() == pytest.approx(1 - level, abs=0.02)
    half = found.usual_gap(gaps.astype(float), days)
    assert (following > half).mean() == pytest.approx(0.5, abs=0.02)
