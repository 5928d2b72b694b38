"""What an order costs whatever it is of, and the lots that spread that cost.

Without such a cost an item is ordered at every review that finds it below its target: (R, S). With
one, it waits until a whole lot is worth ordering: (R, s, S) under periodic review, (r, Q) under
continuous review. Both are those of least cost in the backorder model, computed exactly
(:mod:`stockout.replenishment.periodic_review`, :mod:`stockout.replenishment.continuous_review`).

The shortage cost of that model is the one that the target implies: with H the cost of holding a
unit for a review period, a service level a is that of least cost at H a / (1 - a) per unit short.

- Under a cost target both levels are taken over as they are: an order may wait a little longer than
  the target would have it (``slack``), because a shortage may cost less than the order.
- Under a service level or a fill rate the reorder point stays where the target wants it, and the
  lot S - s is added to what is ordered.
- Under lost sales the levels are those of the backorder model, too. That is an approximation, 0.7 %
  above the best (s, S) on average and at most 4.1 % (benchmarks/order_costs.py, 12 cases). What
  an order has to cover is projected under lost sales, and an order never waits beyond an empty
  shelf, as long as orders pay at all: while ``sqrt(2 K d h) < p d``. Where they do not, none is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.errors import ConfigError
from stockout.forecasting.distribution import demand_quantile
from stockout.replenishment.continuous_review import optimal_reorder_quantity
from stockout.replenishment.fill_rate import demand_reorder_point_for_fill_rate
from stockout.replenishment.master_data import usable
from stockout.replenishment.periodic_review import Demand, optimal_reorder_levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.projection import Plan
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)


class Lots(NamedTuple):
    """How an order differs from what the target alone needs; every array has one entry an item."""

    slack: Matrix  # units that may be missing without an order being worth its cost
    lot: Matrix  # units ordered beyond the reorder point; 0 without an order cost

    def order(self, needed: Matrix, enough: Matrix, position: Matrix) -> Matrix:
        """What to order: what is needed, and the rest of the lot, below the reorder point.

        Args:
            needed: Units that the target alone needs now.
            enough: Smallest position at which the target alone needs no order.
            position: Units on hand and on their way.
        """
        due = (needed > 1e-9) & (position < enough - self.slack - 1e-9)
        return np.where(
            due | ((self.slack == 0) & (needed > 1e-9)), needed + self.lot - self.slack, 0.0
        )


class ReorderLots(NamedTuple):
    """The (r, Q) policy of each item; every array has one entry an item."""

    reorder_point: Matrix  # smallest position at which nothing is ordered: r + 1 for whole units
    lot: Matrix  # Q, units; 0 for fractions without an order cost


def with_order_costs(
    lines: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    *,
    order_cost: float | None = None,
    holding_cost: float | None = None,
) -> pl.DataFrame:
    """Adds what ordering a line costs, and what holding a unit of it does.

    Args:
        lines: Columns sku, supplier_id.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        order_cost: Money per order of one item, for all items; else of products, of suppliers.
        holding_cost: Money per unit and period, for all items; else of products.

    Returns:
        ``lines`` with order_cost (null where none is known, or where no holding cost is that it
        could be weighed against) and holding (null where not known).

    Raises:
        ConfigError: An order cost below 0; or one for all items, and no item has a holding cost.
    """
    if order_cost is not None and not 0 <= order_cost < float("inf"):
        raise ConfigError(f"the order cost is {order_cost:g}, expected 0 or more")
    fixed = [pl.lit(order_cost, pl.Float64)]
    held = [pl.lit(holding_cost, pl.Float64)]
    joined = lines.select("sku", "supplier_id")
    for frame, table, key, column in (
        (products, "products", "sku", "order_cost"),
        (suppliers, "suppliers", "supplier_id", "order_cost"),
        (products, "products", "sku", "holding_cost"),
    ):
        if frame is not None:
            values = usable(frame, table, column, pl.col(column) >= 0)
            name = f"{table}_{column}"
            joined = joined.join(
                values.rename({column: name}), on=key, how="left", maintain_order="left"
            )
            (fixed if column == "order_cost" else held).append(pl.col(name))
    costs = joined.with_columns(order_cost=pl.coalesce(fixed), holding=pl.coalesce(held)).select(
        "order_cost", "holding"
    )
    costs = costs.with_columns(pl.when(pl.col("holding") > 0).then("holding"))
    blind = costs.filter((pl.col("order_cost") > 0) & pl.col("holding").is_null()).height
    if blind == lines.height and blind and order_cost is not None:
        raise ConfigError(
            "an order cost is weighed against the cost of holding stock, which no item has",
            hint="give --holding-cost, or holding_cost in products",
        )
    if blind:
        logger.warning(
            "order cost: not used for %s lines, because what holding them costs is not known: give "
            "holding_cost in products",
            f"{blind:,}",
        )
    known = (pl.col("order_cost") > 0) & pl.col("holding").is_not_null()
    return lines.hstack(costs.with_columns(pl.when(known).then("order_cost")))


def periodic_lots(
    model: DemandModel, plan: Plan, lines: pl.DataFrame, enough: Matrix, unmet: Unmet
) -> Lots:
    """Lots of (R, s, S); without an order cost both are 0.

    Args:
        model: Demand after as-of.
        plan: Stock, lead time, review and target of each item of the model.
        lines: Columns order_cost, holding; row i is item i.
        enough: Smallest position at which the target alone needs no order.
        unmet: What happens to demand that finds no stock.
    """
    slack, lot = np.zeros(enough.size), np.zeros(enough.size)
    cost, holding = _numbers(lines, "order_cost"), _numbers(lines, "holding")
    end = plan.lead_time + plan.review
    mean, variance, cycle = _moments(model, plan, end)
    ask = np.flatnonzero((cost > 0) & (cycle > 0))
    if not ask.size:
        return Lots(slack, lot)
    whole = model.is_integer[ask]
    level = plan.level[ask]
    held = (holding * plan.review)[ask]
    best = optimal_reorder_levels(
        cost[ask],
        held,
        held * level / (1 - level),
        Demand(cycle[ask], (model.noise * cycle)[ask]),
        Demand(mean[ask], variance[ask]),
        whole,
    )
    target = demand_quantile(level, mean[ask], variance[ask], whole)
    by_cost = ~(plan.is_service_level | plan.is_fill_rate)[ask]
    later = np.where(by_cost, target - best.reorder_level - whole, 0.0).clip(0)
    if unmet == "lost":
        period_demand = cycle[ask] / plan.review[ask]
        lost = held * level / (1 - level) * period_demand
        pays = np.sqrt(2 * cost[ask] * period_demand * holding[ask]) < lost
        latest = (enough[ask] - np.where(pays & whole, 1, 0)).clip(0)
        later = np.where(by_cost & ~pays, latest, np.minimum(later, latest))
    slack[ask] = later
    lot[ask] = np.where(
        by_cost, best.order_up_to - target + later, best.order_up_to - best.reorder_level - whole
    ).clip(0)
    return Lots(slack, lot)


def reorder_lots(model: DemandModel, plan: Plan, lines: pl.DataFrame) -> ReorderLots:
    """Reorder point and lot of (r, Q), under continuous review; without an order cost Q is a unit.

    The protection period is the lead time. A cost target weighs what each unit short costs once.

    Args:
        model: Demand after as-of.
        plan: Lead time and target of each item of the model; the review period does not count.
        lines: Columns order_cost, holding, shortage; row i is item i.
    """
    cost, holding = _numbers(lines, "order_cost"), _numbers(lines, "holding")
    shortage = _numbers(lines, "shortage")
    mean, variance, _ = _moments(model, plan, plan.lead_time)
    horizon = model.mean.shape[0]
    length = np.where(plan.lead_time > 0, plan.lead_time, 1.0)
    rate = model.sum_mean(0, length) / length
    rate = np.where(rate > 0, rate, model.sum_mean(0, horizon) / horizon)
    whole = model.is_integer
    by_cost = ~(plan.is_service_level | plan.is_fill_rate)
    point, lot = np.zeros(mean.size), whole.astype(np.float64)
    if by_cost.any():
        best = optimal_reorder_quantity(
            *(x[by_cost] for x in (cost, holding, shortage, rate, mean, variance, whole)),
            shortage="once",
        )
        point[by_cost], lot[by_cost] = best.reorder_point, best.order_quantity
    by_share = ~by_cost
    weighed = by_share & (cost > 0) & (rate > 0)
    level = plan.level.clip(1e-6, 1 - 1e-6)
    if weighed.any():
        lot[weighed] = optimal_reorder_quantity(
            cost[weighed],
            holding[weighed],
            (holding * level / (1 - level))[weighed],
            *(x[weighed] for x in (rate, mean, variance, whole)),
        ).order_quantity
    if by_share.any():
        demand = mean[by_share], variance[by_share], whole[by_share]
        in_cycle = demand_quantile(level[by_share], *demand)
        size = np.where(lot[by_share] > 0, lot[by_share], 1e-6 * (1 + demand[0]))
        served = demand_reorder_point_for_fill_rate(level[by_share], size, *demand)
        point[by_share] = np.where(plan.is_fill_rate[by_share], served, in_cycle)
    without = mean + rate <= 0
    point = np.where(without, -1.0 * whole, point)
    return ReorderLots((point + whole).clip(0), np.where(without, 0.0, lot))


def in_lots(missing: pl.Expr, lot: pl.Expr) -> pl.Expr:
    """The fewest whole lots that cover what is missing; just that where there are no lots."""
    lots = (missing / lot - 1e-9).ceil() * lot
    return pl.when(missing <= 0).then(0.0).when(lot > 0).then(lots).otherwise(missing)


def _moments(model: DemandModel, plan: Plan, end: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Mean and variance of the demand up to ``end``, and the mean of a review period."""
    rate = model.sum_mean(plan.lead_time, plan.lead_time + plan.review) / plan.review
    variance = model.sum_variance(0, end) + (rate * plan.lead_time_sd) ** 2
    return model.sum_mean(0, end), variance, rate * plan.review


def _numbers(lines: pl.DataFrame, column: str) -> Matrix:
    return np.asarray(lines[column].fill_null(0.0).to_numpy(), dtype=np.float64)
