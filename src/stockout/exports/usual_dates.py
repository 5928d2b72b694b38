"""The range in which nearly all dates of a column lie, and rows that are far before it.

One sale dated 1900 would begin a history of 126 years without sales: it would cost memory, make
demand look rare, and take the estimates of all items with it. Such rows are set aside.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

logger = logging.getLogger(__name__)

EARLY_DAYS = 366
"""Days that a date may lie before the range: a year, in which a seasonal item may be sold once."""

LATE_DAYS = 30
"""Days that a date may lie after the range."""

ZERO_OF_SYSTEMS = date(1980, 1, 1)
"""The latest date that systems write for no date: that of FAT file systems (Excel 1899-12-30, SQL
Server 1900-01-01, Unix 1970-01-01)."""

DATED = frozenset({"sales", "inventory", "movements"})
"""Tables whose dates are those of the history."""

_FEW_DATES = 10
"""Fewer distinct dates have no rhythm that one of them could be out of by little."""

_FEW_WITHIN_DAYS = 3653
"""Few dates are plausible within ten years, a choice, of the one in the middle of the rows."""

_MOST_DAYS = 1_000_000  # between two dates, for which a table of all days is made

_ROWS = 2**18  # dates counted together: what they need for a moment fits the processor's memory

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


def date_counts(dates: pl.Series) -> pl.DataFrame:
    """Columns date and len (rows of that date) of each date, nulls left out.

    >>> days = [date(2026, 1, 6), date(2026, 1, 5), date(2026, 1, 6)]
    >>> date_counts(pl.Series(days)).rows()
    [(datetime.date(2026, 1, 5), 1), (datetime.date(2026, 1, 6), 2)]
    """
    known = dates.drop_nulls() if dates.null_count() else dates
    parts = [part.to_numpy() for part in known.to_physical().get_chunks() if len(part)]
    first = min((int(part.min()) for part in parts), default=0)
    last = max((int(part.max()) for part in parts), default=-1)
    if last - first > _MOST_DAYS:  # a typing error far off, or two
        values, count = np.unique(np.concatenate(parts), return_counts=True)
    else:
        count = np.zeros(last - first + 1, dtype=np.int64)
        for day in parts:
            for chunk in range(0, day.size, _ROWS):
                count += np.bincount(day[chunk : chunk + _ROWS] - first, minlength=count.size)
        values = np.flatnonzero(count)
        count = count[values]
        values = values + first
    of_date = pl.Series(values, dtype=pl.Int32).cast(pl.Date)
    return pl.DataFrame({"date": of_date, "len": pl.Series(count, dtype=pl.UInt32)})


def usual_dates(
    counts: pl.DataFrame,
    *,
    early_days: float = EARLY_DAYS,
    late_days: float = LATE_DAYS,
    earliest: date = ZERO_OF_SYSTEMS + timedelta(days=1),
) -> UsualDates:
    """The usual range of dates, and its limits.

    The limit on either side is the 0.1 % or 99.9 % quantile of the rows and the days that are
    allowed beyond it, or twice the largest distance between two dates of the range where that is
    more. Fewer than ten distinct dates are plausible within ten years of their median.

    Args:
        counts: Columns date and len (rows of that date), without nulls.
        early_days: Days that a date may lie before the range.
        late_days: Days that a date may lie after the range.
        earliest: Dates before it are never plausible.

    >>> days = [date(2026, 1, 1) + timedelta(i) for i in range(90)] + [date(2062, 1, 1)]
    >>> range_ = usual_dates(pl.DataFrame({"date": days, "len": [50] * 90 + [1]}))
    >>> range_.last, range_.highest
    (datetime.date(2026, 3, 31), datetime.date(2026, 4, 30))
    """
    counts = counts.filter(pl.col("date") >= earliest).sort("date")
    if counts.is_empty():
        return UsualDates(earliest, date.max, earliest, date.max)
    days = counts["date"].to_physical().to_numpy().astype(np.int64)
    rows = np.cumsum(counts["len"].to_numpy().astype(np.int64))
    if len(days) < _FEW_DATES:
        middle = days[np.searchsorted(rows, (rows[-1] - 1) // 2, side="right")]
        near = days[np.abs(days - middle) <= _FEW_WITHIN_DAYS]
        return UsualDates(
            _date(near[0]),
            _date(near[-1]),
            max(earliest, _date(middle - _FEW_WITHIN_DAYS)),
            _date(middle + _FEW_WITHIN_DAYS),
        )
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


def without_old_rows(
    rows: pl.DataFrame, table: str, *, early_days: float = EARLY_DAYS
) -> pl.DataFrame:
    """The rows of a table but those dated implausibly long ago; says which are set aside.

    Args:
        rows: Canonical rows of the table.
        table: Its name; only those of :data:`DATED` have dates that matter here.
        early_days: Days that a date may lie before the 0.1 % quantile.

    >>> days = [date(2026, 1, 1) + timedelta(i) for i in range(90)] + [date(1900, 1, 1)]
    >>> without_old_rows(pl.DataFrame({"date": days, "sku": "A"}), "sales").height
    90
    """
    if table not in DATED or rows.is_empty():
        return rows
    counts = date_counts(rows["date"])
    usual = usual_dates(counts, early_days=early_days)
    if (counts["date"] >= usual.lowest).all():  # as in most exports, which are not looked through
        return rows
    old = rows.filter(pl.col("date") < usual.lowest)
    first = old.sort("date", "sku").row(0, named=True)
    logger.warning(
        "%s: %s dated before %s set aside, as no date can be so far in the past where the others "
        "begin on %s (the first: %s, sku %s); stockout check names file and row, SO302",
        table,
        "1 row is" if old.height == 1 else f"{old.height:,} rows are",
        usual.lowest,
        usual.first,
        first["date"],
        first["sku"],
    )
    return rows.filter((pl.col("date") >= usual.lowest) | pl.col("date").is_null())
