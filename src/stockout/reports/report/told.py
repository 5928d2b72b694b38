"""What verbs say in English, in the language of a report.

Verbs speak English. Their sentences stand in ``words/told_CODE.toml``, with ``{}`` where a verb
fills something in, and beside each what it is in the other language. A sentence that is not there
stays as it is.
"""

from __future__ import annotations

import functools
import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BETWEEN = "; "
"""What verbs put between sentences that belong together."""


_NUMBER = re.compile(r"([\d,]+) (.+)")


@functools.cache
def sentences(code: str) -> dict[str, str]:
    """Each English sentence of the verbs, and what it is in the language; none in English."""
    file = files("stockout.reports.report").joinpath("words", f"told_{code}.toml")
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def translated(text: str, code: str) -> str | None:
    """What a verb said, in another language; None where nobody knows it there.

    What is filled in may itself be such a sentence, or a number of something.

    >>> translated("the stock of 3 items is not known", "zh")
    '有 3 个商品的库存未知'
    >>> translated("customers are not known: no customer is known", "zh")
    '顾客未知：没有已知的顾客'
    >>> print(translated("something else", "zh"))
    None
    """
    parts = text.split(_BETWEEN)
    said = [translated(part, code) for part in parts] if len(parts) > 1 else []
    known = [part for part in said if part is not None]
    if known and len(known) == len(parts):
        return "；".join(known)
    if (number := _NUMBER.fullmatch(text)) and number[2] in sentences(code):
        return f"{number[1]} {sentences(code)[number[2]]}"
    for pattern, other in _patterns(code):
        if match := pattern.fullmatch(text):
            filled = (translated(part, code) or part for part in match.groups())
            return other.format(*filled)
    return None


@functools.cache
def _patterns(code: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """The sentences, those with most words of their own first."""
    ordered = sorted(sentences(code).items(), key=lambda pair: -len(pair[0].replace("{}", "")))
    return [(re.compile(_pattern(english), re.DOTALL), said) for english, said in ordered]


def _pattern(english: str) -> str:
    """A name that a further word may follow at once ends where a blank comes."""
    text = re.escape(english).replace(r"\{\}\{\}", r"(\S*)(.*?)")
    return text.replace(r"\{\}", "(.*?)")
