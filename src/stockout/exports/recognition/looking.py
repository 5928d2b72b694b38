"""Opens what may be exports and looks at headers, then at some rows of those that are alike."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from stockout.config import Source
from stockout.errors import InputError, StockoutError
from stockout.exports.formats.files import ExportFile, find_files
from stockout.exports.formats.headers import count_known
from stockout.exports.formats.opening import open_exports
from stockout.exports.mapping import known_names
from stockout.exports.recognition.content import examine
from stockout.exports.recognition.encoding import ENCODINGS, ask_encoding
from stockout.exports.recognition.paths import relative
from stockout.exports.recognition.walking import LeftOut
from stockout.exports.rows.running import ENGINE_ERRORS
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stockout.exports.formats.export import Export
    from stockout.exports.recognition.content import ColumnLook
    from stockout.exports.recognition.questions import Ask, Guessed
    from stockout.exports.recognition.walking import Located

_SAMPLE_ROWS = 10_000
"""Enough to see what a column holds; what only the other rows show is seen when all are read."""

_KNOWN_NAMES = 2  # known names of columns that tell an export from other text
_SAMPLED_FILES = 3  # of exports that are alike: the first, one in the middle, the last


@dataclass(frozen=True, eq=False)
class Look:
    """One export, opened: a file, a sheet of a workbook, or a folder of partitions."""

    located: Located
    export: Export
    sheet: str | None  # where the workbook has more than one with something in it
    source: Source  # with what it was opened
    guessed: Guessed | None = None  # why it is in the encoding that the source says

    @property
    def header(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(name for name in dict.fromkeys(self.export.header) if name)


@dataclass(frozen=True, eq=False)
class Kin:
    """Exports of one kind: in one folder, of one header, called alike."""

    looks: tuple[Look, ...]

    @property
    def first(self) -> Look:
        """The first of them."""
        return self.looks[0]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Their files."""
        return tuple(look.located.path for look in self.looks)

    @property
    def header(self) -> tuple[str, ...]:
        """The columns they have."""
        return self.first.header

    @property
    def encoding(self) -> str | None:
        """The encoding that the configuration must say."""
        return self.first.source.encoding

    @property
    def guesses(self) -> dict[str, Guessed]:
        """What was guessed to open them, by its key."""
        return {} if self.first.guessed is None else {"encoding": self.first.guessed}

    @property
    def titles(self) -> str:
        """What stands above the header and in the names, to tell what they are."""
        names = [part for path in self.paths[:1] for part in (path.parent.name, path.name)]
        return " ".join([*self.first.export.titles, *names, self.first.sheet or ""])

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Some of their rows.

        Raises:
            InputError: A file is damaged.
        """
        count = len(self.looks)
        chosen = sorted({0, count // 2, count - 1}) if count > _SAMPLED_FILES else range(count)
        rows = [_rows(self.looks[index].export) for index in chosen]
        return pl.concat(rows, how="vertical_relaxed" if _same_types(rows) else "diagonal_relaxed")

    @cached_property
    def columns(self) -> Mapping[str, ColumnLook]:
        """What each column looks like."""
        return examine(self.sample)


def look_at(
    located: Sequence[Located], base: Path, scratch: Path, ask: Ask
) -> tuple[list[Look], list[LeftOut]]:
    """Opens exports, each for itself.

    Args:
        located: What may be exports.
        base: The folder from which questions name them.
        scratch: A folder for copies in UTF-8, needed as long as the exports are.
        ask: Answers questions.

    Returns:
        The opened exports, and those that cannot be opened.
    """
    looks: list[Look] = []
    left_out: list[LeftOut] = []
    for item in located:
        try:
            looks += _Opener(item, base, scratch, ask).open(left_out)
        except StockoutError as error:
            left_out.append(LeftOut(item.path, _reason(error)))
        except ENGINE_ERRORS as error:
            left_out.append(LeftOut(item.path, first_line(error)))
    return looks, left_out


def kin_of(looks: Sequence[Look]) -> list[Kin]:
    """Groups exports that are one export in several files, such as one a month."""

    def alike(look: Look) -> tuple[str, ...]:
        path = look.located.path
        return (
            look.located.fmt,
            # One folder a month, or one file a month.
            _without_digits(str(path.parent)),
            _without_digits(path.name),
            look.sheet or "",  # a source names one sheet, and one encoding
            look.source.encoding or "",
            *look.header,
        )

    ordered = sorted(looks, key=lambda look: (alike(look), look.located.path, look.sheet or ""))
    kin = [Kin(tuple(group)) for _, group in groupby(ordered, key=alike)]
    return sorted(kin, key=lambda item: (item.paths[0], item.first.sheet or ""))


def _without_digits(name: str) -> str:
    r"""A name without what counts or dates its files: ``sales_2026-01 (2).csv`` is ``sales.csv``.

    >>> _without_digits("sales_2026-01 (2).csv"), _without_digits("Q1 sales Jan.csv")
    ('sales.csv', 'Qsales.csv')
    """
    months = r"jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
    plain = re.sub(rf"(?i)(?<![a-z])(?:{months})[a-z]*(?![a-z])", "0", name)
    return re.sub(r"[-_ .()年月日]*\d[\d\-_ ()年月日]*", "", plain)


@dataclass(frozen=True)
class _Opener:
    """Opens one file, or one folder of partitions."""

    item: Located
    base: Path
    scratch: Path
    ask: Ask

    def open(self, left_out: list[LeftOut]) -> list[Look]:
        """The exports in it; sheets that are none are told."""
        if not self.item.has_sheets:
            return self._look(None, several=False)
        from stockout.exports.formats.excel import sheet_names  # noqa: PLC0415 - an extra

        names = sheet_names(self.item.path)
        looks = []
        for name in names:
            try:
                looks += self._look(name, several=len(names) > 1)
            except InputError as error:
                if len(names) == 1:
                    raise
                left_out.append(LeftOut(self.item.path, f"sheet {name}: {_reason(error)}"))
        return looks

    def _look(self, sheet: str | None, *, several: bool) -> list[Look]:
        try:
            return self._opened(sheet, several=several)
        except InputError as error:
            if "encoding = " not in (error.hint or ""):
                raise
            # Any text could be asked about, but only one with names of columns is an export.
            names = [name for look in self._readings(sheet) for name in look.header]
            if count_known(names, known_names()) < _KNOWN_NAMES:
                raise
            file = self._files[0]
            answer = ask_encoding(file, self.ask, relative(file.path, self.base))
            if answer is None:
                raise
            encoding, guessed = answer
            return self._opened(sheet, several=several, encoding=encoding, guessed=guessed)

    def _readings(self, sheet: str | None) -> list[Look]:
        looks: list[Look] = []
        for encoding in ENCODINGS:
            with suppress(InputError):
                looks += self._opened(sheet, several=False, encoding=encoding)
        return looks

    def _opened(
        self,
        sheet: str | None,
        *,
        several: bool,
        encoding: str | None = None,
        guessed: Guessed | None = None,
    ) -> list[Look]:
        told = {"path": str(self.item.path), "format": self.item.fmt, "sheet": sheet}
        source = Source.model_validate({**told, "encoding": encoding})
        exports = open_exports(self._files, self.item.fmt, source, self.scratch)
        shown = sheet if several else None
        return [Look(self.item, export, shown, source, guessed) for export in exports]

    @property
    def _files(self) -> list[ExportFile]:
        if not self.item.path.is_dir():
            return [ExportFile(self.item.path)]
        return find_files(str(self.item.path.absolute()), self.item.path)[0]


def _rows(export: Export) -> pl.DataFrame:
    file = export.files[0]
    for _ in range(2):
        try:
            return export.scan(file).head(_SAMPLE_ROWS).collect()
        except ENGINE_ERRORS as error:
            fault = export.explain(error, file)
            if fault is not None:
                raise fault from None
    raise InputError("cannot be read", file=file.name)


def _same_types(rows: Sequence[pl.DataFrame]) -> bool:
    return all(frame.columns == rows[0].columns for frame in rows)


def _reason(error: StockoutError) -> str:
    hint = "" if error.hint is None else f" ({error.hint})"
    text = error.message
    file = getattr(error, "file", None)
    if file is not None:
        text = text.removeprefix(f"{file}: ").removeprefix(f"{file}:")
    return text + hint
