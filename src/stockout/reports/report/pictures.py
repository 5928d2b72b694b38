"""Draws the pictures of a report as SVG that fits a phone and takes its colours from the page.

The charts are written as Vega-Lite specifications: a report draws many, and altair takes longer to
put one together than vl-convert to draw it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from stockout.reports.charts import COLOURS, MUTED, TEXT, axis_title, spec_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockout.reports.report.blocks import Picture
    from stockout.reports.report.language import Language

    Spec = dict[str, Any]
    Drawer = Callable[[Picture, Language], Spec]

WIDTH = 292
"""Of the plot; with its axis a picture has the width of a phone, 360 CSS pixels less margins."""

HATCHED = "#f4c7b0"
"""Fill that the page shows as hatching, so that it is told by more than its colour."""

_STRIP = 0.1  # of the height of demand, below zero
_AXIS = 38  # room for the labels of the vertical axis, the same in panels above each other
_SOLD, _TO_ORDER, _AHEAD, _STOCK = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[5]
_NAMESPACES = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_OF_PARTS = re.compile(r'\s(?:role|aria-[a-z]+|class)="[^"]*"')
_IDENTIFIER = re.compile(r'(\bid="|url\(#|href="#)')
_CONFIG = {"aria": False, "padding": 2, "axis": {"labelFontSize": 11, "titleFontSize": 11}}


def draw(picture: Picture, language: Language, prefix: str) -> str:
    """The picture as an SVG element for a page.

    Args:
        picture: What to draw.
        language: Words of the axes.
        prefix: Of all identifiers, so that they are unique in the page.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",  # which grammar it is
        "config": _CONFIG,
        **_DRAWERS[picture.kind](picture, language),
    }
    svg = spec_svg(spec, language.say(picture.caption))
    svg = _NAMESPACES.sub("", svg)
    whole, inner = svg.split(">", 1)
    svg = f"{whole}>{_OF_PARTS.sub('', inner)}"  # the picture is told as one, not mark by mark
    svg = _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", svg)
    return _IDENTIFIER.sub(rf"\g<1>{prefix}-", svg)


def _rows(frame: pl.DataFrame) -> Spec:
    """Data with dates as texts, which a chart takes for midnight in UTC wherever it is drawn."""
    return {"values": frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).to_dicts()}


def _layer(frame: pl.DataFrame, mark: str, encoding: Spec, **look: Any) -> Spec:  # noqa: ANN401 - of a mark
    return {"data": _rows(frame), "mark": {"type": mark, **look}, "encoding": encoding}


def _time(name: str, shape: str, ends: Sequence[str] = ()) -> Spec:
    domain = [
        {"year": int(day[:4]), "month": int(day[5:7]), "date": int(day[8:10]), "utc": True}
        for day in ends
    ]
    axis = {"format": shape, "labelOverlap": True, "title": None, "grid": False, "tickCount": 5}
    scale = {"type": "utc", **({"domain": domain} if domain else {})}
    return {"field": name, "type": "temporal", "scale": scale, "axis": axis}


