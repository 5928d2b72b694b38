"""Dated folders of results: each is whole or not there, whenever the process dies.

```
OUTPUT/
  2026-06-28/         the results of this as-of date
  failed/2026-06-28/  what a run left that had to stop
  latest              a text file: the name of the newest dated folder
  .lock               who holds it, runs
  .work/              a run that is not done
  .old-2026-06-28/    results that are being replaced
  .trash/             results that are being removed
```

All of it is in one folder, hence on one file system, where a rename is whole or has not happened.
The folder of a date changes by two renames: the old one aside, the new one in. A process that dies
between them leaves the old results under ``.old-``, and the next start puts them back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from datetime import date
from typing import TYPE_CHECKING

from stockout.errors import StockoutError
from stockout.outputs import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORD = "run.json"
"""The record of a run in its folder; it holds the digest of every other file but the log."""

LOG = "run.log"
"""The only file that differs between two runs of the same inputs: it has the timings."""

LATEST = "latest"
FAILED = "failed"
_WORK, _OLD, _TRASH = ".work", ".old-", ".trash"


@contextlib.contextmanager
def workspace(output: Path) -> Iterator[Path]:
    """An empty folder to fill, which is gone at the end unless :func:`publish` took it.

    Args:
        output: The folder of the dated folders. The caller holds its lock.
    """
    work = output / _WORK
    with writing(output):
        work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(work: Path, target: Path) -> None:
    """Puts a filled folder in its place, and removes the one that was there.

    Args:
        work: The filled folder.
        target: Its place, on the same file system.
    """
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        _sync_tree(work)
        before = target.with_name(_OLD + target.name)
        if target.exists():
            target.rename(before)
        work.rename(target)
        _sync_folder(target.parent)
        _discard(before)


def point_to_newest(output: Path) -> None:
    """Writes the name of the newest dated folder into ``latest``; nothing where there is none."""
    names = [path.name for path in output.iterdir() if _is_dated(path.name) and path.is_dir()]
    if names and latest(output) != max(names):
        with replacing(output / LATEST) as beside:
            beside.write_text(max(names) + "\n", encoding="utf-8", newline="\n")


def latest(output: Path) -> str | None:
    """The name of the newest dated folder, as ``latest`` has it; None before the first run."""
    try:
        return (output / LATEST).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def recover(output: Path) -> None:
    """Mends what a killed run left: results that were aside come back, half-made ones go.

    Args:
        output: The folder of the dated folders. The caller holds its lock.
    """
    with writing(output):
        for folder in (output, output / FAILED):
            for before in sorted(folder.glob(f"{_OLD}*")):
                target = folder / before.name.removeprefix(_OLD)
                if target.exists():
                    _discard(before)
                else:
                    before.rename(target)
                    _sync_folder(folder)
            shutil.rmtree(folder / _TRASH, ignore_errors=True)
        shutil.rmtree(output / _WORK, ignore_errors=True)
        # What replacing() had begun to write when it was killed.
        for beside in output.glob(".*.tmp"):
            beside.unlink(missing_ok=True)
        point_to_newest(output)


def discard(folder: Path) -> None:
    """Removes a folder of results, so that it is never seen half removed."""
    with writing(folder):
        _discard(folder)


def check_untouched(folder: Path) -> None:
    """Refuses to replace results that somebody worked on since they were written.

    Raises:
        StockoutError: A file in the folder is new, or not as its record says.
    """
    if not folder.exists():
        return
    for name, digest in digests(folder).items():
        if name in (RECORD, LOG):
            continue
        told = recorded(folder).get(name)
        if told != digest:
            what = "is not of that run" if told is None else "was changed since it was written"
            raise StockoutError(
                f"{folder}: not replaced, for {name} {what}",
                hint="copy what you need elsewhere, then run with --replace",
            )


def recorded(folder: Path) -> dict[str, str]:
    """The digests of the files of a run, by their names, as its record has them.

    Raises:
        StockoutError: There is no record that can be read.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in record["outputs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StockoutError(
            f"{folder}: not the folder of a run, for it has no {RECORD} that can be read"
        ) from None


def left_out(folder: Path) -> dict[str, str]:
    """The steps that a run left out, and why, as its record has them."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return {
        str(step["name"]): str(step["reason"])
        for step in record["steps"]
        if step["state"] == "left out"
    }


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path there, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """An error of the system becomes one that names the folder."""
    try:
        yield
    except OSError as error:
        raise StockoutError(f"{folder}: cannot be written: {error.strerror or error}") from None


def _is_dated(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _discard(folder: Path) -> None:
    """By a rename first: what is being removed must not look like what is aside."""
    if folder.exists():
        trash = folder.with_name(_TRASH)
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        elif path.is_dir():
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
