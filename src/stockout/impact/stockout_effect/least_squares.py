"""Least squares on many rows, a block of them at a time.

Only the triangle R of a QR decomposition is kept, from blocks on top of each other (Golub & Van
Loan 2013, Matrix Computations, 5.3). What the columns X say of y is X b with R'R b = X'y; one step
of refinement makes this as exact as with the orthogonal columns themselves (Björck 1987, Linear
Algebra and its Applications 88/89, 31-48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.linalg import solve_triangular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

_BLOCK = 8192  # rows; some fifty columns of them stay in a cache
_DEPENDENT = 1e-9  # of its length is what others leave of a column that tells nothing new


def side_by_side(columns: Sequence[Vector]) -> Matrix:
    """(rows, k) columns in Fortran order, for which a long matrix is a column after the other."""
    matrix = np.empty((columns[0].size, len(columns)), order="F")
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


class LeastSquares:
    """What columns tell of values."""

    def __init__(self, parts: Sequence[Matrix], root: Vector | None = None) -> None:
        """Decomposes the columns.

        Args:
            parts: (rows, k) columns, side by side.
            root: (rows,) factor of each row, the square root of its weight.
        """
        self._parts, self._root = parts, root
        width = sum(part.shape[1] for part in parts)
        self._used = np.ones(width, dtype=np.bool_)
        triangle = np.zeros((width, width))
        for _, block in self._blocks():
            triangle = _triangle(np.vstack([triangle, block]))
        size = np.sqrt((triangle**2).sum(axis=0))
        self._used = np.abs(np.diag(triangle)) > _DEPENDENT * size
        if not self._used.all():
            triangle = _triangle(triangle[:, self._used])
        self._triangle = triangle

    def apart(self, values: Matrix) -> Matrix:
        """(rows, k) what the columns leave of values, which have their rows' factors already."""
        left = np.array(values, dtype=np.float64)
        coefficients = np.zeros((len(self._triangle), values.shape[1]))
        for _ in range(3):  # nothing to take out yet, the fit, what its rounding left
            cross = np.zeros_like(coefficients)
            for rows, block in self._blocks():
                left[rows] -= block @ coefficients
                cross += block.T @ left[rows]
            half = solve_triangular(self._triangle, cross, trans="T")
            coefficients = solve_triangular(self._triangle, half)
        return left

    def _blocks(self) -> Iterator[tuple[slice, Matrix]]:
        for start in range(0, len(self._parts[0]), _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = np.hstack([part[rows] for part in self._parts])
            if not self._used.all():
                block = block[:, self._used]
            if self._root is not None:
                block *= self._root[rows, None]
            yield rows, block


def _triangle(matrix: Matrix) -> Matrix:
    return cast("Matrix", np.linalg.qr(matrix, mode="r"))
