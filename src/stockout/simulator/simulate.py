"""The simulator's pure core: parameters in, tables and truth out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockout.simulator.calibration import calibrated_world
from stockout.simulator.identifiers import Identifiers
from stockout.simulator.records import record_tables
from stockout.simulator.setting import draw_setting
from stockout.simulator.truth import reveal_truth
from stockout.simulator.world import run_world

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from stockout.simulator.parameters import Parameters


@dataclass(frozen=True)
class Simulation:
    """A simulated business: what its systems recorded, and what really happened."""

    parameters: Parameters
    safety_factor: float  # of the planner, after calibration
    stockout_rate: float  # realised share of active item-days that ended without stock
    tables: Mapping[str, pl.DataFrame]  # canonical tables by name
    truth: Mapping[str, pl.DataFrame]  # truth tables by name


def simulate(parameters: Parameters) -> Simulation:
    """Simulates a small retail business.

    The same parameters give the same frames. Two runs with the same seed and assortment see the
    same demand, deliveries and moods of customers, whatever else differs, provided that the
    planner's ``safety_factor`` is given: with ``leave_probability=0`` in one of them, their
    difference is what leaving customers cost.

    Args:
        parameters: All settings.

    Returns:
        Tables and truth; ``docs/simulator.md`` describes both.

    >>> from stockout.simulator.parameters import Parameters
    >>> simulation = simulate(Parameters(skus=4, months=2, safety_factor=1.0))
    >>> simulation.tables["inventory"].columns
    ['date', 'sku', 'location', 'on_hand', 'on_order', 'reserved']
    """
    setting = draw_setting(parameters)
    if parameters.safety_factor is None:
        world = calibrated_world(setting)
    else:
        world = run_world(setting, parameters.safety_factor)
    names = Identifiers(setting, world)
    return Simulation(
        parameters=parameters,
        safety_factor=world.safety_factor,
        stockout_rate=world.stockout_rate(setting),
        tables=record_tables(setting, world, names),
        truth=reveal_truth(setting, world, names),
    )
