"""Days and weeks: the as-of date, the length of a period, and which periods are complete.

A week is Monday to Sunday and dated by its Monday. Where all dates of a table are whole weeks
apart, each row speaks for its whole week. A period is complete when as-of has reached its last
day; the first forecast period is the first one that starts after as-of.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError, NotKnownError
from stockout.exports.usual_dates import date_counts, usual_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.demand.periods import Freq

logger = logging.getLogger(__name__)

_FIRST_DATES = 1000  # rows looked at before all of them; changes no result
_FEW_DATES = 10  # fewer distinct dates have no rhythm that one of them could be out of


def is_weekly(dates: pl.Series) -> bool:
    """Whether dates speak for weeks: at least three distinct ones, all whole weeks apart.

    Args:
        dates: Dates, in any order, repeated or not.

    >>> is_weekly(pl.Series([date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 26)]))
    True
    >>> is_weekly(pl.Series([date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)]))
    False
    """
    if dates.head(_FIRST_DATES).dt.weekday().drop_nulls().n_unique() > 1:
        return False  # most tables of days are told by their first rows
    distinct = dates.drop_nulls().unique()
    return len(distinct) >= 3 and distinct.dt.weekday().n_unique() == 1


def choose_freq(sales: pl.DataFrame, freq: Literal["auto", "day", "week"] = "auto") -> Freq:
    """The length of a period: as asked, else ``week`` where sales are weekly, else ``day``.

    Raises:
        NotKnownError: Days were asked for, but the sales are weekly totals.
        ConfigError: There is no such period.
    """
    if freq not in {"auto", *DAYS_PER_PERIOD}:
        raise ConfigError(f"freq: found {freq!r}, expected auto, day or week")
    weekly = is_weekly(sales["date"])
    if freq == "auto":
        return "week" if weekly else "day"
    if freq == "day" and weekly:
        raise NotKnownError(
            "daily demand is not known from these data, because all sales dates are whole weeks "
            "apart, so each row is taken as a week's total",
            hint="use --freq week",
        )
    return freq


def resolve_as_of(tables: Mapping[str, pl.DataFrame | None], as_of: date | None = None) -> date:
    """The date that the data speak for: as asked, else the last date of the given tables.

    A date more than 30 days past the 99.9 % quantile of its table is taken for a typing error: it
    is reported and does not count. Where rows are further apart than that, twice their largest
    distance is allowed (:mod:`stockout.exports.usual_dates`). The last date of a weekly table
    stands for its whole week.

    Args:
        tables: Frames with a ``date`` column by table name; None where there is none.
        as_of: The date asked for, if any.

    Raises:
        NotKnownError: There is no date at all.

    >>> frame = pl.DataFrame({"date": [date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 8)]})
    >>> resolve_as_of({"sales": frame, "inventory": None})
    datetime.date(2026, 1, 8)
    """
    if as_of is not None:
        return as_of
    last: list[date] = []
    for name, frame in tables.items():
        if frame is None or frame.is_empty():
            continue
        counts = date_counts(frame["date"])
        usual = usual_dates(counts)
        beyond = counts.filter(pl.col("date") > usual.highest)
        if beyond.height:
            rows = int(beyond["len"].sum())
            logger.warning(
                "%s: %s dated after %s, up to %s, far past the others, which end on %s; they do "
                "not count as the as-of date (stockout check names file and row, SO301)",
                name,
                "1 row is" if rows == 1 else f"{rows:,} rows are",
                usual.highest,
                beyond["date"].max(),
                usual.last,
            )
        plausible = counts["date"].filter(counts["date"] <= usual.highest)
        newest = plausible.max()
        if isinstance(newest, date):
            weekly = is_weekly(plausible)
            last.append(newest + timedelta(days=6 - newest.weekday()) if weekly else newest)
    if not last:
        raise NotKnownError(
            "the as-of date is not known, because sales, inventory and movements have no rows",
            hint="give an export that has rows, or --as-of",
        )
    return max(last)


def period_start(freq: Freq, dates: pl.Expr) -> pl.Expr:
    """First day of the period that each date lies in."""
    return dates if freq == "day" else dates.dt.truncate("1w")


def last_complete_period(freq: Freq, as_of: date) -> date:
    """First day of the last period that as-of has reached the end of.

    >>> last_complete_period("week", date(2026, 6, 28)), last_complete_period(
    ...     "week", date(2026, 6, 27))
    (datetime.date(2026, 6, 22), datetime.date(2026, 6, 15))
    """
    if freq == "day":
        return as_of
    return as_of + timedelta(days=1) - timedelta(days=7 + (as_of + timedelta(days=1)).weekday())


def first_future_period(freq: Freq, as_of: date) -> date:
    """First day of the first period that starts after as-of.

    >>> first_future_period("week", date(2026, 6, 28)), first_future_period(
    ...     "week", date(2026, 6, 29))
    (datetime.date(2026, 6, 29), datetime.date(2026, 7, 6))
    """
    if freq == "day":
        return as_of + timedelta(days=1)
    return as_of + timedelta(days=7 - as_of.weekday())
