"""A lock that the operating system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from stockout.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def locked(file: Path, held: str = "another run is at work there") -> Iterator[None]:
    """Holds the lock of a file, which is made where it is not there and stays.

    Nothing in the file says who holds it: the lock belongs to the open file, so that a process that
    was killed holds none.

    Args:
        file: The file, in a folder that is there.
        held: What is told where another process holds it, of the folder.

    Raises:
        LockedError: Another process holds it.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with locked(Path(folder) / ".lock"):
    ...         try:
    ...             with locked(Path(folder) / ".lock"):
    ...                 pass
    ...         except LockedError:
    ...             print("refused")
    refused
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)  # not handed on to children (PEP 446)
    try:
        try:
            _take(descriptor)
        except (BlockingIOError, PermissionError):  # the second is how Windows says it
            raise LockedError(
                f"{file.parent}: {held}",
                hint="wait until it has ended; a process that was killed holds no lock",
            ) from None
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    """Takes the lock at once or raises; closing the file gives it back."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only there

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
