"""The replay against plays worked out by hand, its rules, and the reorder list played over time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockout.errors import ConfigError
from stockout.replenishment.reorder import reorder
from stockout.replenishment.replay import Figures, Play, Setting, State, replay
from stockout.replenishment.replay_policies import (
    min_max,
    reorder_policy,
    shared_season,
    tables_of,
    textbook,
    weeks_of_cover,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stockout.replenishment.replay import Policy

MONDAY = date(2025, 1, 6)


def setting(demand: ArrayLike, start: int, **changed: Any) -> Setting:  # noqa: ANN401
    """Items A, B, ... with the columns of ``demand``; 10 on hand, nothing coming."""
    wanted = np.asarray(demand, dtype=float)
    items = wanted.shape[1]
    lead_time = changed.pop("lead_time", 2)
    given: dict[str, Any] = {
        "in_stock": np.ones(wanted.shape, dtype=bool),
        "stock": np.full(items, 10.0),
        "coming": np.zeros((lead_time, items)),
        "lead_time": lead_time,
        **changed,
    }
    names = pl.DataFrame({"sku": [chr(65 + i) for i in range(items)], "location": "ALL"})
    return Setting(names, MONDAY, "week", wanted, start=start, **given)


def always(units: float) -> Policy:
    return lambda _, state: np.full(state.stock.size, units)


def state_of(play: Setting) -> State:
    """What a policy sees at the first review."""
    seen: list[State] = []

    def look(_: date, state: State) -> NDArray[np.float64]:
        seen.append(state)
        return np.zeros(state.stock.size)

    replay(play, look)
    return seen[0]


def test_a_play_worked_out_by_hand() -> None:
    # 10 on hand, 4 wanted a week; 3 ordered at the end of each week, there two weeks later
    play = replay(setting(np.full((8, 1), 4.0), start=2, coming=[[1.0], [0.0]]), always(3))
    assert play.left.ravel().tolist() == [6, 3, 0, 0, 0, 0]  # 1 comes after the first week
    assert play.sold.ravel().tolist() == [4, 4, 3, 3, 3, 3]
    assert play.lost.ravel().tolist() == [0, 0, 1, 1, 1, 1]
    figures = play.figures()  # without the two weeks that no order could change
    assert figures == Figures(0.0, 0.75, 4.0, 0.0, 4.0, 0.0, 4)
    assert play.figures(first=0).holding_cost == pytest.approx(0.2 * 9)
    assert play.figures(first=0, last=2).cost == pytest.approx(0.2 * 9)
    assert play.cost().ravel().tolist() == pytest.approx([1.2, 0.6, 1, 1, 1, 1])


@pytest.mark.parametrize("lead_time", [0, 1, 3])
def test_nothing_comes_from_nowhere_and_nothing_gets_lost(lead_time: int) -> None:
    rng = np.random.default_rng(2)
    demand = rng.poisson(3, (40, 6)).astype(float)
    start = setting(demand, 10, lead_time=lead_time, review=2)
    orders = rng.poisson(8, (40, 6)).astype(float)
    play = replay(start, lambda as_of, _: orders[(as_of - MONDAY).days // 7])
    assert ((play.ordered > 0).any(axis=1) == (np.arange(30) % 2 == 0)).all()
    np.testing.assert_array_equal(play.sold + play.lost, demand[10:])
    arrived = play.ordered[: 30 - lead_time - 1].sum(axis=0)  # before the last week begins
    np.testing.assert_array_equal(10 + arrived, play.sold.sum(axis=0) + play.left[-1])
    assert (play.left >= 0).all()
    assert (play.left[play.lost > 0] == 0).all()


def test_a_policy_sees_what_it_sold_and_not_what_was_wanted() -> None:
    demand = np.array([[2.0, np.nan], [5.0, 3.0], [30.0, 1.0], [7.0, 9.0]])
    seen: list[tuple[date, State]] = []

    def look(as_of: date, state: State) -> NDArray[np.float64]:
        seen.append((as_of, state))
        return np.zeros(2)

    replay(setting(demand, start=2), look)
    (first, early), (last, late) = seen
    assert (first, last) == (date(2025, 1, 26), date(2025, 2, 2))
    np.testing.assert_array_equal(early.sold, [[2, np.nan], [5, 3], [10, 1]])
    assert early.in_stock[2].tolist() == [False, True]
    assert late.sold[3].tolist() == [0, 9]
    assert late.in_stock[3].tolist() == [False, True]
    assert np.isnan(early.demand_seen[2]).tolist() == [True, False]
    assert early.stock.tolist() == [0, 9]


def test_an_order_is_seen_on_its_way_until_it_is_there() -> None:
    seen: list[list[float]] = []

    def once(_: date, state: State) -> NDArray[np.float64]:
        seen.append([*state.coming[:, 0].tolist(), state.position[0]])
        return np.array([7.0 if len(seen) == 1 else 0.0])

    play = replay(setting(np.zeros((6, 1)), start=2), once)
    assert seen == [[0, 0, 10], [7, 0, 17], [0, 0, 17], [0, 0, 17]]
    assert play.left.ravel().tolist() == [10, 10, 10, 17]


def test_what_cannot_be_played_is_said() -> None:
    with pytest.raises(ConfigError, match="starts at period 4, expected one of 1 to 3"):
        setting(np.zeros((4, 1)), start=4)
    with pytest.raises(ConfigError, match="review of 0 periods cannot be"):
        setting(np.zeros((4, 1)), start=2, review=0)


def test_the_rules_order_up_to_their_levels() -> None:
    rng = np.random.default_rng(6)
    demand = np.column_stack([rng.poisson(20, 60), rng.gamma(4, 5, 60), np.zeros(60)]).astype(float)
    state = state_of(setting(demand, start=58, stock=np.full(3, 30.0)))
    demand = state.sold
    last, year = demand[-13:].mean(axis=0), demand[-52:]
    cover = 4 * last - state.position
    found = weeks_of_cover(4)(MONDAY, state)
    assert found.tolist() == pytest.approx([round(cover[0]), cover[1], 0])
    z = 0.967421566  # the quantile at 1 / 1.2
    safe = 3 * year.mean(axis=0) + z * year.std(axis=0, ddof=1) * 3**0.5 - state.position
    assert textbook()(MONDAY, state).tolist() == pytest.approx([round(safe[0]), safe[1], 0])
    least = min_max()(MONDAY, state)
    assert least[0] == round(5 * last[0] - state.position[0])  # below three weeks: up to five
    plenty = State(state.setting, state.sold, state.in_stock, state.stock + 60, state.coming)
    assert min_max()(MONDAY, plenty).tolist() == [0, 0, 0]


def test_masked_rules_do_not_take_an_empty_shelf_for_low_demand() -> None:
    demand = np.full((16, 1), 10.0)
    state = state_of(setting(demand, start=14, stock=np.array([4.0])))
    assert state.sold[-1, 0] == 4
    masked, plain = (weeks_of_cover(4, masked=m)(MONDAY, state)[0] for m in (True, False))
    assert masked == 40
    assert plain == round(4 * (12 * 10 + 4) / 13)


def test_the_shared_season_finds_its_peak() -> None:
    week = np.arange(120)
    season = np.where(week % 52 == 40, 3.0, 1.0)
    state = state_of(setting(np.outer(season, [10.0, 40.0]), start=118, stock=np.full(2, 1e4)))
    index, ahead = shared_season(state, 30)
    assert index.size == 119
    assert ahead.argmax() in {24, 25, 26}  # row 144
    assert index[40] == pytest.approx(5 / 3, rel=0.1)  # smoothed over three weeks
    short = state_of(setting(np.ones((40, 1)), start=30))
    assert set(np.concatenate(shared_season(short, 4)).tolist()) == {1.0}


def test_tables_say_what_was_known() -> None:
    demand = np.array([[np.nan], [6.0], [3.0], [30.0], [1.0]])
    start = setting(demand, start=3, coming=[[0.0], [5.0]])
    tables = tables_of(date(2025, 2, 2), state_of(start))
    assert tables["sales"]["units"].to_list() == [6, 3, 10]
    assert tables["sales"]["date"].to_list() == [
        date(2025, 1, 13),
        date(2025, 1, 20),
        date(2025, 1, 27),
    ]
    flags = tables["inventory"].drop_nulls("in_stock")
    assert flags["in_stock"].to_list() == [True, True, False]
    assert flags["on_hand"].null_count() == 3
    counted = tables["inventory"].drop_nulls("on_hand")
    assert counted.select("date", "on_hand").rows() == [(date(2025, 2, 2), 0)]
    coming = tables["purchases"].select("order_date", "promised_date", "ordered_units").rows()
    assert coming == [(date(2025, 1, 26), date(2025, 2, 9), 5)]


def test_the_reorder_list_is_what_is_played() -> None:
    rng = np.random.default_rng(3)
    demand = rng.poisson([1.0, 6.0, 30.0], (34, 3)).astype(float)
    start = setting(demand, start=31, stock=np.array([3.0, 18.0, 90.0]))
    seen: list[tuple[date, State]] = []
    policy = reorder_policy()

    def look(as_of: date, state: State) -> NDArray[np.float64]:
        seen.append((as_of, state))
        return policy(as_of, state)

    play = replay(start, look)
    for k, (as_of, state) in enumerate(seen):
        tables = tables_of(as_of, state)
        lines = reorder(
            tables["sales"], tables["inventory"], purchases=tables["purchases"], as_of=as_of,
            freq="week", lead_time_days=14, review_days=7, shortage_cost=1, holding_cost=0.2,
        )  # fmt: skip
        assert lines.sort("sku")["order_qty"].to_list() == play.ordered[k].tolist()
        assert (lines["target"] == "cost 1:0.2").all()
        assert lines.sort("sku")["position"].to_list() == state.position.tolist()
    assert play.ordered.sum() > 0


def test_targets_can_be_given() -> None:
    demand = np.random.default_rng(8).poisson(5, (30, 1)).astype(float)
    state = state_of(setting(demand, start=28))
    low, high = (
        reorder_policy(service_level=level)(date(2025, 7, 27), state)[0] for level in (0.5, 0.99)
    )
    assert low < high


def test_the_same_play_twice() -> None:
    demand = np.random.default_rng(8).poisson(5, (30, 2)).astype(float)
    plays: list[Play] = [replay(setting(demand, start=20), textbook()) for _ in range(2)]
    np.testing.assert_array_equal(plays[0].ordered, plays[1].ordered)
