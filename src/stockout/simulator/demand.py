"""Mean demand of every item and day: weekday, season, trend, promotions, holidays and shocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from stockout.simulator.randomness import stream

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.simulator.assortment import Assortment
    from stockout.simulator.parameters import Parameters

HOLIDAYS = {
    (1, 1): "New Year's Day",
    (5, 1): "Labour Day",
    (12, 25): "Christmas Day",
    (12, 26): "Boxing Day",
}
"""Holidays by month and day."""
_BUSY = np.log([0.85, 0.85, 0.9, 1.0, 1.2, 1.35, 0.85])  # Monday-Sunday, before each category's own


@dataclass(frozen=True)
class MeanDemand:
    """Mean demand of days (F,) = warm-up, history and future, and what it is made of."""

    mean: NDArray[np.float64]  # (F, N) units; 0 outside an item's life
    traffic: NDArray[np.float64]  # (F,) how busy the shops are relative to the average day
    promotion: NDArray[np.bool_]  # (F, S)
    planned: NDArray[np.bool_]  # (F, S) promotions the planner orders for
    weekday: NDArray[np.float64]  # (categories, 7) Monday-Sunday, mean 1
    amplitude: NDArray[np.float64]  # (categories,) log amplitude of the season
    peak: NDArray[np.float64]  # (categories,) day of the year of the season's peak
    first_weekday: int  # of day 0; Monday is 0

    def subset(self, skus: NDArray[np.int64], locations: int) -> MeanDemand:
        """The same days with only these SKUs."""
        items = (skus[:, None] * locations + np.arange(locations)).ravel()
        return MeanDemand(
            mean=self.mean[:, items],
            traffic=self.traffic,
            promotion=self.promotion[:, skus],
            planned=self.planned[:, skus],
            weekday=self.weekday,
            amplitude=self.amplitude,
            peak=self.peak,
            first_weekday=self.first_weekday,
        )


def mean_demand(parameters: Parameters, assortment: Assortment) -> MeanDemand:
    """Mean demand: rate x weekday x season x trend x promotion x holiday x shock, within the life.

    Args:
        parameters: The settings.
        assortment: The items.

    Returns:
        The mean of every item on every day from the warm-up to the end of the future days.
    """
    days = parameters.warmup_days + parameters.days + parameters.future_days
    calendar = [parameters.origin + timedelta(days=day) for day in range(days)]
    weekdays = np.array([day.weekday() for day in calendar])
    rng = stream(parameters.seed, "profiles")
    weekday = np.exp(
        _BUSY + parameters.weekday_sigma * rng.standard_normal((parameters.categories, 7))
    )
    weekday /= weekday.mean(axis=1, keepdims=True)
    amplitude = parameters.season_amplitude * rng.uniform(0.2, 1.0, parameters.categories)
    peak = rng.uniform(0, 365.25, parameters.categories)
    holiday = np.where(
        [(day.month, day.day) in HOLIDAYS for day in calendar], parameters.holiday_factor, 1.0
    )
    by_category = season(calendar, amplitude, peak) * weekday[:, weekdays].T * holiday[:, None]
    years = (np.arange(days) - days / 2) / 365.25
    by_sku = by_category[:, assortment.category] * np.exp(years[:, None] * assortment.trend)
    day = np.arange(days)[:, None]
    by_sku *= (day >= assortment.active_from) & (day <= assortment.active_to)
    promotion, planned = _promotions(parameters, assortment, weekdays)
    mean = np.repeat(by_sku, assortment.locations, axis=1)
    mean *= assortment.rate
    mean *= np.where(np.repeat(promotion, assortment.locations, axis=1), assortment.uplift, 1.0)
    mean *= _shocks(parameters, days)
    return MeanDemand(
        mean=mean,
        traffic=weekday.mean(axis=0)[weekdays] * holiday,
        promotion=promotion,
        planned=planned,
        weekday=weekday,
        amplitude=amplitude,
        peak=peak,
        first_weekday=int(weekdays[0]),
    )


def season(
    calendar: list[date], amplitude: NDArray[np.float64], peak: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Yearly season ``exp(a cos(2 pi (d - peak) / 365.25))``, scaled to mean 1 over a year.

    Args:
        calendar: The days.
        amplitude: Log amplitude ``a`` of each category.
        peak: Day of the year of each category's peak.

    Returns:
        Factors of shape (days, categories).

    >>> from datetime import date
    >>> day = [date(2026, 7, 2)]
    >>> season(day, np.array([0.5]), np.array([183.0])).round(3)
    array([[1.55]])
    """
    year = np.array([day.timetuple().tm_yday for day in calendar], dtype=float)
    factors = np.exp(amplitude * np.cos(2 * np.pi * (year[:, None] - peak) / 365.25))
    return np.asarray(factors / np.i0(amplitude), dtype=float)  # i0(a) = mean of exp(a cos x)


def _promotions(
    parameters: Parameters, assortment: Assortment, weekdays: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Promotions start on Mondays; each is a coin of its own, and so is the planner's foresight."""
    days, skus = len(weekdays), len(assortment.sku)
    rng = stream(parameters.seed, "promotions")
    mondays = np.flatnonzero(weekdays == 0)
    starts = rng.random((len(mondays), skus)) < parameters.promotions_per_year * 7 / 365.25
    foreseen = starts & (rng.random((len(mondays), skus)) < parameters.planned_share)
    promotion, planned = np.zeros((days, skus), dtype=bool), np.zeros((days, skus), dtype=bool)
    for offset in range(parameters.promotion_days):
        inside = mondays + offset < days
        promotion[mondays[inside] + offset] |= starts[inside]
        planned[mondays[inside] + offset] |= foreseen[inside]
    day = np.arange(days)[:, None]
    alive = (day >= assortment.active_from) & (day <= assortment.active_to)
    return promotion & alive, planned & alive


def _shocks(parameters: Parameters, days: int) -> NDArray[np.float64]:
    """Factor ``exp(x - s**2 / 2)`` with AR(1) ``x``, partly common to a SKU's locations; mean 1."""
    skus, locations = parameters.skus, parameters.locations
    rng = stream(parameters.seed, "shocks")
    shared, sigma = parameters.shock_correlation, parameters.shock_sigma
    decay = np.exp(-1 / parameters.shock_days)
    innovation = np.sqrt(1 - decay**2)
    levels = np.empty((days, skus, locations))
    level = np.zeros((skus, locations))
    for day in range(days):
        common, own = rng.standard_normal((skus, 1)), rng.standard_normal((skus, locations))
        fresh = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
        level = fresh if day == 0 else decay * level + innovation * fresh
        levels[day] = level
    levels *= sigma
    levels -= sigma**2 / 2
    return np.exp(levels, out=levels).reshape(days, skus * locations)
