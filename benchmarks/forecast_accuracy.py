"""Accuracy of the forecast of sums, beside every model alone, on five kinds of data.

    python benchmarks/forecast_accuracy.py [--quick] [--sets pasta sample] [--by-class]

Every item is forecast for the sum of the next 7, 14 and 28 days from several origins, and judged by
what was sold on the days that were fully in stock; in the simulator by the true latent demand of
all days. Printed is one table a data set and length:

- RMSSE: root of the mean squared scaled error over origins, by item, then the mean over items
  (M5 competition; the scale is that of the naive one-step error). Pooled: the root of the mean over
  items and origins at once, which a few items rule. WPE: bias, forecast less actual over actual.
- pinball: quantile loss at .5, .8, .9, .95 and .98 on the same scale, the mean.
- .80 to .98: coverage by randomised PIT; behind the bar the plain share with demand <= quantile.
- items/s: the fits alone, on as many cores as were idle.

A method's row ends with the distribution that was the best for it by pinball loss, of those that
``peers.py`` describes. Rows in brackets are of slow models, fitted to a sample of items at two
origins; the default beside them is scored on the same sample. The summary gives the default's loss
relative to the best peer: over all lengths with the one peer that is the best on average (geometric
mean), and with the best peer of each length by itself.
"""

from __future__ import annotations

import argparse
import warnings
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

import data_sets
import peers
from forecast_cases import SPANS, cached_cases
from forecast_contest import (
    DEFAULT,
    Entry,
    enter_default,
    enter_fitted,
    enter_recursion,
    remembered_demand,
)
from forecast_scores import ACTUAL, BIAS, COVERED, ERROR, LEVELS, PINBALL, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from data_sets import DataSet
    from forecast_cases import Case

    Score = NDArray[np.float32]

SEEDS = (301, 302)
SLOW_ITEMS = 24
HALVES = 12  # origins from which on each half of the time is shown by itself
MEASURES = ("RMSSE", "pooled", "pinball")


def sets(every: int, seeds: Sequence[int]) -> dict[str, Callable[[], DataSet]]:
    """How each data set on this machine is made, by the name it is asked for."""
    made: dict[str, Callable[[], DataSet]] = {"sample": data_sets.sample}
    if data_sets.REAL_DATA.is_dir():
        made["online_retail"] = data_sets.online_retail
        made["fresh_retail"] = partial(data_sets.fresh_retail, every)
        made["pasta"] = data_sets.pasta
    return made | {f"simulator_{seed}": partial(data_sets.simulated, seed) for seed in seeds}


def measures(scores: Score) -> dict[str, float]:
    """RMSSE, pooled RMSSE and pinball loss of (origins, rows, items)."""
    squared = scores[:, ERROR] ** 2
    item = np.isfinite(squared).any(axis=0)
    return {
        "RMSSE": float(np.sqrt(np.nanmean(squared[:, item], axis=0)).mean()),
        "pooled": float(np.sqrt(np.nanmean(squared))),
        "pinball": float(np.nanmean(scores[:, PINBALL])),
    }


def coverage(scores: Score, rows: slice = COVERED) -> NDArray[np.float64]:
    """Coverage of each level."""
    return np.asarray(np.nanmean(scores[:, rows], axis=(0, 2)), dtype=np.float64)


def same_items(scores: Score, other: Score) -> Score:
    """The scores where the other method was judged as well."""
    return np.where(np.isfinite(other[:, ERROR : ERROR + 1]), scores, np.float32(np.nan))


def relative(entries: dict[str, Entry], measure: str) -> dict[str, dict[int, float]]:
    """By peer and length: the default's loss over the peer's, on the same items."""
    ours = entries[DEFAULT].scores
    return {
        name: {
            span: measures(same_items(ours[span], theirs))[measure] / measures(theirs)[measure]
            for span, theirs in entry.scores.items()
        }
        for name, entry in entries.items()
        if name != DEFAULT
    }


def compete(
    cases: list[Case], step: int, spans: Sequence[int], models: Sequence[str], sample: int
) -> dict[str, Entry]:
    """All methods on one data set."""
    entries = {DEFAULT: enter_default(cases, spans)}
    for name in models:
        if name in peers.RECURSIONS:
            entries[name] = enter_recursion(name, cases, spans)
        else:
            few = sample if name in peers.SLOW else None
            entries[name] = enter_fitted(name, cases, spans, step, few)
    return entries


