"""Findings as a JUnit report: a test suite for each file, a test case for each rule.

The documents hold what both common schemas allow, that of Ant (Windy Road's ``JUnit.xsd``) and that
of the xUnit plugin of Jenkins (``junit-10.xsd``): a case has at most one failure, so that the
findings of a rule in a file are the lines of one. Findings too mild to fail the check stand in
the suite's ``system-out``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from stockout.checks.formats.harmless import one_line
from stockout.checks.paths import relative_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from stockout.checks.formats.checked import Checked, RuleText

_MOST_LINES = 100
"""Findings that a failure lists; more are counted."""

_FILES_APART = 200
"""A table of more files (one a day, say) has one suite for all those without findings."""

_ANYWHERE = "all files"


@dataclass
class _Suite:
    """One file of one table, and what each rule found in it."""

    table: str
    file: str
    cases: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.table}: {self.file}"


def as_junit(findings: pl.DataFrame, checked: Checked) -> str:
    """The XML document.

    Nothing in it depends on the clock: the times are 0, and the time stamp is the last day that
    counts.

    Args:
        findings: The findings.
        checked: What was checked: files and rules without findings are cases that pass, rules
            that are switched off are skipped.
    """
    root = ET.Element("testsuites")
    for number, suite in enumerate(_suites(findings, checked)):
        root.append(_suite_element(suite, number, checked))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    # Here too, and although it is XML, the runner of a pipeline may read the log.
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.replace("##[", "##&#91;")


def _suites(findings: pl.DataFrame, checked: Checked) -> Iterator[_Suite]:
    found: dict[str | None, dict[str, list[Mapping[str, object]]]] = {}
    for finding in findings.iter_rows(named=True):
        cases = found.setdefault(finding["file"], {})
        cases.setdefault(str(finding["code"]), []).append(finding)
    for table, files in checked.tables.items():
        apart = [file for file in files if file in found or len(files) <= _FILES_APART]
        for file in apart:
            cases = _of_table(found.get(file, {}), table, file, checked)
            yield _with_passed(_Suite(table, relative_path(file, checked.folder), cases), checked)
        if len(apart) < len(files):
            name = f"{len(files) - len(apart):,} files without findings"
            yield _with_passed(_Suite(table, name), checked)
    for left, cases in found.items():
        if cases:
            name = _ANYWHERE if left is None else relative_path(left, checked.folder)
            yield _Suite("stockout", name, cases)


def _of_table(
    found: dict[str, list[Mapping[str, object]]], table: str, file: str, checked: Checked
) -> dict[str, list[Mapping[str, object]]]:
    """Takes the findings of a file that are about this table: a file may be read as several."""
    alone = sum(file in files for files in checked.tables.values()) == 1
    codes = [code for code in found if alone or _applies(checked.rule(code), table)]
    return {code: found.pop(code) for code in codes}


def _applies(rule: RuleText, table: str) -> bool:
    return not rule.tables or table in rule.tables


def _with_passed(suite: _Suite, checked: Checked) -> _Suite:
    codes = {*suite.cases, *(c for c, rule in checked.rules.items() if _applies(rule, suite.table))}
    suite.cases = {code: suite.cases.get(code, []) for code in sorted(codes)}
    return suite


def _suite_element(suite: _Suite, number: int, checked: Checked) -> ET.Element:
    off = [rule for rule in checked.off.values() if _applies(rule, suite.table)]
    element = ET.Element(
        "testsuite",
        {
            "name": _token(suite.name),
            "package": "stockout",
            "id": str(number),
            "timestamp": f"{checked.as_of or '1970-01-01'}T00:00:00",
            "hostname": "localhost",
            "time": "0",
        },
    )
    ET.SubElement(element, "properties")
    failures = 0
    mild: list[Mapping[str, object]] = []
    for code, cases in suite.cases.items():
        case = _case(element, suite, checked.rule(code))
        failing = [finding for finding in cases if checked.fails(str(finding["severity"]))]
        mild += [finding for finding in cases if finding not in failing]
        if failing:
            failures += 1
            _failure(case, code, failing, checked)
    for rule in off:
        skipped = ET.SubElement(_case(element, suite, rule), "skipped")
        skipped.set("message", "switched off in the configuration")
    element.set("tests", str(len(suite.cases) + len(off)))
    element.set("failures", str(failures))
    element.set("errors", "0")
    element.set("skipped", str(len(off)))
    ET.SubElement(element, "system-out").text = _listed(mild, checked)
    ET.SubElement(element, "system-err")
    return element


def _case(suite_element: ET.Element, suite: _Suite, rule: RuleText) -> ET.Element:
    return ET.SubElement(
        suite_element,
        "testcase",
        {
            "name": _token(f"{rule.code} {rule.title}: {suite.file}"),
            "classname": _token(f"stockout.{suite.table}"),
            "time": "0",
        },
    )


def _failure(
    case: ET.Element, code: str, failing: Sequence[Mapping[str, object]], checked: Checked
) -> None:
    count = f"{len(failing):,} findings, the first: " if len(failing) > 1 else ""
    element = ET.SubElement(case, "failure", {"type": code})
    element.set("message", count + one_line(str(failing[0]["message"])))
    element.text = _listed(failing, checked)


def _listed(findings: Sequence[Mapping[str, object]], checked: Checked) -> str:
    """One line a finding; each begins with our word, never with one of the export's."""
    lines = []
    for finding in findings[:_MOST_LINES]:
        file = finding["file"]
        parts = (
            None if file is None else relative_path(str(file), checked.folder),
            finding["row"],
            finding["column"],
        )
        place = ":".join(one_line(str(part)) for part in parts if part is not None)
        hint = "" if finding["hint"] is None else f" (hint: {one_line(str(finding['hint']))})"
        lines.append(
            f"{finding['severity']} {one_line(str(finding['code']))} "
            f"{place}{': ' if place else ''}{one_line(str(finding['message']))}{hint}"
        )
    if len(findings) > _MOST_LINES:
        lines.append(f"... and {len(findings) - _MOST_LINES:,} more")
    return "\n".join(lines)


def _token(text: str) -> str:
    """As the type ``xs:token`` has it: no space at the ends, and never two in a row."""
    return " ".join(one_line(text).split())
