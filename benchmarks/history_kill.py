"""Kills a writer of a history at random moments, and looks at what is left each time.

python benchmarks/history_kill.py [KILLS]

A writer corrects one stock list of 20,000 rows again and again: each time, every row has the number
of the correction. A torn state would hold two numbers or another count of rows, a lost one a number
below the last that the writer had reported as added.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import deltalake

from stockout.history.lake import read_history
from stockout.history.snapshots import list_snapshots

_ROWS = 20_000
_LONGEST_SECONDS = 0.3  # several times what one correction takes

_WRITER = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
import polars as pl
from stockout.history.snapshots import Snapshot, add_snapshot
folder, number, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
day = date(2026, 6, 28)
skus = [f"{sku:06}" for sku in range(rows)]
while True:
    stock = pl.DataFrame({"date": [day] * rows, "sku": skus, "on_hand": [float(number)] * rows})
    add_snapshot(folder, Snapshot("inventory", stock, day, "x", "x"), datetime.now(UTC))
    print(number, flush=True)
    number += 1
"""


def main() -> None:
    """Kills and looks."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    draw = random.Random(1)  # noqa: S311 - no secret
    number = torn = lost = unreadable = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for _ in range(kills):
            reported = _killed(folder, number, draw.uniform(0, _LONGEST_SECONDS))
            try:
                kept = read_history(folder, "inventory")["on_hand"]
            except Exception as error:  # noqa: BLE001 - any failure counts
                unreadable += 1
                print(f"unreadable: {error}")
                continue
            torn += kept.n_unique() != 1 or len(kept) != _ROWS
            lost += int(kept[0]) < reported
            number = int(kept[0]) + 1
        table = deltalake.DeltaTable(folder / "inventory")
        versions = list_snapshots(folder).height
        named = set()
        for version in range(table.version() + 1):
            table.load_as_version(version)
            named |= {Path(uri).name for uri in table.file_uris()}
        files = {path.name for path in (folder / "inventory").rglob("*.parquet")}
        print(f"kills: {kills}, versions written meanwhile: {versions}")
        print(
            f"kills in the middle of a version (files that no version names): {len(files - named)}"
        )
        print(f"torn: {torn}, lost although reported: {lost}, unreadable: {unreadable}")


def _killed(folder: Path, number: int, seconds: float) -> int:
    """Lets a writer make one correction, kills it later, and gives the last one it reported."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder), str(number), str(_ROWS)],
        stdout=subprocess.PIPE,
        text=True,
    )
    if writer.stdout is None:
        raise RuntimeError("no pipe")
    first = writer.stdout.readline()
    time.sleep(seconds)
    writer.kill()
    return int([first, *writer.communicate()[0].splitlines()][-1])


if __name__ == "__main__":
    main()
