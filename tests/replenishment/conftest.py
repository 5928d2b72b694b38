"""Hand-made demand, so that orders are tested apart from forecasting."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import History
from stockout.forecasting.demand_model import DemandModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from stockout.demand.periods import Freq


@pytest.fixture(name="make_model", scope="session")
def fixture_make_model() -> Callable[..., DemandModel]:
    """Stationary demand of items A, B, ... from its mean a period."""

    def make(
        mean: ArrayLike,
        noise: ArrayLike = 1.0,
        level_variance: ArrayLike = 0.0,
        *,
        is_integer: ArrayLike = True,
        freq: Freq = "week",
        horizon: int = 20,
    ) -> DemandModel:
        per_period = np.atleast_1d(np.asarray(mean, dtype=np.float64))
        items = per_period.size
        frame = pl.DataFrame(
            {
                "sku": [chr(65 + i) if items <= 26 else f"{i:03}" for i in range(items)],
                "location": "ALL",
                "status": "active",
                "last_sale": date(2026, 3, 29),
                "mean_price": 10.0,
                "is_integer": np.broadcast_to(np.asarray(is_integer), (items,)),
            }
        )
        empty = np.zeros((1, items), dtype=np.float32)
        history = History(
            freq,
            date(2026, 3, 29),
            date(2026, 3, 23),
            frame,
            empty,
            empty,
            observed=empty > 0,
            sold_out=empty > 0,
            open=empty > 0,
        )

        def each(value: ArrayLike) -> NDArray[np.float64]:
            return np.broadcast_to(np.asarray(value, dtype=np.float64), (items,)).copy()

        return DemandModel(
            history=history,
            mean=np.tile(per_period, (horizon, 1)),
            noise=each(noise),
            period_noise=each(noise),
            level_variance=each(level_variance),
            is_integer=np.broadcast_to(np.asarray(is_integer, dtype=np.bool_), (items,)),
            model=pl.Series(["SES"] * items),
        )

    return make
