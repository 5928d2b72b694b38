"""The moving level of demand: how far above or below its mean each item is in each period.

The logarithm of level over mean forgets itself (an AR(1) process, the discrete Ornstein-Uhlenbeck
process) and is smoothed from the sales on both sides by the Kalman filter and the
Rauch-Tung-Striebel smoother, linearised around the last estimate (the iterated extended Kalman
smoother; Bell 1994, "The iterated Kalman smoother as a Gauss-Newton method"). How strongly and how
fast levels move is not assumed: several pairs of size and memory compete, each item mixes them by
how well they predicted it one period ahead, and the odds before that are the shares with which all
items together chose them (empirical Bayes). Where nothing was seen for long, the level returns to
the mean, and its variance grows. The mean itself is estimated along with the level, by augmenting
the filter with its effect on the errors (de Jong 1991, "The diffuse Kalman filter"), between what
the item shows and what it is expected to be.

The smoothed level is a posterior mean. Stock runs out when demand is high, but whether it does is
decided by sales and stock, which are all in the data; given them, a posterior mean is not biased by
the selection. Leaving out days with a stockout is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import for_columns
from stockout.demand.level_filter import filtered, smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Vector = NDArray[np.float64]

MEMORIES = (1, 3, 9, 27)
"""Memories tried, in multiples of the shortest: each about the square root of ten longer, so that
with ten days the longest is most of a year."""

SIZES = (0.1, 0.2, 0.4, 0.8)
"""Standard deviations of the log level that are tried, each twice the one before: from hardly
any movement to demand that multiplies and vanishes."""

_LOWEST = 0.05  # level that the first, linear step is taken for at least
_LONGEST_STEP = 1.0  # of a logarithm from one linearisation to the next: it has to hold there

_BLOCK = 24_576  # items times movements at a time: their states fit the processor's memory
_NEGLIGIBLE = 0.003  # share of items below which a movement is no longer tried
_SAMPLE = 2048  # items that tell which those are; a negligible share is six of them
_ROUNDS = 50  # of the mixture's shares; they are good to three digits well before


class Movements(NamedTuple):
    """Ways in which levels may move, and the share of items that move so."""

    size: Vector  # (ways,) standard deviation of the log level; 0 does not move
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


class Centre(NamedTuple):
    """What is expected of the items' means before their sales are seen."""

    mean: Vector  # (items,) log of it over the last estimate
    variance: Vector  # (items,) 0 where the mean is given

    @classmethod
    def given(cls, items: int) -> Centre:
        """Means that are not in question."""
        return cls(np.zeros(items), np.zeros(items))


class Levels(NamedTuple):
    """Smoothed levels, and how sure they are."""

    log: Matrix  # (periods, items) log of level over mean
    variance: Matrix  # (periods, items) of the log, were the mean known
    loose: Matrix  # (periods, items) standard deviation of the log by that of the mean
    centre: Vector  # (items,) log of the item's own mean over its last estimate
    movements: Movements  # the ways that were tried
    weight: Vector  # (ways, items) how much each item moves in each way
    log_likelihood: Vector  # (ways, items)

    @classmethod
    def at_rest(cls, periods: int, items: int) -> Levels:
        """Levels that are not known to move."""
        nothing, alone = np.zeros((periods, items), np.float32), np.ones((1, items))
        way = Movements(np.zeros(1), np.ones(1), np.ones(1))
        return cls(nothing, nothing, nothing, np.zeros(items), way, alone, alone * 0)

    def of(self, items: slice) -> Levels:
        """The levels of some items."""
        log, variance, loose = (matrix[:, items] for matrix in self[:3])
        return self._replace(log=log, variance=variance, loose=loose)

    @property
    def factor(self) -> Matrix:
        """(periods, items) expected level over mean: that of a log-normal variable."""
        return np.asarray(np.exp(self.log + (self.variance + self.loose**2) / 2))

    @property
    def middle(self) -> Matrix:
        """(periods, items) median of level over mean: where the next linearisation is."""
        return np.asarray(np.exp(self.log))

    def average(self, of_way: Vector) -> Vector:
        """(items,) mean over the ways by each item's weights of a (ways,) quantity."""
        return np.asarray(of_way @ self.weight)

    def shares(self, *, pruned: bool = False) -> Movements:
        """The ways with the shares of items that move so; or only those worth trying again."""
        share = chosen_shares(self.log_likelihood, self.movements.share)
        return self.movements.kept(share) if pruned else self.movements._replace(share=share)


