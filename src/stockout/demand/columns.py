"""Work on a wide panel in blocks of its columns, which fit the processor's memory.

One block after the other: steps on blocks that fit are so short that threads wait for each other as
long as they work (`docs/decisions/0009-one-thread-for-numpy.md`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Number = TypeVar("Number", bound=np.generic)
    Arrays = TypeVar("Arrays", bound=tuple[NDArray[np.generic], ...])

WIDTH = 512  # columns of a block: a matrix of three years of days then has 2 MB in single precision

WIDE = 16_384  # columns of a block that is walked row by row: a sum of each of them has 128 KB


def by_columns(work: Callable[[slice], Arrays], columns: int, width: int = WIDTH) -> Arrays:
    """Joins what ``work`` gives for each block of columns along their last axis.

    Args:
        work: Gives arrays whose last axis are the columns that it is asked for, which must not
            depend on each other.
        columns: Number of columns, at least 1.
        width: Columns of a block at most; no result depends on it.

    >>> panel = np.ones((3, 1000))
    >>> (total,) = by_columns(lambda part: (panel[:, part].sum(axis=0),), 1000)
    >>> total.shape, float(total.sum())
    ((1000,), 3000.0)
    """
    parts = [work(block) for block in _blocks(columns, width)]
    return tuple(np.concatenate(pieces, axis=-1) for pieces in zip(*parts, strict=True))  # type: ignore[return-value]


def for_columns(work: Callable[[slice], None], columns: int, width: int = WIDTH) -> None:
    """Has ``work`` done for each block of columns.

    Args:
        work: Writes what it finds of the columns that it is asked for, and nothing else.
        columns: Number of columns.
        width: Columns of a block at most; no result depends on it.

    >>> panel = np.ones((3, 1000))
    >>> def double(part: slice) -> None:
    ...     panel[:, part] *= 2
    >>> for_columns(double, 1000)
    >>> float(panel.sum())
    6000.0
    """
    for block in _blocks(columns, width):
        work(block)


def _blocks(columns: int, width: int) -> list[slice]:
    """Blocks of about the same width."""
    count = max(1, -(-columns // width))
    edges = [columns * k // count for k in range(count + 1)]
    return [slice(*pair) for pair in pairwise(edges)]


def repeats_one(matrix: NDArray[np.generic]) -> bool:
    """Whether a matrix is one number seen as many, without memory (``numpy.broadcast_to``).

    >>> repeats_one(np.broadcast_to(1.0, (2, 3))), repeats_one(np.ones((2, 3)))
    (True, False)
    """
    return not any(matrix.strides)


def some_columns(matrix: NDArray[Number], columns: NDArray[np.int64]) -> NDArray[Number]:
    """A copy of some columns of a matrix, several times as fast as by an index.

    Args:
        matrix: (rows, columns); one that repeats a single number stays a view of it.
        columns: Numbers of those that are wanted.

    >>> some_columns(np.array([[1, 2, 3], [4, 5, 6]]), np.array([0, 2])).tolist()
    [[1, 3], [4, 6]]
    """
    if repeats_one(matrix):
        return np.broadcast_to(matrix[:1, :1], (len(matrix), columns.size))
    if (np.diff(columns) == 1).all():  # one after another: rows are copied whole
        first = columns[0] if columns.size else 0
        return matrix[:, first : first + columns.size].copy()
    return np.take(matrix, columns, axis=1)
