"""Digests of the results for a terminal: what a person looks at first, within one screen.

Cells are shown as text and nothing else: markup, escape sequences and control characters that an
export may carry have no effect. Colours only repeat what a word says.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from stockout.reports.inert import inert
from stockout.tables import ALL_LOCATIONS
from stockout.wording import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from rich.console import ConsoleDimensions, RenderableType

_ITEM = ["sku", "location"]
_FEWEST_ROWS = 5  # shown on the smallest screen
_NAME_WIDTH = 100  # columns of a terminal that has room for product names, and for air
_NAME_CELLS = 28  # of a product name that are shown
_TEXT_CELLS = 13  # of a text that should fit into a line: a barcode
_REASON_WIDTH = 140  # columns of a terminal that has room for the reasons beside the numbers
_REASONS_BELOW = 3  # reasons below the table where there is no such room

_STATUS_STYLES: Mapping[str, str] = {
    "stocked out": "bold red",
    "at risk": "yellow",
    "ok": "green",
    "excess": "cyan",
    "obsolete": "dim",
    "no demand": "dim",
    "ended": "dim",
}


class _Column(NamedTuple):
    """One column of a digest."""

    source: str  # column of the frame
    title: str
    show: Callable[[object], Text]
    number: bool = True  # aligned to the right, never broken
    spare: int = 0  # from 1, the first to go where the screen is too narrow; 0 stays


def forecast_digest(
    frame: pl.DataFrame,
    *,
    as_of: date,
    period: Literal["day", "week"],
    size: ConsoleDimensions,
    products: pl.DataFrame | None = None,
    inventory: pl.DataFrame | None = None,
) -> RenderableType:
    """The items with most expected demand, and what all of them add up to.

    Quantiles are those of the first period: quantiles of a sum are not sums of quantiles.

    Args:
        frame: As from :func:`stockout.forecast`.
        as_of: The date the forecast starts from.
        period: What its dates are.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
        inventory: Canonical inventory; without one, the digest says what that means.
    """
    quantiles = [name for name in frame.columns if name.startswith("q")]
    items = (
        frame.sort("date")
        .group_by(_ITEM)
        .agg(
            pl.col("model").first(),
            pl.col("mean").sum().alias("total"),
            pl.col("mean").mean().alias("mean"),
            pl.col(quantiles).first(),
        )
        .sort("total", *_ITEM, descending=[True, False, False])
    )
    dates = frame["date"].unique().sort()
    periods = f"{len(dates):,} {period}" + ("" if len(dates) == 1 else "s")
    columns = [
        *_item_columns(items, products, size),
        _Column("model", "model", _text, number=False, spare=1),
        _Column("mean", f"mean\na {period}", _quantity, spare=3),
        _Column("total", f"sum of\n{periods}", _quantity),
        *(_Column(name, f"first\n{period} {name}", _quantity, spare=2) for name in quantiles),
    ]
    total = _quantity(items["total"].sum())
    horizon = f"{periods} from {dates.min()!s}"
    facts = [
        f"{items.height:,} items, {total} units expected over {horizon} (as of {as_of})",
        _counted(items["model"], ("ended", "new"), items.height),
    ]
    if inventory is None:
        facts.append("no inventory given: a day out of stock counts as a day without demand")
    return _digest(_named(items, products), columns, facts, title="Forecast", size=size)


def reorder_digest(
    frame: pl.DataFrame,
    *,
    as_of: date,
    size: ConsoleDimensions,
    products: pl.DataFrame | None = None,
) -> RenderableType:
    """The most urgent lines of a reorder list, and what all of them add up to.

    Args:
        frame: As from :func:`stockout.reorder`, the most urgent first.
        as_of: The date of the list.
        size: Columns and lines to fill.
        products: Canonical products, for their names.
    """
    inline = size.width >= _REASON_WIDTH
    lead_time = pl.format(
        "{} d {}",
        pl.col("lead_time_days").round(0).cast(pl.Int64).cast(pl.String).fill_null("?"),
        pl.col("lead_time_source").str.splitn(" ", 2).struct[0].fill_null("unknown"),
    )
    lines = frame.with_columns(lead_time=lead_time)
    columns = [
        *_item_columns(lines, products, size),
        _Column("status", "status", _status, number=False, spare=3),
        _Column("on_hand", "on\nhand", _quantity, spare=5),
        _Column("on_order", "on\norder", _quantity, spare=4),
        _Column("order_qty", "order", _order),
        _Column("order_value", "value", _money, spare=2),
        _Column("stockout_risk", "risk", _percent, spare=6),
        _Column("lead_time", "lead\ntime", _lead_time, number=False, spare=1),
        *([_Column("reason", "reason", _text, number=False)] if inline else []),
    ]
    to_order = lines.filter(pl.col("order_qty") > 0)
    assumed = lines.filter(pl.col("lead_time_source") == "assumed").height
    units = _quantity(to_order["order_qty"].sum())
    amount = f"{units} units{_worth(to_order['order_value'], 'cost')}"
    known = lines.filter(pl.col("expected_lost_units").is_not_null())
    lost = _quantity(known["expected_lost_units"].sum())
    revenue = _worth(known["expected_lost_revenue"], "price")
    facts = [
        f"{to_order.height:,} of {lines.height:,} lines to order {amount} (as of {as_of})",
        _counted(lines["status"], lines["status"].unique(maintain_order=True).to_list()),
        f"if nothing is ordered, {lost} units are expected to be lost{revenue}",
    ]
    if assumed:
        facts.append(
            f"{number_of(assumed, 'line has', 'lines have')} an assumed lead time: give purchases "
            "that were received, or lead_time_days in products or suppliers"
        )
    reasons = [] if inline else _reasons(lines.head(_REASONS_BELOW))
    return _digest(
        _named(lines, products), columns, facts, title="Reorder list", size=size, below=reasons
    )


def _digest(
    rows: pl.DataFrame,
    columns: Sequence[_Column],
    facts: Sequence[str],
    *,
    title: str,
    size: ConsoleDimensions,
    below: Sequence[Text] = (),
) -> Group:
    """A table of as many rows as the screen has room for, between what is said of all of them."""
    around = 6 + len(facts) + 2 * len(below)  # title, two of head, what is left, empty, the prompt
    lines_a_row = 2 if columns[-1].source == "reason" else 1
    shown = max(_FEWEST_ROWS, (size.height - around) // lines_a_row)
    gap = 2 if size.width >= _NAME_WIDTH else 1
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False,
        header_style="bold", padding=(0, gap, 0, 0),
    )  # fmt: skip
    head = rows.head(shown)
    columns = _fitting(columns, head, size.width, gap)
    for column in columns:
        # A long SKU is folded, so that it can still be read; a number is never broken.
        table.add_column(
            Text(column.title),
            justify="right" if column.number else "left",
            no_wrap=column.number,
            overflow="fold",
            vertical="bottom" if lines_a_row == 1 else "top",
        )
    for row in head.select([column.source for column in columns]).rows():
        table.add_row(*(column.show(cell) for column, cell in zip(columns, row, strict=True)))
    more = rows.height - head.height
    rest = [Text(f"... and {more:,} more; --output FILE writes all rows", style="dim")]
    return Group(
        table,
        *(rest if more > 0 else []),
        *below,
        Text(),
        *(Text(fact) for fact in facts if fact),
    )


def _fitting(columns: Sequence[_Column], rows: pl.DataFrame, width: int, gap: int) -> list[_Column]:
    """The columns that a narrow screen has room for; a text that is folded needs less."""
    needed = {}
    for column in columns:
        texts = [column.show(cell) for cell in rows[column.source]]
        cells = max((text.cell_len for text in texts), default=0)
        title = max(map(len, column.title.split("\n")))
        needed[column] = gap + max(title, cells if column.number else min(cells, _TEXT_CELLS))
    kept = list(columns)
    for column in sorted((one for one in columns if one.spare), key=lambda one: one.spare):
        if sum(needed[one] for one in kept) > width:
            kept.remove(column)
    return kept


def _item_columns(
    rows: pl.DataFrame, products: pl.DataFrame | None, size: ConsoleDimensions
) -> list[_Column]:
    columns = [_Column("sku", "sku", _text, number=False)]
    if products is not None and size.width >= _NAME_WIDTH:
        columns.append(_Column("name", "name", _name, number=False))
    if (rows["location"] != ALL_LOCATIONS).any():
        columns.append(_Column("location", "location", _text, number=False))
    return columns


def _named(rows: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    if products is None:
        return rows
    names = products.select("sku", "name").unique("sku", keep="first", maintain_order=True)
    return rows.join(names, on="sku", how="left", maintain_order="left")


def _reasons(lines: pl.DataFrame) -> list[Text]:
    return [
        Text.assemble((f"{inert(_item(sku, location))}: ", "bold"), inert(reason or ""))
        for sku, location, reason in lines.select(*_ITEM, "reason").rows()
    ]


def _item(sku: str, location: str) -> str:
    return sku if location == ALL_LOCATIONS else f"{sku} {location}"


def _worth(money: pl.Series, missing: str) -> str:
    """What is known of a sum of money, in words; a sum of unknown parts is not 0."""
    unknown = money.null_count()
    if unknown == len(money):
        return f", of unknown {missing}" if unknown else ""
    lines = f"{unknown:,} line" + ("" if unknown == 1 else "s")
    aside = f", {lines} of unknown {missing} aside" if unknown else ""
    return f", worth {_money(money.sum())}{aside}"


def _counted(values: pl.Series, words: Sequence[str], all_rows: int | None = None) -> str:
    """``3 stocked out, 5 at risk``: how many values are each of the words."""
    counts = {word: int((values == word).sum()) for word in words}
    parts = [f"{count:,} {inert(word)}" for word, count in counts.items() if count]
    if all_rows is not None and parts:
        parts.insert(0, f"{all_rows - sum(counts.values()):,} active")
    return ", ".join(parts)


def _text(cell: object) -> Text:
    return Text("" if cell is None else inert(str(cell)))


def _name(cell: object) -> Text:
    text = _text(cell)
    text.truncate(_NAME_CELLS, overflow="ellipsis")
    return text


def _status(cell: object) -> Text:
    word = "" if cell is None else str(cell)
    return Text(inert(word), style=_STATUS_STYLES.get(word, "magenta"))


def _lead_time(cell: object) -> Text:
    word = str(cell)
    return Text(inert(word), style="yellow" if word.endswith(("assumed", "unknown")) else "")


def _order(cell: object) -> Text:
    text = _quantity(cell)
    if text.plain not in {"0", "-"}:
        text.stylize("bold")
    return text


def _number(cell: object) -> float | None:
    if isinstance(cell, int | float) and not math.isnan(cell):
        return float(cell) + 0.0  # -0.0 + 0.0 is 0.0
    return None


def _quantity(cell: object) -> Text:
    """Three digits that tell: 0.43, 4.31, 43.1, 431, 4,310."""
    value = _number(cell)
    if value is None:
        return Text("-", style="dim")
    if value == round(value):
        return Text(f"{value:,.0f}")
    size = abs(value)
    return Text(f"{value:,.{2 if size < 10 else 1 if size < 100 else 0}f}")


def _money(cell: object) -> Text:
    value = _number(cell)
    return Text("-", style="dim") if value is None else Text(f"{value:,.2f}")


def _percent(cell: object) -> Text:
    value = _number(cell)
    return Text("-", style="dim") if value is None else Text(f"{100 * value:.0f} %")
