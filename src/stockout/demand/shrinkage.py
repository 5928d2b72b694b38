"""Compromises between what one item shows and what similar items show.

The compromise is the empirical Bayes estimate: with relative variance ``tau2`` of the true ratios
around their parent, and ``e`` expected units of variance-to-mean ratio ``phi``, the own ratio gets
the weight ``tau2 e / (tau2 e + phi)``. Few sales say little, many speak for themselves, and where
all are alike nothing is told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Numbers = NDArray[np.floating | np.integer]


def ratio(above: Numbers, below: Numbers, empty: float = 0.0) -> Matrix:
    """``above / below``, and ``empty`` where there is nothing below.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]), empty=1.0).tolist()
    [0.5, 1.0]
    """
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), empty))


def relative_variance(sold: Matrix, mean: Matrix, phi: Matrix) -> float:
    """Relative variance of true ratios ``sold / mean`` around 1, beyond that of the counts.

    Args:
        sold: Units sold.
        mean: Units expected if all ratios were 1; where it is 0 nothing is known.
        phi: Variance-to-mean ratio of the units.

    Source:
        Method of moments, as for the between-study variance of DerSimonian & Laird (1986),
        "Meta-analysis in clinical trials".
    """
    known = mean > 0
    safe = np.where(known, mean, 1.0)
    excess = np.where(known, (sold - mean) ** 2 / (phi * safe) - 1, 0).sum()
    information = np.where(known, mean / phi, 0).sum()
    return max(0.0, float(excess / information)) if information > 0 else 0.0


def shrunk_index(sold: Matrix, expected: Matrix, phi: Matrix, parent: Matrix) -> Matrix:
    """Ratio ``sold / expected`` by bin and group, shrunk towards the parent's index.

    Args:
        sold: (bins, groups) units sold.
        expected: (bins, groups) units that all but the index would have sold.
        phi: (groups,) variance-to-mean ratio of the units.
        parent: (bins, groups) or (bins, 1) index to shrink towards.

    Returns:
        (bins, groups) indices.

    >>> parent, one = np.array([[0.8], [1.2]]), np.array([1.0])
    >>> float(shrunk_index(np.array([[8.0], [12.0]]), np.full((2, 1), 10.0), one, parent)[0, 0])
    0.8
    """
    mean = expected * parent
    weight = relative_variance(sold, mean, phi) * mean
    weight = weight / (weight + phi)
    own = np.where(mean > 0, ratio(sold, expected), parent)
    return np.asarray(parent + weight * (own - parent))


def group_sums(values: Numbers, code: Codes, groups: int) -> Matrix:
    """(bins, groups) sums of the columns of (bins, items) values.

    >>> group_sums(np.array([[1.0, 2.0, 4.0]]), np.array([0, 1, 0]), 2).tolist()
    [[5.0, 2.0]]
    """
    return np.stack([np.bincount(code, row, groups) for row in values])


def nested_index(
    sold: Matrix, expected: Matrix, phi: Matrix, groups: tuple[Codes, ...], *, items: bool = True
) -> Matrix:
    """(bins, items) index of each item: its own, within its groups, within all, within 1.

    Args:
        sold: (bins, items) units sold.
        expected: (bins, items) units that all but the index would have sold.
        phi: (items,) variance-to-mean ratio.
        groups: Codes of each item's groups, the widest first.
        items: Whether items may differ from their group.
    """
    everything = np.zeros(phi.size, dtype=np.int64)
    parent = np.ones_like(sold)
    weight = expected.sum(axis=0)
    for code in (everything, *groups):
        count = int(code.max()) + 1
        phi_group = ratio(
            np.bincount(code, phi * weight, count), np.bincount(code, weight, count), empty=1.0
        )
        within = ratio(  # the parent's index of a group of items is that of what they would sell
            group_sums(expected * parent, code, count), group_sums(expected, code, count), empty=1.0
        )
        own = shrunk_index(
            group_sums(sold, code, count), group_sums(expected, code, count), phi_group, within
        )
        parent = own[:, code]
    return shrunk_index(sold, expected, phi, parent) if items else parent
