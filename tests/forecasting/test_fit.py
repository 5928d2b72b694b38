from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.forecasting import estimates
from stockout.forecasting import fit as fit_module
from stockout.forecasting.distribution import demand_cdf, demand_quantile
from stockout.forecasting.fit import fit
from stockout.forecasting.models import PORTFOLIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from stockout.forecasting.demand_model import DemandModel

    Table = Callable[..., pl.DataFrame]
    Matrix = NDArray[np.float64]

MONDAY = date(2024, 1, 1)
HORIZON = 14
PROBABILITIES = (0.8, 0.9, 0.95)


def negative_binomial(
    rng: np.random.Generator, mean: ArrayLike, ratio: float, shape: tuple[int, int]
) -> Matrix:
    """Demand with this variance-to-mean ratio; Poisson where it is 1."""
    mean = np.broadcast_to(np.asarray(mean, dtype=np.float64), shape)
    rate = rng.gamma(mean / (ratio - 1), ratio - 1) if ratio > 1 else mean
    return rng.poisson(rate).astype(np.float64)


def fitted(table: Table, units: Matrix, **options: object) -> DemandModel:
    """The model of all but the last ``HORIZON`` rows."""
    return fit(demand_history(table(units[:-HORIZON], **options)), HORIZON)


def own(model: DemandModel, values: Matrix) -> Matrix:
    """Values of the items of the model, in its order."""
    return values[..., model.history.items["sku"].str.slice(1).cast(pl.Int64).to_numpy()]


def covered(model: DemandModel, units: Matrix) -> dict[float, float]:
    """Share of active items whose sum is within each quantile; ties count by their probability.

    Of whole units a quantile covers more than its level, since no whole number has just that
    probability, so each tie is split where the level falls in it (randomised PIT).
    """
    actual = own(model, units[-HORIZON:].sum(axis=0))
    args = (model.sum_mean(0, HORIZON), model.sum_variance(0, HORIZON), model.is_integer)
    upper = demand_cdf(actual, *args)
    lower = np.where(model.is_integer, demand_cdf(actual - 1, *args), upper)
    place = lower + np.random.default_rng(0).random(actual.size) * (upper - lower)
    active = (model.history.items["status"] == "active").to_numpy()
    return {p: float((place <= p)[active].mean()) for p in PROBABILITIES}


def assert_calibrated(found: dict[float, float], tolerance: float) -> None:
    for probability, share in found.items():
        assert share == pytest.approx(probability, abs=tolerance), found


@pytest.mark.parametrize(
    ("ratio", "low", "high", "days"),
    [
        (1.0, 0.3, 8, 250),
        (2.0, 0.3, 8, 250),
        (4.0, 1, 20, 400),
        (2.0, 0.3, 8, 30),  # so short that an item has less than one window of its own
    ],
)
def test_sums_are_covered_by_their_quantiles_and_unbiased(
    table: Table, ratio: float, low: float, high: float, days: int
) -> None:
    """600 items of a stationary demand: sampling alone strays by 0.016 at 0.8, 0.009 at 0.95."""
    rng = np.random.default_rng(round(ratio * 100) + days)
    rate = np.exp(rng.uniform(np.log(low), np.log(high), 600))
    units = negative_binomial(rng, rate, ratio, (days + HORIZON, 600))
    model = fitted(table, units)
    assert_calibrated(covered(model, units), 0.05)
    assert model.sum_mean(0, HORIZON).sum() == pytest.approx(HORIZON * rate.sum(), rel=0.03)


def test_sums_of_slow_items_are_covered_by_their_quantiles(table: Table) -> None:
    """One sale in three days to one in fifty: the level of such an item is hardly known."""
    rng = np.random.default_rng(77)
    rate = np.exp(rng.uniform(np.log(0.02), np.log(0.3), 800))
    units = negative_binomial(rng, rate, 2.0, (400 + HORIZON, 800))
    model = fitted(table, units)
    found = covered(model, units)
    assert_calibrated({p: found[p] for p in (0.9, 0.95)}, 0.05)
    active = (model.history.items["status"] == "active").to_numpy()
    expected = HORIZON * own(model, rate)[active].sum()
    assert model.sum_mean(0, HORIZON)[active].sum() == pytest.approx(expected, rel=0.05)


