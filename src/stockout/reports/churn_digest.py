"""Digests of churn for a terminal: who has gone and what that means, in sentences first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, cast

from rich.console import Group
from rich.text import Text

from stockout.impact.repeat_purchase.goodness_of_fit import class_names
from stockout.reports.churn_words import effect_words, scenario_words
from stockout.reports.inert import inert
from stockout.reports.terminal import _Column, _digest, _money, _name, _percent, _quantity, _text

if TYPE_CHECKING:
    import polars as pl
    from rich.console import ConsoleDimensions, RenderableType

    from stockout.impact.churn import Churn

_MODELS = {"mbgnbd": "MBG/NBD", "bgnbd": "BG/NBD", "pareto": "Pareto/NBD"}


def churn_digest(found: Churn, *, size: ConsoleDimensions) -> RenderableType:
    """What the figures say, whether the model fits, and what is not known.

    Args:
        found: As from :func:`stockout.churn`.
        size: Columns and lines to fill.
    """
    record = cast("dict[str, Any]", found.record())
    repeat = record["repeat_purchase"]
    title = "Customers" + (f" up to {found.as_of}" if found.as_of else "")
    parts: list[Text] = [Text(title, style="bold")]
    notes = []
    if repeat is None:
        parts += _wrapped(f"Not known: {found.repeat_purchase_reason}.", size.width)
    else:
        for sentence in [*_people(repeat), *_money_words(repeat)]:
            parts += _wrapped(sentence, size.width)
        parts += [Text(), *_model_words(repeat, size.width)]
        notes += [f"mind: {warning}" for warning in repeat["warnings"]]
        notes += _left_out(repeat["left_out"])
    parts += [Text(), Text("Effect of stockouts on customers", style="bold")]
    for sentence in effect_words(record):
        parts += _wrapped(sentence, size.width)
    if record["scenario"] is not None:
        parts += [Text(), Text("Scenario: assumed, not estimated", style="bold")]
        for sentence in scenario_words(record["scenario"]):
            parts += _wrapped(sentence, size.width)
    notes.append(
        "--by customer lists whom to call, --by sku what was missing; docs/customers.md explains"
    )
    parts.append(Text())
    for note in notes:
        parts += _wrapped(note, size.width)
    return Group(*parts)


def sku_digest(found: Churn, rows: pl.DataFrame, *, size: ConsoleDimensions) -> RenderableType:
    """The SKUs whose stockouts thwarted most purchases of known customers.

    Args:
        found: As from :func:`stockout.churn`.
        rows: As from :meth:`Churn.by_sku`.
        size: Columns and lines to fill.
    """
    named = rows["name"].null_count() < rows.height
    columns = [
        _Column("sku", "sku", _text, number=False),
        _Column("location", "location", _text, number=False, spare=1),
        *([_Column("name", "name", _name, number=False, spare=2)] if named else []),
        _Column("exposed_customers", "customers\nexposed", _quantity),
        _Column("thwarted_purchases", "purchases\nthwarted", _quantity),
        _Column("excess_churners", "excess\nchurners", _quantity),
        _Column("value", "value", _money),
    ]
    record = cast("dict[str, Any]", found.record())
    facts = [
        line
        for sentence in effect_words(record)[:2]
        for line in textwrap.wrap(sentence, max(size.width, 40))
    ]
    return _digest(rows, columns, facts, title="Stockouts that customers met", size=size)


def customer_digest(found: Churn, rows: pl.DataFrame, *, size: ConsoleDimensions) -> RenderableType:
    """The customers of whom there is most to win back.

    Args:
        found: As from :func:`stockout.churn`.
        rows: As from :meth:`Churn.by_customer`.
        size: Columns and lines to fill.
    """
    record = cast("dict[str, Any]", found.record())["repeat_purchase"]
    valued = rows["clv"].null_count() < rows.height
    risk = "value\nat risk" if valued else "purchases\nat risk"
    named = rows["name"].null_count() < rows.height
    dated = rows["last_purchase"].null_count() < rows.height
    columns = [
        _Column("customer_id", "customer", _text, number=False),
        *([_Column("name", "name", _name, number=False, spare=5)] if named else []),
        _Column("status", "status", _text, number=False),
        _Column("frequency", "repeat\nbuys", _quantity, spare=3),
        *([_Column("last_purchase", "last\npurchase", _text, number=False)] if dated else []),
        _Column("usual_gap_days", "usual\ngap, d", _quantity, spare=4),
        _Column("overdue", "overdue", _percent, spare=2),
        _Column("probability_alive", "P(alive)", _percent),
        _Column(
            "expected_purchases", f"buys in\n{record['horizon_weeks']:g} wk", _quantity, spare=1
        ),
        *([_Column("clv", "value", _money)] if valued else []),
        _Column("at_risk", risk, _money if valued else _quantity),
        *(
            [_Column("excess_churn_probability", "lost by\nstockouts", _percent, spare=6)]
            if rows["excess_churn_probability"].null_count() < rows.height
            else []
        ),
    ]
    fit = record["goodness_of_fit"]
    facts = [
        f"{rows.height:,} customers; the model "
        + {"fits": "fits", "does not fit": "does not fit: go by overdue, not by P(alive)"}.get(
            fit["verdict"], "was not fitted: go by overdue"
        ),
        "" if valued else f"no value: {record['clv']['reason']}",
    ]
    wrapped = [line for fact in facts for line in textwrap.wrap(fact, max(size.width, 40))]
    return _digest(rows, columns, wrapped, title="Customers to call", size=size)


def _people(repeat: dict[str, Any]) -> list[str]:
    number, once = repeat["customers"], repeat["one_time_buyers"]
    again = f"{_share(repeat['repurchase_rate'])} bought again, {once:,} bought once."
    told = [f"{number:,} customers made {repeat['purchases']:,} purchases; {again}"]
    churn = repeat["churn_rate"]
    if churn["value"] is not None:
        told.append(
            f"{_share(churn['value'])} of them have probably gone (90 %: {_share(churn['low'])} to "
            f"{_share(churn['high'])}); {repeat['customers_gone']:,} more likely than not. The "
            f"others are expected to make {_number(repeat['expected_purchases'])} purchases in "
            f"{repeat['horizon_weeks']:g} weeks."
        )
    else:
        why = "the model does not fit" if churn["by_model"] is not None else churn["reason"]
        told.append(f"How many have gone is not known: {why}.")
    late = repeat["overdue"]
    if late["customers"] is not None:
        told.append(
            f"By their own rhythm {late['customers']:,} of {repeat['repeat_buyers']:,} repeat "
            f"buyers ({_share(late['share'])}) are overdue: 19 of 20 of their gaps were shorter. "
            f"The usual gap is {late['usual_gap_days']:.0f} days."
        )
    return told


def _money_words(repeat: dict[str, Any]) -> list[str]:
    value = repeat["clv"]
    if value["total"] is None:
        return [f"What they are worth is not known: {value['reason']}."]
    doubt = (
        "" if repeat["goodness_of_fit"]["verdict"] == "fits" else ", by a model that does not fit"
    )
    worth = f"{_number(value['total'])} today ({_number(value['mean'])} a customer)"
    margin = f"{_share(value['margin'])} ({value['margin_source']})"
    told = f"Their purchases of the next {repeat['horizon_weeks']:g} weeks are worth {worth}, "
    told += f"at a margin of {margin} and {_share(value['discount_rate'])} interest a year{doubt}."
    return [told]


def _model_words(repeat: dict[str, Any], width: int) -> list[Text]:
    fit = repeat["goodness_of_fit"]
    name = _MODELS[repeat["model"]]
    head = {
        "fits": f"The model ({name}) fits",
        "does not fit": f"The model ({name}) does not fit",
    }.get(fit["verdict"], f"The model ({name}) was not fitted")
    lines = _wrapped(f"{head}: {fit['why']}.", width)
    counts = fit["repeat_counts"]
    if counts is not None:
        lines.append(Text("repeat buys " + "".join(f"{each:>8}" for each in class_names())))
        for what in ("observed", "expected"):
            cells = "".join(f"{each:>8,.0f}" for each in counts[what])
            lines.append(Text(f"{what:<12}{cells}"))
    return lines


def _left_out(left: dict[str, int]) -> list[str]:
    words = {
        "without_customer": "lines without a customer",
        "of_guests": "lines of guests",
        "returned": "lines of returns",
        "undone": "lines that went back whole",
        "without_purchase": "customers without a purchase that they kept",
    }
    parts = [f"{left[name]:,} {word}" for name, word in words.items() if left[name]]
    return [f"left out: {', '.join(parts)}"] if parts else []


def _wrapped(text: str, width: int) -> list[Text]:
    return [Text(line) for line in textwrap.wrap(inert(text), max(width, 40))]


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _number(value: float) -> str:
    return str(_quantity(round(value, 2) if abs(value) < 100 else float(round(value))))
