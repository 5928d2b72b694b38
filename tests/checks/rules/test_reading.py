"""What the reading of an export has to tell becomes findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from stockout.checks.check import check, check_frames, stage_frames
from stockout.checks.rules.reading import DAMAGED
from stockout.config import CheckConfig
from stockout.exports.rows.fault_frames import FAULT_COUNTS, FAULTS


def sales() -> pl.DataFrame:
    """One good row."""
    return pl.DataFrame({"date": [date(2026, 6, 1)], "sku": ["A"], "units": [1.0]})


def fault(kind: str, row: int, column: str | None, hint: str | None = None) -> dict[str, object]:
    """A cell that cannot be used."""
    return {
        "kind": kind,
        "file": "sales.csv",
        "row": row,
        "column": column,
        "source_file": 0,
        "source_row": row - 2,
        "found": "x\ny",
        "expected": "something else",
        "message": "wrong",
        "hint": hint,
    }


def test_columns_and_encodings() -> None:
    staged = replace(
        stage_frames({"sales": sales()})["sales"],
        missing=(("a.csv", "units", "name it"), ("b.csv", "date", None)),
        unused=(("a.csv", "note"),),
        encodings={"c.csv": "gb18030"},
    )
    found = check({"sales": staged})
    assert found.select("code", "severity", "file", "row", "column", "hint").rows() == [
        ("SO101", "error", "a.csv", None, "units", "name it"),
        (
            "SO102",
            "info",
            "a.csv",
            None,
            "note",
            "if it matters, name it under tables.sales.columns",
        ),
        ("SO101", "error", "b.csv", None, "date", "name the column under tables.sales.columns"),
        ("SO106", "info", "c.csv", None, None, "if names look wrong, set tables.sales.encoding"),
    ]
    assert found["message"][3] == "not UTF-8: read as gb18030"


def test_faults_of_every_kind() -> None:
    kinds = {"unreadable": "SO103", "ambiguous": "SO104", "missing": "SO105", "short": "SO107"}
    faults = [fault(kind, row, "qty", "mend it") for row, kind in enumerate(kinds, start=2)]
    counts = [{"kind": kind, "file": "sales.csv", "column": "qty", "count": 1} for kind in kinds]
    staged = replace(
        stage_frames({"sales": sales()})["sales"],
        faults=pl.DataFrame(faults, schema=FAULTS),
        fault_counts=pl.DataFrame(counts, schema=FAULT_COUNTS),
    )
    found = check({"sales": staged})
    assert found.select("code", "row", "column", "hint").rows() == [
        (code, row, "qty", "mend it") for row, code in enumerate(kinds.values(), start=2)
    ]
    assert set(found["message"]) == {"wrong: found 'x\ny', expected something else"}


def test_faults_that_are_not_kept_are_counted() -> None:
    staged = replace(
        stage_frames({"sales": sales()})["sales"],
        faults=pl.DataFrame([fault("unreadable", row, "qty") for row in (2, 3)], schema=FAULTS),
        fault_counts=pl.DataFrame(
            [
                {"kind": "unreadable", "file": "sales.csv", "column": "qty", "count": 40},
                {"kind": "unreadable", "file": "sales.csv", "column": "date", "count": 2},
            ],
            schema=FAULT_COUNTS,
        ),
    )
    found = check({"sales": staged}, CheckConfig(max_findings=1))
    assert found.select("code", "row", "message").rows() == [
        ("SO103", None, "41 more findings of this rule are not listed"),
        ("SO103", 2, "wrong: found 'x\ny', expected something else"),
    ]
    assert found["hint"].null_count() == 0  # where the reader has none, the catalogue has


def test_a_table_without_rows() -> None:
    found = check_frames(sales=sales().clear())
    assert found.select("code", "file", "message").rows() == [
        ("SO109", "sales", "no row of table sales is left to use")
    ]


def test_a_table_that_lacks_a_column_is_not_called_empty_too() -> None:
    staged = replace(
        stage_frames({"sales": sales().clear()})["sales"], missing=(("a.csv", "units", None),)
    )
    assert check({"sales": staged})["code"].to_list() == ["SO101"]


@pytest.mark.parametrize("text", ["Grün", "Çilek", "北京", "Ñandú Â", "Ã", "café™", "naïve – ok"])
def test_whole_names_are_not_called_damaged(text: str) -> None:
    assert not pl.Series([text]).str.contains(DAMAGED).item()


@pytest.mark.parametrize("text", ["Grün", "Zoë’s", "naïve – ok", "Öl", "Straße"])
def test_names_read_in_the_wrong_encoding_are(text: str) -> None:
    for wrong in ("latin-1", "cp1252"):
        damaged = text.encode().decode(wrong, errors="replace")
        assert pl.Series([damaged]).str.contains(DAMAGED).item(), (wrong, damaged)
