"""How a file is written: settled by its first rows, and where cells do not read, by all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from stockout.exports.rows.plan import Manner
from stockout.exports.rows.running import run
from stockout.exports.values import dates, numbers, parsing
from stockout.exports.values.parsing import TextNotation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockout.config import Source
    from stockout.exports.formats.files import ExportFile
    from stockout.exports.profiles import Known
    from stockout.exports.rows.plan import Plan
    from stockout.exports.values.dates import Order
    from stockout.exports.values.numbers import Decimal
    from stockout.exports.values.parsing import Cells, Notation

_ROWS_TO_PEEK = 1_000
_MARK = "mark "  # in the name of a count: before what stands between day and month
_OTHER = "#other "  # before the name of a column that is not read


class Surveyor:
    """Asks the files of one source how they are written.

    Numbers are written in one way throughout a file. Dates are written in one way throughout a
    column, and a file that leaves the order of day and month open follows the others of its source.
    """

    def __init__(self, source: Source, known: Known | None) -> None:
        """Takes what is told of the source, and its profile."""
        self._source = source
        self._decimal: Decimal | None = None if known is None else known.export.decimal
        self._order = None if known is None else known.export.date_order

    def first(self, plan: Plan, file: ExportFile) -> Manner:
        """The manner to try first, after a look at the first rows."""
        texts = [cells for cells in plan.cells if cells.is_number_in_text or cells.is_date_in_text]
        counts = self._count(plan, file, texts, rows=_ROWS_TO_PEEK) if texts else {}
        return self._manner(plan, counts, counts, {cells.column for cells in texts}, totals=False)

    def again(
        self,
        parts: Sequence[tuple[Plan, ExportFile, Manner, set[str]]],
    ) -> list[Manner]:
        """The manners of files with cells that did not read, and of the others as they were.

        Args:
            parts: For each file its plan, the manner it was read in, and the columns with cells
                that did not read; none where the file reads.
        """
        anywhere = {column for *_, failed in parts for column in failed}
        surveys: list[dict[str, int]] = []
        for plan, file, _, failed in parts:
            asked = [
                cells
                for cells in plan.cells
                if (cells.is_number_in_text and failed)
                or (cells.is_date_in_text and cells.column in anywhere)
            ]
            surveys.append(self._count(plan, file, asked) if asked else {})
        everywhere: dict[str, int] = {}
        for counts in surveys:
            for name, count in counts.items():
                everywhere[name] = everywhere.get(name, 0) + count
        return [
            self._manner(plan, counts, everywhere, failed, totals=True, before=manner)
            if failed
            else manner
            for (plan, _, manner, failed), counts in zip(parts, surveys, strict=True)
        ]

    def _manner(
        self,
        plan: Plan,
        counts: Mapping[str, int],
        everywhere: Mapping[str, int],
        asked: set[str],
        *,
        totals: bool,
        before: Manner | None = None,
    ) -> Manner:
        mapped = [cells.column for cells in plan.cells if cells.is_number_in_text]
        others = sorted({key.rpartition(":")[0] for key in counts if key.startswith(_OTHER)})
        style = numbers.settle_file(
            counts, mapped, others, told=self._source.decimal, profile=self._decimal
        )
        notations: dict[str, Notation] = {}
        for cells in plan.cells:
            column = cells.column
            if cells.is_number_in_text:
                notations[column] = style.notation(counts, column)
            elif before is not None and column not in asked:
                notations[column] = before.notations[column]
            elif cells.dtype == pl.Date:
                notations[column] = self._dates(cells, counts, everywhere)
            else:
                notations[column] = TextNotation(plain=before is None)
        return Manner(notations, style, totals=totals)

    def _dates(
        self, cells: Cells, counts: Mapping[str, int], everywhere: Mapping[str, int]
    ) -> Notation:
        told = self._source.date_format
        own = dates.settle(counts, cells.column, told, None)
        if own.order is not None:
            return own
        return dates.settle(everywhere, cells.column, told, self._usual_order(cells, everywhere))

    def _usual_order(self, cells: Cells, counts: Mapping[str, int]) -> Order | None:
        """What of day and month the system writes first, where one mark stands between them."""
        if not isinstance(self._order, dict):
            return self._order
        orders = {
            order
            for mark, order in self._order.items()
            if counts.get(f"{cells.column}:{_MARK}{mark}")
        }
        return orders.pop() if len(orders) == 1 else None

    def _count(
        self, plan: Plan, file: ExportFile, asked: Sequence[Cells], rows: int | None = None
    ) -> dict[str, int]:
        """Counts of how the cells of columns are written, over a file or its first rows."""
        surveys = [expr for cells in asked for expr in self._survey(cells)]
        if any(cells.is_number_in_text for cells in asked):
            read = {name for cells in plan.cells for name in cells.source.meta.root_names()}
            for name, dtype in plan.schema.items():
                if dtype == pl.String and name not in read:
                    words = parsing.null_words(self._source, pl.Float64())
                    surveys += numbers.survey(pl.col(name), _OTHER + name, words)

        def build() -> pl.LazyFrame:
            scanned = plan.scan(file)
            head = scanned if rows is None else scanned.head(rows)
            return plan.shaped(head).filter(plan.stays).select(surveys)

        counts = run(plan, file, build).row(0, named=True)
        return {name: int(count or 0) for name, count in counts.items()}

    def _survey(self, cells: Cells) -> list[pl.Expr]:
        text = cells.source.cast(pl.String)
        if cells.is_number_in_text:
            words = parsing.null_words(self._source, cells.dtype)
            return numbers.survey(text, cells.column, words)
        marks = self._order if isinstance(self._order, dict) else {}
        return dates.survey(text, cells.column) + [
            text.str.contains(rf"^\s*\d{{1,2}}{re.escape(mark)}\d{{1,2}}{re.escape(mark)}")
            .sum()
            .alias(f"{cells.column}:{_MARK}{mark}")
            for mark in marks
        ]
