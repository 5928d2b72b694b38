"""Two shops whose customers lose faith over stockouts, and by how much, to measure estimates on.

They differ in everything an estimate could have been fitted to:

- ``simulated``: :mod:`stockout.simulator`. Six favourites with a fixed chance each; a quarter of
  the thwarted purchases turns to another item, some wait; who loses a purchase leaves for good with
  ``leave_probability``. Items have seasons, promotions and persistent shocks.
- ``fading``: who loses a purchase may from then on come at a tenth of their former rate. Baskets
  are drawn from long-tailed preferences, of which some change; a quarter of the customers shops in
  one season only, and its items run out at its height; promotions empty shelves, draw promotion
  hunters and keep them away afterwards; suppliers fail for weeks.

The truth is by the outcome's own definition: customers of the panel without an order in the 13
weeks after the gap who would have ordered, with the same random numbers, if nobody had lost faith
over a purchase of the exposure window.
"""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.impact.stockout_effect.landmarks import AFTER, GAP, WINDOW, landmark_days
from stockout.simulator.parameters import Parameters
from stockout.simulator.randomness import stream
from stockout.simulator.setting import draw_setting
from stockout.simulator.world import run_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.simulator.setting import Setting
    from stockout.simulator.shopping import ShoppingLog

    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Matrix = NDArray[np.float64]

FIRST = date(2025, 1, 6)  # a Monday
WARMUP = 91


class Truth(NamedTuple):
    """What became of each customer, and what would have, by landmark; (landmarks, customers)."""

    came: Flags  # ordered in the outcome window
    would_have_come: Flags  # if no faith had been lost over the exposure window
    thwarted: Matrix  # purchases meant in the exposure window that met no stock


class Shop(NamedTuple):
    """Exports and truth."""

    lines: pl.DataFrame
    availability: pl.DataFrame
    truth: Truth
    stockout_rate: float


def simulated(
    seed: int, leave_probability: float, *, skus: int = 400, days: int = 546, **settings: float
) -> Shop:
    """The simulator's shop, with and without the loss of faith.

    Args:
        seed: Of all random numbers.
        leave_probability: That a lost purchase makes its customer leave.
        skus: Number of SKUs.
        days: Length of the history.
        settings: Further parameters of the simulator.
    """
    given = {"median_rate": 2.0, "safety_factor": 1.0, "locations": 1, "future_days": 1} | settings
    months = round(days / 30.4)
    parameters = Parameters.of(
        {"seed": seed, "skus": skus, "months": months, "leave_probability": leave_probability}
        | given
    )
    setting = draw_setting(parameters)
    world = run_world(setting, parameters.safety_factor or 0.0)
    faithful = dataclasses.replace(
        setting, parameters=dataclasses.replace(parameters, leave_probability=0.0)
    )
    other = run_world(faithful, parameters.safety_factor or 0.0)
    people, log = setting.customers, world.shopping
    length = setting.total_days - parameters.warmup_days
    starts = landmark_days(length) + parameters.warmup_days
    lines = setting.lines
    line_day = lines.day

    def orders(shopping: ShoppingLog, first: int, stop: int, last: Codes | None = None) -> Flags:
        inside = (shopping.sale_day >= first) & (shopping.sale_day < stop)
        who, day = lines.customer[shopping.sale_line[inside]], shopping.sale_day[inside]
        known = (who >= 0) & (who < people)
        if last is not None:
            known &= day <= np.append(last, 0)[np.minimum(who, people)]
        return np.bincount(who[known], minlength=people) > 0

    leaves_again = _would_leave(setting, other.shopping)
    came, would, thwarted = [], [], []
    regular = (lines.customer >= 0) & (lines.customer < people)
    for start in starts:
        outcome = start + WINDOW + GAP, start + WINDOW + GAP + AFTER
        came.append(orders(log, *outcome))
        left = (log.left_day >= start) & (log.left_day < start + WINDOW)
        later = leaves_again(start + WINDOW)  # over something else, after the window
        would.append(np.where(left, orders(other.shopping, *outcome, later), came[-1]))
        rows = regular & (line_day >= start) & (line_day < start + WINDOW)
        rows &= log.came & (log.own < lines.units)
        thwarted.append(np.bincount(lines.customer[rows], minlength=people).astype(float))
    sold = log.sale_day >= parameters.warmup_days
    day, item = log.sale_day[sold], log.sale_item[sold]
    who = lines.customer[log.sale_line[sold]]
    table = pl.DataFrame(
        {
            "day": day - parameters.warmup_days,
            "item": item,
            "customer": np.where((who >= 0) & (who < people), who, -1),
            "units": log.sale_units[sold].astype(float),
            "on_promo": setting.demand.promotion[day, item],
        }
    )
    share = world.days.in_stock_share[parameters.warmup_days :].astype(float)
    alive = setting.alive(parameters.warmup_days, setting.total_days)
    return Shop(
        _lines(table),
        _availability(np.where(alive, share, 1.0)),
        Truth(np.array(came), np.array(would), np.array(thwarted)),
        world.stockout_rate(setting),
    )


