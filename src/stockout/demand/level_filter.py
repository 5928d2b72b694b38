"""The recursions of :mod:`stockout.demand.levels`: Kalman filter forwards, smoother backwards.

Every step works on a (ways, items) array of states in place. A block of items whose states fit the
processor's memory takes half the time of one that does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Vector = NDArray[np.float64]

_LOG_EVERY = 16  # a product of so many variance ratios stays within a float


class _Way(NamedTuple):
    """How states move from one period to the next; all (ways, 1)."""

    prior: Vector  # variance of the state before anything is seen
    decay: Vector  # part of the state that is left
    squared: Vector  # part of its variance that is left
    fresh: Vector  # variance that comes in

    @classmethod
    def of(cls, size: Vector, memory: Vector) -> _Way:
        prior, decay = size[:, None] ** 2, np.exp(-1 / memory)[:, None]
        return cls(prior, decay, decay**2, prior * (1 - decay**2))


class Filtered(NamedTuple):
    """States after each period, (periods, ways, items), and what they say of the mean.

    The filtered state is ``mean - c * effect`` where the mean is shifted by ``c``.
    """

    way: _Way
    mean: Matrix
    effect: Matrix
    variance: Matrix
    information: Vector  # (ways, items) of the shift
    score: Vector
    log_likelihood: Vector  # without a shift


def filtered(
    surprise: Matrix, slope: Matrix, variance: Matrix, size: Vector, memory: Vector
) -> Filtered:
    """States of ``surprise = slope * state + noise``, each given the periods up to its own.

    Args:
        surprise: (periods, items).
        slope: (periods, items), 0 where nothing was seen.
        variance: (periods, items) of the noise.
        size: (ways,) standard deviation of the state.
        memory: (ways,) periods after which a deviation has decayed to 1 / e.
    """
    way = _Way.of(size, memory)
    periods, items = surprise.shape
    shape = (periods, size.size, items)
    means, effects, variances = (np.empty(shape, dtype=np.float32) for _ in range(3))
    mean, effect, squares, information, score, logs = np.zeros((6, *shape[1:]))
    product, covariance, total, gain, error, shift = np.ones((6, *shape[1:]))
    var = np.broadcast_to(way.prior, shape[1:]).copy()
    noise = np.where(slope > 0, variance, 1.0)
    seen = np.empty((3, items))  # a row in double precision, as a mixture of both is slow
    for t in range(periods):
        if t:
            mean *= way.decay
            effect *= way.decay
            var *= way.squared
            var += way.fresh
        seen[:] = surprise[t], slope[t], noise[t]
        own, h, v = seen
        np.multiply(var, h, out=covariance)
        np.multiply(covariance, h, out=total)
        total += v
        np.divide(covariance, total, out=gain)
        np.multiply(mean, h, out=error)
        np.subtract(own, error, out=error)
        np.subtract(1, effect, out=shift)
        shift *= h
        covariance *= gain
        var -= covariance
        mean += np.multiply(gain, error, out=covariance)
        gain *= shift
        effect += gain
        means[t], effects[t], variances[t] = mean, effect, var
        np.divide(error, total, out=gain)
        error *= gain
        squares += error
        gain *= shift
        score += gain
        shift *= shift
        shift /= total
        information += shift
        total /= v
        product *= total
        if t % _LOG_EVERY == _LOG_EVERY - 1:
            logs += np.log(product, out=product)
            product[:] = 1
    likelihood = -0.5 * (squares + logs + np.log(product))
    return Filtered(way, means, effects, variances, information, score, likelihood)


def smoothed(
    states: Filtered, shift: Vector, shift_variance: Vector, weight: Vector
) -> tuple[Matrix, Matrix, Matrix]:
    """States given all periods, mixed over the ways.

    Args:
        states: From :func:`filtered`.
        shift: (ways, items) shift of the mean.
        shift_variance: (ways, items) of the shift.
        weight: (ways, items) how much each item moves in each way.

    Returns:
        (periods, items) states, their variances for a known mean, and their standard deviations by
        the error of the mean.
    """
    periods, ways, items = states.mean.shape
    way = states.way
    smooth, spread, loose = (np.empty((periods, items), dtype=np.float32) for _ in range(3))
    weighted_variance = weight * shift_variance
    mean, effect, var = (m[-1].astype(np.float64) for m in states[1:4])
    own, back, ahead, moved = np.empty((4, ways, items))
    for t in range(periods - 1, -1, -1):
        if t < periods - 1:
            own[:] = states.variance[t]
            np.multiply(way.squared, own, out=ahead)
            ahead += way.fresh
            np.multiply(way.decay, own, out=back)
            back /= np.maximum(ahead, 1e-30, out=moved)
            var -= ahead
            var *= np.square(back, out=ahead)
            var += own
            _step_back(mean, states.mean[t], back, way.decay, (own, moved))
            _step_back(effect, states.effect[t], back, way.decay, (own, moved))
        np.subtract(1, effect, out=moved)
        np.multiply(shift, moved, out=back)
        back += mean
        smooth[t] = np.multiply(weight, back, out=own).sum(axis=0)
        back -= smooth[t].astype(np.float64)
        np.square(back, out=back)
        back += var
        back *= weight
        spread[t] = back.sum(axis=0)
        np.square(moved, out=moved)
        moved *= weighted_variance
        loose[t] = np.sqrt(moved.sum(axis=0))
    return smooth, np.maximum(spread, 0), loose


def _step_back(
    state: Vector, known: Matrix, back: Vector, decay: Vector, room: tuple[Vector, Vector]
) -> None:
    """Makes the smoothed state of a period that of the one before, which was ``known`` by then."""
    own, moved = room
    own[:] = known
    state -= np.multiply(decay, own, out=moved)
    state *= back
    state += own
