"""What the rules report: one row a finding, the same columns in every format."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import polars as pl

Severity: TypeAlias = Literal["info", "warning", "error"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the mildest to the gravest."""

FINDINGS = pl.Schema(
    {
        "code": pl.String(),
        "severity": pl.Enum(SEVERITIES),
        "file": pl.String(),  # as the user named it; null where the finding is about no single file
        "row": pl.Int64(),  # as an editor shows it; null where the finding is about no single row
        "column": pl.String(),  # of the export where it is known, else the canonical one
        "sku": pl.String(),
        "location": pl.String(),
        "date": pl.Date(),
        "message": pl.String(),
        "hint": pl.String(),
    }
)
"""Columns of a frame of findings, in the order of every output."""


def no_findings() -> pl.DataFrame:
    """An empty frame of findings."""
    return pl.DataFrame(schema=FINDINGS)
