"""The digest and the picture of a backtest, of a small business that runs out now and then."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from rich.console import Console, ConsoleDimensions

from stockout.replenishment.backtest import backtest
from stockout.reports.backtest_digest import backtest_digest
from stockout.reports.backtest_picture import write_backtest_picture

if TYPE_CHECKING:
    from pathlib import Path

MONDAY = date(2025, 1, 6)
WEEKS = 56


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Weekly sales of four SKUs with their stock, and a correction that was wrong."""
    random = np.random.default_rng(8)
    mondays = [MONDAY + timedelta(7 * k) for k in range(WEEKS)]
    rows, counts = [], []
    for sku, mean in (("A", 20), ("B", 6), ("C", 2), ("[red]D\x1b[31m", 0.4)):
        units = random.poisson(mean, WEEKS).astype(float)
        rows.append(pl.DataFrame({"date": mondays, "sku": sku, "units": units, "unit_price": 2.0}))
        sundays = [day + timedelta(6) for day in mondays]
        held = np.full(WEEKS, 2.0 * mean + 3)
        counts.append(pl.DataFrame({"date": sundays, "sku": sku, "on_hand": held}))
    overrides = pl.DataFrame(
        {"sku": ["A", "A"], "date": [mondays[-2], mondays[-1] + timedelta(70)],
         "percent": [200.0, 10.0], "author": ["ann", "ann"], "reason": ["fair", "fair"]}
    )  # fmt: skip
    return backtest(
        pl.concat(rows),
        pl.concat(counts),
        overrides=overrides,
        by=["sku"],
        replay_weeks=5,
        lead_time_days=7,
    )


def shown(frame: pl.DataFrame, width: int, height: int) -> str:
    """What a terminal of that size shows."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, height=height, highlight=False)
    console.print(backtest_digest(frame, size=ConsoleDimensions(width, height)))
    return stream.getvalue()


def test_a_high_screen_shows_all(frame: pl.DataFrame) -> None:
    text = shown(frame, 120, 90)
    assert text.startswith("Over ")
    lines = text.splitlines()
    for title in (
        "Forecast of 4-week sums", "By sku", "By demand class", "By ABC class",
        "By how far ahead",
        "Orders replayed over 4 weeks: lead time 1, review 1, service level 95 %",
    ):  # fmt: skip
        assert title in lines
    for method in ("stockout forecast", "13-week average", "last week again", "really held"):
        assert any(line.startswith(method) for line in lines)
    assert "\x1b" not in text
    assert "[red]D�[31m" in text  # a name of an export is text
    assert "overrides not judged: 1 for periods that have not come" in lines
    assert "1 periods corrected by ann: with the corrections the error is" in text
    assert "judged: 100.0 % of item-weeks; 0.0 % were out of stock" in lines
    assert "..." not in text


def test_a_small_screen_shows_what_matters(frame: pl.DataFrame) -> None:
    text = shown(frame, 80, 24)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "Forecast of 4-week sums" in text
    assert "Orders replayed" in text
    assert "By sku" in text  # because it was asked for
    assert "By ABC class" not in text
    more = " ".join(text.split())
    assert "... and by demand class, by how far ahead, by ABC class: on a higher screen" in more


def test_without_a_replay(frame: pl.DataFrame) -> None:
    text = shown(frame.filter(pl.col("what") != "replay"), 100, 60)
    assert "Orders replayed" not in text
    assert "In a replay" not in text


def test_picture(frame: pl.DataFrame, tmp_path: Path) -> None:
    write_backtest_picture(frame, tmp_path / "all.svg")
    root = ET.fromstring((tmp_path / "all.svg").read_text(encoding="utf-8"))  # noqa: S314 - ours
    marks = root.iter("{http://www.w3.org/2000/svg}text")
    texts = [" ".join(mark.itertext()) for mark in marks]
    told = " ".join(texts)
    for expected in (
        "stockout forecast", "13-week average", "80 %", "98 %", "all items", "really held",
        "textbook", "min/max", "Mean stock (units)", "Demand served (%)",
        "Off on average (WAPE), with 90 % interval (% of demand)",
    ):  # fmt: skip
        assert expected in texts, expected
    assert "Over " in told
    assert root.attrib["aria-label"].startswith("Over ")


def test_picture_without_a_replay(frame: pl.DataFrame, tmp_path: Path) -> None:
    write_backtest_picture(frame.filter(pl.col("what") != "replay"), tmp_path / "some.svg")
    text = (tmp_path / "some.svg").read_text(encoding="utf-8")
    assert "Demand served" not in text
    assert "stockout forecast" in text
