"""Databases as exports: URLs and their secrets, queries that only read, and SQLite."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from stockout.config import Source
from stockout.errors import ConfigError, InputError, StockoutError
from stockout.exports.databases import sqlite
from stockout.exports.databases.database import open_database
from stockout.exports.databases.database_url import is_database, parse_url
from stockout.exports.databases.select_query import select_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockout.exports.databases.database import DatabaseExport


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A SQLite file with a few sales; what is read of it goes to a folder beside it."""
    path = tmp_path / "shop.db"
    base = sqlite3.connect(path)
    base.executescript(
        """
        CREATE TABLE sales (day TEXT, sku TEXT, units INTEGER, price REAL, note TEXT);
        INSERT INTO sales VALUES ('2026-01-05', '00123', 2, 4.5, NULL),
                                 ('2026-01-06', '00456', -1, NULL, NULL),
                                 ('2026-01-07', '库存', 3, 1e-3, NULL);
        CREATE TABLE "order" (id);
        """
    )
    base.close()
    (tmp_path / "scratch").mkdir()
    return path


def read(
    shop: Path, query: str | None, path: str | list[str] = "sqlite:///shop.db"
) -> pl.DataFrame:
    [export] = exports(shop, query, path)
    return export.scan().collect()


def exports(
    shop: Path, query: str | None, path: str | list[str] = "sqlite:///shop.db"
) -> list[DatabaseExport]:
    return open_database(
        Source(path=path, query=query), shop.parent / "scratch", shop.parent, {"DATA": str(shop)}
    )


def fill(shop: Path, cells: Sequence[object]) -> None:
    """A table ``mixed`` with these cells in its column ``x``, which has no declared type."""
    base = sqlite3.connect(shop)
    base.execute("CREATE TABLE mixed (x)")
    base.executemany("INSERT INTO mixed VALUES (?)", [(cell,) for cell in cells])
    base.commit()
    base.close()


def test_a_table_comes_typed(shop: Path) -> None:
    expected = pl.DataFrame(
        {
            "day": ["2026-01-05", "2026-01-06", "2026-01-07"],
            "sku": ["00123", "00456", "库存"],
            "units": [2, -1, 3],
            "price": [4.5, None, 1e-3],
            "note": [None, None, None],
        }
    )
    assert_frame_equal(read(shop, "sales"), expected)


def test_an_export_has_what_the_reading_asks_for(shop: Path) -> None:
    [export] = exports(shop, "SELECT sku, units, sku FROM sales ORDER BY day DESC")
    [file] = export.files
    name = "sqlite:///shop.db (SELECT sku, units, sku FROM sales ORDER BY day DESC)"
    assert file.name == name
    assert export.header == ["sku", "units", "sku"]
    assert export.repeated == {"sku"}
    assert list(export.schema) == ["sku", "units", "sku (column 3)"]
    assert (export.is_text, export.header_row, export.width) == (False, None, 3)
    assert export.scan(file).collect()["sku"].to_list() == ["库存", "00456", "00123"]
    assert export.row_number(file, 0) == 1
    assert export.row_numbers(file, pl.Series([2, 0], dtype=pl.UInt32)).to_list() == [3, 1]
    assert list(export.short_rows(file)) == []
    file.path.write_bytes(b"PAR1")
    with pytest.raises(pl.exceptions.PolarsError) as failure:
        export.scan().collect()
    assert str(export.explain(failure.value, file)).startswith(f"{name}: the result cannot be read")


@pytest.mark.parametrize(
    "query", ["sales", '"sales"', "main.sales", "select * from sales;\n-- all"]
)
def test_a_query_or_the_name_of_a_table(shop: Path, query: str) -> None:
    assert read(shop, query).height == 3


def test_no_rows_are_columns_without_rows(shop: Path) -> None:
    frame = read(shop, "SELECT day, units FROM sales WHERE units > 99")
    assert (frame.columns, frame.height) == (["day", "units"], 0)


