"""The verb ``backtest``: how good the forecast and the orders would have been."""

from __future__ import annotations

import contextlib
import functools
import logging
from typing import TYPE_CHECKING, Literal

import polars as pl

from stockout.demand.event_days import with_event_days
from stockout.demand.history import demand_history
from stockout.errors import ConfigError, NotKnownError
from stockout.forecasting.backtest import accuracy, group_labels
from stockout.forecasting.backtest_table import SCHEMA, facts
from stockout.forecasting.origins import plan_origins
from stockout.forecasting.override_value import OverrideValue
from stockout.forecasting.portfolio import fitted, portfolio
from stockout.replenishment.policy_backtest import DEFAULT_WEEKS, Target, policy_backtest
from stockout.replenishment.replay_case import Tables
from stockout.tables import conform, without_crumbs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from stockout.demand.history import History

logger = logging.getLogger(__name__)


def backtest(  # noqa: PLR0917 - the tables, in the order of the design
    sales: pl.DataFrame,
    inventory: pl.DataFrame | None = None,
    products: pl.DataFrame | None = None,
    suppliers: pl.DataFrame | None = None,
    purchases: pl.DataFrame | None = None,
    movements: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    *,
    as_of: date | None = None,
    freq: Literal["auto", "day", "week"] = "auto",
    horizon: int | None = None,
    origins: int | None = None,
    spacing: int | None = None,
    protection: Sequence[int] = (),
    models: Sequence[str] | None = None,
    time_budget: float = 0.0,
    by: Sequence[str] = (),
    replay_weeks: int = DEFAULT_WEEKS,
    lead_time_days: float | None = None,
    review_days: float | None = None,
    default_lead_time_days: float | None = None,
    default_review_days: float = 7,
    service_level: float | None = None,
    fill_rate: float | None = None,
    shortage_cost: float | None = None,
    holding_cost: float | None = None,
) -> pl.DataFrame:
    """Makes past forecasts and orders again, from what was known then, and judges them.

    The forecast is made at rolling origins and compared with what came, beside a naive and a
    seasonal naive forecast and a moving average, and beside people's corrections. The ordering
    policy is replayed over the last weeks, beside what was really held, a textbook policy and
    min/max.

    Args:
        sales: Canonical sales; required columns date, sku, units.
        inventory: Stock or in-stock flags: periods out of stock are not judged.
        products: Category, supplier, prices, lead times.
        suppliers: Lead times.
        purchases: Lead times; receipts fill stock.
        movements: What came into stock and went out of it.
        overrides: People's corrections of the forecast; those with a date are judged.
        events: Promotions, holidays and events; taken as known in advance at every origin.
        as_of: Later rows are ignored; default the last date of sales, inventory or movements.
        freq: Length of a period; ``auto`` is weekly where the sales are.
        horizon: Periods ahead; default four weeks, fewer where the history is short.
        origins: How many; default up to 13 over the last year.
        spacing: Periods between two origins; default so that what they judge does not overlap.
        protection: Lengths of sums, in periods, for which a forecast is fitted by itself, as an
            order does.
        models: Names of models, as for ``forecast``; default all fast ones.
        time_budget: Seconds that costly models may take at each origin, as for ``forecast``.
        by: Groupings beside demand class and ABC: sku, location, category, supplier, xyz.
        replay_weeks: Weeks that the ordering policy is replayed; 0 for none.
        lead_time_days: Of the replay; default what purchases, products and suppliers say.
        review_days: Days between orders in the replay, in whole weeks.
        default_lead_time_days: Where nothing tells the lead time.
        default_review_days: Where ``review_days`` is not given.
        service_level: Target of the replay: probability of no shortage in a cycle; default 0.95.
        fill_rate: Target of the replay: share of demand served from stock.
        shortage_cost: Target of the replay, with holding_cost: money per unit lost.
        holding_cost: Money per unit and week in stock.

    Returns:
        One row a figure, with the columns of :data:`stockout.forecasting.backtest_table.SCHEMA`:

        - ``what``: ``accuracy``, ``added value``, ``overrides``, ``replay``, or ``data`` for what
          was judged;
        - ``by``, ``group``: ``all``, or a group of a grouping; ``origin``; ``reason``; ``curve``;
        - ``method``: ``stockout``, or what it is compared with;
        - ``horizon``, ``ahead``: periods in the sum, and the first of them after the origin;
        - ``metric``, ``value``, ``low``, ``high`` (90 %), ``unit``;
        - ``coverage``: share of the item-periods that was judged; ``items`` and ``forecasts``.

    Raises:
        NotKnownError: The history is too short, or none of it can be judged.
        ConfigError: An argument is out of range.
        InputError: A frame lacks a required column.

    >>> from datetime import date, timedelta
    >>> days = [date(2025, 6, 30) + timedelta(i) for i in range(280)]
    >>> sales = pl.DataFrame({"date": days, "sku": "A", "units": [2.0, 4.0] * 140})
    >>> found = backtest(sales, replay_weeks=0).filter(by="all", method="stockout", horizon=28)
    >>> found.filter(metric="wape")["value"].round(2).item()
    0.0
    """
    portfolio(models)  # refused before the work
    if replay_weeks < 0:
        raise ConfigError(f"the replay has {replay_weeks} weeks, expected 0 or more")
    given = {
        "inventory": inventory,
        "products": products,
        "suppliers": suppliers,
        "purchases": purchases,
        "movements": movements,
        "events": events,
    }
    tables = Tables(
        conform(sales, "sales"),
        **{name: None if it is None else conform(it, name) for name, it in given.items()},
    )
    full = _history(tables, as_of, freq)
    plan = plan_origins(full, horizon=horizon, origins=origins, spacing=spacing)
    groups = group_labels(full, by, tables.products)
    logger.info(
        "backtest: %d origins from %s to %s, %d %ss ahead of each",
        len(plan.rows),
        plan.as_of(full, plan.rows[0]),
        plan.as_of(full, plan.rows[-1]),
        plan.horizon,
        full.freq,
    )
    corrections = None
    if overrides is not None and overrides.height:
        corrections = OverrideValue(conform(overrides, "overrides"), full, plan)
    with _told_once():
        found = accuracy(
            full,
            plan,
            lambda day: _history(tables, day, full.freq),
            fitted=functools.partial(fitted, models=models, time_budget=time_budget),
            protection=protection,
            at_origin=None if corrections is None else corrections.at_origin,
        )
    if not found.cells:
        raise NotKnownError(
            "past accuracy is not known from these data, because at no origin was an item in stock "
            "for half of the time ahead",
            hint="give more history, or a shorter --horizon",
        )
    parts = [found.frame(groups)]
    if corrections is not None:
        parts.append(corrections.frame())
    if replay_weeks:
        target = Target(service_level, fill_rate, shortage_cost, holding_cost)
        try:
            with _told_once():
                weekly = full if full.freq == "week" else _history(tables, full.as_of, "week")
                replayed = policy_backtest(
                    tables,
                    weekly,
                    target,
                    weeks=replay_weeks,
                    lead_time_days=lead_time_days,
                    review_days=default_review_days if review_days is None else review_days,
                    default_lead_time_days=default_lead_time_days,
                )
        except NotKnownError as error:  # the accuracy is known all the same
            logger.warning("%s", error.message)
            place = {"what": "replay", "by": "reason", "group": error.message}
            replayed = facts({"no_replay": (full.items.height, "items")}, **place)
        parts.append(replayed)
    return without_crumbs(pl.concat(parts).select(SCHEMA.keys()))


@contextlib.contextmanager
def _told_once() -> Iterator[None]:
    """What the data warn of was told of the whole history, and is not told again of each past."""
    package = logging.getLogger("stockout")
    level = package.level
    package.setLevel(max(level, logging.ERROR))
    try:
        yield
    finally:
        package.setLevel(level)


def _history(tables: Tables, as_of: date | None, freq: Literal["auto", "day", "week"]) -> History:
    history = demand_history(
        tables.sales,
        tables.inventory,
        tables.products,
        tables.purchases,
        tables.movements,
        as_of=as_of,
        freq=freq,
    )
    return with_event_days(history, tables.events, tables.sales)
