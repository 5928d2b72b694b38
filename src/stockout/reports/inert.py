"""Text from exports made harmless for a terminal, and for the log of a CI run."""

from __future__ import annotations

import re

_MOVES_THE_CURSOR = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters, among them the escape that starts colours
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, or reverses what follows
    "\ud800-\udfff"  # halves of characters, which no encoding can write
    "]"
)
_COMMANDS_THE_RUNNER = re.compile(r"##(?=\[)|^(\s*):(?=:)")
"""GitHub's runner obeys ``::command::`` at the start of a line, ``##[command]`` anywhere."""

_BREAKS_THE_LINE = re.compile("[\t\n\x0b\x0c\r]+")


def inert(text: str, *, lines: bool = False) -> str:
    r"""Replaces what a terminal would obey instead of showing.

    A cell of an export may hold anything. Control, escape and direction characters become the
    replacement character, so that one sees that something was there; line breaks and tabs become
    a space.

    Args:
        text: Any text.
        lines: Keep line feeds, for texts of several lines.

    >>> inert("A\x1b[31mB")
    'A�[31mB'
    >>> inert("two\r\nlines")
    'two lines'
    >>> inert("::set-env name=A::1")
    ': :set-env name=A::1'
    """
    kept = text.split("\n") if lines else [text]
    shown = [_MOVES_THE_CURSOR.sub("�", _BREAKS_THE_LINE.sub(" ", part)) for part in kept]
    return "\n".join(_COMMANDS_THE_RUNNER.sub(r"\g<0> ", part) for part in shown)
