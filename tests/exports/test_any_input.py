"""Whatever a file holds, reading it gives a table or an error for the user, never another one."""

from __future__ import annotations

import gzip
import io
from datetime import date
from typing import TYPE_CHECKING, Literal

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockout.config import Source
from stockout.errors import StockoutError
from stockout.exports.read import read_table
from stockout.exports.values.numbers import TOO_LARGE
from stockout.outputs import write_frame
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The folder of a test is the same for all its examples; each writes its own file anew.
shared_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=75
)

VALID = (
    b"date,sku,units,revenue,channel\n"
    b'2026-01-05,00123,2,"1,234.50",web\n'
    b'2026-01-06,"a ""b"", c",-1,,"two\nlines"\n'
    b"2026-01-07,8,1.5,3,\n"
)
FRAGMENTS = st.sampled_from(
    [
        *(b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\xff"),
        *(b"date", b"sku", b"units", b"2026-01-05", b"03/04/2026", b"1,5", b"1e309", b"-", b"NaN"),
        *("é".encode(), "é".encode("cp1252"), b"\xef\xbb\xbf", b"\x1f\x8b", b"PAR1", b"x" * 300),
    ]
)


def reads_or_tells(path: Path, fmt: Literal["csv", "parquet"]) -> None:
    for table in ("sales", "inventory", "products"):
        try:
            frame = read_table(table, Source(path=str(path), format=fmt))
        except StockoutError as error:
            assert str(error)  # noqa: PT017 - either outcome is fine, if it says something
        else:
            assert frame.columns == conform(frame, table).columns


@shared_folder
@given(data=st.binary(max_size=400))
@example(b'"')
@example(b"date,sku,units\n\r")
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "export"
    path.write_bytes(data)
    reads_or_tells(path, "csv")
    reads_or_tells(path, "parquet")


@shared_folder
@given(data=st.lists(FRAGMENTS, max_size=30).map(b"".join))
def test_any_pieces_of_a_csv(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "export"
    path.write_bytes(b"date,sku,units\n" + data)
    reads_or_tells(path, "csv")


def packed_parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(
        {"date": [date(2026, 1, 5)] * 50, "sku": [str(i) for i in range(50)], "units": [1.5] * 50}
    ).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("make", "fmt"),
    [
        (lambda: VALID, "csv"),
        (lambda: gzip.compress(VALID, mtime=0), "csv"),
        (packed_parquet, "parquet"),
    ],
    ids=["csv", "gzip", "parquet"],
)
@shared_folder
@given(data=st.data())
def test_any_damage(
    tmp_path: Path, make: Callable[[], bytes], fmt: Literal["csv", "parquet"], data: st.DataObject
) -> None:
    whole = bytearray(make())
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    whole[start:stop] = data.draw(st.binary(max_size=20) | FRAGMENTS)
    path = tmp_path / "export"
    path.write_bytes(whole)
    reads_or_tells(path, fmt)


# Text as the canonical tables hold it: without spaces around it, not empty, not a word for null.
texts = (
    (
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
        | st.text(st.sampled_from("=+-@'\"\t\r\n,;|0 aé"), max_size=6)
        | st.sampled_from(
            ["=cmd|' /C calc'!A0", "'=1", "00123", "1e5", "-", "NA", "2026-01-05", "'"]
        )
    )
    .map(lambda text: text.strip())
    .filter(lambda text: text not in ("", "null", "NULL", "\\N", "#N/A"))
)
numbers = st.floats(-TOO_LARGE, TOO_LARGE, exclude_min=True, exclude_max=True)
sales = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.dates(date(1900, 1, 1), date(2999, 12, 31)),
            "sku": texts,
            "location": texts,
            "units": numbers,
            "revenue": numbers,
            "unit_price": numbers,
            "customer_id": st.none() | texts,
            "order_id": st.none() | texts,
            "channel": st.none() | texts,
            "on_promo": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=20,
)


@shared_folder
@given(rows=sales, suffix=st.sampled_from([".csv", ".csv.gz", ".csv.zst", ".parquet"]))
def test_what_is_written_reads_back_the_same(
    tmp_path: Path, rows: list[dict[str, object]], suffix: str
) -> None:
    frame = conform(
        pl.DataFrame(rows, schema_overrides={"customer_id": pl.String, "order_id": pl.String}),
        "sales",
    )
    path = tmp_path / f"sales{suffix}"
    write_frame(frame, path, "parquet" if suffix == ".parquet" else "csv")
    # The decimal mark is told: a column may hold nothing but 1.234.
    assert_frame_equal(read_table("sales", Source(path=str(path), decimal=".")), frame)
