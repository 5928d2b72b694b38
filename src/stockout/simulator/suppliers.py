"""Who delivers, how soon they say they do, and how reliable they really are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.simulator.parameters import Parameters

_WORST = 0.8  # no supplier is held up, or short, more often than this


@dataclass(frozen=True)
class Suppliers:
    """Latent parameters of the suppliers (V,)."""

    lead_time: NDArray[np.int64]  # promised days
    lead_time_factor: NDArray[np.float64]  # mean of the usual lead time relative to the promised
    held_up_probability: NDArray[np.float64]  # that a delivery takes extraordinarily long
    short_probability: NDArray[np.float64]  # that a line is delivered short
    order_weekdays: NDArray[np.bool_]  # (V, 7) when they take orders, Monday first

    @property
    def review_days(self) -> NDArray[np.float64]:
        """Days between two order days, on average (V,)."""
        return np.asarray(7.0 / self.order_weekdays.sum(axis=1), dtype=np.float64)


def draw_suppliers(parameters: Parameters) -> Suppliers:
    """Draws the suppliers; how often each fails is exponential around the given means."""
    rng = stream(parameters.seed, "suppliers")
    count = parameters.supplier_count
    lead_time = rng.integers(parameters.lead_time_low, parameters.lead_time_high + 1, count)
    factor = np.exp(parameters.supplier_sigma * rng.standard_normal(count))
    failing = rng.exponential(1.0, (2, count))
    first = rng.integers(0, 5, count)
    weekdays = np.zeros((count, 7), dtype=bool)
    weekdays[np.arange(count), first] = True
    twice = np.flatnonzero(rng.random(count) < parameters.two_weekdays_share)
    weekdays[twice, (first[twice] + 3) % 7] = True
    return Suppliers(
        lead_time=lead_time,
        lead_time_factor=parameters.lead_time_bias * factor,
        held_up_probability=np.minimum(parameters.late_probability * failing[0], _WORST),
        short_probability=np.minimum(parameters.short_probability * failing[1], _WORST),
        order_weekdays=weekdays,
    )


def lead_times(
    parameters: Parameters, suppliers: Suppliers, days: int, locations: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Actual lead time of an order placed on each day, and whether the delivery is held up.

    Gamma with mean ``factor x promised`` and the given coefficient of variation; a delivery that
    is held up takes an exponential number of days longer. Whole days, at least one.

    Args:
        parameters: The settings.
        suppliers: The suppliers.
        days: Number of days.
        locations: Number of locations; each gets deliveries of its own.

    Returns:
        Days and flags of shape (days, suppliers, locations).
    """
    rng = stream(parameters.seed, "lead times")
    shape = (days, len(suppliers.lead_time), locations)
    usual = np.broadcast_to((suppliers.lead_time_factor * suppliers.lead_time)[:, None], shape)
    if parameters.lead_time_cv > 0:
        form = parameters.lead_time_cv**-2
        usual = usual * rng.gamma(form, 1 / form, shape)
    held_up = rng.random(shape) < suppliers.held_up_probability[:, None]
    delay = np.ceil(rng.exponential(1.0, shape) * parameters.late_days) * held_up
    return np.clip(np.rint(usual + delay).astype(np.int64), 1, LONGEST_LEAD_TIME), held_up


LONGEST_LEAD_TIME = 120
"""No delivery takes more days than this."""
