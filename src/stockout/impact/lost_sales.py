"""Lost sales: units that were wanted and not sold because there were none, and what they cost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import resolve_as_of
from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.errors import NotKnownError
from stockout.impact import stockouts
from stockout.impact.active_life import active_periods, is_on_order, open_orders
from stockout.impact.episodes import (
    OPEN,
    Episodes,
    beyond_lead_time,
    episode_frame,
    find_episodes,
)
from stockout.impact.losses import (
    BEYOND,
    IN_STOCK,
    RULES,
    UNKNOWN,
    Losses,
    losses,
    with_independent,
)
from stockout.impact.phantom_stock import PhantomStock, phantom_stock
from stockout.impact.replenishment_cycles import Cycles, replenishment_cycles
from stockout.impact.selling_prices import Prices
from stockout.impact.substitution import Scenario
from stockout.replenishment.lead_times import lead_times, received_lines, with_supplier
from stockout.replenishment.lines import order_lines
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM, conform, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Literal

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent

    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]

logger = logging.getLogger(__name__)

UNKNOWN_LEAD_TIME_DAYS = 28.0
"""Days for which an open stockout counts where the lead time is not known."""

_DIGITS = 7  # of units that come from 32-bit numbers


class Coverage(NamedTuple):
    """What the figures do not know, counted."""

    items: int  # that were sold, up to as-of
    never_known: int  # items of which no active period has a known availability
    active: int  # item-periods
    unknown: int  # of them, availability is not known
    no_demand: int  # periods out of stock whose demand nothing tells
    open_episodes: int
    assumed_lead_times: int  # open episodes without an order, whose lead time is not known
    beyond: int  # periods of open episodes beyond one lead time, which do not count
    unpriced: float  # lost units of unknown price
    uncosted: float  # lost units of unknown cost
    phantom_runs: int  # that last until as-of
    phantom_units: float


@dataclass(frozen=True)
class LostSales:
    """What stockouts cost, by period, by episode, and in key figures.

    Attributes:
        latent: Latent demand, and the history it belongs to.
        active: (periods, items) whether the item was meant to be sold.
        losses: What each period out of stock lost.
        runs: Episodes as arrays.
        phantom: Runs with stock that was probably not there.
        cycles: Replenishment cycles; None where no receipts are known.
        prices: Selling prices.
        attributes: One row an item: sku, location, category, supplier_id, on_hand (null where not
            known).
        channels: Columns item, channel, share: how an item's sales divide; None where sales name no
            channel.
        scenario: What was stated of substitution and delay, None where nothing was.
        include_phantom: Phantom stock counts as lost.
        assumed: (items,) whether the lead time is not known.
    """

    latent: Latent
    active: Flags
    losses: Losses
    runs: Episodes
    phantom: PhantomStock
    cycles: Cycles | None
    prices: Prices
    attributes: pl.DataFrame
    channels: pl.DataFrame | None
    scenario: Scenario | None
    include_phantom: bool
    assumed: Flags

    @property
    def history(self) -> History:
        """The demand history."""
        return self.latent.history

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row for each item and period with a stockout, or with probable phantom stock.

        Columns: sku, location, date, sold (net of returns), latent (what was wanted), lost_units,
        lost_low, lost_high (90 % interval), lost_revenue (at the selling price), lost_margin (null
        where the unit cost is not known), rule (why this number), in_stock_share, phantom_units;
        with a scenario net_units, net_revenue and net_margin. Sorted by sku, location and date.
        """
        order = np.lexsort((self.losses.t, self.losses.item))
        return self._rows(self.losses.t[order], self.losses.item[order], order)

    def every_period(self) -> pl.DataFrame:
        """The same with a row for every active period: 0 lost in stock, null where unknown."""
        place = np.full(self.active.shape, -1, dtype=np.int64)
        place[self.losses.t, self.losses.item] = np.arange(self.losses.t.size)
        item, t = np.nonzero(self.active.T)
        return self._rows(t, item, place[t, item])

    @cached_property
    def episodes(self) -> pl.DataFrame:
        """One row an episode: a run of periods out of stock of one item.

        Columns sku, location, first_date, last_date, days, days_out, end (restocked, open, ended,
        lapsed, unknown), begun, lost_units, lost_low, lost_high, lost_revenue. Sorted by sku, location and
        date.
        """
        count = self.runs.t.size
        lost, price = self.losses.lost[:count], self.losses.price[:count]
        low, high = self.lost_interval(
            np.arange(count), np.ones(count), self.runs.of, self.runs.count
        )
        values = {
            "lost_units": self.runs.sums(lost),
            "lost_low": low,
            "lost_high": high,
            "lost_revenue": self.runs.sums(np.where(lost == 0, 0, lost * price)),
        }
        frame = episode_frame(self.runs, self.history, values)
        return without_crumbs(frame.with_columns(pl.col(list(values)).fill_nan(None)))

    def by_item(self) -> pl.DataFrame:
        """One row an item that was out of stock or a phantom, the most lost revenue first.

        Columns sku, location, lost_units, lost_low, lost_high, lost_revenue, days_out, episodes,
        open (out of stock at as-of).
        """
        of = self.losses
        item, place = np.unique(of.item, return_inverse=True)
        low, high = self.lost_interval(np.arange(place.size), np.ones(place.size), place, item.size)
        of_item = np.searchsorted(item, self.runs.item[self.runs.first])
        lost = np.nan_to_num(of.lost)
        days = self.episodes["days_out"].to_numpy()
        frame = self.history.items.select(ITEM)[item].with_columns(
            lost_units=pl.Series(np.bincount(place, lost, item.size)),
            lost_low=pl.Series(low),
            lost_high=pl.Series(high),
            lost_revenue=pl.Series(
                np.bincount(place, np.where(lost == 0, 0, lost * of.price), item.size)
            ),
            days_out=pl.Series(np.bincount(of_item, days, item.size)),
            episodes=pl.Series(np.bincount(of_item, minlength=item.size), dtype=pl.Int64),
            open=pl.Series(np.bincount(of_item, self.runs.end == OPEN, item.size) > 0),
        )
        amounts = ["lost_units", "lost_low", "lost_high", "lost_revenue"]
        return without_crumbs(frame.with_columns(pl.col(amounts).fill_nan(None))).sort(
            "lost_revenue",
            "lost_units",
            *ITEM,
            descending=[True, True, False, False],
            nulls_last=True,
        )

    def kpis(self, by: Sequence[str] = ()) -> pl.DataFrame:
        """Key figures of stockouts by group, each with coverage and definition.

        Args:
            by: Any of sku, location, category, supplier, channel, month; none is all together.

        Returns:
            One row a group and figure; see :func:`stockout.impact.stockouts.kpis`.

        Raises:
            NotKnownError: The data do not name what to group by.
        """
        return stockouts.kpis(self, by)

    def lost_interval(
        self, cell: Codes, weight: Vector, group: Codes, groups: int
    ) -> tuple[Vector, Vector]:
        """90 % interval of sums over what periods lost.

        Args:
            cell: Places in ``losses``; a period may belong to several groups.
            weight: What a unit of each counts, such as its price; as many.
            group: The group of each.
            groups: Number of groups.
        """
        own = (cell < self.runs.t.size) & np.isin(
            self.losses.rule[cell], [RULES.index(BEYOND), RULES.index(UNKNOWN)], invert=True
        )
        at = cell[own]
        interval = self.latent.sum_interval(
            self.losses.t[at], self.losses.item[at], weight[own], group[own], groups
        )
        added = cell >= self.runs.t.size
        counted = self.losses.lost[cell[added]] > 0
        if not counted.any():
            return interval
        mean = np.bincount(group[own], weight[own] * self.losses.lost[at], groups)
        at, weight, group = (values[added][counted] for values in (cell, weight, group))
        place = at - self.runs.t.size
        units = np.bincount(group, weight * self.losses.lost[at], groups)
        variance = self.phantom.variance(place, weight, group, groups)
        return with_independent(interval, mean, units, variance)

    def coverage(self) -> Coverage:
        """What is not known."""
        known = self.active & ~np.isnan(self.history.share)
        lost = self.losses.lost
        open_item = self.runs.item[self.runs.first[self.runs.end == OPEN]]
        alive = self.active.any(axis=0)
        return Coverage(
            items=self.history.items.height,
            never_known=int((alive & ~known.any(axis=0)).sum()),
            active=int(self.active.sum()),
            unknown=int(self.active.sum() - known.sum()),
            no_demand=int((self.losses.rule == RULES.index(UNKNOWN)).sum()),
            open_episodes=open_item.size,
            assumed_lead_times=int(self.assumed[open_item].sum()),
            beyond=int((self.losses.rule == RULES.index(BEYOND)).sum()),
            unpriced=float(np.nansum(lost[np.isnan(self.losses.price)])),
            uncosted=float(np.nansum(lost[np.isnan(self.losses.margin)])),
            phantom_runs=int(self.phantom.runs["lasts"].sum()),
            phantom_units=float(self.phantom.units.sum()),
        )

    def _rows(self, t: Codes, item: Codes, place: Codes) -> pl.DataFrame:
        """Rows of periods; ``place`` is that in the losses, negative for none."""
        history, of = self.history, self.losses
        none = place < 0
        share = history.share[t, item]
        sold = history.units[t, item].astype(np.float64)
        nothing = np.where(np.isnan(share), np.nan, 0.0)

        def value(of_cells: Vector) -> Vector:
            return np.where(none, nothing, of_cells[place] if of_cells.size else nothing)

        lost = value(of.lost)
        wanted = sold + value(of.unmet)
        rule = np.where(none, np.where(np.isnan(share), RULES.index(UNKNOWN), RULES.index(IN_STOCK)),
                        of.rule[place] if of.rule.size else 0)  # fmt: skip

        def money(of_unit: Vector) -> Vector:
            return np.where(lost == 0, 0.0, lost * value(of_unit))

        revenue, margin = money(of.price), money(of.margin)
        columns = {
            "latent": wanted,
            "lost_units": lost,
            "lost_low": value(of.low),
            "lost_high": value(of.high),
            "lost_revenue": revenue,
            "lost_margin": margin,
        }
        after = {"in_stock_share": share.astype(np.float64), "phantom_units": value(of.phantom)}
        if self.scenario is not None:
            kept = self.scenario.kept_away
            after |= {
                "net_units": lost * kept,
                "net_revenue": revenue * kept,
                "net_margin": margin * kept,
            }
        frame = history.items.select(ITEM)[item].with_columns(
            date=history.dates.gather(t),
            sold=pl.Series(sold),
            **{name: pl.Series(column) for name, column in columns.items()},
            rule=pl.Series(np.array(RULES)[rule], dtype=pl.String),
            **{name: pl.Series(column) for name, column in after.items()},
        )
        from_32_bits = ["sold", "latent", "in_stock_share"]
        return without_crumbs(
            frame.with_columns(
                pl.col(from_32_bits).round_sig_figs(_DIGITS),
            ).with_columns(pl.col(*columns, *after).fill_nan(None))
        )


