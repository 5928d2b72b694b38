"""Two-stage least squares with weights, and Poisson regression, on the panel.

The dose of frequent customers varies most, and least squares would speak of them, while the others
come back less surely. Dividing the instrument by what a customer buys makes each customer count as
they count in the sum of doses, so that the effect a purchase times that sum is the sum of effects,
whoever is affected. Weights are the inverse of the binomial variance of the outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.impact.stockout_effect.least_squares import LeastSquares
from stockout.impact.stockout_effect.shift_share import clustered_error, shift_share_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.shift_share import Shares

    Codes = NDArray[np.int64] | NDArray[np.int32]
    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

_LEAST_PROBABILITY = 0.05  # a linear probability can be 0 or less; its variance is not
_STEPS = 30
_CLOSE = 1e-8
_FARTHEST = 30.0  # of a linear predictor, e**30 orders


class Coefficient(NamedTuple):
    """Effect of the first treatment."""

    value: float
    error: float  # the larger one of both below
    shift_share_error: float
    customer_error: float
    effective_shocks: float


class Design(NamedTuple):
    """Treatments, instruments and controls of a regression."""

    treatments: Matrix  # (rows, k), the first is the one in question
    instruments: Matrix  # (rows, k)
    controls: Matrix  # (rows, m)
    shares: Shares  # of the instruments
    customer: Codes  # (rows,)


def binomial_weights(outcome: Vector, controls: Matrix) -> Vector:
    """(rows,) inverse variance of a 0/1 outcome as its controls predict it."""
    fitted = outcome - LeastSquares([controls]).apart(outcome[:, None])[:, 0]
    chance = np.clip(fitted, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(1 / (chance * (1 - chance)))


def two_stage(outcome: Vector, design: Design, weight: Vector | None = None) -> Coefficient | None:
    """Effect of the first treatment; None where nothing varies.

    Args:
        outcome: (rows,).
        design: Treatments, instruments, controls.
        weight: (rows,); None weighs all rows the same.
    """
    found = two_stage_all([outcome], design, weight)
    return found[0] if found else None


def two_stage_all(
    outcomes: list[Vector], design: Design, weight: Vector | None = None
) -> list[Coefficient]:
    """Effect of the first treatment on each outcome; none at all where nothing varies.

    Args:
        outcomes: (rows,) each.
        design: Treatments, instruments, controls.
        weight: (rows,); None weighs all rows the same.
    """
    root = np.ones(len(design.treatments)) if weight is None else np.sqrt(weight)
    values = np.column_stack([design.treatments, design.instruments, *outcomes])
    values *= root[:, None]
    apart = LeastSquares([design.controls], root).apart(values)
    number = design.treatments.shape[1]
    treated, instrument, y = np.split(apart, [number, 2 * number], axis=1)
    cross = instrument.T @ treated
    size = np.sqrt(np.outer((instrument**2).sum(axis=0), (treated**2).sum(axis=0)))
    scaled = np.divide(cross, size, out=np.zeros_like(cross), where=size > 0)
    if np.linalg.matrix_rank(scaled, tol=1e-6) < len(cross):
        return []
    solved = np.linalg.inv(cross)
    influence = instrument @ solved[0]
    residuals = y - treated @ (solved @ (instrument.T @ y))
    return _coefficients(influence @ y, design, root, influence, residuals)


def poisson(counts: Vector, design: Design) -> Coefficient | None:
    """Relative effect on a count (log link, quasi-likelihood), by reweighted least squares.

    The coefficient is the change of the logarithm of the count a unit of the first treatment. The
    treatments are first replaced by what instruments and controls say of them.

    Args:
        counts: (rows,).
        design: Treatments, instruments, controls.
    """
    given = [design.instruments, design.controls]
    treatments = design.treatments - LeastSquares(given).apart(design.treatments)
    mean = counts + counts.mean() + _CLOSE
    eta = np.log(mean)
    for _ in range(_STEPS):
        root, before = np.sqrt(mean), eta
        response = (eta + (counts - mean) / mean) * root
        told = LeastSquares([treatments, design.controls], root).apart(response[:, None])[:, 0]
        eta = np.clip((response - told) / root, -_FARTHEST, _FARTHEST)
        mean = np.exp(eta)
        if np.abs(eta - before).max() < _CLOSE:
            break
    root = np.sqrt(mean)
    first = treatments[:, 0] * root
    own = LeastSquares([treatments[:, 1:], design.controls], root).apart(first[:, None])[:, 0]
    total = own @ own
    if total < _CLOSE * max(first @ first, _CLOSE):
        return None
    influence = own / total
    residual = (counts - mean) / root
    value = influence @ (eta * root + residual)
    return _coefficients(np.array([value]), design, root, influence, residual[:, None])[0]


def _coefficients(
    values: Vector, design: Design, root: Vector, influence: Vector, residuals: Matrix
) -> list[Coefficient]:
    robust = shift_share_error(design.shares.scaled(root), influence, *residuals.T)
    found = []
    for value, error, residual in zip(values.tolist(), robust, residuals.T, strict=True):
        customer = clustered_error(design.customer, influence, residual)
        largest = max(error.error, customer)
        found.append(Coefficient(value, largest, error.error, customer, error.effective))
    return found
