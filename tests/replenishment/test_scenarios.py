"""What-if scenarios read from words."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.errors import ConfigError
from stockout.replenishment.scenarios import TODAY, Scenario

DAYS = np.array([10.0, 0.0, 20.0])


@pytest.mark.parametrize(
    ("words", "days", "name"),
    [
        ("21", [21, 21, 21], "lead time 21 d"),
        (21.0, [21, 21, 21], "lead time 21 d"),
        ("3w", [21, 21, 21], "lead time 21 d"),
        ("+7d", [17, 7, 27], "lead time +7 d"),
        (" + 1 W ", [17, 7, 27], "lead time +7 d"),
        ("-12", [0, 0, 8], "lead time -12 d"),
        ("x1.5", [15, 0, 30], "lead time x1.5"),
    ],
)
def test_lead_time(words: str | float, days: list[float], name: str) -> None:
    scenario = Scenario.said(lead_time=words)
    assert scenario.lead_time is not None
    assert scenario.lead_time.of(DAYS).tolist() == days
    assert scenario.name == name


@pytest.mark.parametrize(
    ("words", "factor", "name"),
    [
        ("+20%", 1.2, "demand +20 %"),
        ("-10 %", 0.9, "demand -10 %"),
        ("x2", 2.0, "demand +100 %"),
        ("+12.5%", 1.125, "demand +12.5 %"),
    ],
)
def test_demand(words: str, factor: float, name: str) -> None:
    scenario = Scenario.said(demand=words)
    assert scenario.demand == factor
    assert scenario.name == name


@pytest.mark.parametrize(
    "said",
    [
        {"lead_time": "long"},
        {"lead_time": "+7%"},
        {"lead_time": "x-2"},
        {"lead_time": "99999d"},
        {"lead_time_sd_days": -1.0},
        {"lead_time_sd_days": float("nan")},
        {"demand": "20%"},
        {"demand": "-100%"},
        {"demand": "+x"},
        {"review_days": 0.0},
        {"failures": ["V001"]},
        {"failures": [":4w"]},
        {"failures": ["V001:0d"]},
        {"failures": ["V001:4y"]},
    ],
)
def test_what_does_not_read_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Scenario.said(**said)  # type: ignore[arg-type]


def test_nothing_said_is_today() -> None:
    assert Scenario.said().name == TODAY
    assert Scenario.said(planned=False).name == TODAY


def test_what_nobody_plans_for_says_so() -> None:
    assert Scenario.said(demand="+20%", planned=False).name == "demand +20 %, not planned for"


def test_a_name_may_hold_a_colon() -> None:
    assert Scenario.said(failures=["ACME: spare parts:10"]).failures == (("ACME: spare parts", 10),)


def test_together_is_all_of_them() -> None:
    both = Scenario.together(
        [Scenario.said(lead_time="+7d"), Scenario.said(demand="+20%"), Scenario.said(demand="x2")]
    )
    assert both.name == "lead time +7 d, demand +140 %"


class TestFailure:
    """Whose supplier fails."""

    scenario = Scenario.said(failures=["V2:4w", "Third:10d"])

    def test_by_id_or_name(self) -> None:
        days = self.scenario.outage_days(["V1", "V2", None, "V3"], {"V3": "Third"})
        assert days.tolist() == [0, 28, 0, 10]
        assert not self.scenario.is_lasting

    def test_unknown_supplier_is_refused_with_a_suggestion(self) -> None:
        with pytest.raises(ConfigError, match="no item is supplied by 'V2'") as error:
            self.scenario.outage_days(["V1", "V3"], {"V3": "Third"})
        assert error.value.hint is not None
        assert error.value.hint.startswith(("did you mean", "suppliers: V1, V3"))

    def test_without_any_supplier(self) -> None:
        with pytest.raises(ConfigError, match="no item has a known supplier"):
            self.scenario.outage_days([None], {})
