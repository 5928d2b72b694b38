"""Reads the files of opened exports, each in its own manner.

A file is read once, in the manner that its first rows suggest, and the cells that do not read are
counted on the way. Where there are such cells, the whole file is asked how it is written, and read
again; what does not read then is a fault.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.rows.manners import Surveyor
from stockout.exports.rows.plan import BLANK, CHECK, LEFT_OUT
from stockout.exports.rows.planning import TOTALS
from stockout.exports.rows.running import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockout.config import Source
    from stockout.exports.formats.files import ExportFile
    from stockout.exports.profiles import Known
    from stockout.exports.rows.plan import Manner, Plan

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """The rows of one file, read.

    Attributes:
        plan: How they were read.
        file: The file.
        manner: How it is written.
        rows: The canonical columns and the helper columns of all its rows.
        failed: Number of rows that fail, for each check that any fails.
    """

    plan: Plan
    file: ExportFile
    manner: Manner
    rows: pl.LazyFrame
    failed: dict[str, int]


def read_parts(
    plans: Sequence[tuple[Plan, Known | None]],
    source: Source,
    keep: Callable[[pl.LazyFrame], pl.LazyFrame],
    *,
    numbered: bool,
) -> list[Part]:
    """Reads the files of the exports of one source.

    Args:
        plans: The plan of each export, with its profile.
        source: What the configuration tells about the exports.
        keep: Runs a lazy frame and gives its rows back from where it keeps them.
        numbered: Whether rows have their index in the file.

    Raises:
        InputError: A file cannot be read.
        ConfigError: An expression of the configuration fails on some row.
    """
    parts: list[Part] = []
    for known in dict.fromkeys(known and known.name for _, known in plans):
        same = [(plan, each) for plan, each in plans if (each and each.name) == known]
        surveyor = Surveyor(source, same[0][1])
        first = [
            _read(plan, file, source, surveyor.first(plan, file), keep, numbered=numbered)
            for plan, _ in same
            for file in plan.export.files
        ]
        manners = surveyor.again(
            [(part.plan, part.file, part.manner, _failed_columns(part)) for part in first]
        )
        parts += [
            part
            if manner == part.manner
            else _read(part.plan, part.file, source, manner, keep, numbered=numbered)
            for part, manner in zip(first, manners, strict=True)
        ]
    return parts


def tell_left_out(parts: Sequence[Part], table: str) -> None:
    """Tells how many rows each rule left out, and how many were blank."""
    counts: dict[str, int] = {}
    blank = 0
    for part in parts:
        columns = part.rows.collect_schema().names()
        if BLANK in columns:
            blank += int(part.rows.select(pl.col(BLANK).sum()).collect().item() or 0)
        counts.update({reason: counts.get(reason, 0) for reason in part.plan.reasons})
        left = part.rows.filter(pl.col(LEFT_OUT) > 0).group_by(LEFT_OUT).len().collect()
        for number, count in left.rows():
            counts[part.plan.reasons[number - 1]] += count
    if blank:
        logger.info("%s: %s left out: blank", table, count_rows(blank))
    for reason, count in counts.items():
        if count or reason != TOTALS:
            log = logger.warning if count else logger.info
            log("%s: %s left out: %s", table, count_rows(count), reason)


def count_rows(number: int) -> str:
    """A number of rows, in words.

    >>> count_rows(1), count_rows(10_206)
    ('1 row', '10,206 rows')
    """
    return f"{number:,} row{'' if number == 1 else 's'}"


def _read(
    plan: Plan,
    file: ExportFile,
    source: Source,
    manner: Manner,
    keep: Callable[[pl.LazyFrame], pl.LazyFrame],
    *,
    numbered: bool,
) -> Part:
    rows = attempt(plan, file, lambda: keep(plan.read(file, source, manner, numbered=numbered)))
    counts = rows.select(pl.selectors.starts_with(CHECK).sum()).collect().row(0, named=True)
    return Part(plan, file, manner, rows, {name: count for name, count in counts.items() if count})


def _failed_columns(part: Part) -> set[str]:
    return {
        column
        for check in part.plan.checks
        if check.name in part.failed
        for column in check.columns
    }