def lost_sales(
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    suppliers: pl.DataFrame | None = None,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    default_lead_time_days: float | None = None,
    substituted: float | None = None,
    delayed: float | None = None,
    include_phantom: bool = False,
) -> LostSales:
    """Estimates what was not sold because there was no stock.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`), required columns date, sku, units.
        inventory: Stock or in-stock flags.
        products: Category, price, cost, supplier and active life.
        purchases: Open orders, receipts and costs.
        movements: What came into stock and went out of it.
        events: Promotions and holidays.
        suppliers: Lead times.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        default_lead_time_days: For items whose lead time nothing tells, days; 28 where not given.
        substituted: Share of lost units for which something else was bought here: with ``delayed``
            a scenario of the user's, from which net columns follow. Never assumed.
        delayed: Share of lost units that were bought here later.
        include_phantom: Count what was wanted while stock was probably not there as lost.

    Raises:
        NotKnownError: There are no sales up to as-of, no complete period, or nothing that tells
            of any item and period whether it was in stock.
        ConfigError: The scenario's shares cannot be.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 50 + [0.0] * 6})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 50 + [False] * 6})
    >>> lost_sales(sales, stock).frame.select("date", "sold", "rule").row(0)
    (datetime.date(2026, 2, 24), 0.0, 'out all period')
    """
    scenario = Scenario.stated(substituted, delayed)
    sales = conform(sales, "sales")
    inventory = _conformed(inventory, "inventory")
    products, purchases = _conformed(products, "products"), _conformed(purchases, "purchases")
    movements, suppliers = _conformed(movements, "movements"), _conformed(suppliers, "suppliers")
    as_of = resolve_as_of({"sales": sales, "inventory": inventory, "movements": movements}, as_of)
    history = demand_history(
        sales, inventory, products, purchases, movements, as_of=as_of, freq=freq
    )
    active = active_periods(history, open_orders(history, purchases))
    if active.any() and np.isnan(history.share[active]).all():
        raise NotKnownError(
            "lost sales are not known, because availability is not known for any item and period",
            hint="give --inventory (stock, or whether there was any), or --movements with a stock "
            "list; a stock list alone also needs --purchases to tell the past",
        )
    latent = latent_demand(history, products=products, events=_conformed(events, "events"))
    if purchases is not None:
        purchases = with_supplier(purchases.filter(pl.col("order_date") <= as_of), products)
    lines = _item_lines(history, products, purchases)
    lead_time = _lead_time_days(
        lines, purchases, products, suppliers, as_of, default_lead_time_days
    )
    assumed = np.isnan(lead_time)
    episodes = find_episodes(history, active)
    ordered = is_on_order(history, purchases)
    beyond = beyond_lead_time(
        episodes, history, np.where(assumed, UNKNOWN_LEAD_TIME_DAYS, lead_time), ordered
    )
    phantom = phantom_stock(history, active, latent.dispersion, latent.profile)
    until = sales.filter(pl.col("date") <= as_of)
    prices = Prices(until, history, products)
    found = LostSales(
        latent=latent,
        active=active,
        losses=losses(
            latent,
            episodes,
            beyond,
            phantom,
            prices,
            lines["unit_cost"].fill_null(np.nan).to_numpy(),
            include_phantom=include_phantom,
        ),
        runs=episodes,
        phantom=phantom,
        cycles=replenishment_cycles(history, active, purchases, movements),
        prices=prices,
        attributes=_attributes(history, lines, sales, inventory, purchases, movements),
        channels=_channels(until, history),
        scenario=scenario,
        include_phantom=include_phantom,
        assumed=assumed & ~ordered,
    )
    _tell(found)
    return found


