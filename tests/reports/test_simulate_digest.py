"""Digest of a what-if simulation: the sentences, and what stands below them."""

from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest
from rich.console import Console, ConsoleDimensions

from stockout.replenishment.simulation_figures import COMPARED, FIGURES
from stockout.reports.simulate_digest import answers, simulate_digest

NOW = {
    "cycle_service_level": 0.95, "fill_rate": 0.97, "average_stock_units": 500.0,
    "average_stock_value": 6900.0, "demand_units": 2000.0, "lost_units": 60.0,
    "lost_revenue": 600.0, "holding_cost": 700.0, "cost": 1000.0, "orders": 80.0,
}  # fmt: skip
"""Of today's target, over a year."""


def row(
    scenario: str = "today",
    target: str = "CSL 95 %",
    level: float | None = 0.95,
    *,
    window: str = "long run",
    error: float = 1.0,
    missing: tuple[str, ...] = (),
    **more: float,
) -> dict[str, object]:
    """A row that differs from today's by ``more``, with a standard error."""
    values = {name: NOW[name] + more.get(name, 0.0) for name in FIGURES}
    found: dict[str, object] = {
        "scenario": scenario, "window": window, "target": target, "level": level,
        "is_today": scenario == "today" and not more, "items": 40, "days": 365,
    }  # fmt: skip
    for name, value in values.items():
        found |= {name: value, f"{name}_se": error}
    for name in COMPARED:
        found |= {f"{name}_change": more.get(name, 0.0), f"{name}_change_se": error}
    found |= {"items_without_cost": 0, "items_without_price": 0}
    for name in missing:
        found |= {key: None for key in found if key.startswith(name)}
    if missing:
        found["items_without_cost"] = 40
    return found


def frame_of(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows as a frame."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(pl.col(pl.Null).cast(pl.Float64))


HIGHER = row(target="CSL 98 %", level=0.98, average_stock_value=1240.0, lost_revenue=-310.0 * 12)
LOWER = row(target="CSL 90 %", level=0.90, average_stock_value=-690.0, lost_revenue=1200.0)


def shown(frame: pl.DataFrame, width: int = 80, height: int = 40) -> str:
    """What a person sees."""
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, color_system=None)
    console.print(
        simulate_digest(frame, as_of=date(2026, 6, 28), size=ConsoleDimensions(width, height))
    )
    return out.getvalue()


def test_the_answer_is_a_sentence() -> None:
    higher, lower = answers(frame_of(LOWER, row(), HIGHER))
    assert higher == (
        "From CSL 95 % to CSL 98 % costs 1,240 more in stock (+18 %) and saves 310 of lost sales "
        "a month."
    )
    assert lower == (
        "From CSL 95 % to CSL 90 % frees 690 of stock (-10 %) and adds 100 of lost sales a month."
    )


def test_nearest_targets_are_compared() -> None:
    far = row(target="CSL 99.9 %", level=0.999, average_stock_value=9999.0)
    (sentence,) = answers(frame_of(row(), HIGHER, far))
    assert "CSL 98 %" in sentence


def test_groups_are_added_up() -> None:
    (sentence,) = answers(frame_of(row(), row(), HIGHER, HIGHER))
    assert "costs 2,480 more in stock (+18 %) and saves 620 of lost sales" in sentence


def test_what_the_draws_cannot_tell_is_no_difference() -> None:
    unsure = row(target="CSL 98 %", level=0.98, error=200.0, average_stock_value=300.0,
                 lost_revenue=-300.0)  # fmt: skip
    (sentence,) = answers(frame_of(row(), unsure))
    assert sentence.endswith("CSL 98 % takes about as much stock and loses about as much.")


def test_scenarios() -> None:
    longer = row("lead time +7 d", average_stock_value=690.0, lost_revenue=120.0)
    failed = row("ACME fails for 28 d", window="next", lost_revenue=400.0)
    frame = frame_of(row(), row(window="next"), longer, failed)
    assert answers(frame) == [
        "With lead time +7 d, CSL 95 % costs 690 more in stock (+10 %) and adds 10.0 of lost sales "
        "a month.",
        "If ACME fails for 28 d, 400 more of sales are lost in the next 365 days, from today's "
        "stock (otherwise 600).",
    ]


def test_units_where_no_money_is_known() -> None:
    missing = ("average_stock_value", "lost_revenue", "holding_cost", "cost")
    now = row(missing=missing)
    higher = row(target="CSL 98 %", level=0.98, missing=missing, average_stock_units=50.0,
                 lost_units=-36.0)  # fmt: skip
    assert answers(frame_of(now, higher)) == [
        "From CSL 95 % to CSL 98 % takes 50 units more in stock (+10 %) and saves 3.00 lost units "
        "a month."
    ]
    text = shown(frame_of(now, higher))
    assert "value" not in text.split("stock has no value")[0]
    assert "no item has one: give unit_cost in products or purchases" in " ".join(text.split())


def test_every_line_fits() -> None:
    failed = row("ACME fails for 28 d", window="next", lost_revenue=400.0)
    frame = frame_of(LOWER, row(), HIGHER, row(window="next"), failed)
    for width in (60, 80, 120):
        text = shown(frame, width)
        assert all(len(line) <= width for line in text.splitlines())
        assert "CSL 95 % *" in text
        assert "ACME fails for 28 d" in text.replace("\n", " ")


def test_groups_show_what_the_next_target_changes() -> None:
    rows = [
        {**one, "category": category}
        for category in ("tea", None)
        for one in (LOWER, row(), HIGHER)
    ]
    text = shown(frame_of(*rows), width=100)
    assert "to CSL 98 %:" in text
    assert text.count("+1,240") == 2
    assert "CSL 90 %" not in text.split("What a target costs")[1].split("least cost")[0]


@pytest.mark.parametrize("name", ["[red]x[/red]", "\x1b[31mx"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    frame = frame_of(row(), row(f"{name} fails for 28 d", window="next", lost_revenue=400.0))
    text = shown(frame, width=120)
    assert "\x1b" not in text
    assert "x" in text


def test_items_that_differ_are_compared_as_configured() -> None:
    frame = frame_of(row(target="as configured", level=None), HIGHER)
    assert answers(frame)[0].startswith("From as configured to CSL 98 % costs 1,240")
    assert "as configured *" in shown(frame)
