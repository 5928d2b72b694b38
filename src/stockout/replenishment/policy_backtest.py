"""Replays the ordering policy over the last weeks of the history, beside simple ones and what was.

Stock is reviewed on Sundays and everything is counted in weeks. All policies, and what was really
held, are judged by the same demand; :mod:`stockout.replenishment.replay_case` says by which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from stockout.errors import ConfigError
from stockout.forecasting.backtest_table import SCHEMA, facts
from stockout.forecasting.scores import Interval, Ratio, ratio, within
from stockout.replenishment.newsvendor import critical_ratio_lost_sales
from stockout.replenishment.replay import Play, replay
from stockout.replenishment.replay_case import Terms, replay_case
from stockout.replenishment.replay_policies import min_max, reorder_policy, textbook
from stockout.replenishment.targets import DEFAULT_SERVICE_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockout.demand.history import History
    from stockout.replenishment.replay import Matrix, Policy, Setting
    from stockout.replenishment.replay_case import Case, Tables

DEFAULT_WEEKS = 13
"""Weeks that are replayed: a quarter, up to as-of."""

OURS = "stockout reorder"
TEXTBOOK = "textbook"
MIN_MAX = "min/max"
HELD = "really held"

TEXTBOOK_LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Cycle service levels at which the textbook policy is played besides: its curve."""
EXTRA_WEEKS = (0, 1, 2, 3, 4, 6)
"""Weeks of the maximum beyond the minimum at which min/max is played besides: its curve."""

_USUAL_EXTRA = 2  # weeks between minimum and maximum of the min/max policy that is compared
_WINDOW = 52  # weeks that the textbook policy looks back
_ON_CURVE = ("fill_rate", "lost_units", "mean_stock", "mean_stock_value", "cost")


class Target(NamedTuple):
    """What stock is aimed at, as :func:`stockout.replenishment.reorder.reorder` takes it."""

    service_level: float | None = None
    fill_rate: float | None = None
    shortage_cost: float | None = None
    holding_cost: float | None = None

    @property
    def by_cost(self) -> bool:
        """Whether money is counted."""
        return self.shortage_cost is not None and self.holding_cost is not None

    def given(self) -> dict[str, float]:
        """The arguments that are not None; the default service level where there is none."""
        told = {name: value for name, value in self._asdict().items() if value is not None}
        return told or {"service_level": DEFAULT_SERVICE_LEVEL}

    def level(self, review: int) -> float:
        """The cycle service level at which the textbook policy aims for the same.

        >>> Target(shortage_cost=1, holding_cost=0.2).level(1).__round__(3), Target().level(1)
        (0.833, 0.95)
        """
        told = self.given()
        if self.by_cost:
            costs = told["shortage_cost"], told["holding_cost"]
            return float(critical_ratio_lost_sales(*costs, review))
        return told.get("service_level") or told["fill_rate"]


def policy_backtest(
    tables: Tables,
    weekly: History,
    target: Target,
    *,
    weeks: int = DEFAULT_WEEKS,
    lead_time_days: float | None = None,
    review_days: float = 7,
    default_lead_time_days: float | None = None,
) -> pl.DataFrame:
    """What ``stockout reorder`` would have held and lost, beside other policies.

    Order limits (minimum orders, packs, maximum stock) are left out: policies are compared.

    Args:
        tables: Canonical tables.
        weekly: The history with hindsight, by week.
        target: What stock is aimed at.
        weeks: Weeks to play up to the end of the history; those of the first lead time are the same
            for all policies and do not count.
        lead_time_days: Lead time of all items; default what purchases, products and suppliers say:
            that within which half of the demand can be ordered.
        review_days: Days between orders, in whole weeks.
        default_lead_time_days: Where nothing tells the lead time.

    Returns:
        Rows of the backtest's table, ``what`` is ``replay``. Of each method ``fill_rate``,
        ``service_level`` (share of item-weeks in which nobody was sent away), ``lost_units``,
        ``lost_revenue``, ``mean_stock`` (units), ``mean_stock_value`` (at unit cost), with a cost
        target ``cost``; of the others ``lost_units_saved``, ``mean_stock_saved``, ``cost_saved``:
        by which share ``stockout reorder`` has less. ``by`` is ``curve`` for the simple policies
        at other targets. Intervals are over items.

    Raises:
        NotKnownError: The history is too short, or no lead time is known.
        ConfigError: An argument is out of range.
    """
    if weeks < 1:
        raise ConfigError(f"the replay has {weeks} weeks, expected at least 1")
    if (target.shortage_cost is None) != (target.holding_cost is None):
        missing = "holding" if target.holding_cost is None else "shortage"
        raise ConfigError(
            f"a cost target needs the {missing} cost too", hint=f"give --{missing}-cost"
        )
    costs = target.shortage_cost or 1.0, target.holding_cost or 1.0
    terms = Terms(weeks, lead_time_days, default_lead_time_days, review_days, *costs)
    case = replay_case(tables, weekly, terms)
    setting = case.setting
    protection = setting.lead_time + setting.review
    plays = {
        OURS: replay(setting, reorder_policy(**_ours(tables, target))),
        TEXTBOOK: replay(setting, textbook(_WINDOW, target.level(setting.review))),
        MIN_MAX: replay(setting, min_max(least=protection, most=protection + _USUAL_EXTRA)),
    }
    if case.held is not None:
        lost = np.nan_to_num(setting.demand[setting.start :]) - case.sold
        nothing = np.zeros_like(lost)
        plays[HELD] = Play(setting, case.sold, lost.clip(0), case.held.clip(0), nothing)
    parts = [*_facts(case, target, weeks)]
    for method, play in plays.items():
        found = _figures(case, play, target)
        if method != OURS:
            found |= _saved(case, plays[OURS], play, target)
        parts.append(_rows(found, {"by": "all", "group": "all", "method": method}))
    stock = _figures(case, plays[OURS], target)["mean_stock"].value
    for method, policies in _curves(setting).items():
        curve = {
            at: _figures(case, replay(setting, policy), target) for at, policy in policies.items()
        }
        for at, found in curve.items():
            shown = {name: found[name] for name in _ON_CURVE if name in found}
            parts.append(_rows(shown, {"by": "curve", "group": at, "method": method}))
        served = _served_from(stock, curve.values())
        parts.append(_rows(served, {"by": "all", "group": "all", "method": method}))
    return pl.concat(parts)


