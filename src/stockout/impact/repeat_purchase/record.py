"""The estimates of repeat purchases as one record, for JSON and for people: figures and reasons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from stockout.impact.repeat_purchase.estimate import GONE
from stockout.impact.repeat_purchase.goodness_of_fit import MOST_ERROR, MOST_MISPLACED, class_names
from stockout.impact.repeat_purchase.overdue_orders import LATE, REGULAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockout.impact.repeat_purchase.estimate import RepeatPurchase
    from stockout.impact.repeat_purchase.maximum_likelihood import Maximum

Record = dict[str, object]

_EARLY = 0.125
_CROWDED = 3.0
"""Where the first eighth of the history brings three times its share of new customers, many of
these bought before it began."""

_TOGETHER = 0.3
"""Correlation of spend and frequency from which on the spend model's independence is doubtful."""


def record(found: RepeatPurchase) -> Record:
    """Every figure of all customers together, by name; null with a reason where it is not known."""
    customers = found.customers
    again = customers.filter(pl.col("frequency") > 0)
    fit = found.fit
    fitted = fit is not None and fit.maximum.converged
    names = () if fit is None else fit.model.parameters
    maximum = fit.maximum if fit is not None and fitted else None
    return {
        "model": found.model,
        "parameters": _by_name(names, maximum, errors=False),
        "standard_errors": _by_name(names, maximum, errors=True),
        "log_likelihood": None if maximum is None else maximum.log_likelihood,
        "converged": fitted,
        "reason": found.reasons.get("fit"),
        "customers": customers.height,
        "repeat_buyers": again.height,
        "one_time_buyers": customers.height - again.height,
        "purchases": int(customers["frequency"].sum()) + customers.height,
        "repurchase_rate": again.height / customers.height if customers.height else None,
        "churn_rate": _churn_rate(found),
        "customers_gone": _gone(found),
        "overdue": _overdue(found, again),
        "horizon_weeks": found.horizon,
        "expected_purchases": _total(customers, "expected_purchases"),
        "clv": _value(found),
        "spend": _spend(found),
        "goodness_of_fit": _checks(found),
        "left_out": found.history.left_out._asdict(),
        "warnings": warnings(found),
    }


def warnings(found: RepeatPurchase) -> list[str]:
    """What to mind before the figures are used."""
    told = []
    if found.fit is not None and found.fit.maximum.converged:
        maximum = found.fit.maximum
        rough = [
            name
            for name, value, error in zip(
                found.fit.model.parameters,
                maximum.parameters,
                maximum.standard_errors,
                strict=True,
            )
            if error > value
        ]
        if rough:
            told.append(
                f"the data hardly tell {' and '.join(rough)}, whose standard error is larger than "
                "the estimate: how many leave is known only roughly"
            )
    crowded = _crowded_start(found)
    if crowded is not None:
        told.append(
            f"{100 * crowded:.0f} % of customers have their first purchase in the first eighth of "
            "the history: many were customers before, and count as newer than they are"
        )
    if found.spend is not None and abs(found.spend.correlation) > _TOGETHER:
        told.append(
            "customers who buy more often spend "
            f"{'more' if found.spend.correlation > 0 else 'less'} each time (correlation "
            f"{found.spend.correlation:.2f}); the values take both for independent"
        )
    left = found.history.left_out
    if left.lines:
        unnamed = (left.without_customer + left.of_guests) / left.lines
        if unnamed > 0.5:
            told.append(
                f"{100 * unnamed:.0f} % of sales lines name no customer: what follows is about the "
                "others"
            )
    return told


def _by_name(names: Sequence[str], maximum: Maximum | None, *, errors: bool) -> Record | None:
    if maximum is None:
        return None
    values = maximum.standard_errors if errors else maximum.parameters
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _churn_rate(found: RepeatPurchase) -> Record:
    share = found.churn_rate
    if share is None:
        reason = found.reasons["fit"]
        return {"value": None, "low": None, "high": None, "by_model": None, "reason": reason}
    if found.fits is False:
        reason = f"the model does not fit: {_why(found)}"
        return {"value": None, "low": None, "high": None, "by_model": share.value, "reason": reason}
    return {**share._asdict(), "by_model": share.value, "reason": None}


def _gone(found: RepeatPurchase) -> int | None:
    if not found.fits:
        return None
    return int((found.customers["probability_alive"] < GONE).sum())


