"""Writes a configuration with comments: what ``tomllib`` reads back is what was given.

Texts come from exports and file names and may hold anything. In a value they are escaped, in a
comment made harmless: no name can end a comment and go on as a setting.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH = 100
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}


@dataclass(frozen=True)
class Setting:
    """One key of a section.

    Attributes:
        key: The key.
        value: A text, number, flag or date; a list or a table of these.
        note: What stands beside it, or above where it is long.
    """

    key: str
    value: object
    note: str | None = None


@dataclass(frozen=True)
class Section:
    """One table of the file, with its comments.

    Attributes:
        keys: Its name, one part a level; none for the settings at the head of the file.
        settings: Its keys, in order.
        notes: Comments above it, one paragraph each.
        repeated: Whether it is one of several of this name, ``[[tables.sales]]``.
    """

    keys: tuple[str, ...]
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    repeated: bool = False


def write_toml(sections: Sequence[Section]) -> str:
    r"""The text of a configuration.

    Args:
        sections: Its sections, in order; that without a name comes first.

    >>> section = Section(("tables", "sales"), (Setting("path", 'a "b".csv', "a guess"),))
    >>> print(write_toml([section]), end="")
    [tables.sales]
    path = 'a "b".csv'  # a guess
    """
    return "\n".join("\n".join(_lines(section)) + "\n" for section in sections)


def _lines(section: Section) -> list[str]:
    lines = [line for note in section.notes for line in comment(note)]
    if section.keys:
        name = ".".join(_key(part) for part in section.keys)
        lines.append(f"[[{name}]]" if section.repeated else f"[{name}]")
    for setting in section.settings:
        lines += _setting(setting)
    return lines


def _setting(setting: Setting) -> list[str]:
    text = f"{_key(setting.key)} = {value_text(setting.value)}"
    if len(text) > _WIDTH and isinstance(setting.value, list):
        rows = [f"  {value_text(item)}," for item in setting.value]
        text = "\n".join([f"{_key(setting.key)} = [", *rows, "]"])
    if setting.note is None:
        return [text]
    beside = f"{text}  # {_harmless(setting.note)}"
    if len(beside) <= _WIDTH and "\n" not in text:
        return [beside]
    return [*comment(setting.note), text]


def comment(text: str) -> list[str]:
    r"""Lines of a comment; what could end it, or not be shown, is escaped.

    Args:
        text: One paragraph. Spaces before it indent it, and further lines a little more.

    >>> comment("a name\nwith a line break")
    ['# a name\\nwith a line break']
    """
    harmless = _harmless(text)
    indent = len(harmless) - len(harmless.lstrip(" "))
    wrapped = textwrap.wrap(
        harmless,
        _WIDTH - len("# "),
        subsequent_indent=" " * (indent + 2 if indent else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"# {line}" for line in wrapped] or ["#"]


def value_text(value: object) -> str:
    r"""A value as TOML writes it.

    Raises:
        TypeError: TOML has no such value.

    >>> value_text("C:\\exports\\销售.csv"), value_text([1, 2.5, True])
    ("'C:\\exports\\销售.csv'", '[1, 2.5, true]')
    >>> value_text({"sql": "1 - a / 16.0"})
    '{ sql = "1 - a / 16.0" }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float | date):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    if isinstance(value, dict):
        return _inline(value)
    raise TypeError(f"no value of TOML: {type(value).__name__}")


def _inline(table: Mapping[str, object]) -> str:
    pairs = ", ".join(f"{_key(key)} = {value_text(value)}" for key, value in table.items())
    return f"{{ {pairs} }}" if pairs else "{}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _basic(key)


def _quoted(text: str) -> str:
    if text.isprintable() and ('"' in text or "\\" in text):  # as it is, where that is possible
        if "'" not in text:
            return f"'{text}'"
        if "'''" not in text and not text.endswith("'"):
            return f"'''{text}'''"
    return _basic(text)


def _basic(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(letter) for letter in escaped) + '"'


def _escaped(letter: str) -> str:
    if letter in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[letter]
    if letter.isprintable() or letter == " ":
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:  # half of a character, which no file can hold
        return "\\uFFFD"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _harmless(text: str) -> str:
    return "".join(_escaped(letter) for letter in text)
