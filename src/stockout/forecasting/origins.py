"""Rolling origins: past dates from which the forecast is made again, to be judged by what came."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError, NotKnownError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stockout.demand.history import History
    from stockout.demand.periods import Freq

HORIZONS: Mapping[Freq, tuple[int, ...]] = {"day": (28, 14, 7), "week": (4, 2, 1)}
"""Periods ahead when none are asked for: four weeks, fewer where the history is short."""

_FEWEST = 3  # origins below which a shorter horizon is taken: an interval over time needs some
_LEAST_DAYS = 28  # of history before the first origin: what the default forecast takes for not new
_LEAST_HORIZONS = 2  # horizons of history before the first origin: errors of sums are learned there
_YEAR_DAYS = 364  # that are judged when no number of origins is given: every season once
_MOST = 13  # origins when no number is given: windows of four weeks then fill the year


class Origins(NamedTuple):
    """Where forecasts start; row r means that the periods before row r are known."""

    rows: tuple[int, ...]  # the earliest first
    horizon: int  # periods ahead that are judged
    spacing: int  # periods between two origins

    def as_of(self, history: History, row: int) -> date:
        """Last day that is known at an origin."""
        days = DAYS_PER_PERIOD[history.freq]
        return history.first_period + timedelta(days=days * row - 1)

    @property
    def clusters(self) -> list[int]:
        """The cluster of each origin: those whose windows overlap vary together."""
        size = -(-self.horizon // self.spacing)
        return [k // size for k in range(len(self.rows))]


def plan_origins(
    history: History,
    *,
    horizon: int | None = None,
    origins: int | None = None,
    spacing: int | None = None,
) -> Origins:
    """Chooses the origins, the last one a horizon before the end of the history.

    What is not given: the horizon is four weeks, or two or one where that leaves fewer than three
    origins; windows do not overlap; and up to 13 origins are spread over the last year, but not
    into the first half of the history: a forecast from little history says little of today's.

    Args:
        history: All that is known.
        horizon: Periods ahead.
        origins: How many, spread over the last year or, where they do not fit, further back; the
            history before the first one must be 28 days and two horizons.
        spacing: Periods between two origins.

    Raises:
        ConfigError: A number is not positive.
        NotKnownError: The history is too short.

    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2025, 6, 30) + timedelta(i) for i in range(280)]
    >>> history = demand_history(pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 280}))
    >>> found = plan_origins(history)
    >>> found.horizon, found.rows, found.as_of(history, found.rows[-1])
    (28, (140, 168, 196, 224, 252), datetime.date(2026, 3, 8))
    """
    for name, value in (("horizon", horizon), ("origins", origins), ("spacing", spacing)):
        if value is not None and value < 1:
            raise ConfigError(f"{name} is {value}, expected a whole number, at least 1")
    choices = HORIZONS[history.freq] if horizon is None else (horizon,)
    plans = [_plan(history, choice, origins, spacing) for choice in choices]
    enough = [plan for plan in plans if len(plan.rows) >= (origins or _FEWEST)]
    some = [plan for plan in plans if plan.rows and origins is None]
    if not enough and not some:
        raise _too_short(history, plans[-1], origins)
    return (enough or some)[0]


def _plan(history: History, horizon: int, count: int | None, spacing: int | None) -> Origins:
    days = DAYS_PER_PERIOD[history.freq]
    last = history.periods - horizon
    earliest = max(_LEAST_DAYS // days, _LEAST_HORIZONS * horizon)
    usual = max(earliest, history.periods // 2, last - _YEAR_DAYS // days + 1)
    room = max(last - usual, 0)
    step = spacing or max(horizon, -(-room // (_MOST - 1)))
    first = usual
    if count is not None:
        step = spacing or max(horizon, room // max(count - 1, 1))
        first = earliest
    rows = list(range(last, first - 1, -step))[: count or _MOST]
    return Origins(tuple(reversed(rows)), horizon, step)


def _too_short(history: History, plan: Origins, asked: int | None) -> NotKnownError:
    unit = history.freq
    possible = f"{len(plan.rows)} origins" if plan.rows else "no origin"
    wanted = "" if asked is None else f" instead of {asked}"
    return NotKnownError(
        f"past accuracy is not known from these data, because {history.periods} {unit}s of history "
        f"leave room for {possible}{wanted} with {plan.horizon} {unit}s ahead",
        hint="give more history, a shorter --horizon, a shorter --spacing or fewer --origins",
    )
