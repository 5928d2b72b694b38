"""Measures beside the stockout rate: turnover, accuracy of the books, times, repurchases.

Each is a figure with its unit, or one without a value and the reason why the exports cannot give
it. ``docs/report.md`` defines them.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.reports.report.blocks import Figure, Said
from stockout.tables import ITEM

if TYPE_CHECKING:
    from stockout.exports.read import Tables
    from stockout.impact.stockout_costs import LostSales

YEAR_DAYS = 365
HALF_YEAR_DAYS = 182
"""Time over which deliveries and shipments are compared with the same time before."""

HABIT_DAYS, EXPOSED_DAYS, RETURN_DAYS = 182, 28, 91
"""Customers' habits of 26 weeks, stockouts in 4 weeks, orders in the 13 weeks after."""


def turnover(tables: Tables, as_of: date) -> Figure:
    """Stock turns a year: goods sold by mean stock, both at unit cost where it is known."""
    if tables.inventory is None or tables.inventory["on_hand"].null_count() == len(
        tables.inventory
    ):
        return _unknown("turnover", "times", "no_stock_quantities")
    if tables.sales is None:
        return _unknown("turnover", "times", "no_sales")
    since = as_of - timedelta(YEAR_DAYS)
    sales = tables.sales.filter(pl.col("date").is_between(since, as_of, closed="right"))
    cost = pl.lit(1.0)
    if tables.products is not None and tables.products["unit_cost"].null_count() < len(
        tables.products
    ):
        costs = tables.products.select("sku", "unit_cost").unique("sku")
        sales = sales.join(costs, on="sku", how="left")
        cost = pl.col("unit_cost").fill_null(0.0)
    else:
        costs = None
    first = sales["date"].min()
    held = _mean_stock(tables.inventory, costs, since, as_of)
    if not isinstance(first, date) or held <= 0:
        return _unknown("turnover", "times", "no_stock_quantities")
    days = max(1, (as_of - first).days + 1)
    sold = float(sales.select((pl.col("units") * cost).sum()).item())
    return Figure("turnover", sold / held * YEAR_DAYS / days, "times", good="more")


def _mean_stock(
    inventory: pl.DataFrame, costs: pl.DataFrame | None, since: date, as_of: date
) -> float:
    """Mean over the days with a stock list of what all items were worth, or of their units."""
    lists = inventory.filter(pl.col("date").is_between(since, as_of, closed="right"))
    worth = pl.col("on_hand").clip(lower_bound=0)
    if costs is not None:
        lists = lists.join(costs, on="sku", how="left")
        worth *= pl.col("unit_cost").fill_null(0.0)
    total = lists.group_by("date").agg(worth.sum().alias("held"))["held"].mean()
    return float(total) if isinstance(total, float) else 0.0


def stock_accuracy(tables: Tables, as_of: date) -> Figure:
    """1 less the units that counts corrected within a year, up and down, by the mean stock."""
    name = "stock_accuracy"
    if tables.movements is None:
        return _unknown(name, "share", "no_movements")
    since = as_of - timedelta(YEAR_DAYS)
    counted = tables.movements.filter(
        (pl.col("kind") == "adjustment") & pl.col("date").is_between(since, as_of, closed="right")
    )
    if counted.is_empty():
        return _unknown(name, "share", "no_adjustments")
    if tables.inventory is None:
        return _unknown(name, "share", "no_stock_quantities")
    held = _mean_stock(tables.inventory, None, since, as_of)
    if held <= 0:
        return _unknown(name, "share", "no_stock_quantities")
    corrected = float(counted["units"].abs().sum())
    return Figure(name, max(0.0, 1 - corrected / held), "share", good="more")


def purchase_to_shelf(tables: Tables, as_of: date) -> Figure:
    """Median days from a purchase order to its receipt, last half year and the one before."""
    name = "purchase_to_shelf"
    if tables.purchases is None:
        return _unknown(name, "days", "no_purchases")
    return _time(name, tables.purchases, "order_date", "received_date", as_of, "no_receipts")


def order_to_ship(tables: Tables, as_of: date) -> Figure:
    """Median days from a customer order to its shipment, last half year and the one before."""
    name = "order_to_ship"
    if tables.orders is None:
        return _unknown(name, "days", "no_orders")
    return _time(name, tables.orders, "order_date", "shipped_date", as_of, "no_shipments")


