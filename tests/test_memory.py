"""Memory that a process keeps."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from stockout.memory import keep_freed_memory
if {keep}:
    keep_freed_memory()
for _ in range(3):  # the library's own threshold grows with what is freed
    kept = [np.ones(2**21) for _ in range(6)]
    del kept
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    kept = [np.ones(2**21) for _ in range(6)]
    del kept
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_memory_is_not_handed_out_anew() -> None:
    """Ten times six arrays of 16 MB: page faults of a process that keeps memory, and of others."""
    faults = {
        keep: int(
            subprocess.run(
                [sys.executable, "-c", PROGRAM.format(keep=keep)],
                check=True, capture_output=True, encoding="utf-8",
            ).stdout
        )
        for keep in (True, False)
    }  # fmt: skip
    assert faults[True] < 100
    assert faults[False] > 3 * faults[True]
