"""What `stockout --help` costs beside `python -c ""`: medians of several runs, in turn.

Run it as ``python benchmarks/help_startup.py``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 21
COMMANDS = {
    'python -c ""': ["-c", ""],
    "stockout --help": ["-m", "stockout", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """Time of one run of this interpreter."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Prints both medians, their difference and their ratio."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(seconds(arguments))
    bare, full = (statistics.median(values) for values in times.values())
    for name, values in times.items():
        print(f"{name:<16} {statistics.median(values):.3f} s (median of {RUNS} runs)")
    print(f"{'difference':<16} {full - bare:.3f} s, ratio {full / bare:.1f}")


if __name__ == "__main__":
    main()
