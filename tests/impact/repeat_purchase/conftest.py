"""Customers of whom it is known who left, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

CDNOW = np.array([0.52484, 6.18299, 0.89136, 1.61400])
"""Parameters of the MBG/NBD on the CDNOW summary."""


class Simulated(NamedTuple):
    """Customers of an MBG/NBD."""

    x: Vector
    t_x: Vector
    T: Vector
    stays: NDArray[np.bool_]


@pytest.fixture(scope="session")
def simulated() -> Callable[..., Simulated]:
    """Draws customers of an MBG/NBD with the CDNOW parameters."""

    def draw(customers: int, seed: int = 1) -> Simulated:
        generator = np.random.default_rng(seed)
        r, alpha, a, b = CDNOW
        until = generator.uniform(4, 104, customers)
        rate, leaves = generator.gamma(r, 1 / alpha, customers), generator.beta(a, b, customers)
        x, t_x, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
        stays = generator.random(customers) > leaves
        buys = stays.copy()
        while buys.any():
            now = now + generator.exponential(1 / rate)
            buys &= now <= until
            x[buys] += 1
            t_x[buys] = now[buys]
            gone = buys & (generator.random(customers) < leaves)
            stays &= ~gone
            buys &= ~gone
        return Simulated(x, t_x, until, stays)

    return draw
