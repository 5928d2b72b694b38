"""PostgreSQL as an export, on a real server that the tests start for themselves."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockout.config import Source
from stockout.errors import InputError
from stockout.exports.databases.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Execute: TypeAlias = Callable[[str], object]

PASSWORD = "p/ss@w:rd?&#%25"  # noqa: S105 - of a server that lives as long as a test
PLACES = ("/usr/local/bin", "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")


class Server(NamedTuple):
    """A running server, and the environment that a configuration takes its password from."""

    url: str  # with the password as a variable
    port: int
    env: dict[str, str]


def _folder_of_programs() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).parent
    found = [path for place in PLACES for path in Path("/").glob(f"{place[1:]}/initdb")]
    return max(found).parent if found else None


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; nobody may do it then."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own, in a folder of its own, gone afterwards."""
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        pytest.skip("no driver: pip install 'stockout[db]'")
    programs = _folder_of_programs()
    if programs is None:
        pytest.skip(
            "no PostgreSQL server on this machine: no initdb on PATH or in the usual places"
        )
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="stockout-pg-"))  # pytest's own is closed to other users
    try:
        if account:
            shutil.chown(folder, account["user"], account["group"])
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)

        def do(*command: str) -> None:
            # Into a file: the server keeps the pipes of its starter open.
            with (folder.parent / f"{folder.name}.log").open("w+", encoding="utf-8") as log:
                done = subprocess.run(
                    [str(programs / command[0]), *command[1:]],
                    check=False, stdout=log, stderr=log, cwd="/", timeout=60, **account,
                )  # fmt: skip
                log.seek(0)
                if done.returncode:
                    pytest.skip(f"{command[0]} does not work here: {log.read()[-500:]}")

        data, port = str(folder / "data"), _free_port()
        do("initdb", "-D", data, "-U", "ann", "-A", "scram-sha-256", "--pwfile", str(secret),
           "--no-sync", "-E", "UTF8", "--locale", "C")  # fmt: skip
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
            " -c timezone=UTC -c max_connections=10 -c shared_buffers=16MB"
        )
        do("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            url = f"postgresql://ann:${{SHOP_PASSWORD}}@127.0.0.1:{port}/postgres"
            yield Server(url, port, {"SHOP_PASSWORD": PASSWORD, "WRONG": "wrong/pass"})
        finally:
            do("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


@pytest.fixture
def execute(server: Server) -> Iterator[Execute]:
    """Runs a statement of the test's own, and undoes what it made."""
    dbapi = importlib.import_module("adbc_driver_postgresql.dbapi")

    from stockout.exports.databases.database_url import parse_url  # noqa: PLC0415

    with (
        contextlib.closing(
            dbapi.connect(parse_url(server.url, server.env).target, autocommit=True)
        ) as base,
        contextlib.closing(base.cursor()) as cursor,
    ):
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        yield cursor.execute


def read(server: Server, query: str, tmp_path: Path, url: str | None = None) -> pl.DataFrame:
    source = Source(path=url or server.url, query=query)
    [export] = open_database(source, tmp_path, tmp_path, server.env)
    return export.scan().collect()


def fault(server: Server, query: str, tmp_path: Path, url: str | None = None) -> str:
    with pytest.raises(InputError) as error:
        read(server, query, tmp_path, url)
    assert error.value.exit_code == 2
    for secret in (PASSWORD, "p%2Fss", "wrong/pass"):
        assert secret not in str(error.value)
    return str(error.value).replace(f"127.0.0.1:{server.port}", "HOST")


def test_the_usual_types(server: Server, execute: Execute, tmp_path: Path) -> None:
    execute(
        """
        CREATE TABLE sales (day date, sku text, code char(8), shop varchar(9), units integer,
                            small smallint, big bigint, price numeric(12, 2), rate real,
                            weight double precision, promo boolean, at timestamp);
        """
    )
    execute(
        """
        INSERT INTO sales VALUES
        ('2026-01-05', '00123', '007', '北京', 2, -3, 9007199254740993, 1234.50, 1.5, 0.1, true,
         '2026-01-05 13:14:15.123456'),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        ('1900-01-01', '', '', '', 0, 0, 0, -0.05, 0, 1e300, false, '9999-12-31 23:59:59')
        """
    )
    assert_frame_equal(
        read(server, "sales", tmp_path),
        pl.DataFrame(
            {
                "day": [date(2026, 1, 5), None, date(1900, 1, 1)],
                "sku": ["00123", None, ""],
                "code": ["007     ", None, "        "],
                "shop": ["北京", None, ""],
                "units": pl.Series([2, None, 0], dtype=pl.Int32),
                "small": pl.Series([-3, None, 0], dtype=pl.Int16),
                "big": [9007199254740993, None, 0],
                "price": [1234.5, None, -0.05],
                "rate": pl.Series([1.5, None, 0], dtype=pl.Float32),
                "weight": [0.1, None, 1e300],
                "promo": [True, None, False],
                "at": [
                    *(datetime(2026, 1, 5, 13, 14, 15, 123456), None),  # noqa: DTZ001
                    datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001 - as the column has none
                ],
            }
        ),
    )


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ("12.34::numeric", pl.Float64, 12.34),
        ("'NaN'::numeric", pl.Float64, float("nan")),
        ("'Infinity'::numeric", pl.Float64, float("inf")),
        ("123::numeric(10, 0)", pl.Float64, 123.0),
        ("12345678901234567890::numeric(38, 0)", pl.String, "12345678901234567890"),
        ("150::numeric(3, -2)", pl.Float64, 200.0),
        ("1.000000000000000000001::numeric(38, 21)", pl.Float64, 1.0),
        ("sum(2.50::numeric)", pl.Float64, 2.5),
        ("1234.5::money", pl.Float64, 1234.5),
        ("'{\"a\": 1}'::json", pl.String, '{"a": 1}'),
        ("'{\"a\": 1}'::jsonb", pl.String, '{"a": 1}'),
        ("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", pl.String, None),
        ("'1 day 2 hours'::interval", pl.String, "1 day 02:00:00"),
        ("'12:30'::time", pl.String, "12:30:00"),
        ("'12:30+08'::timetz", pl.String, "12:30:00+08"),
        ("'127.0.0.1'::inet", pl.String, "127.0.0.1/32"),
        ("'[2026-01-01,2026-02-01)'::daterange", pl.String, "[2026-01-01,2026-02-01)"),
        ("'<a/>'::xml", pl.String, "<a/>"),
        ("B'101'", pl.String, "101"),
        ("row(1, 'a')", pl.String, "(1,a)"),
        ("'\\xdead'::bytea", pl.Binary, b"\xde\xad"),
        ("'{1,NULL}'::int[]", pl.List(pl.Int32), [1, None]),
        ("'{a,b}'::text[]", pl.List(pl.String), ["a", "b"]),
        ("'{1.5}'::numeric[]", pl.List(pl.String), ["1.5"]),
        ("NULL", pl.String, None),
    ],
)
def test_other_types(
    server: Server, tmp_path: Path, value: str, dtype: pl.DataType, expected: object
) -> None:
    frame = read(server, f"SELECT 'x' AS sku, {value} AS it -- a comment", tmp_path)
    assert frame.schema["it"] == dtype
    assert frame["sku"].to_list() == ["x"]
    if "uuid" not in value:
        assert frame["it"].equals(pl.Series([expected], dtype=dtype), null_equal=True)


