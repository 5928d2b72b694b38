"""Stock beside all that moved it: in other units, booked on other days, or not explained at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.checks.pack_factors import PACK_FACTORS
from stockout.checks.stock_steps import LITTLE, shifted

if TYPE_CHECKING:
    from stockout.checks.data import Data
    from stockout.checks.stock_steps import Flags, Flows, Steps


def wrong_units(data: Data, steps: Steps) -> tuple[pl.DataFrame, Flags]:
    """Items whose stock falls by a pack factor times what is sold, and all of their steps.

    Looked at are the last days of each item on which something was sold and nothing came.
    """
    fell = steps.before - steps.after
    came = np.where(steps.known, steps.inflow > LITTLE, fell < 0)
    at = np.flatnonzero((steps.sold > LITTLE) & (steps.before > 0) & ~came & (steps.days <= 7))
    item = steps.item[at]
    # How many such days of the item come after each one.
    after = np.searchsorted(item, item, side="right") - 1 - np.arange(len(at))
    recent = at[after < int(data.threshold("SO503", "recent"))]
    item, start = np.unique(steps.item[recent], return_index=True)
    if not len(item):
        return _NO_WRONG_UNIT, np.zeros(len(steps.keys), dtype=bool)
    fell, sold = fell[recent], steps.sold[recent]
    days = np.diff(np.append(start, len(recent)))
    total_fell, total_sold = np.add.reduceat(fell, start), np.add.reduceat(sold, start)
    best, agreeing = np.full(len(item), np.nan), np.zeros(len(item), dtype=np.int64)
    share, least = data.threshold("SO503", "share"), data.threshold("SO503", "days")
    for factor in PACK_FACTORS:
        many = np.add.reduceat(np.abs(fell - factor * sold) <= 0.01 * factor * sold, start)
        # Stock in whole packs moves by a pack now and then: no day is off by a pack or more, and
        # the sums agree.
        close = np.add.reduceat(np.abs(factor * fell - sold) < factor, start)
        with np.errstate(divide="ignore", invalid="ignore"):
            agree = np.abs(np.log(factor * total_fell / total_sold)) <= np.log(1.4)
        few = np.where(agree & (total_fell >= data.threshold("SO503", "packs")), close, 0)
        for each, ratio in ((many, factor), (few, 1 / factor)):
            better = (each >= share * days) & (days >= least) & (each > agreeing)
            best[better], agreeing[better] = ratio, each[better]
    hit = np.flatnonzero(~np.isnan(best))
    last = recent[np.append(start[1:], len(recent))[hit] - 1]
    frame = pl.DataFrame(
        {"key": steps.keys[last], "factor": best[hit], "agree": agreeing[hit], "of": days[hit]}
    )
    return frame, np.isin(steps.item, item[hit])


_NO_WRONG_UNIT = pl.DataFrame(
    schema={"key": pl.Int64, "factor": pl.Float64, "agree": pl.Int64, "of": pl.Int64}
)


def unexplained_steps(
    data: Data, steps: Steps, flows: Flows | None, explained: Flags
) -> tuple[Flags, Flags]:
    """Steps that the flows do not explain, and those that the next one takes back.

    A count that is off by a quantity which the next count takes back was taken before or after
    something was booked, where that quantity is among the flows of the two steps; else the count
    itself is wrong, and reported once.
    """
    count = len(steps.keys)
    if flows is None or not count:
        return np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    allowed = np.full(count, data.threshold("SO403", "units"))
    outflow = steps.inflow - steps.net
    if not flows.complete:
        # Counts, scrap and transfers are booked somewhere, but no table tells of them.
        allowed = np.maximum(
            data.threshold("SO403", "units_without_movements"),
            data.threshold("SO403", "share_without_movements") * (steps.inflow + outflow),
        )
    residual = steps.residual
    off = (np.abs(residual) > allowed) & ~explained
    following = np.append(residual[1:], 0.0)
    goes_back = (
        off
        & np.append(off[1:] & steps.follows[1:], False)
        & (np.abs(residual + following) <= allowed)
    )
    # Of off, back, off, back, ... every second one is the first of a pair.
    begins = goes_back & ~(shifted(goes_back) & steps.follows)
    index = np.arange(count)
    since = index - np.maximum.accumulate(np.where(begins, index, 0))
    pair = goes_back & (since % 2 == 0)
    back = shifted(pair)
    # Too many on hand: a sale is booked later, or a receipt earlier, than counted; or the reverse.
    next_in, next_out = np.append(steps.inflow[1:], 0.0), np.append(outflow[1:], 0.0)
    much = np.maximum(outflow, next_in)
    little = np.maximum(steps.inflow, next_out)
    booked = np.where(residual > 0, residual <= much + LITTLE, -residual <= little + LITTLE)
    delayed = pair & booked
    return off & ~delayed & ~back, delayed
