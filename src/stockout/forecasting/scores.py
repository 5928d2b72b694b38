"""Scores of forecasts, and how sure they are.

Every score is a ratio of two sums over *cells*, one cell for an item at an origin: the weighted
absolute percentage error is the sum of absolute errors over that of demand, a mean score the sum of
scores over their number. So one estimator gives all of them with an interval.

What is scaled is divided by the standard deviation of the item's past demand, times the root of the
periods in the sum: 1 is the error of someone who knows only the item's mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

from stockout.forecasting.distribution import demand_cdf, demand_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.benchmark_forecasts import Sums

    Vector = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

PINBALL_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)
COVERAGE_LEVELS = (0.8, 0.9, 0.95, 0.98)

CONFIDENCE = 0.9
"""Probability with which an interval holds the figure."""

_LEAST_VARIANCE = 1e-6  # of fractional demand, where past errors were all 0


class Ratio(NamedTuple):
    """A score's cells."""

    above: Vector  # (cells,)
    below: Vector  # (cells,)


class Interval(NamedTuple):
    """A figure of each group with its interval; nan where it is not known."""

    value: Vector  # (groups,)
    low: Vector  # (groups,)
    high: Vector  # (groups,)


def percent(level: float) -> str:
    """A level in the name of a score.

    >>> percent(0.95), percent(0.975)
    ('95', '97.5')
    """
    return f"{100 * level:g}"


def error_scores(mean: Vector, actual: Vector) -> dict[str, Ratio]:
    """Weighted absolute percentage error (WAPE), and bias: the same with its sign.

    Args:
        mean: (cells,) forecast in units.
        actual: (cells,) demand in units.

    >>> {name: r.above.sum() / r.below.sum()
    ...  for name, r in error_scores(np.array([4.0, 1.0]), np.array([2.0, 3.0])).items()}
    {'wape': np.float64(0.8), 'bias': np.float64(0.0)}
    """
    error = mean - actual
    return {"wape": Ratio(np.abs(error), actual), "bias": Ratio(error, actual)}


def scaled_error(mean: Vector, actual: Vector, scale: Vector) -> dict[str, Ratio]:
    """Mean squared scaled error, whose root is the RMSSE; cells without a scale do not count.

    After Hyndman & Koehler (2006), "Another look at measures of forecast accuracy", with the
    standard deviation in place of the naive forecast's error, which is erratic for sparse demand.
    """
    known = scale > 0
    squared = np.where(known, ((mean - actual) / np.where(known, scale, 1)) ** 2, 0)
    return {"rmsse": Ratio(squared, known.astype(np.float64))}


def quantile_scores(
    sums: Sums, actual: Vector, scale: Vector, is_integer: Flags
) -> dict[str, Ratio]:
    """Scaled pinball loss at each level and their mean (``pinball``); lower is better.

    Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and estimation": nobody
    can improve it by telling another quantile than he believes in.
    """
    known = scale > 0
    losses = {}
    for level in PINBALL_LEVELS:
        variance = spread(sums, is_integer)
        quantile = demand_quantile(sums.level(level), sums.mean, variance, is_integer)
        short = actual - quantile
        loss = np.maximum(level * short, (level - 1) * short) / np.where(known, scale, 1)
        losses[f"pinball_{percent(level)}"] = Ratio(
            np.where(known, loss, 0), known.astype(np.float64)
        )
    mean = np.mean([loss.above for loss in losses.values()], axis=0)
    return {"pinball": Ratio(mean, known.astype(np.float64)), **losses}


