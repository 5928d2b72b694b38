"""Sums by item, and by month where wanted, from which all key figures of stockouts are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.ledger import SOLD_OUT_DURING_DAY
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.episodes import OPEN, RESTOCKED
from stockout.tables import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockout.impact.stockout_costs import LostSales

    Matrix = NDArray[np.floating]
    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

SUPPLY_DAYS = 28
"""Days up to as-of whose mean demand says how long stock lasts."""


class Months(NamedTuple):
    """Which rows of the panel belong together."""

    first: Codes  # (months,) first row of each
    of: Codes  # (periods,) month of each row
    dates: pl.Series  # (months,) first day of each

    @classmethod
    def of_panel(cls, dates: pl.Series, *, monthly: bool) -> Months:
        """The months of a panel's periods; all of them as one where it is not by month.

        Args:
            dates: The first day of each period, sorted.
            monthly: Whether months are kept apart.
        """
        if not monthly:
            return cls(np.zeros(1, np.int64), np.zeros(len(dates), np.int64), dates.head(1))
        month = dates.dt.month_start()
        new = (month != month.shift()).fill_null(value=True).to_numpy()
        return cls(np.flatnonzero(new), np.cumsum(new) - 1, month.filter(pl.Series(new)))


def item_sums(found: LostSales, *, monthly: bool) -> pl.DataFrame:
    """Sums by item (and month): what all figures are made of.

    Args:
        found: Lost sales.
        monthly: A row for each item and month, instead of each item.

    Returns:
        Columns item, sku, location, category, supplier_id, month, month_code, portion (1) and the
        sums; rows in which anything happened.
    """
    months = Months.of_panel(found.history.dates, monthly=monthly)
    items = found.history.items.height
    columns = {
        **{name: np.add.reduceat(matrix, months.first, axis=0, dtype=np.float64)
           for name, matrix in _of_periods(found)},
        **_of_events(found, months),
    }  # fmt: skip
    frame = pl.DataFrame({name: pl.Series(matrix.ravel()) for name, matrix in columns.items()})
    month, item = np.divmod(np.arange(frame.height), items)
    frame = frame.with_columns(
        found.attributes.select(*ITEM, "category", "supplier_id")[item],
        month=months.dates.gather(month),
        month_code=pl.Series(month, dtype=pl.Int64),
        item=pl.Series(item, dtype=pl.Int64),
        portion=pl.lit(1.0),
    )
    if not monthly:
        frame = frame.with_columns(**_supply(found))
    happened = pl.any_horizontal(pl.col("active", "episodes", "cycles") > 0)
    return frame.filter(happened)


def _of_periods(found: LostSales) -> Iterator[tuple[str, Matrix | Flags]]:
    """Matrices to sum over periods, one at a time."""
    history, price = found.history, found.prices.usual.astype(np.float32)
    active = found.active
    known = active & ~np.isnan(history.share)
    wanted = np.where(active, np.nan_to_num(found.latent.mean), np.float32(0))
    away = np.where(known, 1 - history.share, np.float32(0))
    unsure = _unsure(found) * known
    value = wanted * np.nan_to_num(price)
    low, high = np.maximum(away - unsure, 0), np.minimum(away + unsure, 1)
    yield "active", active
    yield "known", known
    yield "hit", known & ((away > 0) | history.sold_out)
    yield "away", away
    yield "away_low", low
    yield "away_high", high
    yield "wanted", wanted
    yield "wanted_known", wanted * known
    yield "wanted_priced", wanted * (known & ~np.isnan(price))
    yield "value_known", value * known
    for name, part in (("", away), ("_low", low), ("_high", high)):
        yield f"wanted_away{name}", wanted * part
        yield f"value_away{name}", value * part
    yield "sold", np.where(active, history.units, 0)
    yield "sold_known", np.where(known, history.units, 0)


def _unsure(found: LostSales) -> Matrix:
    """(periods, items) time for which it is open, either way, whether there was stock.

    A day on which stock ran out counts as half a day out of stock, and may be any part of it.
    """
    history = found.history
    whole = np.isclose(history.share, SOLD_OUT_DURING_DAY)
    length = DAYS_PER_PERIOD[history.freq]
    of_period = np.where(whole, SOLD_OUT_DURING_DAY, SOLD_OUT_DURING_DAY / length)
    return np.where(history.sold_out, of_period, 0).astype(np.float32)


def _of_events(found: LostSales, months: Months) -> dict[str, Vector]:
    """(months, items) sums of what happens at a time: losses, episodes, cycles."""
    shape = months.first.size, found.history.items.height

    def sums(t: Codes, item: Codes, values: NDArray[np.generic] | None = None) -> Vector:
        cell = months.of[t] * shape[1] + item
        return np.bincount(cell, values, shape[0] * shape[1]).astype(np.float64).reshape(shape)

    of, runs = found.losses, found.runs
    lost = np.nan_to_num(of.lost)
    frame = found.episodes
    t, item = runs.t[runs.first], runs.item[runs.first]
    columns = {
        "lost": sums(of.t, of.item, lost),
        "lost_unknown": sums(of.t, of.item, np.isnan(of.lost)),
        "lost_priced": sums(of.t, of.item, lost * ~np.isnan(of.price)),
        "lost_costed": sums(of.t, of.item, lost * ~np.isnan(of.margin)),
        "revenue": sums(of.t, of.item, lost * np.nan_to_num(of.price)),
        "margin": sums(of.t, of.item, lost * np.nan_to_num(of.margin)),
        "phantom": sums(of.t, of.item, of.phantom),
        "episodes": sums(t, item),
        "open": sums(t, item, runs.end == OPEN),
        "ended": sums(t, item, runs.end == RESTOCKED),
        "episode_days": sums(t, item, frame["days_out"].to_numpy()),
    }
    cycles = found.cycles
    none = np.zeros(shape)
    if cycles is None:
        return {**columns, "cycles": none, "cycles_known": none, "cycles_served": none}
    return {
        **columns,
        "cycles": sums(cycles.end, cycles.item),
        "cycles_known": sums(cycles.end, cycles.item, cycles.known),
        "cycles_served": sums(cycles.end, cycles.item, cycles.known & ~cycles.stockout),
    }


def _supply(found: LostSales) -> dict[str, pl.Series]:
    """Stock and mean daily demand of the items that are still sold at as-of."""
    history = found.history
    last = slice(-max(1, SUPPLY_DAYS // DAYS_PER_PERIOD[history.freq]), None)
    mean, active = found.latent.mean[last], found.active[last]
    count = (active & ~np.isnan(mean)).sum(axis=0)
    rate = np.where(active, np.nan_to_num(mean), 0).sum(axis=0, dtype=np.float64)
    rate = rate / np.maximum(count, 1) / DAYS_PER_PERIOD[history.freq]
    rate[(history.items["status"] == "ended").to_numpy()] = 0
    stock = found.attributes["on_hand"].fill_null(np.nan).to_numpy()
    known = (rate > 0) & ~np.isnan(stock)
    return {
        "rate": pl.Series(rate),
        "rate_known": pl.Series(np.where(known, rate, 0)),
        "stock": pl.Series(np.where(known, stock, 0)),
    }


def by_channel(sums: pl.DataFrame, channels: pl.DataFrame) -> pl.DataFrame:
    """A row for each channel in which an item is sold, with its portion of the units.

    Args:
        sums: As from :func:`item_sums`.
        channels: Columns item, channel, share.
    """
    portions = channels.select(pl.col("item").cast(pl.Int64), "channel", portion="share")
    return sums.drop("portion").join(portions, on="item", maintain_order="left_right")
