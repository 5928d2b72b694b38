"""Memory of a process that works on one block of items after another.

The C library gives memory back to the system as soon as much of it is free, and gets it anew for
the next block: page by page, each of them set to zero first. That is about a fifth of the time of a
block (``benchmarks/kept_memory.py``).
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt, from malloc.h of glibc

_KEPT = 2**28  # bytes: about twice what a block of a fit has in use

_LARGEST = 2**25  # bytes of an array that can be kept, the most that glibc allows


def keep_freed_memory() -> None:
    """Has this process keep some memory that it frees, up to 256 MB.

    A setting of glibc; where the C library is another one, nothing is done.

    >>> keep_freed_memory()
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
