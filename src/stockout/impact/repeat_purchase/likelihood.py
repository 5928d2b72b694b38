"""The shape that all likelihoods of repeat purchases here have, and their sums over customers.

A customer is (x, t_x, T): repeat purchases, the time of the last one and the time under watch, both
in weeks since the first purchase. In each model he is still there at T, or left after t_x, so

    ln L(x, t_x, T) = c(x) + ln(exp A(x, T) + exp B(x, t_x)).

Each part depends on one time only, so it is computed for the distinct (x, T) and (x, t_x): a
million customers whose times are whole days have some ten thousand of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]


_LOOK, _ALL_DIFFER = 100_000, 0.8
"""Where most of so many customers differ, as with times by the second, equals are not counted."""


class Pairs(NamedTuple):
    """Distinct pairs of a number of repeat purchases and a time."""

    x: Vector  # (pairs,) repeat purchases
    time: Vector  # (pairs,) weeks


class Part(NamedTuple):
    """One part of the log-likelihood at each pair, with its derivatives by the parameters."""

    value: Vector  # (n,)
    gradient: Matrix  # (4, n)
    hessian: dict[tuple[int, int], Vector]  # (n,) of i <= j; what is not there is 0


class Grouped(NamedTuple):
    """Customers with the same (x, t_x, T) counted once, and the distinct pairs that these use."""

    number: Vector  # (groups,) customers
    x: Vector  # distinct numbers of repeat purchases
    at_x: Indices  # (groups,) into x
    end: Pairs  # distinct (x, T)
    at_end: Indices  # (groups,) into end
    last: Pairs  # distinct (x, t_x)
    at_last: Indices  # (groups,) into last

    @property
    def customers(self) -> float:
        """How many there are."""
        return float(self.number.sum())


class Likelihood(Protocol):
    """A model of repeat purchases, by its parts; parameters are positive and in natural units."""

    def of_count(self, parameters: Vector, x: Vector) -> Part:
        """c(x)."""

    def still_there(self, parameters: Vector, pairs: Pairs) -> Part:
        """A(x, T)."""

    def gone(self, parameters: Vector, pairs: Pairs) -> Part:
        """B(x, t_x); -inf where nobody can have left."""


class Sums(NamedTuple):
    """A log-likelihood with its derivatives by the logs of the parameters."""

    value: float
    gradient: Vector  # (parameters,)
    hessian: Matrix  # (parameters, parameters)


def grouped(x: Vector, t_x: Vector, T: Vector) -> Grouped:  # noqa: N803 - the field's symbol
    """Counts equal customers.

    Args:
        x: (customers,) repeat purchases.
        t_x: (customers,) weeks from the first purchase to the last.
        T: (customers,) weeks from the first purchase to the end.

    >>> both = grouped(np.array([2.0, 2.0]), np.array([3.0, 3.0]), np.array([9.0, 9.0]))
    >>> both.number, both.end.time
    (array([2.]), array([9.]))
    """
    rows = pl.DataFrame({"x": x, "t_x": t_x, "T": T})
    looked = rows.head(_LOOK)
    if looked.is_unique().sum() > _ALL_DIFFER * looked.height:
        return _each_by_itself(x, t_x, T)
    rows = rows.group_by("x", "t_x", "T").len("number").sort("x", "t_x", "T")
    return group_rows(
        rows["x"].to_numpy(),
        rows["t_x"].to_numpy(),
        rows["T"].to_numpy(),
        rows["number"].cast(pl.Float64).to_numpy(),
    )


def _each_by_itself(x: Vector, t_x: Vector, T: Vector) -> Grouped:  # noqa: N803
    """Customers, sorted by x, each with pairs of his own."""
    order = np.argsort(x, kind="stable")
    x, t_x, T = x[order], t_x[order], T[order]  # noqa: N806
    xs, at_x = np.unique(x, return_inverse=True)
    own = np.arange(x.size)
    return Grouped(np.ones(x.size), xs, at_x, Pairs(x, T), own, Pairs(x, t_x), own)


def group_rows(x: Vector, t_x: Vector, T: Vector, number: Vector) -> Grouped:  # noqa: N803
    """The pairs of rows that are distinct already.

    Args:
        x: (rows,) repeat purchases.
        t_x: (rows,) weeks to the last one.
        T: (rows,) weeks to the end.
        number: (rows,) customers.
    """
    xs, at_x = np.unique(x, return_inverse=True)
    end, at_end = _pairs(xs, at_x, T)
    last, at_last = _pairs(xs, at_x, t_x)
    return Grouped(number, xs, at_x, end, at_end, last, at_last)


def _pairs(xs: Vector, at_x: Indices, time: Vector) -> tuple[Pairs, Indices]:
    times, at_time = np.unique(time, return_inverse=True)
    codes, at_pair = np.unique(at_x * times.size + at_time, return_inverse=True)
    return Pairs(xs[codes // times.size], times[codes % times.size]), at_pair


def log_likelihood(model: Likelihood, parameters: Vector, groups: Grouped) -> Sums:
    """The log-likelihood of all customers and its derivatives by the logs of the parameters.

    Args:
        model: The model.
        parameters: (4,) positive.
        groups: Customers.
    """
    own = model.of_count(parameters, groups.x)
    still = model.still_there(parameters, groups.end)
    gone = model.gone(parameters, groups.last)
    at_end, at_last = still.value[groups.at_end], gone.value[groups.at_last]
    both = np.logaddexp(at_end, at_last)
    left = np.exp(at_last - both)  # the probability to have left
    number = groups.number
    of_x = np.bincount(groups.at_x, number, groups.x.size)
    of_end = np.bincount(groups.at_end, number * (1 - left), groups.end.x.size)
    of_last = np.bincount(groups.at_last, number * left, groups.last.x.size)
    value = float(own.value @ of_x + both @ number)
    gradient = own.gradient @ of_x + still.gradient @ of_end + gone.gradient @ of_last
    apart = still.gradient[:, groups.at_end] - gone.gradient[:, groups.at_last]
    hessian = (apart * (number * left * (1 - left))) @ apart.T
    for part, weight in ((own, of_x), (still, of_end), (gone, of_last)):
        for (i, j), bend in part.hessian.items():
            total = bend @ weight
            hessian[i, j] += total
            if i != j:
                hessian[j, i] += total
    return Sums(value, *by_logs(parameters, gradient, hessian))


def by_logs(parameters: Vector, gradient: Vector, hessian: Matrix) -> tuple[Vector, Matrix]:
    """Derivatives by the logs of positive parameters, from those by the parameters.

    >>> gradient, hessian = by_logs(np.array([2.0]), np.array([3.0]), np.array([[5.0]]))
    >>> gradient, hessian
    (array([6.]), array([[26.]]))
    """
    slope = parameters * gradient
    return slope, np.outer(parameters, parameters) * hessian + np.diag(slope)
