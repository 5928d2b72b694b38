"""What was planned before each stockout: stock and orders, and the demand that was to be expected.

The *protection period* of an episode is its lead time and review, and ends with the period in which
stock ran out: what was ordered before its last lead time had to last until then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.ledger import MORNING_DAYS, counted_stock
from stockout.demand.panel import item_numbers
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.promotions import promoted_periods
from stockout.impact.active_life import OPEN_ORDER_DAYS, axis_of
from stockout.impact.usual_demand import share_as_high

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent

    Matrix = NDArray[np.floating]
    Vector = NDArray[np.float64]
    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

FORECAST_DAYS = 56
"""Days in stock before the protection period whose mean demand is the forecast that any planner
could have made. Eight weeks: a choice that does not matter much, as
``benchmarks/stockout_causes.py --rates 0.08 --forecast-days 28`` shows."""

LEAST_SEEN_DAYS = 14
"""Days in stock without which there was no forecast: two of each weekday."""


class Demand(NamedTuple):
    """Demand of the protection period of each episode, in units; one entry an episode."""

    periods: Vector  # that it lasted
    wanted: Vector  # what customers wanted
    promotion: Vector  # what promotions added on average
    rate: Vector  # forecast a period, without promotions; nan where nothing was known before
    rate_error: Vector  # standard error of the rate
    as_high: Vector  # share of the item's protection periods before with as much usual demand

    @property
    def forecast(self) -> Vector:
        """Units that were to be expected, without promotions."""
        return self.rate * self.periods

    @property
    def usual(self) -> Vector:
        """What was wanted but for promotions."""
        return self.wanted - self.promotion

    @property
    def forecast_error(self) -> Vector:
        """What was wanted but for promotions, above the forecast; nan where there was none."""
        return self.usual - self.forecast


def protection_demand(  # noqa: PLR0917 - the episodes' columns in order
    latent: Latent,
    promoted: Flags | None,
    t: Rows,
    item: Rows,
    periods: Rows,
    forecast_days: int = FORECAST_DAYS,
) -> Demand:
    """Demand of the periods up to each stockout, and what was to be expected of it.

    Args:
        latent: Latent demand.
        promoted: As from :func:`stockout.demand.promotions.promoted_periods`.
        t: Row of the first period of each episode.
        item: Its item.
        periods: Length of its protection period, in periods.
        forecast_days: Days in stock without promotion whose mean demand is the forecast.
    """
    history = latent.history
    periods = np.maximum(periods, 1)
    begin = np.maximum(t + 1 - periods, 0)
    usual = history.observed if promoted is None else history.observed & ~promoted
    least, most = (
        max(days // DAYS_PER_PERIOD[history.freq], 1) for days in (LEAST_SEEN_DAYS, forecast_days)
    )
    before = _last_seen(usual, begin, item, most)
    seen = _between(usual, before, begin, item)
    sold = _between(np.where(usual, history.units, 0), before, begin, item)
    rate = np.where(seen >= least, sold / np.maximum(seen, 1), np.nan)
    lift: Matrix = np.zeros_like(latent.expected)
    if promoted is not None:
        lift = np.nan_to_num(latent.mean) * promoted * (1 - 1 / np.maximum(latent.promotion, 1))
    wanted, promotion = (_between(units, begin, t + 1, item) for units in (latent.expected, lift))
    return Demand(
        periods=(t + 1 - begin).astype(np.float64),
        wanted=wanted,
        promotion=promotion,
        rate=rate,
        rate_error=np.sqrt((rate + rate**2 / latent.dispersion[item]) / np.maximum(seen, 1)),
        as_high=share_as_high(
            latent.expected - lift, history.start, t, item, periods, wanted - promotion
        ),
    )


def _between(values: Matrix | Flags, begin: Rows, stop: Rows, item: Rows) -> Vector:
    """Sums of rows ``begin <= t < stop`` of a column each."""
    total = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=total[1:])
    return np.asarray(total[stop, item] - total[begin, item])


def _last_seen(seen: Flags, stop: Rows, item: Rows, periods: int) -> Rows:
    """Row from which on so many periods were seen up to ``stop``; 0 where there were fewer."""
    total = np.zeros((seen.shape[0] + 1, seen.shape[1]), dtype=np.int64)
    np.cumsum(seen, axis=0, out=total[1:])
    width = total.shape[0]  # more than any total, so that keys are sorted by item, then total
    key = (total + np.arange(seen.shape[1]) * width).T.ravel()
    wanted = np.maximum(total[stop, item] - periods, 0)
    return np.asarray(np.searchsorted(key, item * width + wanted) - item * width)


class Position(NamedTuple):
    """Stock on hand and on order at the end of each period."""

    units: Matrix  # (periods, items) nan where stock is not known
    ordered: Rows  # (periods, items) row of the last order of the item up to then, -1 before it
    least_order: Vector  # (items,) units of the smallest order of the item, inf without any

    def at(self, t: Rows, item: Rows) -> Vector:
        """Position at the end of these periods; nan before the history."""
        return np.where(t >= 0, self.units[np.maximum(t, 0), item], np.nan)

    def last_order(self, t: Rows, item: Rows) -> Rows:
        """Row of the last order up to these periods, -1 where there was none."""
        return np.where(t >= 0, self.ordered[np.maximum(t, 0), item], -1)


def inventory_position(
    history: History, inventory: pl.DataFrame | None, lines: pl.DataFrame
) -> Position:
    """Stock on hand and on order of every item over time.

    A count stands for up to a week, until the next one. Where flags alone say whether there was
    stock, the position is known where they say that there was none.

    Args:
        history: Demand history.
        inventory: Canonical inventory, or None.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
    """
    axis = axis_of(history)
    shape = history.units.shape
    stock = np.full(shape, np.nan, dtype=np.float32)
    if inventory is not None:
        counts = counted_stock(inventory).filter(pl.col("date") <= history.as_of).sort("date")
        counts = counts.with_columns(
            item=item_numbers(counts, history.items), t=axis.row_of(pl.col("date"))
        ).filter(pl.col("item").is_not_null() & pl.col("t").is_between(0, axis.periods - 1))
        stock[counts["t"].to_numpy(), counts["item"].to_numpy()] = counts["on_hand"].to_numpy()
    row = np.arange(shape[0], dtype=np.int64)[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(stock), -1, row), axis=0)
    fresh = (last >= 0) & ((row - last) * DAYS_PER_PERIOD[history.freq] <= MORNING_DAYS)
    stock = np.where(fresh, np.take_along_axis(stock, np.maximum(last, 0), axis=0), np.nan)
    stock = np.where(np.isnan(stock) & (history.share == 0), 0, stock)
    return Position(
        stock + _on_order(history, lines),
        _last_orders(history, lines),
        _least_orders(history, lines),
    )


def _on_order(history: History, lines: pl.DataFrame) -> Matrix:
    axis = axis_of(history)
    forgotten = pl.col("order_date").dt.offset_by(f"{OPEN_ORDER_DAYS}d")
    closed = pl.when(pl.col("is_open") | pl.col("last_received").is_null()).then(None)
    rows = _of_items(lines, history).with_columns(
        first=axis.row_of(pl.col("order_date")).clip(0),
        stop=axis.row_of(pl.coalesce(closed.otherwise("last_received"), forgotten)),
    )
    steps = np.zeros((axis.periods + 1, history.items.height))
    units, item = rows["ordered"].to_numpy(), rows["item"].to_numpy()
    for name, sign in (("first", 1), ("stop", -1)):
        at = rows[name].to_numpy().clip(0, axis.periods)
        np.add.at(steps, (at, item), sign * units)
    return np.asarray(np.cumsum(steps, axis=0)[:-1])


def _last_orders(history: History, lines: pl.DataFrame) -> Rows:
    axis = axis_of(history)
    rows = _of_items(lines, history).with_columns(t=axis.row_of(pl.col("order_date")))
    rows = rows.filter(pl.col("t").is_between(0, axis.periods - 1))
    at = np.full(history.units.shape, -1, dtype=np.int64)
    t = rows["t"].to_numpy()
    at[t, rows["item"].to_numpy()] = t
    return np.asarray(np.maximum.accumulate(at, axis=0))


def _least_orders(history: History, lines: pl.DataFrame) -> Vector:
    rows = _of_items(lines, history).filter(pl.col("ordered") > 0)
    least = np.full(history.items.height, np.inf)
    np.minimum.at(least, rows["item"].to_numpy(), rows["ordered"].to_numpy())
    return least


def _of_items(lines: pl.DataFrame, history: History) -> pl.DataFrame:
    return lines.with_columns(item=item_numbers(lines, history.items)).drop_nulls("item")


def promotions_of(
    history: History, events: pl.DataFrame | None, sales: pl.DataFrame
) -> Flags | None:
    """(periods, items) whether an item was on promotion; None where nothing ever was."""
    return promoted_periods(history, events, sales)
