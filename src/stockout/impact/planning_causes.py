"""Causes that lie in the plan: a promotion, a forecast, an order too late or too small.

What a promotion, a rise of demand above the forecast and chance took in the protection period is
told apart by the units each of them took; the first two are the cause where they took the most.
An order was too late where none was placed in time although stock on hand and on order no longer
covered the forecast, and too small where it left them below the forecast. No safety stock is asked
for: what a plan that covers the forecast does not withstand is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.panel import item_numbers
from stockout.impact.active_life import axis_of
from stockout.impact.cause_rules import quantity
from stockout.replenishment.order_days import order_weekdays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.impact.order_plan import Demand, Position

    Vector = NDArray[np.float64]
    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_USUAL_EXCESS = 1 / np.sqrt(2 * np.pi)
"""Mean of what a normal variable exceeds its mean by, in standard deviations: what chance takes in
a usual protection period. A promotion that took less is no spike."""

_NEVER = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Planning:
    """The episodes and what was planned before them; arrays have one entry an episode.

    Attributes:
        t: Row of the first period.
        item: Item.
        lead_time: Periods, rounded to whole ones.
        review: Periods between reviews, rounded, at least one.
        demand: Of the protection period.
        position: Stock on hand and on order; None without purchases.
        orders: Days on which orders could be placed, as far as that is known.
        next_arrival: Finds the row in which the first order after a row arrived.
        whole: Demand comes in whole units.
    """

    t: Rows
    item: Rows
    lead_time: Rows
    review: Rows
    demand: Demand
    position: Position | None
    orders: OrderCalendar | None
    whole: Flags

    @property
    def least(self) -> Vector:
        """Units that count as more than nothing."""
        return np.where(self.whole, 1.0, 1e-6)

    def too_late(self) -> tuple[Vector, Rows, Flags]:
        """Units that an order would have brought, the row in which it was due, and how it is known.

        Returns:
            Units (0 where no order was too late), the row, and whether nothing at all was ordered
            from the supplier on an order day.
        """
        none = np.zeros(self.t.size)
        if self.position is None:
            return none, self.t, none > 0
        at = self.t - self.lead_time
        ordered = self.position.last_order(at, self.item)
        stock = self.position.at(at, self.item)
        nothing = (ordered >= 0) & (ordered <= at - self.review) & ~self._has_days()
        covered = stock <= self.demand.rate * self.lead_time
        need = self.demand.rate * (self.lead_time + self.review) - stock
        units = np.where(nothing & covered, np.nan_to_num(need).clip(0), 0.0)
        if self.orders is None:
            return units, at, none > 0
        missed = self.orders.last_missed(at, self.item)
        before = self.position.last_order(missed, self.item)
        gap = self.position.at(before, self.item) - self.position.at(missed, self.item)
        recent = self.t - missed <= self.lead_time + 2 * self.review
        late = self.orders.next_arrival(missed, self.item) > self.t
        is_missed = (missed >= 0) & (before >= 0) & recent & late & (gap >= self.least)
        return (
            np.where(is_missed, np.nan_to_num(gap), units),
            np.where(is_missed, missed, at),
            is_missed,
        )

    def too_little(self) -> tuple[Vector, Rows]:
        """Units by which the last review in time left the stock below the forecast, and its row."""
        if self.position is None:
            return np.zeros(self.t.size), self.t
        latest = self.t - self.lead_time
        order = self.position.last_order(latest, self.item)
        at = np.where(order > latest - self.review, order, -1)
        if self.orders is not None:
            at = np.where(self._has_days(), self.orders.last_day(latest, self.item), at)
        need = self.demand.rate * (self.lead_time + self.review)
        lacking = need - self.position.at(at, self.item)
        return np.nan_to_num(lacking).clip(0), at

    def _has_days(self) -> Flags:
        if self.orders is None:
            return np.zeros(self.t.size, dtype=np.bool_)
        return self.orders.has_days[self.item]


class OrderCalendar:
    """On which days orders can be placed, when they were missed, and when orders arrived.

    Args:
        history: Demand history.
        items: Row i for item i: sku, location, supplier_id, review_days.
        lines: As from :func:`stockout.impact.purchase_lines.purchase_lines`.
        suppliers: Canonical suppliers, or None.
    """

    def __init__(
        self,
        history: History,
        items: pl.DataFrame,
        lines: pl.DataFrame,
        suppliers: pl.DataFrame | None,
    ) -> None:
        axis, count = axis_of(history), items.height
        self._periods = axis.periods
        rows = lines.with_columns(
            item=item_numbers(lines, items), t=axis.row_of(pl.col("order_date"))
        )
        self._set_orders(rows.drop_nulls("item"), axis.row_of(pl.col("last_received")))
        days = order_weekdays(items, suppliers) if history.freq == "day" else None
        self.has_days: Flags = np.zeros(count, dtype=np.bool_)
        self._last_day = self._last_missed = np.full((axis.periods, 1), -1, dtype=np.int64)
        self._place = np.zeros(count, dtype=np.int64)
        if days is None:
            return
        weekly = (items["review_days"] <= DAYS_PER_PERIOD["week"]).fill_null(value=True).to_numpy()
        self.has_days = days.any(axis=1) & weekly
        self._set_days(history, items, days, rows)

    def _set_orders(self, rows: pl.DataFrame, arrived: pl.Expr) -> None:
        rows = rows.with_columns(
            arrived=pl.when(~pl.col("is_open")).then(arrived).fill_null(_NEVER)
        ).sort("item", "t", "arrived")
        width = self._periods * 4
        self._width = width
        self._key = rows["item"].cast(pl.Int64).to_numpy() * width + rows["t"].to_numpy().clip(
            -width // 4, width // 2
        )
        self._item = rows["item"].cast(pl.Int64).to_numpy()
        self._arrived = rows["arrived"].to_numpy()

    def _set_days(
        self, history: History, items: pl.DataFrame, days: Flags, rows: pl.DataFrame
    ) -> None:
        """Order days of each supplier and location, and those on which nothing was ordered."""
        key = ["supplier_id", "location"]
        places = items.select(key).unique(maintain_order=True).with_row_index("place")
        self._place = (
            items.select(key)
            .join(places, on=key, how="left", nulls_equal=True, maintain_order="left")["place"]
            .to_numpy()
            .astype(np.int64)
        )
        of_place = np.zeros((places.height, 7), dtype=np.bool_)
        of_place[self._place] = days
        weekday = (np.arange(self._periods) + history.first_period.weekday()) % 7
        takes = of_place[:, weekday].T
        used = np.zeros_like(takes)
        placed = rows.join(places, on=key).filter(pl.col("t").is_between(0, self._periods - 1))
        used[placed["t"].to_numpy(), placed["place"].to_numpy()] = True
        row = np.arange(self._periods, dtype=np.int64)[:, None]
        known = used.any(axis=0) & (row >= np.argmax(used, axis=0))  # from the first order on
        self._last_day = np.maximum.accumulate(np.where(takes, row, -1), axis=0)
        missed = takes & ~used & known
        self._last_missed = np.maximum.accumulate(np.where(missed, row, -1), axis=0)

    def last_day(self, t: Rows, item: Rows) -> Rows:
        """The last order day up to each row, -1 where there was none."""
        return self._looked_up(self._last_day, t, item)

    def last_missed(self, t: Rows, item: Rows) -> Rows:
        """The last order day up to each row on which the supplier got no order at all, or -1."""
        return self._looked_up(self._last_missed, t, item)

    def _looked_up(self, table: Rows, t: Rows, item: Rows) -> Rows:
        found = table[np.maximum(t, 0), self._place[item]]
        return np.where((t >= 0) & self.has_days[item], found, -1)

    def next_arrival(self, t: Rows, item: Rows) -> Rows:
        """Row in which the first order placed after each row arrived; a far one where none did."""
        if not self._key.size:
            return np.full(t.size, _NEVER)
        at = np.searchsorted(self._key, item * self._width + t, side="right")
        inside = np.minimum(at, self._key.size - 1)
        own = (at < self._key.size) & (self._item[inside] == item)
        return np.where(own, self._arrived[inside], _NEVER)


def planning_causes(episodes: pl.DataFrame, plan: Planning, dates: pl.Series) -> pl.DataFrame:
    """What promotions, the forecast, and the time and size of orders took from each stock.

    Args:
        episodes: Column episode; row i is entry i of the plan.
        plan: What was planned.
        dates: First day of each period of the history.

    Returns:
        One row an episode: episode, then for each of promotion, forecast_error, ordered_too_late
        and ordered_too_little its units (0 where it is not the cause) and evidence, and
        ``chance_evidence``.
    """
    demand = plan.demand
    late, due, missed = plan.too_late()
    little, order = plan.too_little()
    chance = demand.chance
    late = np.where((late >= plan.least) & (missed | (late >= chance)), late, 0.0)
    little = np.where((little >= plan.least) & (little >= chance), little, 0.0)
    error = np.nan_to_num(demand.forecast_error)
    most = np.maximum.reduce([demand.promotion, error, chance, late, little])
    position = after = np.full(plan.t.size, np.nan)
    if plan.position is not None:
        position = plan.position.at(due, plan.item)
        after = plan.position.at(order, plan.item)
    need = demand.rate * (plan.lead_time + plan.review)
    unplanned = ~(after >= need + demand.promotion)  # what orders covered is not the cause
    spike = np.maximum(plan.least, _USUAL_EXCESS * demand.sd)
    counts = (demand.promotion >= spike) & (demand.promotion >= most) & unplanned
    promotion = np.where(counts, demand.promotion, 0.0)
    forecast = np.where((error >= plan.least) & (error >= most), error, 0.0)
    days = DAYS_PER_PERIOD["day" if len(dates) < 2 or (dates[1] - dates[0]).days == 1 else "week"]
    length = (plan.lead_time + plan.review) * days
    frame = episodes.select("episode").with_columns(
        promotion=pl.Series(promotion),
        forecast_error=pl.Series(forecast),
        ordered_too_late=pl.Series(late),
        ordered_too_little=pl.Series(little),
        days=pl.Series(demand.periods * days),
        wanted=pl.Series(demand.wanted),
        mean=pl.Series(demand.mean - demand.promotion),
        expected=pl.Series(demand.forecast).fill_nan(None),
        need=pl.Series(need).fill_nan(None),
        need_days=pl.Series(length),
        position=pl.Series(position).fill_nan(None),
        after=pl.Series(after).fill_nan(None),
        missed=pl.Series(missed),
        due=dates.gather(due.clip(0, len(dates) - 1)),
        order=dates.gather(order.clip(0, len(dates) - 1)),
    )
    return frame.with_columns(**_sentences())


def _sentences() -> dict[str, pl.Expr]:
    def units(name: str) -> pl.Expr:
        return quantity(pl.col(name)).fill_null("an unknown number of")

    days = quantity(pl.col("days"))
    return {
        "promotion_evidence": pl.format(
            "promotions took {} of the {} units wanted in the {} days up to it{}",
            units("promotion"), units("wanted"), days,
            pl.coalesce(pl.format("; {} were to be expected without",
                                  quantity(pl.col("expected"))), pl.lit(""))),
        "forecast_error_evidence": pl.format(
            "demand had risen: a mean of {} units in the {} days up to it, {} by the forecast "
            "before", units("mean"), days, units("expected")),
        "ordered_too_late_evidence": pl.when("missed")
        .then(pl.format("nothing was ordered from the supplier on {}, an order day: {} units were "
                        "missing up to the level of the order before", "due",
                        units("ordered_too_late")))
        .otherwise(pl.format("nothing was ordered by {}, though {} units on hand and on order had "
                             "to last for {} days with an expected demand of {}", "due",
                             units("position"), quantity(pl.col("need_days")), units("need"))),
        "ordered_too_little_evidence": pl.format(
            "the order of {} left {} units on hand and on order, for {} days with an expected "
            "demand of {}", "order", units("after"), quantity(pl.col("need_days")),
            units("need")),
        "chance_evidence": pl.when(pl.col("expected").is_null())
        .then(pl.format("{} units were wanted in the {} days up to it; too little was known before "
                        "for a forecast", units("wanted"), days))
        .otherwise(pl.format(
            "{} units were wanted in the {} days up to it, {} by the forecast before; no rule "
            "explains it", units("wanted"), days, units("expected"))),
    }  # fmt: skip
