"""Finds the planner's safety factor that leads to the wanted stockout rate."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream
from stockout.simulator.world import World, run_world

if TYPE_CHECKING:
    from stockout.simulator.setting import Setting

logger = logging.getLogger(__name__)

_LOWEST, _HIGHEST = -4.0, 12.0
_CLOSE_ENOUGH = 0.01  # of the wanted rate, in the bisection
_CLOSE_ENOUGH_AT_LAST = 0.03  # of the wanted rate, over all items
_TRIES = 14
_CORRECTIONS = 3
_ITEMS = 600  # more items are calibrated on a sample, then corrected by their own rate


def calibrated_world(setting: Setting) -> World:
    """Runs the world with the safety factor whose stockout rate comes closest to the wanted one.

    The factor is bisected with common random numbers; a large assortment is bisected on a sample,
    whose target is then corrected by what the run of all items shows.

    Args:
        setting: The business.

    Returns:
        The run with the best factor.
    """
    target = setting.parameters.stockout_rate
    sample = _sample(setting)
    if sample is setting:
        world = _bisect(setting, target)
    else:
        world, aim = run_world(setting, _bisect(sample, target).safety_factor), target
        for _ in range(_CORRECTIONS):
            rate = world.stockout_rate(setting)
            if rate <= 0 or abs(rate / target - 1) <= _CLOSE_ENOUGH_AT_LAST:
                break
            aim *= target / rate
            corrected = run_world(setting, _bisect(sample, aim).safety_factor)
            if abs(corrected.stockout_rate(setting) - target) >= abs(rate - target):
                break
            world = corrected
    rate = world.stockout_rate(setting)
    logger.info("safety factor %.3f, stockout rate %.4f", world.safety_factor, rate)
    if abs(rate / target - 1) > 0.1:
        logger.warning(
            "a stockout rate of %g could not be reached: the closest is %.4f", target, rate
        )
    return world


def _sample(setting: Setting) -> Setting:
    """The business with a random sample of its SKUs, or itself when it is small."""
    skus = len(setting.assortment.sku)
    size = max(1, _ITEMS // setting.assortment.locations)
    if skus <= size:
        return setting
    rng = stream(setting.parameters.seed, "calibration")
    return setting.only(np.sort(rng.choice(skus, size, replace=False)))


def _bisect(setting: Setting, target: float) -> World:
    low, high = _LOWEST, _HIGHEST
    best = run_world(setting, (low + high) / 2)
    world = best
    for _ in range(_TRIES):
        error = world.stockout_rate(setting) - target
        if abs(error) < abs(best.stockout_rate(setting) - target):
            best = world
        if abs(error) <= _CLOSE_ENOUGH * target:
            break
        low, high = (world.safety_factor, high) if error > 0 else (low, world.safety_factor)
        world = run_world(setting, (low + high) / 2)
    return best
