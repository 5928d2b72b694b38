"""The effect of stockouts on customers within ``stockout churn``: estimated, or else a scenario.

The estimate is that of :mod:`stockout.impact.stockout_effect`, on the availability that lost sales
rest on, with the value of customers by the model of repeat purchases. Where it cannot be had, the
lost units are divided by published shares, which are assumed and say so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.errors import NotKnownError
from stockout.impact.lost_sales import lost_sales
from stockout.impact.stockout_effect.effect import stockout_effect
from stockout.impact.stockout_effect.landmarks import WINDOW
from stockout.impact.stockout_effect.out_days import active_availability
from stockout.impact.stockout_effect.result import NotKnown, StockoutEffect
from stockout.impact.stockout_effect.scenario import PUBLISHED, scenario

if TYPE_CHECKING:
    from datetime import date

    from stockout.impact.repeat_purchase.estimate import RepeatPurchase
    from stockout.impact.stockout_costs import LostSales
    from stockout.impact.stockout_effect.scenario import ScenarioResult

NO_SALES = "no sales: what each customer bought, and when, is not known"
NO_INVENTORY = "no inventory: which customers met a stockout is not known"

_FRAMES = ("by_sku", "by_customer")
_CHECKS = ("placebo", "balance", "short")


@dataclass(frozen=True)
class EffectOnCustomers:
    """What stockouts did to customers.

    Attributes:
        found: The estimate, or None.
        reason: Why there is none.
        scenarios: By source, what published shares would make of the lost units, where there is no
            estimate or it is not detectable. Assumed, never a part of the estimate.
    """

    found: StockoutEffect | None
    reason: str | None
    scenarios: dict[str, ScenarioResult]

    def record(self) -> dict[str, object] | None:
        """The estimate by name, without its tables; None where there is none."""
        if self.found is None:
            return None
        whole = {each.name: getattr(self.found, each.name) for each in fields(self.found)}
        return {
            name: [each._asdict() for each in value] if name in _CHECKS else value
            for name, value in whole.items()
            if name not in _FRAMES
        }

    def assumed(self) -> dict[str, object] | None:
        """The scenarios by source."""
        return {name: asdict(each) for name, each in self.scenarios.items()} or None


def effect_on_customers(
    sales: pl.DataFrame | None,
    inventory: pl.DataFrame | None,
    products: pl.DataFrame | None,
    purchases: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    *,
    as_of: date | None,
    repeat_purchase: RepeatPurchase,
) -> EffectOnCustomers:
    """Estimates the effect, or says why it is not known.

    Args:
        sales: Canonical sales up to as-of, or None.
        inventory: Stock or in-stock flags, or None.
        products: Categories tell substitutes, prices and costs the money of a scenario.
        purchases: Open orders, receipts.
        movements: What came into stock and went out of it.
        as_of: Later rows are ignored.
        repeat_purchase: Values of the customers.
    """
    if sales is None:
        return EffectOnCustomers(None, NO_SALES, {})
    if inventory is None and movements is None:
        return EffectOnCustomers(None, NO_INVENTORY, {})
    try:
        lost = lost_sales(sales, inventory, products, purchases, movements, as_of=as_of)
    except NotKnownError as error:
        return EffectOnCustomers(None, str(error), {})
    found = stockout_effect(
        sales,
        active_availability(lost.latent.history, lost.active),
        products=products,
        as_of=as_of,
        clv=_values(repeat_purchase),
    )
    if isinstance(found, NotKnown):
        return EffectOnCustomers(None, found.reason, _scenarios(lost))
    return EffectOnCustomers(found, None, {} if found.detectable else _scenarios(lost))


def _values(found: RepeatPurchase) -> pl.DataFrame | None:
    """Value of each customer who stays, and what of it falls into the exposure window.

    Purchases of a customer who stays come evenly, so that the window has its part of the horizon.
    None where the model does not fit or nothing tells the money.
    """
    if not found.fits or found.customers["clv"].null_count() == found.customers.height:
        return None
    stays = pl.col("clv") / pl.col("probability_alive")
    part = min(1.0, WINDOW / 7 / found.horizon)
    return (
        found.customers.filter(pl.col("probability_alive") > 0)
        .select("customer_id", clv=stays)
        .with_columns(window_value=pl.col("clv") * part)
    )


def _scenarios(lost: LostSales) -> dict[str, ScenarioResult]:
    units = np.nan_to_num(lost.losses.lost)
    margin = lost.losses.margin
    known = np.isfinite(margin) & (units > 0)
    total = float(units.sum())
    value = float((units * margin)[known].sum() / units[known].sum()) if known.any() else None
    return {name: scenario(total, shares, unit_value=value) for name, shares in PUBLISHED.items()}
