"""The periodic-review policy: what each item needs now, given its stock and what is on the way.

Every review period R the position may be raised by an order that arrives a lead time L later, so
what is ordered now has to last until L + R, the end of the *protection period*.

- ``reorder_point``: the smallest position, all of it on hand, at which nothing needs to be ordered
  now. Without a fixed cost of ordering this is the order-up-to level S of the (R, S) policy, which
  is (R, s, S) with s = S (Silver, Pyke and Thomas, *Inventory and Production Management in Supply
  Chains*, chapter 6): the quantile of demand over L + R at the target. Under lost sales and a cost
  target it is less: a unit left over costs more than its stay in the last cycle, and a last cycle
  in which nobody comes costs nothing (:mod:`stockout.replenishment.look_ahead`).
  Where stock runs out before an order can arrive, a position below it may need no order, because
  what is lost until then need not be made up for.
- ``safety_stock``: the reorder point less the expected demand of the protection period; negative
  where a target is so low that a shortage is the better choice.
- ``raw_qty``: what is needed before minimum order, packs and maximum stock. Backorders: reorder
  point less position. Lost sales: the quantile of what the demand of the last cycle (L, L + R]
  exceeds the stock left at L; that is less, because what is lost until L need not be made up for.
  Under costs at most that quantile: the order that costs the least together with the next one, for
  demand without its peaks (:mod:`stockout.forecasting.peaks`).
- ``order_up_to``: position + raw_qty, so under backorders the reorder point (or the position, where
  that is higher), under lost sales a level that depends on the stock and on what arrives when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.distribution import demand_quantile
from stockout.replenishment.projection import HIGHEST_LEVEL, Plan, project
from stockout.replenishment.safety_stock import order_up_to_for_fill_rate
from stockout.replenishment.status import COVER_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.position import Arrivals
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]


def plan_of(lines: pl.DataFrame, arrivals: Arrivals, model: DemandModel) -> Plan:
    """Plan of the items of a model.

    Args:
        lines: Columns position, on_order, lead_time_days, lead_time_sd_days, review_days, level,
            target_kind; row i is item i. Where stock or lead time are null the plan has 0.
        arrivals: Of the same items.
        model: Of the same items. Its quantiles are corrected by what they held in the past, so a
            service level becomes the one whose quantile holds it.
    """
    days = DAYS_PER_PERIOD[model.history.freq]

    def numbers(column: pl.Expr) -> Matrix:
        return np.asarray(lines.select(column.fill_null(0.0)).to_series(), dtype=np.float64)

    is_service_level = (lines["target_kind"] == "service_level").to_numpy()
    level = numbers(pl.col("level"))
    held = np.minimum(model.sum_level(level), np.maximum(level, HIGHEST_LEVEL))
    return Plan(
        stock=numbers(pl.col("position") - pl.col("on_order")),
        arrivals=arrivals,
        lead_time=numbers(pl.col("lead_time_days")) / days,
        lead_time_sd=numbers(pl.col("lead_time_sd_days")) / days,
        review=numbers(pl.col("review_days")) / days,
        level=np.where(is_service_level, held, level),
        is_fill_rate=(lines["target_kind"] == "fill_rate").to_numpy(),
        is_service_level=is_service_level,
    )


def order_policy(
    model: DemandModel, plan: Plan, unmet: Unmet, usual: DemandModel | None = None
) -> pl.DataFrame:
    """What each item needs, and what happens without an order.

    Args:
        model: Demand after as-of.
        plan: As from :func:`plan_of`.
        unmet: What happens to demand that finds no stock.
        usual: Demand without peaks, which orders for the least cost are computed from where what
            finds no stock is lost (:mod:`stockout.forecasting.peaks`); None is the model.

    Returns:
        Row i for item i: mean_demand (expected over the protection period), demand_before_arrival
        (up to L), cover_demand (over 90 days after it), safety_stock, reorder_point, raw_qty,
        stockout_risk, expected_lost_units, short_before_arrival, risk_before_arrival.
    """
    end = plan.lead_time + plan.review
    mean = model.sum_mean(0, end)
    cover = COVER_DAYS / DAYS_PER_PERIOD[model.history.freq]
    projection = project(model, plan, unmet, usual)
    position = plan.stock + plan.arrivals.units.sum(axis=1)
    if unmet == "lost":
        reorder_point, raw_qty = projection.enough, projection.needed
    else:
        reorder_point = _order_up_to(model, plan)
        raw_qty = reorder_point - position
    return pl.DataFrame(
        {
            "mean_demand": mean,
            "demand_before_arrival": model.sum_mean(0, plan.lead_time),
            "cover_demand": model.sum_mean(end, end + cover),
            "safety_stock": reorder_point - mean,
            "reorder_point": reorder_point,
            "raw_qty": raw_qty.clip(0),
            "stockout_risk": projection.stockout_risk,
            "expected_lost_units": projection.short_units,
            "short_before_arrival": projection.short_before_arrival,
            "risk_before_arrival": projection.risk_before_arrival,
        }
    )


def _order_up_to(model: DemandModel, plan: Plan) -> Matrix:
    """Order-up-to level under backorders; a random lead time adds (demand a period x sd)**2."""
    end = plan.lead_time + plan.review
    rate = model.sum_mean(plan.lead_time, end) / plan.review
    lead_time_variance = (rate * plan.lead_time_sd) ** 2
    mean, variance = model.sum_mean(0, end), model.sum_variance(0, end) + lead_time_variance
    level = demand_quantile(plan.level, mean, variance, model.is_integer)
    fill = plan.is_fill_rate
    if fill.any():
        level[fill] = order_up_to_for_fill_rate(
            plan.level[fill],
            model.sum_mean(0, plan.lead_time)[fill],
            (model.sum_variance(0, plan.lead_time) + lead_time_variance)[fill],
            mean[fill],
            variance[fill],
            model.is_integer[fill],
        )
    return level
