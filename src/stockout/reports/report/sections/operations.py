"""Causes, suppliers, and how well the house runs: turnover, books, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.reports.report import measures
from stockout.reports.report.blocks import Figures, Said, Section, Table, Told
from stockout.reports.report.facts import Missing
from stockout.reports.report.sections.common import filled, guessed
from stockout.reports.report.sections.customers import frame_of

if TYPE_CHECKING:
    from stockout.reports.report.facts import Facts


def section_causes(facts: Facts) -> Section:
    """Why items ran out, as the verb ``causes`` tells it."""
    return _of_verb("causes", facts, "stockout causes -o causes.csv")


def section_suppliers(facts: Facts) -> Section:
    """Lead times and reliability of suppliers, as the verb ``suppliers`` tells them."""
    return _of_verb("suppliers", facts, "stockout suppliers -o suppliers.csv")


def _of_verb(verb: str, facts: Facts, command: str) -> Section:
    found = facts.verbs.get(verb)
    if found is None:
        return Section(verb, reason=Said("reason.no_verb"))
    if isinstance(found, Missing):
        return Section(verb, reason=Told(found.reason))
    frame = frame_of(found)
    if frame is None or frame.is_empty():
        return Section(verb, reason=Said("reason.no_rows"))
    return Section(verb, (Table(verb, frame, filled(frame, guessed(frame)), 20, command),))


def section_operations(facts: Facts) -> Section:
    """The measures that a look back asks for, each where the exports support it."""
    tables, as_of = facts.tables, facts.as_of
    figures = (
        measures.turnover(tables, as_of),
        measures.stock_accuracy(tables, as_of),
        measures.purchase_to_shelf(tables, as_of),
        measures.order_to_ship(tables, as_of),
        measures.shipped_on_time(tables, as_of),
    )
    return Section("operations", (Figures("operations", figures), Said("operations.note")))
