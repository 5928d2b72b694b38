"""How far the items of a category have moved together, which is known sooner than of any of them.

One item's sales say little of its level, so its smoothing has to be slow and lags behind when all
demand of a category grows, as in a season that a short history cannot know. Over the items of a
category the noise evens out, so there a quicker smoothing forecasts better. Its forecast of the
category, over that of the items' own combinations, says how far they lag; all of them are
multiplied by a part of that.

Which smoothing, and which part, is what past origins show: the regression of the errors of the
categories' sums on the difference of both forecasts, by all categories and origins together (Bates
& Granger 1969, "The combination of forecasts"), less its standard error, and nothing where that is
within its noise (:mod:`stockout.forecasting.encompassing`). With fewer than three categories there
is nothing to tell the noise from, and nothing is moved.

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

QUICK = "ses"
"""Family of models, one of which may forecast a category: smoothings at several speeds."""


class SharedLevel(NamedTuple):
    """What a category's level is known by, beside the items' own."""

    member: int = 0  # number of the smoothing that forecasts categories
    weight: float = 0.0  # part of its difference from the items' own that counts; 0 is none
    doubt: float = 0.0  # relative variance of the mean error that a category has in common

    def worth(self, block: Block, usual: Matrix, ratio: Matrix) -> Matrix:
        """(2, items) forecasts of a period, by the items' own models and by the smoothing.

        Args:
            block: The items.
            usual: (items,) forecast of a period by their own combination.
            ratio: (items,) variance-to-mean ratio of the sum; each forecast is divided by it.
        """
        if not self.weight:
            return np.zeros((2, usual.size))
        alone = np.zeros((len(block.level_sets) * len(block.models), usual.size))
        alone[self.member] = 1
        return np.asarray(np.stack([usual, block.ahead(alone).mean(axis=0)]) / ratio)

    def factors(self, worth: Matrix, category: Codes) -> Matrix:
        """(items,) factor of the items' forecasts.

        Args:
            worth: (2, items) from :meth:`worth`, of all items.
            category: (items,) category of each.

        >>> worth = np.array([[1.0, 3.0, 2.0], [2.0, 3.0, 2.0]])
        >>> SharedLevel(weight=0.5).factors(worth, np.array([0, 0, 1])).tolist()
        [1.125, 1.125, 1.0]
        """
        own, quick = (np.bincount(category, weights=each) for each in worth)
        ratio = np.where(own > 0, quick / np.where(own > 0, own, 1.0), 1.0)
        return np.asarray(1 + self.weight * (ratio - 1))[category]


def shared_level(
    block: Block, ahead: Windows, own: Numbers, ratio: Matrix, category: Codes
) -> SharedLevel:
    """Judges each smoothing by what it would have told of the categories at past origins.

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
    spread = np.sqrt(np.where(judged, expected, 1.0))
    error = np.where(judged, by_category(ahead.actual) - expected, 0) / spread
    # Windows that overlap are one cluster, or their errors would seem to be as many as they are.
    apart = np.arange(0, len(error), -(-ahead.span // ahead.step))
    best, most, left = SharedLevel(), 0.0, error
    for number, name in enumerate(block.models * len(block.level_sets)):
        if family(name) != QUICK:
            continue
        season, model = divmod(number, len(block.models))
        quick = by_category(forecasts(ahead, season, block.level_sets[season][model]))
        difference = np.where(judged, quick - expected, 0) / spread
        product = np.add.reduceat(error * difference, apart, axis=0)
        square = np.add.reduceat(difference**2, apart, axis=0)
        weight = weight_beyond_noise(product, square)
        gain = float(2 * weight * product.sum() - weight**2 * square.sum())
        if gain > most:
            best, most, left = SharedLevel(number, weight), gain, error - weight * difference
    return best._replace(doubt=_doubt(left, expected, judged, ahead.step / ahead.span))


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
