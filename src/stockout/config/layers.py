"""Where settings come from, and which of two wins: file, then environment, then flags."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ENV_PREFIX = "STOCKOUT_"
COMMAND_LINE = "command line"
NOT_SETTINGS = frozenset({"STOCKOUT_REALDATA", "STOCKOUT_RUN_FOLDER", "STOCKOUT_CONFIG_FOLDER"})
"""Variables with our prefix that are read elsewhere."""

_TARGETS = (
    frozenset({"service_level"}),
    frozenset({"fill_rate"}),
    frozenset({"shortage_cost", "holding_cost"}),
)
_TOML_HINTS = {  # what Python's parser says, and what is behind it most often
    r"character '\n'": "a text ends with the quote it begins with, on the same line",
    "\\": r"write paths with / or in single quotes: 'C:\data\sales.csv'",
    "escape": r"write paths with / or in single quotes: 'C:\data\sales.csv'",
    "Cannot overwrite": "this key is set further up",
    "Cannot declare": "this section is there already, further up",
}
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def has_item(node: object, key: object) -> bool:
    """Whether a table has this key, or an array this index."""
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)


@dataclass(frozen=True)
class Layer:
    """Settings from one place, nested as in the file."""

    name: str  # what an error calls the place: the file's name, "environment", "command line"
    prefix: str  # what stands before the key there: "tool.stockout." in pyproject.toml
    values: dict[str, object]

    def spell(self, keys: Iterable[object]) -> str:
        """The setting at these nested keys, as it is written here."""
        keys = list(keys)
        dotted = ".".join(str(key) for key in keys)
        if self.name == COMMAND_LINE and keys != ["reorder"]:
            return _flag(keys)
        if self.prefix == ENV_PREFIX:
            return ENV_PREFIX + dotted.replace(".", "__").upper()
        return self.prefix + dotted

    def has(self, keys: Iterable[object]) -> bool:
        """Whether the setting at these nested keys is set here."""
        node: object = self.values
        for key in keys:
            if not has_item(node, key):
                return False
            node = node[key]  # type: ignore[index]
        return True


@dataclass(frozen=True)
class Layers:
    """The layers, the weakest first, and the file they start from."""

    layers: tuple[Layer, ...]
    folder: Path
    file: Path | None


def read_layers(
    path: Path | None, env: Mapping[str, str], overrides: Mapping[str, object]
) -> Layers:
    """Reads the three layers, without checking what they say.

    Raises:
        ConfigError: The file is missing or is not TOML.
    """
    file, prefix = _choose_file(path)
    values = {} if file is None else _read_toml(file, prefix)
    folder = Path() if file is None else file.parent
    environment = _nest(_environment(env))
    flags = _nest(overrides)
    for layer in (environment, flags):
        _from_current_directory(layer, folder)
    return Layers(
        layers=(
            Layer(str(file or "defaults"), prefix, values),
            Layer("environment", ENV_PREFIX, environment),
            Layer(COMMAND_LINE, "", flags),
        ),
        folder=folder,
        file=file,
    )


def merge(layers: Layers) -> dict[str, object]:
    """Lays the layers over each other; a later one wins key by key."""
    merged: dict[str, object] = {}
    for layer in layers.layers:
        targets = layer.values.get("reorder")
        if isinstance(targets, dict):
            _drop_other_targets(merged.get("reorder"), targets)
        merged = _merge(merged, layer.values)
    return merged


def _choose_file(path: Path | None) -> tuple[Path | None, str]:
    if path is not None:
        if not path.is_file():
            near = path.parent.glob("*.toml") if path.parent.is_dir() else ()
            close = difflib.get_close_matches(path.name, [item.name for item in near], n=1)
            raise ConfigError(
                f"{path}: no such file",
                hint=f"did you mean {path.with_name(close[0])}?" if close else None,
            )
        return path, "tool.stockout." if path.name == "pyproject.toml" else ""
    if Path("stockout.toml").is_file():
        return Path("stockout.toml"), ""
    pyproject = Path("pyproject.toml")
    # Someone else's pyproject.toml is no business of ours unless it mentions us.
    if pyproject.is_file() and b"tool.stockout" in pyproject.read_bytes():
        return pyproject, "tool.stockout."
    return None, ""


def _read_toml(file: Path, prefix: str) -> dict[str, object]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: not UTF-8 text at byte {error.start + 1}", hint="save the file as UTF-8"
        ) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _toml_fault(file, text, str(error)) from None
    for key in prefix.split(".")[:-1]:
        value = document.get(key, {})
        document = value if isinstance(value, dict) else {}
    return _paths_as_tables(document)


def _toml_fault(file: Path, text: str, message: str) -> ConfigError:
    place = _TOML_PLACE.search(message)
    lines = text.splitlines() or [""]
    line, column = (place[1], place[2]) if place and place[1] else (len(lines), len(lines[-1]) + 1)
    return ConfigError(
        f"{file}:{line}:{column}: not TOML: {_TOML_PLACE.sub('', message)}",
        hint=next((hint for words, hint in _TOML_HINTS.items() if words in message), None),
    )


def _flag(keys: Sequence[object]) -> str:
    """The flag of a setting: ``--horizon``, ``--lead-time``; that of a table is its name."""
    names = [str(key) for key in keys if not isinstance(key, int)]
    name = names[1] if names[0] == "tables" and len(names) > 1 else names[-1]
    return "--" + name.removesuffix("_days").replace("_", "-")


def _environment(env: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix(ENV_PREFIX).lower().replace("__", "."): value
        for name, value in sorted(env.items())
        if name.startswith(ENV_PREFIX) and name not in NOT_SETTINGS and value.strip()
    }


def _nest(values: Mapping[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    for dotted, value in values.items():
        if value is None:
            continue
        inner = _nest(value) if isinstance(value, dict) else value
        for key in reversed(dotted.split(".")):
            inner = {key: inner}
        if isinstance(inner, dict):
            nested = _merge(nested, _paths_as_tables(inner))
    return nested


def _paths_as_tables(values: dict[str, object]) -> dict[str, object]:
    """``sales = "sales.csv"`` means ``sales = {path = "sales.csv"}``."""
    tables = values.get("tables")
    if not isinstance(tables, dict):
        return values
    return values | {
        "tables": {
            name: {"path": source} if _is_path(source) else source
            for name, source in tables.items()
        }
    }


def _is_path(source: object) -> bool:
    """Whether a table is given as just its path, or its paths; not as a list of sources."""
    if isinstance(source, list):
        return not any(isinstance(item, dict) for item in source)
    return isinstance(source, str)


def _from_current_directory(values: dict[str, object], folder: Path) -> None:
    tables = values.get("tables")
    if folder == Path() or not isinstance(tables, dict):
        return
    for source in tables.values():
        for one in source if isinstance(source, list) else [source]:
            if not isinstance(one, dict):
                continue
            path = one.get("path")
            if isinstance(path, list):
                one["path"] = [_absolute(item) for item in path]
            else:
                one["path"] = _absolute(path)


def _absolute(path: object) -> object:
    if not isinstance(path, str) or "://" in path or path == "history:":
        return path
    if path.startswith("history:"):
        return f"history:{_absolute(path.removeprefix('history:'))}"
    return str(Path(path).expanduser().absolute())


def _merge(lower: dict[str, object], upper: dict[str, object]) -> dict[str, object]:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(below, list) and len(below) == 1 and isinstance(value, dict):
            below = below[0]  # one source of a table, written as a list of them
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged


def _drop_other_targets(below: object, above: dict[str, object]) -> None:
    """A layer that sets a target replaces another kind of target of the layers below it."""
    if not isinstance(below, dict):
        return
    said = set(above)
    if "order_cost" in below.keys() | above.keys() and "shortage_cost" not in above:
        said.discard("holding_cost")  # it is what the order cost is weighed against
    kinds = [kind for kind in _TARGETS if kind & said]
    if kinds:
        for name in frozenset().union(*_TARGETS) - frozenset().union(*kinds):
            below.pop(name, None)
