"""Periods: how long they are, and how many have passed without a sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Freq = Literal["day", "week"]
"""Length of a period."""

DAYS_PER_PERIOD: Mapping[Freq, int] = {"day": 1, "week": 7}
"""Days in a period of each length."""


def quiet_periods(units: NDArray[np.float32], counts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(items,) periods since the last sale that count as quiet.

    Args:
        units: (periods, items) demand.
        counts: (periods, items) whether a period without sales says that nothing was wanted.
    """
    quiet = np.zeros(units.shape[1], dtype=np.int64)
    silent = np.ones(units.shape[1], dtype=np.bool_)
    for sold, told in zip(units[::-1], counts[::-1], strict=True):
        silent &= sold <= 0
        if not silent.any():
            break
        quiet += silent & told
    return quiet
