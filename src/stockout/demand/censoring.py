"""What was wanted in a period, given what was sold in it and how long there was stock.

Demand of a day has mean ``mu``. A part of its variance is common to all its hours (a busy day), the
rest is that of single purchases: given the day's rate, the units of a share ``F`` of it have
variance-to-mean ratio ``u`` (1 where customers take single units), and the rate varies from day to
day with squared coefficient of variation ``c``. So the units of a share of the day have the
variance ``u mu F + c (mu F)**2``; with ``u = 1`` that is the negative binomial with ``k = 1 / c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

_RARE = 1e-9  # survival below which ratios of incomplete functions lose their digits
_POISSON_LIMIT = 1e-6  # excess of variance over mean up to which a count is Poisson


class Unseen(NamedTuple):
    """Units wanted beyond those that were sold; one element for each period out of stock."""

    mean: Vector
    variance: Vector
    slope: Vector  # change of the mean by one unit of mu


class Demand(NamedTuple):
    """Demand of periods, one element for each."""

    mu: Vector  # mean of a whole period
    unit: Vector  # variance-to-mean ratio ``u`` within a period
    day: Vector  # squared coefficient of variation ``c`` of the periods' rates
    whole: NDArray[np.bool_]  # whether it comes in whole units

    def of(self, those: NDArray[np.bool_]) -> Demand:
        """The demand of some of the periods."""
        return Demand(self.mu[those], self.unit[those], self.day[those], self.whole[those])


def after_a_share(sold: Vector, share: Vector, demand: Demand) -> Unseen:
    """Units wanted while there was no stock, where it is known for how long there was.

    The rate of the day is a compromise between ``mu`` and what the hours in stock sold. With
    ``unit = 1`` and ``k = 1 / day`` it is the posterior mean of the gamma-Poisson model,
    ``(k + s) / (k / mu + F)``; else the linear Bayes estimate with these moments. How the share
    came about does not matter: where stock ran out after ``s`` units, ``F`` is the hour of the last
    one, and its likelihood depends on the rate in the same way.

    Where single purchases are of several units, the last one got only what was left of them: on
    average half of what ``u`` exceeds a single unit, since ``u`` is the size of the purchase that a
    randomly chosen unit belongs to.

    Args:
        sold: Units sold.
        share: Share of the period in stock, below 1; 0 for a period wholly out.
        demand: What is known of demand.

    >>> one = np.ones(1)
    >>> demand = Demand(4 * one, one, one / 2, one > 0)
    >>> float(after_a_share(6 * one, one / 2, demand).mean[0])
    4.0
    """
    mu, unit, day, whole = demand
    rest, held = 1 - share, unit + day * mu * share
    rate = mu * (unit + day * sold) / held
    spread = rate * mu * unit * day / held
    cut = np.where(whole & (share > 0) & (sold > 0), (unit - 1) / 2, 0)
    return Unseen(
        mean=rest * rate + cut,
        variance=rest * unit * rate + rest**2 * spread + cut**2,
        slope=rest * unit * (unit + day * sold) / held**2,
    )


def at_least(sold: Vector, demand: Demand) -> Unseen:
    """Units wanted beyond those sold, where stock ran out at an hour that is not known.

    ``E[X | X >= s] - s``, with a negative binomial (or Poisson) count where demand comes in whole
    units, else a gamma variable, of this mean and variance.

    Args:
        sold: Units sold, positive.
        demand: What is known of demand.

    >>> one = np.ones(1)
    >>> poisson = Demand(2 * one, one, 0 * one, one > 0)
    >>> round(float(at_least(one, poisson).mean[0]), 6)  # 2 / (1 - exp(-2)) - 1
    1.313035
    """
    mu, whole = demand.mu, demand.whole
    variance = mu * (demand.unit + demand.day * mu)
    first, second = np.empty_like(mu), np.empty_like(mu)
    over = variance > mu * (1 + _POISSON_LIMIT)
    for where, tail in (
        (whole & over, _negative_binomial_tail),
        (whole & ~over, _poisson_tail),
        (~whole, _gamma_tail),
    ):
        if where.any():
            limit = np.ceil(sold[where]) if tail is not _gamma_tail else sold[where]
            first[where], second[where] = tail(limit, mu[where], variance[where])
    spread = np.maximum(second - first**2, 0)
    return Unseen(np.maximum(first - sold, 0), spread, spread / variance)


def _negative_binomial_tail(least: Vector, mu: Vector, variance: Vector) -> tuple[Vector, Vector]:
    """E[X | X >= least] and E[X**2 | X >= least].

    By size-biasing, ``x f(x; k) = mu f(x - 1; k + 1)``.
    """
    k = mu**2 / (variance - mu)
    q = mu / (mu + k)

    def sf(at: Vector, k: Vector) -> Vector:
        return np.where(at > 0, special.betainc(np.maximum(at, 1), k, q), 1.0)

    alive = sf(least, k)
    one = mu * sf(least - 1, k + 1)
    two = mu**2 * (1 + 1 / k) * sf(least - 2, k + 2)
    step = q * (k + least) / (least + 1)
    return _or_geometric(least, alive, one, one + two, step)


def _poisson_tail(least: Vector, mu: Vector, _variance: Vector) -> tuple[Vector, Vector]:
    def sf(at: Vector) -> Vector:
        return np.where(at > 0, special.gammainc(np.maximum(at, 1), mu), 1.0)

    one = mu * sf(least - 1)
    return _or_geometric(least, sf(least), one, one + mu**2 * sf(least - 2), mu / (least + 1))


def _gamma_tail(least: Vector, mu: Vector, variance: Vector) -> tuple[Vector, Vector]:
    shape, scale = mu**2 / variance, variance / mu
    x = least / scale
    alive = special.gammaincc(shape, x)
    one = mu * special.gammaincc(shape + 1, x)
    two = (variance + mu**2) * special.gammaincc(shape + 2, x)
    rare = alive < _RARE
    safe = np.where(rare, 1.0, alive)
    beyond = scale / np.maximum(1 - (shape - 1) / np.maximum(x, 1e-9), 0.1)
    return (
        np.where(rare, least + beyond, one / safe),
        np.where(rare, (least + beyond) ** 2 + beyond**2, two / safe),
    )


def _or_geometric(
    least: Vector, alive: Vector, one: Vector, two: Vector, step: Vector
) -> tuple[Vector, Vector]:
    """Moments from partial sums; far out in the tail that of a geometric with the next ratio."""
    rare = alive < _RARE
    safe = np.where(rare, 1.0, alive)
    beyond = step / np.maximum(1 - step, 0.05)
    return (
        np.where(rare, least + beyond, one / safe),
        np.where(rare, (least + beyond) ** 2 + beyond * (1 + beyond), two / safe),
    )
