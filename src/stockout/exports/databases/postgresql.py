"""A query's result from PostgreSQL, streamed into a Parquet file."""

from __future__ import annotations

import importlib
import re
import zoneinfo
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from stockout.errors import ConfigError, InputError
from stockout.exports.values.expressions import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockout.exports.databases.database_url import DatabaseUrl

_CONNECT_SECONDS = 15
"""How long a server that does not answer is waited for; libpq's own default is minutes."""

_EXACT = 2.0**53
"""From here on a float does not hold every whole number."""

_EARLIEST_DAY, _LATEST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, from 1970-01-01
_MICROSECONDS_A_DAY = 86_400_000_000

_CONNECT_HINTS = {
    "password": "is the password in the variable that the URL names, and is it the user's?",
    "refused": "is the server running, and are host and port right?",
    "could not translate host name": "is the name of the host right?",
    "timeout": "does the host answer, and may this machine reach it?",
    "SSL": "set sslmode in the URL to what the server offers, such as ?sslmode=require or disable",
    "database": "the name of the database stands last in the URL",
}
_STATE_HINTS = {  # PostgreSQL, appendix A: error codes
    "42601": "try it in psql first",
    "42P01": "name its schema too, as in shop.sales; a name with capitals stands in double quotes",
    "42703": "a name with capitals stands in double quotes, a text in single ones",
    "42501": "the user needs the right to read it: GRANT SELECT",
    "25006": "only reading is done",
    "57014": "it took longer than the server allows; ask for fewer rows",
}


class _Column(NamedTuple):
    """A column on its way from PostgreSQL to Parquet."""

    name: str
    dtype: pa.DataType  # in the Parquet file
    is_numeric: bool = False  # arrives as text, since it may have any number of digits


def write_postgresql(url: DatabaseUrl, sql: str, out: Path, shown: str) -> tuple[list[str], str]:
    """Writes a query's result to a Parquet file, in batches of about 16 MB.

    ``numeric`` becomes Float64, or text where it has no decimals and more than 15 digits. ``money``
    is read as ``numeric``; arrays and ``bytea`` stay what they are; every other type without a
    counterpart becomes the text that PostgreSQL writes for it. A timestamp with a zone keeps its
    instant, and is shown in the session's zone, as in psql.

    Args:
        url: Where the database is.
        sql: One statement that reads. It runs in a transaction that is read-only.
        out: The Parquet file to write.
        shown: What messages call the result.

    Returns:
        The names of the columns as the query gives them (in the file they are ``c0``, ``c1`` ...),
        and the zone that timestamps are shown in, ``""`` where there are none with a zone.

    Raises:
        ConfigError: The driver is not installed.
        InputError: The server, table or column is not there, or the query is not SQL.
    """
    driver = _driver()
    try:
        connection = driver.connect(_patient(url.target))
    except driver.Error as error:
        raise _connect_fault(url.hide(str(error)), url.shown) from None
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            return _write(cursor, sql, out, shown)
    except (driver.Error, OSError, pa.ArrowException) as error:
        raise _query_fault(
            url.hide(str(error)), getattr(error, "sqlstate", None) or "", shown
        ) from None


def _driver() -> Any:  # noqa: ANN401 - a module that may not be there when types are checked
    try:
        return importlib.import_module("adbc_driver_postgresql.dbapi")
    except ImportError as error:
        raise ConfigError(
            f"reading PostgreSQL needs a package that is not installed ({error.name})",
            hint="pip install 'stockout[db]'",
        ) from None


def _patient(target: str) -> str:
    if "connect_timeout=" in target:
        return target
    return f"{target}{'&' if '?' in target else '?'}connect_timeout={_CONNECT_SECONDS}"