def _conformed(frame: pl.DataFrame | None, table: str) -> pl.DataFrame | None:
    return None if frame is None else conform(frame, table)


def _item_lines(
    history: History, products: pl.DataFrame | None, purchases: pl.DataFrame | None
) -> pl.DataFrame:
    """Supplier and unit cost of each item."""
    none = conform(pl.DataFrame(schema={"date": pl.Date, "sku": pl.String}), "inventory")
    return order_lines(history.items, none, products, purchases)


def _lead_time_days(
    lines: pl.DataFrame,
    purchases: pl.DataFrame | None,
    products: pl.DataFrame | None,
    suppliers: pl.DataFrame | None,
    as_of: date,
    default_days: float | None,
) -> Vector:
    """(items,) lead time, nan where nothing tells it."""
    received = None if purchases is None else received_lines(purchases, as_of)
    try:
        found = lead_times(
            lines, received, products, suppliers, default_lead_time_days=default_days
        )
    except NotKnownError:
        return np.full(lines.height, np.nan)
    return found["lead_time_days"].fill_null(np.nan).to_numpy()


def _attributes(
    history: History,
    lines: pl.DataFrame,
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
) -> pl.DataFrame:
    items = history.items.select(*ITEM, "category").with_columns(lines["supplier_id"])
    if inventory is None:
        return items.with_columns(on_hand=pl.lit(None, pl.Float64))
    stock = stock_on_hand(inventory, sales, purchases, movements, history.as_of)
    return items.join(
        stock.select(*ITEM, pl.col("on_hand").clip(lower_bound=0)),
        on=ITEM, how="left", maintain_order="left",
    )  # fmt: skip


def _channels(sales: pl.DataFrame, history: History) -> pl.DataFrame | None:
    """How the units sold of each item divide between channels, returns left aside."""
    if sales["channel"].null_count() == sales.height:
        return None
    return (
        sales.filter(pl.col("units") > 0)
        .group_by(*ITEM, "channel")
        .agg(pl.col("units").sum())
        .join(history.items.select(ITEM).with_row_index("item"), on=ITEM)
        .select("item", "channel", share=pl.col("units") / pl.col("units").sum().over("item"))
        .sort("item", "channel")
    )


def _tell(found: LostSales) -> None:
    known = found.coverage()
    logger.info(
        "lost sales: %s item-%ss out of stock in %s episodes; availability of %s of %s active "
        "item-%ss is unknown",
        f"{found.runs.t.size:,}",
        found.history.freq,
        f"{found.runs.count:,}",
        f"{known.unknown:,}",
        f"{known.active:,}",
        found.history.freq,
    )
    if known.phantom_runs:
        logger.info(
            "phantom stock: %s items are in stock by the books, and do not sell",
            f"{known.phantom_runs:,}",
        )
