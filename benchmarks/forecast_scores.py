"""Losses and coverage of forecasts of sums, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.calibration import corrected
from stockout.forecasting.distribution import demand_cdf, demand_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast_cases import Case

    Matrix = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98)
ROWS = 3 + 3 * len(LEVELS)
"""Rows of a score: scaled error, error, actual; pinball, coverage and plain coverage by level."""

ERROR, BIAS, ACTUAL, PINBALL = 0, 1, 2, slice(3, 3 + len(LEVELS))
COVERED = slice(3 + len(LEVELS), 3 + 2 * len(LEVELS))
PLAIN = slice(3 + 2 * len(LEVELS), ROWS)


class Moments(NamedTuple):
    """Negative binomial (gamma where demand is fractional) with a mean and a variance."""

    mean: Matrix
    variance: Matrix

    def quantile(self, level: float | Matrix, integer: Flags) -> Matrix:
        """(items,) units that suffice with this probability."""
        return demand_quantile(level, self.mean, self.variance, integer)

    def cdf(self, x: Matrix, integer: Flags) -> Matrix:
        """(items,) probability of at most ``x``."""
        return demand_cdf(x, self.mean, self.variance, integer)


class Corrected(NamedTuple):
    """The same, with quantiles corrected by what they held in the past."""

    mean: Matrix
    variance: Matrix
    shift: Matrix  # (scores, items)

    def level(self, level: float) -> Matrix:
        """(items,) probability whose quantile holds ``level``."""
        return corrected(level, self.shift.T)

    def quantile(self, level: float | Matrix, integer: Flags) -> Matrix:
        """(items,) units that suffice with this probability."""
        return demand_quantile(level, self.mean, self.variance, integer)

    def cdf(self, x: Matrix, integer: Flags) -> Matrix:
        """(items,) probability of at most ``x``, before the correction."""
        return demand_cdf(x, self.mean, self.variance, integer)


class Empirical(NamedTuple):
    """The forecast and its own past errors: each of them may come again."""

    mean: Matrix  # (items,)
    samples: Matrix  # (origins, items) what may come, in order; nan is last, where fewer are known

    @classmethod
    def of(cls, mean: Matrix, errors: Matrix, integer: Flags) -> Empirical:
        """From errors, actual less forecast; nan where there was no window."""
        samples = np.maximum(mean + errors, 0)
        return cls(mean, np.sort(np.where(integer, np.rint(samples), samples), axis=0))

    def quantile(self, level: float | Matrix, integer: Flags) -> Matrix:
        """(items,) the order statistic at level * (n + 1), in between interpolated (Weibull)."""
        if not len(self.samples):
            return np.where(integer, np.rint(self.mean), self.mean)
        count = np.isfinite(self.samples).sum(axis=0)
        place = np.clip(level * (count + 1) - 1, 0, np.maximum(count - 1, 0))
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        column = np.arange(len(count))
        below, above = self.samples[low, column], self.samples[high, column]
        quantile = np.where(count > 0, below + (place - low) * (above - below), self.mean)
        return np.where(integer, np.rint(quantile), quantile)

    def cdf(self, x: Matrix, integer: Flags) -> Matrix:  # noqa: ARG002 - as that of Moments
        """(items,) share of the samples of at most ``x``."""
        count = np.isfinite(self.samples).sum(axis=0)
        below = (self.samples <= x).sum(axis=0)
        return np.where(count > 0, below / np.maximum(count, 1), x >= self.mean)


Distribution = Moments | Corrected | Empirical


def score(case: Case, span: int, forecast: Distribution) -> NDArray[np.float32]:
    """Scores the sum of the next ``span`` days.

    Returns:
        (ROWS, items of the data set), nan for items that are not judged. Errors and losses are
        scaled by the root of span times the mean squared one-step difference of the history (the
        naive forecast's error, as in the M5 competition's RMSSE). Coverage of whole units is by
        randomised PIT: demand that equals the quantile counts with the probability that brings
        the distribution's own mass to the level. Plain is the share with demand <= quantile.
    """
    use = np.flatnonzero(case.valid(span))
    integer = case.history.items["is_integer"].to_numpy()[use]
    actual, scale = case.actual(span)[use], case.scale[use] * np.sqrt(span)
    forecast = type(forecast)(*(np.asarray(part)[..., use] for part in forecast))
    rows = np.empty((ROWS, len(use)))
    error = forecast.mean - actual
    rows[ERROR], rows[BIAS], rows[ACTUAL] = error / scale, error, actual
    for i, level in enumerate(LEVELS):
        asked = forecast.level(level) if isinstance(forecast, Corrected) else level
        quantile = forecast.quantile(asked, integer)
        short = actual - quantile
        upper = forecast.cdf(quantile, integer)
        lower = np.where(integer, forecast.cdf(quantile - 1, integer), upper)
        mass = upper - lower
        tie = np.where(integer & (mass > 0), (asked - lower) / np.where(mass > 0, mass, 1), 1)
        rows[PINBALL][i] = np.maximum(level * short, (level - 1) * short) / scale
        rows[COVERED][i] = np.where(short == 0, np.clip(tie, 0, 1), short < 0)
        rows[PLAIN][i] = short <= 0
    out = np.full((ROWS, case.total), np.nan, dtype=np.float32)
    out[:, case.place[use]] = rows
    return out
