"""Seconds by model and length."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.forecasting.costly_models import COSTLY
from stockout.forecasting.model_costs import (
    SECONDS,
    seconds_of_fit,
    seconds_of_models,
)


def test_every_model_has_a_price_for_days_and_weeks() -> None:
    assert {(model, freq) for model in COSTLY for freq in ("day", "week")} == set(SECONDS)


@pytest.mark.parametrize("key", SECONDS)
def test_a_measured_length_costs_what_was_measured(key: tuple[str, str]) -> None:
    lengths = list(SECONDS[key])
    found = seconds_of_models([key[0]], key[1], lengths)  # type: ignore[arg-type]
    assert found == pytest.approx(list(SECONDS[key].values()))


@pytest.mark.parametrize("freq", ["day", "week"])
def test_longer_series_cost_no_less(freq: str) -> None:
    found = seconds_of_models(COSTLY, freq, np.arange(1, 3000))  # type: ignore[arg-type]
    assert found[0] > 0
    assert (np.diff(found) >= 0).all()


def test_models_cost_together_what_they_cost_alone() -> None:
    both = seconds_of_models(["theta", "ces"], "day", 400)
    assert both == seconds_of_models(["theta"], "day", 400) + seconds_of_models(["ces"], "day", 400)


def test_the_fast_fit_is_cheaper_than_any_costly_model() -> None:
    for length in (91, 364):
        plain, short = (seconds_of_fit(length, out_of_stock=out) for out in (False, True))
        cheapest = min(float(seconds_of_models([m], "day", length)) for m in COSTLY)
        assert 0 < plain < short < cheapest
