"""Each export of each profile: recognised by its header alone, and read as worked out by hand."""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stockout.config import Source
from stockout.exports.profiles import built_in_profiles
from stockout.exports.read import read_table

AS_OF = date(2026, 3, 29)

SAME_HEADER = {frozenset({"guanjiapo/sales", "guanjiapo/purchase_lines"})}
"""Exports that may have one header row; the words of their titles tell them apart."""


class Sample(NamedTuple):
    """Rows of an export and what they become."""

    export: str
    table: str
    text: str
    delimiter: str
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def header(self) -> list[str]:
        """The first row with a name in the last cell: title rows have none."""
        rows = csv.reader(self.text.splitlines(), delimiter=self.delimiter)
        return next(row for row in rows if row[-1])


def _samples() -> list[Sample]:
    found = []
    for path in sorted((Path(__file__).parent / "samples").glob("*.toml")):
        for told in tomllib.loads(path.read_text("utf-8"))["sample"]:
            found.append(
                Sample(
                    f"{path.stem}/{told['export']}",
                    told["table"],
                    told["text"].lstrip("\n"),
                    told.get("delimiter", ","),
                    told["columns"],
                    told["rows"],
                )
            )
    return found


SAMPLES = _samples()
EXPORTS = {
    f"{system}/{name}": export
    for system, profile in built_in_profiles().items()
    for name, export in profile.exports.items()
}


def _name(sample: Sample) -> str:
    return f"{sample.export}-{sample.table}"


def test_every_table_of_every_export_has_a_sample() -> None:
    told = {(name, table) for name, export in EXPORTS.items() for table in export.tables}
    assert told == {(sample.export, sample.table) for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_a_header_fits_its_own_export_and_no_other(sample: Sample) -> None:
    fitting = {name for name, export in EXPORTS.items() if export.fits(sample.header)}
    assert sample.export in fitting
    others = fitting - {sample.export}
    assert all(frozenset({sample.export, other}) in SAME_HEADER for other in others)


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_rows_become_what_was_worked_out_by_hand(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(sample.text, "utf-8")
    source = Source(path="export.csv", profile=sample.export)
    frame = read_table(sample.table, source, tmp_path, as_of=AS_OF)
    expected = [tuple(row.get(name) for name in sample.columns) for row in sample.rows]
    assert frame.select(sample.columns).rows() == expected


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_the_system_alone_finds_the_export_by_its_header(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(sample.text, "utf-8")
    source = Source(path="export.csv", profile=sample.export.split("/")[0])
    frame = read_table(sample.table, source, tmp_path, as_of=AS_OF)
    assert frame.height == len(sample.rows)
