"""Dated folders, at every moment at which the process can die."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stockout.errors import StockoutError
from stockout.pipeline.dated_folders import (
    check_untouched,
    digests,
    discard,
    latest,
    point_to_newest,
    publish,
    recover,
    workspace,
)

TARGET = "2026-06-28"


class DiedError(BaseException):
    """Nothing catches it, as nothing catches a SIGKILL."""


def fill(work: Path, text: str) -> None:
    (work / "orders").mkdir()
    (work / "orders" / "S.csv").write_text(text)
    (work / "run.json").write_text(json.dumps({"outputs": digests(work)}))
    (work / "run.log").write_text("0.1 s")


def publish_one(output: Path, text: str) -> None:
    recover(output)
    with workspace(output) as work:
        fill(work, text)
        publish(work, output / TARGET)
        point_to_newest(output)


def dies_after(monkeypatch: pytest.MonkeyPatch, renames: int) -> None:
    """Lets no rename happen any more after so many, nor any clearing up."""
    left = [renames]
    rename, replace = Path.rename, Path.replace

    def counted(real: Any) -> Any:  # noqa: ANN401 - of two functions
        def one(path: Path, target: Path) -> Path:
            if left[0] == 0:
                raise DiedError
            left[0] -= 1
            return real(path, target)  # type: ignore[no-any-return]

        return one

    monkeypatch.setattr(Path, "rename", counted(rename))
    monkeypatch.setattr(Path, "replace", counted(replace))
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)


@pytest.mark.parametrize(("renames", "expected"), [(0, "old"), (1, "old"), (2, "new"), (3, "new")])
def test_whatever_it_dies_in_one_of_the_two_results_is_there(
    tmp_path: Path, renames: int, expected: str
) -> None:
    publish_one(tmp_path, "old")
    with pytest.MonkeyPatch.context() as patch:
        dies_after(patch, renames)
        with pytest.raises(DiedError) if renames < 3 else pytest.MonkeyPatch.context():
            publish_one(tmp_path, "new")
    recover(tmp_path)
    assert (tmp_path / TARGET / "orders" / "S.csv").read_text() == expected
    check_untouched(tmp_path / TARGET)
    assert sorted(os.listdir(tmp_path)) == [TARGET, "latest"]  # noqa: PTH208


def test_latest_never_goes_back_to_an_older_date(tmp_path: Path) -> None:
    publish_one(tmp_path, "new")
    with workspace(tmp_path) as work:
        fill(work, "older")
        publish(work, tmp_path / "2026-06-21")
    (tmp_path / "notes-2027").mkdir()
    point_to_newest(tmp_path)
    assert latest(tmp_path) == TARGET


def test_a_pointer_that_was_not_written_is_mended(tmp_path: Path) -> None:
    publish_one(tmp_path, "new")
    (tmp_path / "latest").write_text("2026-06-21\n")
    recover(tmp_path)
    assert latest(tmp_path) == TARGET


def test_half_written_notes_go_at_the_next_start(tmp_path: Path) -> None:
    publish_one(tmp_path, "first")
    for name in (".latest.1a2b.tmp", ".told.json.3c4d.tmp"):
        (tmp_path / name).write_text("half")
    recover(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"latest", TARGET}


def test_what_is_half_removed_does_not_come_back(tmp_path: Path) -> None:
    publish_one(tmp_path, "new")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        discard(tmp_path / TARGET)
    recover(tmp_path)
    assert not (tmp_path / TARGET).exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("orders/S.csv", "orders/S.csv was changed since it was written"),
        ("orders/mine.csv", "orders/mine.csv is not of that run"),
    ],
)
def test_edited_lists_are_not_replaced(tmp_path: Path, name: str, message: str) -> None:
    publish_one(tmp_path, "old")
    check_untouched(tmp_path / TARGET)
    (tmp_path / TARGET / "run.log").write_text("the log may differ")
    check_untouched(tmp_path / TARGET)
    (tmp_path / TARGET / name).write_text("edited")
    with pytest.raises(StockoutError, match=message):
        check_untouched(tmp_path / TARGET)
