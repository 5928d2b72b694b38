"""Customers: who bought again, and what the verb ``churn`` says where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockout.reports.report.blocks import Column, Figure, Figures, Said, Section, Table, Told
from stockout.reports.report.facts import Missing
from stockout.reports.report.measures import (
    EXPOSED_DAYS,
    HABIT_DAYS,
    RETURN_DAYS,
    repurchase_rates,
)
from stockout.reports.report.sections.common import filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockout.reports.report.blocks import Block, Unit
    from stockout.reports.report.facts import Facts

_RECORD: Mapping[str, tuple[str, Unit]] = {
    "customers": ("repeat_purchase.customers", "count"),
    "repurchase_rate": ("repeat_purchase.repurchase_rate", "share"),
    "churn_rate": ("repeat_purchase.churn_rate.value", "share"),
    "overdue_customers": ("repeat_purchase.overdue.customers", "count"),
    "excess_churners": ("effect.excess_churners", "units"),
    "mde": ("effect.mde", "units"),
    "value_at_risk": ("effect.value_at_risk", "money"),
}
"""Figures of the record of ``churn``, each with its place in it."""


_CUSTOMERS = (
    Column("customer_id", "code"),
    Column("customer_name", "text"),
    Column("segment", "text"),
    Column("customer_status", "word"),
    Column("at_risk", "money"),
    Column("overdue", "share"),
    Column("days_since_last", "days"),
    Column("usual_gap_days", "days"),
    Column("last_purchase", "date"),
    Column("frequency", "count"),
    Column("probability_alive", "share"),
    Column("clv", "money"),
)


def section_churn(facts: Facts) -> Section:
    """Repurchase rates, what the model of repeat purchases says, and the effect of stockouts."""
    blocks: list[Block] = []
    if not isinstance(facts.lost, Missing):
        rates = repurchase_rates(facts.tables, facts.lost)
        if any(rate.value is not None for rate in rates):
            weeks: dict[str, tuple[Any, Unit]] = {
                "habit": (HABIT_DAYS // 7, "count"),
                "exposed": (EXPOSED_DAYS // 7, "count"),
                "back": (RETURN_DAYS // 7, "count"),
            }
            blocks += [Figures("repurchase", rates), Said("churn.described", weeks)]
        else:
            blocks += [rate.reason for rate in rates[:1] if rate.reason is not None]
    found = facts.verbs.get("churn")
    if found is None:
        blocks.append(Said("churn.absent"))
    elif isinstance(found, Missing):
        blocks.append(Told(found.reason))
    else:
        blocks += _of_record(found)
    return Section("churn", tuple(blocks))


def _of_record(found: Any) -> Iterator[Block]:  # noqa: ANN401 - what the verb returns
    record = found.record()
    figures = []
    for name, (path, unit) in _RECORD.items():
        value = _at(record, path)
        if isinstance(value, int | float):
            ends = [_at(record, f"{path.rpartition('.')[0]}.{end}") for end in ("low", "high")]
            shown = ends if name in {"churn_rate", "excess_churners"} else [None, None]
            figures.append(Figure(name, float(value), unit, *shown))
    if _at(record, "effect.detectable") is False:
        yield Said("churn.not_detectable")
    if figures:
        yield Figures("churn", tuple(figures))
    for path in ("repeat_purchase.reason", "repeat_purchase.churn_rate.reason", "effect_reason",
                 "effect.reason"):  # fmt: skip
        reason = _at(record, path)
        if isinstance(reason, str):
            yield Told(reason)
    if found.repeat_purchase is not None and (customers := found.by_customer()).height:
        frame = customers.rename({"name": "customer_name", "status": "customer_status"})
        command = "stockout churn --by customer -o customers.csv"
        yield Table("call_list", frame, filled(frame, _CUSTOMERS), 15, command)


def _at(record: object, path: str) -> object:
    """The value at a dotted place, None where there is nothing."""
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record
