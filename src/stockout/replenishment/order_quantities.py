"""From what the target of each item needs to what is ordered: lots, limits, minimum, budget."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.distribution import demand_cdf
from stockout.replenishment.budget import order_steps, within_budget
from stockout.replenishment.constraints import with_order_qty
from stockout.replenishment.order_costs import in_lots, periodic_lots, reorder_lots
from stockout.replenishment.projection import avoided_loss
from stockout.replenishment.shelf_life import sellable
from stockout.replenishment.supplier_minimum import (
    BelowMinimum,
    hold_below_minimum,
    meet_minimum,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.projection import Plan
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)

Review = Literal["periodic", "continuous"]
"""Whether orders wait for the next review, or go out when the position falls to a level."""

POLICIES = ("(R,S)", "(R,s,S)", "(S-1,S)", "(r,Q)")
"""Names of the policies in the literature: periodic without and with an order cost, continuous."""


class Limits(NamedTuple):
    """What is asked of all orders together."""

    sold_before_expiry: float  # probability that an order is sold before it expires
    below_minimum: BelowMinimum  # what becomes of an order below its supplier's minimum
    budget: float | None  # money


def with_lots(
    lines: pl.DataFrame, policy: pl.DataFrame, model: DemandModel, plan: Plan, review: Review
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lays order costs, or continuous review, over what the target alone needs.

    Args:
        lines: The lines; row i is item i of the model, those after it have no demand.
        policy: As from :func:`stockout.replenishment.policy.order_policy`.
        model: Demand after as-of.
        plan: Of the same items.
        review: ``periodic`` or ``continuous``.

    Returns:
        The lines with level (where it follows from the policy), and the policy with reorder_point,
        safety_stock and raw_qty as they follow, policy (its name), order_lot (null where orders are
        not in lots) and target_need (units that the target alone needs).
    """
    items = lines.head(model.history.items.height)
    if review == "continuous":
        policy, level = _continuous(items, policy, model, plan)
        rest = lines["level"][items.height :]
        return lines.with_columns(level=pl.concat([level, rest])), policy
    return lines, _periodic(items, policy, model, plan)


def _periodic(
    items: pl.DataFrame, policy: pl.DataFrame, model: DemandModel, plan: Plan
) -> pl.DataFrame:
    """(R, S), or (R, s, S) where an order costs something."""
    unmet: Unmet = "lost" if items["is_lost"].all() else "backorder"
    enough, needed = policy["reorder_point"].to_numpy(), policy["raw_qty"].to_numpy()
    lots = periodic_lots(model, plan, items, enough, unmet)
    position = plan.stock + plan.arrivals.units.sum(axis=1)
    raw = lots.order(needed, enough, position)
    costs = pl.col("order_cost").is_not_null()
    named = items.select(
        policy=pl.when(costs).then(pl.lit("(R,s,S)")).otherwise(pl.lit("(R,S)")),
        order_lot=pl.when(costs).then(pl.lit(pl.Series(lots.lot))),
    )
    return policy.with_columns(
        named,
        reorder_point=pl.Series(enough - lots.slack),
        safety_stock=pl.col("safety_stock") - pl.Series(lots.slack),
        raw_qty=pl.Series(raw),
        target_need=pl.Series(needed),
    )


def _continuous(
    items: pl.DataFrame, policy: pl.DataFrame, model: DemandModel, plan: Plan
) -> tuple[pl.DataFrame, pl.Series]:
    """(r, Q), or (S - 1, S) without an order cost; and the service level of each item.

    Under a cost target that level is the probability that the lead time brings no shortage.
    """
    whole = model.is_integer
    lots = reorder_lots(model, plan, items)
    mean = model.sum_mean(0, plan.lead_time)
    position = plan.stock + plan.arrivals.units.sum(axis=1)
    missing = (lots.reorder_point - position).clip(0)
    costs = pl.col("order_cost").is_not_null()
    changed = policy.with_columns(
        items.select(policy=pl.when(costs).then(pl.lit("(r,Q)")).otherwise(pl.lit("(S-1,S)"))),
        mean_demand=pl.Series(mean),
        reorder_point=pl.Series(lots.reorder_point),
        safety_stock=pl.Series(lots.reorder_point - mean),
        target_need=pl.Series(missing),
        order_lot=pl.Series(lots.lot),
    ).with_columns(raw_qty=in_lots(pl.col("target_need"), pl.col("order_lot")))
    rate = model.sum_mean(plan.lead_time, plan.lead_time + plan.review) / plan.review
    variance = model.sum_variance(0, plan.lead_time) + (rate * plan.lead_time_sd) ** 2
    reached = demand_cdf(lots.reorder_point - whole, mean, variance, whole)
    by_cost = pl.col("target_kind") == "cost"
    level = items.select(pl.when(by_cost).then(pl.lit(pl.Series(reached))).otherwise("level"))
    return changed, level.to_series()


