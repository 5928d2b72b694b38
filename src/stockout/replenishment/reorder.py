"""The verb ``reorder``: what to order now, how much of it, and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.single_periods import tell_single_periods
from stockout.errors import ConfigError
from stockout.forecasting.learned_demand import learned_demand
from stockout.replenishment.class_targets import class_levels
from stockout.replenishment.constraints import with_order_limits
from stockout.replenishment.inputs import (
    Tables,
    check_choices,
    check_days,
    conformed,
    told_order_cost,
    up_to,
)
from stockout.replenishment.lead_times import (
    lead_times,
    received_lines,
)
from stockout.replenishment.lines import order_lines, with_review_days
from stockout.replenishment.order_costs import with_order_costs
from stockout.replenishment.order_days import with_order_days
from stockout.replenishment.order_quantities import Limits, Review, ordered, with_lots
from stockout.replenishment.policy import order_policy, plan_of
from stockout.replenishment.projection import HIGHEST_LEVEL
from stockout.replenishment.protection_demand import (
    MOMENT_DAYS,
    Fitting,
    protection_demand,
    usual_demand,
)
from stockout.replenishment.reasons import with_reason
from stockout.replenishment.shelf_life import SOLD_PROBABILITY
from stockout.replenishment.status import by_urgency, with_status
from stockout.replenishment.stock_position import (
    less_promised,
    with_stock_position,
)
from stockout.replenishment.supplier_minimum import BelowMinimum, with_supplier_minimum
from stockout.replenishment.targets import Unmet, with_targets
from stockout.tables import without_crumbs
from stockout.wording import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Literal

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

logger = logging.getLogger(__name__)

COLUMNS = (
    "sku",
    "location",
    "supplier_id",
    "on_hand",
    "on_order",
    "position",
    "mean_demand",
    "safety_stock",
    "reorder_point",
    "order_up_to",
    "order_qty",
    "order_value",
    "stockout_risk",
    "expected_lost_units",
    "expected_lost_revenue",
    "status",
    "reason",
    "lead_time_days",
    "lead_time_source",
    "review_days",
    "target",
    "raw_qty",
    "moq",
    "pack_size",
    "max_stock",
    "limit",
    "policy",
    "order_date",
    "order_cost",
    "order_lot",
    "shelf_life_days",
    "sellable_qty",
    "min_order_value",
    "top_up",
    "booked",
    "booked_beyond",
    "booked_short",
)
"""Columns of the reorder list, in their order."""


def reorder(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    orders: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    lead_time_days: float | None = None,
    review_days: float | None = None,
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    unmet: Unmet = "lost",
    service_level: float | None = None,
    fill_rate: float | None = None,
    shortage_cost: float | None = None,
    holding_cost: float | None = None,
    targets: Mapping[str, float] | None = None,
    order_cost: float | None = None,
    policy: Review = "periodic",
    sold_before_expiry: float = SOLD_PROBABILITY,
    below_minimum: BelowMinimum = "raise",
    budget: float | None = None,
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
) -> pl.DataFrame:
    """Says what to order now: a line for each item, the most urgent first.

    Every item that was sold up to as-of has a line, and every other one that the inventory names.
    How each figure is found is told where it is computed: stock in
    :mod:`stockout.replenishment.stock`, purchases on their way in
    :mod:`stockout.replenishment.position`, lead times in :mod:`stockout.replenishment.lead_times`,
    order days in :mod:`stockout.replenishment.order_days`, targets in
    :mod:`stockout.replenishment.targets`, customer orders in
    :mod:`stockout.replenishment.booked_orders`, levels and quantities in
    :mod:`stockout.replenishment.policy`, order costs in :mod:`stockout.replenishment.order_costs`,
    limits in :mod:`stockout.replenishment.order_quantities`, statuses in
    :mod:`stockout.replenishment.status`.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`); required columns date, sku, units.
        inventory: Stock on hand; flags alone do not say how much there is.
        products: Costs, prices, lead times, targets and order limits.
        suppliers: Lead times, review periods, order days and minimum order values.
        purchases: What is on its way; received ones measure lead times. Without this table the
            inventory's ``on_order`` counts, and is expected no later than an order of now.
        orders: Customer orders: open ones that are due are taken off the position, later ones
            are demand that is known already.
        movements: Rolls a stock figure that is older than as-of forward.
        overrides: A person's corrections of the forecast.
        events: Promotions, holidays and events, also planned ones, as in ``forecast``.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        lead_time_days: Lead time of all items, days, instead of any other source.
        review_days: Days between reviews of all items, instead of products and suppliers.
        default_lead_time_days: Where no source knows the lead time, days.
        default_review_days: Where no source knows the review period, days.
        unmet: Demand that finds no stock is ``lost``, or served later (``backorder``).
        service_level: Target for all items: probability of no shortage in a cycle.
        fill_rate: Target for all items: share of demand served from stock.
        shortage_cost: Target for all items, with holding_cost: money per unit lost or late.
        holding_cost: Money per unit and period (of ``freq``). With an order cost and no shortage
            cost it is no target, but what the order cost is weighed against.
        targets: Service level by category or ABC class; a product's own target goes before.
        order_cost: Money per order of an item, whatever its quantity, for all items; else of
            products, of suppliers, or none.
        policy: ``periodic``: an order has to last until that of the next review arrives; or
            ``continuous``: one goes out as soon as the position falls to the reorder point.
        sold_before_expiry: Probability with which an order is sold within its shelf life.
        below_minimum: An order below its supplier's minimum is raised (``raise``) or held
            (``hold``).
        budget: Money that all orders together may cost.
        models: Names of the models that forecast, as in ``forecast``; default all fast ones.
        time_budget: Seconds that costly models may take, as in ``forecast``.

    Returns:
        The columns of :data:`COLUMNS`. Units: on_hand (at as-of), on_order (due before lead time
        and review end), position, mean_demand (over lead time and review), safety_stock,
        reorder_point, order_up_to, raw_qty (order_up_to less position), order_qty (raw_qty and
        top_up within moq, pack_size, max_stock, sellable_qty and budget; whole where demand is),
        expected_lost_units, order_lot, booked (by customers, due in that time), booked_beyond
        (what of it the forecast has no room for; not in the position) and booked_short (what of it,
        or of what is overdue, cannot be served by its date). Money: order_value,
        expected_lost_revenue, order_cost, min_order_value. stockout_risk is the probability of a
        shortage, and the expected losses are those, until lead time and review end if nothing is
        ordered now.
        ``limit`` names the limit that changed the quantity. What is not known is null.

    Raises:
        NotKnownError: There are no sales, no item has a lead time, or no line has a cost to charge
            to the budget.
        ConfigError: An argument is out of range, or there is more than one kind of target.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 4.0] * 42})
    >>> stock = pl.DataFrame({"date": days[-1:], "sku": "A", "on_hand": 30.0})
    >>> line = reorder(sales, stock, lead_time_days=7, service_level=0.9)
    >>> line.select("sku", "on_hand", "status", "lead_time_source", "target").row(0)
    ('A', 30.0, 'at risk', 'flag', 'CSL 90 %')
    """
    check_days(
        lead_time_days=lead_time_days,
        review_days=review_days,
        default_lead_time_days=default_lead_time_days,
        default_review_days=default_review_days,
        budget=budget,
    )
    check_choices(unmet, policy, below_minimum, sold_before_expiry)
    tables = conformed(
        sales=sales,
        inventory=inventory,
        products=products,
        suppliers=suppliers,
        purchases=purchases,
        orders=orders,
        movements=movements,
        overrides=overrides,
        events=events,
    )
    history = demand_history(
        tables.sales,
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        as_of=as_of,
        freq=freq,
    )
    history = with_event_days(history, tables.events, tables.sales)
    tables = up_to(tables, history.as_of)
    received = None if tables.purchases is None else received_lines(tables.purchases, history.as_of)
    lines = order_lines(history.items, tables.inventory, tables.products, tables.purchases)
    lines = lead_times(
        lines,
        received,
        tables.products,
        tables.suppliers,
        lead_time_days=lead_time_days,
        default_lead_time_days=default_lead_time_days,
    )
    lines = _with_review(lines, tables, history.as_of, policy, review_days, default_review_days)
    lines = with_targets(
        lines,
        tables.products,
        period_days=DAYS_PER_PERIOD[history.freq],
        unmet=unmet,
        service_level=service_level,
        fill_rate=fill_rate,
        shortage_cost=shortage_cost,
        holding_cost=holding_cost,
        order_cost=order_cost if order_cost is not None else told_order_cost(tables),
        classes=class_levels(lines, history, targets) if targets else None,
    )
    lines = with_order_costs(
        lines,
        tables.products,
        tables.suppliers,
        order_cost=order_cost,
        holding_cost=holding_cost,
    )
    lines = with_order_limits(lines, tables.products)
    lines = with_supplier_minimum(lines, tables.suppliers)
    lines, incoming = with_stock_position(lines, tables, received, history, unmet)
    fitting = Fitting(models, time_budget, tables.overrides, learned_demand(history))
    model = protection_demand(history, lines, fitting)
    lines, incoming = less_promised(_revived(lines, model), incoming, model, tables.orders)
    plan = plan_of(_as_planned(lines[: history.items.height]), incoming, model)
    usual = usual_demand(history, lines, plan, unmet, fitting)
    needs = order_policy(model, plan, unmet, usual)
    lines, needs = with_lots(lines, needs, model, plan, policy)
    lines = _with_policy(lines, needs)
    limits = Limits(sold_before_expiry, below_minimum, budget)
    lines = ordered(lines, model, plan, unmet, limits)
    lines = with_reason(with_status(lines), history.as_of)
    _tell(lines, history)
    return without_crumbs(by_urgency(lines).select(COLUMNS))


def _with_review(  # noqa: PLR0917 - the sources, the best first
    lines: pl.DataFrame,
    tables: Tables,
    as_of: date,
    policy: Review,
    review_days: float | None,
    default_review_days: float,
) -> pl.DataFrame:
    """Adds review_days, order_date and wait_days: when orders can go out, and when the next."""
    any_day = {"order_date": pl.lit(None, pl.Date), "wait_days": pl.lit(0.0)}
    if policy == "continuous":
        if review_days is not None:
            raise ConfigError(
                "continuous review has no review period",
                hint="leave --review out, or choose --policy periodic",
            )
        return lines.with_columns(review_days=pl.lit(0.0), **any_day)
    lines = with_review_days(
        lines, tables.products, tables.suppliers, review_days, default_review_days
    )
    if review_days is not None:
        return lines.with_columns(**any_day)
    return with_order_days(lines, tables.products, tables.suppliers, tables.purchases, as_of)


def _as_planned(lines: pl.DataFrame) -> pl.DataFrame:
    """Lead times from as-of on, and reviews that take a moment at least."""
    return lines.with_columns(
        lead_time_days=pl.col("lead_time_days") + pl.col("wait_days"),
        position=pl.col("position") + pl.col("booked_beyond"),  # it leaves when it is due
        review_days=pl.col("review_days").clip(lower_bound=MOMENT_DAYS),
        level=pl.when(pl.col("review_days") > 0)
        .then("level")
        .otherwise(pl.col("level").clip(upper_bound=HIGHEST_LEVEL)),  # else costs tell no level
    )


def _revived(lines: pl.DataFrame, model: DemandModel) -> pl.DataFrame:
    """An ended item of which a person expects something is none."""
    expected = pl.Series(model.mean.sum(axis=0) > 0)
    wanted = expected.extend_constant(value=False, n=lines.height - len(expected))
    is_ended = (pl.col("life") == "ended") & pl.lit(wanted)
    return lines.with_columns(life=pl.when(is_ended).then(pl.lit("active")).otherwise("life"))


def _with_policy(lines: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    """Adds what the policy says, as far as stock and lead time are known."""
    of_stock = ["raw_qty", "target_need", "stockout_risk", "expected_lost_units"]
    of_lead_time = [name for name in policy.columns if name not in of_stock]
    is_over = pl.col("life").is_in(["ended", "unsold"])
    return (
        _beside(lines, policy)
        .with_columns(
            pl.when(pl.col("position").is_not_null()).then(pl.col(of_stock)),
            pl.when(pl.col("lead_time_days").is_not_null()).then(pl.col(of_lead_time)),
        )
        .with_columns(
            pl.when(is_over).then(0.0).otherwise(pl.col("raw_qty", "target_need")).name.keep()
        )
        .with_columns(
            order_up_to=pl.col("position") + pl.col("raw_qty"),
            expected_lost_revenue=pl.col("expected_lost_units") * pl.col("unit_price"),
        )
    )


def _beside(lines: pl.DataFrame, first_rows: pl.DataFrame) -> pl.DataFrame:
    """Columns that only the first lines have, those of the history; the others get null."""
    return (
        lines.with_row_index("row")
        .join(first_rows.with_row_index("row"), on="row", how="left", maintain_order="left")
        .drop("row")
    )


def _tell(lines: pl.DataFrame, history: History) -> None:
    tell_single_periods(history)
    counts = dict(lines["status"].value_counts(sort=True).iter_rows())
    logger.info(
        "reorder: %s lines by %s after %s: %s",
        f"{lines.height:,}",
        history.freq,
        history.as_of,
        ", ".join(f"{count:,} {status}" for status, count in counts.items()),
    )
    assumed = lines.filter(pl.col("lead_time_source") == "assumed").height
    if assumed:
        logger.info("lead times: assumed for %s lines, by default_lead_time_days", f"{assumed:,}")
    for status, hint in (
        ("unknown stock", "give on_hand in inventory"),
        ("unknown lead time", "set default_lead_time_days"),
    ):
        if counts.get(status):
            lines_have = number_of(counts[status], "line has", "lines have")
            logger.warning("%s %s and no order: %s", lines_have, status, hint)
