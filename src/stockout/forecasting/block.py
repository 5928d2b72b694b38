"""A block of items: what every model would have forecast for them at every past origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockout.forecasting.models import PORTFOLIO, rolling_levels
from stockout.forecasting.rolling import forecasts, mean_squared_error, windows
from stockout.forecasting.seasonality import CLOSED_INDEX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.learned_demand import LearnedDemand
    from stockout.forecasting.rolling import Windows

    Matrix = NDArray[np.float64]

WARM_UP = {"day": 14, "week": 4}
"""Observed periods before a level is judged, and before it is used without the category's."""


class Block:
    """Items that are fitted together; a *member* is a model with one of the seasons.

    Args:
        learned: What the models learn from.
        seasons: (rows, items) seasonal indices of the past rows and the future ones.
        columns: Items of the block.
    """

    def __init__(
        self,
        learned: LearnedDemand,
        seasons: list[NDArray[np.float32]],
        columns: NDArray[np.int64],
    ) -> None:
        history = learned.history
        self.columns = columns
        self.units = history.units[:, columns]
        self.variance = learned.variance[:, columns]
        self.seasons = [season[:, columns] for season in seasons]
        self.past = past = history.periods
        # A weekday on which the shop is closed tells nothing of the level.
        self.observed = history.evidence()[:, columns] & (self.seasons[0][:past] > CLOSED_INDEX)
        self.level_sets = [
            rolling_levels(
                np.where(
                    self.observed, self.units / np.maximum(season[:past], CLOSED_INDEX), 0
                ).astype(np.float32),
                self.observed,
            )
            for season in self.seasons
        ]
        self.warm_up = WARM_UP[history.freq]

    def windows(self, keep: NDArray[np.int64], span: int) -> Windows:
        """Sums ahead of every origin for the items at ``keep`` of this block."""
        seasons = [season[:, keep] for season in self.seasons]
        return windows(
            self.units[:, keep],
            seasons,
            self.observed[:, keep],
            span,
            self.warm_up,
            self.variance[:, keep],
        )

    def errors(self, ahead: Windows, keep: NDArray[np.int64]) -> Matrix:
        """(members, items) mean squared error; a member is a model with one of the seasons."""
        return np.stack(
            [
                mean_squared_error(ahead, forecasts(ahead, s, levels[name][:, keep]))
                for s, levels in enumerate(self.level_sets)
                for name in PORTFOLIO
            ]
        )

    def combined(self, weight: Matrix, keep: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """For each season the (periods + 1, items) weighted sum of the levels of its members."""
        size = len(PORTFOLIO)
        return [
            np.sum(
                [
                    weight[s * size + k].astype(np.float32) * levels[name][:, keep]
                    for k, name in enumerate(PORTFOLIO)
                ],
                axis=0,
            )
            for s, levels in enumerate(self.level_sets)
        ]


def forecast_sums(ahead: Windows, combined: list[NDArray[np.float32]]) -> Matrix:
    """(origins, items) forecast of each window by the combined levels of all seasons."""
    return np.asarray(
        np.sum([forecasts(ahead, s, level) for s, level in enumerate(combined)], axis=0)
    )
