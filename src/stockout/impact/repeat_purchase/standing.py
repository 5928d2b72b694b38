"""How each customer stands: gone or active, and what is lost with those who have gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.impact.repeat_purchase.estimate import GONE

if TYPE_CHECKING:
    from stockout.impact.repeat_purchase.estimate import RepeatPurchase


def status(found: RepeatPurchase) -> pl.Expr:
    """By the model where it fits, else by the customer's own gaps."""
    alive, again = pl.col("probability_alive"), pl.col("frequency") > 0
    if found.fits:
        return pl.when(alive < GONE).then(pl.lit("probably gone")).otherwise(pl.lit("active"))
    if found.rhythm is None:
        return pl.lit(None, pl.String)
    return (
        pl.when(~again)
        .then(pl.lit("bought once"))
        .when("is_overdue")
        .then(pl.lit("overdue"))
        .otherwise(pl.lit("on time"))
    )


def at_risk(found: RepeatPurchase) -> pl.Expr:
    """What is lost if the customer has gone; where the model does not fit, at his usual rhythm."""
    if found.fits or found.rhythm is None:
        return pl.col("at_risk")
    usual = 7 * found.horizon / pl.col("usual_gap_days")
    worth = pl.lit(1.0)
    if found.margin.share is not None and found.spend is not None:
        worth = found.margin.share * pl.col("expected_spend")
    return pl.col("overdue") * usual * worth
