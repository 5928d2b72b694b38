"""Levels that jump by a pack factor: the unit of measure changed, and nobody told.

Three kinds of evidence are asked for, because demand itself may jump:

- the price jumps by the inverse factor at the same time;
- or all quantities after the jump are whole packs (or all of those before it were, for a fall);
- or the median jumps by just the factor, and the days before and after hardly overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.checks.day_sums import DaySums, item_of
from stockout.checks.pack_factors import PACK_FACTORS, nearest_factor
from stockout.checks.robust import BINS_PER_OCTAVE
from stockout.checks.row_rules import RowRule, placed
from stockout.checks.wording import amount
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.checks.data import Data
    from stockout.checks.hits import Found

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

CODES = ("SO502",)

_BLOCK = 500_000
_WINDOW = 20  # days with sales on each side that are compared
_WEEKS = 3  # weeks with sales on each side whose prices are compared
_SAME_PRICE = 1.35  # largest price over smallest within these weeks: discounts come and go
_EXACT = 0.03  # of the logarithm of a price ratio: prices are rounded and mixed with discounts
_TWICE = np.log(2.0)


class _Shifts(NamedTuple):
    """Jumps of items' prices, one element each."""

    at: Ints  # position of the first whole week after the jump
    factor: Floats  # how often the price before fits into the one after


def shift_findings(data: Data) -> Iterator[Found]:
    """Findings SO502."""
    if not data.has("sales"):
        return
    keep = data.sold.values > 0
    sold = DaySums(data.sold.keys[keep], data.sold.values[keep])
    prices = _weekly_prices(data)
    by_price = _price_shifts(prices)
    told = [_with_price(sold, prices, by_price)]
    known = np.unique(item_of(prices.keys[by_price.at]))
    told += [_without_price(data, block, known) for block in sold.blocks(_BLOCK)]
    for column, message, hint in (
        ("units", _UNITS, _UNITS_HINT),
        ("unit_price", _PRICE, _PRICE_HINT),
    ):
        hits = pl.concat(told).filter(pl.col("column") == column)
        if not hits.is_empty():
            rule = RowRule("SO502", column, pl.lit(value=True), message, hint, ())
            yield placed(data, rule, "sales", hits)


_HIT = pl.Schema(
    {
        "key": pl.Int64,
        "column": pl.String,
        "before": pl.Float64,
        "after": pl.Float64,
        "factor": pl.Float64,
        "evidence": pl.String,
    }
)
_TIMES = (
    pl.when(pl.col("factor") >= 1)
    .then(pl.format("times {}", pl.col("factor").round().cast(pl.Int64)))
    .otherwise(pl.format("divided by {}", (1 / pl.col("factor")).round().cast(pl.Int64)))
)
_UNITS = pl.format(
    "from here on about {} units on a day with sales, before {}: {}, {}",
    amount(pl.col("after")),
    amount(pl.col("before")),
    _TIMES,
    "evidence",
)
_UNITS_HINT = (
    "if the unit changed (piece, pack, case), bring all units to pieces with an expression; "
    "if demand changed, nothing"
)
_PRICE = pl.format(
    "from here on a price of about {}, before {}: {}, and the units do not tell why",
    amount(pl.col("after")),
    amount(pl.col("before")),
    _TIMES,
)
_PRICE_HINT = "is the price that of a pack, or the decimal mark in another place?"


def _weekly_prices(data: Data) -> DaySums:
    """Revenue over units of sales (not of returns) by item and week, dated by its Monday."""
    if not (data.has("sales", "unit_price") or data.has("sales", "revenue")):
        return DaySums.empty()
    # A price that jumps by a factor has rows that far apart; mostly there is no such item.
    ends = (
        data.price_bins.drop_nulls()
        .group_by("item")
        .agg((pl.col("bin").max() - pl.col("bin").min()).alias("apart"))
    )
    least = BINS_PER_OCTAVE * float(np.log2(PACK_FACTORS[0] / 2))
    restless = ends.filter(pl.col("apart") >= least).join(data.items, on="item").select(ITEM)
    if restless.is_empty():
        return DaySums.empty()
    money = pl.coalesce(pl.col("units") * pl.col("unit_price"), "revenue")
    rows = (
        data.counted_rows("sales")
        .join(restless.lazy(), on=ITEM, how="semi")
        .filter(pl.col("units") > 0, money > 0)
        .select(pl.col("date").dt.truncate("1w"), *ITEM, money=money, units=pl.col("units"))
    )
    spent, units = data.sums(rows, "money", "units")
    return DaySums(spent.keys, spent.values / units.values)


