"""Runs of periods out of stock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockout.demand.history import demand_history
from stockout.impact.active_life import active_periods, open_orders
from stockout.impact.episodes import beyond_lead_time, episode_frame, find_episodes
from stockout.tables import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockout.demand.history import History
    from stockout.impact.episodes import Episodes

    Table = Callable[..., pl.DataFrame]
    Flags = Callable[[str], list[bool | None]]

MONDAY = date(2026, 1, 5)


def read(table: Table, flags: Flags, **signs: str) -> tuple[History, Episodes]:
    """The history and episodes of items by signs of their days; in stock they sell 2 a day."""
    sales = table(
        "units",
        **{sku: [0.0 if day == "-" else 2.0 for day in line] for sku, line in signs.items()},
    )
    stock = table("in_stock", **{sku: flags(line) for sku, line in signs.items()})
    history = demand_history(sales, stock)
    active = active_periods(history, open_orders(history, None))
    return history, find_episodes(history, active)


def rows(history: History, episodes: Episodes) -> list[tuple[object, ...]]:
    """sku, first day, days, end and begun of each."""
    frame = episode_frame(episodes, history, {})
    return frame.select(
        "sku", (pl.col("first_date") - pl.lit(MONDAY)).dt.total_days(), "days", "end", "begun"
    ).rows()


def test_runs_of_each_item(table: Table, flags: Flags) -> None:
    found = read(table, flags, A="++--+++---++", B="+-++++++++--")
    assert rows(*found) == [
        ("A", 2, 2, "restocked", True),
        ("A", 7, 3, "restocked", True),
        ("B", 1, 1, "restocked", True),
        ("B", 10, 2, "open", True),
    ]


def test_an_unknown_day_ends_an_episode_of_unknown_end(table: Table, flags: Flags) -> None:
    found = read(table, flags, A="++--??++--+", B="++?--++++++")
    assert rows(*found) == [
        ("A", 2, 2, "unknown", True),
        ("A", 8, 2, "restocked", True),
        ("B", 3, 2, "restocked", False),
    ]


def test_what_is_out_of_stock_when_the_data_begin_has_no_known_start(
    table: Table, flags: Flags
) -> None:
    sales = table("units", A=[0.0, 0.0, 2.0, 2.0])
    stock = table("in_stock", A=flags("--++"))
    products = conform(pl.DataFrame({"sku": ["A"], "active_from": [MONDAY]}), "products")
    history = demand_history(sales, stock, products)
    episodes = find_episodes(history, active_periods(history, open_orders(history, None)))
    assert rows(history, episodes) == [("A", 0, 2, "restocked", False)]


def test_a_tail_without_sale_or_order_is_open_as_far_as_it_is_active(
    table: Table, flags: Flags
) -> None:
    found = read(table, flags, A="+" * 20 + "-" * 60)
    assert rows(*found) == [("A", 20, 28, "open", True)]


def test_what_came_back_after_it_was_given_up_lapsed(table: Table, flags: Flags) -> None:
    found = read(table, flags, A="+" * 20 + "-" * 60 + "+" * 10)
    assert rows(*found) == [("A", 20, 28, "lapsed", True)]


def test_the_last_stockout_of_a_delisted_item_ended_with_it(table: Table, flags: Flags) -> None:
    history, episodes = read(table, flags, A="+" * 20 + "-" * 10 + "+" * 10 + "-" * 200)
    assert history.items["status"].to_list() == ["ended"]
    assert rows(history, episodes) == [("A", 20, 10, "restocked", True)]


def test_stock_that_ran_out_within_the_day(table: Table) -> None:
    """Stock lists at the end of the day: a day that sold and ended without is out for a part."""
    sales = table("units", A=[2.0, 2.0, 2.0, 0.0, 2.0])
    stock = table("on_hand", A=[6.0, 4.0, 0.0, 0.0, 3.0])
    history = demand_history(sales, stock)
    episodes = find_episodes(history, active_periods(history, open_orders(history, None)))
    frame = episode_frame(episodes, history, {})
    assert frame.select("days", "days_out", "end").row(0) == (2, 1.5, "restocked")


def test_days_on_which_the_shop_is_closed_lie_within_an_episode(table: Table) -> None:
    always = [1.0] * 20 + [None] + [1.0] * 20
    others = {f"I{k:02}": always for k in range(20)}
    sales = table("units", A=[1.0] * 18 + [None] * 5 + [1.0] * 18, **others)
    stock = table(
        "in_stock",
        A=[True] * 18 + [False] * 5 + [True] * 18,
        **{sku: [True] * 41 for sku in others},
    )
    history = demand_history(sales, stock)
    episodes = find_episodes(history, active_periods(history, open_orders(history, None)))
    assert rows(history, episodes) == [("A", 18, 5, "restocked", True)]
    assert episodes.t.tolist() == [18, 19, 21, 22]  # nothing was wanted on day 20


def test_no_stockouts(table: Table, flags: Flags) -> None:
    history, episodes = read(table, flags, A="++++++")
    assert episodes.number == 0
    assert episode_frame(episodes, history, {}).height == 0
    assert episodes.sums(np.empty(0)).tolist() == []


@pytest.mark.parametrize(
    ("signs", "lead_time", "ordered", "not_counted"),
    [
        ("++++----------", 4.0, False, 6),
        ("++++----------", 4.0, True, 0),  # what is on its way will be sold
        ("++++----------", 28.0, False, 0),
        ("++++------++++", 4.0, False, 0),  # it was restocked, so it was wanted throughout
        ("++++----------", 0.0, False, 9),  # at least one period
    ],
)
def test_an_open_episode_counts_for_one_lead_time(
    table: Table, flags: Flags, *, signs: str, lead_time: float, ordered: bool, not_counted: int
) -> None:
    history, episodes = read(table, flags, A=signs)
    beyond = beyond_lead_time(episodes, history, np.array([lead_time]), np.array([ordered]))
    assert beyond.sum() == not_counted
    assert not beyond[: beyond.size - not_counted].any()


def test_the_lead_time_of_weeks_is_rounded_up() -> None:
    weeks = pl.Series([MONDAY + timedelta(7 * k) for k in range(8)])
    sales = pl.DataFrame({"date": weeks, "sku": "A", "units": [5.0] * 4 + [0.0] * 4})
    stock = pl.DataFrame({"date": weeks, "sku": "A", "in_stock": [True] * 4 + [False] * 4})
    history = demand_history(sales, stock)
    episodes = find_episodes(history, active_periods(history, open_orders(history, None)))
    beyond = beyond_lead_time(episodes, history, np.array([10.0]), np.array([False]))
    assert beyond.tolist() == [False, False, True, True]


def test_every_run_is_found(simulated_history: tuple[History, Episodes]) -> None:
    """By walking through the days of every item, one after the other."""
    history, episodes = simulated_history
    active = active_periods(history, open_orders(history, None))
    found = set()
    for item in range(history.items.height):
        run: list[int] = []
        for t in range(history.periods):
            out = bool(active[t, item] and history.share[t, item] < 1)
            if run and not out and history.open[t, item]:
                found.add((item, run[0], run[-1], len(run)))
                run = []
            if out:
                run.append(t)
        if run:
            found.add((item, run[0], run[-1], len(run)))
    counts = np.bincount(episodes.of)
    columns = (
        episodes.item[episodes.first],
        episodes.t[episodes.first],
        episodes.t[episodes.last],
        counts,
    )
    assert {tuple(row) for row in np.stack(columns, axis=1).tolist()} == found
    assert len(found) == episodes.number > 100
