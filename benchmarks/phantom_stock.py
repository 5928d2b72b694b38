"""False alarms and finds of phantom stock, in businesses where it is known.

    python benchmarks/phantom_stock.py

In each business, one item in five loses all its stock within the last 90 days without the books
noticing: they go on as they were, and it sells nothing more. The others are as the books say.

- *false* are runs found in items (or times) without phantom stock, *found* the phantoms;
- *now* are runs that last until as-of, *past* those that are over;
- finds by the units that would have been sold since the stock went, from the true mean demand.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from demand_worlds import periodic, reorder_point
from stockout.demand.history import demand_history
from stockout.demand.latent import latent_demand
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.phantom_stock import phantom_stock
from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from stockout.demand.history import History

SEEDS = (31, 32, 33)
SHARE = 5  # one item in so many gets phantom stock
LONGEST = 90  # days before as-of at which the stock is gone, at most
BOUNDS = (0, 5, 10, 20, 40, np.inf)


class Business(NamedTuple):
    """A history, and the mean demand that nobody knows."""

    history: History
    mean: NDArray[np.float64]  # (periods, items)
    purchases: pl.DataFrame | None


def simulated(seed: int) -> Business:
    """The simulator's business: Poisson, negative binomial and intermittent items, level shocks."""
    world = simulate(Parameters(seed=seed, skus=150, locations=2, months=18, return_share=0.0))
    tables = world.tables
    history = demand_history(
        tables["sales"], tables["inventory"], tables["products"], tables["purchases"]
    )
    index = history.items.select("sku", "location").with_row_index("item")
    cells = world.truth["demand"].join(index, on=["sku", "location"])
    t = (cells["date"] - history.first_period).dt.total_days().to_numpy()
    mean = np.zeros(history.units.shape)
    mean[t, cells["item"].to_numpy()] = cells["mean"].to_numpy()
    return Business(history, mean, tables["purchases"])


def walking(seed: int) -> Business:
    """Negative binomial items whose level walks at random."""
    world = periodic(seed, 0.08, walk=0.03)
    return Business(world.history("on_hand"), world.mean, None)


def jumping(seed: int) -> Business:
    """Purchases of several units, levels that jump."""
    world = reorder_point(seed, 0.08, jumps=0.4)
    return Business(world.history("on_hand"), world.mean, None)


def with_phantoms(
    business: Business, seed: int
) -> tuple[History, NDArray[np.int64], NDArray[np.float64]]:
    """The history after phantoms, the first row of each item's (-1 for none), and what it hides."""
    history, rng = business.history, np.random.default_rng(seed)
    items = history.items.height
    active = active_periods(history, open_orders(history, business.purchases))
    chosen = rng.choice(items, items // SHARE, replace=False)
    first = np.full(items, -1)
    first[chosen] = history.periods - rng.integers(7, LONGEST, chosen.size)
    rows = np.arange(history.periods)[:, None]
    gone = (rows >= first) & (first >= 0)
    before = history.share[np.maximum(first - 1, 0), np.arange(items)] == 1
    possible = before & np.where(gone, active, True).all(axis=0)
    first[~possible] = -1
    gone &= possible
    changed = replace(
        history,
        units=np.where(gone, 0, history.units),
        share=np.where(gone, 1, history.share).astype(np.float32),
        sold_out=history.sold_out & ~gone,
        observed=history.observed | (gone & history.open),
    )
    return changed, first, np.where(gone, business.mean, 0).sum(axis=0)


def measure(name: str, business: Callable[[int], Business]) -> None:
    """Prints one line of the table."""
    false_now = false_past = items = 0
    finds = np.zeros((len(BOUNDS) - 1, 2), dtype=int)
    for seed in SEEDS:
        history, first, hidden = with_phantoms(business(seed), seed)
        latent = latent_demand(history)
        active = active_periods(history, open_orders(history, None))
        found = phantom_stock(history, active, latent.dispersion, latent.profile)
        index = history.items.select("sku", "location").with_row_index("item")
        now = found.runs.filter("lasts").join(index, on=["sku", "location"])["item"].to_numpy()
        false_now += int((first[now] < 0).sum())
        false_past += found.runs.height - now.size
        items += history.items.height
        is_phantom = np.flatnonzero(first >= 0)
        class_of = np.digitize(hidden[is_phantom], BOUNDS) - 1
        finds[:, 0] += np.bincount(class_of, minlength=len(finds))
        finds[:, 1] += np.bincount(class_of[np.isin(is_phantom, now)], minlength=len(finds))
    total = finds.sum(axis=0)
    parts = "".join(f"{hits:>6} of {count:<4}" for count, hits in finds)
    wrong = false_now + false_past
    share = wrong / max(wrong + total[1], 1)
    found_share = total[1] / total[0]
    print(f"{name:12}{items:6,}{false_now:6}{false_past:6}{share:8.1%}{found_share:8.0%}{parts}")


def main() -> None:
    """Prints the table."""
    head = [
        f"{low:.0f}-{high:.0f}" if high < np.inf else f"{low:.0f}+"
        for low, high in pairwise(BOUNDS)
    ]
    print("phantom stock of one item in five; finds by units that it would have sold")
    print(f"{'':12}{'':6}{'  false':>12}{'':8}")
    print(f"{'':12} items   now  past  wrong   found" + "".join(f"{text:>14}" for text in head))
    for name, business in (("simulator", simulated), ("walk", walking), ("jumps", jumping)):
        measure(name, business)


if __name__ == "__main__":
    main()
