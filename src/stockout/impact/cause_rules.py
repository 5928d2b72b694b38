"""Causes that the records show: books that are wrong, deliveries that were late or short.

Each rule takes the episodes and returns those that it matches: columns episode, units (what the
cause took from the stock), evidence (a sentence) and po_id, one row an episode at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.catalogue import RULES
from stockout.demand.ledger import ledger_findings
from stockout.impact.active_life import OPEN_ORDER_DAYS
from stockout.impact.purchase_lines import LINE
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

_MATCH = ["episode", "units", "evidence", "po_id"]
_NO_ORDER = {"po_id": pl.lit(None, pl.String)}


def no_match() -> pl.DataFrame:
    """The answer of a rule that matches nothing."""
    return pl.DataFrame(
        schema={"episode": pl.Int64, "units": pl.Float64, "evidence": pl.String, "po_id": pl.String}
    )


def quantity(value: pl.Expr) -> pl.Expr:
    """Units as text without needless digits: 3, 2.5.

    >>> pl.select(quantity(pl.lit(3.0)), b=quantity(pl.lit(2.54))).row(0)
    ('3', '2.5')
    """
    return value.round(1).cast(pl.String).str.replace(r"\.0$", "").alias("text")


def data_errors(  # noqa: PLR0917 - the tables, in the order of the design
    episodes: pl.DataFrame,
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    as_of: date,
) -> pl.DataFrame:
    """Episodes in which the books were wrong.

    Stock fell by units that nothing booked explains, or a stock count took them off, in the period
    in which the item ran out; the books had less than nothing; something was sold while nothing was
    there; or stock was back without a receipt. Differences are let pass as in the check SO403.

    Args:
        episodes: Columns episode, sku, location, first_date, ran_out (last day of the first
            period), back (last day of the period after the episode).
        sales: Canonical sales.
        inventory: Canonical inventory, or None: nothing can be told.
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
        as_of: Later rows are ignored.
    """
    found = [no_match()]
    if inventory is not None and inventory["on_hand"].null_count() < inventory.height:
        wrong = ledger_findings(sales, inventory, purchases, movements, as_of=as_of)
        found += [_unexplained(episodes, wrong, booked=movements is not None)]
        found += [_below_nothing(episodes, inventory)]
    if movements is not None:
        found += [_counted_off(episodes, movements)]
    return pl.concat(found).unique("episode", keep="first", maintain_order=True)


def _unexplained(episodes: pl.DataFrame, wrong: pl.DataFrame, *, booked: bool) -> pl.DataFrame:
    limits = RULES["SO403"].thresholds
    least = limits["units" if booked else "units_without_movements"].default
    difference = pl.col("counted") - pl.col("ledger")
    at_start = pl.col("date").is_between("first_date", "ran_out")
    after = pl.col("date") > pl.col("last_date")
    what = pl.col("what")
    rows = (
        episodes.join(wrong, on=ITEM)
        .filter(pl.col("date").is_between("first_date", "back"))
        .with_columns(units=difference.abs().fill_null(1.0), up=difference > 0)
        .filter(
            ((what == "count") & ~pl.col("up") & at_start & (pl.col("units") > least))
            | ((what == "count") & pl.col("up") & after & (pl.col("units") > least))
            | ((what == "sold") & ~after)
        )
        .sort("episode", "date")
    )
    sentence = (
        pl.when(what == "sold")
        .then(pl.format("sold on {} while the books had nothing", "date"))
        .when("up")
        .then(
            pl.format("{} units were back on {} without a receipt", quantity(pl.col("units")),
                      "date")
        )
        .otherwise(
            pl.format("{} units less were counted on {} than the books explain",
                      quantity(pl.col("units")), "date")
        )
    )  # fmt: skip
    return rows.with_columns(evidence=sentence, **_NO_ORDER).select(_MATCH)


def _below_nothing(episodes: pl.DataFrame, inventory: pl.DataFrame) -> pl.DataFrame:
    below = inventory.filter(pl.col("on_hand") < 0).select(*ITEM, "date", "on_hand")
    return (
        episodes.join(below, on=ITEM)
        .filter(pl.col("date").is_between("first_date", "last_date"))
        .sort("episode", "date")
        .select(
            "episode",
            units=-pl.col("on_hand"),
            evidence=pl.format("the books had {} units on {}", quantity(pl.col("on_hand")), "date"),
            **_NO_ORDER,
        )
    )


def _counted_off(episodes: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    off = movements.filter((pl.col("kind") == "adjustment") & (pl.col("units") < 0))
    return (
        episodes.join(off.select(*ITEM, "date", off="units"), on=ITEM)
        .filter(pl.col("date").is_between("first_date", "ran_out"))
        .group_by("episode")
        .agg(units=-pl.col("off").sum(), date=pl.col("date").max())
        .sort("episode")
        .select(
            "episode",
            "units",
            evidence=pl.format(
                "a stock count took the last {} units off the books on {}",
                quantity(pl.col("units")),
                "date",
            ),
            **_NO_ORDER,
        )
    )


def late_suppliers(episodes: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Episodes that began after the promised date of an order and before it had come in full.

    Where a line names no promised date, it is due after the item's lead time. A line that is open
    for more than a year was forgotten in the books.

    Args:
        episodes: Columns episode, sku, location, ran_out, lead_time_days.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        as_of: The date that is judged.
    """
    arrival = pl.when(~pl.col("is_open")).then("last_received")
    some = (pl.col("first_received") <= pl.col("ran_out")).fill_null(value=False)
    rest = pl.when("is_open").then(pl.col("ordered") - pl.col("received")).otherwise("last_units")
    missing = pl.when(some).then(rest).otherwise("ordered")
    due = pl.col("order_date") + pl.duration(days=pl.col("lead_time_days").ceil())
    open_lines = lines.filter(
        pl.col("is_open")
        | (pl.col("last_received") >= pl.col("promised_date")).fill_null(value=True)
    )
    return _worst(
        episodes.join(open_lines, on=ITEM)
        .with_columns(
            arrival=arrival, units=missing, due=pl.coalesce("promised_date", due),
        )
        .filter(
            (pl.col("due") <= pl.col("ran_out"))
            & (pl.col("order_date") > pl.col("ran_out") - timedelta(OPEN_ORDER_DAYS))
            & ((pl.col("arrival") > pl.col("ran_out")) | pl.col("arrival").is_null())
            & (pl.col("is_open") | pl.col("arrival").is_not_null())
        )
        .with_columns(
            evidence=pl.format(
                "order {}{} of {} units was {} for {} and {}",
                "po_id",
                _of_supplier(),
                quantity(pl.col("ordered")),
                pl.when(pl.col("promised_date").is_null())
                .then(pl.lit("due by its lead time"))
                .otherwise(pl.lit("promised")),
                "due",
                pl.when(pl.col("arrival").is_null())
                .then(pl.format("had not come in full by {}", pl.lit(as_of)))
                .otherwise(
                    pl.format(
                        "came on {}, {} days late",
                        "arrival",
                        (pl.col("arrival") - pl.col("due")).dt.total_days(),
                    )
                ),
            )
        )
    )  # fmt: skip