def _price_shifts(prices: DaySums) -> _Shifts:
    """The first jump of each item's price that is a pack factor and lasts.

    A week in which the price changed has a price in between, so a jump may also skip one.
    """
    parts = []
    for skipped in (0, 1):
        at, before, after = _around(prices, np.arange(len(prices)), skipped)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.median(after, axis=1) / np.median(before, axis=1)
            factor = nearest_factor(ratio)
            steady = (before.max(1) <= _SAME_PRICE * before.min(1)) & (
                after.max(1) <= _SAME_PRICE * after.min(1)
            )
            fits = steady & (np.abs(np.log(ratio / factor)) <= _EXACT)
        parts.append((at[fits] + skipped, factor[fits], np.full(fits.sum(), skipped)))
    at, factor, skipped_weeks = (np.concatenate(each) for each in zip(*parts, strict=True))
    item = item_of(prices.keys[at])
    order = np.lexsort((at, skipped_weeks, item))
    _, first = np.unique(item[order], return_index=True)
    chosen = order[first]
    return _Shifts(at[chosen], factor[chosen])


def _around(sums: DaySums, at: Ints, skipped: int = 0) -> tuple[Ints, Floats, Floats]:
    """Three values before and from each position on, where the item has that many on both sides."""
    item = item_of(sums.keys)
    at = at[(at >= _WEEKS) & (at + skipped + _WEEKS <= len(sums))]
    at = at[(item[at - _WEEKS] == item[at]) & (item[at + skipped + _WEEKS - 1] == item[at])]
    reach = np.arange(_WEEKS)
    before = sums.values[at[:, None] - _WEEKS + reach]
    return at, before, sums.values[at[:, None] + skipped + reach]


def _medians(sums: DaySums, at: Ints) -> tuple[Floats, Floats]:
    """Medians of up to 20 values of the item before each position, and from it on."""
    before, after = _windows(sums, at)
    return np.nanmedian(before, axis=1), np.nanmedian(after, axis=1)


def _windows(sums: DaySums, at: Ints) -> tuple[Floats, Floats]:
    """Up to 20 values of the item before each position, and from it on; nan beyond its ends."""
    item, size = item_of(sums.keys), len(sums)

    def values(places: NDArray[np.int64]) -> Floats:
        inside = np.clip(places, 0, size - 1)
        same = (places >= 0) & (places < size) & (item[inside] == item[at][:, None])
        return np.where(same, sums.values[inside], np.nan)

    reach = np.arange(_WINDOW)
    return values(at[:, None] - 1 - reach), values(at[:, None] + reach)


def _with_price(sold: DaySums, prices: DaySums, shifts: _Shifts) -> pl.DataFrame:
    """Items whose price jumped: with their units, or alone."""
    keys = prices.keys[shifts.at]
    at = np.searchsorted(sold.keys, keys)
    item = item_of(sold.keys)
    inside = (at > 0) & (at < len(sold))
    inside[inside] &= (item[at[inside]] == item_of(keys)[inside]) & (
        item[at[inside] - 1] == item_of(keys)[inside]
    )
    at, price_at, factor = at[inside], shifts.at[inside], shifts.factor[inside]
    if not len(at):
        return pl.DataFrame(schema=_HIT)
    before, after = _medians(sold, at)
    opposite = np.abs(np.log(after / before * factor)) <= np.minimum(
        _TWICE, np.abs(np.log(factor)) / 2
    )
    new_price = np.median(prices.values[price_at[:, None] + np.arange(_WEEKS)], axis=1)
    old_price = new_price / factor
    return pl.DataFrame(
        {
            "key": sold.keys[at],
            "column": np.where(opposite, "units", "unit_price"),
            "before": np.where(opposite, before, old_price),
            "after": np.where(opposite, after, new_price),
            "factor": np.where(opposite, 1 / factor, factor),
            "evidence": pl.select(
                pl.format(
                    "and the price goes from {} to {}",
                    amount(pl.lit(pl.Series(old_price))),
                    amount(pl.lit(pl.Series(new_price))),
                )
            ).to_series(),
        },
        schema=_HIT,
    )


