"""What lies in a folder: the files that may be exports, and why the others are left out."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stockout.errors import InputError
from stockout.exports.formats.files import find_files, format_of
from stockout.exports.formats.undated import names_a_date, stock_date

if TYPE_CHECKING:
    from datetime import date

    from stockout.exports.formats.files import Format

_PARQUET = b"PAR1"
_WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")
_OWN_FILES = frozenset({"stockout.toml", "pyproject.toml"})
_BEGINNING = 16_384  # bytes of a file in which a column of dates shows
_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".tar", ".tgz"})


class Located(NamedTuple):
    """A file, or a folder of partitions, that may be an export."""

    path: Path
    fmt: Format
    format_told: bool = False  # whether the configuration must say the format
    has_sheets: bool = False


class LeftOut(NamedTuple):
    """A file that is not used."""

    path: Path
    reason: str
    suspect: bool = True  # whether someone may miss it; a picture is missed by nobody


def walk(folder: Path) -> tuple[list[Located], list[LeftOut]]:
    """Finds what may be an export, in this folder and those below it.

    A folder of partitions (``store=007/``) is one export. Names that start with a point are not
    looked at; neither are folders behind a link, which may lead round in a circle.

    Args:
        folder: Where to look.

    Returns:
        What may be an export and what is left out, both sorted by path.
    """
    located: list[Located] = []
    left_out: list[LeftOut] = []
    for current, names, files in os.walk(folder, onerror=lambda error: _tell(error, left_out)):
        here = Path(current)
        if "_delta_log" in names:
            # Its files are those of all versions.
            left_out.append(
                LeftOut(here, f"no export: a history is read with history:{here.parent}")
            )
            names.clear()
            continue
        partitions = [name for name in names if _is_partition(name)]
        if partitions:
            _locate_partitions(here, located, left_out)
            names.clear()
            continue
        names[:] = sorted(name for name in names if not _is_hidden(name))
        for name in sorted(files):
            if not _is_hidden(name) and name not in _OWN_FILES:
                _locate(here / name, located, left_out)
    return _without_copies(sorted(located), sorted(left_out))


def _tell(error: OSError, left_out: list[LeftOut]) -> None:
    reason = f"the folder cannot be read ({error.strerror})"
    left_out.append(LeftOut(Path(error.filename), reason))


def _is_hidden(name: str) -> bool:
    # "~$" is what a workbook leaves beside itself while it is open; "__" are caches.
    return name.startswith((".", "~$", "__"))


def _is_partition(name: str) -> bool:
    key, equals, _ = name.partition("=")
    return bool(equals and key.isidentifier())


def _locate(path: Path, located: list[Located], left_out: list[LeftOut]) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        left_out.append(LeftOut(path, "its name cannot be written in a configuration: rename it"))
        return
    by_name = format_of(path)
    if by_name is None:
        archive = path.suffix.lower() in _ARCHIVES
        reason = "an archive: unpack it" if archive else "no export"
        left_out.append(LeftOut(path, reason, suspect=archive))
        return
    try:
        if not path.is_file():
            left_out.append(LeftOut(path, "no regular file"))
            return
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        left_out.append(LeftOut(path, f"cannot be read ({error.strerror})"))
        return
    if not start:
        left_out.append(LeftOut(path, "the file is empty"))
        return
    fmt = _format(start, by_name)
    told, sheets = fmt != by_name, start in _WORKBOOKS
    located.append(Located(path, fmt, format_told=told, has_sheets=sheets))


def _format(start: bytes, by_name: Format) -> Format:
    """The format by what the file starts with. A text called ``.xls`` is read as such anyway."""
    if start == _PARQUET:
        return "parquet"
    return "excel" if start in _WORKBOOKS else by_name


def _locate_partitions(folder: Path, located: list[Located], left_out: list[LeftOut]) -> None:
    try:
        _, fmt = find_files(str(folder.absolute()), Path())
    except InputError as error:
        left_out.append(LeftOut(folder, error.message))
    else:
        located.append(Located(folder, fmt))


def _without_copies(
    located: list[Located], left_out: list[LeftOut]
) -> tuple[list[Located], list[LeftOut]]:
    """Leaves out what holds the same as another file, byte by byte.

    A stock list without a date in it is no copy of that of another day, which its name says.
    """
    first: dict[tuple[int, bytes, date | None], Path] = {}
    sizes = Counter(item.path.stat().st_size for item in located if item.path.is_file())
    kept: list[Located] = []
    for item in located:
        size = item.path.stat().st_size
        if item.path.is_file() and sizes[size] > 1:
            key = size, _digest(item.path), _day_of_undated(item)
            original = first.setdefault(key, item.path)
            if original != item.path:
                left_out.append(LeftOut(item.path, f"holds the same as {original.name}"))
                continue
        kept.append(item)
    return kept, sorted(left_out)


def _day_of_undated(item: Located) -> date | None:
    """The day that the name of a text file says, where nothing at its beginning reads as a date."""
    if item.fmt != "csv":
        return None
    with item.path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if names_a_date(beginning.decode("latin-1")):
        return None
    return stock_date([], item.path.name)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()
