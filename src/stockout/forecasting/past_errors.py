"""What past errors say of a block of items: which models to trust, and how far demand strays.

Everything can be asked as of a past origin too, from the windows that had ended by then: so the
forecast of today is judged by those that it would have made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.block import Block, forecast_sums
from stockout.forecasting.calibration import PastSums, measured
from stockout.forecasting.combination import class_ratios, weights
from stockout.forecasting.dispersion import Pool, shrunk_ratio, variance_to_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.calibration import Calibration
    from stockout.forecasting.rolling import Windows

    Matrix = NDArray[np.float64]
    Levels = list[NDArray[np.float32]]
    Codes = NDArray[np.int64]

ORIGINS_JUDGED = 12
"""Past origins, evenly spaced, at which quantiles are compared with what came."""

_KNOWN_WINDOWS = 3.0
"""Windows that do not overlap which a past origin must have behind it to be like that of today."""


class Past(NamedTuple):
    """The windows of a block that had ended by an origin."""

    ahead: Windows  # sums over the span
    single: Windows  # single periods

    @classmethod
    def of(cls, block: Block, span: int) -> Past:
        """All windows of the history."""
        return cls(block.windows(span), block.windows(1))

    def before(self, origin: int) -> Past:
        """What was known at an origin, by its number."""
        return Past(*(windows.before(origin) for windows in self))


class Shared(NamedTuple):
    """What items have in common at one span: small tables, estimated from a sample of items."""

    span: int  # periods in a window
    by_class: Matrix  # (members, classes) relative squared error
    of_sum: Pool  # variance-to-mean ratio of the sum
    of_period: Pool  # variance-to-mean ratio of one period


class Spread(NamedTuple):
    """How far demand strays; the variance of a sum with mean m is ``noise m + level m**2``."""

    noise: Matrix  # (items,) of a sum
    period_noise: Matrix  # (items,) of one period
    level_variance: Matrix  # (items,)


def share(block: Block, past: Past, codes: Codes, classes: int) -> Shared:
    """Measures on a sample of items what all items share.

    Args:
        block: The sample.
        past: Its windows.
        codes: (items,) demand class of each.
        classes: Number of classes.
    """
    ahead, single = past
    errors = block.errors(ahead)
    by_class = class_ratios(errors, ahead.independent > 0, codes, classes)
    combined = block.combined(weights(errors, ahead.independent, by_class, codes))
    return Shared(
        ahead.span,
        by_class,
        Pool(*variance_to_mean(ahead, forecast_sums(ahead, combined)), ahead.independent),
        Pool(*variance_to_mean(single, forecast_sums(single, combined)), single.independent),
    )


def member_weights(block: Block, past: Past, shared: Shared, codes: Codes) -> Matrix:
    """(members, items) weights of the models."""
    ahead = past.ahead
    return weights(block.errors(ahead), ahead.independent, shared.by_class, codes)


def spread(past: Past, combined: Levels, shared: Shared, usual: Matrix) -> Spread:
    """Measures the spread of the combined forecast.

    Args:
        past: The windows whose errors count.
        combined: Levels of the combination at every origin, for each season.
        shared: What all items share.
        usual: (items,) expected demand of a period ahead.
    """
    noise = _shrunk(past.single, combined, usual, shared.of_period)
    total = usual * shared.span
    of_sum = _shrunk(past.ahead, combined, total, shared.of_sum)
    # What a sum strays more than the noise of its periods is the level's error, common to them.
    level_variance = np.where(total > 0, (of_sum - noise).clip(0) / np.maximum(total, 1e-9), 0)
    return Spread(np.minimum(noise, of_sum), noise, level_variance)


def _shrunk(ahead: Windows, combined: Levels, expected: Matrix, pool: Pool) -> Matrix:
    ratio, mean = variance_to_mean(ahead, forecast_sums(ahead, combined))
    known = np.isfinite(ratio)
    return shrunk_ratio(ratio, np.where(known, mean, expected), ahead.independent, pool)


class Calibrations(NamedTuple):
    """Corrections of quantiles, of sums and of single periods."""

    of_sum: Calibration
    of_period: Calibration


def calibrations(
    block: Block, span: int, codes: Codes, classes: int, is_integer: NDArray[np.bool_]
) -> Calibrations:
    """Judges the quantiles that a sample of items would have been given at past origins.

    Args:
        block: The sample.
        span: Periods in a sum.
        codes: (items,) demand class of each.
        classes: Number of classes.
        is_integer: (items,) demand comes in whole units.
    """
    past = Past.of(block, span)
    ended = -(-span // past.ahead.step)  # origins until a window has ended
    first = int(np.ceil(_KNOWN_WINDOWS * span / past.ahead.step)) + ended
    last = len(past.ahead.actual) - 1
    sums, periods = [], []
    for origin in np.unique(np.linspace(first, last, ORIGINS_JUDGED).astype(int)).tolist():
        if not first <= origin <= last:
            continue
        then = past.before(origin)
        shared = share(block, then, codes, classes)
        combined = block.combined(member_weights(block, then, shared, codes))
        mean, usual = _forecast_at(past.ahead, combined, origin)
        of = spread(then, combined, shared, usual)
        chosen = past.ahead.valid[origin]
        variance = of.noise * mean + of.level_variance * mean**2
        actual = past.ahead.actual[origin].astype(np.float64)
        sums.append([a[chosen] for a in (mean, variance, actual, is_integer)])
        mean, _ = _forecast_at(past.single, combined, origin)
        chosen = past.single.valid[origin]
        variance = of.period_noise * mean + of.level_variance * mean**2
        actual = past.single.actual[origin].astype(np.float64)
        periods.append([a[chosen] for a in (mean, variance, actual, is_integer)])
    empty = [[np.zeros(0)] * 3 + [np.zeros(0, dtype=np.bool_)]]
    return Calibrations(
        *(
            measured(PastSums(*map(np.concatenate, zip(*(parts or empty), strict=True))))
            for parts in (sums, periods)
        )
    )


def _forecast_at(ahead: Windows, combined: Levels, origin: int) -> tuple[Matrix, Matrix]:
    """(items,) forecast of the observed rows after an origin, and that of one row of them."""
    one = ahead.at(origin)
    total = forecast_sums(one, [level[[origin]] for level in combined])[0].astype(np.float64)
    return total, total / np.maximum(one.seen[0], 1)
