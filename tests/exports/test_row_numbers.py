"""Rows have the numbers that an editor shows, however their cells are quoted."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stockout.errors import InputError
from stockout.exports.formats import csv_faults
from stockout.exports.formats.csv_faults import lines_of, records
from stockout.exports.formats.files import ExportFile

if TYPE_CHECKING:
    from pathlib import Path

shared_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


@shared_folder
@given(
    rows=st.lists(
        st.lists(st.text(st.sampled_from('a,"\n\r é'), max_size=6), max_size=3), max_size=12
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
def test_as_the_rows_were_written(
    tmp_path: Path, rows: list[list[str]], ending: str, data: st.DataObject
) -> None:
    path = tmp_path / "a.csv"
    starts = []
    text = io.StringIO(newline="")
    # Python's writer does not quote a lone carriage return of its own accord.
    alone = any("\r" in cell for row in rows for cell in row)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if alone else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=ending, quoting=quoting)
    for row in rows:
        # An editor counts any of the three ends of line once.
        starts.append(len(io.StringIO(text.getvalue() + ".", newline=None).read().split("\n")))
        writer.writerow(row)
    path.write_bytes(text.getvalue().encode())
    wanted = data.draw(
        st.lists(st.sampled_from(range(len(rows))), max_size=9) if rows else st.just([])
    )
    found = lines_of(ExportFile(path), ",", pl.Series(wanted, dtype=pl.UInt32))
    assert found.dtype == pl.Int64
    assert found.to_list() == [starts[index] for index in wanted]


PIECES = st.sampled_from(["a", ",", '"', '""', "\n", "\r\n", '5" x', "\ufeff"])


@shared_folder
@given(text=st.lists(PIECES, max_size=30).map("".join), block=st.integers(1, 7))
@example(text='"a\n"\nb\n', block=1)
@example(text='"a""\n"\n"b"\nc', block=2)
def test_counting_quotes_gives_the_same_as_reading_records(
    tmp_path: Path, text: str, block: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    file = ExportFile(path)
    try:
        by_record = [record.line for record in records(file, ",")]
    except InputError:
        return
    wanted = np.arange(len(by_record), dtype=np.int64)
    whole = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        pieces = [whole[start : start + block] for start in range(0, len(whole), block)]
        patch.setattr(csv_faults, "blocks", lambda _: iter(pieces))
        by_quotes = csv_faults._starts_by_quotes(file, ",", wanted)
    if by_quotes is not None:
        assert by_quotes.tolist() == by_record


def test_a_large_file_takes_one_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ['7,"two\nlines",1\n', "8,one,2\n"] * 100_000
    path.write_text("".join(rows))
    found = lines_of(ExportFile(path), ",", pl.Series([199_999, 0, 3]))
    assert found.to_list() == [299_999 + 1, 1, 6]