def ordered(
    lines: pl.DataFrame, model: DemandModel, plan: Plan, unmet: Unmet, limits: Limits
) -> pl.DataFrame:
    """Adds what each line orders, within all limits.

    Args:
        lines: Columns raw_qty, reorder_point and those of the limits; the first rows are the items
            of the model.
        model: Demand after as-of.
        plan: Of the same items.
        unmet: What happens to demand that finds no stock.
        limits: What is asked of all orders together.

    Returns:
        ``lines`` with sellable_qty, sold_before_expiry, top_up, top_up_days, minimum, order_qty,
        order_value, limit and asked_qty (before the budget; null without one).
    """
    items = model.history.items.height
    length = DAYS_PER_PERIOD[model.history.freq]
    shelf_life = lines["shelf_life_days"][:items].to_numpy().astype(np.float64) / length
    most = sellable(model, plan, shelf_life, limits.sold_before_expiry, unmet)
    lines = with_order_qty(
        lines.with_columns(
            sellable_qty=_for_all(pl.Series(np.where(np.isinf(most), np.nan, most)), lines.height),
            top_up=pl.lit(0.0),
            sold_before_expiry=pl.lit(limits.sold_before_expiry),
        )
    )
    end = plan.lead_time + plan.review

    def demand_after(days: Matrix) -> Matrix:
        after = np.zeros(lines.height)
        after[:items] = model.sum_mean(end, end + days[:items] / length)
        return after

    lines = meet_minimum(lines, demand_after, limits.below_minimum)
    if limits.budget is None:
        return lines.with_columns(asked_qty=pl.lit(None, pl.Float64))
    steps = order_steps(lines)
    avoided = np.zeros_like(steps)
    cycle = plan._replace(review=_cycle(lines.head(items), model, plan))
    avoided[:items] = avoided_loss(model, cycle, steps[:items], unmet)
    return _spent(lines, steps, avoided, limits.budget)


def _cycle(items: pl.DataFrame, model: DemandModel, plan: Plan) -> Matrix:
    """Periods that an order is for: until the next review, or until a lot is used up."""
    continuous = items["policy"].is_in(["(S-1,S)", "(r,Q)"]).fill_null(value=False).to_numpy()
    rate = model.sum_mean(plan.lead_time, plan.lead_time + 1)
    lot = items["order_lot"].fill_null(0.0).to_numpy()
    lasts = np.divide(lot, rate, out=np.ones_like(lot), where=rate > 0)
    return np.asarray(np.where(continuous, lasts.clip(1), plan.review))


def _spent(lines: pl.DataFrame, steps: Matrix, avoided: Matrix, budget: float) -> pl.DataFrame:
    """The budget spent; suppliers whose order it leaves below their minimum get none of it."""
    asked = lines
    while True:  # each round holds at least one supplier's order
        spent = within_budget(asked, steps, avoided, budget)
        held = hold_below_minimum(spent)
        dropped = (held["order_qty"] != spent["order_qty"]).fill_null(value=False)
        if not dropped.any():
            return spent.with_columns(asked_qty=lines["order_qty"])
        suppliers = held.filter(dropped)["supplier_id"].unique()
        logger.warning(
            "budget: it leaves the orders of %d suppliers below their minimum; they are held",
            len(suppliers),
        )
        out = pl.col("supplier_id").is_in(suppliers.implode()).fill_null(value=False)
        ordering = out & (pl.col("order_qty") > 0)
        asked = asked.with_columns(
            order_qty=pl.when(ordering).then(0.0).otherwise("order_qty"),
            order_value=pl.when(ordering).then(0.0).otherwise("order_value"),
            limit=pl.when(ordering).then(pl.lit("min_order_value")).otherwise("limit"),
            minimum=pl.when(ordering).then(pl.lit("budget")).otherwise("minimum"),
        )
        gone = asked["supplier_id"].is_in(suppliers.implode()).fill_null(value=False).to_numpy()
        steps = np.where(gone[:, None], 0.0, steps)
        avoided = np.where(gone[:, None], 0.0, avoided)


def _for_all(first: pl.Series, height: int) -> pl.Series:
    """A column of all lines from that of the first; the others get null."""
    return first.fill_nan(None).extend_constant(None, height - len(first))
