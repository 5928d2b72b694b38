"""Digest of a what-if simulation for a terminal: what a target costs, in a sentence first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
from rich.console import Group
from rich.text import Text

from stockout.replenishment.scenarios import TODAY
from stockout.replenishment.simulation import HOLDING_RATE
from stockout.replenishment.what_if import LONG_RUN, NEXT
from stockout.reports.inert import inert
from stockout.reports.terminal import _Column, _digest, _quantity, _text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rich.console import ConsoleDimensions, RenderableType

DAYS_A_MONTH = 365.25 / 12

_GROUPS = ("sku", "location", "category", "supplier_id")
_TELLING = 2.0  # standard errors from which on a difference is not that of the draws
_ADDED = ("average_stock_units", "average_stock_value", "lost_units", "lost_revenue", "cost")


_SALES = ("lost_revenue", "of sales")


class _Difference(NamedTuple):
    """How a figure differs from today's, with its standard error."""

    value: float
    error: float
    today: float

    @property
    def tells(self) -> bool:
        """Whether it is more than the draws alone make."""
        return abs(self.value) > _TELLING * self.error and round(self.value, 2) != 0


def simulate_digest(
    frame: pl.DataFrame,
    *,
    as_of: date,
    size: ConsoleDimensions,
    holding_rate: float | None = None,
) -> RenderableType:
    """What a target and each scenario cost, then the figures behind it.

    All targets of today and today's target of each scenario; of groups today's target, and what
    the next higher one would change.

    Args:
        frame: As from :func:`stockout.simulate`.
        as_of: The date that it starts from.
        size: Columns and lines to fill.
        holding_rate: As it was asked for, to be told.
    """
    groups = [name for name in _GROUPS if name in frame.columns]
    shown = _shown(frame, groups)
    has = {name: frame[name].null_count() < frame.height for name in _ADDED}
    raised = shown["raised"].drop_nulls()
    lost = "lost sales\na month" if has["lost_revenue"] else "short\na month"
    to = f"to {raised[0]}:\n" if groups and len(raised) else ""
    columns = [
        *(_Column(name, name.removesuffix("_id"), _text, number=False) for name in groups),
        *(
            [_Column("scenario", "scenario", _text, number=False)]
            if frame["scenario"].n_unique() > 1
            else []
        ),
        _Column("mark", "target", _text, number=False, spare=4 if groups else 0),
        _Column("cycle_service_level", "cycles\nserved", _share, spare=3),
        _Column("fill_rate", "demand\nserved", _share),
        *(
            [
                _Column("average_stock_units", "stock\nunits", _quantity, spare=2),
                _Column("average_stock_value", "stock\nvalue", _rounded),
            ]
            if has["average_stock_value"]
            else [_Column("average_stock_units", "stock\nunits", _quantity)]
        ),
        _Column("lost", lost, _rounded),
        *([_Column("cost_a_month", "cost\na month", _rounded, spare=1)] if has["cost"] else []),
        *([_Column("more_stock", f"{to}stock", _signed)] if to else []),
        *([_Column("more_lost", f"{to}lost", _signed)] if to else []),
    ]
    lead = [Text(inert(sentence), style="bold") for sentence in answers(frame)]
    facts = [
        line for fact in _facts(frame, as_of, holding_rate) for line in _wrapped(fact, size.width)
    ]
    table = _digest(shown, columns, facts, title=_title(frame), size=size)
    return Group(*lead, Text(), table) if lead else table


def answers(frame: pl.DataFrame) -> list[str]:
    """What the next higher and lower target would cost, then what each scenario would, in words.

    Groups are added up.

    Args:
        frame: As from :func:`stockout.simulate`.
    """
    totals = _totals(frame)
    long_run = totals.filter(pl.col("window") == LONG_RUN)
    today = long_run.filter(pl.col("scenario") == TODAY)
    now = today.filter("is_today").row(0, named=True)
    told = []
    if now["level"] is not None:
        above = today.filter(pl.col("level") > now["level"]).sort("level").head(1)
        below = today.filter(pl.col("level") < now["level"]).sort("level").tail(1)
        told += [_of_target(now, row) for part in (above, below) for row in part.rows(named=True)]
    else:
        told += [_of_target(now, row) for row in today.filter(~pl.col("is_today")).rows(named=True)]
    for scenario in totals["scenario"].unique(maintain_order=True):
        if scenario == TODAY:
            continue
        same = totals.filter((pl.col("scenario") == scenario) & (pl.col("target") == now["target"]))
        lasting = same.filter(pl.col("window") == LONG_RUN)
        row = (same if lasting.is_empty() else lasting).row(0, named=True)
        told.append(_of_scenario(row))
    return told


