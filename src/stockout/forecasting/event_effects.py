"""What promotions, holidays and events do to demand: factors, estimated and applied.

An effect is the ratio of the demand of the periods under an event to the item's usual demand around
them, which periods without any event tell. Each item's effect leans on those of its SKU, its
category and all items (a named day: of its place and its category), by the empirical Bayes
estimate: at each level the variance of true ratios beyond the noise is measured, and a ratio counts
by that variance over itself and its own noise. Noise is that of the item's demand, that of one
occasion to the next, and for a named day that of any day to another. At the top the ratio leans on
1, so that little evidence is no effect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.demand.calendar import DAYS_PER_PERIOD
from stockout.demand.event_days import PROMOTION
from stockout.demand.shrinkage import ratio, relative_variance
from stockout.forecasting.demand_model import EffectSpread
from stockout.forecasting.dispersion import POOL_WINDOWS
from stockout.forecasting.seasonality import (
    CLOSED_INDEX,
    WEEKDAYS,
    category_codes,
    seasons_ahead,
    weekday_index,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel
    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.seasonality import Seasons

    Matrix = NDArray[np.float32]
    Vector = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Flags = NDArray[np.bool_]

LABEL = "+events"
"""What the model of an item with a planned event is called beside its own name."""

_HALF_WINDOW_DAYS = 28  # around a day, whose mean without events is its usual
_OWN_DAYS = 3.0  # that the item's own mean counts for beside the days around, as in learned demand
_AFTER_DAYS = 7  # after a promotion, in which demand may be what was bought ahead
_PASSES = 3  # over the kinds in turn, for days under more than one; it settles at once
_BLOCK = 2048  # items whose usual is computed at a time; bounds memory, changes no result
_LEAST = 0.01  # factor that another one is told apart from


class Effects(NamedTuple):
    """Factors of the rows of a panel and of the periods after as-of."""

    factor: Matrix  # (periods + horizon, items) 1 where there is no event
    error: Matrix  # (horizon, items) relative standard deviation of the factors after as-of
    planned: int  # item-periods after as-of under an event
    learned: int  # item-periods of the past that the effects were learned from
    by_kind: dict[str, float]  # mean factor of each kind over all of its items


class Cells(NamedTuple):
    """Item-periods under an event; a pair is an item with a kind."""

    row: Indices  # of the panel, those after as-of from ``periods`` on
    item: Indices
    share: Vector  # of the period
    pair: Indices
    kind_of: Indices  # (pairs,)
    item_of: Indices  # (pairs,)


class Usual(NamedTuple):
    """What the cells would have sold without the event."""

    sold: Vector  # (cells,) units
    expected: Vector  # (cells,) 0 where demand was not seen
    noise: Vector  # (items,) variance-to-mean ratio of demand
    day_variance: float  # relative variance of a day that all items share


class Shrunk(NamedTuple):
    """Effects of pairs."""

    factor: Vector  # (pairs,)
    variance: Vector  # (pairs,) relative variance of the effect of the next occasion


def event_effects(past: History, horizon: int) -> Effects | None:
    """Estimates the effects of events, and lays them over the past and the periods ahead.

    Args:
        past: History with the demand behind the sales, and its event days.
        horizon: Periods after as-of. Only events that were planned count there.

    Returns:
        Factors; None where no event is known or none has been seen.
    """
    if past.events is None:
        return None
    periods, items = past.units.shape
    cells = _cells(past, horizon)
    usual = _usual(past, cells)
    if not (usual.expected > 0).any():
        return None
    after = len(past.events.kinds)  # kind of the days after a promotion
    classes = [(1, after), (0, 1), (after, after + 1)]
    effect = Shrunk(np.ones(cells.kind_of.size), np.zeros(cells.kind_of.size))
    factor = np.ones((periods + horizon, items), dtype=np.float32)
    groups = _groups(past, cells)
    for _ in range(_PASSES):
        for first, stop in classes:
            chosen = (cells.kind_of >= first) & (cells.kind_of < stop)
            if not chosen.any():
                continue
            own = 1 + cells.share * (effect.factor[cells.pair] - 1)
            others = factor[cells.row, cells.item] / np.maximum(own, _LEAST)
            found = shrunk_effects(
                cells,
                usual._replace(expected=usual.expected * others),
                chosen,
                groups[first == 1],
                same_days=first == 1,
            )
            effect = Shrunk(*(np.where(chosen, n, o) for n, o in zip(found, effect, strict=True)))
            factor = _laid(cells, effect.factor, factor.shape)
    ahead = cells.row >= periods
    own = 1 + cells.share * (effect.factor[cells.pair] - 1)
    slope = cells.share * effect.factor[cells.pair] / np.maximum(own, _LEAST)
    variance = np.zeros((horizon, items))
    at = cells.row[ahead] - periods, cells.item[ahead]
    np.add.at(variance, at, (slope**2 * effect.variance[cells.pair])[ahead])
    names = (*past.events.kinds, f"after {PROMOTION}")
    count = np.bincount(cells.kind_of, minlength=len(names))
    total = np.bincount(cells.kind_of, effect.factor, len(names))
    return Effects(
        factor,
        np.sqrt(variance).astype(np.float32),
        planned=int(np.unique(cells.row[ahead] * items + cells.item[ahead]).size),
        learned=int((usual.expected > 0).sum()),
        by_kind={
            name: float(total[k] / count[k]) for k, name in enumerate(names) if count[k]
        },
    )


def with_effects(
    learned: LearnedDemand, horizon: int
) -> tuple[LearnedDemand, Seasons, Effects | None]:
    """Effects of events as part of the seasons, and what the models learn from beside them.

    The seasonal indices are those of the history without the effects. The models divide the units
    by both, so that a past promotion does not raise their level.

    Args:
        learned: The history with the demand behind the sales.
        horizon: Periods after as-of.
    """
    past = learned.history
    effects = event_effects(past, horizon)
    if effects is None:
        return learned, seasons_ahead(past, horizon), None
    factor = effects.factor[: past.periods]
    tells = factor > CLOSED_INDEX
    base = np.where(tells, past.units / np.where(tells, factor, 1), 0)
    plain = replace(past, units=base, observed=past.observed & tells)
    seasons = seasons_ahead(plain, horizon)._replace(effects=effects.factor)
    usual = seasons.weekday[seasons.day_of[: past.periods]]
    # where an event leaves next to nothing the period says nothing of the level
    observed = past.observed & ((factor >= 1) | (factor * usual > CLOSED_INDEX))
    return learned._replace(history=replace(past, observed=observed)), seasons, effects


def with_effect_spread(model: DemandModel, effects: Effects, span: Vector) -> DemandModel:
    """The model with the spread of the effects that are planned, and their mark in its labels.

    The error of an effect is common to the days of an event, so that over a sum the errors add up.

    Args:
        model: Demand after as-of, its mean with the effects.
        effects: The effects.
        span: (items,) periods in the sum that the spread of a sum is needed for.
    """
    horizon = len(model.mean)
    planned = effects.error.any(axis=0) | (effects.factor[-horizon:] != 1).any(axis=0)
    planned &= model.mean.any(axis=0)
    if not planned.any():
        return model
    mean = np.where(np.arange(horizon)[:, None] < np.maximum(span, 1), model.mean, 0)
    in_level = ratio((mean * effects.error).sum(axis=0), mean.sum(axis=0)) ** 2
    label = np.where(planned, model.model.to_numpy() + LABEL, model.model.to_numpy())
    return replace(
        model,
        level_variance=model.level_variance + in_level,
        model=pl.Series("model", label.tolist(), dtype=pl.String),
        effects=EffectSpread(effects.error, in_level),
    )


def _laid(cells: Cells, effect: Vector, shape: tuple[int, int]) -> Matrix:
    """The product of the effects of each cell; a period under an event in part gets the part."""
    factor = np.ones(shape)
    np.multiply.at(factor, (cells.row, cells.item), 1 + cells.share * (effect[cells.pair] - 1))
    return factor.astype(np.float32)


def _cells(past: History, horizon: int) -> Cells:
    """Cells of the history and of the periods ahead, and those after each promotion."""
    events = past.events
    assert events is not None
    periods, items = past.units.shape
    row = events.rows(past)
    ahead = np.full(max(int(row.max(initial=0)), int(past.future_rows(horizon)[-1])) + 1, -1)
    ahead[:periods] = np.arange(periods)
    ahead[past.future_rows(horizon)] = periods + np.arange(horizon)
    place = np.where(row >= 0, ahead[row], -1)
    kept = (place >= 0) & ((place < periods) | events.planned)
    kept &= place >= past.start[events.item]
    row, item, kind = place[kept], events.item[kept], events.kind[kept]
    share = events.share[kept].astype(np.float64)
    promoted = kind == 0
    if promoted.any():
        state = np.zeros((periods + horizon, items), dtype=np.bool_)
        state[row[promoted], item[promoted]] = True
        late = np.zeros_like(state)
        for step in range(1, max(1, _AFTER_DAYS // DAYS_PER_PERIOD[past.freq]) + 1):
            late[step:] |= state[:-step]
        more_row, more_item = np.nonzero(late & ~state)
        row, item = np.concatenate([row, more_row]), np.concatenate([item, more_item])
        kind = np.concatenate([kind, np.full(more_row.size, len(events.kinds))])
        share = np.concatenate([share, np.ones(more_row.size)])
    pairs, pair = np.unique(kind * items + item, return_inverse=True)
    return Cells(row, item, share, pair, pairs // items, pairs % items)


def _groups(past: History, cells: Cells) -> tuple[list[Indices], list[Indices]]:
    """Codes of the pairs' groups, the widest first: of promotions, and of named days."""

    def coded(*codes: Indices) -> Indices:
        return np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)[1].ravel()

    kind, item = cells.kind_of, cells.item_of
    category = category_codes(past)[item]
    sku, place = (
        past.items[name].rank("dense").to_numpy().astype(np.int64)[item]
        for name in ("sku", "location")
    )
    return (
        [kind, coded(kind, category), coded(kind, sku)],
        [kind, coded(kind, place), coded(kind, category)],
    )


