"""How the columns of one export become canonical ones, as Polars expressions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockout.exports.formats import headers
from stockout.exports.mapping import EXTRA, ONE_OF
from stockout.exports.values import numbers, parsing
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stockout.config import Source
    from stockout.exports.formats.export import Export
    from stockout.exports.formats.files import ExportFile
    from stockout.exports.rows.shaping import Shape
    from stockout.exports.values.expressions import SqlExpression
    from stockout.exports.values.numbers import FileStyle
    from stockout.exports.values.parsing import Cells, Notation

# Helper columns of a reading; no canonical column has a name like these.
ROW = "#row"  # index of the row in its file, from 0
KEPT = "#kept"
LEFT_OUT = "#left out"  # number of the reason why the row is left out, from 1; 0 stays
BLANK = "#blank"
SHORT = "#short"  # whether the row may have too few cells
CHECK = "#check "  # before the kind of check and its column: whether the row fails it
_TOTAL = "#total"


@dataclass(frozen=True)
class Check:
    """A question to every row, and the columns it is about."""

    kind: str  # "unreadable" or "missing"
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the helper column that holds the outcome."""
        return f"{CHECK}{self.kind} {' or '.join(self.columns)}"

    def result(self, failed: pl.Expr) -> pl.Expr:
        """The helper column: whether a row that is kept fails."""
        return (failed & pl.col(KEPT)).fill_null(value=False).alias(self.name)


class Manner(NamedTuple):
    """How one file is written, as far as it is known."""

    notations: Mapping[str, Notation]  # of each column that is read
    style: FileStyle  # of its numbers
    totals: bool = False  # whether to look for rows of totals


