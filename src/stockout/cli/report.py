"""``stockout report``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from stockout.cli.messages import say
from stockout.cli.run import TABLES, Run, as_of_date, command, shared_flag
from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    pass


_Format = Literal["html", "xlsx", "md", "json"]
_SUFFIXES: dict[str, _Format] = {
    ".html": "html", ".htm": "html", ".xlsx": "xlsx", ".md": "md", ".json": "json",
}  # fmt: skip
_FORMATS = shared_flag(
    _Format | None, "--format", group="Output",
    help="Default: by the suffix of FILE; on a terminal md, else json.",
)  # fmt: skip
_SCENARIO = "What customers did instead"


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "report", formats=_FORMATS)(_report)


def _report(
    run: Run,
    *,
    lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Language of the report; default en.", rich_help_panel="Output"),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            help="What money is in, such as EUR or CNY; without it, amounts have no sign.",
            metavar="NAME",
            rich_help_panel="Output",
        ),
    ] = None,
    substituted: Annotated[
        float | None,
        typer.Option(
            help="Share of lost units for which something else was bought here; net figures.",
            metavar="SHARE",
            rich_help_panel=_SCENARIO,
        ),
    ] = None,
    delayed: Annotated[
        float | None,
        typer.Option(
            help="Share of lost units that were bought here later; net figures.",
            metavar="SHARE",
            rich_help_panel=_SCENARIO,
        ),
    ] = None,
) -> None:
    """All of it in one document: what to do, stockouts, lost sales, accuracy, stock, data quality.

    Writes one HTML page that needs nothing else and works on a phone, a workbook to plan in,
    Markdown or JSON. What the exports cannot tell is said, with the reason. docs/report.md
    describes the sections.

    Example: stockout report --output report.html --lang zh --currency CNY
    """
    fmt = _choose_format(cast("_Format | None", run.asked), run.output)
    config = run.load({"report.lang": lang, "report.currency": currency})
    from stockout.impact.substitution import Scenario
    from stockout.reports.report.language import Language
    from stockout.reports.report.packages import check_installed

    style = config.report
    Language(style.lang, style.currency)  # refused before the work, as is the scenario
    Scenario.stated(substituted, delayed)
    check_installed(fmt)
    tables = run.read(config, needed=["sales"], useful=TABLES)
    from stockout.configured import report

    with run.working("gathering the report"):
        found = report(config, tables, as_of_date(config), substituted=substituted, delayed=delayed)
    with run.working("writing the report"):
        data = found.data(fmt, style.lang, style.currency)
    _write(run, data)


def _choose_format(asked: _Format | None, output: Path | None) -> _Format:
    """The format asked for, else that of the file's suffix, else what suits stdout."""
    if output is None:
        if sys.stdout is None:
            raise ConfigError("stdout is closed", hint="name a file: --output FILE")
        if asked == "xlsx":
            raise ConfigError(
                "xlsx is not written to the terminal or a pipe",
                hint="name a file: --output report.xlsx",
            )
        return asked or ("md" if sys.stdout.isatty() else "json")
    if output.is_dir():
        raise StockoutError(
            f"{output}: is a folder", hint=f"name a file in it: {output / 'report.html'}"
        )
    if not output.parent.is_dir():
        raise StockoutError(
            f"{output}: no folder {output.parent}", hint=f"make the folder {output.parent} first"
        )
    fmt = asked or _SUFFIXES.get(output.suffix.lower())
    if fmt is None:
        raise ConfigError(
            f"{output}: the format is not known from the name",
            hint=f"end it in {', '.join(_SUFFIXES)}, or say --format",
        )
    return fmt


def _write(run: Run, data: bytes) -> None:
    from stockout.outputs import replacing, to_stdout

    if run.output is None:
        to_stdout(data)
        return
    with replacing(run.output) as beside:
        beside.write_bytes(data)
    if run.verbose or (sys.stderr.isatty() and not run.quiet):
        say("note", f"wrote {run.output}, {len(data) / 1024:,.0f} KiB")
