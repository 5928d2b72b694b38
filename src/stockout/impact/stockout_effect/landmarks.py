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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.purchases import Purchases

    Codes = NDArray[np.int64]
    Vector = NDArray[np.float64]

BEFORE, RECENT, WINDOW, GAP, AFTER = 182, 91, 28, 14, 91
"""Days: features, active if one order in, exposure, gap, outcome."""
LEAST_ORDERS = 3


class Panel(NamedTuple):
    """One row for each customer at each landmark, sorted by landmark and customer."""

    starts: Codes  # (landmarks,) day of each, the first that is not known yet
    landmark: Codes  # (rows,) place in starts
    customer: Codes  # (rows,)
    orders_before: Vector  # (rows,) orders in the 26 weeks before
    orders_recent: Vector  # in the last 13 of them
    orders_last: Vector  # in the last 4 of them
    seen: Vector  # days of the 26 weeks since the first order ever
    tenure: Vector  # days since the first order ever
    last_day: Codes  # day of the last order before the landmark
    concentration: Vector  # sum of squared shares of the items in what was bought
    no_order: Vector  # 1 where no order came in the 13 weeks after the gap
    orders_after: Vector  # orders in them
    pair_row: Codes  # (pairs,) row, sorted; a pair is an item that a row's customer bought before
    pair_item: Codes  # (pairs,)
    pair_count: Vector  # (pairs,) days of the 26 weeks on which it was bought

    @property
    def start(self) -> Codes:
        """(rows,) day of each row's landmark."""
        return np.asarray(self.starts[self.landmark])

    @property
    def rows(self) -> int:
        """Number of customer-landmarks."""
        return self.customer.size


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
    first = np.full(people, bought.days)
    np.minimum.at(first, who, day)

    def count(start: int, end: int) -> Vector:
        inside = (day >= start) & (day < end)
        return np.bincount(who[inside], minlength=people).astype(np.float64)

    parts, pairs, rows = [], [], 0
    for place, start in enumerate(starts.tolist()):
        before, recent = count(start - BEFORE, start), count(start - RECENT, start)
        here = np.flatnonzero((before >= LEAST_ORDERS) & (recent >= 1))
        earlier = day < start
        last = np.zeros(people, dtype=np.int64)
        last[who[earlier]] = day[earlier]  # sorted by day: the latest one stays
        after = count(start + begin, start + stop)[here]
        tenure = (start - first[here]).astype(np.float64)
        own = _pairs(bought, start, here)
        pairs.append((own[0] + rows, *own[1:]))
        parts.append(
            (
                np.full(here.size, place),
                here,
                before[here],
                recent[here],
                count(start - WINDOW, start)[here],
                np.minimum(tenure, BEFORE),
                tenure,
                last[here],
                _concentration(own[0], own[2], here.size),
                (after == 0).astype(np.float64),
                after,
            )
        )
        rows += here.size
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    joined += [np.concatenate(column) for column in zip(*pairs, strict=True)]
    return Panel(starts, *joined)


def _pairs(bought: Purchases, start: int, here: Codes) -> tuple[Codes, Codes, Vector]:
    """Row, item and days bought of what the customers bought before a landmark."""
    row_of = np.full(len(bought.customers), -1)
    row_of[here] = np.arange(here.size)
    row = row_of[bought.line_customer]
    inside = (row >= 0) & (bought.line_day >= start - BEFORE) & (bought.line_day < start)
    items = bought.items.height
    pair, counts = np.unique(row[inside] * items + bought.line_item[inside], return_counts=True)
    return pair // items, pair % items, counts.astype(np.float64)


def _concentration(row: Codes, counts: Vector, rows: int) -> Vector:
    total = np.bincount(row, counts, rows)
    return np.asarray(np.bincount(row, counts**2, rows) / np.maximum(total, 1) ** 2)
