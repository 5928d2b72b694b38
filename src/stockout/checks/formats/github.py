"""Findings as annotations of GitHub: workflow commands that its runner reads from the log.

The grammar is that of ``@actions/core`` (``command.ts``) and the runner (``ActionCommand.cs``):
``::name key=value,key=value::data``. In values ``%``, CR, LF, ``:`` and ``,`` are written as
``%25``, ``%0D``, ``%0A``, ``%3A`` and ``%2C``; in data the first three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.checks.formats.checked import Checked, is_listed, stands_for, worst_first
from stockout.checks.formats.harmless import one_line
from stockout.checks.paths import is_url, relative_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_SHOWN = 10
"""Annotations of each kind that GitHub shows of a step (actions/toolkit, problem-matchers.md)."""

_COMMANDS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "notice"}


def as_annotations(findings: pl.DataFrame, checked: Checked) -> str:
    """Workflow commands, as many as GitHub shows, and one notice of how many there are more.

    Args:
        findings: The findings.
        checked: What was checked; paths are relative to its folder.
    """
    ranked = worst_first(findings)
    of_kind = {kind: ranked.filter(is_listed(), severity=kind) for kind in _COMMANDS}
    counts = {kind: _count(ranked.filter(severity=kind)) for kind in _COMMANDS}
    too_many = any(counts[kind] > min(rows.height, _SHOWN) for kind, rows in of_kind.items())
    lines = []
    hidden = []
    for kind, command in _COMMANDS.items():
        # The notice of how many there are more is a notice itself.
        shown = of_kind[kind].head(_SHOWN - (kind == "info" and too_many))
        lines += [_annotation(command, row, checked) for row in shown.iter_rows(named=True)]
        more = counts[kind] - shown.height
        if more:
            hidden.append(f"{more:,} {kind}{'' if more == 1 or kind == 'info' else 's'}")
    if hidden:
        text = f"{', '.join(hidden)} more than GitHub shows for one step"
        lines.append(
            command_line("notice", {"title": "stockout check"}, text + "; --format json has all")
        )
    return "".join(f"{line}\n" for line in lines)


def _count(findings: pl.DataFrame) -> int:
    return int(findings.select(stands_for().sum()).item())


def command_line(command: str, properties: Mapping[str, str], data: str) -> str:
    r"""A workflow command.

    >>> command_line("error", {"file": "a,b.csv", "line": "7"}, "50% of: two\nlines")
    '::error file=a%2Cb.csv,line=7::50%25 of: two%0Alines'
    """
    given = ",".join(f"{key}={_value(value)}" for key, value in properties.items() if value)
    return f"::{command}{' ' if given else ''}{given}::{_data(data)}"


def _annotation(command: str, finding: Mapping[str, object], checked: Checked) -> str:
    file, row = finding["file"], finding["row"]
    code = str(finding["code"])
    is_file = file is not None and not is_url(str(file))
    place = ":".join(
        one_line(str(part))
        for part in (None if is_file else file, finding["column"])
        if part is not None
    )
    lines = [f"{place}: " if place else "", one_line(str(finding["message"]))]
    if finding["hint"] is not None:
        lines.append(f"\nhint: {one_line(str(finding['hint']))}")
    return command_line(
        command,
        {
            "file": one_line(relative_path(str(file), checked.folder)) if is_file else "",
            "line": str(row) if is_file and row is not None else "",
            "title": f"{code} {one_line(checked.rule(code).title)}",
        },
        "".join(lines),
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
