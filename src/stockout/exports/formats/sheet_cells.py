"""From the cells of a sheet to columns of one type each, without changing what a cell says.

The engine gives every cell as text and, where it can, as a flag and as a day. Which kind a cell is
follows from what it can be given as: a number can also be a flag, a day cannot, and a text is
neither. A column of one kind becomes that type, a mixed one text.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

logger = logging.getLogger(__name__)

_ERRORS: Mapping[str, str] = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
"""What Excel shows in a cell whose formula failed, by the engine's name of the error."""

_ERROR = re.compile(r"Error\((\w+)\)")
NO_VALUE = "#N/A"
"""The one error that is meant: it says that there is no value."""


class Load(Protocol):
    """Loads the rows below a header."""

    def __call__(self, *, dtypes: str) -> Any:  # noqa: ANN401 - the engine ships no types
        """The rows with every cell given as one type, null where it cannot be."""


class _Cells(NamedTuple):
    """The cells of one column, and which kind each of them is."""

    text: pl.Series  # null where empty or an error
    day: pl.Series
    is_number: pl.Series
    is_flag: pl.Series
    is_day: pl.Series
    is_text: pl.Series
    error: pl.Series  # what Excel shows, null where there is no error


def typed_columns(
    load: Load,
    *,
    first_row: int,
    is_text: Callable[[int], bool],
    shown: Callable[[int], str],
    file: str,
) -> tuple[list[pl.Series], pl.Series]:
    """The columns of a sheet, typed, and the numbers of their rows.

    Args:
        load: Loads the rows below the header.
        first_row: The number of the first of them, from 1.
        is_text: Whether a column (from 0) is known to hold text, so that a number is a code.
        shown: The column's name, for messages.
        file: The workbook, for messages.

    Returns:
        The columns, without rows of which every cell is empty: Float64, Boolean, Date, Datetime or
        String each; and the number of each row that is left.
    """
    batch, faults = load(dtypes="string").to_arrow_with_errors()
    texts = pl.DataFrame(pl.from_arrow(batch))
    errors = _errors(faults.errors if faults is not None else ())
    flags = load(dtypes="boolean").to_polars()
    days = load(dtypes="datetime").to_polars()
    columns = []
    filled = pl.repeat(value=False, n=texts.height, dtype=pl.Boolean, eager=True)
    for index in range(texts.width):
        cells = _cells(
            texts.to_series(index),
            flags.to_series(index),
            days.to_series(index),
            errors.get(index, {}),
        )
        filled |= cells.text.is_not_null() | cells.error.is_not_null()
        columns.append(_typed(cells, is_text=is_text(index), shown=shown(index), file=file))
    rows = filled.arg_true()
    blank = int(rows[-1]) + 1 - len(rows) if len(rows) else 0
    if blank:
        logger.info("%s: %s blank rows left out", file, f"{blank:,}")
    return [column.filter(filled) for column in columns], rows.cast(pl.Int64) + first_row


def _errors(faults: Sequence[Any]) -> dict[int, dict[int, str]]:
    """For each column, what Excel shows in the rows whose formula failed."""
    found: dict[int, dict[int, str]] = {}
    for fault in faults:
        row, column = fault.offset_position
        match = _ERROR.search(fault.detail)
        label = _ERRORS.get(match[1], "#ERROR!") if match else "#ERROR!"
        found.setdefault(column, {})[row] = label
    return found


def _cells(text: pl.Series, flag: pl.Series, day: pl.Series, errors: Mapping[int, str]) -> _Cells:
    error = pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
    if errors:
        error = error.scatter(list(errors), list(errors.values()))
    text = text.set(text.str.strip_chars() == "", None)
    plain = flag.is_not_null()  # a number or a flag
    is_flag = plain & text.is_in(["true", "false"])
    is_day = day.is_not_null() & ~plain
    is_text = text.is_not_null() & ~plain & ~is_day
    return _Cells(text, day, plain & ~is_flag, is_flag, is_day, is_text, error)


def _typed(cells: _Cells, *, is_text: bool, shown: str, file: str) -> pl.Series:
    has_error = (cells.error != NO_VALUE).any()
    kinds = [
        name
        for name, mask in (
            ("number", cells.is_number),
            ("flag", cells.is_flag),
            ("day", cells.is_day),
            ("text", cells.is_text),
        )
        if mask.any()
    ]
    if not has_error and kinds == ["number"]:
        return cells.text.cast(pl.Float64)
    if not has_error and kinds == ["flag"]:
        return cells.text == "true"
    if not has_error and kinds == ["day"]:
        midnight = (cells.day.dt.truncate("1d") == cells.day).all()
        return cells.day.cast(pl.Date) if midnight else cells.day
    text = cells.text
    if cells.is_day.any():
        written = cells.day.dt.strftime("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
        text = written.zip_with(cells.is_day, text)
    if is_text:
        if has_error:
            logger.warning(
                "%s: %s cells of column %r hold an error, such as %s, and count as empty",
                *(file, f"{cells.error.count():,}", shown, cells.error.drop_nulls()[0]),
            )
        return text
    if cells.is_number.any():
        text = _without_mark(text).zip_with(cells.is_number, text)
    return cells.error.zip_with(cells.error.is_not_null(), text)


def _without_mark(number: pl.Series) -> pl.Series:
    """Numbers as texts that say nothing of how the texts beside them write the decimal mark.

    1.25 is ``125e-2``: between texts such as ``1.234`` and ``n/a`` it must neither be taken for a
    sign that the point is decimal, nor be read as thousands.
    """
    frame = number.to_frame("number").select(
        pl.when(pl.col("number").str.contains(r"^-?\d+\.\d+$"))
        .then(
            pl.concat_str(
                pl.col("number").str.replace(".", "", literal=True),
                pl.lit("e-"),
                pl.col("number").str.split(".").list.last().str.len_bytes().cast(pl.String),
            )
        )
        .otherwise(pl.col("number"))
    )
    return frame.to_series()
