"""What a policy is replayed on: the last weeks of the history, with what was wanted and held.

What was wanted is what was sold and, where the shelf was empty, the expectation of
:mod:`stockout.demand.latent`. A play starts with the stock that was really there and with what then
really came in; where stock is not known, with two weeks of demand on hand and one in each week to
come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.latent import latent_demand
from stockout.errors import NotKnownError
from stockout.replenishment.lead_times import lead_times, received_lines, with_supplier
from stockout.replenishment.lines import order_lines
from stockout.replenishment.replay import Setting
from stockout.replenishment.stock import stock_on_hand
from stockout.tables import ITEM, conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.replenishment.replay import Matrix

    Codes = NDArray[np.int64]

_USUAL_WEEKS = 13  # whose mean is the usual demand of a week
_LEAST_HISTORY = 26  # weeks before the replay: a policy has to know its items
_MOST_ITEMS = 1000  # that are replayed, spread evenly over all
_MOST_LEAD_TIME = 26  # weeks; a longer one leaves nothing to judge
_SEED = 20260628  # of the rounding of what was wanted to whole units


@dataclass(frozen=True)
class Tables:
    """Canonical tables that a replay needs."""

    sales: pl.DataFrame
    inventory: pl.DataFrame | None = None
    products: pl.DataFrame | None = None
    suppliers: pl.DataFrame | None = None
    purchases: pl.DataFrame | None = None
    movements: pl.DataFrame | None = None
    events: pl.DataFrame | None = None


class Terms(NamedTuple):
    """When goods come, and what they cost."""

    weeks: int  # to play, up to the end of the history
    lead_time_days: float | None  # of all items; None is what the tables say
    default_lead_time_days: float | None
    review_days: float
    shortage_cost: float  # money per unit lost
    holding_cost: float  # money per unit and week


class Case(NamedTuple):
    """What is replayed, and what goes with it."""

    setting: Setting
    sold: Matrix  # (weeks, items) units really sold in the weeks played
    held: Matrix | None  # (weeks, items) units really on hand at their end; None is not known
    price: Matrix  # (items,) money a unit, nan is not known
    cost: Matrix  # (items,) money a unit, nan is not known
    lead_time_days: float
    lead_time_source: str
    left_out: dict[str, int]  # items by why they are not replayed


def replay_case(tables: Tables, weekly: History, terms: Terms) -> Case:
    """Prepares a replay.

    Args:
        tables: Canonical tables.
        weekly: The history with hindsight, by week.
        terms: Lead time, review and costs.

    Raises:
        NotKnownError: The history is too short, no item can be replayed, or no lead time is known.
    """
    start = weekly.periods - terms.weeks
    lines = _lines(tables, weekly)
    days, source = _lead_time(tables, weekly, terms, lines)
    # ordered on a Sunday evening, there on a Sunday evening; a day later makes no week
    lead_time = max(0, math.ceil((days - 1) / 7))
    if lead_time > _MOST_LEAD_TIME:
        raise NotKnownError(
            f"a policy with a lead time of {days:.0f} days is not replayed",
            hint="give --lead-time DAYS",
        )
    if start < _LEAST_HISTORY or terms.weeks <= lead_time:
        raise NotKnownError(
            f"what the policy would have cost is not known, because {weekly.periods} weeks of "
            f"history are too few to replay {terms.weeks} with a lead time of {lead_time}: "
            f"{_LEAST_HISTORY} come before, and the first {lead_time} do not count",
            hint="give more history, or another --replay WEEKS",
        )
    on_hand = _held(tables, weekly, start - 1)
    keep, left_out = _kept(weekly, start, on_hand)
    wanted = _wanted(weekly, start)[:, keep]
    sold = weekly.units[start:, keep].astype(np.float64)
    listed = np.arange(weekly.periods)[:, None] >= weekly.start[keep]
    usual = wanted[max(0, start - _USUAL_WEEKS) : start].mean(axis=0)
    usual = np.where(weekly.items["is_integer"].to_numpy()[keep], np.ceil(usual), usual)
    stock, coming, held = 2 * usual, np.tile(usual, (lead_time, 1)), None
    if on_hand is not None:
        held = on_hand[1:, keep]
        stock = on_hand[0, keep].clip(0)
        # what came in is what is there beyond what was left of before
        came = np.diff(on_hand[: lead_time + 1, keep].clip(0), axis=0) + sold[:lead_time]
        coming = came.clip(0)
    setting = Setting(
        weekly.items.select(ITEM)[keep],
        weekly.first_period,
        "week",
        np.where(listed, wanted, np.nan),
        _seen(weekly)[:, keep],
        start,
        stock,
        coming,
        lead_time,
        max(1, round(terms.review_days / 7)),
        terms.shortage_cost,
        terms.holding_cost,
    )
    worth = lines.select("unit_price", "unit_cost").cast(pl.Float64).fill_null(np.nan)
    price, cost = (worth[name].to_numpy()[keep] for name in worth.columns)
    return Case(setting, sold, held, price, cost, days, source, left_out)


def _seen(weekly: History) -> NDArray[np.bool_]:
    return np.asarray(~(weekly.share < 1) & ~weekly.sold_out)


def _wanted(weekly: History, start: int) -> Matrix:
    """(weeks, items) before the start what was sold, from then on what was wanted.

    An expectation of whole units is rounded up with the probability of its fraction.
    """
    expected = latent_demand(weekly).expected
    short = ~_seen(weekly) & np.isfinite(expected)
    short[:start] = False
    whole = weekly.items["is_integer"].to_numpy()
    drawn = np.random.default_rng(_SEED).random(expected.shape)
    known = np.nan_to_num(expected).astype(np.float64)
    rounded = np.where(whole, np.floor(known + drawn), known)
    units = weekly.units.astype(np.float64)
    return np.where(short, np.maximum(rounded, units), units)


def _held(tables: Tables, weekly: History, first: int) -> Matrix | None:
    """(weeks, items) units on hand at the end of each week from ``first`` on; nan is not known."""
    inventory = tables.inventory
    if inventory is None or inventory["on_hand"].null_count() == inventory.height:
        return None
    names = weekly.items.select(ITEM)
    rows = []
    for row in range(first, weekly.periods):
        day = weekly.first_period + timedelta(days=7 * row + 6)
        stock = stock_on_hand(inventory, tables.sales, tables.purchases, tables.movements, day)
        at = names.join(stock, on=ITEM, how="left", maintain_order="left")
        rows.append(at["on_hand"].cast(pl.Float64).fill_null(np.nan).to_numpy())
    found = np.array(rows)
    return found if np.isfinite(found).all(axis=0).any() else None


def _kept(weekly: History, start: int, on_hand: Matrix | None) -> tuple[Codes, dict[str, int]]:
    """Items to replay, and how many are not by why."""
    recent = weekly.units[start - _LEAST_HISTORY : start].sum(axis=0) > 0
    left_out = {"not sold in the 26 weeks before": int((~recent).sum())}
    if on_hand is not None:
        known = np.isfinite(on_hand).all(axis=0)
        left_out["stock not known in every week"] = int((recent & ~known).sum())
        recent &= known
    keep = np.flatnonzero(recent)
    if not keep.size:
        raise NotKnownError(
            "what the policy would have cost is not known, because no item whose stock is known "
            "sold in the 26 weeks before the replay"
        )
    chosen = keep[:: -(-keep.size // _MOST_ITEMS)]
    left_out["not in the sample"] = keep.size - chosen.size
    return chosen, left_out


def _lines(tables: Tables, weekly: History) -> pl.DataFrame:
    """Supplier, price and cost of each item of the history."""
    nothing = pl.DataFrame(schema={"date": pl.Date, "sku": pl.String})
    inventory = conform(nothing, "inventory")
    purchases = tables.purchases
    if purchases is not None:
        purchases = with_supplier(purchases, tables.products)
    return order_lines(weekly.items, inventory, tables.products, purchases)


def _lead_time(
    tables: Tables, weekly: History, terms: Terms, lines: pl.DataFrame
) -> tuple[float, str]:
    """Days that half of demand has to wait for at most, and what tells them."""
    received = None
    if tables.purchases is not None:
        purchases = with_supplier(tables.purchases, tables.products)
        received = received_lines(purchases, weekly.as_of)
    found = lead_times(
        lines.select(*ITEM, "supplier_id"),
        received,
        tables.products,
        tables.suppliers,
        lead_time_days=terms.lead_time_days,
        default_lead_time_days=terms.default_lead_time_days,
    )
    demand = weekly.units.sum(axis=0, dtype=np.float64)
    rows = (
        found.with_columns(demand=pl.Series(demand))
        .drop_nulls("lead_time_days")
        .sort("lead_time_days", *ITEM)
    )
    half = rows.filter(pl.col("demand").cum_sum() >= pl.col("demand").sum() / 2).head(1)
    return half["lead_time_days"].item(), half["lead_time_source"].item()
