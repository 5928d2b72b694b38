"""What the user is told on stderr: errors, warnings, notes, and that work is going on."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from stockout.errors import ConfigError
from stockout.reports.inert import inert

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

_COLOURS = {"error": "1;31", "warning": "33", "hint": "36"}


def say(kind: str, text: str) -> None:
    """Prints ``kind: text`` on stderr, in colour where that is a terminal that wants any."""
    label = f"{kind}:"
    coloured = (
        sys.stderr.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
        and kind in _COLOURS
    )
    if coloured:
        label = f"\x1b[{_COLOURS[kind]}m{label}\x1b[0m"
    with suppress(OSError):  # nobody listens, or the disk of the log is full: no reason to fail
        print(label, inert(text, lines=True), file=sys.stderr, flush=True)  # noqa: T201 - the CLI's one way to speak


def listen(*, quiet: bool, verbose: bool) -> None:
    """Shows what the package logs: warnings, with ``verbose`` notes too, with ``quiet`` neither.

    Raises:
        ConfigError: Both are asked for.
    """
    if quiet and verbose:
        raise ConfigError("--quiet and --verbose contradict each other")
    import logging

    class Stderr(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kind = "warning" if record.levelno >= logging.WARNING else "note"
            say(kind, record.getMessage())

    logger = logging.getLogger("stockout")
    for handler in list(logger.handlers):
        if handler.get_name() == "cli":
            logger.removeHandler(handler)
    handler = Stderr()
    handler.set_name("cli")
    logger.addHandler(handler)
    logger.propagate = False
    level = logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    logger.setLevel(level)


@contextmanager
def working(text: str, *, quiet: bool) -> Iterator[None]:
    """Shows on a terminal's stderr what is being done, and for how long; elsewhere nothing."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        shown.add_task(escape(inert(text)), total=None)
        yield
