"""What is on its way to an item, and what is already promised away.

Position = on hand + open purchases due before the protection period (lead time + review) ends
- overdue open customer orders - reserved - blocked. Each open purchase has its own expected date,
so that it does not hide a stockout before it arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ITEM

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.periods import Freq
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

MAX_ARRIVALS = 12
"""Arrivals of one item that keep dates of their own; more are put together, at the later date."""


class Arrivals(NamedTuple):
    """Open purchases that arrive before the protection period ends, by item and in order."""

    periods: Matrix  # (items, k) periods after as-of; inf where an item has fewer than k
    units: Matrix  # (items, k) units; 0 where periods is inf

    def first(self, items: int) -> Arrivals:
        """The arrivals of the first items."""
        return Arrivals(self.periods[:items], self.units[:items])


def open_purchases(
    purchases: pl.DataFrame, items: pl.DataFrame, lateness: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Purchase lines that are still to come, with the date on which to expect them.

    A line is open while it has no ``received_date`` up to as-of; what of it was received counts as
    received. A line with a ``received_date`` is closed, even where less came than was ordered: the
    rest is a short delivery, not on its way. Where several rows of one line (same po_id, line, SKU
    and location) repeat its ordered units beside partial receipts, they are counted once.

    A line is expected on its promised date plus the usual lateness of its supplier; without a
    promise on the order date plus the item's lead time. One that should have come before as-of is
    overdue, and expected to take as many days again: an assumption, by which a line that was
    forgotten in the books stops counting. What should have come by as-of comes the next day at the
    earliest.

    Args:
        purchases: Canonical purchases, suppliers filled in.
        items: Columns sku, location, lead_time_days.
        lateness: As from :func:`stockout.replenishment.lead_times.usual_lateness`.
        as_of: Orders, receipts after it are ignored.

    Returns:
        Columns sku, location, units, days (after as-of, over 0), overdue.
    """
    is_open = pl.col("received_date").is_null() | (pl.col("received_date") > as_of)
    lines = _open_units(
        purchases.filter(pl.col("order_date") <= as_of).with_columns(is_open=is_open)
    )
    others = lateness.filter(pl.col("supplier_id").is_null())["late_days"]
    due = pl.coalesce(
        (pl.col("promised_date") - pl.lit(as_of)).dt.total_days()
        + pl.coalesce("late_days", others.first()),
        (pl.col("order_date") - pl.lit(as_of)).dt.total_days() + pl.col("lead_time_days"),
    )
    return (
        lines.join(
            lateness.drop_nulls("supplier_id"),
            on="supplier_id",
            how="left",
            maintain_order="left",
        )
        .join(items.select(*ITEM, "lead_time_days"), on=ITEM, how="left", maintain_order="left")
        .with_columns(due=due)
        .with_columns(overdue=pl.col("due") < 0)
        .select(
            *ITEM,
            "units",
            days=pl.when(pl.col("due") <= 0)
            .then((-pl.col("due")).clip(lower_bound=1))
            .otherwise("due"),
            overdue="overdue",
        )
    )


def _open_units(rows: pl.DataFrame) -> pl.DataFrame:
    """The open rows with the units that are still to come, where there are any."""
    line = ["po_id", "line", *ITEM]
    ordered, received = pl.col("ordered_units"), pl.col("received_units").fill_null(0.0)
    closed = ~pl.col("is_open")
    short = received < ordered
    repeated = (
        closed.any().over(line)
        & (short | ~closed).all().over(line)
        & (ordered.n_unique().over(line) == 1)
    )
    received_before = received.filter(closed).sum().over(line)
    return rows.with_columns(
        units=ordered
        - pl.when(pl.col("received_date").is_null()).then(received).otherwise(0.0)
        - pl.when(repeated).then(received_before).otherwise(0.0)
    ).filter(pl.col("is_open") & (pl.col("units") > 0))


