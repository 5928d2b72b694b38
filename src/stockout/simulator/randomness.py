"""Random numbers by name, so that a change in one part of the world leaves the others as they are.

Every use has a stream of its own, derived from the seed and the use's name. Two runs that differ
only in, say, the probability that customers leave therefore see the same demand, deliveries and
reactions otherwise: the counterfactual comes for free.
"""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, index: int = 0) -> np.random.Generator:
    """The generator of one use.

    Args:
        seed: Seed of the whole simulation.
        name: What the numbers are for.
        index: Number of the day, where each day has its own stream.

    >>> int(stream(1, "prices").integers(1000)) == int(stream(1, "prices").integers(1000))
    True
    """
    key = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), index))
    return np.random.Generator(np.random.PCG64(key))