def _shown(frame: pl.DataFrame, groups: Sequence[str]) -> pl.DataFrame:
    """The rows of the table, with what the next higher target changes in ``more_...``."""
    monthly = DAYS_A_MONTH / pl.col("days")
    stock = _known(frame, "average_stock_value", "average_stock_units")
    lost = _known(frame, "lost_revenue", "lost_units")
    today = frame.filter("is_today")
    now, level = today["target"].first(), today["level"].first()
    lasting = frame.filter(pl.col("window") == LONG_RUN)["scenario"].unique()
    rows = frame.filter(
        (pl.col("window") == LONG_RUN) | ~pl.col("scenario").is_in(lasting.implode()),
        (pl.col("target") == now) | ((pl.col("scenario") == TODAY) & pl.lit(not groups)),
    ).with_columns(
        mark=pl.when("is_today").then(pl.concat_str("target", pl.lit(" *"))).otherwise("target"),
        lost=pl.col(lost) * monthly,
        cost_a_month=pl.col("cost") * monthly,
    )
    above = frame.filter(
        pl.col("scenario") == TODAY,
        pl.col("window") == LONG_RUN,
        pl.col("level") > pl.lit(level, pl.Float64),
    )
    raised = above.filter(pl.col("level") == pl.col("level").min()).select(
        *groups,
        pl.lit(TODAY).alias("scenario"),
        raised="target",
        more_stock=f"{stock}_change",
        more_lost=pl.col(f"{lost}_change") * monthly,
    )
    return rows.join(
        raised, on=["scenario", *groups], how="left", nulls_equal=True, maintain_order="left"
    )


def _known(frame: pl.DataFrame, money: str, units: str) -> str:
    return money if frame[money].null_count() < frame.height else units


def _totals(frame: pl.DataFrame) -> pl.DataFrame:
    """All groups together: figures that add up, their changes, and the errors of these."""

    def total(column: str) -> pl.Expr:
        return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum()).alias(column)

    return frame.group_by("scenario", "window", "target", maintain_order=True).agg(
        pl.col("level").first(),
        # A scenario has no today's row, but a row of today's target.
        pl.col("is_today").first(),
        pl.col("days").first(),
        *(total(name) for name in _ADDED),
        *(total(f"{name}_change") for name in _ADDED),
        *((pl.col(f"{name}_change_se") ** 2).sum().sqrt() for name in _ADDED),
    )


def _difference(row: Mapping[str, Any], name: str) -> _Difference:
    value = float(row[f"{name}_change"])
    return _Difference(value, row[f"{name}_change_se"], row[name] - value)


