"""The faults of a file as a frame: where each bad cell is, what it holds, what was expected."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.exports.rows.faults import bad_cells, missing, short_rows, shown_columns
from stockout.exports.values import parsing

if TYPE_CHECKING:
    from stockout.config import Source
    from stockout.exports.rows.parts import Part

FAULTS = pl.Schema(
    {
        "kind": pl.String(),  # unreadable, ambiguous, missing or short
        "file": pl.String(),
        "row": pl.Int64(),  # as an editor shows it
        "column": pl.String(),  # of the export
        "source_file": pl.UInt16(),
        "source_row": pl.UInt32(),
        "found": pl.String(),
        "expected": pl.String(),
        "message": pl.String(),
        "hint": pl.String(),
    }
)
"""Columns of a frame of faults: one row for each cell that cannot be used."""

FAULT_COUNTS = pl.Schema(
    {"kind": pl.String(), "file": pl.String(), "column": pl.String(), "count": pl.Int64()}
)
"""Columns of a frame of counts: how many faults there are in all, those not shown included."""


class Faults(NamedTuple):
    """What is wrong with the rows of one file."""

    shown: pl.DataFrame  # columns FAULTS
    counts: pl.DataFrame  # columns FAULT_COUNTS
    short: pl.Series  # indexes of the rows with too few cells


def faults_of(part: Part, source: Source, number: int, most: int) -> Faults:
    """The faults of a file.

    Args:
        part: The file, read.
        source: What the configuration tells about it.
        number: What ``source_file`` calls it.
        most: How many of one kind and column are shown.
    """
    file = part.file.name
    rows: list[dict[str, object]] = []
    counts: Counter[tuple[str, str | None]] = Counter()
    short = []
    for index, fault in short_rows(part):
        short.append(index)
        counts["short", None] += 1
        if len(short) <= most:
            rows.append(
                {"kind": "short", "source_row": index, "found": fault.found}
                | {"expected": fault.expected, "message": "the row has too few cells"}
            )
    cells = {each.column: each for each in part.plan.cells}
    shown: Counter[tuple[str, str | None]] = Counter()
    for bad in bad_cells(part, source, most):
        column = shown_columns(part, bad.check)
        if bad.row in short:
            counts[bad.check.kind, column] -= 1
            continue
        if bad.check.kind == "missing":
            error = missing(part, bad.check, bad.row, more=0)
            kind, message = "missing", "no value"
            found, expected, hint = None, error.expected, error.hint
        else:
            found = bad.found or ""
            message, expected, hint = parsing.describe(
                cells[bad.check.columns[0]], source, part.manner.style, found
            )
            kind = "ambiguous" if message.startswith("ambiguous") else "unreadable"
        shown[kind, column] += 1
        rows.append(
            {"kind": kind, "source_row": bad.row, "column": column, "found": found}
            | {"expected": expected, "message": message, "hint": hint}
        )
    counts.update(shown)
    for check in part.plan.checks:
        if check.name in part.failed:
            column = shown_columns(part, check)
            kinds = ("missing",) if check.kind == "missing" else ("ambiguous", "unreadable")
            # What is not shown is of the kind that was shown most.
            most_shown = max(kinds, key=lambda kind: shown[kind, column])
            seen = sum(shown[kind, column] for kind in kinds)
            counts[most_shown, column] += part.failed[check.name] - seen
    numbers = part.plan.export.row_numbers(
        part.file, pl.Series([row["source_row"] for row in rows], dtype=pl.UInt32)
    )
    frame = pl.DataFrame(rows, schema=FAULTS, orient="row").with_columns(
        pl.lit(file).alias("file"),
        pl.lit(number, pl.UInt16).alias("source_file"),
        numbers.cast(pl.Int64).alias("row"),
        pl.col("found").map_elements(parsing.shortened, return_dtype=pl.String),
    )
    return Faults(
        frame,
        pl.DataFrame(
            [
                {"kind": kind, "file": file, "column": column, "count": count}
                for (kind, column), count in counts.items()
                if count > 0
            ],
            schema=FAULT_COUNTS,
        ),
        pl.Series("short", short, dtype=pl.UInt32),
    )
