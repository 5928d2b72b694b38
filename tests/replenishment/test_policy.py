"""Levels and quantities of the policy against published formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.forecasting.distribution import demand_quantile, normal_quantile
from stockout.replenishment.policy import order_policy, plan_of
from stockout.replenishment.position import Arrivals
from stockout.replenishment.safety_stock import order_up_to_for_fill_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.targets import Unmet

    MakeModel = Callable[..., DemandModel]


def policy(
    model: DemandModel, unmet: Unmet = "backorder", **columns: float | str
) -> dict[str, Any]:
    lines = pl.DataFrame(
        {
            "position": 0.0, "on_order": 0.0, "lead_time_days": 14.0, "lead_time_sd_days": 0.0,
            "review_days": 7.0, "level": 0.9, "target_kind": "service_level", **columns,
        }
    )  # fmt: skip
    none = Arrivals(np.zeros((1, 0)), np.zeros((1, 0)))
    return order_policy(model, plan_of(lines, none, model), unmet).row(0, named=True)


def test_periodic_review_of_chopra_and_meindl(make_model: MakeModel) -> None:
    # reference row 20: 2500/500 a week, L 2, R 4 weeks, CSL .90: sd 1224.745, S 16569.57 with
    # normal demand; gamma demand with the same moments is skewed and needs a little more
    model = make_model(2500.0, noise=100.0, is_integer=False)
    found = policy(model, review_days=28.0)
    assert found["mean_demand"] == pytest.approx(15_000)
    assert model.sum_variance(0, 6)[0] ** 0.5 == pytest.approx(1224.745, abs=0.001)
    assert normal_quantile(0.9, 15_000, 1224.745**2) == pytest.approx(16569.57, abs=0.01)
    assert found["reorder_point"] == pytest.approx(16569.57, rel=0.002)
    assert found["safety_stock"] == pytest.approx(1569.57, rel=0.02)


def test_random_lead_time_of_chopra_and_meindl(make_model: MakeModel) -> None:
    # reference row 19: 2500/500 a day, L 7, sd_L 7 days: sd 17549.93 over the lead time; with a
    # review of one day the period is 8 days: sqrt(8 * 500**2 + (2500 * 7)**2)
    model = make_model(2500.0, noise=100.0, is_integer=False, freq="day")
    found = policy(model, lead_time_days=7.0, lead_time_sd_days=7.0, review_days=1.0)
    sd = (8 * 500**2 + (2500 * 7) ** 2) ** 0.5
    assert found["reorder_point"] == pytest.approx(
        float(demand_quantile(0.9, 20_000, sd**2, is_integer=False))
    )


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_order_up_to_under_backorders_is_the_quantile(level: float, make_model: MakeModel) -> None:
    model = make_model(4.0, 1.8, 0.1)
    quantile = demand_quantile(level, 12.0, 1.8 * 12 + 0.1 * 144, is_integer=True)
    found = policy(model, level=level, position=5.0)
    assert found["reorder_point"] == quantile
    assert found["raw_qty"] == quantile - 5
    assert policy(model, level=level, position=500.0)["raw_qty"] == 0


def test_fill_rate_under_backorders_is_the_two_term_formula(make_model: MakeModel) -> None:
    model = make_model(4.0, 1.8, 0.1)
    found = policy(model, level=0.97, target_kind="fill_rate")
    level = order_up_to_for_fill_rate(
        0.97, 8.0, 1.8 * 8 + 0.1 * 64, 12.0, 1.8 * 12 + 0.1 * 144, is_integer=True
    )
    assert found["reorder_point"] == level


@pytest.mark.parametrize("kind", ["service_level", "fill_rate"])
def test_lost_sales_need_no_more_than_backorders(kind: str, make_model: MakeModel) -> None:
    model = make_model(4.0, 1.8, 0.1)
    for position in (0.0, 3.0, 9.0, 30.0):
        lost, later = (
            policy(model, unmet, position=position, target_kind=kind, level=0.95)["raw_qty"]
            for unmet in ("lost", "backorder")
        )
        assert lost <= later + 1  # within one unit of the approximation of the quantile
    assert policy(model, "lost")["raw_qty"] < policy(model, "backorder")["raw_qty"] - 4


def test_days_are_periods_of_the_history(make_model: MakeModel) -> None:
    weekly = policy(make_model(14.0, 2.0), "lost", position=20.0)
    daily = policy(make_model(2.0, 2.0, freq="day", horizon=30), "lost", position=20.0)
    assert daily == pytest.approx(weekly)


def test_what_is_expected_over_which_time(make_model: MakeModel) -> None:
    found = policy(make_model(7.0), lead_time_days=10.0, review_days=3.5)
    assert found["demand_before_arrival"] == pytest.approx(10)
    assert found["mean_demand"] == pytest.approx(13.5)
    assert found["cover_demand"] == pytest.approx(90)
