"""The digests: what a person sees of a forecast and of a reorder list."""

from __future__ import annotations

import io
from datetime import date, timedelta

import polars as pl
import pytest
from rich.console import Console

from stockout.reports.terminal import forecast_digest, reorder_digest

AS_OF = date(2026, 6, 28)
HOSTILE = "[bold red]A[/]\x1b[31m\x07\u202eB\r\nC"
INERT = "[bold red]A[/]�[31m��B C"


def console(width: int = 100, height: int = 30) -> Console:
    """A terminal of this size, without colours."""
    return Console(
        file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None
    )


def shown(renderable: object, screen: Console) -> list[str]:
    """The lines that come out, without the spaces at their ends."""
    screen.print(renderable)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def forecast_frame(items: int, days: int = 2, location: str = "ALL") -> pl.DataFrame:
    """A forecast in which the mean demand of item ``i`` is ``i`` units a day."""
    return pl.DataFrame(
        {
            "sku": [f"{item:05d}" for item in range(items) for _ in range(days)],
            "location": location,
            "date": [AS_OF + timedelta(day + 1) for _ in range(items) for day in range(days)],
            "mean": [float(item) for item in range(items) for _ in range(days)],
            "q50": [float(item + day) for item in range(items) for day in range(days)],
            "q90": [float(2 * item + day) for item in range(items) for day in range(days)],
            "model": [
                "ended" if item == 0 else "SES" for item in range(items) for _ in range(days)
            ],
        }
    )


def reorder_frame(lines: int = 1, **cells: object) -> pl.DataFrame:
    """A reorder list with the columns that the digest reads."""
    line = {
        "sku": "00123",
        "location": "L01",
        "on_hand": 2.0,
        "on_order": 0.0,
        "order_qty": 24.0,
        "order_value": 84.0,
        "stockout_risk": 0.974,
        "expected_lost_units": 3.0,
        "expected_lost_revenue": 12.5,
        "status": "at risk",
        "reason": "2 on hand cover 0.7 days.",
        "lead_time_days": 7.0,
        "lead_time_source": "measured item",
    } | cells
    return pl.DataFrame([line] * lines)


def test_forecast_shows_the_largest_items_first_and_quantiles_of_one_period() -> None:
    screen = console()
    digest = forecast_digest(forecast_frame(3), as_of=AS_OF, period="day", size=screen.size)
    assert shown(digest, screen) == [
        "Forecast",
        "               mean  sum of    first    first",
        "sku    model  a day  2 days  day q50  day q90",
        "00002  SES        2       4        2        4",
        "00001  SES        1       2        1        2",
        "00000  ended      0       0        0        0",
        "",
        "3 items, 6 units expected over 2 days from 2026-06-29 (as of 2026-06-28)",
        "2 active, 1 ended",
        "no inventory given: a day out of stock counts as a day without demand",
    ]


def test_forecast_with_inventory_says_nothing_of_it() -> None:
    screen = console()
    stock = pl.DataFrame({"sku": ["00000"]})
    digest = forecast_digest(
        forecast_frame(3), as_of=AS_OF, period="day", size=screen.size, inventory=stock
    )
    assert shown(digest, screen)[-1] == "2 active, 1 ended"


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (25, "sku   location order"),
        (40, "sku   location hand order order risk"),
        (60, "sku   location status  hand order order value risk"),
        (72, "sku   location status  hand order order value risk time"),
    ],
)
def test_a_narrow_screen_loses_columns_before_it_breaks_an_sku(width: int, titles: str) -> None:
    screen = console(width)
    lines = shown(reorder_digest(reorder_frame(), as_of=AS_OF, size=screen.size), screen)
    assert titles in lines
    assert sum(line.startswith("00123 L01") for line in lines) == 2  # the row and its reason


@pytest.mark.parametrize("width", [24, 32, 48])
def test_a_narrow_screen_keeps_the_sum(width: int) -> None:
    screen = console(width)
    lines = shown(
        forecast_digest(forecast_frame(3), as_of=AS_OF, period="day", size=screen.size), screen
    )
    assert any("sum of" in line for line in lines)
    assert any(line.startswith("00002 ") for line in lines)


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("height", [24, 50])
def test_a_long_forecast_fits_the_screen_and_says_what_is_left(width: int, height: int) -> None:
    screen = console(width, height)
    frame = forecast_frame(500, location="north")
    lines = shown(forecast_digest(frame, as_of=AS_OF, period="day", size=screen.size), screen)
    assert len(lines) < height
    assert len(lines) > height - 4
    assert max(map(len, lines)) <= width
    left_out = next(line for line in lines if line.startswith("..."))
    rows = sum(line.startswith("00") for line in lines)
    assert left_out == f"... and {500 - rows} more; --output FILE writes all rows"


def test_forecast_of_one_week_says_week() -> None:
    screen = console()
    frame = forecast_frame(2, days=1)
    lines = shown(forecast_digest(frame, as_of=AS_OF, period="week", size=screen.size), screen)
    assert "2 items, 1 units expected over 1 week from 2026-06-29 (as of 2026-06-28)" in lines
    assert "sku    model  a week  1 week  week q50  week q90" in lines


