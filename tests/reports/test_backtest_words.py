"""What is said of a backtest: better only where the interval says so."""

from __future__ import annotations

import polars as pl
import pytest

from stockout.forecasting.backtest_table import SCHEMA
from stockout.reports.backtest_words import Words

Row = tuple[str, str, float, float | None, float | None]  # metric, method, value, low, high


def table(
    rows: list[Row], replayed: list[Row] | None = None, *, origins: int = 6, week: bool = False
) -> pl.DataFrame:
    """A backtest of 28-day (4-week) sums with these figures of all items."""
    horizon = 4 if week else 28
    data: list[dict[str, object]] = [
        {"what": "data", "metric": name, "value": value, "horizon": horizon}
        for name, value in (("origins", origins), ("days_of_a_period", 7 if week else 1))
    ]
    told: list[dict[str, object]] = [
        {
            "what": "added value" if metric.startswith("fva") else "accuracy",
            "metric": metric, "method": method, "value": value, "low": low, "high": high,
            "horizon": horizon, "ahead": 1,
        }
        for metric, method, value, low, high in rows
    ]  # fmt: skip
    orders: list[dict[str, object]] = [
        {"what": "replay", "metric": metric, "method": method or None, "value": value}
        for metric, method, value, _, _ in replayed or []
    ]
    everything: dict[str, object] = {"by": "all", "group": "all"}
    return pl.DataFrame([everything | row for row in [*data, *told, *orders]], schema=SCHEMA)


WAPE: Row = ("wape", "stockout", 0.12, 0.1, 0.14)
BIAS: Row = ("bias", "stockout", 0.02, 0.01, 0.03)


def test_better() -> None:
    words = Words(table([WAPE, ("fva", "moving average", 0.014, 0.006, 0.022), BIAS]))
    assert words.accuracy() == (
        "Over 6 origins the forecast of 28-day sums was 12.0 % off on average, 1.4 points better "
        "than the 28-day average (90 %: 0.6 to 2.2 points); it erred high by 2.0 %."
    )


def test_worse_and_low() -> None:
    rows: list[Row] = [
        WAPE,
        ("fva", "moving average", -0.01, -0.02, -0.001),
        ("bias", "stockout", -0.3, -0.4, -0.2),
    ]
    told = Words(table(rows, week=True)).accuracy()
    assert "forecast of 4-week sums" in told
    assert "1.0 points worse than the 13-week average (90 %: -2.0 to -0.1 points)" in told
    assert told.endswith("; it erred low by 30.0 %.")


def test_noise_is_told_as_such() -> None:
    rows: list[Row] = [
        WAPE,
        ("fva", "moving average", 0.014, -0.002, 0.03),
        ("bias", "stockout", 0.02, -0.05, 0.09),
    ]
    told = Words(table(rows)).accuracy()
    assert told.endswith(
        "1.4 points better than the 28-day average, which may be chance (90 %: -0.2 to 3.0 "
        "points); it erred high by 2.0 %, which may be chance (90 %: -5.0 to 9.0 %)."
    )


def test_an_interval_that_is_not_known_claims_nothing() -> None:
    rows: list[Row] = [
        WAPE,
        ("fva", "moving average", 0.5, None, None),
        ("bias", "stockout", 0.5, None, None),
    ]
    told = Words(table(rows, origins=1)).accuracy()
    assert told.startswith("From 1 origin the forecast")
    assert "50.0 points better than the 28-day average, which may be chance; it erred" in told
    assert told.endswith("it erred high by 50.0 %, which may be chance.")


def test_no_difference() -> None:
    rows: list[Row] = [
        WAPE,
        ("fva", "moving average", 0.0, -0.01, 0.01),
        ("bias", "stockout", -0.0001, -0.01, 0.01),
    ]
    assert Words(table(rows)).accuracy() == (
        "Over 6 origins the forecast of 28-day sums was 12.0 % off on average, as good as the "
        "28-day average (90 %: -1.0 to 1.0 points); it erred neither high nor low "
        "(90 %: -1.0 to 1.0 %)."
    )


def test_nothing_sold() -> None:
    told = Words(table([])).accuracy()
    assert told == "Over 6 origins nothing was sold in the periods that can be judged."
    assert Words(table([])).coverage() is None
    assert Words(table([])).replay() is None


@pytest.mark.parametrize(
    ("low", "value", "high", "verdict"),
    [
        (0.93, 0.952, 0.97, "in 95.2 % of the cases, as it should."),
        (0.7, 0.85, 1, "in 85.0 % of the cases, which so few neither confirm nor refute."),
        (0.88, 0.9, 0.92, "in 90.0 % of the cases: too rarely."),
        (0.96, 0.98, 0.99, "in 98.0 % of the cases: more often than it should."),
        (None, 0.9, None, "in 90.0 % of the cases."),
    ],
)
def test_coverage(low: float | None, value: float, high: float | None, verdict: str) -> None:
    told = Words(table([("coverage_95", "stockout", value, low, high)])).coverage()
    assert told == f"Demand stayed within the 95 % quantile {verdict}"


def test_replay() -> None:
    rows: list[Row] = [
        ("weeks", "", 11, None, None),
        ("fill_rate", "stockout reorder", 0.935, None, None),
        ("mean_stock", "stockout reorder", 1836.4, None, None),
        ("fill_rate", "really held", 0.897, None, None),
        ("mean_stock", "really held", 86.25, None, None),
        ("fill_rate_at_our_stock", "textbook", 0.894, None, None),
    ]
    assert Words(table([WAPE], rows)).replay() == (
        "In a replay of 11 weeks, its orders would have served 93.5 % of demand from 1,836 units "
        "in stock; what was really held served 89.7 % from 86.2; with as much stock, the textbook "
        "policy would have served 89.4 %."
    )
    alone = Words(table([WAPE], rows[:3])).replay()
    assert alone is not None
    assert alone.endswith("from 1,836 units in stock.")
