"""Digests of segments for a terminal: what stock lies idle, and what matters.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import polars as pl
from rich.text import Text

from stockout.reports.terminal import (
    _Column,
    _digest,
    _item_columns,
    _money,
    _named,
    _percent,
    _quantity,
    _text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleDimensions, RenderableType

    from stockout.impact.stock_segments import Segments


def segments_digest(
    found: Segments, *, size: ConsoleDimensions, products: pl.DataFrame | None = None
) -> RenderableType:
    """The items with the most excess money, and what all of them add up to.

    Args:
        found: Segments.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
    """
    rows = found.frame.with_columns(
        segment=pl.concat_str("abc", pl.col("xyz").fill_null("-"), separator="")
    )
    columns = [
        *_item_columns(rows, products, size),
        _Column("segment", "ABC\nXYZ", _text, number=False),
        _Column("demand_class", "demand", _text, number=False, spare=2),
        _Column("stock_class", "stock", _text, number=False),
        _Column("on_hand", "on\nhand", _quantity, spare=6),
        _Column("excess_units", "excess\nunits", _quantity, spare=5),
        _Column("excess_value", "excess\nmoney", _money),
        _Column("days_of_supply", "days of\nsupply", _quantity, spare=4),
        _Column("turnover", "turns\na year", _quantity, spare=3),
        _Column("age_days", "age\ndays", _quantity, spare=1),
        _Column("last_sale", "last\nsale", _text, number=False, spare=2),
    ]
    facts = [*_totals(found), *found.not_known]
    return _digest(
        _named(rows, products),
        columns,
        _wrapped(facts, size.width),
        title=f"Segments and stock at {found.as_of}",
        size=size,
    )


def segment_sums_digest(
    rows: pl.DataFrame, by: Sequence[str], found: Segments, *, size: ConsoleDimensions
) -> RenderableType:
    """Sums of segments, one group a line.

    Args:
        rows: As from :meth:`stockout.impact.stock_segments.Segments.summary`.
        by: What it is grouped by.
        found: Segments.
        size: Columns and lines to fill.
    """
    keys = rows.columns[: rows.columns.index("items")]
    columns = [
        *(_Column(key, key.removesuffix("_id").replace("_", "\n"), _group, number=False)
          for key in keys),
        _Column("items", "items", _quantity),
        _Column("share_of_value", "of\nvalue", _percent),
        _Column("stock_value", "stock\nmoney", _money),
        _Column("share_of_stock_value", "of\nit", _percent, spare=1),
        _Column("turnover", "turns\na year", _quantity, spare=2),
        _Column("excess_value", "excess\nmoney", _money),
        _Column("slow_value", "slow", _money, spare=3),
        _Column("dead_value", "dead", _money, spare=4),
    ]  # fmt: skip
    title = "Segments" if not by else f"Segments by {', '.join(by)}"
    facts = _wrapped([*_totals(found), *found.not_known], size.width)
    return _digest(rows, columns, facts, title=title, size=size)


def _totals(found: Segments) -> list[str]:
    total = found.summary([]).row(0, named=True)
    if total["stock_units"] is None:
        return [f"{total['items']:,} items"]
    counts = dict(found.frame["stock_class"].value_counts().iter_rows())
    told = ", ".join(
        f"{counts[name]:,} {name}" for name in ("excess", "slow", "dead") if counts.get(name)
    )
    worth = "of unknown cost" if total["stock_value"] is None else (
        f"worth {_money(total['stock_value'])} at cost, {_money(total['excess_value'])} of it "
        f"beyond the expected demand of {found.horizon_days} days"
    )  # fmt: skip
    turns = "" if total["turnover"] is None else f"; {_quantity(total['turnover'])} turns a year"
    return [
        f"{total['items']:,} items, {_quantity(total['stock_units'])} units in stock, {worth}"
        + turns,
        f"stock of {told}" if told else "no excess, slow or dead stock",
    ]


def _group(cell: object) -> Text:
    return Text("(none)", style="dim") if cell is None else _text(cell)


def _wrapped(facts: Sequence[str], width: int) -> list[str]:
    return [line for fact in facts for line in textwrap.wrap(fact, max(width, 40))]
