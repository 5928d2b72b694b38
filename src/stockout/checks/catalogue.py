"""The catalogue of rules: what each is called, how grave it is, what it means and how to cure it.

The texts stand in ``catalogue.toml``; ``docs/checks.md`` is made from it. This module is light: it
loads neither Polars nor anything else that takes long.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Grade: TypeAlias = Literal["off", "info", "warning", "error"]
"""What a rule can be set to; ``off`` does not run it."""

About: TypeAlias = Literal["row", "key", "item", "run", "feed", "table", "file"]
"""What one finding is about: a row, a key wherever it is named, an item, a run of an item's days,
days of a table or location, a table, a file."""

GRADES: tuple[Grade, ...] = ("off", "info", "warning", "error")


@dataclass(frozen=True)
class Threshold:
    """A number that decides when a rule speaks.

    Attributes:
        default: Its value where the configuration says nothing.
        meaning: What it is, with its unit.
        source: Where the default comes from: a publication, or what was measured.
    """

    default: float
    meaning: str
    source: str


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue.

    Attributes:
        code: Stable; ``SO4`` and what follows is about stock, and so on.
        name: A short name, stable too.
        severity: Where the configuration says nothing.
        tables: The canonical tables that it looks at; all of them where empty.
        title: What it finds, in a few words.
        what: What a finding says.
        why: Why it matters for stockouts.
        how: How it is found.
        cure: What to do.
        thresholds: Numbers that can be set, by name.
        implies: Codes that the same fault in the data may also raise.
        about: What one finding is about. Only findings about a row are about that row alone; the
            others show the first row, and are no reason to set just that one aside.
    """

    code: str
    name: str
    severity: Literal["info", "warning", "error"]
    tables: tuple[str, ...]
    title: str
    what: str
    why: str
    how: str
    cure: str
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    implies: tuple[str, ...] = ()
    about: About = "row"

    @property
    def doc(self) -> str:
        """What, why, how and cure as one text of four paragraphs."""
        return f"{self.what}\n\n{self.why}\n\n{self.how}\n\n{self.cure}"


@cache
def _load() -> Mapping[str, Rule]:
    text = resources.files("stockout.checks").joinpath("catalogue.toml").read_text("utf-8")
    rules = {}
    for code, entry in tomllib.loads(text).items():
        entry["thresholds"] = {
            name: Threshold(**told) for name, told in entry.get("thresholds", {}).items()
        }
        for name in ("tables", "implies"):
            entry[name] = tuple(entry.get(name, ()))
        for name in ("what", "why", "how", "cure"):
            entry[name] = " ".join(entry[name].split())
        rules[code] = Rule(code=code, **entry)
    return MappingProxyType(dict(sorted(rules.items())))


RULES: Mapping[str, Rule] = _load()
"""Every rule by its code, in order.

>>> RULES["SO401"].name, RULES["SO401"].severity
('negative-stock', 'error')
"""


def find_rule(name: str) -> Rule:
    """The rule of a code or of a name.

    Raises:
        ConfigError: There is none; the message suggests one.

    >>> find_rule("negative-stock").code
    'SO401'
    """
    for rule in RULES.values():
        if name.strip().casefold() in {rule.code.casefold(), rule.name}:
            return rule
    raise ConfigError(f"no rule {name!r}", hint=_suggestion(name, (*RULES, *_names())))


def check_told(severity: Mapping[str, str], thresholds: Mapping[str, Mapping[str, float]]) -> None:
    """Refuses settings of rules and thresholds that do not exist.

    Args:
        severity: A grade for some codes.
        thresholds: For some codes, values by threshold.

    Raises:
        ConfigError: A code, a grade or a threshold is not known, or a value is below zero.

    >>> check_told({"SO401": "warning"}, {"SO401": {"unit": 1}})
    Traceback (most recent call last):
    stockout.errors.ConfigError: check.rules.SO401: no threshold 'unit'
    hint: did you mean units?
    """
    for code in (*severity, *thresholds):
        if code not in RULES:
            raise ConfigError(f"check.rules: no rule {code!r}", hint=_suggestion(code, RULES))
    for code, grade in severity.items():
        if grade not in GRADES:
            raise ConfigError(
                f"check.rules.{code}: severity {grade!r} is not known",
                hint=f"give one of {', '.join(GRADES)}",
            )
    for code, values in thresholds.items():
        for name, value in values.items():
            known = RULES[code].thresholds
            if name not in known:
                raise ConfigError(
                    f"check.rules.{code}: no threshold {name!r}", hint=_suggestion(name, known)
                )
            if not value >= 0:
                raise ConfigError(f"check.rules.{code}.{name} = {value:g} is below zero")


def _names() -> Iterable[str]:
    return (rule.name for rule in RULES.values())


def _suggestion(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], n=3)
    meant = [each for each in known if each.casefold() in close]
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    return f"known are {', '.join(known)}" if known else "it has none"
