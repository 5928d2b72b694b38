"""The report as Markdown: what a mail, a chat or a ticket shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stockout.reports.inert import inert
from stockout.reports.report.blocks import Card, Figures, Missed, Picture, Table
from stockout.reports.report.shown import shown_figure, shown_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from stockout.reports.report.blocks import Block, Section
    from stockout.reports.report.language import Language

ROWS = 10
"""Of each table: what fits a message."""

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def as_markdown(sections: Sequence[Section], as_of: date, language: Language) -> str:
    """Writes the report as Markdown (CommonMark with tables).

    Args:
        sections: What to write.
        as_of: Date of the report.
        language: Words and number formats.
    """
    lines = [
        f"# {language.word('title.report')}",
        "",
        language.word("title.as_of", date=language.show(as_of, "date")),
        "",
    ]
    for section in sections:
        lines += [f"## {language.word(f'section.{section.name}')}", ""]
        if section.reason is not None:
            told = harmless(language.say(section.reason))
            lines += [f"{language.word('title.not_known')}: {told}", ""]
        for block in section.blocks:
            lines += _lines(block, language)
    lines += [language.word("title.intervals"), ""]
    return "\n".join(lines)


def harmless(text: str) -> str:
    r"""A text of the data that Markdown shows as it is.

    >>> harmless("<b>|*x*")
    '\\<b\\>\\|\\*x\\*'
    """
    return _MARKS.sub(r"\\\1", inert(text))


def _lines(block: Block, language: Language) -> Iterator[str]:
    if isinstance(block, Figures):
        for figure in block.figures:
            shown = shown_figure(figure, language)
            extra = "; ".join(part for part in (shown.span, shown.change, shown.reason) if part)
            yield f"- {shown.title}: **{shown.exact}**" + (f" ({harmless(extra)})" if extra else "")
        yield ""
    elif isinstance(block, Table):
        yield from _table(block, language)
    elif isinstance(block, Picture):
        return  # its figures stand in the table beside it
    elif isinstance(block, Card):
        place = "" if block.location is None else f" · {harmless(block.location)}"
        name = "" if block.title is None else f" {harmless(block.title)}"
        yield f"- **{harmless(block.sku)}**{place}{name}: {language.say(block.picture.caption)}"
    elif isinstance(block, Missed):
        yield f"- {language.word(block.title)}: {harmless(language.say(block.reason))}"
    else:
        yield from ("", harmless(language.say(block)), "")


def _table(block: Table, language: Language) -> Iterator[str]:
    shown = shown_table(block, language)
    yield from ("", f"### {shown.title}", "")
    yield "| " + " | ".join(title for title, _ in shown.head) + " |"
    yield "|" + "|".join("--:" if number else "---" for _, number in shown.head) + "|"
    for row in shown.rows[:ROWS]:
        yield "| " + " | ".join(harmless(cell.text) for cell in row) + " |"
    rest = block.frame.height - min(len(shown.rows), ROWS)
    yield ""
    if rest > 0:
        key = "title.more_plain" if block.command is None else "title.more"
        count = language.show(rest, "count")
        yield language.word(key, count=count, command=f"`{block.command}`")
        yield ""
