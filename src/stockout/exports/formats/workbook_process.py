"""Reads workbooks in a process of its own, so that a damaged one cannot take this one along.

The job and its outcome go through files in the run's own folder; what the other process would log
is logged here. A workbook that ends the process, or needs more memory than it may have, is refused.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stockout.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.exports.formats.headers import HeaderPlace

logger = logging.getLogger(__name__)

MEMORY_BYTES = 8 << 30
"""What reading a workbook may take. 200,000 rows of 6 columns take 0.26 GB with the engine itself:
this is enough for a sheet that is full to its last row, in some 40 columns."""

_LEAST_BYTES = 4 << 30  # of addresses, which memory pools reserve more than a gigabyte of

_SECONDS = 900  # of computing; a full sheet takes about one minute


_CALL = "from stockout.exports.formats.workbook_process import work; work()"


class Wanted(NamedTuple):
    """What is to be read of one workbook."""

    path: Path
    shown: str  # its name in errors
    sheet: str | int | None  # name or number from 1
    header_row: int | None  # from 1
    known: frozenset[str]  # names of columns, as plain names
    texts: frozenset[str]  # those that hold text
    rows: Path  # where the rows are written, as Parquet
    numbers: Path  # where their numbers in the sheet are written, as Parquet


class Sheet(NamedTuple):
    """A sheet that was read."""

    name: str
    place: HeaderPlace


class Outcome(NamedTuple):
    """What came of one job."""

    result: Any  # what the function returned
    error: InputError | None  # what it raised
    messages: list[tuple[int, str]]  # what it logged: level and text


def read_sheets(wanted: Sequence[Wanted], scratch: Path) -> list[Sheet]:
    """Reads one sheet of each workbook, as ``workbooks.read_sheet`` does.

    Raises:
        InputError: A workbook cannot be read.
    """
    return _run("read_sheet", [(one,) for one in wanted], [one.shown for one in wanted], scratch)


def list_sheets(path: Path, scratch: Path) -> list[str]:
    """The sheets of a workbook that are shown and hold something.

    Raises:
        InputError: It cannot be read.
    """
    names: list[str] = _run("list_sheets", [(path, str(path))], [str(path)], scratch)[0]
    return names


def _run(
    function: str, jobs: Sequence[tuple[Any, ...]], shown: Sequence[str], scratch: Path
) -> list[Any]:
    number = len(list(scratch.iterdir()))
    job, outcome = scratch / f"workbooks-{number}.job", scratch / f"workbooks-{number}.outcome"
    job.write_bytes(pickle.dumps((function, jobs, _memory())))
    # The other process finds this package where this one did, and spares addresses.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "POLARS_MAX_THREADS": "2",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "RUST_BACKTRACE": "0",
    }
    ended = subprocess.run(  # noqa: S603 - our own code, on a file that we wrote
        [sys.executable, "-P", "-c", _CALL, str(job), str(outcome)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    results = []
    for one in _outcomes(outcome):
        for level, message in one.messages:
            logger.log(level, "%s", message)
        if one.error is not None:
            raise one.error
        results.append(one.result)
    if len(results) < len(jobs):
        raise _died(ended, shown[len(results)])
    return results


def _outcomes(path: Path) -> list[Outcome]:
    """The outcomes of the jobs that came to an end."""
    outcomes: list[Outcome] = []
    if path.exists():
        with path.open("rb") as stream, suppress(EOFError, pickle.UnpicklingError):
            while True:
                outcomes.append(pickle.load(stream))  # noqa: S301 - written by our own process
    return outcomes


def _died(ended: subprocess.CompletedProcess[bytes], shown: str) -> Exception:
    said = ended.stderr.decode(errors="replace")
    if ended.returncode == 1 and "Traceback" in said:  # a bug of ours is not the user's mistake
        return RuntimeError(f"reading {shown} failed:\n{said}")
    return InputError(
        "not an Excel workbook, or a damaged one (reading it takes too much memory or time)",
        file=shown,
        hint="export it as CSV, or delete cells that stand far outside of the table",
    )


def _memory() -> int:
    installed = MEMORY_BYTES
    with suppress(AttributeError, ValueError, OSError):  # Windows does not say
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_LEAST_BYTES, min(MEMORY_BYTES, installed))


def _limit(memory: int) -> None:
    """Limits this process, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # if memory ends all the same, this process goes and not its parent
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


class _Messages(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelno, record.getMessage()))


def work() -> None:
    """What the other process does: the jobs of the file that the command line names."""
    function, jobs, memory = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our parent's
    _limit(memory)
    from stockout.exports.formats import workbooks  # noqa: PLC0415 - only here

    messages = _Messages()
    log = logging.getLogger("stockout")
    log.addHandler(messages)
    log.setLevel(logging.INFO)
    with Path(sys.argv[2]).open("wb") as stream:
        for arguments in jobs:
            messages.kept = []
            result, error = None, None
            try:
                result = getattr(workbooks, function)(*arguments)
            except InputError as fault:
                error = fault
            except BaseException as fault:
                # The engine panics over some damaged workbooks, with an exception of its own.
                if type(fault).__name__ != "PanicException":
                    raise
                shown = str(getattr(arguments[0], "shown", arguments[0]))
                error = workbooks.damaged("it cannot be understood", shown)
            pickle.dump(Outcome(result, error, messages.kept), stream)
            stream.flush()
