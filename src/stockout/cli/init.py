"""``stockout init``."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from stockout.cli.help_text import GroupedCommand
from stockout.cli.messages import listen, say
from stockout.cli.run import Quiet, Verbose
from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    from rich.status import Status

    from stockout.exports.profiles import Profile
    from stockout.exports.recognition import Recognition

_TARGET = Path("stockout.toml")
_GROUP = "Recognition"
_SHOWN_LEFT_OUT = 20  # lines; the file lists the rest


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("init", cls=GroupedCommand)(_init)


def _init(
    folder: Annotated[
        Path, typer.Argument(help="Folder with the exports.", metavar="[FOLDER]")
    ] = Path(),
    *,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Ask nothing: take the best guess, and write a comment beside it.",
            rich_help_panel=_GROUP,
        ),
    ] = False,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="Think only of the exports of this system, such as sap, or of a profile of your "
            "own, my_profile.toml; repeatable.",
            metavar="SYSTEM",
            rich_help_panel=_GROUP,
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Date of stock lists that say none; default the last date of the other exports.",
            metavar="DATE",
            rich_help_panel=_GROUP,
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Overwrite stockout.toml.", rich_help_panel="Output"),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Recognises the exports in a folder and writes stockout.toml.

    Looks at the headers and the cells of every export in the folder and below, says which tables
    they make and how sure that is, asks about the rest, and writes a commented stockout.toml into
    the current folder. Reads everything once, so that what does not fit is known now. Prints the
    path of the file.

    Example: stockout init exports
    """
    listen(quiet=quiet, verbose=verbose)
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "no such folder"
        raise ConfigError(f"{folder}: {what}", hint="name the folder with the exports")
    if _TARGET.exists() and not force:
        raise ConfigError(
            f"{_TARGET}: is there already, and would be overwritten",
            hint="say --force to replace it, or run in another folder",
        )
    day = _date(as_of)
    profiles = _profiles(profile) if profile else None
    found = _recognise(folder, profiles, day, yes=yes, quiet=quiet)
    if not quiet:
        _show(found)
    if not found.sources:
        raise StockoutError(
            f"{folder}: no export in it is one that is known",
            hint="name the folder with the exports, or write a stockout.toml that names their "
            "columns: see docs/configuration.md",
        )
    _write(found, folder)
    typer.echo(_TARGET)
    if not found.is_usable:
        raise StockoutError(
            f"{_TARGET} is written, but no export in it can be read as it is",
            hint="PROBLEM stands in it where something has to be changed",
        )
    if not quiet:
        say("note", _next_steps(found))


def _recognise(
    folder: Path,
    profiles: Mapping[str, Profile] | None,
    as_of: date | None,
    *,
    yes: bool,
    quiet: bool,
) -> Recognition:
    from stockout.cli.asking import asker
    from stockout.exports.recognition import recognise

    with TemporaryDirectory(prefix="stockout-") as scratch, _moving(quiet=quiet) as moving:
        return recognise(
            folder,
            Path(),
            Path(scratch),
            asker(yes=yes, quiet=quiet, moving=moving),
            profiles=profiles,
            as_of=as_of,
        )


@contextmanager
def _moving(*, quiet: bool) -> Iterator[Status | None]:
    """Shows on a terminal's stderr that work is going on, and can stand still for a question."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading the exports") as status:
        yield status


def _show(found: Recognition) -> None:
    """Tells on stderr what was found, and what was left out."""
    from stockout.reports.found_exports import found_lines, found_table, left_out_lines

    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        if found.sources:
            Console(stderr=True, highlight=False).print(found_table(found))
    else:
        for line in found_lines(found):
            say("note", line)
    for source in found.sources:
        for problem in source.proposal.problems:
            say("warning", f"{source.proposal.table}: {problem}")
    for doubt in found.doubts:
        say("warning", doubt)
    if found.as_of is not None and found.as_of.guessed:
        say(
            "warning", f"a stock list says no date: {found.as_of.value} is taken, {found.as_of.why}"
        )
    for line in left_out_lines(found, _SHOWN_LEFT_OUT):
        say("note", f"left out: {line}")


def _write(found: Recognition, folder: Path) -> None:
    from stockout.exports.recognition.describing import configuration
    from stockout.outputs import replacing

    text = configuration(found, folder.as_posix(), Path())
    with replacing(_TARGET) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def _next_steps(found: Recognition) -> str:
    tables = {source.proposal.table for source in found.sources if source.rows is not None}
    steps = ["stockout check"]
    if "sales" in tables:
        steps.append("stockout forecast")
        if "inventory" in tables:
            steps.append("stockout reorder")
    missing = sorted({"sales", "inventory"} - tables)
    lacks = f"; without {' and '.join(missing)} there is no reorder list" if missing else ""
    return f"look over {_TARGET}, then: {', '.join(steps)}{lacks}"


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"--as-of {text}: expected a date like 2026-01-31") from None


def _profiles(asked: Sequence[str]) -> dict[str, Profile]:
    from stockout.exports.profiles import built_in_profiles, read_profile

    built_in = built_in_profiles()
    chosen = {}
    for name in asked:
        if name.endswith(".toml"):
            chosen[Path(name).as_posix()] = read_profile(Path(name))
        elif name in built_in:
            chosen[name] = built_in[name]
        else:
            near = difflib.get_close_matches(name, built_in, n=1)
            raise ConfigError(
                f"--profile {name}: no such system",
                hint=f"did you mean {near[0]}?" if near else f"known are {', '.join(built_in)}",
            )
    return chosen
