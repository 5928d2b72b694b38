"""Demand history: one gap-free panel of what was sold, and whether there was anything to sell.

The panel is a time-major matrix, one row a period and one column an item, because every step after
it works on all items at once. :meth:`History.panel` gives it as a frame.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand import panel
from stockout.demand.availability import (
    Availability,
    availability_matrix,
    hidden_demand,
    shares_by_period,
)
from stockout.demand.calendar import (
    choose_freq,
    first_future_period,
    is_weekly,
    last_complete_period,
    resolve_as_of,
)
from stockout.demand.columns import repeats_one, some_columns
from stockout.demand.flows import stock_flows
from stockout.demand.ledger import stock_ledger
from stockout.demand.lifecycle import describe, first_listed, of_items
from stockout.demand.numbering import numbered, up_to
from stockout.demand.panel import Axis
from stockout.demand.periods import DAYS_PER_PERIOD, quiet_periods
from stockout.demand.returns import net_returns
from stockout.demand.totals import totals
from stockout.errors import NotKnownError
from stockout.tables import ITEM, conform

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    from stockout.demand.event_days import EventDays
    from stockout.demand.ledger import Ledger
    from stockout.demand.periods import Freq
    from stockout.demand.totals import Totals

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class History:
    """Demand of all items up to as-of; column ``i`` of each matrix is row ``i`` of ``items``."""

    freq: Freq
    as_of: date
    first_period: date  # the period of row 0
    items: pl.DataFrame  # sku, location, status, category, first_date, last_sale, mean_price, ...
    units: NDArray[np.float32]  # (periods, items) demand: sold less returned, 0 outside the life
    share: NDArray[np.float32]  # (periods, items) share of the period in stock, nan is unknown
    observed: NDArray[np.bool_]  # (periods, items) sales are demand: listed, open, not out of stock
    sold_out: NDArray[np.bool_]  # (periods, items) stock ran out, when within the period is unknown
    open: NDArray[np.bool_]  # (periods, items) listed, and the location was open for sale
    events: EventDays | None = None  # promotions, holidays and events, planned ones too

    @property
    def periods(self) -> int:
        """Number of complete periods."""
        return int(self.units.shape[0])

    @property
    def dates(self) -> pl.Series:
        """First day of each period of the history."""
        return Axis(self.freq, self.first_period, self.periods).dates

    def future_dates(self, horizon: int) -> pl.Series:
        """First day of each of the ``horizon`` periods after as-of."""
        return Axis(self.freq, first_future_period(self.freq, self.as_of), horizon).dates

    def future_rows(self, horizon: int) -> NDArray[np.int64]:
        """Rows that the ``horizon`` periods after as-of would have, if the panel went on.

        There is a gap of one row where as-of lies within a week.
        """
        ahead = first_future_period(self.freq, self.as_of) - self.first_period
        return np.arange(horizon) + ahead.days // DAYS_PER_PERIOD[self.freq]

    @property
    def start(self) -> NDArray[np.int64]:
        """(items,) first row of each item's life."""
        return self.items["start"].to_numpy()

    @property
    def may_tell_availability(self) -> bool:
        """False where no source speaks of it, which then takes no look at every period."""
        return not (repeats_one(self.share) and repeats_one(self.sold_out))

    @cached_property
    def totals(self) -> Totals:
        """Sums over the observed periods of each item; computed when first asked for."""
        return totals(self.units, self.observed, 7 // DAYS_PER_PERIOD[self.freq])

    def evidence(self, columns: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """(periods, items) observed periods that say how much is wanted.

        The sale that began an item's life does not: a life that begins with a sale has one in its
        first period however slow the item is.

        Args:
            columns: Items that are wanted; None is all.
        """
        wanted = np.arange(self.items.height) if columns is None else columns
        tells = some_columns(self.observed, wanted)
        began = np.flatnonzero(self.items["began_with_sale"].to_numpy()[wanted])
        first = self.start[wanted[began]]
        inside = (first >= 0) & (first < self.periods)
        tells[first[inside], began[inside]] = False
        return tells

    def panel(self) -> pl.DataFrame:
        """The history as a frame, one row for each period of each item's life.

        Returns:
            Columns sku, location, date, units, in_stock_share (null is unknown), observed; sorted
            by them. Rows outside an item's life are left out.
        """
        t, item = np.nonzero(np.arange(self.periods)[:, None] >= self.start)
        order = np.lexsort((t, item))
        t, item = t[order], item[order]
        return self.items.select(ITEM)[item].with_columns(
            date=self.dates[t],
            units=self.units[t, item],
            in_stock_share=pl.Series(self.share[t, item]).fill_nan(None),
            observed=self.observed[t, item],
        )


def demand_history(
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
) -> History:
    """Builds the demand history of every (sku, location) that occurs in sales up to as-of.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`), required columns date, sku, units.
        inventory: Stock or in-stock flags. A few stock lists, or one, are enough where movements or
            received purchases tell what happened between (:mod:`stockout.demand.ledger`).
        products: Category, active life, predecessor and price.
        purchases: Open orders keep an item alive; receipts begin its life, and fill stock.
        movements: What came into stock and went out of it.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.

    Raises:
        NotKnownError: There are no sales up to as-of, or no complete period.
        InputError: A frame lacks a required column.

    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(3)]
    >>> history = demand_history(pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 0.0, 1.0]}))
    >>> history.panel()["units"].to_list()
    [2.0, 0.0, 1.0]
    """
    sales = conform(sales, "sales")
    inventory = None if inventory is None else conform(inventory, "inventory")
    products = None if products is None else conform(products, "products")
    purchases = None if purchases is None else conform(purchases, "purchases")
    movements = None if movements is None else conform(movements, "movements")
    as_of = resolve_as_of({"sales": sales, "inventory": inventory, "movements": movements}, as_of)
    known, until = numbered(up_to(sales, as_of))
    freq = choose_freq(until, freq)
    complete = _complete(until, sales["date"], as_of, freq)
    sold = net_returns(_with_prices(complete)).lines

    last = last_complete_period(freq, as_of)
    ledger = None
    if movements is not None or purchases is not None:
        ledger = stock_ledger(
            known,
            inventory,
            stock_flows(until, purchases, movements, as_of),
            sold,
            products,
            axis=Axis.spanning(freq, until["date"], last),
            as_of=as_of,
        )
    stock = None if inventory is None else of_items(inventory, known)
    items = first_listed(
        known,
        until,
        stock,
        purchases,
        products,
        as_of,
        rolled=None if ledger is None else ledger.stocked,
    )
    axis = Axis.spanning(freq, items["first_date"], last)
    at = panel.on_axis(sold.select("item", "units", period="date"), axis)
    units = panel.scatter_units(at, items.height, axis)
    own_start = panel.first_rows(items, axis)
    inherited = panel.inheritance(own_start, items, products)
    open_for_sale = panel.open_periods(at, items, axis, inherited.start)
    if stock is None and ledger is None:
        availability = Availability.unknown(units.shape)
        observed = open_for_sale
    else:
        availability = _availability(stock, sold, axis, units, ledger=ledger, as_of=as_of)
        observed = ~inherited.of(hidden_demand(availability, units, own_start))
        observed &= open_for_sale
    units, share = inherited.of(units), inherited.of(availability.share)
    sold_out = inherited.of(availability.sold_out)
    quiet = quiet_periods(units, observed)
    items = describe(
        items.with_columns(
            start=pl.Series(inherited.start), quiet_days=pl.Series(quiet * DAYS_PER_PERIOD[freq])
        ),
        sold,
        stock,
        products,
        purchases,
        as_of=as_of,
    )
    return History(
        freq, as_of, axis.first_period, items, units, share, observed, sold_out, open_for_sale
    )


def _with_prices(sales: pl.DataFrame) -> pl.DataFrame:
    """With the price of each line, before returns change its units but not its revenue."""
    if sales.select(pl.col("revenue").count()).item() == 0:
        return sales
    of_units = pl.when(pl.col("units") != 0).then(pl.col("revenue") / pl.col("units"))
    return sales.with_columns(unit_price=pl.coalesce("unit_price", of_units))


def _complete(sales: pl.DataFrame, dates: pl.Series, as_of: date, freq: Freq) -> pl.DataFrame:
    """Sales of complete periods, of those up to as-of; says what the unfinished one leaves out."""
    last = last_complete_period(freq, as_of)
    end = last + timedelta(days=DAYS_PER_PERIOD[freq] - 1)
    kept = up_to(sales, end)
    unfinished = sales.height - kept.height
    if unfinished:
        logger.log(
            # a day of an unfinished week is to be expected, the total of a whole week is not
            logging.WARNING if is_weekly(kept["date"]) else logging.INFO,
            "sales: %s rows after %s are left out, because their week is not over by %s",
            f"{unfinished:,}",
            end,
            as_of,
        )
    newest = kept["date"].max()
    if not isinstance(newest, date):
        raise NotKnownError(
            f"demand is not known, because there are no sales in complete periods up to {as_of}",
            hint=f"sales begin on {dates.min()!s}; give a later --as-of"
            if len(dates)
            else "the sales export has no rows",
        )
    if (end - newest).days > 7:
        logger.warning(
            "sales end on %s, %d days before as-of; the days between count as without sales",
            newest,
            (as_of - newest).days,
        )
    return kept


def _availability(
    inventory: pl.DataFrame | None,
    sold: pl.DataFrame,
    axis: Axis,
    units: NDArray[np.float32],
    *,
    ledger: Ledger | None,
    as_of: date,
) -> Availability:
    if inventory is None:
        nothing = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
        inventory = nothing.with_columns(item=pl.lit(0, dtype=pl.UInt32))
    shares = shares_by_period(inventory, sold, axis.freq, as_of)
    if ledger is not None:  # its rows begin with the sales, those of the panel with the first item
        own = slice(len(ledger.share) - axis.periods, None)
        ledger = ledger._replace(share=ledger.share[own], sold_out=ledger.sold_out[own])
    return availability_matrix(panel.on_axis(shares, axis), units, ledger)
