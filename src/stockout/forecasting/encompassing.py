"""Whether other forecasts would have made the default's errors smaller, and how much they weigh.

The default *encompasses* the others if no weight on them would have helped (Harvey, Leybourne &
Newbold 1998, "Tests for forecast encompassing"). With errors ``d`` of the default and ``c`` of the
others, the weight of least squares is the regression of ``d`` on ``d - c`` (Bates & Granger 1969,
"The combination of forecasts").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

CONFIDENCE = 0.95
"""One-sided, with which a weight must be above zero."""

_MIN_CELLS = 30  # judged windows below which nothing is concluded
_MIN_CLUSTERS = 3  # items, and origins, below which their spread is not known


class Trial(NamedTuple):
    """Standardised errors at earlier origins; shape (origins, items), 0 where not judged."""

    default: Matrix
    other: Matrix
    judged: NDArray[np.bool_]

    def of(self, items: NDArray[np.bool_]) -> Trial:
        """The trial of some items."""
        return Trial(self.default[:, items], self.other[:, items], self.judged[:, items])


class Verdict(NamedTuple):
    """What a trial says."""

    weight: float  # of the others, 0 where their gain is not beyond its noise
    left: float  # share of the default's squared error that is left with that weight


STAY = Verdict(0.0, 1.0)
"""The default encompasses the others, as far as the trial tells."""


def verdict(trial: Trial) -> Verdict:
    """The weight of the other forecasts, less its standard error; 0 where that is within its noise.

    Errors of one item at several origins go together, and so do those of many items at one origin:
    the variance is the larger one of the jackknives that leave out an item, or an origin (the
    cluster jackknife of MacKinnon, Nielsen & Webb 2023, "Cluster-robust inference: a guide to
    empirical practice", which is not fooled by one cluster that weighs more than all others), and
    Student's t has the degrees of freedom of the fewer clusters.

    >>> rng = np.random.default_rng(1)
    >>> other = rng.normal(size=(6, 40))
    >>> noisy = other + rng.normal(size=(6, 40))
    >>> judged = np.ones((6, 40), dtype=np.bool_)
    >>> found = verdict(Trial(noisy, other, judged))
    >>> found.weight > 0.8, round(found.left, 1), verdict(Trial(other, noisy, judged))
    (True, 0.5, Verdict(weight=0.0, left=1.0))
    """
    apart = trial.default - trial.other
    product, square = apart * trial.default, apart**2
    clusters = min(int(trial.judged.any(axis=axis).sum()) for axis in (0, 1))
    if trial.judged.sum() < _MIN_CELLS:
        return STAY
    used = weight_beyond_noise(product, square, clusters)
    if not used:
        return STAY
    squared = float(((trial.default - used * apart) ** 2).sum())
    return Verdict(used, squared / float((trial.default**2).sum()))


def weight_beyond_noise(product: Matrix, square: Matrix, clusters: int | None = None) -> float:
    """The weight ``sum(product) / sum(square)``, at most 1, less its standard error.

    Rows and columns are clusters of errors that go together.

    Args:
        product: (rows, columns) sums of the default's errors times their difference from the
            others'.
        square: (rows, columns) sums of the squared difference.
        clusters: The fewer ones of rows and columns; default those with a difference.

    Returns:
        0 where the weight is within its noise, or where there are too few clusters.
    """
    if clusters is None:
        clusters = min(int(square.any(axis=axis).sum()) for axis in (0, 1))
    if clusters < _MIN_CLUSTERS or not square.any():
        return 0.0
    weight = float(product.sum() / square.sum())
    error = max(_jackknifed(product, square, weight, axis) for axis in (0, 1))
    if weight <= float(stdtrit(clusters - 1, CONFIDENCE)) * error:
        return 0.0
    return min(weight - error, 1.0)


def _jackknifed(product: Matrix, square: Matrix, weight: float, axis: int) -> float:
    """Standard error of ``sum(product) / sum(square)`` over the clusters that are left out."""
    part, whole = square.sum(axis=axis), float(square.sum())
    told = part > 0
    count = int(told.sum())
    rest = whole - part[told]
    if count < _MIN_CLUSTERS or (rest <= 0).any():
        return float("inf")
    without = (product.sum() - product.sum(axis=axis)[told]) / rest
    return float(np.sqrt((count - 1) / count * ((without - weight) ** 2).sum()))
