"""What every command shares: the input flags, the configuration, and where the result goes."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stockout.cli.help_text import GroupedCommand
from stockout.cli.messages import listen, say, working
from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import polars as pl
    from rich.console import Console, RenderableType

    from stockout.config import Config
    from stockout.exports.read import Tables

Format = Literal["table", "csv", "json", "parquet", "xlsx"]

TABLES: Mapping[str, str] = {
    "sales": "Sales lines or totals.",
    "inventory": "Stock on hand, or whether there was any.",
    "movements": "Stock movements.",
    "products": "Master data of the SKUs.",
    "suppliers": "Suppliers.",
    "purchases": "Purchase orders.",
    "orders": "Customer orders.",
    "customers": "Customers.",
    "locations": "Locations.",
    "events": "Promotions, holidays, openings.",
    "overrides": "Corrections of the forecast by a person.",
}
"""Each canonical table, which is also the name of its flag, with the flag's help."""

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only errors.", rich_help_panel="Messages")
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Also what was read, left out and assumed.",
        rich_help_panel="Messages",
    ),
]  # fmt: skip


def _table_flag(name: str) -> Any:  # noqa: ANN401 - an annotation made at run time has no type
    option = typer.Option(f"--{name}", help=TABLES[name], metavar="PATH", rich_help_panel="Input")
    return Annotated[list[str] | None, option]


def shared_flag(annotation: Any, *names: str, group: str, **settings: Any) -> Any:  # noqa: ANN401 - see above
    """The annotation of a flag that commands share."""
    return Annotated[
        annotation, typer.Option(*names, rich_help_panel=group, show_default=False, **settings)
    ]


_SHARED: Mapping[str, Any] = {
    "config": shared_flag(
        Path | None, "--config", "-c", group="Input", metavar="FILE",
        help="Configuration; default ./stockout.toml, else [tool.stockout] of ./pyproject.toml.",
    ),
    "as_of": shared_flag(
        str | None, "--as-of", group="Input", metavar="DATE",
        help="Last day that counts; default the last date in sales, inventory and movements.",
    ),
    "profile": shared_flag(
        str | None, "--profile", group="Input", metavar="NAME",
        help="What wrote the exports, such as shopify or sap/mb52.",
    ),
    **{name: _table_flag(name) for name in TABLES},
    "output": shared_flag(
        Path | None, "--output", "-o", group="Output", metavar="FILE",
        help="Write to FILE instead of stdout.",
    ),
    "format": shared_flag(
        Format | None, "--format", group="Output",
        help="Default: by the suffix of FILE; on a terminal a table, else csv.",
    ),
    "raw": shared_flag(
        bool, "--raw", group="Output",
        help="In CSV, leave text as it is that a spreadsheet would run as a formula.",
    ),
    "quiet": Quiet,
    "verbose": Verbose,
}  # fmt: skip

OF_EXPORTS = frozenset({"as_of", "profile", *TABLES})


@dataclass(frozen=True)
class Run:
    """One run of a command: what the shared flags said."""

    config: Path | None
    tables: Mapping[str, list[str]]  # paths given for a canonical table
    profile: str | None  # of the exports, where the configuration names none
    as_of: str | None
    output: Path | None  # None is stdout
    asked: str | None  # the format flag as it was given
    format: Format | None  # of a table; None where the command has formats of its own
    raw: bool
    quiet: bool
    verbose: bool

    def load(self, settings: Mapping[str, object]) -> Config:
        """The configuration under the flags; ``settings`` are those of the command, dotted."""
        from stockout.config import load_config

        flags = {f"tables.{name}": {"path": paths} for name, paths in self.tables.items()}
        shared = {"as_of": self.as_of, "profile": self.profile}
        return load_config(self.config, os.environ, {**flags, **settings, **shared})

    def read(self, config: Config, needed: Collection[str], useful: Collection[str]) -> Tables:
        """Reads the tables that the command needs and those it can use.

        Raises:
            ConfigError: Nothing says where a needed table is.
        """
        self.spare_inputs(config)
        for name in needed:
            if name not in config.tables:
                raise ConfigError(
                    f"no {name}: neither a flag nor the configuration says where it is",
                    hint=f"give --{name} FILE, or set tables.{name}.path in stockout.toml",
                )
        from stockout.exports.read import read_tables

        with self.working("reading the exports"):
            return read_tables(config, only={*needed, *useful}, as_of=as_of_date(config))

    def spare_inputs(self, config: Config) -> None:
        """Refuses to write the result over an export or the configuration."""
        if self.output is None or not self.output.exists():
            return
        from stockout.exports.formats.files import find_files

        read = [("the configuration", config.file)] if config.file else []
        for name, sources in config.tables.items():
            for source in sources:
                with suppress(StockoutError):  # told when the table is read, if it is
                    files, _ = find_files(source.path, config.folder, source.format)
                    read += [(f"table {name}", file.path) for file in files]
        for what, path in read:
            if path.exists() and path.samefile(self.output):
                raise ConfigError(
                    f"{self.output}: {what} is read from there, and would be overwritten",
                    hint="write to another file",
                )

    def working(self, text: str) -> AbstractContextManager[None]:
        """Shows on a terminal's stderr that work is going on."""
        return working(text, quiet=self.quiet)

    def write(
        self, frame: pl.DataFrame, table: Callable[[pl.DataFrame, Console], RenderableType]
    ) -> None:
        """Writes the result where the flags say; ``table`` draws it for a person."""
        if self.format == "table":
            from rich.console import Console

            console = Console(highlight=False)
            console.print(table(frame, console))
            return
        from stockout.outputs import write_frame

        if self.format is None:
            raise TypeError("this command writes formats of its own")
        with nullcontext() if self.output is None else self.working(f"writing {self.output}"):
            write_frame(frame, self.output, self.format, raw=self.raw)
        told = self.verbose or (sys.stderr.isatty() and not self.quiet)
        if self.output is not None and told:
            say("note", f"wrote {frame.height:,} rows to {self.output}")


