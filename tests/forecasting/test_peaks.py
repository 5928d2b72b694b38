"""Demand without its peaks: what goes, what stays, and what orders become of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.event_effects import with_effects
from stockout.forecasting.fit import fit
from stockout.forecasting.learned_demand import learned_demand
from stockout.forecasting.peaks import Cycles, largest_usual, without_peaks
from stockout.replenishment.reorder import reorder

MONDAY = date(2024, 1, 1)
LEVEL = 5 / 6


def by_week(units: list[float]) -> pl.DataFrame:
    dates = [MONDAY + timedelta(weeks=k) for k in range(len(units))]
    return pl.DataFrame({"date": dates, "sku": "A", "units": units})


def cut(sales: pl.DataFrame, freq: str, days: float = 7.0, level: float = LEVEL) -> np.ndarray:
    history = demand_history(sales, freq=freq)  # type: ignore[arg-type]
    learned, seasons, _ = with_effects(learned_demand(history), 4)
    found = without_peaks(history, learned, seasons, Cycles(np.array([days]), np.array([level])))
    return found.history.units[:, 0]


@pytest.mark.parametrize("level", [0.5, LEVEL, 0.95])
def test_the_quantile_that_an_order_is_for_stays_where_it_is(level: float) -> None:
    rng = np.random.default_rng(4)
    rate = np.exp(rng.normal(0, 2, (200, 40)))
    highest = largest_usual(rate, np.full(40, np.sqrt(level / (1 - level))))
    kept = np.minimum(rate, highest)
    before, after = (np.quantile(x, level, axis=0, method="inverted_cdf") for x in (rate, kept))
    np.testing.assert_allclose(after, before, rtol=0.01)
    assert kept.sum() < 0.9 * rate.sum()


def test_one_great_order_goes_and_one_in_four_weeks_stays() -> None:
    once, often = [10.0, 12.0, 8.0, 10.0] * 10, [10.0, 12.0, 8.0, 100.0] * 10
    once[30] = 5000.0
    assert cut(by_week(once), "week").max() < 15
    np.testing.assert_array_equal(cut(by_week(often), "week"), often)


def test_it_stays_where_shortages_are_dear_enough() -> None:
    once = [10.0, 12.0, 8.0, 10.0] * 10
    once[30] = 30.0
    assert cut(by_week(once), "week", level=0.98)[30] == 30


def test_usual_demand_stays_however_cheap_shortages_are() -> None:
    units = np.random.default_rng(2).poisson(100.0, 52).astype(float)
    kept = cut(by_week(units.tolist()), "week", level=0.3)
    assert kept.sum() == pytest.approx(units.sum(), rel=0.01)


def test_days_share_the_cut_of_their_week_and_weekdays_are_no_peaks() -> None:
    days = [MONDAY + timedelta(days=k) for k in range(7 * 40)]
    units = np.tile([2.0, 2.0, 2.0, 2.0, 2.0, 20.0, 10.0], 40)
    sales = pl.DataFrame({"date": days, "sku": "A", "units": units})
    np.testing.assert_allclose(cut(sales, "day"), units, rtol=1e-5)
    units[140:147] *= 50
    kept = cut(sales.with_columns(units=pl.Series(units)), "day")
    assert kept[140:147].sum() == pytest.approx(40, rel=0.25)
    np.testing.assert_allclose(kept[147:], units[147:], rtol=1e-5)


def test_a_season_is_no_peak() -> None:
    year = np.where(np.arange(52) < 6, 60.0, 10.0)
    sales = by_week(np.tile(year, 3).tolist())
    kept = cut(sales, "week", level=0.95)
    assert kept.sum() == pytest.approx(3 * year.sum(), rel=0.02)


def test_orders_of_least_cost_leave_a_great_order_out_and_others_do_not() -> None:
    usual = [10.0, 12.0, 8.0, 10.0] * 10
    great = [*usual[:-3], 1000.0, *usual[-2:]]
    stock = pl.DataFrame({"date": [MONDAY + timedelta(days=7 * 40 - 1)], "sku": "A", "on_hand": 0})

    def line(units: list[float], **target: Any) -> dict[str, Any]:  # noqa: ANN401 - handed on
        found = reorder(
            by_week(units), stock, freq="week", lead_time_days=14, review_days=7, **target
        )
        return found.row(0, named=True)

    costs = {"shortage_cost": 1.0, "holding_cost": 0.2}
    assert line(great, **costs)["order_qty"] <= line(usual, **costs)["order_qty"] + 2
    assert line(great, **costs)["mean_demand"] > 2 * line(usual, **costs)["mean_demand"]
    level = {"service_level": LEVEL}
    assert line(great, **level, unmet="backorder")["order_qty"] > 100


def test_demand_without_peaks_is_the_demand_where_there_are_none() -> None:
    history = demand_history(by_week([3.0, 4.0, 5.0, 4.0] * 10), freq="week")
    cycles = Cycles(np.array([7.0]), np.array([LEVEL]))
    np.testing.assert_array_equal(fit(history, 4, 3, cycles=cycles).mean, fit(history, 4, 3).mean)
