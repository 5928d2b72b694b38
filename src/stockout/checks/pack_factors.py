"""The factors by which a unit of measure is mistaken: packs and decimal places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACK_FACTORS = (6.0, 10.0, 12.0, 24.0, 100.0)
"""Units in a pack: half a dozen, ten, a dozen, two dozen, a hundred.

UN/ECE Recommendation 20 (Codes for Units of Measure Used in International Trade) has units of its
own for half dozens, tens, dozens and hundreds; 24 is the usual tray of bottles and cans. 10 and 100
are also what a decimal mark does that is read at the wrong place.
"""


def nearest_factor(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pack factor, or one divided by it, that is nearest to each ratio, as a multiple.

    >>> nearest_factor(np.array([10.5, 0.16, 1.4])).tolist()
    [10.0, 0.16666666666666666, 6.0]
    """
    factors = np.array([*(1 / factor for factor in reversed(PACK_FACTORS)), *PACK_FACTORS])
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(np.log(ratio)[..., None] - np.log(factors))
    nearest = np.argmin(np.where(np.isnan(away), np.inf, away), axis=-1)
    return np.asarray(factors[nearest], dtype=np.float64)
