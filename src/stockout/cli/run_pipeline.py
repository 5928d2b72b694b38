"""``stockout run``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stockout.cli.messages import say
from stockout.cli.run import Run, as_of_date, command

_GROUP = "Run"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "run", leaves_out=("output", "format", "raw"))(_run)


def _run(
    run: Run,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the dated folders; default runs, beside the configuration.",
            metavar="FOLDER",
            rich_help_panel="Output",
        ),
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            help="Steps and their order, such as check,reorder; default all.",
            metavar="STEP,...",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            help="Order nothing where there are findings of this severity or above: info, warning, "
            "error (the default) or never.",
            metavar="SEVERITY",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Replace the folder of the same date although files in it were edited.",
            rich_help_panel=_GROUP,
        ),
    ] = False,
) -> None:
    """The weekly run: from the exports to the orders of every supplier, the report and messages.

    Steps are check, history, forecast, lost-sales, reorder, causes, suppliers, segments, churn,
    report and alert, each where its tables or settings are there. Writes one folder, named by the
    as-of date, with run.json: what went in and what came out, each with its digest. The same inputs
    give the same bytes in every file but run.log. A run that dies leaves the folder as it was; two
    runs at once are refused. docs/run.md tells it all.

    Example: stockout run --config stockout.toml
    """
    config = run.load(
        {
            "run.output": None if output is None else str(output.absolute()),
            "run.steps": steps,
            "run.fail_on": fail_on,
        }
    )
    import time

    _warn_once()
    from stockout.pipeline.weekly_run import weekly_run

    folder = weekly_run(
        config,
        now=datetime.now().astimezone(),
        as_of=as_of_date(config),
        replace=replace,
        clock=time.perf_counter,
        working=run.working,
    )
    if run.quiet:
        return
    from stockout.pipeline.dated_folders import left_out

    for step, reason in left_out(folder).items():
        say("left out", f"{step}: {reason}")
    say("run", str(folder))


def _warn_once() -> None:
    """Lets a message pass once, though several steps may have the same to say of a table."""
    import logging

    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        new = text not in said
        said.add(text)
        return new

    for handler in logging.getLogger("stockout").handlers:
        handler.addFilter(is_new)
