"""Stock walked forward, against results that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from stockout.replenishment.order_rule import Demand, Levels, Targets, Terms, order_levels
from stockout.replenishment.safety_stock import periodic_fill_rate
from stockout.replenishment.stock_walk import (
    Start,
    Supply,
    Walked,
    _Walker,
    arrival_chances,
    draw_arrivals,
    draw_demand,
    draw_levels,
    starting_stock,
    walk,
)
from stockout.replenishment.two_bounds import LessTable

ONE, NONE = np.ones(1), np.full(1, np.nan)
WHOLE = np.array([True])
NO_BOUND = 1e6
NOTHING_LESS = LessTable(np.zeros((1, 1, 17)), np.ones((1, 1)))
SIGMAS = 4  # standard errors within which a simulation meets what is known


def base_stock(
    level: float,
    rate: float,
    lead_time: int,
    *,
    days: int,
    paths: int,
    review: int = 1,
    unmet: str = "lost",
) -> Walked:
    """Poisson demand under an order-up-to level, after a warm-up of a tenth."""
    warm_up = days // 10 // review * review
    rng = np.random.default_rng(11)
    demand = draw_demand(np.full((days, 1), rate), np.ones((1, paths)), ONE, WHOLE, rng)
    reviews = np.arange(0, days, review)
    levels = np.full((reviews.size, 2, 1, 1), float(level))
    levels[:, 1] = NO_BOUND  # the order-up-to rule alone
    walker = _Walker(
        demand,
        Start(np.full((1, 1, 1), float(level)), None, warm_up),
        Terms(np.array([lead_time]), 0 * ONE, review, NONE, NONE, NONE),
        Levels(np.zeros((2, 1), dtype=np.int64), levels, [NOTHING_LESS]),
        np.broadcast_to((reviews + lead_time)[:, None, None], (reviews.size, 1, paths)),
        WHOLE,
        "backorder" if unmet == "backorder" else "lost",
    )
    return walker.run()


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean over paths and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))


@pytest.mark.parametrize(
    ("lead_time", "shortage_cost", "level", "cost"),
    [(1, 4, 12, 4.1628), (2, 4, 16, 4.6386), (2, 9, 19, 6.3163), (2, 19, 21, 7.8421)],
)
def test_lost_sales_base_stock(
    lead_time: int, shortage_cost: float, level: float, cost: float
) -> None:
    # Zipkin (2008): Poisson demand of 5, holding cost 1.
    walked = base_stock(level, 5, lead_time, days=300, paths=300)
    paths = (walked.held + shortage_cost * walked.short)[0, 0] / 270
    mean, error = mean_and_error(paths)
    assert error < 0.04
    assert mean == pytest.approx(cost, abs=SIGMAS * error)


@pytest.mark.parametrize(("level", "load", "lost"), [(5, 3, 0.1100543), (8, 5, 0.0700479)])
def test_one_for_one_under_lost_sales_is_erlang_b(level: int, load: float, lost: float) -> None:
    lead_time = 60  # a day is a sixtieth of it, so reviews are almost continuous
    walked = base_stock(level, load / lead_time, lead_time, days=3000, paths=60)
    mean, error = mean_and_error(walked.short[0, 0] / walked.demand[0].mean())
    assert error < 0.01
    assert mean == pytest.approx(lost, abs=SIGMAS * error)


@pytest.mark.parametrize("level", [12.0, 15.0])
def test_periodic_review_with_backorders_meets_the_exact_fill_rate(level: float) -> None:
    # Demand of a Poisson 1 a day over a lead time of 6 and a review of 3 days.
    walked = base_stock(level, 1.0, 6, days=900, paths=60, review=3, unmet="backorder")
    mean, error = mean_and_error(1 - walked.short[0, 0] / walked.demand[0].mean())
    exact = float(periodic_fill_rate(level, 6, 6, 9, 9, is_integer=True))
    assert error < 0.005
    assert mean == pytest.approx(exact, abs=SIGMAS * error)


def test_units_are_neither_made_nor_lost() -> None:
    rng = np.random.default_rng(5)
    items, days, paths = 4, 120, 6
    whole = np.array([True, True, False, False])
    rate = np.array([0.2, 3.0, 1.5, 8.0])
    mean = np.tile(rate, (days, 1))
    demand = draw_demand(mean, np.ones((items, paths)), np.full(items, 2.0), whole, rng)
    chances = arrival_chances(Supply(np.full(items, 9.0), np.array([0.0, 3.0, 0.0, 3.0])))
    reviews = np.arange(0, days, 5)
    due = draw_arrivals(chances, rng.random((days + len(chances), items, paths)), reviews)
    arriving = np.zeros((40, items))
    arriving[3], arriving[30] = 7.0, 2.0
    none = np.full(items, np.nan)
    terms = Terms(np.full(items, 9), np.zeros(items), 5, none, np.array([1, 6, 2.5, np.nan]), none)
    expected = Demand(np.vstack([0 * rate, np.cumsum(mean, axis=0)]), np.full(items, 2.0),
                      np.zeros(items), whole)  # fmt: skip
    both = np.zeros((2, items), dtype=np.bool_)
    targets = Targets(np.repeat([[0.8], [0.98]], items, axis=1), both, ~both)
    received = []

    class Watched(_Walker):
        """Keeps what is ordered and arrives within the days."""

        def _order(self, day: int) -> np.ndarray:
            quantity = super()._order(day)
            received.append(np.where(self.due[day // 5] < days, quantity, 0.0))
            return quantity

    levels = order_levels(expected, terms, targets, reviews, "lost")
    start = Start(np.full((1, items, 1), 10.0), arriving, 0)
    walker = Watched(demand, start, terms, levels, due, whole, "lost")
    walked = walker.run()
    came = 10.0 + 9.0 + sum(received)
    assert walker.stock == pytest.approx(came - (walked.demand - walked.short))
    assert walked.short[0].sum() > walked.short[1].sum() > 0
    same = walk(demand, start, terms, levels, due, whole=whole, unmet="lost")
    assert np.array_equal(same.short, walked.short)
    assert np.array_equal(walked.cycles, np.full(items, 23))  # days 9 to 119 hold 22 whole ones


def test_levels_and_demand_have_the_moments_of_the_model() -> None:
    rng = np.random.default_rng(3)
    paths = 20_000
    noise, variance = np.array([2.5, 0.4, 1.7]), np.array([0.05, 0.0, 0.1])
    whole = np.array([True, True, False])
    mean = np.tile([2.0, 1.0, 3.0], (10, 1))
    total = draw_demand(mean, draw_levels(variance, paths, rng), noise, whole, rng).sum(axis=0)
    expected = np.array([20.0, 10.0, 30.0])
    of_sum = np.array([2.5, 1.0, 1.7]) * expected + variance * expected**2  # at least Poisson
    assert total.mean(axis=1) == pytest.approx(expected, rel=0.02)
    assert total.var(axis=1) == pytest.approx(of_sum, rel=0.06)
    assert np.array_equal(total[:2], np.round(total[:2]))


@pytest.mark.parametrize(("mean", "sd"), [(10.0, 3.0), (17.0, 8.0), (4.0, 1.0)])
def test_random_lead_times_keep_their_distribution_and_never_overtake(
    mean: float, sd: float
) -> None:
    rng = np.random.default_rng(2)
    chances = arrival_chances(Supply(np.array([mean]), np.array([sd])))
    placed_on = np.arange(0, 70, 7)
    due = draw_arrivals(chances, rng.random((70 + len(chances), 1, 4000)), placed_on)
    took = due - placed_on[:, None, None]
    error = sd / np.sqrt(4000)  # orders of one path are not independent
    assert took.mean() == pytest.approx(mean, abs=SIGMAS * error)
    assert took.std() == pytest.approx(sd, rel=0.04)
    assert (np.diff(due, axis=0) >= 0).all()


def test_certain_lead_times_are_rounded_to_days() -> None:
    chances = arrival_chances(Supply(np.array([0.0, 2.6]), np.zeros(2)))
    due = draw_arrivals(chances, np.full((20, 2, 1), 0.5), np.array([0, 7]))
    assert due[:, :, 0].tolist() == [[0, 3], [7, 10]]


def test_packs_start_anywhere_between_two_orders() -> None:
    terms = Terms(np.array([7]), 0 * ONE, 7, NONE, np.array([12.0]), np.array([20.0]))
    stock = starting_stock(np.array([[5.0], [0.0]]), terms, WHOLE, np.random.default_rng(1), 500)
    assert set(stock[0, 0].tolist()) == set(range(5, 17))
    assert (stock[1] == 0).all()