def _usual(past: History, cells: Cells) -> Usual:
    """What the items sell around the cells in periods without any event."""
    periods, items = past.units.shape
    inside = cells.row < periods
    row, item = cells.row[inside], cells.item[inside]
    evidence = past.evidence()
    base = evidence.copy()
    base[row, item] = False
    weekday = weekday_index(replace(past, observed=base, events=None))
    day_of = (np.arange(periods) + past.first_period.weekday()) % WEEKDAYS
    length = DAYS_PER_PERIOD[past.freq]
    half, own_periods = _HALF_WINDOW_DAYS // length, _OWN_DAYS / length
    expected = np.zeros(row.size)
    squares, means, count = np.zeros(items), np.zeros(items), base.sum(axis=0)
    sold_of_row, mean_of_row = np.zeros(periods), np.zeros(periods)
    order = np.argsort(item, kind="stable")
    edges = np.searchsorted(item[order], np.arange(0, items + _BLOCK, _BLOCK))
    for number, first in enumerate(range(0, items, _BLOCK)):
        block = slice(first, first + _BLOCK)
        season = np.where(base[:, block], weekday[:, block][day_of], 0).astype(np.float64)
        sold = np.where(base[:, block], past.units[:, block], 0).astype(np.float64)
        own = ratio(sold.sum(axis=0), season.sum(axis=0))
        level = (_around(sold, half) + own_periods * own) / (_around(season, half) + own_periods)
        mean = level * season
        squares[block], means[block] = ((sold - mean) ** 2).sum(axis=0), mean.sum(axis=0)
        sold_of_row += sold.sum(axis=1)
        mean_of_row += mean.sum(axis=1)
        those = order[edges[number] : edges[number + 1]]
        r, i = row[those], item[those]
        expected[those] = level[r, i - first] * weekday[day_of[r], i]
    pooled = float(ratio(squares.sum(), means.sum(), empty=1.0))
    noise = (count * ratio(squares, means) + POOL_WINDOWS * pooled) / (count + POOL_WINDOWS)
    # a shop that was closed on a named day sold what it will sell on the next such day: nothing
    closed = (cells.kind_of[cells.pair[inside]] > 0) & ~past.open[row, item]
    seen = evidence[row, item] | closed
    whole = np.zeros(cells.row.size), np.zeros(cells.row.size)
    whole[0][inside] = np.where(evidence[row, item], past.units[row, item], 0)
    whole[1][inside] = np.where(seen, expected, 0)
    varies = relative_variance(sold_of_row, mean_of_row, np.full(periods, pooled))
    return Usual(*whole, np.maximum(noise, 1e-6), varies)


