"""Gamma-Gamma model of spend (Fader & Hardie 2013): what a purchase of each customer is worth.

A purchase of a customer is Gamma(p, rate nu), nu ~ Gamma(q, rate v) over customers, independent of
how often he buys. With the mean z of x purchases,

    ln L = ln Gamma(p x + q) - ln Gamma(p x) - ln Gamma(q) + q ln v
           + (p x - 1) ln z + p x ln x - (p x + q) ln(v + x z).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.errors import NotKnownError
from stockout.impact.repeat_purchase.likelihood import Sums, by_logs
from stockout.impact.repeat_purchase.maximum_likelihood import maximise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.repeat_purchase.maximum_likelihood import Maximum

    Vector = NDArray[np.float64]

PARAMETERS = ("p", "q", "v")

FEWEST_BUYERS = 30
"""Customers with a known spend that a fit needs at least, as many as the models of purchases."""


class Spend(NamedTuple):
    """A fitted model of spend."""

    maximum: Maximum
    customers: int
    correlation: float  # of mean spend and number of purchases; the model takes it for 0

    @property
    def has_mean(self) -> bool:
        """Whether the mean over customers is finite."""
        return bool(self.maximum.parameters[1] > 1)

    def expected(self, x: Vector, mean: Vector) -> Vector:
        """(customers,) money expected of a purchase: own mean and that of all, weighed.

        Args:
            x: Purchases of known value, 0 where there are none.
            mean: Their mean value, anything where there are none.

        >>> from stockout.impact.repeat_purchase.maximum_likelihood import Maximum
        >>> cdnow = np.array([6.2488, 3.7446, 15.4478])
        >>> spend = Spend(Maximum(cdnow, np.eye(3), 0.0, True, None, 0), 946, 0.1)
        >>> spend.expected(np.array([0.0, 2.0]), np.array([0.0, 22.35])).round(1)
        array([35.2, 24.7])
        """
        p, q, v = self.maximum.parameters
        total = np.where(x > 0, x * mean, 0.0)
        shape = p * x + q - 1
        known = shape > 0
        return np.where(known, p * (v + total) / np.where(known, shape, 1.0), np.nan)


def fit_spend(x: Vector, mean: Vector) -> Spend:
    """Fits the model.

    Args:
        x: (customers,) purchases of known value, at least 1.
        mean: (customers,) their mean value in money, positive.

    Raises:
        NotKnownError: There are too few.
    """
    if x.size < FEWEST_BUYERS:
        raise NotKnownError(
            f"{x.size:,} customers have repeat purchases of known value, a model of spend needs "
            f"{FEWEST_BUYERS}"
        )
    unit = float(np.median(mean))  # money is searched in a unit of its own size
    start = np.array([2.0, 2.0, 1.0])
    found = maximise(_Objective(x, mean / unit), start, PARAMETERS)
    scale = np.array([1.0, 1.0, unit])
    together = np.std(x) > 0 and np.std(mean) > 0
    return Spend(
        found._replace(
            parameters=found.parameters * scale,
            log_likelihood=found.log_likelihood - x.size * np.log(unit),
        ),
        x.size,
        float(np.corrcoef(x, np.log(mean))[0, 1]) if together else 0.0,
    )


class _Objective:
    """The log-likelihood of given customers."""

    def __init__(self, x: Vector, mean: Vector) -> None:
        self.x, self.at_x = np.unique(x, return_inverse=True)
        self.number = np.bincount(self.at_x).astype(float)
        self.total = x * mean
        self.by_x = np.bincount(self.at_x, np.log(self.total))
        self.log_means = float(np.log(mean).sum())

    def __call__(self, parameters: Vector) -> Sums:
        p, q, v = parameters
        x, number = self.x, self.number
        shape, own = p * x + q, p * x
        scale = v + self.total
        logs = np.bincount(self.at_x, np.log(scale))
        ones, squares = (np.bincount(self.at_x, scale**-power) for power in (1, 2))
        gamma, psi, one = special.gammaln, special.digamma, special.polygamma
        value = (
            number @ (gamma(shape) - gamma(own) - gamma(q) + q * np.log(v))
            + own @ self.by_x - self.log_means - shape @ logs
        )  # fmt: skip
        gradient = np.array(
            [
                x @ (number * (psi(shape) - psi(own)) + self.by_x - logs),
                (number * (psi(shape) - psi(q) + np.log(v)) - logs).sum(),
                number.sum() * q / v - shape @ ones,
            ]
        )
        bend = number * one(1, shape)
        pq = x @ bend
        hessian = np.array(
            [
                [x**2 @ (bend - number * one(1, own)), pq, -(x @ ones)],
                [pq, (bend - number * one(1, q)).sum(), number.sum() / v - ones.sum()],
                [
                    -(x @ ones),
                    number.sum() / v - ones.sum(),
                    -number.sum() * q / v**2 + shape @ squares,
                ],
            ]
        )
        return Sums(float(value), *by_logs(parameters, gradient, hessian))
