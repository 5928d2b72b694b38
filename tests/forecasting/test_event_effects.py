"""Effects of promotions, holidays and events, on demand with known ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from tests.forecasting.conftest import MONDAY

from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.forecasting.event_effects import event_effects
from stockout.forecasting.fit import fit
from stockout.forecasting.forecast import forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.event_effects import Effects


def told(rows: Sequence[int], name: str = "Sale", **columns: str) -> pl.DataFrame:
    """Events on days after the first one."""
    frame = pl.DataFrame({"date": [MONDAY + timedelta(days=row) for row in rows]})
    return frame.with_columns(name=pl.lit(name), **{k: pl.lit(v) for k, v in columns.items()})


def poisson(items: int, days: int, rate: float, seed: int = 5) -> NDArray[np.float64]:
    return np.random.default_rng(seed).poisson(rate, (days, items)).astype(float)


def seen_effects(past: History, horizon: int) -> Effects:
    """Effects where some are known."""
    effects = event_effects(past, horizon)
    assert effects is not None
    return effects


PAST_WEEKS = (*range(70, 77), *range(154, 161), *range(238, 245))


@pytest.fixture(scope="module")
def promoted(table: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    """Twelve items of mean 8; S0000 to S0005 sell 2.5 times as much in three weeks."""
    units = poisson(12, 245, 8.0)
    rng = np.random.default_rng(6)
    units[list(PAST_WEEKS), :6] = rng.poisson(20.0, (21, 6))
    return table(units)


def promotions(ahead: Sequence[int] = (), skus: int = 6) -> pl.DataFrame:
    """Promotions of S0000, S0001, ... in the past weeks and on days ahead."""
    rows = (*PAST_WEEKS, *ahead)
    parts = [told(rows, kind="promotion", sku=f"S{k:04}") for k in range(skus)]
    return pl.concat(parts)


def test_a_past_promotion_does_not_raise_the_base(promoted: pl.DataFrame) -> None:
    plain = forecast(promoted, horizon=14)
    aware = forecast(promoted, events=promotions(), horizon=14)
    for frame, low, high in ((plain, 9.0, 20.0), (aware, 7.2, 8.8)):
        mean = frame.filter(pl.col("sku") < "S0006")["mean"].mean()
        assert isinstance(mean, float)
        assert low < mean < high


def test_a_planned_promotion_multiplies_its_days_alone(promoted: pl.DataFrame) -> None:
    aware = forecast(promoted, events=promotions(ahead=range(252, 259)), horizon=28)
    mean = aware.filter(pl.col("sku") < "S0006").group_by("date").agg(pl.col("mean").mean())
    path = mean.sort("date")["mean"].to_numpy()
    assert path[7:14].mean() / path[:7].mean() == pytest.approx(2.5, abs=0.25)
    assert path[14:].mean() == pytest.approx(path[:7].mean(), rel=0.15)
    label = dict(aware.select("sku", "model").unique().iter_rows())
    assert label["S0000"].endswith("+events")
    assert not label["S0011"].endswith("+events")


def test_an_item_without_a_promotion_so_far_gets_the_effect_of_the_others(
    promoted: pl.DataFrame,
) -> None:
    events = pl.concat([promotions(), told([250], kind="promotion", sku="S0011")])
    history = with_event_days(demand_history(promoted), events)
    effects = seen_effects(history, 14)
    assert effects.factor[245 + 5, 11] == pytest.approx(2.5, abs=0.3)
    seen = seen_effects(with_event_days(demand_history(promoted), promotions([250])), 14)
    assert effects.error[5, 11] >= seen.error[5, :6].max()


def test_what_is_unsure_of_an_effect_widens_its_days(promoted: pl.DataFrame) -> None:
    model = fit(with_event_days(demand_history(promoted), promotions(ahead=[250])), horizon=14)
    plain = replace(model, effects=None, level_variance=model.level_variance * 0)
    more = model.period_variance() - plain.period_variance()
    assert (more[5, :6] > more[4, :6]).all()


def test_a_category_promotion_is_of_its_items_alone(promoted: pl.DataFrame) -> None:
    products = pl.DataFrame(
        {"sku": [f"S{k:04}" for k in range(12)], "category": ["tea"] * 6 + ["coffee"] * 6}
    )
    events = told((*PAST_WEEKS, 250), kind="promotion", category="tea")
    effects = seen_effects(with_event_days(demand_history(promoted, products=products), events), 14)
    assert effects.factor[250, :6] == pytest.approx(2.5, abs=0.4)
    assert (effects.factor[:, 6:] == 1).all()


def test_a_holiday_is_known_by_name_on_another_date(table: Callable[..., pl.DataFrame]) -> None:
    units = poisson(30, 400, 4.0)
    units[40] = poisson(30, 1, 1.0, 7)[0]
    units[394] = poisson(30, 1, 1.0, 8)[0]
    sales = table(units)
    events = pl.concat(
        [
            told([40], "Lunar New Year 2024"),
            told([394], "lunar new year (2025)"),
            told([405], "Lunar new year 2026"),
        ]
    )
    effects = seen_effects(with_event_days(demand_history(sales), events), 14)
    assert effects.factor[405] == pytest.approx(0.25, abs=0.1)
    found = forecast(sales, events=events, horizon=14)
    path = found.group_by("date").agg(pl.col("mean").mean()).sort("date")["mean"]
    assert path[5] / path[6] == pytest.approx(0.25, abs=0.1)


def test_a_shop_that_was_closed_on_a_holiday_sells_nothing_on_the_next(
    table: Callable[..., pl.DataFrame],
) -> None:
    units = poisson(30, 200, 4.0)
    units[[40, 120]] = 0
    effects = seen_effects(
        with_event_days(demand_history(table(units)), told([40, 120, 205], "Feast")), 14
    )
    assert effects.factor[205] == pytest.approx(0.0, abs=0.02)


def test_events_that_do_nothing_have_no_effect(table: Callable[..., pl.DataFrame]) -> None:
    rng = np.random.default_rng(3)
    units = rng.poisson(6.0 * rng.gamma(50, 1 / 50, (300, 1)) * np.ones(20))
    events = pl.concat(
        [told(rng.integers(0, 310, 8).tolist(), f"Event {name}") for name in "ABCDEF"]
    )
    effects = seen_effects(with_event_days(demand_history(table(units)), events), 14)
    assert np.abs(effects.factor - 1).max() < 0.1


def test_a_week_gets_the_part_of_its_days(table: Callable[..., pl.DataFrame]) -> None:
    units = poisson(20, 120, 40.0)
    for week in (20, 45, 70, 95):
        units[week] = np.random.default_rng(week).poisson(40 * (1 + 3 / 7 * 1.0), 20)
    days = [7 * week + day for week in (20, 45, 70, 95) for day in (2, 3, 4)]
    events = pl.concat([told(days, "Fair"), told(range(7 * 122, 7 * 123), "Fair")])
    effects = seen_effects(with_event_days(demand_history(table(units, step=7)), events), 4)
    assert effects.factor[45].mean() == pytest.approx(1 + 3 / 7, abs=0.06)
    assert effects.factor[122].mean() == pytest.approx(2.0, abs=0.15)


def test_without_a_plan_promotions_stay_in_the_demand(table: Callable[..., pl.DataFrame]) -> None:
    units = poisson(8, 210, 6.0)
    rows = [list(range(7 * k, 7 * k + 7)) for k in range(30)]
    parts = []
    for item in range(8):
        mine = [row for k in range(item, 30, 4) for row in rows[k]]
        units[mine, item] *= 2
        parts.append(told(mine, kind="promotion", sku=f"S{item:04}"))
    sales, events = table(units), pl.concat(parts)
    plain, aware = (forecast(sales, events=each, horizon=14) for each in (None, events))
    assert aware.equals(plain)
    events = pl.concat([events, told([215], kind="promotion", sku="S0000")])
    planned = forecast(sales, events=events, horizon=14)
    path = planned.filter(sku="S0005")["mean"]
    assert path[-1] / path[0] == pytest.approx(1.25, abs=0.07)


def test_no_events_are_the_same_bytes(promoted: pl.DataFrame) -> None:
    plain = forecast(promoted, horizon=7)
    flagged = promoted.with_columns(on_promo=pl.col("date") < MONDAY + timedelta(days=20))
    none = told([], kind="promotion")
    for sales, events in ((flagged, None), (promoted, none), (promoted, told([-50], "Feast"))):
        assert forecast(sales, events=events, horizon=7).equals(plain)


def test_flags_of_sales_add_to_a_plan(promoted: pl.DataFrame) -> None:
    weeks = [MONDAY + timedelta(days=row) for row in PAST_WEEKS]
    flagged = promoted.with_columns(
        on_promo=pl.col("date").is_in(weeks) & (pl.col("sku") < "S0006")
    )
    plan = told([250], kind="promotion", sku="S0003")
    effects = seen_effects(with_event_days(demand_history(flagged), plan, flagged), 14)
    assert effects.factor[250, 3] == pytest.approx(2.5, abs=0.4)
    assert effects.factor[PAST_WEEKS[0], 2] == pytest.approx(2.5, abs=0.4)


def test_costly_models_see_demand_without_events(promoted: pl.DataFrame) -> None:
    pytest.importorskip("statsforecast")
    events = promotions(ahead=range(252, 259))
    found = forecast(promoted, events=events, horizon=14, models=["theta"])
    path = found.filter(sku="S0001")["mean"].to_numpy()
    assert path[7:].mean() / path[:7].mean() == pytest.approx(2.5, abs=0.4)