def shipped_on_time(tables: Tables, as_of: date) -> Figure:
    """Share of customer order lines due in the last half year that were shipped by their date."""
    name = "shipped_on_time"
    if tables.orders is None:
        return _unknown(name, "share", "no_orders")

    def share(until: date) -> float | None:
        since = until - timedelta(HALF_YEAR_DAYS)
        due = tables.orders.filter(pl.col("due_date").is_between(since, until, closed="right"))  # type: ignore[union-attr]
        on_time = (pl.col("shipped_date") <= pl.col("due_date")).fill_null(value=False)
        return float(due.select(on_time.mean()).item()) if due.height else None

    value = share(as_of)
    if value is None:
        return _unknown(name, "share", "no_due_dates")
    return Figure(
        name, value, "share", before=share(as_of - timedelta(HALF_YEAR_DAYS)), good="more"
    )


def _time(  # noqa: PLR0917 - what it is of, and what to say where there is none
    name: str, lines: pl.DataFrame, begin: str, end: str, as_of: date, reason: str
) -> Figure:
    days = (pl.col(end) - pl.col(begin)).dt.total_days()
    values = []
    for until in (as_of, as_of - timedelta(HALF_YEAR_DAYS)):
        since = until - timedelta(HALF_YEAR_DAYS)
        done = lines.filter(pl.col(end).is_between(since, until, closed="right"))
        taken = done.select(days.alias("days"))["days"].drop_nulls()
        values.append(float(np.median(taken.to_numpy())) if len(taken) else None)
    if values[0] is None:
        return _unknown(name, "days", reason)
    return Figure(name, values[0], "days", before=values[1], good="less")


def repurchase_rates(tables: Tables, found: LostSales) -> tuple[Figure, Figure]:
    """Share of customers who bought again: of those whose usual items had run out, and of others.

    A description, not an effect: who buys more often meets more stockouts.
    """
    names = ("repurchase_exposed", "repurchase_other")
    sales, history = tables.sales, found.history
    if sales is None or sales["customer_id"].null_count() == sales.height:
        return tuple(_unknown(name, "share", "no_customers") for name in names)  # type: ignore[return-value]
    window_end = history.as_of - timedelta(RETURN_DAYS)
    window_start = window_end - timedelta(EXPOSED_DAYS)
    if history.first_period > window_start - timedelta(HABIT_DAYS):
        return tuple(_unknown(name, "share", "short_history") for name in names)  # type: ignore[return-value]
    bought = sales.filter(pl.col("customer_id").is_not_null() & (pl.col("units") > 0))
    habit = (
        bought.filter(
            pl.col("date").is_between(
                window_start - timedelta(HABIT_DAYS), window_start, closed="right"
            )
        )
        .select("customer_id", *ITEM)
        .unique()
    )
    length = DAYS_PER_PERIOD[history.freq]
    rows = [(day - history.first_period).days // length + 1 for day in (window_start, window_end)]
    share = history.share[rows[0] : rows[1]]
    out = ((share < 1) & found.active[rows[0] : rows[1]]).any(axis=0)
    exposed = (
        habit.join(history.items.select(ITEM).with_columns(out=pl.Series(out)), on=ITEM)
        .group_by("customer_id")
        .agg(pl.col("out").any())
    )
    again = bought.filter(pl.col("date").is_between(window_end, history.as_of, closed="right"))
    rates = (
        exposed.join(
            again.select("customer_id").unique().with_columns(again=True),
            on="customer_id",
            how="left",
        )
        .group_by("out")
        .agg(pl.col("again").fill_null(value=False).mean())
    )
    by_exposure = dict(rates.iter_rows())
    return (
        Figure(names[0], by_exposure[True], "share", good="more")
        if True in by_exposure
        else _unknown(names[0], "share", "nobody_exposed"),
        Figure(names[1], by_exposure[False], "share", good="more")
        if False in by_exposure
        else _unknown(names[1], "share", "everybody_exposed"),
    )


def _unknown(name: str, unit: str, reason: str) -> Figure:
    return Figure(name, None, unit, reason=Said(f"reason.{reason}"))  # type: ignore[arg-type]
