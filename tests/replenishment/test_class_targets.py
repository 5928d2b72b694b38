"""Service levels by category and ABC class."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from stockout.demand.history import History, demand_history
from stockout.errors import ConfigError
from stockout.replenishment.class_targets import class_levels
from stockout.replenishment.targets import with_targets
from stockout.tables import conform

DAYS = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
UNITS = {"big": 90.0, "middle": 9.0, "small": 1.0}
PRODUCTS = conform(
    pl.DataFrame(
        {"sku": list(UNITS), "category": ["tea", "tea", "mugs"], "fill_rate": [None, None, 0.9]},
        schema_overrides={"fill_rate": pl.Float64},
    ),
    "products",
)


@pytest.fixture(name="history", scope="module")
def fixture_history() -> History:
    sales = pl.concat(
        pl.DataFrame({"date": DAYS, "sku": sku, "units": units}) for sku, units in UNITS.items()
    )
    return demand_history(sales, products=PRODUCTS)


LINES = pl.DataFrame({"sku": [*UNITS, "new"], "location": ["ALL"] * 4, "review_days": [7.0] * 4})


def test_classes_and_categories(history: History) -> None:
    found = class_levels(LINES, history, {"A": 0.98, "B": 0.9, "mugs": 0.8})
    assert found.rows() == [(0.98, "A"), (0.9, "B"), (0.8, "mugs"), (None, None)]
    both = class_levels(LINES, history, {"A": 0.98, "tea": 0.7})
    assert both["class_name"].to_list() == ["tea", "tea", None, None]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({"A": 98.0}, "targets.A is 98, expected a share between 0 and 1"),
        ({"D": 0.9}, r"targets.D: neither an ABC class \(A, B, C\) nor a category"),
    ],
)
def test_targets_that_cannot_be_meant(
    history: History, targets: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        class_levels(LINES, history, targets)


def test_own_then_class_then_all(history: History) -> None:
    classes = class_levels(LINES, history, {"A": 0.98, "C": 0.8})

    def told(**asked: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any of the targets
        lines = with_targets(LINES, PRODUCTS, classes=classes, **asked)
        return lines.select("target_kind", "target").rows()

    first = ("service_level", "CSL 98 % (A)")
    own = ("fill_rate", "fill 90 %")
    assert told() == [first, ("service_level", "CSL 95 %"), own, ("service_level", "CSL 95 %")]
    assert told(service_level=0.7)[1] == ("service_level", "CSL 70 %")
    assert told(fill_rate=0.6) == [
        first,
        ("fill_rate", "fill 60 %"),
        own,
        ("fill_rate", "fill 60 %"),
    ]
    assert told(shortage_cost=4, holding_cost=1)[1] == ("cost", "cost 4:1")


def test_a_holding_cost_beside_an_order_cost_is_no_target() -> None:
    line = LINES[:1]
    assert with_targets(line, holding_cost=0.2, order_cost=5)["target"][0] == "CSL 95 %"
    both = with_targets(line, service_level=0.9, holding_cost=0.2, order_cost=5)
    assert both["target"][0] == "CSL 90 %"
    cost = with_targets(line, shortage_cost=1, holding_cost=0.2, order_cost=5)
    assert cost["target"][0] == "cost 1:0.2"
    with pytest.raises(ConfigError, match="more than one target"):
        with_targets(line, service_level=0.9, holding_cost=0.2)