def test_enums_and_domains_are_what_they_stand_for(
    server: Server, execute: Execute, tmp_path: Path
) -> None:
    execute("CREATE TYPE kind AS ENUM ('receipt', 'sale')")
    execute("CREATE DOMAIN quantity AS numeric(9, 3)")
    frame = read(server, "SELECT 'sale'::kind AS kind, 1.234::quantity AS units", tmp_path)
    assert frame.row(0) == ("sale", 1.234)


def test_rows_keep_the_order_of_the_query(server: Server, execute: Execute, tmp_path: Path) -> None:
    execute("CREATE TABLE t AS SELECT i, '1 day'::interval AS gap FROM generate_series(1, 50000) i")
    query = "SELECT * FROM t ORDER BY i DESC"
    assert read(server, query, tmp_path)["i"].to_list() == list(range(50000, 0, -1))


def test_names_are_kept_as_they_are(server: Server, execute: Execute, tmp_path: Path) -> None:
    execute('CREATE TABLE "Order Lines" ("Menge (ST)" int, "a""b" interval, 数量 int)')
    execute("""INSERT INTO "Order Lines" VALUES (1, '1 day', 2)""")
    assert read(server, '"Order Lines"', tmp_path).to_dict(as_series=False) == {
        "Menge (ST)": [1],
        'a"b': ["1 day"],
        "数量": [2],
    }
    frame = read(server, "SELECT 1 AS sku, '1 day'::interval AS sku, 2 AS x", tmp_path)
    assert frame.columns == ["sku", "sku (column 2)", "x"]


@pytest.mark.parametrize(
    ("zone", "day", "level"),
    [("Asia/Shanghai", date(2026, 1, 6), "INFO"), ("UTC", date(2026, 1, 5), "WARNING")],
)
def test_an_instant_is_a_day_of_the_session(
    server: Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    zone: str,
    day: date,
    level: str,
) -> None:
    url = f"{server.url}?options=-c%20TimeZone%3D{zone}"
    with caplog.at_level(logging.INFO, logger="stockout"):
        frame = read(server, "SELECT '2026-01-06 07:00+08'::timestamptz AS at", tmp_path, url)
    assert frame["at"].to_list() == [datetime(2026, 1, 6, 7, tzinfo=ZoneInfo("Asia/Shanghai"))]
    assert frame["at"].dt.date().to_list() == [day]
    [record] = caplog.records
    assert record.levelname == level
    assert f"are those of {zone}" in record.getMessage()