def _months(frame: pl.DataFrame) -> Spec:
    """An axis of months, each told once, at most six of them."""
    coded = _time("month", "%Y-%m")
    step = {"interval": "month", "step": -(-frame.height // 6)}
    return {**coded, "axis": {**coded["axis"], "tickCount": step}}


def _vertical(name: str, title: str, scale: Spec | None = None, **axis: Any) -> Spec:  # noqa: ANN401 - of an axis
    settings = {"title": title, "titleAnchor": "start", "titleAngle": 0, "titleAlign": "left",
                "titleX": -_AXIS, "titleY": -8, "minExtent": _AXIS, "maxExtent": _AXIS,
                "tickCount": 4, **axis}  # fmt: skip
    return {
        "field": name,
        "type": "quantitative",
        "axis": settings,
        "scale": scale or {"zero": True},
    }


def _level(name: str) -> Spec:
    return {"field": name, "type": "quantitative"}


_UNTIL = {"field": "until", "type": "temporal"}
_ZERO = {"datum": 0}


def _rate_by_month(picture: Picture, language: Language) -> Spec:
    frame = picture.frames["months"].sort("month").select(
        "month",
        value=100 * pl.col("stockout_rate"),
        low=100 * pl.coalesce("stockout_rate_low", "stockout_rate"),
        high=100 * pl.coalesce("stockout_rate_high", "stockout_rate"),
    )  # fmt: skip
    x = _months(frame)
    y = _vertical("value", language.word("axis.stockout_rate"))
    line = {"point": {"color": _SOLD, "size": 28}, "color": _SOLD}
    layers = [
        _layer(frame, "area", {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
               opacity=0.2, color=_SOLD),
        _layer(frame, "line", {"x": x, "y": y}, **line),
    ]  # fmt: skip
    return {"width": WIDTH, "height": 170, "layer": layers}


def _lost_by_month(picture: Picture, language: Language) -> Spec:
    what, month = str(picture.values["what"]), pl.col("month")
    frame = picture.frames["months"].sort("month").select(
        "month", until=month.dt.offset_by("24d"), middle=month.dt.offset_by("12d"),
        value=what, low=f"{what}_low", high=f"{what}_high",
    )  # fmt: skip
    unit = language.currency if what == "lost_revenue" else None
    title = axis_title(language.word(f"axis.{what}"), unit)
    x, y = _months(frame), _vertical("value", title, format="~s")
    span = {"x": {**x, "field": "middle"}, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    layers = [
        _layer(
            frame, "bar", {"x": x, "x2": _UNTIL, "y": y, "y2": _ZERO}, color=_SOLD, opacity=0.75
        ),
        _layer(frame, "rule", span, strokeWidth=1.5),
    ]
    return {"width": WIDTH, "height": 170, "layer": layers}


def _errors(picture: Picture, language: Language) -> Spec:
    methods = picture.frames["methods"]
    names = [language.show(name, "word") for name in methods["method"]]
    frame = methods.select(
        name=pl.Series(names), value=100 * pl.col("value"), low=100 * pl.col("low"),
        high=100 * pl.col("high"), ours=pl.col("method") == "stockout",
    )  # fmt: skip
    y = _names(names)
    x = {**_level("value"), "axis": {"title": language.word("axis.wape"), "tickCount": 4}}
    colour = {"condition": {"test": "datum.ours", "value": _SOLD}, "value": MUTED}
    layers = [
        _layer(frame, "bar", {"x": x, "y": y, "color": colour}, height=14, opacity=0.75),
        _layer(frame, "rule", {"x": _level("low"), "x2": {"field": "high"}, "y": y},
               strokeWidth=1.5),
    ]  # fmt: skip
    return {"width": WIDTH - 80, "height": 34 * len(names), "layer": layers}


def _supply(picture: Picture, language: Language) -> Spec:
    classes = picture.frames["classes"]
    shown = [language.show(name, "word") for name in classes["supply_class"]]
    frame = pl.DataFrame({"name": shown, "items": classes["items"]})
    axis = {"title": language.word("axis.days_of_supply"), "labelLimit": 120, "minExtent": 86,
            "maxExtent": 86, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "start",
            "titleX": -86, "titleY": -8}  # fmt: skip
    y = {"field": "name", "type": "nominal", "sort": shown, "axis": axis}
    below = {"title": language.word("axis.items"), "tickCount": 4, "tickMinStep": 1}
    x = {**_level("items"), "axis": below}
    layers = [
        _layer(frame, "bar", {"x": x, "y": y}, height=13, color=_SOLD, opacity=0.75),
        _layer(frame, "text", {"x": x, "y": y, "text": _level("items")},
               align="left", dx=4, fontSize=11),
    ]  # fmt: skip
    return {"width": WIDTH - 62, "height": 20 * len(shown), "layer": layers}


def _causes(picture: Picture, language: Language) -> Spec:
    """A bar for each cause, and a stroke where it stood the month before."""
    what, causes = str(picture.values["what"]), picture.frames["causes"]
    shown = [language.show(name, "word") for name in causes["cause"]]
    frame = causes.select(name=pl.Series(shown), value=what, before=f"{what}_before")
    title = axis_title(
        language.word(f"axis.{what}"), language.currency if what == "lost_revenue" else None
    )
    y = _names(shown)
    x = {**_level("value"), "axis": {"title": title, "tickCount": 4, "format": "~s"}}
    layers = [
        _layer(frame, "bar", {"x": x, "y": y}, height=14, color=_SOLD, opacity=0.75),
        _layer(frame, "tick", {"x": _level("before"), "y": y}, color=TEXT, thickness=2, size=20),
    ]
    return {"width": WIDTH - 80, "height": 28 * len(shown), "layer": layers}


def _lead_times(picture: Picture, language: Language) -> Spec:
    """A bar from the shortest usual lead time to the longest, a point in the middle."""
    frame = picture.frames["suppliers"].select(
        name="supplier_id", low="lead_time_p10", value="lead_time_p50", high="lead_time_p90",
        stated="stated_lead_time_days",
    )  # fmt: skip
    y = _names(frame["name"].to_list())
    below = {"title": language.word("axis.lead_time"), "tickCount": 5}
    x = {**_level("low"), "axis": below, "scale": {"zero": True}}
    stated = frame.drop_nulls("stated")
    layers = [
        _layer(frame, "bar", {"x": x, "x2": {"field": "high"}, "y": y}, height=9, color=_SOLD,
               opacity=0.5),
        _layer(frame, "point", {"x": _level("value"), "y": y}, color=_SOLD, filled=True, size=60,
               opacity=1),
    ]  # fmt: skip
    if stated.height:
        layers.append(
            _layer(stated, "tick", {"x": _level("stated"), "y": y}, color=TEXT, thickness=2,
                   size=18)
        )  # fmt: skip
    return {"width": WIDTH - 80, "height": 24 * frame.height, "layer": layers}


def _names(names: list[str]) -> Spec:
    """A vertical axis of names in the order in which they come."""
    axis = {"labelLimit": 128, "minExtent": 122, "title": None}
    return {"field": "name", "type": "nominal", "sort": names, "axis": axis}


def _item(picture: Picture, language: Language) -> Spec:
    days = int(picture.values["days"])  # type: ignore[arg-type]
    until = pl.col("date").dt.offset_by(f"{days}d")
    frames = {name: frame.with_columns(until=until) for name, frame in picture.frames.items()}
    past, ahead = frames["past"], frames["ahead"]
    ends = [str(frame["until"].max()) for frame in (past, ahead) if frame.height]
    x = _time("date", "%m-%d", (str(past["date"].min()), max(ends)))
    panels = [_demand_panel(past, ahead, days, x, language)]
    if frames["stock"].height or frames["coming"].height:
        panels.append(_stock_panel(frames["stock"], frames["coming"], x, language))
    return {"vconcat": panels, "spacing": 22}


def _demand_panel(
    past: pl.DataFrame, ahead: pl.DataFrame, days: int, x: Spec, language: Language
) -> Spec:
    """Bars of what was sold and wanted beyond, a strip where stock was out, the fan."""
    peaks = [past["sold"].max(), past["wanted"].max(), ahead["q90"].max()]
    top = max([1.0, *(peak for peak in peaks if isinstance(peak, float))])
    words = language.word("axis.demand_week" if days == 7 else "axis.demand_day")
    scale = {"domain": [-_STRIP * top, top], "nice": False}  # the strip has room below zero
    label = "datum.value < 0 ? '' : datum.label"
    y = _vertical("sold", words, scale, labelExpr=label, tickMinStep=1)
    strip = {"foot": pl.lit(-0.9 * _STRIP * top), "head": pl.lit(-0.25 * _STRIP * top)}
    out = past.filter(pl.col("days_out") > 0).with_columns(**strip)
    missed = past.filter(pl.col("wanted") > pl.col("sold"))
    span = {"x": x, "x2": _UNTIL}
    stepped = {"color": _AHEAD, "interpolate": "step-after"}
    layers: list[tuple[pl.DataFrame, str, Spec, Spec]] = [
        (past, "bar", {**span, "y": y, "y2": _ZERO}, {"color": _SOLD}),
        (missed, "bar", {**span, "y": _level("wanted"), "y2": {"field": "sold"}},
         {"color": HATCHED}),
        (out, "rect", {**span, "y": _level("foot"), "y2": {"field": "head"}}, {"color": TEXT}),
        (ahead, "area", {"x": x, "y": _level("q10"), "y2": {"field": "q90"}},
         {**stepped, "opacity": 0.25}),
        (ahead, "line", {"x": x, "y": _level("mean")}, {**stepped, "strokeWidth": 1.6}),
    ]  # fmt: skip
    drawn = [
        _layer(frame, mark, coded, **look) for frame, mark, coded, look in layers if frame.height
    ]
    return {"width": WIDTH, "height": 120, "layer": drawn}


def _stock_panel(stock: pl.DataFrame, coming: pl.DataFrame, x: Spec, language: Language) -> Spec:
    """Stock on hand, and what comes when."""
    y = _vertical("on_hand", language.word("axis.stock"))
    line = {"color": _STOCK, "strokeWidth": 1.2}
    layers = []
    if stock.height:
        layers.append(
            _layer(stock, "area", {"x": x, "y": y}, color=_STOCK, opacity=0.25, line=line,
                   interpolate="step-after")
        )  # fmt: skip
    for kind, shape, colour in (
        ("coming", "triangle-down", _AHEAD),
        ("to order", "diamond", _TO_ORDER),
    ):
        rows = coming.filter(pl.col("kind") == kind).with_columns(on_hand="units")
        if rows.height:
            place = {"x": x, "y": y}
            layers += [
                _layer(rows, "rule", {**place, "y2": _ZERO}, strokeWidth=1, color=colour),
                _layer(rows, "point", place, size=48, opacity=1, color=colour, shape=shape),
            ]
    return {"width": WIDTH, "height": 64, "layer": layers}


_DRAWERS: Mapping[str, Drawer] = {
    "rate_by_month": _rate_by_month,
    "lost_by_month": _lost_by_month,
    "errors": _errors,
    "supply": _supply,
    "causes": _causes,
    "lead_times": _lead_times,
    "item": _item,
}
