"""Who buys: regular customers with habits; everybody else is a guest or a business customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.parameters import Parameters

GUEST = -1
"""Customer number of an anonymous guest."""
_LARGEST_HABIT = 0.6  # probability to buy one favourite on a trip; keeps room for busy days
_OLDEST_DAYS = 1825  # nobody has been a customer for more than five years


@dataclass(frozen=True)
class Population:
    """Regular customers (C,) and their favourites (K,), sorted by customer."""

    location: NDArray[np.int64]  # (C,) where they shop
    trip_rate: NDArray[np.float64]  # (C,) trips a day
    first_day: NDArray[np.int64]  # (C,) may lie before day 0
    last_day: NDArray[np.int64]  # (C,) when they stop by themselves
    offsets: NDArray[np.int64]  # (C + 1,) favourites of customer c: offsets[c]:offsets[c + 1]
    favourite_item: NDArray[np.int64]  # (K,)
    favourite_probability: NDArray[np.float64]  # (K,) to buy it on a trip of an average day

    @property
    def favourite_customer(self) -> NDArray[np.int64]:
        """Customer of each favourite (K,)."""
        return np.repeat(np.arange(len(self.location)), np.diff(self.offsets))


def draw_population(parameters: Parameters, assortment: Assortment, days: int) -> Population:
    """Draws regular customers so that their number stays the same while they come and go.

    Trip rates are gamma, lifetimes exponential, favourites drawn by the items' rates. The habits
    of all fans of an item together make up at most ``regular_share`` of its purchases.
    """
    rng = stream(parameters.seed, "population")
    purchases = (assortment.rate / np.repeat(assortment.size, assortment.locations)).reshape(
        -1, assortment.locations
    )
    lines_a_day = parameters.basket_lines / parameters.trip_days
    present = np.round(parameters.regular_share * purchases.sum(axis=0) / lines_a_day)
    joining = rng.poisson(present * days / parameters.lifetime_days)
    location = np.concatenate(
        [np.repeat(np.arange(assortment.locations), n.astype(np.int64)) for n in (present, joining)]
    )
    count, old = len(location), int(present.sum())
    trip_rate = rng.gamma(
        parameters.trip_shape, 1 / (parameters.trip_shape * parameters.trip_days), count
    )
    age = np.minimum(rng.exponential(parameters.lifetime_days, count), _OLDEST_DAYS)
    first_day = np.where(np.arange(count) < old, -age, rng.uniform(0, days, count))
    since = np.maximum(first_day, 0)  # exponential lifetimes have no memory
    last_day = since + rng.exponential(parameters.lifetime_days, count)
    item = _favourites(parameters, purchases, location, rng)
    kept = np.ones(item.shape, dtype=bool)
    kept[:, 1:] = item[:, 1:] != item[:, :-1]  # drawn twice counts once
    weight = rng.gamma(2.0, 1.0, item.shape) * kept
    probability = parameters.basket_lines * weight / weight.sum(axis=1, keepdims=True)
    probability = np.minimum(probability, _LARGEST_HABIT)
    customer = np.repeat(np.arange(count), kept.sum(axis=1))
    favourite_item, habit = item[kept], probability[kept]
    load = np.bincount(
        favourite_item,
        weights=np.where(customer < old, trip_rate[customer] * habit, 0.0),
        minlength=purchases.size,
    )
    most = parameters.regular_share * purchases.ravel()
    scale = np.minimum(1.0, np.divide(most, load, out=np.ones_like(most), where=load > 0))
    return Population(
        location=location,
        trip_rate=trip_rate,
        first_day=np.floor(first_day).astype(np.int64),
        last_day=np.floor(last_day).astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(kept.sum(axis=1))]),
        favourite_item=favourite_item,
        favourite_probability=habit * scale[favourite_item],
    )


def _favourites(
    parameters: Parameters,
    purchases: NDArray[np.float64],
    location: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Items (C, favourites) at each customer's location, sorted within a row."""
    skus, locations = purchases.shape
    ends = np.cumsum(purchases, axis=0).T + (np.arange(locations) * purchases.sum())[:, None]
    total = purchases.sum(axis=0)
    drawn = rng.random((len(location), parameters.favourites)) * total[location][:, None]
    drawn += (location * purchases.sum())[:, None]
    found = np.searchsorted(ends.ravel(), drawn, side="right")
    sku: NDArray[np.int64] = np.minimum(found - location[:, None] * skus, skus - 1)
    item: NDArray[np.int64] = np.sort(sku, axis=1) * locations + location[:, None]
    return item
