"""Findings made by hand, and the readers of the formats, as their standards describe them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import strategies as st

from stockout.checks.findings import FINDINGS
from stockout.checks.formats import Checked, RuleText

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "\x1b[31mred\x1b]0;title\x07",
    "\x9b31m\x7f",
    "::set-env name=PATH::/evil",
    "\n::add-mask::x\r\n::stop-commands::y",
    "##[add-path]/evil",
    "#\x00#[group]x",
    "]]>",
    "<script>alert(1)</script>",
    '" onload="x',
    "a\x00b",
    "[red]bold[/red] [link=http://evil]x[/link]",
    "[click](http://evil) ![x](http://evil)",
    "{0} {{1}} %25 %0A %3A",
    "\u202egnirts\u2066",
    "\u2028\u2029\x85\x0b\x0c",
    "\ufffe\uffff",
    "\N{COLLISION SYMBOL}\N{ZERO WIDTH JOINER}",
    "- [ ] `code` **bold** | cell",
    "'; DROP TABLE findings; --",
]
"""Cells that some reader would obey if they reached it as they are."""


def hostile_texts() -> st.SearchStrategy[str]:
    """Texts that hold dangerous pieces between arbitrary ones."""
    piece = st.one_of(
        st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    )
    return st.lists(piece, min_size=1, max_size=4).map("".join)


def finding(code: str, severity: str, file: str | None, row: int | None, **more: object) -> dict:  # type: ignore[type-arg]
    """One finding; columns that are not given are null, but for the message."""
    cells = {"code": code, "severity": severity, "file": file, "row": row, "message": "wrong"}
    return {**dict.fromkeys(FINDINGS.names()), **cells, **more}


def frame(*findings: dict) -> pl.DataFrame:  # type: ignore[type-arg]
    """A frame of findings."""
    return pl.DataFrame(list(findings), schema=FINDINGS, orient="row")


RULES = {
    "SO103": RuleText(
        "SO103", "unparsable", "cell does not read", "error", "What.", "What.\n\nWhy."
    ),
    "SO311": RuleText("SO311", "gap", "gap in the feed", "warning", tables=("sales", "inventory")),
    "SO401": RuleText("SO401", "negative-stock", "negative stock", "error", tables=("inventory",)),
}


@pytest.fixture
def checked() -> Checked:
    """Two files of two tables, three rules, and one that is off."""
    return Checked(
        tables={"sales": ["exports/sales.csv"], "inventory": ["exports/stock, old.csv"]},
        rules=RULES,
        off={"SO404": RuleText("SO404", "frozen", "frozen stock", "info", tables=("inventory",))},
        folder=Path(),
        version="1.2.3",
        as_of=date(2026, 6, 28),
        config="stockout.toml",
    )


@pytest.fixture
def findings() -> pl.DataFrame:
    """Findings of every severity, about cells, rows, files and none."""
    return frame(
        finding(
            "SO103", "error", "exports/sales.csv", 7, column="qty", sku="A1",
            date=date(2026, 6, 1), message="not a number: found '12x'", hint="set decimal",
        ),
        finding("SO311", "warning", "exports/sales.csv", None, message="no sales for 9 days"),
        finding(
            "SO401", "error", "exports/stock, old.csv", 12, column="on_hand", sku="00123",
            location="北京", message="-3 on hand",
        ),
        finding("SO999", "info", None, None, message="100% of: all"),
    )  # fmt: skip


class Command(NamedTuple):
    """A workflow command as GitHub's runner understands it."""

    name: str
    properties: dict[str, str]
    data: str


_REGISTERED = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
    "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip


def runner_reads(log: str) -> list[Command | None]:
    """What the runner makes of each line of a log: a command, or None for a line to show.

    As ``TryParseV2`` and ``TryParse`` of the runner's ``ActionCommand.cs``: the new form where a
    line starts with ``::``, spaces aside; else the old form anywhere in it.
    """
    return [_new_form(line) or _old_form(line) for line in re.split("\r\n|\r|\n", log)]


def _new_form(line: str) -> Command | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, pairs = line[2:end].partition(" ")
    if name not in _REGISTERED:
        return None
    properties = dict(pair.split("=", 1) for pair in pairs.strip().split(",") if "=" in pair)
    return Command(
        name,
        {key: _unescaped(value, "\r\n:,%") for key, value in properties.items()},
        _unescaped(line[end + 2 :], "\r\n%"),
    )


def _old_form(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].partition(" ")[0]
    return Command(name, {}, line[end + 1 :]) if name in _REGISTERED else None


def _unescaped(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


_TEXT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_SUITE = ("name", "tests", "failures", "errors")
_ANT_SUITE = {*_SUITE, "timestamp", "hostname", "time", "package", "id"}


def read_junit(text: str) -> ET.Element:
    """Parses a JUnit report, and holds it against what both common schemas allow.

    Windy Road's ``JUnit.xsd`` for Ant is stricter in attributes and order, the ``junit-10.xsd`` of
    Jenkins's xUnit plugin in what a number is.
    """
    assert _TEXT.fullmatch(text)
    root = ET.fromstring(text)  # noqa: S314 - our own output
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert {*suite.attrib} == _ANT_SUITE | {"skipped"}
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        for case in cases:
            assert {*case.attrib} == {"name", "classname", "time"}
            assert [child.tag for child in case] in ([], ["failure"], ["skipped"])
            for failure in case.findall("failure"):
                assert {*failure.attrib} == {"type", "message"}
        counts = {"tests": len(cases), "errors": 0}
        counts |= {f"{kind}s": len(suite.findall(f".//{kind}")) for kind in ("failure",)}
        counts["skipped"] = len(suite.findall(".//skipped"))
        assert {name: int(suite.get(name, "")) for name in counts} == counts
        for element in (suite, *cases):
            for name in ("name", "classname"):
                value = element.get(name, "x")
                assert value
                assert " ".join(value.split()) == value
    return root
