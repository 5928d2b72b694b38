"""What it saves that a process keeps the memory that it frees (``stockout.memory``).

    python benchmarks/kept_memory.py [--blocks 24] [--days 1095]

Blocks of 1,024 items are fitted one after the other, in a process that keeps freed memory and in
one that does not, in turn. Printed are seconds by the clock for a block, those of them that the
system takes, and the pages that it has to hand out, set to zero.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from forecast_speed import demand
from stockout.forecasting.block import Block, Observed
from stockout.forecasting.estimates import Alike, estimated
from stockout.forecasting.models import PORTFOLIO
from stockout.forecasting.past_errors import Judging, Past, calibrations, share_with_categories
from stockout.forecasting.seasonality import WEEKDAYS, YEAR_BINS, Seasons
from stockout.memory import keep_freed_memory

ITEMS = 1_024
AHEAD = 28
ROUNDS = 3
HAZARD = 1e-4


def observed(days: int) -> Observed:
    """A block of items in stock on every day, with a week and a year."""
    units = demand(ITEMS, days, seed=1).T.astype(np.float32)
    counts = np.ones(units.shape, dtype=np.bool_)
    rows = np.arange(days + AHEAD)
    seasons = Seasons(
        np.ones((WEEKDAYS, ITEMS), dtype=np.float32),
        np.ones((YEAR_BINS, 1), dtype=np.float32),
        np.zeros(ITEMS, dtype=np.int64),
        rows % WEEKDAYS,
        rows // WEEKDAYS % YEAR_BINS,
    )
    return Observed(units, counts, counts, None, seasons, 1)


def fit(days: int, blocks: int) -> tuple[float, float, float]:
    """Seconds, seconds of the system, and pages, for a block."""
    known = observed(days)
    codes = np.zeros(ITEMS, dtype=np.int64)
    block = Block(known)
    shared = share_with_categories(block, Past.of(block, AHEAD), codes, 1, codes)
    whole = np.ones(ITEMS, dtype=np.bool_)
    (found,) = calibrations(block, Judging([AHEAD], codes, 1, whole, HAZARD))
    alike = Alike(PORTFOLIO, shared, found, HAZARD)
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(blocks):
        estimated(known, codes, codes, alike)
    end, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    taken = end - begin, after.ru_stime - before.ru_stime, after.ru_minflt - before.ru_minflt
    return tuple(of_all / blocks for of_all in taken)  # type: ignore[return-value]


def main() -> None:
    """Prints a line for each way, and what it saves."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--blocks", type=int, default=24)
    parser.add_argument("--days", type=int, default=1_095)
    parser.add_argument("--keep", choices=["yes", "no"], help="in this process")
    asked = parser.parse_args()
    if asked.keep is not None:
        if asked.keep == "yes":
            keep_freed_memory()
        print(*fit(asked.days, asked.blocks))
        return
    command = [sys.executable, __file__, "--blocks", str(asked.blocks), "--days", str(asked.days)]
    found: dict[str, list[list[float]]] = {"yes": [], "no": []}
    for _ in range(ROUNDS):
        for keep, lines in found.items():
            done = subprocess.run(
                [*command, "--keep", keep], check=True, capture_output=True, encoding="utf-8"
            )
            lines.append([float(number) for number in done.stdout.split()])
    best = {keep: np.min(lines, axis=0) for keep, lines in found.items()}
    print(f"{'freed memory is kept':22} {'ms a block':>10} {'of the system':>14} {'pages':>7}")
    for keep, (seconds, of_system, pages) in best.items():
        print(f"{keep:22} {1e3 * seconds:10.1f} {1e3 * of_system:14.1f} {pages:7,.0f}")
    print(f"saved: {1 - best['yes'][0] / best['no'][0]:.0%} of the time of a block")


if __name__ == "__main__":
    main()
