"""Picture of a what-if simulation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import polars as pl

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from tests.reports.test_simulate_digest import HIGHER, LOWER, frame_of, row

from stockout.reports.charts import chart_svg
from stockout.reports.simulate_chart import simulate_caption, simulate_chart

AS_OF = date(2026, 6, 28)
FAILED = row("ACME <&> fails for 28 d", window="next", lost_revenue=400.0)
TODAY_NEXT = row(window="next")


def drawn(frame: pl.DataFrame) -> str:
    """The picture as SVG."""
    return chart_svg(simulate_chart(frame, as_of=AS_OF), simulate_caption(frame))


def data_of(frame: pl.DataFrame) -> list[list[dict[str, Any]]]:
    """What the charts draw."""
    spec = simulate_chart(frame, as_of=AS_OF).to_dict()
    return list(spec["datasets"].values())


def test_axes_have_units_and_the_caption_is_the_answer() -> None:
    text = drawn(frame_of(LOWER, row(), HIGHER))
    for words in ("Average stock (money)", "Demand served from stock (%)", "money a month"):
        assert words in text
    assert "costs 1,240 more in stock" in text
    assert "the ring is today" in text


def test_points_are_the_figures() -> None:
    (points,) = data_of(frame_of(LOWER, row(), HIGHER))
    assert [point["average_stock_value"] for point in points] == [6210.0, 6900.0, 8140.0]
    assert [round(point["served"], 6) for point in points] == [97.0, 97.0, 97.0]
    assert [point["ring"] for point in points] == [False, True, False]


def test_groups_are_added_up() -> None:
    rows = [{**row(), "category": "tea"}, {**row(), "category": "mugs"}]
    (points,) = data_of(frame_of(*rows))
    assert [point["average_stock_value"] for point in points] == [13800.0]
    assert points[0]["items"] == 80


def test_a_failure_has_panels_of_its_own() -> None:
    frame = frame_of(row(), HIGHER, TODAY_NEXT, FAILED)
    text = drawn(frame)
    assert "from today" in text
    assert "ACME &lt;&amp;&gt; fails" in text
    assert sorted(len(points) for points in data_of(frame)) == [2, 2]


def test_units_where_no_money_is_known() -> None:
    missing = ("average_stock_value", "lost_revenue", "holding_cost", "cost")
    text = drawn(frame_of(row(missing=missing)))
    assert "Average stock (units)" in text
    assert "Units short (units a month)" in text
