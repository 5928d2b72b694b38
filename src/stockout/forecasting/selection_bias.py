"""A level that is low among its like is partly bad luck, and a high one good luck.

Each level is right on average, and yet those that are lowest are too low on average: what was
chosen by an estimate was chosen by its error too. With noise of variance ``v`` in a level ``x``,
and levels whose density over the items is ``f``, the expected truth is ``x + v f'(x) / f(x)``
(Tweedie's formula; Robbins 1956, Efron 2011, "Tweedie's formula and selection bias"). Levels within
a category are about log-normal, and the noise of a level is proportional to it: ``v = a r x`` with
the variance-to-mean ratio ``r`` of demand. Then the correction is about

    part * r * (centre - log x)

with the mean of the logarithms of the category's levels as its centre. A quick item hardly changes,
a slow one does, since noise is most of what little it sold.

How much of it is true, the ``part``, is what past origins show: the regression of the items' errors
on the correction, by all items and origins together, less its standard error, and nothing where
that is within its noise (:mod:`stockout.forecasting.encompassing`). Errors of a category, and of
windows that overlap, go together. With fewer than three categories nothing is corrected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockout.forecasting.encompassing import weight_beyond_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockout.forecasting.rolling import Windows

    Matrix = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Numbers = NDArray[np.floating]
    Flags = NDArray[np.bool_]

MOST = 2.0
"""Largest factor of an item, and the reciprocal of the smallest: the formula holds near the centre,
not for an item that has all but stopped."""

_LEAST = 1e-3  # units; the logarithm of less says how long ago an item stopped, not how slow it is


class SelectionBias(NamedTuple):
    """By how much levels are corrected that are low or high among their like."""

    part: float = 0.0  # of the correction, 0 where past origins do not show it
    centre: Matrix = np.zeros(0)  # (categories,) mean logarithm of sums; nan is unknown

    def factors(self, total: Matrix, ratio: Matrix, category: Codes) -> Matrix:
        """(items,) factors of the forecasts.

        Args:
            total: (items,) forecast of the sum.
            ratio: (items,) its variance-to-mean ratio.
            category: (items,) category of each.

        >>> bias = SelectionBias(0.1, np.array([np.log(10.0)]))
        >>> total = np.array([1.0, 10.0, 100.0])
        >>> bias.factors(total, np.full(3, 2.0), np.zeros(3, dtype=np.int64)).round(3).tolist()
        [1.461, 1.0, 0.995]
        """
        factor = np.ones(total.size)
        if not self.part:
            return factor
        centre = self.centre[category]
        told = (total > _LEAST) & np.isfinite(centre)
        x = total[told]
        factor[told] += self.part * ratio[told] * (centre[told] - np.log(x)) / x
        return factor.clip(1 / MOST, MOST)


def selection_bias(
    ahead: Windows, own: Numbers, now: Matrix, ratio: Matrix, category: Codes
) -> SelectionBias:
    """Judges the correction by what it would have been worth at past origins.

    Args:
        ahead: The windows of a sample of items.
        own: (origins, items) forecast of each window by the items' own combinations.
        now: (items,) forecast of the sum after as-of.
        ratio: (items,) variance-to-mean ratio of the sum.
        category: (items,) category of each item.
    """
    order = np.argsort(category, kind="stable")
    codes, first = np.unique(category[order], return_index=True)
    place = np.repeat(np.arange(codes.size), np.diff(first, append=category.size))

    def by_category(values: Numbers | Flags) -> Matrix:
        return np.asarray(np.add.reduceat(values, first, axis=-1, dtype=np.float64))

    def centres(logarithm: Numbers, judged: Flags) -> Matrix:
        return by_category(logarithm) / np.maximum(by_category(judged), 1)

    def ordered(values: Numbers) -> Numbers:
        return np.take(values, order, axis=1)

    # A window observed in part is scaled to the whole, and the correction back to the part.
    seen, expected = ordered(ahead.seen), ordered(own)
    scale = np.where(seen > 0, ordered(ahead.possible) / np.maximum(seen, 1), 1)
    total = expected * scale
    judged = np.take(ahead.valid, order, axis=1) & (total > _LEAST)
    total = np.where(judged, total, 1)
    noise = ratio[order].astype(total.dtype)
    logarithm = np.log(total)
    centre = centres(logarithm, judged).astype(total.dtype)
    apart = noise * (np.take(centre, place, axis=1) - logarithm)
    apart = apart.clip((1 / MOST - 1) * total, (MOST - 1) * total) / scale
    error = ordered(ahead.actual) - expected
    known = judged * scale / (noise * total)
    windows = np.arange(0, len(own), -(-ahead.span // ahead.step))

    def clustered(values: Numbers) -> Matrix:
        return np.asarray(np.add.reduceat(by_category(values), windows, axis=0))

    weighed = apart * known
    part = weight_beyond_noise(clustered(error * weighed), clustered(apart * weighed))
    sum_now = now[order]
    goes_on = sum_now > _LEAST
    centre_now = np.full(int(codes[-1]) + 1, np.nan)
    found = centres(np.log(np.where(goes_on, sum_now, 1)), goes_on)
    centre_now[codes] = np.where(by_category(goes_on) > 0, found, np.nan)
    return SelectionBias(part, centre_now)
