"""Quiet periods: when messages wait for the next run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stockout.config import QuietPeriod

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTES = 24 * 60
_LEVELS = ("info", "warning", "critical")


def quiet_level(periods: Sequence[QuietPeriod], now: datetime) -> str | None:
    """The gravest level that waits now; None where nothing does.

    Args:
        periods: The quiet periods, in the time of ``now``.
        now: The time of the run, where the people are.

    >>> from datetime import datetime
    >>> from stockout.config import QuietPeriod
    >>> night = QuietPeriod(start="20:00", end="07:00", weekdays=["Fri"])
    >>> quiet_level([night], datetime(2026, 6, 27, 6, 59))  # a Saturday
    'warning'
    >>> quiet_level([night], datetime(2026, 6, 27, 7, 0)) is None
    True
    """
    waiting = [period.up_to for period in periods if _is_quiet(period, now)]
    return max(waiting, key=_LEVELS.index) if waiting else None


def _is_quiet(period: QuietPeriod, now: datetime) -> bool:
    start, end = _minutes(period.start), _minutes(period.end)
    minute = 60 * now.hour + now.minute
    if start < end:
        return start <= minute < end and _is_on(period, now)
    return (minute >= start and _is_on(period, now)) or (
        minute < end and _is_on(period, now - timedelta(days=1))
    )


def _is_on(period: QuietPeriod, day: datetime) -> bool:
    return not period.weekdays or _WEEKDAYS[day.weekday()] in period.weekdays


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return min(60 * int(hours) + int(minutes), _MINUTES)
