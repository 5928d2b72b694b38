"""Lost units by several estimates, against the truth of worlds in which it is known.

    python benchmarks/lost_sales.py [--seeds N] [--items N]

Two generators of different shape (:mod:`demand_worlds`) and the simulator without substitution,
each at three stockout rates and over fresh seeds. For every estimate:

- bias: lost units of all items over the true ones, less 1: mean, lowest and highest over the seeds;
- WAPE: sum over items of |estimate - truth| over the true lost units;
- s: seconds for one world.

``stockout, hours`` knows for which share of a day there was stock, ``stockout, closing stock``
only what was left at the end of the day, as do the usual methods. ``level window 28`` is the
sensitivity. ``mean known`` is what an estimate could reach at most: it is given the true mean and
variance of every day. Then the coverage of the 90 % intervals of items, of months of items and of
totals. Last, what is said to be lost where nothing ever was out of stock.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from demand_worlds import World, periodic, reorder_point, simulated
from stockout.demand.censoring import Demand, after_a_share
from stockout.demand.latent import latent_demand
from stockout.impact.active_life import active_periods, open_orders
from usual_lost_sales import METHODS, Days

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent

    Flags = NDArray[np.bool_]
    Matrix = NDArray[np.float64]

RATES = (0.05, 0.15, 0.30)
FIRST_SEED = 9001
MONTH = 30

WORLDS: dict[str, Callable[[int, float, int], World]] = {
    "periodic, Poisson": lambda seed, rate, items: periodic(seed, rate, items=items, k=None),
    "periodic, negative binomial": lambda seed, rate, items: periodic(seed, rate, items=items),
    "periodic, persistent shocks": lambda seed, rate, items: periodic(
        seed, rate, items=items, walk=0.03
    ),
    "(s, Q), batches": lambda seed, rate, items: reorder_point(seed, rate, items=items),
    "(s, Q), batches and jumps": lambda seed, rate, items: reorder_point(
        seed, rate, items=items, jumps=0.4
    ),
    "simulator, no substitution": lambda seed, rate, items: simulated(seed, rate, items=items),
}


class Score(NamedTuple):
    """One estimate of one world."""

    bias: float
    wape: float
    seconds: float


class Covered(NamedTuple):
    """Intervals that hold the truth, and all of them."""

    items: tuple[int, int]
    months: tuple[int, int]
    total: tuple[int, int]


def score(lost: NDArray[np.floating], truth: Matrix, seconds: float) -> Score:
    """Compares sums by item."""
    stray, total = lost.sum(axis=0) - truth.sum(axis=0), truth.sum()
    return Score(float(stray.sum() / total), float(np.abs(stray).sum() / total), seconds)


def days_of(history: History) -> Days:
    """What the usual methods see of a history."""
    sold = history.units.astype(np.float64)
    out = history.open & ((history.share < 1) | history.sold_out)
    return Days(sold, history.open & ~out, out, out & (sold == 0))


def scores(world: World) -> tuple[dict[str, Score], dict[str, Covered]]:
    """All estimates of a world."""
    found: dict[str, Score] = {}
    covered: dict[str, Covered] = {}
    histories = {name: world.history(known) for name, known in KNOWN.items()}
    settings = [("hours", 10), ("closing stock", 10), ("hours", 28)]
    for known, window in settings:
        name = f"stockout, {known}" + (f", level window {window}" if window != 10 else "")
        history = histories[known]
        begin = time.perf_counter()
        latent = latent_demand(history, events=world.events, level_window=window)
        seconds = time.perf_counter() - begin
        truth, counts = world.of(history, world.lost), listed(history)
        found[name] = score(latent.lost_units() * counts, truth, seconds)
        covered[name] = coverage(latent, truth, counts)
    history = histories["closing stock"]
    days, truth = days_of(history), world.of(history, world.lost)
    for name, method in METHODS.items():
        begin = time.perf_counter()
        lost = method(days) * listed(history)
        found[name] = score(lost, truth, time.perf_counter() - begin)
    found["mean known, hours"] = score(known_mean(world), world.lost, np.nan)
    return found, covered


KNOWN = {"hours": "share", "closing stock": "on_hand"}


def known_mean(world: World) -> Matrix:
    """Lost units by the true mean and variance of every day, and the hours in stock."""
    share = world.share.ravel()
    out = share < 1
    item = np.broadcast_to(np.arange(world.sold.shape[1]), world.sold.shape).ravel()[out]
    lost = np.zeros(world.sold.size)
    lost[out] = after_a_share(
        world.sold.ravel()[out],
        share[out],
        Demand(
            np.maximum(world.mean.ravel()[out], 1e-9),
            world.unit[item],
            world.day[item],
            np.ones(out.sum(), dtype=np.bool_),
        ),
    ).mean
    return lost.reshape(world.sold.shape)


def listed(history: History) -> Flags:
    """(days, items) whether the item was meant to be sold, as ``lost-sales`` sees it."""
    return active_periods(history, open_orders(history, None))


def coverage(latent: Latent, truth: Matrix, counts: Flags) -> Covered:
    """How many 90 % intervals of items, months of items, and the total hold the truth."""
    history = latent.history
    t, item = np.nonzero(counts & ((history.share < 1) | history.sold_out))
    items, months = history.items.height, history.periods // MONTH + 1
    groupings = ((item, items), (item * months + t // MONTH, items * months), (t * 0, 1))
    held = []
    for group, count in groupings:
        low, high = latent.sum_interval(t, item, 1.0, group, count)
        there = np.bincount(group, minlength=count) > 0
        true = np.bincount(group, truth[t, item], count)
        held.append((int(((true >= low) & (true <= high))[there].sum()), int(there.sum())))
    return Covered(*held)


def nothing_out(items: int) -> float:
    """Lost units where stock never ran out."""
    world = periodic(FIRST_SEED, 0.0, items=items)
    return float(np.abs(latent_demand(world.history("on_hand")).lost_units()).sum())


def print_scores(seeds: int, items: int) -> list[tuple[str, str, Covered]]:
    """The table, and the error of totals that is not chance; returns what the intervals cover."""
    all_covered: list[tuple[str, str, Covered]] = []
    beyond: list[float] = []
    for title, make in WORLDS.items():
        for rate in RATES:
            every: dict[str, list[Score]] = {}
            lost = []
            for seed in range(FIRST_SEED, FIRST_SEED + seeds):
                world = make(seed, rate, items)
                lost.append(world.lost.sum() / world.wanted.sum())
                found, covered = scores(world)
                for name, one in found.items():
                    every.setdefault(name, []).append(one)
                known = found["mean known, hours"].bias
                beyond += [found[f"stockout, {name}"].bias - known for name in KNOWN]
                all_covered += [(title, name, each) for name, each in covered.items()]
            print(f"\n{title}: {rate:.0%} of item-days end without stock, {np.mean(lost):.1%} lost")
            print(f"  {'':36}{'bias':>8}{'from':>8}{'to':>8}{'WAPE':>8}{'worst':>8}{'s':>7}")
            for name, each in every.items():
                bias, wape, seconds = (np.array(values) for values in zip(*each, strict=True))
                print(
                    f"  {name:36}{bias.mean():+8.1%}{bias.min():+8.1%}{bias.max():+8.1%}"
                    f"{wape.mean():8.1%}{wape.max():8.1%}{seconds.mean():7.2f}",
                    flush=True,
                )
    error = np.sqrt(np.mean(np.square(beyond)))
    print(f"\ntotals: root mean square of bias less that of the known mean {error:.1%}")
    return all_covered


def print_coverage(covered: list[tuple[str, str, Covered]]) -> None:
    """Shares of the 90 % intervals that hold the truth, over all rates and seeds."""
    print(f"\n90 % intervals that hold the truth {'items':>31}{'months':>9}{'total':>9}")
    for title in WORLDS:
        for name in dict.fromkeys(name for _, name, _ in covered):
            rows = [each for world, known, each in covered if (world, known) == (title, name)]
            shares = [sum(r[k][0] for r in rows) / sum(r[k][1] for r in rows) for k in range(3)]
            figures = "".join(f"{share:9.1%}" for share in shares)
            print(f"  {title:28} {name:36}{figures}")


def main() -> None:
    """Prints everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--items", type=int, default=300)
    options = parser.parse_args()
    begin = time.perf_counter()
    print_coverage(print_scores(options.seeds, options.items))
    print(f"\nnever out of stock: {nothing_out(options.items)} units lost")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
