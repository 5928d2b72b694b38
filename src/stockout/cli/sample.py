"""``stockout sample``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from stockout.cli.help_text import GroupedCommand
from stockout.cli.messages import listen, say, working
from stockout.cli.run import Quiet, Verbose
from stockout.errors import ConfigError

_BUSINESS = "Business"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sample", cls=GroupedCommand)(_sample)


def _sample(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder to write into; made if it is not there.", metavar="FOLDER"),
    ],
    *,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same business.", rich_help_panel=_BUSINESS)
    ] = 1,
    skus: Annotated[int, typer.Option(help="Number of SKUs.", rich_help_panel=_BUSINESS)] = 40,
    locations: Annotated[
        int, typer.Option(help="Number of shops, each selling all SKUs.", rich_help_panel=_BUSINESS)
    ] = 2,
    months: Annotated[
        int, typer.Option(help="Length of the history.", rich_help_panel=_BUSINESS)
    ] = 18,
    stockout_rate: Annotated[
        float,
        typer.Option(
            help="Share of item-days that end without stock.",
            metavar="P",
            rich_help_panel=_BUSINESS,
        ),
    ] = 0.08,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any other setting, such as wait_share=0.3; repeatable. All are in "
            "docs/simulator.md.",
            metavar="NAME=VALUE",
            rich_help_panel=_BUSINESS,
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Overwrite the files of an earlier sample.", rich_help_panel="Output"
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Simulated exports, with the truth that real ones hide.

    Writes all tables of a small retail business, a stockout.toml to use them with, and the hidden
    truth beside them: real demand, lost units, and who left because of a stockout. Prints the
    paths of the files.

    Example: stockout sample demo --seed 7 --stockout-rate 0.15
    """
    listen(quiet=quiet, verbose=verbose)
    import stockout

    with working("simulating", quiet=quiet):
        manifest = stockout.sample(
            folder,
            seed=seed,
            skus=skus,
            locations=locations,
            months=months,
            stockout_rate=stockout_rate,
            force=force,
            **_read(settings or []),
        )
    for path in manifest.files:
        typer.echo(folder / path)
    if not quiet:
        say("note", f"try it: cd {folder} && stockout forecast && stockout reorder")


def _read(assignments: list[str]) -> dict[str, float | date]:
    """The settings that ``--set`` names; whether there are such is for the simulator to say."""
    settings: dict[str, float | date] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        value = next((value for read in _READERS if (value := read(text)) is not None), None)
        if not equals or value is None:
            raise ConfigError(
                f"--set {assignment}: expected NAME=VALUE, with a number or a date as value",
                hint="for example --set wait_share=0.3 or --set end=2025-12-31",
            )
        settings[name.strip()] = value
    return settings


def _or_none(kind: Callable[[str], float | date]) -> Callable[[str], float | date | None]:
    def read(text: str) -> float | date | None:
        try:
            return kind(text.strip())
        except ValueError:
            return None

    return read


_READERS = (_or_none(int), _or_none(float), _or_none(date.fromisoformat))
