"""Stated answers to stockouts."""

from __future__ import annotations

import pytest

from stockout.errors import ConfigError
from stockout.impact.stockout_effect.scenario import PUBLISHED, ResponseShares, scenario


def test_lost_units_divide_by_the_stated_shares() -> None:
    shares = ResponseShares(0.3, 0.4, 0.2, 0.1, source="our survey", leave=0.5)
    found = scenario(200, shares, unit_value=3.0, thwarted_customers=40, customer_value=100.0)
    assert found.net_lost_units == pytest.approx(80.0)
    assert found.net_lost_value == pytest.approx(240.0)
    assert found.leaving_customers == pytest.approx(6.0)
    assert found.leaving_value == pytest.approx(600.0)
    assert found.assumption == "assumed, not estimated from these data: our survey"


def test_published_shares_claim_nobody_who_leaves() -> None:
    for shares in PUBLISHED.values():
        assert scenario(10, shares, thwarted_customers=5).leaving_customers == 0


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"0\.9 together, expected 1"):
        ResponseShares(0.3, 0.3, 0.2, 0.1, source="")
    with pytest.raises(ConfigError, match="leave is 2"):
        ResponseShares(0.3, 0.4, 0.2, 0.1, source="", leave=2.0)
    with pytest.raises(ConfigError, match="lost units are -1"):
        scenario(-1, PUBLISHED["sloot_2004"])
