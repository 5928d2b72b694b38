from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting.fit import fit
from stockout.forecasting.learned_demand import learned_demand

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

DAYS = 280


@pytest.fixture(scope="module")
def by_hours(table: Table) -> tuple[History, Matrix]:
    """Shops that restock each morning to about the usual demand, and share of hours in stock."""
    rng = np.random.default_rng(5)
    shape = (DAYS, 60)
    mean = rng.uniform(4, 12, shape[1])
    rate = mean * rng.gamma(6, 1 / 6, shape)
    wanted = rng.poisson(rate)
    stock = rng.poisson(1.1 * mean, shape)
    sold = np.minimum(wanted, stock)
    # the hour of the last unit: the sold-th of ``wanted`` hours, uniform over the day
    hour = rng.beta(np.maximum(sold, 1), np.maximum(wanted - sold + 1, 1))
    share = np.where(wanted > stock, np.where(stock > 0, np.floor(hour * 16) / 16, 0), 1.0)
    history = demand_history(table(sold), table(share, column="in_stock_share"))
    return history, mean


def test_without_an_inventory_nothing_changes(table: Table) -> None:
    history = demand_history(table(np.ones((30, 2))))
    learned = learned_demand(history)
    assert learned.history is history
    assert learned.variance is None


def test_days_wholly_out_tell_nothing_and_those_in_stock_what_they_sold(
    by_hours: tuple[History, Matrix],
) -> None:
    history, _ = by_hours
    learned = learned_demand(history)
    whole = history.share == 1
    np.testing.assert_allclose(learned.history.units[whole], history.units[whole], rtol=1e-6)
    assert learned.history.observed[whole].all()
    assert not learned.history.observed[history.share < 0.5].any()
    part = (history.share >= 0.5) & ~whole
    assert learned.history.observed[part].all()
    assert learned.variance is not None
    assert (learned.variance[part] > 0).all()
    assert not learned.variance[~part].any()


def test_days_in_stock_for_some_hours_have_the_level_of_whole_days(
    by_hours: tuple[History, Matrix],
) -> None:
    """They ran out because they were busy; how busy is not known from hours alone."""
    history, _ = by_hours
    learned = learned_demand(history)
    part = learned.history.observed & (history.share < 1)
    assert part.mean() > 0.1
    whole = history.share == 1
    of_whole = np.where(whole, history.units, 0).sum(axis=0) / whole.sum(axis=0)
    usual = np.broadcast_to(of_whole, part.shape)[part].sum()
    assert learned.history.units[part].sum() == pytest.approx(usual, rel=0.03)
    assert history.units[part].sum() > 1.1 * usual


def test_they_tell_which_days_were_busy(by_hours: tuple[History, Matrix]) -> None:
    history, mean = by_hours
    learned = learned_demand(history)
    part = learned.history.observed & (history.share < 1) & (history.share >= 0.75)
    sold, found = (
        m[part] / np.broadcast_to(mean, part.shape)[part]
        for m in (history.units, learned.history.units)
    )
    assert np.corrcoef(sold, found)[0, 1] > 0.8


@pytest.fixture(scope="module")
def sold_out(table: Table) -> tuple[pl.DataFrame, pl.DataFrame, Matrix]:
    """Slow items restocked every morning; stock is counted in the evening."""
    rng = np.random.default_rng(8)
    shape = (DAYS, 120)
    mean = rng.uniform(1.5, 4, shape[1])
    wanted = rng.poisson(mean, shape)
    stock = np.ceil(mean).astype(int)
    sold = np.minimum(wanted, stock)
    return table(sold), table(stock - sold, column="on_hand"), mean


def test_days_that_sold_out_count_with_what_was_wanted(
    sold_out: tuple[pl.DataFrame, pl.DataFrame, Matrix],
) -> None:
    sales, inventory, mean = sold_out
    history = demand_history(sales, inventory)
    learned = learned_demand(history)
    ran_out = history.sold_out & (history.units > 0)
    assert ran_out.mean() > 0.2
    assert learned.history.observed[ran_out].all()
    assert (learned.history.units[ran_out] > history.units[ran_out]).all()
    assert learned.variance is not None
    assert (learned.variance[ran_out] > 0).all()
    seen = learned.history.observed
    wanted = np.where(seen, learned.history.units, 0).sum(axis=0) / seen.sum(axis=0)
    assert wanted.sum() == pytest.approx(mean.sum(), rel=0.05)


def test_the_forecast_is_of_demand_not_of_sales(
    sold_out: tuple[pl.DataFrame, pl.DataFrame, Matrix],
) -> None:
    """With stock for the mean at most, sales are a fifth below demand."""
    sales, inventory, mean = sold_out
    forecast = fit(demand_history(sales, inventory), 28).sum_mean(0, 28).sum() / 28
    assert forecast == pytest.approx(mean.sum(), rel=0.05)
    from_sales = fit(demand_history(sales), 28).sum_mean(0, 28).sum() / 28
    assert from_sales < 0.9 * mean.sum()


def test_the_spread_is_that_of_demand_not_of_its_expectation(
    sold_out: tuple[pl.DataFrame, pl.DataFrame, Matrix],
) -> None:
    """The variance of a sum of Poisson demand is its mean, though half the days are expected."""
    sales, inventory, mean = sold_out
    model = fit(demand_history(sales, inventory), 28)
    assert np.median(model.noise) == pytest.approx(1.0, abs=0.15)
    assert mean.min() > 1


def test_what_came_over_from_others_is_taken_off(table: Table) -> None:
    """Two items of a category, one of which is often out; half of its customers take the other."""
    rng = np.random.default_rng(11)
    days, pairs = 400, 40
    out = (np.arange(days)[:, None] // 5 + np.arange(pairs)) % 3 == 0
    mine, others = (rng.poisson(5.0, (days, pairs)) for _ in range(2))
    turned = np.where(out, rng.binomial(others, 0.5), 0)
    units = np.hstack([mine + turned, np.where(out, 0, others)])
    stock = np.hstack([np.ones_like(out), ~out]).astype(float)
    products = pl.DataFrame(
        {
            "sku": [f"S{i:04}" for i in range(2 * pairs)],
            "category": [f"C{i % pairs}" for i in range(2 * pairs)],
        }
    )
    history = demand_history(table(units), table(stock, column="in_stock_share"), products)
    learned = learned_demand(history).history
    own = history.items["sku"].str.slice(1).cast(pl.Int64).to_numpy() < pairs
    assert history.units[:, own].mean() > 5.6
    assert learned.units[:, own].mean() == pytest.approx(5.0, abs=0.25)
