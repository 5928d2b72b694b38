"""``stockout history``: ``add``, ``list``, ``compact`` and ``export``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockout.cli.help_text import WideGroup
from stockout.cli.messages import say
from stockout.cli.run import OF_EXPORTS, TABLES, Run, as_of_date, command
from stockout.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from stockout.config import Config

_GROUP = "History"

Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        help="Folder of the history; default history.path of the configuration, else ./history.",
        metavar="FOLDER",
        rich_help_panel=_GROUP,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        cls=WideGroup,
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Keeps dated exports, so that weekly stock lists become a history of stock.\n\n"
        "Any command reads from it: --inventory history:FOLDER.",
    )
    command(group, "add")(_add)
    command(group, "list", leaves_out=OF_EXPORTS)(_list)
    command(group, "compact", leaves_out=OF_EXPORTS)(_compact)
    command(group, "export", leaves_out=OF_EXPORTS)(_export)
    app.add_typer(group, name="history")


def _add(
    run: Run,
    *,
    store: Store = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="The export has everything: what it does not have, of its days and locations, is "
            "gone.",
            rich_help_panel=_GROUP,
        ),
    ] = False,
) -> None:
    """Adds exports; the same one again changes nothing, a corrected one replaces its rows.

    Adds the tables given by flags; without any, those of the configuration that are no history
    themselves. Writes one line for each table: what is new, and what was corrected.

    Example: stockout history add --inventory exports/stock_2026-06-28.csv
    """
    import polars as pl

    config = run.load({})
    names = _to_add(run, config)
    run.spare_inputs(config)
    from stockout.history.lake import delta
    from stockout.history.snapshots import add_snapshot
    from stockout.pipeline.history_step import read_snapshot, told

    delta()  # told before the work
    now = datetime.now().astimezone()
    place = _place(config, store)
    added = []
    snapshots = []
    for number, name in enumerate(names, 1):
        with run.working(f"reading {name} ({number} of {len(names)})"):
            snapshots.append(read_snapshot(config, name, as_of_date(config), now.date()))
    for number, snapshot in enumerate(snapshots, 1):
        with run.working(f"adding {snapshot.table} ({number} of {len(names)})"):
            added.append(add_snapshot(place, snapshot, now, whole=whole))
    if not run.quiet:
        for one in added:
            say("history", told(one))
    _write(run, pl.DataFrame(added))


def _list(run: Run, *, store: Store = None) -> None:
    """The snapshots of a history: what was added when, and what it changed.

    Writes table, version, from, to, rows, new, corrected, removed, outdated, added, source and hash
    (SHA-256 of the source). The version is what history export reads again.

    Example: stockout history list
    """
    from stockout.history.snapshots import list_snapshots

    place = _place(run.load({}), store)
    with run.working("reading the history"):
        rows = list_snapshots(place)
    import polars as pl

    from stockout.reports.plain import plain_table

    short = [pl.col("added").str.slice(0, 16), pl.col("hash").str.slice(0, 8)]
    told = [name for name in rows.columns if name not in {"removed", "outdated"}]
    run.write(
        rows,
        lambda shown, console: plain_table(
            shown.select(told).with_columns(short), size=console.size, last=True
        ),
    )


def _compact(
    run: Run,
    *,
    store: Store = None,
    keep_days: Annotated[
        int,
        typer.Option(
            "--keep-days",
            help="Days for which replaced files stay, and with them old versions; at least 7.",
            metavar="DAYS",
            rich_help_panel=_GROUP,
        ),
    ] = 30,
) -> None:
    """Joins small files, and removes those of versions replaced long ago.

    Writes table, files_before, files, removed. The rows stay as they are.

    Example: stockout history compact --keep-days 90
    """
    import polars as pl

    from stockout.history.upkeep import compact

    place = _place(run.load({}), store)
    with run.working("compacting"):
        done = compact(place, keep_days)
    _write(run, pl.DataFrame(done))


def _export(
    run: Run,
    table: Annotated[str, typer.Argument(help="The table to write.", metavar="TABLE")],
    *,
    store: Store = None,
    version: Annotated[
        int | None,
        typer.Option(help="As it was in this version.", metavar="N", rich_help_panel=_GROUP),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="As it was at the end of this day.", metavar="DATE", rich_help_panel=_GROUP
        ),
    ] = None,
) -> None:
    """A table of the history as a file, as it is or as it was.

    Example: stockout history export inventory --at 2026-06-28 --output stock.parquet
    """
    if table not in TABLES:
        raise ConfigError(f"no table {table!r}", hint=f"the tables are {', '.join(TABLES)}")
    if version is not None and at is not None:
        raise ConfigError("--version and --at contradict each other", hint="give one")
    from stockout.history.lake import read_history, version_at

    place = _place(run.load({}), store)
    with run.working("reading the history"):
        if at is not None:
            version = version_at(place, table, _day(at))
        rows = read_history(place, table, version)
    _write(run, rows)


def _to_add(run: Run, config: Config) -> list[str]:
    """The tables to add; flags go above the configuration."""
    from stockout.exports.kept import kept_tables, with_exports
    from stockout.pipeline.history_step import tables_to_add

    if not run.tables:
        return tables_to_add(config)
    for name in run.tables:
        if name in kept_tables(with_exports(config)):
            raise ConfigError(
                f"{name} is read from a history itself", hint=f"give --{name} FILE, an export"
            )
    return list(run.tables)


def _place(config: Config, store: Path | None) -> Path:
    return store if store is not None else config.folder / Path(config.history.path).expanduser()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"--at: found {text!r}, expected a date like 2026-01-31") from None


def _write(run: Run, frame: pl.DataFrame) -> None:
    from stockout.reports.plain import plain_table

    run.write(frame, lambda shown, console: plain_table(shown, size=console.size))
