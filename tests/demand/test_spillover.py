from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.demand.spillover import spillover

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History

MONDAY = date(2024, 1, 1)
CATEGORIES = 6
PATIENCE = 14


class Shop(NamedTuple):
    """What was sold, and what of it had been wanted elsewhere or before; (days, items)."""

    sold: NDArray[np.int64]
    came: NDArray[np.int64]
    in_stock: NDArray[np.bool_]

    def history(self, *, categories: bool = True) -> History:
        """The exports as a history."""
        days, items = self.sold.shape
        frame = pl.DataFrame(
            {
                "date": np.repeat(np.datetime64(MONDAY, "D") + np.arange(days), items),
                "sku": [f"S{i:03}" for i in range(items)] * days,
                "units": self.sold.ravel().astype(float),
                "in_stock": self.in_stock.ravel(),
            }
        )
        products = pl.DataFrame(
            {
                "sku": [f"S{i:03}" for i in range(items)],
                "category": [f"C{i % CATEGORIES}" if categories else None for i in range(items)],
            },
            schema_overrides={"category": pl.String},
        )
        return demand_history(frame.drop("in_stock"), frame.drop("units"), products)


def shop(substituted: float, waited: float, *, out: float = 0.2, days: int = 500) -> Shop:
    """Items out of stock for a week at a time; of what is wanted then, parts come over."""
    rng = np.random.default_rng(3)
    items = 72
    mean = rng.uniform(1, 8, items)
    starts = rng.random((days, items)) < out / 7
    in_stock = ~np.array([starts[max(0, t - 6) : t + 1].any(axis=0) for t in range(days)])
    wanted = rng.poisson(mean, (days, items))
    came = np.zeros_like(wanted)
    waiting = np.zeros((PATIENCE, items), dtype=np.int64)
    for t in range(days):
        here = in_stock[t]
        came[t, here] += rng.binomial(waiting.sum(axis=0), waited)[here]
        waiting[:, here] = 0
        waiting[t % PATIENCE] = np.where(here, 0, wanted[t])
        for c in range(CATEGORIES):
            group = np.arange(c, items, CATEGORIES)
            there = group[here[group]]
            missing = int(wanted[t, group[~here[group]]].sum())
            if there.size:
                turned = rng.binomial(missing, substituted)
                came[t, there] += rng.multinomial(turned, mean[there] / mean[there].sum())
    came[~in_stock] = 0
    return Shop(np.where(in_stock, wanted, 0) + came, came, in_stock)


def test_what_comes_over_is_found() -> None:
    world = shop(0.4, 0.2)
    found = spillover(latent_demand(world.history()))
    # What was missing is itself estimated from sales that contain what came over.
    assert found.substituted == pytest.approx(0.4, abs=0.1)
    assert found.waited == pytest.approx(0.2, abs=0.05)
    taken = (found.part * world.sold).sum()
    assert taken == pytest.approx(world.came.sum(), rel=0.15)


def test_only_the_kind_that_there_is_is_found() -> None:
    for substituted, waited in ((0.4, 0.0), (0.0, 0.2)):
        found = spillover(latent_demand(shop(substituted, waited).history()))
        assert (found.substituted > 0.2) == (substituted > 0)
        assert (found.waited > 0.1) == (waited > 0)
        assert min(found.substituted, found.waited) < 0.05


def test_nothing_is_taken_off_where_everything_is_lost() -> None:
    world = shop(0.0, 0.0)
    found = spillover(latent_demand(world.history()))
    assert (found.part * world.sold).sum() < 0.01 * world.sold.sum()


def test_weeks_tell_too() -> None:
    world = shop(0.5, 0.0, days=730)
    history = world.history()
    daily = history.panel()
    weekly = demand_history(
        daily.select("date", "sku", "location", "units"),
        daily.select("date", "sku", "location", "in_stock_share"),
        history.items.select("sku", "category"),
        freq="week",
    )
    assert spillover(latent_demand(weekly)).substituted == pytest.approx(0.5, abs=0.25)


def test_items_without_a_category_replace_none() -> None:
    found = spillover(latent_demand(shop(0.4, 0.2).history(categories=False)))
    assert found.substituted == 0
    assert found.waited > 0.1


def test_without_a_stockout_nothing_comes_over() -> None:
    found = spillover(latent_demand(shop(0.4, 0.2, out=0.0).history()))
    assert not found.part.any()
    assert (found.substituted, found.waited) == (0, 0)


def test_one_return_to_stock_is_little_proof() -> None:
    """A single stockout of one item; what it sells next day is chance, taken for it or not."""
    parts = []
    for seed in range(20):
        units = np.random.default_rng(seed).poisson(4.0, (90, 1))
        units[30:33] = 0
        world = Shop(units, np.zeros_like(units), np.arange(90)[:, None] // 3 != 10)
        parts.append(spillover(latent_demand(world.history())).part.max())
    assert np.mean(parts) < 0.1