def _ours(tables: Tables, target: Target) -> dict[str, Any]:
    columns = ["sku", "category", "active_from", "successor_of"]
    products = {} if tables.products is None else {"products": tables.products.select(columns)}
    events = {} if tables.events is None else {"events": tables.events}
    return {**products, **events, **target.given()}


def _curves(setting: Setting) -> dict[str, dict[str, Policy]]:
    """The simple policies at several targets, the least stock first."""
    least = setting.lead_time + setting.review
    return {
        TEXTBOOK: {f"{100 * level:g} %": textbook(_WINDOW, level) for level in TEXTBOOK_LEVELS},
        MIN_MAX: {
            f"{least} to {least + extra} weeks": min_max(least=least, most=least + extra)
            for extra in EXTRA_WEEKS
        },
    }


class _Figure(NamedTuple):
    value: float
    low: float
    high: float
    unit: str
    items: int


def _figures(case: Case, play: Play, target: Target) -> dict[str, _Figure]:
    """Figures of the weeks after the first lead time."""
    setting = case.setting
    rows = slice(setting.lead_time, None)
    lost, left = play.lost[rows].sum(axis=0), play.left[rows].mean(axis=0)
    sold = play.sold[rows].sum(axis=0)
    weeks = np.full(lost.size, float(len(play.lost[rows])))
    served = (play.lost[rows] <= 0).sum(axis=0).astype(np.float64)
    found = {
        "fill_rate": _share(Ratio(sold, sold + lost), most=1),
        "service_level": _share(Ratio(served, weeks), most=1),
        "lost_units": _total(lost, "units"),
        "lost_revenue": _total(lost * case.price, "money"),
        "mean_stock": _total(left, "units"),
        "mean_stock_value": _total(left * case.cost, "money"),
    }
    if target.by_cost:
        found["cost"] = _total(_cost(play), "money")
    return {name: figure for name, figure in found.items() if figure.items}


def _saved(case: Case, ours: Play, theirs: Play, target: Target) -> dict[str, _Figure]:
    """By which share ours has less than theirs."""
    rows = slice(case.setting.lead_time, None)
    pairs = {
        "lost_units_saved": (ours.lost[rows].sum(axis=0), theirs.lost[rows].sum(axis=0)),
        "mean_stock_saved": (ours.left[rows].mean(axis=0), theirs.left[rows].mean(axis=0)),
    }
    if target.by_cost:
        pairs["cost_saved"] = (_cost(ours), _cost(theirs))
    return {
        name: _share(Ratio(they - we, they)) for name, (we, they) in pairs.items() if they.sum() > 0
    }


def _served_from(stock: float, curve: Iterable[dict[str, _Figure]]) -> dict[str, _Figure]:
    """What a policy would serve with so much stock, between its two nearest targets."""
    points = sorted((found["mean_stock"].value, found["fill_rate"].value) for found in curve)
    held, served = np.array(points).T
    if not held[0] <= stock <= held[-1]:
        return {}
    nothing = float("nan")
    value = float(np.interp(stock, held, served))
    return {"fill_rate_at_our_stock": _Figure(value, nothing, nothing, "share", 0)}


def _cost(play: Play) -> Matrix:
    return np.asarray(play.cost()[play.setting.lead_time :].sum(axis=0))


def _share(cells: Ratio, most: float | None = None) -> _Figure:
    item = np.arange(cells.above.size)
    found: Interval = ratio(cells, item, item * 0, item * 0, 1)
    if most is not None:
        found = within(found, 0, most)
    value, low, high = (float(part[0]) for part in found)
    return _Figure(value, low, high, "share", int(item.size))


def _total(values: Matrix, unit: str) -> _Figure:
    """A sum over the items of which the worth is known."""
    known = np.isfinite(values)
    nothing = float("nan")
    return _Figure(float(values[known].sum()), nothing, nothing, unit, int(known.sum()))


def _rows(found: Mapping[str, _Figure], place: Mapping[str, str]) -> pl.DataFrame:
    rows = [
        {"what": "replay", **place, "metric": name, **figure._asdict()}
        for name, figure in found.items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA).with_columns(
        pl.col("value", "low", "high").fill_nan(None)
    )


def _facts(case: Case, target: Target, weeks: int) -> Iterable[pl.DataFrame]:
    setting = case.setting
    figures = {
        "weeks": (weeks - setting.lead_time, "weeks"),
        "items": (setting.items.height, "count"),
        "lead_time_days": (case.lead_time_days, "days"),
        "lead_time_weeks": (setting.lead_time, "weeks"),
        "review_weeks": (setting.review, "weeks"),
        **{name: (value, "target") for name, value in target.given().items()},
    }
    yield facts(figures, what="replay")
    for reason, count in case.left_out.items():
        if count:
            yield facts(
                {"not_replayed": (count, "items")}, what="replay", by="reason", group=reason
            )
