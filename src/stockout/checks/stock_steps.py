"""Stock from one count to the next, beside what is known to have moved in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from stockout.checks.day_sums import DaySums, day_of, item_of
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.checks.data import Data

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

LITTLE = 1e-6
"""Below it, a difference is what is left over from adding fractions."""

_BLOCK = 500_000
"""Item-days that are looked at together: about 60 MB of arrays."""

_NEVER = np.iinfo(np.int64).max


class Flows(NamedTuple):
    """What moved stock, as far as the tables tell."""

    net: DaySums  # in less out
    inflow: DaySums  # in
    complete: bool  # whether adjustments, scrap and transfers are among them
    first: Ints  # (items,) day from which the flows of an item are known; never: the largest number
    last: Ints  # (items,) day up to which they are


@dataclass(frozen=True)
class Steps:
    """Consecutive counts of one item, one element each, sorted by item and day."""

    keys: Ints  # item and day of the later count
    item: Ints
    day: Ints  # of the later count
    days: Ints  # between the counts
    before: Floats  # units on hand at the earlier count
    after: Floats  # and at the later one
    net: Floats  # units that came less units that went, where known
    inflow: Floats  # units that came, where known
    sold: Floats  # units sold less returned
    known: Flags  # whether net and inflow are known
    selling: Flags  # whether the sales tell of the item's location on these days
    follows: Flags  # whether the step before it is of the same item

    @property
    def residual(self) -> Floats:
        """Units on hand beyond what the flows explain; 0 where the flows are not known."""
        return np.where(self.known, self.after - self.before - self.net, 0.0)


def stock_flows(data: Data) -> Flows | None:
    """What is known to have moved stock.

    Movements, where they have sales and receipts; what they lack comes from the sales and from
    receipts of the purchases. Without a source of sales or of receipts there is no answer.

    Args:
        data: The tables.

    Returns:
        The flows, or None.
    """
    kinds: set[str | None] = set()
    if data.has("movements"):
        kinds = set(data.values_with_null("movements", "kind"))
    parts, windows = [], []
    moved = pl.col("units")
    if kinds:
        parts.append(_part(data.counted_rows("movements"), pl.col("date"), moved))
        windows.append(_window(data, "movements"))
    if not kinds & {"sale", None}:
        if not data.has("sales"):
            return None
        parts.append(_part(data.counted_rows("sales"), data.day("sales"), -moved))
        windows.append(_window(data, "sales"))
    if not kinds & {"receipt", None}:
        if not data.has("purchases", "received_date"):
            return None
        received = pl.coalesce("received_units", "ordered_units")
        rows = data.counted_rows("purchases", "received_date")
        parts.append(_part(rows, pl.col("received_date"), received))
        windows.append(_purchase_window(data))
    net, inflow = data.sums(pl.concat(parts), "net", "inflow")
    first = np.maximum.reduce([window[0] for window in windows])
    last = np.minimum.reduce([window[1] for window in windows])
    moving = np.zeros(data.items.height, dtype=bool)
    moving[item_of(net.keys)] = True
    return Flows(
        net, inflow, complete=bool(kinds), first=np.where(moving, first, _NEVER), last=last
    )


def _part(rows: pl.LazyFrame, day: pl.Expr, units: pl.Expr) -> pl.LazyFrame:
    units = units.cast(pl.Float64)
    return rows.select(
        day.alias("date"), *ITEM, net=units, inflow=pl.when(units > 0).then(units).otherwise(0.0)
    )


def _window(data: Data, table: str) -> tuple[Ints, Ints]:
    """First and last day on which the table speaks of the location of each item."""
    usual = data.usual_dates(table)
    spans = (
        data.date_counts(table)
        .filter(usual.holds("date"))
        .group_by("location")
        .agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"))
    )
    if table == "sales" and data.is_weekly(table):
        spans = spans.with_columns(
            pl.col("first").dt.truncate("1w"),
            pl.col("last").dt.truncate("1w").dt.offset_by("6d"),
        )
    return _by_item(data, spans)


def _purchase_window(data: Data) -> tuple[Ints, Ints]:
    """From the first receipt to the last thing that the purchases tell, where they know a place."""
    received = data.date_counts("purchases", "received_date")
    ordered = data.date_counts("purchases", "order_date")
    spans = (
        received.filter(data.usual_dates("purchases", "received_date").holds("date"))
        .group_by("location")
        .agg(pl.col("date").min().alias("first"))
        .with_columns(
            last=pl.lit(
                pl.concat(
                    [
                        received.filter(
                            data.usual_dates("purchases", "received_date").holds("date")
                        )["date"],
                        ordered.filter(data.usual_dates("purchases", "order_date").holds("date"))[
                            "date"
                        ],
                    ]
                ).max()
            )
        )
    )
    return _by_item(data, spans)


def _by_item(data: Data, spans: pl.DataFrame) -> tuple[Ints, Ints]:
    told = data.items.join(spans, on="location", how="left", maintain_order="left")
    days = told.select(pl.col("first", "last").to_physical().cast(pl.Int64))
    return (
        days["first"].fill_null(_NEVER).to_numpy(),
        days["last"].fill_null(-_NEVER).to_numpy(),
    )


def stock_steps(data: Data, flows: Flows | None) -> Iterator[Steps]:
    """Steps between counts, in blocks of whole items.

    Where sales are weekly totals, only counts at the end of a week (on Sundays) are compared.

    Args:
        data: The tables; the inventory has ``on_hand``.
        flows: As from :func:`stock_flows`.
    """
    rows = data.counted_rows("inventory").drop_nulls("on_hand").select("date", *ITEM, "on_hand")
    if data.has("sales") and data.is_weekly("sales"):
        rows = rows.filter(pl.col("date").dt.weekday() == 7)
    (stock,) = data.sums(rows, "on_hand")  # batches and bins of a day are added up
    sales = _window(data, "sales") if data.has("sales") else None
    for block in stock.blocks(_BLOCK):
        yield _steps(block, flows, data.sold, sales)


def _steps(
    stock: DaySums, flows: Flows | None, sold: DaySums, sales: tuple[Ints, Ints] | None
) -> Steps:
    item, day = item_of(stock.keys), day_of(stock.keys)
    at = np.flatnonzero(item[1:] == item[:-1]) + 1
    keys, earlier = stock.keys[at], stock.keys[at - 1]
    item, days, day = item[at], day[at] - day[at - 1], day[at]
    if flows is None:
        nothing = np.zeros(len(at))
        net, inflow, known = nothing, nothing, np.zeros(len(at), dtype=bool)
    else:
        net = flows.net.between(earlier, keys)
        inflow = flows.inflow.between(earlier, keys)
        # Days before the first one that is known count as known when nothing is counted on them.
        known = (day - days >= flows.first[item] - 1) & (day <= flows.last[item])
    return Steps(
        keys=keys,
        item=item,
        day=day,
        days=days,
        before=stock.values[at - 1],
        after=stock.values[at],
        net=net,
        inflow=inflow,
        sold=sold.between(earlier, keys),
        known=known,
        selling=np.zeros(len(at), dtype=bool)
        if sales is None
        else (day - days >= sales[0][item] - 1) & (day <= sales[1][item]),
        follows=np.concatenate([[False], item[1:] == item[:-1]])[: len(at)],
    )


def shifted(flags: Flags) -> Flags:
    """Of each element, what the one before it has."""
    return np.concatenate([[False], flags[:-1]])[: len(flags)]
