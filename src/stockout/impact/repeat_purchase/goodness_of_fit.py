"""Whether a model of repeat purchases fits: how many bought how often, and what came afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from scipy import special

from stockout.errors import NotKnownError
from stockout.impact.repeat_purchase.likelihood import group_rows
from stockout.impact.repeat_purchase.models import fit_model, prospects
from stockout.impact.repeat_purchase.purchase_history import SHORTEST_HOLDOUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.impact.repeat_purchase.models import Fit
    from stockout.impact.repeat_purchase.purchase_history import PurchaseHistory

    Vector = NDArray[np.float64]

CLASSES = 8
"""Customers with 0, 1, ..., 6, and 7 or more repeat purchases: Fader, Hardie & Lee (2005)."""

MOST_MISPLACED = 0.03
"""Share of customers that a fitting model puts into a wrong class at most: the index of
dissimilarity, of which .03 is the usual line (Kuha & Firth 2011)."""

CHANCE = 0.01
"""And the chi-square test must say that it is not chance."""

MOST_ERROR = 0.2
"""Share by which the purchases of a holdout may differ from the predicted ones; our own line: on
CDNOW the models are 2 to 5 % off (benchmarks/repeat_purchase.py)."""

_TIMES = 1000  # distinct T that the expected histogram is computed for; others are put with these
_HALF = 0.5  # expected customers below which a class tells nothing to chi-square


class UnfittedError(NotKnownError):
    """There is a holdout, but the model finds no maximum before it: a sign that it does not fit."""


class CountCheck(NamedTuple):
    """Customers by their number of repeat purchases, observed and expected."""

    observed: Vector  # (classes,)
    expected: Vector  # (classes,)
    misplaced: float  # share of customers in a wrong class
    chi_square: float
    degrees: int
    p_value: float

    @property
    def fits(self) -> bool:
        """Whether what differs is little, or chance."""
        return self.misplaced <= MOST_MISPLACED or self.p_value >= CHANCE


class Holdout(NamedTuple):
    """Purchases after the first two thirds of the history, predicted from these."""

    fitted_weeks: float
    weeks: float
    customers: int
    observed: float  # purchases
    expected: float
    by_class: pl.DataFrame  # repeat_purchases, customers, observed, expected (means a customer)

    @property
    def error(self) -> float | None:
        """Expected over observed, less 1; None where nobody bought."""
        return self.expected / self.observed - 1 if self.observed else None

    @property
    def fits(self) -> bool:
        """Whether the sum is near enough."""
        return self.error is not None and abs(self.error) <= MOST_ERROR


def check_counts(fit: Fit) -> CountCheck:
    """Compares how many customers bought how often with what the model expects.

    Args:
        fit: A model that has converged.
    """
    groups = fit.groups
    x, weeks = groups.x[groups.at_x], groups.end.time[groups.at_end]
    observed = np.bincount(np.minimum(x, CLASSES - 1).astype(int), groups.number, CLASSES).astype(
        float
    )
    times, number = _few_times(weeks, groups.number)
    each = fit.model.count_probabilities(fit.parameters, times, CLASSES - 1)
    each = np.column_stack([each, np.clip(1 - each.sum(axis=1), 0, None)])
    expected = number @ each
    tells = expected > _HALF
    chi_square = float(((observed - expected)[tells] ** 2 / expected[tells]).sum())
    degrees = max(int(tells.sum()) - 1 - fit.parameters.size, 1)
    return CountCheck(
        observed,
        expected,
        float(np.abs(observed - expected).sum() / 2 / observed.sum()),
        chi_square,
        degrees,
        float(special.chdtrc(degrees, chi_square)),
    )


def check_holdout(name: str, history: PurchaseHistory) -> Holdout:
    """Fits the model to the first two thirds of the history and predicts the rest.

    Args:
        name: The model.
        history: Purchases from sales.

    Raises:
        NotKnownError: There is no holdout, or too few customers before it.
        UnfittedError: The model finds no maximum before it.
    """
    if history.holdout_from is None or history.as_of is None:
        raise NotKnownError(
            "a summary has none"
            if not history.from_sales
            else f"the history is shorter than {3 * SHORTEST_HOLDOUT} weeks"
        )
    early = history.customers.filter(pl.col("early_frequency").is_not_null())
    after = (history.as_of - history.holdout_from).days / 7
    x = early["early_frequency"].to_numpy()
    t_x = early["early_recency"].to_numpy()
    T = early["T"].to_numpy() - after  # noqa: N806 - the field's symbol
    fit = fit_model(name, x, t_x, T)
    if not fit.maximum.converged:
        raise UnfittedError(f"no fit to the first two thirds: {fit.maximum.reason}")
    groups = group_rows(x, t_x, T, np.ones(x.size))
    expected = prospects(fit, groups, np.array([after])).expected[:, 0]
    later = early["frequency"].to_numpy() - x
    by_class = (
        pl.DataFrame({"class": np.minimum(x, CLASSES - 1), "observed": later, "expected": expected})
        .group_by("class")
        .agg(pl.len().alias("customers"), pl.col("observed", "expected").mean())
        .sort("class")
        .select(
            repeat_purchases=pl.col("class").cast(pl.Int64).cast(pl.String)
            + pl.when(pl.col("class") == CLASSES - 1).then(pl.lit("+")).otherwise(pl.lit("")),
            customers="customers",
            observed="observed",
            expected="expected",
        )
    )
    return Holdout(
        float(T.max()), after, x.size, float(later.sum()), float(expected.sum()), by_class
    )


def class_names() -> list[str]:
    """What the classes are called: 0, 1, ..., 7+."""
    return [*(str(k) for k in range(CLASSES - 1)), f"{CLASSES - 1}+"]


def _few_times(weeks: Vector, count: Vector) -> tuple[Vector, Vector]:
    """At most a thousand distinct T, and the customers of each."""
    times, at = np.unique(weeks, return_inverse=True)
    number = np.bincount(at, count).astype(float)
    if times.size <= _TIMES:
        return times, number
    part = np.minimum((np.cumsum(number) - number) / number.sum() * _TIMES, _TIMES - 1).astype(int)
    parts = np.bincount(part, number, _TIMES).astype(float)
    mean = np.bincount(part, number * times, _TIMES) / np.maximum(parts, 1)
    return mean[parts > 0], parts[parts > 0]
