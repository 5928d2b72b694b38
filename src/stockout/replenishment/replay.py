"""Replays an ordering policy over periods that have passed: what it would have ordered, and earned.

At the end of a period stock is reviewed. The policy sees what was known then: what it sold itself
(not what was wanted), where it ran out, what is on the shelf and on the way. What it orders is
there a lead time later, in the evening. Demand that finds no stock is lost. So one policy's
mistakes do not reach the next one, but they do reach its own future, as they would have.

What a policy has to do with:

- before the play: sales as they were recorded, and whether there was stock, as far as is known;
- during it: the smaller of demand and stock, and whether that was all that was wanted.

True demand is what customers wanted where it is known (a simulator), else what was sold. Where the
shelf was really empty sales are too low, so a play over real data judges every policy on the part
of demand that was served.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from stockout.demand.periods import Freq

Matrix: TypeAlias = "NDArray[np.float64]"
Mask: TypeAlias = "NDArray[np.bool_]"


@dataclass(frozen=True)
class Setting:
    """What is replayed: demand over time, and the terms on which it is served."""

    items: pl.DataFrame  # sku, location; row i is column i of the matrices
    first_period: date  # first day of the first row
    freq: Freq
    demand: Matrix  # (periods, items) units wanted; before the start units sold; nan: not listed
    in_stock: Mask  # (periods, items) before the start: sales were demand
    start: int  # the first row that is played
    stock: Matrix  # (items,) on hand when the play starts
    coming: Matrix  # (lead_time, items) units that arrive at the end of the rows from the start on
    lead_time: int = 2  # periods from an order to the evening on which it arrives
    review: int = 1  # periods between two orders
    shortage_cost: float = 1.0  # money per unit lost
    holding_cost: float = 0.2  # money per unit on hand at the end of a period, before arrivals

    def __post_init__(self) -> None:
        """Checks what would otherwise give wrong figures.

        Raises:
            ConfigError: The play starts outside the rows, or times are out of range.
        """
        if not 0 < self.start < len(self.demand):
            raise ConfigError(
                f"the replay starts at period {self.start}, expected one of 1 to "
                f"{len(self.demand) - 1}: it needs a history and at least one period to play"
            )
        if self.lead_time < 0 or self.review < 1:
            raise ConfigError(
                f"a lead time of {self.lead_time} and a review of {self.review} periods cannot be "
                "replayed, expected 0 or more and 1 or more"
            )

    @property
    def days(self) -> int:
        """Days in a period."""
        return DAYS_PER_PERIOD[self.freq]

    def last_day(self, row: int) -> date:
        """Last day of a row."""
        return self.first_period + timedelta(days=self.days * (row + 1) - 1)


@dataclass(frozen=True)
class State:
    """What is known at the end of a period, before the order; columns are items."""

    setting: Setting  # for its items, dates and terms; a policy must not look at its demand
    sold: Matrix  # (periods so far, items) units; nan: not listed
    in_stock: Mask  # (periods so far, items) nobody was sent away
    stock: Matrix  # (items,) on hand
    coming: Matrix  # (lead_time, items) arrivals at the end of the next periods; the last is free

    @property
    def position(self) -> Matrix:
        """(items,) on hand and on the way."""
        return np.asarray(self.stock + self.coming.sum(axis=0))

    @property
    def demand_seen(self) -> Matrix:
        """(periods so far, items) units sold; nan where stock ran out or there was no item."""
        return np.where(self.in_stock, self.sold, np.nan)


Policy: TypeAlias = Callable[[date, State], Matrix]
"""Units to order of each item, from the as-of date and what is known then."""


class Figures(NamedTuple):
    """What a play came to, over the periods judged."""

    service_level: float  # share of item-periods in which nobody was sent away
    fill_rate: float  # share of demand that was served
    lost_units: float
    mean_stock: float  # units on hand at the end of a period, all items together
    shortage_cost: float  # money
    holding_cost: float  # money
    orders: int  # lines ordered

    @property
    def cost(self) -> float:
        """Shortage and holding cost together."""
        return self.shortage_cost + self.holding_cost


@dataclass(frozen=True)
class Play:
    """What happened; rows are the periods played, from the start on."""

    setting: Setting
    sold: Matrix  # (periods, items) units
    lost: Matrix  # (periods, items) units
    left: Matrix  # (periods, items) on hand at the end, before what arrives in the evening
    ordered: Matrix  # (periods, items) at the end of the period

    def figures(self, first: int | None = None, last: int | None = None) -> Figures:
        """Sums over the played periods from ``first`` to before ``last``.

        Args:
            first: Default the lead time: what arrives before is the same for all policies.
            last: Default all.
        """
        setting = self.setting
        rows = slice(setting.lead_time if first is None else first, last)
        lost, left = self.lost[rows], self.left[rows]
        wanted = float(self.sold[rows].sum() + lost.sum())
        return Figures(
            service_level=float((lost <= 0).mean()),
            fill_rate=1 - float(lost.sum()) / wanted if wanted > 0 else 1.0,
            lost_units=float(lost.sum()),
            mean_stock=float(left.sum(axis=1).mean()),
            shortage_cost=setting.shortage_cost * float(lost.sum()),
            holding_cost=setting.holding_cost * float(left.sum()),
            orders=int(np.count_nonzero(self.ordered[rows] > 0)),
        )

    def cost(self) -> Matrix:
        """(periods, items) money, shortage and holding."""
        setting = self.setting
        return np.asarray(setting.shortage_cost * self.lost + setting.holding_cost * self.left)


def replay(setting: Setting, policy: Policy) -> Play:
    """Plays a policy from the setting's start to its end.

    Args:
        setting: Demand and terms.
        policy: What orders.

    Returns:
        What happened. The same setting and policy give the same play.

    A shelf of 5, one unit wanted a week, always 2 ordered, there a week later:

    >>> import polars as pl
    >>> ones = np.ones((6, 1))
    >>> setting = Setting(pl.DataFrame({"sku": ["A"], "location": ["ALL"]}), date(2026, 1, 5),
    ...     "week", ones, ones > 0, start=2, stock=np.array([5.0]), coming=np.zeros((1, 1)),
    ...     lead_time=1)
    >>> replay(setting, lambda as_of, state: np.array([2.0])).left.ravel().tolist()
    [4.0, 3.0, 4.0, 5.0]
    """
    demand = np.nan_to_num(setting.demand)
    start, periods = setting.start, len(demand) - setting.start
    sold, in_stock = setting.demand.copy(), setting.in_stock.copy()
    lost, left, ordered = (np.zeros((periods, demand.shape[1])) for _ in range(3))
    # row k: what arrives in the evening of row start + k
    arriving = np.zeros((periods + setting.lead_time + 1, demand.shape[1]))
    arriving[: setting.lead_time] = setting.coming
    stock = setting.stock.astype(np.float64)
    for k in range(periods):
        row = start + k
        served = np.minimum(stock, demand[row])
        lost[k] = demand[row] - served
        listed = ~np.isnan(setting.demand[row])
        sold[row] = np.where(listed, served, np.nan)
        in_stock[row] = lost[k] <= 0
        stock = stock - served
        left[k] = stock
        stock = stock + arriving[k]
        if k % setting.review == 0:
            coming = arriving[k + 1 : k + 1 + setting.lead_time].copy()
            state = State(setting, sold[: row + 1], in_stock[: row + 1], stock.copy(), coming)
            ordered[k] = np.maximum(policy(setting.last_day(row), state), 0)
            arriving[k + setting.lead_time] += ordered[k]
            if setting.lead_time == 0:
                stock = stock + ordered[k]
    return Play(setting, sold[start:], lost, left, ordered)
