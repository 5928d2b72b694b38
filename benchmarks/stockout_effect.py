"""Excess churners by several estimates, against the truth of two shops in which it is known.

    python benchmarks/stockout_effect.py [--runs N] [--curve N] [--processes N] [--log FILE]

With a log, runs that it holds are not run again.

Two worlds (:mod:`customer_worlds`), each with no loss of faith, a middle one (``runs`` seeds
each), a weak and a strong one (``curve`` seeds each), and the first of them again with other
customers and longer stockouts (``long``). For every world and effect:

- truth and found: excess churners of the exposure windows; bias: mean found over mean truth
  less 1, and its standard error; covers: 95 % intervals that hold the truth; above 0 and not 0:
  intervals that lie above 0, and that do not hold it; detect: estimates that reach the minimum
  detectable effect; MDE: its mean; sd and se: standard deviation of the error, mean standard error.
- naive: churn of customers whose items were out of stock less churn of the others, times those
  exposed; strata: the same within 25 strata of frequency and recency.
- placebos: runs in which a placebo stands out (of the first 20).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from customer_worlds import Shop, fading, simulated
from stockout.impact.stockout_effect.effect import churn_coefficient
from stockout.impact.stockout_effect.exposure import pair_days
from stockout.impact.stockout_effect.landmarks import WINDOW, Panel, landmark_days
from stockout.impact.stockout_effect.out_days import out_days
from stockout.impact.stockout_effect.placebo import LEVEL, placebos
from stockout.impact.stockout_effect.purchases import purchases
from stockout.impact.stockout_effect.setting import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

FIRST_SEED = 5001
SKUS = 400
JUDGED = 20  # runs of which the placebos are run too
STRATA = 5  # of frequency, and of recency within each

LONG: dict[str, Any] = {
    "trip_days": 9.0,
    "basket_lines": 3.0,
    "favourites": 12,
    "lifetime_days": 400.0,
    "substitute_share": 0.1,
    "late_probability": 0.2,
    "late_days": 25.0,
    "safety_factor": 0.5,
}
"""Larger baskets, shorter lives, deliveries that are held up for weeks."""

WORLDS: dict[str, tuple[Callable[..., Shop], tuple[float, ...]]] = {
    "simulated": (simulated, (0.0, 0.05, 0.1, 0.2)),
    "fading": (fading, (0.0, 0.15, 0.3, 0.6)),
    "long": (partial(simulated, **LONG), (0.0, 0.2)),
}
MIDDLE = 2  # place of the effect that is run most often, next to none


Job = tuple[str, float, int]  # world, effect, seed


class Run(NamedTuple):
    """One seed."""

    truth: float
    estimate: float
    error: float  # standard error
    naive: float
    strata: float
    rows: int
    p_values: list[float] | None  # of the placebos, where they were run

    @property
    def mde(self) -> float:
        """As :class:`StockoutEffect` has it: 80 % power at 5 %."""
        return (1.959964 + 0.841621) * self.error


def run(job: Job) -> Run:
    """Simulates one shop and estimates its effect."""
    world, strength, seed = job
    shop = WORLDS[world][0](seed, strength, skus=SKUS)
    last = shop.availability["date"].max()
    bought = purchases(shop.lines, shop.availability, last)  # type: ignore[arg-type]
    out = out_days(shop.availability, bought.items, bought.first, bought.days)
    main = frame(bought, out, landmark_days(bought.days))
    found = None if main is None else churn_coefficient(main, out)
    if main is None or found is None:
        raise ValueError(f"nothing to estimate in {job}")
    seen, total = main.panel, float(main.thwarted.total.sum())
    who = bought.customers.cast(int).to_numpy()[seen.customer]
    excess = shop.truth.would_have_come.astype(float) - shop.truth.came
    exposed = np.bincount(seen.pair_row, pair_days(seen, out.out, 0, WINDOW), seen.rows) > 0
    one = np.zeros(seen.rows, dtype=np.int64)
    judged = seed < FIRST_SEED + JUDGED
    checks = placebos(main.panel.starts, bought, out) if judged else []
    return Run(
        truth=float(excess[seen.landmark, who].sum()),
        estimate=found.value * total,
        error=found.error * total,
        naive=_difference(seen.no_order, exposed, one),
        strata=_difference(seen.no_order, exposed, _strata(seen)),
        rows=seen.rows,
        p_values=[check.p_value or 1.0 for check in checks] if judged else None,
    )


def _difference(outcome: Vector, exposed: NDArray[np.bool_], stratum: NDArray[np.int64]) -> float:
    """Churn of the exposed less that of the others in their stratum, times the exposed."""
    size = int(stratum.max()) + 1
    total = [np.bincount(stratum[there], minlength=size) for there in (exposed, ~exposed)]
    gone = [np.bincount(stratum[there], outcome[there], size) for there in (exposed, ~exposed)]
    both = (total[0] > 0) & (total[1] > 0)
    rates = [g[both] / t[both] for g, t in zip(gone, total, strict=True)]
    return float(((rates[0] - rates[1]) * total[0][both]).sum())


def _strata(seen: Panel) -> NDArray[np.int64]:
    often = _quantiles(seen.orders_before)
    silent = _quantiles((seen.start - seen.last_day).astype(float))
    return often * STRATA + silent


def _quantiles(values: Vector) -> NDArray[np.int64]:
    return np.digitize(values, np.quantile(values, np.arange(1, STRATA) / STRATA))


def report(world: str, strength: float, runs: list[Run]) -> None:
    """Prints one line of the table."""
    truth, estimate, error, naive, strata, mde = (
        np.array([getattr(r, name) for r in runs])
        for name in ("truth", "estimate", "error", "naive", "strata", "mde")
    )
    miss = estimate - truth
    scale = float(truth.mean())
    bias = f"{'':17}"
    if scale:
        sure = float(miss.std()) / np.sqrt(len(runs)) / scale
        bias = f"{miss.mean() / scale:+8.1%} +-{sure:6.1%}"
    half = 1.959964 * error
    p_values = np.array([r.p_values for r in runs if r.p_values is not None])
    placebos = "-"
    if p_values.size:
        placebos = f"{np.mean((p_values < LEVEL / p_values.shape[1]).any(axis=1)):.1%}"
    print(
        f"{world:10}{strength:6.2f}{len(runs):6}{truth.mean():8.1f}{estimate.mean():8.1f}"
        f"{bias}"
        f"{np.mean(np.abs(miss) <= half):8.1%}{np.mean(estimate > half):8.1%}"
        f"{np.mean(np.abs(estimate) > half):8.1%}{np.mean(estimate >= mde):8.1%}"
        f"{mde.mean():8.1f}{miss.std():8.1f}{error.mean():8.1f}{naive.mean():9.1f}"
        f"{strata.mean():9.1f}{placebos:>9}{np.mean([r.rows for r in runs]):8.0f}",
        flush=True,
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--curve", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--shops", nargs="+", choices=WORLDS, default=[*WORLDS])
    options = parser.parse_args()
    begin = time.perf_counter()
    done = _read(options.log)
    wanted = [
        (world, strength, FIRST_SEED + seed)
        for seed in range(max(options.runs, options.curve))
        for world in options.shops
        for strengths in [WORLDS[world][1]]
        for place, strength in enumerate(strengths)
        if seed < (options.runs if place in {0, MIDDLE} else options.curve)
    ]
    jobs = [job for job in wanted if job not in done]
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=start) as pool:
        for job, found in zip(jobs, pool.map(run, jobs), strict=True):
            done[job] = found
            if options.log is not None:
                with options.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps([*job, *found]) + "\n")
    print(
        f"{'world':10}{'effect':>6}{'runs':>6}{'truth':>8}{'found':>8}{'bias':>8}{'':9}{'covers':>8}"
        f"{'above 0':>8}{'not 0':>8}{'detect':>8}{'MDE':>8}{'sd':>8}{'se':>8}{'naive':>9}"
        f"{'strata':>9}{'placebos':>9}{'rows':>8}"
    )
    for world, (_, strengths) in WORLDS.items():
        for strength in strengths:
            found_here = [r for job, r in done.items() if job[:2] == (world, strength)]
            if found_here:
                report(world, strength, found_here)
    print(f"{time.perf_counter() - begin:.0f} s")


def _read(log: Path | None) -> dict[Job, Run]:
    """Runs of an earlier call."""
    if log is None or not log.exists():
        return {}
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return {(world, strength, seed): Run(*rest) for world, strength, seed, *rest in lines}


if __name__ == "__main__":
    main()
