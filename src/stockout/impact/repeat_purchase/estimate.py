"""All that is known of repeat purchases: the models fitted, checked, and said of each customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockout.errors import NotKnownError
from stockout.impact.repeat_purchase.goodness_of_fit import (
    UnfittedError,
    check_counts,
    check_holdout,
)
from stockout.impact.repeat_purchase.lifetime_value import discounted, looks
from stockout.impact.repeat_purchase.likelihood import group_rows
from stockout.impact.repeat_purchase.models import fit_model, prospects
from stockout.impact.repeat_purchase.overdue_orders import LATE, REGULAR, fit_rhythm
from stockout.impact.repeat_purchase.spend import fit_spend

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from numpy.typing import NDArray

    from stockout.impact.repeat_purchase.goodness_of_fit import CountCheck, Holdout
    from stockout.impact.repeat_purchase.lifetime_value import Margin
    from stockout.impact.repeat_purchase.models import Fit
    from stockout.impact.repeat_purchase.overdue_orders import Rhythm
    from stockout.impact.repeat_purchase.purchase_history import PurchaseHistory
    from stockout.impact.repeat_purchase.spend import Spend

    Found = TypeVar("Found")
    Vector = NDArray[np.float64]

Z_90 = 1.6448536269514722
"""Of a 90 % interval."""

_LOG_STEP = 1e-4  # of a parameter, for the slope of the churn rate

GONE = 0.5
"""P(alive) below which a customer has more likely gone than not."""


class Share(NamedTuple):
    """A share of customers with its 90 % interval from the standard errors of the parameters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RepeatPurchase:
    """What sales, or their summary, tell of repeat purchases; a reason for what they do not.

    Attributes:
        history: The purchases.
        model: Name of the model.
        horizon: Weeks ahead.
        discount_rate: A year.
        margin: Share of revenue.
        fit: The fitted model, also where it has not converged; None where there are too few.
        counts: Its check on the purchases it was fitted to.
        holdout: Its check on later purchases.
        spend: Model of what a purchase is worth.
        rhythm: Distribution of the days between purchases.
        churn_rate: Expected share of customers who have gone.
        customers: One row a customer, as ``docs/customers.md`` lists them, unsorted.
        reasons: Why one of fit, holdout, spend, rhythm or clv is not there.
        unfitted_before: Whether the model finds no maximum before the holdout.
    """

    history: PurchaseHistory
    model: str
    horizon: float
    discount_rate: float
    margin: Margin
    fit: Fit | None
    counts: CountCheck | None
    holdout: Holdout | None
    spend: Spend | None
    rhythm: Rhythm | None
    churn_rate: Share | None
    customers: pl.DataFrame
    reasons: dict[str, str]
    unfitted_before: bool

    @property
    def fits(self) -> bool | None:
        """Whether the model describes these customers; None where it was not fitted."""
        if self.counts is None:
            return None if self.fit is None else False
        foretold = not self.unfitted_before if self.holdout is None else self.holdout.fits
        return self.counts.fits and foretold and not self.is_regular

    @property
    def is_regular(self) -> bool:
        """Whether customers buy in a rhythm, where the models take purchases for random."""
        return self.rhythm is not None and self.rhythm.regularity >= REGULAR


def estimate(
    history: PurchaseHistory, model: str, *, horizon: float, discount_rate: float, margin: Margin
) -> RepeatPurchase:
    """Fits and checks the models.

    Args:
        history: Purchases of each customer.
        model: ``mbgnbd``, ``bgnbd`` or ``pareto``.
        horizon: Weeks ahead.
        discount_rate: Interest a year, such as 0.15.
        margin: Share of revenue.

    Raises:
        ConfigError: There is no such model.
    """
    reasons: dict[str, str] = {}
    x, t_x, T = (history.column(name) for name in ("frequency", "recency", "T"))  # noqa: N806
    fit = _known(reasons, "fit", lambda: fit_model(model, x, t_x, T))
    usable = fit if fit is not None and fit.maximum.converged else None
    if fit is not None and usable is None:
        reasons["fit"] = fit.maximum.reason or "no maximum was found"
    counts = None if usable is None else check_counts(usable)
    holdout, unfitted = None, False
    if usable is not None:
        try:
            holdout = _known(reasons, "holdout", lambda: check_holdout(model, history))
        except UnfittedError as error:
            reasons["holdout"], unfitted = error.message, True
    spend = _known(reasons, "spend", lambda: _spend(history))
    rhythm = _known(reasons, "rhythm", lambda: _rhythm(history))
    customers = _customers(
        history, usable, spend, rhythm, horizon=horizon, rate=discount_rate, margin=margin.share
    )
    reasons.update(_why_no_value(reasons, margin, spend, usable))
    return RepeatPurchase(
        history=history,
        model=model,
        horizon=horizon,
        discount_rate=discount_rate,
        margin=margin,
        fit=fit,
        counts=counts,
        holdout=holdout,
        spend=spend,
        rhythm=rhythm,
        churn_rate=None if usable is None else _churn_rate(usable),
        customers=customers,
        reasons=reasons,
        unfitted_before=unfitted,
    )


