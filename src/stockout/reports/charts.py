"""Charts in the house's manner: light, legible, with the unit on every axis.

Altair describes a chart, vl-convert draws it; neither needs a browser or the network. Both come
with the extra ``report`` and are imported when a chart is drawn. The same chart gives the same
bytes on a machine with the same fonts.
"""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from stockout.errors import ConfigError
from stockout.outputs import replacing
from stockout.reports.inert import inert

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "#1f2933"
MUTED = "#52606d"
GRID = "#e4e7eb"
PAPER = "#ffffff"

COLOURS = ("#0b62a4", "#c2410c", "#0f766e", "#8b3a8f", "#7a5c00", "#52606d")
"""Series in their order, told apart by the colour-blind; each at least 4.5 : 1 on white (WCAG 2.2),
so that thin lines and words in these colours can be read. The first is ours, the last for what is
there for comparison."""

_FONT = (
    "Inter, 'Segoe UI', 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', Arial, "
    "'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
)
_SUFFIXES = (".svg", ".png")
_NOT_XML = re.compile("[\ufffe\uffff]")
_DOTS_A_POINT = 2.0  # PNG for screens and print: two dots where a chart has one unit of length


def altair() -> Any:  # noqa: ANN401 - a module that is an extra
    """The module altair.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    return _extra("altair")


def axis_title(words: str, unit: str | None = None) -> str:
    """What an axis shows, and in which unit.

    >>> axis_title("Stock", "units"), axis_title("Method")
    ('Stock (units)', 'Method')
    """
    return words if unit is None else f"{words} ({unit})"


def chart_svg(chart: Any, description: str) -> str:  # noqa: ANN401 - altair is an extra
    """Draws an altair chart in the house's theme.

    Texts of the chart may come from exports: what is no text of a document is replaced.

    Args:
        chart: An altair chart; what it sets itself outranks the theme. Dates, not times.
        description: What the chart shows, in a sentence, for those who cannot see it.

    Returns:
        An SVG document without scripts, links or fonts of its own.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    with altair().data_transformers.disable_max_rows():
        return spec_svg(chart.to_dict(), description)


def spec_svg(spec: dict[str, Any], description: str) -> str:
    """Draws a chart that is given as a Vega-Lite specification, with its data in it.

    Args:
        spec: The specification, as of an altair chart; what it configures outranks the theme.
        description: As in :func:`chart_svg`.

    Raises:
        ConfigError: The extra ``report`` is not installed.
    """
    spec = _harmless(spec)
    spec["config"] = _over(_theme(), spec.get("config", {}))
    drawn: str = _extra("vl_convert").vegalite_to_svg(spec, allowed_base_urls=[])
    label = quoteattr(_harmless(description))
    return drawn.replace("<svg ", f'<svg role="img" aria-label={label} ', 1)


def chart_png(chart: Any, description: str) -> bytes:  # noqa: ANN401 - as above
    """As :func:`chart_svg`, as a PNG image of two dots a unit."""
    svg = chart_svg(chart, description)
    drawn: bytes = _extra("vl_convert").svg_to_png(svg, scale=_DOTS_A_POINT)
    return drawn


def write_chart(chart: Any, path: Path, description: str) -> None:  # noqa: ANN401 - as above
    """Writes a chart to a file, as SVG or PNG by its suffix; whole or not at all.

    Raises:
        ConfigError: The suffix is another, the extra ``report`` is not installed, or the folder
            does not exist.
    """
    check_picture(path)
    png = path.suffix.lower() == ".png"
    data = chart_png(chart, description) if png else chart_svg(chart, description).encode()
    with replacing(path) as target:
        target.write_bytes(data)


def check_picture(path: Path) -> None:
    """Refuses a picture that cannot be drawn, before the work.

    Raises:
        ConfigError: The suffix is neither .svg nor .png, or the extra ``report`` is not installed.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            f"{path}: a picture is written as SVG or PNG", hint="end the name in .svg or .png"
        )
    for name in ("altair", "vl_convert"):
        if importlib.util.find_spec(name) is None:
            raise _missing(name)


def _extra(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ImportError:
        raise _missing(name) from None


def _missing(name: str) -> ConfigError:
    package = {"vl_convert": "vl-convert-python"}.get(name, name)
    return ConfigError(
        f"drawing a chart needs the package {package}", hint='pip install "stockout[report]"'
    )


def _harmless(part: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Without the characters that XML cannot hold: vl-convert ends the process on one of them."""
    if isinstance(part, str):
        return _NOT_XML.sub("�", inert(part, lines=True))
    if isinstance(part, dict):
        return {_harmless(key): _harmless(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_harmless(value) for value in part]
    return part


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """One configuration over another, key by key."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _over(merged[key], value) if nested else value
    return merged


def _theme() -> dict[str, Any]:
    words = {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": PAPER,
        "font": _FONT,
        "padding": 12,
        "view": {"stroke": None, "continuousWidth": 460, "continuousHeight": 260},
        "title": {
            "anchor": "start", "frame": "group", "offset": 14,
            "color": TEXT, "fontSize": 15, "fontWeight": 600,
            "subtitleColor": MUTED, "subtitleFontSize": 12, "subtitlePadding": 4,
        },
        "axis": {
            **words, "titleFontWeight": 400, "titlePadding": 8, "labelPadding": 5,
            "gridColor": GRID, "domainColor": MUTED, "tickColor": MUTED, "tickSize": 4,
            "labelLimit": 240,
        },
        "axisBand": {"grid": False},
        "header": {**words, "labelFontWeight": 600, "titleFontWeight": 400},
        "legend": {**words, "titleFontWeight": 400, "labelLimit": 260, "symbolSize": 90},
        "range": {"category": list(COLOURS)},
        "mark": {"color": COLOURS[0]},
        "line": {"strokeWidth": 2},
        "point": {"filled": True, "size": 60},
        "rule": {"color": MUTED, "strokeWidth": 1},
        "text": {"color": TEXT, "fontSize": 12},
    }  # fmt: skip
