"""The effect of stockouts on the customers of a shop, or the scenario where it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.errors import NotKnownError
from stockout.impact.lost_sales import lost_sales
from stockout.impact.repeat_purchase.likelihood import group_rows
from stockout.impact.repeat_purchase.models import prospects
from stockout.impact.repeat_purchase.purchase_history import GUESTS
from stockout.impact.stockout_effect.effect import stockout_effect
from stockout.impact.stockout_effect.landmarks import WINDOW
from stockout.impact.stockout_effect.out_days import active_availability
from stockout.impact.stockout_effect.result import NotKnown, StockoutEffect
from stockout.impact.stockout_effect.scenario import PUBLISHED, scenario
from stockout.tables import conform

if TYPE_CHECKING:
    from datetime import date

    from stockout.impact.repeat_purchase.estimate import RepeatPurchase
    from stockout.impact.stockout_costs import LostSales

_DAYS_A_WEEK = 7
_TABLES = ("by_sku", "by_customer")


class StockTables(NamedTuple):
    """What tells when items were out of stock."""

    inventory: pl.DataFrame | None = None
    products: pl.DataFrame | None = None
    purchases: pl.DataFrame | None = None
    movements: pl.DataFrame | None = None
    events: pl.DataFrame | None = None

    @property
    def tell_stock(self) -> bool:
        """Whether there is a stock list or movements."""
        return self.inventory is not None or self.movements is not None


@dataclass(frozen=True)
class CustomersLost:
    """What stockouts did to customers.

    Attributes:
        effect: The estimate, or None.
        reason: Why there is none.
        value_reason: Why the estimate has no money, where customers have no value.
        lost_units: Gross lost units of the whole history, which scenarios divide; None where they
            are not known.
        lost_margin: Margin of those of known cost and price.
        costed_units: The lost units whose margin is known.
        lost_reason: Why lost units are not known.
    """

    effect: StockoutEffect | None
    reason: str | None
    value_reason: str | None = None
    lost_units: float | None = None
    lost_margin: float | None = None
    costed_units: float | None = None
    lost_reason: str | None = None

    @property
    def record(self) -> dict[str, object] | None:
        """All figures of the effect by name."""
        found = self.effect
        if found is None:
            return None
        names = [name for name in found.__dataclass_fields__ if name not in _TABLES]
        told: dict[str, object] = {name: getattr(found, name) for name in names}
        for name in ("placebo", "balance", "short"):
            told[name] = [each._asdict() for each in getattr(found, name)]
        if found.detectable and self.value_reason is not None:
            told["value_reason"] = self.value_reason
        told["warnings"] = _warnings(found)
        return told

    @property
    def scenario(self) -> dict[str, object] | None:
        """What published shares make of the lost units, where nothing is detectable."""
        if self.scenario_reason is not None or self.lost_units is None:
            return None
        unit = None
        if self.lost_margin is not None and self.costed_units:
            unit = self.lost_margin / self.costed_units
        cases = []
        for name, shares in PUBLISHED.items():
            found = scenario(self.lost_units, shares, unit_value=unit)
            cases.append(
                {
                    "name": name,
                    "elsewhere_units": found.elsewhere_units,
                    "substituted_units": found.substituted_units,
                    "delayed_units": found.delayed_units,
                    "abandoned_units": found.abandoned_units,
                    "net_lost_units": found.net_lost_units,
                    "net_lost_margin": found.net_lost_value,
                    "leaving_customers": found.leaving_customers,
                    "assumption": found.assumption,
                }
            )
        return {
            "lost_units": self.lost_units,
            "lost_margin": None if unit is None else unit * self.lost_units,
            "leaving_reason": "no published share of customers who leave holds for all shops",
            "cases": cases,
        }

    @property
    def scenario_reason(self) -> str | None:
        """Why there is no scenario."""
        if self.effect is not None and self.effect.detectable:
            return "the effect is estimated from these data, a scenario is never added to it"
        return self.lost_reason


def customers_lost(
    sales: pl.DataFrame | None,
    stock: StockTables,
    repeat: RepeatPurchase | None,
    as_of: date | None,
    lost: LostSales | None = None,
) -> CustomersLost:
    """Estimates the effect of stockouts on customers, and what was lost for the scenario.

    Args:
        sales: Canonical sales.
        stock: What tells when items were out of stock.
        repeat: The models of repeat purchases, for the values of customers.
        as_of: Later rows are ignored.
        lost: What was lost by then, where that is estimated already.

    >>> from datetime import date
    >>> sold = pl.DataFrame({"date": [date(2026, 1, 5)], "sku": "A", "units": 1.0})
    >>> sales = conform(sold, "sales")
    >>> customers_lost(sales, StockTables(), None, None).reason
    'no inventory and no movements: which customers met a stockout is not known'
    """
    if sales is None:
        reason = "no sales: what each customer bought, and when, is not known"
        return CustomersLost(None, reason, lost_reason=reason)
    if not stock.tell_stock:
        return CustomersLost(
            None,
            "no inventory and no movements: which customers met a stockout is not known",
            lost_reason="no inventory and no movements: what was lost is not known",
        )
    try:
        lost = lost or lost_sales(sales, *stock, as_of=as_of)
    except NotKnownError as error:
        return CustomersLost(None, error.message, lost_reason=error.message)
    rows = lost.frame.select("lost_units", "lost_margin").drop_nulls("lost_units")
    costed = rows.drop_nulls("lost_margin")
    availability, until = active_availability(lost.history, lost.active), lost.history.as_of
    del lost  # large, where nobody else needs it
    clv, value_reason = _values(repeat)
    guest = pl.col("customer_id").str.to_lowercase().is_in(list(GUESTS))
    found = stockout_effect(
        sales.with_columns(customer_id=pl.when(~guest).then("customer_id")),
        availability,
        products=None if stock.products is None else conform(stock.products, "products"),
        as_of=until,
        clv=clv,
    )
    known = not isinstance(found, NotKnown)
    return CustomersLost(
        effect=found if isinstance(found, StockoutEffect) else None,
        reason=None if known else found.reason,  # type: ignore[union-attr]
        value_reason=value_reason,
        lost_units=float(rows["lost_units"].sum()),
        lost_margin=float(costed["lost_margin"].sum()) if costed.height else None,
        costed_units=float(costed["lost_units"].sum()),
    )


def _values(repeat: RepeatPurchase | None) -> tuple[pl.DataFrame | None, str | None]:
    """What customers would bring if they stayed, and of it in the exposure window."""
    if repeat is None:
        return None, "no customer is known"
    if "clv" in repeat.reasons or repeat.fit is None or repeat.margin.share is None:
        return None, f"the value of customers is not known: {repeat.reasons.get('clv', 'no model')}"
    if not repeat.fits:
        return None, "the model of repeat purchases does not fit, so customers have no value"
    x, t_x, T = (repeat.history.column(name) for name in ("frequency", "recency", "T"))  # noqa: N806
    weeks = np.array([WINDOW / _DAYS_A_WEEK])
    soon = prospects(repeat.fit, group_rows(x, t_x, T, np.ones(x.size)), weeks).if_alive[:, 0]
    frame = repeat.customers.select(
        "customer_id",
        clv=pl.col("clv") + pl.col("at_risk"),  # as if each were still there
        window_value=pl.Series(soon) * repeat.margin.share * pl.col("expected_spend"),
    )
    return frame, None


def _warnings(found: StockoutEffect) -> list[str]:
    told = []
    if found.placebo_passed is False:
        told.append(
            "a placebo stands out: customers differed where no stockout can have been the reason, "
            "do not read the effect as caused by stockouts"
        )
    elif found.placebo_passed is None:
        reasons = {each.reason for each in found.placebo if each.reason}
        told.append(f"not every placebo could be run: {'; '.join(sorted(reasons))}")
    if not found.balanced:
        told.append("exposed customers were different before: the comparison is not a fair one")
    if found.availability_known < 1:
        told.append(
            f"availability is known for {found.availability_known:.0%} of what customers used to "
            "buy; the rest counts as neither in stock nor out"
        )
    return told
