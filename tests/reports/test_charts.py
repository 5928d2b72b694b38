"""Charts: a document that any reader takes, in one theme, whatever an export holds."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.reports import charts

if TYPE_CHECKING:
    from pathlib import Path


def chart(names: list[str]) -> Any:  # noqa: ANN401 - altair is an extra
    """Bars, one a name."""
    alt = charts.altair()
    frame = pl.DataFrame({"name": names, "units": range(1, len(names) + 1)})
    return (
        alt.Chart(frame, title="Stock by item")
        .mark_bar()
        .encode(
            x=alt.X("units:Q", title=charts.axis_title("Stock", "units")),
            y=alt.Y("name:N", title=None),
            color="name:N",
        )
    )


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [*charts.COLOURS, charts.TEXT, charts.MUTED])
def test_every_colour_can_be_read_on_the_paper(colour: str) -> None:
    contrast = (luminance(charts.PAPER) + 0.05) / (luminance(colour) + 0.05)
    assert contrast >= 4.5


def test_contrast_of_the_definition() -> None:
    assert (luminance("#ffffff") + 0.05) / (luminance("#000000") + 0.05) == pytest.approx(21)


def test_names_of_an_export_stay_text() -> None:
    hostile = '</script><b onload="x">& "quoted"'
    broken = "a\x1b[31m\x00\ufffe"  # each of which ends the process of the drawing library
    svg = charts.chart_svg(chart([hostile, broken, "茶叶"]), 'what \x00 <it> "shows"')
    root = ET.fromstring(svg)  # noqa: S314 - our own document
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {hostile, "a�[31m��", "茶叶", "Stock (units)", "Stock by item"} <= texts
    assert root.attrib["aria-label"] == 'what � <it> "shows"'
    assert "<script" not in svg


def test_theme_and_what_a_chart_sets_itself() -> None:
    drawn = charts.chart_svg(chart(["A", "B"]).configure_axis(labelColor="#123456"), "bars")
    assert f'fill="{charts.COLOURS[0]}"' in drawn
    assert f'fill="{charts.COLOURS[1]}"' in drawn
    assert 'fill="#123456"' in drawn
    assert charts.TEXT in drawn  # of the axis title, which the chart left to the theme
    assert "Noto Sans" in drawn


def test_same_chart_same_bytes_and_many_rows() -> None:
    frame = pl.DataFrame({"day": pl.date_range(date(2005, 1, 1), date(2019, 12, 31), eager=True)})
    alt = charts.altair()
    many = alt.Chart(frame.with_row_index("units")).mark_line().encode(x="day:T", y="units:Q")
    assert frame.height > 5000  # altair's own limit
    svg = charts.chart_svg(many, "a line")
    assert svg == charts.chart_svg(many, "a line")
    assert "2010" in svg


def test_files(tmp_path: Path) -> None:
    charts.write_chart(chart(["A"]), tmp_path / "a.SVG", "bars")
    assert (tmp_path / "a.SVG").read_text(encoding="utf-8").startswith('<svg role="img" ')
    charts.write_chart(chart(["A"]), tmp_path / "a.png", "bars")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.SVG", "a.png"]


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="as SVG or PNG") as error:
        charts.check_picture(tmp_path / "a.pdf")
    assert error.value.hint == "end the name in .svg or .png"


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ConfigError, match="needs the package vl-convert-python") as error:
        charts.chart_svg(chart(["A"]), "bars")
    assert error.value.hint == 'pip install "stockout[report]"'
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="needs the package altair"):
        charts.check_picture(tmp_path / "a.svg")
