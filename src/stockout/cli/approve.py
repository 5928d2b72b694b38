"""``stockout approve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockout.cli.messages import say
from stockout.cli.run import OF_EXPORTS, Run, command
from stockout.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from stockout.config import Config

_GROUP = "Approval"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "approve", leaves_out={*OF_EXPORTS, "output", "format", "raw"})(_approve)


def _approve(
    run: Run,
    edited: Annotated[
        list[Path], typer.Argument(help="Edited purchase lists, csv or xlsx.", metavar="EDITED...")
    ],
    *,
    by: Annotated[
        str | None,
        typer.Option(help="Who approves.", metavar="NAME", rich_help_panel=_GROUP),
    ] = None,
    by_user: Annotated[
        bool,
        typer.Option(
            "--by-user",
            help="Whoever is logged in approves, in place of --by.",
            rich_help_panel=_GROUP,
        ),
    ] = False,
    of_run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="Folder of the run that proposed the orders; default the latest one.",
            metavar="FOLDER",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    accept_limits: Annotated[
        bool,
        typer.Option(
            "--accept-limits",
            help="Accept quantities below the minimum order or of broken packs; the audit marks "
            "them.",
            rich_help_panel=_GROUP,
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder to make; default approved/AS-OF beside the folder of the runs.",
            metavar="FOLDER",
            rich_help_panel="Output",
        ),
    ] = None,
) -> None:
    """Turns edited purchase lists into final orders, and keeps who changed what.

    Writes orders_final of all suppliers and of each, and the audit: approval.csv and approval.json
    with sku, location, proposed, approved, note, by and the digest of the edited file. The proposal
    stays as it is. Where a row is not known or its quantity cannot be, nothing is written: the
    findings go to stderr, and the exit code is 1.

    Example: stockout approve runs/2026-06-28/orders/*.xlsx --by "J. Doe"
    """
    name = _approver(by, by_user=by_user)
    config = run.load({})
    folder = of_run or _latest(config)
    target = output or folder.parent.parent / "approved" / folder.name
    from stockout.pipeline.approval import approve, write_approval

    with run.working("reading the edited lists"):
        approval = approve(edited, folder, name, accept_limits=accept_limits)
    if not approval.findings.is_empty():
        for file, row, column, message in approval.findings.iter_rows():
            place = ":".join(str(part) for part in (file, row, column) if part is not None)
            say("error", f"{place}: {message}")
        raise typer.Exit(ExitCode.FINDINGS)
    with run.working("writing the final orders"):
        write_approval(approval, folder, target, config.run.formats)
    if not run.quiet:
        changed = approval.audit["changed"].sum()
        say(
            "approve",
            f"{target}: {approval.orders.height:,} orders, {changed:,} of "
            f"{approval.audit.height:,} rows changed, by {name}",
        )


def _approver(by: str | None, *, by_user: bool) -> str:
    """Who approves; the name of the login only where that was asked for."""
    if by_user and by is None:
        import getpass

        return getpass.getuser()
    if by is None or by_user or not by.strip():
        raise ConfigError(
            "who approves is not said once",
            hint='give --by "NAME", or --by-user for the one who is logged in',
        )
    return by.strip()


def _latest(config: Config) -> Path:
    from stockout.pipeline.dated_folders import latest

    output = config.folder / config.run.output
    name = latest(output)
    if name is None:
        raise ConfigError(
            f"{output}: no run there yet", hint="run stockout run first, or name one: --run FOLDER"
        )
    return output / name
