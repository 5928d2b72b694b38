"""The economic order quantity, without and with backorders.

Sources: Snyder and Shen, *Fundamentals of Supply Chain Theory*, 2nd edition, sections 3.2 and 3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockout.forecasting.families import as_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray: TypeAlias = NDArray[np.float64]


class EconomicOrder(NamedTuple):
    """The order quantity of least cost."""

    order_quantity: FloatArray  # units
    cost: FloatArray  # money per period: ordering, holding and backorders


class EconomicOrderWithBackorders(NamedTuple):
    """The order quantity of least cost where some demand waits for the next order."""

    order_quantity: FloatArray  # units
    backorder_fraction: FloatArray  # share of demand that waits
    cost: FloatArray  # money per period: ordering, holding and backorders


def economic_order_quantity(
    fixed_cost: ArrayLike, holding_cost: ArrayLike, demand: ArrayLike
) -> EconomicOrder:
    """``Q = sqrt(2 K d / h)``, which costs ``sqrt(2 K d h)`` a period.

    Args:
        fixed_cost: Money per order, K.
        holding_cost: Money per unit and period, h, above 0.
        demand: Units per period, d.

    Returns:
        Arrays broadcast from the arguments; NaN where one is negative or holding costs nothing.

    Snyder and Shen, example 3.1:

    >>> order = economic_order_quantity(8, 0.225, 1300)
    >>> float(order.order_quantity.round(5)), float(order.cost.round(5))
    (304.04678, 68.41053)
    """
    k, h, d = as_floats(fixed_cost, holding_cost, demand)
    work = _possible((k >= 0) & (h > 0) & (d >= 0), 2 * k * d)
    return EconomicOrder(np.sqrt(work / np.where(h > 0, h, np.nan)), np.sqrt(work * np.abs(h)))


def economic_order_quantity_with_backorders(
    fixed_cost: ArrayLike, holding_cost: ArrayLike, backorder_cost: ArrayLike, demand: ArrayLike
) -> EconomicOrderWithBackorders:
    """``Q = sqrt(2 K d (h + b) / (h b))`` with ``h / (h + b)`` of demand waiting.

    Args:
        fixed_cost: Money per order, K.
        holding_cost: Money per unit and period, h, above 0.
        backorder_cost: Money per unit owed and period, b, above 0.
        demand: Units per period, d.

    Returns:
        Arrays broadcast from the arguments; NaN where one is impossible.

    Snyder and Shen:

    >>> order = economic_order_quantity_with_backorders(8, 0.225, 5, 1300)
    >>> float(order.order_quantity.round(5)), float(order.backorder_fraction.round(7))
    (310.81256, 0.0430622)
    >>> float(order.cost.round(5))
    66.92136
    """
    k, h, b, d = as_floats(fixed_cost, holding_cost, backorder_cost, demand)
    possible = (k >= 0) & (h > 0) & (b > 0) & (d >= 0)
    waiting = h / _possible(possible, h + b)
    # Part of the time nothing is held, which makes a unit cheaper to have: h (1 - waiting).
    effective = h * (1 - waiting)
    work = 2 * k * d
    return EconomicOrderWithBackorders(
        np.sqrt(work / effective), waiting, np.sqrt(work * effective)
    )


def _possible(condition: NDArray[np.bool_], value: FloatArray) -> FloatArray:
    return np.where(condition, value, np.nan)[()]
