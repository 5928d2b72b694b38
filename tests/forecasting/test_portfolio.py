"""Which models forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockout.demand.history import demand_history
from stockout.errors import ConfigError
from stockout.forecasting import improve
from stockout.forecasting.costly_models import COSTLY
from stockout.forecasting.fit import fit
from stockout.forecasting.portfolio import FAST, Portfolio, fitted, portfolio

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Table = Callable[..., pl.DataFrame]


@pytest.fixture
def history(table: Table) -> History:
    return demand_history(table(np.random.default_rng(1).poisson(4, (120, 3))))


@pytest.mark.parametrize("names", [None, []])
def test_no_names_are_the_default(names: list[str] | None) -> None:
    assert portfolio(names) == Portfolio((), (), is_global=False)


def test_names_are_sorted_by_what_runs_them() -> None:
    assert portfolio([" ETS", "tsb", "theta", "SES"]) == Portfolio(
        ("ses", "tsb"), ("theta", "ets"), is_global=False
    )
    assert portfolio(["global"]) == Portfolio((), (), is_global=True)


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        portfolio(["ses", "etts"])
    assert str(caught.value) == (
        f"models: found 'etts', expected one or more of {', '.join((*FAST, *COSTLY, 'global'))}\n"
        "hint: did you mean ets?"
    )


def test_global_and_a_costly_model_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="global forecasts all items by itself"):
        portfolio(["global", "ets"])


def test_without_names_and_budget_it_is_the_fast_fit(history: History) -> None:
    ours, plain = fitted(history, 7), fit(history, 7)
    np.testing.assert_array_equal(ours.mean, plain.mean)
    assert ours.model.to_list() == plain.model.to_list()


@pytest.mark.parametrize(
    ("names", "budget", "expected"),
    [
        (None, 60.0, (improve.PAYING, 60.0)),
        (["ets"], 0.0, (("ets",), None)),
        (["ets"], 5.0, (("ets",), 5.0)),
    ],
)
def test_what_is_asked_for_is_tried(
    history: History,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str] | None,
    budget: float,
    expected: tuple[tuple[str, ...], float | None],
) -> None:
    asked = []

    def spy(model: DemandModel, *_: object, models: object, budget: object) -> DemandModel:
        asked.append((models, budget))
        return model

    monkeypatch.setattr(improve, "improved", spy)
    fitted(history, 7, models=names, time_budget=budget)
    assert asked == [expected]


def test_only_the_families_that_are_named_are_combined(history: History) -> None:
    labels = {label for name in FAST for label in fitted(history, 7, models=[name]).model.to_list()}
    assert labels == {name.upper() for name in FAST}
