"""The configuration beside a quarantine's good rows: all settings but where the tables were."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stockout.config import Config

_HEAD = """\
# Written by stockout check --quarantine. The tables hold the rows that can be used; those that
# cannot are in bad/, each with what is wrong with it.
"""
_NOT_CARRIED = {"tables", "profile", "folder", "file"}
"""How exports are found and read; the good rows are canonical tables."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def carried_settings(config: Config, tables: Iterable[str], folder: Path) -> str:
    r"""A configuration as text, with the given settings of another one.

    Args:
        config: The configuration that was in force, flags and environment included.
        tables: Names of the tables, each of which is ``good/<table>.parquet`` now.
        folder: Where the text will stand, which paths in it start from.

    >>> from pathlib import Path
    >>> from stockout.config import load_config
    >>> config = load_config(None, {}, {"freq": "week", "forecast.horizon": 8})
    >>> print(carried_settings(config, ["sales"], Path("q")).split("bad/")[1].split("\n", 1)[1])
    freq = "week"
    <BLANKLINE>
    [tables]
    sales = "good/sales.parquet"
    <BLANKLINE>
    [forecast]
    horizon = 8
    <BLANKLINE>
    """
    settings: dict[str, Any] = config.model_dump(
        mode="json", exclude=_NOT_CARRIED, exclude_unset=True, exclude_none=True
    )
    if config.check.baseline is not None:
        moved = os.path.relpath(config.folder / config.check.baseline, folder)
        settings["check"]["baseline"] = moved.replace(os.sep, "/")
    values, sections = _parted(settings)
    paths = {name: f"good/{name}.parquet" for name in sorted(tables)}
    return _HEAD + "\n".join(
        [*_assignments(values), *_section("[tables]", paths), *_sections(sections, "")]
    ) + "\n"  # fmt: skip


def _parted(table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values, which stand first, and what needs a section of its own."""
    sections = {key: value for key, value in table.items() if _needs_section(value)}
    return {key: value for key, value in table.items() if key not in sections}, sections


def _needs_section(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict)


def _sections(sections: Mapping[str, Any], prefix: str) -> list[str]:
    lines: list[str] = []
    for key, value in sections.items():
        name = f"{prefix}{_key(key)}"
        tables = value if isinstance(value, list) else [value]
        head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
        for table in tables:
            values, inner = _parted(table)
            if values or isinstance(value, list) or not inner:
                lines += _section(head, values)
            lines += _sections(inner, f"{name}.")
    return lines


def _section(head: str, values: Mapping[str, object]) -> list[str]:
    return ["", head, *_assignments(values)]


def _assignments(values: Mapping[str, object]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in values.items()]


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    """A TOML value; its texts and numbers are those of JSON, but for DEL, which it escapes."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(_assignments(value))}}}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