def _would_leave(setting: Setting, faithful: ShoppingLog) -> Callable[[int], Codes]:
    """Day of the first lost purchase from a day on that would make each customer leave."""
    lines, parameters = setting.lines, setting.parameters
    faith = stream(parameters.seed, "reactions").random((3, len(lines.item)), dtype=np.float32)[2]
    got = faithful.own + faithful.substituted + faithful.waited + faithful.waiting
    lost = (got < lines.units) & (faith < parameters.leave_probability)
    lost &= (lines.customer >= 0) & (lines.customer < setting.customers)
    who, day = lines.customer[lost], lines.day[lost]

    def from_day(start: int) -> Codes:
        first = np.full(setting.customers, setting.total_days)
        np.minimum.at(first, who[day >= start], day[day >= start])
        return first

    return from_day


def _lines(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        date=pl.lit(FIRST) + pl.duration(days="day"),
        sku=pl.col("item").cast(pl.String).str.zfill(5),
        location=pl.lit("ALL"),
        units="units",
        customer_id=pl.when(pl.col("customer") >= 0).then(
            pl.col("customer").cast(pl.String).str.zfill(6)
        ),
        order_id=pl.lit(None, pl.String),
        on_promo=pl.col("on_promo").cast(pl.Boolean),
    )


def _availability(share: Matrix) -> pl.DataFrame:
    days, items = share.shape
    day, item = (index.ravel() for index in np.indices((days, items)))
    names = pl.Series([f"{i:05}" for i in range(items)])
    dates = pl.Series([FIRST + timedelta(days=d) for d in range(days)])
    return pl.DataFrame(
        {
            "date": dates.gather(day),
            "sku": names.gather(item),
            "location": pl.Series(["ALL"]).gather(np.zeros(day.size, np.int64)),
            "in_stock_share": share.ravel(),
        }
    )


def fading(seed: int, lose_faith: float, *, skus: int = 400, days: int = 546) -> Shop:
    """Customers who come less often after a lost purchase.

    Args:
        seed: Of all random numbers.
        lose_faith: Probability that a lost purchase does it.
        skus: Number of SKUs.
        days: Length of the history.
    """
    return _Fading(seed, lose_faith, skus, days).run()


