"""Stock rolled from counts through what came and went, forwards and backwards.

One row a day, one column an item. Between counts the stock is known as far as the changes are:

- forwards from a count: ``stock[t] = stock[t-1] + change[t]``,
- backwards from a count: ``stock[t-1] = stock[t] - change[t]``.

A path ends where it cannot be true: where it falls below zero, or where a sale took place though
nothing was there in the morning and nothing came in. Beyond that day it says nothing.

Where two counts do not agree with the changes between them, a change is missing or wrong on a day
that is not known. Then the forward path is right before that day and the backward path after it, so
a day is known only where both say the same of it, or where the other path has ended before it.

Where changes are totals of a week, the days on which they took place are not known, and stock is an
interval: at least what there was if all went out on Monday, at most what there was if on Sunday.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Rows = NDArray[np.intp]

Kind = TypeVar("Kind", bound=np.generic)

CRUMB = 1e-6
"""Units that are nothing: binary fractions of a kilogram leave less than that behind."""


class Changes(NamedTuple):
    """What is known of the changes of stock, (days, items) each."""

    least: Matrix  # changes up to and with the day, if a week's sales are its first day's
    most: Matrix  # the same if they are its last day's; the same array where all days are known
    known: Flags  # every change of the day is known
    unserved: Flags  # something was sold, and nothing came in


class Path(NamedTuple):
    """Stock at the end of each day as rolled one way, (days, items) each; nan where it is not."""

    low: Matrix
    high: Matrix
    rolled: Matrix  # high as rolled, also where it cannot be true
    fault: Flags  # the first contradiction after each count, in the direction of the path


class Stock(NamedTuple):
    """Stock at the end of each day, (days, items) each; nan where it is not known."""

    low: Matrix  # at least
    high: Matrix  # at most
    forward: Path
    backward: Path


def rolled_stock(counted: Matrix, changes: Changes) -> Stock:
    """Rolls every count through the changes, both ways.

    Args:
        counted: (days, items) counted stock at the end of the day, nan where nobody counted.
        changes: The changes of the same days and items.

    Returns:
        Bounds of the stock at the end of each day; on a day with a count they are the count.

    >>> counted = np.array([[np.nan], [np.nan], [2.0]])
    >>> total = np.cumsum([[0.0], [-3.0], [-1.0]], axis=0)
    >>> flags = np.ones((3, 1), dtype=bool)
    >>> rolled_stock(counted, Changes(total, total, flags, ~flags)).low[:, 0].tolist()
    [6.0, 3.0, 2.0]
    """
    forward = _forward(counted, changes)
    backward = _backward(counted, changes)
    low, high = _combined(forward, backward)
    alone = np.isnan(backward.low)
    high[alone & _before_fault(forward)] = np.inf
    return Stock(low, high, forward, backward)


def surprises(counted: Matrix, changes: Changes) -> tuple[Flags, Matrix]:
    """Counts that differ from the count before them rolled forward.

    Returns:
        (days, items) whether a count differs, and the stock that was to be expected of it: the end
        of the interval that is nearer to the count.
    """
    rows = _row_numbers(counted)
    anchor = np.full(counted.shape, -1, dtype=np.intp)
    anchor[1:] = _last_event(counted, changes.known)[:-1]
    anchor[~changes.known] = -1
    low, high = _from_anchor(anchor, rows, counted, changes)
    with np.errstate(invalid="ignore"):
        differs = (counted < low - CRUMB) | (counted > high + CRUMB)
        return differs, np.where(counted < low, low, high)


def _row_numbers(matrix: Matrix) -> Rows:
    return np.arange(len(matrix), dtype=np.intp)[:, None]


def _last_event(counted: Matrix, known: Flags) -> Rows:
    """Row of the last count, or of the last day since which not all changes are known."""
    event = ~np.isnan(counted) | ~known
    return np.maximum.accumulate(np.where(event, _row_numbers(counted), -1), axis=0)


def _forward(counted: Matrix, changes: Changes) -> Path:
    rows = _row_numbers(counted)
    anchor = _last_event(counted, changes.known)
    low, rolled = _from_anchor(anchor, rows, counted, changes)
    nothing = np.zeros_like(changes.known)
    with np.errstate(invalid="ignore"):
        nothing[1:] = rolled[:-1] <= CRUMB
        wrong = ((rolled < -CRUMB) | (nothing & changes.unserved)) & (anchor != rows)
    wrongs = np.cumsum(wrong, axis=0, dtype=np.int32)
    beyond = wrongs - _taken(wrongs, anchor)
    first = wrong & (beyond == 1)
    low, high = np.where(beyond > 0, np.nan, low), np.where(beyond > 0, np.nan, rolled)
    return Path(low, high, rolled, first)


def _before_fault(forward: Path) -> Flags:
    """Days of a run without stock that ends in a contradiction: something came in unseen."""
    with np.errstate(invalid="ignore"):
        empty = (forward.rolled <= CRUMB) & ~forward.fault
    last = len(empty) - 1
    end = np.where(empty, last, _row_numbers(forward.rolled))
    end = np.flip(np.minimum.accumulate(np.flip(end, axis=0), axis=0), axis=0)
    return np.asarray(empty & _taken(forward.fault, end))


def _backward(counted: Matrix, changes: Changes) -> Path:
    rows = _row_numbers(counted)
    blocked = np.ones_like(changes.known)
    blocked[:-1] = ~changes.known[1:]
    event = np.where(~np.isnan(counted) | blocked, rows, len(counted))
    anchor = np.flip(np.minimum.accumulate(np.flip(event, axis=0), axis=0), axis=0)
    low, rolled = _from_anchor(anchor, rows, counted, changes)
    unserved = np.zeros_like(changes.known)
    unserved[:-1] = changes.unserved[1:]
    with np.errstate(invalid="ignore"):
        wrong = ((rolled < -CRUMB) | ((rolled <= CRUMB) & unserved)) & (anchor != rows)
    wrongs = np.flip(np.cumsum(np.flip(wrong, axis=0), axis=0, dtype=np.int32), axis=0)
    beyond = wrongs - _taken(wrongs, anchor)
    first = wrong & (beyond == 1)
    low, high = np.where(beyond > 0, np.nan, low), np.where(beyond > 0, np.nan, rolled)
    return Path(low, high, rolled, first)


def _from_anchor(
    anchor: Rows, rows: Rows, counted: Matrix, changes: Changes
) -> tuple[Matrix, Matrix]:
    """Bounds of the stock by the count in the anchor's row; nan where that has no count."""
    start = np.where(anchor >= 0, _taken(counted, np.maximum(anchor, 0)), np.nan)
    start = np.where(anchor < len(counted), start, np.nan)
    low = start + (changes.least - _taken(changes.most, anchor))
    if changes.least is changes.most:
        high = low
    else:
        high = start + (changes.most - _taken(changes.least, anchor))
    own = anchor == rows
    low[own] = high[own] = counted[own]
    return low, high


def _taken(matrix: NDArray[Kind], rows: Rows) -> NDArray[Kind]:
    return np.take_along_axis(matrix, np.clip(rows, 0, len(matrix) - 1), axis=0)


def _combined(forward: Path, backward: Path) -> tuple[Matrix, Matrix]:
    """Where both paths speak: what they share; where they differ: the span from one to the other.

    Where only one speaks, what it says.
    """
    meet = np.minimum(forward.high, backward.high) + CRUMB >= np.maximum(forward.low, backward.low)
    with np.errstate(invalid="ignore"):
        low = np.where(meet, np.fmax(forward.low, backward.low), np.fmin(forward.low, backward.low))
        high = np.where(
            meet, np.fmin(forward.high, backward.high), np.fmax(forward.high, backward.high)
        )
    return low, high
