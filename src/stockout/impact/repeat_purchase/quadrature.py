"""Double-exponential quadrature (Takahasi & Mori 1974) on the whole line, with sinh(tau)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

_STEP = 0.125
"""Between two nodes: integrals of this package are then good to ten digits (tests compare them)."""

DIGITS = 36.0
"""Tails are cut where the integrand is exp(-36), or 2e-16, of what it is in the middle."""

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
