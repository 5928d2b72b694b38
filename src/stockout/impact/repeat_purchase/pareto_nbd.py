"""Pareto/NBD (Schmittlein, Morrison & Colombo 1987): customers who may leave at any time.

Purchases come at random at rate lambda ~ Gamma(r, rate alpha), the customer leaves at rate
mu ~ Gamma(s, rate beta), both a week. Up to c(x) = ln(Gamma(r + x) / Gamma(r) alpha^r beta^s),

    L = (alpha + T)^-(r+x) (beta + T)^-s + s int_{t_x}^T (alpha + t)^-(r+x) (beta + t)^-(s+1) dt.

The first term, integrated by parts, joins what the integral lacks from T to infinity:

    L = (r+x) int_T^oo (alpha + t)^-(r+x+1) (beta + t)^-s dt
        + s int_{t_x}^oo (alpha + t)^-(r+x) (beta + t)^-(s+1) dt,

two positive terms, each of one time, in place of a difference of Gauss hypergeometric functions
that cancels. The first is no longer the probability to be a customer at T: that is taken apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.impact.repeat_purchase.beta_geometric import negative_binomial
from stockout.impact.repeat_purchase.likelihood import Pairs, Part
from stockout.impact.repeat_purchase.quadrature import (
    CHEBYSHEV_NODES,
    DIGITS,
    chebyshev_nodes,
    log_expm1,
    steps,
    through_nodes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

_PAIRS_AT_ONCE = 4096  # so that the nodes of these fit the processor's cache
_NODES = 64  # of the time at which a customer leaves, in count_probabilities


class ParetoNbd(NamedTuple):
    """The model."""

    name: str = "pareto"

    @property
    def parameters(self) -> tuple[str, str, str, str]:
        """Their names."""
        return "r", "alpha", "s", "beta"

    def start(self, rate: float, weeks: float) -> Vector:
        """Where the search starts: the rate of purchases, and a life as long as the history."""
        return np.array([0.5, 0.5 / rate, 0.5, 0.5 * weeks])

    def of_count(self, parameters: Vector, x: Vector) -> Part:
        """c(x)."""
        r, alpha, s, beta = parameters
        value = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        gradient = np.stack(
            [
                special.digamma(r + x) - special.digamma(r) + np.log(alpha),
                np.full_like(x, r / alpha),
                np.full_like(x, np.log(beta)),
                np.full_like(x, s / beta),
            ]
        )
        hessian = {
            (0, 0): special.polygamma(1, r + x) - special.polygamma(1, r),
            (0, 1): np.full_like(x, 1 / alpha),
            (1, 1): np.full_like(x, -r / alpha**2),
            (2, 3): np.full_like(x, 1 / beta),
            (3, 3): np.full_like(x, -s / beta**2),
        }
        return Part(value, gradient, hessian)

    def still_there(self, parameters: Vector, pairs: Pairs) -> Part:
        """The log of (r+x) times the integral from T on."""
        r, _, s, _ = parameters
        shape = r + pairs.x
        part = _integral(parameters, pairs, shape + 1, s)
        part.gradient[0] += 1 / shape
        part.hessian[0, 0] -= 1 / shape**2
        return part._replace(value=part.value + np.log(shape))

    def gone(self, parameters: Vector, pairs: Pairs) -> Part:
        """The log of s times the integral from t_x on."""
        r, _, s, _ = parameters
        part = _integral(parameters, pairs, r + pairs.x, s + 1)
        part.gradient[2] += 1 / s
        part.hessian[2, 2] -= 1 / s**2
        return part._replace(value=part.value + np.log(s))

    def probability_alive(self, parameters: Vector, end: Pairs) -> Vector:
        """The log-likelihood of being a customer at T, apart from c(x): (pairs,)."""
        r, alpha, s, beta = parameters
        log: Vector = -(r + end.x) * np.log(alpha + end.time) - s * np.log(beta + end.time)
        return log

    def purchases_if_alive(self, parameters: Vector, end: Pairs, weeks: Vector) -> Matrix:
        """(pairs, horizons) purchases expected in the next ``weeks`` of who is a customer at T."""
        r, alpha, s, beta = parameters
        life = (beta + end.time)[:, None]
        power = (s - 1) * np.log1p(weeks / life)
        # (1 - q^(s-1)) / (s-1) for q = life / (life + weeks); its limit is -ln q where s is 1.
        lasting = np.log1p(weeks / life) * special.exprel(-power)
        rate = (r + end.x) / (alpha + end.time)
        found: Matrix = rate[:, None] * life * lasting
        return found

    def count_probabilities(self, parameters: Vector, T: Vector, most: int) -> Matrix:  # noqa: N803
        """(times, most) probabilities of 0, 1, ... repeat purchases in T weeks."""
        r, alpha, s, beta = parameters
        stays = (beta / (beta + T)) ** s
        at, weight = np.polynomial.legendre.leggauss(_NODES)
        # Over the probability to stay so long, which runs from 1 down to that of T.
        survival = 1 - (1 - stays)[:, None] * (1 + at) / 2
        life = beta * np.expm1(-np.log(survival) / s)
        left = negative_binomial(r, alpha, life.ravel(), most).reshape(T.size, _NODES, most)
        gone = np.einsum("tnx,n->tx", left, weight / 2) * (1 - stays)[:, None]
        found: Matrix = stays[:, None] * negative_binomial(r, alpha, T, most) + gone
        return found


PARETO_NBD = ParetoNbd()


def _integral(parameters: Vector, pairs: Pairs, first: Vector, second: float) -> Part:
    """The log of the integral of (alpha + t)^-first (beta + t)^-second from each time on.

    For each x it is a smooth function of ln(shift + time). Where x comes with many times, it is
    integrated at Chebyshev nodes and read off the polynomial through them.

    Args:
        parameters: (4,) positive.
        pairs: Sorted by x.
        first: (pairs,) power that belongs to x.
        second: The other power.
    """
    starts = np.flatnonzero(np.diff(pairs.x, prepend=-1.0))
    ends = np.append(starts[1:], pairs.x.size)
    many = ends - starts > 2 * CHEBYSHEV_NODES
    if not many.any():
        return _integrals(parameters, pairs.time, first, second)
    shift = float(min(parameters[1], parameters[3]))
    place = np.log(shift + pairs.time)
    low, high = float(place.min()), float(place.max())
    nodes = np.exp(chebyshev_nodes(low, high)) - shift
    each = np.repeat(~many, ends - starts)
    direct = _integrals(parameters, pairs.time[each], first[each], second)
    few = starts[many]
    at_nodes = _integrals(
        parameters, np.tile(nodes, few.size), np.repeat(first[few], nodes.size), second
    )
    part = _empty(first.size)
    for whole, known in zip(_figures(part), _figures(direct), strict=True):
        whole[each] = known
    figures = np.array(_figures(at_nodes)).reshape(-1, few.size, nodes.size)
    for k, (start, end) in enumerate(zip(few, ends[many], strict=True)):
        found = through_nodes(figures[:, k], place[start:end], low, high)
        for whole, values in zip(_figures(part), found, strict=True):
            whole[start:end] = values
    return part


def _empty(size: int) -> Part:
    hessian = {(i, j): np.empty(size) for i in range(4) for j in range(i, 4)}
    return Part(np.empty(size), np.empty((4, size)), hessian)


def _figures(part: Part) -> list[Vector]:
    """Value and derivatives of a part, each as an array of its own."""
    return [part.value, *part.gradient, *part.hessian.values()]


def _integrals(parameters: Vector, time: Vector, first: Vector, second: float) -> Part:
    """The log of the integral; derivatives are means over the integrand, and its covariances."""
    _, alpha, _, beta = parameters
    # The integrand falls over `scale` at first, and as a power of t from the larger of the two on.
    scale = 1 / (first / (alpha + time) + second / (beta + time))
    reach = log_expm1(DIGITS / (first + second - 1)) + np.log((max(alpha, beta) + time) / scale)
    nodes = steps(DIGITS, float(reach.max(initial=1.0)))
    log_step = np.log(nodes.weight) + nodes.at
    grow = np.exp(nodes.at)
    part = _empty(first.size)
    for k in range(0, first.size, _PAIRS_AT_ONCE):
        here = slice(k, k + _PAIRS_AT_ONCE)
        _integrate(parameters, time[here], first[here], second, log_step, grow, part, here)
    return part


def _integrate(  # noqa: PLR0917 - what one slice needs of its caller
    parameters: Vector,
    time: Vector,
    first: Vector,
    second: float,
    log_step: Vector,
    grow: Vector,
    part: Part,
    here: slice,
) -> None:
    """Fills in one slice of the integral's value and derivatives."""
    _, alpha, _, beta = parameters
    scale = 1 / (first / (alpha + time) + second / (beta + time))  # over which the integrand falls
    beyond = scale[:, None] * grow
    by_alpha, by_beta = (alpha + time)[:, None] + beyond, (beta + time)[:, None] + beyond
    log_alpha, log_beta = np.log(by_alpha), np.log(by_beta)
    mass = log_step - first[:, None] * log_alpha - second * log_beta
    top = mass.max(axis=1)
    mass -= top[:, None]
    np.exp(mass, out=mass)
    total = mass.sum(axis=1)
    mass /= total[:, None]
    part.value[here] = top + np.log(total) + np.log(scale)
    np.divide(1, by_alpha, out=by_alpha)
    np.divide(1, by_beta, out=by_beta)
    factors = (np.ones_like(first), first, np.ones_like(first), np.full_like(first, second))
    features = (log_alpha, by_alpha, log_beta, by_beta)
    for i, feature in enumerate(features):
        mean = np.einsum("ij,ij->i", mass, feature)
        part.gradient[i, here] = -factors[i] * mean
        np.subtract(feature, mean[:, None], out=feature)
    for i in range(4):
        weighted = mass * features[i]
        for j in range(i, 4):
            both = factors[i] * factors[j] * np.einsum("ij,ij->i", weighted, features[j])
            part.hessian[i, j][here] = both
    for log, one, power in ((0, 1, first), (2, 3, second)):
        mean = -part.gradient[one, here] / power
        square = part.hessian[one, one][here] / power**2 + mean**2
        part.hessian[log, one][here] -= mean
        part.hessian[one, one][here] += power * square
