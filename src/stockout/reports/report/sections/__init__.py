"""The sections of a report, each a question; in the order in which a reader meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockout.reports.report.sections.act import section_act
from stockout.reports.report.sections.assortment import section_segments, section_stock
from stockout.reports.report.sections.customers import section_churn
from stockout.reports.report.sections.forecast import section_forecast
from stockout.reports.report.sections.items import section_items
from stockout.reports.report.sections.lost import section_lost, section_stockouts
from stockout.reports.report.sections.operations import (
    section_causes,
    section_operations,
    section_suppliers,
)
from stockout.reports.report.sections.quality import section_quality, section_unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.reports.report.blocks import Section
    from stockout.reports.report.facts import Facts

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    section_act,
    section_stockouts,
    section_lost,
    section_churn,
    section_causes,
    section_suppliers,
    section_forecast,
    section_segments,
    section_stock,
    section_items,
    section_operations,
    section_quality,
)
"""Each answers with its blocks, or says why it cannot."""


def arranged(facts: Facts) -> list[Section]:
    """All sections, and last what is not known."""
    sections = [section(facts) for section in SECTIONS]
    return [*sections, section_unknown(facts, sections)]
