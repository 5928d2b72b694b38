"""Whether there is enough to estimate an effect from: customers, churners, stockouts, stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.impact.stockout_effect.exposure import window_days
from stockout.impact.stockout_effect.landmarks import WINDOW

if TYPE_CHECKING:
    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.purchases import Purchases
    from stockout.impact.stockout_effect.setting import Frame

LEAST_ROWS = 200
"""Customer-landmarks below which nothing is estimated."""
LEAST_SHOCKS = 20
"""SKUs out of stock in exposure windows below which nothing is estimated."""
LEAST_CHURNERS = 20
"""Customer-landmarks that came back, and that did not."""
LEAST_KNOWN = 0.5
"""Share of the exposure for which it must be known whether there was stock."""


def shocked_skus(main: Frame, bought: Purchases) -> int:
    """SKUs out of stock in an exposure window that somebody used to buy."""
    items = np.flatnonzero((main.habit.everybody * main.thwarted.days > 0).any(axis=0))
    return bought.items["sku"].gather(items).n_unique()


def lacking_data(main: Frame, shocked: int, known: float) -> str | None:
    """Why there is no estimate; None where there is enough for one.

    Args:
        main: Frame of the estimate.
        shocked: SKUs out of stock in an exposure window.
        known: Share of the exposure for which availability is known.
    """
    gone = int(main.panel.no_order.sum())
    back = main.panel.rows - gone
    if main.panel.rows < LEAST_ROWS:
        return (
            f"too few customers: {main.panel.rows} at {len(main.panel.starts)} landmarks placed "
            f"three orders in the 26 weeks before, at least {LEAST_ROWS} are needed"
        )
    if min(gone, back) < LEAST_CHURNERS:
        return (
            f"of {main.panel.rows} customers {gone} did not come back, {back} did; at least "
            f"{LEAST_CHURNERS} of both are needed"
        )
    if known < LEAST_KNOWN:
        return (
            f"availability is known for {known:.0%} of what customers used to buy in the exposure "
            f"windows, at least {LEAST_KNOWN:.0%} are needed"
        )
    if shocked < LEAST_SHOCKS:
        return (
            f"too few stockouts: {shocked} SKUs that customers used to buy were out of stock in "
            f"an exposure window, at least {LEAST_SHOCKS} are needed"
        )
    return None


def known_share(main: Frame, out: OutDays) -> float:
    """Share of the habits' purchases in the windows for which availability is known."""
    rate = main.habit.everybody
    total = float(rate.sum()) * WINDOW
    days = window_days(main.panel, out.known, 0, WINDOW)
    return float((rate * days).sum()) / total if total else 0.0
