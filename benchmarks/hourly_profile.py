"""The hourly course of demand, from the hours at which shelves ran empty.

``freshretailnet_even_stores.parquet`` tells what an item sold in a day and for how many of its 16
opening hours it was out of stock, but not what it sold in which hour. That is enough for a maximum
likelihood estimate of what share of demand comes in which hour. A day that sold ``s`` units and
then had nothing left at the end of hour ``t`` says: the last unit went in hour ``t``, the others at
any time before it, in proportion to the profile; and until then, but not after, demand was at risk
of being seen. Expected sales over expected demand at risk, hour by hour, is the next profile
(an EM step, as for a baseline hazard with frailty: Klein 1992, "Semiparametric estimation of random
effects using the Cox model based on the EM algorithm"). Days differ in their rate, so the demand at
risk is that of the rate's posterior mean given ``s`` and ``t``.

It is assumed that a shelf that ran empty stayed so until closing time, and that how much was put on
it said nothing of the demand of that day beyond what the item's level says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

HOURS = 16
UNIT = 0.13
DAY_VARIANCE = 0.09
"""Within-day variance-to-mean ratio, and squared coefficient of variation of the days' rates.

Days fully in stock have a variance around the mean of the week before and after that is
0.13 m + 0.09 m^2, from slow items to fast ones. With a day variance of .03 or .2 the profile's
cumulative sum differs by .05 at most.
"""

_HALF_WINDOW = 14  # days around a day that its level is taken from
_STEPS = 120


def hourly_profile(units: Matrix, hours_out: NDArray[np.int8]) -> Matrix:
    """(16,) share of a day's demand in each opening hour.

    Args:
        units: (days, items) sales.
        hours_out: (days, items) opening hours without stock.
    """
    out = hours_out.astype(np.int64)
    window_units = _window_sums(units)
    profile = np.full(HOURS, 1 / HOURS)
    sold = np.bincount(out.ravel(), units.ravel(), HOURS + 1)
    last_units = UNIT * np.bincount(out.ravel(), (units > 0).ravel(), HOURS + 1)
    last_units[0] = 0  # a day in stock until it closed has no last unit
    last_units = np.minimum(last_units, sold)
    for step in range(_STEPS):
        until = np.concatenate([[0], np.cumsum(profile)])
        seen = until[HOURS - out]
        if step < 10 or step % 10 == 0:  # the level changes little after the first steps
            level = window_units / np.maximum(_window_sums(seen), 1e-9)
        rate = level * (UNIT + DAY_VARIANCE * units) / (UNIT + DAY_VARIANCE * level * seen)
        rates = np.bincount(out.ravel(), rate.ravel(), HOURS + 1)
        events, at_risk = np.zeros(HOURS), np.zeros(HOURS)
        for hours in range(HOURS):
            in_stock = HOURS - hours
            earlier = sold[hours] - last_units[hours]
            events[:in_stock] += earlier * profile[:in_stock] / until[in_stock]
            events[in_stock - 1] += last_units[hours]
            at_risk[:in_stock] += rates[hours]
        profile = events / at_risk
        profile /= profile.sum()
    # The last hour has no shelf that ran empty before it closed: it shares with the one before.
    profile[-2:] = profile[-2:].mean()
    return profile


def _window_sums(values: Matrix) -> Matrix:
    days = len(values)
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    last = np.minimum(np.arange(days) + _HALF_WINDOW + 1, days)
    return np.asarray(total[last] - total[np.maximum(np.arange(days) - _HALF_WINDOW, 0)])
