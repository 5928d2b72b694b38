"""MBG/NBD and BG/NBD: customers who may leave after each purchase.

Purchases of a customer come at random at rate lambda a week; after each the customer leaves with
probability p. lambda ~ Gamma(r, rate alpha), p ~ Beta(a, b). In the BG/NBD (Fader, Hardie & Lee
2005) the first purchase is never the last, so that everybody without a repeat purchase is still a
customer; in the MBG/NBD (Batislam, Denizel & Filiztekin 2007) it may be, as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.impact.repeat_purchase.likelihood import Pairs, Part
from stockout.impact.repeat_purchase.quadrature import DIGITS, log_expm1, steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

_PAIRS_AT_ONCE = 16_384
_SMALL_A = 0.1
"""Below it the mass of p near 0 lies beyond what a double holds, so the rest is integrated."""


class BetaGeometric(NamedTuple):
    """One of the two models."""

    name: str
    first: float  # 1 where the first purchase may be the last (MBG/NBD), else 0 (BG/NBD)

    @property
    def parameters(self) -> tuple[str, str, str, str]:
        """Their names."""
        return "r", "alpha", "a", "b"

    def start(self, rate: float, weeks: float) -> Vector:  # noqa: ARG002 - as the other models
        """Where the search starts: parameters that give the rate of purchases."""
        return np.array([0.5, 0.5 / rate, 1.0, 2.0])

    def of_count(self, parameters: Vector, x: Vector) -> Part:
        """c(x), with B(a, b + x + 1) / B(a, b) of those who stayed."""
        r, alpha, a, b = parameters
        stays = x + self.first
        psi, one = special.digamma, special.polygamma
        value = (
            special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
            + special.gammaln(b + stays) - special.gammaln(b)
            + special.gammaln(a + b) - special.gammaln(a + b + stays)
        )  # fmt: skip
        by_a = psi(a + b) - psi(a + b + stays)
        gradient = np.stack(
            [
                psi(r + x) - psi(r) + np.log(alpha),
                np.full_like(x, r / alpha),
                by_a,
                by_a + psi(b + stays) - psi(b),
            ]
        )
        both = one(1, a + b) - one(1, a + b + stays)
        hessian = {
            (0, 0): one(1, r + x) - one(1, r),
            (0, 1): np.full_like(x, 1 / alpha),
            (1, 1): np.full_like(x, -r / alpha**2),
            (2, 2): both,
            (2, 3): both,
            (3, 3): both + one(1, b + stays) - one(1, b),
        }
        return Part(value, gradient, hessian)

    def still_there(self, parameters: Vector, pairs: Pairs) -> Part:
        """A(x, T) = -(r + x) ln(alpha + T)."""
        return _of_rate(parameters, pairs)

    def gone(self, parameters: Vector, pairs: Pairs) -> Part:
        """B(x, t_x) = ln(a / (b + x + first - 1)) - (r + x) ln(alpha + t_x)."""
        _, _, a, b = parameters
        part = _of_rate(parameters, pairs)
        before = pairs.x + self.first
        can = before > 0
        stays = np.where(can, b + before - 1, 1.0)
        part.gradient[2], part.gradient[3] = 1 / a, -1 / stays
        part.hessian[2, 2], part.hessian[3, 3] = np.full_like(stays, -1 / a**2), 1 / stays**2
        value = part.value + np.log(a / stays)
        if can.all():
            return part._replace(value=value)
        part.gradient[:, ~can] = 0
        for bend in part.hessian.values():
            bend[~can] = 0
        return part._replace(value=np.where(can, value, -np.inf))

    def probability_alive(self, parameters: Vector, end: Pairs) -> Vector:
        """The log-likelihood of being a customer at T, apart from c(x): (pairs,)."""
        return self.still_there(parameters, end).value

    def purchases_if_alive(self, parameters: Vector, end: Pairs, weeks: Vector) -> Matrix:
        """(pairs, horizons) purchases expected in the next ``weeks`` of who is a customer at T.

        lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x + first) give the mean over p of
        (1 - (1 + p t / (alpha + T))^-(r + x)) / p: the closed form with a Gauss hypergeometric
        function divides by a - 1, this one is safe everywhere.
        """
        r, alpha, a, b = parameters
        parts = [
            _purchases(r + x, alpha + time, a, b + x + self.first, weeks)
            for x, time in _chunks(end)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, weeks.size))

    def count_probabilities(self, parameters: Vector, T: Vector, most: int) -> Matrix:  # noqa: N803
        """(times, most) probabilities of 0, 1, ... repeat purchases in T weeks."""
        r, alpha, a, b = parameters
        x = np.arange(most, dtype=float)
        counts = negative_binomial(r, alpha, T, most)
        reached = 1 - np.cumsum(counts, axis=1) + counts  # at least x purchases, had he stayed
        last = x + self.first
        stays = special.betaln(a, b + last) - special.betaln(a, b)
        leaves = np.full(most, -np.inf)
        can = last > 0
        leaves[can] = special.betaln(a + 1, b + last[can] - 1) - special.betaln(a, b)
        found: Matrix = np.exp(stays) * counts + np.exp(leaves) * np.clip(reached, 0, None)
        return found


MBG_NBD = BetaGeometric("mbgnbd", 1.0)
BG_NBD = BetaGeometric("bgnbd", 0.0)


def negative_binomial(r: float, alpha: float, T: Vector, most: int) -> Matrix:  # noqa: N803
    """(times, most) probabilities of 0, 1, ... purchases in T weeks at a rate ~ Gamma(r, alpha).

    >>> negative_binomial(1.0, 1.0, np.array([0.0, 1.0]), 2)
    array([[1.  , 0.  ],
           [0.5 , 0.25]])
    """
    x = np.arange(most, dtype=float)
    log = (
        special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1)
        + r * np.log(alpha / (alpha + T))[:, None]
        + special.xlogy(x, (T / (alpha + T))[:, None])
    )  # fmt: skip
    return np.exp(log)


def _of_rate(parameters: Vector, pairs: Pairs) -> Part:
    """-(r + x) ln(alpha + time)."""
    r, alpha = parameters[:2]
    shape, scale = r + pairs.x, alpha + pairs.time
    log = np.log(scale)
    gradient = np.zeros((4, shape.size))
    gradient[0], gradient[1] = -log, -shape / scale
    hessian = {(0, 1): -1 / scale, (1, 1): shape / scale**2}
    return Part(-shape * log, gradient, hessian)


def _chunks(pairs: Pairs) -> list[tuple[Vector, Vector]]:
    starts = range(0, pairs.x.size, _PAIRS_AT_ONCE)
    return [(pairs.x[k : k + _PAIRS_AT_ONCE], pairs.time[k : k + _PAIRS_AT_ONCE]) for k in starts]


def _purchases(shape: Vector, scale: Vector, a: float, b: Vector, weeks: Vector) -> Matrix:
    """Mean of (1 - (1 + p t / scale)^-shape) / p over p ~ Beta(a, b), by the log odds of p."""
    small = a < _SMALL_A
    middle, width = np.log(a / b), np.minimum(1.0, np.sqrt(1 / a + 1 / b))
    fall = DIGITS - a * np.log(a / (a + b)) - b * np.log(b / (a + b))  # from the peak, in logs
    nodes = steps(
        float(((log_expm1(fall / (1 + a if small else a)) + middle) / width).max()),
        float(((log_expm1(fall / b) - middle) / width).max()),
    )
    odds = middle[:, None] + width[:, None] * nodes.at
    log_p, log_q = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
    log_mass = a * log_p + b[:, None] * log_q + np.log(width[:, None] * nodes.weight)
    if small:
        mass = np.exp(log_mass - special.betaln(a, b)[:, None])
    else:
        mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
        mass /= mass.sum(axis=1, keepdims=True)
    p = np.maximum(np.exp(log_p), np.finfo(float).tiny)
    found = np.empty((shape.size, weeks.size))
    for k, t in enumerate(weeks):
        each = -np.expm1(-shape[:, None] * np.log1p(p * (t / scale)[:, None])) / p
        if small:
            if_stays = shape * t / scale
            found[:, k] = if_stays - np.einsum("ij,ij->i", mass, if_stays[:, None] - each)
        else:
            found[:, k] = np.einsum("ij,ij->i", mass, each)
    return found
