"""The digest of a check for a terminal: how bad it is, where to look first, what to do.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`. Colours only
repeat what a word says.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from stockout.checks.findings import SEVERITIES
from stockout.checks.formats.checked import is_listed, stands_for, worst_first
from stockout.checks.paths import relative_path
from stockout.reports.inert import inert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import ConsoleDimensions, RenderableType

    from stockout.checks.formats import Checked

_STYLES: Mapping[str, str] = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_WORD = max(map(len, SEVERITIES))  # cells of the column of severities
_FEWEST = 3  # findings, and rules, shown on the smallest screen
_MOST_LINES = 2  # of the screen for one finding
_MOST_ADVICE = 3
_MORE = "..."
_AROUND = 7  # lines of title, gaps, headings and the prompt


class _Rule(NamedTuple):
    """What one rule found."""

    code: str
    severity: str
    found: int
    files: int
    file: str | None  # one of them


def counted(findings: pl.DataFrame) -> str:
    """How many findings there are of each severity, the gravest first.

    >>> from stockout.checks.findings import no_findings
    >>> counted(no_findings())
    'no findings'
    """
    parts = []
    for severity in reversed(SEVERITIES):
        count = _count(findings.filter(severity=severity))
        if count:
            plural = "" if count == 1 or severity == "info" else "s"
            parts.append(f"{count:,} {severity}{plural}")
    return ", ".join(parts) or "no findings"


def check_digest(
    findings: pl.DataFrame, checked: Checked, *, size: ConsoleDimensions
) -> RenderableType:
    """What a person looks at first, within one screen.

    Args:
        findings: The findings.
        checked: What was checked.
        size: Columns and lines to fill.
    """
    files = {file for names in checked.tables.values() for file in names}
    what = f"{_number(len(files), 'file')}, {_number(len(checked.tables), 'table')}"
    title = f"Check of {what}: {counted(findings)}"
    known = [Text(f"{_number(checked.accepted, 'finding')} accepted by the baseline")]
    if findings.is_empty():
        lines = [Text(title, style="bold green"), *(known if checked.accepted else [])]
        return Group(*(_cut(line, size.width) for line in lines))
    rules = _rules(findings)
    advice = _advice(findings, rules, checked, size.width)
    room = size.height - _AROUND - len(advice) - bool(checked.accepted)
    of_rules = rules[: max(_FEWEST, room // 3)]
    shown, left = _worst(
        findings, checked, size.width, max(_FEWEST * _MOST_LINES, room - len(of_rules))
    )
    lines = [Text(title, style="bold"), *(known if checked.accepted else []), Text()]
    lines += [_rule_line(rule, checked) for rule in of_rules]
    if len(rules) > len(of_rules):
        lines.append(_faint(f"... and {_number(len(rules) - len(of_rules), 'rule')} more"))
    lines += [Text(), *shown]
    if left:
        lines.append(_faint(f"... and {left:,} more; --output findings.csv writes all"))
    lines += [Text(), *advice]
    return Group(*(_cut(line, size.width) for line in lines))


def _rules(findings: pl.DataFrame) -> list[_Rule]:
    counts = (
        worst_first(findings)
        .group_by("code", "severity", maintain_order=True)
        .agg(stands_for().sum(), pl.col("file").n_unique().alias("files"), pl.col("file").first())
    )
    order = {severity: grade for grade, severity in enumerate(reversed(SEVERITIES))}
    rules = [_Rule(*row) for row in counts.rows()]
    return sorted(rules, key=lambda rule: (order[rule.severity], -rule.found, rule.code))  # type: ignore[index]


def _rule_line(rule: _Rule, checked: Checked) -> Text:
    where = ""
    if rule.files > 1:
        where = f" in {rule.files:,} files"
    elif rule.file is not None:
        where = f" in {relative_path(rule.file, checked.folder)}"
    text = f"{rule.found:>7,} {rule.code}  {checked.rule(rule.code).title}{where}"
    return Text.assemble(_severity(rule.severity), _inert(text))


def _worst(
    findings: pl.DataFrame, checked: Checked, width: int, lines: int
) -> tuple[list[Text], int]:
    """The worst findings, each in one line or two, and how many there are more."""
    shown: list[Text] = []
    left = _count(findings)
    # No more findings than lines are looked at.
    worst = worst_first(findings.filter(is_listed())).head(lines)
    for finding in worst.iter_rows(named=True):
        text = _finding(finding, checked, width)
        if len(shown) + len(text) > lines:
            break
        shown += text
        left -= 1
    return shown, left


def _finding(finding: Mapping[str, object], checked: Checked, width: int) -> list[Text]:
    file = finding["file"]
    parts = (
        None if file is None else relative_path(str(file), checked.folder),
        finding["row"],
        finding["column"],
    )
    place = ":".join(_inert(str(part)) for part in parts if part is not None)
    head = f"{_inert(str(finding['code']))} {place}{': ' if place else ''}"
    message = _inert(str(finding["message"]))
    start = _severity(str(finding["severity"]))
    if _WORD + 2 + cell_len(head + message) <= width:
        return [Text.assemble(start, head, message)]
    return [
        Text.assemble(start, head.rstrip(": ")),
        Text.assemble(" " * (_WORD + 2), message),
    ]


def _advice(
    findings: pl.DataFrame, rules: Sequence[_Rule], checked: Checked, width: int
) -> list[Text]:
    """What to do about the rules that found most, in the words of their first finding."""
    hints = findings.drop_nulls("hint").unique("code", keep="first", maintain_order=True)
    of_code = dict(hints.select("code", "hint").iter_rows())
    lines: list[Text] = []
    for rule in rules:
        if rule.code in of_code:
            more = _folded(_inert(rule.code), _inert(of_code[rule.code]), width)
            if lines and len(lines) + len(more) > _MOST_ADVICE:
                break
            lines += more[:_MOST_ADVICE]
    failing = findings.filter(pl.col("severity").map_elements(checked.fails, pl.Boolean)).height
    verdict = "passes" if not failing else "fails"
    limit = f"--fail-on {checked.fail_on or 'never'}"
    return [Text("What to do", style="bold"), *lines, _faint(f"The check {verdict} with {limit}.")]


def _folded(head: str, words: str, width: int) -> list[Text]:
    """A text of as many lines as it needs, its head in bold."""
    indent = " " * (len(head) + 2)
    rows = textwrap.wrap(words, max(20, width - len(indent))) or [""]
    first = Text.assemble((f"{head}: ", "bold"), rows[0])
    return [first, *(Text(indent + row) for row in rows[1:])]


def _count(findings: pl.DataFrame) -> int:
    return int(findings.select(stands_for().sum()).item())


def _severity(word: str) -> Text:
    return Text(f"{word:<{_WORD + 2}}", style=_STYLES[word])


def _inert(text: str) -> str:
    """One harmless line; a colon pair inside it is parted too, for a narrow screen may fold it."""
    return inert(text).replace("::", ": :")


def _cut(text: Text, width: int) -> Text:
    """A line that fits, with dots that every encoding has where it was cut."""
    if text.cell_len > width:
        kept = set_cell_size(text.plain, max(0, width - len(_MORE))).rstrip()
        text.right_crop(len(text.plain) - len(kept))
        text.append(_MORE)
    return text


def _faint(text: str) -> Text:
    return Text(text, style="dim")


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
