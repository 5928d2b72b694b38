"""The fast statsforecast models, all items in one call; the only importer of statsforecast.

Each model here is a recursion with fixed parameters, so its one-step forecast for row ``t`` uses
rows before ``t`` only: one pass over the history yields the level that the model would have
forecast with at every past origin, for which cross-validation would refit at each of them.

Out-of-stock periods are left out of the series that a model sees. For a recursion without a
calendar of its own (the season is divided out before) that is exactly "no update".
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PORTFOLIO = ("SES 0.02", "SES 0.05", "SES 0.1", "SES 0.2", "SES 0.4", "TSB", "SBA")
"""Simple exponential smoothing at five speeds, Teunter-Syntetos-Babai, Syntetos-Boylan."""


def rolling_levels(demand: Matrix, observed: NDArray[np.bool_]) -> dict[str, Matrix]:
    """Level of each model before each row: what it would forecast for a period of index 1.

    Args:
        demand: (periods, items) demand with the season divided out.
        observed: (periods, items) rows that are demand; the others change no level.

    Returns:
        For each model of :data:`PORTFOLIO` a (periods + 1, items) matrix; row t is known before
        row t of the demand, the last row is the level at as-of. nan before the first observed row.

    >>> demand = np.array([[2.0], [4.0], [9.0]], dtype=np.float32)
    >>> rolling_levels(demand, np.array([[True], [True], [False]]))["SES 0.4"].ravel().tolist()
    [nan, 2.0, 2.799999952316284, 2.799999952316284]
    """
    periods, items = demand.shape
    column, row = np.nonzero(observed.T)
    levels = {name: np.full((periods + 1, items), np.nan, dtype=np.float32) for name in PORTFOLIO}
    if not len(column):
        return levels
    count = observed.sum(axis=0)
    ordinal = np.arange(len(column)) - (np.cumsum(count) - count)[column]
    frame = pl.DataFrame(
        {"unique_id": column.astype(np.int32), "ds": ordinal, "y": demand[row, column]}
    )
    fitted, last = _run(frame)
    present = np.unique(column)
    for name, level in levels.items():
        level[row, column] = fitted[name].to_numpy()
        level[periods, present] = last[name].to_numpy()
        levels[name] = _carried(level, observed)
    return levels


def _run(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One-step forecasts of every row of the long frame, and the forecast after each series."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties' deprecations are not the user's business
        from statsforecast import StatsForecast  # noqa: PLC0415  # 2 s, only when fitting
        from statsforecast.models import (  # noqa: PLC0415
            TSB,
            CrostonSBA,
            SimpleExponentialSmoothing,
        )

        speeds = [name.split()[1] for name in PORTFOLIO if name.startswith("SES")]
        models: list[Any] = [SimpleExponentialSmoothing(float(a), alias=f"SES {a}") for a in speeds]
        models += [TSB(0.1, 0.1, alias="TSB"), CrostonSBA(alias="SBA")]
        engine: Any = StatsForecast(models=models, freq=1)
        last: pl.DataFrame = engine.forecast(h=1, df=frame, fitted=True)
        fitted: pl.DataFrame = engine.forecast_fitted_values()
    return fitted, last


def _carried(level: Matrix, observed: NDArray[np.bool_]) -> Matrix:
    """Gives rows that were not observed the level of the next one that was: nothing changed."""
    periods = observed.shape[0]
    marked = np.vstack([observed, np.ones((1, observed.shape[1]), dtype=np.bool_)])
    index = np.where(marked, np.arange(periods + 1)[:, None], periods)
    following = np.flip(np.minimum.accumulate(np.flip(index, axis=0), axis=0), axis=0)
    carried = np.take_along_axis(level, following, axis=0)
    known = np.vstack([np.zeros((1, observed.shape[1])), np.cumsum(observed, axis=0)]) > 0
    return np.where(known, carried, np.float32(np.nan)).astype(np.float32)
