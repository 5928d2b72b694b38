"""What makes a finding the same in the next export, where its row and numbers have moved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.paths import relative_path

if TYPE_CHECKING:
    from pathlib import Path

KEY = ("code", "file", "column", "sku", "location", "date", "message")
"""Columns that tell one finding from another; the message is without its numbers."""

_NUMBER = r"[-+\u2212]?\d(?:[\d.,:/\-]*\d)?(?:[eE][-+]?\d+)?"


def fingerprints(findings: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The key of each finding, and which of those with this key it is.

    Rows shift and sums grow from one export to the next. The key holds neither: ``#`` stands for
    every number and date in the message, and the row is left out.

    Args:
        findings: The findings.
        folder: What the files' paths are relative to in the key, so that it does not depend on
            the directory that the check runs in.

    Returns:
        The columns of :data:`KEY`, all of them texts, and ``occurrence``, from 0.

    >>> from pathlib import Path
    >>> from stockout.checks.findings import FINDINGS
    >>> row = ["SO401", "error", "a.csv", 2, "qty", "A1", None, None, "on hand is -3.5", None]
    >>> frame = pl.DataFrame([row, row], schema=FINDINGS, orient="row")
    >>> fingerprints(frame, Path(".")).select("file", "message", "occurrence").rows()
    [('a.csv', 'on hand is #', 0), ('a.csv', 'on hand is #', 1)]
    """
    paths = {
        file: relative_path(file, folder) for file in findings["file"].unique() if file is not None
    }
    return findings.select(
        "code",
        pl.col("file").replace_strict(paths, default=None, return_dtype=pl.String),
        "column",
        "sku",
        "location",
        pl.col("date").cast(pl.String),
        pl.col("message").str.replace_all(_NUMBER, "#"),
    ).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).over(KEY).alias("occurrence"))


def digests(findings: pl.DataFrame, folder: Path) -> list[str]:
    """A fingerprint as a short text for each finding, such as ``4f2c09b1a7d3e865:0``."""
    rows = fingerprints(findings, folder).rows()
    return [
        hashlib.sha256("\x1f".join("" if part is None else part for part in key).encode())
        .hexdigest()[:16] + f":{occurrence}"
        for *key, occurrence in rows
    ]  # fmt: skip