class Observed(NamedTuple):
    """Units seen, ``expected * level + noise``; all matrices (periods, items)."""

    units: Matrix
    expected: Matrix  # at the mean level; 0 where nothing was seen
    variance: Matrix  # of the noise; positive wherever something was expected


def smoothed_levels(
    seen: Observed, movements: Movements, centre: Centre, last: Levels | None = None
) -> Levels:
    """Smooths the level of every item.

    Args:
        seen: What was sold, and what the mean level would have sold.
        movements: The ways in which levels may move.
        centre: What is expected of the mean of the levels.
        last: Levels of the pass before, to linearise around; None for a first, linear step.

    >>> units = np.array([[2.0] * 20 + [8.0] * 20], dtype=np.float32).T
    >>> seen = Observed(units, np.full_like(units, 4), np.full_like(units, 4))
    >>> levels = smoothed_levels(seen, Movements.to_try(10), Centre.given(1))
    >>> levels = smoothed_levels(seen, levels.shares(), Centre.given(1), levels)
    >>> levels.factor[[5, 34], 0].astype(float).round(1).tolist()
    [0.6, 2.0]
    """
    units, slope, variance = seen
    if last is not None:
        slope = slope * last.middle
        surprise = units - slope * (1 - last.log)
        found = _in_blocks(Observed(surprise, slope, variance), movements, centre)
        log = np.clip(found.log, last.log - _LONGEST_STEP, last.log + _LONGEST_STEP)
    else:
        found = _in_blocks(Observed(units - slope, slope, variance), movements, centre)
        log = np.log(np.maximum(1 + found.log, np.float32(_LOWEST)))
        found = found._replace(centre=np.log(np.maximum(1 + found.centre, _LOWEST)))
    return found._replace(log=log - np.asarray(found.centre, dtype=np.float32))


def worth_trying(seen: Observed, movements: Movements, centre: Centre) -> Movements:
    """The ways in which evenly spaced items move, where there are more than are needed to tell.

    Args:
        seen: What was sold, and what the mean level would have sold.
        movements: The ways to choose from.
        centre: What is expected of the mean of the levels.
    """
    step = -(-seen.units.shape[1] // _SAMPLE)
    if step == 1:
        return movements
    some = slice(None, None, step)
    part = Observed(*(np.ascontiguousarray(matrix[:, some]) for matrix in seen))
    of_some = Centre(centre.mean[some], centre.variance[some])
    return smoothed_levels(part, movements, of_some).shares(pruned=True)


def _in_blocks(seen: Observed, movements: Movements, centre: Centre) -> Levels:
    """Smooths the state of ``units = expected * state + noise``, some items at a time."""
    periods, items = seen.units.shape
    ways = movements.size.size
    state, spread, loose = (np.empty((periods, items), dtype=np.float32) for _ in range(3))
    own, weight, likelihood = np.empty(items), np.empty((ways, items)), np.empty((ways, items))

    def smooth(at: slice) -> None:
        part = _smoothed(
            Observed(*(matrix[:, at] for matrix in seen)),
            movements,
            Centre(centre.mean[at], centre.variance[at]),
        )
        state[:, at], spread[:, at], loose[:, at] = part.log, part.variance, part.loose
        own[at], weight[:, at], likelihood[:, at] = part.centre, part.weight, part.log_likelihood

    for_columns(smooth, items, width=max(64, _BLOCK // ways))
    return Levels(state, spread, loose, own, movements, weight, likelihood)


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


def _smoothed(seen: Observed, movements: Movements, centre: Centre) -> Levels:
    """One block of items."""
    states = filtered(*seen, movements.size, movements.memory)
    # the shift of the mean: normal around the centre, updated by its information and score
    unsure = centre.variance > 0
    precision = np.where(unsure, 1 / np.where(unsure, centre.variance, 1), np.inf)
    with np.errstate(invalid="ignore"):
        shift = (states.score + precision * centre.mean) / (states.information + precision)
    shift = np.where(unsure, shift, centre.mean)
    shift_variance = np.where(unsure, 1 / (states.information + precision), 0)
    likelihood = (
        states.log_likelihood
        + states.score * shift
        - 0.5 * states.information * shift**2
        - 0.5 * np.where(unsure, precision, 0) * (shift - centre.mean) ** 2
        - 0.5 * np.log1p(centre.variance * states.information)
    )
    weight = _posterior(likelihood, movements.share)
    state, spread, loose = smoothed(states, shift, shift_variance, weight)
    own = (weight * shift).sum(axis=0)
    return Levels(state, spread, loose, own, movements, weight, likelihood)
