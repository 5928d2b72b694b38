"""Finds the cells of a file that cannot be used, and says what is wrong with each.

Only run when the reading has counted some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

import polars as pl

from stockout.errors import InputError
from stockout.exports.rows.plan import KEPT, ROW, SHORT
from stockout.exports.rows.running import run
from stockout.exports.values import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.config import Source
    from stockout.exports.rows.parts import Part
    from stockout.exports.rows.plan import Check

_FOUND = "#found "


class BadCell(NamedTuple):
    """A cell that cannot be used."""

    row: int  # index of its row in the file, from 0
    check: Check  # that it fails
    found: str | None  # what it holds, where it does not read


def bad_cells(part: Part, source: Source, most: int) -> Iterator[BadCell]:
    """The first cells of a file that fail each check.

    Args:
        part: The file, read.
        source: What the configuration tells about it.
        most: How many to give for each check.
    """
    plan = part.plan
    found = [cells.source.cast(pl.String).alias(_FOUND + cells.column) for cells in plan.cells]
    for check in plan.checks:
        if check.name not in part.failed:
            continue
        rows = run(
            plan,
            part.file,
            lambda check=check: (  # type: ignore[misc]
                plan.read(part.file, source, part.manner, *found, numbered=True)
                .filter(pl.col(check.name))
                .head(most)
                .select(ROW, *(_FOUND + name for name in check.columns if _is_read(part, name)))
            ),
        )
        for row in rows.rows():
            yield BadCell(row[0], check, row[1] if check.kind == "unreadable" else None)


def raise_first(part: Part, source: Source) -> NoReturn:
    """Raises the error for the first row of a file that fails a check.

    Raises:
        UnparsableValueError: A cell does not read as what its column holds.
        InputError: A cell that must hold a value is empty.
    """
    first = min(bad_cells(part, source, most=1), key=lambda cell: cell.row)
    row = part.plan.export.row_number(part.file, first.row)
    more = part.failed[first.check.name] - 1
    if first.check.kind == "missing":
        raise missing(part, first.check, row, more=more)
    cells = next(cells for cells in part.plan.cells if cells.column == first.check.columns[0])
    raise parsing.cell_fault(
        cells,
        source,
        part.manner.style,
        first.found or "",
        file=part.file.name,
        row=row,
        more=more,
    )


def raise_short_row(part: Part) -> None:
    """Raises the error for the first row with too few cells, where there is one."""
    for index, fault in short_rows(part):
        del index
        raise fault


def short_rows(part: Part) -> Iterator[tuple[int, InputError]]:
    """The rows that are kept and have too few cells: index and error."""
    rows = part.rows.collect_schema().names()
    if SHORT not in rows or part.plan.shape is not None:
        return
    if not part.rows.select((pl.col(SHORT) & pl.col(KEPT)).any()).collect().item():
        return
    kept = part.rows.select(KEPT).collect()[KEPT]
    for index, fault in part.plan.export.short_rows(part.file):
        if kept[index]:
            yield index, fault


def missing(part: Part, check: Check, row: int, *, more: int) -> InputError:
    """The error for a row without a value that it needs."""
    shown = shown_columns(part, check)
    return InputError(
        "no value" + parsing.and_more(more),
        file=part.file.name,
        row=row,
        column=shown,
        expected=f"a value in every row, as table {part.plan.table} needs it",
        hint="fill it in, or leave such rows out with an exclude rule",
    )


def shown_columns(part: Part, check: Check) -> str:
    """The columns that a check is about, as the export calls them."""
    names = {cells.column: cells.shown for cells in part.plan.cells}
    return " or ".join(names.get(column, column) for column in check.columns)


def _is_read(part: Part, column: str) -> bool:
    return any(cells.column == column for cells in part.plan.cells)
