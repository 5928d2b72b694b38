"""Draws the pictures of a report as SVG that fits a phone and takes its colours from the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.reports.charts import COLOURS, MUTED, altair, axis_title, chart_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockout.reports.report.blocks import Picture
    from stockout.reports.report.language import Language

    Chart = Any
    Drawer = Callable[[Any, Picture, Language], Chart]

WIDTH = 292
"""Of the plot; with its axis a picture has the width of a phone, 360 CSS pixels less margins."""

HATCHED = "#f4c7b0"
"""Fill that the page shows as hatching, so that it is told by more than its colour."""

_AXIS = 38  # room for the labels of the vertical axis, the same in panels above each other
_SOLD, _WANTED, _AHEAD, _STOCK = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[5]
_NAMESPACES = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_IDENTIFIER = re.compile(r'(\bid="|url\(#|href="#)')


def draw(picture: Picture, language: Language, prefix: str) -> str:
    """The picture as an SVG element for a page.

    Args:
        picture: What to draw.
        language: Words of the axes.
        prefix: Of all identifiers, so that they are unique in the page.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    alt = altair()
    chart = _DRAWERS[picture.kind](alt, picture, language).configure(
        aria=False, padding=2, axis=alt.AxisConfig(labelFontSize=11, titleFontSize=11)
    )
    svg = chart_svg(chart, language.say(picture.caption))
    svg = _NAMESPACES.sub("", svg)
    svg = _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", svg)
    return _IDENTIFIER.sub(rf"\g<1>{prefix}-", svg)


