"""Each status, and the order of the list."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from stockout.replenishment.status import STATUSES, by_urgency, with_status

CALM: dict[str, Any] = {
    "life": "active", "on_hand": 20.0, "free": 20.0, "lead_time_days": 14.0, "mean_demand": 12.0,
    "cover_demand": 50.0, "reorder_point": 18.0, "position": 20.0, "raw_qty": 0.0,
    "stockout_risk": 0.04, "risk_before_arrival": 0.01, "moq": None, "pack_size": None,
    "is_integer": True, "target_kind": "service_level", "level": 0.95,
    "short_before_arrival": 0.1, "demand_before_arrival": 8.0, "order_lot": None,
    "booked_short": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("ok", {}),
        ("stocked out", {"on_hand": 0.0, "free": 0.0}),
        ("stocked out", {"free": 0.0}),  # all of it is reserved
        ("ok", {"on_hand": 0.0, "free": 0.0, "mean_demand": 0.0}),  # nobody wants it
        ("ok", {"raw_qty": 5.0, "stockout_risk": 0.49}),  # a usual order keeps it so
        ("at risk", {"raw_qty": 5.0, "stockout_risk": 0.5}),
        ("ok", {"stockout_risk": 0.3, "risk_before_arrival": 0.05}),
        ("at risk", {"stockout_risk": 0.3, "risk_before_arrival": 0.06}),  # no order helps
        ("ok", {"risk_before_arrival": 0.15, "target_kind": "cost", "level": 0.83}),
        ("ok", {"risk_before_arrival": 0.2, "target_kind": "fill_rate"}),
        ("at risk", {"short_before_arrival": 0.5, "target_kind": "fill_rate"}),
        ("ok", {"position": 68.0}),
        ("excess", {"position": 69.0}),
        ("ok", {"position": 69.0, "order_lot": 20.0}),  # what orders are made for is none
        ("at risk", {"booked_short": 1.0}),
        ("ok", {"position": 69.0, "pack_size": 60.0}),  # one pack is never an excess
        ("ok", {"position": 69.0, "moq": 60.0}),
        ("ok", {"position": 19.0, "cover_demand": 0.2}),  # nor is one unit
        ("excess", {"position": 20.0, "cover_demand": 0.2}),
        ("unknown stock", {"on_hand": None, "free": None, "position": None, "raw_qty": None}),
        (
            "unknown lead time",
            {"lead_time_days": None, "mean_demand": None, "position": None, "raw_qty": None},
        ),
        ("obsolete", {"life": "ended"}),
        ("ended", {"life": "ended", "on_hand": 0.0}),
        ("ended", {"life": "ended", "on_hand": None}),
        ("no demand", {"life": "unsold", "mean_demand": None}),
    ],
)
def test_status(status: str, line: dict[str, Any]) -> None:
    numbers = [name for name, value in CALM.items() if isinstance(value, float) or value is None]
    frame = pl.DataFrame([{**CALM, **line}], schema_overrides=dict.fromkeys(numbers, pl.Float64))
    assert with_status(frame)["status"].to_list() == [status]
    assert status in STATUSES


def test_the_most_urgent_come_first_and_ties_by_name() -> None:
    lines = pl.DataFrame(
        [
            ("ok", 1.0, 1.0, "A", "N"),
            ("at risk", 5.0, 1.0, "B", "N"),
            ("at risk", 9.0, 1.0, "C", "N"),
            ("at risk", None, 8.0, "D", "N"),
            ("at risk", None, 9.0, "E", "N"),
            ("stocked out", 2.0, 1.0, "Z", "N"),
            ("stocked out", 2.0, 1.0, "F", "S"),
            ("stocked out", 2.0, 1.0, "F", "N"),
            ("ended", None, None, "A", "S"),
        ],
        schema=["status", "expected_lost_revenue", "expected_lost_units", "sku", "location"],
        orient="row",
    )
    found = by_urgency(lines.sample(fraction=1, shuffle=True, seed=4))
    names = found.select(pl.concat_str("sku", "location")).to_series().to_list()
    assert names == ["FN", "FS", "ZN", "CN", "BN", "EN", "DN", "AN", "AS"]