def print_tables(name: str, cases: list[Case], entries: dict[str, Entry], best: int) -> None:
    """One table a length, with so many peers, those with the least loss relative to the default."""
    ratios = relative(entries, "pinball")
    judged = np.mean([case.judged.sum() for case in cases])
    print(f"\n{name}: {judged:.0f} items at {len(cases)} origins, {cases[0].origin} to ", end="")
    print(f"{cases[-1].origin}")
    for span in entries[DEFAULT].scores:
        print(f"\n{span:>4} days   {'method':18} {'RMSSE':>7} {'pooled':>7} {'WPE':>7}", end="")
        print(" pinball    .80   .90   .95   .98 |   .80   .90   .95   .98   items/s")
        near = sorted(ratios, key=lambda peer: -ratios[peer][span])[:best]
        for method, entry in entries.items():
            if method not in {DEFAULT, *near}:
                continue
            own = entry.scores[span]
            slow = method in peers.SLOW
            _row(f"[{method}]" if slow else method, own, entry.rate, entry.variant)
            if slow:
                _row("  beside it", same_items(entries[DEFAULT].scores[span], own), None, "")


def _row(name: str, scores: Score, rate: float | None, note: str) -> None:
    values = measures(scores)
    bias = np.nansum(scores[:, BIAS]) / np.nansum(scores[:, ACTUAL])
    covered = " ".join(f"{value:.3f}" for value in coverage(scores)[1:])
    plain = " ".join(f"{value:.3f}" for value in coverage(scores, PLAIN)[1:])
    print(f"{'':11} {name:18} {values['RMSSE']:7.4f} {values['pooled']:7.3f} {bias:+7.3f}", end="")
    shown = "" if rate is None else f"{rate:9,.0f}"
    print(f" {values['pinball']:7.4f}  {covered} | {plain} {shown:>9} {note}".rstrip())


def print_classes(cases: list[Case], entries: dict[str, Entry]) -> None:
    """The default by demand class, beside the best peer of each class."""
    group = np.full((len(cases), cases[0].total), "", dtype=object)
    for row, case in enumerate(cases):
        group[row, case.place] = case.group
    print(f"\n{'class':14} days  items  {'RMSSE':>7} {'pinball':>7} {'/ best peer':>12}", end="")
    print("   WPE   .80   .90   .95   .98")
    for name in sorted(set(group.ravel().tolist()) - {""}):
        for span, scores in entries[DEFAULT].scores.items():
            inside = np.where((group == name)[:, None, :], scores, np.float32(np.nan))
            count = int(np.isfinite(inside[:, ERROR]).sum() / len(cases))
            if not count:
                continue
            ratio = {}
            for peer, entry in entries.items():
                theirs = np.where((group == name)[:, None], entry.scores[span], np.float32(np.nan))
                if peer != DEFAULT and np.isfinite(theirs[:, ERROR]).sum() >= 30:
                    own = measures(same_items(inside, theirs))["pinball"]
                    ratio[peer] = own / measures(theirs)["pinball"]
            best = max(ratio, key=lambda peer: ratio[peer]) if ratio else ""
            values = measures(inside)
            bias = np.nansum(inside[:, BIAS]) / max(np.nansum(inside[:, ACTUAL]), 1e-9)
            covered = " ".join(f"{value:.3f}" for value in coverage(inside)[1:])
            print(f"{name:14} {span:4} {count:6}  {values['RMSSE']:7.4f} ", end="")
            print(f"{values['pinball']:7.4f} {ratio.get(best, np.nan):12.3f}", end="")
            print(f" {bias:+.3f} {covered}  {best}")


def by_item(scores: Score, measure: str) -> NDArray[np.float64]:
    """(items,) pinball loss, or RMSSE, of each item over the origins."""
    rows = scores[:, PINBALL].mean(axis=1) if measure == "pinball" else scores[:, ERROR] ** 2
    mean = np.nanmean(rows, axis=0)
    return np.asarray(mean if measure == "pinball" else np.sqrt(mean), dtype=np.float64)


def print_slow(results: dict[str, dict[str, Entry]]) -> None:
    """The default over each slow model on the sample, mean of the lengths, with standard errors."""
    names = [name for name in peers.SLOW if any(name in e for e in results.values())]
    if not names:
        return
    print("\nthe default relative to slow models, on a sample: RMSSE, pinball (standard error)")
    for name in names:
        print(f"{name:16}", end="")
        for data, entries in results.items():
            if name not in entries:
                continue
            print(f"  {data}", end="")
            for measure in ("RMSSE", "pinball"):
                ratio, error = _ratio(entries[DEFAULT], entries[name], measure)
                print(f" {ratio:.3f} ({error:.3f})", end="")
        print()


