"""Kills `stockout run` at random moments, and looks at what is left.

Each kill is a SIGKILL while the run adds changed exports to the history, replaces the results of
the same date, and tells a webhook of this machine. One half of the moments is drawn over the length
of a run. A quarter each falls within 100 ms from when the record is written, in which the folder is
put in its place, and from when the telling begins. Each run is a process of its own, forked from
one that has loaded the program. A run that is done before its moment counts for "not at all", and
another is started, until so many were killed. Afterwards:

- history: every table of the history can be read, and is as before or as after the run;
- readable: `latest` names a folder whose files all have the digests that its run.json says;
- between: the kill fell between the two renames, so that the old results stand under `.old-`;
- next run: the next start ends with 0, takes over the locks, and its folder and history are whole;
- clean: nothing hidden is left but the lock;
- untold, twice: of these results the webhook heard nothing, or more than once, after the next run.
  The rule tells at each run, so that nothing but the memory of the run keeps it from repeating.

    python benchmarks/run_kill.py [--kills 100] [--seed 1] [--steps check,history,reorder,alert]
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from stockout.cli.main import run as cli
from stockout.errors import StockoutError
from stockout.history.lake import read_history, tables_of
from stockout.pipeline.alert_step import TOLD
from stockout.pipeline.dated_folders import LOG, RECORD, check_untouched, latest
from stockout.simulator.sample import sample

if TYPE_CHECKING:
    import polars as pl


SETTINGS = """
[history]
path = "history"
[[alert.rules]]
name = "all"
table = "reorder"
where = "order_qty >= 0"
message = "{{sku}}: order {{order_qty}}"
recipients = ["hook"]
repeat_after_days = 0
[alert]
allow_local = true
[alert.recipients]
hook = "json://user:${{HOOK_KEY}}@127.0.0.1:{port}/"
"""

UNKILLED = "not at all"
FORKS = multiprocessing.get_context("forkserver")

_AIMED = 0.1
"""Seconds within which an aimed kill falls."""


class Hook:
    """A webhook that counts what it is sent."""

    def __init__(self) -> None:
        """Starts to listen."""
        self.heard = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                hook.heard += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:  # who sent it was killed
                    self.close_connection = True

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def run(
    folder: Path, steps: str | None, kill_after: float | None = None, *, aimed: Path | None = None
) -> int:
    """The exit code of a run, killed after so many seconds if it is not done by then.

    Args:
        folder: Where it runs.
        steps: Its steps; None is all.
        kill_after: Seconds; None lets it end.
        aimed: They count from when this file is written anew.
    """
    before = changed_at(aimed)
    process = FORKS.Process(target=started, args=(folder, steps))
    process.start()
    while aimed is not None and process.is_alive() and changed_at(aimed) in {before, None}:
        time.sleep(0.0002)
    process.join(kill_after)
    process.kill()  # nothing where it has ended
    process.join()
    return int(process.exitcode or 0)


def started(folder: Path, steps: str | None) -> None:
    """A run, in its own process."""
    os.chdir(folder)
    os.environ["HOOK_KEY"] = "none"
    sys.exit(cli(["run", "--quiet"] if steps is None else ["run", "--quiet", "--steps", steps]))


def changed_at(path: Path | None) -> int | None:
    """When a file was written, None where there is none."""
    try:
        return None if path is None else path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


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


def kept(folder: Path) -> dict[str, pl.DataFrame] | None:
    """The tables of the history; None where one cannot be read."""
    try:
        return {name: read_history(folder, name) for name in tables_of(folder)}
    except StockoutError:
        return None


def is_one_of(found: dict[str, pl.DataFrame] | None, before: dict[str, pl.DataFrame]) -> bool:
    """Whether the history is as it was, but for products, of which all rows are there."""
    return found is not None and all(
        found[name].equals(rows) if name != "products" else found[name].height == rows.height
        for name, rows in before.items()
    )


def change_inputs(folder: Path, number: int) -> str:
    """Renames a product, so that the next run writes other bytes; its name."""
    path = folder / "products.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    cells[1] = f"Product of kill {number}"
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    return cells[1]


def killed_in(output: Path, *, telling: bool) -> str:
    """Which part of a run the kill fell into."""
    if any(output.glob(".old-*")) or (output / ".trash").exists():
        return "replacing the folder"
    work = output / ".work"
    if not work.exists():
        return "telling people" if telling else "starting, or done"
    if (work / RECORD).exists():
        return "making it durable"
    log = (work / LOG).read_text() if (work / LOG).exists() else ""
    taken = [line.partition(":")[0] for line in log.splitlines() if line.endswith(" s")]
    return {"": "checking", "check": "adding to the history"}.get(
        taken[-1] if taken else "", "computing"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", help="default: all")
    asked = parser.parse_args()
    FORKS.set_forkserver_preload(["stockout.pipeline.weekly_run", "apprise", "deltalake"])
    moments = random.Random(asked.seed)  # noqa: S311 - no secret
    hook = Hook()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "shop"
        sample(folder, skus=4, locations=1, months=6, seed=asked.seed)
        with (folder / "stockout.toml").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=hook.port))
        output = folder / "runs"
        if run(folder, asked.steps) != 0:
            raise SystemExit("the run fails without any kill")
        start = time.perf_counter()
        run(folder, asked.steps)
        length = time.perf_counter() - start
        counts: Counter[tuple[str, str]] = Counter()
        aims = (None, output / ".work" / RECORD, None, output / TOLD)
        for number in itertools.count():
            if number - counts[UNKILLED, "kills"] == asked.kills:
                break
            name = change_inputs(folder, number)
            before = kept(folder / "history") or {}
            heard, told_at = hook.heard, changed_at(output / TOLD)
            aimed = aims[number % len(aims)]
            after = moments.uniform(0.0, length if aimed is None else _AIMED)
            code = run(folder, asked.steps, after, aimed=aimed)
            telling = changed_at(output / TOLD) != told_at
            part = UNKILLED if code == 0 else killed_in(output, telling=telling)
            seen: dict[str, bool] = {"kills": True}
            seen["history"] = is_one_of(kept(folder / "history"), before)
            seen["readable"] = is_whole(output)
            seen["between"] = not is_whole(output) and any(output.glob(".old-*"))
            ended = run(folder, asked.steps) == 0 and is_whole(output)
            found = kept(folder / "history")
            added = found is not None and name in found["products"]["name"]
            seen["next run"] = ended and added and is_one_of(found, before)
            left = {path.name for path in output.iterdir() if path.name.startswith(".")}
            seen["clean"] = left == {".lock"}
            seen["untold"] = hook.heard == heard
            seen["twice"] = hook.heard > heard + 1
            counts.update({(part, name): int(each) for name, each in seen.items()})
            print(number + 1, part, *(f"{each:d}" for each in seen.values()), file=sys.stderr,
                  flush=True)  # fmt: skip
    print(f"a whole run takes {length:.1f} s; {asked.kills} kills of {number} runs, ", end="")
    print(f"seed {asked.seed}")
    print_table(counts)


def print_table(counts: Counter[tuple[str, str]]) -> None:
    """A line for each part of a run that was killed, and what was seen afterwards."""
    columns = ("kills", "history", "readable", "between", "next run", "clean", "untold", "twice")
    print(f"{'killed while':24}" + "".join(f"{name:>10}" for name in columns))
    for part in sorted({part for part, _ in counts}):
        print(f"{part:24}" + "".join(f"{counts[part, name]:10}" for name in columns))


if __name__ == "__main__":
    main()
