"""The models by name, fitted to customers, and what a fitted one says of each customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from stockout.errors import ConfigError, NotKnownError
from stockout.impact.repeat_purchase.beta_geometric import BG_NBD, MBG_NBD
from stockout.impact.repeat_purchase.likelihood import (
    Likelihood,
    group_rows,
    grouped,
    log_likelihood,
)
from stockout.impact.repeat_purchase.maximum_likelihood import maximise
from stockout.impact.repeat_purchase.pareto_nbd import PARETO_NBD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockout.impact.repeat_purchase.likelihood import Grouped, Pairs
    from stockout.impact.repeat_purchase.maximum_likelihood import Maximum

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float64]

ModelName = Literal["mbgnbd", "bgnbd", "pareto"]
"""Names of the models."""

FEWEST_REPEAT_BUYERS = 30
"""Customers who came back that a fit needs at least: four parameters cannot be told from fewer.

Of samples with so many, three in four fits converge, with 20 two in three, with 240 nearly all
(benchmarks/repeat_purchase.py)."""

_SAMPLE = 20_000
"""Groups that the search starts with where there are many more; the last steps see all of them."""


class Model(Likelihood, Protocol):
    """A model of repeat purchases; parameters in natural units, times in weeks."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""

    def start(self, rate: float, weeks: float) -> Vector:
        """Where the search starts, from repeat purchases a week and the mean T."""

    def probability_alive(self, parameters: Vector, end: Pairs) -> Vector:
        """The log-likelihood of being a customer at T, apart from c(x)."""

    def purchases_if_alive(self, parameters: Vector, end: Pairs, weeks: Vector) -> Matrix:
        """(pairs, horizons) purchases expected of who is a customer at T."""

    def count_probabilities(self, parameters: Vector, T: Vector, most: int) -> Matrix:  # noqa: N803
        """(times, most) probabilities of 0, 1, ... repeat purchases."""


MODELS: Mapping[str, Model] = {"mbgnbd": MBG_NBD, "bgnbd": BG_NBD, "pareto": PARETO_NBD}
"""Each model by its name."""


class Fit(NamedTuple):
    """A model fitted to customers."""

    model: Model
    maximum: Maximum
    groups: Grouped

    @property
    def parameters(self) -> Vector:
        """(4,) estimates."""
        return self.maximum.parameters


class Prospects(NamedTuple):
    """What a fitted model says of each group of customers."""

    alive: Vector  # (groups,) probability to be a customer at T
    if_alive: Matrix  # (groups, horizons) expected purchases of who is one

    @property
    def expected(self) -> Matrix:
        """(groups, horizons) expected purchases."""
        return self.alive[:, None] * self.if_alive


def fit_model(
    name: str,
    x: Vector,
    t_x: Vector,
    T: Vector,  # noqa: N803 - the field's symbol
    *,
    fewest: int = FEWEST_REPEAT_BUYERS,
) -> Fit:
    """Fits a model by maximum likelihood.

    Args:
        name: ``mbgnbd``, ``bgnbd`` or ``pareto``.
        x: (customers,) repeat purchases, whole numbers from 0.
        t_x: (customers,) weeks from the first purchase to the last, 0 where x is 0.
        T: (customers,) weeks from the first purchase to the end, at least t_x.
        fewest: Customers who came back that are needed.

    Returns:
        The fit; ``maximum.converged`` says whether a maximum was found.

    Raises:
        ConfigError: There is no such model.
        NotKnownError: Too few customers came back, or no time has passed.

    >>> from stockout.impact.repeat_purchase.models import fit_model
    >>> fit_model("mbgnbd", np.zeros(9), np.zeros(9), np.ones(9))
    Traceback (most recent call last):
    ...
    stockout.errors.NotKnownError: 0 of 9 customers bought again, a model needs 30 who did
    """
    if name not in MODELS:
        raise ConfigError(f"model: found {name!r}, expected {', '.join(MODELS)}")
    again = int((x > 0).sum())
    if again < fewest:
        raise NotKnownError(
            f"{again:,} of {x.size:,} customers bought again, a model needs {fewest} who did"
        )
    if not T.any():
        raise NotKnownError("no time has passed since the first purchase of any customer")
    model, groups = MODELS[name], grouped(x, t_x, T)
    start = model.start(float(x.sum() / T.sum()), float(T.mean()))
    sizes = [_some(groups, groups.number.size // _SAMPLE)] if groups.number.size > _SAMPLE else []
    for part in (*sizes, groups):
        found = maximise(
            lambda parameters, part=part: log_likelihood(model, parameters, part),  # type: ignore[misc]
            start,
            model.parameters,
        )
        if found.converged:
            start = found.parameters
    return Fit(model, found, groups)


def _some(groups: Grouped, every: int) -> Grouped:
    """Each so many-th group."""
    here = slice(None, None, every)
    return group_rows(
        groups.x[groups.at_x[here]],
        groups.last.time[groups.at_last[here]],
        groups.end.time[groups.at_end[here]],
        groups.number[here],
    )


def prospects(fit: Fit, groups: Grouped, weeks: Vector) -> Prospects:
    """P(alive) at T and purchases expected from then on.

    Args:
        fit: A fitted model.
        groups: Any customers.
        weeks: (horizons,) how far ahead.

    >>> from stockout.impact.repeat_purchase.likelihood import grouped
    >>> from stockout.impact.repeat_purchase.maximum_likelihood import Maximum
    >>> one = grouped(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    >>> cdnow = np.array([0.5248387, 6.18299563, 0.89135421, 1.61399203])
    >>> fit = Fit(MBG_NBD, Maximum(cdnow, np.eye(4), 0.0, True, None, 0), one)
    >>> found = prospects(fit, one, np.array([39.0]))
    >>> found.alive.round(5), found.expected.round(5)
    (array([0.70613]), array([[1.26267]]))
    """
    model, parameters = fit.model, fit.parameters
    total = np.logaddexp(
        model.still_there(parameters, groups.end).value[groups.at_end],
        model.gone(parameters, groups.last).value[groups.at_last],
    )
    log_alive = model.probability_alive(parameters, groups.end)[groups.at_end] - total
    if_alive = model.purchases_if_alive(parameters, groups.end, weeks)
    return Prospects(np.exp(np.minimum(log_alive, 0.0)), if_alive[groups.at_end])
