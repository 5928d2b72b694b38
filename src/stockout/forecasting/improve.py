"""The step after the fast fit: costly models, for the items and in the weight that they earn.

At a handful of earlier origins the costly models and the default forecast the sum that will be
needed, and what would have been gained is estimated over the items of a demand class
(:mod:`stockout.forecasting.encompassing`). Where that is beyond its noise, the paths of its items
move towards the costly models, and their spread shrinks with the errors. Several costly models are
first combined among themselves by inverse squared error.

Which items the costly models are tried on depends on the budget alone: those with most money at
stake first, as many as the cost table (:mod:`stockout.forecasting.model_costs`) says are paid for.
No clock is read, so the same input gives the same output.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.segments import segments
from stockout.forecasting.costly_models import MAX_LENGTH, costly_forecast, filled_demand
from stockout.forecasting.encompassing import Trial, verdict
from stockout.forecasting.fit import fit
from stockout.forecasting.model_costs import seconds_of_fit, seconds_of_models
from stockout.forecasting.truncation import history_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.encompassing import Verdict

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

logger = logging.getLogger(__name__)

PAYING = ("theta", "ces")
"""Models that a time budget is spent on when none are named (``benchmarks/costly_models.py``)."""

ORIGINS = 6
"""Earlier origins that the weights are measured at, half a span apart."""

_LEAST_OBSERVED = {"day": 28, "week": 26}  # periods of an item before the first origin
_ENOUGH = 0.5  # a window of which less was observed says too little of the whole
_REFERENCE = 512  # items that the default's shared tables are estimated from at an earlier origin
_LEAST_LEFT = 0.5  # of the variance: not all that is gained in a sample is kept outside of it


class _Tried(NamedTuple):
    """The items that costly models are tried on, and what they are asked."""

    history: History
    filled: NDArray[np.float32]  # (periods, all items) demand without gaps
    items: Indices  # columns
    spans: Indices  # (items,) periods of the sum that is needed
    models: Sequence[str]

    @property
    def span(self) -> int:
        return int(self.spans.max())

    def paths(self, known: int, horizon: int, gap: int = 0) -> Matrix:
        """(models, horizon, items) forecasts from the first ``known`` periods, after a gap."""
        of, freq = self.history, self.history.freq
        return np.stack(
            [
                costly_forecast(m, self.filled[:known], of.start, self.items, gap + horizon, freq)
                for m in self.models
            ]
        )[:, gap:]


def improved(
    model: DemandModel,
    history: History,
    protection: ArrayLike | None = None,
    *,
    models: Sequence[str] = PAYING,
    budget: float | None = None,
) -> DemandModel:
    """Moves the paths of items towards costly models where that would have paid.

    Args:
        model: From :func:`stockout.forecasting.fit.fit`.
        history: The history that it was fitted to.
        protection: As for ``fit``: periods of the sum whose errors are compared.
        models: Costly models, of :data:`stockout.forecasting.costly_models.COSTLY`.
        budget: Seconds of one core, by the cost table; None tries all items.

    Returns:
        A demand model in which the moved items' labels end in the models, as ``SES+theta``. The
        same model where nothing is gained.
    """
    horizon = model.mean.shape[0]
    spans = judged_spans(history, horizon if protection is None else protection)
    items = affordable(model, history, spans, models, budget)
    if not items.size:
        logger.info("costly models: no item has the history, or the budget, to try them on")
        return model
    logger.info(
        "costly models: %s for %s items, about %.0f s of one core",
        ", ".join(models),
        f"{items.size:,}",
        _costs(history, models, items)[-1],
    )
    tried = _Tried(history, filled_demand(history), items, spans[items], models)
    default, costly, judged = _errors(model, tried)
    among = _among(costly)
    trial = Trial(default, np.einsum("mi,moi->oi", among, costly), judged)
    gap = int(history.future_rows(1)[0]) - history.periods
    paths = tried.paths(history.periods, horizon, gap)
    known = np.isfinite(paths).all(axis=(0, 1))
    target = np.einsum("mi,mhi->hi", among, np.nan_to_num(paths))
    classes = segments(history)["demand_class"].to_numpy()[items]
    for name in np.unique(classes[known].astype(str)).tolist():
        within = (classes == name) & known
        found = verdict(trial.of(within))
        logger.info(
            "costly models: weight %.2f for %s %s items, squared error of past sums %+.1f %%",
            found.weight,
            f"{int(within.sum()):,}",
            name,
            100 * (found.left - 1),
        )
        if found.weight > 0:
            model = _moved(
                model, items[within], spans, target[:, within], found=found, models=models
            )
    return model


def judged_spans(history: History, protection: ArrayLike) -> Indices:
    """(items,) periods of the sum that is judged.

    Those needed, but no more than the history allows, nor than twice the usual number: the origins
    are common to all items, and one that is delivered once a year would leave none for the others.

    Args:
        history: The history.
        protection: (items,) or one number: periods of the sum that is needed.
    """
    wanted = np.broadcast_to(np.asarray(protection, dtype=np.float64), (history.items.height,))
    # The earliest origin lies a span, and half a span for each other origin, before as-of; the
    # period that began an item's life is no evidence.
    room = history.periods - _LEAST_OBSERVED[history.freq] - 1
    most = min(room / (1 + (ORIGINS - 1) / 2), 2 * float(np.median(wanted)))
    return np.clip(np.rint(wanted), 1, max(int(most), 1)).astype(np.int64)


def affordable(
    model: DemandModel,
    history: History,
    spans: Indices,
    models: Sequence[str],
    budget: float | None,
) -> Indices:
    """Items to try, in ascending order: those with most money at stake that are paid for.

    At stake is the standard deviation of the sum beyond Poisson noise, which no forecast avoids,
    times the price.

    Args:
        model: The default's.
        history: The history.
        spans: (items,) periods of the sum that is needed.
        models: Costly models.
        budget: Seconds of one core, or None for all items.
    """
    first = history.periods - int(spans.max()) - (ORIGINS - 1) * _step(int(spans.max()))
    seen = history.evidence()[: max(first, 0)].sum(axis=0)
    mean = model.sum_mean(0, spans)
    active = (history.items["status"] == "active").to_numpy()
    order = np.flatnonzero(active & (seen >= _LEAST_OBSERVED[history.freq]) & (mean > 0))
    excess = np.maximum(model.sum_variance(0, spans) - mean, 0)
    stake = np.sqrt(excess) * _price(history)
    order = order[np.argsort(-stake[order], kind="stable")]
    if budget is None:
        return np.sort(order)
    total = _costs(history, models, order)
    return np.sort(order[: int(np.searchsorted(total, budget, side="right"))])


def _costs(history: History, models: Sequence[str], items: Indices) -> Matrix:
    """(items,) seconds that the step takes for the items up to each."""
    length = np.minimum(history.periods - history.start, MAX_LENGTH[history.freq])[items]
    cost = (ORIGINS + 1) * seconds_of_models(models, history.freq, length)
    # The default is fitted anew at each origin, for these items and those that it leans on.
    short = bool((history.open & ((history.share < 1) | history.sold_out)).any())
    again = ORIGINS * seconds_of_fit(history.periods, out_of_stock=short)
    return np.cumsum(cost + again) + again * min(_REFERENCE, history.items.height)


def _price(history: History) -> Matrix:
    """(items,) price; the median one where it is not known, 1 where none is."""
    price = history.items["mean_price"].cast(pl.Float64)
    usual = price.median()
    filled = price.fill_null(usual if isinstance(usual, float) else 1.0)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _step(span: int) -> int:
    return max(span // 2, 1)


def _errors(model: DemandModel, tried: _Tried) -> tuple[Matrix, Matrix, NDArray[np.bool_]]:
    """Errors of the sum at earlier origins, in standard deviations; only of observed periods.

    Returns:
        (origins, items) of the default, (models, origins, items) of the costly models, and which
        of them are judged; 0 where they are not.
    """
    history, items, spans, span = tried.history, tried.items, tried.spans, tried.span
    every = np.ones(history.items.height, dtype=np.int64)
    every[items] = spans
    scale = np.sqrt(np.maximum(model.sum_variance(0, every)[items], 1e-9))
    last = history.periods - span
    origins = [last - k * _step(span) for k in range(ORIGINS)]
    leaned = _with_reference(history, items, min(origins))
    place = np.searchsorted(leaned, items)
    wanted = np.full(leaned.size, int(np.bincount(spans).argmax()), dtype=np.int64)
    wanted[place] = spans
    inside = np.arange(span)[:, None] < spans
    evidence = history.evidence()
    default, costly, judged = [], [], []
    for origin in origins:
        then = fit(history_until(history, origin, leaned), span, wanted)
        ahead = slice(origin, origin + span)
        seen = evidence[ahead, items] & inside
        units = np.where(seen, tried.filled[ahead, items], 0).sum(axis=0)
        sums = np.where(seen, tried.paths(origin, span), 0).sum(axis=1)
        default.append((np.where(seen, then.mean[:, place], 0).sum(axis=0) - units) / scale)
        costly.append((sums - units) / scale)
        judged.append((seen.sum(axis=0) >= _ENOUGH * spans) & np.isfinite(sums).all(axis=0))
    use = np.stack(judged)
    return (
        np.where(use, np.stack(default), 0),
        np.where(use, np.nan_to_num(np.stack(costly, axis=1)), 0),
        use,
    )


def _with_reference(history: History, items: Indices, first: int) -> Indices:
    """The items and others, evenly spaced, that had begun by the first origin; ascending."""
    others = np.setdiff1d(np.flatnonzero(history.start < first), items)
    return np.union1d(items, others[:: max(-(-others.size // _REFERENCE), 1)])


def _among(errors: Matrix) -> Matrix:
    """(models, items) weights of the costly models among themselves: inverse squared error.

    An item's own errors are few, so those of all items count as much as they do.
    """
    squared = (errors**2).mean(axis=1)
    weight = 1 / np.maximum(squared + squared.mean(axis=1, keepdims=True), 1e-12)
    return np.asarray(weight / weight.sum(axis=0))


def _moved(
    model: DemandModel,
    items: Indices,
    spans: Indices,
    target: Matrix,
    *,
    found: Verdict,
    models: Sequence[str],
) -> DemandModel:
    """The model with the paths of some items moved, and their spread reduced by what is gained."""
    path, noise, level_variance = (
        part.copy() for part in (model.mean, model.noise, model.level_variance)
    )
    path[:, items] += found.weight * (target - path[:, items])
    total = replace(model, mean=path).sum_mean(0, spans)[items]
    ratio = max(found.left, _LEAST_LEFT) * (noise[items] + level_variance[items] * total)
    # The noise of single periods is as it was; what is gained is the error common to them.
    noise[items] = np.minimum(noise[items], ratio)
    level_variance[items] = (ratio - noise[items]) / np.maximum(total, 1e-9)
    labels = model.model.to_numpy().astype(object)
    labels[items] = [f"{label}+{'+'.join(models)}" for label in labels[items].tolist()]
    return replace(
        model,
        mean=path,
        noise=noise,
        level_variance=level_variance,
        model=pl.Series("model", labels.tolist(), dtype=pl.String),
    )
