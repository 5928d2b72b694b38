"""The projection against brute force, published policies, and what must never happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockout.forecasting.distribution import demand_quantile
from stockout.replenishment.position import Arrivals
from stockout.replenishment.projection import Plan, avoided_loss, project

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from stockout.forecasting.demand_model import DemandModel
    from stockout.replenishment.projection import Projection
    from stockout.replenishment.targets import Unmet

    MakeModel = Callable[..., DemandModel]


def plan(
    stock: ArrayLike,
    *,
    lead_time: ArrayLike = 2.0,
    lead_time_sd: ArrayLike = 0.0,
    review: ArrayLike = 1.0,
    level: ArrayLike = 0.9,
    kind: str = "cost",
    periods: ArrayLike = (),
    units: ArrayLike = (),
) -> Plan:
    stock, lead_time, lead_time_sd, review, level = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(x, float))
            for x in (stock, lead_time, lead_time_sd, review, level)
        )
    )
    n = stock.size
    when, how_many = np.asarray(periods, float), np.asarray(units, float)
    shape = (n, when.shape[-1])
    return Plan(
        stock,
        Arrivals(np.broadcast_to(when, shape), np.broadcast_to(how_many, shape)),
        lead_time,
        lead_time_sd,
        review,
        level,
        np.full(n, kind == "fill_rate"),
        np.full(n, kind == "service_level"),
    )


def demand_of(rng: np.random.Generator, mean: float, case: dict[str, Any], a: float) -> float:
    """One random demand with mean a * mean and the case's variance-to-mean ratio."""
    if mean * a == 0:
        return 0.0
    noise = case["noise"]
    if not case["is_integer"]:
        return float(rng.gamma(a * mean / noise, noise))
    if noise == 1:
        return float(rng.poisson(a * mean))
    return float(rng.negative_binomial(a * mean / (noise - 1), 1 / noise))


