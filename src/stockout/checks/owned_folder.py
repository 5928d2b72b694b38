"""A folder of results that is replaced as a whole, and only where it is ours to replace."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from stockout.errors import StockoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "quarantine.json"
"""The file in the folder that says what was written there."""

_WRITTEN_BY = "stockout check --quarantine"


def check_replaceable(folder: Path) -> None:
    """Refuses a folder that holds anything that was not written there by us, or was changed since.

    Somebody may have begun to mend the bad rows in it.

    Raises:
        StockoutError: It does, is no folder, or there is no folder to make it in.
    """
    if not folder.parent.is_dir():
        raise StockoutError(
            f"{folder}: no folder {folder.parent}", hint=f"make the folder {folder.parent} first"
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise StockoutError(f"{folder}: is a file", hint="name a folder")
    with _told(folder):
        found = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_symlink() or not path.is_dir()
        }
        if not found:
            return
        written = _manifest(folder / MANIFEST)
        foreign = sorted(found - {*written, MANIFEST})
        changed = [
            name for name, digest in written.items()
            if name in found and _digest(folder / name) != digest
        ]  # fmt: skip
    if not written or foreign:
        what = f"{foreign[0]} in it is not ours" if foreign else f"{MANIFEST} in it is not ours"
        raise StockoutError(
            f"{folder}: not overwritten, for {what}",
            hint="name a folder that is not there yet, or move this one away",
        )
    if changed:
        raise StockoutError(
            f"{folder}: not overwritten, for {changed[0]} was changed since it was written",
            hint="name a folder that is not there yet, or move this one away",
        )


@contextlib.contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Gives a new folder to fill, and puts it in the place of the old one when all went well.

    Args:
        folder: The folder to make or to replace.

    Yields:
        Where to write.

    Raises:
        StockoutError: The folder is not ours to replace, or cannot be written. It is as before,
            and the new one is gone.
    """
    check_replaceable(folder)
    target = Path(os.path.realpath(folder))
    mark = secrets.token_hex(4)
    beside = target.with_name(f".{target.name}.{mark}.tmp")
    before = target.with_name(f".{target.name}.{mark}.old")
    with _told(folder):
        beside.mkdir()
        try:
            yield beside
            _write_manifest(beside)
            if target.exists():
                target.rename(before)
            try:
                beside.rename(target)
            except OSError:
                if before.exists():
                    before.rename(target)
                raise
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        shutil.rmtree(before, ignore_errors=True)


def _write_manifest(folder: Path) -> None:
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files[path.relative_to(folder).as_posix()] = _digest(path)
            _sync(path)
    text = json.dumps({"written_by": _WRITTEN_BY, "sha256": files}, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
    _sync(folder / MANIFEST)


def _manifest(path: Path) -> dict[str, str]:
    """The files that were written, with their digests; none where this is no manifest of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("written_by") != _WRITTEN_BY:
        return {}
    files = content.get("sha256")
    return files if isinstance(files, dict) else {}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """An error of the system becomes one that names the folder."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StockoutError(f"{folder}: cannot be written: {error.strerror or error}") from None
