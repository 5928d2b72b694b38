"""From a failed check of the configuration to one clear error."""

from __future__ import annotations

import difflib
import types
import typing
from typing import TYPE_CHECKING

from pydantic import BaseModel

from stockout.config.layers import Layer, Layers, has_item
from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_EXPECTED = {  # for the types of fault that pydantic knows
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le:,}",
    "literal_error": "{expected}",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "too_short": "at least one value",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}


def config_fault(
    error: ValidationError, model: type[BaseModel], layers: Layers, merged: dict[str, object]
) -> ConfigError:
    """The error that tells the user what to change: place, key, what was found and expected."""
    details = error.errors(include_url=False)
    # Where a value may be of two types, pydantic reports what is wrong for each of them; an
    # unknown key says more than "not a string".
    first = next((item for item in details if item["type"] == "extra_forbidden"), details[0])
    keys = _keys(first["loc"], merged)
    if first["type"] == "extra_forbidden" or "[key]" in first["loc"]:
        return unknown_key(keys, model, layers)
    layer = _layer(keys, layers)
    place = f"{layer.name}: {layer.spell(keys)}"
    if first["type"] == "missing":
        return ConfigError(f"{place}: missing")
    found = "" if isinstance(first["input"], dict) else f"found {first['input']!r}, "
    return ConfigError(f"{place}: {found}expected {_expected(first)}")


def unknown_key(keys: Sequence[str | int], model: type[BaseModel], layers: Layers) -> ConfigError:
    """An error for a key that no model knows, with the nearest ones that there are."""
    layer = _layer(keys, layers)
    known = _known_keys(model, keys[:-1])
    near = difflib.get_close_matches(str(keys[-1]), known, n=1)
    if near:
        hint = f"did you mean {layer.spell([*keys[:-1], near[0]])}?"
    else:
        paths = {path.rpartition(".")[2]: path for path in _all_paths(model)}
        near = difflib.get_close_matches(str(keys[-1]), paths, n=1, cutoff=0.8)
        hint = (
            f"did you mean {layer.spell(paths[near[0]].split('.'))}?"
            if near
            else f"known are {', '.join(known)}"
        )
    return ConfigError(f"{layer.name}: {layer.spell(keys)}: unknown key", hint=hint)


def _layer(keys: Sequence[str | int], layers: Layers) -> Layer:
    """The strongest layer that has these keys."""
    return next((item for item in reversed(layers.layers) if item.has(keys)), layers.layers[0])


def _keys(loc: tuple[str | int, ...], merged: dict[str, object]) -> list[str | int]:
    """The nested keys as the user wrote them: pydantic adds a step for each type of a union."""
    keys: list[str | int] = []
    node: object = merged
    for step in loc:
        if has_item(node, step):
            node = node[step]  # type: ignore[index]
        elif isinstance(node, dict) and step == loc[-1] and step != "[key]":
            node = None  # a key that is missing
        else:
            continue
        keys.append(step)
    return keys


def _expected(detail: ErrorDetails) -> str:
    if detail["type"] in _EXPECTED:
        return _EXPECTED[detail["type"]].format(**detail.get("ctx", {}))
    return detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")


def _known_keys(model: type[BaseModel], keys: Sequence[str | int]) -> list[str]:
    """What may stand under these keys: fields of a model, or the names a table is limited to."""
    annotations: list[object] = [model]
    for key in keys:
        annotations = [inner for annotation in annotations for inner in _inner(annotation, key)]
    known: set[str] = set()
    annotations += [
        item
        for annotation in annotations
        if typing.get_origin(annotation) is list
        for item in _choices(typing.get_args(annotation)[0])
    ]
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            known |= model_keys(annotation)
        elif typing.get_origin(annotation) is dict:
            known |= {str(name) for name in typing.get_args(typing.get_args(annotation)[0])}
    return sorted(known)


def _inner(annotation: object, key: str | int) -> list[object]:
    """What a value of this type holds under a key, each type of a union for itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(key))
        return [] if field is None else _choices(field.annotation)
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        return _choices(arguments[1])
    if typing.get_origin(annotation) is list:
        items = _choices(arguments[0])
        if isinstance(key, int):
            return items
        # one table of the file where several may stand
        return [inner for item in items for inner in _inner(item, key)]
    return []


def _choices(annotation: object) -> list[object]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _choices(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [choice for part in typing.get_args(annotation) for choice in _choices(part)]
    return [annotation]


def model_keys(model: type[BaseModel]) -> set[str]:
    """The keys that a table of the file may have."""
    return set(model.model_fields) - {"folder", "file"}


def _all_paths(model: type[BaseModel], prefix: str = "") -> list[str]:
    """The dotted keys of all settings whose names are fixed."""
    paths: list[str] = []
    for name in sorted(model_keys(model)):
        models = [
            choice
            for choice in _choices(model.model_fields[name].annotation)
            if isinstance(choice, type) and issubclass(choice, BaseModel)
        ]
        paths += _all_paths(models[0], f"{prefix}{name}.") if models else [prefix + name]
    return paths
