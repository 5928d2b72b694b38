"""A part of a history: as it was known at an earlier period, or of the last periods only."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History


def history_until(history: History, periods: int, items: NDArray[np.int64]) -> History:
    """The first ``periods`` periods of some items.

    Their status stays that of today: whoever looks back at an item asks how it was forecast, not
    whether it was new.

    Args:
        history: The history.
        periods: Rows to keep, at least 1.
        items: Columns to keep, in this order.

    >>> from datetime import date
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> history = demand_history(pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 0.0, 1.0]}))
    >>> then = history_until(history, 2, np.array([0]))
    >>> then.units.ravel().tolist(), then.as_of
    ([2.0, 0.0], datetime.date(2026, 1, 6))
    """
    days = DAYS_PER_PERIOD[history.freq] * periods
    return replace(
        history,
        as_of=history.first_period + timedelta(days=days - 1),
        items=history.items[items],
        events=None if history.events is None else history.events.of(items),
        **_cut(history, slice(periods), items),
    )


def last_periods(history: History, periods: int) -> History:
    """The last ``periods`` periods of all items; a life that began before has a negative start.

    Args:
        history: The history.
        periods: Rows to keep, at least 1; all where there are no more.

    >>> from datetime import date
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> history = demand_history(pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 0.0, 1.0]}))
    >>> late = last_periods(history, 2)
    >>> late.units.ravel().tolist(), late.first_period, late.start.tolist()
    ([0.0, 1.0], datetime.date(2026, 1, 6), [-1])
    """
    first = max(0, history.periods - periods)
    return replace(
        history,
        first_period=history.first_period + timedelta(days=DAYS_PER_PERIOD[history.freq] * first),
        items=history.items.with_columns(start=pl.col("start").cast(pl.Int64) - first),
        **_cut(history, slice(first, None), slice(None)),
    )


def _cut(history: History, rows: slice, items: NDArray[np.int64] | slice) -> dict[str, Any]:
    """The matrices of a history, cut."""
    whole = history.units.shape
    values = {field.name: getattr(history, field.name) for field in fields(history)}
    return {
        name: value[rows][:, items]
        for name, value in values.items()
        if isinstance(value, np.ndarray) and value.shape == whole
    }
