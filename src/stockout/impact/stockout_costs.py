"""What stockouts cost, as a whole: by period, by item, by episode, and in key figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.impact import stockouts
from stockout.impact.episodes import OPEN, episode_frame
from stockout.impact.losses import BEYOND, IN_STOCK, RULES, UNKNOWN, with_independent
from stockout.tables import ITEM, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent
    from stockout.impact.episodes import Episodes
    from stockout.impact.losses import Losses
    from stockout.impact.phantom_stock import PhantomStock
    from stockout.impact.replenishment_cycles import Cycles
    from stockout.impact.selling_prices import Prices
    from stockout.impact.substitution import Scenario

    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Vector = NDArray[np.float64]

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
        lapsed, unknown), begun, lost_units, lost_low, lost_high, lost_revenue. Sorted by sku,
        location and date.
        """
        count = self.runs.t.size
        lost, price = self.losses.lost[:count], self.losses.price[:count]
        low, high = self.lost_interval(
            np.arange(count), np.ones(count), self.runs.of, self.runs.number
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
        of, stockouts_of = self.losses, self.runs.t.size
        own = (cell < stockouts_of) & np.isin(
            of.rule[cell], [RULES.index(BEYOND), RULES.index(UNKNOWN)], invert=True
        )
        at = cell[own]
        low, high = self.latent.sum_interval(of.t[at], of.item[at], weight[own], group[own], groups)
        added = (cell >= stockouts_of) & (of.lost[cell] > 0)
        if not added.any():
            return low, high

        def total(which: Flags) -> Vector:
            lost = weight[which] * of.lost[cell[which]]
            return np.bincount(group[which], lost, groups).astype(np.float64)

        place = cell[added] - stockouts_of
        variance = self.phantom.variance(place, weight[added], group[added], groups)
        return with_independent((low, high), total(own), total(added), variance)

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
        of_none = np.where(np.isnan(share), RULES.index(UNKNOWN), RULES.index(IN_STOCK))
        rule = np.where(none, of_none, of.rule[place] if of.rule.size else of_none)

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
