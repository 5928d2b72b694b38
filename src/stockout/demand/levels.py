"""The moving level of demand: how far above or below its mean each item is in each period.

A relative deviation from the mean that forgets itself (an AR(1) process, the discrete
Ornstein-Uhlenbeck process) is smoothed from the sales on both sides by the Kalman filter and the
Rauch-Tung-Striebel smoother. How strongly and how fast levels move is not assumed: several pairs of
size and memory compete, each item mixes them by how well they predicted it one period ahead, and
the odds before that are the shares with which all items together chose them (empirical Bayes).
Where nothing was seen for long, the level returns to the mean, and its variance grows.

The smoothed level is a posterior mean. Stock runs out when demand is high, but whether it does is
decided by sales and stock, which are all in the data; given them, a posterior mean is not biased by
the selection. Leaving out days with a stockout is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Vector = NDArray[np.float64]

MEMORIES = (1, 3, 9, 27)
"""Memories tried, in multiples of the shortest: each about the square root of ten longer, so that
with ten days the longest is most of a year."""

SIZES = (0.1, 0.2, 0.4, 0.8)
"""Relative standard deviations of the level that are tried, each twice the one before: from hardly
any movement to demand that multiplies and vanishes."""

LOWEST = 0.05
"""Part of its mean below which no level falls: the process could, demand cannot be negative."""

_BLOCK = 4_000_000  # cells times movements held at a time: 64 MB of four float32 arrays
_NEGLIGIBLE = 0.003  # share of items below which a movement is no longer tried
_ROUNDS = 50  # of the mixture's shares; they are good to three digits well before
_LOG_EVERY = 16  # a product of so many variance ratios stays within a float


class Movements(NamedTuple):
    """Ways in which levels may move, and the share of items that move so."""

    size: Vector  # (ways,) standard deviation of the relative level; 0 does not move
    memory: Vector  # (ways,) periods after which a deviation has decayed to 1 / e
    share: Vector  # (ways,)

    @classmethod
    def to_try(cls, shortest: float) -> Movements:
        """No movement, and every size with every memory.

        Args:
            shortest: Memory of the fastest movement, in periods.
        """
        size = np.array([0.0, *(s for _ in MEMORIES for s in SIZES)])
        memory = np.array([shortest, *(m * shortest for m in MEMORIES for _ in SIZES)])
        return cls(size, memory, np.full(size.size, 1 / size.size))

    def kept(self, share: Vector) -> Movements:
        """With new shares, and without the ways that hardly any item moves in."""
        wanted = share > min(_NEGLIGIBLE, share.max() / 2)
        share = share[wanted]
        return Movements(self.size[wanted], self.memory[wanted], share / share.sum())


class Levels(NamedTuple):
    """Smoothed relative deviations of the level, and how sure they are."""

    deviation: Matrix  # (periods, items) level / mean - 1
    variance: Matrix  # (periods, items) of the deviation
    loose: Matrix  # (periods, items) part of the deviation that nothing seen tells, 0 to 1
    movements: Movements  # the ways that were tried
    weight: Vector  # (ways, items) how much each item moves in each way
    log_likelihood: Vector  # (ways, items)

    @classmethod
    def at_rest(cls, periods: int, items: int) -> Levels:
        """Levels that are not known to move."""
        nothing = np.zeros((periods, items), dtype=np.float32)
        alone = Movements(np.zeros(1), np.ones(1), np.ones(1))
        return cls(nothing, nothing, nothing, alone, np.ones((1, items)), np.zeros((1, items)))

    @property
    def factor(self) -> Matrix:
        """(periods, items) level over mean."""
        return np.maximum(1 + self.deviation, np.float32(LOWEST))

    def average(self, of_way: Vector) -> Vector:
        """(..., items) mean over the ways by each item's weights.

        Args:
            of_way: (ways,) or (ways, items) quantity of each way.
        """
        columns = of_way if of_way.ndim > 1 else of_way[:, None]
        return np.asarray((columns * self.weight).sum(axis=0))

    def shares(self, *, pruned: bool = False) -> Movements:
        """The ways with the shares of items that move so; or only those worth trying again."""
        share = chosen_shares(self.log_likelihood, self.movements.share)
        return self.movements.kept(share) if pruned else self.movements._replace(share=share)


def smoothed_levels(
    units: Matrix, expected: Matrix, variance: Matrix, movements: Movements
) -> Levels:
    """Smooths the level of every item from ``units = expected * (1 + deviation) + noise``.

    Args:
        units: (periods, items) units seen.
        expected: (periods, items) units expected at the mean level; 0 where nothing was seen.
        variance: (periods, items) of the noise; positive wherever something was expected.
        movements: The ways in which levels may move.
    """
    periods, items = units.shape
    ways = movements.size.size
    deviation, spread, loose = (np.empty((periods, items), dtype=np.float32) for _ in range(3))
    weight, likelihood = np.empty((ways, items)), np.empty((ways, items))
    step = max(64, _BLOCK // (periods * ways))
    for first in range(0, items, step):
        at = slice(first, first + step)
        part = _smoothed(units[:, at], expected[:, at], variance[:, at], movements)
        deviation[:, at], spread[:, at], loose[:, at] = part.deviation, part.variance, part.loose
        weight[:, at], likelihood[:, at] = part.weight, part.log_likelihood
    return Levels(deviation, spread, loose, movements, weight, likelihood)


def chosen_shares(log_likelihood: Vector, share: Vector) -> Vector:
    """(ways,) shares of the items that move in each way: maximum likelihood by EM.

    Args:
        log_likelihood: (ways, items).
        share: (ways,) where to start from.

    >>> chosen_shares(np.log([[0.9, 0.9], [0.1, 0.1]]), np.array([0.5, 0.5])).round(3).tolist()
    [1.0, 0.0]
    """
    for _ in range(_ROUNDS):
        share = _posterior(log_likelihood, share).mean(axis=1)
    return share


def _posterior(log_likelihood: Vector, share: Vector) -> Vector:
    log_weight = np.log(np.maximum(share, 1e-300))[:, None] + log_likelihood
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))


def _smoothed(units: Matrix, expected: Matrix, variance: Matrix, movements: Movements) -> Levels:
    """One block of items; arrays have the shape (ways, items)."""
    periods, items = units.shape
    prior = movements.size[:, None] ** 2
    decay = np.exp(-1 / movements.memory)[:, None]
    shape = (periods, prior.size, items)
    ahead, ahead_var, filtered, filtered_var = (np.empty(shape, dtype=np.float32) for _ in range(4))
    fresh = prior * (1 - decay**2)
    mean, var = np.zeros(shape[1:]), np.broadcast_to(prior, shape[1:]).copy()
    squares, product = np.zeros(shape[1:]), np.ones(shape[1:])
    logs = np.zeros(shape[1:])
    surprise = units - expected
    noise = np.where(expected > 0, variance, 1.0)
    for t in range(periods):
        if t:
            mean *= decay
            var *= decay**2
            var += fresh
        ahead[t], ahead_var[t] = mean, var
        h, v = expected[t], noise[t]
        covariance = var * h
        total = covariance * h + v
        error = surprise[t] - mean * h
        gain = covariance / total
        mean += gain * error
        var -= gain * covariance
        filtered[t], filtered_var[t] = mean, var
        squares += error * error / total
        product *= total / v
        if t % _LOG_EVERY == _LOG_EVERY - 1:
            logs += np.log(product)
            product[:] = 1
    likelihood = -0.5 * (squares + logs + np.log(product))
    weight = _posterior(likelihood, movements.share)
    states = (ahead, ahead_var, filtered, filtered_var)
    return Levels(*_backwards(states, prior, decay, weight), movements, weight, likelihood)


def _backwards(
    states: tuple[Matrix, ...], prior: Vector, decay: Vector, weight: Vector
) -> tuple[Matrix, Matrix, Matrix]:
    """Deviation, variance and looseness, mixed over the ways."""
    ahead, ahead_var, filtered, filtered_var = states
    periods, _, items = ahead.shape
    deviation, spread, loose = (np.empty((periods, items), dtype=np.float32) for _ in range(3))
    never = np.where(prior > 0, 0.0, 1.0)  # a level that does not move is the mean itself
    of_prior = np.where(prior > 0, 1 / np.where(prior > 0, prior, 1.0), 0.0)
    mean, var = filtered[-1].astype(np.float64), filtered_var[-1].astype(np.float64)
    for t in range(periods - 1, -1, -1):
        if t < periods - 1:
            back = decay * filtered_var[t] / np.maximum(ahead_var[t + 1], 1e-30)
            mean = filtered[t] + back * (mean - ahead[t + 1])
            var = filtered_var[t] + back**2 * (var - ahead_var[t + 1])
        deviation[t] = (weight * mean).sum(axis=0)
        spread[t] = (weight * (var + (mean - deviation[t]) ** 2)).sum(axis=0)
        loose[t] = (weight * (var * of_prior + never)).sum(axis=0)
    return deviation, np.maximum(spread, 0), loose
