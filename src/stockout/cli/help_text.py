"""Help pages in plain text, with the options in named groups.

Typer's own Rich pages load a Markdown parser and more at each ``--help``, and their boxes cannot be
pasted into the documentation; Typer's plain pages have no groups.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

_WIDTH = 100


class GroupedCommand(TyperCommand):
    """A command whose help lists the options under their ``rich_help_panel``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("max_content_width", _WIDTH)

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer vendors click without public types
        """Writes one section a group, in the order in which the groups first occur."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                usual = "Arguments" if param.param_type_name == "argument" else "Messages"
                group = getattr(param, "rich_help_panel", None) or usual
                groups.setdefault(str(group), []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


class WideGroup(TyperGroup):
    """The command of commands, with help as wide as that of the commands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("max_content_width", _WIDTH)
