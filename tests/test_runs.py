"""Runs of equal texts."""

from __future__ import annotations

import polars as pl
import pytest

from stockout.runs import runs, stripped

_SORTED = ["A"] * 40 + ["B"] * 60
_MIXED = ["A", "B"] * 50


@pytest.mark.parametrize("texts", [_SORTED, _MIXED, [], [None] * 9 + _SORTED, _SORTED + _MIXED[:9]])
def test_runs_hold_every_text_once(texts: list[str | None]) -> None:
    column = pl.Series(texts, dtype=pl.String)
    found = runs(column)
    if texts == _MIXED:
        assert found is None
    else:
        assert found is not None
        assert found.select(pl.col("value").repeat_by("len").explode())["value"].equals(column)


@pytest.mark.parametrize(
    "texts", [_SORTED, _MIXED, [" A"] * 9, ["A"] * 9 + ["B\u3000"] * 9, [None] * 9]
)
def test_spaces_are_taken_off_in_runs_and_without(texts: list[str | None]) -> None:
    frame = pl.LazyFrame({"text": pl.Series(texts, dtype=pl.String)})
    found = frame.select(stripped(pl.col("text"))).collect()
    assert found.equals(frame.select(pl.col("text").str.strip_chars()).collect())
