"""Rows of canonical tables, written as one would say them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MONDAY = date(2026, 1, 5)


@pytest.fixture(scope="session")
def rows() -> Callable[..., pl.DataFrame]:
    """Builds canonical rows of one item, ``step`` days apart; a scalar column is repeated."""

    def build(
        table: str, *, sku: str = "A", first: date = MONDAY, step: int = 1, **columns: object
    ) -> pl.DataFrame:
        lists = {name: value for name, value in columns.items() if isinstance(value, list)}
        count = len(next(iter(lists.values())))
        frame = pl.DataFrame({"sku": [sku] * count, **lists}).with_columns(
            **{name: pl.lit(value) for name, value in columns.items() if name not in lists},
            date=pl.Series([first + timedelta(step * k) for k in range(count)], dtype=pl.Date),
        )
        return conform(frame, table)

    return build


@pytest.fixture(scope="session")
def sold(rows: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    """Builds the sales of one item, one row a day from Monday 2026-01-05."""

    def build(units: Sequence[float], **columns: object) -> pl.DataFrame:
        return rows("sales", units=[float(value) for value in units], **columns)

    return build
