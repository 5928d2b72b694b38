"""The assortment: what is worth how much, how even its demand is, and what lies too long."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.demand.segments import segments
from stockout.impact.stock_classes import NO_DEMAND
from stockout.reports.report.blocks import (
    Column,
    Figure,
    Figures,
    Picture,
    Said,
    Section,
    Table,
    Told,
)
from stockout.reports.report.facts import Missing
from stockout.reports.report.sections.act import no_orders
from stockout.reports.report.sections.common import filled, item_columns, named
from stockout.tables import ITEM

if TYPE_CHECKING:
    from stockout.reports.report.blocks import Block
    from stockout.reports.report.facts import Facts

_DEAD = ("obsolete", "no demand")
_STOCK_CLASSES = (
    Column("stock_class", "word"),
    Column("items", "count"),
    Column("share_of_value", "share"),
    Column("stock_value", "money"),
    Column("share_of_stock_value", "share"),
    Column("turnover", "times"),
    Column("excess_value", "money"),
    Column("dead_value", "money"),
)
_BREAKS = (0, 7, 14, 30, 60, 90, 180)
"""Days of supply at which the classes end; the last is what lies beyond."""


def section_segments(facts: Facts) -> Section:
    """Value against evenness of demand: the ABC/XYZ grid, and the verb ``segments``."""
    if isinstance(facts.lost, Missing):
        return Section("segments", reason=Told(facts.lost.reason))
    classes = segments(facts.lost.history).filter(pl.col("value") > 0)
    if classes.is_empty():
        return Section("segments", reason=Said("reason.no_rows"))
    lost = facts.lost.by_item().select(*ITEM, "lost_revenue")
    frame = classes.join(lost, on=ITEM, how="left")
    blocks: list[Block] = [Said("segments.lead"), _grid(frame)]
    found = facts.verbs.get("segments")
    if isinstance(found, Missing):
        blocks.append(Told(found.reason))
    elif found is not None:
        by_stock = found.summary(["stock_class"])
        command = "stockout segments -o segments.csv"
        blocks.append(Table("segments", by_stock, filled(by_stock, _STOCK_CLASSES), 10, command))
    return Section("segments", tuple(blocks))


def _grid(frame: pl.DataFrame) -> Table:
    total = frame["value"].sum()
    grid = (
        frame.group_by("abc")
        .agg(
            *(
                pl.col("xyz").is_in([name]).sum().cast(pl.Int64).alias(f"items_{name.lower()}")
                for name in "XYZ"
            ),
            items_new=pl.col("xyz").is_null().sum().cast(pl.Int64),
            items=pl.len().cast(pl.Int64),
            value_share=pl.col("value").sum() / total,
            lost_revenue=pl.col("lost_revenue").sum(),
        )
        .sort("abc")
    )
    columns = (
        Column("abc", "text"),
        Column("items_x", "count"),
        Column("items_y", "count"),
        Column("items_z", "count"),
        Column("items_new", "count"),
        Column("items", "count"),
        Column("value_share", "share"),
        Column("lost_revenue", "money"),
    )
    return Table("abc_xyz", grid, columns, 3)


def section_stock(facts: Facts) -> Section:
    """Excess and dead stock, and how long stock lasts."""
    if isinstance(facts.orders, Missing):
        return Section("stock", reason=no_orders(facts.orders, facts))
    frame = _supply(facts)
    excess = frame.filter(pl.col("surplus") > 0)
    dead, slow = pl.col("status").is_in(_DEAD), pl.col("status") == "excess"
    costed = frame["stock_value"].null_count() < frame.height
    no_cost = None if costed else Said("reason.no_costs")

    def worth(name: str, what: pl.Expr, of: str) -> Figure:
        value = float(frame.filter(what)[of].sum()) if costed else None
        return Figure(name, value, "money", good="less", reason=no_cost)

    stock = float(frame["stock_value"].sum()) if costed else None
    median = frame.filter(pl.col("days_of_supply").is_not_null())["days_of_supply"].median()
    days = float(median) if isinstance(median, float) else None
    figures = (
        Figure("stock_value", stock, "money", reason=no_cost),
        worth("excess_value", slow, "surplus_value"),
        worth("dead_value", dead, "surplus_value"),
        Figure(
            "days_of_supply", days, "days",
            reason=None if days is not None else Said("reason.nothing_known"),
        ),
    )  # fmt: skip
    classes = _classes(frame)
    blocks: list[Block] = [
        Figures("stock", figures),
        Picture(
            "days_of_supply", "supply", {"classes": classes}, Said("caption.days_of_supply")
        ),
        Table(
            "supply_classes", classes,
            filled(classes, (
                Column("supply_class", "word"), Column("items", "count"),
                Column("stock_value", "money"),
            )), 10, beside=True,
        ),
    ]  # fmt: skip
    if excess.is_empty():
        blocks.append(Said("stock.no_excess"))
        return Section("stock", tuple(blocks))
    excess = named(excess, facts).sort(
        "surplus_value", "surplus", *ITEM, descending=[True, True, False, False], nulls_last=True
    )
    columns = (
        *item_columns(excess),
        Column("status", "word"),
        Column("on_hand", "units"),
        Column("surplus", "units"),
        Column("surplus_value", "money"),
        Column("days_of_supply", "days"),
        Column("last_sale", "date"),
    )
    blocks.append(
        Table("excess", excess, filled(excess, columns), 20, "stockout reorder -o orders.xlsx")
    )
    return Section("stock", tuple(blocks))


def _supply(facts: Facts) -> pl.DataFrame:
    """The reorder list with daily demand, days of supply, what is too much and its value."""
    orders = facts.orders
    assert isinstance(orders, pl.DataFrame)  # noqa: S101 - asked above
    frame = orders
    daily = pl.lit(None, pl.Float64)
    if isinstance(facts.forecast, pl.DataFrame):
        step = facts.forecast["date"].unique().sort().diff().median()
        days = step.days if step is not None else 1  # type: ignore[union-attr]
        rates = facts.forecast.group_by(ITEM).agg(daily=pl.col("mean").mean() / days)
        frame = frame.join(rates, on=ITEM, how="left", maintain_order="left")
        daily = pl.col("daily")
    cost = pl.lit(None, pl.Float64)
    if facts.tables.products is not None:
        costs = facts.tables.products.select("sku", "unit_cost").unique("sku")
        frame = frame.join(costs, on="sku", how="left", maintain_order="left")
        cost = pl.col("unit_cost")
    if isinstance(facts.lost, Missing):
        frame = frame.with_columns(last_sale=pl.lit(None, pl.Date))
    else:
        sold = facts.lost.history.items.select(*ITEM, "last_sale")
        frame = frame.join(sold, on=ITEM, how="left", maintain_order="left")
    held = pl.col("on_hand").clip(lower_bound=0)
    beyond: Any = pl.when(pl.col("status").is_in(_DEAD)).then(held)
    beyond = beyond.when(pl.col("status") == "excess").then(
        (held - pl.col("order_up_to")).clip(lower_bound=0)
    )
    return frame.with_columns(
        days_of_supply=pl.when(daily > NO_DEMAND).then(held / daily),
        stock_value=held * cost,
        surplus=beyond.otherwise(0.0),
    ).with_columns(surplus_value=pl.col("surplus") * cost)


def _classes(frame: pl.DataFrame) -> pl.DataFrame:
    """Items and their stock value by how long the stock lasts."""
    days = pl.col("days_of_supply")
    name: Any = pl.when(pl.col("on_hand").is_null()).then(pl.lit("not known"))
    name = name.when(pl.col("on_hand") <= 0).then(pl.lit("none"))
    name = name.when(days.is_null()).then(pl.lit("no demand ahead"))
    for low, high in itertools.pairwise(_BREAKS):
        name = name.when(days <= high).then(pl.lit(f"{low}-{high}"))
    order = ["none", *(f"{a}-{b}" for a, b in itertools.pairwise(_BREAKS)),
             f"{_BREAKS[-1]}+", "no demand ahead", "not known"]  # fmt: skip
    known = pl.col("stock_value").count() > 0
    counted = (
        frame.with_columns(supply_class=name.otherwise(pl.lit(order[-3])))
        .group_by("supply_class")
        .agg(
            items=pl.len().cast(pl.Int64),
            stock_value=pl.when(known).then(pl.col("stock_value").sum()),
        )
    )
    every = pl.DataFrame({"supply_class": order[:-2]})
    joined = every.join(counted, on="supply_class", how="left").with_columns(
        pl.col("items").fill_null(0)
    )
    rest = counted.filter(pl.col("supply_class").is_in(order[-2:])).sort("supply_class")
    return pl.concat([joined, rest])
