"""A past origin with hindsight: what was known then, what came, and which of it can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.forecasting.benchmark_forecasts import Window, in_stock
from stockout.tables import ITEM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.int64]

_ENOUGH = 0.5  # a window of which less can be judged says too little of the whole


class Hindsight(NamedTuple):
    """One origin; column i of the matrices is item i of ``known``, rows are the periods ahead."""

    known: History  # what was known at the origin
    place: Codes  # (items,) column of each item in the history with hindsight
    units: Matrix  # (horizon, items) what came
    judged: Flags  # (horizon, items) sales that are demand, as far as is known
    unknown: Flags  # (horizon, items) of them, availability is not known
    out: Flags  # (horizon, items) not judged: out of stock, wholly or for a part
    ended: Flags  # (items,) forecast to be 0, because the item had ended
    scale: Matrix  # (items,) standard deviation of the demand of a period in the past; 0 not known

    def enough(self, window: Window) -> Flags:
        """(items,) items of which at least half of a window can be judged."""
        judged = self.judged[window.start : window.stop]
        return np.asarray(judged.sum(axis=0) >= _ENOUGH * len(judged))


def with_hindsight(known: History, full: History, row: int, horizon: int) -> Hindsight:
    """Puts beside what was known at an origin what came after it.

    Args:
        known: The history as of the origin.
        full: The history with hindsight.
        row: The origin: rows of ``full`` before it were known.
        horizon: Periods ahead.
    """
    columns = full.items.select(ITEM).with_row_index("column")
    joined = known.items.select(ITEM).join(columns, on=ITEM, how="left", maintain_order="left")
    place = joined["column"].cast(pl.Int64).to_numpy()
    ahead = np.ix_(np.arange(row, row + horizon), place)
    judged = in_stock(full)[ahead]
    share = full.share[ahead]
    seen = in_stock(known)
    count = seen.sum(axis=0)
    total = np.where(seen, known.units, 0).sum(axis=0, dtype=np.float64)
    squares = np.where(seen, known.units.astype(np.float64) ** 2, 0).sum(axis=0)
    mean = total / np.maximum(count, 1)
    variance = (squares / np.maximum(count, 1) - mean**2).clip(0)
    return Hindsight(
        known,
        place,
        full.units[ahead].astype(np.float64),
        judged,
        judged & np.isnan(share),
        ~judged & ((share < 1) | full.sold_out[ahead]),
        (known.items["status"] == "ended").to_numpy(),
        np.sqrt(variance),
    )
