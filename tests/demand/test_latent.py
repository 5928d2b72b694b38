from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.censoring import Demand, Unseen, after_a_share, at_least
from stockout.demand.history import demand_history
from stockout.demand.latent import COMMON_ERROR, Latent, _correlated, latent_demand
from stockout.demand.levels import Centre, Movements, Observed, smoothed_levels
from stockout.demand.overdispersion import overdispersion
from stockout.demand.promotions import promoted_periods
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockout.demand.history import History

    Rows = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

MONDAY = date(2026, 1, 5)


def frames(units: Matrix, **stock: Matrix) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sales and inventory of items 00, 01, ... from (days, items) matrices."""
    t, item = (index.ravel() for index in np.indices(units.shape))
    key = {
        "date": pl.Series([MONDAY + timedelta(d) for d in range(len(units))]).gather(t),
        "sku": pl.Series([f"{i:02}" for i in range(units.shape[1])]).gather(item),
    }
    inventory = {name: matrix.ravel() for name, matrix in stock.items()}
    return pl.DataFrame({**key, "units": units.ravel()}), pl.DataFrame({**key, **inventory})


def history_of(units: Matrix, **stock: Matrix) -> History:
    return demand_history(*frames(units.astype(float), **stock))


def newsboy(
    seed: int, *, k: float = np.inf, items: int = 40, days: int = 200, stock: float = 1.3
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Wanted, sold, share and stock at closing time of shelves that are filled every morning."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(2, 12, items) * np.where(np.arange(days)[:, None] % 7 < 5, 0.9, 1.25)
    rate = mean if np.isinf(k) else mean * rng.gamma(k, 1 / k, mean.shape)
    wanted = rng.poisson(rate).astype(float)
    begin = np.maximum(np.round(mean * stock * rng.uniform(0.5, 1.5, mean.shape)), 1)
    sold = np.minimum(wanted, begin)
    share = np.ones(mean.shape)
    out = wanted >= begin
    share[out] = rng.beta(begin[out], wanted[out] - begin[out] + 1)
    return wanted, sold, share, begin - sold


# What was wanted in a period, given what was sold


@pytest.mark.parametrize(("mean", "variance"), [(2.0, 2.0), (2.0, 5.0), (0.3, 0.5), (20.0, 90.0)])
@pytest.mark.parametrize("least", [1, 3, 10, 60])
def test_the_tail_of_a_count_is_that_of_its_probabilities(
    mean: float, variance: float, least: int
) -> None:
    """Against sums over the probabilities themselves; far out in the tail nearly so."""
    x = np.arange(least, least + 2000)
    if variance > mean:
        k = mean**2 / (variance - mean)
        step = (k + x) / (x + 1) * mean / (mean + k)
    else:
        step = mean / (x + 1)
    weight = np.cumprod(np.concatenate([[1.0], step[:-1]]))
    weight /= weight.sum()
    first = (weight * x).sum()
    day = (variance - mean) / mean**2
    found = at_least(
        np.array([float(least)]),
        Demand(np.array([mean]), np.ones(1), np.array([day]), np.array([True])),
    )
    assert found.mean[0] == pytest.approx(first - least, rel=0.03)
    assert found.variance[0] == pytest.approx((weight * (x - first) ** 2).sum(), rel=0.05)


@pytest.mark.parametrize("least", [0.4, 2.0, 9.0])
def test_the_tail_of_fractional_demand_is_that_of_a_gamma(least: float) -> None:
    rng = np.random.default_rng(5)
    drawn = rng.gamma(2.0, 1.5, 4_000_000)
    beyond = drawn[drawn >= least] - least
    found = at_least(
        np.array([least]),
        Demand(np.array([3.0]), np.array([1.5]), np.zeros(1), np.array([False])),
    )
    assert found.mean[0] == pytest.approx(beyond.mean(), rel=0.02)
    assert found.variance[0] == pytest.approx(beyond.var(), rel=0.04)


@pytest.mark.parametrize("sold", [0.0, 3.0, 12.0])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.9])
def test_a_share_in_stock_follows_the_gamma_poisson_model(sold: float, share: float) -> None:
    """The lost units are (1 - F) (k + s) / (k / mu + F)."""
    mu, k = 6.0, 2.5
    one = np.ones(1)
    found = after_a_share(sold * one, share * one, Demand(mu * one, one, one / k, one > 0))
    rate = (k + sold) / (k / mu + share)
    assert found.mean[0] == pytest.approx((1 - share) * rate)
    spread = (k + sold) / (k / mu + share) ** 2
    assert found.variance[0] == pytest.approx((1 - share) * rate + (1 - share) ** 2 * spread)


def test_the_slope_is_the_change_by_the_mean() -> None:
    one, step = np.ones(1), 1e-4

    def shared(mu: Matrix) -> Unseen:
        return after_a_share(3 * one, 0.4 * one, Demand(mu, one, one / 3, one > 0))

    def tail(mu: Matrix) -> Unseen:
        return at_least(3 * one, Demand(mu, one, 0 * one, one > 0))

    for of in (shared, tail):
        numeric = (of((5 + step) * one).mean - of((5 - step) * one).mean) / (2 * step)
        assert of(5 * one).slope[0] == pytest.approx(numeric[0], rel=1e-3)


def test_the_last_customer_of_several_units_gets_what_is_left() -> None:
    """Purchases of 4 units each: 1.5 units on average beyond the stock, half of u - 1."""
    one = np.ones(1)
    whole = after_a_share(8 * one, 0.5 * one, Demand(16 * one, 4 * one, 0 * one, one > 0))
    fractional = after_a_share(8 * one, 0.5 * one, Demand(16 * one, 4 * one, 0 * one, one < 0))
    assert whole.mean - fractional.mean == pytest.approx(1.5)


# Levels, shrinkage and overdispersion


def test_levels_follow_what_moves_and_ignore_what_does_not() -> None:
    rng = np.random.default_rng(2)
    mean = np.full((300, 80), 5.0)
    mean[150:, :40] = 15.0
    units = rng.poisson(mean).astype(np.float32)
    flat = np.broadcast_to(mean.mean(axis=0), mean.shape).astype(np.float32)
    seen = Observed(units, flat, flat)
    levels = smoothed_levels(seen, Movements.to_try(10), Centre.given(80))
    levels = smoothed_levels(seen, levels.shares(), Centre.given(80), levels)
    estimate = flat * levels.factor
    assert np.abs(estimate[20:130, :40].mean() / 5 - 1) < 0.05
    assert np.abs(estimate[170:280, :40].mean() / 15 - 1) < 0.05
    still = np.abs(estimate[:, 40:] / 5 - 1)
    assert still.mean() < 0.03


def test_where_nothing_is_seen_the_level_returns_to_the_mean_and_is_less_sure() -> None:
    units = np.full((200, 1), 30.0, dtype=np.float32)
    expected = np.full((200, 1), 10.0, dtype=np.float32)
    expected[60:160] = 0
    units[60:160] = 0
    way = Movements(np.array([0.8]), np.array([20.0]), np.ones(1))
    seen = Observed(units, expected, np.maximum(expected, 1))
    levels = smoothed_levels(seen, way, Centre.given(1))
    for _ in range(4):
        levels = smoothed_levels(seen, way, Centre.given(1), levels)
    assert levels.middle[30, 0] == pytest.approx(3, rel=0.05)
    assert 1 < levels.middle[110, 0] < 1.4
    assert levels.variance[110, 0] > 10 * levels.variance[30, 0]


def test_the_mean_is_a_compromise_between_its_own_and_what_is_expected() -> None:
    """An item that does not move: the posterior of a Poisson rate under a normal prior."""
    units = np.full((10, 1), 6.0, dtype=np.float32)
    flat = np.full((10, 1), 4.0, dtype=np.float32)
    way = Movements(np.zeros(1), np.ones(1), np.ones(1))
    centre = Centre(np.zeros(1), np.array([0.025]))
    levels = smoothed_levels(Observed(units, flat, flat), way, centre)
    # information 10 * 4, precision 40: half of the way from 1 to 1.5, as a logarithm
    assert levels.centre[0] == pytest.approx(np.log(1.25), rel=1e-4)


def test_blocks_of_items_do_not_change_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    units = rng.poisson(4, (60, 150)).astype(np.float32)
    seen = Observed(units, np.full_like(units, 4), np.full_like(units, 4))
    once = smoothed_levels(seen, Movements.to_try(10), Centre.given(150))
    monkeypatch.setattr("stockout.demand.levels._BLOCK", 1)
    blocks = smoothed_levels(seen, Movements.to_try(10), Centre.given(150))
    assert np.allclose(once.log, blocks.log, atol=1e-6)
    assert np.allclose(once.log_likelihood, blocks.log_likelihood)


@pytest.mark.parametrize(("unit", "day"), [(1.0, 0.0), (1.0, 0.5), (3.0, 0.0)])
def test_overdispersion_is_told_apart(unit: float, day: float) -> None:
    """Busy days as in a negative binomial, or purchases of several units: both parts are found."""
    rng = np.random.default_rng(6)
    weekly = np.array([0.4, 0.7, 1.0, 1.0, 1.2, 1.5, 1.2])[np.arange(364) % 7]
    mu = (rng.uniform(3, 12, 100) * weekly[:, None]).astype(np.float32)
    rate = mu * (rng.gamma(1 / day, day, mu.shape) if day else 1)
    purchases = rng.poisson(rate / unit)
    # purchases of 1 or of 4 units: u = E[b**2] / E[b] = 3 where p of them are of 4
    four = rng.binomial(purchases, 2 / 7) if unit > 1 else 0
    units = (purchases + 3 * four) * (unit / (1 + 6 / 7) if unit > 1 else 1)
    if unit > 1:  # scaled back to whole units of mean mu, with a u that follows from the scale
        scale = unit / (1 + 6 / 7)
        unit = scale * (1 + 15 * 2 / 7) / (1 + 3 * 2 / 7)
    found = overdispersion(
        ((units - mu) ** 2).astype(np.float32), mu, mu > 0, np.ones(100, dtype=np.bool_)
    ).own
    assert np.median(found.unit) == pytest.approx(unit, abs=0.25 * unit)
    assert np.median(found.day) == pytest.approx(day, abs=0.08)


# Latent demand


def test_without_a_stockout_nothing_is_lost() -> None:
    wanted = newsboy(1)[0]
    history = history_of(wanted, on_hand=wanted * 0 + 5)
    latent = latent_demand(history)
    assert not latent.lost_units().any()
    assert np.array_equal(latent.expected, history.units)
    assert not latent.variance.any()
    t, item = (index.ravel() for index in np.indices(history.units.shape))
    assert not any(bound.any() for bound in latent.lost(t, item))
    assert not any(bound.any() for bound in latent.sum_interval(t, item, 1.0, item, 40))


def test_unknown_availability_is_neither_in_stock_nor_lost() -> None:
    units = np.full((60, 1), 4.0)
    units[40:50] = 0
    share = np.ones((60, 1))
    share[55:] = 0
    units[55:] = 0
    sales, stock = frames(units, in_stock_share=share)
    known = stock.filter(~pl.col("date").is_between(MONDAY + timedelta(40), MONDAY + timedelta(49)))
    latent = latent_demand(demand_history(sales, known))
    lost = latent.lost_units()[:, 0]
    assert not lost[:55].any()
    # the unknown days without a sale are no evidence of low demand, since others are known
    assert lost[55:].mean() == pytest.approx(4, rel=0.05)


def test_of_one_stock_list_all_the_past_is_taken_for_in_stock(rows: Rows, sold: Rows) -> None:
    """Better than nothing: what is unknown is then all the evidence that there is."""
    sales = sold([3.0, 5.0] * 20 + [0.0])
    stock = rows("inventory", on_hand=[0], first=MONDAY + timedelta(40))
    latent = latent_demand(demand_history(sales, stock, as_of=MONDAY + timedelta(40)))
    lost = latent.lost_units()[:, 0]
    assert not lost[:40].any()
    assert lost[40] == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("k", [np.inf, 2.0])
@pytest.mark.parametrize("known", ["in_stock_share", "on_hand"])
def test_lost_units_are_unbiased_though_busy_days_sell_out(k: float, known: str) -> None:
    """Shelves filled each morning, a third of the days sold out: nothing but selection."""
    wanted, sold, share, on_hand = newsboy(7, k=k, items=80)
    stock = share if known == "in_stock_share" else on_hand
    latent = latent_demand(history_of(sold, **{known: stock}))
    true = (wanted - sold).sum()
    full = share == 1
    in_stock_mean = np.where(full, sold, 0).sum(axis=0) / full.sum(axis=0)
    naive = np.where(full, 0, np.maximum(in_stock_mean - sold, 0)).sum()
    bias = latent.lost_units().sum() / true - 1
    assert abs(bias) < 0.08
    assert abs(bias) < abs(naive / true - 1) / 2


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held, sums = [], []
    for seed in range(11, 15):
        wanted, sold, share, _ = newsboy(seed, k=3.0, days=120)
        latent = latent_demand(history_of(sold, in_stock_share=share))
        t, item = np.nonzero(share < 1)
        lost = wanted - sold
        _, low, high = latent.lost(t, item)
        held.append(((lost[t, item] >= low) & (lost[t, item] <= high)).mean())
        low, high = latent.sum_interval(t, item, 1.0, item, 40)
        total = lost.sum(axis=0)
        sums.append(((total >= low) & (total <= high)).mean())
    assert 0.88 <= np.mean(held) <= 1
    assert 0.85 <= np.mean(sums) <= 0.99


def test_intervals_of_sums_are_those_of_their_cells() -> None:
    """One cell as a group of its own is that cell; a weight scales; items are independent."""
    _, sold, share, _ = newsboy(8, k=3.0)
    latent = latent_demand(history_of(sold + 0.5, in_stock_share=share))
    t, item = np.nonzero(share < 1)
    cell = np.arange(t.size)
    _, low, high = latent.lost(t, item)
    alone = latent.sum_interval(t, item, 1.0, cell, t.size)
    assert np.allclose(alone, (low, high))
    doubled = latent.sum_interval(t, item, 2.0, cell, t.size)
    assert np.allclose(doubled, (2 * low, 2 * high))
    low, high = latent.sum_interval(t, item, 1.0, item, 40)
    total_low, total_high = latent.sum_interval(t, item, 1.0, 0 * item, 1)
    lost = latent.lost_units().sum(axis=0)
    half = np.sqrt(((high - low) ** 2).sum()) / 2
    assert total_high[0] - total_low[0] < (high - low).sum()
    assert total_high[0] - total_low[0] < 2 * np.hypot(half, 1.7 * COMMON_ERROR * lost.sum())
    assert (low < lost).all()
    assert (lost < high).all()


def test_errors_of_the_level_go_together_by_distance() -> None:
    error = np.array([1.0, 2.0, 3.0, 1.5])
    t, run = np.array([0, 1, 5, 2]), np.array([0, 0, 0, 1])
    memory = np.array([4.0, 9.0])
    correlation = np.exp(-np.abs(t[:3, None] - t[:3]) / 4)
    expected = [error[:3] @ correlation @ error[:3], 1.5**2]
    assert np.allclose(_correlated(error, t, run, memory), expected)


def test_similar_items_tell_of_an_item_with_little_history() -> None:
    """Two weeks of one item: its weekday pattern is that of its category."""
    rng = np.random.default_rng(9)
    weekly = np.array([0.5, 0.5, 0.8, 1.0, 1.2, 2.0, 1.0])[np.arange(210) % 7][:, None]
    units = rng.poisson(8 * weekly * np.ones(30)).astype(float)
    units[:196, 0] = 0
    share = np.ones(units.shape)
    share[-2:, 0] = 0  # a Saturday and a Sunday
    units[-2:, 0] = 0
    sales, stock = frames(units, in_stock_share=share)
    new = (stock["sku"] == "00") & (stock["date"] < MONDAY + timedelta(196))
    sales, stock = (f.filter(~new) for f in (sales, stock))
    lost = latent_demand(demand_history(sales, stock)).lost_units()[:, 0]
    assert lost[-2] / lost[-1] == pytest.approx(2, rel=0.15)


def test_fractional_demand_scales() -> None:
    """Units of a tenth lose a tenth."""
    _, sold, share, _ = newsboy(10, k=3.0)
    scaled = [
        latent_demand(history_of(sold * scale + 0.01 * scale, in_stock_share=share)).lost_units()
        for scale in (1.0, 0.1)
    ]
    assert scaled[1].sum() / scaled[0].sum() == pytest.approx(0.1, rel=0.01)


def test_weekly_histories_lose_by_week() -> None:
    rng = np.random.default_rng(12)
    weeks = pl.Series([MONDAY + timedelta(7 * w) for w in range(60)])
    units = rng.poisson(20, 60).astype(float)
    units[[30, 31]] = 0
    share = np.ones(60)
    share[[30, 31]] = 0
    share[40] = 0.5
    sales = pl.DataFrame({"date": weeks, "sku": "A", "units": units})
    stock = pl.DataFrame({"date": weeks, "sku": "A", "in_stock_share": share})
    latent = latent_demand(demand_history(sales, stock))
    assert latent.history.freq == "week"
    lost = latent.lost_units()[:, 0]
    assert np.flatnonzero(lost).tolist() == [30, 31, 40]
    assert lost[30] == pytest.approx(20, rel=0.15)
    assert lost[40] == pytest.approx(0.5 * 20, rel=0.3)


def test_an_item_never_seen_in_stock_is_not_known() -> None:
    """It was sold out on the first day, and never seen again: nothing tells its demand."""
    units = np.zeros((40, 2))
    units[:, 1] = 3
    units[0, 0] = 2
    share = np.ones((40, 2))
    share[:, 0] = 0
    latent = latent_demand(history_of(units, in_stock_share=share))
    assert np.isnan(latent.mean[:, 0]).all()
    assert np.isnan(latent.lost_units()[1:, 0]).all()
    t = np.arange(1, 40)
    assert np.isnan(latent.lost(t, t * 0).mean).all()
    low, high = latent.sum_interval(t, t * 0, 1.0, t * 0, 1)
    assert (low[0], high[0]) == (0, 0)
    assert np.array_equal(latent.expected[:, 0], latent.history.units[:, 0])


def test_promotions_lift_demand_while_they_last() -> None:
    """A stockout on promotion loses what a promotion sells, told by events or by sales."""
    rng = np.random.default_rng(13)
    promoted = (np.arange(364) // 7) % 4 == 0
    mean = np.where(promoted, 12.0, 4.0)[:, None] * np.ones(10)
    units = rng.poisson(mean).astype(float)
    share = np.ones(units.shape)
    share[281:285, 0] = 0  # within a week of promotion
    units[281:285, 0] = 0
    history = history_of(units, in_stock_share=share)
    days = [MONDAY + timedelta(int(d)) for d in np.flatnonzero(promoted)]
    events = pl.DataFrame({"date": days, "name": "x", "kind": "Promotion"})
    by_events = latent_demand(history, events=events.with_columns(category=pl.lit(None)))
    sales, _ = frames(units, in_stock_share=share)
    flag = pl.col("date").is_in(days)
    by_sales = latent_demand(history, sales=sales.with_columns(on_promo=flag))
    for latent in (by_events, by_sales):
        assert latent.lost_units()[281:285, 0].mean() == pytest.approx(12, rel=0.12)


def test_events_are_promotions_by_their_kind_and_where_they_say(sold: Rows) -> None:
    sales = pl.concat([sold([1.0] * 5, sku=s, location=p) for s in "AB" for p in ("L1", "L2")])
    products = conform(pl.DataFrame({"sku": ["A", "B"], "category": ["x", "y"]}), "products")
    history = demand_history(sales, products=products)

    def found(**event: str | None) -> list[tuple[int, int]]:
        row = {"date": [MONDAY + timedelta(2)], "name": ["n"], **{k: [v] for k, v in event.items()}}
        flags = promoted_periods(history, conform(pl.DataFrame(row), "events"))
        return [] if flags is None else [(int(t), int(i)) for t, i in np.argwhere(flags)]

    assert found(kind="holiday") == []
    assert found(kind="promotion", sku="B") == [(2, 2), (2, 3)]
    assert found(kind="Promo week", sku="B", location="L2") == [(2, 3)]
    assert found(kind="促销", category="x") == [(2, 0), (2, 1)]
    assert found(kind="promotion") == [(2, 0), (2, 1), (2, 2), (2, 3)]


def test_order_and_company_of_items_hardly_matter() -> None:
    """Items are told apart by their names alone; the order of the exports changes nothing."""
    _, sold, share, _ = newsboy(14, k=3.0)
    sales, stock = frames(sold, in_stock_share=share)
    one = latent_demand(demand_history(sales, stock))
    two = latent_demand(demand_history(sales.reverse(), stock.reverse()))
    assert np.array_equal(one.expected, two.expected)


def test_a_longer_window_is_a_sensitivity_not_another_answer() -> None:
    _, sold, share, _ = newsboy(15, k=3.0)
    history = history_of(sold, in_stock_share=share)
    short, long = (latent_demand(history, level_window=w).lost_units().sum() for w in (10, 28))
    assert short == pytest.approx(long, rel=0.05)


def test_slow_items_that_keep_one_unit_stay_within_reason() -> None:
    """Each sale empties the shelf, so that no day shows more than one; losses must not explode."""
    rng = np.random.default_rng(16)
    wanted = rng.poisson(0.4, (365, 60)).astype(float)
    sold, on_hand = np.zeros(wanted.shape), np.zeros(wanted.shape)
    stock, due = np.ones(60), np.zeros(60)
    for t in range(365):
        stock = np.where(due == 1, 1, stock)
        due = np.maximum(due - 1, 0)
        sold[t] = np.minimum(wanted[t], stock)
        stock -= sold[t]
        due = np.where((stock == 0) & (due == 0), rng.integers(2, 8, 60), due)
        on_hand[t] = stock
    latent = latent_demand(history_of(sold, on_hand=on_hand))
    true = (wanted - sold)[-latent.history.periods :].sum()
    assert latent.lost_units().sum() / true == pytest.approx(1, abs=0.15)
    assert np.nanmax(latent.mean) < 4


def test_the_first_sale_of_a_life_is_no_evidence() -> None:
    """An item that was first seen when it was sold has that sale by selection."""
    units = np.zeros((20, 2))
    units[:, 1] = 1
    units[0, 0] = 30
    latent = latent_demand(demand_history(frames(units)[0]))
    assert latent.mean[10, 0] < 2


def test_the_fields_fit_the_history() -> None:
    _, sold, share, _ = newsboy(17, k=3.0)
    latent = latent_demand(history_of(sold, in_stock_share=share))
    shape = latent.history.units.shape
    assert isinstance(latent, Latent)
    for matrix in (latent.mean, latent.expected, latent.variance, latent.profile):
        assert matrix.shape == shape
        assert matrix.dtype == np.float32
    assert latent.dispersion.shape == (shape[1],)
    assert (latent.dispersion > 0).all()
    assert np.median(latent.dispersion) == pytest.approx(3, rel=0.35)
    assert (latent.expected >= latent.history.units).all()
    weekday = latent.profile.reshape(-1, shape[1])[:196].reshape(28, 7, shape[1]).mean(axis=(0, 2))
    assert weekday[5:].mean() / weekday[:5].mean() == pytest.approx(1.25 / 0.9, rel=0.05)


def test_more_passes_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    _, sold, share, _ = newsboy(18, k=3.0)
    history = history_of(sold, in_stock_share=share)
    usual = latent_demand(history).lost_units().sum()
    monkeypatch.setattr("stockout.demand.backfitting.PASSES", 9)
    assert latent_demand(history).lost_units().sum() == pytest.approx(usual, rel=0.02)
