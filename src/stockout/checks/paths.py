"""Paths of files as they are shown: relative, and the same on every system."""

from __future__ import annotations

import os
import re
from pathlib import Path

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(file: str) -> bool:
    """Whether this is a database or another place that is no file.

    >>> is_url("postgresql://host/shop"), is_url("exports/a://b.csv")
    (True, False)
    """
    return _URL.match(file) is not None


def relative_path(file: str, folder: Path) -> str:
    """A file's path as seen from a folder, with forward slashes; a URL stays as it is.

    >>> relative_path("exports/../exports/sales.csv", Path("."))
    'exports/sales.csv'
    >>> relative_path("postgresql://host/shop", Path("."))
    'postgresql://host/shop'
    """
    if is_url(file):
        return file
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive of Windows, or an empty text
        return file.replace("\\", "/") if os.sep == "\\" else file
