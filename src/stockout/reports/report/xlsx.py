"""The report as an Excel workbook that a planner can work in: one sheet a table, all rows."""

from __future__ import annotations

import importlib
import io
import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.errors import ConfigError
from stockout.reports.inert import inert
from stockout.reports.report.blocks import Figures, Missed, Said, Table, Told
from stockout.reports.report.shown import NUMBERS, column_title, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockout.reports.report.blocks import Column, Section, Unit
    from stockout.reports.report.language import Language

_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date, so that a rerun gives the same bytes
_MOST_ROWS = 1_048_575  # of an Excel sheet, below its header
_LONGEST = 32_767  # characters of an Excel cell
_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS: dict[str, str] = {
    "units": "#,##0.##", "money": "#,##0.00", "share": "0.0%", "days": "0.0", "times": "0.0",
    "count": "#,##0", "ratio": "0.00", "date": "yyyy-mm-dd", "month": "yyyy-mm",
}  # fmt: skip
_WIDTHS: dict[str, int] = {
    "text": 24, "told": 70, "code": 16, "word": 16, "rule": 40, "date": 12, "month": 10,
    "money": 14,
}  # fmt: skip
_LONG_TEXTS = {"reason": 90, "definition": 90}


def as_xlsx(sections: Sequence[Section], as_of: date, language: Language) -> bytes:
    """Writes the workbook; the same report gives the same bytes.

    Texts stay texts: nothing of the data becomes a formula, a link or a number.

    Args:
        sections: What to write.
        as_of: Date of the report.
        language: Words of sheets and headers.

    Raises:
        ConfigError: The extra ``excel`` is not installed.
    """
    try:
        xlsxwriter = importlib.import_module("xlsxwriter")
    except ImportError:
        raise ConfigError(
            "writing xlsx needs the package xlsxwriter", hint="pip install 'stockout[excel]'"
        ) from None
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _SAFE) as book:
        book.set_properties({"created": _CREATED, "title": language.word("title.report")})
        sheets = _Sheets(book, language)
        sheets.summary(sections, as_of)
        for section in sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    sheets.table(block)
        sheets.unknown(sections)
    return buffer.getvalue()


