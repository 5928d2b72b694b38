"""Episodes: runs of periods out of stock, when they began, how long they took, how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.active_life import own_first_rows
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]

RESTOCKED, OPEN, ENDED, LAPSED, UNKNOWN = "restocked", "open", "ended", "lapsed", "unknown"
"""How an episode ended: there was stock again; as-of came first; the item's life ended first; the
item was no longer sold or ordered, and came back later; what came next is not known."""


class Episodes(NamedTuple):
    """Periods out of stock, and the episodes that they make.

    The periods are sorted by item and time, so that those of an episode follow one another.
    """

    t: Rows  # (cells,) row of each period out of stock, wholly or for a part
    item: Rows  # (cells,)
    of: Rows  # (cells,) episode of each
    first: Rows  # (episodes,) place in the cells of its first period
    begun: Flags  # (episodes,) the period before is known to have been in stock
    end: NDArray[np.str_]  # (episodes,) how it ended

    @property
    def number(self) -> int:
        """Number of episodes."""
        return self.first.size

    @property
    def last(self) -> Rows:
        """(episodes,) place in the cells of its last period."""
        return np.asarray(np.append(self.first[1:], self.t.size)[: self.first.size] - 1)

    def sums(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(episodes,) sums of values of the cells."""
        return np.asarray(np.bincount(self.of, values, self.number), dtype=np.float64)

    def place(self) -> Rows:
        """(cells,) how many periods of its episode come before each."""
        return np.asarray(self.t - self.t[self.first][self.of])


def find_episodes(history: History, active: Flags) -> Episodes:
    """Finds runs of active periods out of stock, wholly or for a part.

    Periods in which the location was closed lie within an episode and do not count; every other
    period that is in stock, unknown or not active ends it.

    Args:
        history: Demand history.
        active: As from :func:`stockout.impact.active_life.active_periods`.
    """
    out = active & ((history.share < 1) | history.sold_out)
    item, t = np.nonzero(out.T)
    listed = np.arange(history.periods)[:, None] >= own_first_rows(history)
    closed = np.cumsum(listed & ~history.open, axis=0, dtype=np.int32)
    new = np.ones(t.size, dtype=np.bool_)
    between = t[1:] - t[:-1] - 1
    new[1:] = (item[1:] != item[:-1]) | (
        between != closed[t[1:] - 1, item[1:]] - closed[t[:-1], item[:-1]]
    )
    first = np.flatnonzero(new)
    last = np.append(first[1:], t.size)[: first.size] - 1
    stocked = active & (history.share > 0) & ~out
    return Episodes(
        t=t,
        item=item,
        of=np.cumsum(new) - 1,
        first=first,
        begun=_begun(history, stocked, t[first], item[first]),
        end=_ends(history, active, t[last], item[last]),
    )


def _begun(history: History, stocked: Flags, t: Rows, item: Rows) -> Flags:
    """Whether there was stock in the last open period before each episode."""
    rows = np.arange(history.periods, dtype=np.int32)[:, None]
    last_open = np.maximum.accumulate(np.where(history.open, rows, -1), axis=0)
    before = np.where(t > 0, last_open[t - 1, item], -1)
    ran_out = history.sold_out[t, item]  # it began the period with stock
    return np.asarray(((before >= 0) & stocked[before, item]) | ran_out)


def _ends(history: History, active: Flags, t: Rows, item: Rows) -> NDArray[np.str_]:
    """How each episode ended, whose last period is ``t``."""
    periods = history.periods
    rows = np.arange(periods, dtype=np.int32)[:, None]
    here = (history.share > 0) | (history.units > 0)
    again = t < periods - 1 - np.argmax(here[::-1], axis=0)[item]
    next_open = np.minimum.accumulate(np.where(history.open, rows, periods)[::-1], axis=0)[::-1]
    following = np.where(t < periods - 1, next_open[np.minimum(t + 1, periods - 1), item], periods)
    seen = np.minimum(following, periods - 1)
    ended = ((history.items["status"] == "ended") | _is_delisted(history)).to_numpy()[item]
    unknown = (following < periods) & active[seen, item] & np.isnan(history.share[seen, item])
    restocked = (following < periods) & active[seen, item]
    return np.select(
        [unknown, ~again & ended, ~again, restocked],
        [UNKNOWN, ENDED, OPEN, RESTOCKED],
        default=LAPSED,
    )


def _is_delisted(history: History) -> pl.Series:
    return (history.items["active_to"] < history.as_of).fill_null(value=False)


def beyond_lead_time(
    episodes: Episodes, history: History, lead_time_days: NDArray[np.float64], on_order: Flags
) -> Flags:
    """(cells,) periods of open episodes that no longer count as lost sales.

    An episode still open at as-of counts for one lead time from its start: so long it takes to
    restock an item that is wanted. Beyond that nobody wanted to, unless an order is on its way.

    Args:
        episodes: Episodes.
        history: Demand history.
        lead_time_days: (items,) lead time.
        on_order: (items,) whether an order is open at as-of.
    """
    periods = np.maximum(np.ceil(lead_time_days / DAYS_PER_PERIOD[history.freq]), 1)
    limited = (episodes.end == OPEN)[episodes.of] & ~on_order[episodes.item]
    return np.asarray(limited & (episodes.place() >= periods[episodes.item]))


def episode_frame(
    episodes: Episodes, history: History, values: Mapping[str, NDArray[np.float64]]
) -> pl.DataFrame:
    """One row an episode.

    Args:
        episodes: Episodes.
        history: Demand history.
        values: Further columns, (episodes,) each.

    Returns:
        Columns sku, location, first_date, last_date (first days of its first and last period),
        days (length in days, closed periods included), days_out (time out of stock, a part of a
        period by its share), end (restocked, open, ended, lapsed, unknown), begun (the start was
        seen), and ``values``; sorted by item and date.
    """
    length = DAYS_PER_PERIOD[history.freq]
    first_row, last_row = episodes.t[episodes.first], episodes.t[episodes.last]
    share = history.share[episodes.t, episodes.item].astype(np.float64)
    return history.items.select(ITEM)[episodes.item[episodes.first]].with_columns(
        first_date=history.dates.gather(first_row),
        last_date=history.dates.gather(last_row),
        days=pl.Series((last_row - first_row + 1) * length, dtype=pl.Int64),
        days_out=pl.Series(episodes.sums(1 - share) * length),
        end=pl.Series(episodes.end, dtype=pl.String),
        begun=pl.Series(episodes.begun),
        **{name: pl.Series(column) for name, column in values.items()},
    )
