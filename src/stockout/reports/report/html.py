"""The report as one HTML page: styles, pictures and the script that sorts are in it."""

from __future__ import annotations

import base64
import hashlib
import importlib
import itertools
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from stockout.errors import ConfigError
from stockout.reports.inert import inert
from stockout.reports.report.blocks import (
    Card,
    Figures,
    Missed,
    Picture,
    Said,
    Table,
    Told,
)
from stockout.reports.report.pictures import draw
from stockout.reports.report.shown import shown_figure, shown_table
from stockout.reports.report.told import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from stockout.reports.report.blocks import Block, Section
    from stockout.reports.report.language import Language
    from stockout.reports.report.shown import ShownCell


_OF_ITEM = ("name", "location")
"""Columns that a page shows in the cell of the SKU: a narrow screen has no room for three."""


def as_html(sections: Sequence[Section], as_of: date, language: Language) -> str:
    """Writes the page.

    Every text of the data is escaped by the template, and what would turn or hide the text around
    it is replaced. The page allows no script but its own, by its hash, and no request at all.

    Args:
        sections: What to write.
        as_of: Date of the report.
        language: Words and number formats.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    jinja = _jinja()
    folder = files("stockout.reports.report").joinpath("templates")

    def text(name: str) -> str:
        return folder.joinpath(name).read_text("utf-8")

    environment = jinja.Environment(
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja.FunctionLoader(text),
    )
    environment.filters["groupby_run"] = _runs
    script = text("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    safe: Callable[[str], Any] = importlib.import_module("markupsafe").Markup
    blocks = _Blocks(language, safe)
    page: str = environment.get_template("report.html.j2").render(
        word=language.word,
        lang=language.html_code,
        as_of=language.word("title.as_of", date=language.show(as_of, "date")),
        style=safe(_squeezed(text("report.css"))),
        script=safe(script),
        script_hash=digest,
        sections=[
            {
                "name": section.name,
                "reason": None if section.reason is None else blocks.sentence(section.reason),
                "blocks": list(blocks.of(section)),
            }
            for section in sections
        ],
    )
    return page


class _Blocks:
    """Turns blocks into what the template shows."""

    def __init__(self, language: Language, safe: Callable[[str], Any]) -> None:
        self.language = language
        self.safe = safe
        self.number = itertools.count(1)

    def of(self, section: Section) -> Iterator[dict[str, Any]]:
        for block in section.blocks:
            yield {"kind": type(block).__name__.lower(), **self._block(block)}

    def sentence(self, sentence: Said | Told) -> dict[str, str]:
        """A sentence and its language: what a verb said is English where nobody put it else."""
        code = self.language.code
        is_english = isinstance(sentence, Told) and translated(sentence.text, code) is None
        lang = "en" if is_english else self.language.html_code
        return {"text": inert(self.language.say(sentence)), "lang": lang}

    def _block(self, block: Block) -> dict[str, Any]:
        if isinstance(block, Figures):
            figures = [shown_figure(figure, self.language) for figure in block.figures]
            return {"figures": figures, "lead": block.lead}
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Picture):
            return {"svg": self._svg(block), "caption": self.language.say(block.caption)}
        if isinstance(block, Card):
            return {
                "sku": inert(block.sku),
                "location": None if block.location is None else inert(block.location),
                "title": None if block.title is None else inert(block.title),
                "figures": [shown_figure(figure, self.language) for figure in block.figures],
                "svg": self._svg(block.picture),
                "caption": self.language.say(block.picture.caption),
                "table": self._table(block.table),
            }
        if isinstance(block, Missed):
            return {"title": self.language.word(block.title), **self.sentence(block.reason)}
        return self.sentence(block)

    def _table(self, block: Table) -> dict[str, Any]:
        shown = shown_table(block, self.language)
        columns = [column for column in block.columns if column.page]
        names = [column.name for column in columns]
        kept = [at for at, name in enumerate(names) if name not in _OF_ITEM or "sku" not in names]
        head = [
            {"title": shown.head[at].title, "number": shown.head[at].number, "name": names[at]}
            for at in kept
        ]
        for title in (title for title in head if title["name"] == "sku"):
            title["title"] = self.language.word("column.item")
        cells = [(at, names[at], columns[at].unit) for at in kept]
        return {
            "id": f"table-{next(self.number)}",
            "title": shown.title,
            "head": head,
            "rows": [
                [
                    {"name": name, "unit": unit, "text": row[at].text, "key": row[at].key,
                     "more": _of_item(row, names) if name == "sku" else []}
                    for at, name, unit in cells
                ]
                for row in shown.rows
            ],
            "more": shown.more,
            "beside": block.beside,
        }  # fmt: skip

    def _svg(self, picture: Picture) -> Any:  # noqa: ANN401 - a markup string
        return self.safe(draw(picture, self.language, f"p{next(self.number)}"))


def _of_item(row: Sequence[ShownCell], names: Sequence[str]) -> list[str]:
    """What stands below an SKU: the item's name and its location."""
    by_name = dict(zip(names, row, strict=True))
    return [by_name[name].text for name in _OF_ITEM if name in by_name and by_name[name].key]


def _jinja() -> Any:  # noqa: ANN401 - a module that is an extra
    try:
        return importlib.import_module("jinja2")
    except ImportError:
        raise ConfigError(
            "writing html needs the package jinja2", hint='pip install "stockout[report]"'
        ) from None


def _runs(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks of one kind that follow one another; a picture goes with the table behind it."""

    def kind(block: dict[str, Any]) -> str:
        together = block["kind"] == "picture" or block.get("beside", False)
        return "beside" if together else str(block["kind"])

    return [
        {"kind": name, "blocks": list(run)} for name, run in itertools.groupby(blocks, key=kind)
    ]


def _squeezed(style: str) -> str:
    return re.sub(r"\s+", " ", style)
