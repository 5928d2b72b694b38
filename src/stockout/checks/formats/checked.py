"""What was checked, beside the findings: what formats need to say what is fine, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.findings import SEVERITIES, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


class RuleText(NamedTuple):
    """What a format says of a rule."""

    code: str  # such as SO401
    name: str  # one word of small letters and hyphens: negative-stock
    title: str  # what it finds, in a few words
    severity: Severity  # as configured
    what: str = ""  # what a finding says, in a sentence or two
    doc: str = ""  # all there is to say: what, why, how, and what to do
    tables: tuple[str, ...] = ()  # the canonical tables it looks at; all where there is none


@dataclass(frozen=True)
class Checked:
    """What a check looked at.

    Attributes:
        tables: The files of each canonical table, as the user named them.
        rules: The rules that were applied, by code.
        off: Those that are switched off.
        fail_on: Findings of this severity and above fail the check; None where none does.
        folder: What paths in the formats are relative to.
        version: Of this package.
        as_of: The last day that counts, where it is known.
        config: The configuration file, where findings about no single file are shown.
        accepted: How many findings a baseline accepts; they are not among the findings.
    """

    tables: Mapping[str, Sequence[str]]
    rules: Mapping[str, RuleText]
    off: Mapping[str, RuleText] = field(default_factory=dict)
    fail_on: Severity | None = "error"
    folder: Path = Path()
    version: str = "0"
    as_of: date | None = None
    config: str | None = None
    accepted: int = 0

    def rule(self, code: str) -> RuleText:
        """The rule of a code; of one that is in no catalogue, what the code alone tells."""
        known = self.rules.get(code) or self.off.get(code)
        return known or RuleText(code, code.lower(), code, "warning")

    def fails(self, severity: str) -> bool:
        """Whether a finding of this severity fails the check."""
        return self.fail_on is not None and at_least(severity, self.fail_on)


def at_least(severity: str, threshold: str) -> bool:
    """Whether a severity is as grave as another one.

    >>> at_least("error", "warning"), at_least("info", "warning")
    (True, False)
    """
    grades: tuple[str, ...] = SEVERITIES
    return grades.index(severity) >= grades.index(threshold)


_NOT_LISTED = r"^(\d+) more findings of this rule are not listed$"
"""What a finding says that stands for others of its rule and file, beyond ``max_findings``."""


def stands_for() -> pl.Expr:
    """How many findings a row of a frame of findings stands for.

    >>> from stockout.checks.findings import FINDINGS
    >>> told = "25 more findings of this rule are not listed"
    >>> rows = [["SO401", "error", "a.csv", row, *[None] * 4, text, None]
    ...         for row, text in ((2, "-3 on hand"), (None, told))]
    >>> pl.DataFrame(rows, schema=FINDINGS, orient="row").select(stands_for()).to_series().to_list()
    [1, 25]
    """
    more = pl.col("message").str.extract(_NOT_LISTED).cast(pl.Int64, strict=False)
    return pl.when(pl.col("row").is_null()).then(more).otherwise(None).fill_null(1).alias("found")


def is_listed() -> pl.Expr:
    """Whether a row is a finding itself, and does not stand for others."""
    return pl.col("row").is_not_null() | pl.col("message").str.contains(_NOT_LISTED).not_()


def worst_first(findings: pl.DataFrame) -> pl.DataFrame:
    """The gravest findings first, and of those one of every rule and file before a second one.

    Where only the first few are shown, a rule with thousands of findings does not hide the others.

    >>> from stockout.checks.findings import FINDINGS
    >>> rows = [["SO401", "error", "a.csv", 2], ["SO401", "error", "a.csv", 3],
    ...         ["SO311", "info", "a.csv", 2], ["SO201", "error", "a.csv", 9]]
    >>> cells = [row + [None] * 6 for row in rows]
    >>> frame = pl.DataFrame(cells, schema=FINDINGS, orient="row")
    >>> worst_first(frame).select("code", "row").rows()
    [('SO401', 2), ('SO201', 9), ('SO401', 3), ('SO311', 2)]
    """
    grade = pl.col("severity").cast(pl.String).replace_strict(
        {severity: grade for grade, severity in enumerate(SEVERITIES)}, return_dtype=pl.Int8
    )  # fmt: skip
    return (
        findings.with_columns(
            grade.alias("_grade"),
            pl.int_range(pl.len()).over("severity", "code", "file").alias("_turn"),
        )
        .sort("_grade", "_turn", descending=[True, False], maintain_order=True)
        .drop("_grade", "_turn")
    )
