"""The range in which nearly all dates of a column lie, and how far one may be out of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

_FEW_DATES = 10
"""Fewer distinct dates have no rhythm that one of them could be out of."""

_TAIL = 0.001
"""Share of the rows at each end that does not make the usual range."""


class UsualDates(NamedTuple):
    """The dates of one column of one table."""

    first: date  # all but 0.1 % of the rows are dated from here on
    last: date  # all but 0.1 % of the rows are dated up to here
    lowest: date  # dates before it are implausible
    highest: date  # dates after it are implausible

    def holds(self, column: str) -> pl.Expr:
        """Whether a date is plausible."""
        return pl.col(column).is_between(self.lowest, self.highest)


def usual_dates(
    counts: pl.DataFrame, *, early_days: float, late_days: float, earliest: date
) -> UsualDates:
    """The usual range of dates, and its limits.

    The limit on either side is the 0.1 % or 99.9 % quantile of the rows and the days that are
    allowed beyond it, or twice the largest distance between two dates of the range where that is
    more.

    Args:
        counts: Columns date and len (rows of that date), without nulls.
        early_days: Days that a date may lie before the range.
        late_days: Days that a date may lie after the range.
        earliest: Dates before it are never plausible.

    >>> days = [date(2026, 1, 1) + timedelta(i) for i in range(90)] + [date(2062, 1, 1)]
    >>> range_ = usual_dates(pl.DataFrame({"date": days, "len": [50] * 90 + [1]}),
    ...                      early_days=365, late_days=30, earliest=date(1980, 1, 2))
    >>> range_.last, range_.highest
    (datetime.date(2026, 3, 31), datetime.date(2026, 4, 30))
    """
    counts = counts.filter(pl.col("date") >= earliest).sort("date")
    if counts.is_empty():
        return UsualDates(earliest, date.max, earliest, date.max)
    days = counts["date"].to_physical().to_numpy().astype(np.int64)
    rows = np.cumsum(counts["len"].to_numpy().astype(np.int64))
    first, last = days[0], days[-1]
    if len(days) < _FEW_DATES:
        return UsualDates(_date(first), _date(last), earliest, date.max)
    # As the as-of date is found: of few rows, the last one alone is beyond the quantile.
    upper = int((1 - _TAIL) * (rows[-1] - 1))
    first = days[np.searchsorted(rows, rows[-1] - 1 - upper, side="right")]
    last = days[np.searchsorted(rows, upper, side="right")]
    inside = days[(days >= first) & (days <= last)]
    apart = 2 * int(np.diff(inside).max(initial=0))
    return UsualDates(
        _date(first),
        _date(last),
        max(earliest, _date(first - max(int(early_days), apart))),
        _date(last + max(int(late_days), apart)),
    )


def _date(day: int) -> date:
    """The date of a day counted from 1970, or the nearest one that the calendar has."""
    start = date(1970, 1, 1)
    return start + timedelta(
        days=int(np.clip(day, (date.min - start).days, (date.max - start).days))
    )
