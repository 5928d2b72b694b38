"""Each checked-in bad file gets the error that names its file, row, column and fault."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from stockout.config import Source
from stockout.errors import ExitCode, InputError, MissingColumnError, UnparsableValueError
from stockout.exports.read import read_table

BAD_FILES = Path(__file__).parents[1] / "bad_files"


class Bad(NamedTuple):
    """A bad file and what its error must say."""

    file: str
    kind: type[InputError]
    row: int | None
    column: str | None
    text: str  # of the whole error, after the name of the file
    table: str = "sales"


FILES = [
    Bad("empty.csv", InputError, None, None, ": the file is empty"),
    Bad("blank_lines_only.csv", InputError, None, None, ": the file is empty"),
    Bad("empty.parquet", InputError, None, None, ": the file is empty"),
    Bad("header_only.csv", InputError, None, None, ": no rows, and table sales cannot be empty"),
    Bad(
        "missing_units.csv",
        MissingColumnError,
        1,
        None,
        ":1: no column for units, which table sales needs: the columns are date, sku, amount_sold\n"
        "hint: say which it is under [tables.sales.columns] in stockout.toml: "
        'units = "NAME IN THE FILE"',
    ),
    Bad(
        "repeated_column.csv",
        InputError,
        1,
        "units",
        ":1:units: the header has this column 2 times\nhint: rename one of them",
    ),
    Bad(
        "two_candidates.csv",
        InputError,
        1,
        None,
        ":1: 'Qty' and 'Quantity' could each be units\n"
        'hint: choose one under [tables.sales.columns] in stockout.toml: units = "Qty"',
    ),
    Bad(
        "row_too_long.csv",
        InputError,
        3,
        None,
        ":3: the row has too many cells: found '4', expected 3, as in the header\n"
        "hint: a cell that contains the delimiter must stand in quotes",
    ),
    Bad(
        "row_too_short.csv",
        InputError,
        3,
        None,
        ":3: the row has too few cells: found '2', expected 3, as in the header",
    ),
    Bad(
        "row_too_short_optional.csv",
        InputError,
        4,
        None,
        ":4: the row has too few cells: found '3', expected 4, as in the header",
    ),
    Bad(
        "empty_sku.csv",
        InputError,
        3,
        "sku",
        ":3:sku: no value: expected a value in every row, as table sales needs it\n"
        "hint: fill it in, or leave such rows out with an exclude rule",
    ),
    Bad(
        "empty_units.csv",
        InputError,
        3,
        "units",
        ":3:units: no value (1 more in this column): expected a value in every row, as table "
        "sales needs it\nhint: fill it in, or leave such rows out with an exclude rule",
    ),
    Bad(
        "no_stock_at_all.csv",
        InputError,
        3,
        "on_hand or in_stock",
        ":3:on_hand or in_stock: no value: expected a value in every row, as table inventory needs "
        "it\nhint: fill it in, or leave such rows out with an exclude rule",
        "inventory",
    ),
    Bad(
        "not_a_date.csv",
        UnparsableValueError,
        3,
        "date",
        ":3:date: not a date (1 more in this column): found '2026-02-30', "
        "expected a date like 2026-01-31",
    ),
    Bad(
        "ambiguous_date.csv",
        UnparsableValueError,
        2,
        "date",
        ":2:date: ambiguous date (1 more in this column): found '03/04/2026', expected a date "
        "whose day, month and year are certain\n"
        'hint: say how dates are written: date_format = "%d/%m/%Y" or "%m/%d/%Y"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "mixed_order_dates.csv",
        UnparsableValueError,
        2,
        "date",
        ":2:date: day and month change places in this column (1 more in this column): "
        "found '13/04/2026', expected dates that are all written in one way\n"
        "hint: correct the others, and say which with date_format under [tables.sales] in "
        "stockout.toml",
    ),
    Bad(
        "two_digit_year.csv",
        UnparsableValueError,
        2,
        "date",
        ":2:date: ambiguous date: found '03/04/26', expected a date whose day, month and year are "
        'certain\nhint: say how dates are written: date_format = "%d/%m/%y" or "%m/%d/%y"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "zero_date.csv",
        UnparsableValueError,
        2,
        "date",
        ":2:date: not a date: found '0001-01-01', expected a date like 2026-01-31\n"
        'hint: a stand-in for "no date" is named in null_words, as in null_words = ["0001-01-01"]'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "not_a_number.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: not a number: found 'two', expected a number like 1234.5",
    ),
    Bad(
        "ambiguous_number.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: ambiguous number: found '1,234', expected a number that is certain\n"
        'hint: say which mark is decimal: decimal = "." or decimal = ","'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "two_decimal_marks.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: decimal point and decimal comma change places in this file: found '1,5', "
        "expected numbers that are all written in one way\n"
        'hint: correct them, or say which mark is decimal: decimal = "." or decimal = ","'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "nan_number.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: not a number: found 'NaN', expected a number like 1234.5",
    ),
    Bad(
        "infinite_number.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: not a number: found 'inf', expected a number like 1234.5",
    ),
    Bad(
        "number_too_large.csv",
        UnparsableValueError,
        2,
        "units",
        ":2:units: out of range: found '1e300', expected a number below 1e+15",
    ),
    Bad(
        "lead_time_is_a_date.csv",
        UnparsableValueError,
        2,
        "lead_time_days",
        ":2:lead_time_days: out of range: found '20260105', expected days from 0 to 3650",
        "products",
    ),
    Bad(
        "not_a_flag.csv",
        UnparsableValueError,
        2,
        "in_stock",
        ":2:in_stock: not a yes or no: found 'maybe', expected true or false, yes or no, 1 or 0",
        "inventory",
    ),
    Bad(
        "share_above_one.csv",
        UnparsableValueError,
        3,
        "in_stock_share",
        ":3:in_stock_share: out of range: found '1.5', expected a share from 0 to 1",
        "inventory",
    ),
    Bad(
        "unknown_kind.csv",
        UnparsableValueError,
        3,
        "kind",
        ":3:kind: not a kind: found 'gift', expected one of receipt, sale, return, transfer, "
        "adjustment, scrap\n"
        'hint: translate other words: columns.kind = {sql = "CASE WHEN ... END"}',
        "movements",
    ),
    Bad(
        "two_products.csv",
        InputError,
        None,
        "sku",
        ":sku: sku '00123' is there more than once, with different unit_cost: "
        "found '2.0 and 2.5', expected one row for each sku\n"
        "hint: leave the others out with an exclude rule, or correct the export",
        "products",
    ),
    Bad(
        "quoted_newline.csv",
        UnparsableValueError,
        5,
        "units",
        ":5:units: not a number: found 'x', expected a number like 1234.5",
    ),
    Bad(
        "open_quote.csv",
        InputError,
        3,
        None,
        ":3: the quotes of a cell do not match (unexpected end of data)\n"
        'hint: a quote within a quoted cell is written twice: "5"" pipe"',
    ),
    Bad(
        "quote_in_quotes.csv",
        InputError,
        2,
        None,
        ":2: the quotes of a cell do not match (',' expected after '\"')\n"
        'hint: a quote within a quoted cell is written twice: "5"" pipe"',
    ),
    Bad(
        "latin1.csv",
        InputError,
        2,
        None,
        ":2: not UTF-8 text at byte 30: found '0xe9'\n"
        'hint: say how the file is written, for example encoding = "cp1252" or "gb18030"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "latin1_header.csv",
        InputError,
        1,
        None,
        ":1: not UTF-8 text at byte 17: found '0xe4'\n"
        'hint: say how the file is written, for example encoding = "cp1252" or "gb18030"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "utf16_cut_off.csv",
        InputError,
        None,
        None,
        ": the file ends within a character of utf-16 text\nhint: copy or export the file again",
    ),
    Bad(
        "gbk_unknown_words.csv",
        InputError,
        1,
        None,
        ":1: not UTF-8 text at byte 16: found '0xbf'\n"
        'hint: say how the file is written, for example encoding = "cp1252" or "gb18030"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "korean.csv",
        InputError,
        1,
        None,
        ":1: not UTF-8 text at byte 18: found '0xb8'\n"
        'hint: say how the file is written, for example encoding = "cp1252" or "gb18030"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "null_bytes.csv",
        InputError,
        None,
        None,
        ": not text: it holds null bytes\n"
        'hint: UTF-16 text without a byte order mark is read with encoding = "utf-16-le"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "zip_inside.csv",
        InputError,
        None,
        None,
        ": not text but an Excel workbook or a zip archive\n"
        'hint: a workbook is read with format = "excel" under [tables.sales] in stockout.toml',
    ),
    Bad("empty.xlsx", InputError, None, None, ": the file is empty"),
    Bad("empty_workbook.xlsx", InputError, None, None, ": the workbook is empty"),
    Bad(
        "damaged.xlsx",
        InputError,
        None,
        None,
        ": not an Excel workbook, or a damaged one (Xlsx error: Zip error: invalid Zip archive: "
        'Could not find EOCD)\nhint: export it again; if it is text, say format = "csv"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "protected.xlsx",
        InputError,
        None,
        None,
        ": the workbook is protected by a password\nhint: save it without one, or export it as CSV",
    ),
    Bad(
        "markup.xls",
        InputError,
        None,
        None,
        ": not an Excel workbook but a page of markup\n"
        "hint: open it in Excel and save it as .xlsx or CSV",
    ),
    Bad(
        "two_sheets.xlsx",
        InputError,
        None,
        None,
        ": which sheet is meant is not certain: expected one of 'January', 'February'\n"
        'hint: say sheet = "January" under [tables.sales] in stockout.toml',
    ),
    Bad(
        "error_cell.xlsx",
        UnparsableValueError,
        5,
        "units",
        ":5:units: not a number: found '#DIV/0!', expected a number like 1234.5",
    ),
    Bad(
        "parquet_inside.csv",
        InputError,
        None,
        None,
        ": not text but Parquet\n"
        'hint: say format = "parquet" under [tables.sales] in stockout.toml',
    ),
    Bad(
        "text_inside.parquet",
        InputError,
        None,
        None,
        ": not a Parquet file, or a damaged one (File out of specification: The file must end with "
        'PAR1 or PARE)\nhint: if it is text, say format = "csv"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "damaged.parquet",
        InputError,
        None,
        None,
        ": not a Parquet file, or a damaged one (File out of specification: FileMetaData.version "
        'missing)\nhint: if it is text, say format = "csv"'
        " under [tables.sales] in stockout.toml",
    ),
    Bad(
        "truncated.csv.gz",
        InputError,
        None,
        None,
        ": the compressed data is damaged or ends too early (Compressed file ended before the "
        "end-of-stream marker was reached)\nhint: copy or export the file again",
    ),
    Bad(
        "not_gzip.csv.gz",
        InputError,
        None,
        None,
        ": the compressed data is damaged or ends too early (Unknown compression method)\n"
        "hint: copy or export the file again",
    ),
    Bad(
        "truncated.csv.zst",
        InputError,
        None,
        None,
        ": the compressed data is damaged or ends too early (Truncated compressed stream)\n"
        "hint: copy or export the file again",
    ),
]


@pytest.mark.parametrize("bad", FILES, ids=[bad.file for bad in FILES])
def test_error_names_file_row_column_and_fault(bad: Bad) -> None:
    with pytest.raises(InputError) as caught:
        read_table(bad.table, Source(path=bad.file), BAD_FILES)
    error = caught.value
    assert str(error) == f"{BAD_FILES / bad.file}{bad.text}"
    assert type(error) is bad.kind
    assert (error.file, error.row, error.column) == (
        str(BAD_FILES / bad.file),
        bad.row,
        bad.column,
    )
    assert error.exit_code == ExitCode.USAGE


def test_every_bad_file_is_tested() -> None:
    assert {bad.file for bad in FILES} == {path.name for path in BAD_FILES.iterdir()}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_unreadable_date_on_row_40001(tmp_path: Path, ending: str) -> None:
    rows = [f"2026-01-{day % 28 + 1:02d},{day % 977:05d},1" for day in range(45_000)]
    rows[39_999] = "2026-13-01,00007,1"  # the header is row 1
    rows[41_000] = "soon,00008,1"
    path = tmp_path / "sales.csv"
    path.write_text(ending.join(["date,sku,units", *rows, ""]), newline="")
    with pytest.raises(UnparsableValueError) as caught:
        read_table("sales", Source(path=str(path)))
    assert str(caught.value) == (
        f"{path}:40001:date: not a date (1 more in this column): found '2026-13-01', "
        "expected a date like 2026-01-31"
    )
    assert (caught.value.row, caught.value.column) == (40_001, "date")
