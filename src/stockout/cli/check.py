"""``stockout check``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args

import typer

from stockout.cli.messages import say
from stockout.cli.run import Run, as_of_date, command, shared_flag
from stockout.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from stockout.checks.formats import Checked, ReportFormat, RuleText
    from stockout.config import Config
    from stockout.exports.staging import StagedTable

_Format = Literal["table", "json", "jsonl", "github", "junit", "sarif", "csv", "parquet", "xlsx"]
_FRAMES = ("csv", "parquet", "xlsx")  # what a table of findings is written as
_FILES = ("parquet", "xlsx")  # of these, what goes into a file only
_SUFFIXES: Mapping[str, _Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".sarif": "sarif",
    ".xml": "junit",
}

_GROUP = "Check"
_FORMATS = shared_flag(
    _Format | None, "--format", group="Output",
    help="Default: by the suffix of FILE (also .sarif, and .xml for junit); on a terminal a table, "
    "else csv.",
)  # fmt: skip

_LOG_LINES, _LOG_WIDTH = 200, 160
"""Size of the digest where no terminal limits it, as in the log of a pipeline."""

_SHOWN = 1000
"""Cells that cannot be read that are listed for each kind, file and column."""

_SET_ASIDE = 1_000_000
"""And as many where bad rows are set aside; where there are more, a setting is wrong."""


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    command(app, "check", formats=_FORMATS)(_check)


def _check(
    run: Run,
    *,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"] | None,
        typer.Option(
            "--fail-on",
            help="Exit with 1 where there are findings of this severity or above; default error.",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    max_findings: Annotated[
        int | None,
        typer.Option(
            "--max-findings",
            help="Findings of one rule and file to list, others counted; default 1000, 0 for all.",
            metavar="N",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help="Accept the findings that this file holds, and tell new ones only.",
            metavar="FILE",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(
            "--write-baseline",
            help="Accept all present findings: write them to this file.",
            metavar="FILE",
            rich_help_panel=_GROUP,
        ),
    ] = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            "--quarantine",
            help="Write rows with errors to DIR/bad, the others to DIR/good, with a stockout.toml "
            "to go on with.",
            metavar="DIR",
            rich_help_panel=_GROUP,
        ),
    ] = None,
) -> None:
    """What is wrong with the exports, before it becomes a wrong order.

    Writes code, severity, file, row, column, sku, location, date, message and hint of each finding;
    docs/checks.md describes the rules. As a table, a digest: the worst findings first. Exits with 1
    where findings at or above --fail-on remain, with 2 where an export cannot be read at all.

    Example: stockout check --format github --fail-on error
    """
    fmt = _choose_format(run)
    config = run.load(
        {
            "check.fail_on": fail_on,
            "check.max_findings": max_findings,
            "check.baseline": None if baseline is None else str(baseline.absolute()),
        }
    )
    if not config.tables:
        raise ConfigError(
            "nothing to check: neither a flag nor the configuration names a table",
            hint="give --sales FILE, --inventory FILE, ..., or run stockout init FOLDER first",
        )
    run.spare_inputs(config)
    from stockout.checks.baseline import read_baseline

    known = None
    if config.check.baseline is not None and write_baseline is None:
        known = read_baseline(baseline or config.folder / config.check.baseline)
    if quarantine is not None:
        from stockout.checks.owned_folder import check_replaceable

        check_replaceable(quarantine)
    whole = known is not None or write_baseline is not None or quarantine is not None
    with tempfile.TemporaryDirectory(prefix="stockout-") as scratch:
        shown = _SET_ASIDE if quarantine is not None else _SHOWN
        tables, found = _find(run, config, Path(scratch), shown=shown, whole=whole)
        findings, accepted = _accept(run, config, found, known, write_baseline)
        if quarantine is not None:
            _set_aside(run, config, tables, findings, quarantine)
        checked = _checked(config, tables, accepted)
    if whole:
        from stockout.checks.baseline import shortened

        findings = shortened(findings, config.check.max_findings)
    _report(run, fmt, findings, checked)


def _find(
    run: Run, config: Config, scratch: Path, *, shown: int, whole: bool
) -> tuple[dict[str, StagedTable], pl.DataFrame]:
    """The staged tables and all findings about them, each with its place in them."""
    from stockout import configured

    as_of = as_of_date(config)
    with run.working("reading the exports"):
        tables = configured.stage(config, scratch, as_of, faults_shown=shown)
    with run.working("checking"):
        # What is not listed can be neither accepted nor set aside.
        limit = 0 if whole else None
        return tables, configured.findings(config, tables, as_of, limit=limit)


def _accept(
    run: Run,
    config: Config,
    found: pl.DataFrame,
    known: pl.DataFrame | None,
    write_to: Path | None,
) -> tuple[pl.DataFrame, int]:
    """The findings that no baseline accepts, and how many one does."""
    from stockout.checks import baseline
    from stockout.checks.paths import relative_path

    if write_to is not None:
        baseline.write_baseline(found, write_to)
        if not run.quiet:
            say("note", f"{write_to} accepts {found.height:,} findings from now on")
        return found.clear(), found.height
    if known is None:
        return found, 0
    path = config.folder / cast("str", config.check.baseline)
    judged = baseline.accept_known(found, known, path.parent)
    if judged.gone and not run.quiet:
        shown = relative_path(str(path), Path())
        say("note", f"no longer found of what {shown} accepts: {judged.gone:,}; write it anew")
    return judged.new, judged.accepted


def _set_aside(
    run: Run,
    config: Config,
    tables: Mapping[str, StagedTable],
    findings: pl.DataFrame,
    folder: Path,
) -> None:
    from stockout.checks.quarantine import quarantine

    with run.working("setting bad rows aside"):
        result = quarantine(tables, findings, config, folder, raw=run.raw)
    if not run.quiet:
        bad, good = sum(result.bad.values()), sum(result.good.values())
        say("note", f"{folder}: {bad:,} bad rows set aside, {good:,} good rows go on")


def _report(run: Run, fmt: _Format, findings: pl.DataFrame, checked: Checked) -> None:
    """Writes the findings, sums them up, and exits with 1 where the check fails."""
    from stockout.checks.findings import FINDINGS
    from stockout.reports.check_digest import counted

    rows = findings.select(FINDINGS.names())
    _write(run, fmt, rows, checked)
    if not run.quiet:
        files = len({file for names in checked.tables.values() for file in names})
        clean = "clean: " if findings.is_empty() else ""
        known = f", {checked.accepted:,} accepted by the baseline" if checked.accepted else ""
        plural = "" if files == 1 else "s"
        say("check", f"{clean}{counted(rows)} in {files:,} file{plural}{known}")
    if any(checked.fails(severity) for severity in rows["severity"].unique()):
        raise typer.Exit(ExitCode.FINDINGS)


def _write(run: Run, fmt: _Format, findings: pl.DataFrame, checked: Checked) -> None:
    from stockout import outputs

    if fmt == "table":
        from rich.console import Console

        from stockout.reports.check_digest import check_digest

        console = Console(highlight=False, soft_wrap=True)
        size = console.size
        if not console.is_terminal:
            width = size.width if "COLUMNS" in os.environ else _LOG_WIDTH
            size = size.__class__(width, _LOG_LINES)
        with console.capture() as drawn:
            console.print(check_digest(findings, checked, size=size))
        # A reader that has gone, such as head, must not hide that the check fails.
        outputs.to_stdout(drawn.get().encode(sys.stdout.encoding or "utf-8", "replace"))
    elif fmt in _FRAMES:
        outputs.write_frame(findings, run.output, cast("outputs.OutputFormat", fmt), raw=run.raw)
    else:
        from stockout.checks.formats import render

        data = render(findings, cast("ReportFormat", fmt), checked).encode()
        if run.output is None:
            outputs.to_stdout(data)
        else:
            with outputs.replacing(run.output) as beside:
                beside.write_bytes(data)


def _checked(config: Config, tables: Mapping[str, StagedTable], accepted: int) -> Checked:
    """What the formats tell beside the findings."""
    import stockout
    from stockout.checks.catalogue import RULES
    from stockout.checks.custom import custom_rule_texts
    from stockout.checks.formats import Checked, RuleText

    rules: dict[str, RuleText] = {}
    off: dict[str, RuleText] = {}
    texts = {
        code: RuleText(code, rule.name, rule.title, rule.severity, rule.what, rule.doc, rule.tables)
        for code, rule in RULES.items()
    } | custom_rule_texts(config.check.custom)
    for code, text in texts.items():
        severity: Any = config.check.severity.get(code, text.severity)
        if severity == "off":
            off[code] = text
        else:
            rules[code] = text._replace(severity=severity)
    return Checked(
        tables={name: table.files for name, table in tables.items()},
        rules=rules,
        off=off,
        fail_on=None if config.check.fail_on == "never" else config.check.fail_on,
        folder=Path.cwd(),
        version=str(stockout.__version__),
        as_of=as_of_date(config),
        config=None if config.file is None else str(config.file),
        accepted=accepted,
    )


def _choose_format(run: Run) -> _Format:
    """The format asked for, else that of the file's suffix, else what suits stdout."""
    asked = cast("_Format | None", run.asked)
    if run.output is None:
        if sys.stdout is None:
            raise ConfigError("stdout is closed", hint="name a file: --output FILE")
        if asked in _FILES:
            raise ConfigError(
                f"{asked} is not written to the terminal or a pipe",
                hint=f"name a file: --output findings.{asked}",
            )
        return asked or ("table" if sys.stdout.isatty() else "csv")
    if asked == "table":
        others = ", ".join(name for name in get_args(_Format) if name != "table")
        raise ConfigError(
            "--format table is for the screen, not for a file",
            hint=f"leave --output away, or choose {others}",
        )
    from stockout.outputs import target_format

    name = run.output.name.lower().removesuffix(".json" if ".sarif." in run.output.name else "")
    fmt = asked or _SUFFIXES.get(Path(name).suffix)
    if fmt is None or fmt in _FRAMES:
        return target_format(run.output, cast("Any", fmt))
    target_format(run.output, "json")  # that there is a folder to write into
    return fmt
