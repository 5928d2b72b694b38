"""Churn: which customers have probably gone, what they were worth, and what stockouts did to it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockout.demand.calendar import resolve_as_of
from stockout.errors import ConfigError, NotKnownError
from stockout.impact.customers_lost import CustomersLost, StockTables, customers_lost
from stockout.impact.repeat_purchase.estimate import RepeatPurchase, estimate
from stockout.impact.repeat_purchase.lifetime_value import (
    DISCOUNT_RATE,
    Margin,
    measured_margin,
)
from stockout.impact.repeat_purchase.purchase_history import (
    PurchaseHistory,
    has_summary,
    purchase_history,
    summary_history,
)
from stockout.impact.repeat_purchase.record import record, warnings
from stockout.impact.repeat_purchase.standing import at_risk, status
from stockout.tables import conform, without_crumbs

if TYPE_CHECKING:
    from datetime import date

    from stockout.impact.repeat_purchase.models import ModelName
    from stockout.impact.stockout_costs import LostSales

logger = logging.getLogger(__name__)

HORIZON_WEEKS = 52
"""A year ahead, where nothing else is said."""

_LONGEST_HORIZON = 520
"""Ten years: nobody knows the customers of a later day."""


@dataclass(frozen=True)
class Churn:
    """Repeat purchases and the effect of stockouts on them.

    Attributes:
        as_of: The date that the figures are of; None where only a summary of purchases is known.
        repeat_purchase: The estimates, or None.
        repeat_purchase_reason: Why there are none.
        people: Canonical customers, for names and segments, or None.
        products: Canonical products, for names, or None.
        lost: The effect of stockouts, or why it is not known.
    """

    as_of: date | None
    repeat_purchase: RepeatPurchase | None
    repeat_purchase_reason: str | None
    people: pl.DataFrame | None
    products: pl.DataFrame | None
    lost: CustomersLost

    def record(self) -> dict[str, object]:
        """All figures by name, nested; what is not known is None and has a reason beside it."""
        return {
            "as_of": self.as_of,
            "repeat_purchase": None
            if self.repeat_purchase is None
            else record(self.repeat_purchase),
            "repeat_purchase_reason": self.repeat_purchase_reason,
            "effect": self.lost.record,
            "effect_reason": self.lost.reason,
            "scenario": self.lost.scenario,
            "scenario_reason": self.lost.scenario_reason,
        }

    def summary(self) -> pl.DataFrame:
        """The figures of :meth:`record`, one a row: figure (dotted name), value and text.

        A number stands in value, a word or a reason in text; what is not known is null in both.
        """
        rows = list(_flat(self.record(), ""))
        frame = pl.DataFrame(
            rows,
            schema={"figure": pl.String, "value": pl.Float64, "text": pl.String},
            orient="row",
        )
        return without_crumbs(frame)

    def by_customer(self) -> pl.DataFrame:
        """A call list, one row a customer, those first of whom there is most to win back.

        Columns: customer_id, name, segment, first_purchase, last_purchase, frequency, recency, T,
        status, probability_alive, expected_purchases, expected_spend, clv, at_risk,
        days_since_last, usual_gap_days, overdue, exposure (purchases that stockouts are expected to
        have thwarted; null for those outside of the panel), excess_churn_probability (null where
        the effect is not detectable). ``docs/customers.md`` defines them.

        Raises:
            NotKnownError: No customer is known.
        """
        found = self.repeat_purchase
        if found is None:
            raise NotKnownError(f"customers are not known: {self.repeat_purchase_reason}")
        frame = found.customers.with_columns(status=status(found), at_risk=at_risk(found))
        names = ["customer_id", "name", "segment"]
        if self.people is None:
            none = pl.lit(None, pl.String)
            frame = frame.with_columns(name=none, segment=none)
        else:
            frame = frame.join(self.people.select(names), on="customer_id", how="left")
        first = ["at_risk"] if found.fits else ["is_overdue", "at_risk", "frequency"]
        ordered = frame.sort(
            *first, "customer_id", descending=[True] * len(first) + [False], nulls_last=True
        )
        columns = [name for name in found.customers.columns if name != "is_overdue"]
        at = columns.index("probability_alive")
        listed = ordered.select(*names, *columns[1:at], "status", *columns[at:])
        return without_crumbs(
            listed.join(self._exposure(), on="customer_id", how="left", maintain_order="left")
        )

    def by_sku(self) -> pl.DataFrame:
        """Lost customers by the SKU whose stockouts they met, most thwarted purchases first.

        Columns: sku, location, name, exposed_customers, thwarted_purchases, excess_churners and
        value (null where the effect is not detectable, or value is not known).

        Raises:
            NotKnownError: There is no effect.
        """
        if self.lost.effect is None:
            raise NotKnownError(f"the effect by sku is not known: {self.lost.reason}")
        frame = self.lost.effect.by_sku
        name = pl.DataFrame(schema={"sku": pl.String, "name": pl.String})
        if self.products is not None:
            name = self.products.select("sku", "name").unique("sku", keep="first")
        named = frame.join(name, on="sku", how="left", maintain_order="left")
        return named.select("sku", "location", "name", *frame.columns[2:])

    def _exposure(self) -> pl.DataFrame:
        if self.lost.effect is not None:
            return self.lost.effect.by_customer
        columns = {"exposure": pl.Float64, "excess_churn_probability": pl.Float64}
        return pl.DataFrame(schema={"customer_id": pl.String, **columns})


def churn(
    sales: pl.DataFrame | None = None,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    customers: pl.DataFrame | None = None,
    *,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    as_of: date | None = None,
    model: ModelName = "mbgnbd",
    horizon: float = HORIZON_WEEKS,
    margin: float | None = None,
    discount_rate: float = DISCOUNT_RATE,
    lost: LostSales | None = None,
) -> Churn:
    """Estimates who has gone, what customers are worth, and the effect of stockouts on them.

    Args:
        sales: Canonical sales with a customer_id; not needed where ``customers`` has frequency,
            recency and T, in weeks, which then count.
        inventory: Stock or in-stock flags, for the effect of stockouts.
        products: Unit costs, from which the margin is measured.
        customers: Names and segments, or the summary of purchases.
        purchases: Open orders and receipts, which tell what was meant to be sold.
        movements: What came into stock and went out of it.
        events: Promotions and holidays, for lost units.
        as_of: Later rows are ignored; default the last date of sales.
        model: ``mbgnbd``, ``bgnbd`` or ``pareto``.
        horizon: Weeks ahead for which purchases and values are expected.
        margin: Share of revenue left after the cost of goods; default measured.
        discount_rate: Interest a year at which later purchases count less.
        lost: What :func:`stockout.lost_sales` found in the same tables up to the same day, where
            that is there already.

    Raises:
        ConfigError: A setting cannot be.
        InputError: A frame lacks a column, or has a summary that cannot be.
        NotKnownError: Nothing tells of any customer's purchases.

    >>> summary = pl.DataFrame({"customer_id": ["A", "B"], "frequency": [2, 0],
    ...     "recency": [30.4, 0.0], "T": [38.9, 38.9]})
    >>> found = churn(customers=summary).record()["repeat_purchase"]
    >>> found["repurchase_rate"], found["parameters"], found["reason"]
    (0.5, None, '1 of 2 customers bought again, a model needs 30 who did')
    """
    _check_settings(horizon, margin, discount_rate)
    sales = None if sales is None else conform(sales, "sales")
    people = None if customers is None else conform(customers, "customers")
    if sales is not None and as_of is None:
        as_of = resolve_as_of({"sales": sales})
    stock = StockTables(inventory, products, purchases, movements, events)
    until = None if sales is None or as_of is None else sales.filter(pl.col("date") <= as_of)
    found, missing, dated = None, None, as_of
    try:
        history = _history(sales, people, as_of)
    except NotKnownError as error:
        if sales is None or not stock.tell_stock:
            raise
        missing = error.message
    else:
        found = estimate(
            history,
            model,
            horizon=horizon,
            discount_rate=discount_rate,
            margin=_margin(until, products, margin),
        )
        dated = as_of if history.from_sales else None
        for warning in warnings(found):
            logger.info("repeat purchases: %s", warning)
    return Churn(
        as_of=dated,
        repeat_purchase=found,
        repeat_purchase_reason=missing,
        people=people,
        products=None if products is None else conform(products, "products"),
        lost=customers_lost(until, stock, found, as_of, lost),
    )


def _check_settings(horizon: float, margin: float | None, discount_rate: float) -> None:
    if not 0 < horizon <= _LONGEST_HORIZON:
        raise ConfigError(
            f"horizon: found {horizon:g}, expected weeks from 1 to {_LONGEST_HORIZON}"
        )
    if margin is not None and not 0 < margin <= 1:
        raise ConfigError(
            f"margin: found {margin:g}, expected a share of revenue between 0 and 1",
            hint="30 % is 0.3",
        )
    if not 0 <= discount_rate < 1:
        raise ConfigError(
            f"discount rate: found {discount_rate:g}, expected a share a year from 0 to below 1",
            hint="15 % is 0.15",
        )


def _history(
    sales: pl.DataFrame | None, customers: pl.DataFrame | None, as_of: date | None
) -> PurchaseHistory:
    if customers is not None and has_summary(customers):
        if sales is not None:
            logger.info("repeat purchases: frequency, recency and T of customers count, not sales")
        return summary_history(customers)
    if sales is None or as_of is None:
        raise NotKnownError(
            "repeat purchases are not known: no sales, and no customers with frequency, recency "
            "and T",
            hint="give --sales with a customer_id, or --customers with frequency, recency and T in "
            "weeks",
        )
    return purchase_history(sales, as_of)


def _margin(
    sales: pl.DataFrame | None, products: pl.DataFrame | None, given: float | None
) -> Margin:
    if given is not None:
        return Margin(given, "given")
    if sales is None:
        return Margin(None, "no sales to measure it from: give --margin")
    return measured_margin(sales, None if products is None else conform(products, "products"))


def _flat(value: object, name: str) -> list[tuple[str, float | None, str | None]]:
    if isinstance(value, dict):
        return [
            row
            for key, each in value.items()
            for row in _flat(each, f"{name}.{key}" if name else str(key))
        ]
    if isinstance(value, list):
        return [row for k, each in enumerate(value, 1) for row in _flat(each, f"{name}.{k}")]
    if isinstance(value, bool | int | float):
        return [(name, float(value), None)]
    return [(name, None, None if value is None else str(value))]