def short_deliveries(episodes: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Episodes that began after a line was closed with less than was ordered.

    The rest is missing until the next order that was placed on or after that day arrives.

    Args:
        episodes: Columns episode, sku, location, ran_out.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
    """
    lines = lines.with_row_index("row")
    short = lines.filter(
        ~pl.col("is_open")
        & pl.col("last_received").is_not_null()
        & (pl.col("received") < pl.col("ordered"))
    )
    made_up = (
        short.select("row", *ITEM, closed="last_received")
        .join(lines.select(*ITEM, "order_date", next="last_received", other="row"), on=ITEM)
        .filter((pl.col("order_date") >= pl.col("closed")) & (pl.col("other") != pl.col("row")))
        .sort("order_date", "next", nulls_last=True)
        .group_by("row")
        .agg(pl.col("next").first(), followed=pl.lit(value=True).first())
    )
    until = pl.col("next").is_null() | (pl.col("next") > pl.col("ran_out"))
    return _worst(
        episodes.join(short.join(made_up, on="row", how="left"), on=ITEM)
        .filter((pl.col("last_received") <= pl.col("ran_out")) & until)
        .with_columns(units=pl.col("ordered") - pl.col("received"))
        .with_columns(
            evidence=pl.format(
                "order {}{} brought {} of {} units on {}",
                "po_id",
                _of_supplier(),
                quantity(pl.col("received")),
                quantity(pl.col("ordered")),
                "last_received",
            )
        )
    )


def _of_supplier() -> pl.Expr:
    return pl.coalesce(pl.format(" from {}", "supplier_id"), pl.lit(""))


def _worst(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each episode the order that lacked most; the units of all of them."""
    count = pl.len().over("episode")
    more = pl.when(count > 1).then(pl.format("; {} orders in all", count)).otherwise(pl.lit(""))
    return (
        rows.filter(pl.col("units") > 0)
        .with_columns(
            evidence=pl.col("evidence") + more, total=pl.col("units").sum().over("episode")
        )
        .sort("episode", "units", *LINE, descending=[False, True, *(False for _ in LINE)])
        .unique("episode", keep="first", maintain_order=True)
        .select("episode", "evidence", "po_id", units="total")
        .select(_MATCH)
    )