def brute_force(case: dict[str, Any], runs: int, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    """Walks one future after another, event by event; unlike the code in every respect."""
    rng = np.random.default_rng(seed)
    lead, end = case["lead_time"], case["lead_time"] + case["review"]
    events = sorted([*((t, q) for t, q in case["arrivals"] if t < end), (lead, 0.0), (end, 0.0)])
    lost, lost_before, needed = np.zeros(runs), np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        a = rng.gamma(1 / case["level_variance"], case["level_variance"])
        now, stock = 0.0, case["stock"]
        cycle: list[tuple[float, float]] = []  # (demand, arrival) of the last cycle
        for when, units in events:
            wanted = demand_of(rng, (when - now) * case["mean"], case, a)
            short = max(wanted - stock, 0.0)
            lost[run] += short
            if when <= lead:
                lost_before[run] += short
            else:
                cycle.append((wanted, units))
            stock = max(stock - wanted, 0.0) + units
            now = when
            if when == lead:
                at_lead = stock
        # the smallest order that leaves no shortage in the last cycle, by trying
        balance, worst = at_lead, np.inf
        for wanted, units in cycle:
            balance -= wanted
            worst = min(worst, balance)
            balance += units
        needed[run] = -worst
    return {"lost": lost, "lost_before": lost_before, "needed": np.sort(needed)}


CASES: list[dict[str, Any]] = [
    {"mean": 3.0, "noise": 1.0, "level_variance": 0.05, "stock": 4.0, "arrivals": []},
    {"mean": 8.0, "noise": 2.5, "level_variance": 0.2, "stock": 9.0, "arrivals": [(0.7, 10.0)]},
    {"mean": 8.0, "noise": 2.5, "level_variance": 0.2, "stock": 9.0, "arrivals": [(2.4, 10.0)]},
    {
        "mean": 40.0,
        "noise": 6.0,
        "level_variance": 0.03,
        "stock": 60.0,
        "arrivals": [(0.5, 30.0), (2.0, 20.0), (2.5, 9.0)],
    },
    {
        "mean": 5.0,
        "noise": 1.5,
        "level_variance": 0.1,
        "stock": 6.5,
        "arrivals": [(1.0, 4.25)],
        "is_integer": False,
    },
]


@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_brute_force(case: dict[str, Any], make_model: MakeModel) -> None:
    case = {"lead_time": 2.0, "review": 1.0, "is_integer": True, **case}
    runs = 8_000
    truth = brute_force(case, runs, seed=11)
    model = make_model(
        case["mean"], case["noise"], case["level_variance"], is_integer=case["is_integer"]
    )
    when, units = zip(*case["arrivals"], strict=True) if case["arrivals"] else ((), ())
    for level in (0.5, 0.8333, 0.95):
        start = plan(case["stock"], level=level, periods=when, units=units, kind="service_level")
        result = project(model, start)
        order = result.needed[0]
        # the order meets the target and one unit (or a bit) less does not, within sampling error
        step = 1.0 if case["is_integer"] else 0.1 * case["mean"]
        met = np.searchsorted(truth["needed"], order, side="right") / runs
        less = np.searchsorted(truth["needed"], order - step, side="right") / runs
        assert met >= level - 0.015
        assert order == 0 or less <= level + 0.015
    assert result.stockout_risk[0] == pytest.approx((truth["lost"] > 0).mean(), abs=0.015)
    assert result.short_units[0] == pytest.approx(truth["lost"].mean(), rel=0.05)
    assert result.short_before_arrival[0] == pytest.approx(
        truth["lost_before"].mean(), rel=0.05, abs=0.02
    )


def test_without_lead_time_it_is_the_newsvendor(make_model: MakeModel) -> None:
    # reference row 5: Poisson 50, costs .18 and .70: S = 56
    result = project(make_model(50.0), plan(20.0, lead_time=0.0, level=0.70 / 0.88))
    assert result.needed[0] == 56 - 20
    assert result.enough[0] == 56


@pytest.mark.parametrize("kind", ["service_level", "cost"])
@pytest.mark.parametrize("mean", [0.02, 0.3, 6.0, 150.0])
def test_enough_is_the_quantile_of_demand_over_lead_time_and_review(
    mean: float, kind: str, make_model: MakeModel
) -> None:
    model = make_model(mean, 1.4, 0.05)
    result = project(model, plan(0.0, level=0.95, kind=kind))
    exact = demand_quantile(0.95, 3 * mean, model.sum_variance(0, 3)[0], is_integer=True)
    if kind == "service_level":
        # moments of a gamma mixture of negative binomials, not its shape: one percent
        assert abs(result.enough[0] - exact) <= max(1, 0.015 * exact)
    else:  # what is left over stays longer than the cycle, and one in which nobody comes is free
        assert 0.85 * exact - 2 <= result.enough[0] <= exact + 1


@pytest.mark.parametrize("kind", ["service_level", "cost", "fill_rate"])
def test_nothing_is_needed_from_the_position_that_is_enough(
    kind: str, make_model: MakeModel
) -> None:
    mean = np.repeat([0.05, 0.4, 2.0, 9.0, 70.0], 2)
    model = make_model(mean, 1.7, 0.1)
    enough = project(model, plan(np.zeros(10), kind=kind)).enough
    below = np.where(np.arange(10) % 2 == 0, 0.0, 1.0)
    needed = project(model, plan(np.maximum(enough - below, 0), kind=kind)).needed
    assert (needed[below == 0] == 0).all()
    assert (needed[(below == 1) & (enough > 0)] > 0).all()


def test_a_service_level_does_not_leave_a_slow_mover_without_stock(make_model: MakeModel) -> None:
    # .05 a week: nobody comes in 95.1 % of the weeks, but in 14 % of the three-week periods
    model = make_model(0.05)
    assert project(model, plan(0.0, level=0.95, kind="service_level")).needed[0] == 1
    assert project(model, plan(0.0, level=0.95, kind="cost")).needed[0] == 0


def test_a_fill_rate_is_met_in_the_last_cycle(make_model: MakeModel) -> None:
    case = {
        "mean": 6.0, "noise": 2.0, "level_variance": 0.1, "stock": 7.0, "arrivals": [],
        "lead_time": 2.0, "review": 1.0, "is_integer": True,
    }  # fmt: skip
    truth = brute_force(case, 8_000, seed=3)["needed"]
    order = project(make_model(6.0, 2.0, 0.1), plan(7.0, level=0.97, kind="fill_rate")).needed[0]
    lost_share = [np.maximum(truth - q, 0).mean() / 6.0 for q in (order, order - 1)]
    assert lost_share[0] <= 0.03 + 0.004
    assert lost_share[1] >= 0.03 - 0.004


def test_owed_units_are_served_first_and_never_lost(make_model: MakeModel) -> None:
    # no demand: 4 owed, 3 on the way; one unit is missing whatever the target
    result = project(make_model(0.0), plan(-4.0, periods=[[1.0]], units=[[3.0]]))
    assert result.needed[0] == 1
    assert result.short_units[0] == 0


def test_backorders_accumulate_and_lost_sales_do_not(make_model: MakeModel) -> None:
    model = make_model(10.0)
    stock = plan(0.0, periods=[[1.0]], units=[[10.0]])
    lost, later = (project(model, stock, unmet).short_units[0] for unmet in ("lost", "backorder"))
    # lost: the first week's 10, then what the second and third exceed 10; late: all but 10 served
    assert lost == pytest.approx(20, abs=0.3)
    assert later > lost + 5


def test_random_lead_time_widens_the_need_as_the_formula_says(make_model: MakeModel) -> None:
    # plenty of stock, so nothing is lost and the backorder formula holds: variance + (mean sd)**2
    model = make_model(100.0, is_integer=False)
    order = project(
        model, plan(250.0, lead_time=2.0, lead_time_sd=0.5, level=0.9, kind="service_level")
    ).needed[0]
    expected = demand_quantile(0.9, 300.0, 300.0 + (100 * 0.5) ** 2, is_integer=False) - 250
    assert order == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("kind", ["service_level", "cost", "fill_rate"])
def test_items_do_not_influence_each_other(kind: str, make_model: MakeModel) -> None:
    rng = np.random.default_rng(2)
    n = 150
    mean, noise, spread = rng.gamma(1, 8, n), 1 + rng.gamma(1, 1, n), rng.gamma(1, 0.1, n)
    whole = rng.random(n) < 0.7
    when = np.sort(np.where(rng.random((n, 3)) < 0.5, rng.uniform(0, 3, (n, 3)), np.inf), axis=1)
    units = np.where(np.isfinite(when), 5.0, 0.0)
    stock, lead = np.floor(rng.uniform(0, 30, n)), rng.choice([1.0, 2.0, 2.5], n)
    units[when >= (lead + 1)[:, None]] = 0
    when[when >= (lead + 1)[:, None]] = np.inf

    def run(rows: np.ndarray[Any, Any]) -> Projection:
        model = make_model(mean[rows], noise[rows], spread[rows], is_integer=whole[rows])
        start = plan(
            stock[rows], lead_time=lead[rows], periods=when[rows], units=units[rows], kind=kind
        )
        return project(model, start)

    together, part = run(np.arange(n)), run(np.arange(0, n, 7))
    for whole_run, part_run in zip(together, part, strict=True):
        np.testing.assert_array_equal(whole_run[::7], part_run)


def test_avoided_loss_is_the_difference_that_the_order_makes(make_model: MakeModel) -> None:
    model = make_model(np.full(3, 8.0), 2.0, 0.1)
    stock = plan(np.full(3, 10.0))
    nothing, some, plenty = avoided_loss(model, stock, np.array([0.0, 5.0, 500.0]))
    result = project(model, stock)
    assert nothing == 0
    assert 0 < some < plenty
    assert plenty == pytest.approx(result.short_units[0] - result.short_before_arrival[0])


# -- what must never happen ------------------------------------------------------------------------

demands = st.fixed_dictionaries(
    {
        "mean": st.floats(0.01, 60),
        "noise": st.floats(1.0, 8.0),
        "level_variance": st.floats(0.0, 0.6),
        "is_integer": st.booleans(),
    }
)
kinds = st.sampled_from(["service_level", "cost", "fill_rate"])
unmets: st.SearchStrategy[Unmet] = st.sampled_from(["lost", "backorder"])
often = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(make_model: MakeModel, demand: dict[str, Any], times: int) -> DemandModel:
    return make_model(
        np.full(times, demand["mean"]),
        demand["noise"],
        demand["level_variance"],
        is_integer=demand["is_integer"],
    )


@often
@given(demand=demands, kind=kinds, stock=st.floats(-5, 150), when=st.floats(0, 2.9))
def test_need_does_not_fall_with_the_target(
    make_model: MakeModel, demand: dict[str, Any], kind: str, stock: float, when: float
) -> None:
    levels = np.array([0.3, 0.5, 0.7, 0.8333, 0.9, 0.95, 0.98, 0.99, 0.999])
    model = same(make_model, demand, levels.size)
    result = project(model, plan(stock, level=levels, kind=kind, periods=[[when]], units=[[7.0]]))
    assert (np.diff(result.needed) >= -1e-9).all()
    assert (np.diff(result.enough) >= -1e-6).all()


@often
@given(demand=demands, kind=kinds, when=st.floats(0, 2.9), level=st.floats(0.3, 0.99))
def test_need_does_not_fall_with_less_stock(
    make_model: MakeModel, demand: dict[str, Any], kind: str, when: float, level: float
) -> None:
    stock = np.concatenate([np.arange(-3, 12), np.linspace(12, 200, 12)])[::-1]
    model = same(make_model, demand, stock.size)
    result = project(model, plan(stock, level=level, kind=kind, periods=[[when]], units=[[7.0]]))
    assert (np.diff(result.needed) >= -1e-9).all()
    assert (np.diff(result.stockout_risk) >= 0).all()
    assert (np.diff(result.short_units) >= -1e-9).all()


@often
@given(demand=demands, kind=kinds, stock=st.floats(0, 150), level=st.floats(0.3, 0.99))
def test_need_does_not_fall_with_a_longer_lead_time(
    make_model: MakeModel, demand: dict[str, Any], kind: str, stock: float, level: float
) -> None:
    days = np.arange(0, 36)
    model = same(make_model, demand, days.size)
    result = project(model, plan(stock, lead_time=days / 7, level=level, kind=kind))
    assert (np.diff(result.needed) >= -1e-9).all()


@often
@given(demand=demands, kind=kinds, stock=st.floats(0, 150), unmet=unmets)
def test_risks_and_losses_are_possible(
    make_model: MakeModel, demand: dict[str, Any], kind: str, stock: float, unmet: Unmet
) -> None:
    result = project(same(make_model, demand, 1), plan(stock, kind=kind), unmet)
    assert 0 <= result.risk_before_arrival[0] <= result.stockout_risk[0] <= 1
    assert 0 <= result.short_before_arrival[0] <= result.short_units[0]
    assert result.short_units[0] <= 3.2 * demand["mean"] + 0.05  # demand of three weeks, about
    assert result.needed[0] >= 0


# -- the best policies of the literature -----------------------------------------------------------


@pytest.mark.parametrize(
    ("lead_time", "penalty", "optimal", "within"),
    [
        (1, 4, 4.0407, 0.01),
        (2, 4, 4.3953, 0.005),
        (2, 9, 6.0936, 0.005),
        (2, 19, 7.6644, 0.005),
    ],
)
def test_costs_of_zipkins_lost_sales_system(
    lead_time: int, penalty: float, optimal: float, within: float, make_model: MakeModel
) -> None:
    # reference row 23: Poisson 5, h 1, lost sales; optimal cost by value iteration. Base stock is
    # 3.0, 5.5, 3.7 and 2.3 % over it. The order of every state is computed once, then the
    # stationary cost by iterating the distribution of states.
    top, pipe = 32, 16
    pipes = pipe if lead_time == 2 else 1
    on_hand, coming = np.repeat(np.arange(top), pipes), np.tile(np.arange(pipes), top)
    model = make_model(np.full(on_hand.size, 5.0))
    order = project(
        model,
        plan(
            on_hand, lead_time=lead_time, level=penalty / (penalty + 1),
            periods=np.ones((on_hand.size, 1)), units=coming[:, None],
        ),
    ).needed.astype(int).reshape(top, -1)  # fmt: skip
    demand = np.arange(top)
    probability = np.exp(-5 + demand * np.log(5) - np.cumsum(np.log(np.maximum(demand, 1))))
    left = np.maximum(np.arange(top)[:, None] - demand, 0)
    short = np.maximum(demand - np.arange(top)[:, None], 0)
    cost_of = (left + penalty * short) @ probability
    state = np.zeros(order.shape)
    state[5, 0] = 1.0
    for _ in range(300):
        following = np.zeros_like(state)
        for x, q in np.argwhere(state > 1e-12):
            if lead_time == 1:
                after = np.minimum(left[x] + order[x, q], top - 1)
                np.add.at(following, (after, 0), state[x, q] * probability)
            else:
                after = np.minimum(left[x] + q, top - 1)
                np.add.at(following, (after, min(order[x, q], pipe - 1)), state[x, q] * probability)
        state = following
    cost = state.sum(axis=1) @ cost_of / state.sum()
    assert optimal * 0.999 <= cost <= optimal * (1 + within)


def test_a_target_above_what_the_futures_tell_apart_is_reported(
    make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    project(make_model([5.0, 5.0]), plan([0.0, 0.0], level=[0.999, 0.99]))
    assert not caplog.records
    project(make_model([5.0, 5.0]), plan([0.0, 0.0], level=[0.9999, 0.99]))
    assert caplog.messages == [
        "1 items aim above 99.9 %, but 1,021 futures of demand tell no more than that apart"
    ]