def _of_target(now: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    return f"From {now['target']} to {row['target']} {_stock_words(row)} and {_lost_words(row)}."


def _of_scenario(row: Mapping[str, Any]) -> str:
    if row["window"] == LONG_RUN:
        words = f"{row['target']} {_stock_words(row)} and {_lost_words(row)}"
        return f"With {row['scenario']}, {words}."
    days = f"the next {row['days']} days"
    what, unit = ("lost_units", "units") if row["lost_revenue"] is None else _SALES
    lost = _difference(row, what)
    if not lost.tells:
        return f"If {row['scenario']}, what is lost in {days} stays within what the draws can tell."
    more = "more" if lost.value > 0 else "less"
    return (
        f"If {row['scenario']}, {_amount(lost.value)} {more} {unit} are lost in {days}, from "
        f"today's stock (otherwise {_amount(lost.today)})."
    )


def _stock_words(row: Mapping[str, Any]) -> str:
    """``costs 1,240 more in stock (+18 %)``."""
    no_value = row["average_stock_value"] is None
    stock = _difference(row, "average_stock_units" if no_value else "average_stock_value")
    if not stock.tells:
        return "takes about as much stock"
    amount = _amount(stock.value) + (" units" if no_value else "")
    part = f" ({100 * stock.value / stock.today:+.0f} %)" if stock.today > 0 else ""
    if stock.value < 0:
        return f"frees {amount} of stock{part}"
    return (
        f"takes {amount} more in stock{part}"
        if no_value
        else (f"costs {amount} more in stock{part}")
    )


def _lost_words(row: Mapping[str, Any]) -> str:
    """``saves 310 of lost sales a month``."""
    no_price = row["lost_revenue"] is None
    lost = _difference(row, "lost_units" if no_price else "lost_revenue")
    a_month = lost.value * DAYS_A_MONTH / row["days"]
    if not lost.tells or round(a_month, 2) == 0:
        return "loses about as much"
    amount = _amount(a_month)
    verb = "saves" if lost.value < 0 else "adds"
    return f"{verb} {amount} {'lost units' if no_price else 'of lost sales'} a month"


def _title(frame: pl.DataFrame) -> str:
    kind = "What a target costs" if frame["scenario"].n_unique() == 1 else "What if"
    return f"{kind}: the long run, * today"


def _facts(frame: pl.DataFrame, as_of: date, holding_rate: float | None) -> list[str]:
    rows = frame.filter((pl.col("window") == LONG_RUN) & (pl.col("scenario") == TODAY))
    totals = _totals(rows)
    now = rows.filter("is_today")
    items, days = int(now["items"].sum()), int(now["days"][0])
    facts = [_scope(items, days, as_of)]
    known = totals.filter(pl.col("cost").is_not_null())
    if known.height > 1:
        best = known.sort("cost").row(0, named=True)
        edge = best["level"] is not None and best["level"] == known["level"].max()
        rate = HOLDING_RATE if holding_rate is None else holding_rate
        word = "assumed, " if holding_rate is None else ""
        facts.append(
            f"least cost of these: {best['target']}{', or more' if edge else ''}; cost is holding "
            f"(where not given {100 * rate:g} % of the unit cost a year, {word}--holding-rate) "
            "and the margin, or the shortage cost, of what is lost"
        )
    start = frame.filter((pl.col("window") == NEXT) & pl.col("is_today"))
    if not start.is_empty():
        what = "lost_revenue" if start["lost_revenue"].null_count() < start.height else "lost_units"
        unit = "sales" if what == "lost_revenue" else "units"
        facts.append(
            f"from today's stock, {_amount(float(start[what].sum()))} of {unit} are expected to be "
            f"lost in the {days} days (as if always in force {_amount(float(now[what].sum()))})"
        )
    facts += _not_known(now)
    facts.append(
        "not in the picture: forecasts revised on the way, prices, budgets, supplier minimums, "
        "shelf life, substitutes (docs/simulate.md)"
    )
    return facts


def _scope(items: int, days: int, as_of: date) -> str:
    return (
        f"{items:,} items over {days} days from {as_of}, under their forecast and the rule of "
        "stockout reorder, as if it had always been in force"
    )


def _not_known(now: pl.DataFrame) -> list[str]:
    items = int(now["items"].sum())
    facts = []
    for column, what, field in (
        ("items_without_cost", "stock has no value", "unit_cost in products or purchases"),
        ("items_without_price", "lost sales have no price", "unit_price in products"),
    ):
        without = int(now[column].sum())
        if without:
            which = "no item has one" if without == items else f"{without:,} items have none"
            name = field.split(" ", maxsplit=1)[0]
            facts.append(f"{what} without {name}, and {which}: give {field}")
    return facts


def _wrapped(fact: str, width: int) -> list[str]:
    return textwrap.wrap(fact, max(width, 40))


def _amount(value: float) -> str:
    return str(_rounded(abs(value)))


def _rounded(cell: object) -> Text:
    """Money without cents where there is enough of it, as it is an estimate."""
    if isinstance(cell, float) and abs(cell) >= 100:
        return Text(f"{cell:,.0f}")
    return _quantity(cell)


def _signed(cell: object) -> Text:
    text = _rounded(cell)
    return Text(f"+{text.plain}") if isinstance(cell, float) and cell > 0 else text


def _share(cell: object) -> Text:
    return Text(f"{100 * cell:.1f} %") if isinstance(cell, float) else Text("-", style="dim")
