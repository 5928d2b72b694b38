"""How far the items of a category have moved together, which is known sooner than of any of them.

One item's sales say little of its level, so its smoothing has to be slow and lags behind when all
demand of a category grows, as in a season that a short history cannot know. Over the items of a
category the noise evens out, so there a quicker smoothing forecasts better. Its forecast of the
category less that of the items' own combinations says how far they lag, and that of a quick
smoothing less a slow one, whether the category is growing still. All items are moved by a part of
both.

Which smoothings, and which part, is what past origins show: the regression of the errors of the
categories' sums on the difference of both forecasts, by all categories and origins together (Bates
& Granger 1969, "The combination of forecasts"), less its standard error, and nothing where that is
within its noise (:mod:`stockout.forecasting.encompassing`). With fewer than three categories there
is nothing to tell the noise from, and nothing is moved.

What is left of the errors that a category has in common does not even out over its items. Their
mean over the past origins is known by the number of windows that do not overlap, however many items
there are: its variance is added to that of the level. It matters in histories of a few windows.

A sum counts an item by the reciprocal of its variance-to-mean ratio: the weights of the best
estimate of one factor common to all, whose variance is the reciprocal of the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.encompassing import weight_beyond_noise
from stockout.forecasting.models import family
from stockout.forecasting.rolling import forecasts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.block import Block
    from stockout.forecasting.rolling import Windows

    Matrix = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Numbers = NDArray[np.floating]
    Differences = dict[tuple[int, int | None], Matrix]

QUICK = "ses"
"""Family of models, one of which may forecast a category: smoothings at several speeds."""

MOST = 2.0
"""Largest factor of a category, and the reciprocal of the smallest: one quiet item that has just
sold is a category too. On the sets of ``docs/accuracy.md`` factors lie between .56 and 1.49."""


class Move(NamedTuple):
    """A difference of forecasts of a category, a part of which moves its items."""

    quick: int  # number of a smoothing
    slow: int | None  # number of a slower one; None is the combinations of the items
    weight: float  # the part


class SharedLevel(NamedTuple):
    """What a category's level is known by, beside the items' own."""

    moves: tuple[Move, ...] = ()  # of the level, and of its growth
    doubt: float = 0.0  # relative variance of the mean error that a category has in common

    def worth(self, block: Block, usual: Matrix, ratio: Matrix) -> Matrix:
        """(2, items) forecast of a period by the items' own models, and what it is moved by.

        Args:
            block: The items.
            usual: (items,) forecast of a period by their own combination.
            ratio: (items,) variance-to-mean ratio of the sum, by which both are divided.
        """

        def alone(member: int | None) -> Matrix:
            if member is None:
                return usual
            weight = np.zeros((len(block.level_sets) * len(block.models), usual.size))
            weight[member] = 1
            return np.asarray(block.ahead(weight).mean(axis=0))

        moved = np.zeros_like(usual)
        for quick, slow, weight in self.moves:
            moved += weight * (alone(quick) - alone(slow))
        return np.stack([usual, moved]) / ratio

    @staticmethod
    def factors(worth: Matrix, category: Codes) -> Matrix:
        """(items,) factor of the items' forecasts.

        Args:
            worth: (2, items) from :meth:`worth`, of all items.
            category: (items,) category of each.

        >>> worth = np.array([[1.0, 3.0, 2.0], [0.5, 0.0, 0.0]])
        >>> SharedLevel.factors(worth, np.array([0, 0, 1])).tolist()
        [1.125, 1.125, 1.0]
        """
        own, moved = (np.bincount(category, weights=each) for each in worth)
        factor = 1 + moved / np.where(own > 0, own, 1.0)
        return np.asarray(factor.clip(1 / MOST, MOST))[category]


def shared_level(
    block: Block, ahead: Windows, own: Numbers, ratio: Matrix, category: Codes
) -> SharedLevel:
    """Judges the smoothings by what they would have told of the categories at past origins.

    Args:
        block: A sample of items.
        ahead: Its windows.
        own: (origins, items) forecast of each window by the items' own combinations.
        ratio: (items,) variance-to-mean ratio of the sum.
        category: (items,) category of each item.
    """
    order = np.argsort(category, kind="stable")
    first = np.flatnonzero(np.diff(category[order], prepend=-1))
    counted = np.where(ahead.valid, 1 / ratio, 0).astype(np.float32)

    def by_category(values: Numbers) -> Matrix:
        part = (values * counted)[:, order]
        return np.asarray(np.add.reduceat(part, first, axis=1, dtype=np.float64))

    expected = by_category(own)
    judged = expected > 0
    spread = np.where(judged, np.sqrt(expected), np.inf)
    error = (by_category(ahead.actual) - expected) / spread
    level: Differences = {}
    growth: Differences = {}
    for season, levels in enumerate(block.level_sets):
        slower: list[tuple[int, Matrix]] = []
        for model, name in enumerate(block.models):
            if family(name) == QUICK:
                number = season * len(block.models) + model
                quick = by_category(forecasts(ahead, season, levels[model])) / spread
                level[number, None] = quick - expected / spread
                growth.update({(number, slow): quick - sums for slow, sums in slower})
                slower.append((number, quick))
    # Windows that overlap are one cluster, or their errors would seem to be as many as they are.
    apart = np.arange(0, len(error), -(-ahead.span // ahead.step))
    moves: tuple[Move, ...] = ()
    for differences in (level, growth):
        move = _best_move(error, differences, apart)
        if move.weight:
            error = error - move.weight * differences[move[:2]]
            moves += (move,)
    return SharedLevel(moves, _doubt(error, expected, judged, ahead.step / ahead.span))


def _best_move(error: Matrix, differences: Differences, apart: Codes) -> Move:
    """The difference that explains most of the errors; weight 0 where none does beyond noise."""
    best, most = Move(0, None, 0.0), 0.0
    for (quick, slow), difference in differences.items():
        product = np.add.reduceat(error * difference, apart, axis=0)
        square = np.add.reduceat(difference**2, apart, axis=0)
        weight = weight_beyond_noise(product, square)
        gain = float(2 * weight * product.sum() - weight**2 * square.sum())
        if gain > most:
            best, most = Move(quick, slow, weight), gain
    return best


def _doubt(error: Matrix, expected: Matrix, judged: NDArray[np.bool_], apart: float) -> float:
    """Relative variance of the mean of the errors that a category has in common.

    The variance of independent items' errors is 1 after standardisation; what is above it is common
    to them (the method of moments of DerSimonian & Laird 1986, "Meta-analysis in clinical trials").

    Args:
        error: (origins, categories) standardised errors.
        expected: (origins, categories) sums that were forecast.
        judged: (origins, categories) cells that count.
        apart: Windows that do not overlap, for each origin.
    """
    if not judged.any():
        return 0.0
    common = float(((error**2 - 1) * expected)[judged].sum() / (expected**2)[judged].sum())
    return max(0.0, common) / max(1.0, float(judged.any(axis=1).sum()) * apart)