def _without_price(data: Data, sold: DaySums, known: Ints) -> pl.DataFrame:
    """Items whose units jumped, told by the units alone."""
    least = int(data.threshold("SO502", "days"))
    sold = _restless(sold, least)
    at = _split(sold, least, data.threshold("SO502", "z"))
    at = at[~np.isin(item_of(sold.keys[at]), known)]
    if not len(at):
        return pl.DataFrame(schema=_HIT)
    before, after = _windows(sold, at)
    old, new = np.nanmedian(before, axis=1), np.nanmedian(after, axis=1)
    ratio = new / old
    factor, evidence = np.full(len(at), np.nan), np.full(len(at), "", dtype=object)
    for size in PACK_FACTORS:
        for low, high, times in ((before, after, size), (after, before, 1 / size)):
            near = np.abs(np.log(ratio / times)) <= _TWICE
            packs = near & (_whole(high / size) >= 0.95) & (_whole(low / size) <= 0.5)
            packs &= _whole(low) >= 0.95
            better = packs & ~(np.abs(np.log(ratio / factor)) <= np.abs(np.log(ratio / times)))
            factor[better] = times
            evidence[better] = (
                f"and all are whole packs of {size:g}"
                if times > 1
                else f"which were whole packs of {size:g}"
            )
    nearest = nearest_factor(ratio)
    close = np.abs(np.log(ratio / nearest)) <= np.log(1 + data.threshold("SO502", "tolerance"))
    rising = ratio > 1
    apart = np.where(
        rising,
        np.nanquantile(after, 0.1, axis=1) >= np.nanquantile(before, 0.9, axis=1),
        np.nanquantile(before, 0.1, axis=1) >= np.nanquantile(after, 0.9, axis=1),
    )
    clear = np.isnan(factor) & close & apart
    factor[clear] = nearest[clear]
    evidence[clear] = "at once and lastingly"
    hit = ~np.isnan(factor)
    return pl.DataFrame(
        {
            "key": sold.keys[at[hit]],
            "column": np.full(hit.sum(), "units"),
            "before": old[hit],
            "after": new[hit],
            "factor": factor[hit],
            "evidence": pl.Series(evidence[hit].tolist(), dtype=pl.String),
        },
        schema=_HIT,
    )


def _restless(sold: DaySums, least: int) -> DaySums:
    """Items whose geometric mean somewhere differs by more than half the smallest factor.

    It costs a tenth of the ranks, and leaves few items to rank.
    """
    item = item_of(sold.keys)
    if not len(item):
        return sold
    start = np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]]))
    count = np.diff(np.append(start, len(item)))
    owner = np.repeat(np.arange(len(start)), count)
    total = np.concatenate([[0.0], np.cumsum(np.log(sold.values))])
    at = np.arange(len(item))
    low = np.maximum(start[owner], at - _WINDOW)
    high = np.minimum((start + count)[owner], at + _WINDOW)
    enough = (at - low >= least) & (high - at >= least)
    before = (total[at] - total[low]) / np.maximum(at - low, 1)
    after = (total[high] - total[at]) / np.maximum(high - at, 1)
    jump = np.where(enough, np.abs(after - before), 0.0)
    kept = np.repeat(np.maximum.reduceat(jump, start) >= np.log(PACK_FACTORS[0] / 2), count)
    return DaySums(sold.keys[kept], sold.values[kept])


def _whole(values: Floats) -> Floats:
    """Share of whole numbers in each row, nan left aside."""
    there = ~np.isnan(values)
    near = np.abs(values - np.round(values)) <= 1e-6 * np.maximum(1, np.abs(values))
    return np.asarray(np.sum(near & there, axis=1) / np.maximum(there.sum(axis=1), 1))


def _split(sold: DaySums, least: int, z: float) -> Ints:
    """Where the values of each item differ most before and after, by Wilcoxon's rank sum.

    The change point of Pettitt (1979), "A non-parametric approach to the change-point problem",
    Applied Statistics 28, with each split's rank sum in units of its standard deviation, so that
    changes near the end are found as well.

    Args:
        sold: Positive values of whole items.
        least: Values that must lie on either side.
        z: Standard deviations by which the rank sum must differ from its mean.

    Returns:
        Positions of the first value after each change, at most one an item.
    """
    item = item_of(sold.keys)
    if not len(item):
        return np.empty(0, dtype=np.int64)
    start = np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]]))
    count = np.diff(np.append(start, len(item)))
    owner = np.repeat(np.arange(len(start)), count)
    order = np.lexsort((sold.values, owner))
    # Values that are equal share the mean of their ranks.
    values, owners = sold.values[order], owner[order]
    new = np.concatenate([[True], (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])])
    tie = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(values)) - 1
    rank = np.empty(len(values))
    rank[order] = (first + last)[tie] / 2 - start[owners] + 1
    reached = np.concatenate([[0.0], np.cumsum(rank)])[:-1]
    before = np.arange(len(values)) - start[owner]  # values of the item before each one
    total = count[owner]
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.abs(
            (reached - reached[start][owner] - before * (total + 1) / 2)
            / np.sqrt(before * (total - before) * (total + 1) / 12)
        )
    score = np.where((before >= least) & (total - before >= least), score, 0.0)
    best = np.maximum.reduceat(score, start)
    at = np.flatnonzero((score == best[owner]) & (score >= z))
    _, chosen = np.unique(owner[at], return_index=True)
    return at[chosen]
