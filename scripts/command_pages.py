"""Prints docs/commands.md: the help of every command, as the command itself gives it.

python scripts/command_pages.py > docs/commands.md
"""

from __future__ import annotations

import os
from typing import Any

os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}

from typer.core import TyperGroup
from typer.main import get_command

from stockout.cli.main import app

_INTRODUCTION = """\
# Commands

This page is made by `python scripts/command_pages.py`; a test fails when it differs from what
`--help` says. What the numbers mean stands in [methods](methods.md), the settings in
[configuration](configuration.md).
"""


def pages() -> str:
    """The page."""
    group = get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the app has lost its commands")
    with group.make_context("stockout", [], resilient_parsing=True) as context:
        parts = [_INTRODUCTION, _page("stockout", group.get_help(context))]
        parts += _of_group(group, context, "stockout")
    return "\n".join(parts)


def _of_group(group: TyperGroup, context: Any, path: str) -> list[str]:  # noqa: ANN401 - vendored by typer
    """The pages of the commands of a group, each followed by those of its own commands."""
    parts = []
    for name, command in group.commands.items():
        with command.make_context(name, [], parent=context, resilient_parsing=True) as inner:
            parts.append(_page(f"{path} {name}", command.get_help(inner)))
            if isinstance(command, TyperGroup):
                parts += _of_group(command, inner, f"{path} {name}")
    return parts


def _page(name: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## `{name}`\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    print(pages(), end="")
