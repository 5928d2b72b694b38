"""Small businesses whose unmet demand is known, to measure estimates of lost sales on.

They differ in everything an estimate could have been fitted to: weekday and season, how purchases
come, how the level moves, how stock is replenished, and how a planner reacts to the stockouts.
Nobody waits or takes another item: what is not sold is lost.

- ``periodic``: single units, Poisson or with a negative binomial day, mild season, weekend peak;
  orders once a week up to a level; the planner leaves days without stock out of the forecast.
- ``reorder point``: purchases of several units, a double season with paydays, next to no trade on
  Sundays, levels that jump; (s, Q) with the planner's forecast from raw sales, so that stockouts
  breed stockouts;
- ``simulated``: :mod:`stockout.simulator`, with slow items, promotions, launches and delistings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.history import demand_history
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]

FIRST = date(2025, 3, 3)  # a Monday
WARMUP = 84  # days before the export starts
_BISECTIONS = 14


@dataclass(frozen=True)
class World:
    """What was wanted, sold and in stock; all matrices (days, items)."""

    mean: Matrix  # expected demand
    wanted: Matrix  # units
    sold: Matrix  # units
    share: Matrix  # share of the day in stock
    on_hand: Matrix  # units at the end of the day
    category: NDArray[np.int64]  # (items,)
    unit: Matrix  # (items,) variance-to-mean ratio of the units of a part of a day
    day: Matrix  # (items,) squared coefficient of variation of the days' rates
    events: pl.DataFrame | None = None

    def of(self, history: History, matrix: Matrix) -> Matrix:
        """A matrix of this world in the rows and columns of its history."""
        item = history.items["sku"].cast(pl.Int64).to_numpy()
        return matrix[len(matrix) - history.periods :, item]

    @property
    def lost(self) -> Matrix:
        """Units not sold."""
        return self.wanted - self.sold

    @property
    def stockout_rate(self) -> float:
        """Share of item-days that end without stock."""
        return float((self.on_hand <= 0).mean())

    def history(self, known: str = "share") -> History:
        """The exports as a demand history.

        Args:
            known: ``share`` (hours in stock are recorded) or ``on_hand`` (stock at closing time).
        """
        days, items = self.sold.shape
        t, item = (index.ravel() for index in np.indices((days, items)))
        key = {
            "date": pl.Series([FIRST + timedelta(days=d) for d in range(days)]).gather(t),
            "sku": pl.Series([f"{i:05}" for i in range(items)]).gather(item),
        }
        values = {"share": ("in_stock_share", self.share), "on_hand": ("on_hand", self.on_hand)}
        column, matrix = values[known]
        sales = pl.DataFrame({**key, "units": self.sold.ravel()}).filter(pl.col("units") > 0)
        inventory = pl.DataFrame({**key, column: matrix.ravel()})
        products = pl.DataFrame(
            {
                "sku": [f"{i:05}" for i in range(items)],
                "category": [f"C{c}" for c in self.category],
            }
        )
        end = FIRST + timedelta(days=days - 1)
        return demand_history(sales, inventory, products, as_of=end)


def periodic(
    seed: int,
    rate: float,
    *,
    items: int = 300,
    days: int = 365,
    k: float | None = 2.0,
    walk: float = 0.0,
) -> World:
    """Weekly orders up to a level; single units.

    Args:
        seed: Of all random numbers.
        rate: Share of item-days that end without stock.
        items: Number of items.
        days: Length of the history.
        k: Mean dispersion of the negative binomial days (half to twice of it by item); None is
            Poisson.
        walk: Daily standard deviation of the random walk of the log level.
    """
    rng = np.random.default_rng(seed)
    total = WARMUP + days
    category = rng.integers(0, 6, items)
    base = 2.5 * np.exp(0.9 * rng.standard_normal(items))
    weekday = np.array([0.85, 0.85, 0.9, 1.0, 1.2, 1.35, 0.85]) * np.exp(
        0.12 * rng.standard_normal((6, 7))
    )
    weekday /= weekday.mean(axis=1, keepdims=True)
    day = np.arange(total)
    peak, height = rng.uniform(0, 365, 6), rng.uniform(0.1, 0.35, 6)
    season = np.exp(height * np.cos(2 * np.pi * (day[:, None] - peak) / 365))
    level = np.exp(np.cumsum(walk * rng.standard_normal((total, items)), axis=0))
    level /= level.mean(axis=0)
    mean = base * level * season[:, category] * weekday[category][:, day % 7].T
    own = np.full(items, np.inf)
    if k is None:
        wanted = rng.poisson(mean)
    else:
        own = k * np.exp(rng.uniform(-np.log(2), np.log(2), items))
        wanted = rng.poisson(mean * rng.gamma(own, 1 / own, mean.shape))
    lead = rng.integers(2, 9, (total, items))
    order_day = rng.integers(0, 7, items)

    def run(safety: float) -> tuple[Matrix, Matrix]:
        begin, on_order = np.zeros(wanted.shape), np.zeros((total + 16, items))
        stock = np.ceil(base * 14)
        forecast, spread = base.copy(), 1.5
        sold = np.zeros(wanted.shape)
        for t in range(total):
            stock = stock + on_order[t]
            begin[t] = stock
            sold[t] = np.minimum(wanted[t], stock)
            stock = stock - sold[t]
            full = stock > 0
            forecast = np.where(full, forecast + (sold[t] - forecast) / 28, forecast)
            due = order_day == t % 7
            need = forecast * 12
            target = np.maximum(
                need + safety * np.sqrt(spread * need), need * np.exp(min(safety, 0))
            )
            position = stock + on_order[t + 1 :].sum(axis=0)
            quantity = np.where(due, np.ceil(np.maximum(target - position, 0)), 0)
            on_order[t + lead[t], np.arange(items)] += quantity
        return begin, sold

    begin, sold = _calibrated(run, rate)
    share = _share_of_singles(wanted, begin, rng)
    return _world((mean, wanted, sold, share, begin), category, np.ones(items), 1 / own)


def reorder_point(
    seed: int, rate: float, *, items: int = 300, days: int = 365, jumps: float = 0.0
) -> World:
    """(s, Q) with a naive planner; purchases of several units.

    Args:
        seed: Of all random numbers.
        rate: Share of item-days that end without stock.
        items: Number of items.
        days: Length of the history.
        jumps: Standard deviation of the jumps of the log level; one comes in 60 days on average.
    """
    rng = np.random.default_rng(seed)
    total = WARMUP + days
    category = rng.integers(0, 4, items)
    size = rng.uniform(1.5, 4.0, items)  # mean units of a purchase
    base = 1.2 * np.exp(0.8 * rng.standard_normal(items))  # purchases a day
    day = np.arange(total)
    weekday = np.array([1.4, 1.15, 1.0, 1.0, 1.25, 1.0, 0.2])
    season = 1 + 0.45 * np.sin(4 * np.pi * (day[:, None] / 365 + rng.uniform(0, 1, 4)))
    payday = np.where(day % 30 < 3, 1.5, 1.0) / 1.05
    step = rng.standard_normal((total, items)) * (rng.random((total, items)) < 1 / 60)
    level = np.exp(jumps * np.cumsum(step, axis=0))
    level /= level.mean(axis=0)
    mean = base * level * (season[:, category] * (weekday[day % 7] * payday)[:, None])
    visits = rng.poisson(mean).astype(np.float64)
    # each purchase is 1 + Poisson(size - 1) units, so a sum of visits of them is as simple
    wanted: Matrix = visits + rng.poisson(visits * (size - 1))
    lead = rng.integers(3, 15, (total, items))
    lot = np.maximum(np.round(21 * base * size / 6), 1) * 6

    def run(safety: float) -> tuple[Matrix, Matrix]:
        begin, on_order = np.zeros(wanted.shape), np.zeros((total + 16, items))
        sold = np.zeros(wanted.shape)
        stock, forecast = lot.copy(), base * size
        for t in range(total):
            stock = stock + on_order[t]
            begin[t] = stock
            sold[t] = np.minimum(wanted[t], stock)
            stock = stock - sold[t]
            forecast = forecast + (sold[t] - forecast) / 60
            point = np.maximum(forecast, 0.3 * base * size) * 9 * np.exp(safety / 2)
            position = stock + on_order[t + 1 :].sum(axis=0)
            on_order[t + lead[t], np.arange(items)] += np.where(position <= point, lot, 0)
        return begin, sold

    begin, sold = _calibrated(run, rate)
    share = _share_of_purchases(wanted, visits, begin, rng)
    unit = size + 1 - 1 / size  # E[b**2] / E[b] of a purchase of 1 + Poisson(size - 1) units
    return _world((mean * size, wanted, sold, share, begin), category, unit, np.zeros(items))


def simulated(seed: int, rate: float, *, items: int = 300, **settings: float) -> World:
    """The simulator's business, by default without anyone who waits, substitutes or brings back.

    Its slow items (half of them sell less than .45 a day), promotions (of which the estimate is
    told), launches and delistings are in neither of the other two. An item that is not on sale has
    stock and no demand.
    """
    shares = ("substitute_share", "wait_share", "return_share", "order_share", "leave_probability")
    off = dict.fromkeys(shares, 0.0)
    world = simulate(
        Parameters.of(
            {"seed": seed, "skus": items, "locations": 1, "months": 12, "stockout_rate": rate}
            | off
            | settings
        )
    )
    truth = world.truth["demand"]
    skus = truth["sku"].unique().sort()
    days = truth["date"].unique().sort()
    at = (
        (truth["date"] - days[0]).dt.total_days().to_numpy(),
        skus.search_sorted(truth["sku"]).to_numpy(),
    )

    def matrix(name: str, empty: float) -> Matrix:
        values = np.full((len(days), len(skus)), empty)
        values[at] = truth[name].to_numpy()
        return values

    stock = np.ones((len(days), len(skus)))
    rows = world.tables["inventory"].filter(pl.col("date").is_between(days[0], days[-1]))
    stock[
        (rows["date"] - days[0]).dt.total_days().to_numpy(),
        skus.search_sorted(rows["sku"]).to_numpy(),
    ] = rows["on_hand"].to_numpy()
    facts = world.truth["items"].sort("sku")
    unit = facts.select(
        pl.when(pl.col("family") == "intermittent")
        .then(pl.col("purchase_units") + 1 - 1 / pl.col("purchase_units"))
        .otherwise(1.0)
    )
    day = facts.select((1 / pl.col("dispersion")).fill_null(0.0))
    return World(
        matrix("mean", 0.0),
        matrix("latent_units", 0.0),
        matrix("own_units", 0.0),
        matrix("in_stock_share", 1.0),
        stock,
        facts["category"].rank("dense").to_numpy().astype(np.int64),
        unit.to_series().to_numpy(),
        day.to_series().to_numpy(),
        _promotions_of(world.tables["events"], skus, days[0]),
    )


def _promotions_of(events: pl.DataFrame, skus: pl.Series, first: date) -> pl.DataFrame:
    """Promotions with the names that a world's history gives to SKUs and days."""
    number = pl.Series("number", [f"{i:05}" for i in range(len(skus))])
    return (
        events.filter(pl.col("kind") == "promotion")
        .join(pl.DataFrame({"sku": skus, "number": number}), on="sku")
        .select(
            date=pl.lit(FIRST) + (pl.col("date") - pl.lit(first)),
            name="name",
            kind="kind",
            sku="number",
        )
    )


