"""From opened exports to one frame of canonical columns; the first fault is an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.mapping import EXTRA
from stockout.exports.rows import faults
from stockout.exports.rows.parts import count_rows, read_parts, tell_left_out
from stockout.exports.rows.plan import KEPT
from stockout.exports.rows.summing import refuse_units, sum_by_key
from stockout.exports.values.parsing import MONEY
from stockout.tables import ALL_LOCATIONS, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.config import Source
    from stockout.exports.profiles import Known
    from stockout.exports.rows.parts import Part
    from stockout.exports.rows.plan import Plan

logger = logging.getLogger(__name__)


def read_exports(
    table: str, source: Source, plans: Sequence[tuple[Plan, Known | None]]
) -> pl.DataFrame:
    """Reads the exports of one source of a table into one frame.

    Args:
        table: Name of the canonical table.
        source: What the configuration tells about the exports.
        plans: The plan of each export, with its profile.

    Returns:
        The rows with exactly the columns of the table's schema.

    Raises:
        InputError: Cells do not read, rows lack cells, or a needed value is missing.
        ConfigError: An expression of the configuration does not fit.
    """
    tell_columns(table, [plan for plan, _ in plans])
    parts = read_parts(plans, source, lambda rows: rows.collect().lazy(), numbered=False)
    for part in parts:
        faults.raise_short_row(part)  # before empty cells, which it would have
        if part.failed:
            faults.raise_first(part, source)
    tell_left_out(parts, table)
    _tell_currencies(parts, table)
    profiles = {id(plan): known for plan, known in plans}
    frames = []
    for part in parts:
        rows = part.rows.filter(KEPT)
        known = profiles[id(part.plan)]
        if known is not None and known.table.sum_by_key:
            rows = sum_by_key(rows.select(canonical(part.plan, extra=True)), table)
            refuse_units(rows, part.file.name)
        frames.append(rows.select(canonical(part.plan)))
    return _with_locations(pl.concat(frames).collect(), table)


def _tell_currencies(parts: Sequence[Part], table: str) -> None:
    """Warns of amounts in several currencies, which nobody can add up."""
    amounts = MONEY & SCHEMAS[table].columns().keys()
    found: set[str] = set()
    for part in parts:
        if "currency" in part.plan.present and amounts & {*part.plan.present}:
            values = part.rows.filter(KEPT).select(pl.col("currency").drop_nulls().unique())
            found |= {*values.collect()["currency"]}
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:5])
        logger.warning(
            "%s: amounts in %d currencies (%s): prices and revenues cannot be compared; leave the "
            "others out with an exclude rule, or convert them", table, len(found), shown,
        )  # fmt: skip


def canonical(plan: Plan, *, extra: bool = False) -> list[pl.Expr]:
    """The columns of a table from what a plan reads; null where the export has none.

    Args:
        plan: How the rows were read.
        extra: Whether currency and unit are columns too.
    """
    columns = {name: column.dtype for name, column in SCHEMAS[plan.table].columns().items()}
    if extra:
        columns |= dict.fromkeys(EXTRA, pl.String())
    return [
        pl.col(name) if name in plan.present else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
    ]


def _with_locations(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    if "location" not in rows.columns or table in ("locations", "events"):
        return rows
    without = rows["location"].null_count()
    if without and without < rows.height:
        logger.warning(
            "%s: %s without a location, taken as %s", table, count_rows(without), ALL_LOCATIONS
        )
    return rows.with_columns(pl.col("location").fill_null(ALL_LOCATIONS)) if without else rows


def tell_columns(table: str, plans: Sequence[Plan]) -> None:
    """Tells which columns were taken for what, and which are not used."""
    told = set()
    for plan in plans:
        renamed = [
            f"{cells.column} from {cells.shown}"
            for cells in plan.cells
            if cells.shown != cells.column
        ]
        for names, text in ((renamed, "%s"), (unused(plan), "columns not used: %s")):
            message = text % ", ".join(names)
            if names and message not in told:
                logger.info("%s: %s", table, message)
                told.add(message)
    everywhere = set.intersection(*(set(plan.present) for plan in plans))
    for plan in plans:
        more = [name for name in plan.present if name not in everywhere]
        if more:
            logger.warning(
                "%s: not every file has %s, as %s has",
                *(table, ", ".join(more), plan.export.files[0].name),
            )


def unused(plan: Plan) -> list[str]:
    """The columns of an export that nothing reads."""
    used = {name for cells in plan.cells for name in cells.source.meta.root_names()}
    for expression in (*plan.computed, *plan.rules):
        used |= set(expression.expr.meta.root_names())
    if plan.shape is not None:
        used |= {plan.shape.by or "", *(plan.shape.locations or ())}
    return [name for name in plan.export.schema if name not in used]
