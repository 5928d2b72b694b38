"""How the columns of one export become canonical ones, as Polars expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockout.errors import InputError
from stockout.exports import parsing
from stockout.exports.expressions import SqlExpression, compile_sql
from stockout.exports.mapping import ONE_OF, map_columns
from stockout.exports.parsing import CHOICES, Cells
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockout.config import Source
    from stockout.exports.export import Export
    from stockout.exports.parsing import Notation

# Helper columns of a reading; no canonical column has a name like these.
KEPT = "#kept"
LEFT_OUT = "#left out"  # number of the rule that leaves the row out, from 1; 0 stays
BLANK = "#blank"
SHORT = "#short"  # whether the row may have too few cells
CHECK = "#check "  # before the kind of check and its column: whether the row fails it


@dataclass(frozen=True)
class Check:
    """A question to every row, and the canonical columns it is about."""

    kind: str  # "unreadable" or "missing"
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the helper column that holds the outcome."""
        return f"{CHECK}{self.kind} {' or '.join(self.columns)}"

    def result(self, failed: pl.Expr) -> pl.Expr:
        """The helper column: whether a row that is kept fails."""
        return (failed & pl.col(KEPT)).fill_null(value=False).alias(self.name)


@dataclass(frozen=True)
class Plan:
    """How the columns of one export become canonical ones."""

    table: str
    export: Export
    cells: tuple[Cells, ...]  # the canonical columns that the export has
    computed: tuple[SqlExpression, ...]  # those of them that are computed
    rules: tuple[SqlExpression, ...]  # conditions for rows to leave out

    @property
    def _blank(self) -> pl.Expr:
        """Whether a row is an empty line."""
        # Looking at every column has a second use: Polars then refuses rows with too many cells.
        return pl.all_horizontal(pl.col(self._own_columns).is_null())

    @property
    def _own_columns(self) -> list[str]:
        """The columns that stand in the files, without those that a folder's name adds."""
        return list(self.export.schema)[: self.export.width]

    @property
    def _left_out(self) -> pl.Expr:
        """Number of the first rule that leaves a row out, 0 for none."""
        number = pl.lit(0, pl.UInt16)
        for position, rule in reversed(list(enumerate(self.rules, start=1))):
            number = pl.when(rule.expr).then(pl.lit(position, pl.UInt16)).otherwise(number)
        return number

    @property
    def kept(self) -> pl.Expr:
        """Whether a row of the export belongs to the table."""
        stays = self._left_out == 0 if self.rules else pl.lit(value=True)
        return stays & self._blank.not_() if self.export.is_text else stays

    def read(
        self,
        rows: pl.LazyFrame,
        source: Source,
        notations: Mapping[str, Notation],
        *more: pl.Expr,
    ) -> pl.LazyFrame:
        """The canonical columns of rows of the export, and the helper columns.

        Args:
            rows: Rows of the export.
            source: What the configuration tells about it.
            notations: How its columns are written.
            more: Further expressions over the columns of the export.
        """
        first = [parsing.held(cells).alias(cells.held_name) for cells in self.cells]
        first += [self.kept.alias(KEPT), *more]
        if self.rules:
            first.append(self._left_out.alias(LEFT_OUT))
        if self.export.is_text:
            last = pl.col(self._own_columns[-1])
            first += [self._blank.alias(BLANK), last.is_null().alias(SHORT)]
        values = [
            parsing.value(cells, source, notations[cells.column]).alias(cells.column)
            for cells in self.cells
        ]
        unreadable = [
            Check("unreadable", (cells.column,)).result(
                parsing.unreadable(cells, source, notations[cells.column])
            )
            for cells in self.cells
        ]
        missing = [
            Check("missing", columns).result(
                pl.all_horizontal(
                    pl.col(column).is_null() & pl.col(Check("unreadable", (column,)).name).not_()
                    for column in columns
                )
            )
            for columns in self.needed
        ]
        return (
            rows.select(first)
            .with_columns(values)
            .with_columns(unreadable)
            .with_columns(missing)
            .drop(cells.held_name for cells in self.cells)
        )

    @property
    def needed(self) -> list[tuple[str, ...]]:
        """Columns of which every row needs one."""
        schema = SCHEMAS[self.table].columns()
        present = [cells.column for cells in self.cells]
        needed: list[tuple[str, ...]] = [
            (column,)
            for column in present
            if not schema[column].nullable and (column != "location" or self.table == "locations")
        ]
        choice = tuple(column for column in ONE_OF.get(self.table, ()) if column in present)
        return [*needed, choice] if choice else needed


def make_plan(
    table: str, source: Source, export: Export, config_name: str, *, decimal_is_uncertain: bool
) -> Plan:
    """Plans how an export is read.

    Args:
        table: Name of the canonical table.
        source: What the configuration tells about the export.
        export: The opened export.
        config_name: What errors call the configuration.
        decimal_is_uncertain: Whether 1.234 may well be a thousand and more.

    Raises:
        InputError: A column is missing, ambiguous, repeated, or of a type that does not fit.
        ConfigError: An expression of the configuration does not fit the export.
    """
    file = export.files[0].name
    header = [name for name in dict.fromkeys(export.header) if name]
    mapped = map_columns(
        table, source, header, file=file, header_row=export.header_row, config_name=config_name
    )
    key = f"{config_name}: tables.{table}"
    cells = []
    computed = []
    for column, where in mapped.items():
        if where.sql is None:
            if where.name in export.repeated:
                raise InputError(
                    f"the header has this column {export.header.count(where.name)} times",
                    file=file,
                    row=export.header_row,
                    column=where.name,
                    hint="rename one of them",
                )
            expr, dtype = pl.col(where.name), export.schema[where.name]
        else:
            sql = compile_sql(where.sql, f"{key}.columns.{column}", export.schema, export.repeated)
            computed.append(sql)
            expr, dtype = sql.expr, sql.dtype
        cells.append(
            Cells(
                column=column,
                dtype=SCHEMAS[table].columns()[column].dtype,
                source=expr,
                found=dtype,
                shown=where.name,
                file=file,
                guarded=export.is_text,
                uncertain=decimal_is_uncertain,
                choices=CHOICES.get((table, column), ()),
            )
        )
    rules = tuple(
        compile_sql(rule.where, f"{key}.exclude.{number}", export.schema, export.repeated)
        for number, rule in enumerate(source.exclude)
    )
    for rule in rules:
        rule.require(pl.Boolean(), "a condition, true for the rows to leave out")
    return Plan(table, export, tuple(cells), tuple(computed), rules)