def _around(values: Vector, half: int) -> Vector:
    """Sums over the rows around each row."""
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    t = np.arange(len(values))
    return np.asarray(total[np.minimum(t + half + 1, len(values))] - total[np.maximum(t - half, 0)])


def shrunk_effects(
    cells: Cells, usual: Usual, chosen: Flags, groups: list[Indices], *, same_days: bool
) -> Shrunk:
    """Effects of the chosen pairs; 1 for the others.

    A period under an event for a share ``s`` of it sells ``level (1 + s (E - 1))``, so that ``E``
    is the ratio of ``s (units - level (1 - s))`` to ``level s**2``, summed.

    Args:
        cells: Item-periods under an event.
        usual: What they sold, and would have sold without it.
        chosen: (pairs,) which pairs to estimate; they are alike.
        groups: Codes of the pairs' groups, the widest first.
        same_days: The cells of a group lie on the same days, which vary together.
    """
    pairs = cells.kind_of.size
    inside = chosen[cells.pair] & (usual.expected > 0)
    pair, share = cells.pair[inside], cells.share[inside]
    mean = usual.expected[inside]
    above, below = share * (usual.sold[inside] - mean * (1 - share)), mean * share**2
    sold, expected = np.bincount(pair, above, pairs), np.bincount(pair, below, pairs)
    phi = usual.noise[cells.item_of]
    occasion = _occasions(pair, cells.row[inside])
    o_pair = np.zeros(occasion.max(initial=-1) + 1, dtype=np.int64)
    o_pair[occasion] = pair
    o_sold, o_expected = np.bincount(occasion, above), np.bincount(occasion, below)
    varies = _between_occasions(o_pair, o_sold, o_expected, sold, expected, phi)
    squares = np.bincount(o_pair, o_expected**2, pairs)

    factor, variance = np.ones(pairs), np.full(pairs, varies)
    for code in (*groups, np.arange(pairs)):
        parent = factor * expected
        noise = phi * parent + varies * factor**2 * squares
        count = int(code.max()) + 1
        use = chosen
        total = np.bincount(code[use], parent[use], count)
        strayed = np.bincount(code[use], noise[use], count)
        if code is groups[0] and same_days:
            days = _distinct(code[pair], cells.row[inside], count)
            strayed += usual.day_variance * total**2 / np.maximum(days, 1)
        correction, left = _shrunk_ratio(np.bincount(code[use], sold[use], count), total, strayed)
        factor, variance = factor * correction[code], variance + left[code]
    return Shrunk(np.where(chosen, np.maximum(factor, 0), 1), np.where(chosen, variance, 0))


