"""What a reorder list is asked with: its tables as they were known, and arguments in range."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

import polars as pl

from stockout.errors import ConfigError
from stockout.replenishment.lead_times import with_supplier
from stockout.replenishment.order_quantities import Review
from stockout.replenishment.supplier_minimum import BelowMinimum
from stockout.replenishment.targets import Unmet
from stockout.tables import conform

if TYPE_CHECKING:
    from datetime import date


class Tables(NamedTuple):
    """The canonical tables that a reorder list, or a simulation of one, is made from."""

    sales: pl.DataFrame
    inventory: pl.DataFrame
    products: pl.DataFrame | None
    suppliers: pl.DataFrame | None
    purchases: pl.DataFrame | None
    orders: pl.DataFrame | None
    movements: pl.DataFrame | None
    overrides: pl.DataFrame | None = None
    events: pl.DataFrame | None = None


def conformed(
    sales: pl.DataFrame, inventory: pl.DataFrame, **others: pl.DataFrame | None
) -> Tables:
    """The tables with the columns and types of canonical ones.

    Args:
        sales: Sales.
        inventory: Inventory.
        others: The other tables by their names, None where there is none.

    Raises:
        InputError: A frame lacks a required column.
    """
    return Tables(
        conform(sales, "sales"),
        conform(inventory, "inventory"),
        **{name: None if frame is None else conform(frame, name) for name, frame in others.items()},
    )


def up_to(tables: Tables, as_of: date) -> Tables:
    """What was known at as-of, each purchase with its supplier."""
    return tables._replace(
        inventory=tables.inventory.filter(pl.col("date") <= as_of),
        purchases=None
        if tables.purchases is None
        else with_supplier(tables.purchases.filter(pl.col("order_date") <= as_of), tables.products),
    )


def told_order_cost(tables: Tables) -> float | None:
    """The first order cost that products or suppliers tell, None where there is none."""
    for frame in (tables.products, tables.suppliers):
        if frame is not None and (told := frame["order_cost"].drop_nulls()).len():
            return float(told[0])
    return None


def check_days(
    *,
    lead_time_days: float | None,
    review_days: float | None,
    default_lead_time_days: float | None,
    default_review_days: float,
    budget: float | None,
) -> None:
    """Refuses days and money that are out of range.

    Raises:
        ConfigError: One is.
    """
    for name, days in (
        ("lead time", lead_time_days),
        ("default lead time", default_lead_time_days),
    ):
        if days is not None and not 0 <= days < float("inf"):
            raise ConfigError(f"the {name} is {days:g} days, expected 0 or more")
    for name, days in (
        ("review period", review_days),
        ("default review period", default_review_days),
    ):
        if days is not None and not 0 < days < float("inf"):
            raise ConfigError(f"the {name} is {days:g} days, expected more than 0")
    if budget is not None and not budget >= 0:
        raise ConfigError(f"the budget is {budget:g}, expected 0 or more")


def check_choices(unmet: str, policy: str, below_minimum: str, sold_before_expiry: float) -> None:
    """Refuses words that are none of the choices, and a probability that is none.

    Raises:
        ConfigError: One is.
    """
    for name, value, choices in (
        ("unmet", unmet, get_args(Unmet)),
        ("policy", policy, get_args(Review)),
        ("below_minimum", below_minimum, get_args(BelowMinimum)),
    ):
        if value not in choices:
            raise ConfigError(f"{name} is {value!r}, expected one of {', '.join(choices)}")
    if not 0 < sold_before_expiry < 1:
        raise ConfigError(
            f"sold_before_expiry is {sold_before_expiry:g}, expected a share between 0 and 1"
        )
