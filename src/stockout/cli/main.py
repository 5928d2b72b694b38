"""The command ``stockout``: its commands, and the exit code of each way a run can end."""

from __future__ import annotations

import errno
import os
import platform
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from stockout.cli import (
    alert,
    approve,
    backtest,
    causes,
    check,
    churn,
    forecast,
    history,
    init,
    lost_sales,
    reorder,
    report,
    run_pipeline,
    sample,
    segments,
    simulate,
    suppliers,
)
from stockout.cli.help_text import WideGroup
from stockout.cli.messages import say
from stockout.errors import ExitCode, StockoutError
from stockout.memory import keep_freed_memory
from stockout.workers import stop as stop_workers

_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE,
    errno.ENFILE,
}  # fmt: skip
"""Failures of disks and permissions: no bug of ours, no wrong input, but the user's to mend."""

_PYDANTIC_WORDS = {  # typer hands them on
    r": Value error, ": ": ",
    r": Input should be a valid integer.*": ": expected a whole number",
    r": Input should be a valid number.*": ": expected a number",
}

app = typer.Typer(
    name="stockout",
    cls=WideGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from stockout import __version__

        typer.echo(f"stockout {__version__}")
        raise typer.Exit


@app.callback()
def stockout(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version,
                     is_eager=True),
    ] = False,
) -> None:  # fmt: skip
    """Stockout analytics from the exports you already have: forecasts and reorder lists.

    A result goes to stdout or to a file, every message to stderr. Exit codes: 0 fine, 1 findings,
    2 wrong use, configuration or input, 75 another run holds the lock, 101 a bug of ours,
    130 interrupted.
    """


init.add_to(app)
check.add_to(app)
forecast.add_to(app)
reorder.add_to(app)
lost_sales.add_to(app)
churn.add_to(app)
causes.add_to(app)
suppliers.add_to(app)
segments.add_to(app)
backtest.add_to(app)
run_pipeline.add_to(app)
approve.add_to(app)
simulate.add_to(app)
report.add_to(app)
alert.add_to(app)
history.add_to(app)
sample.add_to(app)


def main() -> NoReturn:
    """Runs the command line of this process and exits."""
    if "_STOCKOUT_COMPLETE" in os.environ:  # the shell asks for completions
        app(prog_name="stockout")
    if sys.stderr is None:  # closed by the caller, as with 2>&-
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the whole run
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown as "?", not answered with a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not sys.warnoptions:
        # What libraries warn their programmers of is no message to the user.
        warnings.simplefilter("ignore")
    keep_freed_memory()
    code = run(sys.argv[1:])
    stop_workers()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # what can be told of it has been told
            stream.flush()
    # Python would take itself and its packages apart first, for a quarter of a second and more, or
    # end by the signal where a library's C code saw an interrupt.
    os._exit(code)


def run(args: Sequence[str]) -> int:
    """Runs one command; every way it can end has its exit code, and says why on stderr.

    Args:
        args: The arguments after ``stockout``.
    """
    try:
        code = _run(args)
    except typer.TyperException as error:
        code = _usage_error(error)
    except StockoutError as error:
        say("error", error.message)
        if error.hint is not None:
            say("hint", error.hint)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        say("error", "interrupted")
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        code = ExitCode.OK
    except MemoryError:
        say("error", "the memory of this machine is not enough")
        say("hint", "forecast fewer periods, or fewer items at a time")
        code = ExitCode.USAGE
    except OSError as error:
        code = _machine_error(error) if error.errno in _OF_THE_MACHINE else _bug(error, args)
    except Exception as error:  # noqa: BLE001 - the last line of defence, which is what it is for
        code = _bug(error, args)
    return code


def _run(args: Sequence[str]) -> int:
    # Not typer's own main(), which ends a broken pipe with exit code 1: that means findings here.
    group = get_command(app)
    code: int = ExitCode.OK
    try:
        with group.make_context("stockout", list(args)) as context:
            group.invoke(context)
    except typer.Exit as end:
        code = end.exit_code
    if sys.stdout is not None:
        sys.stdout.flush()
    return code


def _usage_error(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    text = error.format_message()
    for pattern, plain in _PYDANTIC_WORDS.items():
        text = re.sub(pattern, plain, text)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(text, err=True)
    else:
        say("error", text)
        if context is not None:
            say("hint", f"{context.command_path} --help lists the options")
    return ExitCode.USAGE


def _machine_error(error: OSError) -> int:
    place = "" if error.filename is None else f"{error.filename}: "
    say("error", f"{place}{error.strerror}")
    return ExitCode.USAGE


def _forget_stdout() -> None:
    """Lets nobody complain when Python closes a stdout whose reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug(error: BaseException, args: Sequence[str]) -> int:
    from stockout import __version__

    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119 - no path to build
    say("error", f"a bug in stockout, not in your data: {type(error).__name__} at {place}: {error}")
    if {"--verbose", "-v"} & set(args):
        say("note", "".join(traceback.format_exception(error)).rstrip())
    say(
        "hint",
        "please report it to the developers, with what the same command prints under --verbose "
        f"(stockout {__version__}, Python {platform.python_version()}, {platform.system()})",
    )
    return ExitCode.BUG
