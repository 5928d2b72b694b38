"""How much of an order is sold before it expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.replenishment.demand_draws import PATHS, draw_demand, draw_gamma, shared_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.projection import Plan
    from stockout.replenishment.targets import Unmet

    Matrix = NDArray[np.float64]

SOLD_PROBABILITY = 0.9
"""Probability with which an order is sold before it expires, where nothing else is asked for. A
choice: who knows what a unit thrown away costs should say it."""

_BLOCK = 256  # items at a time; bounds memory, changes no result


def sellable(
    model: DemandModel, plan: Plan, shelf_life: Matrix, probability: float, unmet: Unmet = "lost"
) -> Matrix:
    """The most units that an order of now may have to be sold, all of them, before they expire.

    The order arrives after the lead time and expires a shelf life later. What is on hand and on its
    way is sold first; what is left of it at the lead time is in the order's way. So the order is
    sold in time if it is no more than the demand of its shelf life less what is left. Demand is
    drawn as in :mod:`stockout.replenishment.projection`. That older stock may expire even earlier
    is not known from its quantity, and does not count.

    Args:
        model: Demand after as-of.
        plan: Stock, arrivals and lead time of each item of the model.
        shelf_life: (items,) periods from arrival to expiry; NaN where goods do not expire.
        probability: Of all being sold in time, between 0 and 1.
        unmet: What happens to demand that finds no stock.

    Returns:
        (items,) units, whole where demand is; infinite where goods do not expire.
    """
    most = np.full(shelf_life.size, np.inf)
    stock = plan.stock + plan.arrivals.units.sum(axis=1)
    before = model.sum_mean(0, plan.lead_time)
    during = model.sum_mean(
        plan.lead_time, plan.lead_time + np.where(np.isnan(shelf_life), 0.0, shelf_life)
    )
    ranks = shared_ranks(4)
    place = int(np.floor((1 - probability) * PATHS + 1e-9))
    perishable = np.flatnonzero(~np.isnan(shelf_life))
    for first in range(0, perishable.size, _BLOCK):
        block = perishable[first : first + _BLOCK]
        noise, whole = model.noise[block], model.is_integer[block]
        level = draw_gamma(ranks[0], np.ones((block.size, 1)), model.level_variance[block, None])
        until, then = (
            draw_demand(rank, mean[block, None].clip(0) * level, noise, whole)
            for rank, mean in ((ranks[2], before), (ranks[3], during))
        )
        left = stock[block, None] - until
        if unmet == "lost":
            left = np.maximum(left, stock[block, None].clip(max=0))  # what is owed stays owed
        room = np.sort(then - left, axis=1)[:, min(place, PATHS - 1)].clip(0)
        most[block] = np.where(whole, np.floor(room), room)
    return most
