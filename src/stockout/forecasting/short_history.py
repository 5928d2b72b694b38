"""Demand of items with too short a history: between their own mean and that of their category."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


class Level(NamedTuple):
    """Level of demand a period, and how uncertain it is."""

    mean: Matrix  # (items,) expected demand of a period of index 1
    relative_variance: Matrix  # (items,) variance of that expectation over its square


class Prior(NamedTuple):
    """Rates of the established items of each category."""

    mean: Matrix  # (categories,)
    variance: Matrix  # (categories,)


_MIN_PEERS = 5  # a variance of fewer rates says little; such a category uses all items


def prior_of_rates(
    rate: Matrix, established: NDArray[np.bool_], codes: NDArray[np.int64], categories: int
) -> Prior:
    """Mean and variance of the rates of established items, by category.

    Args:
        rate: (items,) mean demand a period.
        established: (items,) items whose rate is known and that are still sold.
        codes: (items,) category of each item.
        categories: Number of categories.
    """
    use = established & np.isfinite(rate)
    rates = rate[use]
    overall_mean = float(rates.mean()) if rates.size else 0.0
    overall_var = float(rates.var()) if rates.size > 1 else overall_mean**2
    count = np.bincount(codes[use], minlength=categories).astype(np.float64)
    total = np.bincount(codes[use], weights=rates, minlength=categories)
    squares = np.bincount(codes[use], weights=rates**2, minlength=categories)
    mean = np.where(count > 0, total / np.maximum(count, 1), overall_mean)
    variance = np.where(count > 0, squares / np.maximum(count, 1) - mean**2, overall_var)
    enough = count >= _MIN_PEERS
    return Prior(
        np.where(enough, mean, overall_mean), np.where(enough, variance.clip(0), overall_var)
    )


def shrunk_level(
    sold: Matrix, seen: Matrix, noise: Matrix, prior: Prior, codes: NDArray[np.int64]
) -> Level:
    """Linear Bayes (Buehlmann) estimate of the rate from a few periods and the category.

    Args:
        sold: (items,) demand in the observed periods, season divided out.
        seen: (items,) number of observed periods; 0 gives the category's mean.
        noise: (items,) variance-to-mean ratio of one period.
        prior: Rates of the categories.
        codes: (items,) category of each item.

    Source:
        Buehlmann & Gisler (2005), "A Course in Credibility Theory", ch. 3.

    >>> prior = Prior(np.array([2.0]), np.array([1.0]))
    >>> one = np.ones(1)
    >>> shrunk_level(0 * one, 0 * one, one, prior, np.array([0])).mean.tolist()
    [2.0]
    """
    m, v = prior.mean[codes], prior.variance[codes]
    evidence = seen * v
    credibility = np.where(evidence > 0, evidence / (evidence + noise * m + 1e-12), 0.0)
    # With no established item to lean on, the item's own mean is all there is.
    credibility = np.where((m <= 0) & (seen > 0), 1.0, credibility)
    own = np.where(seen > 0, sold / np.maximum(seen, 1), 0.0)
    mean = m + credibility * (own - m)
    variance = np.where(m > 0, (1 - credibility) * v, noise * mean / np.maximum(seen, 1))
    return Level(mean, np.where(mean > 0, variance / np.where(mean > 0, mean, 1.0) ** 2, 0.0))