def test_young_slow_items_are_unbiased(table: Table) -> None:
    """Their life begins with a sale, which says that they are sold, not how often."""
    rng = np.random.default_rng(78)
    units = rng.poisson(0.15, (60, 2000))
    today = table(np.ones((1, 2000)), first=MONDAY + timedelta(59), column="on_hand")
    model = fit(demand_history(table(units), today), HORIZON)
    assert (model.history.items["status"] == "active").sum() > 1900
    known = (model.history.start < 30) & model.history.units.any(axis=0)
    assert model.sum_mean(0, 1)[known].mean() == pytest.approx(0.15, rel=0.07)


def test_weekly_sums_are_covered_by_their_quantiles(table: Table) -> None:
    rng = np.random.default_rng(79)
    rate = np.exp(rng.uniform(0, 3, 600))
    units = negative_binomial(rng, rate, 3.0, (90 + HORIZON, 600))
    model = fitted(table, units, step=7)
    assert model.history.freq == "week"
    assert_calibrated(covered(model, units), 0.05)
    assert model.sum_mean(0, HORIZON).sum() == pytest.approx(HORIZON * rate.sum(), rel=0.03)


def test_sums_of_fractional_demand_are_covered_by_their_quantiles(table: Table) -> None:
    rng = np.random.default_rng(80)
    rate = np.exp(rng.uniform(0, 3, 600))
    units = rng.gamma(rate / 1.5, 1.5, (200 + HORIZON, 600))
    model = fitted(table, units)
    assert not model.is_integer.any()
    assert_calibrated(covered(model, units), 0.05)


def test_weekdays_ahead_are_where_they_were(table: Table) -> None:
    """The history ends on a Tuesday; only Saturdays sell."""
    days = 142
    units = np.zeros((days, 30))
    units[5::7] = np.random.default_rng(81).poisson(20, units[5::7].shape)
    mean = fit(demand_history(table(units)), 14).mean
    saturdays = (np.arange(days, days + 14) % 7) == 5
    assert mean[saturdays].mean() == pytest.approx(20, rel=0.1)
    assert mean[~saturdays].max() < 1


def test_the_spread_is_known_of_a_shop_that_opens_at_weekends(table: Table) -> None:
    """Closed days are no part of what must be seen of a window."""
    rng = np.random.default_rng(82)
    units = negative_binomial(rng, 8.0, 6.0, (420, 60))
    units[np.arange(420) % 7 < 4] = 0
    model = fit(demand_history(table(units)), HORIZON)
    assert np.median(model.sum_variance(0, HORIZON) / model.sum_mean(0, HORIZON)) > 5


