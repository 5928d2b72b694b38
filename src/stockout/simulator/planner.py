"""The planner inside the simulated business: an order-up-to rule with a simple forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.demand import MeanDemand
    from stockout.simulator.parameters import Parameters


class Planner:
    """Exponential smoothing of sales, and the textbook's order-up-to level.

    The planner is no better than many are: weekday and season are not modelled, days with a
    stockout or a promotion are left out of the forecast, and safety stock is the safety factor
    times a standard deviation from a guessed variance-to-mean ratio.
    """

    def __init__(
        self,
        parameters: Parameters,
        assortment: Assortment,
        demand: MeanDemand,
        safety_factor: float,
    ) -> None:
        self.safety_factor = safety_factor
        self.variance_ratio = parameters.variance_ratio
        self.memory = parameters.forecast_days
        self.locations = assortment.locations
        self.forecast = assortment.rate * assortment.guess
        self.protection_days = np.repeat(assortment.protection_days, self.locations)
        self.active_to = np.repeat(assortment.active_to, self.locations)
        self.promotion = demand.promotion
        self.uplift = assortment.uplift
        self.planned_days = np.zeros((len(demand.planned) + 1, len(assortment.sku)), np.int32)
        np.cumsum(demand.planned, axis=0, out=self.planned_days[1:])
        self.sku = assortment.item_sku

    def first_stock(self) -> NDArray[np.int64]:
        """Stock on the first day of the warm-up: demand of the protection period."""
        return np.ceil(self.forecast * self.protection_days).astype(np.int64)

    def order_up_to(self, day: int) -> NDArray[np.float64]:
        """Order-up-to level at the end of ``day`` (N,), in units.

        ``S = max(m H + x + z sqrt(v m H), m H exp(min(z, 0)))`` with forecast ``m`` a day,
        protection period ``H`` (not beyond the SKU's end), extra ``x`` for planned promotions,
        safety factor ``z`` and variance ratio ``v``. The second term keeps the slowest movers of a
        careless planner in the assortment: they are ordered when the last unit is gone.
        """
        horizon = np.clip(self.active_to - day, 0, self.protection_days)
        until = np.minimum(day + 1 + horizon, len(self.planned_days) - 1)
        now = min(day + 1, len(self.planned_days) - 1)
        promoted = self.planned_days[until, self.sku] - self.planned_days[now, self.sku]
        mean = self.forecast * (horizon + promoted * (self.uplift - 1))
        sigma = np.sqrt(self.variance_ratio * mean)
        least = mean * np.exp(min(self.safety_factor, 0.0))
        return np.asarray(np.maximum(mean + self.safety_factor * sigma, least))

    def learn(self, day: int, sold: NDArray[np.int64], undisturbed: NDArray[np.bool_]) -> None:
        """Moves the forecast towards a day's sales, where stock lasted and nothing was promoted."""
        usual = undisturbed & ~np.repeat(self.promotion[day], self.locations)
        self.forecast = self.forecast + np.where(usual, (sold - self.forecast) / self.memory, 0.0)
