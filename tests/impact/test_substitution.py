"""Scenarios of what customers did instead: stated, never assumed."""

from __future__ import annotations

import pytest

from stockout.errors import ConfigError
from stockout.impact.substitution import Scenario


def test_nothing_stated_is_no_scenario() -> None:
    assert Scenario.stated(None, None) is None


def test_one_share_stated_takes_the_other_for_zero() -> None:
    assert Scenario.stated(0.3, None) == Scenario(substituted=0.3, delayed=0.0)
    assert Scenario.stated(None, 0.0) == Scenario(substituted=0.0, delayed=0.0)


def test_what_stays_lost() -> None:
    assert Scenario(substituted=0.7, delayed=0.3).kept_away == 0
    assert Scenario(substituted=0.1, delayed=0.2).kept_away == 0.7


@pytest.mark.parametrize(
    ("substituted", "delayed", "message"),
    [
        (-0.1, 0.0, "substituted is -0.1, expected a share from 0 to 1"),
        (0.0, 45.0, "delayed is 45, expected a share from 0 to 1"),
        (float("nan"), 0.0, "substituted is nan, expected a share from 0 to 1"),
        (0.7, 0.4, "substituted and delayed are 1.1 together, expected at most 1"),
    ],
)
def test_shares_that_cannot_be(substituted: float, delayed: float, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Scenario(substituted, delayed)
    assert error.value.message.startswith(message)
