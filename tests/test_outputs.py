"""Written files are whole or not there, safe in a spreadsheet, and the same every time."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockout.errors import ConfigError, StockoutError
from stockout.outputs import OutputFormat, guess_format, replacing, write_frame

FORMATS: list[OutputFormat] = ["csv", "json", "parquet", "xlsx"]


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sku": ["00123", "=1+1", "-5", None],
            "date": [date(2026, 1, 5), None, date(2026, 1, 7), date(2026, 1, 8)],
            "mean": [1.5, float("nan"), float("inf"), -2.0],
            "order_qty": [3, 0, None, -1],
            "on_promo": [True, False, None, True],
        }
    )


def test_csv(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_frame(frame, path, "csv")
    assert path.read_bytes() == (
        b"sku,date,mean,order_qty,on_promo\n"
        b"00123,2026-01-05,1.5,3,true\n"
        b"'=1+1,,,0,false\n"
        b"'-5,2026-01-07,,,\n"
        b",2026-01-08,-2.0,-1,true\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=x", "''=x"),
        ("''=x", "'''=x"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_compute_is_guarded(
    text: str, written: str, tmp_path: Path
) -> None:
    frame = pl.DataFrame({"name": [text], "n": [1]})
    for raw, expected in ((False, written), (True, text)):
        write_frame(frame, tmp_path / "out.csv", "csv", raw=raw)
        with (tmp_path / "out.csv").open(newline="") as file:
            assert list(csv.reader(file))[1] == [expected, "1"]


def test_categories_are_guarded_like_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"kind": pl.Series(["=a", "b"], dtype=pl.Categorical)})
    write_frame(frame, tmp_path / "out.csv", "csv")
    assert (tmp_path / "out.csv").read_text() == "kind\n'=a\nb\n"


def test_json_is_a_list_of_records(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_frame(frame, path, "json")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(path.read_text(), parse_constant=refuse) == [
        {"sku": "00123", "date": "2026-01-05", "mean": 1.5, "order_qty": 3, "on_promo": True},
        {"sku": "=1+1", "date": None, "mean": None, "order_qty": 0, "on_promo": False},
        {"sku": "-5", "date": "2026-01-07", "mean": None, "order_qty": None, "on_promo": None},
        {"sku": None, "date": "2026-01-08", "mean": -2.0, "order_qty": -1, "on_promo": True},
    ]


def test_parquet_keeps_types(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_frame(frame, path, "parquet")
    expected = frame.with_columns(mean=pl.Series([1.5, None, None, -2.0]))
    assert_frame_equal(pl.read_parquet(path), expected)


def test_xlsx_keeps_text_and_dates(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    write_frame(frame, path, "xlsx")
    sheet = fastexcel.read_excel(path).load_sheet(0)
    assert sheet.to_polars().to_dict(as_series=False) == {
        "sku": ["00123", "=1+1", "-5", None],
        "date": [datetime(2026, 1, 5), None, datetime(2026, 1, 7), datetime(2026, 1, 8)],  # noqa: DTZ001
        "mean": [1.5, None, None, -2.0],
        "order_qty": [3.0, 0.0, None, -1.0],
        "on_promo": [True, False, None, True],
    }
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        table = archive.read("xl/tables/table1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert "<f>" not in xml  # nothing is a formula
    assert 'state="frozen"' in xml
    assert "<autoFilter" in table
    assert "yyyy\\-mm\\-dd" in styles or "yyyy-mm-dd" in styles


def test_xlsx_makes_no_links(tmp_path: Path) -> None:
    write_frame(pl.DataFrame({"name": ["https://example.org"]}), tmp_path / "a.xlsx", "xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert "<hyperlink" not in archive.read("xl/worksheets/sheet1.xml").decode()


def test_xlsx_of_an_empty_table(frame: pl.DataFrame, tmp_path: Path) -> None:
    write_frame(frame.clear(), tmp_path / "a.xlsx", "xlsx")
    sheet = fastexcel.read_excel(tmp_path / "a.xlsx").load_sheet(0)
    assert sheet.to_polars().columns == frame.columns


def test_xlsx_refuses_what_a_sheet_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(StockoutError) as caught:
        write_frame(pl.DataFrame({"n": range(1_048_576)}), tmp_path / "a.xlsx", "xlsx")
    assert str(caught.value) == (
        "an Excel sheet holds 1,048,575 rows below its header, not 1,048,576\n"
        "hint: write csv or parquet"
    )
    with pytest.raises(StockoutError) as caught:
        write_frame(pl.DataFrame({"name": ["x" * 32_768]}), tmp_path / "a.xlsx", "xlsx")
    assert "32,767 characters" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_xlsx_without_its_package(
    frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ConfigError) as caught:
        write_frame(frame, tmp_path / "a.xlsx", "xlsx")
    assert str(caught.value) == (
        "writing xlsx needs the package xlsxwriter\nhint: pip install 'stockout[excel]'"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a.csv", "a.csv.gz", "a.csv.zst", "a.json", "a.parquet", "a.xlsx"]
)
def test_same_table_same_bytes(frame: pl.DataFrame, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_frame(frame, path, guess_format(path))
    first = path.read_bytes()
    # gzip and zip would record the time, to two seconds
    time.sleep(2.1 if name.endswith((".gz", ".xlsx")) else 0)
    write_frame(frame, path, guess_format(path))
    assert path.read_bytes() == first


def test_compressed_by_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    write_frame(pl.DataFrame({"n": [1]}), path, "csv")
    assert gzip.decompress(path.read_bytes()) == b"n\n1\n"


def test_guess_format() -> None:
    assert [guess_format(Path(f"a.b.{fmt}")) for fmt in FORMATS] == FORMATS
    assert guess_format(Path("A.CSV.GZ")) == "csv"
    for name in ("a", "a.gz", "a.txt", "csv", "a.json.gz"):
        with pytest.raises(ConfigError) as caught:
            guess_format(Path(name))
        assert str(caught.value) == (
            f"{name}: the format is not known from the name\n"
            "hint: end it in .csv, .json, .parquet, .xlsx, or say --format"
        )


@pytest.mark.parametrize("fmt", ["parquet", "xlsx"])
def test_binary_formats_do_not_go_to_stdout(frame: pl.DataFrame, fmt: OutputFormat) -> None:
    with pytest.raises(ConfigError) as caught:
        write_frame(frame, None, fmt)
    assert str(caught.value) == (
        f"{fmt} is not written to the terminal or a pipe\nhint: name a file: --output table.{fmt}"
    )


@pytest.mark.parametrize("path", [None, Path("/dev/stdout")])
def test_stdout(capsysbinary: pytest.CaptureFixture[bytes], path: Path | None) -> None:
    write_frame(pl.DataFrame({"name": ["Tee für 2"]}), path, "csv")
    assert capsysbinary.readouterr().out == "name\nTee für 2\n".encode()


def test_stdout_that_takes_only_text(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.StringIO()
    monkeypatch.setattr("sys.stdout", stdout)
    write_frame(pl.DataFrame({"name": ["Tee für 2"]}), None, "json")
    assert stdout.getvalue() == '[{"name":"Tee für 2"}]\n'


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_stops_early_is_no_error(unbuffered: str) -> None:
    code = (
        "import polars as pl, sys; from stockout.outputs import write_frame\n"
        "write_frame(pl.DataFrame({'n': range(500_000)}), None, 'csv')\n"
        "print('more')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"n\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_all_of_a_large_table_reaches_a_pipe(unbuffered: str) -> None:
    code = (
        "import polars as pl; from stockout.outputs import write_frame\n"
        "write_frame(pl.DataFrame({'n': range(500_000)}), None, 'csv')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert done.stdout.count(b"\n") == 500_001
    assert done.stdout.endswith(b"\n499999\n")


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_failure_leaves_the_old_file_and_no_other(
    frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmt: OutputFormat
) -> None:
    path = tmp_path / f"out.{fmt}"
    path.write_bytes(b"old")

    def fail(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StockoutError) as caught:
        write_frame(frame, path, fmt)
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_writer_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")

    def write_half() -> None:
        with replacing(path) as beside:
            beside.write_bytes(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_new_bytes_are_on_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def note_replace(source: Path, target: Path) -> Path:
        calls.append("replace")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_frame(pl.DataFrame({"n": [1]}), tmp_path / "out.csv", "csv")
    assert calls == ["file", "replace", "folder"]


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_the_umask(
    frame: pl.DataFrame, tmp_path: Path, fmt: OutputFormat, umask: int, mode: int
) -> None:
    path = tmp_path / "out"
    before = os.umask(umask)
    try:
        write_frame(frame, path, fmt)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)
    write_frame(pl.DataFrame({"n": [1]}), link, "csv")
    assert link.is_symlink()
    assert real.read_text() == "n\n1\n"


def test_what_is_no_regular_file_is_not_replaced() -> None:
    write_frame(pl.DataFrame({"n": [1]}), Path(os.devnull), "csv")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_missing_folder_and_folder_for_a_file(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [1]})
    path = tmp_path / "none" / "out.csv"
    with pytest.raises(StockoutError) as caught:
        write_frame(frame, path, "csv")
    assert str(caught.value) == (
        f"{path}: no folder {path.parent}\nhint: make the folder {path.parent} first"
    )
    with pytest.raises(StockoutError) as caught:
        write_frame(frame, tmp_path, "csv")
    assert str(caught.value) == (
        f"{tmp_path}: is a folder\nhint: name a file in it: {tmp_path / 'table.csv'}"
    )
