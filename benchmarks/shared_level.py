"""What categories are worth to the forecast of sums.

    python benchmarks/shared_level.py [--sets fresh_retail] [--seeds 701 702]

For each data set it prints the default, without and with what the items of a category tell of each
other (``stockout.forecasting.shared_level``, ``selection_bias``): RMSSE, bias, pinball loss and
coverage as in ``forecast_accuracy.py``, means over 7, 14 and 28 days. Beside the real sets and
``data/sample`` stand simulated businesses of the size of the latter, with other seeds: how far
coverage differs from one to the next is what a single one of them cannot say.
"""

from __future__ import annotations

import argparse
import warnings
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

import data_sets
from forecast_accuracy import coverage, measures, sets
from forecast_cases import SPANS, cached_cases
from forecast_contest import enter_default, remembered_demand
from forecast_scores import ACTUAL, BIAS, LEVELS
from stockout.forecasting import past_errors
from stockout.forecasting.selection_bias import SelectionBias
from stockout.forecasting.shared_level import SharedLevel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast_cases import Case

SEEDS = tuple(range(701, 711))
SKUS = 40  # as in ``data/sample``
ROWS = ("without", "with")
NOTHING = {"shared_level": SharedLevel(), "selection_bias": SelectionBias()}


def figures(cases: list[Case], kind: str) -> NDArray[np.float64]:
    """RMSSE, pooled, bias, pinball and the coverage of .9, .95 and .98."""
    with ExitStack() as patched:
        patched.enter_context(remembered_demand())
        for name, nothing in (NOTHING if kind == "without" else {}).items():
            patched.enter_context(mock.patch.object(past_errors, name, return_value=nothing))
        found = enter_default(cases, SPANS)
    rows = []
    for scores in found.scores.values():
        loss = measures(scores)
        bias = np.nansum(scores[:, BIAS]) / np.nansum(scores[:, ACTUAL])
        rows.append([loss["RMSSE"], loss["pooled"], bias, loss["pinball"], *coverage(scores)[2:]])
    return np.asarray(np.mean(rows, axis=0), dtype=np.float64)


def show(name: str, kind: str, row: NDArray[np.float64]) -> None:
    """One row of the table."""
    losses = f"{row[0]:7.4f} {row[1]:7.3f} {row[2]:+7.3f} {row[3]:7.4f}"
    print(f"{name:22} {kind:8} {losses}  " + " ".join(f"{share:.3f}" for share in row[4:]))


def main() -> None:
    """Prints two rows a data set, and for the businesses the mean and the spread."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="*", default=["sample", "fresh_retail"], metavar="NAME")
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--every", type=int, default=10, metavar="N", help="one store in N")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", "Mean of empty slice")
    made = {name: sets(asked.every, [])[name] for name in asked.sets}
    made |= {f"seed {s}, {SKUS} SKUs": partial(data_sets.simulated, s, SKUS) for s in asked.seeds}
    print(f"{'':31} {'RMSSE':>7} {'pooled':>7} {'WPE':>7} pinball  ", end="")
    print("  ".join(f"{level:.2f}"[1:] for level in LEVELS[2:]))
    collected: dict[str, list[NDArray[np.float64]]] = {kind: [] for kind in ROWS}
    for name, make in made.items():
        cases, _ = cached_cases(f"{name} {asked.every}" if name == "fresh_retail" else name, make)
        for kind in ROWS:
            row = figures(cases, kind)
            show(name, kind, row)
            if name.startswith("seed"):
                collected[kind].append(row)
    for kind, rows in collected.items():
        if len(rows) > 1:
            show("mean of the seeds", kind, np.mean(rows, axis=0))
            show("standard deviation", kind, np.std(rows, axis=0, ddof=1))


if __name__ == "__main__":
    main()
