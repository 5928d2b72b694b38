"""The landmark panel: every four weeks, who was a customer, what they used to do, who came back.

At each landmark a customer counts who placed three orders or more in the 26 weeks before, one of
them in the last 13. What is known at the landmark are their features; the four weeks that follow
are the exposure window; after a gap of two weeks, 13 weeks show whether they order again. Exposure
windows follow each other and leave no week out. Outcomes overlap; rows of a customer and shocks of
an SKU count as dependent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from stockout.impact.stockout_effect.purchases import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.purchases import Narrow, Purchases

    Codes = NDArray[np.int64]
    Vector = NDArray[np.float64]

BEFORE, RECENT, WINDOW, GAP, AFTER = 182, 91, 28, 14, 91
"""Days: features, active if one order in, exposure, gap, outcome."""
LEAST_ORDERS = 3


class Panel(NamedTuple):
    """One row for each customer at each landmark, sorted by landmark and customer."""

    starts: Codes  # (landmarks,) day of each, the first that is not known yet, ascending
    items: int  # number of items
    landmark: Narrow  # (rows,) place in starts
    customer: Narrow  # (rows,)
    orders_before: Vector  # (rows,) orders in the 26 weeks before
    orders_recent: Vector  # in the last 13 of them
    orders_last: Vector  # in the last 4 of them
    seen: Vector  # days of the 26 weeks since the first order ever
    tenure: Vector  # days since the first order ever
    last_day: Narrow  # day of the last order before the landmark
    concentration: Vector  # sum of squared shares of the items in what was bought
    no_order: Vector  # 1 where no order came in the 13 weeks after the gap
    orders_after: Vector  # orders in them
    pair_start: Narrow  # (rows + 1,) first pair of each row; a pair is an item bought before
    pair_cell: Narrow  # (pairs,) landmark * items + item, ascending in each row
    pair_count: NDArray[np.uint8]  # (pairs,) days of the 26 weeks on which it was bought

    @property
    def pair_row(self) -> Narrow:
        """(pairs,) row of each pair."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.pair_start))

    @property
    def pair_item(self) -> Narrow:
        """(pairs,) item of each pair."""
        return np.asarray(self.pair_cell % np.int32(self.items))

    @property
    def start(self) -> Codes:
        """(rows,) day of each row's landmark."""
        return np.asarray(self.starts[self.landmark])

    @property
    def rows(self) -> int:
        """Number of customer-landmarks."""
        return self.customer.size

    def by_cell(self, values: Vector) -> sparse.csr_array:
        """(rows, landmarks * items) values of the pairs, sparse."""
        shape = self.rows, len(self.starts) * self.items
        return sparse.csr_array((values, self.pair_cell, self.pair_start), shape=shape)

    def at_each(self) -> Iterator[Part]:
        """The rows and pairs of each landmark."""
        stops = np.searchsorted(self.landmark, np.arange(len(self.starts) + 1, dtype=np.int32))
        for place, start in enumerate(self.starts.tolist()):
            rows = slice(int(stops[place]), int(stops[place + 1]))
            bounds = self.pair_start[rows.start : rows.stop + 1]
            pairs = slice(int(bounds[0]), int(bounds[-1]))
            row = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
            item = self.pair_cell[pairs] - np.int64(place * self.items)
            yield Part(place, start, rows, pairs, row, item)


class Part(NamedTuple):
    """What belongs to one landmark: its arrays are small where those of all would be large."""

    place: int  # of the landmark in starts
    start: int  # its day
    rows: slice
    pairs: slice
    row: Codes  # (own pairs,) row of each pair, counted from the first of its own
    item: Codes  # (own pairs,)

    def row_of(self, seen: Panel, people: int) -> Codes:
        """(people,) own row of each customer, -1 where there is none."""
        found = np.full(people, -1)
        found[seen.customer[self.rows]] = np.arange(self.rows.stop - self.rows.start)
        return found


def landmark_days(days: int, every: int = WINDOW) -> Codes:
    """Days of the landmarks, the last one with its outcome at the end of the data.

    Args:
        days: Length of the data.
        every: Days between two.

    >>> landmark_days(546).tolist()
    [189, 217, 245, 273, 301, 329, 357, 385, 413]
    """
    last = days - (WINDOW + GAP + AFTER)
    return np.arange(last, BEFORE - 1, -every, dtype=np.int64)[::-1]


def panel(bought: Purchases, starts: Codes, *, outcome: tuple[int, int] | None = None) -> Panel:
    """Builds the panel.

    Args:
        bought: Purchases.
        starts: Day of each landmark.
        outcome: First day of the outcome and the one after its last, relative to the landmark.
    """
    begin, stop = outcome or (WINDOW + GAP, WINDOW + GAP + AFTER)
    people = len(bought.customers)
    who, day = bought.order_customer, bought.order_day
    first, last = np.full(people, bought.days), np.zeros(people, dtype=np.int32)
    first[who[::-1]] = day[::-1]  # the earliest one stays

    def count(start: int, end: int) -> Vector:
        return np.bincount(who[within(day, start, end)], minlength=people).astype(np.float64)

    parts, pairs, since = [], [], 0
    for place, start in enumerate(starts.tolist()):
        before, recent = count(start - BEFORE, start), count(start - RECENT, start)
        here = np.flatnonzero((before >= LEAST_ORDERS) & (recent >= 1))
        new = within(day, since, start)
        last[who[new]] = day[new]  # the latest one stays
        since = start
        after = count(start + begin, start + stop)[here]
        tenure = (start - first[here]).astype(np.float64)
        row, item, times = _pairs(bought, start, here)
        cell = item + np.int32(place * bought.items.height)
        pairs.append((np.bincount(row, minlength=here.size), cell, times.astype(np.uint8)))
        parts.append(
            (
                np.full(here.size, place, dtype=np.int32),
                here.astype(np.int32),
                before[here],
                recent[here],
                count(start - WINDOW, start)[here],
                np.minimum(tenure, BEFORE),
                tenure,
                last[here],
                _concentration(row, times, here.size),
                (after == 0).astype(np.float64),
                after,
            )
        )
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    sizes, cell, times = (np.concatenate(column) for column in zip(*pairs, strict=True))
    start_of = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    joined += [start_of, cell, times]
    return Panel(starts, bought.items.height, *joined)


def _pairs(bought: Purchases, start: int, here: Codes) -> tuple[Codes, Narrow, Codes]:
    """Row, item and days bought of what the customers bought before a landmark."""
    row_of, items = np.full(len(bought.customers), -1), bought.items.height
    row_of[here] = np.arange(here.size)
    lines = within(bought.line_day, start - BEFORE, start)
    row = row_of[bought.line_customer[lines]]
    inside = row >= 0
    key = row[inside] * items + bought.line_item[lines][inside]
    pair, counts = np.unique(key, return_counts=True)
    return (
        np.asarray(pair // items, np.int64),
        (pair % items).astype(np.int32),
        counts,
    )


def _concentration(row: Codes, counts: Codes, rows: int) -> Vector:
    total = np.bincount(row, counts, rows)
    return np.asarray(np.bincount(row, counts**2, rows) / np.maximum(total, 1) ** 2)
