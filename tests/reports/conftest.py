"""A report on a few items with the worst names that an export can hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

import stockout

if TYPE_CHECKING:
    from stockout.reports.report.report import Report

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    '=HYPERLINK("http://example.com","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "</style></script><!--",
    "{{ 7 * 7 }}",
    "\u202etxt.exe\u202c | a\x1b[31m",
    "מוצר עברי",
    "X" * 200,
    "' OR 1=1; --",
    "[link](javascript:alert(1))",
    "](http://example.com) <http://example.com>",
    "plain",
)
"""Names with markup, formulas, templates, other directions of writing, and great length."""

DAYS = 240
FIRST = date(2025, 11, 3)


@pytest.fixture(scope="session")
def hostile_tables() -> dict[str, pl.DataFrame]:
    """Canonical tables of items with hostile SKUs, names, locations and customers."""
    random = np.random.default_rng(5)
    days = [FIRST + timedelta(day) for day in range(DAYS)]
    wanted = random.poisson(2.0, (DAYS, len(HOSTILE)))
    in_stock = random.random((DAYS, len(HOSTILE))) > 0.12
    in_stock[-4:, :3] = False
    cells = [(day, item) for day in range(DAYS) for item in range(len(HOSTILE))]
    sales = pl.DataFrame(
        {
            "date": [days[day] for day, _ in cells],
            "sku": [HOSTILE[item] for _, item in cells],
            "location": "<b>L1</b>",
            "units": [float(wanted[cell] * in_stock[cell]) for cell in cells],
            "unit_price": 7.5,
            "customer_id": [f"=C{(3 * day + item) % 40}" for day, item in cells],
        }
    ).filter(pl.col("units") > 0)
    inventory = pl.DataFrame(
        {
            "date": [days[day] for day, _ in cells],
            "sku": [HOSTILE[item] for _, item in cells],
            "location": "<b>L1</b>",
            "on_hand": [20.0 * in_stock[cell] for cell in cells],
        }
    )
    products = pl.DataFrame(
        {
            "sku": HOSTILE,
            "name": [*HOSTILE[1:], HOSTILE[0]],
            "category": "<i>all</i>",
            "supplier_id": "=S1",
            "unit_cost": 4.0,
            "lead_time_days": 7.0,
        }
    )
    orders = pl.DataFrame(
        {
            "order_id": [f"+{item}" for item in range(4)],
            "customer_id": "<script>window.hacked = 1</script>",
            "sku": HOSTILE[:4],
            "location": "<b>L1</b>",
            "units": 3.0,
            "order_date": days[-20],
            "due_date": days[-5],
        }
    )
    return {"sales": sales, "inventory": inventory, "products": products, "orders": orders}


@pytest.fixture(scope="session")
def hostile_report(hostile_tables: dict[str, pl.DataFrame]) -> Report:
    """The report on them, gathered once; with few pictures, which take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stockout.reports.report.sections.items.WORST", 4)
        return stockout.report(**hostile_tables)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def hostile_html(hostile_report: Report) -> str:
    """Its page."""
    return hostile_report.html("en", "EUR")
