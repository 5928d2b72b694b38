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

_LOG_EVERY = 4  # a product of so many variance ratios stays within a float of single precision


class _Way(NamedTuple):
    """How states move from one period to the next; all (ways, 1)."""

    prior: Matrix  # variance of the state before anything is seen
    decay: Matrix  # part of the state that is left
    squared: Matrix  # part of its variance that is left
    fresh: Matrix  # variance that comes in

    @classmethod
    def of(cls, size: Vector, memory: Vector) -> _Way:
        prior, decay = size[:, None] ** 2, np.exp(-1 / memory)[:, None]
        parts = (prior, decay, decay**2, prior * (1 - decay**2))
        return cls(*(np.asarray(part, dtype=np.float32) for part in parts))


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

    In single precision: a variance only shrinks by factors and grows by what comes in, so nothing
    cancels.

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
    squares, information, score, logs = np.zeros((4, *shape[1:]), dtype=np.float32)
    product, gain, total, error, shift, room = np.ones((6, *shape[1:]), dtype=np.float32)
    noise = np.where(slope > 0, variance, np.float32(1))
    precision = 1 / noise
    for t in range(periods):
        mean, effect, var = means[t], effects[t], variances[t]
        if t:
            np.multiply(means[t - 1], way.decay, out=mean)
            np.multiply(effects[t - 1], way.decay, out=effect)
            np.multiply(variances[t - 1], way.squared, out=var)
            var += way.fresh
        else:
            mean[:], effect[:], var[:] = 0, 0, way.prior
        own, h, v = surprise[t], slope[t], noise[t]
        np.multiply(var, h, out=gain)
        np.multiply(gain, h, out=total)
        total += v
        product *= np.multiply(total, precision[t], out=room)
        part = np.divide(1, total, out=total)
        gain *= part
        np.multiply(mean, h, out=error)
        np.subtract(own, error, out=error)
        np.subtract(1, effect, out=shift)
        shift *= h
        mean += np.multiply(gain, error, out=room)
        effect += np.multiply(gain, shift, out=room)
        np.multiply(error, part, out=gain)
        squares += np.multiply(error, gain, out=room)
        score += np.multiply(shift, gain, out=room)
        np.multiply(shift, part, out=gain)
        information += np.multiply(shift, gain, out=room)
        part *= v
        var *= part
        if t % _LOG_EVERY == _LOG_EVERY - 1:
            logs += np.log(product, out=product)
            product[:] = 1
    likelihood = -0.5 * (squares + logs + np.log(product)).astype(np.float64)
    found = (information.astype(np.float64), score.astype(np.float64), likelihood)
    return Filtered(way, means, effects, variances, *found)


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
    centre, part, part_of_variance = (
        np.asarray(each, dtype=np.float32) for each in (shift, weight, weight * shift_variance)
    )
    mean, effect, var = (m[-1].copy() for m in states[1:4])
    back, ahead, moved = np.empty((3, ways, items), dtype=np.float32)
    for t in range(periods - 1, -1, -1):
        if t < periods - 1:
            own = states.variance[t]
            np.multiply(way.squared, own, out=ahead)
            ahead += way.fresh
            np.multiply(way.decay, own, out=back)
            back /= np.maximum(ahead, 1e-30, out=moved)
            var -= ahead
            var *= np.square(back, out=ahead)
            var += own
            _step_back(mean, states.mean[t], back, way.decay, moved)
            _step_back(effect, states.effect[t], back, way.decay, moved)
        np.subtract(1, effect, out=moved)
        np.multiply(centre, moved, out=back)
        back += mean
        smooth[t] = np.multiply(part, back, out=ahead).sum(axis=0)
        back -= smooth[t]
        np.square(back, out=back)
        back += var
        back *= part
        spread[t] = back.sum(axis=0)
        np.square(moved, out=moved)
        moved *= part_of_variance
        loose[t] = np.sqrt(moved.sum(axis=0))
    return smooth, np.maximum(spread, 0), loose


def _step_back(state: Matrix, known: Matrix, back: Matrix, decay: Matrix, room: Matrix) -> None:
    """Makes the smoothed state of a period that of the one before, which was ``known`` by then."""
    state -= np.multiply(decay, known, out=room)
    state *= back
    state += known
