"""Which target an item is held to."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.replenishment.targets import with_targets
from stockout.tables import conform

LINES = pl.DataFrame({"sku": ["A", "B", "C", "D"], "review_days": [7.0, 7.0, 14.0, 7.0]})


def products() -> pl.DataFrame:
    return conform(
        pl.DataFrame(
            {
                "sku": ["A", "B", "C"],
                "service_level": [0.975, None, None],
                "fill_rate": [0.9, 0.98, None],
                "shortage_cost": [4.0, 4.0, 4.0],
                "holding_cost": [1.0, 1.0, 1.0],
            }
        ),
        "products",
    )


def found(**arguments: float) -> list[tuple[Any, ...]]:
    lines = with_targets(LINES, products(), **arguments)  # type: ignore[arg-type]
    return lines.select("target_kind", pl.col("level").round(6), "target").rows()


def test_a_products_own_target_else_the_default() -> None:
    assert found() == [
        ("service_level", 0.975, "CSL 97.5 %"),
        ("fill_rate", 0.98, "fill 98 %"),
        ("cost", 0.666667, "cost 4:1"),  # 4 / (4 + 1 * 2 weeks)
        ("service_level", 0.95, "CSL 95 %"),
    ]
    assert with_targets(LINES)["target"].to_list() == ["CSL 95 %"] * 4


def test_what_is_asked_for_counts_for_all() -> None:
    assert found(service_level=0.9) == [("service_level", 0.9, "CSL 90 %")] * 4
    assert found(fill_rate=0.995) == [("fill_rate", 0.995, "fill 99.5 %")] * 4
    costs = found(shortage_cost=1, holding_cost=0.2)
    assert [level for _, level, _ in costs] == [0.833333, 0.833333, 0.714286, 0.833333]
    assert {text for _, _, text in costs} == {"cost 1:0.2"}


def test_cost_levels_by_what_becomes_of_unmet_demand_and_by_period() -> None:
    one = LINES[:1]
    costs: dict[str, Any] = {"shortage_cost": 1, "holding_cost": 0.2}
    assert with_targets(one, unmet="backorder", **costs)["level"][0] == pytest.approx(0.8)
    daily = with_targets(one, period_days=1, **costs)["level"][0]
    assert daily == pytest.approx(1 / (1 + 0.2 * 7))
    dear = with_targets(one, unmet="backorder", shortage_cost=1, holding_cost=3)
    assert dear["level"][0] == 0


def test_half_of_the_costs_may_come_from_products() -> None:
    lines = with_targets(LINES[:3], products(), shortage_cost=9)
    assert lines["level"].to_list() == pytest.approx([0.9, 0.9, 9 / 11])
    with pytest.raises(ConfigError, match="a cost target needs the holding cost too") as caught:
        with_targets(LINES, products(), shortage_cost=9)
    assert "1 item lacks (first: D)" in caught.value.message
    assert caught.value.hint == "give --holding-cost, or holding_cost in products"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"service_level": 0.9, "fill_rate": 0.9}, "more than one target: service level and fill"),
        ({"fill_rate": 0.9, "holding_cost": 1}, "more than one target: fill rate and costs"),
        ({"service_level": 95}, "the service level is 95, expected a share between 0 and 1"),
        ({"service_level": 1.0}, "the service level is 1, expected"),
        ({"fill_rate": 0.0}, "the fill rate is 0, expected"),
        ({"shortage_cost": 0.0, "holding_cost": 1}, "the shortage cost is 0, expected more"),
        ({"shortage_cost": 1, "holding_cost": float("nan")}, "the holding cost is nan"),
    ],
)
def test_what_cannot_be_meant(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_targets(LINES, **arguments)


def test_a_percentage_gets_a_hint() -> None:
    with pytest.raises(ConfigError) as caught:
        with_targets(LINES, service_level=95)
    assert caught.value.hint == "0.95 is 95 %"


def test_an_impossible_value_of_products_is_told_and_not_used(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = conform(pl.DataFrame({"sku": ["A"], "service_level": [95.0]}), "products")
    with caplog.at_level(logging.WARNING):
        assert with_targets(LINES[:1], wrong)["target"][0] == "CSL 95 %"
    assert caplog.messages == [
        "products: 1 values of service_level cannot be true and are not used (first: A has 95.0)"
    ]
