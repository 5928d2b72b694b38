"""How far the data can be trusted, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.checks.findings import SEVERITIES
from stockout.reports.report.blocks import (
    Column,
    Figure,
    Figures,
    Missed,
    Said,
    Section,
    Table,
)
from stockout.reports.report.facts import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockout.reports.report.blocks import Block, Sentence, Unit, Value
    from stockout.reports.report.facts import Facts


def section_quality(facts: Facts) -> Section:
    """What ``check`` found, by rule."""
    findings = facts.findings
    counts = dict(findings["severity"].cast(pl.String).value_counts().iter_rows())
    figures = tuple(
        Figure(f"{severity}_findings", counts.get(severity, 0), "count", good="less")
        for severity in reversed(SEVERITIES)
    )
    blocks: list[Block] = [Figures("quality", figures)]
    if findings.is_empty():
        return Section("quality", (*blocks, Said("quality.nothing")))
    by_rule = (
        findings.with_columns(pl.col("severity").to_physical().alias("grade"))
        .group_by("code", "severity", "grade")
        .agg(
            findings=pl.len().cast(pl.Int64),
            file=pl.col("file").drop_nulls().unique().sort().str.join(", "),
            message=pl.col("message").first(),
        )
        .sort("grade", "findings", "code", descending=[True, True, False])
        .with_columns(
            pl.col("severity").cast(pl.String),
            rule="code",
        )
    )
    columns = (
        Column("severity", "word"),
        Column("code", "code"),
        Column("rule", "rule"),
        Column("findings", "count"),
        Column("file", "text"),
        Column("message", "told"),
    )
    table = Table("findings", by_rule, columns, 25, "stockout check -o findings.csv")
    return Section("quality", (*blocks, table))


def section_unknown(facts: Facts, sections: Sequence[Section]) -> Section:
    """What the other sections could not tell and why, and what figures leave out."""
    missed: dict[str, Missed] = {}
    for section in sections:
        if section.reason is not None:
            missed[section.name] = Missed(f"section.{section.name}", section.reason)
        for figure in _figures(section):
            if figure.reason is not None:
                title = f"figure.{figure.name}"
                missed.setdefault(title, Missed(title, figure.reason))
    blocks: list[Block] = [*missed.values(), *_left_out(facts), *_assumed(facts)]
    return Section("unknown", tuple(blocks) or (Said("unknown.nothing"),))


def _figures(section: Section) -> Iterator[Figure]:
    for block in section.blocks:
        if isinstance(block, Figures):
            yield from block.figures


def _left_out(facts: Facts) -> Iterator[Sentence]:
    """What the figures of lost sales leave out."""
    if isinstance(facts.lost, Missing):
        return
    known = facts.lost.coverage()
    told: dict[str, tuple[bool, dict[str, tuple[Value, Unit]]]] = {
        "unknown_availability": (
            known.unknown > 0,
            {
                "share": (known.unknown / max(known.active, 1), "share"),
                "never": (known.never_known, "count"),
            },
        ),
        "no_demand": (known.no_demand > 0, {"periods": (known.no_demand, "count")}),
        "unpriced": (known.unpriced > 0, {"units": (known.unpriced, "units")}),
        "uncosted": (known.uncosted > 0, {"units": (known.uncosted, "units")}),
        "beyond": (known.beyond > 0, {"periods": (known.beyond, "count")}),
        "assumed_ends": (
            known.assumed_lead_times > 0,
            {"episodes": (known.assumed_lead_times, "count")},
        ),
        "phantom": (
            known.phantom_runs > 0,
            {"items": (known.phantom_runs, "count"), "units": (known.phantom_units, "units")},
        ),
    }
    for key, (applies, values) in told.items():
        if applies:
            yield Said(f"unknown.{key}", values)


def _assumed(facts: Facts) -> Iterator[Sentence]:
    """What the reorder list assumes or lacks."""
    if isinstance(facts.orders, Missing):
        return
    orders = facts.orders
    counts = {
        "assumed_lead_times": orders.filter(lead_time_source="assumed").height,
        "unknown_stock": orders.filter(status="unknown stock").height,
        "unknown_lead_time": orders.filter(status="unknown lead time").height,
        "no_order_value": orders.filter(
            (pl.col("order_qty") > 0) & pl.col("order_value").is_null()
        ).height,
    }
    for key, count in counts.items():
        if count:
            yield Said(f"unknown.{key}", {"lines": (count, "count")})
