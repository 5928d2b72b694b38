"""Fits the demand model of every item.

Forecasts of single periods and the distribution of the sum over a protection period come from the
same fit, so that a reorder list and a forecast never contradict each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.segments import segments
from stockout.forecasting.block import WARM_UP, Block, forecast_sums
from stockout.forecasting.combination import class_ratios, weights
from stockout.forecasting.demand_model import DemandModel
from stockout.forecasting.dispersion import Pool, shrunk_ratio, variance_to_mean
from stockout.forecasting.learned_demand import learned_demand
from stockout.forecasting.models import PORTFOLIO
from stockout.forecasting.seasonality import category_codes, seasons_ahead
from stockout.forecasting.short_history import prior_of_rates, shrunk_level

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.rolling import Windows
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

BLOCK = 4096  # items fitted at a time; bounds memory, changes no result
SAMPLE = 4096  # items, evenly spaced, that the shared tables are estimated from
SPANS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 34, 42, 56, 84, 112, 182])
"""Window lengths at which errors are measured; a protection period uses the nearest."""

_LABEL_SHARE = 0.2  # a family with less weight is not named in the label


class _Shared(NamedTuple):
    """What items have in common at one span: small tables, estimated from a sample of items."""

    span: int  # periods in a window
    by_class: Matrix  # (members, classes) relative squared error
    of_sum: Pool  # variance-to-mean ratio of the sum
    of_period: Pool  # variance-to-mean ratio of one period


class _Estimates(NamedTuple):
    """The arrays of a demand model, for some items."""

    mean: Matrix  # (horizon, items)
    noise: Matrix  # (items,)
    period_noise: Matrix  # (items,)
    level_variance: Matrix  # (items,)
    label: NDArray[np.object_]  # (items,)

    @classmethod
    def empty(cls, horizon: int, items: int) -> _Estimates:
        """No demand: what is said of ended items."""
        zero = np.zeros(items)
        label = np.array(["ended"] * items, dtype=object)
        return cls(np.zeros((horizon, items)), zero, zero.copy(), zero.copy(), label)

    def put(self, columns: Indices, part: _Estimates) -> None:
        """Writes the estimates of some items into their columns."""
        for whole, piece in zip(self, part, strict=True):
            whole[..., columns] = piece


def fit(history: History, horizon: int, protection: ArrayLike | None = None) -> DemandModel:
    """Fits all items: the combination of models, and its errors over the protection period.

    Args:
        history: From :func:`stockout.demand.history.demand_history`.
        horizon: Periods after as-of to forecast.
        protection: (items,) or one number: periods over which the sum of demand is needed (lead
            time and review). The models are weighted and their spread is measured by past errors
            of sums of about this length. Default: the horizon.

    Returns:
        The demand model. Ended items have mean 0.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> frame = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 84})
    >>> fit(demand_history(frame), horizon=14).sum_mean(0, 14).round(0).tolist()
    [28.0]
    """
    learned = learned_demand(history)
    past = learned.history
    periods, items = history.units.shape
    wanted = np.broadcast_to(
        np.asarray(horizon if protection is None else protection, dtype=np.float64), (items,)
    )
    spans = _nearest_span(wanted, periods)
    seasons = seasons_ahead(past, horizon)
    classes = segments(past)["demand_class"].rank("dense").to_numpy().astype(np.int64) - 1
    estimates = _Estimates.empty(horizon, items)
    live = np.flatnonzero((history.items["status"] != "ended").to_numpy())
    if live.size:
        sample = Block(learned, seasons, live[:: -(-live.size // SAMPLE)])
        shared = {s: _share(sample, s, classes) for s in np.unique(spans[live]).tolist()}
        for span, of_span in shared.items():
            same_span = live[spans[live] == span]
            for first in range(0, same_span.size, BLOCK):
                columns = same_span[first : first + BLOCK]
                known = np.array_equal(columns, sample.columns)
                block = sample if known else Block(learned, seasons, columns)
                estimates.put(columns, _estimate(block, of_span, classes[columns]))
        short = live[past.evidence(live).sum(axis=0) < WARM_UP[history.freq]]
        if short.size:
            estimates.put(short, _from_category(past, seasons, estimates, live, short))
    estimates.label[(history.items["status"] == "new").to_numpy()] = "new"
    return DemandModel(
        history,
        estimates.mean,
        estimates.noise,
        estimates.period_noise,
        estimates.level_variance,
        history.items["is_integer"].to_numpy(),
        pl.Series("model", estimates.label.tolist(), dtype=pl.String),
    )


def _nearest_span(wanted: Matrix, periods: int) -> Indices:
    """The measured window length nearest to the wanted one; a third of the history at most."""
    possible = SPANS[: np.searchsorted(SPANS, max(1, periods // 3), side="right")]
    distance = np.abs(np.log(possible)[:, None] - np.log(np.maximum(wanted, 0.5)))
    return np.asarray(possible[distance.argmin(axis=0)])


def _share(sample: Block, span: int, classes: Indices) -> _Shared:
    """Measures on a sample of items what all items share at one span."""
    codes = classes[sample.columns]
    ahead = sample.windows(span)
    errors = sample.errors(ahead)
    by_class = class_ratios(errors, ahead.independent > 0, codes, int(classes.max()) + 1)
    combined = sample.combined(weights(errors, ahead.independent, by_class, codes))
    single = sample.windows(1)
    return _Shared(
        span,
        by_class,
        Pool(*variance_to_mean(ahead, forecast_sums(ahead, combined)), ahead.independent),
        Pool(*variance_to_mean(single, forecast_sums(single, combined)), single.independent),
    )


def _estimate(block: Block, shared: _Shared, codes: Indices) -> _Estimates:
    """Weights the models for the items of a block and measures the spread of the result."""
    ahead = block.windows(shared.span)
    weight = weights(block.errors(ahead), ahead.independent, shared.by_class, codes)
    combined = block.combined(weight)
    mean = np.sum(
        [
            np.nan_to_num(level[-1]) * season[block.past :]
            for level, season in zip(combined, block.seasons, strict=True)
        ],
        axis=0,
        dtype=np.float64,
    ).clip(0)
    single = block.windows(1)
    usual = mean.mean(axis=0)
    noise = _shrunk(single, forecast_sums(single, combined), usual, shared.of_period)
    total = usual * shared.span
    of_sum = _shrunk(ahead, forecast_sums(ahead, combined), total, shared.of_sum)
    # What a sum strays more than the noise of its periods is the level's error, common to them.
    level_variance = np.where(total > 0, (of_sum - noise).clip(0) / np.maximum(total, 1e-9), 0)
    return _Estimates(mean, np.minimum(noise, of_sum), noise, level_variance, _labels(weight))


def _shrunk(ahead: Windows, forecast: Matrix, expected: Matrix, pool: Pool) -> Matrix:
    ratio, mean = variance_to_mean(ahead, forecast)
    known = np.isfinite(ratio)
    return shrunk_ratio(ratio, np.where(known, mean, expected), ahead.independent, pool)


def _from_category(
    history: History,
    seasons: Seasons,
    fitted: _Estimates,
    live: Indices,
    short: Indices,
) -> _Estimates:
    """Items with too few observed periods: between their own mean and their category's."""
    past = history.periods
    established = np.zeros(history.items.height, dtype=np.bool_)
    established[live] = True
    established[short] = False
    # With no established item to lean on, the sale that began a life is all there is.
    evidence = history.evidence() if established.any() else history.observed
    sold = np.where(evidence, history.units, 0).sum(axis=0, dtype=np.float64)
    seen = seasons.weekdays_in(evidence)
    codes = category_codes(history)
    rate = np.where(seen > 0, sold / np.maximum(seen, 1e-9), np.nan)
    prior = prior_of_rates(rate, established, codes, int(codes.max()) + 1)
    noise = fitted.period_noise[short]
    level = shrunk_level(sold[short], seen[short], noise, prior, codes[short])
    mean = level.mean * seasons.of(short)[0][past:].astype(np.float64)
    label = np.array(["category"] * short.size, dtype=object)
    return _Estimates(mean, noise, noise, level.relative_variance, label)


def _labels(weight: Matrix) -> NDArray[np.object_]:
    """(items,) families of models with a fifth of the weight or more, as `SES+TSB`."""
    family = np.array([name.split()[0] for name in PORTFOLIO])
    by_model = weight.reshape(-1, len(PORTFOLIO), weight.shape[1]).sum(axis=0)
    label = np.array([""] * weight.shape[1], dtype=object)
    for name in dict.fromkeys(family.tolist()):
        named = by_model[family == name].sum(axis=0) >= _LABEL_SHARE
        label = np.where(named, label + np.where(label == "", "", "+") + name, label)
    return label
