"""Fits the demand model of every item.

Forecasts of single periods and the distribution of the sum over a protection period come from the
same fit, so that a reorder list and a forecast never contradict each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.demand.segments import segments
from stockout.forecasting.block import WARM_UP, Block, Observed
from stockout.forecasting.calibration import GRID
from stockout.forecasting.demand_model import DemandModel
from stockout.forecasting.estimates import Alike, Estimates, estimated, estimates_of
from stockout.forecasting.event_effects import planned_then_usual, with_effect_spread, with_effects
from stockout.forecasting.learned_demand import learned_demand
from stockout.forecasting.models import PORTFOLIO, distinct, family
from stockout.forecasting.past_errors import (
    Judging,
    Past,
    calibrated,
    calibrations,
    share_with_categories,
)
from stockout.forecasting.peaks import without_peaks
from stockout.forecasting.seasonality import category_codes
from stockout.forecasting.short_history import prior_of_rates, shrunk_level
from stockout.forecasting.stopped import hazard_of
from stockout.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.past_errors import Shared
    from stockout.forecasting.peaks import Cycles
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

BLOCK = 1024  # items fitted at a time; bounds memory, changes no result
SAMPLE = 2048  # items, evenly spaced, that the shared tables are estimated from
JUDGED = 1024  # items, evenly spaced, whose past quantiles are compared with what came
SPANS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 34, 42, 56, 84, 112, 182])
"""Window lengths at which errors are measured; a protection period uses the nearest."""


def fit(
    history: History,
    horizon: int,
    protection: ArrayLike | None = None,
    *,
    members: Collection[str] | None = None,
    cycles: Cycles | None = None,
    behind_sales: LearnedDemand | None = None,
) -> DemandModel:
    """Fits all items: the combination of models, and its errors over the protection period.

    Args:
        history: From :func:`stockout.demand.history.demand_history`.
        horizon: Periods after as-of to forecast.
        protection: (items,) or one number: periods over which the sum of demand is needed (lead
            time and review). The models are weighted and their spread is measured by past errors
            of sums of about this length. Default: the horizon.
        members: Families of models (``ses``, ``tsb``, ``sba``) to combine; default all.
        cycles: What orders for the least cost are for: demand is then that without the peaks that
            they are not for (:mod:`stockout.forecasting.peaks`). Default: all demand.
        behind_sales: The demand behind the sales of the history, where it is known already.

    Returns:
        The demand model. Ended items have mean 0.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> frame = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 84})
    >>> fit(demand_history(frame), horizon=14).sum_mean(0, 14).round(0).tolist()
    [28.0]
    """
    live = np.flatnonzero((history.items["status"] != "ended").to_numpy())
    workers = Workers.start(live.size // BLOCK, estimated.__module__)
    learned, seasons, effects = with_effects(behind_sales or learned_demand(history), horizon)
    if cycles is not None:
        learned = without_peaks(history, learned, seasons, cycles)
    periods, items = history.units.shape
    wanted = np.broadcast_to(
        np.asarray(horizon if protection is None else protection, dtype=np.float64), (items,)
    )
    asked = [name for name in PORTFOLIO if members is None or family(name) in members]
    known = _Known(
        learned,
        seasons,
        segments(learned.history)["demand_class"].rank("dense").to_numpy().astype(np.int64) - 1,
        history.items["is_integer"].to_numpy().astype(np.bool_),
        distinct(asked, periods, 7 // DAYS_PER_PERIOD[history.freq]),
        _hazard(history),
    )
    estimates = Estimates.empty(horizon, items)
    if live.size:
        _estimate(estimates, known, live, _nearest_span(wanted, periods), workers)
    estimates.label[(history.items["status"] == "new").to_numpy()] = "new"
    model = DemandModel(
        history,
        estimates.mean,
        estimates.noise,
        estimates.period_noise,
        estimates.level_variance,
        known.is_integer,
        pl.Series("model", estimates.label.tolist(), dtype=pl.String),
        estimates.sum_shift.T,
        estimates.period_shift.T,
    )
    if effects is None:
        return model
    model = with_effect_spread(model, effects, wanted)
    if history.events is None or not 0 < effects.unplanned < horizon:
        return model
    usual = replace(history, events=history.events.without_promotions())
    return planned_then_usual(
        model, fit(usual, horizon, protection, members=members, cycles=cycles)
    )


class _Known(NamedTuple):
    """What the items are estimated from."""

    learned: LearnedDemand
    seasons: Seasons
    classes: Indices  # (items,) demand class
    is_integer: NDArray[np.bool_]  # (items,) demand comes in whole units
    models: Sequence[str]
    hazard: float  # probability that the demand of an item stops in a period

    def of(self, columns: Indices) -> Observed:
        """What is known of some items."""
        return Observed.of(self.learned, self.seasons, columns)


def _estimate(
    estimates: Estimates, known: _Known, live: Indices, spans: Indices, workers: Workers
) -> None:
    """Writes the estimates of all items that have not ended.

    Args:
        estimates: To be written.
        known: What is known of the items.
        live: Those that have not ended.
        spans: (items,) window lengths at which errors are measured.
        workers: Processes that help.
    """
    sample, block, in_common = _in_common(known, live, np.unique(spans[live]).tolist(), workers)
    category = known.seasons.category
    for alike in in_common:
        same_span = rest = live[spans[live] == alike.shared.span]
        if sample.size == live.size == same_span.size:  # their block is there already
            of_sample = estimates_of(block, known.classes[sample], category[sample], alike)
            estimates.put(sample, of_sample)
            rest = rest[:0]
        for columns, part in workers.share_out(estimated, _tasks(known, rest, alike)):
            estimates.put(columns, part)
        _move_together(estimates, same_span, alike.shared, category)
    past = known.learned.history
    enough = WARM_UP[past.freq]
    few = live[past.totals.observed[live] <= enough]  # one of them may say nothing
    short = few[past.evidence(few).sum(axis=0) < enough]
    if short.size:
        estimates.put(short, _from_category(past, known.seasons, estimates, live, short))


def _in_common(
    known: _Known, live: Indices, spans: Sequence[int], workers: Workers
) -> tuple[Indices, Block, list[Alike]]:
    """A sample of the items, their block, and what all items of each span have in common."""
    sample, judged = _spaced(live, SAMPLE), _spaced(live, JUDGED)
    kinds = int(known.classes.max()) + 1
    judging = Judging(spans, known.classes[judged], kinds, known.is_integer[judged], known.hazard)
    apart = judged.size != sample.size
    if apart:  # by another process, while this one goes on
        calibrations_then = workers.aside(calibrated, known.of(judged), known.models, judging)
    block = Block(known.of(sample), known.models)
    of_kind, category = known.classes[sample], known.seasons.category[sample]
    shared = [
        share_with_categories(block, Past.of(block, span), of_kind, kinds, category)
        for span in spans
    ]
    found = calibrations_then() if apart else calibrations(block, judging)
    in_common = [
        Alike(known.models, of_span, calibration, known.hazard)
        for of_span, calibration in zip(shared, found, strict=True)
    ]
    return sample, block, in_common


def _nearest_span(wanted: Matrix, periods: int) -> Indices:
    """The measured window length nearest to the wanted one; a third of the history at most."""
    possible = SPANS[: np.searchsorted(SPANS, max(1, periods // 3), side="right")]
    distance = np.abs(np.log(possible)[:, None] - np.log(np.maximum(wanted, 0.5)))
    return np.asarray(possible[distance.argmin(axis=0)])


def _hazard(history: History) -> float:
    """Probability that the demand of an item stops in a period."""
    ended = (history.items["status"] == "ended").to_numpy()
    gone = np.flatnonzero(ended)
    sold = np.take(history.units, gone, axis=1) > 0
    last = np.full(ended.size, history.periods)
    last[gone] -= np.where(sold.any(axis=0), np.argmax(sold[::-1], axis=0), 0)
    listed = (last - history.start).clip(0).astype(np.float64)
    return hazard_of(ended, listed, DAYS_PER_PERIOD[history.freq])


def _spaced(items: Indices, most: int) -> Indices:
    """Evenly spaced items, at most so many."""
    return items[:: -(-items.size // most)]


def _tasks(
    known: _Known, columns: Indices, alike: Alike
) -> Iterator[tuple[Indices, tuple[Observed, Indices, Indices, Alike]]]:
    """The items block by block, and what their estimates are made from."""
    for first in range(0, columns.size, BLOCK):
        block = columns[first : first + BLOCK]
        yield block, (known.of(block), known.classes[block], known.seasons.category[block], alike)


def _move_together(
    estimates: Estimates, columns: Indices, shared: Shared, category: Indices
) -> None:
    """Moves the forecasts of items by what those of their category tell together."""
    if not shared.level.moves:
        return
    factor = shared.level.factors(estimates.worth[:, columns], category[columns])
    for first in range(0, columns.size, BLOCK):
        block = slice(first, first + BLOCK)
        estimates.mean[:, columns[block]] *= factor[block]


def _from_category(
    history: History,
    seasons: Seasons,
    fitted: Estimates,
    live: Indices,
    short: Indices,
) -> Estimates:
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
    mean = level.mean * seasons.of(short).indices()[0][past:].astype(np.float64)
    label = np.array(["category"] * short.size, dtype=object)
    shift = np.zeros((GRID.size, short.size))  # nothing alike was judged
    worth = np.zeros((2, short.size))
    return Estimates(mean, noise, noise, level.relative_variance, label, shift, shift, worth)