def test_a_zone_that_is_no_place_is_refused(server: Server, tmp_path: Path) -> None:
    url = f"{server.url}?options=-c%20TimeZone%3D%2B08"
    assert "time zone <+08>-08 is not known here\nhint: say it in the query: at AT TIME" in fault(
        server, "SELECT now() AS at", tmp_path, url
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT 1 AS a, x FROM (VALUES (date '2026-01-05'), ('infinity')) AS t(x)",
            ":2:x: a date before year 1 or after 9999, such as infinity\n"
            """hint: read it as no value: NULLIF("x", 'infinity')""",
        ),
        ("SELECT timestamptz '-infinity' AS x", ":1:x: a date before year 1 or after 9999"),
        ("SELECT timestamp '10000-01-01' AS x", ":1:x: a date before year 1 or after 9999"),
        ("SELECT date '0044-03-15 BC' AS x", ":1:x: a date before year 1 or after 9999"),
        (
            "SELECT x FROM (VALUES (1), (9007199254740993::numeric)) AS t(x)",
            ":2:x: a number too long to be held exactly: found '9007199254740993'\n"
            'hint: leave it out of the query, or read it as text: "x"::text',
        ),
        ("SELECT 1 FROM nope", 'the query fails: relation "nope" does not exist\nhint: name its'),
        ("nope.sales", 'the query fails: relation "nope.sales" does not exist'),
        ("SELECT nope", 'the query fails: column "nope" does not exist\nhint: a name with'),
        ("SELECT FROM WHERE", 'the query fails: syntax error at or near "WHERE"\nhint: try it'),
        (
            "SELECT 1 / (i - 3) AS x FROM generate_series(1, 9) i",
            "the query fails: division by zer",
        ),
        ("SELECT $1::int AS x", "the query fails: there is no parameter $1"),
        ("SELECT pg_read_file('/etc/hostname') FROM nope", "the query fails: "),
        ("SELECT 1 AS x INTO kept", "read-only transaction\nhint: only reading is done"),
    ],
)
def test_what_is_wrong_with_a_query_is_told(
    server: Server, tmp_path: Path, query: str, message: str
) -> None:
    told = fault(server, query, tmp_path)
    assert told.startswith("postgresql://ann@HOST/postgres (")
    assert message in told


def test_nothing_is_changed(server: Server, execute: Execute, tmp_path: Path) -> None:
    execute("CREATE TABLE sales AS SELECT 1 AS units")
    execute("CREATE SEQUENCE numbers")
    for query in (
        "WITH gone AS (DELETE FROM sales RETURNING units) SELECT units FROM gone",
        "SELECT units FROM sales FOR UPDATE",
        "SELECT nextval('numbers') AS x",
        "SELECT set_config('transaction_read_only', 'off', false) AS x, nextval('numbers') AS y",
    ):
        told = fault(server, query, tmp_path)
        assert "read-only" in told or "read-write mode" in told
    assert read(server, "sales", tmp_path)["units"].to_list() == [1]


def test_a_right_that_is_missing(server: Server, execute: Execute, tmp_path: Path) -> None:
    execute("CREATE TABLE sales AS SELECT 1 AS units")
    execute("CREATE ROLE reader LOGIN PASSWORD 'wrong/pass'")
    execute("GRANT USAGE ON SCHEMA public TO reader")
    try:
        url = server.url.replace("ann:${SHOP_PASSWORD}", "reader:${WRONG}")
        told = fault(server, "sales", tmp_path, url)
        assert "permission denied for table sales\nhint: the user needs the right" in told
    finally:
        execute("DROP OWNED BY reader")
        execute("DROP ROLE reader")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("${SHOP_PASSWORD}", "${WRONG}", 'password authentication failed for user "ann"\nhint: is'),
        ("ann:", "bob:", 'password authentication failed for user "bob"'),
        ("/postgres", "/shop", 'database "shop" does not exist\nhint: the name of the database'),
        ("/postgres", "/postgres?sslmode=require", "server does not support SSL.*\nhint: set ssl"),
        ("/postgres", "/postgres?colour=red", 'invalid URI query parameter: "colour"\nhint: check'),
    ],
)
def test_a_server_that_does_not_let_us_in(
    server: Server, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InputError, match=f"postgresql://.*: cannot connect: {message}") as error:
        read(server, "SELECT 1 AS x", tmp_path, server.url.replace(old, new, 1))
    assert "wrong/pass" not in str(error.value)


def test_a_server_that_is_not_there(server: Server, tmp_path: Path) -> None:
    url = server.url.replace(f":{server.port}/", f":{_free_port()}/")
    with pytest.raises(InputError, match="cannot connect: Connection refused\nhint: is the server"):
        read(server, "SELECT 1 AS x", tmp_path, url)


def test_bytes_that_are_no_text_are_refused(
    server: Server, execute: Execute, tmp_path: Path
) -> None:
    execute("CREATE DATABASE bare ENCODING 'SQL_ASCII' TEMPLATE template0")
    try:
        url = server.url.replace("/postgres", "/bare")
        told = fault(server, "SELECT E'\\xc4\\xe3' AS name", tmp_path, url)
        assert ":name: the text is in no encoding that the database knows" in told
    finally:
        execute("DROP DATABASE bare")
