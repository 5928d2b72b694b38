"""Parameters refuse what makes no business, and are all documented."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stockout.errors import ConfigError
from stockout.simulator.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [
        (date(2026, 6, 28), 18, date(2024, 12, 30)),
        (date(2026, 3, 31), 1, date(2026, 3, 2)),  # 28 February + 1 day is a Sunday
        (date(2024, 2, 29), 12, date(2023, 3, 6)),
    ],
)
def test_history_starts_on_the_first_monday(end: date, months: int, start: date) -> None:
    parameters = Parameters(end=end, months=months)
    assert parameters.start == start
    assert parameters.start.weekday() == 0
    assert parameters.days == (end - start).days + 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"skus": 0}, "skus = 0 is outside its range\nhint: give a value from 1 to 999999"),
        ({"skus": 1.5}, "skus = 1.5 is not what it holds\nhint: give a value of type int"),
        ({"seed": True}, "seed = True is not what it holds\nhint: give a value of type int"),
        (
            {"median_rate": float("nan")},
            "median_rate = nan is outside its range\nhint: give a value from 1e-06 upwards",
        ),
        ({"months": None}, "months = None is not what it holds\nhint: give a value of type int"),
        (
            {"substitute_share": 0.7, "wait_share": 0.5},
            (
                "substitute_share + wait_share = 1.2 is above 1\n"
                "hint: what is left of 1 is the share of lost purchases"
            ),
        ),
        (
            {"poisson_share": 0.9, "intermittent_share": 0.2},
            (
                "poisson_share + intermittent_share = 1.1 is above 1\n"
                "hint: what is left of 1 is the share of negative binomial SKUs"
            ),
        ),
        (
            {"lead_time_low": 20},
            (
                "lead_time_low = 20 is above lead_time_high = 18\n"
                "hint: give a lead_time_low up to lead_time_high"
            ),
        ),
        (
            {"wait_shares": 0.1},
            "the simulator has no setting 'wait_shares'\nhint: did you mean wait_share?",
        ),
        ({"xyz": 0.1}, "the simulator has no setting 'xyz'\nhint: see docs/simulator.md"),
    ],
)
def test_nonsense_is_refused_in_words(settings: Mapping[str, float | None], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Parameters.of(settings)
    assert str(caught.value) == message


def test_every_parameter_stands_in_the_documentation() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    for each in fields(Parameters):
        default = "derived" if each.default is None else each.default
        assert f"| `{each.name}` | {default} | {each.metadata['text']} |" in page
