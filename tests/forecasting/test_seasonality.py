from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.seasonality import (
    Seasons,
    category_codes,
    seasons_ahead,
    week_of_year,
    weekday_index,
    yearly_index,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

MONDAY = date(2024, 1, 1)
WEEKEND = np.array([0.7, 0.8, 0.8, 0.9, 1.2, 1.7, 0.9])
YEAR = 1 + 0.6 * np.sin(2 * np.pi * np.arange(53) / 52)


def all_of(seasons: Seasons) -> list[np.ndarray]:
    """The matrices of all items."""
    return seasons.indices()


def by_weekday(days: int, index: Matrix = WEEKEND) -> Matrix:
    return np.asarray((index / index.mean())[np.arange(days) % 7])


def test_weekdays_are_recovered_from_poisson_demand(table: Table) -> None:
    rng = np.random.default_rng(5)
    level = rng.uniform(2, 9, 60)
    history = demand_history(table(rng.poisson(np.outer(by_weekday(140), level))))
    index = weekday_index(history)
    assert index.shape == (7, 60)
    np.testing.assert_allclose(index.mean(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(index, by_weekday(7)[:, None] * np.ones(60), atol=0.12)
    np.testing.assert_allclose(index.mean(axis=1), by_weekday(7), atol=0.03)


def test_weekdays_are_of_the_calendar_not_of_the_first_row(table: Table) -> None:
    rng = np.random.default_rng(5)
    units = rng.poisson(20 * np.roll(by_weekday(140), -3))[:, None]
    history = demand_history(table(units, first=MONDAY + timedelta(3)))
    np.testing.assert_allclose(weekday_index(history)[:, 0], by_weekday(7), atol=0.1)


def test_an_item_with_weekdays_of_its_own_keeps_them(table: Table) -> None:
    rng = np.random.default_rng(6)
    level = np.full(80, 5.0)
    level[0] = 200
    mean = np.outer(by_weekday(140), level)
    mean[:, 0] = 200 * by_weekday(140, WEEKEND[::-1])
    index = weekday_index(demand_history(table(rng.poisson(mean))))
    np.testing.assert_allclose(index[:, 0], by_weekday(7, WEEKEND[::-1]), atol=0.15)
    np.testing.assert_allclose(index[:, 1:].mean(axis=1), by_weekday(7), atol=0.15)


def test_a_slow_item_has_the_weekdays_of_all(table: Table) -> None:
    """Three sales, all of them on Tuesdays, are no weekly season."""
    rng = np.random.default_rng(7)
    units = rng.poisson(np.outer(by_weekday(140), np.full(80, 5.0))).astype(np.float64)
    units[:, 0] = 0
    units[[1, 50, 99], 0] = 1
    index = weekday_index(demand_history(table(units)))
    np.testing.assert_allclose(index[:, 0], by_weekday(7), atol=0.1)


def test_a_location_that_is_closed_on_sundays_has_its_own_weekdays(table: Table) -> None:
    rng = np.random.default_rng(8)
    open_days = by_weekday(140, np.array([1.0] * 6 + [0.0]))
    places = [
        table(rng.poisson(np.outer(open_days, np.full(30, 0.5))), location="closed"),
        table(rng.poisson(np.full((140, 30), 0.5)), location="open"),
    ]
    history = demand_history(pl.concat(places))
    index = weekday_index(history)
    closed = (history.items["location"] == "closed").to_numpy()
    assert index[6, closed].max() < 0.1
    assert index[6, ~closed].min() > 0.8


def test_out_of_stock_weekdays_are_not_weak_weekdays(table: Table) -> None:
    """Every second Friday the shelf was empty for half of the items."""
    rng = np.random.default_rng(9)
    in_stock = np.ones((140, 20))
    in_stock[4::14, :10] = 0
    sales = table(rng.poisson(6, (140, 20)) * in_stock)
    index = weekday_index(demand_history(sales, table(in_stock, column="in_stock_share")))
    np.testing.assert_allclose(index[4], 1, atol=0.15)
    blind = weekday_index(demand_history(sales))
    assert blind[4, :10].mean() < 0.8


@pytest.mark.parametrize("days", [1, 3, 90, 800])
@pytest.mark.parametrize("value", [3.0, 0.1])
def test_constant_demand_has_no_season(table: Table, days: int, value: float) -> None:
    """Nor do weekdays that were never seen, of a history of less than a week."""
    history = demand_history(table(np.full((days, 3), value)))
    for season in all_of(seasons_ahead(history, 7)):
        np.testing.assert_allclose(season, 1, rtol=1e-5)


def test_without_any_demand_there_is_no_season(table: Table) -> None:
    history = demand_history(table(np.zeros((800, 2))))
    for season in all_of(seasons_ahead(history, 7)):
        np.testing.assert_allclose(season, 1, rtol=1e-5)


def test_a_few_sales_make_no_weekdays(table: Table) -> None:
    """Where the weekdays of all items together are noise, their index stays near 1."""
    rng = np.random.default_rng(10)
    stray = [
        np.abs(weekday_index(demand_history(table(rng.poisson(1, (56, 1))))) - 1).mean()
        for _ in range(40)
    ]
    # Eight sales a weekday stray by a relative 1 / sqrt(8), that is 0.28 in absolute mean.
    assert np.mean(stray) < 0.2


def test_weeks_have_no_weekdays(table: Table) -> None:
    history = demand_history(table(np.arange(1, 31), step=7))
    assert weekday_index(history).tolist() == [[1]] * 7


def in_year(dates: pl.Series) -> Matrix:
    """The true index of each date: its week of the year."""
    return np.asarray(YEAR[(dates.dt.ordinal_day().to_numpy() - 1) // 7])


def test_the_year_is_recovered_from_poisson_demand(table: Table) -> None:
    rng = np.random.default_rng(12)
    weeks = pl.Series([MONDAY + timedelta(7 * k + 3) for k in range(156)])
    level = rng.uniform(2, 9, 150)
    history = demand_history(table(rng.poisson(np.outer(in_year(weeks), level)), step=7))
    index = yearly_index(history)
    assert index is not None
    assert index.shape == (53, 1)
    smooth = np.convolve(
        np.concatenate([YEAR[-3:-1], YEAR, YEAR[:2]]), np.array([1, 2, 3, 2, 1]) / 9
    )
    np.testing.assert_allclose(index[:52, 0], smooth[4:-4][:52], atol=0.08)


def test_the_year_of_days_is_that_of_their_weeks(table: Table) -> None:
    """By the day, from a day in the middle of a week on, with weekdays and days out of stock."""
    rng = np.random.default_rng(15)
    days = pl.Series([MONDAY + timedelta(k + 3) for k in range(3 * 365)])
    mean = np.outer(in_year(days) * by_weekday(days.len()), rng.uniform(0.5, 2, 120))
    in_stock = rng.random(mean.shape) < 0.9
    sales = table(rng.poisson(mean) * in_stock, first=days[0])
    stock = table(in_stock * 1.0, first=days[0], column="in_stock_share")
    index = yearly_index(demand_history(sales, stock))
    assert index is not None
    smooth = np.convolve(
        np.concatenate([YEAR[-3:-1], YEAR, YEAR[:2]]), np.array([1, 2, 3, 2, 1]) / 9
    )
    np.testing.assert_allclose(index[:52, 0], smooth[4:-4][:52], atol=0.08)


@pytest.mark.parametrize("launches", [np.arange(150) * 2 // 3, np.append(0, np.full(149, 30))])
def test_a_growing_assortment_is_no_season(table: Table, launches: NDArray[np.int64]) -> None:
    """Sales rise because items come and grow, all year round or in one week; none has a season."""
    rng = np.random.default_rng(13)
    week = np.arange(156)[:, None]
    growth = 4 * (1 + (week - launches) / 20)
    units = np.where(week >= launches, rng.poisson(np.maximum(growth, 0.1)), np.nan)
    index = yearly_index(demand_history(table(units, step=7)))
    assert index is not None
    np.testing.assert_allclose(index, 1, atol=0.05)


def test_each_category_has_its_year(table: Table) -> None:
    rng = np.random.default_rng(14)
    weeks = pl.Series([MONDAY + timedelta(7 * k + 3) for k in range(156)])
    summer, winter = in_year(weeks), 2 - in_year(weeks)
    sales = pl.concat(
        [
            table(rng.poisson(np.outer(summer, np.full(40, 6.0))), step=7, sku="ice"),
            table(rng.poisson(np.outer(winter, np.full(40, 6.0))), step=7, sku="tea"),
        ]
    )
    skus = sales["sku"].unique(maintain_order=True)
    products = pl.DataFrame({"sku": skus, "category": skus.str.head(3)})
    history = demand_history(sales, products=products)
    index = yearly_index(history)
    codes = category_codes(history)
    assert index is not None
    assert index.shape == (53, 2)
    assert codes.tolist() == [0] * 40 + [1] * 40
    assert index[13, 0] > 1.4
    assert index[13, 1] < 0.6


def test_less_than_two_years_have_no_yearly_index(table: Table) -> None:
    history = demand_history(table(np.ones(103), step=7))
    assert yearly_index(history) is None
    assert len(all_of(seasons_ahead(history, 5))) == 1
    assert len(all_of(seasons_ahead(demand_history(table(np.ones(104), step=7)), 5))) == 2


def test_items_without_a_category_are_one_of_their_own(table: Table) -> None:
    products = pl.DataFrame({"sku": ["S0000", "S0002"], "category": ["b", "a"]})
    history = demand_history(table(np.ones((3, 4))), products=products)
    assert category_codes(history).tolist() == [2, 0, 1, 0]


def test_the_season_goes_on_after_as_of(table: Table) -> None:
    """As-of is a Wednesday; the row after it is a Thursday."""
    rng = np.random.default_rng(15)
    units = rng.poisson(np.outer(by_weekday(143), np.full(30, 20.0)))
    history = demand_history(table(units))
    (season,) = all_of(seasons_ahead(history, 9))
    assert season.shape == (143 + 9, 30)
    np.testing.assert_allclose(season[143:, 0], season[143 - 7 : 143 + 2, 0])
    np.testing.assert_allclose(season[143:].mean(axis=1), by_weekday(152)[143:], atol=0.05)


def test_an_unfinished_week_is_no_row_of_the_season(table: Table) -> None:
    weeks = 120
    sales = table(np.ones(weeks), step=7)
    as_of = MONDAY + timedelta(7 * weeks + 2)
    history = demand_history(sales, as_of=as_of)
    rows = np.concatenate([np.arange(weeks), history.future_rows(4)])
    assert rows[weeks:].tolist() == [121, 122, 123, 124]
    assert all(len(season) == weeks + 4 for season in all_of(seasons_ahead(history, 4)))
    thursdays = [MONDAY + timedelta(7 * int(row) + 3) for row in rows]
    assert week_of_year(history, rows).tolist() == [
        (day.timetuple().tm_yday - 1) // 7 for day in thursdays
    ]


def test_weekdays_of_some_rows_are_summed(table: Table) -> None:
    rng = np.random.default_rng(16)
    history = demand_history(table(rng.poisson(np.outer(by_weekday(60), np.full(5, 9.0)))))
    seasons = seasons_ahead(history, 3)
    rows = rng.random((60, 5)) < 0.5
    (index,) = all_of(seasons)
    np.testing.assert_allclose(
        seasons.weekdays_in(rows), np.where(rows, index[:60], 0).sum(axis=0), rtol=1e-5
    )