def test_out_of_stock_days_are_not_low_demand(table: Table) -> None:
    """A third of the days without stock: the level is that of the others, not two thirds of it."""
    rng = np.random.default_rng(83)
    empty = rng.random((240 // 6, 60)).repeat(6, axis=0) < 1 / 3
    units = np.where(empty, 0, rng.poisson(6, (240, 60)))
    sales = table(units)
    flags = table(~empty, column="in_stock_share")
    on_hand = table(np.where(empty, 0, 50), column="on_hand")
    for stock in (flags, on_hand):
        assert fit(demand_history(sales, stock), 7).mean.mean() == pytest.approx(6, rel=0.03)
    assert fit(demand_history(sales), 7).mean.mean() == pytest.approx(4, rel=0.1)


def test_an_item_that_is_out_at_the_end_keeps_its_level(table: Table) -> None:
    rng = np.random.default_rng(84)
    units = rng.poisson(6, (120, 20))
    units[80:, 0] = 0
    stock = np.full((120, 20), 30)
    stock[80:, 0] = 0
    model = fit(demand_history(table(units), table(stock, column="on_hand")), 7)
    assert model.mean[:, 0].mean() == pytest.approx(6, rel=0.15)
    blind = fit(demand_history(table(units)), 7)
    assert blind.mean[:, 0].mean() < 0.5


def test_blocks_change_no_result(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(85)
    sales = table(negative_binomial(rng, rng.uniform(0.1, 5, 40), 2.0, (120, 40)))
    history = demand_history(sales)
    whole = fit(history, 9)
    monkeypatch.setattr(fit_module, "BLOCK", 7)
    blocks = fit(history, 9)
    for name in ("mean", "noise", "period_noise", "level_variance"):
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name))
    assert blocks.model.equals(whole.model)


def test_a_block_as_large_as_the_sample_is_not_the_sample(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(85)
    history = demand_history(table(rng.poisson(rng.uniform(0.1, 5, 40), (90, 40))))
    monkeypatch.setattr(fit_module, "SAMPLE", 20)
    whole = fit(history, 9)
    monkeypatch.setattr(fit_module, "BLOCK", 20)
    np.testing.assert_array_equal(fit(history, 9).mean, whole.mean)


def test_a_sample_stands_for_all_items(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared tables come from every fourth item; that shifts the others by little."""
    rng = np.random.default_rng(86)
    history = demand_history(table(negative_binomial(rng, np.full(400, 3.0), 2.0, (150, 400))))
    whole = fit(history, 9)
    monkeypatch.setattr(fit_module, "SAMPLE", 100)
    sample = fit(history, 9)
    assert not np.array_equal(sample.mean, whole.mean)
    np.testing.assert_allclose(sample.sum_mean(0, 9), whole.sum_mean(0, 9), rtol=0.05)
    spread = sample.sum_variance(0, 9) / whole.sum_variance(0, 9)
    assert spread.mean() == pytest.approx(1, abs=0.05)


def test_the_order_and_names_of_items_do_not_matter(table: Table) -> None:
    rng = np.random.default_rng(87)
    units = negative_binomial(rng, rng.uniform(0.1, 5, 30), 2.0, (100, 30))
    forward, backward = (fit(demand_history(table(u)), 7) for u in (units, units[:, ::-1]))
    for name in ("mean", "noise", "period_noise", "level_variance"):
        found = getattr(backward, name)[..., ::-1]
        np.testing.assert_allclose(found, getattr(forward, name), rtol=1e-4, atol=1e-7)


def test_a_fit_is_the_same_every_time(table: Table) -> None:
    history = demand_history(table(np.random.default_rng(88).poisson(1, (60, 20))))
    one, two = fit(history, 5), fit(history, 5)
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.noise, two.noise)


def test_each_item_is_fitted_for_its_own_protection_period(table: Table) -> None:
    rng = np.random.default_rng(89)
    history = demand_history(table(negative_binomial(rng, np.full(40, 4.0), 2.0, (300, 40))))
    spans = np.where(np.arange(40) < 20, 3.0, 40.0)
    mixed = fit(history, 28, spans)
    for span, half in ((3.0, slice(0, 20)), (40.0, slice(20, 40))):
        alone = fit(history, 28, span)
        np.testing.assert_array_equal(mixed.mean[:, half], alone.mean[:, half])
        np.testing.assert_array_equal(mixed.noise[half], alone.noise[half])


@pytest.mark.parametrize(
    ("wanted", "periods", "span"),
    [
        (14, 300, 14),
        (15, 300, 14),
        (16, 300, 17),
        (14, 30, 10),  # a third of the history at most
        (5, 1, 1),
        (1000, 3000, 182),
        (0.2, 300, 1),
    ],
)
def test_errors_are_measured_at_the_nearest_window(wanted: float, periods: int, span: int) -> None:
    assert fit_module._nearest_span(np.array([wanted]), periods).tolist() == [span]


def test_new_items_lean_on_their_category(table: Table) -> None:
    rng = np.random.default_rng(90)
    fast, slow = rng.poisson(5, (90, 20)), rng.poisson(0.5, (90, 20))
    launch = MONDAY + timedelta(86)
    sales = pl.concat(
        [
            table(fast, sku="fast"),
            table(slow, sku="slow"),
            table([1, 0, 0, 0], sku="new1", first=launch),
            table([1, 0, 0, 0], sku="new2", first=launch),
        ]
    )
    skus = sales["sku"].unique(maintain_order=True)
    category = skus.str.replace("new1", "fast").str.replace("new2", "slow").str.head(4)
    products = pl.DataFrame({"sku": skus, "category": category})
    model = fit(demand_history(sales, products=products), 10)
    index = {sku: i for i, sku in enumerate(model.history.items["sku"])}
    of_fast, of_slow = (model.mean[:, index[f"{sku}0000"]].mean() for sku in ("new1", "new2"))
    assert of_slow < 0.6
    assert 0.6 < of_fast < 5
    assert model.model[index["new10000"]] == "new"


def test_a_new_item_is_less_certain_than_an_old_one(table: Table) -> None:
    rng = np.random.default_rng(91)
    rate = rng.gamma(4, 1, 40)
    sales = pl.concat(
        [
            table(rng.poisson(rate, (120, 40))),
            table([4.0] * 3, sku="N", first=MONDAY + timedelta(117)),
        ]
    )
    model = fit(demand_history(sales), HORIZON)
    ratio = model.sum_variance(0, HORIZON) / model.sum_mean(0, HORIZON) ** 2
    assert ratio[0] > np.median(ratio[1:])
    assert model.history.items["sku"][0] == "N0000"


def test_a_successor_starts_with_the_level_of_its_predecessor(table: Table) -> None:
    rng = np.random.default_rng(92)
    sales = pl.concat(
        [
            table(rng.poisson(1, (100, 20))),
            table(np.full(97, 9.0), sku="OLD"),
            table([9.0] * 3, sku="NEW", first=MONDAY + timedelta(97)),
        ]
    )
    products = pl.DataFrame({"sku": ["NEW0000"], "successor_of": ["OLD0000"]})
    model = fit(demand_history(sales, products=products), 7)
    assert model.history.items["sku"][0] == "NEW0000"
    assert model.model[0] == "new"
    assert model.mean[:, 0] == pytest.approx(9, rel=0.02)


def test_an_item_that_was_nearly_never_in_stock_leans_on_its_category(table: Table) -> None:
    rng = np.random.default_rng(93)
    units = rng.poisson(4, (100, 30))
    in_stock = np.ones((100, 30))
    in_stock[5:, 0] = 0
    units[5:, 0] = 0
    model = fit(demand_history(table(units), table(in_stock, column="in_stock_share")), 7)
    assert model.model[0] == "category"
    assert model.mean[:, 0].mean() == pytest.approx(4, rel=0.2)


def test_ended_items_have_no_demand_and_change_no_other(table: Table) -> None:
    rng = np.random.default_rng(94)
    units = rng.poisson(3, (120, 30)).astype(np.float64)
    units[60:, :5] = 0
    model = fit(demand_history(table(units)), 7)
    assert model.model[:5].to_list() == ["ended"] * 5
    assert not model.mean[:, :5].any()
    assert not model.sum_variance(0, 7)[:5].any()
    assert model.mean[:, 5:].mean() == pytest.approx(3, rel=0.1)


def test_two_alike_items_do_not_spoil_a_third(table: Table) -> None:
    """Whatever the slope of the pool by chance, the spread of a busier new item stays sane."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        sales = pl.concat(
            [
                table(rng.poisson(4, 300), sku="A"),
                table(negative_binomial(rng, 4.0, 5.0, (300, 1)), sku="B"),
                table(rng.poisson(80, 9), sku="C", first=MONDAY + timedelta(291)),
            ]
        )
        model = fit(demand_history(sales), HORIZON)
        assert 0.5 < model.period_noise[2] < 50


def test_demand_of_the_year_comes_back(table: Table) -> None:
    """Three years of weeks that peak in July; as-of lies within a week in April."""
    weeks = pl.Series([MONDAY + timedelta(7 * k + 3) for k in range(190)])
    index = 1 + 0.7 * np.sin(2 * np.pi * (weeks.dt.ordinal_day().to_numpy() - 105) / 365)
    rng = np.random.default_rng(95)
    past = 120
    sales = table(rng.poisson(20 * np.repeat(index[:past, None], 60, axis=1)), step=7)
    as_of = MONDAY + timedelta(7 * past + 2)
    history = demand_history(sales, as_of=as_of)
    mean = fit(history, 30).mean.mean(axis=1)
    truth = 20 * index[past + 1 : past + 31]
    assert history.future_dates(30)[0] == MONDAY + timedelta(7 * (past + 1))
    np.testing.assert_allclose(mean, truth, rtol=0.25)
    assert np.corrcoef(mean, truth)[0, 1] > 0.97


def test_a_sum_strays_less_where_periods_even_out(table: Table) -> None:
    """A large day follows a small one: a day strays far, two weeks hardly."""
    rng = np.random.default_rng(98)
    pairs = rng.poisson(8, (100, 20))
    units = np.stack([pairs, 16 - np.minimum(pairs, 16)], axis=1).reshape(200, 20)
    model = fit(demand_history(table(units)), HORIZON)
    assert np.median(model.noise) < 0.7 * np.median(model.period_noise)
    assert (model.noise <= model.period_noise).all()


def test_whole_units_have_whole_quantiles_fractions_have_not(table: Table) -> None:
    rng = np.random.default_rng(96)
    sales = pl.concat([table(rng.poisson(3, (60, 5))), table(rng.gamma(3, 1, (60, 5)), sku="kg")])
    model = fit(demand_history(sales), 7)
    assert model.is_integer.tolist() == [True] * 5 + [False] * 5
    quantile = demand_quantile(
        0.9, model.sum_mean(0, 7), model.sum_variance(0, 7), model.is_integer
    )
    assert (quantile[:5] == np.round(quantile[:5])).all()
    assert (quantile[5:] != np.round(quantile[5:])).all()


def test_kilograms_and_grams_give_the_same_forecast(table: Table) -> None:
    rng = np.random.default_rng(97)
    units = np.where(rng.random((150, 40)) < 0.7, rng.gamma(2, 0.8, (150, 40)), 0)
    units[0, :] += 0.5
    kg, g = (fit(demand_history(table(u)), 7) for u in (units, 1000 * units))
    np.testing.assert_allclose(g.mean, 1000 * kg.mean, rtol=1e-3)
    args = (kg.sum_mean(0, 7), kg.sum_variance(0, 7), kg.is_integer)
    large = (g.sum_mean(0, 7), g.sum_variance(0, 7), g.is_integer)
    np.testing.assert_allclose(
        demand_quantile(0.9, *large), 1000 * demand_quantile(0.9, *args), rtol=0.02
    )


def test_labels_name_the_families_that_weigh() -> None:
    """Weights of the models of two seasons; the same model counts in both."""
    size = len(PORTFOLIO)
    ses, tsb, sba = (PORTFOLIO.index(name) for name in ("SES 0.1", "TSB", "SBA"))
    weight = np.zeros((2 * size, 3))
    weight[ses, 0] = 1
    weight[ses, 1], weight[tsb, 1], weight[size + sba, 1] = 0.4, 0.3, 0.3
    weight[ses, 2], weight[size, 2], weight[tsb, 2], weight[sba, 2] = 0.4, 0.35, 0.15, 0.1
    assert estimates._labels(weight, PORTFOLIO).tolist() == ["SES", "SES+TSB+SBA", "SES"]
