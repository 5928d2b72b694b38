"""Lost units of each period out of stock, with their interval, money and the rule they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stockout.demand.latent import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.latent import Latent
    from stockout.impact.episodes import Episodes
    from stockout.impact.phantom_stock import PhantomStock
    from stockout.impact.selling_prices import Prices

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Vector = NDArray[np.float64]

OUT = "out all period"
PART = "part of the period"
SOLD_OUT = "sold out in the period"
BEYOND = "beyond one lead time"
PHANTOM = "phantom stock"
IN_STOCK = "in stock"
UNKNOWN = "unknown"
RULES = (OUT, PART, SOLD_OUT, BEYOND, PHANTOM, IN_STOCK, UNKNOWN)
"""Why a row has the lost units that it has."""


class Losses(NamedTuple):
    """Periods that may have lost sales, each with what was lost; all arrays (cells,).

    They are those of :class:`Episodes`, in its order, and after them those of phantom stock.
    """

    t: Rows
    item: Rows
    lost: Vector  # units; nan where demand is not known
    low: Vector  # 5 % of what may have been lost is below
    high: Vector  # 95 %
    unmet: Vector  # units wanted and not sold, whether they count as lost or not
    phantom: Vector  # units wanted while the stock was probably not there
    price: Vector  # nan where it is not known
    margin: Vector  # of a unit, nan where price or cost is not known
    rule: NDArray[np.int64]  # place in RULES
    episode: Rows  # -1 for phantom stock


def losses(  # noqa: PLR0917 - what is known, from the demand to the money
    latent: Latent,
    episodes: Episodes,
    beyond: Flags,
    phantom: PhantomStock,
    prices: Prices,
    unit_cost: Vector,
    *,
    include_phantom: bool,
) -> Losses:
    """Puts together what every period out of stock lost.

    Args:
        latent: Latent demand.
        episodes: Episodes of the same history.
        beyond: As from :func:`stockout.impact.episodes.beyond_lead_time`.
        phantom: Runs with stock that was probably not there.
        prices: Selling prices.
        unit_cost: (items,) cost of a unit, nan where it is not known.
        include_phantom: Count what was wanted in them as lost.
    """
    history = latent.history
    t, item = np.append(episodes.t, phantom.t), np.append(episodes.item, phantom.item)
    own = latent.lost(episodes.t, episodes.item)
    mean, low, high = (np.where(beyond, 0.0, values) for values in own)
    added = np.where(include_phantom, phantom.units, 0.0)
    interval = _demand_interval(phantom) if include_phantom else (added, added)
    price = prices.at(t, item)
    return Losses(
        t=t,
        item=item,
        lost=np.append(mean, added),
        low=np.append(low, interval[0]),
        high=np.append(high, interval[1]),
        unmet=np.append(own[0], added),
        phantom=np.append(np.zeros(mean.size), phantom.units),
        price=price,
        margin=price - unit_cost[item],
        rule=np.append(
            _rules(history, episodes, beyond, np.isnan(mean)),
            np.full(phantom.t.size, RULES.index(PHANTOM)),
        ),
        episode=np.append(episodes.of, np.full(phantom.t.size, -1)),
    )


def _rules(
    history: History, episodes: Episodes, beyond: Flags, unknown: Flags
) -> NDArray[np.int64]:
    share = history.share[episodes.t, episodes.item]
    rules = np.where(share > 0, RULES.index(PART), RULES.index(OUT))
    rules[history.sold_out[episodes.t, episodes.item]] = RULES.index(SOLD_OUT)
    rules[unknown] = RULES.index(UNKNOWN)
    rules[beyond] = RULES.index(BEYOND)
    return rules


def _demand_interval(phantom: PhantomStock) -> tuple[Vector, Vector]:
    """Quantiles of the demand of each period, gamma with its mean and variance."""
    mean = np.maximum(phantom.units, 1e-9)
    variance = phantom.noise + (phantom.units * phantom.error[phantom.run]) ** 2
    shape, scale = mean**2 / variance, variance / mean
    tail = (1 - LEVEL) / 2
    return scale * special.gammaincinv(shape, tail), scale * special.gammaincinv(shape, 1 - tail)


def with_independent(
    interval: tuple[Vector, Vector], mean: Vector, added: Vector, variance: Vector
) -> tuple[Vector, Vector]:
    """Interval of a sum of two independent amounts.

    Args:
        interval: Of the first.
        mean: Of the first.
        added: Mean of the second.
        variance: Of the second, as of a normal variable.

    >>> one = np.ones(1)
    >>> variance = (8 / 1.6449) ** 2 * one
    >>> low, high = with_independent((4 * one, 16 * one), 10 * one, 10 * one, variance)
    >>> round(float(low[0]), 2), round(float(high[0]), 2)
    (10.0, 30.0)
    """
    own = special.ndtri((1 + LEVEL) / 2) * np.sqrt(variance)
    low, high = interval
    total = mean + added
    return (
        np.maximum(total - np.hypot(mean - low, own), 0),
        total + np.hypot(high - mean, own),
    )
