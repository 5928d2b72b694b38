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
    said = {
        text.removeprefix("; ")  # how what may be left away is put behind a sentence
        for room in rooms
        for path in room.rglob("*.py")
        for text in said_by(path)
    }
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


def test_a_number_of_something() -> None:
    text = "3 lines name no supplier, and products do not either: left out"
    assert translated(text, "zh") == "有 3 行没有写明供应商，商品表里也没有：已略去"


def test_what_may_be_left_away_is_told_too() -> None:
    late = (
        "order PO1 from V1 of 21 units was promised for 2026-03-02 and came on 2026-03-25, "
        "23 days late"
    )
    assert translated(f"{late}; 2 orders in all", "zh") == (
        "采购单 PO1（供应商 V1）共 21 件，承诺 2026-03-02 到货，实际 2026-03-25 到货，晚了 23 天；"
        "共有 2 张这样的采购单"
    )
    high = "36 units were wanted in the 22 days up to it, 25 were expected"
    assert translated(f"{high}; one protection period in 7 before was that high", "zh") == (
        "此前 22 天需求 36 件，预计 25 件；以往每 7 个保护期中有一个这样高"
    )
