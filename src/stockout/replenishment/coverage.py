"""How long stock lasts at the expected demand, and how much lasts long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockout.forecasting.families import as_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]


class SellOut(NamedTuple):
    """When stock runs out at the expected demand, in days from now; infinite without demand."""

    first: FloatArray  # the first time there is none, even if more is on the way
    last: FloatArray  # the time from which there is none and no more is on the way


def range_of_coverage(
    requirement: ArrayLike, workdays: ArrayLike, coverage_days: ArrayLike
) -> FloatArray:
    """The stock that covers so many days of the average daily requirement.

    Args:
        requirement: Units required in all.
        workdays: Working days over which they are required, above 0.
        coverage_days: Working days that stock is to last: the range of coverage.

    Returns:
        Units; NaN where there are no workdays or an argument is negative.

    A requirement of 160 pieces over 8 workdays (SAP's dynamic safety stock, range-of-coverage
    profile), for a minimum, a target and a maximum of 3, 5 and 12 days:

    >>> range_of_coverage(160, 8, [3, 5, 12]).tolist()
    [60.0, 100.0, 240.0]
    """
    units, days, coverage = as_floats(requirement, workdays, coverage_days)
    possible = (units >= 0) & (days > 0) & (coverage >= 0)
    return (units / np.where(possible, days, np.nan) * coverage)[()]


def sells_out_in(
    demand: ArrayLike,
    on_hand: ArrayLike,
    arrival_days: ArrayLike,
    arrival_units: ArrayLike,
) -> SellOut:
    """When stock on hand, and all that is on order, sells out at a constant demand.

    What is demanded while there is no stock is lost, so a gap before an arrival does not use up
    the units that arrive. An arrival at the moment stock runs out leaves no gap.

    Args:
        demand: Units per day, shape (...).
        on_hand: Units, shape (...); a negative one (more sold than counted) is none.
        arrival_days: Days from now at which orders arrive, shape (..., k), in any order; overdue
            ones (below 0) arrive now. NaN, with its units, is no arrival: pad with it.
        arrival_units: Units that arrive, shape (..., k), none of them negative.

    Returns:
        Arrays of the broadcast shape (...); NaN where demand or stock is NaN or demand negative.

    Five a day, ten on hand, twenty arriving in five days: a gap opens after day 2, the twenty last
    from day 5 to day 9.

    >>> [float(days) for days in sells_out_in(5, 10, [5], [20])]
    [2.0, 9.0]
    """
    rate, stock, days, units = as_floats(demand, on_hand, arrival_days, arrival_units)
    missing = np.isnan(days) | np.isnan(units) | (units <= 0)
    days, units = np.where(missing, np.inf, np.maximum(days, 0)), np.where(missing, 0, units)
    order = np.argsort(days, axis=-1, kind="stable")
    days, units = (np.take_along_axis(values, order, axis=-1) for values in (days, units))
    start = np.zeros((*np.broadcast_shapes(days.shape[:-1], stock.shape, rate.shape), 1))
    days, units = (np.broadcast_to(v, (*start.shape[:-1], v.shape[-1])) for v in (days, units))
    arrivals = np.concatenate([start, days], axis=-1)
    batches = np.concatenate([start + np.maximum(stock, 0)[..., None], units], axis=-1)
    known = (rate >= 0) & ~np.isnan(stock)
    lasting = batches / np.where(rate > 0, rate, np.nan)[..., None]

    sold_out = np.cumsum(lasting, axis=-1)
    next_arrival = np.concatenate([arrivals[..., 1:], start + np.inf], axis=-1)
    gap = np.argmax(sold_out < next_arrival, axis=-1)[..., None]
    first = np.take_along_axis(sold_out, gap, axis=-1)[..., 0]
    # Sold out after batch j: max(sold out before, arrival j) + its days, which unrolls to a maximum
    # over the batch from which on there is no more gap.
    from_here = np.cumsum(lasting[..., ::-1], axis=-1)[..., ::-1]
    last = np.max(np.where(arrivals < np.inf, arrivals + from_here, -np.inf), axis=-1)
    return SellOut(*(_answer(days, rate, known) for days in (first, last)))


def _answer(days: FloatArray, rate: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    """The days where there is demand, infinite where there is none, NaN where it is not known."""
    return np.where(known, np.where(rate > 0, days, np.inf), np.nan)[()]
