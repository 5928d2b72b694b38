"""Purchase and customer orders whose dates or quantities cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.robust import NORMAL
from stockout.checks.row_rules import RowRule, fetch, row_rules
from stockout.checks.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

CODES = ("SO601", "SO602", "SO603", "SO604", "SO605", "SO606", "SO607", "SO608")


def purchase_findings(data: Data) -> Iterator[Found]:
    """Findings SO601 to SO608."""
    if data.has("orders"):
        yield from row_rules(data, "orders", _ORDER_RULES)
    if not data.has("purchases"):
        return
    rules = [*_PURCHASE_RULES, _over_delivery(data.threshold("SO605", "share"))]
    today = _today(data)
    if today is not None:
        rules.append(_forgotten(today, data.threshold("SO607", "days")))
    yield from row_rules(data, "purchases", rules)
    if data.is_on("SO601"):
        yield from _no_lead_time(data)
    if data.is_on("SO602") and data.has("purchases", "received_date"):
        yield _unusual_lead_time(data)


def _before(code: str, earlier: str, later: str, hint: str) -> RowRule:
    return RowRule(
        code,
        later,
        pl.col(later) < pl.col(earlier),
        pl.format(f"{later} {{}} lies before {earlier} {{}}", later, earlier),
        hint,
        (earlier, later),
    )


def _nothing_ordered(column: str) -> RowRule:
    return RowRule(
        "SO608",
        column,
        pl.col(column) <= 0,
        pl.format(f"{column} is {{}}", amount(pl.col(column))),
        "leave cancelled lines and returns to the supplier out with an exclude rule",
        (column,),
    )


_SWAPPED = "correct one of the dates; are day and month exchanged?"
_ORDER_RULES = (
    _before("SO603", "order_date", "shipped_date", _SWAPPED),
    _before("SO604", "order_date", "due_date", _SWAPPED),
    _nothing_ordered("units"),
)
_PURCHASE_RULES = (
    _before("SO603", "order_date", "received_date", _SWAPPED),
    _before("SO604", "order_date", "promised_date", _SWAPPED),
    _nothing_ordered("ordered_units"),
    RowRule(
        "SO606",
        "received_date",
        (pl.col("received_units") > 0) & pl.col("received_date").is_null(),
        pl.format(
            "{} units were received, and no date says when", amount(pl.col("received_units"))
        ),
        "fill received_date in; without it the line counts as open, and for no lead time",
        ("received_units", "received_date"),
    ),
)


def _over_delivery(share: float) -> RowRule:
    received, ordered = pl.col("received_units"), pl.col("ordered_units")
    return RowRule(
        "SO605",
        "received_units",
        (ordered > 0) & (received > (1 + share) * ordered),
        pl.format("{} units received of {} ordered", amount(received), amount(ordered)),
        "are both in the same unit? A case that counts as pieces is the usual reason",
        ("received_units",),
    )


def _today(data: Data) -> date | None:
    """The day that the data speak for: as-of, else the last plausible day of any feed."""
    if data.as_of is not None:
        return data.as_of
    feeds = [table for table in ("sales", "inventory", "movements") if data.has(table, "date")]
    days = [data.last_date(table) for table in feeds]
    return max((day for day in days if day is not None), default=None)


def _forgotten(today: date, days: float) -> RowRule:
    due = pl.coalesce("promised_date", "order_date")
    return RowRule(
        "SO607",
        "received_date",
        pl.col("received_date").is_null()
        & (pl.col("received_units").fill_null(0) < pl.col("ordered_units"))
        & ((pl.lit(today) - due).dt.total_days() > days),
        pl.format(
            "due on {}, {} days ago, and still open", due, (pl.lit(today) - due).dt.total_days()
        ),
        "close the line if it will never come: its units count as on their way",
        ("received_date",),
    )


def _no_lead_time(data: Data) -> Iterator[Found]:
    """Lines that arrive, or are promised for, the day on which they were ordered."""
    rows = data.rows("purchases")
    for table, key in (("products", "sku"), ("suppliers", "supplier_id")):
        if data.has(table, "lead_time_days") and data.has("purchases", key):
            at_once = data.rows(table).filter(pl.col("lead_time_days") < 1).select(key).unique()
            rows = rows.join(at_once, on=key, how="anti", maintain_order="left")
    for column in ("promised_date", "received_date"):
        if data.has("purchases", column):
            yield fetch(
                data,
                RowRule(
                    "SO601",
                    column,
                    pl.col(column) == pl.col("order_date"),
                    pl.format(f"{column} {{}} is the order date", column),
                    "some systems repeat the order date: export the delivery date; if the "
                    "supplier delivers at once, say lead_time_days = 0 in products or suppliers",
                    (column,),
                ),
                "purchases",
                rows,
            )


def _unusual_lead_time(data: Data) -> Found:
    """Lead times far from the supplier's median, in days and as a multiple of the usual spread."""
    days = (pl.col("received_date") - pl.col("order_date")).dt.total_days()
    usual = data.usual_dates("purchases", "received_date")
    lines = data.rows("purchases").filter(
        days >= 0, usual.holds("received_date"), usual.holds("order_date")
    )
    log = days.log1p()
    spreads = (
        lines.group_by("supplier_id")
        .agg(
            pl.len().alias("lines"),
            log.median().alias("centre"),
            (log - log.median()).abs().median().alias("deviation"),
        )
        .filter(pl.col("lines") >= data.threshold("SO602", "lines"))
        .with_columns(
            spread=(NORMAL * pl.col("deviation")).clip(data.threshold("SO602", "least_spread"))
        )
    )
    (spreads_found,) = data.collect(spreads)
    middle = pl.col("centre").exp() - 1
    return fetch(
        data,
        RowRule(
            "SO602",
            "received_date",
            (
                (log - pl.col("centre")).abs()
                >= data.threshold("SO602", "spreads") * pl.col("spread")
            )
            & ((days - middle).abs() >= data.threshold("SO602", "days")),
            pl.format(
                "took {} days, where this supplier usually takes {}",
                days,
                middle.round().cast(pl.Int64),
            ),
            "correct order_date or received_date, or leave the line out",
            ("received_date",),
        ),
        "purchases",
        lines.join(
            spreads_found.lazy(),
            on="supplier_id",
            nulls_equal=True,
            maintain_order="left",
        ),
    )
