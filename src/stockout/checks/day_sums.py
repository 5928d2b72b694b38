"""Sums by item and day as two arrays: sixteen bytes for each, and sums over any span of days."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_DAYS = 2**22
"""More days than the calendar of dates has; an item's days stand before the next item's."""

_FIRST = 719_162
"""Days from 0001-01-01 to 1970-01-01, so that every date is zero or more."""


def key_of(item: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The number that an item's day is sorted by, from the item's number and the date."""
    return item.cast(pl.Int64) * _DAYS + day.to_physical().cast(pl.Int64) + _FIRST


def item_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The items' numbers."""
    return keys // _DAYS


def day_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The days, counted from 1970-01-01."""
    return keys % _DAYS - _FIRST


@dataclass(frozen=True)
class DaySums:
    """One value for each item and day that has any, sorted by item and day.

    >>> sums = DaySums.of(pl.DataFrame({"key": [3, 1, 2], "value": [4.0, 1.0, 2.0]}))
    >>> sums.between(np.array([1]), np.array([3])).tolist()
    [6.0]
    """

    keys: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> DaySums:
        """From columns key and value, in any order."""
        keys = frame["key"].to_numpy()
        order = np.argsort(keys)
        return cls(keys[order], frame["value"].to_numpy()[order])

    @classmethod
    def empty(cls) -> DaySums:
        """Of nothing."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0))

    def __len__(self) -> int:
        """Item-days."""
        return len(self.keys)

    @cached_property
    def _total(self) -> NDArray[np.float64]:
        return np.concatenate([[0.0], np.cumsum(self.values)])

    def between(self, after: NDArray[np.int64], until: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum of an item's values after one day and until another one, that day included.

        Args:
            after: Keys of the days before the spans.
            until: Keys of the spans' last days, of the same items.
        """
        total = self._total
        upper = total[np.searchsorted(self.keys, until, side="right")]
        return upper - total[np.searchsorted(self.keys, after, side="right")]

    def blocks(self, size: int) -> Iterator[DaySums]:
        """Parts of whole items, of about ``size`` item-days each, so that memory is bounded."""
        start = 0
        while start < len(self.keys):
            end = min(start + size, len(self.keys))
            if end < len(self.keys):
                last = self.keys[end - 1] // _DAYS
                end = int(np.searchsorted(self.keys, (last + 1) * _DAYS))
            yield DaySums(self.keys[start:end], self.values[start:end])
            start = end
