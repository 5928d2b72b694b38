"""Digests of the causes of stockouts for a terminal: the monthly look back.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import polars as pl
from rich.text import Text

from stockout.impact.cause_summary import UNATTRIBUTED
from stockout.impact.usual_demand import USUAL
from stockout.reports.inert import inert
from stockout.reports.terminal import (
    _Column,
    _digest,
    _item,
    _money,
    _percent,
    _quantity,
    _text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rich.console import ConsoleDimensions, RenderableType

    from stockout.impact.cause_summary import Causes

_EXAMPLES = 3  # episodes that are told with their evidence


def causes_digest(
    found: Causes,
    month: date | None,
    *,
    size: ConsoleDimensions,
    products: pl.DataFrame | None = None,
) -> RenderableType:
    """Causes of a month beside those of the month before, the worst episodes, what is not known.

    Args:
        found: Causes.
        month: First day of the month; None is the last complete one.
        size: Columns and lines to fill.
        products: Canonical products, for the names of the worst.
    """
    month = found.last_month() if month is None else month
    rows = found.summary(["cause"], month=month)
    every = found.frame
    unexplained = rows.filter(pl.col("cause") == UNATTRIBUTED)
    errors = rows.filter(pl.col("episodes_within_usual") > 0)
    lost = rows["lost_revenue"].sum()
    facts = [
        (
            f"{rows['episodes'].sum():,} stockouts began in {month:%B %Y}, "
            f"{_quantity(rows['lost_units'].sum())} units lost, worth {_money(lost)}; "
            f"{every.height:,} in all of the history (--by cause,month)"
        ),
        (
            f"unattributed: {_share(unexplained['share_of_episodes'].item())} of the stockouts, "
            f"{_share(unexplained['share_of_lost_revenue'].item())} of the lost revenue"
        ),
        *(
            f"of {episodes:,} forecast errors {usual:,} are usual variation, which safety stock is "
            f"meant to cover: more than {_share(USUAL)} of the protection periods before had as "
            "much demand"
            for episodes, usual in errors.select("episodes", "episodes_within_usual").iter_rows()
        ),
        *found.not_known,
    ]
    return _digest(
        rows,
        [_Column("cause", "cause", _text, number=False), *_sum_columns(before=True)],
        _wrapped(facts, size.width),
        title=f"Causes of the stockouts of {month:%B %Y}",
        size=size,
        below=_worst(found.episodes_of(month), products),
    )


def cause_sums_digest(
    rows: pl.DataFrame, by: Sequence[str], *, size: ConsoleDimensions
) -> RenderableType:
    """Sums of causes, one group a line.

    Args:
        rows: As from :meth:`stockout.impact.cause_summary.Causes.summary`.
        by: What it is grouped by.
        size: Columns and lines to fill.
    """
    keys = rows.columns[: rows.columns.index("episodes")]
    before = "episodes_before" in rows.columns
    happened = rows.filter(pl.col("episodes") > 0) if len(by) > 1 else rows
    columns = [
        *(_Column(key, key.removesuffix("_id"), _group, number=False) for key in keys),
        *_sum_columns(before=before),
    ]
    return _digest(
        happened, columns, ["docs/causes.md tells the rules"], title="Causes of stockouts",
        size=size,
    )  # fmt: skip


def _sum_columns(*, before: bool) -> list[_Column]:
    columns = [
        _Column("episodes", "stock-\nouts", _quantity),
        _Column("share_of_episodes", "of\nthem", _percent, spare=4),
        _Column("days_out", "days\nout", _quantity, spare=3),
        _Column("lost_units", "lost\nunits", _quantity, spare=5),
        _Column("lost_revenue", "lost\nrevenue", _money),
        _Column("share_of_lost_revenue", "of\nit", _percent, spare=6),
    ]
    if not before:
        return columns
    return [
        *columns,
        _Column("episodes_before", "month\nbefore", _quantity, spare=2),
        _Column("lost_revenue_before", "revenue\nbefore", _money, spare=1),
        _Column("lost_revenue_change", "change", _change, spare=7),
    ]


def _worst(episodes: pl.DataFrame, products: pl.DataFrame | None) -> list[Text]:
    """The evidence of the episodes that cost most."""
    names = {}
    if products is not None:
        names = dict(products.select("sku", "name").drop_nulls().unique("sku").iter_rows())
    worst = episodes.sort("lost_revenue", "lost_units", descending=True, nulls_last=True)
    rows = worst.head(_EXAMPLES).select("sku", "location", "first_date", "cause", "evidence")
    return [
        Text.assemble(
            (f"{inert(_item(sku, location))} ", "bold"),
            inert(f"{names[sku]} " if sku in names else ""),
            (f"from {first}: {cause}, ", ""),
            inert(evidence or ""),
        )
        for sku, location, first, cause, evidence in rows.rows()
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _change(cell: object) -> Text:
    text = _money(cell)
    if isinstance(cell, float) and cell > 0:
        return Text(f"+{text.plain}", style="red")
    return Text(text.plain, style="green") if isinstance(cell, float) and cell < 0 else text


def _group(cell: object) -> Text:
    return Text("(none)", style="dim") if cell is None else _text(cell)


def _wrapped(facts: Sequence[str], width: int) -> list[str]:
    return [line for fact in facts for line in textwrap.wrap(fact, max(width, 40))]
