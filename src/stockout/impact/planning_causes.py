"""Causes that lie in the plan: a promotion, a forecast, an order too late or too small.

Each is measured by the units that it took from the stock: what promotions added that orders did not
cover, what was wanted beyond the forecast, what an order that was due would have brought, and what
the last order in time lacked to the forecast. The one that took most is the cause. No safety stock
is asked for: where a plan that covers the forecast did not withstand demand, demand beyond the
forecast is the cause, and how often it is that high is told with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import special

from stockout.demand.latent import LEVEL
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.impact.cause_rules import quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.order_calendar import OrderCalendar
    from stockout.impact.order_plan import Demand, Position

    Vector = NDArray[np.float64]
    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_SURE = float(special.ndtri((1 + LEVEL) / 2))
"""Standard errors of the forecast by which an order must be below it to count as too little: less
is no lack that the data can tell."""


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
        lean = stock <= self.demand.rate * self.lead_time
        need = self.demand.rate * (self.lead_time + self.review) - stock
        units = np.where(nothing & lean, np.nan_to_num(need).clip(0), 0.0)
        if self.orders is None:
            return units, at, none > 0
        missed = self.orders.last_missed(at, self.item)
        before = self.position.last_order(missed, self.item)
        gap = self.position.at(before, self.item) - self.position.at(missed, self.item)
        recent = self.t - missed <= self.lead_time + 2 * self.review
        late = self.orders.next_arrival(missed, self.item) > self.t
        # An order is rounded up to packs: less than the smallest may not have been needed at all.
        needed = gap >= self.position.least_order[self.item]
        is_missed = (missed >= 0) & (before >= 0) & recent & late & needed
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
        unsure = _SURE * self.demand.rate_error * (self.lead_time + self.review)
        return np.where(lacking > unsure, lacking, 0.0), at

    def _has_days(self) -> Flags:
        if self.orders is None:
            return np.zeros(self.t.size, dtype=np.bool_)
        return self.orders.has_days[self.item]


def planning_causes(episodes: pl.DataFrame, plan: Planning, dates: pl.Series) -> pl.DataFrame:
    """What promotions, the forecast, and the time and size of orders took from each stock.

    Args:
        episodes: Column episode; row i is entry i of the plan.
        plan: What was planned.
        dates: First day of each period of the history.

    Returns:
        One row an episode: episode, then for each of promotion, forecast_error, ordered_too_late
        and ordered_too_little its units (0 where it is not the cause) and evidence,
        ``unexplained_evidence``, and as_high (share of the protection periods before with as much
        demand).
    """
    demand = plan.demand
    late, due, missed = plan.too_late()
    little, order = plan.too_little()
    position = after = np.full(plan.t.size, np.nan)
    if plan.position is not None:
        position = plan.position.at(due, plan.item)
        after = plan.position.at(order, plan.item)
    need = demand.rate * (plan.lead_time + plan.review)
    covered = after >= need + demand.promotion
    took = np.stack([
        np.where(covered | np.isnan(demand.rate), 0.0, demand.promotion),
        np.nan_to_num(demand.forecast_error),
        late,
        little,
    ])  # fmt: skip
    is_cause = (np.arange(len(took))[:, None] == took.argmax(axis=0)) & (took >= plan.least)
    promotion, error, late, little = np.where(is_cause, took, 0.0)
    days = DAYS_PER_PERIOD["day" if len(dates) < 2 or (dates[1] - dates[0]).days == 1 else "week"]
    frame = episodes.select("episode").with_columns(
        promotion=pl.Series(promotion),
        forecast_error=pl.Series(error),
        ordered_too_late=pl.Series(late),
        ordered_too_little=pl.Series(little),
        as_high=pl.Series(demand.as_high).fill_nan(None),
        days=pl.Series(demand.periods * days),
        wanted=pl.Series(demand.wanted),
        promoted=pl.Series(demand.promotion > 0),
        usual=pl.Series(demand.usual),
        expected=pl.Series(demand.forecast).fill_nan(None),
        need=pl.Series(need).fill_nan(None),
        need_days=pl.Series((plan.lead_time + plan.review) * days),
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
            pl.format("; {} were to be expected without", units("expected"))),
        "forecast_error_evidence": pl.format(
            "{} units were wanted in the {} days up to it{}, {} were expected{}",
            units("usual"), days,
            pl.when("promoted").then(pl.lit(" beside promotions")).otherwise(pl.lit("")),
            units("expected"), _how_often()),
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
        "unexplained_evidence": pl.when(pl.col("expected").is_null())
        .then(pl.format("{} units were wanted in the {} days up to it; too little was known before "
                        "for a forecast", units("wanted"), days))
        .otherwise(pl.format(
            "{} units were wanted in the {} days up to it, {} by the forecast before; no rule "
            "explains it", units("wanted"), days, units("expected"))),
    }  # fmt: skip


def _how_often() -> pl.Expr:
    """How many protection periods before had as much demand, in words."""
    share = pl.col("as_high")
    return (
        pl.when(share.is_null())
        .then(pl.lit("; too few protection periods before tell how often that happens"))
        .when(share == 0)
        .then(pl.lit("; no protection period before was that high"))
        .when(share > 0.5)
        .then(pl.lit("; most protection periods before were that high"))
        .otherwise(
            pl.format("; one protection period in {} before was that high",
                      (1 / share).round().cast(pl.Int64))
        )
    )  # fmt: skip
