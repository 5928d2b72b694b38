"""Which items were on promotion when, as far as events and sales tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.panel import Axis
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.tables import ALL_LOCATIONS, ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Flags = NDArray[np.bool_]

PROMOTION_WORDS = "promo|campaign|discount|offer|aktion|angebot|促销|活动|特价|打折"
"""What the kind of an event says when it is a promotion, in any case."""

_BRIDGED_DAYS = 7
"""A promotion lasts over days without a sale, which no sales line can flag, where sales up to a
week before and after them were on promotion: a week is the usual length of one."""


def promoted_periods(
    history: History, events: pl.DataFrame | None = None, sales: pl.DataFrame | None = None
) -> Flags | None:
    """(periods, items) whether an item was on promotion; None where nothing was ever.

    Args:
        history: Demand history.
        events: Canonical events; those whose kind is a promotion count for the sku, category and
            location they name, and for all where they name none.
        sales: Canonical sales with ``on_promo``. An item without a sale in a period is on promotion
            if the SKU was at other locations, or in the week before and after it.
    """
    promoted = np.zeros(history.units.shape, dtype=np.bool_)
    if events is not None:
        _of_events(history, events, promoted)
    if sales is not None and sales["on_promo"].null_count() < sales.height:
        promoted |= _of_sales(history, sales)
    promoted &= history.open
    return promoted if promoted.any() else None


def _axis(history: History) -> Axis:
    return Axis(history.freq, history.first_period, history.periods)


def _of_events(history: History, events: pl.DataFrame, promoted: Flags) -> None:
    axis = _axis(history)
    place = pl.when(pl.col("location") != ALL_LOCATIONS).then("location")  # null is everywhere
    rows = (
        events.with_columns(location=place)
        .filter(pl.col("kind").str.to_lowercase().str.contains(PROMOTION_WORDS))
        .with_columns(t=axis.row_of(pl.col("date")))
    )
    rows = rows.filter(pl.col("t").is_between(0, axis.periods - 1))
    index = history.items.select(*ITEM, "category").with_row_index("item")
    keys = ["sku", "category", "location"]
    for (*named,), part in rows.with_columns(
        *(pl.col(key).is_not_null().alias(f"has_{key}") for key in keys)
    ).group_by([f"has_{key}" for key in keys], maintain_order=True):
        on = [key for key, has in zip(keys, named, strict=True) if has]
        if not on:
            promoted[part["t"].to_numpy()] = True
            continue
        found = part.select("t", *on).unique().join(index, on=on)
        promoted[found["t"].to_numpy(), found["item"].to_numpy()] = True


def _of_sales(history: History, sales: pl.DataFrame) -> Flags:
    axis = _axis(history)
    flagged = (
        sales.filter(pl.col("on_promo").is_not_null() & (pl.col("units") > 0))
        .with_columns(t=axis.row_of(pl.col("date")))
        .filter(pl.col("t").is_between(0, axis.periods - 1))
    )
    index = history.items.select(ITEM).with_row_index("item")
    state = np.full(history.units.shape, -1, dtype=np.int8)  # -1 is not known
    for on in (["sku"], ITEM):  # the item's own lines outrank those of other locations
        found = (
            flagged.group_by(*on, "t")
            .agg(on_promo=pl.col("on_promo").mean() >= 0.5)
            .join(index, on=on)
        )
        at = found["t"].to_numpy(), found["item"].to_numpy()
        state[at] = found["on_promo"].to_numpy()
    reach = max(1, _BRIDGED_DAYS // DAYS_PER_PERIOD[history.freq])
    between = _last_known(state, reach) & _last_known(state[::-1], reach)[::-1]
    return np.asarray((state == 1) | ((state == -1) & between))


def _last_known(state: NDArray[np.int8], reach: int) -> Flags:
    """Whether the last known state, up to ``reach`` rows ago, is a promotion."""
    rows = np.arange(len(state), dtype=np.int32)[:, None]
    last = np.maximum.accumulate(np.where(state >= 0, rows, -1), axis=0)
    then = np.take_along_axis(state, np.maximum(last, 0).astype(np.int64), axis=0)
    return np.asarray((last >= 0) & (rows - last <= reach) & (then == 1))
