"""Costly models: tried where they are paid for, used where they would have helped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting import improve
from stockout.forecasting.fit import fit
from stockout.forecasting.improve import affordable, improved, judged_spans
from stockout.forecasting.truncation import history_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

ITEMS, HORIZON, PERIODS = 30, 14, 182
MEAN = np.geomspace(20, 200, ITEMS)


@pytest.fixture(scope="module")
def wanted() -> Matrix:
    """Mean demand that swings by half in eight weeks, each item at a time of its own."""
    t = np.arange(PERIODS + HORIZON)[:, None]
    phase = np.linspace(0, 2 * np.pi, ITEMS)
    return np.asarray(MEAN * (1 + 0.5 * np.sin(2 * np.pi * t / 56 + phase)))


@pytest.fixture(scope="module")
def history(table: Table, wanted: Matrix) -> History:
    return demand_history(table(np.random.default_rng(3).poisson(wanted[:PERIODS])))


@pytest.fixture(scope="module")
def model(history: History) -> DemandModel:
    return fit(history, HORIZON)


def knowing(wanted: Matrix, noise: float = 0.0) -> Callable[..., Matrix]:
    """A model that knows the mean demand of every day, or knows it badly."""

    def forecast(  # noqa: PLR0917 - as the one it stands for
        name: str, filled: Matrix, start: Matrix, items: Matrix, horizon: int, freq: str
    ) -> Matrix:
        del name, start, freq
        known = len(filled)
        rng = np.random.default_rng(known)
        ahead = wanted[known : known + horizon, items]
        return np.asarray(ahead * np.exp(noise * rng.normal(size=(1, items.size))))

    return forecast


def test_a_model_that_knows_better_moves_the_paths(
    history: History, model: DemandModel, wanted: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(improve, "costly_forecast", knowing(wanted))
    better = improved(model, history, models=["ets"])
    truth = wanted[PERIODS:].sum(axis=0)
    before = np.abs(model.sum_mean(0, HORIZON) / truth - 1).mean()
    after = np.abs(better.sum_mean(0, HORIZON) / truth - 1).mean()
    assert after < 0.35 * before
    assert better.model.str.ends_with("+ets").all()
    ratio = better.sum_variance(0, HORIZON) / better.sum_mean(0, HORIZON)
    assert (ratio < model.sum_variance(0, HORIZON) / model.sum_mean(0, HORIZON)).all()
    assert (better.noise <= model.noise).all()
    assert (better.level_variance >= 0).all()


def test_a_model_that_knows_less_changes_nothing(
    history: History, model: DemandModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guessing(  # noqa: PLR0917 - as the one it stands for
        name: str, filled: Matrix, start: Matrix, items: Matrix, horizon: int, freq: str
    ) -> Matrix:
        """The default's own forecast, with an error of its own for each item."""
        del name, start, freq
        known = len(filled)
        then = fit(history_until(history, known, np.arange(ITEMS)), horizon, HORIZON)
        noise = np.random.default_rng(known).normal(size=items.size)
        return np.asarray(then.mean[:, items] * np.exp(0.3 * noise))

    monkeypatch.setattr(improve, "costly_forecast", guessing)
    assert improved(model, history, models=["ets"]) is model


def test_the_better_of_two_counts_more(
    history: History, model: DemandModel, wanted: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = knowing(wanted), knowing(wanted, noise=1.0)
    monkeypatch.setattr(
        improve,
        "costly_forecast",
        lambda name, *rest: (good if name == "ets" else bad)(name, *rest),
    )
    better = improved(model, history, models=["theta", "ets"])
    truth = wanted[PERIODS:].sum(axis=0)
    before = np.abs(model.sum_mean(0, HORIZON) / truth - 1).mean()
    assert np.abs(better.sum_mean(0, HORIZON) / truth - 1).mean() < 0.6 * before
    assert better.model.str.ends_with("+theta+ets").all()


def test_items_that_a_model_fails_on_stay(
    history: History, model: DemandModel, wanted: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(name: str, *rest: Matrix) -> Matrix:
        path = knowing(wanted)(name, *rest)
        path[:, 0] = np.nan
        return path

    monkeypatch.setattr(improve, "costly_forecast", failing)
    better = improved(model, history, models=["ets"])
    np.testing.assert_array_equal(better.mean[:, 0], model.mean[:, 0])
    assert better.model[0] == model.model[0]
    assert better.model[1:].str.ends_with("+ets").all()


def chosen(
    history: History, model: DemandModel, budget: float | None, models: tuple[str, ...] = ("ets",)
) -> list[int]:
    spans = np.full(ITEMS, HORIZON)
    return [int(item) for item in affordable(model, history, spans, models, budget)]


def test_a_budget_buys_items_those_with_most_at_stake_first(
    history: History, model: DemandModel
) -> None:
    assert chosen(history, model, None) == list(range(ITEMS))
    assert chosen(history, model, 0.5) == []
    some, more = chosen(history, model, 5), chosen(history, model, 10)
    assert 0 < len(some) < len(more) < ITEMS
    assert set(some) < set(more)
    stake = model.sum_variance(0, HORIZON) - model.sum_mean(0, HORIZON)
    assert stake[more].min() >= np.delete(stake, more).max()
    assert len(chosen(history, model, 5, ("theta",))) > len(some)
    assert len(chosen(history, model, 5, ("theta", "ets"))) <= len(some)


def test_a_price_puts_items_first(history: History, model: DemandModel) -> None:
    price = np.ones(ITEMS)
    price[0] = 1e6
    items = history.items.with_columns(mean_price=pl.Series(price))
    assert 0 in chosen(replace(history, items=items), model, 5)
    assert 0 not in chosen(history, model, 5)


def test_short_histories_are_not_tried(table: Table) -> None:
    short = demand_history(table(np.full((32, 5), 30.0)))
    model = fit(short, 28)
    assert improved(model, short, models=["ets"]) is model


def test_a_long_lead_time_is_judged_on_sums_that_fit_the_history(
    history: History, model: DemandModel, wanted: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    protection = np.full(ITEMS, 14.0)
    protection[3] = 300
    spans = judged_spans(history, protection)
    assert spans[3] == 28
    assert (np.delete(spans, 3) == 14).all()
    assert judged_spans(history, 300).tolist() == [43] * ITEMS
    monkeypatch.setattr(improve, "costly_forecast", knowing(wanted))
    assert improved(model, history, protection, models=["ets"]).model.str.ends_with("+ets").all()


def test_out_of_stock_periods_are_not_judged(
    table: Table, wanted: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the shelf could not sell is no error of a model that knew better."""
    few = wanted[:, ::3]
    rng = np.random.default_rng(5)
    sold = rng.poisson(few[:PERIODS]).astype(np.float64)
    out = rng.random(sold.shape) < 0.3
    stock = table(~out, column="in_stock").with_columns(pl.col("in_stock").cast(pl.Boolean))
    history = demand_history(table(np.where(out, 0, sold)), stock)
    monkeypatch.setattr(improve, "costly_forecast", knowing(few))
    model = fit(history, HORIZON)
    better = improved(model, history, models=["ets"])
    truth = few[PERIODS:].sum(axis=0)
    before = np.abs(model.sum_mean(0, HORIZON) / truth - 1).mean()
    assert np.abs(better.sum_mean(0, HORIZON) / truth - 1).mean() < 0.4 * before
