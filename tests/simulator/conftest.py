"""Two simulated businesses that several tests look at."""

from __future__ import annotations

import pytest

from stockout.simulator.parameters import Parameters
from stockout.simulator.simulate import Simulation, simulate


@pytest.fixture(scope="session")
def shop() -> Simulation:
    """A small business, calibrated, in which everything that can happen does."""
    return simulate(Parameters(seed=3, skus=30, months=12, stockout_rate=0.12))


@pytest.fixture(scope="session")
def chain() -> Simulation:
    """A larger one for statistics; its planner keeps plenty of stock."""
    return simulate(Parameters(seed=5, skus=200, locations=3, months=24, safety_factor=2.5))