class _Fading:
    """The second shop."""

    people = 7000
    categories = 40
    favourites = 12
    kept_rate = 0.1  # of the former rate, once faith is lost

    def __init__(self, seed: int, lose_faith: float, skus: int, days: int) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.lose_faith, self.skus, self.days = lose_faith, skus, days
        self.total = WARMUP + days
        n, f = self.people, self.favourites
        self.rate = np.exp(rng.normal(np.log(1 / 15), 0.6, n)).clip(1 / 90, 1 / 2)
        joins = np.where(rng.random(n) < 0.55, 0, rng.integers(0, self.total, n))
        ends = joins + rng.exponential(800, n)
        day = np.arange(self.total)
        self.there = (joins[:, None] <= day) & (day < ends[:, None])
        self.category = rng.integers(0, self.categories, skus)
        peak = rng.integers(0, 4, self.categories) * 91.0
        seasonal = rng.random(self.categories) < 0.4
        wave = np.cos(2 * np.pi * (day[:, None] - peak) / 365)
        height = np.where(seasonal, 1.1, 0.15)
        self.season = np.exp(height * wave) / np.exp(height * wave).mean(axis=0)
        self.popularity = rng.permutation((np.arange(skus) + 8.0) ** -0.7)
        self.favourite = self._draw_favourites(seasonal)
        weight = (1 / (1 + np.arange(f))) * rng.gamma(3.0, 1 / 3, (n, f))
        later = weight.copy()
        later[:, :5] = rng.permuted(later[:, :5], axis=1)  # some habits change
        self.weight, self.later = weight, later
        self.changes = rng.integers(0, self.total, n)
        self.one_season = rng.random(n) < 0.25
        own = self.category[self.favourite[:, 0]]
        self.mood = np.where(
            self.one_season[:, None],
            np.clip(1 + 1.6 * np.cos(2 * np.pi * (day - peak[own][:, None]) / 365), 0.02, None),
            1.0,
        )
        self.hunter = rng.random(n) < 0.2
        starts = rng.random((self.total, skus)) < 2.5 / 365
        self.promoted = np.zeros((self.total, skus), dtype=bool)
        for lag in range(14):
            self.promoted[lag:] |= starts[: self.total - lag]
        shocks = rng.normal(0, 0.3 * np.sqrt(1 - 0.98**2), (self.total, skus))
        level = np.zeros((self.total, skus))
        for t in range(1, self.total):
            level[t] = 0.98 * level[t - 1] + shocks[t]
        self.level = np.exp(level - 0.045)

    def _draw_favourites(self, seasonal: Flags) -> Codes:
        n, f, rng = self.people, self.favourites, self.rng
        ends = np.cumsum(self.popularity) / self.popularity.sum()
        found = np.searchsorted(ends, rng.random((n, f)))
        in_season = np.flatnonzero(seasonal[self.category])
        if in_season.size:  # what somebody likes most is often something with a season
            first = rng.random(n) < 0.5
            found[first, 0] = rng.choice(in_season, first.sum())
        return found.astype(np.int64)

    def run(self) -> Shop:  # noqa: PLR0915 - a day in the shop, in its order
        rng, n, skus = self.rng, self.people, self.skus
        starts = landmark_days(self.days) + WARMUP
        marks = len(starts)
        faith = np.ones(n)
        without = np.ones((marks, n))  # faith, if none had been lost in the landmark's window
        came, would = np.zeros((2, marks, n), dtype=bool)
        thwarted = np.zeros((marks, n))
        own_demand = self.rate.mean() * self.there.mean() * n * 1.8
        guests = self.popularity / self.popularity.sum() * own_demand * 2.0
        usual = guests * 1.6
        stock, forecast = np.ceil(usual * 20), usual.copy()
        incoming = np.zeros((self.total + 60, skus))
        lead = rng.integers(5, 14, skus)
        order_day = rng.integers(0, 7, skus)
        log: list[tuple[NDArray[np.generic], ...]] = []
        share = np.zeros((self.total, skus))
        cover = rng.normal(0.62, 0.1, skus)  # some items are always planned tighter
        hunted = np.zeros(n)
        for t in range(self.total):
            stock = stock + incoming[t]
            on_offer = self.promoted[t][self.favourite[:, :6]].any(axis=1) & self.hunter
            hunted = np.where(on_offer, 28, np.maximum(hunted - 1, 0))
            lure = np.where(on_offer, 1.6, np.where(hunted > 0, 0.6, 1.0))
            rate = self.rate * self.mood[:, t] * self.there[:, t] * np.where(self.hunter, lure, 1.0)
            chance = rng.random(n)
            visitor = np.flatnonzero(chance < rate)  # who would come if no faith was ever lost
            comes = chance[visitor] < (rate * faith)[visitor]
            line, item = self._baskets(t, visitor)
            who = visitor[line]
            shown = comes[line]
            mean = guests * self.season[t][self.category] * self.level[t]
            mean = mean * np.where(self.promoted[t], 2.5, 1.0)
            others = rng.poisson(mean * rng.gamma(3.0, 1 / 3, skus))
            wanted = np.bincount(item[shown], minlength=skus) + others
            part = np.where(wanted > 0, np.minimum(stock / np.maximum(wanted, 1), 1), stock > 0)
            share[t] = part
            served = rng.random(item.size) < part[item]
            sold = np.minimum(np.round(others * part), stock)
            sold += np.minimum(np.bincount(item[served & shown], minlength=skus), stock - sold)
            reaction = rng.random(item.size)
            other, found = self._substitute(item, rng.random(item.size), part, stock - sold)
            turns = ~served & (reaction < 0.35) & found
            bought = served | turns
            final = np.where(turns, other, item)
            taken = np.bincount(final[turns & shown], minlength=skus)
            stock = np.maximum(stock - sold - taken, 0)
            lost = ~bought & (reaction < 0.8)  # the rest comes back for it, unoffended
            offends = lost & (rng.random(item.size) < self.lose_faith)
            before = faith
            faith = self._faded(faith, who[offends & shown])
            for place, start in enumerate(starts.tolist()):
                inside = start <= t < start + WINDOW
                likely = np.maximum(rate * without[place], rate * before)[visitor]
                still = (chance[visitor] < likely)[line]
                if inside:
                    np.add.at(thwarted[place], who[shown & ~served], 1)
                else:  # who was spared in the window may lose faith over something else
                    without[place] = self._faded(without[place], who[offends & still])
                if start + WINDOW + GAP <= t < start + WINDOW + GAP + AFTER:
                    came[place, who[bought & shown]] = True
                    would[place, who[bought & still]] = True
            if t >= WARMUP:
                shelf = sold - np.bincount(item[served & shown], minlength=skus)
                guest = np.flatnonzero(shelf > 0)
                got = bought & shown
                log.append((np.full(got.sum(), t), final[got], who[got], np.ones(got.sum())))
                log.append((np.full(guest.size, t), guest, np.full(guest.size, -1), shelf[guest]))
            forecast += (sold + taken - forecast) / 35
            need = forecast * (lead + 7) * (1 + cover)
            position = stock + incoming[t + 1 :].sum(axis=0)
            order = np.where(order_day == t % 7, np.ceil(np.maximum(need - position, 0)), 0)
            late = np.where(rng.random(skus) < 0.06, rng.integers(7, 32, skus), 0)
            np.add.at(
                incoming, (np.minimum(t + lead + late, self.total + 59), np.arange(skus)), order
            )
        columns = [np.concatenate(column) for column in zip(*log, strict=True)]
        table = pl.DataFrame(
            {
                "day": columns[0] - WARMUP,
                "item": columns[1],
                "customer": columns[2],
                "units": columns[3],
                "on_promo": self.promoted[columns[0], columns[1]],
            }
        )
        would |= came
        return Shop(
            _lines(table),
            _availability(share[WARMUP:]),
            Truth(came, would, thwarted),
            float((share[WARMUP:] < 1).mean()),
        )

    def _faded(self, faith: Matrix, offended: Codes) -> Matrix:
        left = faith.copy()
        left[offended] = np.maximum(left[offended] * self.kept_rate, self.kept_rate**2)
        return left

    def _baskets(self, t: int, visitor: Codes) -> tuple[Codes, Codes]:
        """Visitor (place) and item of each line meant; an item once a basket."""
        rng = self.rng
        lines = 1 + rng.poisson(0.8, visitor.size)
        line = np.repeat(np.arange(visitor.size), lines)
        who = visitor[line]
        weight = np.where((t >= self.changes[who])[:, None], self.later[who], self.weight[who])
        liked = self.favourite[who]
        weight = weight * self.season[t][self.category[liked]]
        weight = weight * np.where(self.promoted[t][liked], 2.0, 1.0)
        ends = np.cumsum(weight, axis=1)
        place = (ends < (rng.random(who.size) * ends[:, -1])[:, None]).sum(axis=1)
        item = liked[np.arange(who.size), np.minimum(place, self.favourites - 1)]
        curious = rng.random(who.size) < 0.1
        ends = np.cumsum(self.popularity)
        item[curious] = np.searchsorted(ends, rng.random(curious.sum()) * ends[-1])
        once = np.unique(line * self.skus + item)
        return once // self.skus, once % self.skus

    def _substitute(
        self, item: Codes, chance: Matrix, part: Matrix, left: Matrix
    ) -> tuple[Codes, Flags]:
        """Another item of the category, if it is there."""
        order = np.argsort(self.category, kind="stable")
        sizes = np.bincount(self.category, minlength=self.categories)
        first = np.cumsum(sizes) - sizes
        own = self.category[item]
        other = order[first[own] + (chance * sizes[own]).astype(np.int64)]
        return other, (part[other] >= 1) & (left[other] > 0) & (other != item)
