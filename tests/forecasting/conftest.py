"""Sales of many items, from a matrix of demand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

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
