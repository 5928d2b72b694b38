"""Digests of lost sales for a terminal: what stockouts cost, where, and what is not known.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from rich.text import Text

from stockout.impact.episodes import OPEN
from stockout.impact.key_figures import KEY_FIGURES
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
from stockout.tables import ITEM
from stockout.wording import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import ConsoleDimensions, RenderableType

    from stockout.impact.stockout_costs import LostSales

_TITLES = {figure.name: figure.title for figure in KEY_FIGURES}
_UNITS = {figure.name: figure.unit for figure in KEY_FIGURES}
_OF_GROUPS = (
    "lost_units", "lost_revenue", "stockout_rate", "stockout_rate_by_revenue", "fill_rate",
    "episodes", "episode_days", "items", "days_of_supply", "phantom_units",
)  # fmt: skip
"""Figures beside each group, the last the first to go where the screen is too narrow."""


class _Figure(NamedTuple):
    """A key figure of all items together."""

    value: float | None
    low: float | None
    high: float | None
    coverage: float | None


def lost_sales_digest(
    found: LostSales, *, size: ConsoleDimensions, products: pl.DataFrame | None = None
) -> RenderableType:
    """The items that lost most, what all of them lost, the key figures, and what is not known.

    Args:
        found: Lost sales.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
    """
    figures = _together(found)
    worst = _worst_items(found)
    columns = [
        *_item_columns(worst, products, size),
        _Column("lost_units", "lost\nunits", _quantity),
        _Column("range", "90 %\nbetween", _right, spare=2),
        _Column("lost_revenue", "lost\nrevenue", _money),
        _Column("days_out", "days\nout", _quantity, spare=1),
        _Column("episodes", "times\nout", _quantity, spare=3),
        _Column("now", "now", _text, number=False, spare=4),
    ]
    facts = [*_sums(found, figures), *_rates(figures), *_not_known(found, figures)]
    return _digest(
        _named(worst, products),
        columns,
        _wrapped(facts, size.width),
        title=f"Lost sales up to {found.history.as_of}",
        size=size,
    )


def kpi_digest(kpis: pl.DataFrame, by: Sequence[str], *, size: ConsoleDimensions) -> RenderableType:
    """Key figures: of all together one a line, else one group a line.

    Args:
        kpis: As from :meth:`LostSales.kpis`.
        by: Columns that it is grouped by.
        size: Columns and lines to fill.
    """
    if not by:
        rows = kpis.with_columns(
            title=pl.col("kpi").replace_strict(_TITLES),
            shown=_each(kpis, "value"),
            range=_ranges(kpis),
            known=pl.col("coverage"),
        )
        columns = [
            _Column("title", "figure", _text, number=False),
            _Column("shown", "value", _right),
            _Column("range", "between", _right, spare=1),
            _Column("known", "known", _known, spare=2),
        ]
        facts = ["known: share of the data that tells the figure; docs/stockouts.md defines it"]
        return _digest(
            rows, columns, _wrapped(facts, size.width), title="Key figures of stockouts", size=size
        )
    told = set(kpis.filter((pl.col("value") != 0) | (pl.col("kpi") != "phantom_units"))["kpi"])
    present = [name for name in _OF_GROUPS if name in told]
    rate = kpis.filter(pl.col("kpi") == "stockout_rate").select(*by, known="coverage")
    groups = (
        kpis.pivot("kpi", index=by, values="value")
        .join(rate, on=by, nulls_equal=True, maintain_order="left")
        .sort(
            "lost_revenue",
            "lost_units",
            *by,
            descending=[True, True, *(False for _ in by)],
            nulls_last=True,
        )
    )
    columns = [
        *(_Column(name, name.removesuffix("_id"), _group, number=False) for name in by),
        *(
            _Column(
                name, _TITLES[name].replace(" ", "\n", 1), _shower(name), spare=len(present) - k
            )
            for k, name in enumerate(present)
        ),
        _Column("known", "known", _known),
    ]
    facts = [
        f"{_number(groups.height, 'group')}; known: share of item periods of known availability"
    ]
    return _digest(
        groups, columns, _wrapped(facts, size.width), title="Stockouts by " + ", ".join(
            name.removesuffix("_id") for name in by), size=size,
    )  # fmt: skip


def episode_digest(
    episodes: pl.DataFrame, *, size: ConsoleDimensions, products: pl.DataFrame | None = None
) -> RenderableType:
    """The episodes that cost most.

    Args:
        episodes: As from :attr:`LostSales.episodes`.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
    """
    rows = episodes.sort(
        "lost_revenue", "lost_units", *ITEM, "first_date",
        descending=[True, True, False, False, False], nulls_last=True,
    )  # fmt: skip
    columns = [
        *_item_columns(rows, products, size),
        _Column("first_date", "from", _text, number=False),
        _Column("days", "days", _quantity),
        _Column("end", "end", _text, number=False, spare=2),
        _Column("lost_units", "lost\nunits", _quantity),
        _Column("lost_revenue", "lost\nrevenue", _money, spare=1),
    ]
    still = int((episodes["end"] == OPEN).sum())
    facts = [f"{_number(episodes.height, 'episode')}, {still:,} open"]
    return _digest(_named(rows, products), columns, facts, title="Stockout episodes", size=size)


def _together(found: LostSales) -> dict[str, _Figure]:
    rows = found.kpis().select("kpi", "value", "low", "high", "coverage").rows()
    return {name: _Figure(*values) for name, *values in rows}


def _worst_items(found: LostSales) -> pl.DataFrame:
    """One row an item that lost something, the most money first."""
    by_item = found.by_item()
    return by_item.filter(pl.col("lost_units") > 0).with_columns(
        range=pl.Series(
            [_between(low, high) for low, high in by_item.filter(pl.col("lost_units") > 0)
             .select("lost_low", "lost_high").rows()], dtype=pl.String),
        now=pl.when("open").then(pl.lit("out")).otherwise(pl.lit("")),
    )  # fmt: skip


def _sums(found: LostSales, figures: Mapping[str, _Figure]) -> list[str]:
    units, revenue = figures["lost_units"], figures["lost_revenue"]
    if not units.value:
        return ["no lost units in the periods whose availability is known"]
    line = f"{_amount(units)} units lost"
    fill = figures["fill_rate"]
    if fill.value is not None:
        known = " where availability is known" if (fill.coverage or 0) < 1 else ""
        line += f", {_rate(1 - fill.value)} of those wanted{known}"
    money = "of unknown price" if revenue.value is None else f"worth {_amount(revenue)}"
    margin = figures["lost_margin"]
    if margin.value:
        money += f", margin {_quantity(margin.value)}"
    lines = [line, money]
    net = figures.get("net_units")
    if found.scenario is not None and net is not None and net.value is not None:
        worth = figures["net_revenue"].value
        lines.append(
            f"net of {_rate(found.scenario.substituted)} substituted and "
            f"{_rate(found.scenario.delayed)} "
            f"delayed, as stated: {_quantity(net.value)} units"
            + ("" if worth is None else f", worth {_quantity(worth)}")
        )
    return lines


def _rates(figures: Mapping[str, _Figure]) -> list[str]:
    def share(name: str) -> str:
        value = figures[name].value if name in figures else None
        return "unknown" if value is None else _rate(value)

    rates = (
        f"stockout rate {share('stockout_rate')} (by demand {share('stockout_rate_by_demand')}, by "
        f"revenue {share('stockout_rate_by_revenue')}), on-shelf availability "
        f"{share('on_shelf_availability')}, fill rate {share('fill_rate')}, cycle service level "
        f"{share('cycle_service_level')}"
    )
    lines = [rates]
    episodes, days = figures["episodes"].value, figures["episode_days"].value
    if episodes:
        length = "" if days is None else f" of {_quantity(days)} days on average"
        still = figures["open_episodes"].value or 0
        lines.append(f"{_number(episodes, 'episode')}{length}, {still:,.0f} open")
    return lines


def _not_known(found: LostSales, figures: Mapping[str, _Figure]) -> list[str]:
    """What the figures leave out, and why."""
    known = found.coverage()
    lines = []
    if known.unknown:
        never = f"; for {known.never_known:,} items never known" if known.never_known else ""
        lines.append(
            f"availability is unknown for {_rate(known.unknown / known.active)} of item periods"
            f"{never}: neither in stock nor out"
        )
    if known.no_demand:
        lines.append(f"demand of {known.no_demand:,} periods out of stock cannot be told")
    for what, units in (("price", known.unpriced), ("unit cost", known.uncosted)):
        if units > 0 and (figures["lost_units"].value or 0) > 0:
            lines.append(f"{_quantity(units)} lost units have no known {what}")
    if known.beyond:
        lines.append(
            f"{known.beyond:,} periods of open episodes without an order are beyond one lead time "
            "and do not count"
        )
    if known.assumed_lead_times:
        lines.append(
            number_of(known.assumed_lead_times, "open episode has", "open episodes have")
            + " an unknown lead time: 28 days assumed"
        )
    if known.phantom_runs:
        counted = "counted" if found.include_phantom else "not counted"
        lines.append(
            number_of(known.phantom_runs, "item has", "items have")
            + " stock by the books and "
            + ("does" if known.phantom_runs == 1 else "do")
            + " not sell, probably "
            f"phantom stock: {_quantity(known.phantom_units)} units, {counted}"
        )
    return lines


def _wrapped(facts: Sequence[str], width: int) -> list[str]:
    """Lines that fit, so that a digest knows how many there are."""
    return [line for fact in facts for line in textwrap.wrap(fact, max(width, 40))]


def _number(count: float, word: str) -> str:
    return f"{count:,.0f} {word}" + ("" if count == 1 else "s")


def _amount(figure: _Figure) -> str:
    shown = f"{_quantity(figure.value)}"
    if figure.low is None or figure.high is None:
        return shown
    return f"{shown} (90 %: {_between(figure.low, figure.high)})"


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"{_quantity(low)} to {_quantity(high)}"


def _rate(share: float) -> str:
    return f"{100 * share:.1f} %"


def _value(unit: str, value: float | None) -> str:
    if value is None:
        return "-"
    return _rate(value) if unit == "share" else str(_quantity(value))


def _each(kpis: pl.DataFrame, column: str) -> pl.Series:
    cells = [_value(unit, value) for unit, value in kpis.select("unit", column).rows()]
    return pl.Series(cells, dtype=pl.String)


def _ranges(kpis: pl.DataFrame) -> pl.Series:
    rows = kpis.select("unit", "low", "high").rows()
    cells = [
        "" if low is None or high is None else f"{_value(unit, low)} to {_value(unit, high)}"
        for unit, low, high in rows
    ]
    return pl.Series(cells, dtype=pl.String)


def _shower(name: str) -> Callable[[object], Text]:
    return {"share": _share, "money": _money}.get(_UNITS[name], _quantity)


def _share(cell: object) -> Text:
    return Text(_rate(cell)) if isinstance(cell, float) else Text("-", style="dim")


def _known(cell: object) -> Text:
    return _percent(cell)


def _group(cell: object) -> Text:
    return Text("(none)", style="dim") if cell is None else _text(cell)


def _right(cell: object) -> Text:
    return _text(cell)
