"""How much less than the smaller of two bounds is enough, where both must be missed.

An order is short only if what is missing exceeds it by each of two counts X and Y (see
:mod:`stockout.replenishment.order_rule`). The quantile of each is a bound of the order; that of the
smaller of the two is less than either, by up to a third of a standard deviation where the bounds
are the same. It is worked out as if both were normal, once for every pair of counts and for a grid
of distances between their bounds, and looked up from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.replenishment.loss_functions import inverse_standard_normal_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Mask = NDArray[np.bool_]

FARTHEST = 4.0
"""Standard deviations between two bounds beyond which the larger does not matter."""

_STEP = 0.5  # of the grid of distances
_GRID = np.arange(-FARTHEST, FARTHEST + _STEP / 2, _STEP)
_BISECTIONS = 10  # to .004 of a standard deviation
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)  # of the quadratures
_TAIL = 6.0  # where they end, in standard deviations
_LIKE = 0.05  # pairs whose correlation, or log ratio, differs by less are looked up as the same
_MOST_CORRELATED = 0.999


class LessTable(NamedTuple):
    """How much less; any shape of pairs, then the grid."""

    less: Matrix  # (..., grid) standard deviations of X
    sd: Matrix  # (...) standard deviation of X

    def of(self, items: NDArray[np.int64]) -> LessTable:
        """The table of some of the last axis of pairs."""
        return LessTable(self.less[..., items, :], self.sd[..., items])

    def at(self, first: Matrix, second: Matrix) -> Matrix:
        """Units less than the smaller of the bounds.

        Args:
            first: (..., paths) bound by X.
            second: (..., paths) bound by Y.
        """
        grid = _GRID.size
        place = ((second - first) / self.sd[..., None] + FARTHEST) / _STEP
        place = place.clip(0, grid - 1.001)
        low = place.astype(np.int64)
        flat = self.less.ravel()
        at = (np.arange(self.sd.size) * grid).reshape(*self.sd.shape, 1) + low
        below = flat.take(at)
        between = below + (flat.take(at + 1) - below) * (place - low)
        return np.asarray(self.sd[..., None] * between)


def less_than_both(  # noqa: PLR0917 - the moments of a pair, then what is asked of it
    first_sd: Matrix,
    second_sd: Matrix,
    covariance: Matrix,
    level: Matrix,
    allowed: Matrix,
    is_fill_rate: Mask,
) -> LessTable:
    """Tabulates pairs; all arrays broadcast to the shape of the pairs.

    Args:
        first_sd: Standard deviation of X.
        second_sd: Standard deviation of Y.
        covariance: Of X and Y.
        level: Wanted is the q with P(X > q and Y > q) = 1 - level.
        allowed: Where a fill rate is the target, with E[(min(X, Y) - q)+] = allowed units.
        is_fill_rate: Which of the two.

    Two independent counts of the same kind are both above the median one time in four, so that 5 %
    takes a chance of the square root of .05 each:

    >>> one = np.ones(1)
    >>> table = less_than_both(one, one, 0 * one, 0.95 * one, one, one > 1)
    >>> float(table.at(np.zeros((1, 1)), np.zeros((1, 1)))[0, 0].round(2))
    0.88
    """
    shape = np.broadcast_shapes(first_sd.shape, second_sd.shape, level.shape)
    known = (first_sd > 0) & (second_sd > 0)
    first, second = (np.where(known, sd, 1.0) for sd in (first_sd, second_sd))
    together = np.where(known, covariance / (first * second), 0.0).clip(0, _MOST_CORRELATED)
    ratio = second / first
    less = np.zeros((*shape, _GRID.size))
    for applies, rule in ((~is_fill_rate, _by_chance), (is_fill_rate, _by_loss)):
        rows = np.broadcast_to(applies & known, shape)
        if rows.any():
            less[rows] = rule(
                *(
                    np.broadcast_to(each, shape)[rows]
                    for each in (ratio, together, level, allowed / first, allowed / second)
                )
            )
    return LessTable(less, np.broadcast_to(first, shape))


def _by_chance(
    ratio: Matrix, together: Matrix, level: Matrix, _first: Matrix, _second: Matrix
) -> Matrix:
    """Rows by the chance of both; like pairs, of which there are few, share one."""
    steps = np.column_stack([np.round(np.log(ratio) / _LIKE), np.round(together / _LIKE), level])
    pairs, which = np.unique(steps, axis=0, return_inverse=True)
    ratio, together, level = (each[:, None] for each in pairs.T)
    ratio = np.exp(_LIKE * ratio)
    together = (_LIKE * together).clip(0, _MOST_CORRELATED)
    z = special.ndtri(level)

    def is_exceeded(less: Matrix) -> Mask:
        q = np.minimum(_GRID, 0.0) - less
        return np.asarray(_both_above(z + q, z + (q - _GRID) / ratio, together) > 1 - level)

    return np.asarray(_smallest(is_exceeded, (len(pairs), _GRID.size))[which.ravel()])


def _by_loss(
    ratio: Matrix, together: Matrix, _level: Matrix, first: Matrix, second: Matrix
) -> Matrix:
    """Rows by the loss beyond both, each for itself."""
    ratio, together, first, second = (each[:, None] for each in (ratio, together, first, second))
    start_x, start_y = inverse_standard_normal_loss(first), inverse_standard_normal_loss(second)

    def is_exceeded(less: Matrix) -> Mask:
        q = np.minimum(_GRID, 0.0) - less
        loss = np.zeros(less.shape)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            above = q + _TAIL * (1 + node) / 2
            chance = _both_above(start_x + above, start_y + (above - _GRID) / ratio, together)
            loss += weight * chance * _TAIL / 2
        return np.asarray(loss > first)

    return _smallest(is_exceeded, (first.size, _GRID.size))


def _smallest(is_exceeded: Callable[[Matrix], Mask], shape: tuple[int, ...]) -> Matrix:
    """The largest ``less`` with which what is asked is still met, by bisection."""
    enough, too_much = np.zeros(shape), np.full(shape, FARTHEST)
    for _ in range(_BISECTIONS):
        middle = (enough + too_much) / 2
        exceeded = is_exceeded(middle)
        enough = np.where(exceeded, enough, middle)
        too_much = np.where(exceeded, middle, too_much)
    enough[..., [0, -1]] = 0.0
    return enough


def _both_above(a: Matrix, b: Matrix, correlation: Matrix) -> Matrix:
    """P(X > a and Y > b) of standard normal X, Y: quadrature of P(X > a | Y = y) over y > b."""
    low = np.maximum(b, -_TAIL)
    half = (_TAIL - low).clip(0) / 2
    rest = np.sqrt(1 - correlation**2)
    total = np.zeros(np.broadcast_shapes(a.shape, b.shape))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        y = low + half * (1 + node)
        total += weight * np.exp(-(y**2) / 2) * special.ndtr((correlation * y - a) / rest)
    return np.asarray(half * total / np.sqrt(2 * np.pi))
