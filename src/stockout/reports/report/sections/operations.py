"""Causes, suppliers, and how well the house runs: turnover, books, times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.reports.report import measures
from stockout.reports.report.blocks import Column, Figures, Picture, Said, Section, Table, Told
from stockout.reports.report.facts import Missing
from stockout.reports.report.sections.common import filled, item_columns, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stockout.reports.report.blocks import Block, Unit
    from stockout.reports.report.facts import Facts

    Teller = Callable[[Any, Facts], Iterator[Block]]

_CAUSES = (
    Column("cause", "word"),
    Column("episodes", "count"),
    Column("share_of_episodes", "share"),
    Column("episodes_within_usual", "count"),
    Column("days_out", "days"),
    Column("lost_units", "units"),
    Column("lost_revenue", "money"),
    Column("share_of_lost_revenue", "share"),
)
_SUPPLIERS = (
    Column("supplier_id", "code"),
    Column("supplier_name", "text"),
    Column("lines", "count"),
    Column("overdue_lines", "count"),
    Column("otif", "share"),
    Column("on_time", "share"),
    Column("in_full", "share"),
    Column("lead_time_p50", "days"),
    Column("lead_time_p90", "days"),
    Column("late_days", "days"),
    Column("price_change", "share"),
    Column("single_source_skus", "count"),
    Column("unreliability_value", "money"),
    Column("spend", "money"),
    Column("suggestion", "told"),
)


_DRAWN = 12  # suppliers in a picture, those with the largest spend


def section_causes(facts: Facts) -> Section:
    """Why items ran out, as the verb ``causes`` tells it."""
    return of_verb("causes", facts, _causes)


def section_suppliers(facts: Facts) -> Section:
    """Lead times and reliability of suppliers, as the verb ``suppliers`` tells them."""
    if facts.tables.purchases is None:
        return Section("suppliers", reason=Said("reason.no_purchases"))
    return of_verb("suppliers", facts, _suppliers)


def of_verb(verb: str, facts: Facts, tell: Teller) -> Section:
    """A section of what a verb found, or why there is nothing."""
    found = facts.verbs.get(verb)
    if found is None:
        return Section(verb, reason=Said("reason.no_verb"))
    if isinstance(found, Missing):
        return Section(verb, reason=Told(found.reason))
    blocks = tuple(tell(found, facts))
    return Section(verb, blocks, None if blocks else Said("reason.no_rows"))


def _causes(found: Any, facts: Facts) -> Iterator[Block]:  # noqa: ANN401 - what a verb returns
    if found.frame.is_empty():
        return
    summary = found.summary().sort(
        "lost_revenue", "lost_units", descending=True, nulls_last=True, maintain_order=True
    )
    yield Table("causes", summary, filled(summary, _CAUSES), 10, "stockout causes --by cause")
    yield from _last_month(found)
    episodes = named(found.frame, facts).sort(
        "lost_revenue", "lost_units", "first_date", "sku", "location",
        descending=[True, True, True, False, False], nulls_last=True,
    )  # fmt: skip
    columns = (
        *item_columns(episodes),
        Column("cause", "word"),
        Column("first_date", "date"),
        Column("last_date", "date"),
        Column("lost_units", "units"),
        Column("lost_revenue", "money"),
        Column("supplier_id", "code"),
        Column("po_id", "code"),
        Column("evidence", "told"),
    )
    command = "stockout causes -o causes.csv"
    yield Table("cause_episodes", episodes, filled(episodes, columns), 15, command)
    yield from (Told(text) for text in found.not_known)


def _last_month(found: Any) -> Iterator[Block]:  # noqa: ANN401 - as above
    """The last whole month beside the one before it, where the history has both."""
    month = found.last_month()
    sums = found.summary(month=month)
    what = "lost_revenue" if sums["lost_revenue"].sum() else "lost_units"
    before = f"{what}_before"
    shown = sums.filter((pl.col(what) > 0) | (pl.col(before) > 0)).sort(
        what, descending=True, nulls_last=True, maintain_order=True
    )
    if shown.is_empty() or shown[before].null_count():
        return
    caption = Said(f"caption.causes_{what}", {"month": (month, "month")})
    yield Picture("causes", "causes", {"causes": shown}, caption, {"what": what})
    unit: Unit = "money" if what == "lost_revenue" else "units"
    columns = (Column("cause", "word"), Column("episodes", "count"), Column(what, unit),
               Column(before, unit))  # fmt: skip
    yield Table("causes_of_month", shown, columns, 10, beside=True)


def _suppliers(found: Any, _: Facts) -> Iterator[Block]:  # noqa: ANN401 - what a verb returns
    frame = found.frame.rename({"name": "supplier_name"})
    if frame.is_empty():
        return
    command = "stockout suppliers -o suppliers.csv"
    yield Table("suppliers", frame, filled(frame, _SUPPLIERS), 20, command)
    times = frame.drop_nulls(["lead_time_p10", "lead_time_p50", "lead_time_p90"]).head(_DRAWN)
    if times.height > 1:
        yield Picture("lead_times", "lead_times", {"suppliers": times}, Said("caption.lead_times"))
        columns = (
            Column("supplier_id", "code"), Column("lead_time_p10", "days"),
            Column("lead_time_p50", "days"), Column("lead_time_p90", "days"),
            Column("stated_lead_time_days", "days"),
        )  # fmt: skip
        yield Table("lead_times", times, filled(times, columns), _DRAWN, beside=True)
    yield from (Told(text) for text in found.not_known)


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
