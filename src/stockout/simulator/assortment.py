"""What is sold: SKUs and items with their latent parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.simulator.randomness import stream
from stockout.simulator.suppliers import draw_suppliers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.parameters import Parameters
    from stockout.simulator.suppliers import Suppliers

CATEGORY_NAMES = (
    "tea", "coffee", "candles", "mugs", "stationery", "kitchen", "garden", "toys", "lamps", "gifts",
)  # fmt: skip
_PACK_SIZES = np.array([1, 2, 3, 6, 12])
_PACK_WEIGHTS = np.array([0.35, 0.2, 0.1, 0.25, 0.1])
_PACK_DAYS = 21  # a pack holds at most three weeks of demand, else slow movers could never run out
_NEVER = 2**31 - 1


class Family(IntEnum):
    """Distribution of a day's demand around its mean."""

    POISSON = 0
    NEGATIVE_BINOMIAL = 1
    INTERMITTENT = 2


@dataclass(frozen=True)
class Assortment:
    """Latent parameters of SKUs (S,) and items (N,), and the suppliers (V,).

    Item ``n`` is SKU ``n // L`` at location ``n % L``; days count from the simulation's first day.
    """

    sku: pl.Series  # (S,) identifiers, sorted
    category: NDArray[np.int64]  # (S,)
    family: NDArray[np.int64]  # (S,) Family
    dispersion: NDArray[np.float64]  # (S,) k; variance = mean + mean**2 / k; inf without
    size: NDArray[np.float64]  # (S,) mean units of one purchase
    trend: NDArray[np.float64]  # (S,) log change of demand a year
    price: NDArray[np.float64]  # (S,) money a unit
    cost: NDArray[np.float64]  # (S,) money a unit
    pack_size: NDArray[np.int64]  # (S,) units
    moq: NDArray[np.int64]  # (S,) units
    supplier: NDArray[np.int64]  # (S,)
    active_from: NDArray[np.int64]  # (S,) first day on sale; negative: always was
    active_to: NDArray[np.int64]  # (S,) last day on sale; a huge number: still is
    successor_of: NDArray[np.int64]  # (S,) the SKU it replaced, or -1
    rate: NDArray[np.float64]  # (N,) mean units a day before weekday, season, ...
    uplift: NDArray[np.float64]  # (N,) demand on promotion relative to without
    guess: NDArray[np.float64]  # (N,) the planner's first forecast relative to the rate
    suppliers: Suppliers  # (V,)
    locations: int

    @property
    def promised_days(self) -> NDArray[np.int64]:
        """Lead time that each SKU's supplier promises (S,)."""
        return self.suppliers.lead_time[self.supplier]

    @property
    def protection_days(self) -> NDArray[np.int64]:
        """Promised lead time plus the time between order days of each SKU (S,), whole days."""
        review = np.ceil(self.suppliers.review_days[self.supplier])
        return self.promised_days + review.astype(np.int64)

    @property
    def item_sku(self) -> NDArray[np.int64]:
        """SKU of each item (N,)."""
        return np.repeat(np.arange(len(self.sku)), self.locations)

    @property
    def item_location(self) -> NDArray[np.int64]:
        """Location of each item (N,)."""
        return np.tile(np.arange(self.locations), len(self.sku))

    def subset(self, skus: NDArray[np.int64]) -> Assortment:
        """The same business with only these SKUs; successors lose their predecessors."""
        items = (skus[:, None] * self.locations + np.arange(self.locations)).ravel()
        return Assortment(
            sku=self.sku.gather(skus),
            **{name: getattr(self, name)[skus] for name in _BY_SKU},
            successor_of=np.full(len(skus), -1),
            rate=self.rate[items],
            uplift=self.uplift[items],
            guess=self.guess[items],
            suppliers=self.suppliers,
            locations=self.locations,
        )


_BY_SKU = (
    "category", "family", "dispersion", "size", "trend", "price", "cost", "pack_size", "moq",
    "supplier", "active_from", "active_to",
)  # fmt: skip


def draw_assortment(parameters: Parameters) -> Assortment:
    """Draws the SKUs, their locations' rates and their suppliers."""
    skus, locations = parameters.skus, parameters.locations
    rng = stream(parameters.seed, "assortment")
    sku, category, life = _identities(parameters)
    family = _families(parameters, rng)
    size = np.where(
        family == Family.INTERMITTENT,
        rng.uniform(parameters.size_low, parameters.size_high, skus),
        1.0,
    )
    low, high = np.log(parameters.dispersion_low), np.log(parameters.dispersion_high)
    dispersion = np.exp(rng.uniform(low, high, skus))
    log_rate = np.log(parameters.median_rate) + parameters.rate_sigma * rng.standard_normal(skus)
    price = np.exp(
        np.log(parameters.price_median) + parameters.price_sigma * rng.standard_normal(skus)
    )
    price = np.maximum(np.ceil(price * 2) / 2 - 0.05, 0.45)  # prices like 12.45 and 12.95
    cost = np.round(price * rng.uniform(parameters.cost_low, parameters.cost_high, skus), 2)
    supplier = rng.integers(0, parameters.supplier_count, skus)
    heirs = np.flatnonzero(life.successor_of >= 0)
    old = life.successor_of[heirs]
    supplier[heirs] = supplier[old]
    log_rate[heirs] = log_rate[old] + 0.2 * rng.standard_normal(len(heirs))
    items = rng.standard_normal((3, skus, locations))
    rate = np.exp(log_rate[:, None] + parameters.location_sigma * items[0])
    uplift = np.exp(np.log(parameters.promotion_uplift) + parameters.promotion_sigma * items[1])
    pack_size, moq = _packs(rate.mean(axis=1), rng)
    return Assortment(
        sku=sku,
        category=category,
        family=family,
        dispersion=np.where(family == Family.NEGATIVE_BINOMIAL, dispersion, np.inf),
        size=size,
        trend=parameters.trend_sigma * rng.standard_normal(skus),
        price=price,
        cost=cost,
        pack_size=pack_size,
        moq=moq,
        supplier=supplier,
        active_from=life.active_from,
        active_to=life.active_to,
        successor_of=life.successor_of,
        rate=rate.ravel(),
        uplift=np.maximum(uplift, 1.0).ravel(),
        guess=np.exp(0.3 * items[2]).ravel(),
        suppliers=draw_suppliers(parameters),
        locations=locations,
    )