def _dated(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Dates as texts, which a chart takes for midnight in UTC wherever it is drawn."""
    return frame.with_columns(pl.col(*names).dt.to_string("%Y-%m-%d"))


def _time(alt: Any, name: str, shape: str, **settings: Any) -> Any:  # noqa: ANN401 - parts of altair
    axis = alt.Axis(format=shape, labelOverlap=True, title=None, grid=False, tickCount=5)
    return alt.X(f"{name}:T", scale=alt.Scale(type="utc"), axis=axis, **settings)


def _vertical(alt: Any, name: str, title: str, **axis: Any) -> Any:  # noqa: ANN401 - as above
    settings = {"titleAnchor": "start", "titleAngle": 0, "titleAlign": "left", "titleX": -_AXIS,
                "titleY": -8, "minExtent": _AXIS, "maxExtent": _AXIS, "tickCount": 4}  # fmt: skip
    return alt.Y(f"{name}:Q", title=title, axis=alt.Axis(**settings, **axis),
                 scale=alt.Scale(zero=True))  # fmt: skip


def _rate_by_month(alt: Any, picture: Picture, language: Language) -> Chart:  # noqa: ANN401 - as above
    frame = picture.frames["months"].sort("month")
    drawn = frame.select(
        "month",
        value=100 * pl.col("stockout_rate"),
        low=100 * pl.coalesce("stockout_rate_low", "stockout_rate"),
        high=100 * pl.coalesce("stockout_rate_high", "stockout_rate"),
    )
    base = alt.Chart(_dated(drawn, "month")).properties(width=WIDTH, height=170)
    x = _time(alt, "month", "%Y-%m")
    y = _vertical(alt, "value", language.word("axis.stockout_rate"))
    band = base.mark_area(opacity=0.2, color=_SOLD).encode(x=x, y="low:Q", y2="high:Q")
    line = base.mark_line(color=_SOLD, point={"color": _SOLD, "size": 28}).encode(x=x, y=y)
    return band + line


def _lost_by_month(alt: Any, picture: Picture, language: Language) -> Chart:  # noqa: ANN401 - as above
    frame = picture.frames["months"].sort("month").with_columns(
        until=pl.col("month").dt.offset_by("24d")
    )
    drawn = frame.select(
        "month", "until",
        middle=pl.col("month").dt.offset_by("12d"),
        value="lost_revenue", low="lost_revenue_low", high="lost_revenue_high",
    )  # fmt: skip
    base = alt.Chart(_dated(drawn, "month", "until", "middle")).properties(width=WIDTH, height=170)
    title = axis_title(language.word("axis.lost_revenue"), language.currency)
    y = _vertical(alt, "value", title, format="~s")
    bars = base.mark_bar(color=_SOLD, opacity=0.75).encode(
        x=_time(alt, "month", "%Y-%m"), x2="until:T", y=y
    )
    spans = base.mark_rule(strokeWidth=1.5).encode(
        x=_time(alt, "middle", "%Y-%m"), y="low:Q", y2="high:Q"
    )
    return bars + spans


def _errors(alt: Any, picture: Picture, language: Language) -> Chart:  # noqa: ANN401 - as above
    frame = picture.frames["methods"].select(
        method=pl.col("method").map_elements(
            lambda name: language.show(name, "word"), return_dtype=pl.String
        ),
        value=100 * pl.col("value"),
        low=100 * pl.col("low"),
        high=100 * pl.col("high"),
        ours=pl.col("method") == "stockout",
    )
    names = frame["method"].to_list()
    base = alt.Chart(frame).properties(width=WIDTH - 80, height=34 * len(names))
    y = alt.Y("method:N", sort=names, title=None, axis=alt.Axis(labelLimit=120, minExtent=118))
    x = alt.X("value:Q", title=language.word("axis.wape"), axis=alt.Axis(tickCount=4))
    colour = alt.condition("datum.ours", alt.value(_SOLD), alt.value(MUTED))
    bars = base.mark_bar(height=14, opacity=0.75).encode(x=x, y=y, color=colour)
    spans = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=y)
    return bars + spans


def _supply(alt: Any, picture: Picture, language: Language) -> Chart:  # noqa: ANN401 - as above
    classes = picture.frames["classes"]
    shown = [language.show(name, "word") for name in classes["supply_class"]]
    frame = pl.DataFrame({"name": shown, "items": classes["items"]})
    base = alt.Chart(frame).properties(width=WIDTH - 50, height=20 * len(shown))
    y = alt.Y(
        "name:N", sort=shown, axis=alt.Axis(labelLimit=120, minExtent=78),
        title=language.word("axis.days_of_supply"),
    )  # fmt: skip
    y.axis.titleAngle, y.axis.titleAlign = 0, "left"
    y.axis.titleX, y.axis.titleY, y.axis.titleAnchor = -86, -8, "start"
    x = alt.X("items:Q", title=language.word("axis.items"), axis=alt.Axis(tickCount=4, tickMinStep=1))
    bars = base.mark_bar(height=13, color=_SOLD, opacity=0.75).encode(x=x, y=y)
    counts = base.mark_text(align="left", dx=4, fontSize=11).encode(
        x="items:Q", y=y, text="items:Q"
    )
    return bars + counts


def _item(alt: Any, picture: Picture, language: Language) -> Chart:  # noqa: ANN401 - as above
    days = int(picture.values["days"])  # type: ignore[arg-type]
    frames = {name: _spans(frame, days) for name, frame in picture.frames.items()}
    past, ahead = frames["past"], frames["ahead"]
    stock, coming = frames["stock"], frames["coming"]
    start = past["date"].min()
    stop = max(str(frame["until"].max()) for frame in (past, ahead) if frame.height)
    x = _time(alt, "date", "%m-%d")
    x.scale.domain = [start, stop]
    top = max([1.0, *(float(f[c].max() or 0) for f, c in ((past, "sold"), (past, "wanted"), (ahead, "q90")) if f.height)])  # type: ignore[arg-type]  # noqa: E501
    out = past.filter(pl.col("days_out") > 0).with_columns(foot=-0.11 * top, zero=pl.lit(0.0))
    of = language.word("axis.demand_week" if days == 7 else "axis.demand_day")
    y = _vertical(alt, "sold", of)
    y.scale.domainMin = -0.11 * top
    layers = [
        alt.Chart(past).mark_bar(color=_SOLD, opacity=0.6).encode(x=x, x2="until:T", y=y),
        alt.Chart(out).mark_rect(fill=HATCHED).encode(x=x, x2="until:T", y="foot:Q", y2="zero:Q"),
        alt.Chart(past)
        .mark_line(color=_WANTED, strokeWidth=1.4, strokeDash=[4, 2], interpolate="step-after")
        .encode(x=x, y="wanted:Q"),
        alt.Chart(ahead)
        .mark_area(color=_AHEAD, opacity=0.25, interpolate="step-after")
        .encode(x=x, y="q10:Q", y2="q90:Q"),
        alt.Chart(ahead)
        .mark_line(color=_AHEAD, strokeWidth=1.6, interpolate="step-after")
        .encode(x=x, y="mean:Q"),
    ]
    demand = alt.layer(*(layer for layer in layers if not layer.data.is_empty()))
    panels = [demand.properties(width=WIDTH, height=120)]
    if stock.height or coming.height:
        panels.append(_stock_panel(alt, stock, coming, x, language))
    return alt.vconcat(*panels, spacing=22).resolve_scale(x="independent")


def _stock_panel(
    alt: Any, stock: pl.DataFrame, coming: pl.DataFrame, x: Any, language: Language  # noqa: ANN401 - as above
) -> Chart:
    y = _vertical(alt, "on_hand", language.word("axis.stock"))
    layers = []
    if stock.height:
        layers.append(
            alt.Chart(stock)
            .mark_area(
                color=_STOCK, opacity=0.25, interpolate="step-after",
                line={"color": _STOCK, "strokeWidth": 1.2},
            )
            .encode(x=x, y=y)
        )  # fmt: skip
    if coming.height:
        base = alt.Chart(coming.with_columns(on_hand="units"))
        shape = alt.Shape(
            "kind:N", legend=None,
            scale=alt.Scale(domain=["coming", "to order"], range=["triangle-down", "diamond"]),
        )  # fmt: skip
        colour = alt.Color(
            "kind:N", legend=None,
            scale=alt.Scale(domain=["coming", "to order"], range=[_AHEAD, _WANTED]),
        )  # fmt: skip
        layers += [
            base.mark_rule(strokeWidth=1).encode(x=x, y=y, color=colour),
            base.mark_point(size=48, opacity=1).encode(x=x, y=y, shape=shape, color=colour),
        ]
    return alt.layer(*layers).properties(width=WIDTH, height=64)


def _spans(frame: pl.DataFrame, days: int) -> pl.DataFrame:
    """With the end of each period, dates as texts."""
    return _dated(frame.with_columns(until=pl.col("date").dt.offset_by(f"{days}d")), "date", "until")


_DRAWERS: Mapping[str, Drawer] = {
    "rate_by_month": _rate_by_month,
    "lost_by_month": _lost_by_month,
    "errors": _errors,
    "supply": _supply,
    "item": _item,
}
