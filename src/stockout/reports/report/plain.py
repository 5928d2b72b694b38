"""The report as JSON, for programs: values as they are, sentences in the language asked for."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from stockout.reports.inert import inert
from stockout.reports.report.blocks import Card, Figure, Figures, Missed, Picture, Table
from stockout.reports.report.shown import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.reports.report.blocks import Block, Section, Sentence
    from stockout.reports.report.language import Language


def as_json(sections: Sequence[Section], as_of: date, language: Language) -> str:
    """Writes the report as one JSON object.

    ``sections`` is by name: ``figures`` by name with value, unit, low, high, before and reason;
    ``tables`` by name with ``rows`` (as many as a page shows), ``total_rows`` and the ``command``
    that writes all; ``items`` with figures and the periods behind the picture; ``sentences``; and
    ``reason`` where nothing is known.

    Args:
        sections: What to write.
        as_of: Date of the report.
        language: Of the sentences.
    """
    record = {
        "as_of": as_of,
        "lang": language.code,
        "currency": language.currency,
        "sections": {section.name: _section(section, language) for section in sections},
    }
    return json.dumps(_plain(record), ensure_ascii=False, indent=1) + "\n"


def _section(section: Section, language: Language) -> dict[str, Any]:
    of: dict[str, Any] = {
        "reason": None if section.reason is None else language.say(section.reason),
        "figures": {},
        "tables": {},
        "items": [],
        "not_known": {},
        "sentences": [],
    }
    for block in section.blocks:
        _add(of, block, language)
    return {name: part for name, part in of.items() if part or name in ("reason", "figures")}


def _add(of: dict[str, Any], block: Block, language: Language) -> None:
    if isinstance(block, Figures):
        of["figures"] |= _figures(block.figures, language)
    elif isinstance(block, Table):
        of["tables"][block.name] = _table(block, language)
    elif isinstance(block, Picture):
        of["sentences"].append(language.say(block.caption))
    elif isinstance(block, Card):
        of["items"].append(
            {
                "sku": block.sku,
                "location": block.location,
                "name": block.title,
                "figures": _figures(block.figures, language),
                "periods": {name: frame.to_dicts() for name, frame in block.picture.frames.items()},
            }
        )
    elif isinstance(block, Missed):
        of["not_known"][block.title.partition(".")[2]] = language.say(block.reason)
    else:
        of["sentences"].append(_sentence(block, language))


def _sentence(sentence: Sentence, language: Language) -> str:
    return inert(language.say(sentence))


def _figures(figures: Sequence[Figure], language: Language) -> dict[str, Any]:
    return {
        figure.name: {
            **{name: part for name, part in asdict(figure).items() if name not in ("name", "good")},
            "reason": None if figure.reason is None else language.say(figure.reason),
        }
        for figure in figures
    }


def _table(block: Table, language: Language) -> dict[str, Any]:
    names = [column.name for column in block.columns]
    return {
        "total_rows": block.frame.height,
        "command": block.command,
        "units": {column.name: column.unit for column in block.columns},
        "rows": told(block, language).select(names).head(block.top).to_dicts(),
    }


def _plain(part: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """What JSON can hold: dates as texts, and nothing for what is no finite number."""
    if isinstance(part, dict):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(value) for value in part]
    if isinstance(part, float):
        return part if math.isfinite(part) else None
    return part.isoformat() if isinstance(part, date) else part
