"""Purchase order lines: partial receipts, reversals, and what is still open."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from stockout.impact.purchase_lines import purchase_lines
from stockout.tables import conform

AS_OF = date(2026, 3, 1)
FIRST, SECOND, LATER = date(2026, 1, 12), date(2026, 1, 19), date(2026, 3, 9)

CASES: dict[str, tuple[list[Any], tuple[Any, ...]]] = {
    # rows of (ordered, received, received_date), then ordered, received, receipts, open
    "in full": ([(10, 10, FIRST)], (10, 10, 1, False)),
    "no units told is all of it": ([(10, None, FIRST)], (10, 10, 1, False)),
    "closed short": ([(10, 7, FIRST)], (10, 7, 1, False)),
    "open": ([(10, None, None)], (10, 0, 0, True)),
    "open, a part came": ([(10, 4, None)], (10, 4, 0, True)),
    "received without a date": ([(10, 10, None)], (10, 10, 0, False)),
    "after as-of": ([(10, 10, LATER)], (10, 0, 0, True)),
    "two parts repeat the order": ([(10, 4, FIRST), (10, 6, SECOND)], (10, 10, 2, False)),
    "a part, and the order again": ([(10, 4, FIRST), (10, None, None)], (10, 4, 1, True)),
    "two schedules add up": ([(5, 5, FIRST), (5, 5, SECOND)], (10, 10, 2, False)),
    "a reversal takes back": ([(10, 10, FIRST), (10, -3, SECOND)], (10, 7, 1, False)),
}


@pytest.mark.parametrize("name", CASES)
def test_line(name: str) -> None:
    rows, expected = CASES[name]
    frame = pl.DataFrame(
        rows,
        schema=dict.fromkeys(("ordered_units", "received_units"), pl.Float64)
        | {"received_date": pl.Date},
        orient="row",
    ).with_columns(po_id=pl.lit("P"), line=pl.lit("1"), sku=pl.lit("A"),
                   order_date=date(2026, 1, 5))  # fmt: skip
    lines = purchase_lines(conform(frame, "purchases"), AS_OF)
    assert lines.height == 1
    assert lines.select("ordered", "received", "receipts", "is_open").row(0) == expected
    assert lines["reversals"].item() == (1 if "reversal" in name else 0)