def _identities(parameters: Parameters) -> tuple[pl.Series, NDArray[np.int64], _Lives]:
    """Identifier, category and life of every SKU, sorted by identifier; heirs keep the category."""
    rng = stream(parameters.seed, "identities")
    category = rng.integers(0, parameters.categories, parameters.skus)
    life = _lives(parameters, stream(parameters.seed, "lives"))
    heirs = np.flatnonzero(life.successor_of >= 0)
    category[heirs] = category[life.successor_of[heirs]]
    sku = _identifiers(category, rng)
    order = sku.arg_sort().to_numpy()
    place = np.append(np.argsort(order), -1)  # the last one keeps -1, "replaces nothing", as it is
    lives = _Lives(life.active_from[order], life.active_to[order], place[life.successor_of[order]])
    return sku.gather(order), category[order], lives


def _families(parameters: Parameters, rng: np.random.Generator) -> NDArray[np.int64]:
    skus = parameters.skus
    poisson = round(parameters.poisson_share * skus)
    intermittent = min(round(parameters.intermittent_share * skus), skus - poisson)
    family = np.full(skus, int(Family.NEGATIVE_BINOMIAL))
    order = rng.permutation(skus)
    family[order[:poisson]] = Family.POISSON
    family[order[poisson : poisson + intermittent]] = Family.INTERMITTENT
    return family


@dataclass(frozen=True)
class _Lives:
    active_from: NDArray[np.int64]
    active_to: NDArray[np.int64]
    successor_of: NDArray[np.int64]


def _lives(parameters: Parameters, rng: np.random.Generator) -> _Lives:
    """Launches between 15 % and 85 % of the history, ends between 30 % and 90 % of it."""
    skus, days, start = parameters.skus, parameters.days, parameters.warmup_days
    active_from, active_to = np.full(skus, -1), np.full(skus, _NEVER)
    successor_of = np.full(skus, -1)
    order = rng.permutation(skus)
    new = order[: round(parameters.new_share * skus)]
    ended = order[len(new) : len(new) + round(parameters.ended_share * skus)]
    active_from[new] = start + (days * rng.uniform(0.15, 0.85, len(new))).astype(np.int64)
    active_to[ended] = start + (days * rng.uniform(0.3, 0.9, len(ended))).astype(np.int64)
    pairs = min(round(parameters.successor_share * len(new)), len(ended))
    active_from[new[:pairs]] = active_to[ended[:pairs]] + 1
    successor_of[new[:pairs]] = ended[:pairs]
    return _Lives(active_from, active_to, successor_of)


def _packs(
    rate: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    wanted = rng.choice(_PACK_SIZES, size=len(rate), p=_PACK_WEIGHTS)
    allowed = np.searchsorted(_PACK_SIZES, np.maximum(rate * _PACK_DAYS, 1), side="right") - 1
    pack = np.minimum(wanted, _PACK_SIZES[allowed])
    double = (rng.random(len(rate)) < 0.25) & (2 * pack <= rate * _PACK_DAYS)
    return pack, np.where(double, 2 * pack, pack)


def category_names(count: int) -> pl.Series:
    """Names of the categories; beyond the stock of words they are numbered.

    >>> category_names(12).to_list()[-3:]
    ['gifts', 'tea 2', 'coffee 2']
    """
    number = pl.int_range(count, eager=True).alias("number")
    words = pl.Series("category", CATEGORY_NAMES)
    return (
        pl.select(word=words.gather(number % len(words)), round=number // len(words))
        .select(
            category=pl.when(pl.col("round") == 0)
            .then(pl.col("word"))
            .otherwise(pl.format("{} {}", "word", pl.col("round") + 1))
        )
        .to_series()
    )


def _identifiers(category: NDArray[np.int64], rng: np.random.Generator) -> pl.Series:
    """SKU identifiers as real systems have them: some like ``00017``, some like ``TEA-017``."""
    count = len(category)
    width = max(5, len(str(10 * count)))
    numbers = 1 + rng.choice(10 * count, size=count, replace=False)
    words = pl.Series("word", CATEGORY_NAMES).gather(category % len(CATEGORY_NAMES))
    frame = pl.DataFrame({"number": numbers, "textual": rng.random(count) < 0.4, "word": words})
    return frame.select(
        sku=pl.when("textual")
        .then(
            pl.format(
                "{}-{}",
                pl.col("word").str.slice(0, 3).str.to_uppercase(),
                pl.col("number").cast(pl.String).str.zfill(width - 2),
            )
        )
        .otherwise(pl.col("number").cast(pl.String).str.zfill(width))
    ).to_series()
