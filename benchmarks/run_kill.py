"""Kills `stockout run` at random moments, and looks at what is left.

Each kill is a SIGKILL to the whole process group, while the run replaces the results of the same
date by those of changed inputs. One half of the moments is drawn over the length of a run, the
other half over the 50 ms from when its record is written, in which the folder is put in its place.
Afterwards:

- readable: `latest` names a folder whose files all have the digests that its run.json says;
- between: the kill fell between the two renames, so that the old results stand under `.old-`;
- next run: the next start ends with 0, takes over the lock, and its folder is whole.

    python benchmarks/run_kill.py [--kills 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from stockout.errors import StockoutError
from stockout.pipeline.dated_folders import RECORD, check_untouched, latest
from stockout.simulator.sample import sample

COMMAND = [sys.executable, "-m", "stockout", "run", "--quiet", "--steps", "check,reorder"]

_AIMED = 0.05
"""Seconds from the record to the end of the run, about, on the machine of docs/run.md."""


def run(folder: Path, kill_after: float | None = None, *, aimed: bool = False) -> int:
    """The exit code of a run, killed after so many seconds if it is not done by then.

    Args:
        folder: Where it runs.
        kill_after: Seconds; None lets it end.
        aimed: They count from when the record is written.
    """
    process = subprocess.Popen(COMMAND, cwd=folder, start_new_session=True)
    record = folder / "runs" / ".work" / RECORD
    while aimed and process.poll() is None and not record.exists():
        time.sleep(0.0002)
    try:
        return process.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def is_whole(output: Path) -> bool:
    """Whether `latest` names a folder with a record whose digests all hold."""
    name = latest(output)
    if name is None or not (output / name / RECORD).is_file():
        return False
    try:
        check_untouched(output / name)
    except StockoutError:
        return False
    return True


def change_inputs(folder: Path, number: int) -> None:
    """Renames a product, so that the next run writes other bytes."""
    path = folder / "products.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    cells[1] = f"Product of kill {number}"
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")


def killed_in(output: Path) -> str:
    """Which part of a run the kill fell into."""
    if any(output.glob(".old-*")) or (output / ".trash").exists():
        return "replacing the folder"
    work = output / ".work"
    if not work.exists():
        return "starting, or done"
    if (work / RECORD).exists():
        return "making it durable"
    return "writing the orders" if (work / "reorder.csv").exists() else "checking and computing"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    moments = random.Random(asked.seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "shop"
        sample(folder, skus=4, locations=1, months=6, seed=asked.seed)
        output = folder / "runs"
        start = time.perf_counter()
        if run(folder) != 0:
            raise SystemExit("the run fails without any kill")
        length = time.perf_counter() - start
        counts: Counter[tuple[str, str]] = Counter()
        for number in range(asked.kills):
            change_inputs(folder, number)
            aimed = number % 2 == 1
            code = run(folder, moments.uniform(0.0, _AIMED if aimed else length), aimed=aimed)
            part = "none: it was done before" if code == 0 else killed_in(output)
            counts[part, "kills"] += 1
            counts[part, "readable"] += is_whole(output)
            counts[part, "between"] += not is_whole(output) and any(output.glob(".old-*"))
            counts[part, "next run"] += run(folder) == 0 and is_whole(output)
            left = {path.name for path in output.iterdir() if path.name.startswith(".")}
            counts[part, "clean"] += left == {".lock"}
    columns = ("kills", "readable", "between", "next run", "clean")
    print(f"a whole run takes {length:.1f} s; {asked.kills} kills, seed {asked.seed}")
    print(f"{'killed while':26}" + "".join(f"{name:>10}" for name in columns))
    for part in sorted({part for part, _ in counts}):
        print(f"{part:26}" + "".join(f"{counts[part, name]:10}" for name in columns))


if __name__ == "__main__":
    main()
