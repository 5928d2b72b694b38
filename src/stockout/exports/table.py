"""From opened exports to one frame of canonical columns: map, parse, report faults, leave out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports import faults, parsing
from stockout.exports.plan import BLANK, CHECK, KEPT, LEFT_OUT, SHORT, Check, Plan, make_plan
from stockout.exports.running import run
from stockout.tables import ALL_LOCATIONS, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.config import Source
    from stockout.exports.export import Export
    from stockout.exports.parsing import Notation

logger = logging.getLogger(__name__)


def read_exports(
    table: str, source: Source, exports: Sequence[Export], *, config_name: str
) -> pl.DataFrame:
    """Reads exports of one table into one frame.

    The rows are read once, as if every cell were written in the plain way, and the cells that do
    not read are counted on the way. Where there are such cells, the columns are asked how they are
    written, and the rows are read again; what does not read then is an error.

    Args:
        table: Name of the canonical table.
        source: What the configuration tells about the exports.
        exports: The opened exports, each with its own header.
        config_name: What errors call the configuration.

    Returns:
        The rows with exactly the columns of the table's schema.

    Raises:
        InputError: Cells do not read, rows lack cells, or a needed value is missing.
        ConfigError: An expression of the configuration does not fit.
    """
    uncertain = any(export.decimal_is_uncertain for export in exports)
    plans = [
        make_plan(table, source, export, config_name, decimal_is_uncertain=uncertain)
        for export in exports
    ]
    _tell_columns(table, plans)
    notations = {
        cells.column: parsing.first_notation(cells, source)
        for plan in plans
        for cells in plan.cells
    }
    frames = [_collect(plan, source, notations) for plan in plans]
    failed = {name for frame in frames for name in _failed(frame)}
    settled = notations | _settle(plans, source, notations, failed)
    if settled != notations:
        frames = [_collect(plan, source, settled) for plan in plans]
    for plan, frame in zip(plans, frames, strict=True):
        if SHORT in frame.columns and frame.select((pl.col(SHORT) & pl.col(KEPT)).any()).item():
            faults.raise_short_row(plan)  # before empty cells, which it would have
        if _failed(frame):
            faults.raise_first(plan, source, settled, _failed(frame))
    rows = pl.concat(
        [frame.drop(pl.selectors.starts_with(CHECK, SHORT, KEPT)) for frame in frames],
        how="diagonal",
    )
    return _canonical(_leave_out(rows, table, source), table)


def count_rows(number: int) -> str:
    """A number of rows, in words.

    >>> count_rows(1), count_rows(10_206)
    ('1 row', '10,206 rows')
    """
    return f"{number:,} row{'' if number == 1 else 's'}"


def _collect(plan: Plan, source: Source, notations: Mapping[str, Notation]) -> pl.DataFrame:
    return run(plan, lambda file: plan.read(plan.export.scan(file), source, notations))


def _failed(frame: pl.DataFrame) -> dict[str, int]:
    """Number of rows that fail, for each check that any fails."""
    if frame.is_empty():
        return {}
    counts = frame.select(pl.selectors.starts_with(CHECK).sum()).row(0, named=True)
    return {name: count for name, count in counts.items() if count}


def _settle(
    plans: Sequence[Plan],
    source: Source,
    notations: Mapping[str, Notation],
    failed: set[str],
) -> dict[str, Notation]:
    """Asks the columns that did not read as plain how they are written, over all files."""
    totals: dict[str, int] = {}
    asked = {}
    for plan in plans:
        surveys = []
        for cells in plan.cells:
            if Check("unreadable", (cells.column,)).name in failed:
                asked[cells.column] = cells
                surveys.extend(parsing.survey(cells, notations[cells.column]))
        if surveys:
            counts = run(
                plan,
                lambda file, plan=plan, surveys=surveys: (  # type: ignore[misc]
                    plan.export.scan(file).filter(plan.kept).select(surveys)
                ),
            )
            for name, count in counts.row(0, named=True).items():
                totals[name] = totals.get(name, 0) + (count or 0)
    return {
        column: parsing.settle(cells, notations[column], totals, source)
        for column, cells in asked.items()
    }


def _leave_out(rows: pl.DataFrame, table: str, source: Source) -> pl.DataFrame:
    """Leaves out blank lines and what the rules say, and tells how many."""
    if BLANK in rows.columns:
        blank = int(rows[BLANK].sum() or 0)
        if blank:
            logger.info("%s: %s left out: blank", table, count_rows(blank))
            rows = rows.filter(pl.col(BLANK).fill_null(value=False).not_())
    if LEFT_OUT in rows.columns:
        numbers = rows[LEFT_OUT].value_counts()
        counts = dict(zip(numbers[LEFT_OUT], numbers["count"], strict=True))
        for number, rule in enumerate(source.exclude, start=1):
            count = counts.get(number, 0)
            log = logger.warning if count else logger.info
            log("%s: %s left out: %s", table, count_rows(count), rule.reason)
        if len(counts) > 1 or 0 not in counts:
            rows = rows.filter(pl.col(LEFT_OUT) == 0)
    return rows


def _canonical(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    schema = SCHEMAS[table].columns()
    if "location" in schema and table not in ("locations", "events"):
        if "location" not in rows.columns:
            rows = rows.with_columns(location=pl.lit(ALL_LOCATIONS))
        elif without := rows["location"].null_count():
            logger.warning(
                "%s: %s without a location, taken as %s",
                *(table, count_rows(without), ALL_LOCATIONS),
            )
            rows = rows.with_columns(pl.col("location").fill_null(ALL_LOCATIONS))
    return rows.select(
        pl.col(name) if name in rows.columns else pl.lit(None, column.dtype).alias(name)
        for name, column in schema.items()
    )


def _tell_columns(table: str, plans: Sequence[Plan]) -> None:
    told = set()
    for plan in plans:
        renamed = [
            f"{cells.column} from {cells.shown}"
            for cells in plan.cells
            if cells.shown != cells.column
        ]
        used = {cells.shown for cells in plan.cells}
        for expression in (*plan.computed, *plan.rules):
            used |= set(expression.expr.meta.root_names())
        unused = [name for name in plan.export.schema if name not in used]
        for names, text in ((renamed, "%s"), (unused, "columns not used: %s")):
            message = text % ", ".join(names)
            if names and message not in told:
                logger.info("%s: %s", table, message)
                told.add(message)
    everywhere = set.intersection(*({cells.column for cells in plan.cells} for plan in plans))
    for plan in plans:
        more = [cells.column for cells in plan.cells if cells.column not in everywhere]
        if more:
            logger.warning(
                "%s: not every file has %s, as %s has",
                *(table, ", ".join(more), plan.export.files[0].name),
            )
