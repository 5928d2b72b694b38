"""Fits the demand model of every item.

Forecasts of single periods and the distribution of the sum over a protection period come from the
same fit, so that a reorder list and a forecast never contradict each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.segments import segments
from stockout.forecasting.block import WARM_UP, Block
from stockout.forecasting.calibration import GRID, shape
from stockout.forecasting.demand_model import DemandModel
from stockout.forecasting.event_effects import planned_then_usual, with_effect_spread, with_effects
from stockout.forecasting.learned_demand import learned_demand
from stockout.forecasting.models import PORTFOLIO, distinct, family
from stockout.forecasting.past_errors import (
    Combined,
    Outlook,
    Past,
    calibrations,
    share_with_categories,
)
from stockout.forecasting.peaks import without_peaks
from stockout.forecasting.seasonality import category_codes
from stockout.forecasting.short_history import prior_of_rates, shrunk_level
from stockout.forecasting.stopped import hazard_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.past_errors import Calibrations, Shared
    from stockout.forecasting.peaks import Cycles
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

BLOCK = 1024  # items fitted at a time; bounds memory, changes no result
SAMPLE = 2048  # items, evenly spaced, that the shared tables are estimated from
JUDGED = 1024  # items, evenly spaced, whose past quantiles are compared with what came
SPANS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28, 34, 42, 56, 84, 112, 182])
"""Window lengths at which errors are measured; a protection period uses the nearest."""

_LABEL_SHARE = 0.2  # a family with less weight is not named in the label


class _Estimates(NamedTuple):
    """The arrays of a demand model, for some items."""

    mean: Matrix  # (horizon, items)
    noise: Matrix  # (items,)
    period_noise: Matrix  # (items,)
    level_variance: Matrix  # (items,)
    label: NDArray[np.object_]  # (items,)
    sum_shift: Matrix  # (scores, items) correction of quantiles
    period_shift: Matrix  # (scores, items)
    worth: Matrix  # (2, items) what each tells of the level of its category

    @classmethod
    def empty(cls, horizon: int, items: int) -> _Estimates:
        """No demand: what is said of ended items."""
        zero = np.zeros(items)
        label = np.array(["ended"] * items, dtype=object)
        shift = np.zeros((GRID.size, items))
        of_items = (zero, zero.copy(), zero.copy())
        worth = np.zeros((2, items))
        return cls(np.zeros((horizon, items)), *of_items, label, shift, shift.copy(), worth)

    def put(self, columns: Indices, part: _Estimates) -> None:
        """Writes the estimates of some items into their columns."""
        for whole, piece in zip(self, part, strict=True):
            whole[..., columns] = piece


def fit(
    history: History,
    horizon: int,
    protection: ArrayLike | None = None,
    *,
    members: Collection[str] | None = None,
    cycles: Cycles | None = None,
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

    Returns:
        The demand model. Ended items have mean 0.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> frame = pl.DataFrame({"date": days, "sku": "A", "units": [2.0] * 84})
    >>> fit(demand_history(frame), horizon=14).sum_mean(0, 14).round(0).tolist()
    [28.0]
    """
    learned, seasons, effects = with_effects(learned_demand(history), horizon)
    if cycles is not None:
        learned = without_peaks(history, learned, seasons, cycles)
    past = learned.history
    periods, items = history.units.shape
    wanted = np.broadcast_to(
        np.asarray(horizon if protection is None else protection, dtype=np.float64), (items,)
    )
    spans = _nearest_span(wanted, periods)
    classes = segments(past)["demand_class"].rank("dense").to_numpy().astype(np.int64) - 1
    is_integer = history.items["is_integer"].to_numpy().astype(np.bool_)
    estimates = _Estimates.empty(horizon, items)
    live = np.flatnonzero((history.items["status"] != "ended").to_numpy())
    if live.size:
        asked = [name for name in PORTFOLIO if members is None or family(name) in members]
        models = distinct(asked, periods, 7 // DAYS_PER_PERIOD[history.freq])
        sample = Block(learned, seasons, _spaced(live, SAMPLE), models)
        few = live.size <= min(SAMPLE, JUDGED)
        judged = sample if few else Block(learned, seasons, _spaced(live, JUDGED), models)
        kinds = int(classes.max()) + 1
        hazard = _hazard(history)
        for span in np.unique(spans[live]).tolist():
            codes = classes[sample.columns]
            category = seasons.category
            of_sample = category[sample.columns]
            sums = Past.of(sample, span)
            shared = share_with_categories(sample, sums, codes, kinds, of_sample)
            whole = is_integer[judged.columns]
            found = calibrations(judged, span, classes[judged.columns], kinds, whole, hazard=hazard)

            def estimate(
                columns: Indices,
                shared: Shared = shared,
                found: Calibrations = found,
                category: Indices = category,
            ) -> _Estimates:
                known = np.array_equal(columns, sample.columns)
                block = sample if known else Block(learned, seasons, columns, models)
                return _estimate(block, shared, classes[columns], category[columns], found, hazard)

            same_span = live[spans[live] == span]
            blocks, rest = [], same_span
            if same_span.size == live.size:  # the block of the sample is there already
                blocks, rest = (
                    [sample.columns],
                    np.setdiff1d(live, sample.columns, assume_unique=True),
                )
            blocks += [rest[k : k + BLOCK] for k in range(0, rest.size, BLOCK)]
            for columns in blocks:
                estimates.put(columns, estimate(columns))
            _move_together(estimates, blocks, shared, category)
        short = live[past.evidence(live).sum(axis=0) < WARM_UP[history.freq]]
        if short.size:
            estimates.put(short, _from_category(past, seasons, estimates, live, short))
    estimates.label[(history.items["status"] == "new").to_numpy()] = "new"
    model = DemandModel(
        history,
        estimates.mean,
        estimates.noise,
        estimates.period_noise,
        estimates.level_variance,
        is_integer,
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


def _estimate(  # noqa: PLR0917 - the block, what it shares, and the groups of its items
    block: Block,
    shared: Shared,
    codes: Indices,
    category: Indices,
    found: Calibrations,
    hazard: float,
) -> _Estimates:
    """Weights the models for the items of a block and measures the spread of the result."""
    past = Past.of(block, shared.span)
    combined = Combined.of(block, past, shared.by_class, codes)
    out = Outlook.of(block, past, combined, shared, hazard=hazard)
    mean, of = block.ahead(combined.weight), out.spread
    usual = mean.mean(axis=0)
    worth = shared.level.worth(block, usual, of.of_sum(usual * shared.span))
    of = of._replace(level_variance=of.level_variance + shared.level.doubt)
    total = usual * out.goes_on * shared.span
    factor = out.goes_on * shared.bias.factors(total, of.of_sum(total), category)
    mean, usual = mean * factor, usual * factor
    total = usual * shared.span
    k_sum = shape(total, of.noise * total + of.level_variance * total**2)
    k_period = shape(usual, of.period_noise * usual + of.level_variance * usual**2)
    return _Estimates(
        mean,
        *of,
        _labels(combined.weight, block.models),
        found.of_sum.of(k_sum).T,
        found.of_period.of(k_period).T,
        worth,
    )


def _move_together(
    estimates: _Estimates, blocks: Sequence[Indices], shared: Shared, category: Indices
) -> None:
    """Moves the forecasts of all items by what those of their category tell together."""
    if not shared.level.moves:
        return
    columns = np.concatenate(blocks)
    factor = np.ones(category.size)
    factor[columns] = shared.level.factors(estimates.worth[:, columns], category[columns])
    for block in blocks:
        estimates.mean[:, block] *= factor[block]


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
    shift = np.zeros((GRID.size, short.size))  # nothing alike was judged
    worth = np.zeros((2, short.size))
    return _Estimates(mean, noise, noise, level.relative_variance, label, shift, shift, worth)


def _labels(weight: Matrix, models: Sequence[str]) -> NDArray[np.object_]:
    """(items,) families of models with a fifth of the weight or more, as `SES+TSB`."""
    named_by = np.array([name.split()[0] for name in models])
    by_model = weight.reshape(-1, len(models), weight.shape[1]).sum(axis=0)
    label = np.array([""] * weight.shape[1], dtype=object)
    for name in dict.fromkeys(named_by.tolist()):
        named = by_model[named_by == name].sum(axis=0) >= _LABEL_SHARE
        label = np.where(named, label + np.where(label == "", "", "+") + name, label)
    return label