@dataclass(frozen=True)
class Plan:
    """How the columns of one export become canonical ones."""

    table: str
    export: Export
    cells: tuple[Cells, ...]  # the columns that are read: canonical ones, and fields of a profile
    shape: Shape | None  # how the rows are rearranged before
    computed: tuple[SqlExpression, ...]  # columns that the configuration computes
    rules: tuple[SqlExpression, ...]  # its conditions for rows to leave out
    texts: Mapping[str, pl.Expr] = field(default_factory=dict)  # texts that a profile changes
    derived: Mapping[str, pl.Expr] = field(default_factory=dict)  # columns that it computes
    profile_rules: tuple[pl.Expr, ...] = ()  # its conditions for rows to leave out
    reasons: tuple[str, ...] = ()  # why rows are left out, as LEFT_OUT counts: see _left_out
    signs: tuple[str, ...] = ()  # columns of amounts that may carry the sign of their currency
    dated: Mapping[str, date] = field(default_factory=dict)  # date of a stock list, by file name

    @property
    def present(self) -> list[str]:
        """The canonical columns that the export has, read or computed; then currency and unit."""
        names = {cells.column for cells in self.cells} | {*self.texts, *self.derived}
        if self.dated:
            names.add("date")
        if self.signs:
            names.add("currency")
        return [name for name in (*SCHEMAS[self.table].column_names(), *EXTRA) if name in names]

    @property
    def needed(self) -> list[tuple[str, ...]]:
        """Columns of which every row needs one."""
        schema = SCHEMAS[self.table].columns()
        present = [name for name in self.present if name in schema]
        needed: list[tuple[str, ...]] = [
            (column,)
            for column in present
            if not schema[column].nullable and (column != "location" or self.table == "locations")
        ]
        choice = tuple(column for column in ONE_OF.get(self.table, ()) if column in present)
        return [*needed, choice] if choice else needed

    @property
    def checks(self) -> list[Check]:
        """What every row is asked."""
        unreadable = [Check("unreadable", (cells.column,)) for cells in self.cells]
        return unreadable + [Check("missing", columns) for columns in self.needed]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the rearranged rows."""
        own = dict(self.export.schema)
        return own if self.shape is None else self.shape.schema(own)

    def scan(self, file: ExportFile, *, numbered: bool = False) -> pl.LazyFrame:
        """The rows of a file as it has them, with their index where they are to be numbered."""
        rows = self.export.scan(file)
        return rows.with_row_index(ROW) if numbered else rows

    @property
    def stays(self) -> pl.Expr:
        """Whether no rule of the configuration leaves a rearranged row out."""
        rules = [rule.expr.fill_null(value=False) for rule in self.rules]
        return pl.any_horizontal(rules).not_() if rules else pl.lit(value=True)

    def shaped(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows of the export, rearranged; with what is asked of them as the file has them."""
        if self.shape is None:
            return rows
        return self.shape.apply(rows.with_columns(self._flags(totals=True)), self.export.schema)

    def read(
        self,
        file: ExportFile,
        source: Source,
        manner: Manner,
        *more: pl.Expr,
        numbered: bool = False,
    ) -> pl.LazyFrame:
        """The canonical columns of the rows of a file, and the helper columns.

        Args:
            file: One of the export's files.
            source: What the configuration tells about it.
            manner: How it is written.
            more: Further expressions over the columns of the rearranged rows.
            numbered: Whether each row has its index, in column ``ROW``.
        """
        rows = self.shaped(self.scan(file, numbered=numbered))
        first = [
            parsing.held(cells, manner.notations[cells.column]).alias(cells.held_name)
            for cells in self.cells
        ]
        if self.signs:
            first.append(self._sign(manner).alias("currency"))
        flags = self._flags(totals=manner.totals)
        if self.shape is None:
            first += flags
        else:
            first += [pl.col(flag.meta.output_name()) for flag in flags]
        first += [self._rule().alias(LEFT_OUT), *more]
        if numbered:
            first.append(pl.col(ROW))
        values = [
            parsing.value(cells, source, manner.notations[cells.column]).alias(cells.column)
            for cells in self.cells
        ]
        if file.name in self.dated:
            values.append(pl.lit(self.dated[file.name]).alias("date"))
        rows = rows.select(first).with_columns(values)
        for step in (self.texts, self.derived):
            if step:
                rows = rows.with_columns(expr.alias(name) for name, expr in step.items())
        if manner.totals or self.profile_rules:
            rows = rows.with_columns(self._left_out(totals=manner.totals).alias(LEFT_OUT))
        stays = pl.col(LEFT_OUT) == 0
        if self.export.is_text:
            stays &= pl.col(BLANK).not_()
        unreadable = [
            Check("unreadable", (cells.column,)).result(
                parsing.unreadable(cells, source, manner.notations[cells.column])
            )
            for cells in self.cells
        ]
        return (
            rows.with_columns(stays.alias(KEPT))
            .with_columns(unreadable)
            .with_columns(self._missing(columns) for columns in self.needed)
            .select(
                *self.present,
                *(pl.col(flag) for flag in ((BLANK, SHORT) if self.export.is_text else ())),
                *(pl.col(name) for name in ((ROW,) if numbered else ())),
                *(expr.meta.output_name() for expr in more),
                KEPT,
                LEFT_OUT,
                *(check.name for check in self.checks),
            )
        )

    def _sign(self, manner: Manner) -> pl.Expr:
        """The currency that amounts carry; in the plain notation they carry none."""
        signed = [
            numbers.currency(cells.source)
            for cells in self.cells
            if cells.column in self.signs and not manner.notations[cells.column].plain
        ]
        return pl.coalesce(signed) if signed else pl.lit(None, pl.String)

    @property
    def _own_columns(self) -> list[str]:
        """The columns that stand in the files, without those that a folder's name adds."""
        return list(self.export.schema)[: self.export.width]

    def _flags(self, *, totals: bool) -> list[pl.Expr]:
        """What is asked of the rows as the file has them."""
        flags = []
        own = self._own_columns
        if self.export.is_text:
            # Looking at every column has a second use: Polars then refuses a row of too many cells.
            blank = pl.all_horizontal(pl.col(own).is_null())
            flags = [blank.alias(BLANK), pl.col(own[-1]).is_null().alias(SHORT)]
        if totals:
            texts = [name for name in own if self.export.schema[name] == pl.String]
            total = headers.is_total(texts) if texts else pl.lit(value=False)
            flags.append(total.alias(_TOTAL))
        return flags

    def _rule(self) -> pl.Expr:
        """Number of the first condition over the export's own columns that leaves a row out."""
        rules = [rule.expr for rule in self.rules]
        if self.shape is not None and self.shape.not_kept is not None:
            rules.append(self.shape.not_kept)
        return _first_true(rules)

    def _left_out(self, *, totals: bool) -> pl.Expr:
        """Number of the reason why a row is left out: as _rule says, the profile's, then totals."""
        before = len(self.reasons) - len(self.profile_rules) - 1
        rules = list(self.profile_rules)
        if totals:
            rules.append(self._is_total())
        number = _first_true(rules)
        later = pl.when(number > 0).then(number + before).otherwise(pl.lit(0, pl.UInt16))
        return pl.when(pl.col(LEFT_OUT) > 0).then(pl.col(LEFT_OUT)).otherwise(later)

    def _is_total(self) -> pl.Expr:
        """Whether a row adds up others: its first text says so, and its key is empty or says so."""
        schema = SCHEMAS[self.table].columns()
        lacks = [
            pl.col(name).is_null() | headers.is_total([name])
            if schema[name].dtype == pl.String
            else pl.col(name).is_null()
            for columns in self.needed
            for name in columns
            if schema[name].dtype in (pl.String, pl.Date)
        ]
        return pl.col(_TOTAL) & pl.any_horizontal(lacks)

    def _missing(self, columns: tuple[str, ...]) -> pl.Expr:
        read = {cells.column for cells in self.cells}
        return Check("missing", columns).result(
            pl.all_horizontal(
                pl.col(column).is_null() & pl.col(Check("unreadable", (column,)).name).not_()
                if column in read
                else pl.col(column).is_null()
                for column in columns
            )
        )


def _first_true(conditions: list[pl.Expr]) -> pl.Expr:
    """Number, from 1, of the first condition that is true; 0 where none is."""
    number = pl.lit(0, pl.UInt16)
    for position, condition in reversed(list(enumerate(conditions, start=1))):
        number = pl.when(condition).then(pl.lit(position, pl.UInt16)).otherwise(number)
    return number
