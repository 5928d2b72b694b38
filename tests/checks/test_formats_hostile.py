"""Whatever a cell holds, no reader of any format obeys it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console, ConsoleDimensions
from tests.checks.conftest import HOSTILE, finding, frame, hostile_texts, read_junit, runner_reads

from stockout.checks.formats import Checked, ReportFormat, RuleText, render
from stockout.outputs import write_frame
from stockout.reports.check_digest import check_digest

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""What a terminal or an editor may obey, the line feeds that formats themselves write aside."""


def rendered(text: str, fmt: ReportFormat | str) -> str:
    """A report in which every text that comes from outside is this one."""
    rows = frame(
        *(
            finding(
                "X1", severity, text, 3, column=text, sku=text, location=text, message=text,
                hint=text,
            )
            for severity in ("error", "warning", "info")
        )
    )  # fmt: skip
    rule = RuleText("X1", text, text, "error", text, text)
    checked = Checked({"sales": [text]}, {"X1": rule}, {"X2": rule._replace(code="X2")})
    if fmt == "table":
        console = Console(
            file=io.StringIO(), width=60, height=50, force_terminal=True, color_system="truecolor"
        )
        console.print(check_digest(rows, checked, size=ConsoleDimensions(60, 50)))
        drawn = console.file.getvalue()  # type: ignore[attr-defined]
        return re.sub("\x1b\\[[0-9;]*m", "", drawn)  # the digest's own colours
    return render(rows, fmt, checked)  # type: ignore[arg-type]


@pytest.mark.parametrize("fmt", [*get_args(ReportFormat), "table"])
@settings(deadline=None)
@given(text=hostile_texts())
def test_no_terminal_and_no_runner_obeys(fmt: str, text: str) -> None:
    log = rendered(text, fmt)
    assert not OBEYED.search(log)
    names = {command.name for command in runner_reads(log) if command}
    assert names <= ({"error", "warning", "notice"} if fmt == "github" else set())


@settings(deadline=None)
@given(text=hostile_texts())
def test_json_gives_the_very_cells_back(text: str) -> None:
    for record in json.loads(rendered(text, "json")):
        assert {record[name] for name in ("file", "column", "sku", "message", "hint")} == {text}


@settings(deadline=None)
@given(text=hostile_texts())
def test_github_has_the_annotations_it_means_and_no_others(text: str) -> None:
    commands = [command for command in runner_reads(rendered(text, "github")) if command]
    assert [command.name for command in commands] == ["error", "warning", "notice"]
    for command in commands:
        assert set(command.properties) <= {"file", "line", "title"}
        assert command.data.count("\n") == 1  # before the hint


@settings(deadline=None)
@given(text=hostile_texts())
def test_junit_has_no_more_elements_than_it_means(text: str) -> None:
    def shape(element: ET.Element) -> list[object]:
        return [element.tag, sorted(element.attrib), [shape(child) for child in element]]

    assert shape(read_junit(rendered(text, "junit"))) == shape(read_junit(rendered("x", "junit")))


@settings(deadline=None)
@given(text=hostile_texts())
def test_sarif_is_valid_and_has_neither_links_nor_placeholders(text: str) -> None:
    log = json.loads(rendered(text, "sarif"))
    assert not list(Draft202012Validator(SCHEMA).iter_errors(log))
    (run,) = log["runs"]
    (rule,) = (rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "X1")
    texts = [result["message"]["text"] for result in run["results"]]
    texts += [rule[key]["text"] for key in ("shortDescription", "fullDescription", "help")]
    for told in texts:
        assert "](" not in told
        assert not re.search(r"(?<!\{)\{\d+\}(?!\})", told)
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", uri)


@settings(deadline=None)
@given(text=hostile_texts())
def test_table_shows_markup_as_text(text: str) -> None:
    assert rendered(text, "table").count("error") >= 2
    assert "[red]" in rendered("[red]x[/red]", "table")


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_and_excel_compute_nothing(text: str, tmp_path: Path) -> None:
    rows = frame(finding("X1", "error", text, 3, message=text))
    path = tmp_path / "findings.csv"
    write_frame(rows, path, "csv")
    back = pl.read_csv(path, infer_schema=False)
    told = back["message"].item()
    assert told in (text, f"'{text}")
    assert told[0] not in "=+-@\t\r"
    if "\x00" in text or "\ufffe" in text:
        return  # no XML document, and so no Excel file, can hold these
    write_frame(rows, tmp_path / "findings.xlsx", "xlsx")


@settings(deadline=None)
@given(st.text(max_size=5), st.text(max_size=5))
def test_the_runner_would_obey_a_bare_cell(before: str, after: str) -> None:
    log = f"{before}\n::set-env name=A::{after}"
    assert "set-env" in {command.name for command in runner_reads(log) if command}
