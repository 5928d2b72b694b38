"""The verb ``reorder``: what to order now, how much of it, and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
import polars as pl

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.history import demand_history
from stockout.errors import ConfigError
from stockout.forecasting.fit import fit
from stockout.replenishment.constraints import with_order_limits, with_order_qty, within_budget
from stockout.replenishment.lead_times import (
    lead_times,
    received_lines,
    usual_lateness,
    with_supplier,
)
from stockout.replenishment.lines import order_lines, with_review_days
from stockout.replenishment.policy import order_policy, plan_of
from stockout.replenishment.position import (
    arrivals,
    open_purchases,
    overdue_orders,
    with_position,
)
from stockout.replenishment.projection import avoided_loss
from stockout.replenishment.reasons import with_reason
from stockout.replenishment.status import by_urgency, with_status
from stockout.replenishment.stock import stock_on_hand
from stockout.replenishment.targets import Unmet, with_targets
from stockout.tables import ITEM, conform, without_crumbs

if TYPE_CHECKING:
    from datetime import date
    from typing import Literal

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.position import Arrivals

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
)
"""Columns of the reorder list, in their order."""


class Tables(NamedTuple):
    """The canonical tables that a reorder list is made from."""

    sales: pl.DataFrame
    inventory: pl.DataFrame
    products: pl.DataFrame | None
    suppliers: pl.DataFrame | None
    purchases: pl.DataFrame | None
    orders: pl.DataFrame | None
    movements: pl.DataFrame | None


def reorder(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    orders: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
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
    budget: float | None = None,
) -> pl.DataFrame:
    """Says what to order now: a line for each item, the most urgent first.

    Every item that was sold up to as-of has a line, and every other one that the inventory names.
    How each figure is found is told where it is computed: stock in
    :mod:`stockout.replenishment.stock`, purchases on their way in
    :mod:`stockout.replenishment.position`, lead times in :mod:`stockout.replenishment.lead_times`,
    targets in :mod:`stockout.replenishment.targets`, levels and quantities in
    :mod:`stockout.replenishment.policy`, statuses in :mod:`stockout.replenishment.status`.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`); required columns date, sku, units.
        inventory: Stock on hand; flags alone do not say how much there is.
        products: Costs, prices, lead times, targets and order limits.
        suppliers: Lead times and review periods.
        purchases: What is on its way; received ones measure lead times. Without this table the
            inventory's ``on_order`` counts, and is expected no later than an order of now.
        orders: Customer orders: overdue open ones are taken off the position.
        movements: Rolls a stock figure that is older than as-of forward.
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
        holding_cost: Money per unit and period (of ``freq``).
        budget: Money that all orders together may cost.

    Returns:
        The columns of :data:`COLUMNS`. Units: on_hand (at as-of), on_order (due before lead time
        and review end), position, mean_demand (over lead time and review), safety_stock,
        reorder_point, order_up_to, raw_qty (order_up_to less position), order_qty (raw_qty within
        moq, pack_size, max_stock and budget; whole where demand is), expected_lost_units. Money:
        order_value, expected_lost_revenue. stockout_risk is the probability of a shortage, and the
        expected losses are those, until lead time and review end if nothing is ordered now.
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
    _check(
        lead_time_days=lead_time_days,
        review_days=review_days,
        default_lead_time_days=default_lead_time_days,
        default_review_days=default_review_days,
        unmet=unmet,
        budget=budget,
    )
    tables = Tables(
        conform(sales, "sales"),
        conform(inventory, "inventory"),
        *(
            None if frame is None else conform(frame, name)
            for name, frame in (
                ("products", products),
                ("suppliers", suppliers),
                ("purchases", purchases),
                ("orders", orders),
                ("movements", movements),
            )
        ),
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
    tables = _up_to(tables, history.as_of)
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
    lines = with_review_days(
        lines, tables.products, tables.suppliers, review_days, default_review_days
    )
    lines = with_targets(
        lines,
        tables.products,
        period_days=DAYS_PER_PERIOD[history.freq],
        unmet=unmet,
        service_level=service_level,
        fill_rate=fill_rate,
        shortage_cost=shortage_cost,
        holding_cost=holding_cost,
    )
    lines = with_order_limits(lines, tables.products)
    lines, incoming = _with_position(lines, tables, received, history, unmet)
    model = _fit(history, lines)
    plan = plan_of(lines[: history.items.height], incoming, model)
    lines = _with_policy(lines, order_policy(model, plan, unmet))
    lines = with_order_qty(lines)
    if budget is not None:
        ordered = lines["order_qty"][: history.items.height].fill_null(0.0).to_numpy()
        avoided = pl.Series("avoided_units", avoided_loss(model, plan, ordered, unmet))
        lines = within_budget(_beside(lines, avoided.to_frame()), budget)
    lines = with_reason(with_status(lines), history.as_of)
    _tell(lines, history)
    return without_crumbs(by_urgency(lines).select(COLUMNS))


def _check(
    *,
    lead_time_days: float | None,
    review_days: float | None,
    default_lead_time_days: float | None,
    default_review_days: float,
    unmet: str,
    budget: float | None,
) -> None:
    for name, days in (
        ("lead time", lead_time_days),
        ("default lead time", default_lead_time_days),
    ):
        if days is not None and not 0 <= days < float("inf"):
            raise ConfigError(f"the {name} is {days:g} days, expected 0 or more")
    for name, days in (
        ("review period", review_days),
        ("default review period", default_review_days),
    ):
        if days is not None and not 0 < days < float("inf"):
            raise ConfigError(f"the {name} is {days:g} days, expected more than 0")
    if budget is not None and not budget >= 0:
        raise ConfigError(f"the budget is {budget:g}, expected 0 or more")
    if unmet not in get_args(Unmet):
        raise ConfigError(f"unmet is {unmet!r}, expected one of {', '.join(get_args(Unmet))}")


def _up_to(tables: Tables, as_of: date) -> Tables:
    """What was known at as-of, each purchase with its supplier."""
    return tables._replace(
        inventory=tables.inventory.filter(pl.col("date") <= as_of),
        purchases=None
        if tables.purchases is None
        else with_supplier(tables.purchases.filter(pl.col("order_date") <= as_of), tables.products),
    )


def _with_position(
    lines: pl.DataFrame,
    tables: Tables,
    received: pl.DataFrame | None,
    history: History,
    unmet: Unmet,
) -> tuple[pl.DataFrame, Arrivals]:
    """Adds stock, what is on the way, what is promised away, and the position they make."""
    as_of = history.as_of
    stock = stock_on_hand(tables.inventory, tables.sales, tables.purchases, tables.movements, as_of)
    lines = lines.join(stock, on=ITEM, how="left", maintain_order="left").join(
        overdue_orders(tables.orders, as_of), on=ITEM, how="left", maintain_order="left"
    )
    expected = (
        lines.filter(pl.col("on_order") > 0).select(
            *ITEM, units="on_order", days="lead_time_days", overdue=pl.lit(value=False)
        )
        if tables.purchases is None or received is None
        else open_purchases(tables.purchases, lines, usual_lateness(received), as_of)
    )
    protection = (lines["lead_time_days"] + lines["review_days"]).fill_null(0.0)
    incoming, summary = arrivals(expected, lines, protection.to_numpy(), history.freq)
    lines = with_position(lines.drop("on_order").hstack(summary), unmet)
    return lines, incoming.first(history.items.height)


def _fit(history: History, lines: pl.DataFrame) -> DemandModel:
    """Demand over the protection period of each item; of the review alone where L is unknown."""
    days = lines["lead_time_days"].fill_null(0.0) + lines["review_days"]
    protection = days[: history.items.height].to_numpy() / DAYS_PER_PERIOD[history.freq]
    return fit(history, horizon=max(1, int(np.ceil(protection.max()))), protection=protection)


def _with_policy(lines: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    """Adds what the policy says, as far as stock and lead time are known."""
    of_stock = ["raw_qty", "stockout_risk", "expected_lost_units"]
    of_lead_time = [name for name in policy.columns if name not in of_stock]
    is_over = pl.col("life").is_in(["ended", "unsold"])
    return (
        _beside(lines, policy)
        .with_columns(
            pl.when(pl.col("position").is_not_null()).then(pl.col(of_stock)),
            pl.when(pl.col("lead_time_days").is_not_null()).then(pl.col(of_lead_time)),
        )
        .with_columns(raw_qty=pl.when(is_over).then(0.0).otherwise("raw_qty"))
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
            logger.warning("%s lines have %s and no order: %s", f"{counts[status]:,}", status, hint)
