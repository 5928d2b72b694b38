"""What the models learn from: the demand behind the sales.

Sales are not demand in three ways, and each is put right here:

- A period in which stock ran out at an unknown hour sold less than was wanted, and it is the busy
  periods that run out. Such a period counts with the demand that is expected given what it sold
  (:mod:`stockout.demand.latent`). A period wholly without stock tells nothing and is left out.
- What a period sold may have come over from other items or from days before
  (:mod:`stockout.demand.spillover`). That part is taken off.
- A day of which it is known how many hours it was in stock counts by its expected demand too, if
  that was half of the hours or more. But which hours these were is not known, nor how much is
  wanted in them, so their expected demand is scaled to the level of the days around that were in
  stock all day: such days say how a day compares with others, not how high the level is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import by_columns
from stockout.demand.latent import latent_demand
from stockout.demand.spillover import spillover
from stockout.forecasting.truncation import last_periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float32]
    Flags = NDArray[np.bool_]

RECENT = {"day": 400, "week": 58}
"""Periods in which demand behind sales is estimated, a year and a month: of older ones out of stock
little is left in any level. They are left out."""

_PASSES = 2  # of the estimate; six change its effect on the forecast by less than its noise
_ENOUGH_HOURS = 0.5  # share of a day in stock from which on its sales say how busy it was
_BANDS = 16  # of that share, each scaled on its own; shops open for about so many hours
_POOLED_DAYS = 20.0  # that the ratio of all bands counts for beside that of one
_HALF_WINDOW = 14  # days around a day whose mean is its usual
_USUAL_DAYS = 3.0  # that the item's own mean counts for beside that of the days around


class LearnedDemand(NamedTuple):
    """A history with the demand behind the sales."""

    history: History  # units are demand, observed where they say how much was wanted
    variance: Matrix | None  # (periods, items) of that demand where not all of it was sold, else 0;
    # None where all of it was


def learned_demand(history: History) -> LearnedDemand:
    """Puts the demand behind the sales into a history.

    With no period out of stock, or no availability known, the history stays as it is.

    Args:
        history: From :func:`stockout.demand.history.demand_history`.

    >>> from datetime import date, timedelta
    >>> import polars as pl
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 3.0, 1.0]})
    >>> learned_demand(demand_history(sales)).history.units.ravel().tolist()
    [2.0, 3.0, 1.0]
    """
    if not history.may_tell_availability:
        return LearnedDemand(history, None)
    items = history.items.height
    (ever,) = by_columns(lambda columns: (np.asarray(_short(history, columns).any(axis=0)),), items)
    if not ever.any():
        return LearnedDemand(history, None)
    units, observed = history.units.copy(), history.observed & ~_short(history)
    variance = np.zeros_like(units)
    recent = last_periods(history, RECENT[history.freq])
    late = slice(history.periods - recent.periods, None)
    units[late], observed[late], variance[late] = _behind_sales(recent)
    return LearnedDemand(replace(history, units=units, observed=observed), variance)


def _short(history: History, columns: slice = slice(None)) -> Flags:
    """(periods, columns) periods wholly or partly out of stock."""
    share, sold_out = history.share[:, columns], history.sold_out[:, columns]
    return np.asarray(history.open[:, columns] & ((share < 1) | sold_out))


def _behind_sales(history: History) -> tuple[Matrix, Flags, Matrix]:
    """Units that count as demand, where they do, and their variance."""
    short = _short(history)
    latent = latent_demand(history, passes=_PASSES)
    whole = history.observed & ~short
    ran_out = short & history.sold_out & (history.units > 0)
    by_hours = short & ~history.sold_out & (history.share >= _ENOUGH_HOURS)
    kept = 1 - spillover(latent).part
    told = np.isfinite(latent.expected)
    demand = np.where(short & told, latent.expected, history.units) * kept
    if history.freq == "day":
        demand = _scaled_to_whole_days(demand, history, whole, by_hours)
    observed = whole | ((ran_out | by_hours) & told)
    variance = np.where(observed & short, np.nan_to_num(latent.variance) * kept**2, 0)
    units = np.where(observed, demand, history.units)
    return units.astype(np.float32), observed, variance.astype(np.float32)


def _scaled_to_whole_days(
    demand: Matrix, history: History, whole: Flags, by_hours: Flags
) -> Matrix:
    """Days in stock for a part get the level of whole days, each band of shares by itself."""
    if not by_hours.any() or not whole.any():
        return demand
    usual = _usual(demand, history, whole)
    band = np.floor(np.nan_to_num(history.share) * _BANDS).astype(np.int64)[by_hours]
    comparable = (usual > 0)[by_hours]  # an item that was never in stock all day has no usual
    size = np.bincount(band, comparable)
    found = np.bincount(band, demand[by_hours] * comparable)
    wanted = np.bincount(band, usual[by_hours])
    if wanted.sum() <= 0 or found.sum() <= 0:
        return demand
    pooled = wanted.sum() / size.sum() * _POOLED_DAYS
    ratio = (found + pooled * found.sum() / wanted.sum()) / (wanted + pooled)
    demand = demand.copy()
    demand[by_hours] /= np.maximum(ratio[band], 1e-9)
    return demand


def _usual(demand: Matrix, history: History, whole: Flags) -> Matrix:
    """(periods, items) mean of the whole days around each day, times the index of its weekday."""
    weekday = (np.arange(history.periods) + history.first_period.weekday()) % 7
    index = np.ones(7)
    sold = np.where(whole, demand, 0)
    local = _around(sold)
    for _ in range(3):  # ratio of sums and levels in turn; it settles at once
        season = np.where(whole, index[weekday][:, None], 0)
        own = sold.sum(axis=0) / np.maximum(season.sum(axis=0), 1e-9)
        level = (local + _USUAL_DAYS * own) / (_around(season) + _USUAL_DAYS)
        expected = level * season
        sums = [(sold[weekday == d].sum(), expected[weekday == d].sum()) for d in range(7)]
        index = np.array([a / b if b > 0 else 1.0 for a, b in sums])
    return np.asarray(level * index[weekday][:, None], dtype=np.float32)


def _around(values: NDArray[np.generic]) -> NDArray[np.float64]:
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    t = np.arange(len(values))
    last = np.minimum(t + _HALF_WINDOW + 1, len(values))
    return np.asarray(total[last] - total[np.maximum(t - _HALF_WINDOW, 0)])
