"""Orders that should have come by now: for customers who buy in a rhythm, as under a contract.

The models of repeat purchases take purchases for random in time. Where customers reorder regularly
that is wrong, and the question is plainer: is the next order late, by this customer's own gaps?
Days between two purchases of a customer are Gamma(k, rate theta), theta ~ Gamma(q, rate v) over
customers, so that the own gaps of a customer with few are drawn towards those of all. With n gaps
that sum up to S, a gap longer than t days has the probability

    P(gap > t) = I_{(v + S) / (v + S + t)}(q + k n, k),

the regularised incomplete beta function. k = 1 is random in time, a larger k more regular.
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

PARAMETERS = ("k", "q", "v")
FEWEST_CUSTOMERS = 30
"""Customers with a gap that a fit needs at least, as many as the models of purchases."""

LATE = 0.95
"""An order counts as overdue where one in twenty gaps of the customer at most is so long."""


REGULAR = 1.5
"""Regularity from which on purchases count as made in a rhythm, not at random; our own line: CDNOW,
where the models fit, has 1.0, and the wholesaler of Online Retail II 1.7
(benchmarks/repeat_purchase.py)."""


class Rhythm(NamedTuple):
    """The fitted distribution of the days between two purchases."""

    maximum: Maximum
    customers: int  # with at least one gap

    @property
    def regularity(self) -> float:
        """k: 1 where purchases are random in time, larger where they are regular."""
        return float(self.maximum.parameters[0])

    def overdue(self, gaps: Vector, days: Vector, since: Vector) -> Vector:
        """(customers,) share of the customer's gaps that would have ended by now.

        Args:
            gaps: Number of gaps between purchases, 0 for who bought once.
            days: Days that they sum up to.
            since: Days since the last purchase.

        >>> from stockout.impact.repeat_purchase.maximum_likelihood import Maximum
        >>> found = Maximum(np.array([4.0, 3.0, 20.0]), np.eye(3), 0.0, True, None, 0)
        >>> rhythm = Rhythm(found, 9)
        >>> rhythm.overdue(np.full(3, 8.0), np.full(3, 56.0), np.array([0.0, 7.0, 28.0])).round(3)
        array([0.   , 0.4  , 0.996])
        """
        k, q, v = self.maximum.parameters
        scale = v + days
        share: Vector = 1 - special.betainc(q + k * gaps, k, scale / (scale + since))
        return share

    def usual_gap(self, gaps: Vector, days: Vector) -> Vector:
        """(customers,) days that half of the customer's gaps do not exceed.

        Args:
            gaps: Number of gaps between purchases.
            days: Days that they sum up to.
        """
        k, q, v = self.maximum.parameters
        share = special.betaincinv(q + k * gaps, k, 0.5)
        gap: Vector = (v + days) * (1 / share - 1)
        return gap


def fit_rhythm(gaps: Vector, days: Vector, log_gaps: Vector) -> Rhythm:
    """Fits the distribution of gaps by maximum likelihood.

    Args:
        gaps: (customers,) number of gaps between purchases; those without any tell nothing.
        days: (customers,) days that they sum up to.
        log_gaps: (customers,) sum of the logs of the gaps in days.

    Raises:
        NotKnownError: Too few customers came back, or no maximum is found.
    """
    has = gaps > 0
    if has.sum() < FEWEST_CUSTOMERS:
        raise NotKnownError(
            f"{int(has.sum()):,} customers bought again, the rhythm of orders needs "
            f"{FEWEST_CUSTOMERS} who did"
        )
    unit = float(np.median(days[has] / gaps[has]))
    objective = _Objective(
        gaps[has], days[has] / unit, float((log_gaps[has] - gaps[has] * np.log(unit)).sum())
    )
    found = maximise(objective, np.array([1.0, 2.0, 1.0]), PARAMETERS)
    if not found.converged:
        raise NotKnownError(f"the rhythm of orders is not known: {found.reason}")
    scale = np.array([1.0, 1.0, unit])
    return Rhythm(
        found._replace(parameters=found.parameters * scale),
        int(has.sum()),
    )


class _Objective:
    """The log-likelihood of given gaps."""

    def __init__(self, gaps: Vector, days: Vector, log_gaps: float) -> None:
        self.n, self.at_n = np.unique(gaps, return_inverse=True)
        self.number = np.bincount(self.at_n).astype(float)
        self.days = days
        self.log_gaps = log_gaps

    def __call__(self, parameters: Vector) -> Sums:
        k, q, v = parameters
        n, number = self.n, self.number
        shape, scale = q + k * n, v + self.days
        logs = np.bincount(self.at_n, np.log(scale))
        ones, squares = (np.bincount(self.at_n, scale**-power) for power in (1, 2))
        gamma, psi, one = special.gammaln, special.digamma, special.polygamma
        all_gaps, customers = n @ number, number.sum()
        value = (
            number @ (gamma(shape) - gamma(q) + q * np.log(v)) - all_gaps * gamma(k)
            + (k - 1) * self.log_gaps - shape @ logs
        )  # fmt: skip
        gradient = np.array(
            [
                n @ (number * psi(shape) - logs) - all_gaps * psi(k) + self.log_gaps,
                (number * (psi(shape) - psi(q) + np.log(v)) - logs).sum(),
                customers * q / v - shape @ ones,
            ]
        )
        bend = number * one(1, shape)
        by_kv, by_qv = -(n @ ones), customers / v - ones.sum()
        hessian = np.array(
            [
                [n**2 @ bend - all_gaps * one(1, k), n @ bend, by_kv],
                [n @ bend, (bend - number * one(1, q)).sum(), by_qv],
                [by_kv, by_qv, -customers * q / v**2 + shape @ squares],
            ]
        )
        return Sums(float(value), *by_logs(parameters, gradient, hessian))
