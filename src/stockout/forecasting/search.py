"""The smallest number that is enough, whole or real, for many questions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def smallest_whole(
    reaches: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.bool_]],
    guess: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The smallest whole number k >= 0 for which ``reaches`` holds, for each question.

    Brackets the answer by doubling steps from the guess, then halves the bracket. The number of
    rounds grows with the logarithm of the guess's error (two when it is right), and each round asks
    only about the questions that are not settled.

    Args:
        reaches: ``reaches(k, where)`` says of each question ``where[j]`` whether ``k[j]`` is
            enough. What is enough stays enough for every larger number, and some number is.
        guess: A finite number near the answer, one a question.

    >>> squares = np.array([0.0, 2.0, 9.0, 1e6])
    >>> smallest_whole(lambda k, where: k * k >= squares[where], guess=np.full(4, 2.0)).tolist()
    [0.0, 2.0, 3.0, 1000.0]
    """
    high = np.maximum(np.ceil(guess), 0.0)
    low = high - 1
    too_low = np.flatnonzero(~reaches(high, np.arange(high.size)))
    first_enough = np.ones(high.size, dtype=bool)
    first_enough[too_low] = False
    _raise(reaches, low, high, too_low)
    _lower(reaches, low, high, np.flatnonzero(first_enough))
    return _halve(reaches, low, high)


def smallest_real(
    reaches: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.bool_]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    precision: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The smallest x in [low, high] for which ``reaches`` holds, for each question.

    Halves the brackets, each until it is narrower than its precision (or than what a float can
    tell apart).

    Args:
        reaches: As for :func:`smallest_whole`; ``high`` is enough.
        low: One a question.
        high: One a question, of the same shape. Where a bracket is not finite nothing is searched
            and its upper end is the answer.
        precision: One a question.

    >>> squares = np.array([2.0, 9.0])
    >>> smallest_real(
    ...     lambda x, where: x * x >= squares[where], np.zeros(2), np.full(2, 9.0), np.full(2, 1e-9)
    ... ).round(6).tolist()
    [1.414214, 3.0]
    """
    low, high = low.copy(), high.copy()
    todo = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    while todo.size:
        middle = (low[todo] + high[todo]) / 2
        enough = reaches(middle, todo)
        high[todo[enough]] = middle[enough]
        low[todo[~enough]] = middle[~enough]
        finest = np.maximum(precision[todo], np.spacing(np.abs(high[todo])))
        todo = todo[high[todo] - low[todo] > finest]
    return high


def _raise(
    reaches: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.bool_]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    todo: NDArray[np.intp],
) -> None:
    """Moves brackets whose upper end is not enough upwards until it is."""
    step = 1.0
    while todo.size:
        low[todo] = high[todo]
        high[todo] += step
        step *= 2
        todo = todo[~reaches(high[todo], todo)]


def _lower(
    reaches: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.bool_]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    todo: NDArray[np.intp],
) -> None:
    """Moves brackets whose lower end is already enough downwards until it is not, or is -1."""
    step = 1.0
    while True:
        todo = todo[low[todo] >= 0]
        todo = todo[reaches(low[todo], todo)] if todo.size else todo
        if not todo.size:
            return
        high[todo] = low[todo]
        low[todo] = np.maximum(low[todo] - step, -1)
        step *= 2


def _halve(
    reaches: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.bool_]],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Halves the brackets (low, high] until no whole number lies between their ends."""
    while True:
        middle = np.floor((low + high) / 2)
        todo = np.flatnonzero((middle > low) & (middle < high))
        if not todo.size:
            return high
        enough = reaches(middle[todo], todo)
        high[todo[enough]] = middle[todo[enough]]
        low[todo[~enough]] = middle[todo[~enough]]
