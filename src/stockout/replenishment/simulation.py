"""The verb ``simulate``: what a target, a lead time, a demand or a failing supplier would cost.

Not to be confused with :mod:`stockout.simulator`, which makes sample data. This takes the user's
own items as they stand, draws their demand from the forecast, and lets the ordering rule of
``stockout reorder`` run through it: :mod:`stockout.replenishment.stock_walk`.

The same days are walked twice. ``next`` starts from the stock and the open purchases of as-of: what
will happen, surplus and gaps of today included. ``long run`` starts as if the policy had been in
force for long: what a target costs once today's stock has been worked off.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, get_args

import numpy as np
import polars as pl

from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.demand.periods import DAYS_PER_PERIOD
from stockout.errors import ConfigError
from stockout.forecasting.portfolio import fitted, portfolio
from stockout.replenishment.class_targets import class_levels
from stockout.replenishment.constraints import with_order_limits
from stockout.replenishment.inputs import Tables, conformed, up_to
from stockout.replenishment.scenarios import TODAY, Scenario, check_targets
from stockout.replenishment.simulation_figures import figures_frame
from stockout.replenishment.simulation_lines import (
    simulation_lines,
    warn_of_cut_lead_times,
    with_money,
)
from stockout.replenishment.simulation_stand import GROUPS, MOST_AHEAD, group_rows, stand_of
from stockout.replenishment.simulation_targets import named_rows, tried_targets
from stockout.replenishment.targets import Unmet, with_targets
from stockout.replenishment.what_if import Draws, what_if

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date
    from typing import Literal

    from numpy.typing import NDArray

    from stockout.demand.history import History
    from stockout.forecasting.demand_model import DemandModel

    Matrix = NDArray[np.float64]

logger = logging.getLogger(__name__)

TARGETS = (0.8, 0.9, 0.95, 0.98, 0.99)
"""Targets that are tried where none are named: the range that shops choose from."""

HORIZON_DAYS = 182
"""Days that are simulated: half a year, so that slow movers are ordered a few times."""

PATHS = 100
"""Futures of each item. Standard errors tell whether they are enough."""

HOLDING_RATE = 0.2
"""Cost of holding a unit for a year, as a share of its cost, where nobody says: an assumption, the
20 % of the examples in Chopra and Meindl, *Supply Chain Management*, on cycle inventory."""


def simulate(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    orders: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    targets: Sequence[float] | None = None,
    scenarios: Sequence[Scenario] = (),
    by: str = "none",
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    lead_time_days: float | None = None,
    review_days: float | None = None,
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    unmet: Unmet = "lost",
    service_level: float | None = None,
    fill_rate: float | None = None,
    shortage_cost: float | None = None,
    holding_cost: float | None = None,
    class_targets: Mapping[str, float] | None = None,
    order_cost: float | None = None,
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
    holding_rate: float = HOLDING_RATE,
    horizon_days: int = HORIZON_DAYS,
    paths: int = PATHS,
    seed: int = 0,
) -> pl.DataFrame:
    """Simulates what targets and changes of the world come to, from as-of on.

    Each item's demand is drawn from the demand model of the forecast. The ordering rule is that of
    :func:`stockout.reorder` (:mod:`stockout.replenishment.order_rule` says how near it comes), with
    its lead times, reviews, minimum orders, packs and maximum stock. Items that are no longer sold,
    and those without a known lead time, are left out; those without a known stock are in the long
    run only. Not in the picture: that forecasts are revised on the way, prices, budgets, minimum
    values of suppliers, shelf life, and that another item may sell where one is missing.

    Args:
        sales: Canonical sales (see :mod:`stockout.tables`).
        inventory: Stock on hand.
        products: Costs, prices, lead times, targets and order limits.
        suppliers: Lead times, review periods, names.
        purchases: What is on its way; received ones measure lead times.
        orders: Customer orders: overdue open ones are taken off the stock.
        movements: Rolls a stock figure that is older than as-of forward.
        events: Promotions, holidays and events, also planned ones, as in ``reorder``.
        targets: Targets to try beside today's; default :data:`TARGETS`. They are fill rates where
            ``fill_rate`` is today's, else cycle service levels.
        scenarios: Changes to try beside today, each under every target.
        by: What rows are told apart by: none, sku, location, category or supplier.
        as_of: As in :func:`stockout.reorder`, like all up to time_budget: how things are today.
        freq: Length of a period.
        lead_time_days: Lead time of all items, days.
        review_days: Days between reviews of all items.
        default_lead_time_days: Where no source knows the lead time, days.
        default_review_days: Where no source knows the review period, days.
        unmet: Demand that finds no stock is ``lost``, or served later (``backorder``).
        service_level: Today's target for all items.
        fill_rate: Today's target for all items.
        shortage_cost: Today's target for all items, with holding_cost: money per unit short.
        holding_cost: Money per unit and period (of ``freq``).
        class_targets: Today's service level by category or ABC class.
        order_cost: Money per order of an item. Orders in lots are not simulated: a warning says so.
        models: Names of the models that forecast.
        time_budget: Seconds that costly models may take.
        holding_rate: Cost of holding a unit for a year as a share of its cost, where no holding
            cost is known.
        horizon_days: Days to simulate.
        paths: Futures of each item, 2 or more.
        seed: Of the draws; the same seed gives the same answer.

    Returns:
        A row for each scenario (``today`` first), window (``next`` from today's stock, ``long run``
        as if the policy had always been in force), target and group. Columns: scenario, window,
        target (its text, ``as configured`` where items differ), level (0-1, null where items
        differ), is_today, the column of ``by``, items, days; then each with its Monte Carlo
        standard error (``..._se``): cycle_service_level (share of replenishment cycles without a
        unit short), fill_rate (share of demand served), average_stock_units and average_stock_value
        (at unit cost, of the days' ends), and over all days demand_units, lost_units, lost_revenue
        (at the selling price), holding_cost, cost (holding, and shortage_cost, else price less
        cost, for each unit short) and orders; then ``..._change`` to today's row of the same window
        and group; then items_without_cost and items_without_price, which are left out of the money.
        Money is null where it is known of no item. Under ``backorder`` lost_units are served late,
        and lost_revenue is null. A scenario in which a supplier fails has no long run.

    Raises:
        NotKnownError: There are no sales, no item has a lead time, or no item can be simulated.
        ConfigError: An argument is out of range, or a scenario names an unknown supplier.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2026, 1, 5) + timedelta(i) for i in range(84)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 4.0] * 42})
    >>> stock = pl.DataFrame({"date": days[-1:], "sku": "A", "on_hand": 30.0})
    >>> frame = simulate(sales, stock, lead_time_days=7, targets=[0.8, 0.99], paths=20)
    >>> long_run = frame.filter(pl.col("window") == "long run")
    >>> long_run["target"].to_list(), long_run["average_stock_units"].is_sorted()
    (['CSL 80 %', 'CSL 95 %', 'CSL 99 %'], True)
    """
    _check(targets, by, unmet, holding_rate, horizon_days, paths)
    portfolio(models)  # refused before the work
    tables = conformed(
        sales,
        inventory,
        products=products,
        suppliers=suppliers,
        purchases=purchases,
        orders=orders,
        movements=movements,
        events=events,
    )
    history = demand_history(
        tables.sales,
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        as_of=as_of,
        freq=freq,
    )
    history = with_event_days(history, tables.events, tables.sales)
    tables = up_to(tables, history.as_of)
    lines = simulation_lines(
        tables,
        history,
        lead_time_days=lead_time_days,
        default_lead_time_days=default_lead_time_days,
        review_days=review_days,
        default_review_days=default_review_days,
    )
    length = DAYS_PER_PERIOD[history.freq]
    lines = with_targets(
        lines,
        tables.products,
        period_days=length,
        unmet=unmet,
        service_level=service_level,
        fill_rate=fill_rate,
        shortage_cost=shortage_cost,
        holding_cost=holding_cost,
        order_cost=order_cost,
        classes=class_levels(lines, history, class_targets) if class_targets else None,
    )
    by_cost = lines.filter(pl.col("target_kind") == "cost").height
    if by_cost and unmet == "lost":
        logger.warning(
            "%s items aim at the least cost: they are simulated at the newsvendor level, which "
            "orders more than the reorder list does where lead times are long (docs/simulate.md)",
            f"{by_cost:,}",
        )
    if order_cost:
        logger.warning("order costs: what they add to an order is not simulated, nor their sum")
    lines = with_order_limits(lines, tables.products)
    lines = with_money(
        lines,
        tables.products,
        length,
        shortage_cost=shortage_cost,
        holding_cost=holding_cost,
        holding_rate=holding_rate,
    )
    tried = tried_targets(lines, targets or TARGETS, by_fill_rate=fill_rate is not None)
    worlds = [Scenario(), *(each for each in dict.fromkeys(scenarios) if each.name != TODAY)]
    warn_of_cut_lead_times(lines, worlds)
    names = _supplier_names(tables)
    outages = [each.outage_days(lines["supplier_id"].to_list(), names) for each in worlds]
    fitting = partial(fitted, models=models, time_budget=time_budget)
    model = _fit(history, lines, worlds, horizon_days, fitting)
    groups = group_rows(lines, by)
    stand = stand_of(lines, model, groups, horizon_days, unmet)
    found = what_if(stand, tried.targets, worlds, outages, Draws(horizon_days, paths, seed, unmet))
    frames = []
    for (index, window), (sums, known) in found.items():
        today = {
            name: values[[tried.today]] for name, values in found[0, window][0].paths(known).items()
        }
        frames.append(
            figures_frame(sums, today, known)
            .filter(pl.col("items") > 0)
            .with_columns(scenario=pl.lit(worlds[index].name), window=pl.lit(window))
        )
    return named_rows(pl.concat(frames), tried, groups)


def _check(  # noqa: PLR0917 - as simulate
    targets: Sequence[float] | None,
    by: str,
    unmet: str,
    holding_rate: float,
    horizon_days: int,
    paths: int,
) -> None:
    check_targets(targets or ())
    if by not in GROUPS:
        raise ConfigError(f"by is {by!r}, expected one of {', '.join(GROUPS)}")
    if unmet not in get_args(Unmet):
        raise ConfigError(f"unmet is {unmet!r}, expected one of {', '.join(get_args(Unmet))}")
    if not 0 <= holding_rate < float("inf"):
        raise ConfigError(f"the holding rate is {holding_rate:g} a year, expected 0 or more")
    if not 1 <= horizon_days <= 3650:
        raise ConfigError(f"the horizon is {horizon_days} days, expected 1 to 3650")
    if paths < 2:
        raise ConfigError(f"paths is {paths}, expected 2 or more: one path tells no error")


def _supplier_names(tables: Tables) -> dict[str, str]:
    if tables.suppliers is None:
        return {}
    return dict(tables.suppliers.select("supplier_id", "name").drop_nulls().iter_rows())


def _fit(
    history: History,
    lines: pl.DataFrame,
    worlds: Sequence[Scenario],
    horizon_days: int,
    fitting: Callable[..., DemandModel],
) -> DemandModel:
    """The demand model, its spread measured over today's protection period of each item."""
    length = DAYS_PER_PERIOD[history.freq]
    lead_time, review = (lines[name].to_numpy() for name in ("lead_time_days", "review_days"))
    protection = np.full(history.items.height, length, dtype=np.float64)
    protection[lines["item"].to_numpy()] = lead_time + review
    longest = max(
        float((each.lead_time.of(lead_time) if each.lead_time else lead_time).max())
        + float(each.review_days or review.max())
        for each in worlds
    )
    ahead = horizon_days + min(longest, MOST_AHEAD)
    return fitting(history, horizon=int(np.ceil(ahead / length)), protection=protection / length)
