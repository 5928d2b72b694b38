"""Paths and globs of the configuration find just the files that are meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockout.exports.formats.files import find_files
from stockout.exports.recognition.paths import path_of, relative

NAMES = st.text("abS12-_ .[]*?", min_size=1, max_size=8).map(lambda name: f"s{name}.csv")


def test_a_glob_where_it_finds_no_other_file() -> None:
    months = [Path(f"in/sales_2026-0{month}.csv") for month in (1, 2, 3)]
    assert path_of(months, months, Path()) == "in/sales_*.csv"
    assert path_of(months, [*months, Path("in/stock.csv")], Path()) == "in/sales_*.csv"
    assert path_of(months, [*months, Path("in/sales_all.csv")], Path()) == "in/sales_[0-9]*.csv"
    other = Path("in/sales_2026-04_draft.csv")
    assert path_of(months, [*months, other], Path()) == [path.as_posix() for path in months]


def test_one_folder_a_month() -> None:
    months = [Path(f"in/2026-0{month}/sales.csv") for month in (1, 2)]
    assert path_of(months, months, Path()) == "in/*/sales.csv"
    other = Path("in/old/sales.csv")
    assert path_of(months, [*months, other], Path()) == [path.as_posix() for path in months]


def test_paths_are_relative_to_the_configuration(tmp_path: Path) -> None:
    assert relative(tmp_path / "a" / "x.csv", tmp_path / "b") == "../a/x.csv"
    assert relative(tmp_path / "x.csv", tmp_path) == "x.csv"


@given(st.sets(NAMES, min_size=2, max_size=5), st.data())
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_written_finds_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("exports")
    files = sorted(folder / name for name in names)
    for file in files:
        file.write_text("x")
    chosen = data.draw(st.sets(st.sampled_from(files), min_size=1))
    path = path_of(sorted(chosen), files, folder)
    found, _ = find_files(path, folder)
    assert {file.path.resolve() for file in found} == {file.resolve() for file in chosen}
