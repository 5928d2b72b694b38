"""Item-periods under an event, and what they would have sold without it.

The usual demand around a period is the mean of the eight weeks around it without any event, and
without the week after a promotion, in which less may be bought because more was; for few such
periods it leans on the item's own mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.shrinkage import ratio, relative_variance
from stockout.forecasting.dispersion import POOL_WINDOWS
from stockout.forecasting.seasonality import WEEKDAYS, category_codes, weekday_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.event_days import EventDays
    from stockout.demand.history import History

    Vector = NDArray[np.float64]
    Indices = NDArray[np.int64]

_HALF_WINDOW_DAYS = 28  # around a day, whose mean without events is its usual
_OWN_DAYS = 3.0  # that the item's own mean counts for beside the days around, as in learned demand
_AFTER_DAYS = 7  # after a promotion, in which demand may be what was bought ahead
_LEAST_NOISE = 1e-6  # variance-to-mean ratio where demand never varies, so that ratios stay finite
_BELIEVED = 0.05  # share of past spans without a promotion, from which on one ahead may have none
_BLOCK = 2048  # items whose usual is computed at a time; bounds memory, changes no result


class Cells(NamedTuple):
    """Item-periods under an event; a pair is an item with a kind."""

    row: Indices  # of the panel, those after as-of from ``periods`` on
    item: Indices
    share: Vector  # of the period
    pair: Indices
    kind_of: Indices  # (pairs,)
    item_of: Indices  # (pairs,)
    planned_until: int  # row from which on nobody has planned promotions; that after the last: none


class Usual(NamedTuple):
    """What the cells would have sold without the event."""

    sold: Vector  # (cells,) units
    expected: Vector  # (cells,) 0 where demand was not seen
    noise: Vector  # (items,) variance-to-mean ratio of demand
    day_variance: float  # relative variance of a day that all items share


def cells_of(past: History, events: EventDays, horizon: int) -> Cells:
    """Cells of the history and of the periods ahead, and those after each promotion.

    Where no promotion is planned at all, though hardly ever was there none for so long, the plan is
    not known. Then promotions are no cells: what they sell is part of the usual demand.
    """
    periods, items = past.units.shape
    row = events.rows(past)
    ahead = np.full(max(int(row.max(initial=0)), int(past.future_rows(horizon)[-1])) + 1, -1)
    ahead[:periods] = np.arange(periods)
    ahead[past.future_rows(horizon)] = periods + np.arange(horizon)
    place = np.where(row >= 0, ahead[row], -1)
    kept = (place >= 0) & ((place < periods) | events.planned)
    kept &= place >= past.start[events.item]
    row, item, kind = place[kept], events.item[kept], events.kind[kept]
    share = events.share[kept].astype(np.float64)
    until = planned_until(events.rows(past)[events.kind == 0], row[kind == 0], periods, horizon)
    if until == periods:
        row, item, kind, share = (part[kind > 0] for part in (row, item, kind, share))
    promoted = kind == 0
    if promoted.any():
        state = np.zeros((periods + horizon, items), dtype=np.bool_)
        state[row[promoted], item[promoted]] = True
        late = np.zeros_like(state)
        for step in range(1, max(1, _AFTER_DAYS // DAYS_PER_PERIOD[past.freq]) + 1):
            late[step:] |= state[:-step]
        more_row, more_item = np.nonzero(late & ~state)
        row, item = np.concatenate([row, more_row]), np.concatenate([item, more_item])
        kind = np.concatenate([kind, np.full(more_row.size, len(events.kinds))])
        share = np.concatenate([share, np.ones(more_row.size)])
    pairs, pair = np.unique(kind * items + item, return_inverse=True)
    return Cells(row, item, share, pair, pairs // items, pairs % items, until)


def planned_until(told: Indices, row: Indices, periods: int, horizon: int) -> int:
    """The row from which on promotions happen though none is planned.

    That is the first one after the last planned promotion, if in the past a span as long as the one
    from there to the horizon hardly ever went by without a promotion of any item.

    Args:
        told: Rows of the panel of all promotions, also of those beyond the horizon.
        row: Rows of the past, and of the horizon from ``periods`` on, of those that count.
        periods: Rows of the history.
        horizon: Rows after it.

    >>> every_week = np.arange(0, 70, 7)
    >>> planned_until(every_week, every_week, 70, 28), planned_until(every_week, every_week, 70, 4)
    (70, 74)
    """
    end = periods + horizon
    first = max(int(row.max(initial=-1)) + 1, periods)
    busy = np.zeros(periods, dtype=np.bool_)
    busy[row[row < periods]] = True
    length, began = end - first, int(np.argmax(busy))
    if told.max(initial=0) >= end or not busy.any() or length == 0 or began + length > periods:
        return end
    total = np.concatenate([[0], np.cumsum(busy[began:])])
    quiet = total[length:] == total[:-length]
    return end if quiet.mean() >= _BELIEVED else first


def groups_of(past: History, cells: Cells) -> tuple[list[Indices], list[Indices]]:
    """Codes of the pairs' groups, the widest first: of promotions, and of named days."""

    def coded(kind: Indices, code: Indices) -> Indices:
        both = kind * (int(code.max()) + 1) + code
        return np.asarray(np.unique(both, return_inverse=True)[1])

    kind, item = cells.kind_of, cells.item_of
    category = category_codes(past)[item]
    sku, place = (
        past.items[name].rank("dense").to_numpy().astype(np.int64)[item]
        for name in ("sku", "location")
    )
    return (
        [kind, coded(kind, category), coded(kind, sku)],
        [kind, coded(kind, place), coded(kind, category)],
    )


