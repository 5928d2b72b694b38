"""Findings as JSON: a list of records, or one record a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.checks.formats.harmless import spelled_out

if TYPE_CHECKING:
    import polars as pl


def as_json(findings: pl.DataFrame) -> str:
    """A JSON list of records, one a line, with the columns of the frame and ISO dates."""
    lines = findings.write_ndjson().rstrip("\n").split("\n")
    body = ",\n".join(spelled_out(line) for line in lines)
    return f"[\n{body}\n]\n" if body else "[]\n"


def as_json_lines(findings: pl.DataFrame) -> str:
    """One JSON record a line; no line where there is no finding."""
    return spelled_out(findings.write_ndjson())