def _shrunk_ratio(sold: Vector, mean: Vector, noise: Vector) -> tuple[Vector, Vector]:
    """Ratios ``sold / mean`` shrunk towards 1, and the relative variance that is left of each.

    The variance between ratios is estimated by moments (DerSimonian & Laird 1986, "Meta-analysis in
    clinical trials"). Each group counts by the noise that it would have with a usual mean more, so
    that one that should have sold next to nothing, and sold a unit, does not rule.
    """
    known = mean > 0
    between = 0.0
    if known.any():
        weight = 1 / (ratio(noise, mean)[known] * (mean[known] + mean[known].mean()))
        excess = weight * ((sold[known] - mean[known]) ** 2 - noise[known])
        between = max(0.0, float(excess.sum() / (weight * mean[known] ** 2).sum()))
    trust = ratio(between * mean**2, between * mean**2 + noise)
    return 1 + trust * (ratio(sold, mean, empty=1.0) - 1), between * (1 - trust)


def _occasions(pair: Indices, row: Indices) -> Indices:
    """Number of the occasion of each cell: a run of rows without a gap."""
    order = np.lexsort((row, pair))
    new = np.ones(row.size, dtype=np.int64)
    new[1:] = (np.diff(pair[order]) != 0) | (np.diff(row[order]) > 1)
    number = np.empty(row.size, dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    return number


def _between_occasions(  # noqa: PLR0917 - sums of occasions, then of pairs
    o_pair: Indices, o_sold: Vector, o_expected: Vector, sold: Vector, expected: Vector, phi: Vector
) -> float:
    """Relative variance of the effect from one occasion of a pair to the next."""
    own = ratio(sold, expected)[o_pair]
    mean, part = own * o_expected, ratio(o_expected, expected[o_pair])
    known = (mean > 0) & (part < 1)
    if not known.any():
        return 0.0
    mean, part, pair = mean[known], part[known], o_pair[known]
    weight = 1 / (phi[pair] * (mean + mean.mean()))
    noise = phi[pair] * mean * (1 - part)
    squares = np.bincount(pair, part**2, phi.size)[pair]
    excess = weight * ((o_sold[known] - mean) ** 2 - noise)
    information = weight * mean**2 * (1 - 2 * part + squares)
    return max(0.0, float(excess.sum() / information.sum()))


def _distinct(code: Indices, row: Indices, count: int) -> Vector:
    """Distinct rows of each group."""
    both = np.unique(np.stack([code, row], axis=1), axis=0)[:, 0]
    return np.bincount(both, minlength=count).astype(np.float64)
