"""Calls the verbs, each once, and keeps what they found."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

import stockout
from stockout.demand.calendar import resolve_as_of
from stockout.errors import NotKnownError
from stockout.reports.report.facts import Facts, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from stockout.exports.read import Tables


logger = logging.getLogger(__name__)

ORIGINS = 3
"""Past dates from which the forecast is made again: enough to compare methods, and three fits."""

LEVELS = (0.1, 0.5, 0.9)
"""Quantiles of the forecast that a picture shows."""

FURTHER = ("churn", "causes", "suppliers", "segments")
"""Verbs that have a section of their own and nothing else to do with the others."""


def gather(
    tables: Tables,
    *,
    as_of: date | None = None,
    freq: str = "auto",
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    substituted: float | None = None,
    delayed: float | None = None,
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
    reorder: Mapping[str, Any] | None = None,
    check: Any = None,  # noqa: ANN401 - settings of the check, which has its own protocol
    results: Mapping[str, Any] | None = None,
) -> Facts:
    """Finds everything that a report is about.

    Args:
        tables: Canonical tables; sales are needed, every other table makes the report fuller.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period.
        default_lead_time_days: For items whose lead time nothing tells, days.
        default_review_days: For items whose review period nothing tells, days.
        substituted: Share of lost units for which something else was bought here.
        delayed: Share of lost units that were bought here later.
        models: Models of the forecast, as for :func:`stockout.forecast`.
        time_budget: Seconds that costly models may take in each forecast.
        reorder: Further settings of :func:`stockout.reorder`.
        check: Settings of :func:`stockout.check`.
        results: What verbs found already, by their names.

    Raises:
        NotKnownError: There are no sales.
    """
    if tables.sales is None:
        raise NotKnownError("there is nothing to report on without sales", hint="give --sales FILE")
    day = resolve_as_of(
        {"sales": tables.sales, "inventory": tables.inventory, "movements": tables.movements},
        as_of,
    )
    given: dict[str, Any] = {
        **vars(tables),
        "as_of": day,
        "freq": freq,
        "default_lead_time_days": default_lead_time_days,
        "default_review_days": default_review_days,
        "models": models,
        "time_budget": time_budget,
    }
    scenario = {"substituted": substituted, "delayed": delayed}
    quiet = _Once()
    there = dict(results or {})
    lost = there.get("lost_sales") or _found("lost_sales", {**given, **scenario})
    if not isinstance(lost, Missing):
        given["lost"] = lost
    with quiet:
        orders = there.get("reorder")
        if orders is None:
            orders = _found("reorder", {**given, **(reorder or {})})
        ahead = _found("forecast", {**given, "levels": LEVELS})
        past = _found("backtest", {**given, "origins": ORIGINS, "replay_weeks": 0})
        further = {name: there.get(name) or _found(name, _of(name, given)) for name in FURTHER}
        findings = there.get("check")
        if findings is None:
            findings = stockout.check(**vars(tables), as_of=day, settings=check)
    return Facts(tables, day, lost, orders, ahead, past, findings, further)


def _of(verb: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a verb is given: weeks that were asked for hide which days customers met a stockout."""
    if verb == "churn" and given["freq"] != "auto":
        return {**given, "lost": None}
    return given


def _found(verb: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - each verb has its own result
    """What a verb finds in the tables and settings that it names, or why it cannot."""
    call: Callable[..., Any] = getattr(stockout, verb)
    wanted = inspect.signature(call).parameters
    for name, parameter in wanted.items():
        if parameter.default is parameter.empty and given.get(name) is None:
            return Missing(f"no {name}")
    try:
        return call(**{name: value for name, value in given.items() if name in wanted})
    except NotKnownError as error:
        logger.info("report: %s", error.message)
        return Missing(error.message if error.hint is None else f"{error.message}; {error.hint}")


class _Once:
    """What the data warn of is told by the first verb, and not again by each."""

    def __enter__(self) -> None:
        package = logging.getLogger("stockout")
        self.level = package.level
        package.setLevel(max(package.getEffectiveLevel(), logging.ERROR))

    def __exit__(self, *_: object) -> None:
        logging.getLogger("stockout").setLevel(self.level)
