"""Double-exponential quadrature (Takahasi & Mori 1974) on the whole line, with sinh(tau)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

_STEP = 0.125
"""Between two nodes: integrals of this package are then good to ten digits (tests compare them)."""

_DIGITS = 36.0
"""Tails are cut where the integrand is exp(-36), or 2e-16, of what it is in the middle."""

_FARTHEST = 650.0
"""Beyond it exp() leaves the range of a double."""


class Steps(NamedTuple):
    """Where the integrand is looked at, and for how much of the line each look stands."""

    at: Vector
    weight: Vector


def tails(left: float, right: float) -> Steps:
    """Nodes for an integrand that falls off as exp(-left |y|) to the left, exp(-right y) to the right.

    Args:
        left: Rate of the left tail, positive.
        right: Rate of the right tail.

    >>> steps = tails(1.0, 1.0)
    >>> round(float(steps.weight @ np.exp(steps.at - 2 * np.logaddexp(0, steps.at))), 10)
    1.0
    """
    low, high = (np.arcsinh(min(_DIGITS / rate, _FARTHEST)) for rate in (left, right))
    tau = _STEP * np.arange(-np.ceil(low / _STEP), np.ceil(high / _STEP) + 1)
    return Steps(np.clip(np.sinh(tau), -_FARTHEST, _FARTHEST), _STEP * np.cosh(tau))
