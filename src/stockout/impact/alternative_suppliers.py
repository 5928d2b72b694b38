"""Where an item can be had from elsewhere: what another supplier would change, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.impact.supplier_deliveries import last_costs, sources
from stockout.replenishment.lead_times import lead_times, received_lines
from stockout.tables import ITEM, without_crumbs

if TYPE_CHECKING:
    from datetime import date

    from stockout.impact.supplier_stock import SafetyStocks

MOST_ALTERNATIVES = 3
"""Other suppliers of an item that are looked at: those with the best OTIF, then the most lines."""

COLUMNS = (
    "sku", "location", "supplier_id", "alternative_id", "suggestion", "reason", "lead_time_days",
    "lead_time_sd_days", "otif", "unit_cost", "safety_stock", "alternative_lead_time_days",
    "alternative_lead_time_sd_days", "alternative_lead_time_source", "alternative_otif",
    "alternative_unit_cost", "alternative_safety_stock", "safety_stock_change",
    "safety_stock_value_change", "cost_change_a_year",
)  # fmt: skip
"""Columns of the alternatives."""

_YEAR_DAYS = 365
_NAME = "\x1f"  # stands in no exported name


def alternatives(  # noqa: PLR0917 - what is known of the suppliers, in the order it is made
    stocks: SafetyStocks,
    lines: pl.DataFrame,
    purchases: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    figures: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """Compares each item's supplier with the others that it was bought from, or that products name.

    A lead time is that of the SKU's own lines from the supplier where there are five, else that of
    all lines of the supplier, else as stated. ``switch``: the other one costs no more and needs no
    more safety stock, and one of the two is less. ``split``: it is more reliable (needs less safety
    stock) but dearer, or cheaper but less reliable: orders to both buy some of either. ``keep``: it
    is no better. Null where the costs or lead times do not tell.

    Args:
        stocks: Safety stocks of the items.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        purchases: Canonical purchases, suppliers filled in.
        products: Canonical products, or None.
        suppliers: Canonical suppliers, or None.
        figures: Columns supplier_id, otif, lines.
        as_of: Later rows are ignored.

    Returns:
        The columns of :data:`COLUMNS`, sorted by sku, location and the other supplier.
    """
    pairs = _pairs(stocks.lines, lines, products, figures, as_of)
    if pairs.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    received = received_lines(purchases, as_of).with_columns(
        sku=pl.col("sku") + _NAME + pl.col("supplier_id").fill_null("")
    )
    known = pl.concat(
        [pairs.select("sku", "supplier_id"), pairs.select("sku", supplier_id="alternative_id")]
    ).unique()
    asked = known.select(
        sku=pl.col("sku") + _NAME + pl.col("supplier_id"),
        location=pl.lit(""),
        supplier_id="supplier_id",
        own="sku",
    )
    times = lead_times(
        asked.drop("own"), received, None, suppliers, default_lead_time_days=0
    ).with_columns(sku=asked["own"])
    told = pl.when(pl.col("lead_time_source") != "assumed")
    times = times.with_columns(
        told.then(pl.col("lead_time_days", "lead_time_sd_days", "lead_time_source"))
    ).drop("location")
    costs = last_costs(lines)
    if products is not None:
        listed = products.select("sku", "supplier_id", listed="unit_cost").drop_nulls("supplier_id")
        costs = costs.join(listed.unique(["sku", "supplier_id"], keep="first"),
                           on=["sku", "supplier_id"], how="full", coalesce=True)  # fmt: skip
        costs = costs.select("sku", "supplier_id", unit_cost=pl.coalesce("unit_cost", "listed"))
    otif = figures.select("supplier_id", "otif")
    for prefix, name in (("", "supplier_id"), ("alternative_", "alternative_id")):
        for table, on in ((times, ["sku", "supplier_id"]), (costs, ["sku", "supplier_id"]),
                          (otif, ["supplier_id"])):  # fmt: skip
            renamed = table.rename(
                {
                    column: name if column == "supplier_id" else f"{prefix}{column}"
                    for column in table.columns
                    if column != "sku"
                }
            )
            on_here = [name if key == "supplier_id" else key for key in on]
            pairs = pairs.join(renamed, on=on_here, how="left", maintain_order="left")
    return _judged(_with_stock(pairs, stocks))


def _pairs(
    items: pl.DataFrame,
    lines: pl.DataFrame,
    products: pl.DataFrame | None,
    figures: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """Each item that is still sold with its supplier and the others."""
    rank = figures.select(
        alternative_id="supplier_id", otif_rank=pl.col("otif").fill_null(-1), lines="lines"
    )
    others = sources(lines, products, as_of).rename({"supplier_id": "alternative_id"})
    return (
        items.with_row_index("row")
        .filter(pl.col("life") != "ended")
        .drop_nulls("supplier_id")
        .select("row", *ITEM, "supplier_id")
        .join(others, on="sku")
        .filter(pl.col("alternative_id") != pl.col("supplier_id"))
        .join(rank, on="alternative_id", how="left")
        .sort(
            "row", "otif_rank", "lines", "alternative_id",
            descending=[False, True, True, False], nulls_last=True,
        )
        .with_columns(rank=pl.int_range(pl.len()).over("row"))
        .filter(pl.col("rank") < MOST_ALTERNATIVES)
        .drop("otif_rank", "lines")
    )  # fmt: skip


def _with_stock(pairs: pl.DataFrame, stocks: SafetyStocks) -> pl.DataFrame:
    """Safety stocks with either supplier, and the demand of a year."""
    row, rank = pairs["row"].to_numpy().astype(np.int64), pairs["rank"].to_numpy()
    found = {
        name: np.full(pairs.height, np.nan) for name in ("safety_stock", "alternative_safety_stock")
    }
    for number in range(int(rank.max()) + 1):
        chosen = np.flatnonzero(rank == number)
        for name, prefix in (("safety_stock", ""), ("alternative_safety_stock", "alternative_")):
            changes = {}
            for column in ("lead_time_days", "lead_time_sd_days"):
                values = stocks.lines[column].fill_null(np.nan).to_numpy().copy()
                values[row[chosen]] = (
                    pairs[f"{prefix}{column}"].fill_null(np.nan).to_numpy()[chosen]
                )
                changes[column] = pl.Series(column, values).fill_nan(None)
            found[name][chosen] = stocks.units(**changes)[row[chosen]]
    return pairs.with_columns(
        **{name: pl.Series(values).fill_nan(None) for name, values in found.items()},
        demand=pl.Series(stocks.demand_per_day()[row] * _YEAR_DAYS),
    )


def _judged(pairs: pl.DataFrame) -> pl.DataFrame:
    pairs = pairs.with_columns(
        safety_stock_change=pl.col("alternative_safety_stock") - pl.col("safety_stock"),
        safety_stock_value_change=pl.col("alternative_safety_stock")
        * pl.col("alternative_unit_cost")
        - pl.col("safety_stock") * pl.col("unit_cost"),
        cost_change_a_year=(pl.col("alternative_unit_cost") - pl.col("unit_cost"))
        * pl.col("demand"),
    )
    stock, cost = pl.col("safety_stock_change"), pl.col("cost_change_a_year")
    suggestion = (
        pl.when(stock.is_null() | cost.is_null())
        .then(None)
        .when((stock <= 0) & (cost <= 0) & ((stock < 0) | (cost < 0)))
        .then(pl.lit("switch"))
        .when((stock < 0) | (cost < 0))
        .then(pl.lit("split"))
        .otherwise(pl.lit("keep"))
    )
    reason = (
        pl.when(suggestion.is_not_null())
        .then(
            pl.format(
                "{} delivers in {} days (sd {}) at {} a unit, {} in {} days (sd {}) at {}: {} "
                "units of safety stock and {} money a year",
                "alternative_id",
                pl.col("alternative_lead_time_days").round(1),
                pl.col("alternative_lead_time_sd_days").round(1),
                pl.col("alternative_unit_cost").round(2),
                "supplier_id",
                pl.col("lead_time_days").round(1),
                pl.col("lead_time_sd_days").round(1),
                pl.col("unit_cost").round(2),
                _signed(stock.round(1)),
                _signed(cost.round(2)),
            )
        )
        .when(stock.is_null())
        .then(pl.lit("the lead time of one of the two is not known"))
        .otherwise(pl.lit("the unit cost of one of the two is not known"))
    )
    frame = pairs.with_columns(suggestion=suggestion, reason=reason)
    return without_crumbs(frame.sort(*ITEM, "alternative_id").select(COLUMNS))


def _signed(value: pl.Expr) -> pl.Expr:
    text = value.cast(pl.String)
    return pl.when(value > 0).then(pl.lit("+") + text).otherwise(text)


_TEXTS = {"sku", "location", "supplier_id", "alternative_id", "suggestion", "reason",
          "alternative_lead_time_source"}  # fmt: skip
_SCHEMA = {name: pl.String if name in _TEXTS else pl.Float64 for name in COLUMNS}
