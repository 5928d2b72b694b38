"""One gradient-boosted model of all items: mean and quantiles of the sum over the next periods.

Where many items share a pattern, trees find it in all of them together
(`LightGBM <https://lightgbm.readthedocs.io>`_, an extra). They learn from the sums after many past
origins, relative to the item's own level: the mean by Poisson regression, the quantiles by pinball
loss. How many trees there are is chosen by the loss in the latest windows, which the trees of that
trial have not seen: where items share no pattern, there are few.

The forecast is the average of theirs and the default's, half each: the simple average of different
forecasts is seldom beaten by estimated weights (Clemen 1989, "Combining forecasts: a review and
annotated bibliography"), and ``benchmarks/costly_models.py`` compares it with the default.

What comes out is a demand model as any other: the mean of the sum is laid over the periods in the
shape of the default's path, and the variance of the sum is the one whose negative binomial (or
gamma) quantiles are nearest to those predicted. So quantiles never cross, are whole where demand
is, and a reorder list can use them.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError
from stockout.forecasting.distribution import demand_quantile
from stockout.forecasting.global_features import CATEGORICAL, Panel
from stockout.forecasting.learned_demand import learned_demand

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

logger = logging.getLogger(__name__)

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)
"""Quantiles that are learned; the variance of the sum is fitted to them."""

WEIGHT = 0.5
"""Of the trees, beside the default."""

MIN_ITEMS = 50
MIN_WINDOWS = 2
"""Items, and windows of the longest span after the first four weeks, below which the default
stays: a pattern of so few would be chance."""

_WARM_UP_DAYS = 28  # observed of an item before an origin counts
_MAX_ROWS = 200_000  # sums that are learned from; bounds time and memory
_MAX_ORIGINS = 60
_MAX_SPANS = 4  # different lengths of a sum that are learned from; the others are in between
_ENOUGH = 0.5  # a window of which less was observed says too little of the whole
_RATIOS = np.geomspace(0.25, 4096, 57)  # variance-to-mean ratios that are tried
_WORKERS = 2  # trainings at a time; each has one thread, so their number changes no result
_MOST_ROUNDS = 200  # trees of a quantile; how many there are is chosen by the latest windows
_PATIENCE = 20  # rounds without a gain there, after which there are enough
_FEW_ROUNDS = 50  # trees where the history is too short to hold windows out
_TREES = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class _Sums(NamedTuple):
    """Sums after past origins."""

    features: Matrix  # (rows, features)
    expected: Matrix  # (rows,) units that the level alone would give in the observed periods
    actual: Matrix  # (rows,) units
    held_out: NDArray[np.int8]  # (rows,) 1 the latest windows, 0 those before them, -1 across

    def of(self, rows: NDArray[np.bool_]) -> _Sums:
        """Some of the rows."""
        return _Sums(
            self.features[rows], self.expected[rows], self.actual[rows], self.held_out[rows]
        )


def global_model(
    model: DemandModel, history: History, protection: ArrayLike | None = None, *, seed: int = 0
) -> DemandModel:
    """The demand model, averaged with that of one model of all items.

    Items that have ended, are new or short stay as they are. With too few items or too short a
    history all do, and a warning says so.

    Args:
        model: From :func:`stockout.forecasting.fit.fit`; gives the shape of the path.
        history: The history that it was fitted to.
        protection: As for ``fit``.
        seed: Of the samples that the trees draw.

    Returns:
        A demand model in which the labels of the items that it forecasts end in ``+global``.

    Raises:
        ConfigError: LightGBM is not installed.
    """
    horizon, count = model.mean.shape
    wanted = np.asarray(horizon if protection is None else protection, dtype=np.float64)
    spans = np.maximum(np.rint(np.broadcast_to(wanted, (count,))), 1).astype(np.int64)
    days = DAYS_PER_PERIOD[history.freq]
    past = learned_demand(history).history
    usable = np.flatnonzero(
        (history.items["status"] == "active").to_numpy()
        & (past.evidence().sum(axis=0) >= _WARM_UP_DAYS // days)
        & (model.sum_mean(0, spans) > 0)
    )
    longest = int(spans[usable].max(initial=1))
    windows = max(history.periods - _WARM_UP_DAYS // days, 0) // longest
    panel = Panel(past)
    enough = usable.size >= MIN_ITEMS and windows >= MIN_WINDOWS
    learn = _past_sums(panel, usable, _typical(spans[usable])) if enough else None
    if learn is None:
        logger.warning(
            "the model of all items is left out: it takes %d items with four weeks of history, and "
            "then %d times %d %ss; there are %s items and %d times",
            MIN_ITEMS,
            MIN_WINDOWS,
            longest,
            history.freq,
            f"{usable.size:,}",
            windows,
        )
        return model
    mean, quantiles = _predicted(panel, usable, spans[usable], _trained(learn, seed))
    return _averaged(model, usable, spans, mean, quantiles)


def _trained(learn: _Sums, seed: int) -> list[Any]:
    """The trees of the mean, and those of each quantile."""
    try:
        import lightgbm  # noqa: PLC0415  # an extra, and only here
    except ImportError:
        raise ConfigError(
            "models: global needs LightGBM, which is not installed",
            hint="pip install 'stockout[global]'",
        ) from None
    codes = [learn.features.shape[1] + place for place in CATEGORICAL]
    latest, before = learn.of(learn.held_out == 1), learn.of(learn.held_out == 0)

    def data(sums: _Sums, level: float | None, reference: Any = None) -> Any:  # noqa: ANN401
        # A sum varies by the root of its size: so much does a unit of the ratio count.
        weight = sums.expected if level is None else np.sqrt(sums.expected)
        return lightgbm.Dataset(
            sums.features,
            sums.actual / sums.expected,
            weight=weight / weight.mean(),
            categorical_feature=codes,
            reference=reference,
            params={"verbosity": -1},
        )

    def trained(level: float | None) -> Any:  # noqa: ANN401 - LightGBM ships no types
        aim = {"objective": "poisson"} if level is None else {"objective": "quantile"}
        settings = _TREES | aim | {"seed": seed, "alpha": level or 0.5}
        rounds = _FEW_ROUNDS
        if min(latest.actual.size, before.actual.size) >= MIN_ITEMS * MIN_WINDOWS:
            first = data(before, level)
            trial = lightgbm.train(
                settings,
                first,
                num_boost_round=_MOST_ROUNDS,
                valid_sets=[data(latest, level, first)],
                callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
            )
            rounds = max(trial.best_iteration, 1)
        return lightgbm.train(settings, data(learn, level), num_boost_round=rounds)

    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(trained, (None, *LEVELS)))


def _predicted(
    panel: Panel, items: Indices, spans: Indices, trees: list[Any]
) -> tuple[Matrix, Matrix]:
    """(items,) mean of the sum after as-of and (levels, items) its quantiles, ascending."""
    past = panel.history
    found = np.zeros((len(trees), items.size))
    for span in np.unique(spans).tolist():
        place = np.flatnonzero(spans == span)
        asked = panel.features(past.periods, items[place], span)
        weekday = (past.future_rows(span) + past.first_period.weekday()) % 7
        expected = panel.level(past.periods, items[place]) * panel.weekday[weekday].sum()
        found[:, place] = [tree.predict(asked) * expected for tree in trees]
    return found[0], np.maximum.accumulate(np.maximum(found[1:], 0), axis=0)


def _typical(spans: Indices) -> Indices:
    """The spans, or a few evenly through them; the trees know of each how long it is."""
    distinct = np.unique(spans)
    place = np.linspace(0, distinct.size - 1, min(distinct.size, _MAX_SPANS))
    return distinct[np.rint(place).astype(np.int64)]


def _past_sums(panel: Panel, items: Indices, spans: Indices) -> _Sums | None:
    """Sums after past origins, evenly through the history and the items, up to the cap.

    None where there are too few, because items were not observed.
    """
    periods, warm_up = panel.history.periods, _WARM_UP_DAYS // panel.days
    each = max(_MAX_ROWS // spans.size, 1)
    parts: list[_Sums] = []
    for span in spans.tolist():
        last = periods - span
        step = max(span // 4, -(-(last - warm_up) // _MAX_ORIGINS), 1)
        origins = np.arange(last, warm_up - 1, -step)
        stride = -(-items.size * origins.size // each)
        for k, origin in enumerate(origins.tolist()):
            some = items[k % stride :: stride]
            seen = panel.seen[origin + span, some] - panel.seen[origin, some]
            some = some[(panel.seen[origin, some] >= warm_up) & (seen >= _ENOUGH * span)]
            season = panel.season[origin + span, some] - panel.season[origin, some]
            some, season = some[season > 0], season[season > 0]
            if some.size:
                border = periods - 2 * span
                held_out = 1 if origin > border else 0 if origin + span <= border + 1 else -1
                parts.append(
                    _Sums(
                        panel.features(origin, some, span),
                        panel.level(origin, some) * season,
                        panel.sold[origin + span, some] - panel.sold[origin, some],
                        np.full(some.size, held_out, dtype=np.int8),
                    )
                )
    if sum(part.actual.size for part in parts) < MIN_ITEMS * MIN_WINDOWS:
        return None
    return _Sums(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _averaged(
    model: DemandModel, items: Indices, spans: Indices, mean: Matrix, quantiles: Matrix
) -> DemandModel:
    """The default's paths scaled to the average of both sums, with the average of both spreads."""
    before, variance = model.sum_mean(0, spans)[items], model.sum_variance(0, spans)[items]
    total = WEIGHT * mean + (1 - WEIGHT) * before
    own = _variance_to_mean(mean, quantiles, model.is_integer[items])
    ratio = WEIGHT * own + (1 - WEIGHT) * variance / before
    path, noise, level_variance = (
        part.copy() for part in (model.mean, model.noise, model.level_variance)
    )
    path[:, items] *= total / before
    # The noise of single periods is as it was; what a sum strays more is common to them.
    noise[items] = np.minimum(noise[items], ratio)
    level_variance[items] = (ratio - noise[items]) / np.maximum(total, 1e-9)
    labels = model.model.to_numpy().astype(object)
    labels[items] = [f"{label}+global" for label in labels[items].tolist()]
    shift = None if model.sum_shift is None else model.sum_shift.copy()
    if shift is not None:
        shift[items] = 0  # the spread is that of the model's own quantiles
    return replace(
        model,
        sum_shift=shift,
        mean=path,
        noise=noise,
        level_variance=level_variance,
        model=pl.Series("model", labels.tolist(), dtype=pl.String),
    )


def _variance_to_mean(mean: Matrix, quantiles: Matrix, is_integer: NDArray[np.bool_]) -> Matrix:
    """(items,) ratio whose distribution has quantiles nearest to those predicted, in units."""
    best, distance = np.ones(mean.size), np.full(mean.size, np.inf)
    for ratio in _RATIOS.tolist():
        found = [demand_quantile(level, mean, ratio * mean, is_integer) for level in LEVELS]
        away = np.abs(np.stack(found) - quantiles).sum(axis=0)
        nearer = away < distance
        best[nearer], distance[nearer] = ratio, away[nearer]
    return best
