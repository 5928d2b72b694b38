"""What verbs say, in the language of a report."""

from __future__ import annotations

import ast
import re
import string
from typing import TYPE_CHECKING

import pytest

from stockout.reports.report.language import CODES
from stockout.reports.report.told import sentences, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = [code for code in CODES if code != "en"]


def said_by(source: Path) -> Iterator[str]:
    """Texts of a module, with {} where something is filled in."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{[^{}]*\}", "{}", node.value)


@pytest.mark.parametrize("code", OTHERS)
def test_the_english_side_is_what_verbs_say(root: Path, code: str) -> None:
    rooms = [path for path in (root / "src" / "stockout").iterdir() if path.name != "reports"]
    said = {text for room in rooms for path in room.rglob("*.py") for text in said_by(path)}
    assert {english for english in sentences(code) if english not in said} == set()


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_can_be_filled_in(code: str) -> None:
    for english, other in sentences(code).items():
        filled = [str(number) for number in range(english.count("{}"))]
        text = english.format(*filled)
        assert translated(text, code) is not None, english
        asked = {int(name) for _, name, _, _ in string.Formatter().parse(other) if name}
        assert asked <= set(range(len(filled))), other


def test_sentences_of_sentences_and_side_by_side() -> None:
    text = "the model does not fit: nobody bought in the last 13 weeks"
    assert translated(text, "zh") == "模型与数据不符：最近 13 周没有人购买"
    assert translated(f"{text}; no customer is known", "zh") == (
        "模型与数据不符：最近 13 周没有人购买；没有已知的顾客"
    )
    assert translated("no customer is known; and so on", "zh") is None
    assert translated("'<b>' (3 rows) is not in table products", "zh") == (
        "“<b>”（3 rows）不在 products 表中"
    )