def usual_of(past: History, cells: Cells) -> Usual:
    """What the items sell around the cells in periods without any event."""
    periods, items = past.units.shape
    inside = cells.row < periods
    row, item = cells.row[inside], cells.item[inside]
    evidence = past.evidence()
    base = evidence.copy()
    base[row, item] = False
    weekday = weekday_index(replace(past, observed=base, events=None))
    day_of = (np.arange(periods) + past.first_period.weekday()) % WEEKDAYS
    length = DAYS_PER_PERIOD[past.freq]
    half, own_periods = _HALF_WINDOW_DAYS // length, _OWN_DAYS / length
    expected = np.zeros(row.size)
    squares, means, count = np.zeros(items), np.zeros(items), base.sum(axis=0)
    sold_of_row, mean_of_row = np.zeros(periods), np.zeros(periods)
    order = np.argsort(item, kind="stable")
    edges = np.searchsorted(item[order], np.arange(0, items + _BLOCK, _BLOCK))
    for number, first in enumerate(range(0, items, _BLOCK)):
        block = slice(first, first + _BLOCK)
        season = np.where(base[:, block], weekday[:, block][day_of], 0).astype(np.float64)
        sold = np.where(base[:, block], past.units[:, block], 0).astype(np.float64)
        own = ratio(sold.sum(axis=0), season.sum(axis=0))
        level = (_around(sold, half) + own_periods * own) / (_around(season, half) + own_periods)
        mean = level * season
        squares[block], means[block] = ((sold - mean) ** 2).sum(axis=0), mean.sum(axis=0)
        sold_of_row += sold.sum(axis=1)
        mean_of_row += mean.sum(axis=1)
        those = order[edges[number] : edges[number + 1]]
        r, i = row[those], item[those]
        expected[those] = level[r, i - first] * weekday[day_of[r], i]
    pooled = max(float(ratio(squares.sum(), means.sum(), empty=1.0)), _LEAST_NOISE)
    noise = (count * ratio(squares, means) + POOL_WINDOWS * pooled) / (count + POOL_WINDOWS)
    # a shop that was closed on a named day sold what it will sell on the next such day: nothing
    closed = (cells.kind_of[cells.pair[inside]] > 0) & ~past.open[row, item]
    seen = evidence[row, item] | closed
    whole = np.zeros(cells.row.size), np.zeros(cells.row.size)
    whole[0][inside] = np.where(evidence[row, item], past.units[row, item], 0)
    whole[1][inside] = np.where(seen, expected, 0)
    varies = relative_variance(sold_of_row, mean_of_row, np.full(periods, pooled))
    return Usual(*whole, np.maximum(noise, _LEAST_NOISE), varies)


def _around(values: Vector, half: int) -> Vector:
    """Sums over the rows around each row."""
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    t = np.arange(len(values))
    return np.asarray(total[np.minimum(t + half + 1, len(values))] - total[np.maximum(t - half, 0)])