def _known(reasons: dict[str, str], what: str, find: Callable[[], Found]) -> Found | None:
    """What is found, or nothing and the reason why."""
    try:
        return find()
    except UnfittedError:
        raise
    except NotKnownError as error:
        reasons[what] = error.message
        return None


def _spend(history: PurchaseHistory) -> Spend:
    valued = history.customers.filter(pl.col("valued") > 0)
    if not history.from_sales:
        raise NotKnownError("what purchases were worth is told by sales only")
    found = fit_spend(valued["valued"].to_numpy(), valued["mean_value"].to_numpy())
    if not found.maximum.converged:
        raise NotKnownError(f"the spend model finds no maximum: {found.maximum.reason}")
    return found


def _rhythm(history: PurchaseHistory) -> Rhythm:
    if not history.from_sales:
        raise NotKnownError("single gaps between purchases are told by sales only")
    return fit_rhythm(
        history.column("frequency"), 7 * history.column("recency"), history.column("log_gaps")
    )


def _why_no_value(
    reasons: dict[str, str], margin: Margin, spend: Spend | None, fit: Fit | None
) -> dict[str, str]:
    if fit is None:
        return {"clv": reasons.get("fit", "there is no fitted model")}
    if spend is None:
        return {"clv": reasons["spend"]}
    if margin.share is None:
        return {"clv": margin.source}
    if not spend.has_mean:
        return {"clv": "a few customers spend so much that a mean spend does not exist (q <= 1)"}
    return {}


def _churn_rate(fit: Fit) -> Share:
    """Mean of 1 - P(alive), with its interval by the delta method."""
    groups = fit.groups

    def rate(logs: Vector) -> float:
        moved = fit._replace(maximum=fit.maximum._replace(parameters=np.exp(logs)))
        alive = prospects(moved, groups, np.empty(0)).alive
        return float(1 - alive @ groups.number / groups.customers)

    logs = np.log(fit.parameters)
    steps = _LOG_STEP * np.eye(logs.size)
    slope = np.array([rate(logs + step) - rate(logs - step) for step in steps]) / (2 * _LOG_STEP)
    error = float(np.sqrt(slope @ fit.maximum.covariance @ slope))
    value = rate(logs)
    low, high = (float(np.clip(value + side * Z_90 * error, 0, 1)) for side in (-1, 1))
    return Share(value, low, high)


def _customers(
    history: PurchaseHistory,
    fit: Fit | None,
    spend: Spend | None,
    rhythm: Rhythm | None,
    *,
    horizon: float,
    rate: float,
    margin: float | None,
) -> pl.DataFrame:
    """What is said of each customer; null where it is not known."""
    frame = history.customers
    x, t_x, T = (history.column(name) for name in ("frequency", "recency", "T"))  # noqa: N806
    nothing = np.full(x.size, np.nan)
    alive = purchases = if_alive = value = at_risk = mean_spend = overdue = usual = nothing
    if spend is not None and spend.has_mean:
        mean_spend = spend.expected(
            frame["valued"].to_numpy(), frame["mean_value"].fill_null(0).to_numpy()
        )
    if fit is not None:
        found = prospects(fit, group_rows(x, t_x, T, np.ones(x.size)), looks(horizon))
        alive, if_alive = found.alive, found.if_alive[:, -1]
        purchases = alive * if_alive
        at_risk = (1 - alive) * if_alive
        if margin is not None:
            whole = margin * mean_spend * discounted(found.if_alive, horizon, rate)
            value, at_risk = alive * whole, (1 - alive) * whole
    if rhythm is not None:
        since = 7 * (T - t_x)
        usual = np.where(x > 0, rhythm.usual_gap(x, 7 * t_x), np.nan)
        overdue = np.where(x > 0, rhythm.overdue(x, 7 * t_x, since), np.nan)
    figures = {
        "probability_alive": alive,
        "expected_purchases": purchases,
        "expected_spend": mean_spend,
        "clv": value,
        "at_risk": at_risk,
        "days_since_last": 7 * (T - t_x),
        "usual_gap_days": usual,
        "overdue": overdue,
    }
    return frame.select(
        "customer_id", "first_purchase", "last_purchase", "frequency", "recency", "T"
    ).with_columns(
        *(pl.Series(name, values, nan_to_null=True) for name, values in figures.items()),
        pl.Series("is_overdue", overdue >= LATE),
    )
