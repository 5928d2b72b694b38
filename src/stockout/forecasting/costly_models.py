"""Models of statsforecast that take a fit for every series: exact in their way, and slow.

Each forecasts from the series alone, with a season of a week of days or of a year of weeks. They
cannot skip a period: what was not observed is given to them as what would have been sold
(:mod:`stockout.demand.latent`), and they are judged on observed periods only. A series that a model
fails on gets no forecast from it (nan), and stays with the others.
"""

from __future__ import annotations

import multiprocessing
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockout.demand.latent import latent_demand
from stockout.forecasting.learned_demand import learned_demand

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.demand.periods import Freq

    Matrix = NDArray[np.float64]
    Indices = NDArray[np.int64]

COSTLY = ("theta", "ces", "mstl", "ets", "arima")
"""Names of the models: dynamic optimised theta, complex exponential smoothing, multiple seasonal
decomposition by loess with exponential smoothing of what it leaves, exponential smoothing and
ARIMA chosen by information criterion. The quicker ones first."""

SEASON = {"day": 7, "week": 52}
"""Periods in a season."""

MAX_LENGTH = {"day": 364, "week": 260}
"""Latest periods that a model is given: a year of days, five of weeks. What lies before says next
to nothing of the next weeks to a model whose season is a week, and triples its time."""

_MIN_SEASONS = 2  # that a model needs to tell a season from noise; with fewer it gets none
_SHORT_SEASON = 24  # AutoETS has none longer; AutoARIMA takes minutes a series with a longer one
_WORKERS = 2  # processes, where they can be forked; changes no result


def filled_demand(history: History) -> NDArray[np.float32]:
    """(periods, items) demand without gaps: as learned where observed, else as expected.

    A period out of stock gets its expected demand, a closed one or one of an item whose demand is
    not known what was sold.

    >>> from datetime import date, timedelta
    >>> from stockout.demand.history import demand_history
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [3.0] * 54 + [0.0] * 2})
    >>> stock = pl.DataFrame({"date": days, "sku": "A", "in_stock": [True] * 54 + [False] * 2})
    >>> filled_demand(demand_history(sales, stock))[-1].round(1).tolist()
    [3.0]
    """
    learned = learned_demand(history).history
    missing = history.open & ~learned.observed
    if not missing.any():
        return learned.units
    expected = latent_demand(history).expected
    return np.where(missing & np.isfinite(expected), expected, learned.units)


def season_of(freq: Freq, length: Indices) -> Indices:
    """Periods in a season that series of these lengths can tell, 1 for none.

    >>> season_of("day", np.array([13, 14])).tolist()
    [1, 7]
    """
    return np.where(length >= _MIN_SEASONS * SEASON[freq], SEASON[freq], 1)


def costly_forecast(  # noqa: PLR0917 - the question, in the order it is asked
    name: str, filled: NDArray[np.float32], start: Indices, items: Indices, horizon: int, freq: Freq
) -> Matrix:
    """(horizon, items) forecast of one model, never negative; nan where the model fails.

    Args:
        name: One of :data:`COSTLY`.
        filled: (periods, all items) demand without gaps, from :func:`filled_demand`.
        start: (all items,) first row of each item's life.
        items: Columns to forecast.
        horizon: Periods after the last row.
        freq: Length of a period.
    """
    periods = len(filled)
    first = np.maximum(start[items], periods - MAX_LENGTH[freq])
    season = season_of(freq, periods - first)
    path = np.full((horizon, items.size), np.nan)
    for each in np.unique(season).tolist():
        place = np.flatnonzero(season == each)
        frame = _long(filled, items[place], first[place])
        path[:, place] = _run(_model(name, each), frame, horizon, place.size)
    return np.where(np.isfinite(path), np.maximum(path, 0), np.nan)


class _Unknown:
    """In place of a model that fails on a series."""

    def forecast(self, *, h: int, **_: object) -> dict[str, Matrix]:
        return {"mean": np.full(h, np.nan)}


def _long(filled: NDArray[np.float32], items: Indices, first: Indices) -> pl.DataFrame:
    rows = np.arange(len(filled))[:, None] >= first
    column, row = np.nonzero(rows.T)
    return pl.DataFrame(
        {
            "unique_id": column.astype(np.int32),
            "ds": row.astype(np.int32),
            "y": filled[row, items[column]].astype(np.float64),
        }
    )


def _model(name: str, season: int) -> Any:  # noqa: ANN401 - statsforecast ships no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third parties' deprecations are not the user's business
        from statsforecast import models as sf  # noqa: PLC0415  # 2 s, only when fitting
    short = season if season <= _SHORT_SEASON else 1
    make: dict[str, Callable[[], Any]] = {
        "theta": lambda: sf.DynamicOptimizedTheta(season_length=season, alias="y"),
        "ces": lambda: sf.AutoCES(season_length=season, alias="y"),
        "mstl": lambda: (
            sf.MSTL([season], trend_forecaster=sf.AutoETS(season_length=1, model="ZZN"), alias="y")
            if season > 1
            else sf.AutoETS(season_length=1, model="ZZN", alias="y")
        ),
        "ets": lambda: sf.AutoETS(season_length=short, alias="y"),
        "arima": lambda: sf.AutoARIMA(season_length=short, alias="y"),
    }
    return make[name]()


def _run(model: Any, frame: pl.DataFrame, horizon: int, count: int) -> Matrix:  # noqa: ANN401
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast import StatsForecast  # noqa: PLC0415

        forked = multiprocessing.get_start_method() == "fork"
        engine: Any = StatsForecast(
            models=[model],
            freq=1,
            n_jobs=min(_WORKERS, count) if forked else 1,
            fallback_model=_Unknown(),
        )
        found: pl.DataFrame = engine.forecast(h=horizon, df=frame)
    return found["y"].to_numpy().astype(np.float64).reshape(count, horizon).T
