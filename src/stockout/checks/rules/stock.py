"""Stock that cannot be as the inventory says: by itself, beside the sales, or beside all flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.checks.data import RowRule
from stockout.checks.hits import found
from stockout.checks.pack_factors import PACK_FACTORS
from stockout.checks.robust import amount
from stockout.checks.stock_steps import Flows, Steps, stock_flows, stock_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

    Flags = NDArray[np.bool_]

CODES = ("SO401", "SO402", "SO403", "SO404", "SO405", "SO503")

_LITTLE = 1e-6
"""Below it, a difference is what is left over from adding fractions."""


def stock_findings(data: Data) -> Iterator[Found]:
    """Findings SO401 to SO405 and SO503."""
    if not data.has("inventory"):
        return
    yield from data.row_rules("inventory", [_negative(data.threshold("SO401", "units"))])
    if not data.has("sales") and not data.has("movements"):
        return
    if data.is_on("SO402"):
        yield from _sold_without_stock_by_flag(data)
    if data.has("inventory", "on_hand") and data.is_on("SO402", "SO403", "SO404", "SO405", "SO503"):
        yield from _by_steps(data)


def _negative(units: float) -> RowRule:
    return RowRule(
        "SO401",
        "on_hand",
        pl.col("on_hand") < -units,
        pl.format("{} on hand", amount(pl.col("on_hand"))),
        "count the item and correct the books; a receipt or a return is not booked",
        ("on_hand",),
    )


def _sold_without_stock_by_flag(data: Data) -> Iterator[Found]:
    """Days that the inventory says were wholly without stock, and that have sales."""
    if data.is_weekly("inventory") or (data.has("sales") and data.is_weekly("sales")):
        return
    for column, out in (
        ("in_stock", ~pl.col("in_stock")),
        ("in_stock_share", pl.col("in_stock_share") <= 0),
    ):
        if not data.has("inventory", column):
            continue
        rows = data.counted_rows("inventory").filter(out)
        (days,) = data.sums(rows.select("date", "sku", "location", out=pl.lit(1.0)), "out")
        sold = data.sold.between(days.keys - 1, days.keys)
        yield data.placed(
            RowRule(
                "SO402",
                column,
                pl.lit(value=True),
                pl.format(
                    "{} units sold on a day said to be without stock", amount(pl.col("sold"))
                ),
                "was it delivered and sold out on the day? Else stock or sale is booked wrongly",
                (),
            ),
            "inventory",
            pl.DataFrame({"key": days.keys[sold > 0], "sold": sold[sold > 0]}),
        )


class _Told(NamedTuple):
    """What one block of steps tells: steps by code, with what their messages need."""

    wrong_unit: pl.DataFrame  # key, factor, agree, of
    without_stock: pl.DataFrame  # key, sold
    frozen: pl.DataFrame  # key, stock, last, sold, times
    unexplained: pl.DataFrame  # key, before, after, net, residual
    delayed: pl.DataFrame  # key, residual


def _by_steps(data: Data) -> Iterator[Found]:
    flows = stock_flows(data)
    told = [_look(data, steps, flows) for steps in stock_steps(data, flows)]
    for index, rule in enumerate(_STEP_RULES):
        hits = [each[index] for each in told if each[index].height]
        if hits and data.is_on(rule.code):
            yield data.placed(rule, "inventory", pl.concat(hits))


def _signed(value: str) -> pl.Expr:
    shown = amount(pl.col(value))
    return pl.when(pl.col(value) > 0).then("+" + shown).otherwise(shown)


_STEP_RULES = (
    RowRule(
        "SO503",
        "on_hand",
        pl.lit(value=True),
        pl.when(pl.col("factor") > 1)
        .then(
            pl.format(
                "stock falls by {} for each unit sold, on {} of the last {} days with sales",
                pl.col("factor").cast(pl.Int64),
                "agree",
                "of",
            )
        )
        .otherwise(
            pl.format(
                "stock falls by 1 for {} units sold, on {} of the last {} days with sales",
                (1 / pl.col("factor")).round().cast(pl.Int64),
                "agree",
                "of",
            )
        ),
        "stock and sales are in different units: bring both to pieces with an expression, such as "
        'on_hand = { sql = "cases * 12" }',
        (),
    ),
    RowRule(
        "SO402",
        "on_hand",
        pl.lit(value=True),
        pl.format("{} units sold, and nothing was on hand before or after", amount(pl.col("sold"))),
        "a receipt is not booked, or the sale belongs to another item or location",
        (),
    ),
    RowRule(
        "SO404",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "stays at {} until {}, though stock moved on {} days ({} units sold)",
            amount(pl.col("stock")),
            "last",
            "times",
            amount(pl.col("sold")),
        ),
        "the stock is not kept up to date: export it anew; leave items without stock-keeping out",
        (),
    ),
    RowRule(
        "SO403",
        "on_hand",
        pl.lit(value=True),
        pl.format(
            "{} before, {} by receipts, sales and other movements, but {} after: {} unexplained",
            amount(pl.col("before")),
            _signed("net"),
            amount(pl.col("after")),
            _signed("residual"),
        ),
        "a movement is missing or booked twice, or the count is wrong",
        (),
    ),
    RowRule(
        "SO405",
        "on_hand",
        pl.lit(value=True),
        pl.format("{} units beside the flows, and back again by the next count", _signed("residual")),
        "booked a day earlier or later than counted; nothing to do, unless it happens every day",
        (),
    ),
)


def _look(data: Data, steps: Steps, flows: Flows | None) -> _Told:
    wrong_unit, spoiled = _wrong_unit(data, steps)
    without = _without_stock(steps) & ~spoiled
    frozen, explained = _frozen(data, steps, spoiled)
    unexplained, delayed = _unexplained(data, steps, flows, spoiled | without | explained)
    residual = steps.residual
    return _Told(
        wrong_unit,
        pl.DataFrame({"key": steps.keys[without], "sold": steps.sold[without]}),
        frozen,
        pl.DataFrame(
            {
                "key": steps.keys[unexplained],
                "before": steps.before[unexplained],
                "after": steps.after[unexplained],
                "net": steps.net[unexplained],
                "residual": residual[unexplained],
            }
        ),
        pl.DataFrame({"key": steps.keys[delayed], "residual": residual[delayed]}),
    )


def _wrong_unit(data: Data, steps: Steps) -> tuple[pl.DataFrame, Flags]:
    """Items whose stock falls by a pack factor times what is sold, and all of their steps.

    Looked at are the last days of each item on which something was sold and nothing came.
    """
    fell = steps.before - steps.after
    came = np.where(steps.known, steps.inflow > _LITTLE, fell < 0)
    at = np.flatnonzero((steps.sold > _LITTLE) & ~came & (steps.days <= 7))
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
            agree = np.abs(np.log(factor * total_fell / total_sold)) <= np.log(1.25)
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


def _without_stock(steps: Steps) -> Flags:
    """Something was sold, and stock stood at or below zero before and after, with no receipt.

    Where receipts are not known, one may have come and been sold out on the day, but hardly on two
    days in a row.
    """
    came = steps.known & (steps.inflow > _LITTLE)
    still = (steps.before <= 0) & (np.abs(steps.after - steps.before) <= _LITTLE)
    sold = still & (steps.sold > _LITTLE) & ~came
    row = sold & _shifted(sold) & steps.follows
    return sold & (steps.known | row | np.append(row[1:], False)[: len(row)])


def _frozen(data: Data, steps: Steps, spoiled: Flags) -> tuple[pl.DataFrame, Flags]:
    """Runs of equal counts in which stock must have moved, and the steps that they explain."""
    count = len(steps.keys)
    moved = np.where(steps.known, np.abs(steps.net) > _LITTLE, steps.sold > _LITTLE)
    still = (np.abs(steps.after - steps.before) <= _LITTLE) & (steps.before > 0) & ~spoiled
    begins = still & ~(_shifted(still) & steps.follows)
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


def _shifted(flags: Flags) -> Flags:
    """Of each element, what the one before it has."""
    return np.concatenate([[False], flags[:-1]])[: len(flags)]


def _unexplained(
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
    begins = goes_back & ~(_shifted(goes_back) & steps.follows)
    index = np.arange(count)
    since = index - np.maximum.accumulate(np.where(begins, index, 0))
    pair = goes_back & (since % 2 == 0)
    back = _shifted(pair)
    # Too many on hand: a sale is booked later, or a receipt earlier, than counted; or the reverse.
    next_in, next_out = np.append(steps.inflow[1:], 0.0), np.append(outflow[1:], 0.0)
    much = np.maximum(outflow, next_in)
    little = np.maximum(steps.inflow, next_out)
    booked = np.where(residual > 0, residual <= much + _LITTLE, -residual <= little + _LITTLE)
    delayed = pair & booked
    return off & ~delayed & ~back, delayed
