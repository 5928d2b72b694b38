"""The digests of lost sales: what is said, and that it fits on a screen."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from rich.console import Console, ConsoleDimensions

from stockout.impact.lost_sales import lost_sales
from stockout.reports.lost_sales_digest import episode_digest, kpi_digest, lost_sales_digest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from stockout.impact.stockout_costs import LostSales

DAYS = 90
ITEMS = 40


@pytest.fixture(scope="module")
def found() -> LostSales:
    """Forty items, each out on a day in ten; of every other one half of the time is unknown."""
    rng = np.random.default_rng(8)
    days = pl.Series([date(2026, 1, 5) + timedelta(k) for k in range(DAYS)])
    t, item = (index.ravel() for index in np.indices((DAYS, ITEMS)))
    in_stock = rng.random(t.size) > 0.1
    frame = pl.DataFrame(
        {
            "date": days.gather(t),
            "sku": [f"SKU-{k:05}" for k in item],
            "location": np.where(item % 3 == 0, "North", "South"),
            "units": np.where(in_stock, rng.poisson(5.0, t.size), 0).astype(float),
            "unit_price": 3.0,
            "in_stock": in_stock,
            "t": t,
            "item": item,
        }
    )
    unknown = (pl.col("item") % 2 == 0) & (pl.col("t") < DAYS // 2)
    return lost_sales(frame.drop("in_stock"), frame.filter(~unknown).drop("units", "unit_price"))


def drawn(digest: RenderableType, width: int, height: int) -> list[str]:
    """The lines of a digest on a screen of that size."""
    screen = io.StringIO()
    Console(file=screen, width=width, height=height).print(digest)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (140, 50), (72, 24)])
def test_each_fits_on_the_screen(found: LostSales, width: int, height: int) -> None:
    size = ConsoleDimensions(width, height)
    products = pl.DataFrame({"sku": ["SKU-00001"], "name": ["A long name of an item" * 3]})
    for digest in (
        lost_sales_digest(found, size=size, products=products),
        episode_digest(found.episodes, size=size, products=products),
        kpi_digest(found.kpis(), [], size=size),
        kpi_digest(found.kpis(["sku", "location"]), ["sku", "location"], size=size),
        kpi_digest(found.kpis(["month"]), ["month"], size=size),
    ):
        lines = drawn(digest, width, height)
        assert len(lines) < height
        assert max(map(len, lines)) <= width


def test_the_worst_items_come_first(found: LostSales) -> None:
    lines = drawn(lost_sales_digest(found, size=ConsoleDimensions(120, 24)), 120, 24)
    worst = found.by_item().head(3)["sku"].to_list()
    assert [line.split()[0] for line in lines[3:6]] == worst
    revenue = found.by_item()["lost_revenue"].to_list()
    assert revenue == sorted(revenue, reverse=True)


def test_what_is_not_known_is_said(found: LostSales) -> None:
    text = " ".join(drawn(lost_sales_digest(found, size=ConsoleDimensions(200, 60)), 200, 60))
    assert "availability is unknown for 25.0 % of item periods: neither in stock nor out" in text
    assert "lost units have no known unit cost" in text


def test_the_share_lost_is_of_the_time_that_is_known(found: LostSales) -> None:
    text = " ".join(drawn(lost_sales_digest(found, size=ConsoleDimensions(200, 60)), 200, 60))
    fill = found.kpis().filter(kpi="fill_rate")["value"].item()
    assert f"{1 - fill:.1%}".replace("%", " %") in text
    assert "of those wanted where availability is known" in text


def test_a_group_without_a_name_is_shown_as_none(found: LostSales) -> None:
    one = found.kpis(["sku"]).filter(sku="SKU-00001")
    kpis = one.with_columns(sku=pl.lit(None, pl.String))
    lines = drawn(kpi_digest(kpis, ["sku"], size=ConsoleDimensions(80, 24)), 80, 24)
    assert any(line.startswith("(none)") for line in lines)
