"""What promotions, holidays and events do to demand: part of the season, in the past and ahead.

The factor of an event multiplies the seasonal index of its periods. So the models divide it out of
what they learn from, and a past promotion does not raise their level; the sums that they would have
forecast in the past have it in them, and so has the forecast where an event is planned. Factors are
estimated by :mod:`stockout.forecasting.effect_shrinkage`; where little is known they are 1.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.event_days import PROMOTION
from stockout.demand.shrinkage import ratio
from stockout.forecasting.effect_shrinkage import Shrunk, shrunk_effects
from stockout.forecasting.event_cells import cells_of, groups_of, usual_of
from stockout.forecasting.seasonality import CLOSED_INDEX, seasons_ahead

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.event_cells import Cells
    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float32]
    Vector = NDArray[np.float64]

logger = logging.getLogger(__name__)

LABEL = "+events"
"""What the model of an item with a planned event is called beside its own name."""

_PASSES = 3  # over the kinds in turn, for days under more than one; it settles at once
_MOST_TOLD = 8  # kinds named in a message, those with the strongest effect
_LEAST = 0.01  # factor that another one is told apart from


class Effects(NamedTuple):
    """Factors of events in the rows of a panel and in the periods after as-of."""

    factor: Matrix  # (periods + horizon, items) 1 where there is no event
    error: Matrix  # (horizon, items) relative standard deviation of the factors after as-of
    in_level: Vector  # (items,) the relative variance of a sum that is theirs
    seen: int  # item-periods of the past that they were learned from
    planned: int  # item-periods after as-of under an event
    touched: NDArray[np.bool_]  # (items,) with such a period
    unplanned: int  # last periods ahead, of which no promotion is planned, though some will come
    by_kind: dict[str, float]  # mean factor of each kind over its items


def event_effects(past: History, horizon: int) -> Effects | None:
    """Estimates the effects of events, and lays them over the past and the periods ahead.

    Args:
        past: History with the demand behind the sales, and its event days.
        horizon: Periods after as-of. Only events that were planned count there.

    Returns:
        Factors; None where no event is known or none has been seen in the past.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.event_days import with_event_days
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> units = [20.0 if i in {20, 41, 62} else 5.0 for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": units})
    >>> told = pl.DataFrame({"date": [days[i] for i in (20, 41, 62)], "name": "fair"})
    >>> effects = event_effects(with_event_days(demand_history(sales), told), horizon=7)
    >>> effects.factor[[19, 20], 0].round(1).tolist()
    [1.0, 4.0]
    """
    if past.events is None:
        return None
    periods, items = past.units.shape
    cells = cells_of(past, past.events, horizon)
    if not cells.row.size:
        return None
    usual = usual_of(past, cells)
    if not (usual.expected > 0).any():
        return None
    after = len(past.events.kinds)  # kind of the days after a promotion
    of_promotions, of_days = groups_of(past, cells)
    effect = Shrunk(np.ones(cells.kind_of.size), np.zeros(cells.kind_of.size))
    touched, place = np.unique(cells.row * items + cells.item, return_inverse=True)
    order = np.argsort(place, kind="stable")
    first_of = np.searchsorted(place[order], np.arange(touched.size))
    product = np.ones(touched.size)  # of all kinds that an item-period lies under
    for _ in range(_PASSES):
        for first, stop, groups in (
            (1, after, of_days),
            (0, 1, of_promotions),
            (after, after + 1, of_promotions),
        ):
            chosen = (cells.kind_of >= first) & (cells.kind_of < stop)
            if not chosen.any():
                continue
            others = product[place] / np.maximum(_own(cells, effect.factor), _LEAST)
            beside = usual._replace(expected=usual.expected * others)
            found = shrunk_effects(cells, beside, chosen, groups, same_days=groups is of_days)
            effect = Shrunk(*(np.where(chosen, n, o) for n, o in zip(found, effect, strict=True)))
            product = np.multiply.reduceat(_own(cells, effect.factor)[order], first_of)
    factor = np.ones((periods + horizon, items), dtype=np.float32)
    factor.ravel()[touched] = product
    ahead = cells.row >= periods
    names = (*past.events.kinds, f"after {PROMOTION}")
    count = np.bincount(cells.kind_of, minlength=len(names))
    total = np.bincount(cells.kind_of, effect.factor, len(names))
    return Effects(
        factor,
        _error(cells, effect, periods, (horizon, items)),
        np.zeros(items),
        seen=int((usual.expected > 0).sum()),
        planned=int((touched >= periods * items).sum()),
        touched=np.bincount(cells.item[ahead], minlength=items) > 0,
        unplanned=periods + horizon - cells.planned_until,
        by_kind={name: float(total[k] / count[k]) for k, name in enumerate(names) if count[k]},
    )


def with_effects(
    learned: LearnedDemand, horizon: int
) -> tuple[LearnedDemand, Seasons, Effects | None]:
    """Seasons with the effects of events in them, and what the models learn from beside them.

    The seasonal indices are those of the history without the effects.

    Args:
        learned: The history with the demand behind the sales.
        horizon: Periods after as-of.
    """
    past = learned.history
    effects = event_effects(past, horizon)
    if effects is None:
        return learned, seasons_ahead(past, horizon), None
    factor = effects.factor[: past.periods]
    seasons = seasons_ahead(without_effects(past, effects), horizon)
    seasons = seasons._replace(effects=effects.factor)
    usual = seasons.weekday[seasons.day_of[: past.periods]]
    # where an event leaves next to nothing the period says nothing of the level
    observed = past.observed & ((factor >= 1) | (factor * usual > CLOSED_INDEX))
    return learned._replace(history=replace(past, observed=observed)), seasons, effects


def without_effects(history: History, effects: Effects) -> History:
    """The history as it would have been without events.

    Args:
        history: The history that the effects were estimated for.
        effects: Its effects.
    """
    factor = effects.factor[: history.periods]
    tells = factor > CLOSED_INDEX
    units = np.where(tells, history.units / np.where(tells, factor, 1), 0)
    return replace(history, units=units, observed=history.observed & tells, events=None)


def with_effect_spread(model: DemandModel, effects: Effects, span: Vector) -> DemandModel:
    """The model with the spread of the effects that are planned, and their mark in its labels.

    The error of an effect is common to the days of an event, so that over a sum errors add up.

    Args:
        model: Demand after as-of, its mean with the effects.
        effects: The effects.
        span: (items,) periods in the sum that the spread of a sum is needed for.
    """
    horizon = len(model.mean)
    planned = effects.touched & model.mean.any(axis=0)
    mean = np.where(np.arange(horizon)[:, None] < np.maximum(span, 1), model.mean, 0)
    in_level = ratio((mean * effects.error).sum(axis=0), mean.sum(axis=0)) ** 2
    label = np.where(planned, model.model.to_numpy() + LABEL, model.model.to_numpy())
    return replace(
        model,
        level_variance=model.level_variance + in_level,
        model=pl.Series("model", label.tolist(), dtype=pl.String),
        effects=effects._replace(in_level=in_level),
    )


def planned_then_usual(planned: DemandModel, usual: DemandModel) -> DemandModel:
    """One forecast as far as promotions are planned, another one after it.

    The spread is that of the other one, which does not know when a promotion is.

    Args:
        planned: The forecast with the effects of promotions.
        usual: The one in which promotions are a part of usual demand.
    """
    effects = planned.effects
    if effects is None:
        return usual
    rows = len(planned.mean) - effects.unplanned
    own = usual.level_variance - (0 if usual.effects is None else usual.effects.in_level)
    return replace(
        usual,
        mean=np.vstack([planned.mean[:rows], usual.mean[rows:]]),
        level_variance=own.clip(0) + effects.in_level,
        model=planned.model,
        effects=effects,
    )


def without_events(model: DemandModel, history: History) -> tuple[History, DemandModel]:
    """History and forecast as if there were no events, for models that do not know of any.

    Args:
        model: The forecast with effects.
        history: What it was fitted to.
    """
    effects = model.effects
    if effects is None:
        return history, model
    factor = effects.factor[-len(model.mean) :].astype(np.float64)
    tells = factor > CLOSED_INDEX
    usual = np.where(tells, model.mean / np.where(tells, factor, 1), 0)
    filled = ratio(usual.sum(axis=0), tells.sum(axis=0))
    mean = np.where(tells, usual, filled)
    return without_effects(history, effects), replace(model, mean=mean)


def with_events(model: DemandModel, effects: Effects) -> DemandModel:
    """The forecast of :func:`without_events` with the effects of planned events again."""
    return replace(model, mean=model.mean * effects.factor[-len(model.mean) :])


def tell_effects(model: DemandModel) -> None:
    """Says in a message how many events the forecast knows of, and what they do."""
    history, effects = model.history, model.effects
    if history.events is None:
        return
    if effects is None:
        logger.info(
            "events: change nothing, because none was seen in the past, or no promotion is planned"
        )
        return
    if effects.unplanned:
        logger.warning(
            "events: no promotion is planned in the last %s of the %ss ahead, though some item was "
            "always on promotion in the past; as many as usual are expected there",
            effects.unplanned,
            history.freq,
        )
    told = sorted(effects.by_kind.items(), key=lambda kind: -abs(np.log(max(kind[1], _LEAST))))
    logger.info(
        "events: effects learned from %s item-%ss of the past, applied to %s after as-of; %s%s",
        f"{effects.seen:,}",
        history.freq,
        f"{effects.planned:,}",
        ", ".join(f"{name} x {factor:.2f}" for name, factor in told[:_MOST_TOLD]),
        f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else "",
    )


def _own(cells: Cells, effect: Vector) -> Vector:
    """The factor of each cell: a period under an event in part gets the part of its effect."""
    return np.asarray(1 + cells.share * (effect[cells.pair] - 1))


def _error(cells: Cells, effect: Shrunk, periods: int, shape: tuple[int, int]) -> Matrix:
    """Relative standard deviation of the factors after as-of."""
    slope = cells.share * effect.factor[cells.pair]
    slope /= np.maximum(_own(cells, effect.factor), _LEAST)
    ahead = cells.row >= periods
    variance = np.zeros(shape)
    at = cells.row[ahead] - periods, cells.item[ahead]
    np.add.at(variance, at, (slope**2 * effect.variance[cells.pair])[ahead])
    return np.sqrt(variance).astype(np.float32)
