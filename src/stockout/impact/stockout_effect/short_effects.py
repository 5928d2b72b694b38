"""What a thwarted purchase does at once: a later order, another item, a lost basket.

The frame is that of the effect on customers: exposure by habit, the same instrument, controls and
standard errors. Each figure is one thwarted purchase's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.exposure import pair_days, window_days
from stockout.impact.stockout_effect.landmarks import AFTER, GAP, WINDOW
from stockout.impact.stockout_effect.least_squares import side_by_side
from stockout.impact.stockout_effect.purchases import within
from stockout.impact.stockout_effect.regression import Coefficient, Design, two_stage, two_stage_all
from stockout.impact.stockout_effect.shift_share import shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.landmarks import Part
    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases
    from stockout.impact.stockout_effect.setting import Frame

    Codes = NDArray[np.int64]
    Vector = NDArray[np.float64]

SHORT = WINDOW + GAP
"""Days from the landmark that the short effects look at."""

_NORMAL = 1.959964  # 97.5 % quantile
_NOTHING = "the exposure does not vary enough to tell"


class ShortEffect(NamedTuple):
    """One effect of a thwarted purchase."""

    name: str
    value: float | None
    low: float | None  # 95 % interval
    high: float | None
    unit: str
    reason: str | None  # why it is not known


def short_effects(
    main: Frame, bought: Purchases, out: OutDays, category: Codes | None
) -> list[ShortEffect]:
    """Estimates the short effects.

    Args:
        main: Frame of the estimate.
        bought: Purchases.
        out: Days out of stock.
        category: (items,) code of each item's category and location, -1 without one; or None.
    """
    design = main.design(out, [(0, WINDOW), (WINDOW, SHORT), (SHORT, SHORT + AFTER)], measured=True)
    waited, baskets = _orders(main, bought)
    units = {
        "order delayed": f"days to the next order, at most {SHORT}",
        "basket lost": f"orders fewer in {SHORT} days",
    }
    told: list[Coefficient | None] = [*two_stage_all([waited, -baskets], design)]
    told = told or [None, None]
    found = [
        _effect(name, each, unit) for (name, unit), each in zip(units.items(), told, strict=True)
    ]
    unit = "share that bought another item of the category"
    if category is None:
        reason = "no product has a category"
        return [*found, ShortEffect("substituted", None, None, None, unit, reason)]
    return [*found, _effect("substituted", _substituted(main, bought, out, category), unit)]


def _effect(name: str, found: Coefficient | None, unit: str) -> ShortEffect:
    if found is None:
        return ShortEffect(name, None, None, None, unit, _NOTHING)
    spread = _NORMAL * found.error
    return ShortEffect(name, found.value, found.value - spread, found.value + spread, unit, None)


def _orders(main: Frame, bought: Purchases) -> tuple[Vector, Vector]:
    """(rows,) days to the next order after the landmark, and orders in the days looked at."""
    seen, people = main.panel, len(bought.customers)
    waited, orders = np.empty((2, seen.rows))
    for part in seen.at_each():
        inside = within(bought.order_day, part.start, part.start + SHORT)
        who, day = bought.order_customer[inside], bought.order_day[inside] - part.start
        first, own = np.full(people, float(SHORT)), seen.customer[part.rows]
        first[who[::-1]] = day[::-1]  # the earliest one stays
        waited[part.rows] = first[own]
        orders[part.rows] = np.bincount(who, minlength=people)[own]
    return waited, orders


def _substituted(
    main: Frame, bought: Purchases, out: OutDays, category: Codes
) -> Coefficient | None:
    """Purchases of other items of the category a thwarted purchase, by row and item of habit.

    What the customer would have bought of them anyway, on the days on which they were in stock, is
    a control; so is how often the item itself is out in the long run.
    """
    seen, habit = main.panel, main.habit
    there = WINDOW - window_days(seen, out.out, 0, WINDOW)
    size, people = int(category.max()) + 2, len(bought.customers)
    outcome, expected = np.empty((2, seen.pair_cell.size))
    for part in seen.at_each():
        own = part.pairs
        cells, cell = np.unique(part.row * size + category[part.item], return_inverse=True)
        others = _of_others(part, bought, part.row_of(seen, people), category, cells)
        outcome[own] = _rest(cell, habit.later.pairs[own]) + others[cell]
        expected[own] = _rest(cell, habit.rate[own] * there[part.place, part.item])
    cell, rows = seen.pair_cell, np.arange(seen.pair_cell.size, dtype=np.int32)
    item, rate = seen.pair_item, habit.rate
    long_run = (out.out[-1] / np.maximum(out.known[-1], 1))[item]
    days = pair_days(seen, out.out, 0, WINDOW)
    use = (category[item] >= 0).astype(np.float64)
    of_item = np.tile(np.arange(bought.items.height), len(seen.starts))
    design = Design(
        treatments=(rate * main.thwarted.days.ravel()[cell])[:, None],
        instruments=(rate * days)[:, None],
        controls=side_by_side(
            [np.ones_like(rate), expected, rate, rate**2, rate * long_run, long_run]
        ),
        shares=shares(rows, cell, rate, rate.size, of_item),
        customer=seen.customer[seen.pair_row],
    )
    return two_stage(outcome, design, use)


def _rest(cell: Codes, values: Vector | NDArray[np.uint8]) -> Vector:
    """(pairs,) sum of the values of each pair's cell without its own."""
    return np.asarray(np.bincount(cell, values)[cell] - values, dtype=np.float64)


def _of_others(
    part: Part, bought: Purchases, row_of: Codes, category: Codes, cells: Codes
) -> Vector:
    """(cells,) purchases of items without a habit, by row and category."""
    size, items = int(category.max()) + 2, bought.items.height
    lines = within(bought.line_day, part.start, part.start + WINDOW)
    row, item = row_of[bought.line_customer[lines]], bought.line_item[lines]
    row, item = row[row >= 0], item[row >= 0]
    new = ~np.isin(row * items + item, part.row * items + part.item)
    wanted = (row * size + category[item])[new]
    at = np.minimum(np.searchsorted(cells, wanted), cells.size - 1)
    return np.bincount(at[cells[at] == wanted], minlength=cells.size).astype(np.float64)
