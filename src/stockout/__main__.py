"""``python -m stockout`` is the command ``stockout``."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType


def main() -> NoReturn:
    """Runs the command line; an interrupt ends it quietly while it is still being loaded."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # not where the caller has it ignored
        signal.signal(signal.SIGINT, _leave)
    from stockout.cli import main as command_line  # noqa: PLC0415 - what takes its time

    signal.signal(signal.SIGINT, usual)
    command_line.main()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Ends the process at once: nothing is open yet, and no import is there to be undone."""
    os.write(2, b"error: interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    main()