def _ratio(ours: Entry, theirs: Entry, measure: str) -> tuple[float, float]:
    """Ratio of the mean losses over items and lengths, and its standard error over items."""
    pairs = [
        (by_item(same_items(ours.scores[span], other), measure), by_item(other, measure))
        for span, other in theirs.scores.items()
    ]
    own, other = (np.nanmean(part, axis=0) for part in zip(*pairs, strict=True))
    known = np.isfinite(own) & np.isfinite(other)
    own, other = own[known], other[known]
    ratio = own.mean() / other.mean()
    spread = np.std(own - ratio * other, ddof=1) / np.sqrt(known.sum()) / other.mean()
    return float(ratio), float(spread)


def print_summary(results: dict[str, dict[str, Entry]]) -> None:
    """The default relative to the best peers on all items, and how far its coverage is off."""
    print(f"\n{'the default relative to':24}", end="")
    print("".join(f"{m + ': one peer':>34} {'by length':>9}" for m in MEASURES))
    collected: list[list[float]] = []
    for name, entries in results.items():
        print(f"{name:24}", end="")
        figures = []
        for measure in MEASURES:
            ratios = relative({n: e for n, e in entries.items() if n not in peers.SLOW}, measure)
            if not ratios:
                continue
            means = {p: float(np.exp(np.mean(np.log(list(r.values()))))) for p, r in ratios.items()}
            best = max(means, key=lambda peer: means[peer])
            lengths = next(iter(ratios.values()))
            strict = float(np.mean([max(r[span] for r in ratios.values()) for span in lengths]))
            figures += [means[best], strict]
            print(f"{best:>26} {means[best]:7.4f} {strict:9.4f}", end="")
        collected.append(figures)
        print()
    if collected[0]:
        print(f"{'mean of the sets':24}", end="")
        for one, strict in np.mean(collected, axis=0).reshape(-1, 2):
            print(f"{'':26} {one:7.4f} {strict:9.4f}", end="")
        print()
    print(f"\n{'coverage of the default':24}", end="")
    print("   .80   .90   .95   .98 |   .80   .90   .95   .98 plain")
    off = []
    for name, entries in results.items():
        scores = [*entries[DEFAULT].scores.values()]
        off.append(np.mean([coverage(s) for s in scores], axis=0)[1:] - LEVELS[1:])
        _coverage_row(name, scores, f"   {entries[DEFAULT].rate:8,.0f} items/s")
        half = len(scores[0]) // 2
        if half >= HALVES:
            _coverage_row("  the first half of it", [of_length[:half] for of_length in scores])
            _coverage_row("  the second half", [of_length[half:] for of_length in scores])
    print(f"{'mean deviation':24} " + " ".join(f"{v:.3f}" for v in np.mean(np.abs(off), axis=0)))


def _coverage_row(name: str, scores: list[Score], rate: str = "") -> None:
    """Coverage, randomised and plain, mean of the lengths."""
    shown = [
        " ".join(
            f"{share:.3f}" for share in np.mean([coverage(s, rows) for s in scores], axis=0)[1:]
        )
        for rows in (COVERED, PLAIN)
    ]
    print(f"{name:24} {' | '.join(shown)}{rate}")


def main() -> None:
    """Prints the tables and the summary."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="some of the data sets")
    parser.add_argument("--spans", nargs="+", type=int, default=list(SPANS), choices=SPANS)
    parser.add_argument("--models", nargs="*", metavar="NAME", help="some of the peers")
    parser.add_argument("--sample", type=int, default=SLOW_ITEMS, metavar="N")
    parser.add_argument("--every", type=int, default=10, metavar="N", help="one store in N")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--quick", action="store_true", help="without the slow peers")
    parser.add_argument("--by-class", action="store_true", help="the default by demand class")
    parser.add_argument("--summary", action="store_true", help="the summary alone")
    parser.add_argument("--best", type=int, default=99, metavar="N", help="peers in a table")
    asked = parser.parse_args()
    made = sets(asked.every, asked.seeds)
    every_peer = [*peers.RECURSIONS, *peers.FITTED, *peers.SLOW]
    models = every_peer if asked.models is None else asked.models
    for name in [*(asked.sets or []), *models]:
        if name not in made and name not in every_peer:
            parser.error(f"{name} is none of {', '.join([*made, *every_peer])}")
    if asked.quick:
        models = [name for name in models if name not in peers.SLOW]
    warnings.filterwarnings("ignore", "Mean of empty slice")
    results = {}
    for name in asked.sets or made:
        key = f"{name} {asked.every}" if name == "fresh_retail" else name
        cases, step = cached_cases(key, made[name])
        with remembered_demand() if asked.quick else nullcontext():
            results[name] = compete(cases, step, asked.spans, models, asked.sample)
        if not asked.summary:
            print_tables(name, cases, results[name], asked.best)
        if asked.by_class:
            print_classes(cases, results[name])
    print_summary(results)
    print_slow(results)


if __name__ == "__main__":
    main()
