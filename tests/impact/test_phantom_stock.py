"""Stock of the books that was not on the shelf."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from stockout.demand.history import demand_history
from stockout.impact import phantom_stock as module
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.phantom_stock import PhantomStock, phantom_stock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from stockout.demand.history import History

    Table = Callable[..., pl.DataFrame]

MONDAY = date(2026, 1, 5)
POISSON = np.inf


def search(
    history: History, k: float = POISSON, profile: np.ndarray | None = None, **settings: float
) -> PhantomStock:
    active = active_periods(history, open_orders(history, None))
    return phantom_stock(history, active, np.full(history.items.height, k), profile, **settings)


def stocked(table: Table, **units: Sequence[float]) -> History:
    """Items that always have stock by the books."""
    stock = {sku: [9.0] * len(values) for sku, values in units.items()}
    return demand_history(table("units", **units), table("on_hand", **stock))


def test_a_run_without_sales_until_as_of(table: Table) -> None:
    found = search(stocked(table, A=[2.0] * 60 + [0.0] * 14, B=[2.0] * 74))
    assert found.runs.select("sku", "first_date", "last_date", "periods", "lasts").rows() == [
        ("A", MONDAY + timedelta(60), MONDAY + timedelta(73), 14, True)
    ]
    assert found.runs["expected_units"].to_list() == [28.0]
    assert found.t.tolist() == list(range(60, 74))
    assert found.units.tolist() == [2.0] * 14


def test_a_run_that_is_over(table: Table) -> None:
    found = search(stocked(table, A=[2.0] * 60 + [0.0] * 20 + [2.0] * 20))
    assert found.runs.select("periods", "lasts").rows() == [(20, False)]


def test_the_probability_of_a_poisson_item(table: Table) -> None:
    """Level gamma with 110 units in 55 days: (1 + 2 n / 110) ** -110 for n days without a sale."""
    found = search(stocked(table, A=[2.0] * 60 + [0.0] * 14))
    shape = 2.0 * 56
    by_units = (1 + 28 / shape) ** -shape
    # all of the 56 days before had a sale: Jeffreys' prior leaves a little for none
    by_days = stats.betabinom.pmf(14, 14, 0.5, 56.5)
    assert found.runs["p_value"].item() == pytest.approx(max(by_units, by_days), rel=1e-9)


def test_lumpy_demand_is_not_surprising(table: Table) -> None:
    """Ten units every tenth day: ten days without a sale are usual, whatever the mean says."""
    lumps = ([10.0] + [0.0] * 9) * 10
    assert search(stocked(table, A=lumps + [0.0] * 15)).runs.is_empty()
    assert search(stocked(table, A=lumps + [0.0] * 200)).runs.height == 1


def test_a_slow_item_has_to_be_silent_for_long(table: Table) -> None:
    weekly = ([1.0] + [0.0] * 6) * 20
    assert search(stocked(table, A=weekly + [0.0] * 21)).runs.is_empty()
    assert search(stocked(table, A=weekly + [0.0] * 30)).runs.is_empty()  # under 5 units expected


def test_five_units_have_to_be_expected(table: Table) -> None:
    history = stocked(table, A=[2.4] * 60 + [0.0] * 2)  # 4.8 units
    assert search(history).runs.is_empty()
    assert search(history, least_expected=4.0).runs.height == 1


def test_a_run_out_of_stock_or_unknown_is_none(table: Table) -> None:
    units = [2.0] * 60 + [0.0] * 14
    for tail in ([0.0] * 14, [None] * 14):
        sales = table("units", A=units, B=[2.0] * 74)
        stock = table("on_hand", A=[9.0] * 60 + tail, B=[9.0] * 74)
        assert search(demand_history(sales, stock)).runs.is_empty()


def test_the_profile_says_when_little_is_wanted(table: Table) -> None:
    """Out of season, no sale for a month is no surprise."""
    history = stocked(table, A=[2.0] * 60 + [0.0] * 30)
    assert search(history).runs.height == 1
    season = np.ones(history.units.shape)
    season[60:] = 0.01
    assert search(history, profile=season).runs.is_empty()


def test_a_new_item_is_not_judged(table: Table) -> None:
    assert search(stocked(table, A=[2.0] * 20 + [0.0] * 30, B=[1.0] * 50)).runs.is_empty()


def test_blocks_of_items_make_no_difference(
    simulated_history: tuple[History, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = simulated_history[0]
    units = history.units.copy()
    units[-40:, ::4] = 0
    share = history.share.copy()
    share[-60:, ::4] = 1
    changed = history.__class__(**{**history.__dict__, "units": units, "share": share})
    whole = search(changed, 2.0)
    assert whole.runs.height > 2
    monkeypatch.setattr(module, "_BLOCK", 7 * history.periods)
    blocks = search(changed, 2.0)
    assert blocks.runs.equals(whole.runs)
    assert np.array_equal(blocks.units, whole.units)


def test_an_honest_business_has_none(simulated_history: tuple[History, object]) -> None:
    assert search(simulated_history[0], 1.0).runs.is_empty()


def test_the_variance_of_a_sum_holds_the_error_of_the_level(table: Table) -> None:
    found = search(stocked(table, A=[2.0] * 60 + [0.0] * 14, B=[2.0] * 60 + [0.0] * 14))
    cells = np.arange(28)
    one = np.ones(28)
    item = found.item.astype(np.int64)
    each = found.variance(cells, one, item, 2)
    error = 1 / (2 * 56)  # of a Poisson level, squared and relative
    assert each == pytest.approx([28 + 28**2 * error] * 2)
    assert found.variance(cells, one, item * 0, 1) == pytest.approx([each.sum()])
    assert found.variance(cells, 3 * one, item, 2) == pytest.approx(9 * each)


def test_discoveries_of_benjamini_and_hochberg() -> None:
    """The example of their paper of 1995: four of fifteen hypotheses fall at 5 %."""
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0]
    )  # fmt: skip
    assert module._discoveries(p, 15, 0.05).sum() == 4
    assert module._discoveries(p[::-1], 15, 0.05).tolist() == [False] * 11 + [True] * 4
    assert not module._discoveries(p, 15, 1e-6).any()
    assert module._discoveries(np.empty(0), 0, 0.05).size == 0
