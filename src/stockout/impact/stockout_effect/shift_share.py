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
from scipy.sparse.linalg import lsqr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Vector = NDArray[np.float64]

_DAMP = 1e-6  # keeps shocks that no row tells apart from growing
_STEPS = 200


class Shares(NamedTuple):
    """(rows, shocks) how much each shock counts for each row, sparse."""

    matrix: sparse.csr_array
    cluster: Codes  # (shocks,) 0, 1, ...

    def scaled(self, weight: Vector) -> Shares:
        """Rows times weight (rows,)."""
        return Shares(sparse.csr_array(self.matrix.multiply(weight[:, None])), self.cluster)


def shares(row: Codes, shock: Codes, weight: Vector, rows: int, cluster_of: Codes) -> Shares:
    """Puts shares into a sparse matrix.

    Args:
        row: (pairs,) row of each share.
        shock: (pairs,) its shock.
        weight: (pairs,) the share.
        rows: Number of rows.
        cluster_of: (all shocks,) cluster of every shock.
    """
    used, place = np.unique(shock, return_inverse=True)
    matrix = sparse.csr_array((weight, (row, place)), shape=(rows, used.size))
    _, cluster = np.unique(cluster_of[used], return_inverse=True)
    return Shares(matrix, cluster)


class ShiftShareError(NamedTuple):
    """Standard error of a coefficient, and the shocks behind it."""

    error: float
    effective: float  # clusters of the same size that would have the same inequality


def shift_share_error(share: Shares, influence: Vector, residual: Vector) -> ShiftShareError:
    """The exposure-robust standard error.

    Args:
        share: Shares of the instrument.
        influence: (rows,) the instrument with the controls taken out, scaled so that the
            coefficient is its product with the outcome.
        residual: (rows,) residual of the outcome.

    >>> one = shares(np.arange(4), np.arange(4), np.ones(4), 4, np.arange(4))
    >>> found = shift_share_error(one, np.array([1.0, -1, 1, -1]), np.array([1.0, 2, 2, 4]))
    >>> round(found.error, 4), round(found.effective, 2)  # each row its own shock: White (1980)
    (5.0, 4.0)
    """
    shock = lsqr(share.matrix, influence, damp=_DAMP, iter_lim=_STEPS)[0]
    score = np.bincount(share.cluster, shock * (share.matrix.T @ residual))
    square = score**2
    moved = np.bincount(share.cluster, (shock * share.matrix.sum(axis=0)) ** 2)
    effective = moved.sum() ** 2 / max(float((moved**2).sum()), np.finfo(float).tiny)
    return ShiftShareError(float(square.sum()) ** 0.5, float(effective))


def clustered_error(cluster: Codes, influence: Vector, residual: Vector) -> float:
    """Standard error with rows of a cluster dependent (Liang & Zeger 1986)."""
    return float((np.bincount(cluster, influence * residual) ** 2).sum() ** 0.5)
