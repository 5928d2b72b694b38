"""Stock that stands still: at zero while things are sold, above it while they are, or while not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.checks.stock_steps import LITTLE, shifted

if TYPE_CHECKING:
    from stockout.checks.data import Data
    from stockout.checks.stock_steps import Flags, Steps


def sold_without_stock(steps: Steps) -> Flags:
    """Something was sold, and stock stood at or below zero before and after, with no receipt.

    Where receipts are not known, one may have come and been sold out on the day, but hardly on two
    days in a row.
    """
    came = steps.known & (steps.inflow > LITTLE)
    still = (steps.before <= 0) & (np.abs(steps.after - steps.before) <= LITTLE)
    sold = still & (steps.sold > LITTLE) & ~came
    row = sold & shifted(sold) & steps.follows
    return np.asarray(sold & (steps.known | row | np.append(row[1:], False)[: len(row)]))


def frozen_runs(data: Data, steps: Steps, spoiled: Flags) -> tuple[pl.DataFrame, Flags]:
    """Runs of equal counts in which stock must have moved, and the steps that they explain."""
    count = len(steps.keys)
    moved = np.where(steps.known, np.abs(steps.net) > LITTLE, steps.sold > LITTLE)
    still = (np.abs(steps.after - steps.before) <= LITTLE) & (steps.before > 0) & ~spoiled
    begins = still & ~(shifted(still) & steps.follows)
    start = np.flatnonzero(begins)
    if not len(start):
        return _NO_FROZEN, np.zeros(count, dtype=bool)
    run = np.cumsum(begins) - 1
    inside = np.flatnonzero(still)
    runs = len(start)
    times = np.bincount(run[inside], moved[inside], runs).astype(np.int64)
    sold = np.bincount(run[inside], np.abs(steps.sold[inside]), runs)
    length = np.bincount(run[inside], minlength=runs)
    end = start + length - 1
    # Where counts usually stay the same although stock moved, it is filled up every night.
    owner = steps.item[start]
    all_moved = np.bincount(steps.item, moved)[owner] - times
    all_still = np.bincount(steps.item, moved & still)[owner] - times
    hit = (
        (times >= data.threshold("SO404", "days"))
        & (sold >= data.threshold("SO404", "units"))
        & (all_still <= data.threshold("SO404", "usual_share") * all_moved)
    )
    explained = np.zeros(count, dtype=bool)
    explained[inside] = hit[run[inside]]
    # What was missed is mostly booked at once when the stock moves again.
    following, first = end[hit] + 1, start[hit]
    same = np.append(steps.follows, False)[following]
    following, first = following[same], first[same]
    total = np.concatenate([[0.0], np.cumsum(steps.residual)])
    caught_up = np.abs(total[following + 1] - total[first]) <= data.threshold("SO403", "units")
    explained[following[caught_up]] = True
    frame = pl.DataFrame(
        {
            "key": steps.keys[start[hit]],
            "stock": steps.before[start[hit]],
            "last": pl.Series(steps.day[end[hit]], dtype=pl.Int32).cast(pl.Date),
            "sold": sold[hit],
            "times": times[hit],
        }
    )
    return frame, explained


_NO_FROZEN = pl.DataFrame(
    schema={
        "key": pl.Int64,
        "stock": pl.Float64,
        "last": pl.Date,
        "sold": pl.Float64,
        "times": pl.Int64,
    }
)


def silent_runs(data: Data, steps: Steps) -> pl.DataFrame:
    """Runs of equal counts without a sale, where many days with sales were to be expected.

    Expected by the item's own share of steps with sales among its other steps in stock.
    """
    stocked = (steps.before > 0) & (steps.after > 0) & steps.selling
    selling = stocked & (steps.sold > LITTLE)
    still = stocked & ~selling & (np.abs(steps.after - steps.before) <= LITTLE)
    begins = still & ~(shifted(still) & steps.follows)
    start = np.flatnonzero(begins)
    if not len(start):
        return _NO_SILENT
    length = np.bincount((np.cumsum(begins) - 1)[still], minlength=len(start))
    owner = steps.item[start]
    sales = np.bincount(steps.item, selling)[owner]
    others = np.bincount(steps.item, stocked)[owner] - length
    expected = length * sales / np.maximum(others, 1)
    hit = (expected >= data.threshold("SO406", "expected")) & (
        sales >= data.threshold("SO406", "days")
    )
    end = start[hit] + length[hit] - 1
    frame = pl.DataFrame(
        {
            "key": steps.keys[start[hit]],
            "stock": steps.before[start[hit]],
            "last": pl.Series(steps.day[end], dtype=pl.Int32).cast(pl.Date),
            "expected": expected[hit],
        }
    )
    if frame.is_empty() or not data.has("products", "active_to"):
        return frame
    (ended,) = data.collect(
        data.rows("products").select("sku", "active_to").drop_nulls().unique("sku", keep="last")
    )
    item = pl.Series("item", steps.item[start[hit]], dtype=pl.UInt32)
    return (
        frame.with_columns(item)
        .join(data.items, on="item", how="left", maintain_order="left")
        .join(ended, on="sku", how="left", maintain_order="left")
        .filter((pl.col("active_to") > pl.col("last")).fill_null(value=True))
        .select(frame.columns)
    )


_NO_SILENT = pl.DataFrame(
    schema={"key": pl.Int64, "stock": pl.Float64, "last": pl.Date, "expected": pl.Float64}
)
