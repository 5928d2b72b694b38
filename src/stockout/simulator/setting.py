"""The business before anything happens in it: everything a run needs but the safety factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.assortment import draw_assortment
from stockout.simulator.customers import draw_population
from stockout.simulator.demand import mean_demand
from stockout.simulator.purchases_meant import draw_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.customers import Population
    from stockout.simulator.demand import MeanDemand
    from stockout.simulator.parameters import Parameters
    from stockout.simulator.purchases_meant import Lines


@dataclass(frozen=True)
class Setting:
    """What is sold, to whom, and what they mean to buy on every day."""

    parameters: Parameters
    assortment: Assortment
    demand: MeanDemand
    population: Population
    lines: Lines

    @property
    def customers(self) -> int:
        """Number of regular customers; higher customer numbers are business customers."""
        return len(self.population.location)

    @property
    def total_days(self) -> int:
        """Days that are simulated: warm-up and history, T."""
        return self.parameters.warmup_days + self.parameters.days

    def alive(self, first: int, stop: int) -> NDArray[np.bool_]:
        """Whether each item is on sale on the days ``first <= day < stop`` (days, N)."""
        day = np.arange(first, stop)[:, None]
        assortment = self.assortment
        alive = (day >= assortment.active_from) & (day <= assortment.active_to)
        return np.repeat(alive, assortment.locations, axis=1)

    def only(self, skus: NDArray[np.int64]) -> Setting:
        """The same business with only these SKUs."""
        locations = self.assortment.locations
        items = (skus[:, None] * locations + np.arange(locations)).ravel()
        return Setting(
            parameters=self.parameters,
            assortment=self.assortment.subset(skus),
            demand=self.demand.subset(skus, locations),
            population=self.population,
            lines=self.lines.of_items(items, len(self.assortment.rate)),
        )


def draw_setting(parameters: Parameters) -> Setting:
    """Draws the business from its parameters and seed."""
    assortment = draw_assortment(parameters)
    demand = mean_demand(parameters, assortment)
    population = draw_population(parameters, assortment, len(demand.mean))
    lines = draw_lines(parameters, assortment, demand, population)
    return Setting(parameters, assortment, demand, population, lines)
