"""What `stockout init` found, for a person: as a table on a terminal, else line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from stockout.exports.recognition.describing import kinds
from stockout.reports.inert import inert

if TYPE_CHECKING:
    from stockout.exports.recognition import Read, Recognition

_STYLES = {"certain": "green", "likely": "yellow", "guess": "bold red"}


def found_table(found: Recognition) -> Table:
    """The sources as a table: what is read from where, how sure that is, and what is odd."""
    table = Table(title="What the exports are", title_justify="left", box=None, pad_edge=False)
    for name in ("table", "read from", "as", "sure?", "rows", "note"):
        table.add_column(
            name, justify="right" if name == "rows" else "left", overflow="fold", min_width=4
        )
    for source in found.sources:
        fit = source.proposal.fit
        table.add_row(
            fit.table,
            Text(inert(source.proposal.name)),
            Text(inert(fit.title or "by its columns")),
            Text(source.proposal.confidence, style=_STYLES[source.proposal.confidence]),
            "-" if source.rows is None else f"{source.rows:,}",
            Text(inert(remark(source))),
        )
    return table


def found_lines(found: Recognition) -> list[str]:
    """The same, one line a source."""
    lines = []
    for source in found.sources:
        fit = source.proposal.fit
        rows = (
            "does not read"
            if source.rows is None
            else f"{source.rows:,} row{'' if source.rows == 1 else 's'}"
        )
        title = f", {fit.title}" if fit.title else ""
        note = f"; {note}" if (note := remark(source)) else ""
        sure = source.proposal.confidence
        lines.append(f"{fit.table}: {source.proposal.name}{title}: {sure}, {rows}{note}")
    return lines


def remark(source: Read) -> str:
    """What makes a source less than certain."""
    proposal = source.proposal
    return "; ".join(
        [*proposal.problems, *map(str, proposal.guesses.values()), *proposal.fit.reasons]
    )


def left_out_lines(found: Recognition, shown: int) -> list[str]:
    """What is not used and why, the same reason once.

    Args:
        found: What was found.
        shown: How many lines at most.
    """
    reasons: dict[str, list[str]] = {}
    for item in found.left_out:
        if item.suspect:
            reasons.setdefault(item.reason, []).append(item.path.as_posix())
    lines = [
        f"{paths[0]}{f' and {len(paths) - 1:,} more' if len(paths) > 1 else ''}: {reason}"
        for reason, paths in reasons.items()
    ]
    if len(lines) > shown:
        lines = [*lines[:shown], f"{len(lines) - shown:,} more, listed in stockout.toml"]
    others = [item for item in found.left_out if not item.suspect]
    return [*lines, f"{kinds(others)} that no export ends in"] if others else lines
