"""Integrals and smooth functions at few nodes.

Double-exponential quadrature (Takahasi & Mori 1974) on the whole line, with sinh(tau), and
interpolation through Chebyshev nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

_STEP = 0.125
"""Between two nodes: integrals of this package are then good to ten digits (tests compare them)."""

DIGITS = 36.0
"""Tails are cut where the integrand is exp(-36), or 2e-16, of what it is in the middle."""

CHEBYSHEV_NODES = 48
"""Of an interpolation: singular points at least pi away from a line of length 10 leave 1e-12."""

_AT_ONCE = 65_536

_FARTHEST = 650.0
"""Beyond it exp() leaves the range of a double."""


class Steps(NamedTuple):
    """Where the integrand is looked at, and for how much of the line each look stands."""

    at: Vector
    weight: Vector


def steps(left: float, right: float) -> Steps:
    """Nodes from -left to right, dense in the middle.

    Args:
        left: How far to the left of 0 the integrand has fallen to exp(-36) of what it is there.
        right: The same to the right.

    >>> nodes = steps(40.0, 40.0)
    >>> round(float(nodes.weight @ np.exp(nodes.at - 2 * np.logaddexp(0, nodes.at))), 10)
    1.0
    """
    low, high = (np.arcsinh(np.clip(reach, 1.0, _FARTHEST)) for reach in (left, right))
    tau = _STEP * np.arange(-np.ceil(low / _STEP), np.ceil(high / _STEP) + 1)
    return Steps(np.clip(np.sinh(tau), -_FARTHEST, _FARTHEST), _STEP * np.cosh(tau))


def log_expm1(value: Vector | float) -> Vector:
    """ln(exp(value) - 1) of positive values, which may be large.

    >>> float(log_expm1(1000.0))
    1000.0
    """
    return np.asarray(value + np.log(-np.expm1(-np.asarray(value))))


def chebyshev_nodes(low: float, high: float) -> Vector:
    """(nodes,) places of the interpolation, from high down to low.

    Args:
        low: Start of the line.
        high: Its end.
    """
    turns = (np.arange(CHEBYSHEV_NODES) + 0.5) * np.pi / CHEBYSHEV_NODES
    return (low + high) / 2 + (high - low) / 2 * np.cos(turns)


def through_nodes(values: Matrix, at: Vector, low: float, high: float) -> Matrix:
    """The polynomials that have given values at the nodes, elsewhere.

    Args:
        values: (functions, nodes) at :func:`chebyshev_nodes`.
        at: (n,) places from low to high.
        low: Start of the line.
        high: Its end.

    Returns:
        (functions, n) values there.

    >>> known = np.exp(chebyshev_nodes(0.0, 9.0))[None]
    >>> through_nodes(known, np.array([0.0, 5.0]), 0.0, 9.0).round(6)
    array([[  1.      , 148.413159]])
    """
    order = np.arange(CHEBYSHEV_NODES)
    turns = (order + 0.5) * np.pi / CHEBYSHEV_NODES
    weights = 2 / CHEBYSHEV_NODES * values @ np.cos(np.outer(turns, order))
    weights[:, 0] /= 2
    found = np.empty((values.shape[0], at.size))
    span = max(high - low, np.finfo(float).tiny)
    for k in range(0, at.size, _AT_ONCE):
        place = np.clip((2 * at[k : k + _AT_ONCE] - low - high) / span, -1, 1)
        basis = np.empty((CHEBYSHEV_NODES, place.size))
        basis[0], basis[1] = 1.0, place
        for n in range(2, CHEBYSHEV_NODES):
            np.multiply(2 * place, basis[n - 1], out=basis[n])
            basis[n] -= basis[n - 2]
        found[:, k : k + _AT_ONCE] = weights @ basis
    return found
