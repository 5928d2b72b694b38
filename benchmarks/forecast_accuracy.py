"""Accuracy of the forecast of sums, by data set, beside simple methods in the same run.

    python benchmarks/forecast_accuracy.py

For each data set and origin every item is forecast for the sum of the next 7, 14 and 28 days, and
compared with what was sold on the days that were fully in stock; with the true latent demand of all
days where that is known, in the simulator. Printed are RMSSE (error of the sum over
the in-sample standard deviation of a sum), WPE (bias), scaled pinball loss, coverage at .80, .90,
.95 and .98 (integer demand: ties count with the probability that brings the model's own mass to the
level) and items a second. The peers get a negative binomial or gamma distribution with the variance
of their own past errors of the same sum.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from data_sets import DataSet, available
from stockout.demand.history import demand_history
from stockout.demand.panel import Axis, scatter_units
from stockout.forecasting.distribution import demand_cdf, demand_quantile
from stockout.forecasting.fit import fit
from stockout.forecasting.models import PORTFOLIO, rolling_levels
from stockout.forecasting.rolling import forecasts, mean_squared_error, windows

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Matrix = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)
SPANS = (7, 14, 28)


class Case(NamedTuple):
    """What was known at an origin, and what came."""

    history: History
    span: int
    actual: Matrix  # (items,) demand of the observed days ahead
    seen: NDArray[np.bool_]  # (span, items) days ahead that were in stock
    judged: NDArray[np.bool_]  # (items,) items that are compared
    scale: Matrix  # (items,) in-sample standard deviation of a sum of independent days


class Sums(NamedTuple):
    """Forecast of the sum: mean and variance by item."""

    mean: Matrix
    variance: Matrix


def case(data: DataSet, origin: date, span: int) -> Case:
    """Cuts a data set at an origin."""
    end = origin + timedelta(days=span)
    known = demand_history(data.sales, data.inventory, data.products, as_of=origin, freq="day")
    later = demand_history(data.sales, data.inventory, data.products, as_of=end, freq="day")
    place = known.items.select("sku", "location").join(
        later.items.select("sku", "location").with_row_index("item"),
        on=["sku", "location"],
        maintain_order="left",
    )["item"]
    seen, units = later.observed & ~(later.share < 1), later.units
    if data.latent is not None:
        axis = Axis("day", later.first_period, later.periods)
        units = scatter_units(data.latent, later.items, axis)
        seen = np.ones_like(seen)
    seen = seen[-span:, place.to_numpy()]
    units = np.where(seen, units[-span:, place.to_numpy()], 0)
    inside = np.where(known.observed, known.units, np.nan)
    with np.errstate(invalid="ignore"):
        deviation = np.nan_to_num(np.nanstd(np.where(np.isnan(inside).all(axis=0), 0, inside), 0))
    active = (known.items["status"] != "ended").to_numpy()
    judged = active & (seen.sum(axis=0) >= span / 2) & (known.observed.sum(axis=0) >= 28)
    return Case(
        known,
        span,
        units.sum(axis=0, dtype=np.float64),
        seen,
        judged & (deviation > 0),
        np.maximum(deviation * np.sqrt(span), 1e-9),
    )


def default(known: Case) -> Sums:
    """The forecast of this project."""
    model = fit(known.history, known.span)
    mean = np.where(known.seen, model.mean, 0).sum(axis=0)
    return Sums(mean, model.noise * mean + model.level_variance * mean**2)


def from_levels(known: Case, level: NDArray[np.float32]) -> Sums:
    """A flat level, with the variance of its own past errors of the sum."""
    history = known.history
    flat = [np.ones(history.units.shape, dtype=np.float32)]
    ahead = windows(history.units, flat, history.observed, known.span, 14)
    share = known.seen.sum(axis=0) / known.span
    variance = mean_squared_error(ahead, forecasts(ahead, 0, level)) * share
    return Sums(np.nan_to_num(level[-1]) * known.seen.sum(axis=0), variance)


def moving_average(history: History, days: int) -> NDArray[np.float32]:
    """Mean of the observed among the last ``days`` before each row."""
    zero = np.zeros((1, history.units.shape[1]))
    sold = np.vstack([zero, np.cumsum(np.where(history.observed, history.units, 0), axis=0)])
    seen = np.vstack([zero, np.cumsum(history.observed, axis=0)])
    back = np.maximum(np.arange(history.periods + 1) - days, 0)
    count = seen - seen[back]
    return np.where(count > 0, (sold - sold[back]) / np.maximum(count, 1), 0).astype(np.float32)


def score(known: Case, sums: Sums) -> list[float]:
    """RMSSE, WPE, mean scaled pinball loss, coverage at the upper levels."""
    use = known.judged
    actual, mean, scale = known.actual[use], sums.mean[use], known.scale[use]
    variance = np.maximum(sums.variance[use], 1e-6)
    integer = known.history.items["is_integer"].to_numpy()[use]
    error = mean - actual
    figures = [float(np.sqrt(np.mean((error / scale) ** 2))), float(error.sum() / actual.sum())]
    pinball, coverage = [], []
    for level in LEVELS:
        quantile = demand_quantile(level, mean, variance, integer)
        short = actual - quantile
        pinball.append(np.mean(np.maximum(level * short, (level - 1) * short) / scale))
        upper = demand_cdf(quantile, mean, variance, integer)
        lower = np.where(integer, demand_cdf(quantile - 1, mean, variance, integer), upper)
        mass = upper - lower
        tie = np.where(mass > 0, (level - lower) / np.where(mass > 0, mass, 1), 1.0)
        met = np.where(short < 0, 1.0, np.where(short == 0, np.where(integer, tie, 1.0), 0.0))
        coverage.append(float(met.mean()))
    return [*figures, float(np.mean(pinball)), *coverage[1:]]


def main() -> None:
    """Prints one table a data set."""
    for data in available():
        totals: dict[tuple[int, str], list[list[float]]] = {}
        for span in SPANS:
            for origin in data.origins:
                known = case(data, origin, span)
                begin = time.perf_counter()
                results = {"stockout": default(known)}
                speed = known.judged.size / (time.perf_counter() - begin)
                levels = rolling_levels(known.history.units, known.history.observed)
                results |= {name: from_levels(known, levels[name]) for name in PORTFOLIO}
                results["mean of 28 days"] = from_levels(known, moving_average(known.history, 28))
                results["last 7 days"] = from_levels(known, moving_average(known.history, 7))
                for name, sums in results.items():
                    rate = speed if name == "stockout" else float("nan")
                    totals.setdefault((span, name), []).append([*score(known, sums), rate])
        print(f"\n{data.name}")
        print(f"{'days':>4} {'method':16} {'RMSSE':>7} {'WPE':>7} {'pinball':>7}", end="")
        print("   .80   .90   .95   .98  items/s")
        for (span, name), rows in totals.items():
            rmsse, wpe, pinball, *coverage, rate = np.mean(rows, axis=0)
            text = " ".join(f"{value:5.3f}" for value in coverage)
            shown = "" if np.isnan(rate) else f"{rate:8.0f}"
            print(f"{span:>4} {name:16} {rmsse:7.4f} {wpe:+7.3f} {pinball:7.4f} {text} {shown}")


if __name__ == "__main__":
    main()