def overdue_orders(orders: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """Units that customers ordered, were due by as-of, and have not been shipped.

    An order without a due date is due when it is placed.

    Args:
        orders: Canonical orders, or None.
        as_of: The date that is judged.

    Returns:
        Columns sku, location, owed.
    """
    if orders is None:
        return pl.DataFrame(schema={"sku": pl.String, "location": pl.String, "owed": pl.Float64})
    day = pl.lit(as_of)
    placed = (pl.col("order_date") <= day).fill_null(value=True)
    unshipped = pl.col("shipped_date").is_null() | (pl.col("shipped_date") > day)
    due = pl.coalesce("due_date", "order_date", day) <= day
    return orders.filter(placed & unshipped & due).group_by(ITEM).agg(owed=pl.col("units").sum())


def arrivals(
    incoming: pl.DataFrame, items: pl.DataFrame, protection_days: Matrix, freq: Freq
) -> tuple[Arrivals, pl.DataFrame]:
    """Places open purchases on the time axis of each item.

    Time is counted in periods after as-of. With weekly demand the goods of the first day of a week
    after as-of are there for all of it, as those of the day before are.

    Args:
        incoming: Columns sku, location, units, days, overdue.
        items: Columns sku, location; row i is row i of the result.
        protection_days: (items,) lead time and review.
        freq: Length of a period.

    Returns:
        The arrivals before the protection period ends; and a frame, row i for item i, with
        on_order (their units), overdue (units of them that are overdue) and late_units (units that
        come after it, and do not count).
    """
    length = DAYS_PER_PERIOD[freq]
    indexed = items.select(ITEM).with_columns(end=protection_days / length).with_row_index("item")
    placed = (
        incoming.join(indexed, on=ITEM)
        .with_columns(periods=_periods(pl.col("days"), length))
        .with_columns(counts=pl.col("periods") < pl.col("end"))
    )
    totals = placed.group_by("item").agg(
        on_order=pl.col("units").filter("counts").sum(),
        overdue=pl.col("units").filter(pl.col("counts") & pl.col("overdue")).sum(),
        late_units=pl.col("units").filter(~pl.col("counts")).sum(),
    )
    summary = (
        indexed.select("item")
        .join(totals, on="item", how="left", maintain_order="left")
        .select(pl.col("on_order", "overdue", "late_units").fill_null(0.0))
    )
    return _matrix(placed.filter("counts"), items.height), summary


def _periods(days: pl.Expr, length: int) -> pl.Expr:
    if length == 1:
        return days
    return pl.when(days % length <= 1).then((days / length).floor()).otherwise(days / length)


def with_promised(
    incoming: Arrivals, promised: Matrix, protection: Matrix
) -> tuple[Arrivals, Matrix]:
    """Arrivals, less what leaves for customers who have ordered it.

    Args:
        incoming: Of each item.
        promised: (horizon, items) units due in each period.
        protection: (items,) periods until the protection period ends; what is due later waits for
            the next order.

    Returns:
        The arrivals, with units below 0 that leave at the start of a period; and (items,) how much
        leaves before the protection period ends.
    """
    counted = np.where(np.arange(promised.shape[0])[:, None] < protection, promised, 0.0)
    total = np.asarray(counted.sum(axis=0))
    if not total.any():
        return incoming, total
    item, k = np.nonzero(np.isfinite(incoming.periods))
    period, customer = np.nonzero(counted)
    rows = pl.DataFrame(
        {
            "item": np.concatenate([item, customer]),
            "periods": np.concatenate([incoming.periods[item, k], period.astype(np.float64)]),
            "units": np.concatenate([incoming.units[item, k], -counted[period, customer]]),
            "end": protection[np.concatenate([item, customer])],
        }
    )
    return _matrix(rows, protection.size), total


def _matrix(placed: pl.DataFrame, items: int) -> Arrivals:
    step = pl.col("end") / MAX_ARRIVALS
    own_date = pl.col("periods").n_unique().over("item") <= MAX_ARRIVALS
    shared = pl.col("periods").max().over("item", (pl.col("periods") / step).floor())
    per_date = (
        placed.with_columns(periods=pl.when(own_date).then("periods").otherwise(shared))
        .group_by("item", "periods")
        .agg(pl.col("units").sum())
        .sort("item", "periods")
        .with_columns(k=pl.int_range(pl.len()).over("item"))
    )
    width = 0 if per_date.is_empty() else per_date.select(pl.col("k").max()).item() + 1
    periods = np.full((items, width), np.inf)
    units = np.zeros((items, width))
    at = (per_date["item"].to_numpy(), per_date["k"].to_numpy())
    periods[at] = per_date["periods"].to_numpy()
    units[at] = per_date["units"].to_numpy()
    return Arrivals(periods, units)


def with_position(lines: pl.DataFrame, unmet: Unmet) -> pl.DataFrame:
    """Adds the position of each line and what it is made of.

    Less than nothing cannot be on hand. Such a figure is an error of the books and counts as 0,
    unless unmet demand is served later (``backorder``): then it is what is owed.

    Args:
        lines: Columns on_hand, reserved, blocked, owed, on_order, overdue, late_units,
            lead_time_days.
        unmet: What happens to demand that finds no stock.

    Returns:
        ``lines`` with committed (reserved, blocked or owed), free (on hand less reserved and
        blocked), position and is_lost. Without a lead time on_order and position are null: which
        purchases count is not known.
    """
    on_hand = pl.col("on_hand") if unmet == "backorder" else pl.col("on_hand").clip(lower_bound=0)
    known = pl.col("lead_time_days").is_not_null()
    return lines.with_columns(
        pl.when(known).then(pl.col("on_order", "overdue", "late_units")),
        committed=pl.sum_horizontal("reserved", "blocked", "owed"),
        booked_beyond=pl.lit(0.0),
        free=on_hand - pl.sum_horizontal("reserved", "blocked"),
        is_lost=pl.lit(unmet == "lost"),
    ).with_columns(position=on_hand + pl.col("on_order") - pl.col("committed"))
