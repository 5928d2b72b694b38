"""Newton's method on the logs of positive parameters, which says when it did not get there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stockout.impact.repeat_purchase.likelihood import Sums

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

_MOST_STEPS = 200
_LONGEST_STEP = 2.0  # of a log: no parameter more than e^2 times larger at once
_SMALLEST = 1e-8  # share of the largest curvature below which a direction counts as flat
_CLOSE = 1e-9  # of log-likelihood that a further step would gain
_BOUND = np.log(1e5)
"""A log beyond it: customers are all alike, or nobody leaves, and there is no maximum."""


class Maximum(NamedTuple):
    """Where the likelihood is highest, or how far the search came."""

    parameters: Vector  # (parameters,)
    covariance: Matrix  # of the logs, from the observed information; nan if not converged
    log_likelihood: float
    converged: bool
    reason: str | None  # why not
    steps: int

    @property
    def standard_errors(self) -> Vector:
        """(parameters,) those of the logs times the parameter (delta method)."""
        return self.parameters * np.sqrt(np.diag(self.covariance))


def maximise(objective: Callable[[Vector], Sums], start: Vector, names: Sequence[str]) -> Maximum:
    """Climbs to the maximum.

    Args:
        objective: Log-likelihood with its derivatives by the logs, at the parameters.
        start: (parameters,) positive.
        names: What the parameters are called.

    Returns:
        The maximum. It has converged only where a further step would gain nothing and the
        likelihood curves down in every direction.

    >>> from stockout.impact.repeat_purchase.likelihood import Sums
    >>> def of_one(p):  # ln L = 3 ln p - p, with its maximum at 3
    ...     return Sums(float(3 * np.log(p[0]) - p[0]), 3 - p, -np.diag(p))
    >>> found = maximise(of_one, np.array([1.0]), ["p"])
    >>> round(float(found.parameters[0]), 3), found.converged
    (3.0, True)
    """
    logs = np.log(start)
    here = objective(start)
    for steps in range(_MOST_STEPS):
        curvature, directions = np.linalg.eigh(-here.hessian)
        bent = np.maximum(np.abs(curvature), _SMALLEST * np.abs(curvature).max() or 1.0)
        slope = directions.T @ here.gradient
        step = directions @ (slope / bent)
        down = bool((curvature > _SMALLEST * curvature.max()).all()) and curvature.max() > 0
        if down and slope @ (slope / bent) < _CLOSE:
            covariance = (directions / curvature) @ directions.T
            return Maximum(np.exp(logs), covariance, here.value, True, None, steps)
        step *= min(1.0, _LONGEST_STEP / np.abs(step).max())
        for _ in range(40):
            there = objective(np.exp(logs + step))
            if np.isfinite(there.value) and there.value >= here.value - 1e-12 * abs(here.value):
                break
            step /= 2
        else:
            return _stopped(logs, here, _flat(directions[:, 0], names), steps)
        if there.value == here.value and not down:
            return _stopped(logs, here, _flat(directions[:, 0], names), steps)
        logs, here = logs + step, there
        beyond = np.abs(logs) > _BOUND
        if beyond.any():
            which = " and ".join(
                f"{name} towards {'infinity' if log > 0 else 'zero'}"
                for name, log, is_out in zip(names, logs, beyond, strict=True)
                if is_out
            )
            return _stopped(logs, here, f"parameters run to a bound: {which}", steps)
    return _stopped(logs, here, f"no maximum found in {_MOST_STEPS} steps", _MOST_STEPS)


def _flat(direction: Vector, names: Sequence[str]) -> str:
    """Which parameters the data do not tell: those that the flattest direction moves."""
    moved = np.abs(direction) > 0.1 * np.abs(direction).max()
    which = " and ".join(name for name, is_moved in zip(names, moved, strict=True) if is_moved)
    return f"the data do not tell {which}: other values are as likely"


def _stopped(logs: Vector, here: Sums, reason: str, steps: int) -> Maximum:
    unknown = np.full((logs.size, logs.size), np.nan)
    return Maximum(np.exp(logs), unknown, here.value, False, reason, steps)
