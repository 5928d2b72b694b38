"""Effects of events: each item's own, as far as it is known, else those of similar items.

An effect is the ratio of what was sold under an event to what would have been sold without. Each
leans on those of wider groups and at last on 1, by the empirical Bayes estimate: at each level the
variance of true ratios beyond their noise is measured, and a ratio counts by that variance over
itself and its own noise. Noise is that of the item's demand, that of one occasion to the next, and
for a named day, which all items share, that of any day to another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.shrinkage import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.event_cells import Cells, Usual

    Vector = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class Shrunk(NamedTuple):
    """Effects of pairs."""

    factor: Vector  # (pairs,)
    variance: Vector  # (pairs,) relative variance of how unsure it is; that of an occasion
    # beside others is none of it, because the models' past errors hold it


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
    sold, expected = _sums(pair, above, pairs), _sums(pair, below, pairs)
    phi = usual.noise[cells.item_of]
    occasion = _occasions(pair, cells.row[inside])
    o_pair = np.zeros(occasion.max(initial=-1) + 1, dtype=np.int64)
    o_pair[occasion] = pair
    o_sold, o_expected = (_sums(occasion, values, o_pair.size) for values in (above, below))
    varies = _between_occasions(o_pair, o_sold, o_expected, sold, expected, phi)
    squares = _sums(o_pair, o_expected**2, pairs)

    factor, variance = np.ones(pairs), np.zeros(pairs)
    for code in (*groups, np.arange(pairs)):
        parent = factor * expected
        noise = phi * parent + varies * factor**2 * squares
        count = int(code.max()) + 1
        total = _sums(code[chosen], parent[chosen], count)
        strayed = _sums(code[chosen], noise[chosen], count)
        if code is groups[0] and same_days:
            days = _distinct(code[pair], cells.row[inside], count)
            strayed += usual.day_variance * total**2 / np.maximum(days, 1)
        correction, left = _shrunk_ratio(_sums(code[chosen], sold[chosen], count), total, strayed)
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
    squares = _sums(pair, part**2, phi.size)[pair]
    excess = weight * ((o_sold[known] - mean) ** 2 - noise)
    information = weight * mean**2 * (1 - 2 * part + squares)
    return max(0.0, float(excess.sum() / information.sum()))


def _sums(code: Indices, values: Vector, groups: int) -> Vector:
    return np.asarray(np.bincount(code, values, groups), dtype=np.float64)


def _distinct(code: Indices, row: Indices, count: int) -> Vector:
    """Distinct rows of each group."""
    rows = int(row.max(initial=0)) + 1
    group = np.unique(code * rows + row) // rows
    return _sums(group, np.ones(group.size), count)
