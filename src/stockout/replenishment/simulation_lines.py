"""The items that are simulated, as they stand at as-of: stock, supply, and what a unit costs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import NotKnownError
from stockout.replenishment.lead_times import (
    lead_times,
    received_lines,
    usual_lateness,
)
from stockout.replenishment.lines import order_lines, with_review_days
from stockout.replenishment.master_data import usable
from stockout.replenishment.position import open_purchases, overdue_orders
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM
from stockout.wording import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockout.demand.history import History
    from stockout.replenishment.inputs import Tables
    from stockout.replenishment.scenarios import Scenario

logger = logging.getLogger(__name__)

_DAYS_A_YEAR = 365


def simulation_lines(
    tables: Tables,
    history: History,
    *,
    lead_time_days: float | None,
    default_lead_time_days: float | None,
    review_days: float | None,
    default_review_days: float,
) -> pl.DataFrame:
    """The items that can be simulated; says which cannot, and why.

    Args:
        tables: As they were known at as-of.
        history: Of the same tables.
        lead_time_days: Of all items, days.
        default_lead_time_days: Where no source knows it, days.
        review_days: Of all items, days.
        default_review_days: Where no source knows it, days.

    Returns:
        Columns of :func:`stockout.replenishment.lines.order_lines` and, beside lead times and
        reviews: item (row of the history), category, stock (free units; null where not known) and
        open (list of structs of days after as-of and units; null where nothing is on its way).

    Raises:
        NotKnownError: There is no item that can be simulated.
    """
    as_of = history.as_of
    received = None if tables.purchases is None else received_lines(tables.purchases, as_of)
    lines = order_lines(history.items, tables.inventory, tables.products, tables.purchases)
    lines = lines.head(history.items.height).with_columns(
        history.items["category"], item=pl.int_range(pl.len())
    )
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
    on_hand = stock_on_hand(
        tables.inventory, tables.sales, tables.purchases, tables.movements, as_of
    )
    lines = lines.join(on_hand, on=ITEM, how="left", maintain_order="left").join(
        overdue_orders(tables.orders, as_of), on=ITEM, how="left", maintain_order="left"
    )
    away = pl.sum_horizontal("reserved", "blocked", "owed")
    lines = lines.with_columns(stock=pl.col("on_hand").clip(lower_bound=0) - away)
    expected = (
        lines.filter((pl.col("on_order") > 0) & pl.col("lead_time_days").is_not_null()).select(
            *ITEM, units="on_order", days="lead_time_days"
        )
        if tables.purchases is None or received is None
        else open_purchases(tables.purchases, lines, usual_lateness(received), as_of)
    )
    opened = expected.group_by(ITEM).agg(
        open=pl.struct(pl.col("days").cast(pl.Float64), pl.col("units").cast(pl.Float64))
    )
    return _possible(lines.join(opened, on=ITEM, how="left", maintain_order="left"))


def _possible(lines: pl.DataFrame) -> pl.DataFrame:
    is_over = pl.col("life").is_in(["ended", "unsold"])
    over = lines.filter(is_over).height
    if over:
        logger.info("simulate: %s items that are no longer sold are left out", f"{over:,}")
    sold = lines.filter(~is_over)
    known = sold.filter(pl.col("lead_time_days").is_not_null())
    if known.is_empty():
        raise NotKnownError(
            "there is nothing to simulate: no item is still sold and has a known lead time"
        )
    if known.height < sold.height:
        logger.warning(
            "%s left out: set default_lead_time_days",
            number_of(
                sold.height - known.height,
                "item has unknown lead time and is",
                "items have unknown lead time and are",
            ),
        )
    unknown = known["stock"].null_count()
    if unknown:
        logger.warning(
            "%s in the long run only: give on_hand in inventory",
            number_of(
                unknown,
                "item has unknown stock, so it is",
                "items have unknown stock, so they are",
            ),
        )
    return known


def warn_of_cut_lead_times(lines: pl.DataFrame, worlds: Iterable[Scenario]) -> None:
    """Tells of scenarios that take more off a lead time than there is of it."""
    for world in worlds:
        change = world.lead_time
        if change is None or change.how != "add":
            continue
        cut = int((lines["lead_time_days"] + change.by < 0).sum())
        if cut:
            logger.warning(
                "%s: %s delivered at once",
                world.name,
                number_of(
                    cut,
                    "item has a shorter lead time than that, and is",
                    "items have a shorter lead time than that, and are",
                ),
            )


def with_money(
    lines: pl.DataFrame,
    products: pl.DataFrame | None,
    period_days: int,
    *,
    shortage_cost: float | None,
    holding_cost: float | None,
    holding_rate: float,
) -> pl.DataFrame:
    """Adds what a unit short and a unit held cost; null where it is not known.

    Args:
        lines: Columns sku, unit_cost, unit_price.
        products: Canonical products, or None; their own costs count where none is given.
        period_days: Days of the period that holding costs are for.
        shortage_cost: Money per unit short.
        holding_cost: Money per unit and period.
        holding_rate: Holding cost a year as a share of the unit cost, where none is known.

    Returns:
        ``lines`` with shortage_cost (as told), lost_cost (that, else price less cost) and
        holding_a_day, per unit.
    """
    for name, given in (("shortage_cost", shortage_cost), ("holding_cost", holding_cost)):
        if given is not None or products is None:
            lines = lines.with_columns(pl.lit(given, pl.Float64).alias(name))
            continue
        own = usable(products, "products", name, pl.col(name) > 0)
        lines = lines.join(own, on="sku", how="left", maintain_order="left")
    margin = (pl.col("unit_price") - pl.col("unit_cost")).clip(lower_bound=0)
    return lines.with_columns(
        lost_cost=pl.coalesce("shortage_cost", margin),
        holding_a_day=pl.coalesce(
            pl.col("holding_cost") / period_days,
            pl.col("unit_cost") * holding_rate / _DAYS_A_YEAR,
        ),
    )
