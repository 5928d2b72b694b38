"""What to do now: what to order, which deliveries to chase, whose orders are at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.reports.report.blocks import Column, Figure, Figures, Said, Section, Table, Told
from stockout.reports.report.facts import Missing
from stockout.reports.report.reasons import with_reason
from stockout.reports.report.sections.common import filled, item_columns, named
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.reports.report.blocks import Block, Sentence, Unit
    from stockout.reports.report.facts import Facts

_OF_WORKBOOK_UNITS: tuple[tuple[str, Unit], ...] = (
    ("on_order", "units"), ("mean_demand", "units"), ("safety_stock", "units"),
    ("reorder_point", "units"), ("order_up_to", "units"), ("moq", "units"),
    ("pack_size", "units"), ("lead_time_days", "days"), ("review_days", "days"),
)  # fmt: skip
"""What a planner looks up in the workbook, and a page has no room for."""

_URGENT = ("stocked out", "at risk")


def section_act(facts: Facts) -> Section:
    """Orders to place, money at risk, deliveries to chase, customer orders at risk."""
    if isinstance(facts.orders, Missing):
        return Section("act", reason=no_orders(facts.orders, facts))
    lines = named(facts.orders, facts)
    if facts.tables.products is not None:
        costs = facts.tables.products.select("sku", "unit_cost").unique("sku")
        lines = lines.join(costs, on="sku", how="left", maintain_order="left")
    else:
        lines = lines.with_columns(unit_cost=pl.lit(None, pl.Float64))
    to_order = lines.filter(pl.col("order_qty") > 0)
    blocks: list[Block] = [
        Figures("act", _figures(lines, to_order), lead=True),
        Said(
            "act.lead",
            {
                "lines": (to_order.height, "count"),
                "units": (float(to_order["order_qty"].sum()), "units"),
                "value": (_sum(to_order["order_value"]), "money"),
                "urgent": (lines.filter(pl.col("status").is_in(_URGENT)).height, "count"),
            },
        ),
        _orders(lines),
        *_by_supplier(to_order, facts),
        *_late_deliveries(facts),
        *_customer_orders(facts),
    ]
    return Section("act", tuple(blocks))


def no_orders(missing: Missing, facts: Facts) -> Sentence:
    """Why there is no reorder list."""
    if facts.tables.inventory is None:
        return Said("reason.no_inventory")
    return Told(missing.reason)


def _figures(lines: pl.DataFrame, to_order: pl.DataFrame) -> tuple[Figure, ...]:
    risk, value = _sum(lines["expected_lost_revenue"]), _sum(to_order["order_value"])
    no_price, no_cost = Said("reason.no_prices"), Said("reason.no_costs")
    return (
        Figure("money_at_risk", risk, "money", reason=None if risk is not None else no_price),
        Figure("order_value", value, "money", reason=None if value is not None else no_cost),
        Figure("stocked_out", lines.filter(status="stocked out").height, "count"),
        Figure("at_risk", lines.filter(status="at risk").height, "count"),
    )


def _sum(values: pl.Series) -> float | None:
    """A sum of what is known; None where nothing is, which is no 0."""
    return (
        float(values.sum())
        if values.null_count() < max(len(values), 1)
        else (0.0 if len(values) == 0 else None)
    )


def _orders(lines: pl.DataFrame) -> Table:
    urgent = lines.filter((pl.col("order_qty") > 0) | pl.col("status").is_in(_URGENT))
    frame = with_reason(urgent)
    columns = (
        *item_columns(frame),
        Column("status", "word"),
        Column("order_qty", "units", edit=True),
        Column("order_value", "money"),
        Column("order_date", "date"),
        Column("expected_lost_revenue", "money"),
        Column("stockout_risk", "share"),
        Column("on_hand", "units"),
        Column("reason", "text"),
        Column("supplier_id", "code"),
        *(
            Column(name, unit, page=False)
            for name, unit in (*_OF_WORKBOOK_UNITS, ("unit_cost", "money"), ("target", "text"))
        ),
    )
    kept = ("status", "order_qty", "reason")
    known = {column.name for column in filled(frame, columns)}
    chosen = tuple(column for column in columns if column.name in known or column.name in kept)
    return Table("orders", frame, chosen, top=40, command="stockout reorder -o orders.xlsx")


def _by_supplier(to_order: pl.DataFrame, facts: Facts) -> Iterator[Table]:
    if to_order.is_empty() or to_order["supplier_id"].null_count() == to_order.height:
        return
    frame = to_order.group_by("supplier_id", maintain_order=True).agg(
        lines=pl.len().cast(pl.Int64),
        order_qty=pl.col("order_qty").sum(),
        order_value=pl.when(pl.col("order_value").count() > 0).then(pl.col("order_value").sum()),
        order_date=pl.col("order_date").min(),
        urgent=pl.col("status").is_in(_URGENT).sum().cast(pl.Int64),
        expected_lost_revenue=pl.col("expected_lost_revenue").sum(),
    )
    frame = _supplier_names(frame, facts).sort(
        "expected_lost_revenue", "supplier_id", descending=[True, False], nulls_last=True
    )
    columns = (
        Column("supplier_id", "code"),
        Column("supplier_name", "text"),
        Column("lines", "count"),
        Column("urgent", "count"),
        Column("order_qty", "units"),
        Column("order_value", "money"),
        Column("order_date", "date"),
        Column("expected_lost_revenue", "money"),
    )
    yield Table("by_supplier", frame, filled(frame, columns), top=15)


def _supplier_names(frame: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    suppliers = facts.tables.suppliers
    if suppliers is None:
        return frame.with_columns(supplier_name=pl.lit(None, pl.String))
    names = suppliers.select("supplier_id", supplier_name="name").unique("supplier_id")
    return frame.join(names, on="supplier_id", how="left", maintain_order="left")


def _late_deliveries(facts: Facts) -> Iterator[Table]:
    """Open purchase lines whose promised date has passed, those of empty shelves first."""
    purchases = facts.tables.purchases
    if purchases is None or isinstance(facts.orders, Missing):
        return
    as_of = pl.lit(facts.as_of)
    late = purchases.filter(
        (pl.col("order_date") <= as_of)
        & (pl.col("received_date").is_null() | (pl.col("received_date") > as_of))
        & (pl.col("promised_date") < as_of)
        & (pl.col("received_units").fill_null(0.0) < pl.col("ordered_units"))
    )
    if late.is_empty():
        return
    at_risk = facts.orders.select(*ITEM, "status", "on_hand", "expected_lost_revenue")
    frame = named(
        late.join(at_risk, on=ITEM, how="left").with_columns(
            open_units=pl.col("ordered_units") - pl.col("received_units").fill_null(0.0),
            days_late=(as_of - pl.col("promised_date")).dt.total_days(),
        ),
        facts,
    ).sort(
        "expected_lost_revenue", "days_late", "po_id", "line",
        descending=[True, True, False, False], nulls_last=True,
    )  # fmt: skip
    columns = (
        Column("po_id", "code"),
        *item_columns(frame),
        Column("status", "word"),
        Column("open_units", "units"),
        Column("promised_date", "date"),
        Column("days_late", "days"),
        Column("supplier_id", "code"),
        Column("on_hand", "units"),
        Column("expected_lost_revenue", "money"),
    )
    yield Table("late_deliveries", frame, filled(frame, columns), top=15)


def _customer_orders(facts: Facts) -> Iterator[Table]:
    """Open customer orders that are overdue, or of an item that cannot serve all of them."""
    orders = facts.tables.orders
    if orders is None or isinstance(facts.orders, Missing):
        return
    as_of = pl.lit(facts.as_of)
    is_open = pl.col("shipped_date").is_null() | (pl.col("shipped_date") > as_of)
    placed = pl.col("order_date").is_null() | (pl.col("order_date") <= as_of)
    stock = facts.orders.select(*ITEM, "on_hand", "booked_short")
    overdue = (pl.col("due_date") < as_of).fill_null(value=False)
    short = pl.col("booked_short").fill_null(0.0) > 0
    frame = named(
        orders.filter(is_open & placed)
        .join(stock, on=ITEM, how="left")
        .filter(overdue | short)
        .with_columns(
            days_late=pl.when(overdue).then((as_of - pl.col("due_date")).dt.total_days()),
        ),
        facts,
    ).sort("priority", "due_date", "order_id", "line", nulls_last=True)
    if frame.is_empty():
        return
    columns = (
        Column("order_id", "code"),
        Column("customer_id", "code"),
        *item_columns(frame),
        Column("units", "units"),
        Column("due_date", "date"),
        Column("days_late", "days"),
        Column("on_hand", "units"),
        Column("booked_short", "units"),
        Column("priority", "units"),
    )
    yield Table("customer_orders", frame, filled(frame, columns), top=15)
