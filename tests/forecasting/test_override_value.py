"""What people's corrections added, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from stockout.demand.history import History, demand_history
from stockout.forecasting.backtest import accuracy
from stockout.forecasting.origins import plan_origins
from stockout.forecasting.override_value import OverrideValue
from stockout.tables import conform

MONDAY = date(2025, 1, 6)
DAYS = 140
FAIR = MONDAY + timedelta(DAYS - 20)  # a day of the last window, on which 8 are sold and not 4


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    """A sells 4 a day at two places, but for the fair at X; B sells 2."""
    days = [MONDAY + timedelta(k) for k in range(DAYS)]
    parts = []
    for sku, place, units in (("A", "X", 4.0), ("A", "Y", 4.0), ("B", "X", 2.0)):
        sold = [8.0 if (sku, place, day) == ("A", "X", FAIR) else units for day in days]
        parts.append(pl.DataFrame({"date": days, "sku": sku, "location": place, "units": sold}))
    return pl.concat(parts)


def valued(sales: pl.DataFrame, rows: list[dict[str, object]]) -> pl.DataFrame:
    """The table of what corrections were worth, at one origin 28 days before the end."""

    def history_at(day: date | None) -> History:
        return demand_history(sales, as_of=day)

    schema = {
        "sku": pl.String, "location": pl.String, "date": pl.Date, "units": pl.Float64,
        "percent": pl.Float64, "author": pl.String, "reason": pl.String,
    }  # fmt: skip
    told = [{"location": "X", "reason": "because", **row} for row in rows]
    table = conform(pl.DataFrame(told, schema=schema), "overrides")
    full = history_at(None)
    origins = plan_origins(full, horizon=28, origins=1)
    value = OverrideValue(table, full, origins)
    accuracy(full, origins, history_at, at_origin=value.at_origin)
    return value.frame()


def one(frame: pl.DataFrame, metric: str, method: str = "with overrides", **place: object) -> float:
    """The value of one row."""
    where: dict[str, object] = {"by": "all", **place}
    return float(frame.filter(metric=metric, method=method, **where)["value"].item())


def not_judged(frame: pl.DataFrame) -> dict[str, float]:
    """Corrections by why they are not judged."""
    return dict(frame.filter(metric="not_judged").select("group", "value").rows())


def test_a_right_and_a_wrong_one(sales: pl.DataFrame) -> None:
    frame = valued(
        sales,
        [
            {"sku": "A", "date": FAIR, "percent": 100.0, "author": "ann"},  # 8 for 4: right
            {"sku": "B", "date": FAIR, "units": 5.0, "author": "bob"},  # 5 for 2: wrong
        ],
    )
    # without: 4 off of 10 wanted; with: 3 off
    assert one(frame, "wape", "stockout") == pytest.approx(0.4, abs=0.02)
    assert one(frame, "wape") == pytest.approx(0.3, abs=0.02)
    assert one(frame, "fva") == pytest.approx(0.1, abs=0.02)
    assert one(frame, "improved") == pytest.approx(0.5)
    assert one(frame, "fva", by="author", group="ann") == pytest.approx(0.5, abs=0.02)
    assert one(frame, "fva", by="author", group="bob") == pytest.approx(-1.5, abs=0.02)
    assert one(frame, "bias", by="author", group="bob") == pytest.approx(1.5, abs=0.02)
    assert not_judged(frame) == {}


def test_all_places_and_a_whole_week(sales: pl.DataFrame) -> None:
    mondays = [MONDAY + timedelta(DAYS - 28 + 7 * k) for k in range(3)]  # so each is for its week
    rows: list[dict[str, object]] = [
        {"sku": "B", "date": day, "units": 21.0, "author": "ann"} for day in mondays
    ]
    rows.append(
        {"sku": "A", "location": "ALL", "date": mondays[0], "percent": 25.0, "author": "ann"}
    )
    frame = valued(sales, rows)
    periods = frame.filter(metric="fva", by="all")["forecasts"].item()
    assert periods == 3 * 7 + 2 * 7
    # B: 3 a day for 2, on 21 days; A: 5 for 4, on 7 days at 2 places
    assert one(frame, "fva") == pytest.approx(-(21 * 1 + 14 * 1) / (21 * 2 + 14 * 4), abs=0.02)


def test_what_cannot_be_judged_says_why(sales: pl.DataFrame) -> None:
    frame = valued(
        sales,
        [
            {"sku": "A", "percent": 10.0},
            {"sku": "A", "date": MONDAY + timedelta(DAYS + 3), "percent": 10.0},
            {"sku": "A", "date": MONDAY + timedelta(50), "percent": 10.0},
            {"sku": "GONE", "date": FAIR, "percent": 10.0},
        ],
    )
    assert not_judged(frame) == {
        "without a date": 1,
        "for periods that have not come": 1,
        "for periods that no origin has ahead": 1,
        "of items that are not sold": 1,
    }
    assert frame.filter(metric="fva").is_empty()
    assert frame.filter(metric="overrides")["value"].item() == 4


def test_periods_out_of_stock_tell_nothing(sales: pl.DataFrame) -> None:
    day = pl.col("date") == FAIR
    gone = day & (pl.col("sku") == "B")
    stock = sales.select("date", "sku", "location", in_stock=~gone)

    def history_at(until: date | None) -> History:
        return demand_history(sales.filter(~gone), stock, as_of=until)

    table = conform(
        pl.DataFrame(
            {"sku": ["B"], "location": ["X"], "date": [FAIR], "units": [9.0], "reason": ["fair"]}
        ),
        "overrides",
    )
    full = history_at(None)
    origins = plan_origins(full, horizon=28, origins=1)
    value = OverrideValue(table, full, origins)
    accuracy(full, origins, history_at, at_origin=value.at_origin)
    assert not_judged(value.frame()) == {"of items without stock or forecast then": 1}