class _Sheets:
    """Writes sheets with the formats of one workbook."""

    def __init__(self, book: Any, language: Language) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self.book = book
        self.language = language
        self.head = book.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "border": 1, "border_color": "#C5CFD9",
             "text_wrap": True, "valign": "vcenter"}
        )  # fmt: skip
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.muted = book.add_format({"font_color": "#52606D"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.strong = book.add_format({"bold": True, "font_size": 12, "bottom": 1})
        self._of_units: dict[tuple[str, bool], Any] = {}

    def summary(self, sections: Sequence[Section], as_of: date) -> None:
        """All figures, one a row, by section."""
        word = self.language.word
        sheet = self.book.add_worksheet(word("sheet.summary"))
        sheet.write_string(0, 0, word("title.report"), self.title)
        when = word("title.as_of", date=self.language.show(as_of, "date"))
        sheet.write_string(1, 0, when, self.muted)
        names = ("figure", "value", "low", "high", "before", "definition")
        for at, name in enumerate(names):
            sheet.write_string(3, at, word(f"column.{name}"), self.head)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 4, 14)
        sheet.set_column(5, 5, 90)
        sheet.freeze_panes(4, 1)
        row = 4
        for section in sections:
            blocks = [block for block in section.blocks if isinstance(block, Figures)]
            if not blocks and section.reason is None:
                continue
            sheet.write_string(row, 0, word(f"section.{section.name}"), self.strong)
            if section.reason is not None:
                sheet.write_string(row, 5, self._said(section.reason), self.muted)
            row += 1
            for figure in (figure for block in blocks for figure in block.figures):
                sheet.write_string(row, 0, word(f"figure.{figure.name}"))
                for at, value in enumerate((figure.value, figure.low, figure.high, figure.before)):
                    self._number(sheet, row, at + 1, value, figure.unit)
                note = self.language.words.get(f"note.{figure.name}", "")
                text = note if figure.reason is None else self._said(figure.reason)
                sheet.write_string(row, 5, text, self.muted)
                row += 1

    def table(self, block: Table) -> None:
        """A table with all its rows: header and first column frozen, filters on."""
        sheet = self.book.add_worksheet(self._free(self.language.word(f"sheet.{block.name}")))
        names = [column.name for column in block.columns]
        frame = told(block, self.language).select(names).head(_MOST_ROWS)
        for at, column in enumerate(block.columns):
            title = column_title(column, self.language)
            sheet.write_string(0, at, title, self.head)
            width = _LONG_TEXTS.get(column.name) or _WIDTHS.get(column.unit, 11)
            sheet.set_column(at, at, max(width, min(2 * len(title), 18)))
            self._column(sheet, at, column, frame[column.name])
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(frame.height, 1), len(names) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if frame.height:
            # An SKU such as 00123 is text on purpose.
            sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{frame.height + 1}"})

    def unknown(self, sections: Sequence[Section]) -> None:
        """What is not known, and why, and what the figures leave out."""
        sheet = self.book.add_worksheet(self._free(self.language.word("sheet.unknown")))
        for at, (name, width) in enumerate((("what", 36), ("reason", 110))):
            sheet.write_string(0, at, self.language.word(f"column.{name}"), self.head)
            sheet.set_column(at, at, width, self.wrapped)
        sheet.freeze_panes(1, 0)
        for row, (what, why) in enumerate(self._missed(sections), 1):
            sheet.write_string(row, 0, what)
            sheet.write_string(row, 1, why, self.wrapped)

    def _missed(self, sections: Sequence[Section]) -> Iterator[tuple[str, str]]:
        for block in (block for section in sections[-1:] for block in section.blocks):
            if isinstance(block, Missed):
                yield self.language.word(block.title), self._said(block.reason)
            elif isinstance(block, Said | Told):
                yield "", self._said(block)

    def _said(self, sentence: Said | Told) -> str:
        return inert(self.language.say(sentence))

    def _column(self, sheet: Any, at: int, column: Column, values: pl.Series) -> None:  # noqa: ANN401 - as above
        form = self._format(column.unit, edit=column.edit)
        known = [(row, value) for row, value in enumerate(values, 1) if value is not None]
        if column.unit in NUMBERS:
            for row, value in known:
                if math.isfinite(value):
                    sheet.write_number(row, at, value, form)
        elif values.dtype == pl.Date:
            for row, value in known:
                sheet.write_datetime(row, at, value, form)
        else:
            shown = {
                value: inert(self.language.show(value, column.unit))[:_LONGEST]
                for value in dict.fromkeys(value for _, value in known)
            }
            for row, value in known:
                sheet.write_string(row, at, shown[value])
        if column.edit:
            self._editable(sheet, at, values, form)

    @staticmethod
    def _editable(sheet: Any, at: int, values: pl.Series, form: Any) -> None:  # noqa: ANN401 - as above
        """Marks what has no value yet too, and lets no quantity below zero in."""
        for row, value in enumerate(values, 1):
            if value is None:
                sheet.write_blank(row, at, None, form)
        if len(values):
            allowed = {"validate": "decimal", "criteria": ">=", "value": 0}
            sheet.data_validation(1, at, len(values), at, allowed)

    def _number(self, sheet: Any, row: int, at: int, value: float | None, unit: Unit) -> None:  # noqa: ANN401 - as above
        if value is not None and math.isfinite(value):
            sheet.write_number(row, at, value, self._format(unit))

    def _format(self, unit: str, *, edit: bool = False) -> Any:  # noqa: ANN401 - as above
        if (unit, edit) not in self._of_units:
            looks: dict[str, str | int] = {"num_format": _FORMATS.get(unit, "@")}
            if edit:
                looks |= {"bg_color": "#FFF7D6", "border": 1, "border_color": "#D9B84A",
                          "bold": True}  # fmt: skip
            self._of_units[unit, edit] = self.book.add_format(looks)
        return self._of_units[unit, edit]

    def _free(self, name: str) -> str:
        """A name of a sheet that is not taken; at most 31 characters, as Excel asks."""
        taken = {sheet.get_name() for sheet in self.book.worksheets()}
        shown = name[:31]
        return shown if shown not in taken else f"{shown[:28]} {len(taken)}"