def _calibrated(
    run: Callable[[float], tuple[Matrix, Matrix]], rate: float
) -> tuple[Matrix, Matrix]:
    """The run whose safety factor gives the stockout rate, by bisection with the same luck."""
    low, high = -8.0, 8.0 if rate > 0 else 80.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        begin, sold = run(middle)
        if (begin - sold <= 0)[WARMUP:].mean() > rate:
            low = middle
        else:
            high = middle
    return begin, sold


def _share_of_singles(wanted: Matrix, begin: Matrix, rng: np.random.Generator) -> Matrix:
    """When the last unit went: an order statistic of arrivals that are uniform over the day."""
    share = np.where(begin > 0, 1.0, 0.0)
    out = (begin > 0) & (wanted >= begin)
    share[out] = rng.beta(begin[out], wanted[out] - begin[out] + 1)
    return share


def _share_of_purchases(
    wanted: Matrix, visits: Matrix, begin: Matrix, rng: np.random.Generator
) -> Matrix:
    """The same where purchases have several units: by the purchase that took the last one."""
    share = np.where(begin > 0, 1.0, 0.0)
    for t, item in zip(*np.nonzero((begin > 0) & (wanted >= begin)), strict=True):
        count = int(visits[t, item])
        extra = rng.multinomial(int(wanted[t, item]) - count, np.full(count, 1 / count))
        gone = np.searchsorted(np.cumsum(1 + extra), begin[t, item])
        share[t, item] = rng.beta(gone + 1, count - gone)
    return share


def _world(
    run: tuple[Matrix, ...], category: NDArray[np.int64], unit: Matrix, day: Matrix
) -> World:
    mean, wanted, sold, share, begin = (np.asarray(m[WARMUP:], dtype=np.float64) for m in run)
    return World(mean, wanted, sold, share, begin - sold, category, unit, day)
