"""The verb ``suppliers``: how each one delivers, what its unreliability costs, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from stockout.demand.calendar import resolve_as_of
from stockout.demand.history import demand_history
from stockout.errors import NotKnownError
from stockout.impact import alternative_suppliers
from stockout.impact.purchase_lines import purchase_lines
from stockout.impact.supplier_deliveries import sources
from stockout.impact.supplier_figures import supplier_figures, supplier_months
from stockout.impact.supplier_stock import SafetyStocks, Target
from stockout.replenishment.lead_times import lead_times, received_lines, with_supplier
from stockout.replenishment.lines import order_lines, with_review_days
from stockout.tables import conform, without_crumbs
from stockout.wording import number_of

if TYPE_CHECKING:
    from datetime import date

    from stockout.demand.history import History
    from stockout.replenishment.targets import Unmet

COLUMNS = (
    "supplier_id", "name", "lines", "open_lines", "overdue_lines", "ordered_units",
    "received_units", "spend", "share_of_spend", "lead_time_days", "lead_time_sd_days",
    "lead_time_source", "stated_lead_time_days", "measured_lines", "lead_time_p10",
    "lead_time_p50", "lead_time_p90", "partial_share", "reversals", "judged_lines", "on_time",
    "in_full", "otif", "late_days", "late_days_p90", "promise_spread_days", "price_change", "skus",
    "single_source_skus", "single_source_share", "safety_stock", "safety_stock_value",
    "unreliability_units", "unreliability_value", "suggestion",
)  # fmt: skip
"""Columns of the suppliers."""

ITEM_COLUMNS = (
    "sku", "location", "supplier_id", "lead_time_days", "lead_time_sd_days", "lead_time_source",
    "review_days", "target", "suppliers", "safety_stock", "safety_stock_without_spread",
    "unreliability_units", "unreliability_value",
)  # fmt: skip
"""Columns of the items."""


@dataclass(frozen=True)
class Suppliers:
    """How suppliers deliver.

    Attributes:
        frame: One row a supplier: :data:`COLUMNS`, the largest spend first.
        items: One row an item that is sold: :data:`ITEM_COLUMNS`, its lead time that of
            ``reorder``; None where there are no sales.
        alternatives: One row an item and other supplier of it:
            :data:`stockout.impact.alternative_suppliers.COLUMNS`; None where there are no sales.
        months: One row a supplier and month in which lines were due: supplier_id, month,
            judged_lines, on_time, in_full, otif, lead_time_days (mean of the lines received in the
            month).
        as_of: The date that is judged.
        not_known: What cannot be told, and why, in words.
    """

    frame: pl.DataFrame
    items: pl.DataFrame | None
    alternatives: pl.DataFrame | None
    months: pl.DataFrame
    as_of: date
    not_known: tuple[str, ...]


def suppliers(  # noqa: PLR0917 - the tables, in the order of their weight
    purchases: pl.DataFrame,
    sales: pl.DataFrame | None = None,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    unmet: Unmet = "lost",
    service_level: float | None = None,
    fill_rate: float | None = None,
    shortage_cost: float | None = None,
    holding_cost: float | None = None,
) -> Suppliers:
    """Says how each supplier delivers, and what its unreliability costs in safety stock.

    Args:
        purchases: Canonical purchases (see :mod:`stockout.tables`).
        sales: Canonical sales: safety stocks need demand. Without them these are not known.
        inventory: Stock, so that an empty shelf is not taken for no demand.
        products: Suppliers, costs and targets.
        suppliers: Names, stated lead times, reviews and order days.
        movements: What came into stock and went out of it.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements, else
            of orders and receipts.
        freq: Length of a period of demand.
        default_lead_time_days: Where no source knows the lead time, days.
        default_review_days: Where no source knows the review period, days.
        unmet: Demand that finds no stock is ``lost``, or served later (``backorder``).
        service_level: Target of the safety stocks; with the others as ``reorder`` takes them.
        fill_rate: Target, share of demand served.
        shortage_cost: Target, with holding_cost: money per unit lost or late.
        holding_cost: Money per unit and period.

    Raises:
        NotKnownError: No purchase up to as-of names a supplier.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> ordered = [date(2026, 1, 5) + timedelta(7 * k) for k in range(6)]
    >>> bought = pl.DataFrame({"po_id": list("ABCDEF"), "sku": "A", "supplier_id": "S",
    ...     "order_date": ordered, "promised_date": [day + timedelta(10) for day in ordered],
    ...     "received_date": [day + timedelta(took) for day, took in
    ...                       zip(ordered, [8, 10, 10, 12, 9, 11], strict=True)],
    ...     "ordered_units": 10.0, "received_units": [10.0, 10, 8, 10, 10, 10]})
    >>> row = suppliers(bought).frame.select("lead_time_days", "on_time", "in_full", "otif")
    >>> row.select(pl.all().round(3)).row(0)
    (10.0, 0.667, 0.833, 0.5)
    """
    bought = conform(purchases, "purchases")
    products = None if products is None else conform(products, "products")
    suppliers = None if suppliers is None else conform(suppliers, "suppliers")
    sold = None if sales is None else conform(sales, "sales")
    as_of = _as_of(bought, sold, inventory, movements, as_of)
    bought = with_supplier(bought.filter(pl.col("order_date") <= as_of), products)
    if bought["supplier_id"].drop_nulls().is_empty():
        raise NotKnownError(
            f"no purchase up to {as_of} names a supplier",
            hint="give purchases with a supplier_id, or products that name each SKU's supplier",
        )
    lines = purchase_lines(bought, as_of)
    named = lines.drop_nulls("supplier_id")
    frame = supplier_figures(named, bought, products, suppliers, as_of)
    items = other = None
    if sold is not None:
        history = demand_history(
            sold, inventory, products, bought, movements, as_of=as_of, freq=freq
        )
        stocks = _stocks(
            history, bought, products, suppliers,
            default_lead_time_days, default_review_days,
            Target(unmet, service_level, fill_rate, shortage_cost, holding_cost),
        )  # fmt: skip
        items = _items(stocks, sources(named, products, as_of))
        other = alternative_suppliers.alternatives(
            stocks, named, bought, products, suppliers, frame, as_of
        )
    return Suppliers(
        frame=_with_stock(frame, items, other),
        items=items,
        alternatives=other,
        months=supplier_months(named, bought, as_of),
        as_of=as_of,
        not_known=_not_known(lines, frame, items, other),
    )


def _as_of(
    purchases: pl.DataFrame,
    sales: pl.DataFrame | None,
    inventory: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date | None,
) -> date:
    dated = {"sales": sales, "inventory": inventory, "movements": movements}
    if as_of is None and all(frame is None for frame in dated.values()):
        last = purchases.select(pl.max_horizontal("order_date", "received_date").max()).item()
        if last is None:
            raise NotKnownError("purchases have no rows, so there is no supplier to tell of")
        return last  # type: ignore[no-any-return]
    return resolve_as_of(dated, as_of)


def _stocks(  # noqa: PLR0917 - see suppliers()
    history: History,
    purchases: pl.DataFrame,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    default_lead_time_days: float | None,
    default_review_days: float,
    target: Target,
) -> SafetyStocks:
    none = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
    lines = order_lines(history.items, none, products, purchases)
    lines = lead_times(
        lines,
        received_lines(purchases, history.as_of),
        products,
        suppliers,
        default_lead_time_days=default_lead_time_days,
    )
    lines = with_review_days(lines, products, suppliers, None, default_review_days)
    return SafetyStocks(history, lines, products, suppliers, purchases, target)


def _items(stocks: SafetyStocks, known: pl.DataFrame) -> pl.DataFrame:
    """Safety stock of each item with and without the spread of its lead time."""
    ended = (stocks.lines["life"] == "ended").to_numpy()
    usual = np.where(ended, 0.0, stocks.units())
    even = np.where(ended, 0.0, stocks.units(lead_time_sd_days=pl.lit(0.0)))
    count = known.group_by("sku").agg(suppliers=pl.len().cast(pl.Int64))
    frame = (
        stocks.lines.with_columns(
            safety_stock=pl.Series(usual).fill_nan(None),
            safety_stock_without_spread=pl.Series(even).fill_nan(None),
            unreliability_units=pl.Series(usual - even).fill_nan(None),
        )
        .with_columns(unreliability_value=pl.col("unreliability_units") * pl.col("unit_cost"))
        .with_columns(safety_stock_value=pl.col("safety_stock") * pl.col("unit_cost"))
        .join(count, on="sku", how="left", maintain_order="left")
        .with_columns(pl.col("suppliers").fill_null(0))
    )
    return without_crumbs(frame.select(*ITEM_COLUMNS, "safety_stock_value"))


def _with_stock(
    frame: pl.DataFrame, items: pl.DataFrame | None, other: pl.DataFrame | None
) -> pl.DataFrame:
    """Adds safety stocks, what unreliability costs, and what is suggested."""
    amounts = ("safety_stock", "safety_stock_value", "unreliability_units", "unreliability_value")
    if items is None or other is None:
        frame = frame.with_columns(
            **{name: pl.lit(None, pl.Float64) for name in amounts},
            suggestion=pl.lit(None, pl.String),
        )
    else:
        sums = items.drop_nulls("supplier_id").group_by("supplier_id").agg(
            pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
            for name in amounts
        )  # fmt: skip
        frame = frame.join(sums, on="supplier_id", how="left", maintain_order="left")
        frame = frame.join(_suggested(other), on="supplier_id", how="left", maintain_order="left")
    return without_crumbs(
        frame.sort("spend", "supplier_id", descending=[True, False], nulls_last=True).select(
            COLUMNS
        )
    )


def _suggested(other: pl.DataFrame) -> pl.DataFrame:
    """A sentence for each supplier from which items could move."""
    counted = (
        other.filter(pl.col("suggestion").is_in(["switch", "split"]))
        .group_by("supplier_id", "alternative_id", "suggestion")
        .agg(
            items=pl.len(),
            units=pl.col("safety_stock_change").sum(),
            value=pl.col("safety_stock_value_change").sum(),
            cost=pl.col("cost_change_a_year").sum(),
        )
        .sort("supplier_id", "items", "alternative_id", "suggestion",
              descending=[False, True, False, True])
    )  # fmt: skip
    text = pl.format(
        "{} {} items {} {}: {} units ({} money) of safety stock, {} money a year",
        "suggestion",
        "items",
        pl.when(pl.col("suggestion") == "switch").then(pl.lit("to")).otherwise(pl.lit("with")),
        "alternative_id",
        pl.col("units").round(1),
        pl.col("value").round(2),
        pl.col("cost").round(2),
    )
    return (
        counted.with_columns(text=text)
        .group_by("supplier_id", maintain_order=True)
        .agg(suggestion=pl.col("text").str.join("; "))
    )


def _not_known(
    lines: pl.DataFrame,
    frame: pl.DataFrame,
    items: pl.DataFrame | None,
    other: pl.DataFrame | None,
) -> tuple[str, ...]:
    unnamed, unpromised = lines["supplier_id"].null_count(), lines["promised_date"].null_count()
    stated = int((frame["lead_time_source"] == "supplier").sum())
    unmeasured = frame["lead_time_source"].null_count()
    no_cost = lines["unit_cost"].null_count()
    unnamed_lines = number_of(unnamed, "line names", "lines name")
    stated_suppliers = number_of(stated, "supplier", "suppliers")
    unmeasured_suppliers = number_of(unmeasured, "supplier", "suppliers")
    lines_without = number_of(no_cost, "line has", "lines have")
    reasons = {
        f"{unnamed_lines} no supplier, and products do not either: left out": unnamed > 0,
        f"{unpromised:,} of {lines.height:,} lines have no promised date: not judged for "
        "punctuality": unpromised > 0,
        f"the lead time of {stated_suppliers} is as stated: fewer than five received lines":
            stated > 0,
        f"the lead time of {unmeasured_suppliers} is not known: fewer than five received lines, "
        "and none stated": unmeasured > 0,
        f"{lines_without} no unit cost: not in spend and prices": no_cost > 0,
        "no sales are given: safety stocks, what unreliability costs, and what another supplier "
        "would change are not known": items is None,
        "no item is known to have another supplier (purchases of the last year, products), so "
        "there is nothing to suggest": other is not None and other.is_empty(),
    }  # fmt: skip
    return tuple(text for text, applies in reasons.items() if applies)
