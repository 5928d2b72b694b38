"""Customers who did not come back, associated with stockouts: how many, and what they are worth.

The reading guide, what is identified and what is not, and how well it recovers known effects, are
in ``docs/customers_effect.md``.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockout.errors import MissingColumnError
from stockout.impact.stockout_effect.attribution import (
    by_customer,
    by_sku,
    customer_value,
)
from stockout.impact.stockout_effect.enough_data import known_share, lacking_data, shocked_skus
from stockout.impact.stockout_effect.landmarks import AFTER, BEFORE, GAP, WINDOW, landmark_days
from stockout.impact.stockout_effect.out_days import out_days
from stockout.impact.stockout_effect.placebo import (
    balance,
    is_balanced,
    passed,
    placebos,
)
from stockout.impact.stockout_effect.purchases import purchases
from stockout.impact.stockout_effect.regression import binomial_weights, poisson, two_stage
from stockout.impact.stockout_effect.result import (
    ASSOCIATED,
    ATTRIBUTED,
    NotKnown,
    StockoutEffect,
)
from stockout.impact.stockout_effect.setting import frame
from stockout.impact.stockout_effect.short_effects import short_effects
from stockout.tables import conform

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from stockout.impact.stockout_effect.out_days import OutDays
    from stockout.impact.stockout_effect.placebo import Check
    from stockout.impact.stockout_effect.purchases import Purchases
    from stockout.impact.stockout_effect.regression import Coefficient
    from stockout.impact.stockout_effect.setting import Frame

logger = logging.getLogger(__name__)

_CONFIDENCE = 1.959964  # normal quantile, 97.5 %
_POWER = 0.841621  # normal quantile, 80 %
_YEAR_DAYS = 365.25
_SPANS = [(0, WINDOW), (WINDOW, WINDOW + GAP), (WINDOW + GAP, WINDOW + GAP + AFTER)]


def stockout_effect(
    lines: pl.DataFrame,
    availability: pl.DataFrame,
    *,
    products: pl.DataFrame | None = None,
    as_of: date | None = None,
    clv: pl.DataFrame | None = None,
    every_weeks: int = 4,
) -> StockoutEffect | NotKnown:
    """Estimates how many customers did not come back because of stockouts.

    Args:
        lines: Canonical sales: date, sku, location, units, customer_id?, order_id?, on_promo?.
        availability: Columns sku, location?, date, in_stock_share (0-1; null is unknown), as from
            :func:`stockout.impact.stockout_effect.out_days.active_availability`. Rows 7 days
            apart speak for their whole week.
        products: Canonical products; their categories tell substitutes.
        as_of: Later rows are ignored; default the last date of the lines.
        clv: Columns customer_id, clv, window_value: see
            :func:`stockout.impact.stockout_effect.attribution.customer_value`.
        every_weeks: Weeks between landmarks; 4 leave no week out.

    Returns:
        The effect, or why it is not known.

    Raises:
        InputError: A frame lacks a required column.

    >>> from datetime import date
    >>> lines = pl.DataFrame({"date": [date(2026, 1, 5)], "sku": "A", "units": [1.0]})
    >>> stock = pl.DataFrame({"date": [date(2026, 1, 5)], "sku": "A", "in_stock_share": [1.0]})
    >>> stockout_effect(lines, stock).reason
    'no sales line has a customer, so nobody can be seen to come back'
    """
    lines = conform(lines, "sales")
    availability = _availability(availability)
    ready = _ready(lines, availability, as_of, every_weeks)
    if isinstance(ready, NotKnown):
        return ready
    del lines, availability  # coded by now
    bought, out, starts = ready
    found = _estimated(bought, out, starts, category=_category(bought, products), clv=clv)
    return found if isinstance(found, NotKnown) else _judged(found, placebos(starts, bought, out))


def churn_coefficient(main: Frame, out: OutDays) -> Coefficient | None:
    """Excess share without an order a thwarted purchase; None where exposure does not vary.

    Exposures of the gap and of the outcome window stand beside that of the exposure window, so that
    a stockout that goes on does not count for it.
    """
    outcome = main.panel.no_order
    design = main.design(out, _SPANS, measured=True)
    return two_stage(outcome, design, binomial_weights(outcome, design.controls))


def _availability(availability: pl.DataFrame) -> pl.DataFrame:
    for column in ("sku", "date", "in_stock_share"):
        if column not in availability.columns:
            raise MissingColumnError(
                f"availability: no column {column!r}",
                column=column,
                found=", ".join(availability.columns),
            )
    return conform(
        availability.select("date", "sku", *_optional(availability, "location"), "in_stock_share"),
        "inventory",
    ).select("date", "sku", "location", "in_stock_share")


def _optional(table: pl.DataFrame, column: str) -> list[str]:
    return [column] if column in table.columns else []


def _ready(
    lines: pl.DataFrame, availability: pl.DataFrame, as_of: date | None, every_weeks: int
) -> tuple[Purchases, OutDays, NDArray[np.int64]] | NotKnown:
    """Purchases, days out of stock and landmarks, if there is anything to build a panel from."""
    if lines["customer_id"].null_count() == lines.height:
        return NotKnown("no sales line has a customer, so nobody can be seen to come back")
    if availability["in_stock_share"].null_count() == availability.height:
        return NotKnown("it is not known of any item and day whether there was stock")
    last = lines["date"].max() if as_of is None else as_of
    assert last is not None  # noqa: S101 - lines has rows, and no row without a date
    bought = purchases(lines, availability, last)  # type: ignore[arg-type]
    starts = landmark_days(bought.days, every_weeks * 7)
    if not starts.size:
        needed = BEFORE + WINDOW + GAP + AFTER
        return NotKnown(
            f"the history has {bought.days:,} days, and one landmark needs {needed}: 26 weeks "
            "before it, 4 of exposure, a gap of 2 and 13 to see who comes back"
        )
    return bought, out_days(availability, bought.items, bought.first, bought.days), starts


def _category(bought: Purchases, products: pl.DataFrame | None) -> NDArray[np.int64] | None:
    """(items,) code of category and location, -1 without one."""
    if products is None:
        return None
    known = conform(products, "products").select("sku", "category").unique("sku")
    items = bought.items.join(known, on="sku", how="left", maintain_order="left")
    if items["category"].null_count() == items.height:
        return None
    code = (items["location"] + "\n" + items["category"]).rank("dense").cast(pl.Float64)
    return np.asarray(code.fill_null(0).to_numpy() - 1, dtype=np.int64)


def _estimated(
    bought: Purchases,
    out: OutDays,
    starts: NDArray[np.int64],
    *,
    category: NDArray[np.int64] | None,
    clv: pl.DataFrame | None,
) -> StockoutEffect | NotKnown:
    """The effect before it is known how placebos end: their frames need the room of this one."""
    main = frame(bought, out, starts)
    if main is None:
        return NotKnown(
            "no customer placed three orders in the 26 weeks before a landmark, one of them in "
            "the last 13"
        )
    known = known_share(main, out)
    shocked = shocked_skus(main, bought)
    lacking = lacking_data(main, shocked, known)
    if lacking:
        return NotKnown(lacking)
    found = churn_coefficient(main, out)
    if found is None:
        return NotKnown("the exposure does not vary enough between customers to tell its effect")
    seen = main.panel
    exposure = main.thwarted.total
    total = float(exposure.sum())
    excess, spread = found.value * total, _CONFIDENCE * found.error
    mde = (_CONFIDENCE + _POWER) * found.error * total
    detectable = excess >= mde
    effect = found.value if detectable else None
    balanced = balance(main, out)
    orders = poisson(main.panel.orders_after, main.design(out, _SPANS, measured=True))
    worth = customer_value(main, bought, clv)
    weighted = None
    if worth.rows is not None and detectable:
        weighted = float(np.nansum(worth.rows * exposure)) / worth.known
    reason = worth.reason
    if not detectable:
        reason = "the effect is not detectable, so it has no money"
    logger.info(
        "effect of stockouts on customers: %s customer-landmarks, %s SKUs out of stock, %s",
        f"{seen.rows:,}",
        f"{shocked:,}",
        "detectable" if detectable else "not detectable",
    )
    return StockoutEffect(
        excess_churners=excess,
        low=excess - spread * total,
        high=excess + spread * total,
        mde=mde,
        detectable=detectable,
        wording=ASSOCIATED,
        per_thwarted_purchase=found.value,
        thwarted_purchases=total,
        thwarted_by_habit=float(main.thwarted.rows.sum()),
        excess_churners_a_year=(
            excess * _YEAR_DAYS / (WINDOW * len(seen.starts)) if detectable else None
        ),
        value_at_risk=None if weighted is None else found.value * weighted,
        value_low=None if weighted is None else (found.value - spread) * weighted,
        value_high=None if weighted is None else (found.value + spread) * weighted,
        value_reason=reason,
        orders_change=None if orders is None else float(np.expm1(orders.value)),
        orders_low=_relative(orders, -1),
        orders_high=_relative(orders, 1),
        customers=int(np.unique(seen.customer).size),
        customer_landmarks=seen.rows,
        baseline_churn=float(seen.no_order.mean()),
        landmarks=_dates(bought, seen.starts),
        sku_shocks=shocked,
        effective_shocks=found.effective_shocks,
        availability_known=known,
        placebo=[],
        placebo_passed=None,
        balance=balanced,
        balanced=is_balanced(balanced),
        short=short_effects(main, bought, out, category),
        by_sku=by_sku(main, bought, effect, worth.rows),
        by_customer=by_customer(main, bought, effect),
    )


def _judged(found: StockoutEffect, falsified: list[Check]) -> StockoutEffect:
    """The effect and what placebos say of it."""
    fine = passed(falsified)
    attributed = found.detectable and fine and found.balanced
    return replace(
        found,
        wording=ATTRIBUTED if attributed else ASSOCIATED,
        placebo=falsified,
        placebo_passed=fine,
    )


def _relative(orders: Coefficient | None, side: int) -> float | None:
    if orders is None:
        return None
    return float(np.expm1(orders.value + side * _CONFIDENCE * orders.error))


def _dates(bought: Purchases, starts: NDArray[np.int64]) -> list[date]:
    return [bought.first + timedelta(days=day) for day in starts.tolist()]
