"""Picture of a backtest: how far off, whether quantiles hold, and what orders come to."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.forecasting.benchmark_forecasts import MOVING_AVERAGE, NAIVE, SEASONAL_NAIVE
from stockout.forecasting.scores import COVERAGE_LEVELS, percent
from stockout.reports.backtest_words import Words, share
from stockout.reports.charts import COLOURS, MUTED, altair, axis_title, write_chart

if TYPE_CHECKING:
    from pathlib import Path

_WIDTH = 560  # of each panel
_OURS = COLOURS[0]
_OTHERS = COLOURS[-1]
_POLICIES = {
    "stockout reorder": COLOURS[0],
    "really held": COLOURS[1],
    "textbook": COLOURS[2],
    "min/max": COLOURS[3],
}
_PERCENT = "format(100 * datum.value, '.0f')"  # the unit stands in the title
_LINE_CHARACTERS = 84  # of the sentences above the panels
_CLASSES = ("smooth", "erratic", "intermittent", "lumpy")


def write_backtest_picture(frame: pl.DataFrame, path: Path) -> None:
    """Draws the picture to an SVG or PNG file.

    Args:
        frame: As from :func:`stockout.backtest`.
        path: The file.

    Raises:
        ConfigError: The suffix is another, or the extra ``report`` is not installed.
    """
    words = Words(frame)
    sentences = [words.accuracy(), words.coverage(), words.replay()]
    told = " ".join(text for text in sentences if text)
    write_chart(backtest_chart(frame), path, told)


def backtest_chart(frame: pl.DataFrame) -> Any:  # noqa: ANN401 - altair is an extra
    """Panels below each other: error by method, coverage against its level, stock against service.

    Args:
        frame: As from :func:`stockout.backtest`.
    """
    alt = altair()
    words = Words(frame)
    panels = [_errors(alt, words), _coverage(alt, words), _trade_off(alt, words)]
    drawn = [panel for panel in panels if panel is not None]
    sentences = [words.accuracy(), words.coverage(), words.replay()]
    told = [line for text in sentences if text for line in textwrap.wrap(text, _LINE_CHARACTERS)]
    title = alt.TitleParams("Backtest", subtitle=told)
    return alt.vconcat(*drawn, spacing=34, title=title).resolve_scale(color="independent")


def _errors(alt: Any, words: Words) -> Any:  # noqa: ANN401 - a module and its charts
    rows = []
    for method in ("stockout", MOVING_AVERAGE, SEASONAL_NAIVE, NAIVE):
        found = words.figure("wape", method)
        if found is not None:
            name = "stockout forecast" if method == "stockout" else words.method(method)
            ours = method == "stockout"
            rows.append(
                {"method": name, "ours": ours, "text": share(found.value), **found._asdict()}
            )
    data = pl.DataFrame(rows, infer_schema_length=None)
    y = alt.Y("method:N", sort=[row["method"] for row in rows], title=None)
    x = alt.X(
        "value:Q",
        title=axis_title("Off on average (WAPE), with 90 % interval", "% of demand"),
        axis=alt.Axis(labelExpr=_PERCENT),
        scale=alt.Scale(zero=True),
    )
    colour = alt.condition("datum.ours", alt.value(_OURS), alt.value(_OTHERS))
    base = alt.Chart(data).properties(
        width=_WIDTH, height=34 * len(rows), title=f"How far off the forecast of {words.sums} is"
    )
    spans = base.mark_rule(strokeWidth=2).encode(y=y, x="low:Q", x2="high:Q", color=colour)
    dots = base.mark_point(size=90, opacity=1).encode(y=y, x=x, color=colour)
    names = base.mark_text(align="left", dx=9, dy=-9).encode(
        y=y, x="value:Q", text="text:N", color=colour
    )
    return spans + dots + names


def _coverage(alt: Any, words: Words) -> Any | None:  # noqa: ANN401 - as above
    groups = [("all items", "all", "all"), *((name, "demand_class", name) for name in _CLASSES)]
    rows = []
    for name, by, group in groups:
        for level in COVERAGE_LEVELS:
            found = words.figure(f"coverage_{percent(level)}", by=by, group=group)
            if found is not None:
                label = f"{percent(level)} %"
                rows.append({"items": name, "level": label, "told": level, **found._asdict()})
    if not rows:
        return None
    present = list(dict.fromkeys(row["items"] for row in rows))
    lowest = min(float(row["value"] if row["low"] is None else row["low"]) for row in rows)
    scale = alt.Scale(domain=[max(0.4, min(0.8, lowest)), 1], clamp=True, nice=False)
    axis = alt.Axis(labelExpr=_PERCENT, tickCount=3, title=None)
    base = alt.Chart(pl.DataFrame(rows, infer_schema_length=None))
    y = alt.Y("items:N", sort=present, title=None)
    told = base.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=MUTED).encode(
        x=alt.X("told:Q", scale=scale, axis=axis)
    )
    spans = base.mark_rule(strokeWidth=2, color=_OURS).encode(
        y=y, x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    dots = base.mark_point(size=70, opacity=1, color=_OURS).encode(
        y=y, x=alt.X("value:Q", scale=scale, axis=axis)
    )
    levels = [f"{percent(level)} %" for level in COVERAGE_LEVELS]
    return (
        (told + spans + dots)
        .properties(width=_WIDTH / 4 - 14, height=24 * len(present))
        .facet(
            column=alt.Column("level:N", sort=levels, title=None),
            spacing=18,
            title=alt.TitleParams(
                "Do quantiles hold what they say?",
                subtitle="Cases in which demand stayed within the quantile (%), with 90 % "
                "interval; dashed: what it says.",
            ),
        )
    )


def _trade_off(alt: Any, words: Words) -> Any | None:  # noqa: ANN401 - as above
    replayed = words.frame.filter(pl.col("what") == "replay")
    wide = (
        replayed.filter(pl.col("metric").is_in(["fill_rate", "mean_stock"]))
        .filter(pl.col("method").is_not_null())
        .pivot("metric", index=["by", "group", "method"], values="value")
        .drop_nulls()
    )
    if wide.is_empty():
        return None
    present = [name for name in _POLICIES if name in set(wide["method"])]
    colour = alt.Color(
        "method:N",
        scale=alt.Scale(domain=present, range=[_POLICIES[name] for name in present]),
        legend=alt.Legend(title=None, orient="top", symbolType="circle", symbolOpacity=1),
    )
    x = alt.X(
        "mean_stock:Q",
        title=axis_title("Mean stock", "units"),
        axis=alt.Axis(format=",.0f"),
        scale=alt.Scale(zero=False),
    )
    y = alt.Y(
        "fill_rate:Q",
        title=axis_title("Demand served", "%"),
        axis=alt.Axis(labelExpr=_PERCENT),
        scale=alt.Scale(zero=False),
    )
    curve = alt.Chart(wide.filter(by="curve"))
    lines = curve.mark_line(strokeWidth=1.5, opacity=0.8).encode(
        x=x, y=y, color=colour, order="mean_stock:Q"
    )
    small = curve.mark_point(size=18, opacity=0.8).encode(x=x, y=y, color=colour)
    dots = alt.Chart(wide.filter(by="all"))
    large = dots.mark_point(size=150, opacity=1).encode(x=x, y=y, color=colour)
    weeks = replayed.filter(metric="weeks")["value"].item()
    return alt.layer(lines, small, large).properties(
        width=_WIDTH,
        height=280,
        title=alt.TitleParams(
            f"What orders would have come to, {weeks:.0f} weeks",
            subtitle="Up and to the left is better. Lines: the simple policies at other targets.",
            offset=10,
        ),
    )
