"""The verb ``forecast``: demand of every item in each of the next periods, with quantiles."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.demand.columns import by_columns
from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.demand.single_periods import tell_single_periods
from stockout.errors import ConfigError
from stockout.forecasting.distribution import demand_quantile
from stockout.forecasting.event_effects import tell_effects
from stockout.forecasting.fit import BLOCK
from stockout.forecasting.overridden import with_overrides
from stockout.forecasting.portfolio import fitted, portfolio
from stockout.tables import conform, without_crumbs
from stockout.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from typing import Literal

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)

DEFAULT_HORIZON = {"day": 28, "week": 13}
"""Periods ahead when none are asked for: four weeks of days, a quarter of weeks."""

_ROWS = 2_000_000  # put together at a time; bounds memory, changes no result


def forecast(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    horizon: int | None = None,
    levels: Sequence[float] = (0.5, 0.9),
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
) -> pl.DataFrame:
    """Forecasts the demand of every (sku, location) that occurs in sales up to as-of.

    Args:
        sales: Canonical sales; required columns date, sku, units.
        inventory: Stock or in-stock flags: out-of-stock periods are not taken for low demand.
        products: Category, active life, predecessor.
        purchases: Open orders keep an item alive.
        movements: With a stock list, tell the availability of past days.
        overrides: A person's corrections (:mod:`stockout.forecasting.overridden`); the model of a
            corrected item reads like ``SES+override``.
        events: Promotions, holidays and events, also those planned after as-of: what they did to
            demand is taken out of the past and added where they are planned
            (:mod:`stockout.forecasting.event_effects`). The model of an item with a planned event
            reads like ``SES+events``.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        horizon: Periods after as-of; default 28 days or 13 weeks.
        levels: Probabilities of the quantiles, each between 0 and 1.
        models: Names of models (:mod:`stockout.forecasting.portfolio`); default all fast ones.
        time_budget: Seconds that costly models may take, by the cost table; with 0 none are tried,
            or all items where ``models`` names them.

    Returns:
        Columns sku, location, date (first day of the period), mean (units), a column for each
        level (``q50``, ``q90``, ``q97.5``: units, whole where demand is), model. Exactly
        ``horizon`` rows an item, sorted by sku, location, date. The models are named by family
        (SES, TSB, SBA, MA); ``new`` items and those with a short history (``category``) lean on
        their category, ``ended`` ones have mean 0.

    Raises:
        NotKnownError: There are no sales to forecast from.
        ConfigError: The horizon or a level is out of range, or there is no such model.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(56)]
    >>> sales = pl.DataFrame({"date": days, "sku": "00123", "units": [4.0] * 56})
    >>> forecast(sales, horizon=7).select("sku", "date", "mean", "q50").row(0)
    ('00123', datetime.date(2026, 3, 2), 4.0, 4.0)
    """
    if horizon is not None and (horizon < 1 or horizon != int(horizon)):
        raise ConfigError(f"horizon is {horizon}, expected a whole number of periods, at least 1")
    for level in levels:
        if not 0 < level < 1:
            raise ConfigError(
                f"level {level:g} is not a probability between 0 and 1",
                hint="levels are like 0.5,0.9",
            )
    portfolio(models)  # refused before the work
    history = demand_history(
        sales, inventory, products, purchases, movements, as_of=as_of, freq=freq
    )
    history = with_event_days(history, events, sales)
    ahead = int(horizon or DEFAULT_HORIZON[history.freq])
    model = fitted(history, ahead, models=models, time_budget=time_budget)
    if overrides is not None:
        model = with_overrides(model, conform(overrides, "overrides"))
    _tell(history, model)
    return without_crumbs(_to_frame(model, sorted(set(levels))))


def _tell(history: History, model: DemandModel) -> None:
    status = dict(history.items["status"].value_counts().iter_rows())
    logger.info(
        "forecast: %s items (%s active, %s new, %s ended) by %s, %d periods after %s",
        f"{history.items.height:,}",
        *(f"{status.get(name, 0):,}" for name in ("active", "new", "ended")),
        history.freq,
        model.mean.shape[0],
        history.as_of,
    )
    if logger.isEnabledFor(logging.INFO):  # else nobody hears what it takes long to count
        _tell_availability(history)
    begin, next_day = history.future_dates(1)[0], history.as_of + timedelta(days=1)
    if next_day < begin:
        logger.warning(
            "forecast: the first whole week begins on %s; the days of this week from %s on are in "
            "no period",
            begin,
            next_day,
        )
    tell_single_periods(history)
    tell_effects(model)


def _tell_availability(history: History) -> None:
    rows = np.arange(history.periods)[:, None]

    def counted(columns: slice) -> tuple[Matrix, ...]:
        share, listed = history.share[:, columns], rows >= history.start[columns]
        of_kind = (listed, listed & np.isfinite(share), listed & (share < 1))
        return tuple(flags.sum(axis=0, dtype=np.float64) for flags in of_kind)

    periods, known, out = (of.sum() for of in by_columns(counted, history.items.height))
    logger.info(
        "availability: unknown for %.1f %% of item-%ss, out of stock or partly so in %.1f %%",
        100 * (1 - known / max(periods, 1)),
        history.freq,
        100 * out / max(periods, 1),
    )


def _to_frame(model: DemandModel, levels: Sequence[float]) -> pl.DataFrame:
    horizon, items = model.mean.shape
    dates = model.history.future_dates(horizon)
    keys = model.history.items.select("sku", "location")
    quantile = _quantiles(model, levels)
    step = max(1, _ROWS // horizon)
    parts = []
    for first in range(0, items, step):
        block = slice(first, first + step)
        mean = model.mean[:, block]
        count = mean.shape[1]
        parts.append(
            keys[np.repeat(np.arange(first, first + count), horizon)].with_columns(
                pl.concat([dates] * count).alias("date"),
                mean=mean.ravel(order="F"),
                **{
                    f"q{100 * level:g}": of_level[:, block].ravel(order="F")
                    for level, of_level in zip(levels, quantile, strict=True)
                },
                model=model.model[np.repeat(np.arange(first, first + count), horizon)],
            )
        )
    return pl.concat(parts)


def _quantiles(model: DemandModel, levels: Sequence[float]) -> Matrix:
    """(levels, horizon, items) quantiles of single periods."""
    horizon, items = model.mean.shape
    variance = model.period_variance()
    asked = np.array([model.period_level(level) for level in levels]).reshape(-1, 1, items)
    quantile = np.empty((len(levels), horizon, items))

    def tasks() -> Iterator[tuple[slice, tuple[Matrix, Matrix, Matrix, NDArray[np.bool_]]]]:
        for first in range(0, items, BLOCK):
            block = slice(first, first + BLOCK)
            of_block = asked[..., block], model.mean[:, block], variance[:, block]
            yield block, (*of_block, model.is_integer[block])

    workers = Workers.start(items // BLOCK, demand_quantile.__module__)
    for block, of_block in workers.share_out(demand_quantile, tasks()):
        quantile[..., block] = of_block
    return quantile
