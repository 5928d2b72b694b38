"""Exports become canonical tables: headers, notations, rules, several files."""

from __future__ import annotations

import gzip
import logging
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from stockout.config import Config, Exclude, Source, SqlColumn
from stockout.errors import ConfigError, InputError, MissingColumnError, UnparsableValueError
from stockout.exports.read import Tables, read_table, read_tables
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "date,sku,units\n"
DAY = date(2026, 1, 5)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def read(table: str = "sales", /, **source: Any) -> pl.DataFrame:  # noqa: ANN401
    return read_table(table, Source(**source))


def fault(table: str = "sales", /, **source: Any) -> str:  # noqa: ANN401
    with pytest.raises((InputError, ConfigError)) as caught:
        read(table, **source)
    return str(caught.value)


def logged(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


class TestText:
    """What CSV text becomes."""

    def test_canonical_columns_in_order_and_skus_as_written(self, folder: Path) -> None:
        write(
            folder, "a.csv", "units,SKU,Date,extra\n2, 00123 ,2026-01-05,x\n-1.5,1e5,2026-01-06,\n"
        )
        frame = read(path="a.csv")
        assert frame.schema == pl.Schema(
            {name: column.dtype for name, column in SCHEMAS["sales"].columns().items()}
        )
        assert frame.select("date", "sku", "location", "units").rows() == [
            (DAY, "00123", "ALL", 2.0),
            (date(2026, 1, 6), "1e5", "ALL", -1.5),
        ]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiter_is_found(
        self, folder: Path, delimiter: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        text = 'date,sku,units,note\n2026-01-05,7,1.5,"a,b;c|d"\n2026-01-05,8,1.25,\n'
        cells = text.replace('"a,b;c|d"', "N").replace(",", delimiter).replace("N", '"a,b;c|d"')
        write(folder, "a.csv", cells)
        with caplog.at_level(logging.INFO):
            assert read(path="a.csv")["units"].to_list() == [1.5, 1.25]
        told = f"a.csv: delimiter {delimiter!r}, found in the header"
        assert (told in logged(caplog, logging.INFO)) == (delimiter != ",")

    def test_header_that_contains_another_delimiter(self, folder: Path) -> None:
        write(
            folder, "a.csv", '"date";"sku";"units";"name, size, colour, brand"\n2026-01-05;7;1;x\n'
        )
        assert read(path="a.csv").height == 1

    def test_told_delimiter(self, folder: Path) -> None:
        write(folder, "a.csv", "date:sku:units\n2026-01-05:7:1\n")
        assert read(path="a.csv", delimiter=":").height == 1

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("last", [True, False])
    def test_line_ends(self, folder: Path, ending: str, last: bool) -> None:
        lines = ["date,sku,units,channel", "2026-01-05,7,1,web", "2026-01-06,8,2,"]
        write(folder, "a.csv", ending.join(lines) + ending * last)
        assert read(path="a.csv")["channel"].to_list() == ["web", None]
        write(folder, "b.csv", ending.join([*lines, "2026-01-06,8,x,"]))
        assert fault(path="b.csv").startswith("b.csv:4:units: not a number: found 'x'")

    def test_byte_order_mark_and_blank_lines(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(
            folder,
            "a.csv",
            b"\xef\xbb\xbf\n\n" + HEAD.encode() + b"\n2026-01-05,7,1\n\n,,\n2026-01-06,8,2\n\n",
        )
        with caplog.at_level(logging.INFO):
            assert read(path="a.csv")["sku"].to_list() == ["7", "8"]
        assert "sales: 3 rows left out: blank" in logged(caplog, logging.INFO)
        write(folder, "b.csv", "\n\n" + HEAD + "\n2026-01-05,7,1\n\n,,\n2026-01-06,8,x\n")
        assert fault(path="b.csv").startswith("b.csv:8:units: ")

    @pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst", ".csv"])
    def test_compressed(self, folder: Path, suffix: str) -> None:
        text = (HEAD + "2026-01-05,007,1\n2026-01-06,007,x\n").encode()
        packed = (
            pa.compress(text, codec="zstd", asbytes=True)
            if "zst" in suffix
            else gzip.compress(text)
        )
        write(folder, f"a{suffix}", packed)
        rule = Exclude(where="units = 'x'", reason="none")
        assert read(path=f"a{suffix}", exclude=[rule])["sku"].to_list() == ["007"]
        assert fault(path=f"a{suffix}").startswith(f"a{suffix}:3:units: not a number")

    @pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "gb18030", "latin-1"])
    def test_told_encoding(self, folder: Path, encoding: str) -> None:
        good = HEAD + "2026-01-05,Café,1\n"
        write(folder, "a.csv", good.encode(encoding))
        assert read(path="a.csv", encoding=encoding)["sku"].to_list() == ["Café"]
        write(folder, "b.csv", (good + '2026-01-06,"a\nb",x\n').encode(encoding))
        assert fault(path="b.csv", encoding=encoding).startswith("b.csv:3:units: not a number")

    def test_encoding_that_does_not_fit(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD.encode() + b"2026-01-05,\xff\xff,1\n")
        assert fault(path="a.csv", encoding="gb18030") == (
            "a.csv:2: not gb18030 text at byte 27\n"
            "hint: say another encoding under [tables.sales] in stockout.toml"
        )
        for encoding in ("klingon", "rot13", "base64"):
            assert fault(path="a.csv", encoding=encoding) == (
                f"stockout.toml: tables.sales.encoding: found {encoding!r}, expected an encoding\n"
                "hint: such as utf-8, utf-16, cp1252 or gb18030"
            )

    def test_an_inch_sign_opens_no_quoted_cell(self, folder: Path) -> None:
        rows = '2026-01-05,5" pipe,1\n2026-01-05,"8"" pipe, long",2\n2026-01-06,6" pipe,3\n'
        write(folder, "a.csv", HEAD + rows)
        assert read(path="a.csv")["sku"].to_list() == ['5" pipe', '8" pipe, long', '6" pipe']
        write(folder, "b.csv", HEAD + rows + "2026-01-06,7,x\n")
        assert fault(path="b.csv").startswith("b.csv:5:units: ")

    def test_words_for_no_value(self, folder: Path) -> None:
        write(
            folder,
            "a.csv",
            "date,sku,units,revenue,customer_id,on_promo\n"
            "2026-01-05,NA,1,N/A,NULL,-\n2026-01-05,-,1, ,\\N,\n2026-01-05,-,1,--,,null\n",
        )
        frame = read(path="a.csv")
        assert frame["sku"].to_list() == ["NA", "-", "-"]
        assert frame.select("revenue", "customer_id", "on_promo").null_count().row(0) == (3, 3, 3)

    def test_told_words_for_no_value_replace_the_usual_ones(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,revenue\n2026-01-05,NULL,1,none given\n")
        assert read(path="a.csv", null_words=["none given"])["sku"].to_list() == ["NULL"]
        assert fault(path="a.csv").startswith("a.csv:2:revenue: not a number: found 'none given'")
        assert fault(path="a.csv", null_words=["none given", "NULL"]).startswith(
            "a.csv:2:sku: no v"
        )

    def test_flags(self, folder: Path) -> None:
        words = ["true", "FALSE", "yes", "No", "1", "0", "y", "N", "是", "否", "T", "f"]
        rows = "".join(f"2026-01-05,7,{word}\n" for word in words)
        write(folder, "a.csv", "date,sku,in_stock\n" + rows)
        assert read("inventory", path="a.csv")["in_stock"].to_list() == [True, False] * 6

    def test_shares_may_be_in_percent(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,in_stock_share\n2026-01-05,7,95%\n2026-01-06,7,0.5\n")
        assert read("inventory", path="a.csv")["in_stock_share"].to_list() == [0.95, 0.5]
        write(folder, "b.csv", "date,sku,in_stock_share\n2026-01-05,7,105 %\n")
        assert fault("inventory", path="b.csv").startswith("b.csv:2:in_stock_share: ")

    def test_kinds_of_movement_in_any_case(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,kind\n2026-01-05,7,1,Sale\n2026-01-05,7,1,\n")
        assert read("movements", path="a.csv")["kind"].to_list() == ["sale", None]

    def test_decimal_comma_and_day_first(self, folder: Path) -> None:
        write(folder, "a.csv", "date;sku;units\n05.01.2026;7;1.234,5\n13.01.2026;7;2\n")
        frame = read(path="a.csv", decimal=",")
        assert frame.select("date", "units").rows() == [(DAY, 1234.5), (date(2026, 1, 13), 2.0)]

    def test_a_point_in_a_semicolon_file_must_be_certain(self, folder: Path) -> None:
        write(folder, "a.csv", "date;sku;units\n2026-01-05;7;1.234\n")
        assert fault(path="a.csv").startswith("a.csv:2:units: ambiguous number: found '1.234'")
        assert read(path="a.csv", decimal=".")["units"].to_list() == [1.234]
        assert read(path="a.csv", decimal=",")["units"].to_list() == [1234]

    def test_all_files_of_a_table_settle_a_column(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD + "03/04/2026,7,1\n")
        write(folder, "b.csv", "sku,units,date\n7,1,13/04/2026\n")
        assert fault(path="a.csv").startswith("a.csv:2:date: ambiguous date")
        assert read(path=["a.csv", "b.csv"])["date"].to_list() == [
            date(2026, 4, 3),
            date(2026, 4, 13),
        ]

    def test_rows_left_out_do_not_settle_a_column(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD + "03/04/2026,7,1\n13/04/2026,TEST,1\n")
        rule = Exclude(where="sku = 'TEST'", reason="tests")
        assert fault(path="a.csv", exclude=[rule]).startswith("a.csv:2:date: ambiguous date")

    def test_money(self, folder: Path) -> None:
        write(
            folder,
            "a.csv",
            'date,sku,units,revenue\n2026-01-05,7,2,$8.00\n2026-01-05,7,1,"$1,5.0"\n',
        )
        assert fault(path="a.csv").startswith("a.csv:3:revenue: not a number: found '$1,5.0'")


class TestColumns:
    """Which column is which."""

    def test_header_words_of_other_systems(self, folder: Path) -> None:
        write(folder, "a.csv", "单据日期,商品编码,仓库名称,数量,金额\n2026-01-05,007,上海,2,9\n")
        write(folder, "b.csv", "InvoiceDate,StockCode,Quantity,Price\n2026-01-05,7,2,4.5\n")
        columns = ("date", "sku", "location", "units", "revenue", "unit_price")
        assert read(path="a.csv").select(columns).row(0) == (DAY, "007", "上海", 2, 9, 4.5)
        assert read(path="b.csv").select(columns).row(0) == (DAY, "7", "ALL", 2, 9, 4.5)

    def test_a_told_column_wins_over_its_own_name(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,Qty\n2026-01-05,7,1,2\n")
        assert read(path="a.csv")["units"].to_list() == [1]
        assert read(path="a.csv", columns={"units": "Qty"})["units"].to_list() == [2]

    def test_a_told_column_is_not_taken_for_another_one(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,price\n2026-01-05,7,2,8\n")
        frame = read(path="a.csv", columns={"revenue": "price"})
        assert frame.select("revenue", "unit_price").row(0) == (8, 4)

    def test_wrong_name_lists_what_is_there(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,Quantity\n2026-01-05,7,1\n")
        with pytest.raises(MissingColumnError) as caught:
            read(path="a.csv", columns={"units": "Qantity"})
        assert str(caught.value) == (
            "a.csv:1:Qantity: no such column, named by tables.sales.columns.units in stockout.toml"
            "\nhint: did you mean Quantity? The columns are date, sku, Quantity"
        )

    def test_wrong_canonical_name(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD)
        assert fault(path="a.csv", columns={"unit": "units"}) == (
            "stockout.toml: tables.sales.columns.unit: table sales has no such column\n"
            "hint: did you mean units?"
        )

    def test_weaker_names_count_only_where_there_is_no_better_one(self, folder: Path) -> None:
        write(folder, "a.csv", "date,product,product id,units\n2026-01-05,Tea,007,1\n")
        write(folder, "b.csv", "date,product,units\n2026-01-05,Tea,1\n")
        assert read(path="a.csv")["sku"].to_list() == ["007"]
        assert read(path="b.csv")["sku"].to_list() == ["Tea"]

    def test_a_name_that_may_mean_it_is_pointed_out(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", "sku,Lead Time\n7,3\n")
        assert read("products", path="a.csv")["lead_time_days"].to_list() == [None]
        assert logged(caplog) == [
            "products: column 'Lead Time' is not used; if it holds lead_time_days, say so "
            'under [tables.products.columns] in stockout.toml: lead_time_days = "Lead Time"'
        ]

    def test_repeated_and_empty_names_do_not_matter_where_unused(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,Voucher,Voucher,,\n2026-01-05,7,1,x,y,,\n")
        assert read(path="a.csv").height == 1
        rule = Exclude(where="Voucher = 'x'", reason="none")
        assert fault(path="a.csv", exclude=[rule]) == (
            "stockout.toml: tables.sales.exclude.0: the export has more than one column 'Voucher'"
        )

    def test_missing_column_of_inventory(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,shelf\n2026-01-05,7,1\n")
        assert fault("inventory", path="a.csv").startswith(
            "a.csv:1: no column for on_hand or in_stock or in_stock_share, which table inventory "
            "needs: the columns are date, sku, shelf"
        )

    def test_empty_location_is_all_and_told(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", "date,sku,store,units\n2026-01-05,7,,1\n2026-01-05,7,S1,1\n")
        assert read(path="a.csv")["location"].to_list() == ["ALL", "S1"]
        assert logged(caplog) == ["sales: 1 row without a location, taken as ALL"]

    def test_prices_and_revenue_complete_each_other(self, folder: Path) -> None:
        write(
            folder,
            "a.csv",
            "date,sku,units,revenue,unit_price\n"
            "2026-01-05,7,2,,3\n2026-01-05,7,-2,-8,\n2026-01-05,7,0,0,\n2026-01-05,7,1,,\n",
        )
        assert read(path="a.csv").select("revenue", "unit_price").rows() == [
            (6, 3),
            (-8, 4),
            (0, None),
            (None, None),
        ]

    def test_repeated_product_rows_count_once(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", "sku,name\n7,Tea\n7,Tea\n8,Mug\n")
        assert read("products", path="a.csv")["sku"].to_list() == ["7", "8"]
        assert logged(caplog) == ["products: repetitions of a row left out: 1"]


class TestRules:
    """Expressions and rows that are left out."""

    ROWS = "Date,SKU,Quantity,Customer ID\n2026-01-05,7,1,5\n2026-01-05,C8,x,5\nTotal,,8,\n"

    def test_rows_left_out_are_counted_and_need_not_read(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", self.ROWS)
        frame = read(
            path="a.csv",
            exclude=[
                Exclude(where="SKU LIKE 'C%'", reason="cancelled"),
                Exclude(where="Date = 'Total' OR SKU LIKE 'C%'", reason="totals"),
                Exclude(where="SKU = 'POST'", reason="postage"),
            ],
        )
        assert frame["sku"].to_list() == ["7"]
        assert logged(caplog) == [
            "sales: 1 row left out: cancelled",
            "sales: 1 row left out: totals",
        ]

    def test_row_that_is_left_out_may_have_too_few_cells(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD + "2026-01-05,7,1\nTotal\n")
        rule = Exclude(where="date = 'Total'", reason="totals")
        assert read(path="a.csv", exclude=[rule]).height == 1
        write(folder, "b.csv", HEAD + "Total\n2026-01-05,7\n")
        assert fault(path="b.csv", exclude=[rule]).startswith("b.csv:3: the row has too few cells")

    def test_nothing_left(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD + "2026-01-05,7,1\n")
        assert fault(path="a.csv", exclude=[Exclude(where="units = '1'", reason="all")]) == (
            "a.csv: no rows, and table sales cannot be empty\n"
            "hint: do the exclude rules leave out more than they should?"
        )

    def test_computed_columns(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,out\n2026-01-05,7,4\n2026-01-06,7,16\n")
        frame = read(
            "inventory",
            path="a.csv",
            columns={
                "in_stock_share": SqlColumn(sql="1 - CAST(out AS DOUBLE) / 16"),
                "location": SqlColumn(sql="'Main'"),
            },
        )
        assert frame.select("location", "in_stock_share").rows() == [("Main", 0.75), ("Main", 0.0)]

    def test_computed_value_that_does_not_fit(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,out\n2026-01-05,7,4\n2026-01-06,7,17\n")
        share = SqlColumn(sql="1 - CAST(out AS DOUBLE) / 16")
        assert fault("inventory", path="a.csv", columns={"in_stock_share": share}) == (
            "a.csv:3:in_stock_share: out of range: found '-0.0625', expected a share from 0 to 1"
        )

    @pytest.mark.parametrize(
        ("sql", "message"),
        [
            (
                "Quantty * 2",
                "the export has no column 'Quantty'\nhint: did you mean 'Quantity'? The columns "
                'are Date, SKU, Quantity, Customer ID; one with spaces is written "in double '
                "quotes\", a text 'in single quotes'",
            ),
            ("Quantity *", "'Quantity *' does not work: unable to parse 'Quantity *' as Expr"),
            (
                "Quantity < 0",
                "'Quantity < 0' does not work: cannot compare string with numeric type (i32)\n"
                "hint: the cells of a CSV are text: CAST(column AS DOUBLE) makes them numbers",
            ),
            ("MAX(Quantity)", "'MAX(Quantity)' makes one value of all rows, not one of each"),
            (
                "CAST(Quantity AS DOUBLE)",
                "'CAST(Quantity AS DOUBLE)' does not work: conversion from `str` to `f64` failed "
                "in column 'Quantity' for 1 out of 3 values: [\"x\"]\n"
                "hint: TRY_CAST gives no value instead of an error",
            ),
        ],
    )
    def test_expression_that_does_not_work(self, folder: Path, sql: str, message: str) -> None:
        write(folder, "a.csv", self.ROWS)
        assert fault(path="a.csv", columns={"units": SqlColumn(sql=sql)}) == (
            f"stockout.toml: tables.sales.columns.units: {message}"
        )

    def test_columns_of_expressions_count_as_used(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", "date,sku,units,packs,kind,note\n2026-01-05,7,1,2,x,y\n")
        rule = Exclude(where="kind = 'b'", reason="b")
        units = SqlColumn(sql="CAST(packs AS DOUBLE) * 6")
        with caplog.at_level("INFO"):
            read(path="a.csv", columns={"revenue": units}, exclude=[rule])
        assert "sales: columns not used: note" in caplog.messages

    def test_cast_of_a_decimal_comma_is_told_what_to_do(self, folder: Path) -> None:
        write(folder, "a.csv", "date;sku;units\n2026-01-05;7;1,5\n")
        sql = SqlColumn(sql="CAST(units AS DOUBLE)")
        assert fault(path="a.csv", columns={"units": sql}).endswith(
            "hint: REPLACE(column, ',', '.') makes a decimal comma a point"
        )

    @pytest.mark.parametrize(
        "where",
        [
            "SKU IN (SELECT SKU FROM read_csv('other.csv'))",
            "SKU IN (FROM \"READ_CSV\"('other.csv'))",
            "EXISTS (/* a comment */ select 1 from read_parquet('other.csv'))",
            "SKU IN ( select SKU from self)",
        ],
    )
    def test_an_expression_opens_no_other_file(self, folder: Path, where: str) -> None:
        write(folder, "a.csv", self.ROWS)
        assert fault(path="a.csv", exclude=[Exclude(where=where, reason="x")]) == (
            f"stockout.toml: tables.sales.exclude.0: {where!r} asks for other rows, expected an "
            "expression over the columns of a row"
        )

    def test_words_of_a_query_in_quotes_are_text(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,units,kind\n2026-01-05,7,1,(select)\n2026-01-06,7,1,b\n")
        rule = Exclude(where="kind = '(select)'", reason="x")
        assert read(path="a.csv", exclude=[rule]).height == 1

    def test_rule_must_be_a_condition(self, folder: Path) -> None:
        write(folder, "a.csv", self.ROWS)
        assert fault(path="a.csv", exclude=[Exclude(where="SKU", reason="x")]) == (
            "stockout.toml: tables.sales.exclude.0: 'SKU' gives String, "
            "expected a condition, true for the rows to leave out"
        )

    def test_told_date_format_that_tells_no_date(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD)
        assert fault(path="a.csv", date_format="%d/%m").startswith(
            "stockout.toml: tables.sales.date_format: found '%d/%m'"
        )


class TestFiles:
    """Several files, folders, and what is not there."""

    def test_lists_globs_and_folders(self, folder: Path) -> None:
        for name, sku in (("a", "1"), ("b", "2"), ("deep/c", "3")):
            write(folder, f"x/{name}.csv", HEAD + f"2026-01-05,{sku},1\n")
        write(folder, "x/_SUCCESS", "")
        write(folder, "x/.hidden.csv", "not ours")
        write(folder, "x/notes.md", "not ours")

        def skus(path: str | list[str]) -> list[str]:
            return read(path=path)["sku"].to_list()

        assert skus("x") == ["1", "2", "3"]
        assert skus("x/*.csv") == ["1", "2"]
        assert skus("x/**/*.csv") == ["1", "2", "3"]
        assert skus(["x/b.csv", "x/[ab].csv"]) == ["2", "1"]

    def test_files_may_order_their_columns_differently(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "x/a.csv", HEAD + "2026-01-05,7,1\n")
        write(folder, "x/b.csv", "channel;units;sku;date\nweb;2;8;2026-01-06\n")
        assert read(path="x").select("sku", "units", "channel").rows() == [
            ("7", 1, None),
            ("8", 2, "web"),
        ]
        assert logged(caplog) == ["sales: not every file has channel, as x/b.csv has"]

    def test_error_names_the_file_among_many(self, folder: Path) -> None:
        for number in range(5):
            write(folder, f"x/{number}.csv", HEAD + "2026-01-05,7,1\n" * 3)
        write(folder, "x/3.csv", HEAD + "2026-01-05,7,1\n2026-01-05,7,x\n")
        assert fault(path="x").startswith("x/3.csv:3:units: not a number")
        write(folder, "x/3.csv", HEAD + "2026-01-05,7,1\n2026-01-05,7\n")
        assert fault(path="x").startswith("x/3.csv:3: the row has too few cells")
        write(folder, "x/3.csv", HEAD + "2026-01-05,7,1\n2026-01-05,7,1,1\n")
        assert fault(path="x").startswith("x/3.csv:3: the row has too many cells")
        write(folder, "x/3.csv", HEAD.encode() + b"2026-01-05,\xff,1\n")
        assert fault(path="x").startswith("x/3.csv:2: not UTF-8 text at byte 27")
        write(folder, "x/3.csv", "")
        assert fault(path="x") == "x/3.csv: the file is empty"

    def test_a_file_without_rows_among_others(self, folder: Path) -> None:
        write(folder, "x/a.csv", HEAD)
        write(folder, "x/b.csv", HEAD + "2026-01-05,7,1\n")
        assert read(path="x").height == 1

    def test_tables_that_may_be_empty(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        write(folder, "a.csv", "order_id,sku,units\n")
        frame = read("orders", path="a.csv")
        assert frame.schema == pl.Schema(
            {name: column.dtype for name, column in SCHEMAS["orders"].columns().items()}
        )
        assert logged(caplog) == ["orders: no rows in a.csv"]

    def test_hive_partitions_keep_their_zeros(self, folder: Path) -> None:
        for store in ("007", "008%2F1"):
            day = folder / f"k=1/x/store={store}/day=2026-01-05"
            day.mkdir(parents=True)
            pl.DataFrame({"sku": [1.0], "units": [1]}).write_parquet(day / "p.parquet")
            write(folder, f"y/store={store}/a.csv", HEAD + "2026-01-05,1,1\n\n")
        for path, columns in (("k=1/x", {"date": "day"}), ("y", {})):
            assert read(path=path, columns=columns).select(
                "date", "sku", "location", "units"
            ).rows() == [(DAY, "1", "007", 1), (DAY, "1", "008/1", 1)]

    def test_missing_files(self, folder: Path) -> None:
        write(folder, "x/sales.csv", HEAD)
        (folder / "empty").mkdir()
        assert fault(path="x/sale.csv") == (
            "x/sale.csv: no such file\nhint: did you mean x/sales.csv?"
        )
        assert fault(path="y/sales.csv") == "y/sales.csv: no such file\nhint: no folder y either"
        assert fault(path="x/*.parquet") == "x/*.parquet: no file matches"
        assert fault(path=["x/sales.csv", "x/zzz"]) == "x/zzz: no such file"
        assert fault(path="empty").startswith("empty: no readable file in this folder")
        assert fault(path="a\0b").startswith("a\0b: ")

    def test_formats(self, folder: Path) -> None:
        write(folder, "x/a.csv", HEAD + "2026-01-05,7,1\n")
        write(folder, "x/b.parquet", "")
        write(folder, "export", HEAD + "2026-01-05,7,1\n")
        assert fault(path="x").startswith("x/b.parquet: files of different formats in one table")
        assert read(path="x", format="csv").height == 1
        assert fault(path="export") == (
            "export: the file's format is not known from its name\n"
            'hint: say it with format = "csv", format = "parquet" or format = "excel" under '
            "[tables.sales] in stockout.toml"
        )
        assert read(path="export", format="csv").height == 1

    def test_an_export_saved_twice_is_told(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(folder, "a.csv", HEAD + "2026-01-05,7,1\n")
        write(folder, "b.csv", HEAD + "2026-01-05,7,2\n")
        write(folder, "c.csv", HEAD + "2026-01-05,7,1\n")
        with caplog.at_level("WARNING"):
            assert read(path="*.csv").height == 3
        assert caplog.messages == ["sales: c.csv holds the same as a.csv, and its rows count twice"]

    def test_stock_that_did_not_move_is_no_copy(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for day in ("2026-01-05", "2026-01-12"):
            write(folder, f"stock_{day}.csv", "sku,on_hand\n7,3\n")
        with caplog.at_level("WARNING"):
            found = read("inventory", path="stock_*.csv")
        assert found["date"].to_list() == [date(2026, 1, 5), date(2026, 1, 12)]
        assert caplog.messages == []

    def test_hint_of_a_project_file_names_its_section(self, folder: Path) -> None:
        write(folder, "a.csv", "date,sku,pieces\n2026-01-05,7,1\n")
        with pytest.raises(InputError) as caught:
            read_table("sales", Source(path="a.csv"), config_name="pyproject.toml")
        assert caught.value.hint == (
            "say which it is under [tool.stockout.tables.sales.columns] in pyproject.toml: "
            'units = "NAME IN THE FILE"'
        )

    def test_name_with_characters_of_a_glob(self, folder: Path) -> None:
        write(folder, "sales [1].csv", HEAD + "2026-01-05,7,1\n")
        assert read(path="sales [1].csv").height == 1

    def test_what_is_no_regular_file(self) -> None:
        assert fault(path="/dev/null") == (
            "/dev/null: not a regular file\nhint: write it to a file first"
        )

    def test_each_file_has_its_own_style_of_numbers(self, folder: Path) -> None:
        write(folder, "a.csv", HEAD + "2026-01-05,7,1.234\n2026-01-05,7,0.5\n")
        write(folder, "b.csv", HEAD.replace(",", ";") + "2026-01-05;7;1.234\n2026-01-05;7;0,5\n")
        assert read(path=["a.csv", "b.csv"])["units"].to_list() == [1.234, 0.5, 1234.0, 0.5]
        write(folder, "c.csv", HEAD + "2026-01-05,7,1.234\n")
        for order in (["a.csv", "c.csv"], ["c.csv", "a.csv"]):
            assert fault(path=order).startswith("c.csv:2:units: ambiguous number")

    def test_there_is_a_field_for_every_table(self) -> None:
        assert [field.name for field in fields(Tables)] == list(SCHEMAS)

    def test_read_tables(self, folder: Path) -> None:
        write(folder, "shop/sales.csv", HEAD + "2026-01-05,7,1\n")
        write(folder, "shop/products.csv", "sku\n7\n")
        config = Config(
            tables={"sales": [Source(path="sales.csv")], "products": [Source(path="products.csv")]},
            folder=folder / "shop",
        )
        tables = read_tables(config)
        assert tables.sales is not None
        assert tables.products is not None
        assert tables.inventory is None
        assert read_tables(config, only={"products", "orders"}).sales is None

    def test_errors_name_the_configuration_file(self, folder: Path) -> None:
        write(folder, "sales.csv", HEAD)
        sales = Source(path="sales.csv", columns={"units": "n"})
        config = Config(tables={"sales": [sales]}, file=folder / "my.toml")
        with pytest.raises(MissingColumnError) as caught:
            read_tables(config)
        assert f"named by tables.sales.columns.units in {folder / 'my.toml'}" in str(caught.value)


class TestParquet:
    """Typed columns."""

    def write(self, folder: Path, name: str = "a.parquet", /, **columns: object) -> None:
        base: dict[str, object] = {"date": [DAY] * 2, "sku": ["7", "8"], "units": [1, 2]}
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        pl.DataFrame(base | columns).write_parquet(path)

    @pytest.mark.parametrize(
        "days",
        [
            [date(2026, 1, 5), date(2026, 1, 6)],
            [datetime(2026, 1, 5, 23), datetime(2026, 1, 6)],  # noqa: DTZ001
            [datetime(2026, 1, 5, 23, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)],
            ["2026-01-05 10:00:00", "2026-01-06"],
            [20260105, 20260106],
            [20260105.0, 20260106.0],
        ],
    )
    def test_dates(self, folder: Path, days: list[object]) -> None:
        self.write(folder, date=days)
        assert read(path="a.parquet")["date"].to_list() == [DAY, date(2026, 1, 6)]

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            ([13085, None], ["13085", None]),
            ([13085.0, float("nan")], ["13085", None]),
            ([-0.0, 1.5], ["0", "1.5"]),
            ([2.0**53, 1e20], ["9007199254740992.0", "1e+20"]),
            ([" 007 ", ""], ["007", None]),
            ([None, None], [None, None]),
            (pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"]),
            (pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])), ["a", "b"]),
            (pl.Series([255, 1], dtype=pl.UInt8), ["255", "1"]),
        ],
    )
    def test_identifiers_become_text(
        self, folder: Path, values: object, texts: list[str | None]
    ) -> None:
        self.write(folder, customer_id=values)
        assert read(path="a.parquet")["customer_id"].to_list() == texts

    def test_apostrophe_of_a_spreadsheet_is_only_in_csv(self, folder: Path) -> None:
        self.write(folder, sku=["'=1", "'x"])
        assert read(path="a.parquet")["sku"].to_list() == ["'=1", "'x"]

    @pytest.mark.parametrize(
        "dtype", [pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(10, 2), pl.String]
    )
    def test_numbers(self, folder: Path, dtype: Any) -> None:  # noqa: ANN401
        self.write(folder, units=pl.Series([1, 2]).cast(dtype))
        assert read(path="a.parquet")["units"].to_list() == [1.0, 2.0]

    def test_not_a_number_is_no_value_and_infinity_a_fault(self, folder: Path) -> None:
        self.write(folder, revenue=[float("nan"), 1.0])
        assert read(path="a.parquet")["revenue"].to_list() == [None, 1.0]
        self.write(folder, revenue=[1.0, float("inf")])
        assert fault(path="a.parquet").startswith("a.parquet:2:revenue: not a number: found 'inf'")
        self.write(folder, units=[1.0, float("nan")])
        assert fault(path="a.parquet").startswith("a.parquet:2:units: no value")

    @pytest.mark.parametrize("flags", [[True, False], [1, 0], [1.0, 0.0], ["yes", "no"]])
    def test_flags(self, folder: Path, flags: list[object]) -> None:
        self.write(folder, on_promo=flags)
        assert read(path="a.parquet")["on_promo"].to_list() == [True, False]

    @pytest.mark.parametrize(
        ("column", "values", "message"),
        [
            ("sku", [["a"], ["b"]], "found 'List(String)', expected text"),
            ("units", [DAY, DAY], "found 'Date', expected numbers"),
            ("date", [True, False], "found 'Boolean', expected dates"),
            ("on_promo", [DAY, DAY], "found 'Date', expected true or false"),
            ("units", [True, False], "found 'Boolean', expected numbers"),
        ],
    )
    def test_type_that_does_not_fit(
        self, folder: Path, column: str, values: list[object], message: str
    ) -> None:
        self.write(folder, **{column: values})
        assert fault(path="a.parquet") == (
            f"a.parquet:{column}: the column has a type that does not fit: {message}"
        )

    def test_files_of_different_types(self, folder: Path) -> None:
        self.write(folder, "x/1.parquet", sku=[7, 8])
        self.write(folder, "x/2.parquet", sku=["007", "008"])
        assert read(path="x")["sku"].to_list() == ["7", "8", "007", "008"]

    def test_row_of_an_error_counts_from_one(self, folder: Path) -> None:
        self.write(folder, date=["2026-01-05", "soon"])
        with pytest.raises(UnparsableValueError) as caught:
            read(path="a.parquet")
        assert (caught.value.file, caught.value.row, caught.value.column) == (
            "a.parquet",
            2,
            "date",
        )

    def test_damage_within(self, folder: Path) -> None:
        self.write(folder, sku=["7", "8"])
        data = bytearray((folder / "a.parquet").read_bytes())
        data[4:120] = b"\xff" * 116
        (folder / "a.parquet").write_bytes(data)
        assert fault(path="a.parquet").startswith("a.parquet: not a Parquet file, or a damaged one")

    def test_same_rows_as_from_csv(self, folder: Path) -> None:
        self.write(folder, sku=["007", "8"], units=[1.5, -2], channel=["web", None])
        pl.read_parquet(folder / "a.parquet").write_csv(folder / "a.csv")
        assert_frame_equal(read(path="a.parquet"), read(path="a.csv"))
