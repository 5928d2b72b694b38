"""Sales of many items, from a matrix of demand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.forecasting.rolling import windows as windows_of
from stockout.forecasting.rows import Calendar, Rows
from stockout.forecasting.seasonality import CLOSED_INDEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from stockout.forecasting.rolling import Windows

MONDAY = date(2024, 1, 1)


@pytest.fixture(scope="session")
def table() -> Callable[..., pl.DataFrame]:
    """Builds rows of items ``S0000``, ``S0001``, ... from a (periods, items) matrix.

    ``step`` is the days from one period to the next; nan leaves a row out.
    """

    def build(
        values: ArrayLike,
        *,
        first: date = MONDAY,
        step: int = 1,
        column: str = "units",
        sku: str = "S",
        **columns: str,
    ) -> pl.DataFrame:
        matrix = np.asarray(values, dtype=np.float64)
        matrix = matrix[:, None] if matrix.ndim == 1 else matrix
        periods, items = matrix.shape
        dates = np.datetime64(first, "D") + step * np.arange(periods)
        return (
            pl.DataFrame(
                {
                    "date": np.repeat(dates, items),
                    "sku": [f"{sku}{k:04}" for k in range(items)] * periods,
                    column: matrix.ravel(),
                }
            )
            .with_columns(**{name: pl.lit(value) for name, value in columns.items()})
            .filter(pl.col(column).is_not_nan())
        )

    return build


@pytest.fixture(scope="session")
def windows() -> Callable[..., Windows]:
    """Windows of every row of (periods, items) matrices; row t is the weekday t modulo 7."""

    def build(  # noqa: PLR0917 - the matrices, in the order of the panel
        units: NDArray[np.float32],
        seasons: list[NDArray[np.float32]],
        observed: NDArray[np.bool_],
        span: int,
        warm_up: int,
        variance: NDArray[np.float32] | None = None,
        starts: NDArray[np.int64] | None = None,
    ) -> Windows:
        periods = len(units)
        day_of = np.arange(periods) % 7
        open_days = np.ones((7, units.shape[1]), dtype=np.float32)
        open_days[: min(7, periods)] = seasons[0][:periods][:7] > CLOSED_INDEX
        starts = np.arange(periods + 1) if starts is None else starts
        rows = Rows.of(units, seasons, observed, Calendar(day_of, open_days), starts, variance)
        return windows_of(rows, span, warm_up)

    return build
