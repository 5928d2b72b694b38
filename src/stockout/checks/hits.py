"""What rules hand over, and how it becomes findings: located, capped, graded and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.checks.catalogue import RULES
from stockout.checks.findings import FINDINGS, SEVERITIES
from stockout.exports.staging import SOURCE_FILE, SOURCE_ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockout.exports.staging import StagedTable

HITS = pl.Schema(
    {
        "code": pl.String,
        "table": pl.String,
        SOURCE_FILE: pl.UInt16,  # null where the finding is about no single file
        SOURCE_ROW: pl.UInt32,  # null where it is about no single row
        "file": pl.String,  # where the rule knows the file only by its name
        "row": pl.Int64,  # where the rule knows the number that an editor shows
        "column": pl.String,
        "sku": pl.String,
        "location": pl.String,
        "date": pl.Date,
        "message": pl.String,
        "hint": pl.String,
    }
)
"""Columns of what a rule hands over; those that it does not give are null."""

BEYOND = pl.Schema(
    {
        "code": pl.String,
        "table": pl.String,
        SOURCE_FILE: pl.UInt16,
        "file": pl.String,
        "count": pl.Int64,
    }
)
"""Columns of the numbers of findings that a rule counted but did not hand over."""

LOCATED = pl.Schema(
    [
        *FINDINGS.items(),
        ("table", pl.String()),
        (SOURCE_FILE, pl.UInt16()),
        (SOURCE_ROW, pl.UInt32()),
    ]
)
"""Columns of findings that also say which row of the staged tables they are about."""


class Found(NamedTuple):
    """What a rule found."""

    hits: pl.DataFrame  # columns of HITS
    beyond: pl.DataFrame  # columns of BEYOND


def found(frame: pl.DataFrame, beyond: pl.DataFrame | None = None, /, **told: object) -> Found:
    """Hits from a frame with some of the columns of :data:`HITS`.

    Args:
        frame: One row a finding; columns that HITS does not know are left out.
        beyond: Findings that were counted only; columns of :data:`BEYOND`.
        **told: Columns that are the same in every row, such as ``code``.
    """
    frame = frame.with_columns(**{name: pl.lit(value) for name, value in told.items()})
    return Found(
        frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in HITS.items()
        ),
        pl.DataFrame(schema=BEYOND) if beyond is None else beyond,
    )


def one(code: str, table: str, message: str, hint: str, **told: object) -> Found:
    """A single hit."""
    row = {"code": code, "table": table, "message": message, "hint": hint, **told}
    return found(pl.DataFrame({name: [value] for name, value in row.items()}))


def to_findings(
    parts: Iterable[Found],
    tables: Mapping[str, StagedTable],
    severity: Mapping[str, str],
    limit: int | None,
) -> pl.DataFrame:
    """Findings in the order of files and rows.

    Args:
        parts: What the rules found.
        tables: The staged tables, by name.
        severity: Of each code; hits of a code that is ``off`` are left out.
        limit: Most findings a rule and file; one more tells how many there are beyond. None lists
            all.

    Returns:
        Columns of :data:`LOCATED`.
    """
    parts = list(parts)
    hits = pl.concat([pl.DataFrame(schema=HITS), *(part.hits for part in parts)])
    beyond = pl.concat([pl.DataFrame(schema=BEYOND), *(part.beyond for part in parts)])
    shown = [code for code, grade in severity.items() if grade != "off"]
    hits = _with_files(hits.filter(pl.col("code").is_in(shown)), tables)
    beyond = _with_files(beyond.filter(pl.col("code").is_in(shown)), tables)
    order = ["file", SOURCE_ROW, "row", "code", "column", "sku", "location", "date", "message"]
    hits = hits.sort(order)
    if limit is not None:
        place = pl.int_range(pl.len()).over("code", "file")
        kept = hits.filter(place < limit)
        cut = hits.filter(place >= limit)
        beyond = pl.concat(
            [beyond, cut.with_columns(count=pl.lit(1, pl.Int64)).select(BEYOND.names())]
        )
    else:
        kept = hits
    elsewhere = [code for code, rule in RULES.items() if rule.about != "row"]
    kept = _numbered(kept, tables).with_columns(
        pl.when(~pl.col("code").is_in(elsewhere)).then(pl.col(SOURCE_ROW))
    )
    kept = pl.concat([kept, _summaries(beyond)])
    grades = {code: severity[code] for code in shown}
    return (
        kept.with_columns(
            severity=pl.col("code").replace_strict(
                grades, default=None, return_dtype=pl.Enum(SEVERITIES)
            )
        )
        .sort("file", "row", "code", "column", "sku", "location", "date", "message")
        .select(LOCATED.names())
    )


def _with_files(frame: pl.DataFrame, tables: Mapping[str, StagedTable]) -> pl.DataFrame:
    names = [
        (name, index, file)
        for name, table in tables.items()
        for index, file in enumerate(table.files)
    ]
    known = pl.DataFrame(
        names,
        schema={"table": pl.String, SOURCE_FILE: pl.UInt16, "#file": pl.String},
        orient="row",
    )
    return (
        frame.join(known, on=["table", SOURCE_FILE], how="left", maintain_order="left")
        .with_columns(pl.coalesce("file", "#file").alias("file"))
        .drop("#file")
    )


def _numbered(hits: pl.DataFrame, tables: Mapping[str, StagedTable]) -> pl.DataFrame:
    """The numbers that an editor shows, asked for once a file."""
    places = hits.filter(pl.col("row").is_null()).drop_nulls([SOURCE_FILE, SOURCE_ROW])
    parts = []
    for (name, index), part in (
        places.select("table", SOURCE_FILE, SOURCE_ROW)
        .partition_by("table", SOURCE_FILE, as_dict=True, maintain_order=True)
        .items()
    ):
        rows = part[SOURCE_ROW].unique().sort()
        numbers = tables[str(name)].row_numbers(int(index), rows)
        parts.append(
            pl.DataFrame({SOURCE_ROW: rows, "#row": numbers.cast(pl.Int64)}).with_columns(
                table=pl.lit(name), **{SOURCE_FILE: pl.lit(index, pl.UInt16)}
            )
        )
    if not parts:
        return hits
    return (
        hits.join(
            pl.concat(parts),
            on=["table", SOURCE_FILE, SOURCE_ROW],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.coalesce("row", "#row").alias("row"))
        .drop("#row")
    )


def _summaries(beyond: pl.DataFrame) -> pl.DataFrame:
    totals = (
        beyond.group_by("code", "file")
        .agg(pl.col("table").min(), pl.col(SOURCE_FILE).min(), pl.col("count").sum())
        .filter(pl.col("count") > 0)
    )
    return found(
        totals.with_columns(
            message=pl.format("{} more findings of this rule are not listed", pl.col("count")),
            hint=pl.lit("raise check.max_findings to see them"),
        )
    ).hits
