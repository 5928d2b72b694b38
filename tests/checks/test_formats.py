"""Findings in each format, read back by what the format's standard says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from jsonschema import Draft202012Validator
from tests.checks.conftest import RULES, Command, finding, frame, read_junit, runner_reads

from stockout.checks.findings import no_findings
from stockout.checks.formats import Checked, ReportFormat, RuleText, render
from stockout.checks.formats.checked import worst_first

if TYPE_CHECKING:
    import polars as pl

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))


def read_sarif(text: str) -> dict[str, Any]:
    """The only run of a valid SARIF log."""
    log = json.loads(text)
    errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(log)]
    assert errors == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_json_is_a_list_of_the_rows(findings: pl.DataFrame, checked: Checked) -> None:
    text = render(findings, "json", checked)
    assert json.loads(text) == [
        {key: str(value) if key == "date" and value else value for key, value in row.items()}
        for row in findings.iter_rows(named=True)
    ]
    assert text.count("\n") == findings.height + 2
    assert "北京" in text


def test_json_lines_hold_the_same(findings: pl.DataFrame, checked: Checked) -> None:
    lines = render(findings, "jsonl", checked).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(render(findings, "json", checked))


@pytest.mark.parametrize("fmt", get_args(ReportFormat))
def test_no_findings_are_a_valid_document(fmt: ReportFormat, checked: Checked) -> None:
    text = render(no_findings(), fmt, checked)
    if fmt == "json":
        assert json.loads(text) == []
    elif fmt in ("jsonl", "github"):
        assert text == ""
    elif fmt == "sarif":
        assert read_sarif(text)["results"] == []
    else:
        suites = list(read_junit(text))
        assert [suite.get("name") for suite in suites] == [
            "sales: exports/sales.csv",
            "inventory: exports/stock, old.csv",
        ]
        assert [suite.get("tests") for suite in suites] == ["2", "4"]


def test_github_annotations(findings: pl.DataFrame, checked: Checked) -> None:
    text = render(findings, "github", checked)
    assert text == (
        "::error file=exports/sales.csv,line=7,title=SO103 cell does not read::"
        "qty: not a number: found '12x'%0Ahint: set decimal\n"
        "::error file=exports/stock%2C old.csv,line=12,title=SO401 negative stock::"
        "on_hand: -3 on hand\n"
        "::warning file=exports/sales.csv,title=SO311 gap in the feed::no sales for 9 days\n"
        "::notice title=SO999 SO999::100%25 of: all\n"
    )
    assert runner_reads(text)[1] == Command(
        "error",
        {"file": "exports/stock, old.csv", "line": "12", "title": "SO401 negative stock"},
        "on_hand: -3 on hand",
    )


def test_github_gets_as_many_as_it_shows(checked: Checked) -> None:
    many = [finding("SO401", "error", "a.csv", row) for row in range(2, 30)]
    others = [finding("SO311", "warning", "a.csv", 5), finding("SO103", "error", "b.csv", 5)]
    infos = [finding("SO999", "info", "a.csv", row) for row in range(2, 14)]
    lines = render(frame(*many, *others, *infos), "github", checked).splitlines()
    commands = [command for command in runner_reads("\n".join(lines)) if command]
    assert [command.name for command in commands] == ["error"] * 10 + ["warning"] + ["notice"] * 10
    # One of each rule and file comes before a second one of any.
    assert [(c.properties["file"], c.properties["line"]) for c in commands[:3]] == [
        ("a.csv", "2"), ("b.csv", "5"), ("a.csv", "3"),
    ]  # fmt: skip
    assert commands[-1].data == (
        "19 errors, 3 info more than GitHub shows for one step; --format json has all"
    )


def test_what_is_in_a_database_is_annotated_without_a_file(checked: Checked) -> None:
    row = finding("SO401", "error", "postgresql://host/shop", 3, column="on_hand")
    (command, _) = runner_reads(render(frame(row), "github", checked))
    assert command == Command(
        "error",
        {"title": "SO401 negative stock"},
        "postgresql://host/shop:on_hand: wrong",
    )


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("sub/../a.csv", "a.csv"),
        ("./a.csv", "a.csv"),
        ("{tmp}/deep/a.csv", "deep/a.csv"),
        ("../a.csv", "../a.csv"),
    ],
)
def test_paths_are_relative_to_the_folder(
    file: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checked = Checked({}, RULES, folder=tmp_path)
    rows = frame(finding("SO401", "error", file.format(tmp=tmp_path), 2))
    (command, _) = runner_reads(render(rows, "github", checked))
    assert command is not None
    assert command.properties["file"] == shown
    (result,) = read_sarif(render(rows, "sarif", checked))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == shown


def test_sarif_has_rules_and_results(findings: pl.DataFrame, checked: Checked) -> None:
    run = read_sarif(render(findings, "sarif", checked))
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("stockout", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["SO103", "SO311", "SO401", "SO999"]
    assert driver["rules"][0] == {
        "id": "SO103",
        "name": "Unparsable",
        "shortDescription": {"text": "cell does not read"},
        "fullDescription": {"text": "What."},
        "help": {"text": "What.\n\nWhy."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["data-quality"]},
    }
    results = run["results"]
    assert [(result["ruleId"], result["level"]) for result in results] == [
        ("SO103", "error"), ("SO401", "error"), ("SO311", "warning"), ("SO999", "note"),
    ]  # fmt: skip
    for result in results:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert results[1]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "exports/stock%2C%20old.csv"},
                "region": {"startLine": 12},
            }
        }
    ]
    assert results[1]["properties"] == {"column": "on_hand", "sku": "00123", "location": "北京"}
    assert results[0]["message"]["text"] == "not a number: found '12x' Hint: set decimal"
    uri = results[3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "stockout.toml"


def test_sarif_fingerprints_survive_moved_rows_and_tell_twins_apart(checked: Checked) -> None:
    def prints(*rows: int) -> list[str]:
        rows_of = [finding("SO401", "error", "a.csv", row, message=f"-{row} left") for row in rows]
        results = read_sarif(render(frame(*rows_of), "sarif", checked))["results"]
        return [result["partialFingerprints"]["stockoutFinding/v1"] for result in results]

    assert prints(2, 3) == prints(20, 30)
    assert len(set(prints(2, 3))) == 2


def test_sarif_has_no_more_results_than_github_takes(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockout.checks.formats.sarif._MOST_RESULTS", 3)
    rows = [finding("SO401", "warning", "a.csv", row) for row in range(2, 7)]
    run = read_sarif(render(frame(*rows, finding("SO103", "error", "a.csv", 9)), "sarif", checked))
    assert [result["level"] for result in run["results"]] == ["error", "warning", "warning"]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "3 findings more than one run may hold"


def test_the_schema_would_refuse_a_wrong_log(findings: pl.DataFrame, checked: Checked) -> None:
    log = json.loads(render(findings, "sarif", checked))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(Draft202012Validator(SCHEMA).iter_errors(log))


def test_junit_has_a_suite_a_file_and_a_case_a_rule(
    findings: pl.DataFrame, checked: Checked
) -> None:
    root = read_junit(render(findings, "junit", checked))
    names = {
        suite.get("name"): {
            case.get("name", "").partition(":")[0]: [child.tag for child in case]
            for case in suite.findall("testcase")
        }
        for suite in root
    }
    assert names == {
        "sales: exports/sales.csv": {
            "SO103 cell does not read": ["failure"],
            "SO311 gap in the feed": [],  # a warning does not fail the check
        },
        "inventory: exports/stock, old.csv": {
            "SO103 cell does not read": [],
            "SO311 gap in the feed": [],
            "SO401 negative stock": ["failure"],
            "SO404 frozen stock": ["skipped"],
        },
        "stockout: all files": {"SO999 SO999": []},
    }
    sales = root[0]
    failure = sales.find("testcase/failure")
    assert failure is not None
    assert failure.attrib == {"type": "SO103", "message": "not a number: found '12x'"}
    assert failure.text == (
        "error SO103 exports/sales.csv:7:qty: not a number: found '12x' (hint: set decimal)"
    )
    assert sales.findtext("system-out") == ("warning SO311 exports/sales.csv: no sales for 9 days")
    assert sales.get("timestamp") == "2026-06-28T00:00:00"


@pytest.mark.parametrize(
    ("fail_on", "failures"), [(None, 0), ("error", 2), ("warning", 3), ("info", 4)]
)
def test_junit_fails_what_fails_the_check(
    fail_on: Any,  # noqa: ANN401 - a severity or None
    failures: int,
    findings: pl.DataFrame,
    checked: Checked,
) -> None:
    told = Checked(checked.tables, checked.rules, fail_on=fail_on)
    assert len(read_junit(render(findings, "junit", told)).findall(".//failure")) == failures


def test_junit_puts_all_findings_of_a_rule_and_file_into_one_failure(checked: Checked) -> None:
    rows = [finding("SO401", "error", "exports/stock, old.csv", row) for row in range(2, 152)]
    root = read_junit(render(frame(*rows), "junit", checked))
    (failure,) = root.findall(".//failure")
    assert failure.get("message") == "150 findings, the first: wrong"
    lines = (failure.text or "").splitlines()
    assert len(lines) == 101
    assert lines[-1] == "... and 50 more"


def test_junit_of_a_file_that_is_two_tables_fails_it_once() -> None:
    checked = Checked({"sales": ["all.csv"], "inventory": ["all.csv"]}, RULES)
    rows = frame(finding("SO401", "error", "all.csv", 3), finding("SO103", "error", "all.csv", 4))
    root = read_junit(render(rows, "junit", checked))
    failed = {
        (suite.get("name"), case.findtext("failure", "")[:11])
        for suite in root
        for case in suite.findall("testcase")
        if case.find("failure") is not None
    }
    assert failed == {("inventory: all.csv", "error SO401"), ("sales: all.csv", "error SO103")}


def test_junit_of_very_many_files_tells_the_good_ones_together() -> None:
    files = [f"day={day}/part.parquet" for day in range(500)]
    checked = Checked({"sales": files}, RULES)
    root = read_junit(render(frame(finding("SO103", "error", files[7], 3)), "junit", checked))
    assert [suite.get("name") for suite in root] == [
        "sales: day=7/part.parquet",
        "sales: 499 files without findings",
    ]


def test_a_finding_about_a_file_that_is_no_export_is_not_lost(checked: Checked) -> None:
    root = read_junit(render(frame(finding("SO103", "error", "x.csv", 3)), "junit", checked))
    assert root[-1].get("name") == "stockout: x.csv"
    assert len(root[-1].findall(".//failure")) == 1


@pytest.mark.parametrize("fmt", get_args(ReportFormat))
def test_the_same_findings_give_the_same_bytes(
    fmt: ReportFormat, findings: pl.DataFrame, checked: Checked
) -> None:
    assert render(findings, fmt, checked) == render(findings.clone(), fmt, checked)


def test_worst_first_keeps_every_row() -> None:
    rows = [
        finding(code, severity, "a.csv", row)
        for row, (code, severity) in enumerate(
            [("A1", "info"), ("B1", "error"), ("A1", "warning"), ("B1", "error"), ("C1", "error")]
        )
    ]
    ranked = worst_first(frame(*rows))
    assert ranked["row"].to_list() == [1, 4, 3, 2, 0]
    assert ranked.columns == frame(*rows).columns


def test_a_rule_of_the_users_own_needs_no_catalogue(checked: Checked) -> None:
    text = RuleText("ACME1", "acme1", "too many", "warning")
    told = Checked(checked.tables, {"ACME1": text})
    rows = frame(finding("ACME1", "warning", "a.csv", 2))
    (rule,) = read_sarif(render(rows, "sarif", told))["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"] == {"level": "warning"}
