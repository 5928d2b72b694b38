"""A block of items: what every model would have forecast for them at past origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.demand.columns import some_columns
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.forecasting.models import PORTFOLIO, rolling_levels
from stockout.forecasting.rolling import forecasts, windows
from stockout.forecasting.rows import UNITS, Calendar, Rows, origins, running
from stockout.forecasting.seasonality import CLOSED_INDEX
from stockout.forecasting.stopped import BEFORE_DAYS, trailing_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.rolling import Windows
    from stockout.forecasting.seasonality import Seasons
    from stockout.forecasting.stopped import Run

    Matrix = NDArray[np.float64]
    Levels = NDArray[np.float32]
    Flags = NDArray[np.bool_]

WARM_UP = {"day": 14, "week": 4}
"""Observed periods before a level is judged, and before it is used without the category's."""


class Observed(NamedTuple):
    """All that is known of some items, and no more: a block may be fitted by another process."""

    units: Levels  # (periods, items) demand
    counts: Flags  # (periods, items) periods that say how much was wanted
    told: Flags  # (periods, items) those in stock all the time, or with a sale
    variance: Levels | None  # (periods, items) of demand that is an expectation; None is none
    seasons: Seasons  # of these items
    period_days: int

    @classmethod
    def of(cls, learned: LearnedDemand, seasons: Seasons, columns: NDArray[np.int64]) -> Observed:
        """Takes some items out.

        Args:
            learned: What the models learn from.
            seasons: Seasonal indices of the past rows and the future ones.
            columns: The items.
        """
        history = learned.history
        own = seasons.of(columns)
        # A weekday on which the shop is closed tells nothing of the level.
        open_days = own.weekday > CLOSED_INDEX
        counts = history.evidence(columns) & open_days[own.day_of[: history.periods]]
        units = some_columns(history.units, columns)
        told = counts & ((some_columns(history.share, columns) >= 1) | (units > 0))
        variance = None if learned.variance is None else some_columns(learned.variance, columns)
        return cls(units, counts, told, variance, own, DAYS_PER_PERIOD[history.freq])


class Block:
    """Items that are fitted together; a *member* is a model with one of the seasons.

    Args:
        observed: What is known of them.
        models: Names of the models, of :data:`stockout.forecasting.models.PORTFOLIO`.
    """

    def __init__(self, observed: Observed, models: Sequence[str] = PORTFOLIO) -> None:
        self.period_days = observed.period_days
        self.past = past = len(observed.units)
        self.seasons = observed.seasons.indices()
        open_days = (observed.seasons.weekday > CLOSED_INDEX).astype(np.float32)
        calendar = Calendar(observed.seasons.day_of[:past], open_days)
        self.origins = origins(past)
        self.rows = Rows.of(
            observed.units,
            self.seasons,
            observed.counts,
            calendar,
            self.origins,
            observed.variance,
        )
        self.models = tuple(models)
        self.level_sets = rolling_levels(self.rows, 7 // self.period_days)
        if self.models != PORTFOLIO:
            chosen = [PORTFOLIO.index(name) for name in models]
            self.level_sets = [levels[chosen] for levels in self.level_sets]
        self.told = observed.told
        self.warm_up = WARM_UP["day" if self.period_days == 1 else "week"]

    def windows(self, span: int) -> Windows:
        """Sums ahead of every origin."""
        return windows(self.rows, span, self.warm_up)

    def trailing_run(self, origin: int = -1) -> Run:
        """The periods in stock since the last sale before an origin, by its number."""
        rows = int(self.origins[origin])
        window = BEFORE_DAYS // self.period_days
        return trailing_run(
            self.rows.panel(UNITS)[:rows], self.told[:rows], self.seasons[0], window
        )

    def errors(self, ahead: Windows) -> Matrix:
        """(members, items) mean squared error; a member is a model with one of the seasons."""
        count = np.maximum(ahead.valid.sum(axis=0), 1)
        squared = [np.einsum("oi,oi->i", error, error) for error in self._errors(ahead)]
        return np.asarray(np.stack(squared) / count)

    def squared_up_to(self, ahead: Windows) -> Matrix:
        """(members, origins, items) sums of the squared errors of the windows up to each."""
        return np.stack([running(error**2) for error in self._errors(ahead)])

    def _errors(self, ahead: Windows) -> Iterator[Levels]:
        """(origins, items) errors of each member, 0 where the window is not valid."""
        for season, levels in enumerate(self.level_sets):
            for level in levels:
                error = forecasts(ahead, season, level)
                error -= ahead.actual
                error *= ahead.valid
                yield error

    def combined(self, weight: Matrix) -> list[Levels]:
        """For each season the (origins, items) weighted sum of the levels of its members."""
        parts = np.split(weight.astype(np.float32), len(self.level_sets))
        return [
            np.einsum("moi,mi->oi", levels, part)
            for levels, part in zip(self.level_sets, parts, strict=True)
        ]

    def ahead(self, weight: Matrix) -> Matrix:
        """(horizon, items) what the weighted members expect of each period after as-of."""
        parts = np.split(weight, len(self.level_sets))
        return np.sum(
            [
                np.einsum("mi,mi->i", _to_six_digits(levels[:, -1]), part) * season[self.past :]
                for levels, part, season in zip(self.level_sets, parts, self.seasons, strict=True)
            ],
            axis=0,
            dtype=np.float64,
        ).clip(0)


def _to_six_digits(level: Levels) -> Matrix:
    """What single precision is good for: demand that never changes stays what it is."""
    whole = np.where(level > 0, level, 1).astype(np.float64)
    digits = 10.0 ** (5 - np.floor(np.log10(whole)))
    return np.asarray(np.round(level * digits) / digits)


def forecast_sums(ahead: Windows, combined: list[Levels]) -> Levels:
    """(origins, items) forecast of each window by the combined levels of all seasons."""
    return np.asarray(
        np.sum([forecasts(ahead, s, level) for s, level in enumerate(combined)], axis=0)
    )
