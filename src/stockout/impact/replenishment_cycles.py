"""Replenishment cycles: from one receipt to the next, with or without a stockout in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.impact.active_life import axis_of
from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]


class Cycles(NamedTuple):
    """Cycles between two receipts of an item."""

    item: Rows  # (cycles,)
    end: Rows  # (cycles,) row of the receipt that ends it
    stockout: Flags  # (cycles,) stock ran out in it, as far as is known
    known: Flags  # (cycles,) a stockout is known, or availability is known throughout


def replenishment_cycles(
    history: History,
    active: Flags,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
) -> Cycles | None:
    """Finds the cycles between receipts in purchases and movements; None where neither has any.

    The day of a receipt belongs to the cycle that it begins: that stock ran out on that day counts,
    that there was none in the morning does not. Receipts in one period are one.

    Args:
        history: Demand history.
        active: As from :func:`stockout.impact.active_life.active_periods`.
        purchases: Canonical purchases, or None.
        movements: Canonical movements, or None.
    """
    receipts = _receipts(history, purchases, movements)
    if receipts.is_empty():
        return None
    item, t = receipts["item"].to_numpy().astype(np.int64), receipts["t"].to_numpy()
    same = item[1:] == item[:-1]
    item, begin, end = item[1:][same], t[:-1][same], t[1:][same]
    known = ~np.isnan(history.share)
    out = _sums_before(active & known & ((history.share < 1) | history.sold_out))
    seen = _sums_before(active & known)
    unseen = _sums_before(active & ~known)

    def between(sums: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.asarray(sums[end, item] - sums[begin + 1, item])

    stockout = (between(out) > 0) | (active[begin, item] & history.sold_out[begin, item])
    first_day_known = known[begin, item] & active[begin, item]
    complete = (between(unseen) == 0) & (first_day_known | (between(seen) > 0))
    return Cycles(item, end, stockout, stockout | complete)


def _receipts(
    history: History, purchases: pl.DataFrame | None, movements: pl.DataFrame | None
) -> pl.DataFrame:
    """Columns item, t: the periods in which something was received, sorted."""
    dated = []
    if purchases is not None:
        arrived = pl.coalesce("received_units", "ordered_units") > 0
        dated.append(
            purchases.filter(arrived)
            .drop_nulls("received_date")
            .select(*ITEM, date="received_date")
        )
    if movements is not None:
        dated.append(movements.filter((pl.col("kind") == "receipt") & (pl.col("units") > 0)))
    if not dated:
        return pl.DataFrame(schema={"item": pl.UInt32, "t": pl.Int64})
    axis = axis_of(history)
    return (
        pl.concat([frame.select(*ITEM, "date") for frame in dated])
        .filter(pl.col("date") <= history.as_of)
        .join(history.items.select(ITEM).with_row_index("item"), on=ITEM)
        .select("item", t=axis.row_of(pl.col("date")))
        .filter(pl.col("t").is_between(0, axis.periods - 1))
        .unique()
        .sort("item", "t")
    )


def _sums_before(flags: Flags) -> NDArray[np.int32]:
    """(periods + 1, items) how many periods before each row have the flag."""
    sums = np.zeros((flags.shape[0] + 1, flags.shape[1]), dtype=np.int32)
    np.cumsum(flags, axis=0, out=sums[1:])
    return sums
