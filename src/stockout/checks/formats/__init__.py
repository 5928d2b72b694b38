"""Findings in the formats that machines read: JSON, GitHub annotations, JUnit, SARIF.

Nothing that a cell of an export holds is obeyed by what reads them: see
:mod:`stockout.checks.formats.harmless`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from stockout.checks.formats.checked import Checked, RuleText
from stockout.checks.formats.github import as_annotations
from stockout.checks.formats.junit import as_junit
from stockout.checks.formats.records import as_json, as_json_lines
from stockout.checks.formats.sarif import as_sarif

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Checked", "ReportFormat", "RuleText", "render"]

ReportFormat: TypeAlias = Literal["json", "jsonl", "github", "junit", "sarif"]
"""Formats that are text of their own; a table for people is drawn elsewhere."""


def render(findings: pl.DataFrame, fmt: ReportFormat, checked: Checked) -> str:
    r"""The findings as a text in one of the formats.

    Args:
        findings: A frame with the columns of :data:`stockout.checks.findings.FINDINGS`.
        fmt: The format.
        checked: What was checked.

    >>> from stockout.checks.findings import FINDINGS
    >>> import polars as pl
    >>> row = ["SO401", "error", "a.csv", 2, "qty", "A1", None, None, "negative: -3", None]
    >>> frame = pl.DataFrame([row], schema=FINDINGS, orient="row")
    >>> rule = RuleText("SO401", "negative-stock", "negative stock", "error")
    >>> render(frame, "github", Checked({"inventory": ["a.csv"]}, {"SO401": rule}))
    '::error file=a.csv,line=2,title=SO401 negative stock::qty: negative: -3\n'
    """
    if fmt == "json":
        return as_json(findings)
    if fmt == "jsonl":
        return as_json_lines(findings)
    if fmt == "github":
        return as_annotations(findings, checked)
    if fmt == "junit":
        return as_junit(findings, checked)
    return as_sarif(findings, checked)