def _overdue(found: RepeatPurchase, again: pl.DataFrame) -> Record:
    if found.rhythm is None:
        return {"customers": None, "share": None, "reason": found.reasons["rhythm"]}
    late = int(again["is_overdue"].sum())
    return {
        "customers": late,
        "share": late / again.height,
        "level": LATE,
        "usual_gap_days": again["usual_gap_days"].median(),
        "regularity": found.rhythm.regularity,
        "reason": None,
    }


def _value(found: RepeatPurchase) -> Record:
    total = None if "clv" in found.reasons else _total(found.customers, "clv")
    return {
        "total": total,
        "mean": None if total is None else total / found.customers.height,
        "margin": found.margin.share,
        "margin_source": found.margin.source,
        "discount_rate": found.discount_rate,
        "reason": found.reasons.get("clv"),
    }


def _spend(found: RepeatPurchase) -> Record:
    if found.spend is None:
        return {"model": "gamma-gamma", "parameters": None, "reason": found.reasons["spend"]}
    maximum = found.spend.maximum
    p, q, v = maximum.parameters
    names = ("p", "q", "v")
    return {
        "model": "gamma-gamma",
        "parameters": _by_name(names, maximum, errors=False),
        "standard_errors": _by_name(names, maximum, errors=True),
        "log_likelihood": maximum.log_likelihood,
        "customers": found.spend.customers,
        "mean": p * v / (q - 1) if q > 1 else None,
        "correlation_with_frequency": found.spend.correlation,
        "reason": None,
    }


def _checks(found: RepeatPurchase) -> Record:
    counts, holdout = found.counts, found.holdout
    verdict = {True: "fits", False: "does not fit", None: "not known"}[found.fits]
    told: Record = {"verdict": verdict, "why": _why(found), "repeat_counts": None, "holdout": None}
    if counts is not None:
        told["repeat_counts"] = {
            "repeat_purchases": class_names(),
            "observed": counts.observed.tolist(),
            "expected": counts.expected.tolist(),
            "misplaced": counts.misplaced,
            "chi_square": counts.chi_square,
            "degrees": counts.degrees,
            "p_value": counts.p_value,
        }
    if holdout is not None:
        told["holdout"] = {
            "fitted_weeks": holdout.fitted_weeks,
            "weeks": holdout.weeks,
            "customers": holdout.customers,
            "observed": holdout.observed,
            "expected": holdout.expected,
            "error": holdout.error,
            "by_class": holdout.by_class.to_dict(as_series=False),
        }
    told["holdout_reason"] = found.reasons.get("holdout")
    return told


def _why(found: RepeatPurchase) -> str:
    """The verdict in a sentence with its figures."""
    counts, holdout = found.counts, found.holdout
    if counts is None:
        return "; ".join([found.reasons["fit"], *_rhythm_words(found)])
    chance = ", within chance" if counts.fits and counts.misplaced > MOST_MISPLACED else ""
    misplaced = (
        f"{100 * counts.misplaced:.1f} % of customers have another number of repeat purchases than "
        f"expected (line {100 * MOST_MISPLACED:.0f} %{chance})"
    )
    parts = [misplaced]
    if found.unfitted_before:
        parts.append(found.reasons["holdout"])
    elif holdout is None:
        parts.append(f"no later purchases to predict: {found.reasons['holdout']}")
    elif holdout.error is None:
        parts.append(f"nobody bought in the last {holdout.weeks:.0f} weeks")
    else:
        way = "more" if holdout.error > 0 else "fewer"
        parts.append(
            f"fitted to the first two thirds it predicts {100 * abs(holdout.error):.0f} % {way} "
            f"purchases than there were in the last {holdout.weeks:.0f} weeks "
            f"(line {100 * MOST_ERROR:.0f} %)"
        )
    return "; ".join([*parts, *_rhythm_words(found)])


def _rhythm_words(found: RepeatPurchase) -> list[str]:
    if found.rhythm is None or not found.is_regular:
        return []
    regularity = f"regularity {found.rhythm.regularity:.1f}, line {REGULAR:g}, where 1 is random"
    return [f"customers buy in a rhythm ({regularity}), the model takes purchases for random"]


def _crowded_start(found: RepeatPurchase) -> float | None:
    """Share of first purchases in the first eighth of the history, where it tells a cut history."""
    if not found.history.from_sales or found.history.customers.is_empty():
        return None
    age = found.customers["T"]
    longest = age.max()
    if not isinstance(longest, float) or longest <= 0:
        return None
    share = float((age >= (1 - _EARLY) * longest).sum() / age.len())
    return share if share > _CROWDED * _EARLY else None


def _total(customers: pl.DataFrame, name: str) -> float | None:
    if customers[name].null_count() == customers.height:
        return None
    total = float(customers[name].sum())
    return total if math.isfinite(total) else None
