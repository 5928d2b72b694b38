"""Finds the first row of an export that fails a check, and makes the error that names it.

Only run when the reading has counted a failure, so it may take the files one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import polars as pl

from stockout.errors import InputError
from stockout.exports import parsing
from stockout.exports.plan import Check
from stockout.exports.running import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.config import Source
    from stockout.exports.files import ExportFile
    from stockout.exports.parsing import Notation
    from stockout.exports.plan import Plan

_ROW = "#row"
_FOUND = "#found "


def raise_first(
    plan: Plan,
    source: Source,
    notations: Mapping[str, Notation],
    failed: Mapping[str, int],
) -> NoReturn:
    """Raises the error for the first row that fails a check.

    Args:
        plan: The plan of the export in which there is such a row.
        source: What the configuration tells about the export.
        notations: How its columns are written.
        failed: Number of rows that fail, for each check that any fails.

    Raises:
        UnparsableValueError: A cell does not read as what its column holds.
        InputError: A cell that must hold a value is empty.
    """
    checks = [Check("unreadable", (cells.column,)) for cells in plan.cells]
    checks += [Check("missing", columns) for columns in plan.needed]
    extra = [pl.int_range(pl.len(), dtype=pl.Int64).alias(_ROW)] + [
        cells.source.cast(pl.String).alias(_FOUND + cells.column) for cells in plan.cells
    ]
    for file in plan.export.files:
        first = run(
            plan,
            lambda _, file=file: (  # type: ignore[misc]
                plan.read(plan.export.scan(file), source, notations, *extra)
                .filter(pl.any_horizontal(check.name for check in checks))
                .head(1)
            ),
        )
        if first.is_empty():
            continue
        row = first.row(0, named=True)
        check = next(check for check in checks if row[check.name])
        number = plan.export.row_number(file, row[_ROW])
        if check.kind == "missing":
            raise _missing(plan, check, file, number, more=failed[check.name] - 1)
        cells = next(cells for cells in plan.cells if cells.column == check.columns[0])
        raise parsing.cell_fault(
            cells,
            source,
            row[_FOUND + cells.column],
            file=file.name,
            row=number,
            more=failed[check.name] - 1,
        )
    raise AssertionError("a row failed a check when all were read, and none does now")


def raise_short_row(plan: Plan) -> None:
    """Raises the error for the first row with too few cells, where there is one."""
    for file in plan.export.files:
        kept: pl.Series | None = None
        for index, fault in plan.export.short_rows(file):
            if kept is None:
                kept = run(
                    plan,
                    lambda _, file=file: plan.export.scan(file).select(kept=plan.kept),  # type: ignore[misc]
                )["kept"]
            if kept[index]:
                raise fault


def _missing(plan: Plan, check: Check, file: ExportFile, row: int, *, more: int) -> InputError:
    shown = [cells.shown for cells in plan.cells if cells.column in check.columns]
    return InputError(
        "no value" + parsing.and_more(more),
        file=file.name,
        row=row,
        column=" or ".join(shown),
        expected=f"a value in every row, as table {plan.table} needs it",
        hint="fill it in, or leave such rows out with an exclude rule",
    )