def command(
    app: typer.Typer,
    name: str,
    *,
    formats: Any = None,  # noqa: ANN401 - an annotation made at run time has no type
    leaves_out: Collection[str] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers a function as a command; its first parameter gathers the flags that all share.

    Args:
        app: Where the command goes.
        name: What it is called.
        formats: Annotation of the command's own ``--format``, in place of that of tables.
        leaves_out: Shared flags that this command has not, or has in a way of its own.
    """
    flags = dict(_SHARED) if formats is None else {**_SHARED, "format": formats}
    own_formats = formats is not None or "format" in leaves_out
    for key in leaves_out:
        del flags[key]

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        @functools.wraps(function)
        def flags_to_run(**given: Any) -> None:  # noqa: ANN401 - typer hands over what it parsed
            given_shared = {key: given.pop(key) for key in flags}
            shared: dict[str, Any] = dict.fromkeys(_SHARED) | given_shared
            listen(quiet=shared["quiet"], verbose=shared["verbose"])
            function(_run(shared, own_formats=own_formats), **given)

        parameters = [
            *own,
            *(
                inspect.Parameter(
                    key,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=False if key in {"raw", "quiet", "verbose"} else None,
                    annotation=annotation,
                )
                for key, annotation in flags.items()
            ),
        ]
        # typer reads the flags off the signature and the annotations.
        flags_to_run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        flags_to_run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name, cls=GroupedCommand)(flags_to_run)
        return function

    return register


def as_of_date(config: Config) -> date | None:
    """The as-of date of the configuration; ``today`` is where the clock comes in."""
    if config.as_of == "today":
        return datetime.now().astimezone().date()
    return config.as_of


def _run(shared: Mapping[str, Any], *, own_formats: bool) -> Run:
    return Run(
        config=shared["config"],
        tables={name: shared[name] for name in TABLES if shared.get(name)},
        profile=shared.get("profile"),
        as_of=shared.get("as_of"),
        output=shared["output"],
        asked=shared["format"],
        format=None if own_formats else choose_format(shared["format"], shared["output"]),
        raw=bool(shared["raw"]),
        quiet=shared["quiet"],
        verbose=shared["verbose"],
    )


def choose_format(
    asked: Format | None, output: Path | None, *, piped: Literal["csv", "json"] = "csv"
) -> Format:
    """The format asked for, else that of the file's suffix, else what suits stdout.

    Args:
        asked: The flag.
        output: The file; None is stdout.
        piped: What suits a stdout that is no terminal.
    """
    if output is not None:
        from stockout.outputs import target_format

        if asked == "table":
            raise ConfigError(
                "--format table is for the screen, not for a file",
                hint="leave --output away, or choose csv, json, parquet or xlsx",
            )
        return target_format(output, asked)
    if sys.stdout is None:
        raise ConfigError("stdout is closed", hint="name a file: --output FILE")
    if asked in {"parquet", "xlsx"}:
        raise ConfigError(
            f"{asked} is not written to the terminal or a pipe",
            hint=f"name a file: --output FILE.{asked}",
        )
    return asked or ("table" if sys.stdout.isatty() else piped)