def test_weekly_forecast_says_weeks() -> None:
    weekly = forecast_frame(2).with_columns(
        pl.Series("date", [date(2026, 6, 29), date(2026, 7, 6)] * 2)
    )
    screen = console()
    lines = shown(forecast_digest(weekly, as_of=AS_OF, period="week", size=screen.size), screen)
    assert "2 items, 2 units expected over 2 weeks from 2026-06-29 (as of 2026-06-28)" in lines


@pytest.mark.parametrize(
    ("status", "style"), [("stocked out", "\x1b[1;31m"), ("at risk", "\x1b[33m"), ("?", "\x1b[35m")]
)
def test_colour_only_repeats_the_status(status: str, style: str) -> None:
    screen = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
    digest = reorder_digest(reorder_frame(status=status), as_of=AS_OF, size=screen.size)
    assert any(f"{style}{status}" in line for line in shown(digest, screen))


def test_reorder_list_with_reasons_below() -> None:
    screen = console()
    frame = pl.concat(
        [reorder_frame(), reorder_frame(sku="00456", order_qty=0.0, order_value=0.0, status="ok")]
    )
    assert shown(reorder_digest(frame, as_of=AS_OF, size=screen.size), screen) == [
        "Reorder list",
        "                            on     on                      lead",
        "sku    location  status   hand  order  order  value  risk  time",
        "00123  L01       at risk     2      0     24  84.00  97 %  7 d measured",
        "00456  L01       ok          2      0      0   0.00  97 %  7 d measured",
        "00123 L01: 2 on hand cover 0.7 days.",
        "00456 L01: 2 on hand cover 0.7 days.",
        "",
        "1 of 2 lines to order 24 units, worth 84.00 (as of 2026-06-28)",
        "1 at risk, 1 ok",
        "if nothing is ordered, 6 units are expected to be lost, worth 25.00",
    ]


def test_reasons_stand_beside_the_numbers_where_there_is_room() -> None:
    screen = console(width=160)
    lines = shown(reorder_digest(reorder_frame(), as_of=AS_OF, size=screen.size), screen)
    assert lines[3].endswith("7 d measured  2 on hand cover 0.7 days.")
    assert not any(line.startswith("00123 L01:") for line in lines)


def test_unknown_numbers_are_shown_as_unknown_and_assumptions_are_counted() -> None:
    screen = console()
    frame = reorder_frame(
        on_hand=None, stockout_risk=None, lead_time_days=14.0, lead_time_source="assumed"
    )
    lines = shown(reorder_digest(frame, as_of=AS_OF, size=screen.size), screen)
    assert lines[3].split() == (
        "00123 L01 at risk - 0 24 84.00 - 14 d assumed".split()  # noqa: SIM905 - as it is seen
    )
    assert any(line.startswith("1 line has an assumed lead time") for line in lines)


def test_cells_of_an_export_have_no_effect_on_the_terminal() -> None:
    screen = console(width=220)
    products = pl.DataFrame({"sku": [HOSTILE], "name": [HOSTILE]})
    frame = reorder_frame(
        sku=HOSTILE, location=HOSTILE, status=HOSTILE, reason=HOSTILE, lead_time_source=HOSTILE
    )
    lines = shown(reorder_digest(frame, as_of=AS_OF, size=screen.size, products=products), screen)
    assert lines[3].count(INERT) == 5
    assert f"1 {INERT}" in lines
    assert not set("\x1b\x07\u202e") & set("".join(lines))
    forecast = forecast_frame(1).with_columns(
        sku=pl.lit(HOSTILE), model=pl.lit(HOSTILE), location=pl.lit(HOSTILE)
    )
    screen = console(width=220)
    lines = shown(
        forecast_digest(forecast, as_of=AS_OF, period="day", size=screen.size, products=products),
        screen,
    )
    assert lines[3].count(INERT) == 4


def test_money_that_is_not_known_is_not_called_zero() -> None:
    screen = console(100)
    unknown = reorder_frame(order_value=None, expected_lost_revenue=None, location="ALL")
    no_stock = reorder_frame(
        order_qty=None, order_value=None, expected_lost_units=None, expected_lost_revenue=None
    )
    known = reorder_frame()
    rows = pl.concat([unknown, known, no_stock], how="vertical_relaxed")
    lines = shown(reorder_digest(rows, as_of=AS_OF, size=screen.size), screen)
    assert (
        "2 of 3 lines to order 48 units, worth 84.00, 1 line of unknown cost aside "
        "(as of 2026-06-28)"
    ) in lines
    assert (
        "if nothing is ordered, 6 units are expected to be lost, worth 12.50, 1 line of unknown "
        "price aside"
    ) in lines
    screen = console(100)
    lines = shown(reorder_digest(unknown, as_of=AS_OF, size=screen.size), screen)
    assert "1 of 1 lines to order 24 units, of unknown cost (as of 2026-06-28)" in lines
    assert "if nothing is ordered, 3 units are expected to be lost, of unknown price" in lines
    assert any(line.startswith("00123: ") for line in lines)
