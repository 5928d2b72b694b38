"""Items as numbers."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from stockout.demand import numbering
from stockout.demand.panel import item_numbers
from stockout.tables import ITEM


def _lines(*, sparse: bool) -> pl.DataFrame:
    """Sales lines in no order; with ``sparse`` most pairs of SKU and location do not occur."""
    rng = np.random.default_rng(5)
    sku = rng.integers(0, 40, 300)
    place = sku if sparse else rng.integers(0, 3, 300)
    day = rng.integers(0, 20, 300)
    return pl.DataFrame(
        {
            "date": [date(2026, 1, 5) + timedelta(int(d)) for d in day],
            "sku": [f"S{s}" for s in sku],
            "location": [f"L{p}" for p in place],
            "units": rng.poisson(2.0, 300).astype(float),
        }
    )


@pytest.mark.parametrize("order", [[], ["date"], ["location", "sku"], ["sku", "date"]])
@pytest.mark.parametrize("sparse", [False, True])
def test_numbers_and_sums_are_those_of_grouping(sparse: bool, order: list[str]) -> None:
    pl.Series(["Z", "S1", "L1"]).cast(pl.Categorical)  # codes of names that do not occur
    lines = _lines(sparse=sparse)
    lines = lines.sort(order) if order else lines
    items, rows = numbering.numbered(lines)
    expected = (
        lines.group_by(ITEM)
        .agg(
            first=pl.col("date").min(),
            last=pl.col("date").max(),
            days=pl.col("date").n_unique().cast(pl.Int64),
            units=pl.col("units").sum(),
        )
        .sort(ITEM)
    )
    count = items.height
    found = items.with_columns(
        numbering.first_dates(rows, count).alias("first"),
        numbering.last_dates(rows, count).alias("last"),
        numbering.distinct_dates(rows, count).alias("days"),
        units=numbering.sums(rows, count, pl.col("units")),
    )
    assert found.equals(expected)
    assert rows.drop("item").equals(lines)
    assert items[rows["item"]].equals(lines.select(ITEM))


def test_no_rows_have_no_items() -> None:
    items, rows = numbering.numbered(_lines(sparse=False).clear())
    assert items.height == rows.height == 0


@pytest.mark.parametrize("sparse", [False, True])
def test_items_are_found_and_others_are_null(sparse: bool) -> None:
    lines = _lines(sparse=sparse)
    items = lines.select(ITEM).unique(maintain_order=True)
    known = items.head(items.height // 2)
    for frame in (lines, lines.head(3)):  # with a table of all pairs, and without
        found = item_numbers(frame, known)
        joined = frame.join(
            known.with_row_index("item"), on=ITEM, how="left", maintain_order="left"
        )
        assert found.equals(joined["item"])
    one = known.head(1)
    assert item_numbers(lines, one).null_count() == lines.join(one, on=ITEM, how="anti").height
