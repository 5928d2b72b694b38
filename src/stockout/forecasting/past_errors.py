"""What past errors say of a block of items: which models to trust, and how far demand strays.

Everything can be asked as of a past origin too, from the windows that had ended by then: so the
forecast of today is judged by those that it would have made.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.block import Block, forecast_sums
from stockout.forecasting.calibration import Calibration, PastSums, measured
from stockout.forecasting.combination import class_ratios, weights
from stockout.forecasting.dispersion import Pool, shrunk_ratio, variance_to_mean
from stockout.forecasting.shared_level import SharedLevel, shared_level
from stockout.forecasting.stopped import chance_of_demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    level: SharedLevel = SharedLevel()  # how far categories move together


class Spread(NamedTuple):
    """How far demand strays; the variance of a sum with mean m is ``noise m + level m**2``."""

    noise: Matrix  # (items,) of a sum
    period_noise: Matrix  # (items,) of one period
    level_variance: Matrix  # (items,)

    def of_sum(self, total: Matrix) -> Matrix:
        """(items,) variance-to-mean ratio of a sum with this mean."""
        return self.noise + self.level_variance * total


def share(
    block: Block, past: Past, codes: Codes, classes: int, category: Codes | None = None
) -> Shared:
    """Measures on a sample of items what all items share.

    Args:
        block: The sample.
        past: Its windows.
        codes: (items,) demand class of each.
        classes: Number of classes.
        category: (items,) category of each, where it is asked how far these move together.
    """
    ahead, single = past
    errors = block.errors(ahead)
    by_class = class_ratios(errors, ahead.independent > 0, codes, classes)
    combined = block.combined(weights(errors, ahead.independent, by_class, codes))
    expected = forecast_sums(ahead, combined)
    ratio, mean = variance_to_mean(ahead, expected)
    of_sum = Pool(ratio, mean, ahead.independent)
    of_period = Pool(*variance_to_mean(single, forecast_sums(single, combined)), single.independent)
    shared = Shared(ahead.span, by_class, of_sum, of_period)
    if category is None:
        return shared
    strays = shrunk_ratio(ratio, mean, ahead.independent, of_sum)
    return shared._replace(level=shared_level(block, ahead, expected, strays, category))


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


class Outlook(NamedTuple):
    """What was expected of the items of a block from an origin on, by what was known then."""

    goes_on: Matrix  # (items,) probability that demand has not stopped: a factor of the level
    spread: Spread

    @classmethod
    def of(
        cls,
        block: Block,
        past: Past,
        weight: Matrix,
        shared: Shared,
        *,
        hazard: float,
        origin: int = -1,
    ) -> Outlook:
        """Measures the spread, and asks whether there still is demand.

        Args:
            block: The items.
            past: The windows that had ended by the origin.
            weight: (members, items) weights of the models.
            shared: What all items share.
            hazard: Probability that the demand of an item stops in a period.
            origin: Number of the origin; the last one is as-of.
        """
        combined = block.combined(weight)
        usual = np.stack([level[origin] for level in combined]).sum(axis=0, dtype=np.float64)
        of = spread(past, combined, shared, usual)
        goes_on = chance_of_demand(block.trailing_run(origin), of.period_noise, hazard)
        level_variance = (of.level_variance + 1 - goes_on) / goes_on
        return cls(goes_on, of._replace(level_variance=level_variance))


class Calibrations(NamedTuple):
    """Corrections of quantiles, of sums and of single periods."""

    of_sum: Calibration
    of_period: Calibration


def calibrations(
    block: Block,
    span: int,
    codes: Codes,
    classes: int,
    is_integer: NDArray[np.bool_],
    *,
    hazard: float,
) -> Calibrations:
    """Judges the quantiles that a sample of items would have been given at past origins.

    Args:
        block: The sample.
        span: Periods in a sum.
        codes: (items,) demand class of each.
        classes: Number of classes.
        is_integer: (items,) demand comes in whole units.
        hazard: Probability that the demand of an item stops in a period.
    """
    whole = Past.of(block, span)
    step, last = whole.ahead.step, len(whole.ahead.actual) - 1
    ended = -(-span // step)  # origins until a window has ended
    first = int(np.ceil(_KNOWN_WINDOWS * span / step)) + ended
    if last < first:
        return Calibrations(Calibration.none(), Calibration.none())

    def judged(origin: int) -> tuple[PastSums, ...]:
        then = whole.before(origin)
        shared = share(block, then, codes, classes)
        weight = member_weights(block, then, shared, codes)
        out = Outlook.of(block, then, weight, shared, hazard=hazard, origin=origin)
        combined = block.combined(weight)
        parts = []
        for ahead, noise in (
            (whole.ahead, out.spread.noise),
            (whole.single, out.spread.period_noise),
        ):
            chosen = ahead.valid[origin]
            mean = _forecast_at(ahead, combined, origin) * out.goes_on
            variance = noise * mean + out.spread.level_variance * mean**2
            actual = ahead.actual[origin].astype(np.float64)
            parts.append(PastSums(*(a[chosen] for a in (mean, variance, actual, is_integer))))
        return tuple(parts)

    asked = np.unique(np.linspace(first, last, ORIGINS_JUDGED).astype(int)).tolist()
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        of_origins = list(threads.map(judged, asked))
        sums = [PastSums.joined(parts) for parts in zip(*of_origins, strict=True)]
        return Calibrations(*threads.map(measured, sums))


def _forecast_at(ahead: Windows, combined: Levels, origin: int) -> Matrix:
    """(items,) forecast of the observed rows after an origin."""
    levels = [level[[origin]] for level in combined]
    return np.asarray(forecast_sums(ahead.at(origin), levels)[0], dtype=np.float64)
