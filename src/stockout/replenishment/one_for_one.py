"""One-for-one replenishment (S - 1, S) where demand that finds no stock is lost.

Each unit sold is ordered again at once. With Poisson demand, and lead times of whatever
distribution that do not depend on each other, units on order behave like busy lines of a telephone
exchange with S lines: a customer is lost exactly when all are busy, with the probability of
Erlang's loss formula.

Sources: Erlang (1917); Karush (1957), "A queuing model for an inventory problem", Operations
Research 5, 693-703; Zipkin, *Foundations of Inventory Management*, section 7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import special

from stockout.forecasting.distribution import poisson_cdf
from stockout.forecasting.families import as_floats
from stockout.forecasting.search import smallest_whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]


def lost_share(base_stock: ArrayLike, lead_time_demand: ArrayLike) -> FloatArray:
    """The share of demand that is lost: ``P(D = S) / P(D <= S)`` with D Poisson (Erlang B).

    Args:
        base_stock: S, whole units on hand and on order together, 0 or more.
        lead_time_demand: Expected demand during the lead time, units: the load.

    Returns:
        Shares; NaN where an argument is negative.

    >>> lost_share([5, 8, 10], [3, 5, 5]).round(7).tolist()
    [0.1100543, 0.0700479, 0.0183846]
    """
    stock, load = as_floats(base_stock, lead_time_demand)
    possible = (stock >= 0) & (load >= 0) & (load < np.inf)
    k, m = np.where(possible, np.floor(stock), 0.0), np.where(possible, load, 1.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        at_all = np.exp(special.xlogy(k, m) - m - special.gammaln(k + 1))
        share = at_all / poisson_cdf(k, m)
    # Far below the load both vanish; what is lost is then what there is no stock for.
    share = np.where(np.isfinite(share), share, np.maximum(1 - k / np.where(m > 0, m, 1.0), 0.0))
    return np.where(possible, share, np.nan)[()]


def base_stock_for_lost_share(share: ArrayLike, lead_time_demand: ArrayLike) -> FloatArray:
    """The smallest S that loses at most this share of demand.

    Args:
        share: Share of demand that may be lost, above 0.
        lead_time_demand: Expected demand during the lead time, units.

    Returns:
        Whole units; infinite where nothing may be lost, NaN where an argument is impossible.

    >>> base_stock_for_lost_share([0.12, 0.02], [3, 5]).tolist()
    [5.0, 10.0]
    """
    share, load = np.broadcast_arrays(*as_floats(share, lead_time_demand))
    possible = (share >= 0) & (load >= 0) & (load < np.inf)
    level = np.where(possible, np.where((share > 0) | (load == 0), 0.0, np.inf), np.nan)
    search = possible & (share > 0) & (load > 0)
    allowed, m = share[search], load[search]
    level[search] = smallest_whole(
        lambda k, where: lost_share(k, m[where]) <= allowed[where], guess=m + np.sqrt(m)
    )
    return level[()]
