"""How often items were out of stock, and what was not sold because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockout.reports.report.blocks import (
    Column,
    Figure,
    Figures,
    Picture,
    Said,
    Section,
    Table,
    Told,
)
from stockout.reports.report.facts import Missing
from stockout.reports.report.sections.common import as_date, filled, item_columns, named
from stockout.reports.report.windows import WINDOW_DAYS, last_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockout.impact.stockout_costs import LostSales
    from stockout.reports.report.blocks import Block, Unit, Value
    from stockout.reports.report.facts import Facts
    from stockout.reports.report.windows import Window

_COMMAND = "stockout lost-sales --by month -o stockouts.csv"
_LEAST_OF_USUAL = 0.5
"""A month with fewer item periods than half of the usual is the first or the last, and cut off."""

_MONTHLY = ("stockout_rate", "lost_units", "lost_revenue", "fill_rate", "episodes", "item_periods")
_UNITS: dict[str, Unit] = {
    "share": "share", "units": "units", "money": "money", "days": "days", "count": "count",
    "a year": "times",
}  # fmt: skip


def section_stockouts(facts: Facts) -> Section:
    """Stockout rate and its trend."""
    if isinstance(facts.lost, Missing):
        return Section("stockouts", reason=Told(facts.lost.reason))
    found = facts.lost
    last, before = last_windows(found)
    whole = _by_name(facts.kpis)
    figures = (
        _compared("stockout_rate_window", "stockout_rate", last, before, unit="share"),
        _kpi(whole, "stockout_rate"),
        _kpi(whole, "stockout_rate_by_demand"),
        _kpi(whole, "fill_rate"),
        _kpi(whole, "cycle_service_level"),
        _kpi(whole, "episodes"),
        _kpi(whole, "episode_days"),
        _kpi(whole, "open_episodes"),
    )
    blocks: list[Block] = [Figures("stockouts", figures)]
    monthly = by_month(facts.monthly)
    drawn = whole_months(monthly)
    if drawn["stockout_rate"].drop_nulls().len() > 1:
        blocks.append(
            Picture(
                "stockout_rate", "rate_by_month", {"months": drawn},
                Said("caption.stockout_rate", _span(drawn)),
            )
        )  # fmt: skip
    columns = (
        Column("stockout_rate", "share"),
        Column("fill_rate", "share"),
        Column("episodes", "count"),
    )
    blocks.append(_months_table("by_month", monthly, columns))
    blocks += _groups(found)
    return Section("stockouts", tuple(blocks))


def section_lost(facts: Facts) -> Section:
    """Lost sales, gross and net, with their interval, and the change against four weeks before."""
    if isinstance(facts.lost, Missing):
        return Section("lost", reason=Told(facts.lost.reason))
    found = facts.lost
    last, before = last_windows(found)
    whole = _by_name(facts.kpis)
    names = [
        f"{kind}_{what}" for kind in ("lost", "net") for what in ("revenue", "margin", "units")
    ]
    figures = (
        Figure(
            "lost_revenue_window", last.lost_revenue, "money", last.lost_low, last.lost_high,
            None if before is None else before.lost_revenue, "less",
            None if last.lost_revenue is not None else Said("reason.no_prices"),
        ),
        _compared("loss_rate", "loss_rate", last, before, unit="share"),
        *(_kpi(whole, name) for name in names if name in whole),
    )  # fmt: skip
    blocks: list[Block] = [Figures("lost", figures), _change(last, before)]
    if found.scenario is None:
        blocks.append(Said("lost.no_scenario"))
    else:
        blocks.append(
            Said(
                "lost.scenario",
                {
                    "substituted": (found.scenario.substituted, "share"),
                    "delayed": (found.scenario.delayed, "share"),
                },
            )
        )
    monthly = by_month(facts.monthly)
    drawn = whole_months(monthly)
    if drawn["lost_revenue"].drop_nulls().len() > 1:
        blocks.append(
            Picture(
                "lost_by_month", "lost_by_month", {"months": drawn},
                Said("caption.lost_by_month", _span(drawn)),
            )
        )  # fmt: skip
    columns = (
        Column("lost_revenue", "money"),
        Column("lost_revenue_low", "money"),
        Column("lost_revenue_high", "money"),
        Column("lost_units", "units"),
    )
    blocks += [_months_table("lost_by_month", monthly, columns), _items(facts, found)]
    return Section("lost", tuple(blocks))


def by_month(monthly: pl.DataFrame) -> pl.DataFrame:
    """A row a month: the monthly figures with the ends of their intervals as columns."""
    kpis = monthly.filter(pl.col("kpi").is_in(_MONTHLY))
    wide = kpis.pivot("kpi", index="month", values=["value", "low", "high"])
    named_plainly = {f"value_{name}": name for name in _MONTHLY} | {
        f"{end}_{name}": f"{name}_{end}" for name in _MONTHLY for end in ("low", "high")
    }
    return wide.rename({old: new for old, new in named_plainly.items() if old in wide.columns})


def whole_months(monthly: pl.DataFrame) -> pl.DataFrame:
    """Without months of which only some days belong to the history."""
    usual = pl.col("item_periods").median()
    return monthly.filter(pl.col("item_periods") >= _LEAST_OF_USUAL * usual)


def _months_table(name: str, monthly: pl.DataFrame, columns: tuple[Column, ...]) -> Table:
    frame = monthly.sort("month", descending=True)
    shown = (Column("month", "month"), *filled(frame, columns))
    return Table(name, frame, shown, 36, _COMMAND, beside=True)


def _groups(found: LostSales) -> Iterator[Table]:
    """The same by location, category and channel, where there is more than one."""
    attributes = found.attributes
    groups = {
        "location": attributes["location"].n_unique() > 1,
        "category": attributes["category"].n_unique() > 1,
        "channel": found.channels is not None and found.channels["channel"].n_unique() > 1,
    }
    for name in (name for name, several in groups.items() if several):
        kpis = found.kpis([name]).filter(pl.col("kpi").is_in(_MONTHLY))
        wide = kpis.pivot("kpi", index=name, values="value")
        frame = wide.sort("lost_revenue", "lost_units", name, descending=[True, True, False],
                          nulls_last=True)  # fmt: skip
        columns = (
            Column(name, "text"),
            Column("stockout_rate", "share"),
            Column("fill_rate", "share"),
            *(() if name == "channel" else (Column("episodes", "count"),)),
            Column("lost_units", "units"),
            Column("lost_revenue", "money"),
        )
        command = f"stockout lost-sales --by {name} -o stockouts.csv"
        yield Table(f"by_{name}", frame, filled(frame, columns), 15, command)


def _items(facts: Facts, found: LostSales) -> Table:
    frame = named(found.by_item(), facts).filter(pl.col("lost_units") > 0)
    columns = (
        *item_columns(frame),
        Column("lost_revenue", "money"),
        Column("lost_units", "units"),
        Column("lost_low", "units"),
        Column("lost_high", "units"),
        Column("days_out", "days"),
        Column("episodes", "count"),
        Column("open", "word"),
    )
    frame = frame.with_columns(
        open=pl.when("open").then(pl.lit("out now")).otherwise(pl.lit("in stock"))
    )
    return Table("lost_items", frame, filled(frame, columns), 25, "stockout lost-sales -o lost.csv")


def _by_name(kpis: pl.DataFrame) -> dict[str, tuple[float | None, float | None, float | None, str]]:
    return {
        name: (value, low, high, unit)
        for name, value, low, high, unit in kpis.select(
            "kpi", "value", "low", "high", "unit"
        ).rows()
    }


_LESS = ("stockout_rate", "lost", "net", "episode", "open")


def _kpi(
    whole: dict[str, tuple[float | None, float | None, float | None, str]], name: str
) -> Figure:
    if name not in whole:
        return Figure(name, None, "share", reason=Said("reason.no_receipts"))
    value, low, high, unit = whole[name]
    reason = None
    if value is None:
        reason = Said("reason.no_prices" if unit == "money" else "reason.nothing_known")
    good = "less" if name.startswith(_LESS) else "more"
    return Figure(name, value, _UNITS[unit], low, high, good=good, reason=reason)  # type: ignore[arg-type]


def _compared(
    name: str, attribute: str, last: Window, before: Window | None, *, unit: Unit
) -> Figure:
    value = getattr(last, attribute)
    ends = (last.loss_low, last.loss_high) if attribute == "loss_rate" else (None, None)
    earlier = None if before is None else getattr(before, attribute)
    reason = None if value is not None else Said("reason.nothing_known")
    return Figure(name, value, unit, *ends, earlier, "less", reason)


def _change(last: Window, before: Window | None) -> Said:
    """Whether less is lost than four weeks before, or whether that may be chance."""
    days: tuple[int, Unit] = (WINDOW_DAYS, "days")
    if before is None or last.loss_rate is None or before.loss_rate is None:
        return Said("lost.no_change_known", {"days": days})
    ends = (last.loss_low, last.loss_high, before.loss_low, before.loss_high)
    low, high, low_before, high_before = (end or 0.0 for end in ends)
    apart = low > high_before or high < low_before
    key = "chance" if not apart else "less" if last.loss_rate < before.loss_rate else "more"
    return Said(
        f"lost.change_{key}",
        {
            "now": (last.loss_rate, "share"),
            "before": (before.loss_rate, "share"),
            "days": days,
        },
    )


def _span(months: pl.DataFrame) -> dict[str, tuple[Value, Unit]]:
    first, last = as_date(months["month"].min()), as_date(months["month"].max())
    return {"first": (first, "month"), "last": (last, "month")}
