"""``stockout forecast --models`` and ``--time-budget``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Cli = Callable[..., Any]


def test_an_unknown_model_is_refused_with_the_names_there_are(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    done = cli("forecast", "--models", "ses,teta")
    assert (done.code, done.stdout) == (2, "")
    assert "models: found 'teta', expected one or more of ses, tsb, sba, ma, theta" in done.stderr
    assert "hint: did you mean theta?" in done.stderr


@pytest.mark.parametrize("budget", ["-1", "soon"])
def test_a_budget_is_seconds(cli: Cli, shop: Path, budget: str) -> None:
    assert shop.is_dir()
    done = cli("forecast", "--time-budget", budget)
    assert (done.code, done.stdout) == (2, "")
    assert "--time-budget" in done.stderr


def test_a_budget_with_nothing_to_gain_changes_nothing(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    plain = cli("forecast", "--horizon", "7", "--quiet")
    paid = cli("forecast", "--horizon", "7", "--quiet", "--time-budget", "5")
    assert plain.code == paid.code == 0
    assert paid.stdout == plain.stdout


def test_the_model_of_all_items_says_why_it_is_left_out(cli: Cli, shop: Path) -> None:
    assert shop.is_dir()
    done = cli("forecast", "--horizon", "7", "--models", "global")
    assert done.code == 0
    assert "the model of all items is left out: it takes 50 items" in done.stderr


def test_models_and_budget_may_stand_in_the_configuration(cli: Cli, shop: Path) -> None:
    file = shop / "stockout.toml"
    file.write_text(file.read_text() + '[forecast]\nmodels = ["ses", "arma"]\ntime_budget = 3\n')
    done = cli("forecast")
    assert done.code == 2
    assert "models: found 'arma'" in done.stderr


def test_the_reorder_list_forecasts_by_the_configured_models(cli: Cli, shop: Path) -> None:
    file = shop / "stockout.toml"
    plain, text = cli("reorder", "--quiet"), file.read_text()
    file.write_text(text + '[forecast]\nmodels = ["sba"]\n')
    other = cli("reorder", "--quiet")
    assert plain.code == other.code == 0
    assert plain.stdout != other.stdout
    file.write_text(text + '[forecast]\nmodels = ["arma"]\n')
    wrong = cli("reorder")
    assert wrong.code == 2
    assert "models: found 'arma'" in wrong.stderr
