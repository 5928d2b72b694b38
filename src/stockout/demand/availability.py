"""Whether there was something to sell: the share of each period that an item was in stock.

Sources, the better first: a given share or flag; end-of-day stock as counted; stock rolled from
counts through what came and went (:mod:`stockout.demand.ledger`). What no source speaks of stays
unknown: it is neither in stock nor out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import is_weekly, period_start
from stockout.demand.ledger import MORNING_DAYS, SOLD_OUT_DURING_DAY, counted_stock
from stockout.demand.numbering import in_chunks, up_to
from stockout.demand.panel import is_one_row_each

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.ledger import Ledger
    from stockout.demand.periods import Freq

logger = logging.getLogger(__name__)

_PASSES = 3  # the usual rises with the periods that are kept, and settles


class Availability(NamedTuple):
    """In-stock shares over periods and items."""

    share: NDArray[np.float32]  # (periods, items) share of the period in stock; nan is unknown
    sold_out: NDArray[np.bool_]  # (periods, items) stock ran out in the period, when is unknown

    @classmethod
    def unknown(cls, shape: tuple[int, int]) -> Availability:
        """What is said where no source speaks: one value seen as a matrix, without memory."""
        share = np.broadcast_to(np.float32(np.nan), shape)
        return cls(share, np.broadcast_to(np.False_, shape))


def shares_by_period(
    inventory: pl.DataFrame, sold: pl.DataFrame, freq: Freq, as_of: date
) -> pl.DataFrame:
    """In-stock share of each (item, period) that the inventory speaks of.

    Args:
        inventory: Canonical inventory with ``item``, the number of each row's item.
        sold: Columns item, date (a day; a Monday where sales are weekly), units.
        freq: Length of a period.
        as_of: Later rows are ignored.

    Returns:
        Columns item, period, share (0-1), sold_out, given (a share or flag says it). Where two rows
        speak of a cell, the later one holds, which is the given one.
    """
    inventory = up_to(inventory, as_of)
    counted = _from_on_hand(inventory, sold, freq).with_columns(given=pl.lit(value=False))
    given = _from_flags(inventory, freq, as_of).with_columns(given=pl.lit(value=True))
    if not given.height or not counted.height:
        return given if given.height else counted
    return pl.concat([counted, given])


def _from_flags(inventory: pl.DataFrame, freq: Freq, as_of: date) -> pl.DataFrame:
    shares = inventory.select(pl.col("in_stock_share").count()).item()
    flag = pl.col("in_stock").cast(pl.Float64)
    share = pl.coalesce("in_stock_share", flag) if shares else flag
    flags = inventory.select("item", "date", share=share)
    if flags["share"].null_count():
        flags = flags.drop_nulls("share")
    if freq == "day" and is_weekly(flags["date"]):
        monday = pl.col("date").dt.truncate("1w")
        flags = (
            flags.with_columns(date=pl.date_ranges(monday, monday.dt.offset_by("6d")))
            .explode("date")
            .filter(pl.col("date") <= as_of)
        )
    flags = flags.select("item", "share", period=period_start(freq, pl.col("date")))
    if not is_one_row_each(flags, "period"):
        flags = flags.group_by("item", "period").agg(pl.col("share").mean())
    return flags.select("item", "period", "share", sold_out=pl.lit(value=False))


def _from_on_hand(inventory: pl.DataFrame, sold: pl.DataFrame, freq: Freq) -> pl.DataFrame:
    """A day that ends with stock is in stock; one without any, and without sales, is out.

    A day that sold, or began with stock, and ended without ran out at an unknown hour. So did a
    week, where periods or sales are weeks: it began with what a count up to a week old says.
    """
    sold_freq: Freq = "week" if is_weekly(sold["date"]) else "day"
    morning = 1 if freq == sold_freq == "day" else MORNING_DAYS
    positions = counted_stock(inventory, ["item"]).sort("item", "date")
    bought = sold if positions.height else sold.clear()  # else sums of which nothing would be asked
    units = bought.select("units", key=_cell(pl.col("date")))
    if not is_one_row_each(bought):
        units = units.group_by("key").agg(pl.col("units").sum())
    units = units.with_columns(pl.col("units").clip(0))
    same = pl.col("item") == pl.col("item").shift()
    recent = same & (pl.col("date").diff() <= pl.duration(days=morning))
    before = pl.when(recent).then(pl.col("on_hand").shift())
    empty = pl.col("on_hand") <= 0
    sold_then = pl.col("units").fill_null(0) > 0
    if sold_freq == "week":  # a week's sales say nothing of one day whose morning is known
        sold_then &= before.is_null()
    ran_out = empty & (sold_then | (before.fill_null(0) > 0))
    found = (
        positions.with_columns(key=_cell(period_start(sold_freq, pl.col("date"))))
        .join(units, on="key", how="left", maintain_order="left")
        .with_columns(
            sold_out=ran_out,
            share=pl.when(ran_out)
            .then(SOLD_OUT_DURING_DAY)
            .otherwise(pl.when(empty).then(0.0).otherwise(1.0)),
        )
        .select("item", "share", "sold_out", period=period_start(freq, pl.col("date")))
    )
    if freq == "week":
        sums = [pl.col("share").mean(), pl.col("sold_out").any()]
        found = found.group_by("item", "period").agg(sums)
    return found.select("item", "period", "share", "sold_out")


def _cell(date: pl.Expr) -> pl.Expr:
    """One number for an item and a date."""
    return pl.col("item").cast(pl.Int64) * 2**32 + date.to_physical()


def availability_matrix(
    cells: pl.DataFrame, units: NDArray[np.float32], ledger: Ledger | None = None
) -> Availability:
    """Scatters shares into a (periods, items) matrix and settles contradictions with sales.

    A period that is said to be wholly out but has sales was out for a part that is not known.

    Args:
        cells: As from :func:`shares_by_period`, with item and t, the place in the matrix; of two
            rows of a place the later one holds.
        units: (periods, items) demand.
        ledger: Rolled stock of some items, counts included; it says what no share or flag does.
    """
    share = np.full(units.shape, np.nan, dtype=np.float32)
    sold_out = np.zeros(units.shape, dtype=np.bool_)
    if ledger is not None:
        share[:, ledger.columns], sold_out[:, ledger.columns] = ledger.share, ledger.sold_out
        rolled = np.zeros(units.shape[1], dtype=np.bool_)
        rolled[ledger.columns] = True
        cells = cells.filter(pl.col("given") | ~pl.Series(rolled).gather(cells["item"]))
    columns = ["t", "item", "share", *(["sold_out"] if cells["sold_out"].any() else [])]
    for t, item, told, *ran_out in in_chunks(cells, *columns):
        place = t.astype(np.int64) * units.shape[1] + item
        share.ravel()[place] = told
        for out in ran_out:
            sold_out.ravel()[place] = out
    contradicted = (share == 0) & (units > 0)
    if contradicted.any():
        logger.info(
            "inventory: %s periods that were out of stock have sales; taken as out for a part",
            f"{int(contradicted.sum()):,}",
        )
    sold_out |= contradicted
    share[contradicted] = SOLD_OUT_DURING_DAY
    return Availability(share, sold_out)


def hidden_demand(
    availability: Availability, units: NDArray[np.float32], start: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(periods, items) whether there was too little stock to see what was wanted.

    That is every period out of stock, wholly or for a part, but one: where stock ran out and the
    period still sold its usual or more, at least that much was wanted, and it counts as sold. If it
    did not, an item of which one unit is kept would seem to have no demand at all, since each of
    its sales empties the shelf.

    Args:
        availability: As from :func:`availability_matrix`.
        units: (periods, items) demand.
        start: (items,) row in which each item's own life begins; what was before is not its usual.
    """
    out = (availability.share < 1) | availability.sold_out
    if not availability.sold_out.any():
        return np.asarray(out)
    listed = np.arange(len(units))[:, None] >= start
    candidates = availability.sold_out & (units > 0)
    kept = np.zeros_like(out)
    for _ in range(_PASSES):
        seen = listed & (~out | kept)
        usual = np.where(seen, units, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        kept = candidates & (units >= usual)
    return np.asarray(out & ~kept)
