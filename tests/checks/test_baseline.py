"""A baseline accepts what is known, and nothing else."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checks.conftest import finding, frame, hostile_texts

from stockout.checks.baseline import accept_known, read_baseline, shortened, write_baseline
from stockout.checks.fingerprints import fingerprints
from stockout.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def negative(row: int, units: int = -3, sku: str = "A1", file: str = "stock.csv") -> dict:  # type: ignore[type-arg]
    """A finding about negative stock."""
    return finding(
        "SO401", "error", file, row, column="qty", sku=sku, location="1", message=f"{units} on hand"
    )


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a baseline goes, in the current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "baseline.json"


def new(path: Path, *findings: dict) -> list[int | None]:  # type: ignore[type-arg]
    """Rows of the findings that the baseline does not accept."""
    return accept_known(frame(*findings), read_baseline(path), path.parent).new["row"].to_list()


def test_known_findings_are_accepted_where_rows_and_numbers_have_moved(path: Path) -> None:
    write_baseline(frame(negative(2), negative(9, sku="B2")), path)
    assert new(path, negative(700, units=-1_250), negative(3, sku="B2")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"code": "SO402"}, {"file": "stock2.csv"}, {"column": "amount"}, {"sku": "A2"},
        {"location": "2"}, {"date": date(2026, 1, 5)}, {"message": "-3 in hand"},
    ],
)  # fmt: skip
def test_another_finding_is_new(path: Path, change: dict[str, object]) -> None:
    write_baseline(frame(negative(2)), path)
    assert new(path, {**negative(2), **change}) == [2]


def test_severity_and_hint_are_no_part_of_it(path: Path) -> None:
    write_baseline(frame(negative(2)), path)
    assert new(path, {**negative(2), "severity": "warning", "hint": "count again"}) == []


def test_one_more_of_a_known_kind_is_new(path: Path) -> None:
    write_baseline(frame(negative(2), negative(5)), path)
    assert new(path, negative(2), negative(5)) == []
    assert new(path, negative(2), negative(5), negative(8)) == [8]


def test_what_is_gone_is_counted(path: Path) -> None:
    write_baseline(frame(negative(2), negative(5), negative(3, sku="B2")), path)
    judged = accept_known(
        frame(negative(2), negative(4, sku="C3")), read_baseline(path), path.parent
    )
    assert (judged.new["sku"].to_list(), judged.accepted, judged.gone) == (["C3"], 1, 2)


def test_the_directory_it_runs_in_does_not_matter(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exports").mkdir()
    write_baseline(frame(negative(2, file="exports/stock.csv")), path)
    monkeypatch.chdir(tmp_path / "exports")
    assert new(path, negative(2, file="stock.csv")) == []
    assert new(path, negative(2, file=str(tmp_path / "exports" / "stock.csv"))) == []


def test_the_file_is_sorted_and_changes_by_lines(path: Path) -> None:
    rows = [negative(2), negative(5), negative(3, sku="B2"), finding("SO101", "error", None, None)]
    write_baseline(frame(*rows), path)
    text = path.read_text("utf-8")
    assert text == (
        '{\n "version": 1,\n "findings": [\n'
        '  {"code": "SO101", "message": "wrong", "count": 1},\n'
        '  {"code": "SO401", "file": "stock.csv", "column": "qty", "sku": "A1", "location": "1", '
        '"message": "# on hand", "count": 2},\n'
        '  {"code": "SO401", "file": "stock.csv", "column": "qty", "sku": "B2", "location": "1", '
        '"message": "# on hand", "count": 1}\n'
        " ]\n}\n"
    )
    write_baseline(frame(*reversed(rows)), path)
    assert path.read_text("utf-8") == text


def test_an_empty_baseline_accepts_nothing(path: Path) -> None:
    write_baseline(frame(), path)
    assert json.loads(path.read_text("utf-8")) == {"version": 1, "findings": []}
    assert new(path, negative(2)) == [2]


@settings(deadline=None)
@given(st.lists(st.tuples(hostile_texts(), hostile_texts()), max_size=5))
def test_any_finding_is_accepted_by_its_own_baseline(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "baseline.json"
    rows = [finding("X1", "error", None, 2, sku=sku, message=text) for sku, text in texts]
    write_baseline(frame(*rows), path)
    assert not set(path.read_text("utf-8")) & set("\x1b\x9b\u202e")
    assert new(path, *rows) == []
    assert accept_known(frame(*rows), read_baseline(path), path.parent).gone == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as a baseline"),
        ("[]", 'expected a JSON object with "version": 1'),
        ('{"version": 2, "findings": []}', 'expected a JSON object with "version": 1'),
        ('{"version": 1}', 'expected a list of "findings"'),
        ('{"version": 1, "findings": [{"code": "A"}]}', 'and a "count" in finding 1'),
        ('{"version": 1, "findings": [{"code": "A", "count": -1}]}', "in finding 1"),
        ('{"version": 1, "findings": [{"code": 5, "count": 1}]}', "in finding 1"),
        ('{"version": 1, "findings": [{"code": "A", "count": 1, "row": 5}]}', "in finding 1"),
        ("[" * 100_000, "cannot be read as a baseline"),
    ],
)
def test_what_is_no_baseline_is_refused(path: Path, content: str, message: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_baseline(path)
    assert message in refused.value.message
    assert refused.value.message.startswith(str(path))


def test_a_missing_baseline_says_how_to_make_it(path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as refused:
        read_baseline(path)
    assert refused.value.hint == f"make it: stockout check --write-baseline {path}"


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("-3 on hand", "# on hand"),
        ("1,234.5 units on 2026-01-05 at 12:30", "# units on # at #"),
        ("found '12x', expected 1e-05", "found '#x', expected #"),
        ("no number", "no number"),
    ],
)
def test_numbers_are_left_out_of_the_message(message: str, key: str, tmp_path: Path) -> None:
    rows = frame(finding("X1", "error", None, None, message=message))
    assert fingerprints(rows, tmp_path)["message"].item() == key


def test_shortened_counts_what_it_leaves_out() -> None:
    rows = [negative(row) for row in range(2, 9)] + [negative(3, file="other.csv")]
    assert shortened(frame(*rows), 0).height == 8
    assert shortened(frame(*rows), 7).height == 8
    short = shortened(frame(*rows), 2)
    assert short.filter(file="stock.csv").sort("row", nulls_last=True).select(
        "row", "message", "severity"
    ).rows() == [
        (2, "-3 on hand", "error"),
        (3, "-3 on hand", "error"),
        (None, "5 more findings of this rule are not listed", "error"),
    ]
    assert short.schema == frame().schema
