"""Order costs: where they come from, and the lots that they make."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.forecasting.distribution import demand_cdf, demand_quantile
from stockout.replenishment.fill_rate import demand_fill_rate
from stockout.replenishment.order_costs import (
    in_lots,
    periodic_lots,
    reorder_lots,
    with_order_costs,
)
from stockout.replenishment.periodic_review import Demand, optimal_reorder_levels
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.targets import Unmet

MEAN = np.array([0.5, 4.0, 4.0, 30.0])
WHOLE = np.array([True, True, False, True])
NOBODY = pl.DataFrame({"sku": ["A", "B"], "supplier_id": ["S", None]})


def plan(level: float, kind: str, lead_time: float = 2.0, review: float = 1.0) -> Plan:
    every = np.ones(MEAN.size)
    none = Arrivals(np.full((MEAN.size, 0), np.inf), np.zeros((MEAN.size, 0)))
    return Plan(
        0 * every, none, lead_time * every, 0 * every, review * every, level * every,
        np.full(MEAN.size, kind == "fill_rate"), np.full(MEAN.size, kind == "service_level"),
    )  # fmt: skip


def costs(order_cost: float | None, holding: float = 1.0, shortage: float = 9.0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order_cost": [order_cost] * MEAN.size,
            "holding": [holding] * MEAN.size,
            "shortage": [shortage] * MEAN.size,
        },
        schema_overrides={"order_cost": pl.Float64},
    )


def test_costs_of_the_argument_products_and_suppliers() -> None:
    products = conform(
        pl.DataFrame({"sku": ["A"], "order_cost": [None], "holding_cost": [0.5]}).with_columns(
            pl.col("order_cost").cast(pl.Float64)
        ),
        "products",
    )
    suppliers = conform(pl.DataFrame({"supplier_id": ["S"], "order_cost": [8.0]}), "suppliers")
    added = with_order_costs(NOBODY, products, suppliers)
    assert added.select("order_cost", "holding").rows() == [(8, 0.5), (None, None)]
    added = with_order_costs(NOBODY, products, suppliers, order_cost=3, holding_cost=2)
    assert added.select("order_cost", "holding").rows() == [(3, 2), (3, 2)]
    none = with_order_costs(NOBODY, None, None, order_cost=0, holding_cost=2)
    assert none["order_cost"].to_list() == [None, None]


def test_an_order_cost_without_a_holding_cost(caplog: pytest.LogCaptureFixture) -> None:
    suppliers = conform(pl.DataFrame({"supplier_id": ["S"], "order_cost": [8.0]}), "suppliers")
    with caplog.at_level(logging.WARNING):
        added = with_order_costs(NOBODY, None, suppliers)
    assert added["order_cost"].to_list() == [None, None]
    assert "order cost: not used for 1 lines" in caplog.text
    with pytest.raises(ConfigError, match="weighed against the cost of holding stock"):
        with_order_costs(NOBODY, None, None, order_cost=3)
    with pytest.raises(ConfigError, match="the order cost is -3, expected 0 or more"):
        with_order_costs(NOBODY, None, None, order_cost=-3)


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
@pytest.mark.parametrize("kind", ["service_level", "fill_rate", "cost"])
def test_without_an_order_cost_there_are_no_lots(
    make_model: Callable[..., DemandModel], unmet: Unmet, kind: str
) -> None:
    lots = periodic_lots(make_model(MEAN), plan(0.9, kind), costs(None), 5 * MEAN, unmet)
    assert lots.slack.tolist() == lots.lot.tolist() == [0, 0, 0, 0]


def test_a_cost_target_is_the_policy_of_least_cost(make_model: Callable[..., DemandModel]) -> None:
    model = make_model(MEAN, 1.5, is_integer=WHOLE)
    target = demand_quantile(0.9, 3 * MEAN, 4.5 * MEAN, WHOLE)
    lots = periodic_lots(model, plan(0.9, "cost"), costs(20.0), target, "backorder")
    best = optimal_reorder_levels(
        20, 1, 9, Demand(MEAN, 1.5 * MEAN), Demand(3 * MEAN, 4.5 * MEAN), WHOLE
    )
    assert target - lots.slack - WHOLE == pytest.approx(best.reorder_level)
    assert target - lots.slack + lots.lot == pytest.approx(best.order_up_to)


def test_a_service_level_keeps_its_reorder_point(make_model: Callable[..., DemandModel]) -> None:
    model = make_model(MEAN, is_integer=WHOLE)
    for kind in ("service_level", "fill_rate"):
        small, large = (
            periodic_lots(model, plan(0.95, kind), costs(k), 4 * MEAN, "lost") for k in (1.0, 90.0)
        )
        assert (small.slack == 0).all()
        assert (large.slack == 0).all()
        assert (large.lot > small.lot).all()
        # near the economic order quantity where that is many reviews of demand
        assert large.lot[1] == pytest.approx(np.sqrt(2 * 90 * 4), rel=0.25)


def test_where_demand_is_lost_no_order_waits_beyond_an_empty_shelf(
    make_model: Callable[..., DemandModel],
) -> None:
    model = make_model(MEAN, is_integer=WHOLE)
    enough = demand_quantile(0.6, 3 * MEAN, 3 * MEAN, WHOLE)
    lots = periodic_lots(model, plan(0.6, "cost"), costs(15.0), enough, "lost")
    pays = np.sqrt(2 * 15 * MEAN) < 1.5 * MEAN
    assert pays.tolist() == [False, False, False, True]
    assert enough[3] - lots.slack[3] >= 1
    assert (enough - lots.slack)[:3].tolist() == [0, 0, 0]  # no order pays
    # at an empty shelf the last one is ordered, though the last cycle alone needs little
    assert lots.order(MEAN, enough, 0 * MEAN).tolist() == pytest.approx(
        [0, 0, 0, 30 + lots.lot[3] - lots.slack[3]]
    )


@pytest.mark.parametrize("order_cost", [None, 12.0])
def test_continuous_review_meets_its_target(
    make_model: Callable[..., DemandModel], order_cost: float | None
) -> None:
    model = make_model(MEAN, is_integer=WHOLE)
    until = 2 * MEAN
    lots = reorder_lots(model, plan(0.9, "service_level"), costs(order_cost))
    r = lots.reorder_point - WHOLE
    assert (demand_cdf(r, until, until, WHOLE) >= 0.9 - 1e-9).all()
    assert (demand_cdf(r - 1, until, until, WHOLE) < 0.9).all()
    filled = reorder_lots(model, plan(0.97, "fill_rate"), costs(order_cost))
    size = np.where(filled.lot > 0, filled.lot, 1e-6)
    served = demand_fill_rate(filled.reorder_point - WHOLE, size, until, until, WHOLE)
    assert (served >= 0.97 - 1e-6).all()
    if order_cost is None:
        assert lots.lot.tolist() == [1, 1, 0, 1]
    else:
        assert (lots.lot > 1).all()
        assert lots.lot.tolist() == filled.lot.tolist() or (filled.lot > 1).all()


def test_continuous_review_by_costs_and_without_demand(
    make_model: Callable[..., DemandModel],
) -> None:
    lots = reorder_lots(make_model(MEAN), plan(0.5, "cost"), costs(None))
    assert (lots.reorder_point > 2 * MEAN).all()
    assert set(lots.lot) == {1}
    none = reorder_lots(make_model(0 * MEAN), plan(0.9, "service_level"), costs(5.0))
    assert (none.reorder_point.tolist(), none.lot.tolist()) == ([0] * 4, [0] * 4)


def test_whole_lots() -> None:
    frame = pl.DataFrame({"missing": [0.0, 1.0, 6.0, 7.0, 2.5], "lot": [6.0, 6.0, 6.0, 6.0, 0.0]})
    found: Any = frame.select(in_lots(pl.col("missing"), pl.col("lot"))).to_series()
    assert found.to_list() == [0, 6, 6, 12, 2.5]
