"""What past errors say of a block of items: which models to trust, and how far demand strays.

Everything can be asked as of a past origin too, from the windows that had ended by then: so the
forecast of today is judged by those that it would have made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.block import Block, forecast_sums
from stockout.forecasting.calibration import Calibration, PastSums, measured
from stockout.forecasting.combination import class_ratios, weights
from stockout.forecasting.dispersion import Pool, shrunk_ratio, variance_to_mean
from stockout.forecasting.selection_bias import SelectionBias, selection_bias
from stockout.forecasting.shared_level import SharedLevel, shared_level
from stockout.forecasting.stopped import chance_of_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockout.forecasting.block import Observed
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
    errors: Matrix  # (members, items) mean squared error of the sums

    @classmethod
    def of(cls, block: Block, span: int) -> Past:
        """All windows of the history."""
        ahead = block.windows(span)
        return cls(ahead, block.windows(1), block.errors(ahead))

    def before(self, origin: int, squared: Matrix) -> Past:
        """What was known at an origin.

        Args:
            origin: Its number.
            squared: (members, origins, items) from :meth:`Block.squared_up_to`.
        """
        ahead, single = self.ahead.before(origin), self.single.before(origin)
        count = np.maximum(ahead.valid.sum(axis=0), 1)
        return Past(ahead, single, squared[:, len(ahead.actual) - 1] / count)


class Shared(NamedTuple):
    """What items have in common at one span: small tables, estimated from a sample of items."""

    span: int  # periods in a window
    by_class: Matrix  # (members, classes) relative squared error
    of_sum: Pool  # variance-to-mean ratio of the sum
    of_period: Pool  # variance-to-mean ratio of one period
    level: SharedLevel = SharedLevel()  # how far categories move together
    bias: SelectionBias = SelectionBias()  # of levels that are low or high in their category


class Combined(NamedTuple):
    """The weighted forecast of a block, and how far demand strayed from it."""

    weight: Matrix  # (members, items)
    levels: Levels  # for each season (origins, items)
    sums: NDArray[np.float32]  # (origins, items) forecast of each window
    of_sum: tuple[Matrix, Matrix]  # (items,) variance-to-mean ratio of the sum, and its mean
    of_period: tuple[Matrix, Matrix]  # of one period

    @classmethod
    def of(cls, block: Block, past: Past, by_class: Matrix, codes: Codes) -> Combined:
        """Weights the members by their past errors.

        Args:
            block: The items.
            past: The windows whose errors count.
            by_class: (members, classes) relative squared error.
            codes: (items,) demand class of each.
        """
        weight = weights(past.errors, past.ahead.independent, by_class, codes)
        levels = block.combined(weight)
        sums = forecast_sums(past.ahead, levels)
        periods = forecast_sums(past.single, levels)
        of_sum, of_period = (
            variance_to_mean(past.ahead, sums),
            variance_to_mean(past.single, periods),
        )
        return cls(weight, levels, sums, of_sum, of_period)

    def usual(self, origin: int = -1) -> Matrix:
        """(items,) expected demand of a period after an origin, by its number."""
        of_seasons = np.stack([level[origin] for level in self.levels])
        return np.asarray(of_seasons.sum(axis=0, dtype=np.float64))


class Spread(NamedTuple):
    """How far demand strays; the variance of a sum with mean m is ``noise m + level m**2``."""

    noise: Matrix  # (items,) of a sum
    period_noise: Matrix  # (items,) of one period
    level_variance: Matrix  # (items,)

    def of_sum(self, total: Matrix) -> Matrix:
        """(items,) variance-to-mean ratio of a sum with this mean."""
        return self.noise + self.level_variance * total


def share(block: Block, past: Past, codes: Codes, classes: int) -> tuple[Shared, Combined]:
    """Measures on a sample of items what all items share; also what it makes of the sample.

    Args:
        block: The sample.
        past: Its windows.
        codes: (items,) demand class of each.
        classes: Number of classes.
    """
    ahead, single = past.ahead, past.single
    by_class = class_ratios(past.errors, ahead.independent > 0, codes, classes)
    combined = Combined.of(block, past, by_class, codes)
    of_sum = Pool(*combined.of_sum, ahead.independent)
    of_period = Pool(*combined.of_period, single.independent)
    return Shared(ahead.span, by_class, of_sum, of_period), combined


def share_with_categories(
    block: Block, past: Past, codes: Codes, classes: int, category: Codes
) -> Shared:
    """Measures on a sample what all items share, and what those of a category tell of each other.

    Args:
        block: The sample.
        past: Its windows.
        codes: (items,) demand class of each.
        classes: Number of classes.
        category: (items,) category of each.
    """
    shared, combined = share(block, past, codes, classes)
    strays = shrunk_ratio(*combined.of_sum, past.ahead.independent, shared.of_sum)
    level = shared_level(block, past.ahead, combined.sums, strays, category)
    now = combined.usual() * shared.span
    bias = selection_bias(past.ahead, combined.sums, now, strays, category)
    return shared._replace(level=level, bias=bias)


def spread(past: Past, combined: Combined, shared: Shared, usual: Matrix) -> Spread:
    """Measures the spread of the combined forecast.

    Args:
        past: The windows whose errors count.
        combined: The combination and how far demand strayed from it.
        shared: What all items share.
        usual: (items,) expected demand of a period ahead.
    """
    noise = _shrunk(combined.of_period, usual, past.single.independent, shared.of_period)
    total = usual * shared.span
    of_sum = _shrunk(combined.of_sum, total, past.ahead.independent, shared.of_sum)
    # What a sum strays more than the noise of its periods is the level's error, common to them.
    level_variance = np.where(total > 0, (of_sum - noise).clip(0) / np.maximum(total, 1e-9), 0)
    return Spread(np.minimum(noise, of_sum), noise, level_variance)


def _shrunk(
    found: tuple[Matrix, Matrix], expected: Matrix, independent: Matrix, pool: Pool
) -> Matrix:
    ratio, mean = found
    known = np.isfinite(ratio)
    return shrunk_ratio(ratio, np.where(known, mean, expected), independent, pool)


class Outlook(NamedTuple):
    """What was expected of the items of a block from an origin on, by what was known then."""

    goes_on: Matrix  # (items,) probability that demand has not stopped: a factor of the level
    spread: Spread

    @classmethod
    def of(
        cls,
        block: Block,
        past: Past,
        combined: Combined,
        shared: Shared,
        *,
        hazard: float,
        origin: int = -1,
    ) -> Outlook:
        """Measures the spread, and asks whether there still is demand.

        Args:
            block: The items.
            past: The windows that had ended by the origin.
            combined: The weighted forecast.
            shared: What all items share.
            hazard: Probability that the demand of an item stops in a period.
            origin: Number of the origin; the last one is as-of.
        """
        of = spread(past, combined, shared, combined.usual(origin))
        goes_on = chance_of_demand(block.trailing_run(origin), of.period_noise, hazard)
        level_variance = (of.level_variance + 1 - goes_on) / goes_on
        return cls(goes_on, of._replace(level_variance=level_variance))


class Calibrations(NamedTuple):
    """Corrections of quantiles, of sums and of single periods."""

    of_sum: Calibration
    of_period: Calibration


class Judging(NamedTuple):
    """At which spans the quantiles of some items are to be judged, and what is known of them."""

    spans: Sequence[int]  # periods in a sum
    codes: Codes  # (items,) demand class of each
    classes: int  # number of classes
    is_integer: NDArray[np.bool_]  # (items,) demand comes in whole units
    hazard: float  # probability that the demand of an item stops in a period


def calibrated(observed: Observed, models: Sequence[str], judging: Judging) -> list[Calibrations]:
    """Makes a block of a sample of items, and judges its quantiles; see :func:`calibrations`."""
    return calibrations(Block(observed, models), judging)


def calibrations(block: Block, judging: Judging) -> list[Calibrations]:
    """Judges the quantiles that a sample of items would have been given at past origins.

    Args:
        block: The sample.
        judging: What is asked of it.

    Returns:
        For each span the corrections.
    """
    return [_calibrations(block, span, judging) for span in judging.spans]


def _calibrations(block: Block, span: int, judging: Judging) -> Calibrations:
    whole = Past.of(block, span)
    step, last = whole.ahead.step, len(whole.ahead.actual) - 1
    ended = -(-span // step)  # origins until a window has ended
    first = int(np.ceil(_KNOWN_WINDOWS * span / step)) + ended
    if last < first:
        return Calibrations(Calibration.none(), Calibration.none())

    squared = block.squared_up_to(whole.ahead)

    def judged(origin: int) -> tuple[PastSums, ...]:
        then = whole.before(origin, squared)
        shared, combined = share(block, then, judging.codes, judging.classes)
        out = Outlook.of(block, then, combined, shared, hazard=judging.hazard, origin=origin)
        parts = []
        for ahead, noise in (
            (whole.ahead, out.spread.noise),
            (whole.single, out.spread.period_noise),
        ):
            chosen = ahead.valid[origin]
            mean = _forecast_at(ahead, combined.levels, origin) * out.goes_on
            variance = noise * mean + out.spread.level_variance * mean**2
            actual = ahead.actual[origin].astype(np.float64)
            known = (mean, variance, actual, judging.is_integer)
            parts.append(PastSums(*(a[chosen] for a in known)))
        return tuple(parts)

    asked = np.unique(np.linspace(first, last, ORIGINS_JUDGED).astype(int)).tolist()
    of_origins = map(judged, asked)
    return Calibrations(
        *(measured(PastSums.joined(parts)) for parts in zip(*of_origins, strict=True))
    )


def _forecast_at(ahead: Windows, levels: Levels, origin: int) -> Matrix:
    """(items,) forecast of the observed rows after an origin."""
    then = [level[[origin]] for level in levels]
    return np.asarray(forecast_sums(ahead.at(origin), then)[0], dtype=np.float64)
