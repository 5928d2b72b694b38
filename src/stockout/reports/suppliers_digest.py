"""Digests of suppliers for a terminal: who delivers how, and what it costs.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.text import Text

from stockout.reports.inert import inert
from stockout.reports.terminal import (
    _Column,
    _digest,
    _item_columns,
    _money,
    _name,
    _named,
    _percent,
    _quantity,
    _text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from rich.console import ConsoleDimensions, RenderableType

    from stockout.impact.suppliers import Suppliers

_SUGGESTIONS = 3  # that are told below the table


def suppliers_digest(found: Suppliers, *, size: ConsoleDimensions) -> RenderableType:
    """One supplier a line, the largest spend first, and what is suggested.

    Args:
        found: Suppliers.
        size: Columns and lines to fill.
    """
    rows = found.frame
    columns = [
        _Column("supplier_id", "supplier", _text, number=False),
        _Column("name", "name", _name, number=False, spare=1),
        _Column("lines", "order\nlines", _quantity, spare=4),
        _Column("lead_time_days", "lead\ntime", _quantity),
        _Column("lead_time_sd_days", "+-\ndays", _quantity, spare=6),
        _Column("late_days", "usually\nlate", _quantity, spare=5),
        _Column("on_time", "on\ntime", _percent),
        _Column("in_full", "in\nfull", _percent),
        _Column("otif", "both\n(OTIF)", _percent),
        _Column("price_change", "price\nin a year", _percent, spare=2),
        _Column("single_source_skus", "sole\nsource", _quantity, spare=3),
        _Column("unreliability_units", "stock for\nspread", _quantity, spare=8),
        _Column("unreliability_value", "money\nfor it", _money, spare=7),
    ]
    single = int(rows["single_source_skus"].sum())
    units, value = rows["unreliability_units"], rows["unreliability_value"]
    facts = [
        (
            f"{rows.height:,} suppliers, {rows['lines'].sum():,} order lines up to {found.as_of}, "
            f"{rows['overdue_lines'].sum():,} of them overdue; {single:,} SKUs have one supplier "
            "only"
        ),
    ]
    if units.null_count() < len(units):
        worth = (
            "of unknown cost"
            if value.null_count() == len(value)
            else f"worth {_money(value.sum())}"
        )
        facts.append(
            f"if all lead times were as they are on average, {_quantity(units.sum())} units less "
            f"of safety stock would do, {worth}"
        )
    suggested = rows.drop_nulls("suggestion").head(_SUGGESTIONS)
    below = [
        Text.assemble((f"{inert(supplier)}: ", "bold"), inert(text))
        for supplier, text in suggested.select("supplier_id", "suggestion").rows()
    ]
    return _digest(
        rows, columns, _wrapped([*facts, *found.not_known], size.width), title="Suppliers",
        size=size, below=below,
    )  # fmt: skip


def supplier_rows_digest(
    rows: pl.DataFrame,
    found: Suppliers,
    *,
    size: ConsoleDimensions,
    products: pl.DataFrame | None = None,
) -> RenderableType:
    """Items, other suppliers of items, or months.

    Args:
        rows: One of the frames of ``found``.
        found: Suppliers.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
    """
    facts = _wrapped(found.not_known, size.width)
    if "month" in rows.columns:
        columns = [
            _Column("supplier_id", "supplier", _text, number=False),
            _Column("month", "month", _text, number=False),
            _Column("judged_lines", "lines\ndue", _quantity),
            _Column("on_time", "on\ntime", _percent),
            _Column("in_full", "in\nfull", _percent),
            _Column("otif", "both\n(OTIF)", _percent),
            _Column("lead_time_days", "lead\ntime", _quantity),
        ]
        newest = rows.sort("month", "supplier_id", descending=[True, False])
        return _digest(newest, columns, facts, title="Suppliers by month", size=size)
    columns = _item_columns(rows, products, size)
    if "alternative_id" in rows.columns:
        columns += [
            _Column("supplier_id", "supplier", _text, number=False),
            _Column("alternative_id", "other", _text, number=False),
            _Column("suggestion", "suggested", _text, number=False),
            _Column("lead_time_days", "lead\ntime", _quantity, spare=4),
            _Column("alternative_lead_time_days", "of the\nother", _quantity, spare=3),
            _Column("safety_stock_change", "safety\nstock", _quantity, spare=1),
            _Column("cost_change_a_year", "cost\na year", _money, spare=2),
        ]
        return _digest(_named(rows, products), columns, facts, title="Other suppliers", size=size)
    columns += [
        _Column("supplier_id", "supplier", _text, number=False),
        _Column("lead_time_days", "lead\ntime", _quantity),
        _Column("lead_time_sd_days", "+-\ndays", _quantity, spare=3),
        _Column("lead_time_source", "known\nfrom", _text, number=False, spare=1),
        _Column("safety_stock", "safety\nstock", _quantity),
        _Column("unreliability_units", "for\nspread", _quantity),
        _Column("unreliability_value", "money\nfor it", _money, spare=2),
    ]
    dearest = rows.sort("unreliability_value", "unreliability_units", "sku", "location",
                        descending=[True, True, False, False], nulls_last=True)  # fmt: skip
    return _digest(_named(dearest, products), columns, facts, title="Lead times by item", size=size)


def _wrapped(facts: Sequence[str], width: int) -> list[str]:
    return [line for fact in facts for line in textwrap.wrap(fact, max(width, 40))]
