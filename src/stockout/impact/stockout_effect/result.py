"""What is said of the effect of stockouts on customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from stockout.impact.stockout_effect.placebo import Check
    from stockout.impact.stockout_effect.short_effects import ShortEffect

ASSOCIATED, ATTRIBUTED = "associated with stockouts", "attributed to stockouts"


@dataclass(frozen=True)
class NotKnown:
    """The data cannot give the effect."""

    reason: str  # in words


@dataclass(frozen=True)
class StockoutEffect:
    """The effect of stockouts in the exposure windows on who came back.

    Money and excess by SKU and customer are there only where the effect is detectable.
    """

    excess_churners: float  # customer-landmarks that did not come back over and above
    low: float  # 95 % interval
    high: float
    mde: float  # smallest true effect that 80 % of such studies would find, in churners
    detectable: bool  # excess churners reach it
    wording: str  # "associated with", or "attributed to" where detectable and all placebos pass
    per_thwarted_purchase: float  # excess churners
    thwarted_purchases: float  # expected, in the exposure windows
    thwarted_by_habit: float  # of them of customers who had bought the item before
    excess_churners_a_year: float | None  # the same rate all year round; None if not detectable
    value_at_risk: float | None  # margin
    value_low: float | None
    value_high: float | None
    value_reason: str | None  # why there is no value
    orders_change: float | None  # relative change of orders a thwarted purchase (Poisson)
    orders_low: float | None
    orders_high: float | None
    customers: int  # different ones in the panel
    customer_landmarks: int  # rows of the panel
    baseline_churn: float  # share of them that did not come back
    landmarks: list[date]  # first days of the exposure windows
    sku_shocks: int  # SKUs out of stock in an exposure window that somebody used to buy
    effective_shocks: float  # as many SKUs of the same weight
    availability_known: float  # share of the habits' item-days in the windows
    placebo: list[Check]
    placebo_passed: bool | None  # None where one could not be run
    balance: list[Check]
    balanced: bool
    short: list[ShortEffect]
    by_sku: pl.DataFrame
    by_customer: pl.DataFrame