def coverage_scores(sums: Sums, actual: Vector, is_integer: Flags) -> dict[str, Ratio]:
    """Share of cells in which demand stayed within the quantile; plain, and by randomised PIT.

    Whole units cannot meet a level exactly: the 90 % quantile of Poisson demand with mean 2 is 4,
    within which it stays with probability .947. So demand equal to the quantile counts with the
    probability that brings the forecast's own coverage to the level: the expectation of the
    randomised probability integral transform (Czado, Gneiting & Held 2009, "Predictive model
    assessment for count data"), which needs no random numbers.

    >>> from stockout.forecasting.benchmark_forecasts import Sums
    >>> two = Sums(np.full(3, 2.0), np.full(3, 2.0))
    >>> found = coverage_scores(two, np.array([1.0, 4.0, 9.0]), np.full(3, True))
    >>> found["coverage_90_plain"].above.tolist(), found["coverage_90"].above.round(3).tolist()
    ([1.0, 1.0, 0.0], [1.0, 0.475, 0.0])
    """
    variance = spread(sums, is_integer)
    upper = demand_cdf(actual, sums.mean, variance, is_integer)
    lower = np.where(is_integer, demand_cdf(actual - 1, sums.mean, variance, is_integer), upper)
    mass = upper - lower
    every = np.ones(actual.size)
    found = {}
    for promised in COVERAGE_LEVELS:
        level = sums.level(promised)
        with np.errstate(over="ignore"):  # far in the tail the mass is next to nothing
            tie = np.where(mass > 0, (level - lower) / np.where(mass > 0, mass, 1), lower <= level)
        plain = np.where(is_integer, lower < level, upper <= level)
        found[f"coverage_{percent(promised)}"] = Ratio(tie.clip(0, 1), every)
        found[f"coverage_{percent(promised)}_plain"] = Ratio(plain.astype(np.float64), every)
    return found


def spread(sums: Sums, is_integer: Flags) -> Vector:
    """Variance that a distribution can have."""
    return np.where(is_integer, sums.variance, np.maximum(sums.variance, _LEAST_VARIANCE))


def ratio(
    cells: Ratio, item: Codes, origin: Codes, group: Codes, groups: int, *, noise: float = 0.0
) -> Interval:
    """A score of each group, with a 90 % interval.

    Errors of one item at several origins go together, and so do those of many items at one origin:
    the variance is clustered both ways (Cameron, Gelbach & Miller 2011, "Robust inference with
    multiway clustering") and never less than that of either way alone; Student's t with the fewer
    clusters. With one origin, only items vary, and the interval says nothing of other times.

    Args:
        cells: Numerators and denominators.
        item: (cells,) code of the item.
        origin: (cells,) code of the origin (or of origins whose windows overlap).
        group: (cells,) code of the group.
        groups: How many groups there are.
        noise: Variance of one cell that a mean has at least, even if all cells are the same.

    >>> five = np.arange(5)
    >>> found = ratio(Ratio(np.array([1.0, 2, 3, 4, 5]), np.ones(5)), five, five * 0, five * 0, 1)
    >>> found.value.item(), (found.high - found.low).round(3).item() / 2
    (3.0, 1.5075)
    """
    below = np.bincount(group, cells.below, groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(below > 0, np.bincount(group, cells.above, groups) / below, np.nan)
        influence = np.where(
            below[group] > 0, (cells.above - value[group] * cells.below) / below[group], 0
        )
    counts = cells.below != 0
    by_item, items = _clustered(influence, counts, item, group, groups)
    by_origin, origins = _clustered(influence, counts, origin, group, groups)
    by_cell = np.bincount(group, influence**2, groups)
    several = (items > 1) & (origins > 1)
    both = np.maximum.reduce([by_item + by_origin - by_cell, by_item, by_origin])
    variance = np.where(several, both, np.where(items > 1, by_item, by_origin))
    variance = np.maximum(variance, noise / np.maximum(below, 1))
    fewest = np.where(several, np.minimum(items, origins), np.maximum(items, origins))
    student = stdtrit(np.maximum(fewest - 1, 1), (1 + CONFIDENCE) / 2)
    half = np.where(fewest > 1, student * np.sqrt(variance), np.nan)
    return Interval(value, value - half, value + half)


def root(found: Interval) -> Interval:
    """The root of a mean square and of its interval."""
    return Interval(*(np.sqrt(np.maximum(part, 0)) for part in found))


def within(found: Interval, least: float, most: float) -> Interval:
    """An interval cut to what is possible."""
    return Interval(found.value, found.low.clip(least, most), found.high.clip(least, most))


def _clustered(
    influence: Vector, counts: Flags, cluster: Codes, group: Codes, groups: int
) -> tuple[Vector, Vector]:
    """Variance by clusters within each group, and the number of clusters that count."""
    if not cluster.size:
        return np.zeros(groups), np.zeros(groups)
    key = group * (int(cluster.max()) + 1) + cluster
    distinct, place = np.unique(key, return_inverse=True)
    of_group = distinct // (int(cluster.max()) + 1)
    total = np.bincount(place, influence, distinct.size)
    used = np.bincount(place, counts, distinct.size) > 0
    number = np.bincount(of_group[used], minlength=groups).astype(np.float64)
    variance = np.bincount(of_group, total**2, groups)
    return variance * number / np.maximum(number - 1, 1), number