def _write(cursor: Any, sql: str, out: Path, shown: str) -> tuple[list[str], str]:  # noqa: ANN401
    names, sql = _readable(cursor, sql)
    cursor.execute("SELECT current_setting('TimeZone')")
    zone = str(cursor.fetchone()[0])
    cursor.execute(sql)
    rows = cursor.fetch_record_batch()
    columns = [
        _planned(name, found, zone, shown) for name, found in zip(names, rows.schema, strict=True)
    ]
    schema = pa.schema([(f"c{number}", column.dtype) for number, column in enumerate(columns)])
    first = 1
    with pq.ParquetWriter(out, schema, compression="lz4") as writer:
        for batch in rows:
            arrays = [
                _converted(array, column, shown, first)
                for array, column in zip(batch.columns, columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            first += batch.num_rows
    has_zone = any(pa.types.is_timestamp(item.type) and item.type.tz for item in schema)
    return names, zone if has_zone else ""


def _readable(cursor: Any, sql: str) -> tuple[list[str], str]:  # noqa: ANN401
    """The names of the columns, and the query with those cast that Arrow has no type for."""
    found = cursor.adbc_execute_schema(sql)
    casts = [_cast(field) for field in found]
    if any(casts):
        columns = ", ".join(f"q.c{number}{cast}" for number, cast in enumerate(casts))
        aliases = ", ".join(f"c{number}" for number in range(len(casts)))
        sql = f"SELECT {columns} FROM (\n{sql}\n) AS q({aliases})"  # noqa: S608 - the user's own
    return found.names, sql


def _cast(found: pa.Field[Any]) -> str:
    kind = _kind(found)
    if kind == "money":
        return "::numeric"
    if kind in {"numeric", "bytea"} or _is_plain(found.type):
        return ""
    if pa.types.is_list(found.type):
        return "" if _is_plain(found.type.value_type) else "::text[]"
    return "::text"


def _is_plain(dtype: pa.DataType) -> bool:
    return any(
        test(dtype)
        for test in (
            *(pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating),
            *(pa.types.is_string, pa.types.is_date, pa.types.is_timestamp),
        )
    )


def _kind(found: pa.Field[Any]) -> str:
    return _metadata(found).get(b"POSTGRESQL:type", b"").decode()


def _metadata(found: pa.Field[Any]) -> Mapping[bytes, bytes]:
    return found.metadata or {}


def _planned(name: str, found: pa.Field[Any], zone: str, shown: str) -> _Column:
    if _kind(found) == "numeric":
        modifier = int(_metadata(found).get(b"POSTGRESQL:typmod", b"-1"))
        # src/backend/utils/adt/numeric.c: precision in the upper half, an 11-bit signed scale below
        precision, scale = (modifier - 4) >> 16, ((modifier - 4) & 0x7FF ^ 0x400) - 0x400
        is_code = modifier >= 0 and scale <= 0 and precision - scale > 15
        return _Column(name, pa.string() if is_code else pa.float64(), is_numeric=True)
    if pa.types.is_timestamp(found.type) and found.type.tz is not None:
        if zone not in zoneinfo.available_timezones():
            raise InputError(
                f"the session's time zone {zone} is not known here",
                file=shown,
                column=name,
                hint=f"say it in the query: {name} AT TIME ZONE 'Asia/Shanghai'",
            )
        return _Column(name, pa.timestamp("us", zone))
    return _Column(name, found.type)


def _converted(array: pa.Array[Any], column: _Column, shown: str, first: int) -> pa.Array[Any]:
    """One batch of a column as it goes into the file; ``first`` is the number of its first row."""
    if column.is_numeric:
        text = array.storage if isinstance(array, pa.ExtensionArray) else array
        values = text.cast(column.dtype)
        if column.dtype == pa.float64():
            numbers = pl.Series(values)
            inexact = (numbers.abs() >= _EXACT) & numbers.is_finite()
            if inexact.any():
                index = inexact.arg_max() or 0
                raise InputError(
                    "a number too long to be held exactly",
                    file=shown,
                    row=first + index,
                    column=column.name,
                    found=str(text[index]),
                    hint=f'leave it out of the query, or read it as text: "{column.name}"::text',
                )
        return values
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        a_day = 1 if pa.types.is_date(array.type) else _MICROSECONDS_A_DAY
        since = pl.Series(array).to_physical()
        outside = (since < _EARLIEST_DAY * a_day) | (since >= (_LATEST_DAY + 1) * a_day)
        if outside.any():
            raise InputError(
                "a date before year 1 or after 9999, such as infinity",
                file=shown,
                row=first + (outside.arg_max() or 0),
                column=column.name,
                hint=f"""read it as no value: NULLIF("{column.name}", 'infinity')""",
            )
        return array.cast(column.dtype)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"the text is in no encoding that the database knows ({first_line(error)})",
            file=shown,
            column=column.name,
            hint="convert it in the query, such as convert_from(convert_to(...), 'GB18030')",
        ) from None
    return array


def _connect_fault(message: str, shown: str) -> InputError:
    reason = (message.partition("Failed to connect: ")[2] or message).strip().splitlines()[0]
    reason = re.sub(r"^connection to server .* failed: (?:FATAL: +)?", "", reason)
    hint = next((hint for words, hint in _CONNECT_HINTS.items() if words in reason), None)
    return InputError(
        f"cannot connect: {reason}",
        file=shown,
        hint=hint or "check host, port, database, user and password in the URL",
    )


def _query_fault(message: str, state: str, shown: str) -> InputError:
    told = re.search(r"(?:ERROR|FATAL): +(.*)", message)
    helped = re.search(r"HINT: +(.*)", message)
    return InputError(
        f"the query fails: {told[1] if told else message.strip()}",
        file=shown,
        hint=helped[1] if helped else _STATE_HINTS.get(state),
    )
