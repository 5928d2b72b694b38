"""Text from exports made harmless for logs, terminals and the machines that read them.

A cell of an export may hold anything: an escape sequence for the terminal, a workflow command for
the runner of a pipeline, characters that no XML document may have.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters, among them the escape that starts colours
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, or reverses what follows
    "\ud800-\udfff\ufffe\uffff"  # what no encoding, or no XML document, can hold
    "]"
)
_BREAKS_THE_LINE = re.compile("[\t\n\x0b\x0c\r]+")

_OLD_COMMAND = "##["
"""Starts a command of the GitHub runner, anywhere in a line (its ``ActionCommand.cs``)."""


def one_line(text: str) -> str:
    r"""One line that shows the text, and that nothing obeys.

    Control, escape and direction characters become the replacement character, so that one sees
    that something was there; line breaks and tabs become a space.

    >>> one_line("A\x1b[31m\nB")
    'A�[31m B'
    >>> one_line("##[add-path]/tmp")
    '## [add-path]/tmp'
    """
    shown = _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _BREAKS_THE_LINE.sub(" ", text))
    return shown.replace(_OLD_COMMAND, "## [")


def spelled_out(json: str) -> str:
    r"""JSON with the same meaning, in which unsafe characters are written as ``\u`` escapes.

    Args:
        json: A JSON text, or lines of them, whose control characters are escaped already.

    >>> spelled_out('"A\u202eB ##[group]"')
    '"A\\u202eB ##\\u005bgroup]"'
    """
    safe = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
    return safe.replace(_OLD_COMMAND, "##\\u005b")
