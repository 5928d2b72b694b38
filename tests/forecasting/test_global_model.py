"""One model of all items: learns what they share, repeats itself, and knows when to stay away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockout.demand.history import demand_history
from stockout.errors import ConfigError
from stockout.forecasting.fit import fit
from stockout.forecasting.forecast import forecast
from stockout.forecasting.global_features import Panel, weekday_index
from stockout.forecasting.global_model import global_model

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

ITEMS, PERIODS, HORIZON = 80, 224, 14


@pytest.fixture(scope="module")
def wanted() -> Matrix:
    """Mean demand of items that are reordered in waves: two weeks high, two weeks low.

    Every item at a time of its own, so no season that is common to all of them tells it; but that
    a high fortnight is followed by a low one is true of all.
    """
    t = np.arange(PERIODS + HORIZON)[:, None]
    high = (t + np.arange(ITEMS) * 5) // HORIZON % 2
    return np.geomspace(3, 60, ITEMS) * np.where(high == 1, 1.6, 0.4)


@pytest.fixture(scope="module")
def history(table: Table, wanted: Matrix) -> History:
    return demand_history(table(np.random.default_rng(11).poisson(wanted[:PERIODS])))


def test_it_learns_what_follows_what(history: History, wanted: Matrix) -> None:
    pytest.importorskip("lightgbm")
    model = fit(history, HORIZON)
    both = global_model(model, history)
    truth = wanted[PERIODS:].sum(axis=0)

    def error(sums: Matrix) -> float:
        return float(np.abs(sums / truth - 1).mean())

    trees = 2 * both.sum_mean(0, HORIZON) - model.sum_mean(0, HORIZON)
    assert error(trees) < 0.4 * error(model.sum_mean(0, HORIZON))
    assert error(both.sum_mean(0, HORIZON)) < 0.75 * error(model.sum_mean(0, HORIZON))
    assert both.model.str.ends_with("+global").all()
    assert (both.noise > 0).all()
    assert (both.level_variance >= 0).all()
    again = global_model(model, history)
    np.testing.assert_array_equal(again.mean, both.mean)
    np.testing.assert_array_equal(again.level_variance, both.level_variance)


def test_its_forecast_has_the_form_of_any(table: Table, wanted: Matrix) -> None:
    pytest.importorskip("lightgbm")
    sales = table(np.random.default_rng(11).poisson(wanted[:112]))
    frame = forecast(sales, horizon=HORIZON, models=["global"], levels=(0.5, 0.9, 0.98))
    assert frame.columns == ["sku", "location", "date", "mean", "q50", "q90", "q98", "model"]
    assert frame.height == ITEMS * HORIZON
    assert (frame["q50"] <= frame["q90"]).all()
    assert (frame["q90"] <= frame["q98"]).all()
    assert (frame["q90"] == frame["q90"].round()).all()
    assert frame["model"].str.ends_with("+global").any()


@pytest.mark.parametrize(("items", "periods"), [(49, 112), (80, 41)])
def test_with_little_to_learn_from_the_default_stays(
    table: Table, caplog: pytest.LogCaptureFixture, items: int, periods: int
) -> None:
    history = demand_history(table(np.random.default_rng(2).poisson(5, (periods, items))))
    model = fit(history, HORIZON)
    assert global_model(model, history) is model
    assert "the model of all items is left out: it takes 50 items" in caplog.text


def test_without_lightgbm_it_says_what_to_install(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ConfigError, match="LightGBM, which is not installed") as caught:
        global_model(fit(history, HORIZON), history)
    assert caught.value.hint == "pip install 'stockout[global]'"


def test_features_know_nothing_of_what_comes(table: Table, history: History) -> None:
    items = np.arange(ITEMS)
    changed = history.units.copy()
    changed[150:] = np.random.default_rng(4).poisson(9, changed[150:].shape)
    later = demand_history(table(changed))
    assert weekday_index(later) == pytest.approx(weekday_index(history), abs=0.2)
    one, other = Panel(history), Panel(later)
    # The weekday index is of the whole history; all else is of the rows before the origin.
    other.season = one.season
    for origin, same in ((150, True), (170, False)):
        first, second = (panel.features(origin, items, HORIZON)[:, :-1] for panel in (one, other))
        assert np.allclose(first, second, equal_nan=True) == same
