"""Simple forecasts against sums worked out by hand; none of them sees what comes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import History, demand_history
from stockout.forecasting import benchmark_forecasts
from stockout.forecasting.benchmark_forecasts import (
    MOVING_AVERAGE,
    NAIVE,
    SEASONAL_NAIVE,
    Benchmarks,
    Window,
    in_stock,
)

MONDAY = date(2026, 1, 5)


def daily(units: list[float], out: tuple[int, ...] = ()) -> History:
    """One item; days that are out of stock are flagged, the others in stock."""
    days = [MONDAY + timedelta(k) for k in range(len(units))]
    stock = [k not in out for k in range(len(units))]
    sales = pl.DataFrame({"date": days, "sku": "A", "units": units})
    return demand_history(sales, pl.DataFrame({"date": days, "sku": "A", "in_stock": stock}))


def mean(history: History, name: str, window: Window) -> float:
    """The forecast of a sum in which every period counts."""
    judged = np.ones((window.stop - window.start, 1), dtype=np.bool_)
    return float(Benchmarks(history).sums(name, window, judged).mean[0])


WEEK = [1.0, 2, 3, 4, 5, 6, 7]


def test_by_hand() -> None:
    history = daily([*WEEK, *WEEK, *WEEK, *WEEK, 8.0])  # the last day is a Monday
    assert mean(history, NAIVE, Window(0, 3)) == 24
    assert mean(history, SEASONAL_NAIVE, Window(0, 7)) == 2 + 3 + 4 + 5 + 6 + 7 + 8
    assert mean(history, SEASONAL_NAIVE, Window(7, 14)) == 35
    # of the last 28 days, the first Monday left for the last one
    assert mean(history, MOVING_AVERAGE, Window(0, 28)) == 4 * 28 + 7


def test_periods_out_of_stock_are_left_out() -> None:
    history = daily([*WEEK * 4, 1.0, 0.0], out=(29,))
    assert mean(history, NAIVE, Window(0, 1)) == 1
    assert mean(history, SEASONAL_NAIVE, Window(6, 7)) == 2  # the Tuesday before
    seen = in_stock(history)
    assert (seen.sum(), bool(seen[29, 0])) == (29, False)
    units = history.units[2:29, 0]
    assert mean(history, MOVING_AVERAGE, Window(0, 1)) == pytest.approx(units.mean())


def test_judged_periods_only() -> None:
    history = daily(WEEK * 4)
    judged = np.zeros((7, 1), dtype=np.bool_)
    judged[[0, 2]] = True
    found = Benchmarks(history).sums(SEASONAL_NAIVE, Window(0, 7), judged)
    assert found.mean.tolist() == [1 + 3]


def test_an_item_that_was_never_seen_is_not_invented() -> None:
    history = daily([0.0] * 27 + [1.0], out=tuple(range(28)))
    for name in (NAIVE, MOVING_AVERAGE):
        assert mean(history, name, Window(0, 7)) == 0


def test_the_spread_is_that_of_past_errors() -> None:
    random = np.random.default_rng(3)
    units = random.poisson(5, 500).astype(float).tolist()
    found = Benchmarks(daily(units)).sums(MOVING_AVERAGE, Window(0, 14), np.ones((14, 1), np.bool_))
    # noise of 14 days, and of the mean of 28 over 14 days: 70 + 70 / 2, from 26 windows
    assert found.variance[0] == pytest.approx(105, rel=0.5)


def test_weeks_need_more_than_a_year_for_a_season() -> None:
    def weekly(periods: int) -> History:
        days = [MONDAY + timedelta(7 * k) for k in range(periods)]
        units = [float(k % 52) for k in range(periods)]
        return demand_history(pl.DataFrame({"date": days, "sku": "A", "units": units}))

    assert Benchmarks(weekly(53)).names == [NAIVE, MOVING_AVERAGE]
    assert Benchmarks(weekly(60)).names == [NAIVE, SEASONAL_NAIVE, MOVING_AVERAGE]
    assert mean(weekly(60), SEASONAL_NAIVE, Window(0, 2)) == 8 + 9
    assert mean(weekly(60), MOVING_AVERAGE, Window(0, 1)) == pytest.approx(
        np.mean([k % 52 for k in range(47, 60)])
    )


def test_blocks_of_items_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    parts = [
        pl.DataFrame(
            {
                "date": [MONDAY + timedelta(k) for k in range(60)],
                "sku": f"S{item}",
                "units": random.poisson(2, 60).astype(float),
            }
        )
        for item in range(5)
    ]
    history = demand_history(pl.concat(parts))
    windows, judged = [Window(0, 14), Window(7, 14)], random.random((14, 5)) < 0.8
    whole = benchmark_forecasts.benchmark_sums(history, windows, judged)
    monkeypatch.setattr(benchmark_forecasts, "_BLOCK", 2)
    pieces = benchmark_forecasts.benchmark_sums(history, windows, judged)
    assert whole.keys() == pieces.keys()
    for key, sums in whole.items():
        assert sums.mean == pytest.approx(pieces[key].mean)
        assert sums.variance == pytest.approx(pieces[key].variance)


def test_the_path_of_a_past_row_knows_nothing_of_what_follows() -> None:
    random = np.random.default_rng(1)
    units = random.poisson(3, 60).astype(float).tolist()
    whole, cut = Benchmarks(daily(units)), Benchmarks(daily(units[:40]))
    for name in whole.names:
        assert whole.path(name, 40, 14).tolist() == cut.path(name, 40, 14).tolist()
