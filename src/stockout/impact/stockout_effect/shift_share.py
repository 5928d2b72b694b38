"""Standard errors that allow for what customers with the same items have in common.

Exposure is a shift-share variable: shocks of the SKUs, weighted by each customer's shares.
Customers of the same SKUs share their luck, and everything else that has to do with these SKUs;
there is no more information than there are SKUs with shocks. Adao, Kolesar & Morales (2019),
Shift-share designs: theory and inference, Quarterly Journal of Economics 134, 1949-2010, equation
(39), with the shocks of a SKU at all landmarks and locations in one cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, lsqr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64] | NDArray[np.int32]
    Vector = NDArray[np.float64]

_DAMP = 1e-6  # keeps shocks that no row tells apart from growing
_STEPS = 200


class Shares(NamedTuple):
    """(rows, shocks) how much each shock counts for each row, sparse: a matrix with scaled rows."""

    matrix: sparse.csr_array
    scale: Vector  # (rows,)
    cluster: Codes  # (shocks,) 0, 1, ...

    def scaled(self, weight: Vector) -> Shares:
        """Rows times weight (rows,)."""
        return self._replace(scale=self.scale * weight)

    @property
    def operator(self) -> LinearOperator:
        """The scaled matrix, which is never built."""
        transposed = self.matrix.T
        return LinearOperator(
            self.matrix.shape,
            matvec=lambda shock: self.scale * (self.matrix @ shock),
            rmatvec=lambda row: transposed @ (self.scale * row),
            dtype=np.dtype(np.float64),
        )


def shares(row: Codes, shock: Codes, weight: Vector, rows: int, cluster_of: Codes) -> Shares:
    """Puts shares into a sparse matrix.

    Args:
        row: (pairs,) row of each share.
        shock: (pairs,) its shock.
        weight: (pairs,) the share.
        rows: Number of rows.
        cluster_of: (all shocks,) cluster of every shock.
    """
    used = np.flatnonzero(np.bincount(shock))
    place = np.zeros(int(shock.max(initial=0)) + 1, dtype=np.int32)
    place[used] = np.arange(used.size)
    matrix = sparse.csr_array((weight, (row, place[shock])), shape=(rows, used.size))
    _, cluster = np.unique(cluster_of[used], return_inverse=True)
    return Shares(matrix, np.ones(rows), cluster)


class ShiftShareError(NamedTuple):
    """Standard error of a coefficient, and the shocks behind it."""

    error: float
    effective: float  # clusters of the same size that would have the same inequality


def shift_share_error(
    share: Shares, influence: Vector, *residuals: Vector
) -> list[ShiftShareError]:
    """The exposure-robust standard error of one coefficient for each outcome.

    Args:
        share: Shares of the instrument.
        influence: (rows,) the instrument with the controls taken out, scaled so that the
            coefficient is its product with the outcome.
        residuals: (rows,) residual of each outcome.

    >>> one = shares(np.arange(4), np.arange(4), np.ones(4), 4, np.arange(4))
    >>> found = shift_share_error(one, np.array([1.0, -1, 1, -1]), np.array([1.0, 2, 2, 4]))
    >>> round(found[0].error, 4), round(found[0].effective, 2)  # each row a shock: White (1980)
    (5.0, 4.0)
    """
    operator = share.operator
    shock = lsqr(*_system(share, influence), damp=_DAMP, iter_lim=_STEPS)[0]
    moved = np.bincount(share.cluster, (shock * operator.rmatvec(np.ones(influence.size))) ** 2)
    effective = moved.sum() ** 2 / max(float((moved**2).sum()), np.finfo(float).tiny)
    errors = []
    for residual in residuals:
        score = np.bincount(share.cluster, shock * operator.rmatvec(residual))
        errors.append(ShiftShareError(float((score**2).sum()) ** 0.5, float(effective)))
    return errors


def _system(share: Shares, influence: Vector) -> tuple[LinearOperator | sparse.csr_array, Vector]:
    """Matrix and right side; where each row has one shock, one row a shock and one for the rest.

    Both have the same normal equations and the same distance, and so the same solution at each
    step.
    """
    if share.matrix.nnz != influence.size or np.diff(share.matrix.indptr).max(initial=0) > 1:
        return share.operator, influence
    square = (share.scale * share.matrix.data) ** 2
    size = np.sqrt(np.bincount(share.matrix.indices, square, share.matrix.shape[1]))
    told = share.operator.rmatvec(influence)
    told = np.divide(told, size, out=np.zeros_like(told), where=size > 0)
    rest = max(float(influence @ influence - told @ told), 0.0) ** 0.5
    place = np.arange(size.size)
    shape = size.size + 1, size.size
    return sparse.csr_array((size, (place, place)), shape=shape), np.append(told, rest)


def clustered_error(cluster: Codes, influence: Vector, residual: Vector) -> float:
    """Standard error with rows of a cluster dependent (Liang & Zeger 1986)."""
    return float((np.bincount(cluster, influence * residual) ** 2).sum() ** 0.5)
