"""How a configuration names files: relative to it, and with a glob where one says the same."""

from __future__ import annotations

import glob
import os
import re
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def relative(path: Path, base: Path) -> str:
    """A path as the configuration in a folder writes it, with slashes.

    Args:
        path: The file or folder.
        base: The folder of the configuration.

    >>> relative(Path("exports/sales.csv"), Path())
    'exports/sales.csv'
    """
    try:
        shown = os.path.relpath(str(path), str(base))
    except ValueError:  # on another drive of Windows
        shown = str(path.absolute())
    return Path(shown).as_posix()


def path_of(paths: Sequence[Path], known: Collection[Path], base: Path) -> str | list[str]:
    """The path, the glob, or the list of paths that names just these files.

    A glob also finds the files of coming months, so it is taken wherever it finds none of the
    other files that are there today.

    Args:
        paths: The files to name.
        known: All files of the folder, also those that are no exports.
        base: The folder of the configuration.

    >>> months = [Path("exports/sales_2026-01.csv"), Path("exports/sales_2026-02.csv")]
    >>> path_of(months, [*months, Path("exports/sales_total.csv")], Path())
    'exports/sales_[0-9]*.csv'
    >>> path_of(months, months, Path())
    'exports/sales_*.csv'
    """
    if len(paths) == 1:
        return relative(paths[0], base)
    wanted = set(paths)
    for pattern in _patterns(paths):
        found = {path for path in known if path.match(pattern) and _depth(path, pattern)}
        if found == wanted and Path(pattern) not in known:  # else it would be taken literally
            return relative(Path(pattern), base)
    return [relative(path, base) for path in paths]


def _patterns(paths: Sequence[Path]) -> list[str]:
    """Globs that find these files, the simplest first."""
    folders = {path.parent for path in paths}
    names = sorted({path.name for path in paths})
    if len(folders) == 1:
        folder = glob.escape(str(folders.pop()))
    else:
        parents = {path.parent.parent for path in paths}
        if len(parents) != 1:
            return []
        folder = os.path.join(glob.escape(str(parents.pop())), "*")  # noqa: PTH118 - a pattern
    if len(names) == 1:
        return [os.path.join(folder, glob.escape(names[0]))]  # noqa: PTH118
    start = _common_start(names)
    start = re.sub(r"\d+$|[-_ ]\d[-\d_ ]*$", lambda match: _separator(match[0]), start)
    end = _common_start([name[::-1] for name in names])[::-1]
    end = re.sub(r"^[-_\d ]*\d", "", end)
    begin, rest = glob.escape(start), glob.escape(end)
    digit = all(name[len(start) : len(start) + 1].isdigit() for name in names)
    found = [f"{begin}*{rest}"] if begin else []
    if digit:
        found.append(f"{begin}[0-9]*{rest}")
    return [os.path.join(folder, name) for name in found]  # noqa: PTH118


def _common_start(names: Sequence[str]) -> str:
    """What all names start with."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _separator(digits: str) -> str:
    return digits[0] if digits[0] in "-_ " else ""


def _depth(path: Path, pattern: str) -> bool:
    """Path.match looks at the last parts alone."""
    return len(path.parts) == len(Path(pattern).parts)
