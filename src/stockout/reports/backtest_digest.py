"""Digest of a backtest for a terminal: how far off, better than what, and what it would have cost.

Cells are shown as text and nothing else, as in :mod:`stockout.reports.terminal`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from stockout.forecasting.backtest import ALWAYS_BY
from stockout.forecasting.benchmark_forecasts import MOVING_AVERAGE, NAIVE, SEASONAL_NAIVE
from stockout.reports.backtest_words import Figure, Words, share, signed, spread
from stockout.reports.terminal import _Column, _fitting, _money, _number, _quantity, _text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import ConsoleDimensions, RenderableType

_METHODS = ("stockout", MOVING_AVERAGE, SEASONAL_NAIVE, NAIVE)
_POLICIES = ("stockout reorder", "really held", "textbook", "min/max")
_GROUPINGS = {"demand_class": "demand class", "abc": "ABC class", "xyz": "XYZ class"}
_NOT_JUDGED = {
    "data": "forecasts not judged",
    "overrides": "overrides not judged",
    "replay": "items not replayed",
}
_IN_ORDER = {"abc", "xyz"}
_MOST_GROUPS = 12  # of one grouping that are shown


class _Section(NamedTuple):
    """A table under its title."""

    title: str
    table: Table
    height: int  # lines, with those around it


def backtest_digest(frame: pl.DataFrame, *, size: ConsoleDimensions) -> RenderableType:
    """What a backtest found: sentences, then tables, then what was not judged.

    Args:
        frame: As from :func:`stockout.backtest`.
        size: Columns and lines to fill.
    """
    words = Words(frame)
    sentences = [words.accuracy(), words.coverage(), words.replay()]
    lead = textwrap.wrap(" ".join(text for text in sentences if text), max(size.width - 1, 40))
    parts: list[RenderableType] = [Text(line, style="bold" if k == 0 else "") for k, line in
                                   enumerate(lead)]  # fmt: skip
    width = max(size.width - 1, 40)
    facts = [line for fact in _facts(words) for line in textwrap.wrap(fact, width)]
    sections: list[tuple[bool, _Section | None]] = [
        (True, _methods(words, size)),
        (True, _policies(words, size)),
    ]
    asked = [by for by in _groupings(frame) if by not in ALWAYS_BY]
    sections += [(True, _groups(words, by, size)) for by in asked]
    sections += [(False, _groups(words, by, size)) for by in ALWAYS_BY]
    sections.insert(-1, (False, _fading(words, size)))
    room = size.height - len(lead) - len(facts) - 3
    left_out = []
    for always, section in sections:
        if section is None or not section.table.row_count:
            continue
        room -= section.height
        if always or room >= 0:
            parts += [Text(), Text(section.title, style="bold"), section.table]
        else:
            left_out.append(section.title[:1].lower() + section.title[1:])
    if left_out:
        more = f"... and {', '.join(left_out)}: on a higher screen, or with --output FILE"
        parts += [Text(), Text(more, style="dim")]
    return Group(*parts, Text(), *(Text(fact) for fact in facts))


def _groupings(frame: pl.DataFrame) -> list[str]:
    by = frame.filter(what="accuracy")["by"].unique(maintain_order=True).to_list()
    return [name for name in by if name not in {"all", "origin"}]


def _methods(words: Words, size: ConsoleDimensions) -> _Section:
    rows: list[dict[str, object]] = []
    for method in _METHODS:
        off = words.figure("wape", method)
        if off is None:
            continue
        added = words.figure("fva", method)
        rows.append(
            {
                "method": "stockout forecast" if method == "stockout" else words.method(method),
                "off": share(off.value),
                "bias": _shown(words.figure("bias", method), signed),
                "rmsse": _value(words.figure("rmsse", method)),
                "pinball": _value(words.figure("pinball", method)),
                "c80": _shown(words.figure("coverage_80", method), share),
                "c90": _shown(words.figure("coverage_90", method), share),
                "c95": _shown(words.figure("coverage_95", method), share),
                "c98": _shown(words.figure("coverage_98", method), share),
                "added": _points(added),
            }
        )
    columns = [
        _Column("method", "method", _text, number=False),
        _Column("off", "off\n(WAPE)", _text),
        _Column("added", "ours is better\nby points", _text, spare=5),
        _Column("bias", "bias", _text),
        _Column("rmsse", "RMSSE", _number_text, spare=3),
        _Column("pinball", "pinball", _number_text, spare=4),
        _Column("c80", "within\n80 %", _text, spare=1),
        _Column("c90", "within\n90 %", _text, spare=6),
        _Column("c95", "within\n95 %", _text, spare=7),
        _Column("c98", "within\n98 %", _text, spare=2),
    ]
    return _table(f"Forecast of {words.sums}", columns, rows, size)


def _groups(words: Words, by: str, size: ConsoleDimensions) -> _Section:
    main = words.frame.filter(by=by, horizon=words.horizon, ahead=1)
    ours = main.filter(method="stockout")
    sold = ours.filter(metric="wape")
    in_order = by in {"abc", "xyz"}
    sold = (
        sold.sort("group")
        if in_order
        else sold.sort("forecasts", "group", descending=[True, False])
    )
    rows: list[dict[str, object]] = []
    for group, items, known in sold.select("group", "items", "coverage").rows():
        place = {"by": by, "group": group}
        if group is None:
            continue
        off = words.figure("wape", **place)
        rows.append(
            {
                "group": group,
                "items": items,
                "off": _shown(off, share),
                "added": _points(words.figure("fva", MOVING_AVERAGE, **place)),
                "bias": _shown(words.figure("bias", **place), signed),
                "pinball": _value(words.figure("pinball", **place)),
                "c90": _shown(words.figure("coverage_90", **place), share),
                "c95": _shown(words.figure("coverage_95", **place), share),
                "known": known,
            }
        )
    shown = rows[:_MOST_GROUPS]
    title = _GROUPINGS.get(by, by)
    columns = [
        _Column("group", title, _text, number=False),
        _Column("items", "items", _quantity),
        _Column("off", "off\n(WAPE)", _text),
        _Column("added", f"better than {words.method(MOVING_AVERAGE)}\nby points", _text, spare=3),
        _Column("bias", "bias", _text),
        _Column("pinball", "pinball", _number_text, spare=1),
        _Column("c90", "within\n90 %", _text, spare=4),
        _Column("c95", "within\n95 %", _text, spare=5),
    ]
    more = f", {len(rows) - len(shown):,} more in --output" if len(rows) > len(shown) else ""
    return _table(f"By {title}{more}", columns, shown, size)


def _fading(words: Words, size: ConsoleDimensions) -> _Section:
    """Accuracy by how far ahead, and by the length of the sum."""
    spans = (
        words.frame.filter(what="accuracy", by="all", method="stockout", metric="wape")
        .select("ahead", "horizon")
        .unique()
        .sort("ahead", "horizon")
    )
    rows: list[dict[str, object]] = []
    for ahead, horizon in spans.rows():
        place = {"ahead": ahead, "horizon": horizon}
        last = ahead + horizon - 1
        rows.append(
            {
                "span": f"{words.freq} {ahead}" + ("" if last == ahead else f" to {last}"),
                "off": _shown(words.figure("wape", **place), share),
                "average": _shown(words.figure("wape", MOVING_AVERAGE, **place), share),
                "bias": _shown(words.figure("bias", **place), signed),
                **{
                    f"c{level}": _shown(words.figure(f"coverage_{level}", **place), share)
                    for level in (80, 90, 95, 98)
                },
            }
        )
    columns = [
        _Column("span", "sum of", _text, number=False),
        _Column("off", "off\n(WAPE)", _text),
        _Column("average", words.method(MOVING_AVERAGE).replace(" ", "\n"), _text, spare=3),
        _Column("bias", "bias", _text),
        *(
            _Column(f"c{level}", f"within\n{level} %", _text, spare=spare)
            for level, spare in ((80, 1), (90, 4), (95, 5), (98, 2))
        ),
    ]
    return _table("By how far ahead", columns, rows, size)


def _policies(words: Words, size: ConsoleDimensions) -> _Section | None:
    rows: list[dict[str, object]] = []
    for method in _POLICIES:
        served = words.figure("fill_rate", method, what="replay")
        if served is None:
            continue
        figures: dict[str, object] = {
            name: _value(words.figure(name, method, what="replay"))
            for name in ("lost_units", "lost_revenue", "mean_stock", "mean_stock_value", "cost")
        }
        same = words.figure("fill_rate_at_our_stock", method, what="replay")
        figures["same"] = None if same is None else share(same.value)
        level = _shown(words.figure("service_level", method, what="replay"), share)
        rows.append({"method": method, "served": share(served.value), "level": level, **figures})
    if not rows:
        return None
    facts = _replay_facts(words)
    columns = [
        _Column("method", "policy", _text, number=False),
        _Column("served", "demand\nserved", _text),
        _Column("level", "weeks\nserved", _text, spare=1),
        _Column("lost_units", "lost\nunits", _quantity),
        _Column("lost_revenue", "lost\nrevenue", _money, spare=2),
        _Column("mean_stock", "mean\nstock", _quantity),
        _Column("mean_stock_value", "worth", _money, spare=3),
        _Column("cost", "cost", _money, spare=5),
        _Column("same", "served with\nas much stock", _text, spare=4),
    ]
    columns = [column for column in columns if any(row[column.source] is not None for row in rows)]
    title = (
        f"Orders replayed over {facts['weeks']:.0f} weeks: lead time "
        f"{facts['lead_time_weeks']:.0f}, review {facts['review_weeks']:.0f}, {_target(facts)}"
    )
    return _table(title, columns, rows, size)


def _replay_facts(words: Words) -> dict[str, float]:
    rows = words.frame.filter(what="replay", by="all").filter(pl.col("method").is_null())
    return dict(rows.select("metric", "value").rows())


def _target(facts: dict[str, float]) -> str:
    if "shortage_cost" in facts:
        return f"cost {facts['shortage_cost']:g} : {facts['holding_cost']:g}"
    if "fill_rate" in facts:
        return f"fill rate {100 * facts['fill_rate']:g} %"
    return f"service level {100 * facts['service_level']:g} %"


def _facts(words: Words) -> list[str]:
    """What was judged, what was not and why, and what the words mean."""
    lines = [_judged(words)]
    for what, noun in _NOT_JUDGED.items():
        known = pl.col("metric").is_in(["not_judged", "not_replayed"]) & (pl.col("value") > 0)
        reasons = words.frame.filter(known, what=what, by="reason")
        if reasons.height:
            each = [
                f"{value:,.0f} {group}" for group, value in reasons.select("group", "value").rows()
            ]
            lines.append(f"{noun}: {'; '.join(each)}")
    never = words.frame.filter(metric="no_replay")["group"]
    lines += [f"orders are not replayed: {reason}" for reason in never]
    lines += _people(words)
    lines.append(
        "off (WAPE): sum of absolute errors / demand; within 95 %: demand stayed within the 95 % "
        "quantile; ranges are 90 % intervals; docs/backtest.md tells more"
    )
    return lines


def _judged(words: Words) -> str:
    facts, unit = words.facts, words.freq
    judged = share(facts["in_stock"] + facts["availability_unknown"])
    if not facts["in_stock"] and not facts["out_of_stock"]:
        return (
            f"judged: {judged} of item-{unit}s; availability is not known, so sales count as demand"
        )
    line = f"judged: {judged} of item-{unit}s; {share(facts['out_of_stock'])} were out of stock"
    if not facts["availability_unknown"]:
        return line
    unknown = share(facts["availability_unknown"])
    return f"{line}; for {unknown} availability is not known, and their sales count as demand"


def _people(words: Words) -> list[str]:
    """Whether corrections helped: of all, and of each author."""
    rows = words.frame.filter(what="overrides", metric="fva").rows(named=True)
    lines = []
    for row in rows:
        who = "" if row["by"] == "all" else f" by {row['group'] or 'nobody named'}"
        gain = Figure(row["value"], row["low"], row["high"])
        way = "lower" if gain.value >= 0 else "higher"
        chance = "" if gain.differs else ", which may be chance"
        lines.append(
            f"{row['forecasts']:,} periods corrected{who}: with the corrections the error is "
            f"{100 * abs(gain.value):.1f} points {way}{chance}{spread(gain, 'points')}"
        )
    return lines


def _table(
    title: str,
    columns: Sequence[_Column],
    rows: Sequence[dict[str, object]],
    size: ConsoleDimensions,
) -> _Section:
    frame = pl.DataFrame(
        {column.source: pl.Series([row[column.source] for row in rows]) for column in columns}
    )
    gap = 2
    table = Table(
        box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0),
    )  # fmt: skip
    kept = _fitting(columns, frame, size.width, gap)
    for column in kept:
        table.add_column(
            Text(column.title),
            justify="right" if column.number else "left",
            no_wrap=column.number,
            overflow="fold",
            vertical="bottom",
        )
    for cells in frame.select([column.source for column in kept]).rows():
        table.add_row(*(column.show(cell) for column, cell in zip(kept, cells, strict=True)))
    head = max(column.title.count("\n") for column in kept) + 1
    return _Section(title, table, len(rows) + head + 2)


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _shown(figure: Figure | None, show: Callable[[float], str]) -> str:
    return "-" if figure is None else show(figure.value)


def _points(figure: Figure | None) -> str:
    """``1.6 (0.1 to 3.0)``."""
    if figure is None:
        return ""
    text = f"{100 * figure.value:.1f}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _number_text(cell: object) -> Text:
    value = _number(cell)
    return Text("-", style="dim") if value is None else Text(f"{value:.3f}")
