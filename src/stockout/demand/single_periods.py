"""Items whose past is one period: a bulk order or a typing error among everyday sales."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from stockout.wording import number_of

if TYPE_CHECKING:
    from stockout.demand.history import History

logger = logging.getLogger(__name__)

_LEAST_SALES = 10  # periods with sales, a choice: of fewer, one may well hold most


def tell_single_periods(history: History) -> None:
    """Warns of items that sold more in one period than in all others together.

    Estimates take every period at its word. One that outweighs the rest of an item's life moves its
    mean, and makes all others look like nothing, so that quantiles may be 0 where something sells
    every day.

    Args:
        history: Demand history; only items that are still sold are told of.
    """
    units = history.units
    if not units.size:
        return
    most, total = units.max(axis=0), units.sum(axis=0, dtype=np.float64)
    sold = np.count_nonzero(units, axis=0)
    alive = (history.items["status"] != "ended").to_numpy()
    found = np.flatnonzero(alive & (sold >= _LEAST_SALES) & (most > total - most))
    if not found.size:
        return
    first = int(found[np.argmax(most[found])])
    logger.warning(
        "demand: %s more in one %s than in all others together, which moves the forecast (most: %s "
        "at %s, %s units on %s); if it is an error, leave it out: stockout check has such rows as "
        "SO501",
        number_of(found.size, "item sold", "items sold"),
        history.freq,
        history.items["sku"][first],
        history.items["location"][first],
        f"{float(most[first]):,.10g}",
        history.dates[int(np.argmax(units[:, first]))],
    )
