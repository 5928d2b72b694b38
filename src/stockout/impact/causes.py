"""The verb ``causes``: why each stockout happened, by the first rule that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.cause_rules import data_errors, late_suppliers, no_match, short_deliveries
from stockout.impact.cause_summary import CAUSES, UNATTRIBUTED, Causes
from stockout.impact.lost_sales import UNKNOWN_LEAD_TIME_DAYS, lost_sales
from stockout.impact.order_calendar import OrderCalendar
from stockout.impact.order_plan import (
    FORECAST_DAYS,
    inventory_position,
    promotions_of,
    protection_demand,
)
from stockout.impact.planning_causes import Planning, planning_causes
from stockout.impact.purchase_lines import purchase_lines
from stockout.replenishment.lead_times import lead_times, received_lines, with_supplier
from stockout.replenishment.lines import order_lines, with_review_days
from stockout.tables import conform, without_crumbs

if TYPE_CHECKING:
    from datetime import date
    from typing import Literal

    from stockout.impact.stockout_costs import LostSales

COLUMNS = (
    "sku", "location", "first_date", "last_date", "days", "days_out", "end", "cause", "evidence",
    "cause_units", "within_usual", "supplier_id", "po_id", "lost_units", "lost_low", "lost_high",
    "lost_revenue",
)  # fmt: skip
"""Columns of the episodes with their causes."""

_MOST_WEEKLY_DAYS = 7


def causes(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    suppliers: pl.DataFrame | None = None,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    forecast_days: int = FORECAST_DAYS,
    lost: LostSales | None = None,
) -> Causes:
    """Says of each stockout why it happened, with the evidence, and what it cost.

    The cause is the first that matches of: data error, late supplier, short delivery; else that of
    promotion, forecast error, ordered too late and ordered too little which took the most units;
    else unattributed. ``docs/causes.md`` tells the rules.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`), required columns date, sku, units.
        inventory: Stock or in-stock flags.
        products: Category, price, supplier, lead time and review.
        purchases: Orders with their promises and receipts. Without them only data errors,
            promotions and forecast errors can be told.
        movements: What came into stock and went out of it.
        events: Promotions.
        suppliers: Lead times, reviews and order days.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        default_lead_time_days: For items whose lead time nothing tells, days; 28 where not given.
        default_review_days: For items whose review period nothing tells, days.
        forecast_days: Days in stock before the protection period whose mean demand is the forecast.
        lost: What :func:`stockout.lost_sales` found in the same tables with the same settings,
            where that is there already.

    Raises:
        NotKnownError: There are no sales, or nothing tells when there was stock.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 77 + [0.0] * 7})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 77 + [False] * 7})
    >>> order = {"po_id": "P1", "sku": "A", "supplier_id": "S", "order_date": days[60],
    ...          "promised_date": days[76], "ordered_units": 30.0}
    >>> causes(sales, stock, purchases=pl.DataFrame(order)).frame.select(
    ...     "cause", "po_id", "cause_units").row(0)
    ('late supplier', 'P1', 30.0)
    """
    found = lost or lost_sales(
        sales, inventory, products, purchases, movements, events,
        suppliers=suppliers, as_of=as_of, freq=freq, default_lead_time_days=default_lead_time_days,
    )  # fmt: skip
    as_of = found.history.as_of
    given = _Given.conformed(sales, inventory, products, purchases, movements, events, suppliers)
    if given.purchases is not None:
        bought = with_supplier(
            given.purchases.filter(pl.col("order_date") <= as_of), given.products
        )
        given = given._replace(purchases=None if bought.is_empty() else bought)
    items, assumed = _items(found, given, default_lead_time_days, default_review_days)
    episodes = _episodes(found, items)
    matches = _matches(found, given, items, episodes, forecast_days)
    return Causes(
        lost=found,
        frame=_frame(episodes, matches),
        not_known=_not_known(given, found, episodes, assumed),
    )


class _Given(NamedTuple):
    """The canonical tables."""

    sales: pl.DataFrame
    inventory: pl.DataFrame | None
    products: pl.DataFrame | None
    purchases: pl.DataFrame | None
    movements: pl.DataFrame | None
    events: pl.DataFrame | None
    suppliers: pl.DataFrame | None

    @classmethod
    def conformed(cls, sales: pl.DataFrame, *others: pl.DataFrame | None) -> _Given:
        return cls(
            conform(sales, "sales"),
            *(
                None if frame is None else conform(frame, name)
                for name, frame in zip(cls._fields[1:], others, strict=True)
            ),
        )


def _items(
    found: LostSales, given: _Given, default_lead_time: float | None, default_review: float
) -> tuple[pl.DataFrame, int]:
    """Supplier, lead time and review of each item; and of how many the lead time is assumed."""
    none = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
    lines = order_lines(found.history.items, none, given.products, given.purchases)
    received = (
        None if given.purchases is None else received_lines(given.purchases, found.history.as_of)
    )
    lines = lead_times(
        lines,
        received,
        given.products,
        given.suppliers,
        default_lead_time_days=(
            UNKNOWN_LEAD_TIME_DAYS if default_lead_time is None else default_lead_time
        ),
    )
    lines = with_review_days(lines, given.products, given.suppliers, None, default_review)
    return lines, int((lines["lead_time_source"] == "assumed").sum())


def _episodes(found: LostSales, items: pl.DataFrame) -> pl.DataFrame:
    """The episodes with the dates, item and supply that the rules ask for."""
    runs, length = found.runs, DAYS_PER_PERIOD[found.history.freq]
    item = runs.item[runs.first]
    supply = items.select("supplier_id", "lead_time_days", "review_days")[item]
    return (
        found.episodes.with_row_index("episode")
        .with_columns(
            pl.col("episode").cast(pl.Int64),
            item=pl.Series(item),
            t=pl.Series(runs.t[runs.first]),
            ran_out=pl.col("first_date").dt.offset_by(f"{length - 1}d"),
            back=pl.col("last_date").dt.offset_by(f"{2 * length - 1}d"),
        )
        .hstack(supply)
    )


def _matches(
    found: LostSales, given: _Given, items: pl.DataFrame, episodes: pl.DataFrame, forecast_days: int
) -> list[tuple[str, pl.DataFrame]]:
    """What each rule matches, in the order in which they count."""
    as_of = found.history.as_of
    seen = episodes.filter("begun")
    lines = None if given.purchases is None else purchase_lines(given.purchases, as_of)
    wrong = data_errors(seen, given.sales, given.inventory, given.purchases, given.movements, as_of)
    planned = _planned(found, given, items, seen, lines, forecast_days)
    return [
        ("data error", wrong),
        ("late supplier", no_match() if lines is None else late_suppliers(seen, lines, as_of)),
        ("short delivery", no_match() if lines is None else short_deliveries(seen, lines)),
        *((name, _of_plan(planned, name.replace(" ", "_"))) for name in CAUSES[3:7]),
        (UNATTRIBUTED, _unexplained(episodes, planned)),
    ]


def _planned(  # noqa: PLR0917 - see causes()
    found: LostSales,
    given: _Given,
    items: pl.DataFrame,
    episodes: pl.DataFrame,
    lines: pl.DataFrame | None,
    forecast_days: int,
) -> pl.DataFrame:
    history = found.history
    t, item = (episodes[name].to_numpy().astype(np.int64) for name in ("t", "item"))
    length = DAYS_PER_PERIOD[history.freq]
    lead_time, review = (
        np.rint(episodes[name].fill_null(least).to_numpy() / length).astype(np.int64)
        for name, least in (
            ("lead_time_days", UNKNOWN_LEAD_TIME_DAYS), ("review_days", _MOST_WEEKLY_DAYS)
        )
    )  # fmt: skip
    review = np.maximum(review, 1)
    promoted = promotions_of(history, given.events, given.sales)
    plan = Planning(
        t=t,
        item=item,
        lead_time=lead_time,
        review=review,
        demand=protection_demand(
            found.latent, promoted, t, item, lead_time + review, forecast_days
        ),
        position=None if lines is None else inventory_position(history, given.inventory, lines),
        orders=None if lines is None else OrderCalendar(history, items, lines, given.suppliers),
        whole=history.items["is_integer"].to_numpy().astype(np.bool_)[item],
    )
    return planning_causes(episodes, plan, history.dates)


def _of_plan(planned: pl.DataFrame, name: str) -> pl.DataFrame:
    return planned.filter(pl.col(name) > 0).select(
        "episode",
        units=name,
        evidence=f"{name}_evidence",
        po_id=pl.lit(None, pl.String),
        within_usual=pl.when(pl.lit(name == "forecast_error")).then("as_high"),
    )


def _unexplained(episodes: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    unseen = pl.lit("when it began is not known: nothing tells of the time before")
    return episodes.join(
        planned.select("episode", "unexplained_evidence"), on="episode", how="left"
    ).select(
        "episode",
        units=pl.lit(None, pl.Float64),
        evidence=pl.when("begun").then("unexplained_evidence").otherwise(unseen),
        po_id=pl.lit(None, pl.String),
    )


def _frame(episodes: pl.DataFrame, matches: list[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Each episode with its first match."""
    first = pl.concat(
        [match.with_columns(cause=pl.lit(name)) for name, match in matches], how="diagonal"
    ).unique("episode", keep="first", maintain_order=True)
    frame = episodes.join(first, on="episode", how="left", maintain_order="left")
    frame = frame.rename({"units": "cause_units"})
    return without_crumbs(frame.select(COLUMNS))


def _not_known(
    given: _Given, found: LostSales, episodes: pl.DataFrame, assumed: int
) -> tuple[str, ...]:
    """What the causes cannot tell, in words."""
    inventory = given.inventory
    counted = inventory is not None and inventory["on_hand"].null_count() < inventory.height
    promoted = promotions_of(found.history, given.events, given.sales)
    unseen = episodes.height - int(episodes["begun"].sum())
    reasons = {
        "no purchases are given: late and short deliveries, and orders too late or too little, "
        "cannot be told": given.purchases is None,
        "how much was on hand is not known: orders too late or too little are told only where "
        "nothing was left, and errors of the books hardly": not counted,
        "no promotion is known (events, or on_promo in sales)": promoted is None,
        f"the lead time of {assumed:,} items is not known, and assumed": assumed > 0,
        f"of {unseen:,} episodes the begin is not known, so they have no cause": unseen > 0,
    }
    return tuple(text for text, applies in reasons.items() if applies)
