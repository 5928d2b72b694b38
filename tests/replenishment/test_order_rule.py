"""The ordering rule that a simulation uses, against the one of the reorder list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockout.forecasting.distribution import demand_quantile
from stockout.replenishment.constraints import with_order_qty
from stockout.replenishment.order_rule import (
    Demand,
    Targets,
    Terms,
    order_levels,
    order_quantity,
)
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, project

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel

NONE = np.full(1, np.nan)


def demand_of(rate: float, noise: float = 1.0, level_variance: float = 0.0) -> Demand:
    """Stationary demand of one item in whole units."""
    return Demand(
        rate * np.arange(101.0)[:, None],
        np.full(1, noise),
        np.full(1, level_variance),
        np.array([True]),
    )


def terms_of(lead_time: int, review: int, sd: float = 0.0) -> Terms:
    """Supply of one item without limits."""
    return Terms(np.array([lead_time]), np.array([sd]), review, NONE, NONE, NONE)


def targets_of(level: float, kind: str = "service") -> Targets:
    """One target of one item."""
    return Targets(
        np.full((1, 1), level),
        np.full((1, 1), kind == "fill"),
        np.full((1, 1), kind == "service"),
    )


def ordered(rate: float, terms: Terms, targets: Targets, stock: float, later: list[float]) -> float:
    """Units ordered with so much in stock and on its way, the latest order first."""
    demand = demand_of(rate)
    levels = order_levels(demand, terms, targets, np.array([0]), "lost")
    coming = np.cumsum(later)
    available = [stock + sum(later), *coming.tolist(), 0.0][: len(levels.ahead)]
    needed = levels.ordered(0, [np.full((1, 1, 1), units) for units in available], demand.whole)
    return float(needed[0, 0, 0])


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
def test_first_moment_is_the_quantile_of_the_protection_period(unmet: str) -> None:
    demand = demand_of(2.0, noise=1.5, level_variance=0.02)
    levels = order_levels(
        demand,
        terms_of(7, 7, sd=2.0),
        targets_of(0.95),
        np.array([0, 7]),
        unmet,  # type: ignore[arg-type]
    )
    variance = 1.5 * 28 + 0.02 * 28**2 + (2 * 2.0) ** 2
    expected = demand_quantile(0.95, 28.0, variance, is_integer=True)
    assert levels.level[:, 0, 0, 0].tolist() == [expected, expected]
    assert len(levels.ahead) == (2 if unmet == "lost" else 1)


def test_beyond_the_days_told_demand_goes_on_at_its_rate() -> None:
    demand = demand_of(2.0)
    assert demand.between(np.array([90]), np.array([110])).tolist() == [40.0]


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("stock", "on_its_way"), [(0, 30), (10, 30), (20, 20), (60, 0), (0, 0)])
@pytest.mark.parametrize("kind", ["service", "fill"])
def test_orders_what_the_projection_orders(
    make_model: Callable[..., DemandModel], level: float, stock: int, on_its_way: int, kind: str
) -> None:
    plan = Plan(
        np.array([float(stock)]),
        Arrivals(np.array([[7.0]]), np.array([[float(on_its_way)]])),
        np.array([14.0]),
        np.zeros(1),
        np.array([7.0]),
        np.array([level]),
        np.array([kind == "fill"]),
        np.array([kind == "service"]),
    )
    model = make_model(3.0, freq="day", horizon=30)
    wanted = float(project(model, plan, "lost").needed[0])
    got = ordered(3.0, terms_of(14, 7), targets_of(level, kind), stock, [on_its_way])
    assert max(got, 0) == pytest.approx(wanted, abs=2)  # of 21 a cycle


def test_a_higher_target_never_orders_less() -> None:
    orders = [
        ordered(3.0, terms_of(14, 7), targets_of(level), 5, [20])
        for level in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
    ]
    assert orders == sorted(orders)


def test_an_empty_shelf_of_a_slow_mover_is_filled() -> None:
    # One customer in 200 days: the last cycle alone would need nothing.
    assert ordered(0.005, terms_of(14, 7), targets_of(0.95), 0, [0]) == 1
    assert ordered(0.005, terms_of(14, 7), targets_of(0.95, "cost"), 0, [0]) <= 0


units = st.floats(0, 1000).map(lambda value: round(value, 2))
limits = st.none() | st.sampled_from([0.5, 1.0, 4.0, 12.0, 50.0])


@settings(max_examples=60, deadline=None)
@given(raw=units, position=units, moq=limits, pack=limits, most=limits, whole=st.booleans())
def test_limits_are_those_of_the_reorder_list(
    raw: float,
    position: float,
    moq: float | None,
    pack: float | None,
    most: float | None,
    *,
    whole: bool,
) -> None:
    line = pl.DataFrame(
        {"raw_qty": [raw], "position": [position], "moq": [moq], "pack_size": [pack],
         "max_stock": [most], "is_integer": [whole], "unit_cost": [1.0], "top_up": [0.0],
         "sellable_qty": [None]},
        schema_overrides=dict.fromkeys(
            ["moq", "pack_size", "max_stock", "sellable_qty"], pl.Float64),
    )  # fmt: skip
    terms = Terms(
        np.array([7]),
        np.zeros(1),
        7,
        *(np.array([np.nan if value is None else value]) for value in (moq, pack, most)),
    )
    mine = order_quantity(
        np.full((1, 1, 1), raw), np.full((1, 1, 1), position), terms, np.array([whole])
    )
    assert mine[0, 0, 0] == pytest.approx(with_order_qty(line)["order_qty"].item())