@pytest.mark.parametrize(
    ("cells", "held"),
    [
        ([1, None, 2], pl.Series([1, None, 2], dtype=pl.Int64)),
        ([1, 2.5, None], pl.Series([1.0, 2.5, None], dtype=pl.Float64)),
        (["00123", 456, 7.5], pl.Series(["00123", "456", "7.5"], dtype=pl.String)),
        ([5.0, "a"], pl.Series(["5.0", "a"], dtype=pl.String)),
        ([None, None], pl.Series([None, None], dtype=pl.Null)),
        ([b"\x00\xff", "a", 1, None], pl.Series([b"\x00\xff", b"a", b"1", None], dtype=pl.Binary)),
        ([2**62, 1], pl.Series([2**62, 1], dtype=pl.Int64)),
        (["2026-01-05", ""], pl.Series(["2026-01-05", ""], dtype=pl.String)),
        ([float("inf")], pl.Series([float("inf")], dtype=pl.Float64)),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_a_column_has_the_type_that_holds_all_its_cells(
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    cells: list[object],
    held: pl.Series,
    rows: int,
) -> None:
    monkeypatch.setattr(sqlite, "_BATCH_ROWS", rows)  # each row a part, or all in one
    fill(shop, cells)
    assert_series_equal(read(shop, "mixed")["x"], held, check_names=False)


def test_a_whole_number_that_a_float_cannot_hold_is_refused(shop: Path) -> None:
    fill(shop, [2**53 + 1, 0.5])
    with pytest.raises(InputError, match="a cell cannot be read as double") as error:
        read(shop, "mixed")
    assert (error.value.column, error.value.hint) == (
        "x",
        'if it is a code and no number, read it with CAST("x" AS TEXT)',
    )


def test_the_file_is_neither_made_nor_changed(shop: Path) -> None:
    before = shop.read_bytes()
    with pytest.raises(InputError, match=r"no such file\nhint: did you mean .*shop.db\?"):
        read(shop, "sales", "sqlite:///shop.dbb")
    for query in ("WITH x AS (SELECT 1) INSERT INTO sales SELECT 1, 2, 3, 4, 5", "sales"):
        try:
            read(shop, query)
        except InputError as error:
            assert "readonly" in str(error)  # noqa: PT017 - the other one reads
    assert shop.read_bytes() == before
    assert sorted(path.name for path in shop.parent.iterdir()) == ["scratch", "shop.db"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT * FROM sale",
            "sqlite:///shop.db (SELECT * FROM sale): the database cannot be read: no such table:"
            " sale\nhint: did you mean sales?",
        ),
        (
            "zebra",
            "sqlite:///shop.db (zebra): the database cannot be read: no such table: zebra\n"
            "hint: tables there: order, sales",
        ),
        (
            "SELECT skU1 FROM sales",
            "sqlite:///shop.db (SELECT skU1 FROM sales): the database cannot be read: no such"
            " column: skU1\nhint: names of columns stand in double quotes, texts in single ones",
        ),
        (
            "SELECT sku FROM",
            "sqlite:///shop.db (SELECT sku FROM): the database cannot be read: incomplete input",
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_told(shop: Path, query: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read(shop, query)
    assert str(error.value) == message


def test_a_file_that_is_no_database(shop: Path) -> None:
    shop.write_text("day,sku,units\n" * 100)
    with pytest.raises(InputError, match="file is not a database\nhint: is it a SQLite file"):
        read(shop, "sales")


def test_text_in_another_encoding_is_refused(shop: Path) -> None:
    base = sqlite3.connect(shop)
    base.execute("CREATE TABLE odd AS SELECT CAST(x'c4e3' AS TEXT) AS name")
    base.close()
    with pytest.raises(InputError, match="Could not decode to UTF-8 column 'name'"):
        read(shop, "odd")


@pytest.mark.parametrize(
    "path", ["sqlite:///{}", "sqlite:///${{DATA}}", "sqlite3:///{}", "sqlite+pysqlite:///{}"]
)
def test_a_path_from_the_root(shop: Path, path: str) -> None:
    assert read(shop, "sales", path.format(shop)).height == 3


def test_several_databases_are_several_exports(shop: Path) -> None:
    paths = ["sqlite:///shop.db", "sqlite:///./shop.db"]
    assert [export.scan().collect().height for export in exports(shop, "sales", paths)] == [3, 3]


def test_files_and_databases_are_sources_of_their_own(shop: Path) -> None:
    paths = ["postgresql://ann:hunter2@db/shop", "sales.csv"]
    with pytest.raises(ConfigError, match=r"^sales.csv: a file and a database.*\nhint: write two"):
        exports(shop, "sales", paths)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (None, "a database needs a query"),
        ("  ", "a database needs a query"),
        ("DELETE FROM sales", "the query is no SELECT"),
        ("-- SELECT\nDROP TABLE sales", "the query is no SELECT"),
        ("PRAGMA table_info(sales)", "the query is no SELECT"),
        ("SELECT 1; DELETE FROM sales", "more than one statement"),
        ("SELECT ';' ; SELECT 2", "more than one statement"),
        ("SELECT 1 /* ; */ ; --\n; SELECT 2", "more than one statement"),
    ],
)
def test_only_one_statement_that_reads(query: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        select_query(query, "sqlite:///shop.db")


@pytest.mark.parametrize(
    ("query", "sql", "summary"),
    [
        ("sales", "SELECT * FROM sales", "sales"),
        ('dbo."Order Lines"', 'SELECT * FROM dbo."Order Lines"', 'dbo."Order Lines"'),
        ("销售明细", "SELECT * FROM 销售明细", "销售明细"),
        ("/* a */ select 1 ;; -- b", "select 1", "select 1"),
        (
            "SELECT ';--' AS \"a;b\" FROM t WHERE x = $$;$$ AND y = 'it''s';",
            "SELECT ';--' AS \"a;b\" FROM t WHERE x = $$;$$ AND y = 'it''s'",
            "SELECT '…' AS \"a;b\" FROM t WHERE x = '…' AND y = '…'",
        ),
        (
            "WITH a AS (SELECT 1)\n\n  -- why\n  SELECT * FROM a",
            "WITH a AS (SELECT 1)\n\n  -- why\n  SELECT * FROM a",
            "WITH a AS (SELECT 1) SELECT * FROM a",
        ),
        (
            "(select 1) union (select 2)",
            "(select 1) union (select 2)",
            "(select 1) union (select 2)",
        ),
        ("SELECT " + "a, " * 50 + "b FROM t", "SELECT " + "a, " * 50 + "b FROM t", None),
    ],
)
def test_a_query_and_its_summary(query: str, sql: str, summary: str | None) -> None:
    taken = select_query(query, "")
    assert taken.sql == sql
    assert len(taken.summary) <= 60
    assert taken.summary == summary or (summary is None and taken.summary.endswith("…"))


@pytest.mark.parametrize(
    ("given", "env", "target", "shown"),
    [
        (
            "postgres://ann:${PW}@db:5433/shop?sslmode=require",
            {"PW": "p/w@:%?#"},
            "postgresql://ann:p%2Fw%40%3A%25%3F%23@db:5433/shop?sslmode=require",
            "postgresql://ann@db:5433/shop",
        ),
        (
            "postgresql+psycopg2://${WHO}:${PW}@${HOST}/${BASE}?sslpassword=${PW}",
            {"WHO": "a@corp", "PW": "x&y", "HOST": "db:1", "BASE": "shop"},
            "postgresql://a%40corp:x%26y@db:1/shop?sslpassword=x%26y",
            "postgresql://a@corp@db:1/shop",
        ),
        (
            "${URL}",
            {"URL": "postgresql://ann:p@ss%21@db/shop"},
            "postgresql://ann:p%40ss%21@db/shop",
            "postgresql://ann@db/shop",
        ),
        ("postgresql:///shop", {}, "postgresql:///shop", "postgresql:///shop"),
        (
            "postgresql:///shop?user=me@corp",
            {},
            "postgresql:///shop?user=me@corp",
            "postgresql:///shop",
        ),
        ("sqlite:///a%20b.db", {}, "a b.db", "sqlite:///a%20b.db"),
        ("sqlite:////data/shop.db", {}, "/data/shop.db", "sqlite:////data/shop.db"),
    ],
)
def test_what_a_url_names(given: str, env: dict[str, str], target: str, shown: str) -> None:
    url = parse_url(given, env)
    assert (url.target, url.shown) == (target, shown)
    secrets = [value for name, value in env.items() if name == "PW"]
    assert all(secret not in repr(url) + url.hide(url.target) for secret in secrets)


@pytest.mark.parametrize(
    ("given", "env", "message"),
    [
        (
            "postgresql://ann:${PW}@db/shop",
            {},
            r"the environment variable PW is not set\nhint: exp",
        ),
        ("postgresql://ann:${PW}@db/shop", {"PW": ""}, "the environment variable PW is empty"),
        ("postgresql://${WHO}@db/${X}", {"WHO": "ann"}, "ann@db/.*variable X is not set"),
        ("${URL}", {}, "the environment variable URL is not set"),
        ("${URL}", {"URL": "hunter2"}, r"\$\{URL\}: no database URL\nhint: such as"),
        ("postgresql://ann:hunter2@db/shop", {}, "a password is written out.*\n.*SHOP_PASSWORD"),
        ("postgresql://ann:hunter2${X}@db/shop", {"X": "1"}, "a password is written out"),
        ("postgresql://db/shop?password=hunter2", {}, "a password is written out"),
        ("postgresql://ann:hunter2/x@db/shop", {}, "ends too early"),
        ("postgresql://ann:hunter2?x@db/shop", {}, "ends too early"),
        ("${URL}", {"URL": "postgresql://ann:hunter2/x@db/shop"}, "ends too early"),
        (
            "mysql://ann:hunter2@db/shop",
            {},
            "databases of this kind are not read.*\nhint: write the",
        ),
        ("sqlite://shop.db", {}, "names no file.*\nhint: three slashes"),
        ("sqlite:///:memory:", {}, "names no file"),
        ("sqlite:///shop.db?mode=rwc", {}, "names no file"),
        ("sqlite:///", {}, "names no file"),
    ],
)
def test_a_url_that_is_not_usable(given: str, env: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        parse_url(given, env)
    assert "hunter2" not in str(error.value)


def test_is_database() -> None:
    for path in ("sqlite:///a.db", "postgresql://h/d", "mysql+x://h", "${SHOP_URL}", "s3://bucket"):
        assert is_database(path)
    for path in ("sales.csv", "/data/a.db", "C:/a.csv", "C:\\a.csv", "a/*.csv", "${A}/x", "x:y"):
        assert not is_database(path)


# A variable of the environment holds no null character, and surrogates are no text.
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(password=PASSWORDS)
def test_whatever_a_password_holds_the_driver_gets_it(password: str) -> None:
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - this test's alone

    url = parse_url("postgresql://ann:${PW}@db.local:5432/shop", {"PW": password})
    parts = urlsplit(url.target)
    assert unquote(parts.password or "") == password
    assert (parts.username, parts.hostname, parts.port, parts.path) == (
        *("ann", "db.local", 5432, "/shop"),
    )


@given(rest=st.text(max_size=40), query=st.text(max_size=40))
def test_any_url_and_query_end_in_a_word_for_the_user(rest: str, query: str) -> None:
    for scheme in ("sqlite", "postgresql"):
        try:
            parse_url(f"{scheme}://{rest}", {})
            select_query(query, "")
        except StockoutError as error:
            assert str(error)  # noqa: PT017 - either outcome is fine, if it says something


def test_the_driver_of_postgresql_is_an_extra(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(ConfigError, match=r"needs a package.*\nhint: pip install 'stockout\[db\]'"):
        read(shop, "sales", "postgresql://localhost/shop")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read any file")
def test_a_file_that_may_not_be_read(shop: Path) -> None:
    shop.chmod(0)
    with pytest.raises(InputError, match="unable to open database file"):
        read(shop, "sales")
