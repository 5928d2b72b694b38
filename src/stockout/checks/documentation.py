"""The catalogue of rules as a page: ``docs/checks.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.checks.catalogue import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockout.checks.catalogue import Rule

_INTRODUCTION = """\
# The rules of `stockout check`

This page is made from the catalogue by `python scripts/check_pages.py`; a test fails when it
differs. Codes and names are stable. [Checking](checking.md) describes the command, its formats and
rules of your own.

A rule's severity and thresholds are set in the configuration; `off` leaves the rule out:

```toml
[tables]
inventory = "stock.csv"

[check.rules.SO401]
severity = "warning"
units = 5
```

Where a default was measured, `python benchmarks/check_false_alarms.py` prints the measurement:
[false alarms](check_false_alarms.md). Findings show file and row; one about an SKU, a run of days,
a location or a file shows the first row of it.
"""

_GROUPS = {
    "SO1": "Reading",
    "SO2": "Keys and references",
    "SO3": "Dates and feeds",
    "SO4": "Stock",
    "SO5": "Quantities, prices and master data",
    "SO6": "Purchases and orders",
}
_ABOUT = {
    "row": "each such row",
    "key": "each key, at its first row",
    "item": "each SKU and location, at the row where it begins",
    "run": "each run of days, at its first row",
    "feed": "each run of days of a table or location",
    "table": "the table, or a kind of its rows",
    "file": "each file, and column where there is one",
}


def checks_page() -> str:
    """The page in Markdown.

    >>> checks_page().splitlines()[0]
    '# The rules of `stockout check`'
    """
    parts = [_INTRODUCTION, _overview()]
    for prefix, title in _GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_section(rule) for rule in RULES.values() if rule.code.startswith(prefix)]
    return "\n".join(parts)


def _overview() -> str:
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | `{rule.name}` | {rule.severity} "
        f"| {rule.title} |"
        for rule in RULES.values()
    ]
    return "\n".join(["| code | name | severity | finds |", "|---|---|---|---|", *rows, ""])


def _section(rule: Rule) -> str:
    tables = ", ".join(f"`{table}`" for table in rule.tables) or "all tables"
    lines = [
        f"### {rule.code} {rule.name}",
        "",
        f"**{rule.title}.** {rule.what}",
        "",
        f"- Severity: {rule.severity}. Looks at {tables}. One finding for {_ABOUT[rule.about]}.",
        f"- Why it matters: {rule.why}",
        f"- How it is found: {rule.how}",
        f"- What to do: {rule.cure}",
    ]
    if rule.implies:
        lines.append(f"- The same fault may also show as {_listed(rule.implies)}.")
    if rule.thresholds:
        lines += ["", "| threshold | default | meaning | where the default comes from |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| `{name}` | {told.default:g} | {told.meaning} | {told.source} |"
            for name, told in rule.thresholds.items()
        ]
    return "\n".join([*lines, ""])


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"[{code}](#{code.lower()}-{RULES[code].name})" for code in codes)
